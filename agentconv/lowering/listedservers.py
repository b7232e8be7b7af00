"""MCP servers in a list of names: what stands for them there, and what is left out."""

from __future__ import annotations

from dataclasses import replace

from agentconv.grants import Grant, by_server, is_part
from agentconv.lowering.wish import Servers, ToolJob, forbidden_server, rule_at, server_places
from agentconv.model import Rule, Tool, Tools
from agentconv.notes import NoteEffect
from agentconv.registry import shared_readers

BY_ITSELF = "name each tool that it is to have, with its server, in the source"


def listed_servers(job: ToolJob, source: Tools) -> list[Rule]:
    """MCP tools by name, with denials where the target has such a list; what cannot be said is left out."""
    servers = _less_asking(job, by_server(source, job.src))
    servers = asking_together(job, servers) if job.dst.tools.servers_ask else servers
    every = _every(job, servers)
    if every is not None:
        return every
    say_tools_of_every(job, servers)
    rules: list[Rule] = []
    for (server, member), grant in servers.items():
        if not grant.open or server == "*":
            continue
        if (
            member is not None
            and servers[server, None].open
            and any(r.tool.server == server and r.tool.member is None for r in rules)
        ):
            continue  # said by its server
        rules += _server(job, servers, server, member, grant)
    return rules


def say_tools_of_every(job: ToolJob, servers: Servers) -> None:
    """Single tools that every server may have, of which no format but the source's has a word."""
    for (server, member), grant in servers.items():
        if server == "*" and member is not None and grant.open and not servers["*", None].open:
            label = grant.rule.tool.name if grant.rule else f"*/{member}"
            text = f"{job.dst.program} has no word for a tool of every MCP server (`{label}`): left out"
            job.say("T008", text, server_places(job, server, member) or ("tools",), help=BY_ITSELF)


def _every(job: ToolJob, servers: Servers) -> list[Rule] | None:
    """The word for every server; ``None``: each is named by itself."""
    table = job.dst.tools
    if not servers["*", None].open:
        return None
    every = table.mcp.get("every")
    denied = denied_servers(job, servers)
    if every is not None and denied is not None and not forbidden_server(job, "*"):
        own = table.own(str(every))
        along = job.price(own) <= job.allowed if own else True
        if along:
            _say_shut_members(job, servers)
            tool = Tool(str(every), own.caps if own else (), own.also if own else (), server="*")
            return [Rule("allow", tool, at=rule_at(servers["*", None])), *denied]
    if not forbidden_server(job, "*") and _ambient(job, server_places(job, "*", None)):
        return None
    others = " that the list does not name" if any(g.open for (s, _), g in servers.items() if s != "*") else ""
    text = f"{job.dst.program} has no word for “every MCP server”: tools of MCP servers{others} are left out"
    effect: NoteEffect | None = None
    if forbidden_server(job, "*"):
        text, effect = f"tools of MCP servers are left out: {job.why_not('mcp:*')[1]}", job.why_not("mcp:*")[2]
    elif every is not None:
        left = "those that the list does not name are left out" if others else "none"
        text = f"{job.dst.program} gives all MCP servers or none, and some are denied: {left}"
    places = server_places(job, "*", None) or ("tools",)
    job.say("T008", text, places, effect, "name the servers in the source, or add them to the output's list")
    return None


def _less_asking(job: ToolJob, servers: Servers) -> Servers:
    """The servers without what asks, where the program would not: a question that is lost is a right more."""
    out = dict(servers)
    for (server, member), grant in servers.items():
        if not asks_in_vain(job, grant):
            continue
        label = grant.rule.tool.name if grant.rule else f"{server}/{member or '*'}"
        text = f"`{label}` asks each time; {job.dst.program} would not: left out"
        job.say("T015", text, server_places(job, server, member) or rule_at(grant), "narrows")
        out[server, member] = replace(grant, open=False)
    return out


def _say_shut_members(job: ToolJob, servers: Servers) -> None:
    """Single tools of a server that is denied beside every other: no list has a word for them."""
    for (server, member), grant in servers.items():
        if member is not None and grant.open and not servers[server, None].open:
            text = (
                f"{job.dst.seen} cannot allow `{member}` of the MCP server {server} alone beside the others: left out"
            )
            job.say("T007", text, server_places(job, server, member))


def _ambient(job: ToolJob, places: tuple[str, ...]) -> bool:
    """Whether the target gives every agent the servers of its session, which is said."""
    if not any("mcp" in caps for caps in job.dst.ambient.values()):
        return False
    job.say("T012", f"{job.dst.seen} gives every agent the MCP servers of its caller, these and any other", places)
    return True


def _called(job: ToolJob, server: str, member: str | None, grant: Grant) -> str:
    """The name in the source for a server or one tool of it, where both may stand there."""
    own = (r.tool for r in job.agent.tools.rules if r.effect == "allow" and r.tool.server == server)
    same = next((tool.name for tool in own if tool.member == member), None)
    return same or (grant.rule.tool.name if grant.rule else f"{server}/{member or '*'}")


