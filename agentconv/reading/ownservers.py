"""MCP servers that a file defines for its agent alone, and tools that are there beside a key only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.model import Rule, Tools
from agentconv.reading.context import Context
from agentconv.reading.toolnames import server_tool


def with_own_servers(tools: Tools, fields: Mapping[str, Any], where: Mapping[str, Node], ctx: Context) -> Tools:
    """``adds: unlisted``: a server is there for being defined, as a whole where the list names none of its tools; one
    that is not defined here gives nothing, whatever the list says."""
    row = ctx.spec.by_field.get("mcp_servers")
    if row is None or row.fact("adds") != "unlisted":
        return tools
    there: Mapping[str, Any] = fields.get("mcp_servers") or {}
    named = {rule.tool.server for rule in tools.rules if rule.tool.server}
    rules = []
    for rule in tools.rules:
        if not rule.tool.server or (rule.tool.server in there and rule.tool.member):
            rules.append(rule)
            continue
        text = f"`{rule.tool.name}`: {ctx.spec.seen} has no MCP server that this file does not define"
        if rule.tool.server in there:
            text = f"`{rule.tool.name}` is no tool, and {ctx.spec.seen} gives only those of the list"
        ctx.say("T002", text, rule.at, where.get("tools"))
    rules += [Rule("allow", server_tool(one, None, ctx.spec), at="mcp_servers") for one in there if one not in named]
    return replace(tools, rules=tuple(rules)) if tuple(rules) != tools.rules else tools


def awake(tools: Tools, fields: dict[str, Any], where: Mapping[str, Node], ctx: Context) -> None:
    """Takes out servers that the program does not start for such an agent (``asleep``), or for none beside a switch:
    they are not to be started elsewhere, either."""
    rows = (row for row in ctx.spec.fields.values() if row.field == "mcp_servers")
    if not fields.get("mcp_servers") or (row := next(rows, None)) is None:
        return
    asleep = bool(row.fact("asleep"))
    off = next((r.at for r in tools.rules if r.effect == "deny" and r.tool.server == "*" and _denies(r.at, ctx)), "")
    if not asleep and not off:
        return
    why = f"beside `{off}` as it is here" if off else "for an agent that others start"
    text = f"{ctx.spec.seen} starts no server of `{row.key}` {why}: left out"
    ctx.say("R011", text, "mcp_servers", where.get("mcp_servers"), effect="lost")
    del fields["mcp_servers"]


def _denies(key: str, ctx: Context) -> bool:
    row = ctx.spec.fields.get(key)
    return row is not None and bool(row.fact("denies"))


def with_keys(tools: Tools, values: Mapping[str, Node], ctx: Context) -> Tools:
    """Without the tools that do nothing where another key says nothing (``needs`` of a name)."""
    idle = {
        name.name: name.needs
        for name in ctx.spec.tools.names.values()
        if name.needs in ctx.spec.fields and ((node := values.get(name.needs)) is None or node.data() in ([], "", None))
    }
    gone = [rule for rule in tools.rules if rule.effect == "allow" and _own(rule, ctx) in idle]
    for rule in gone:
        text = f"`{rule.tool.name}` does nothing without `{idle[_own(rule, ctx)]}`: left out"
        ctx.say("R011", text, rule.at, None)
    return replace(tools, rules=tuple(rule for rule in tools.rules if rule not in gone)) if gone else tools


def _own(rule: Rule, ctx: Context) -> str:
    own = ctx.spec.tools.own(rule.tool.name)
    return own.name if own is not None else ""
