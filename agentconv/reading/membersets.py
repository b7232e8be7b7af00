"""Sets of tools that say which of their members are there: ``{type: filesystem, tools: [read_file]}``.

What a set gives is told by its word in the description: tools of the program, an MCP server with the way to it, or
something of a fixed text (a command, an address) that no pattern can say and no other program holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.model import Agent, Approval, Extra, Rule, Scope, Tool, Tools
from agentconv.reading.context import Context
from agentconv.reading.servernames import value_at
from agentconv.reading.setservers import Served, Words, folded, served, word_of
from agentconv.reading.setvalues import A_LIMIT, unknown_inside, unknown_keys, wrong_values
from agentconv.reading.toolcodecs import NONE, meaning, means
from agentconv.reading.toolnames import recognise, server_tool
from agentconv.reading.toolsets import UNSAYABLE, wrong
from agentconv.reading.tooltokens import remember
from agentconv.spec import Field, Spec


def read_member_sets(node: Node, row: Field, ctx: Context) -> Tools:
    """A list of sets. What is in none of them is not there."""
    null = node.kind == "scalar" and node.value is None
    if null and row.fact("null") == "none":
        return NONE
    if null and ctx.spec.tools.fact("null") == "absent":
        ctx.say("R020", f"`{row.key}:` without a value: {means('absent')}", "tools", node)
        return meaning("absent", ctx, "a null list of sets")
    if node.kind != "list":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list of sets")
        text = f"`{row.key}` must be a list of sets: {ctx.spec.seen} does not take this file; taken as no tools"
        ctx.say("R006", text, "tools", node, effect="approximate")
        return NONE
    words = ctx.spec.tools.fact("sets")
    servers = {one.at: one for one in served(node, row, ctx.spec, ctx.top)}
    ctx.prefixes |= {one.name: one.prefix for one in servers.values() if one.prefix}
    rules: list[Rule] = []
    seen: set[str] = set()
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        _check_name(item, seen, words, at, ctx)
        rules += _of_entry(item, servers.get(at), words, at, ctx)
    return Tools("none", tuple(dict.fromkeys(rules)))


def _check_name(item: Node, seen: set[str], words: Words, at: str, ctx: Context) -> None:
    """Two sets of one name, where the program does not start with them."""
    node = item.get(words["named"]) if words.get("twice") == "refused" and item.kind == "map" else None
    if node is None or node.kind != "scalar":
        return
    if folded(node.text) in seen:
        wrong(f"`{at}` has the name of another set, `{node.text}`", at, item, ctx, "both are read")
    seen.add(folded(node.text))


def _of_entry(item: Node, server: Served | None, words: Words, at: str, ctx: Context) -> list[Rule]:
    """What one entry of the list gives."""
    kind, facts = word_of(item, words)
    if facts is None and item.kind == "map" and not kind and words.get("kindless") != "refused":
        text = f"`{at}` says no `{words['key']}`: {ctx.spec.program} passes it over"
        ctx.say("R007", text, at, item, effect="narrows")
        return []
    if facts is None:
        wrong(f"`{at}` is no set of tools" + (f": there is no `{kind}`" if kind else ""), at, item, ctx)
        return []
    if item.kind == "scalar":
        ctx.refuse("refuse", f"`{at}` must be a map")
        text = f"`{kind}` must stand under `{words['key']}`: {ctx.spec.seen} does not take this file; read as that"
        ctx.say("R012", text, at, item)
    limit = _check_keys(item, facts, words, at, ctx) or _limit_of(server, words, facts)
    if facts.get("unknown"):
        if (name := item.get(words["named"])) is not None:  # else that is wrong, and said
            ctx.say("T002", f"{ctx.spec.program} has no `{name.text}`: it gives nothing", at, name)
        return []
    if server is not None:
        made = _of_server(server, words, ctx)
    elif facts.get("text"):
        made = _of_text(item, facts, words, at, ctx)
    else:
        made = _of_program(item, kind, facts, words, at, ctx)
    return [replace(rule, scope=limit) for rule in made] if limit else list(made)


def _check_keys(item: Node, facts: Words, words: Words, at: str, ctx: Context) -> Scope | None:
    """What is wrong with the keys of a set. One that nobody knows may limit it: then no other program can hold that."""
    limit = None
    takes = {*(words.get("takes") or ()), *facts.get("takes", ())}
    for pair in item.pairs:
        if pair.key.text in facts.get("closes", ()) and pair.value.data():
            limit = Scope(UNSAYABLE, pair.key.text)
        if words.get("takes") and pair.key.text not in takes:
            closes = pair.key.text not in _no_limits(words)
            limit = Scope(UNSAYABLE, pair.key.text) if closes else limit
            problem = f"`{pair.key.text}` is no key of a set"
            help = "" if closes else "later versions take it: leave it, if one of them reads the file"
            ctx.not_taken(problem, f"{at}.{pair.key.text}", pair.key, A_LIMIT if closes else "", help=help)
    for place, pair in unknown_inside(item, facts):
        limit = Scope(UNSAYABLE, place)
        ctx.not_taken(f"`{place}` is no key of a set", f"{at}.{place}", pair.key, A_LIMIT)
    data = item.data() if item.kind == "map" else {}
    empty = [key for key in facts.get("holds", ()) if not value_at(data, key)]
    for key in (*empty, *(key for key in facts.get("must", ()) if key not in data)):
        ctx.not_taken(f"`{at}` has no `{key}`", at, item)
    for place, node in wrong_values(item, facts, ctx.spec):
        wrong(f"`{at}` has a wrong `{place}`", at, node, ctx, "what it names is read all the same")
        if place in facts.get("closes", ()):  # whatever it says, a limit was meant
            limit = Scope(UNSAYABLE, place)
    return limit


def _no_limits(words: Words) -> frozenset[str]:
    """Keys of later versions that take no tool away, or of which it is known what they leave."""
    return frozenset((*words.get("later", ()), str(words.get("reads_only") or "")))


def _limit_of(server: Served | None, words: Words, facts: Words) -> Scope | None:
    """The same of the definition that a set refers to; that it is wrong is said there."""
    if server is None or server.definition is None:
        return None
    closing = [key.text for key in unknown_keys(server.definition, facts) if key.text not in _no_limits(words)]
    closing += [place for place, _ in unknown_inside(server.definition, facts)]
    return Scope(UNSAYABLE, closing[-1]) if closing else None


# -- which members ----------------------------------------------------------------------------


def _members(item: Node, words: Words, at: str, ctx: Context) -> list[Node] | None:
    """The names of a set's list; ``None`` where all of its tools are there."""
    node = item.get(words["members"]) if item.kind == "map" else None
    if node is None:
        return None
    place = f"{at}.{words['members']}"
    null = node.kind == "scalar" and node.value is None and words.get("null") == "empty"
    if node.kind != "list" and not null:
        one = [node] if node.kind == "scalar" and isinstance(node.value, str) else []
        wrong(f"`{place}` must be a list of names", place, node, ctx, "read as the one it names" if one else "none")
        return one
    if not node.items:  # the program filters by nothing; its author hardly means everything by it
        text = f"{ctx.spec.seen} takes an empty `{words['members']}` for every tool of the set; taken as none"
        ctx.say("R011", text, place, node, effect="narrows")
        return [] if ctx.author else None
    names = [one for one in node.items if one.kind == "scalar" and isinstance(one.value, str)]
    if len(names) < len(node.items):
        wrong(f"`{place}` holds something that is no name", place, node, ctx)
    return names