def _server(job: ToolJob, servers: Servers, server: str, member: str | None, grant: Grant) -> list[Rule]:
    table = job.dst.tools
    places = server_places(job, server, member)
    label = _called(job, server, member, grant)
    some = "some tools" if is_part(member) else "one tool"
    what = f"{some} of the MCP server {server}" if member else f"the MCP server {server}"
    if forbidden_server(job, server):
        job.say("T021", f"`{label}` is left out: {job.why_not('mcp:*')[1]}", places, job.why_not("mcp:*")[2])
        return []
    spelled = table.spell_mcp(server, member)
    found = table.mcp_tool(spelled) if spelled is not None else None
    # a name that the target spells otherwise would be another server there
    other = found is None or found.server != server or (found.member is None) != (member is None)
    if spelled is None or other or table.own(spelled):
        help = BY_ITSELF if is_part(member) else ""
        job.say("T007", f"{job.dst.seen} cannot allow {what} alone (`{label}`): left out", places, help=help)
        return []
    if taken := _taken_for_own(job, member):
        job.say("T021", f"`{label}` is left out: {taken}", places)
        return []
    whole = member is None or is_part(member)  # of which others may be denied
    shut = {key: g for key, g in servers.items() if key[0] == server and not g.open and key[1] and whole}
    denied = denied_servers(job, shut)
    if denied is None:
        texts = ", ".join(str(m) for _, m in shut)
        text = f"`{label}` is denied for {texts}; {job.dst.seen} cannot hold that: left out"
        job.say("T013", text, places, help=BY_ITSELF)
        return []
    asks = grant.approval if grant.approval == "ask" and table.servers_ask else None
    if grant.approval == "ask" and not asks:
        text = f"`{label}` asks each time; {job.dst.program} leaves asking to the session"
        job.say("T015", text, places, effect="approximate")
    return [Rule("allow", Tool(spelled, server=server, member=member), None, asks, rule_at(grant)), *denied]


def _taken_for_own(job: ToolJob, member: str | None) -> str:
    """Another program at the target's place that would take the tool of a server for one of its own, and give more."""
    for other, program, _ in shared_readers(job.dst, at=str(job.dst.head["places"].get("write", ""))):
        name = other.tools.own_member(member)
        if name is not None and not name.classes <= job.allowed:
            return f"{other.seen or program} reads this place, too, and gives its own `{name.name}` for it"
    return ""


def denied_servers(job: ToolJob, servers: Servers) -> list[Rule] | None:
    """Denials for all that is shut; ``None`` where the target cannot say one of them."""
    table = job.dst.tools
    rules = []
    for (server, member), grant in servers.items():
        if not grant.open and server == "*" and member is not None and servers["*", None].open:
            return None  # one tool of every server: of those that the file does not name, too
        if grant.open or server == "*":
            continue
        spelled = table.spell_denied(server, member)
        if not table.fact("deny") or spelled is None:
            return None
        if (found := table.denied_tool(spelled)) is None or (found.member is None) != (member is None):
            return None  # the program would take it for something else
        rules.append(Rule("deny", Tool(spelled, server=server, member=member), at="tools"))
    return rules


def say_asking_servers(job: ToolJob, source: Tools) -> None:
    """Tools of MCP servers that ask, where everything is open: no denial and no name in a list says it."""
    if job.dst.tools.servers_ask:
        return
    for (server, member), grant in by_server(source, job.src).items():
        places = server_places(job, server, member)
        if grant.open and grant.approval == "ask" and places and not asks_in_vain(job, grant):
            label = grant.rule.tool.name if grant.rule else f"{server}/{member or '*'}"
            text = f"`{label}` asks each time; {job.dst.program} leaves asking to the session"
            job.say("T015", text, places, effect="approximate")


def asks_in_vain(job: ToolJob, grant: Grant) -> bool:
    """A tool of a server that asks, for a program that asks before nothing."""
    vain = job.dst.tools.fact("approval", "session") == "automatic" and not job.dst.tools.servers_ask
    return grant.open and grant.approval == "ask" and vain


def asking_together(job: ToolJob, servers: Servers) -> dict[tuple[str, str | None], Grant]:
    """Tools of one server ask all or none: where one of them asks, the others do, too."""
    out = dict(servers)
    asking = {server for (server, _), grant in servers.items() if grant.open and grant.approval == "ask"} - {"*"}
    for (server, member), grant in servers.items():
        if server not in asking or not grant.open or grant.approval == "ask":
            continue
        label = grant.rule.tool.name if grant.rule else f"{server}/{member or '*'}"
        text = (
            f"`{label}` asks each time, too: {job.dst.program} asks before every tool of an MCP server or before none"
        )
        job.say("T015", text, server_places(job, server, member) or rule_at(grant), "approximate")
        out[server, member] = replace(grant, approval="ask")
    return out
