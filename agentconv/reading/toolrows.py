"""The keys of an entry that bear on tools, and what they say together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentconv.containers import Node
from agentconv.model import Base, Rule, Tool, Tools
from agentconv.reading.context import Context
from agentconv.reading.toolcodecs import read_tools
from agentconv.spec import Field, Spec

Control = tuple[Base | None, list[Rule], bool]  # base, rules, and whether they stand before the rest


def tool_row(row: Field, node: Node, ctx: Context, base: Base | None, so_far: list[Rule]) -> Control:
    """A key that bears on tools. The program reading has neither notes nor places, so equal values give equal rules:
    those of the last files are kept, for most agents of a project have one of a few lists."""
    whole = row is ctx.spec.fields.get(row.key) and not _looks_around(row, ctx.spec)
    if ctx.author or so_far or not whole or node.end - node.start > LONGEST_KEPT:
        return _anew(row, node, ctx, base, so_far)
    key = (ctx.spec, row.key, base, node.shape())
    if (known := _SEEN.get(key)) is None:
        if len(_SEEN) >= MOST_SEEN:
            _SEEN.clear()
        known = _SEEN[key] = _anew(row, node, ctx, base, so_far)
    return known[0], list(known[1]), known[2]


def _looks_around(row: Field, spec: Spec) -> bool:
    """Whether more than the value of the key counts."""
    return (
        row.type in ("model-tools", "tool-patterns")
        or row.fact("adds_to") is not None
        or (row.type == "toolsets" and bool(spec.tools.fact("sets").get("members")))
    )


MOST_SEEN, LONGEST_KEPT = 2000, 4000  # values, and characters of one
_SEEN: dict[tuple[Any, ...], Control] = {}


# Most runs need one or two of these codecs, so each is loaded where it is used.


def _whole(type: str) -> Callable[[Node, Field, Context], Tools] | None:
    """The codec of a whole control, base and rules."""
    if type == "tools":
        return read_tools
    if type == "toolsets":
        from agentconv.reading.toolsets import read_toolsets

        return read_toolsets
    if type == "groups":
        from agentconv.reading.toolmaps import read_groups

        return read_groups
    if type == "model-tools":
        from agentconv.reading.modelcodec import read_model_tools

        return read_model_tools
    return None


def _anew(row: Field, node: Node, ctx: Context, base: Base | None, so_far: list[Rule]) -> Control:
    """The rules of a key; an old map stands before the new one, which overrides it."""
    if not row.applied and row.fact("shape") is None:
        text = f"{ctx.spec.seen} does nothing with `{row.key}`; taken as meant"
        if (other := ctx.spec.form_by(row.key)) is not None:
            from agentconv.registry import load

            reads = f"for `{row.key}` {ctx.spec.seen} takes the file for one of {load(other).program}"
            text = f"{reads}, where the key counts; taken as meant (--from {other} reads it so)"
        ctx.say("T009", text, row.key if row.type == "deny-tools" else "tools", node)
    if (read := _whole(row.type)) is not None:
        tools = read(node, row, ctx)
        if (list_key := row.fact("adds_to")) is not None:  # where there is no such list, all tools are there without it
            return base, list(tools.rules) if list_key in ctx.keys else [], True
        return tools.base, list(tools.rules), True
    if row.type == "tool-bools":
        from agentconv.reading.toolmaps import read_bools

        said, rules = read_bools(node, row, ctx)
        return said if said is not None else base, list(rules), True
    if row.type == "switch":
        from agentconv.reading.switches import read_switch

        return base, list(read_switch(node, row, ctx)), False
    if row.type == "deny-tools":
        from agentconv.reading.denylist import read_deny

        return base, list(read_deny(node, row, ctx)), False
    if row.type == "tool-settings":
        from agentconv.reading.toolsettings import list_of_names, read_settings

        listed = list_of_names(node, row, ctx) or Tools()
        base = base or listed.base
        made = read_settings(node, row, ctx, Tools(base, (*so_far, *listed.rules)))
        return base, [*listed.rules, *made], False
    if row.type == "permission-rules":
        from agentconv.reading.permissionrules import read_rules

        return base, list(read_rules(node, row, ctx)), False
    if row.type == "tool-patterns":
        from agentconv.reading.toolpatterns import read_patterns

        return base, list(read_patterns(node, row, ctx, tuple(so_far))), False
    from agentconv.reading.toolmaps import read_permission

    return base, list(read_permission(node, row, ctx)), False


def tools_here(row: Field, node: Node, ctx: Context) -> bool:
    """Whether a key that is a tool list elsewhere is read as one here."""
    shape = row.fact("shape")
    if shape is None or node.kind == shape:
        return shape is None and (ctx.author or row.applied)  # what has the program's own shape is no list of tools
    ctx.refuse(row.fact("bad"), f"`{row.key}` must be a {shape}")
    if str(row.fact("bad")).startswith("refuse"):
        text = f"`{row.key}` must be a {shape}: {ctx.spec.seen} does not load this file; read as the tools it names"
        ctx.say("R012", text, "tools", node)
    return ctx.author


def only_servers(tools: Tools, entry: Node | None, ctx: Context) -> Tools:
    """A list of servers beside a word for all of them means only those."""
    key = ctx.spec.tools.mcp.get("only")
    holds = bool(ctx.spec.tools.mcp.get("only_holds"))
    node = entry.get(str(key)) if key and entry is not None else None
    if node is None or (node.kind != "list" and (node.kind != "scalar" or node.value is None)):
        return tools
    texts = [i.text for i in node.items if i.kind == "scalar"] if node.kind == "list" else node.text.split(",")
    names = [(n, text.strip()) for n, text in enumerate(texts) if text.strip()]
    if tools.base is None and ctx.spec.tools.fact("absent", "all") == "all":
        tools = Tools("all", tools.rules)
    rules: list[Rule] = []
    base = tools.base
    if base == "all":  # every group is there, the one for MCP servers among them
        base = "builtin"
        rules = [Rule("allow", Tool(s, server=s), at=f"{key}[{n}]") for n, s in names]
    for rule in tools.rules:
        if rule.effect == "allow" and rule.tool.server == "*":
            rules += [Rule("allow", Tool(s, server=s), rule.scope, rule.approval, f"{key}[{n}]") for n, s in names]
        else:
            rules.append(rule)
    if (base, tuple(rules)) != (tools.base, tools.rules) and not holds:
        text = f"{ctx.spec.seen} drops `{key}` and gives every MCP server; taken as meant"
        ctx.say("T009", text, str(key), node)
    return Tools(base, tuple(rules))


def joined(spec: Spec, early: list[Rule], rules: list[Rule]) -> tuple[Rule, ...]:
    """Old and new map together: a key in both keeps its place and takes the new value (OpenCode 1.18.33)."""
    if not spec.tools.fact("earlier") or not early:
        return tuple(early + rules)
    later = {r.tool.name for r in rules}
    out: list[Rule] = []
    for rule in early:
        if rule.tool.name in later:
            out += [r for r in rules if r.tool.name == rule.tool.name]
        else:
            out.append(rule)
    placed = {r.tool.name for r in early}
    return tuple(out + [r for r in rules if r.tool.name not in placed])


def with_all(tools: Tools, spec: Spec) -> Tools:
    """A list of every group there is says *all*."""
    everything = spec.tools.fact("all")
    if not everything or tools.base != "none":
        return tools
    whole = {r.tool.name for r in tools.rules if r.effect == "allow" and r.scope is None}
    if set(everything) <= whole and all(r.effect == "allow" for r in tools.rules):
        return Tools("all")
    return tools


def say_absent(tools: Tools, ctx: Context, entry: Node | None) -> None:
    """A missing tool list is mostly everything; where it is nothing the reader should know."""
    if tools.base is None and not tools.rules and ctx.spec.tools.fact("absent") == "none":
        field = ctx.spec.tools.fact("field")
        brings = ctx.spec.tools.fact("brought_by", ())
        key = next((pair.key.text for pair in entry.pairs if pair.key.text in brings), "") if entry is not None else ""
        but = f" but what `{key}` brings, which no other program has" if key else ""
        if not key and ctx.spec.tools.fact("contributed"):
            but = " but what other code brings to it, which the file does not say"
        ctx.say("R011", f"no `{field}`: {ctx.spec.seen} gives such an agent no tools{but}", "tools", entry)