def _reads_only(item: Node, words: Words) -> bool:
    """Whether a key of later versions takes all from a set but what reads."""
    node = item.get(str(words.get("reads_only") or "")) if item.kind == "map" else None
    return node is not None and node.value is not False


def _of_program(item: Node, kind: str, facts: Words, words: Words, at: str, ctx: Context) -> Iterator[Rule]:
    """Tools of the program."""
    table = ctx.spec.tools
    whole = table.names[facts["gives"]]
    own = [table.names[name] for name in table.expand(whole.name)]
    kept = [n for n in own if not n.needs or n.needs in ctx.keys]
    if _reads_only(item, words):
        kept = [n for n in kept if n.classes <= {"reads"}]
    if not ctx.author:
        yield from (Rule("allow", table.names[name].tool(), at=at) for name in facts.get("brings", ()))
    members = _members(item, words, at, ctx)
    if members is None:
        every = [whole] if kept == own else kept
        yield from (Rule("allow", name.tool(), at=at) for name in every)
        return
    for n, node in enumerate(members):
        place = f"{at}.{words['members']}[{n}]"
        name = next((one for one in kept if one.name == node.text), None)
        if name is not None:
            remember(node.text, place, node, recognise(node.text, ctx.spec, author=ctx.author), ctx)
            yield Rule("allow", name.tool(), at=place)
        elif ctx.author and (meant := _meant(node, place, whole.gives, ctx)) is not None:
            yield Rule("allow", meant, at=place)
        elif ctx.author:
            ctx.say("T002", f"`{kind}` has no tool `{node.text}`: {ctx.spec.program} gives nothing for it", place, node)


