"""Lowering into lists of names and into groups: what to name, and what to deny."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentconv import scopes as patterns
from agentconv.capabilities import lesser
from agentconv.lowering.choosing import choose, everything_but
from agentconv.lowering.wish import (
    Servers,
    ToolJob,
    Wish,
    asking_together,
    forbidden_server,
    opened,
    rule_at,
    say_ask,
    say_choice,
    say_leave,
    say_scope,
    server_places,
    way_out,
    written,
)  # fmt: skip
from agentconv.model import Rule, Tool, Tools
from agentconv.notes import NoteEffect
from agentconv.registry import shared_readers
from agentconv.rights import CLASSES, Grant, Right, by_capability, by_server, contains, resolved
from agentconv.spec import Name, cap_title, risk

# -- everything less something ----------------------------------------------------------------


def all_but(job: ToolJob, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    """A deny-list where everything in it can be named, else all that the target has less what is denied."""
    table = job.dst.tools
    closed = _closed(job, caps)
    _say_asking_servers(job, source)
    if table.fact("deny") and table.fact("absent", "all") == "all":
        denied = _deny_list(job, closed, source)
        if denied is not None:
            return denied
    return _list_all_but(job, closed, source)


def _closed(job: ToolJob, caps: Mapping[str, Grant]) -> set[str]:
    """Capabilities that are denied; a denial with a scope takes the whole tool where no scope can be held."""
    closed = set()
    for cap, grant in caps.items():
        if grant.whole and not (grant.approval == "ask" and _dropped_for_asking(job, cap)):
            if any(r.approval == "ask" for r in job.agent.tools.rules if cap in r.tool.caps):
                say_ask(job, cap)
            continue
        if grant.any and risk(cap) in job.leave:
            say_leave(job, cap, job.places(cap, scoped=True))
            if job.places(cap, effect="allow", ask=True):
                say_ask(job, cap)
            continue
        if grant.any and job.places(cap):
            text = f"{job.dst.program} cannot deny a part of “{cap_title(cap)}”; the whole is denied"
            job.say("T013", text, job.places(cap), help=way_out(cap))
        closed.add(cap)
    return closed


def _say_asking_servers(job: ToolJob, source: Tools) -> None:
    """Tools of MCP servers that ask, where everything is open: no denial and no name in a list says it."""
    if job.dst.tools.servers_ask:
        return
    for (server, member), grant in by_server(source, job.src).items():
        places = server_places(job, server, member)
        if grant.open and grant.approval == "ask" and places and not _asks_in_vain(job, grant):
            label = grant.rule.tool.name if grant.rule else f"{server}/{member or '*'}"
            text = f"`{label}` asks each time; {job.dst.program} leaves asking to the session"
            job.say("T015", text, places, effect="approximate")


def _asks_in_vain(job: ToolJob, grant: Grant) -> bool:
    """A tool of a server that asks, for a program that asks before nothing."""
    vain = job.dst.tools.fact("approval", "session") == "automatic" and not job.dst.tools.servers_ask
    return grant.open and grant.approval == "ask" and vain


def _dropped_for_asking(job: ToolJob, cap: str) -> bool:
    if not say_ask(job, cap):
        return False
    text = f"“{cap_title(cap)}” asks each time; {job.dst.program} would not: left out"
    job.say("T015", text, job.places(cap, effect="allow"), "narrows")
    return True


def keeps(job: ToolJob, name: Name, closed: set[str], allowed: frozenset[str]) -> bool:
    """A name stays while something that it means is open and nothing it brings is a right too many."""
    risky = [c for c in name.caps if risk(c) != "none"] or list(name.caps)
    return job.price(name) <= allowed and (not risky or any(c not in closed for c in risky))


def _deny_list(job: ToolJob, closed: set[str], source: Tools) -> Tools | None:
    """The names to deny; ``None`` where something cannot be named."""
    table = job.dst.tools
    gone = [
        n
        for n, name in table.singles.items()
        if not name.never and not keeps(job, name, closed, job.literal) and not (name.off and not name.classes)
    ]
    needed = [n for n in gone if not set(table.singles[n].deny_with) & set(gone)]
    rules = [Rule("deny", table.singles[n].tool(), at="tools") for n in needed]
    servers = by_server(source, job.src)
    if forbidden_server(job, "*") or any(_asks_in_vain(job, grant) for grant in servers.values()):
        return None
    if not servers["*", None].open:
        if any(g.open for g in servers.values()):
            return None
        pattern = table.mcp.get("deny_every")
        if pattern is None:
            return None
        rules.append(Rule("deny", Tool(str(pattern), server="*"), at="tools"))
        return Tools(None, tuple(rules))
    denied = _denied_servers(job, servers)
    if denied is None or any(g.open and _denied_above(servers, key) for key, g in servers.items()):
        return None
    return Tools(None, (*rules, *denied))


def _denied_above(servers: Servers, key: tuple[str, str | None]) -> bool:
    """A tool that is open in a server that is shut cannot be said by denials."""
    above = servers.get((key[0], None))
    return key[1] is not None and above is not None and not above.open


def _denied_servers(job: ToolJob, servers: Servers) -> list[Rule] | None:
    table = job.dst.tools
    rules = []
    for (server, member), grant in servers.items():
        if grant.open or server == "*":
            continue
        spelled = table.spell_denied(server, member)
        if not table.fact("deny") or spelled is None or table.mcp.get("deny_servers") is False:
            return None
        if (found := table.denied_tool(spelled)) is None or (found.member is None) != (member is None):
            return None  # the program would take it for something else
        rules.append(Rule("deny", Tool(spelled, server=server, member=member), at="tools"))
    return rules


def _list_all_but(job: ToolJob, closed: set[str], source: Tools) -> Tools:
    """An allow-list of all that the target has, less what is denied."""
    table = job.dst.tools
    shut = {c for c in closed if risk(c) != "none"} | closed
    whole = bool(table.fact("builtin")) and not shut and frozenset(CLASSES) <= job.literal
    names = [] if whole else everything_but(shut, job)
    every = table.mcp.get("every")
    rules = [Rule("allow", table.names[n].tool(), at="tools") for n in names if n != every]
    servers = _servers(job, source, listed=False)
    if whole:
        return Tools("builtin", tuple(servers))
    return or_none(job, Tools("none", tuple(rules + servers)))


# -- names that were asked for ----------------------------------------------------------------


def listed(job: ToolJob, source: Tools, whole: list[Wish], scoped: list[Wish], along: list[str]) -> Tools:
    """The names for what the rules ask for."""
    kept = []
    for wish in whole:
        if wish.grant.approval == "ask" and _dropped_for_asking(job, wish.cap):
            continue
        if wish.grant.approval != "ask" and job.places(wish.cap, effect="allow", ask=True):
            say_ask(job, wish.cap)
        kept.append(wish)
    servers = _servers(job, source, listed=True)
    brought = {cap for rule in servers for cap in rule.tool.caps}
    kept = [wish for wish in kept if wish.cap not in brought]
    cut = frozenset(w.cap for w in scoped if not free_elsewhere(job, w.cap))
    rules = _named(job, kept, along, cut)
    for wish in scoped:
        rules += _scoped(job, wish, rules)
    rules = _beside_groups(job, rules)
    return or_none(job, Tools("none", tuple(written(rules + servers))))


def _named(job: ToolJob, whole: list[Wish], along: list[str], cut: frozenset[str]) -> list[Rule]:
    table = job.dst.tools
    picked = choose([w.cap for w in whole], along, job.allowed, job.dst, cut)
    rules: dict[str, Rule] = {}
    for wish in whole:
        name = picked.by_cap.get(wish.cap)
        say_choice(job, wish, name, picked.near, picked.wider)
        if name is not None:
            rules.setdefault(name, Rule("allow", table.names[name].tool(), at=wish.at[0]))
    return list(rules.values())


def _beside_groups(job: ToolJob, rules: list[Rule]) -> list[Rule]:
    """A group that means nothing beside a single name (``yields``) stands alone: what it holds is said by it."""
    table = job.dst.tools
    yielding = [n for n, facts in (table.fact("groups") or {}).items() if (facts or {}).get("yields")]
    held = {single for r in rules if r.tool.name in yielding for single in table.expand(r.tool.name)}
    return [r for r in rules if r.tool.name not in held]


def _whole_elsewhere(job: ToolJob, cap: str) -> bool:
    """Whether a limit says nothing, as another tool gives the class without one."""
    if not contains(job.before, Right(risk(cap))):
        return False
    source = resolved(job.agent.tools, job.src)
    whole = {c for c, g in by_capability(source, job.src).items() if g.whole and risk(c) in (risk(cap), "runs")}
    return opened(source) or lesser(cap) or not whole or any(not lesser(c) for c in whole)


def free_elsewhere(job: ToolJob, cap: str) -> bool:
    """The same, where the class may be given at all."""
    return _whole_elsewhere(job, cap) and risk(cap) not in job.forbid and risk(cap) != "none"


def _scoped(job: ToolJob, wish: Wish, there: list[Rule]) -> list[Rule]:
    """A limited grant: kept where the target enforces such limits, else dropped."""
    table = job.dst.tools
    if free_elsewhere(job, wish.cap):
        picked = choose([wish.cap], [], job.allowed, job.dst)  # the class is whole by another tool
        if found := picked.by_cap.get(wish.cap):
            text = f"`{wish.label}` loses its limit; the agent has the whole right by another tool anyway"
            job.say("T011", text, wish.at)
            say_choice(job, wish, found, picked.near, picked.wider)
            if job.places(wish.cap, ask=True):
                say_ask(job, wish.cap)
            return [Rule("allow", table.names[found].tool(), at=wish.at[0])]
    allows = [s for ok, s, _ in wish.grant.scopes if ok]
    if not wish.grant.open and len(allows) == len(wish.grant.scopes) == 1:
        for name in table.names.values():
            if wish.cap not in name.caps or not name.scope or len(name.classes) != 1:
                continue
            if table.fact("scope_syntax", "none") == "none":
                continue  # the patterns stand elsewhere in the file
            converted = patterns.convert(allows[0], name.scope)
            once = job.dst.tools.fact("duplicates") == "refused"
            taken = once and any(r.tool.name == name.name and r.scope not in (converted or ()) for r in there)
            if converted is not None and len(converted) == 1 and not taken:
                if job.places(wish.cap, ask=True):
                    say_ask(job, wish.cap)
                return [Rule("allow", name.tool(), converted[0], None, wish.at[0])]
    say_scope(job, wish)
    return []


# -- MCP --------------------------------------------------------------------------------------


def _servers(job: ToolJob, source: Tools, *, listed: bool) -> list[Rule]:
    """MCP tools by name, with denials where the target has such a list; what cannot be said is left out."""
    servers = _less_asking(job, by_server(source, job.src))
    servers = asking_together(job, servers) if job.dst.tools.servers_ask else servers
    every = _every(job, servers, listed)
    if every is not None:
        return every
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


def _every(job: ToolJob, servers: Servers, listed: bool) -> list[Rule] | None:
    """The word for every server; ``None``: each is named by itself."""
    table = job.dst.tools
    if not servers["*", None].open:
        return None
    every = table.mcp.get("every")
    denied = _denied_servers(job, servers)
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
        text = f"{job.dst.program} gives all MCP servers or none, and some are denied: none"
    places = server_places(job, "*", None) or ("tools",)
    job.say("T008", text, places, effect, "name the servers in the source, or add them to the output's list")
    return None


def _less_asking(job: ToolJob, servers: Servers) -> Servers:
    """The servers without what asks, where the program would not: a question that is lost is a right more."""
    out = dict(servers)
    for (server, member), grant in servers.items():
        if not _asks_in_vain(job, grant):
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
    what = f"one tool of the MCP server {server}" if member else f"the MCP server {server}"
    if forbidden_server(job, server):
        job.say("T021", f"`{label}` is left out: {job.why_not('mcp:*')[1]}", places, job.why_not("mcp:*")[2])
        return []
    spelled = table.spell_mcp(server, member)
    found = table.mcp_tool(spelled) if spelled is not None else None
    # a name that the target spells otherwise would be another server there
    other = found is None or found.server != server or (found.member is None) != (member is None)
    if spelled is None or other or table.own(spelled):
        job.say("T007", f"{job.dst.seen} cannot allow {what} alone (`{label}`): left out", places)
        return []
    if taken := _taken_for_own(job, member):
        job.say("T021", f"`{label}` is left out: {taken}", places)
        return []
    shut = {key: g for key, g in servers.items() if key[0] == server and not g.open and member is None}
    denied = _denied_servers(job, shut)
    if denied is None:
        texts = ", ".join(str(m) for _, m in shut)
        job.say("T013", f"`{label}` is denied for {texts}; {job.dst.seen} cannot hold that: left out", places)
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


def _without_servers(job: ToolJob, tools: Tools) -> Tools:
    """Where a list that is silent about MCP servers leaves them all: the entry that shuts them out."""
    shut = job.dst.tools.mcp.get("shut")
    if shut is None or any(r.tool.server for r in tools.rules):
        return tools
    return Tools(tools.base, (*tools.rules, Rule("allow", Tool(str(shut)), at="tools")))


def or_none(job: ToolJob, tools: Tools) -> Tools:
    """Where nothing is left: the form that means no tools in the target."""
    everything = job.dst.tools.fact("all")
    if everything and set(everything) <= {r.tool.name for r in tools.rules if not r.scope}:
        return Tools("all")
    if any(r.effect == "allow" for r in tools.rules):
        return _without_servers(job, tools)
    if not job.empty:
        job.say("T017", "no tool is left that the target has")
    form = job.dst.tools.fact("no_tools")
    if isinstance(form, list) and form:
        if job.dst.tools.fact("unknown_only") == "start-refused":
            text = f"{job.dst.seen} has no word for “no tools”: with `{form[0]}` it refuses to start the agent"
            job.say("T017", text, effect="approximate" if job.empty else None)
        return Tools("none", tuple(Rule("allow", Tool(str(n)), at="tools") for n in form))
    return Tools("none")
