"""MCP servers where a file may name only those that it defines, and define only those that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.grants import by_server
from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent, Rule, Tool, Tools
from agentconv.rights import Right, Rights, contains
from agentconv.spec import Spec


def named_servers(agent: Agent, src: Spec, dst: Spec) -> Agent:
    """The agent's own servers by name, where it has every server there is: no word of the target is that wide."""
    if not dst.tools.mcp.get("defined") or not isinstance(agent.mcp_servers, Mapping):
        return agent
    grants = by_server(agent.tools, src)
    if not grants["*", None].open:
        return agent
    said = {server for server, _ in grants}
    every = grants["*", None].approval
    more = [Rule("allow", Tool(s, server=s), None, every, "mcp_servers") for s in agent.mcp_servers if s not in said]
    return replace(agent, tools=replace(agent.tools, rules=(*agent.tools.rules, *more))) if more else agent


def bound_servers(fields: dict[str, Any], source: Tools, dst: Spec, out: Lowered) -> None:
    """Neither a tool of a server that the file does not define nor a server that no tool is of: each loses the file."""
    if not dst.tools.mcp.get("defined"):
        return
    tools: Tools = fields["tools"]
    there: Mapping[str, Any] = fields.get("mcp_servers") or {}
    named = {r.tool.server for r in tools.rules if r.tool.server and r.effect == "allow"}
    there, over = _as_many_as_it_takes(there, named, dst, out)
    for server in sorted(s for s in named if s not in there):
        places = [r.at or "tools" for r in source.rules if r.tool.server == server and r.effect == "allow"]
        text = f"{dst.seen} takes tools of the MCP server {server} only where the file defines it: left out"
        if server in over:
            text = f"the tools of the MCP server {server} go with it: left out"
        for place in dict.fromkeys(places) or ("tools",):
            out.say("T007", text, place)
    kept = tuple(r for r in tools.rules if not r.tool.server or r.tool.server in there)
    fields["tools"] = replace(tools, rules=kept)
    for server in sorted(s for s in there if s not in named):
        text = f"{dst.seen} takes no MCP server that the agent has no tool of: `{server}` is left out"
        out.say("L002", text, "mcp_servers")
    if there:
        fields["mcp_servers"] = {name: config for name, config in there.items() if name in named} or None


def _as_many_as_it_takes(
    there: Mapping[str, Any], named: set[str], dst: Spec, out: Lowered
) -> tuple[Mapping[str, Any], list[str]]:
    """The first servers of those that a tool is of, and the names of the others: one too many loses the file."""
    row = dst.by_field.get("mcp_servers")
    most = row.fact("max") if row else None
    over = [name for name in there if name in named][most:] if most else []
    if over:
        words = ", ".join(f"`{name}`" for name in over)
        text = f"{dst.seen} takes {most} MCP servers in a file: {words} {'is' if len(over) == 1 else 'are'} left out"
        help = "take servers out of the source that this agent does not need, or make two agents of it"
        out.say("L002", text, "mcp_servers", help=help)
    return {name: config for name, config in there.items() if name not in over}, over


def say_defined(fields: Mapping[str, Any], tools: Tools, before: Rights, dst: Spec, out: Lowered) -> None:
    """A server that no list of the target can name is there all the same, where its definition gives it."""
    row = dst.by_field.get("mcp_servers")
    if row is None or row.fact("adds") != "servers":
        return
    for name in fields.get("mcp_servers") or ():
        at = {r.at for r in tools.rules if r.effect == "allow" and r.tool.server == name and r.tool.member is None}
        if contains(before, Right(f"mcp:{name}")):
            text = f"`{row.key}` gives the tools of the MCP server `{name}`: no list of {dst.program} names them"
            out.notes = [
                n.moved(message=text, effect="info") if n.code == "T007" and n.path in at else n for n in out.notes
            ]
