"""Lowering into lists of names and into groups: what to name, and what to deny."""

from __future__ import annotations

from collections.abc import Mapping

from agentconv import scopes as patterns
from agentconv.capabilities import lesser
from agentconv.grants import Grant, by_capability, by_server, resolved
from agentconv.lowering.barenames import bare_sets, shy, written_apart
from agentconv.lowering.choosing import choose, everything_but
from agentconv.lowering.listedservers import asks_in_vain, denied_servers, listed_servers, say_asking_servers
from agentconv.lowering.wish import (
    Servers,
    ToolJob,
    Wish,
    forbidden_server,
    opened,
    say_ask,
    say_choice,
    say_leave,
    say_scope,
    server_places,
    way_out,
    written,
)  # fmt: skip
from agentconv.model import Rule, Tool, Tools
from agentconv.rights import CLASSES, Right, contains
from agentconv.spec import Name, cap_title, risk

# -- everything less something ----------------------------------------------------------------


def all_but(job: ToolJob, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    """A deny-list where everything in it can be named, else all that the target has less what is denied."""
    table = job.dst.tools
    closed = _closed(job, caps)
    say_asking_servers(job, source)
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
    for name, other in table.starts_with.items():
        if other in gone and name not in gone:
            gone.append(name)
            text = f"{job.dst.seen} starts no agent that has `{name}` and not `{other}`: denied, too"
            job.say("T013", text, ("tools",))
    needed = [n for n in gone if not set(table.singles[n].deny_with) & set(gone)]
    rules = [Rule("deny", table.singles[n].tool(), at="tools") for n in needed]
    servers = by_server(source, job.src)
    if table.mcp.get("never") and any(grant.open for grant in servers.values()):
        job.say("T008", f"{job.dst.seen} gives no subagent tools of MCP servers", server_places(job, "*", None))
    if forbidden_server(job, "*") or any(asks_in_vain(job, grant) for grant in servers.values()):
        return None
    if not servers["*", None].open:
        if any(g.open for g in servers.values()):
            return None
        pattern = table.mcp.get("deny_every")
        if pattern is None:
            return None
        return Tools(table.fact("deny_from"), (*rules, *_shut(job, str(pattern))))
    denied = denied_servers(job, servers)
    if denied is None or any(g.open and _denied_above(servers, key) for key, g in servers.items()):
        return None
    return Tools(table.fact("deny_from"), (*rules, *denied))


def _denied_above(servers: Servers, key: tuple[str, str | None]) -> bool:
    """A tool that is open in a server that is shut cannot be said by denials."""
    above = servers.get((key[0], None))
    return key[1] is not None and above is not None and not above.open


def _list_all_but(job: ToolJob, closed: set[str], source: Tools) -> Tools:
    """An allow-list of all that the target has, less what is denied."""
    table = job.dst.tools
    shut = {c for c in closed if risk(c) != "none"} | closed
    whole = bool(table.fact("builtin")) and not shut and frozenset(CLASSES) <= job.literal
    names = [] if whole else everything_but(shut, job)
    every = table.mcp.get("every")
    rules = [Rule("allow", table.names[n].tool(), at="tools") for n in names if n != every]
    if shy(job):
        rules = written_apart(rules, job)
    servers = listed_servers(job, source)
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
    servers = listed_servers(job, source)
    brought = {cap for rule in servers for cap in rule.tool.caps}
    kept = [wish for wish in kept if wish.cap not in brought]
    cut = frozenset(w.cap for w in scoped if not free_elsewhere(job, w.cap))
    rules = _named(job, kept, along, cut)
    for wish in scoped:
        rules += _scoped(job, wish, rules)
    rules = _beside_groups(job, rules)
    rules += _twins(job, rules, cut)
    if shy(job):
        rules = written_apart(rules, job)
    return or_none(job, Tools("none", tuple(written(rules + servers))))


def _named(job: ToolJob, whole: list[Wish], along: list[str], cut: frozenset[str]) -> list[Rule]:
    table = job.dst.tools
    without = bare_sets(job) if shy(job) else frozenset[str]()
    picked = choose([w.cap for w in whole], along, job.allowed, job.dst, cut, without)
    rules: dict[str, Rule] = {}
    for wish in whole:
        name = picked.by_cap.get(wish.cap)
        say_choice(job, wish, name, picked.near, picked.wider)
        if name is not None:
            rules.setdefault(name, Rule("allow", table.names[name].tool(), at=wish.at[0]))
    return list(rules.values())


def _twins(job: ToolJob, rules: list[Rule], cut: frozenset[str]) -> list[Rule]:
    """Names that are written beside a name, for the models that know its tool by another one (``twins``)."""
    table = job.dst.tools
    there, out = {rule.tool.name for rule in rules}, dict[str, Rule]()
    for rule in rules if table.twins else ():
        for twin in table.twins.get(rule.tool.name, ()) if rule.scope is None else ():
            name = table.names[twin]
            if twin not in there and job.price(name) <= job.allowed and cut.isdisjoint(name.gives):
                out.setdefault(twin, Rule("allow", name.tool(), at=rule.at))
    return list(out.values())


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


# -- nothing left ----------------------------------------------------------------------------


def _without_servers(job: ToolJob, tools: Tools) -> Tools:
    """Where a list that is silent about MCP servers leaves them all: the entry that shuts them out, or their denial.
    Where tools of servers need another one to be reached: that one, beside them."""
    shut = job.dst.tools.mcp.get("shut")
    through = job.dst.tools.mcp.get("reached_by") or ()
    if any(r.tool.server for r in tools.rules):
        if not through or any(r.tool.name in through for r in tools.rules):
            return tools
        by = job.dst.tools.names[through[0]].tool()
        return Tools(tools.base, (*tools.rules, Rule("allow", by, at="tools")))
    if shut is None:
        return Tools(tools.base, (*tools.rules, *_shut(job))) if job.dst.tools.mcp.get("shut_by") else tools
    return Tools(tools.base, (*tools.rules, Rule("allow", Tool(str(shut)), at="tools")))


def _shut(job: ToolJob, every: str | None = None) -> list[Rule]:
    """The denial of every server, with those of other tools that lead to them (``shut_by``)."""
    table = job.dst.tools
    every = every or str(table.mcp["deny_every"])
    also = [n for n in table.mcp.get("shut_by") or () if n != every]
    beside = [Rule("deny", table.names[n].tool(), at="tools") for n in also]
    return [*beside, Rule("deny", Tool(every, server="*"), at="tools")]


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
        shut = _shut(job) if job.dst.tools.mcp.get("shut_by") else []
        return Tools("none", (*(Rule("allow", Tool(str(n)), at="tools") for n in form), *shut))
    return Tools("none")
