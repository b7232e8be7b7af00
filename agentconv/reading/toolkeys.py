"""What other keys make of a tool list: rules beside it, a second list, switches without which it is no limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.grants import is_part, is_star, limits_shell
from agentconv.model import Rule, Scope, Tool, Tools
from agentconv.reading.context import Context
from agentconv.reading.toolnames import recognise, server_tool, star
from agentconv.spec import Field, Name, Spec, union_caps

Switches = Mapping[str, Any] | list[Mapping[str, Any]]  # a list: spellings of one switch, any of them


def read_rules(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """Rules {capability, match, exclude, effect}: only those that deny take anything away. A question is for the tools
    that are there, and for all calls of them: what it is for in part others ask for as a whole.

    What a denial excludes comes as an allow rule behind it; :func:`settled` drops those for tools that the list does
    not give."""
    inner = node.get("rules") if node.kind == "map" else node
    at = f"{row.key}.rules" if node.kind == "map" else row.key
    if inner is None or inner.kind != "list":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list of rules")
        denied = [rule for name in _denied_names(node) for rule in _denied(name, {}, row.key, ctx)]
        taken = "what it denies is read as meant" if denied else "left out"
        ctx.say("R006", f"`{row.key}` must be a list of rules; {taken}", row.key, node, effect="approximate")
        return tuple(denied) if ctx.author else ()
    rules: list[Rule] = []
    questions: list[Rule] = []
    for n, item in enumerate(inner.items):
        data = item.data() if item.kind == "map" else {}
        place, name, effect = f"{at}[{n}]", str(data.get("capability") or ""), data.get("effect")
        facts = (ctx.spec.tools.fact("rules") or {}).get(name)
        if facts is None and effect not in ("allow", "ask") and (made := _denied(name, {}, place, ctx)) and ctx.author:
            text = f"`{name}` is nothing that {ctx.spec.program} has rules for; its denial is read as meant"
            ctx.say("R007", text, place, item)
            rules += made
        elif facts is None:
            what = f"`{name}` is nothing" if name else "a rule without `capability` is for nothing"
            ctx.say("R007", f"{what} that {ctx.spec.program} has rules for; left out", place, item)
        elif effect == "deny":
            rules += _denials(data, facts, place, item, ctx)
        elif effect == "ask":
            questions += _questions(data, facts, place, item, ctx)
        elif effect == "allow":
            text = f"`{name}: {effect}` decides whether {ctx.spec.program} asks first; it gives no tool and takes none"
            ctx.say("L006", text, place, item, effect="info")
        else:
            ctx.say("R007", f"`{effect}` is no effect of a rule; taken as a denial", place, item)
            rules += _denials(data, facts, place, item, ctx)
    return (*questions, *rules)  # a denial wins


def _denied_names(node: Node) -> Iterator[str]:
    """What a map denies: names under `deny`, or each with the word behind it."""
    for pair in node.pairs if node.kind == "map" else ():
        if pair.key.text == "deny":
            yield from _texts(pair.value.data())
        elif pair.value.kind == "scalar" and pair.value.text.strip().lower() == "deny":
            yield pair.key.text


def _denied(name: str, data: Mapping[str, Any], at: str, ctx: Context) -> list[Rule]:
    """A denial by the name of what the program has rules for, or of a tool in anybody's words."""
    facts = (ctx.spec.tools.fact("rules") or {}).get(name)
    if facts is not None:
        return list(_denials(data, facts, at, None, ctx))
    found = recognise(name, ctx.spec, author=True)
    if found.how in ("unknown", "star"):
        from agentconv.reading.deniedwords import meant_elsewhere

        return meant_elsewhere(name, at, None, ctx)
    return [Rule("deny", found.tool, at=at)]