def with_added(tools: Tools, values: Mapping[str, Node], ctx: Context) -> Tools:
    """The sets that other keys bring along (`adds`) where the list has none of that kind; without a list they are all
    there is, whatever the program gives elsewhere."""
    words = ctx.spec.tools.fact("sets")
    field = str(ctx.spec.tools.fact("field"))
    for key, word in words["adds"].items():
        node, control = values.get(key), values.get(field)
        if node is None or (node.kind == "scalar" and node.value is None):
            continue
        items = control.items if control is not None else []
        if any(word_of(item, words)[0] == word for item in items):
            continue
        if unsaid := tools.base is None and not tools.rules:
            text = f"with `{key}` and no `{field}` {ctx.spec.seen} gives nothing but `{word}`"
            ctx.say("R011", text, "tools", node)
        whole = ctx.spec.tools.names[words["words"][word]["gives"]]
        tools = Tools("none" if unsaid else tools.base, (*tools.rules, Rule("allow", whole.tool(), at=key)))
    return tools


def _meant(node: Node, place: str, given: tuple[str, ...], ctx: Context) -> Tool | None:
    """A name of another program, where it means no more than the set holds."""
    if ctx.spec.tools.own(node.text):
        return None
    found = recognise(node.text, ctx.spec, author=True)
    if found.how not in ("foreign", "dead") or not found.tool.caps or not set(found.tool.caps) <= set(given):
        return None
    remember(node.text, place, node, found, ctx)
    return found.tool


def _of_text(item: Node, facts: Words, words: Words, at: str, ctx: Context) -> Iterator[Rule]:
    """What a fixed text limits: a command under a name, an address."""
    tool = ctx.spec.tools.names[facts["gives"]].tool()
    members = _members(item, words, at, ctx)
    data = item.data() if item.kind == "map" else {}
    if key := facts.get("each"):
        each = value_at(data, key)
        found = {n: value_at(one, facts["text"]) for n, one in (each if isinstance(each, Mapping) else {}).items()}
        if members is not None:
            found = {n: text for n, text in found.items() if n in {m.text for m in members}}
        texts = [f"{n}: {text or '?'}" for n, text in found.items()]
    else:
        texts = [str(value_at(data, facts["text"]) or "?")] if members is None or members else []
    if texts:
        word = ", ".join(f"`{text}`" for text in texts)
        ctx.say("T030", f"{word} of a set `{facts['gives']}` has no place in other programs", at, item)
    yield from (Rule("allow", tool, Scope(UNSAYABLE, text), at=at) for text in texts)


# -- MCP servers ------------------------------------------------------------------------------


