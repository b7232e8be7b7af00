"""MCP servers in a map: keys for those that are given or denied, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentconv.grants import Grant, by_server, is_part
from agentconv.lowering.joinedkeys import apart, own_too
from agentconv.lowering.listedservers import BY_ITSELF, say_tools_of_every
from agentconv.lowering.wish import ToolJob, asking, forbidden_server, rule_at, server_places
from agentconv.model import Approval, Rule, Tool, Tools


def mapped_servers(job: ToolJob, source: Tools, *, opened: bool) -> list[Rule]:
    """Keys of MCP servers. ``opened``: what no key names is allowed."""
    table = job.dst.tools
    servers = by_server(source, job.src)
    if servers["*", None].open and not opened:
        text = f"{job.dst.program} has no key for “every MCP server”: they are left out"
        job.say("T008", text, server_places(job, "*", None) or ("tools",))
    rules: list[Rule] = []
    left: set[str] = set()
    if table.mcp.get("parts") is False:
        servers = _undivided(job, servers)
    servers = _unspelled(job, servers)
    say_tools_of_every(job, servers)
    for (server, member), grant in servers.items():
        if server == "*":
            continue
        above = opened if member is None or server in left else servers[server, None].open
        if grant.open == above and grant.approval != "ask":
            continue
        spelled = table.spell_mcp(server, member)
        found = table.mcp_tool(spelled) if spelled else None
        if grant.open and forbidden_server(job, server):
            _, why, less = job.why_not("mcp:*")
            job.say("T021", f"the MCP server {server} is left out: {why}", server_places(job, server, member), less)
        # `my_db_*` may be a part of a server `my`: a guess that no right is given for, and a denial of both
        elif spelled is None or own_too(job, spelled) or (found is None and (grant.open or not table.mcp.get("guess"))):
            left.add(server)  # of which single tools can be named all the same
            what = f"`{member}` of the MCP server {server}" if is_part(member) else f"the MCP server {server}"
            job.say("T007", f"{job.dst.seen} cannot name {what}: left out", server_places(job, server, member))
        else:
            effect: Approval | None = asking(job, grant.approval) if grant.open else None
            tool = Tool(spelled, server=server, member=member)
            rules.append(Rule("allow" if grant.open else "deny", tool, None, effect, rule_at(grant)))
    return apart(job, rules, servers)


def _unspelled(job: ToolJob, servers: Mapping[tuple[str, str | None], Grant]) -> Mapping[tuple[str, str | None], Grant]:
    """Servers that are given but for tools that the target has no key for (`delete_*`) are denied with all of their
    tools."""
    out = dict(servers)
    for server in dict.fromkeys(name for name, _ in servers if name != "*"):
        of_it = {member: grant for (name, member), grant in servers.items() if name == server}
        shut = [m for m, g in of_it.items() if m and not g.open and job.dst.tools.spell_mcp(server, m) is None]
        if shut and of_it[None].open:
            text = f"the MCP server {server} is denied for {', '.join(shut)}; {job.dst.seen} cannot hold that: left out"
            places = [place for m in of_it for place in server_places(job, server, m)] or ["tools"]
            job.say("T013", text, places, help=BY_ITSELF)
            out = {key: grant for key, grant in out.items() if key[0] != server}
            out[server, None] = replace(of_it[None], open=False)
    return out


def _undivided(job: ToolJob, servers: Mapping[tuple[str, str | None], Grant]) -> Mapping[tuple[str, str | None], Grant]:
    """Servers of which all tools are given, where none of these can be told apart: one that is denied takes the server
    with it, and one that asks makes all of them ask."""
    out = dict(servers)
    for (server, member), grant in servers.items():
        if member is not None or not grant.open or server == "*":
            continue
        single = {m: g for (s, m), g in servers.items() if s == server and m is not None}
        shut = [str(m) for m, g in single.items() if not g.open]
        asks = [str(m) for m, g in single.items() if g.open and g.approval == "ask"]
        if shut:
            label = grant.rule.tool.name if grant.rule else server
            text = f"`{label}` is denied for {', '.join(shut)}; {job.dst.seen} cannot hold that: left out"
            given = [p for m, g in single.items() if g.open for p in server_places(job, server, m)]
            job.say("T013", text, [*server_places(job, server, None), *given])
            out |= {key: replace(g, open=False) for key, g in servers.items() if key[0] == server}
        elif asks and grant.approval != "ask":
            text = f"`{', '.join(asks)}` of the MCP server {server} asks; {job.dst.program} asks for all of its tools"
            job.say("T015", text, [p for m in asks for p in server_places(job, server, m)], "approximate")
            out[server, None] = replace(grant, approval="ask")
        out = {key: g for key, g in out.items() if key[0] != server or key[1] is None}
    return out