def _denials(
    data: Mapping[str, Any], facts: Mapping[str, Any], at: str, item: Node | None, ctx: Context
) -> Iterator[Rule]:
    match, exclude = _texts(data.get("match")), _texts(data.get("exclude"))
    if facts.get("mcp"):
        for pattern in filter(_of_some_servers, [*match, *exclude]):
            taken = "taken as a denial for every server" if pattern in match else "it exempts nothing here"
            ctx.say("T013", f"`{pattern}` is for servers that a pattern names; {taken}", at, item)
        yield from (Rule("deny", _server(pattern), at=at) for pattern in match or ["*"])
        yield from (Rule("allow", _server(pattern), at=at) for pattern in exclude if not _of_some_servers(pattern))
        return
    kind = str(facts.get("kind", "text"))
    for tool in _tools(facts, ctx.spec):
        for pattern in match or ["*"]:
            yield Rule("deny", tool, None if pattern == "*" else Scope(kind, pattern), at=at)
        for pattern in exclude:
            yield Rule("allow", tool, None if pattern == "*" else Scope(kind, pattern), at=at)


def _questions(data: Mapping[str, Any], facts: Mapping[str, Any], at: str, item: Node, ctx: Context) -> Iterator[Rule]:
    match, exclude = _texts(data.get("match")), _texts(data.get("exclude"))
    if exclude or any(pattern not in ("*", "*/*") for pattern in match):
        text = f"{ctx.spec.program} asks here for some calls only; taken as a question for each"
        ctx.say("R011", text, at, item)
    tools = map(_server, match or ["*"]) if facts.get("mcp") else _tools(facts, ctx.spec)
    yield from (Rule("allow", tool, None, "ask", at) for tool in tools)


def _asking(tools: Tools, asks: list[Rule], spec: Spec) -> Tools:
    """The same tools, which ask where a rule says so: it gives none."""
    rules = [
        replace(rule, approval="ask") if rule.effect == "allow" and any(_met(rule.tool, a.tool) for a in asks) else rule
        for rule in tools.rules
    ]
    named: list[Rule] = []
    for ask in asks if tools.base in ("all", "builtin") else ():
        own = [n for n in spec.tools.singles.values() if not (n.off or n.never) and _met(n.tool(), ask.tool)]
        named += [replace(ask, tool=name.tool()) for name in own]
        if tools.base == "all" and (ask.tool.server or is_star(ask.tool)):
            named.append(replace(ask, tool=ask.tool if ask.tool.server else _server("*")))
    return replace(tools, rules=(*named, *rules))


def _modes_that_ask(values: Mapping[str, Node], ctx: Context) -> Iterator[Rule]:
    """A word with which the program asks before everything, or before some of it; to the program itself it is a field
    and no rule."""
    for row in ctx.spec.rows_with("asks") if ctx.author else ():
        node, words = values.get(row.key), row.fact("asks")
        word = node.text.lower() if node is not None else ""
        if word in words:
            tool = Tool(row.key, tuple(words[word])) if isinstance(words, Mapping) else star(ctx.spec)
            yield Rule("allow", tool, None, "ask", row.key)


def _met(one: Tool, other: Tool) -> bool:
    if one.server and other.server and one.member and other.member and one.member != other.member:
        return set("*?") & set(one.member + other.member) != set()
    return _overlap(one, other) or _overlap(other, one)


def _tools(facts: Mapping[str, Any], spec: Spec) -> list[Tool]:
    if facts.get("all"):
        return [star(spec)]
    names = [spec.tools.names[n].tool() for n in facts.get("names", ()) if n in spec.tools.names]
    return names or [Tool(", ".join(facts.get("caps", ())), tuple(facts.get("caps", ())))]


def _server(pattern: str) -> Tool:
    server, _, member = pattern.partition("/")
    name = "*/*" if pattern == "*" else pattern  # a star alone is a word for every tool
    return Tool(name, server="*" if is_part(server) else server or "*", member=None if member in ("", "*") else member)


def _of_some_servers(pattern: str) -> bool:
    """`shop*/drop`: for servers that the file need not name."""
    server = pattern.partition("/")[0]
    return server != "*" and is_part(server)