def _of_server(one: Served, words: Words, ctx: Context) -> Iterator[Rule]:
    if one.problem:
        wrong(one.problem, one.at, one.item, ctx, "what it names is read all the same")
    if _reads_only(one.item, words) or (one.definition is not None and _reads_only(one.definition, words)):
        text = f"which tools of the MCP server {one.name} only read is not known: none is taken"
        ctx.say("R011", text, one.at, one.item, effect="narrows")
        return
    members = _members(one.item, words, one.at, ctx)
    policy = _policy(one.item, words, one.at, ctx)
    if members is None and one.listed is None:
        yield Rule("allow", server_tool(one.name, None, ctx.spec), None, policy, one.at)
        return
    names = [(m.text, m) for m in members] if members is not None else [(t, one.item) for t in one.listed or ()]
    for n, (text, node) in enumerate(names):
        place = f"{one.at}.{words['members']}[{n}]" if members is not None else one.at
        bare = text.removeprefix(one.prefix)
        if (one.prefix and bare == text) or not bare:
            said = f"the tools of this MCP server begin with `{one.prefix}`: {ctx.spec.program} gives nothing for it"
            ctx.say("T002", f"`{text}`: {said}", place, node)
            continue
        yield Rule("allow", server_tool(one.name, bare, ctx.spec), None, policy, place)


def _policy(item: Node, words: Words, at: str, ctx: Context) -> Approval | None:
    """Whether the tools of a set ask, where its entry says that; the word stands there, or in a map."""
    node = item.get(words["policy"]) if words.get("policy") and item.kind == "map" else None
    if node is None:
        return None
    key = words["policy_key"]
    if more := [pair.key.text for pair in node.pairs if pair.key.text != key] if node.kind == "map" else []:
        wrong(f"`{words['policy']}` of `{at}` takes no `{more[0]}`", at, node, ctx, "taken as one that asks")
        return "ask"
    word = node.get(key) if node.kind == "map" else node
    found: Approval | None = words["policies"].get(word.text) if word is not None and word.kind == "scalar" else None
    return found


def rest_of_sets(node: Node, row: Field, spec: Spec, top: Node | None) -> Iterator[Extra]:
    """What sets say beside all that: the program's own."""
    words = spec.tools.fact("sets")
    servers = {one.at: one for one in served(node, row, spec, top)}
    for n, item in enumerate(node.items if node.kind == "list" else ()):
        at = f"{row.key}[{n}]"
        _, facts = word_of(item, words)
        taken = {words["key"], words["members"], *map(words.get, ("named", "reads_only", "policy"))}
        if facts is not None:
            taken |= {facts.get("server"), str(facts.get("each") or facts.get("text") or "").split(".")[0]}
            if at in servers and servers[at].config is not None:
                taken |= {(facts.get("refers") or {}).get("by"), *(key.split(".")[0] for key in facts["config"])}
        definition = servers[at].definition if at in servers else None
        said = {pair.key.text for pair in item.pairs}
        referred = [p for p in definition.pairs if p.key.text not in said] if definition is not None else []
        for pair in (*item.pairs, *referred):
            if pair.key.text not in taken:
                yield Extra(f"{at}.{pair.key.text}", pair.value.data(), spec.id)
        for entry in (item, definition):
            for place, pair in unknown_inside(entry, facts) if entry is not None and facts is not None else ():
                if place.split(".")[0] in taken:
                    yield Extra(f"{at}.{place}", pair.value.data(), spec.id)


# -- writing ----------------------------------------------------------------------------------


