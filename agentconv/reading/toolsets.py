"""Tool controls that are lists of sets: each entry is a set of tools, with what holds for all of them and for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentconv.containers import Node
from agentconv.grants import is_star
from agentconv.model import Approval, Extra, Rule, Scope, Tool, Tools
from agentconv.reading.context import Context
from agentconv.reading.toolcodecs import NONE
from agentconv.reading.toolnames import Found, recognise, server_tool
from agentconv.reading.tooltokens import remember
from agentconv.spec import Field, Name, Spec

UNSAYABLE = "text"  # the kind of a limit that no pattern has: who cannot hold it leaves the tool out


@dataclass
class Setting:
    """What an entry says of a tool: whether it is there, whether it asks, and its limits."""

    on: bool = True
    asks: bool = False
    only: list[str] = field(default_factory=list)  # hosts
    but: list[str] = field(default_factory=list)
    more: str = ""  # a limit of another kind, by its key

    def said_beside(self, whole: Setting) -> bool:
        """Whether one tool of a set has to be named."""
        return self.on != whole.on or (self.on and self.asks != whole.asks)

    @property
    def policy(self) -> Approval:
        """The word of a rule."""
        return "ask" if self.asks else "auto"


def no_list(node: Node, row: Field, ctx: Context, what: str) -> Tools:
    """A control that must be a list and is none."""
    null = node.kind == "scalar" and node.value is None
    ctx.refuse(row.fact("null" if null else "bad"), f"`{row.key}` must be a list of {what}")
    text = f"`{row.key}` must be a list of {what}: {ctx.spec.seen} does not take this file; taken as no tools"
    ctx.say("R006", text, "tools", node, effect="approximate")
    return NONE


def read_toolsets(node: Node, row: Field, ctx: Context) -> Tools:
    """A list of sets. What is in no set is not there; two sets for one tool have to agree."""
    if ctx.spec.tools.fact("sets").get("single"):
        from agentconv.reading.tooldefs import read_definitions

        return read_definitions(node, row, ctx)
    if ctx.spec.tools.fact("sets").get("members"):
        from agentconv.reading.membersets import read_member_sets

        return read_member_sets(node, row, ctx)
    if node.kind != "list":
        return no_list(node, row, ctx, "sets")
    words = ctx.spec.tools.fact("sets")
    rules: list[Rule] = []
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        kind = item.get(words["key"]) if item.kind == "map" else None
        facts = words["words"].get(kind.text) if kind is not None and kind.kind == "scalar" else None
        if kind is None or facts is None:
            wrong(f"`{at}` is no set of tools" + (f": there is no `{kind.text}`" if kind else ""), at, item, ctx)
            continue
        made = list(_entry(item, facts, words, at, ctx))
        rules += _agreed(rules, made, kind, at, ctx)
    return Tools("none", tuple(rules))


def _agreed(before: list[Rule], made: list[Rule], kind: Node, at: str, ctx: Context) -> list[Rule]:
    """The rules of a set, where an earlier one may be for the same tools: what they do not say alike is nobody's."""
    said = {name: [r for r in before if r.tool.name == name] for name in {r.tool.name for r in before}}
    if not any(r.tool.name in said for r in made):
        return made
    ctx.refuse("refuse", f"`{kind.text}` twice for the same tools")
    text = f"`{kind.text}` stands here twice for the same tools: {ctx.spec.seen} does not take this file"
    ctx.say("R010", f"{text}; what the two do not say alike is left out", at, kind)
    both = {name: [r for r in made if r.tool.name == name] for name in said}
    differ = [rules[0].tool for name, rules in both.items() if rules and rules != said[name]]
    more = [r for r in made if r.tool.name not in said]
    return [*more, *(Rule("deny", tool, at=at) for tool in differ)]


def in_sets(spec: Spec) -> Iterator[Name]:
    """The program's own tools but those that another key gives."""
    return (name for name in spec.tools.singles.values() if not name.key)