def _texts(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)] if value is not None else []


def settled(tools: Tools, values: Mapping[str, Node], ctx: Context) -> Tools:
    """The tool control after all keys that bear on it were read."""
    keys = ctx.spec.rule_keys
    asks = [rule for rule in tools.rules if keys and rule.approval == "ask" and rule.at.startswith(keys)]
    asks += _modes_that_ask(values, ctx)
    if not asks:
        return _settled(tools, values, ctx)
    tools = replace(tools, rules=tuple(rule for rule in tools.rules if rule not in asks))
    return _asking(_settled(tools, values, ctx), asks, ctx.spec)


def _settled(tools: Tools, values: Mapping[str, Node], ctx: Context) -> Tools:
    table = ctx.spec.tools
    tools = _two_lists(tools, values, ctx)
    if keys := ctx.spec.rule_keys:
        tools = replace(tools, rules=tuple(_granted(tools, keys)))
    if switches := table.fact("limit_with"):
        tools = _limited(tools, switches, values, ctx)
    tools = _own_servers(tools, values, ctx)
    if (table.fact("sets") or {}).get("adds"):
        from agentconv.reading.membersets import with_added

        tools = with_added(tools, values, ctx)
    if any("tools" in (row.fact("needs") or ()) for row in ctx.spec.rows_with("needs")):
        from agentconv.reading.ownservers import with_keys

        tools = with_keys(tools, values, ctx)
    if switches := table.mcp.get("unless"):
        shut = _holds(switches, values)
        if tools.base in (None, "all"):
            return replace(tools, base="builtin") if shut else tools
        if not shut and not ctx.author and tools.base == "none":
            return replace(tools, rules=(*tools.rules, Rule("allow", Tool("", server="*"), at="tools")))
    return tools


def _own_servers(tools: Tools, values: Mapping[str, Node], ctx: Context) -> Tools:
    """The tools without those of servers that stand in no file but another one, which this file shuts out."""
    switches = ctx.spec.tools.server_switches
    if not switches or any(_holds({key: value}, values) for key, value in switches.items()):
        return tools
    row = ctx.spec.by_field.get("mcp_servers")
    node = values.get(row.key) if row else None
    own = {pair.key.text: pair.key for pair in node.pairs} if node is not None and node.kind == "map" else {}
    rules: list[Rule] = []
    gone: list[str] = []
    if tools.base == "all":
        rules, gone = [Rule("allow", server_tool(s, None, ctx.spec), at="mcp_servers") for s in own], ["tools"]
    for rule in tools.rules:
        if rule.effect != "allow" or not rule.tool.server or rule.tool.server in own:
            rules.append(rule)
            continue
        gone.append(rule.at)
        if rule.tool.server == "*":
            rules += [replace(rule, tool=server_tool(s, None, ctx.spec)) for s in own]
    key, value = next(iter(switches.items()))
    word = f"`{key}: {str(value).lower()}`"
    text = f"without {word} {ctx.spec.seen} gives tools of no MCP server but those of the file"
    if ctx.spec.tools.enforced == "unknown":
        text = f"that {ctx.spec.seen} gives tools of MCP servers outside the file is not known without {word}"
    for at in dict.fromkeys(gone):
        place = values.get(str(ctx.spec.tools.fact("field")))
        ctx.say("R011", f"{text}: {', '.join(f'`{s}`' for s in own) or 'none'}", at, place)
    return Tools("builtin" if tools.base == "all" else tools.base, tuple(dict.fromkeys(rules)))