def as_member_sets(tools: Tools, spec: Spec) -> Tools:
    """The same rules in the order and the number in which the sets say them."""
    if tools.base is None and not tools.rules:
        return tools
    table, words = spec.tools, spec.tools.fact("sets")["words"]
    places = {r.tool.name: r.at for r in reversed(tools.rules)}
    allowed = [r.tool.name for r in tools.rules if r.effect == "allow" and r.scope is None and not r.tool.server]
    out = [r for r in tools.rules if r.tool.name in table.names and table.names[r.tool.name].through]
    servers = _server_rules(tools)
    for facts in words.values():
        if facts.get("server"):  # of several kinds of servers the first one stands for all
            out, servers = [*out, *servers], []
        elif _writes(facts):
            whole = facts["gives"]
            own = table.expand(whole)
            there = [whole] if whole in allowed or set(own) <= set(allowed) else [n for n in own if n in allowed]
            out += [Rule("allow", table.names[n].tool(), at=places.get(n, places.get(own[0], "tools"))) for n in there]
    return Tools("none", tuple(out))


def _server_rules(tools: Tools) -> list[Rule]:
    """The tools of servers, server by server; single ones say nothing beside their server."""
    rules = [r for r in tools.rules if r.tool.server and r.effect == "allow"]
    whole = {r.tool.server for r in rules if r.tool.member is None}
    order = list(dict.fromkeys(r.tool.server for r in rules))
    kept = [r for r in rules if r.tool.member is None or r.tool.server not in whole]
    return [replace(r, scope=None) for server in order for r in kept if r.tool.server == server]


def member_sets_value(agent: Agent, spec: Spec) -> list[dict[str, Any]] | None:
    """The sets for an agent's tools; ``None`` where nothing is said."""
    words = spec.tools.fact("sets")
    rules = as_member_sets(agent.tools, spec).rules
    names = [r.tool.name for r in rules if not r.tool.server]
    out: list[dict[str, Any]] = []
    for word, facts in words["words"].items():
        if facts.get("server"):
            out += _server_sets(word, facts, words, rules, agent.mcp_servers)
        elif _writes(facts):
            kind, _, name = word.partition(" ")
            entry = {words["key"]: kind, **({words["named"]: name} if name else {})}
            there = [n for n in spec.tools.expand(facts["gives"]) if n in names]
            if facts["gives"] in names:
                out.append(entry)
            elif there:
                out.append({**entry, words["members"]: there})
    return None if agent.tools.base is None and not out else out


def _writes(facts: Words) -> bool:
    """Whether a set of tools of the program is written: not one of a fixed text, nor another spelling of a set."""
    return bool(facts.get("gives")) and not facts.get("text") and facts.get("write") != "never"


def _server_sets(
    kind: str, facts: Words, words: Words, rules: tuple[Rule, ...], servers: Any
) -> Iterator[dict[str, Any]]:
    """A set for each server, with the way to it and its tools by the names that they have there."""
    for server in dict.fromkeys(r.tool.server for r in rules if r.tool.server):
        entry: dict[str, Any] = {words["key"]: kind, facts["server"]: server}
        config = (servers or {}).get(server) or {}
        if config and not any(facts["config"].get(way) in config for way in facts["ways"]):
            continue  # another word has the way to this server
        for theirs, ours in facts["config"].items():
            if ours in config:
                words_back = {v: k for k, v in reversed(list(facts["types"].items()))}
                value = words_back.get(config[ours], config[ours]) if ours == "type" else config[ours]
                put_at(entry, theirs.split("."), value)
        for key, unsaid in (facts.get("beside") or {}).items():
            entry.setdefault(key, unsaid)
        asks = any(r.approval == "ask" for r in rules if r.tool.server == server)
        if word := next((w for w, meant in (words.get("policies") or {}).items() if asks and meant == "ask"), None):
            entry[words["policy"]] = {words["policy_key"]: word}
        members = [r.tool.member for r in rules if r.tool.server == server and r.tool.member]
        if members:
            entry[words["members"]] = [f"{str(facts['prefix']).format(server=server)}{m}" for m in members]
        yield entry


def put_at(entry: dict[str, Any], path: list[str], value: Any) -> None:
    """A value below its keys."""
    for key in path[:-1]:
        entry = entry.setdefault(key, {})
    entry[path[-1]] = value