def defined_tools(node: Node, row: Field, spec: Spec) -> Iterator[Extra]:
    """Tools that the file itself defines: kept as they are for the program, and for no other."""
    words = spec.tools.fact("sets")
    for kind, facts in words["words"].items():
        items = [item for item in node.items if item.kind == "map" and facts.get("names")]
        made = [item.data() for item in items if (word := item.get(words["key"])) is not None and word.text == kind]
        if made:
            yield Extra(f"{row.key}.{kind}", made, spec.id)


def wrong(problem: str, at: str, node: Node, ctx: Context, taken: str = "left out") -> None:
    """Something for which the program does not take the file, and what is made of it."""
    ctx.not_taken(problem, at, node, taken, effect="narrows")


def _entry(item: Node, facts: Mapping[str, Any], words: Mapping[str, Any], at: str, ctx: Context) -> Iterator[Rule]:
    if key := facts.get("names"):  # a tool that the file itself defines, and that the program does not run: no right
        node = item.get(key)
        if node is None or not isinstance(node.value, str):
            wrong(f"`{at}` has no `{key}`", at, item, ctx)
        return
    default = _setting(item.get(words["default"]), words, Setting(asks=facts.get("unsaid") == "ask"), at, ctx)
    each = item.get(words["each"])
    settings: dict[str, tuple[Setting, str, Node]] = {}
    if each is not None and each.kind != "list":
        named = each.kind == "map" and all(pair.value.kind == "map" for pair in each.pairs)
        wrong(f"`{words['each']}` of `{at}` must be a list", at, each, ctx, "read as meant" if named else "left out")
        for pair in each.pairs if named else ():
            settings[pair.key.text] = (_setting(pair.value, words, default, at, ctx), at, pair.key)
        each = None
    for n, one in enumerate(each.items if each is not None else ()):
        place = f"{at}.{words['each']}[{n}]"
        name = one.get(words["name"]) if one.kind == "map" else None
        if name is None or not isinstance(name.value, str):
            wrong(f"`{place}` has no `{words['name']}`", place, one, ctx)
            continue
        setting = _setting(one, words, default, place, ctx)
        if name.text in settings:
            ctx.refuse("refuse", f"`{name.text}` twice")
            text = f"`{name.text}` stands here twice: {ctx.spec.seen} does not take this file; left out"
            ctx.say("R010", text, place, name)
            setting.on = False
        settings[name.text] = (setting, place, name)
    if key := facts.get("server"):
        yield from _of_server(item, key, default, settings, at, ctx)
    else:
        yield from _of_program(default, settings, at, ctx)


def _setting(node: Node | None, words: Mapping[str, Any], above: Setting, at: str, ctx: Context) -> Setting:
    """What a map of settings says; what it does not say holds as above it."""
    made = Setting(above.on, above.asks)
    if node is None or (node.kind == "scalar" and node.value is None):
        return made
    if node.kind != "map":
        wrong(f"the settings of `{at}` must be a map", at, node, ctx)
        return Setting(False)
    on = node.get(words["there"])
    if on is not None and on.value is not None:
        if not isinstance(on.value, bool):
            wrong(f"`{words['there']}` of `{at}` must be true or false", at, on, ctx)
        made.on = on.value is True
    policy = node.get(words["policy"])
    word = policy.get(words["policy_key"]) if policy is not None and policy.kind == "map" else policy
    if word is not None and word.value is not None:
        meant = words["policies"].get(word.text) if policy is not word else None
        if meant is None:
            wrong(f"`{words['policy']}` of `{at}` is no policy", at, word, ctx, "taken as one that asks")
        made.asks = meant != "allow"
    made.only, made.but = (_hosts(node.get(words.get(key, "")), at, ctx) for key in ("only", "but"))
    if made.only and made.but:
        keys = f"`{words['only']}` and `{words['but']}`"
        wrong(f"`{at}` has both {keys}", at, node, ctx, "what is in both is left out")
        made.only = [host for host in made.only if host not in made.but] or ["nothing"]
        made.but = []
    for key in words.get("closes", ()):
        if (limit := node.get(key)) is not None and limit.value is None and limit.kind == "scalar":
            continue
        if limit is not None:
            ctx.say("T030", f"`{key}` has no place in other programs", at, limit)
            made.more = key
    return made