def of_own_servers(tools: Tools, fields: Mapping[str, Any], where: Mapping[str, Node], ctx: Context) -> Tools:
    """Servers that are named and not defined, or defined and not named, where the program takes neither, or where being
    defined is what gives them."""
    row = ctx.spec.by_field.get("mcp_servers")
    if row is not None and row.fact("adds") == "unlisted":
        from agentconv.reading.ownservers import with_own_servers

        return with_own_servers(tools, fields, where, ctx)
    if not ctx.spec.tools.mcp.get("defined") or (ctx.spec.tools.fact("sets") or {}).get("members"):
        return tools  # a set that names its members is the definition itself, of a server without a tool as well
    there = fields.get("mcp_servers") or {}
    named = {r.tool.server: r.at for r in tools.rules if r.tool.server}
    for server, at in named.items():
        if server not in there:
            problem = f"the MCP server `{server}` has tools here and is not defined"
            ctx.refuse("refuse", problem)
            ctx.say("R012", f"{problem}: {ctx.spec.seen} does not take this file", at, where.get("tools"))
    for server in there:
        if server not in named:
            problem = f"the MCP server `{server}` is defined and has no tools here"
            ctx.refuse("refuse", problem)
            ctx.say(
                "R012", f"{problem}: {ctx.spec.seen} does not take this file", "mcp_servers", where.get("mcp_servers")
            )
    return tools


def _two_lists(tools: Tools, values: Mapping[str, Node], ctx: Context) -> Tools:
    """An allow-list beside a deny-list, where the program keeps only the latter, whatever names the two hold."""
    table = ctx.spec.tools
    node = values.get(str(table.fact("deny")))
    if table.fact("both") != "deny" or tools.base != "none" or node is None or not (node.items or node.text.strip()):
        return tools
    denied = tuple(r for r in tools.rules if r.effect == "deny")
    if not ctx.author:
        return Tools(None, denied)
    text = f"{ctx.spec.seen} throws the allow-list away where there is a deny-list, too; both are taken as meant"
    ctx.say("T009", text, "tools", None)
    return tools


def _granted(tools: Tools, keys: tuple[str, ...]) -> Iterator[Rule]:
    """Without the exceptions of denials for tools that nothing gave."""
    given: list[Tool] = []
    for rule in tools.rules:
        exception = rule.effect == "allow" and rule.at.startswith(keys)
        if not exception:
            if rule.effect == "allow":
                given.append(rule.tool)
            yield rule
        elif tools.base in ("all", "builtin") or any(_overlap(rule.tool, tool) for tool in given):
            yield rule


def only_limits(meant: Iterable[Rule], tools: Tools, spec: Spec) -> Iterator[Rule]:
    """Rules of a key that the program does not read, beside those that it does: the narrower counts.

    They deny, ask, and make exceptions of their own denials; they open nothing that is shut without them."""
    shut: list[Tool] = []
    for rule in meant:
        if rule.effect == "deny":
            shut.append(rule.tool)
            yield rule
            continue
        own = spec.tools.own(rule.tool.name)
        if own is not None and (own.off or own.closed or own.never):
            continue
        near = [r for r in tools.rules if _touches(r.tool, rule.tool)]
        given = tools.base != "none" or any(r.effect == "allow" for r in near)
        free = all(r.effect == "allow" and (r.approval != "ask" or rule.approval == "ask") for r in near)
        limits = rule.approval == "ask" or any(_touches(tool, rule.tool) for tool in shut)
        if given and free and limits:
            yield rule


def _touches(one: Tool, other: Tool) -> bool:
    star = ("*",)
    return star in (one.caps, other.caps) or one.name == other.name or _overlap(one, other)


def _overlap(one: Tool, other: Tool) -> bool:
    if one.server:
        return other.server in (one.server, "*")
    return bool(set(one.caps) & set(other.caps)) or one.caps == ("*",)


def _limited(tools: Tools, switches: Switches, values: Mapping[str, Node], ctx: Context) -> Tools:
    if _holds(switches, values):
        return Tools("none", tools.rules) if tools.base in (None, "all") else tools
    if tools.base != "none":
        return tools
    if not ctx.author:
        return Tools("all")
    first = switches[0] if isinstance(switches, list) else switches
    words = " and ".join(f"`{key}: {str(value).lower()}`" for key, value in first.items())
    text = f"without {words} {ctx.spec.seen} adds the list to what it gives anyway; taken as meant"
    ctx.say("T009", text, "tools", values.get(str(ctx.spec.tools.fact("field"))))
    return tools


