"""What other keys make of a tool list: rules beside it, a second list, switches without which it is no limit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.grants import by_name, is_star, limits_shell, speaks_of_all
from agentconv.model import Rule, Scope, Tool, Tools
from agentconv.reading.context import Context
from agentconv.reading.toolnames import server_tool, star
from agentconv.spec import Name, Spec, risk, union_caps

Switches = Mapping[str, Any] | list[Mapping[str, Any]]  # a list: spellings of one switch, any of them


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
            named.append(replace(ask, tool=ask.tool if ask.tool.server else Tool("*/*", server="*")))
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
    """Whether a question is for a tool, whichever of them is the wider word; two tools of one server only meet where a
    pattern is among them."""
    if one.server and other.server and one.member and other.member and one.member != other.member:
        return set("*?") & set(one.member + other.member) != set()
    return _overlap(one, other) or _overlap(other, one)


def behind(tools: Tools, own: Mapping[str, Iterable[str]], spec: Spec) -> Tools:
    """The rules of a file with those that its program puts behind them, for an agent of that name (``own_rules``)."""
    rules: list[Rule] = []
    for name, patterns in own.items():
        found = spec.tools.names[name]
        rules.append(Rule("deny", found.tool(), at=name))
        rules += [Rule("allow", found.tool(), Scope(found.scope, str(one)), at=name) for one in patterns]
    return replace(tools, rules=(*tools.rules, *rules))


def in_front(tools: Tools, gone: Collection[str], spec: Spec) -> Tools:
    """The rules of a file behind those of the program's own agent of that name, which take away these risk classes
    (``put_together``): who writes such a file without a word about tools leaves them as they are."""
    if speaks_of_all(tools):
        return tools
    names = [n for n in spec.tools.singles.values() if any(risk(cap) in gone for cap in n.tool().caps)]
    rules = [Rule("deny", name.tool(), at="tools") for name in names]
    if "mcp:*" in gone:
        rules.append(Rule("deny", Tool("*/*", server="*"), at="tools"))
    return replace(tools, rules=(*rules, *tools.rules))


def not_started(tools: Tools, at: Node | None, ctx: Context) -> None:
    """A tool without the one that has to be beside it (``starts_with``)."""
    there = {name for name, grant in by_name(tools, ctx.spec).items() if grant.any}
    for name, other in ctx.spec.tools.starts_with.items():
        if name in there and other not in there:
            problem = f"`{name}` without `{other}`"
            ctx.refuse("refuse", problem)
            help = f"name `{other}`, too, or take `{name}` away as well"
            ctx.say("R012", f"{problem}: {ctx.spec.seen} does not start such an agent", "tools", at, help=help)


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
            ctx.not_taken(f"the MCP server `{server}` has tools here and is not defined", at, where.get("tools"))
    for server in there:
        if server not in named:
            problem = f"the MCP server `{server}` is defined and has no tools here"
            ctx.not_taken(problem, "mcp_servers", where.get("mcp_servers"))
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
    """Whether two rules may be for the same tool."""
    star = ("*",)
    return star in (one.caps, other.caps) or one.name == other.name or _overlap(one, other)


def _overlap(one: Tool, other: Tool) -> bool:
    """Whether the second word reaches something of the first: its server, or what it does."""
    if one.server:
        return other.server in (one.server, "*")
    return bool(set(one.caps) & set(other.caps)) or one.caps == ("*",)


def _limited(tools: Tools, switches: Switches, values: Mapping[str, Node], ctx: Context) -> Tools:
    """A list that is a limit beside some key only: without that it adds to what is there anyway."""
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
    """Whether the file has all of these keys with these values, in one of the spellings."""
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
    shut = any(r.effect == "deny" and r.tool.server == "*" for r in tools.rules)
    for cap, more in (spec.tools.fact("without") or {}).items():
        keys |= more if (shut if cap == "mcp" else (cap in named) != listed) else {}
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