def _hosts(node: Node | None, at: str, ctx: Context) -> list[str]:
    if node is None:
        return []
    names = [i.text for i in node.items if i.kind == "scalar" and isinstance(i.value, str)]
    if node.kind != "list" or not names or len(names) < len(node.items):
        wrong(f"the hosts of `{at}` must be a list of names", at, node, ctx)
        return names or ["nothing"]
    return names


def _of_program(
    default: Setting, settings: Mapping[str, tuple[Setting, str, Node]], at: str, ctx: Context
) -> Iterator[Rule]:
    """The program's own tools: all of them are in the set."""
    own = {name.name: name for name in in_sets(ctx.spec)}
    foreign: list[Rule] = []
    for token, (setting, place, node) in settings.items():
        if token not in own and token in ctx.spec.tools.names:
            wrong(f"`{token}` is no tool of a set: the key `{token}` gives it", place, node, ctx)
            continue
        found = recognise(token, ctx.spec, author=ctx.author)
        remember(token, place, node, found, ctx)
        if token not in own:
            ctx.refuse("refuse", f"unknown tool `{token}`")
            foreign += _foreign(found, token, setting, place, node, ctx)
    for name in own.values():
        if name.name in settings:
            setting, place, _ = settings[name.name]
            yield from _rules(name.tool(), name.scope, setting, place)
        elif default.on:  # what is not there by default is denied to nobody
            yield from _rules(name.tool(), name.scope, default, at)
    yield from foreign  # what another program's name denies is denied, whatever the set gives


def _foreign(found: Found, token: str, setting: Setting, at: str, node: Node, ctx: Context) -> list[Rule]:
    """A tool that the program does not have: denied in whatever words."""
    if found.how == "unknown" and not setting.on:
        from agentconv.reading.deniedwords import meant_elsewhere

        if made := meant_elsewhere(token, at, node, ctx):
            return made
    return list(_rules(found.tool, "", setting, at))


def _of_server(
    item: Node, key: str, default: Setting, settings: Mapping[str, tuple[Setting, str, Node]], at: str, ctx: Context
) -> Iterator[Rule]:
    node = item.get(key)
    if node is None or not isinstance(node.value, str) or not node.text:
        wrong(f"`{at}` has no `{key}`", at, item, ctx)
        return
    yield from _rules(server_tool(node.text, None, ctx.spec), "", default, at)
    for member, (setting, place, _) in settings.items():
        yield from _rules(server_tool(node.text, member, ctx.spec), "", setting, place)


def _rules(tool: Tool, kind: str, setting: Setting, at: str) -> Iterator[Rule]:
    if not setting.on:
        yield Rule("deny", tool, at=at)
        return
    kind = kind or UNSAYABLE
    limits: list[Scope | None] = []
    limits += [Scope(UNSAYABLE, setting.more)] if setting.more else [Scope(kind, host) for host in setting.only]
    for scope in limits or [None]:
        yield Rule("allow", tool, scope, setting.policy, at)
    for host in setting.but:
        yield Rule("deny", tool, Scope(kind, host), at=at)


# -- writing ----------------------------------------------------------------------------------


def toolsets_value(tools: Tools, spec: Spec) -> list[dict[str, Any]] | None:
    """The sets for these rules; ``None`` where nothing is said."""
    if tools.base is None and not tools.rules:
        return None
    words = spec.tools.fact("sets")
    own, servers = _held(tools, spec)
    out: list[dict[str, Any]] = []
    for kind, facts in words["words"].items():
        if facts.get("server"):
            out += [
                {words["key"]: kind, facts["server"]: server, **made}
                for server, (whole, members) in servers.items()
                if (made := _settings(whole, members, members, words, facts)) is not None
            ]
        elif not facts.get("names"):
            made = _settings(None, own, [name.name for name in in_sets(spec)], words, facts)
            out += [{words["key"]: kind, **made}] if made is not None else []
    return out


Held = dict[str, Setting]