def alone_counts(spec: Spec, values: Mapping[str, Node]) -> bool:
    """Whether the list is all there is, for a key that the file has beside it; so an empty one is nothing."""
    switches = spec.tools.fact("limit_with")
    return bool(switches) and _holds(switches, values)


def _holds(switches: Switches, values: Mapping[str, Node]) -> bool:
    if isinstance(switches, list):
        return any(_holds(one, values) for one in switches)
    return all(key in values and values[key].value == value for key, value in switches.items())


def beside_servers(tools: Tools, servers: Any, spec: Spec) -> dict[str, Any]:
    """Keys that the target needs for servers that its file does not define."""
    named = {r.tool.server for r in tools.rules if r.effect == "allow" and r.tool.server}
    others = tools.base == "all" or any(server not in (servers or {}) for server in named)
    return dict(spec.tools.mcp.get("with_others") or {}) if others else {}


def beside_list(tools: Tools, spec: Spec) -> dict[str, Any]:
    """Keys that the target needs beside the list for it to be a limit."""
    listed = tools.base == "none"
    keys = dict(spec.tools.fact("with_list") or {}) if listed else {}
    named = {c for r in tools.rules if r.effect == ("allow" if listed else "deny") for c in r.tool.caps}
    for cap, more in (spec.tools.fact("without") or {}).items():
        keys |= more if (cap in named) != listed else {}
    return keys


def withheld(tools: Tools, fields: Mapping[str, Any], ctx: Context) -> Tools:
    """A pattern gives a subagent only those of the tools it matches that subagents get."""
    table = ctx.spec.tools
    if not ctx.author or fields.get("mode") == "primary":
        return tools
    rules = []
    for rule in tools.rules:
        matched = [] if rule.effect == "deny" or table.own(rule.tool.name) else table.matching(rule.tool.name)
        given = [n for n in matched if not (table.names[n].never and table.names[n].classes)]
        if len(given) < len(matched):
            text = f"{ctx.spec.seen} gives no subagent all that `{rule.tool.name}` matches: the rest is left out"
            ctx.say("T002", text, rule.at, None)
            rule = replace(rule, tool=replace(rule.tool, caps=union_caps(table.names[n] for n in given)))
        if given or not matched:
            rules.append(rule)
    return replace(tools, rules=tuple(rules)) if tuple(rules) != tools.rules else tools


def left_unnamed(tools: Tools, mode: str | None, spec: Spec) -> list[Name]:
    """The tools that a subagent has only where its own rules name them, and they do not."""
    shut = tools.base == "none" or any(is_star(r.tool) and r.effect == "deny" for r in tools.rules)
    if mode != "subagent" or shut or not limits_shell(tools.rules):
        return []
    said = {r.tool.name for r in tools.rules}
    return [name for name in spec.tools.singles.values() if name.named and name.classes and name.name not in said]


def unnamed(tools: Tools, fields: Mapping[str, Any], ctx: Context) -> Tools:
    """A subagent has some tools only where its own rules name them; else that is a denial, as those of other tools are.

    Beside a free shell nothing is missing.
    """
    left = left_unnamed(tools, fields.get("mode"), ctx.spec)
    if not left:
        return tools
    names = ", ".join(f"`{name.name}`" for name in left)
    unless = next((f", unless {when}" for n in left if (when := ctx.spec.tools.when(n))), "")
    text = f"{ctx.spec.seen} starts such a subagent without {names}, which no rule names{unless}; so it is here"
    ctx.say("T080", text, "tools", None)
    return replace(tools, rules=(*(Rule("deny", name.tool(), at="tools") for name in left), *tools.rules))