def as_sets(tools: Tools, spec: Spec) -> Tools:
    """The same rules in the order and the number in which the sets say them."""
    if spec.tools.fact("sets").get("single"):
        from agentconv.reading.tooldefs import as_definitions

        return as_definitions(tools, spec)
    if spec.tools.fact("sets").get("members"):
        from agentconv.reading.membersets import as_member_sets

        return as_member_sets(tools, spec)
    if tools.base is None and not tools.rules:
        return tools
    own, servers = _held(tools, spec)
    places = {r.tool.name: r.at for r in reversed(tools.rules)}
    rules: list[Rule] = []
    for name in in_sets(spec):
        if name.name in own and own[name.name].on:
            rules += _rules(name.tool(), name.scope, own[name.name], places.get(name.name, "tools"))
    for server, (whole, members) in servers.items():
        if whole.on or any(one.on for one in members.values()):
            every: list[tuple[str | None, Setting]] = [(None, whole)]
            every += [(m, one) for m, one in members.items() if one.said_beside(whole)]
            for member, setting in every:
                tool = server_tool(server, member, spec)
                rules += _rules(tool, "", setting, places.get(tool.name, "tools"))
    return Tools("none", tuple(rules))


def _held(tools: Tools, spec: Spec) -> tuple[Held, dict[str, tuple[Setting, Held]]]:
    """What the rules come to: the program's tools by name, and of each server the whole and its single tools."""
    own: Held = {}
    servers: dict[str, tuple[Setting, Held]] = {}
    for rule in tools.rules:
        if is_star(rule.tool):
            asks = rule.approval == "ask"
            own = {name.name: Setting(True, asks) for name in in_sets(spec) if rule.effect == "allow"}
            servers = {}
        elif rule.tool.server:
            members = servers.setdefault(rule.tool.server, (Setting(False), {}))[1]
            setting = Setting(rule.effect == "allow", rule.approval == "ask")
            if rule.tool.member:
                members[rule.tool.member] = setting
            else:
                servers[rule.tool.server] = (setting, {})
        elif rule.scope is None:
            own[rule.tool.name] = Setting(rule.effect == "allow", rule.approval == "ask")
        else:
            setting = own.setdefault(rule.tool.name, Setting(False))
            if rule.effect == "allow" and (setting.only or not setting.on):
                setting.on, setting.asks = True, setting.asks or rule.approval == "ask"
                setting.only.append(rule.scope.text)
            elif rule.effect == "deny" and setting.only:
                setting.only = [host for host in setting.only if host != rule.scope.text]
                setting.on = bool(setting.only)
            elif rule.effect == "deny" and setting.on:
                setting.but.append(rule.scope.text)
    return own, servers


def _settings(
    whole: Setting | None, held: Held, names: Any, words: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The default and the exceptions of one set; ``None`` where nothing of it is left."""
    there = [n for n in names if n in held and held[n].on]
    if not there and not (whole and whole.on):
        return None
    unsaid = facts.get("unsaid") == "ask"
    default = whole or Setting(len(there) == len(list(names)), all(held[n].asks for n in there))
    if whole is not None and not whole.on:
        default = Setting(False, all(held[n].asks for n in there))
    out: dict[str, Any] = {}
    common: dict[str, Any] = {} if default.on else {words["there"]: False}
    if default.asks != unsaid:
        common[words["policy"]] = {words["policy_key"]: _policy(default, words)}
    if common:
        out[words["default"]] = common
    each = []
    for name in names:
        setting = held.get(name, Setting(False))
        one: dict[str, Any] = {} if setting.on == default.on else {words["there"]: setting.on}
        if setting.on and setting.asks != default.asks:
            one[words["policy"]] = {words["policy_key"]: _policy(setting, words)}
        one |= {words["only"]: setting.only} if setting.on and setting.only else {}
        one |= {words["but"]: setting.but} if setting.on and setting.but else {}
        each += [{words["name"]: name, **one}] if one else []
    if each:
        out[words["each"]] = each
    return out


def _policy(setting: Setting, words: Mapping[str, Any]) -> str:
    wanted = "ask" if setting.asks else "allow"
    return next(str(word) for word, meant in words["policies"].items() if meant == wanted)
