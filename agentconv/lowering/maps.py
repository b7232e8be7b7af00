"""Lowering into an ordered map of names and patterns, where the last rule that matches wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentconv import scopes as patterns
from agentconv.capabilities import limited as right_alone
from agentconv.grants import Grant, by_server, limits_shell
from agentconv.lowering.choosing import choose
from agentconv.lowering.joinedkeys import denied_without_key, reached
from agentconv.lowering.lists import free_elsewhere, keeps
from agentconv.lowering.mappedservers import mapped_servers
from agentconv.lowering.stricter import bare, stricter
from agentconv.lowering.wish import (
    ToolJob,
    Wish,
    asking,
    forbidden_server,
    say_choice,
    say_scope,
    way_out,
)  # fmt: skip
from agentconv.model import Approval, Rule, Scope, Tools
from agentconv.reading.toolnames import star
from agentconv.spec import Name, cap_title, risk


def all_but(job: ToolJob, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    """Denials of what is closed; where MCP is closed as a whole, everything that is open key by key."""
    table = job.dst.tools
    servers = by_server(source, job.src)
    shut = any(server == "*" and not grant.open for (server, _), grant in servers.items())  # or a tool of every server
    wild = not shut and not forbidden_server(job, "*")
    unsaid_is_none = table.fact("absent", "all") == "none"
    if unsaid_is_none or denied_without_key(job, servers) or (not wild and table.mcp.get("deny_every") is None):
        return _key_by_key(job, source, caps)
    closed = {c for c, g in caps.items() if not g.any}
    rules, limited = _parts_denied(job, caps, closed)
    beside: list[Rule] = []  # denials of other tools for what is limited: in front, for the last rule counts
    # a right that is limited, or asked for, is no room for a tool beside it that is free: another shell, say
    free = {risk(c) for c, grant in caps.items() if grant.whole and grant.approval != "ask" and not right_alone(c)}
    asked = {risk(c) for c, grant in caps.items() if grant.approval == "ask"} - free
    room = (job.literal | (free - job.forbid)) - asked
    kept: list[tuple[Name, str]] = []  # what a subagent has only where it is named
    for name in table.singles.values():
        if name.name in limited or not name.caps or name.closed:
            continue
        if not keeps(job, name, closed, room):
            shared = any(set(name.caps) & set(table.singles[other].caps) for other in limited)
            (beside if shared else rules).append(Rule("deny", name.tool(), at="tools"))
        elif name.named and name.classes and job.agent.mode != "primary":
            kept.append((name, next(c for c in name.gives if c not in closed)))
    if limits_shell(rules):  # with a free shell it misses nothing
        for name, cap in kept:
            rules += _key(job, name, Wish(cap, caps.get(cap) or Grant(True), ("tools",), name.name))
    rules = [*beside, *rules, *mapped_servers(job, source, opened=True)]
    _say_overrides(job, rules)
    return Tools(None, tuple(rules))


def _parts_denied(job: ToolJob, caps: Mapping[str, Grant], closed: set[str]) -> tuple[list[Rule], set[str]]:
    """Rules for what is there in part, or asks, and the tools that they are for. What the target cannot hold a part of
    is closed as a whole."""
    made: dict[str, list[Rule]] = {}
    shut: set[str] = set()
    for cap, grant in caps.items():
        if cap in closed or (grant.whole and grant.approval != "ask" and not grant.scopes):
            continue
        for name in job.dst.tools.singles.values():
            limits = [caps[c] for c in name.caps if c in caps and (not caps[c].whole or caps[c].approval == "ask")]
            means = cap in name.caps or (grant.approval == "ask" and cap in name.also and not limits)
            if not means or name.name in shut or not _reachable(name):
                continue
            rules = _patterns(job, name, cap, grant, job.places(cap)[:1])
            if rules is None:
                closed.add(cap)
                shut.add(name.name)
                made.pop(name.name, None)
                _say_whole(job, cap)
            else:
                made[name.name] = _together(job, made.get(name.name), rules, name, caps)
                _say_dropped(job, Wish(cap, grant, (), name.name), name)
    return [rule for rules in made.values() for rule in rules], set(made)


def _limits(job: ToolJob, name: Name, limited: list[str], caps: Mapping[str, Grant]) -> list[Rule]:
    """The rules of one key that hold the limits of all these rights; none where it cannot."""
    made: list[Rule] | None = None
    for cap in limited:
        rules = _patterns(job, name, cap, caps[cap], job.places(cap)[:1])
        if rules is None:
            _say_whole(job, cap)
            return []
        made = _together(job, made, rules, name, caps)
        _say_dropped(job, Wish(cap, caps[cap], (), name.name), name)
    return made or []


def _together(
    job: ToolJob, before: list[Rule] | None, rules: list[Rule], name: Name, caps: Mapping[str, Grant]
) -> list[Rule]:
    """The rules of a key that may have some for another right, with limits of its own."""
    if before is None or bare(before) == bare(rules):
        return before or rules
    mine = [cap for cap in name.caps if cap in caps and job.places(cap)]
    titles = ", ".join(f"“{cap_title(cap)}”" for cap in mine)
    text = f"{job.dst.program} has one key for {titles}: what gives less holds for all of them"
    job.say("T013", text, [place for cap in mine for place in job.places(cap)])
    return stricter(before, rules)


def _say_whole(job: ToolJob, cap: str) -> None:
    if places := job.places(cap):
        text = f"{job.dst.program} cannot hold a part of “{cap_title(cap)}”; the whole is denied"
        job.say("T013", text, places, help=way_out(cap))


def _reachable(name: Name) -> bool:
    return not (name.off or name.closed or name.never)


def _key_by_key(job: ToolJob, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    """Everything that is open, key by key: the form for what cannot be denied by a key of its own."""
    table = job.dst.tools
    closed = {c for c, g in caps.items() if not g.whole}
    rules: list[Rule] = []
    for name in table.singles.values():
        if not _reachable(name) or not name.caps:
            continue
        given = [c for c in name.caps if c in caps and caps[c].any]
        if any(caps[c].scopes for c in given):
            rules += _limits(job, name, [c for c in given if caps[c].scopes or caps[c].approval == "ask"], caps)
        elif keeps(job, name, closed, job.literal):
            cap = min(
                (c for c in name.gives if c not in closed), key=lambda c: c not in caps or caps[c].approval != "ask"
            )
            rules += _key(job, name, Wish(cap, caps.get(cap) or Grant(True), ("tools",), name.name))
    rules += mapped_servers(job, source, opened=False)
    return _behind_star(job, rules)


def listed(job: ToolJob, source: Tools, whole: list[Wish], scoped: list[Wish], along: list[str]) -> Tools:
    """The keys for what the rules ask for, behind a star that denies."""
    rules = [*_wished(job, whole, scoped, along), *mapped_servers(job, source, opened=False)]
    return _behind_star(job, rules)


def _behind_star(job: ToolJob, rules: list[Rule]) -> Tools:
    granted = {r.tool.name for r in rules if r.effect == "allow"}
    servers = {r.tool.server for r in rules if r.effect == "allow" and r.tool.server}
    if not granted and not job.empty:
        job.say("T017", "no tool is left that the target has")
    kept = [
        r
        for r in rules
        if r.tool.name in granted or (r.tool.server and (r.tool.server in servers or reached(r.tool.name, granted)))
    ]
    _say_overrides(job, kept)
    return Tools(None, (Rule("deny", star(job.dst), at="tools"), *kept, *_reached_by(job, kept)))


def _reached_by(job: ToolJob, rules: list[Rule]) -> list[Rule]:
    """The tool without which no tool of a server is reached."""
    through = job.dst.tools.mcp.get("reached_by") or ()
    given = {r.tool.name for r in rules}
    if not through or given & set(through) or not any(r.tool.server for r in rules if r.effect == "allow"):
        return []
    return [Rule("allow", job.dst.tools.names[through[0]].tool(), None, asking(job, None), "tools")]


# -- keys -------------------------------------------------------------------------------------


def _wished(job: ToolJob, whole: list[Wish], scoped: list[Wish], along: list[str]) -> list[Rule]:
    table = job.dst.tools
    picked = choose([w.cap for w in whole], along, job.allowed, job.dst)
    done: dict[str, list[Rule]] = {}
    for wish in whole:
        name = picked.by_cap.get(wish.cap)
        say_choice(job, wish, name, picked.near, picked.wider)
        if name is None:
            continue
        made = _key(job, table.names[name], wish)
        if name not in done or _asks(made):  # of two wishes for one key the one that asks
            done[name] = made
    for wish in scoped:
        _limited(job, wish, done, {name: [w for w in whole if picked.by_cap.get(w.cap) == name] for name in done})
    return [rule for made in done.values() for rule in made]


def _limited(job: ToolJob, wish: Wish, done: dict[str, list[Rule]], wishes: Mapping[str, list[Wish]]) -> None:
    """A wish with limits, on a key of its own or on one that says the same. Where one key is for reading a file and for
    what else looks at files, the limit holds for both: who may list everything is not meant to read it."""
    fits = [n for n in job.dst.tools.singles.values() if wish.cap in n.caps and not n.off and not n.never]
    taken = next((n for n in fits if n.name in done), None)
    for name in fits:
        made = _patterns(job, name, wish.cap, wish.grant, wish.at[:1])
        if made is None:
            continue
        if name.name not in done:
            done[name.name] = made
        elif [_bare(r) for r in done[name.name]] != [_bare(r) for r in made]:
            others = wishes.get(name.name, [])
            if risk(wish.cap) != "reads" or not others or any(w.cap == wish.cap for w in others):
                break
            for other in others:
                text = (
                    f"{job.dst.program} has one key for “{cap_title(other.cap)}” and `{wish.label}`: it has that limit"
                )
                job.say("T005", text, other.at)
            done[name.name] = made
        _say_dropped(job, wish, name)
        return
    free = taken is None and free_elsewhere(job, wish.cap)
    picked = choose([wish.cap], [], job.allowed, job.dst) if free else None
    if picked is not None and (found := picked.by_cap.get(wish.cap)):
        say_choice(job, wish, found, picked.near, picked.wider)
        asks = any(approval == "ask" for _, _, approval in wish.grant.scopes)
        whole = Grant(True, "ask" if asks else wish.grant.approval)
        done[found] = _key(job, job.dst.tools.names[found], replace(wish, grant=whole))
        taken = job.dst.tools.names[found]
    if taken is not None and any(r.effect == "allow" and r.scope is None for r in done[taken.name]):
        text = f"`{wish.label}` loses its limit; the agent has the whole right by another tool anyway"
        job.say("T011", text, wish.at)
        return
    say_scope(job, wish)


def _bare(rule: Rule) -> tuple[str, Scope | None, Approval | None]:
    return rule.effect, rule.scope, rule.approval


def _asks(rules: list[Rule]) -> bool:
    return any(r.approval == "ask" and r.scope is None for r in rules)


def _say_dropped(job: ToolJob, wish: Wish, name: Name) -> None:
    """Of several limits those that have no pattern here. They are left out beside a free shell, too, though that would
    excuse the whole tool: where some limits hold nobody gives them up for the others."""
    lost = [s for ok, s, _ in wish.grant.scopes if ok and patterns.convert(s, name.scope) is None]
    if not lost:
        return
    places = [r.at for r in job.agent.tools.rules if r.scope in lost and wish.cap in r.tool.caps]
    texts = ", ".join(dict.fromkeys(s.text for s in lost))
    if _asks_in_part(wish.grant, name):
        text = f"`{wish.label}` asks for {texts}; {job.dst.seen} cannot hold that limit: it asks for all"
        job.say("T015", text, places, "approximate")
        return
    job.say("T006", f"`{wish.label}` for {texts}: {job.dst.seen} cannot hold that limit; left out", places)


def _asks_in_part(grant: Grant, name: Name) -> bool:
    """Whether a right that is free asks for something that has no pattern here: it would not be asked any more."""
    free = grant.open and grant.approval != "ask"
    return free and any(
        ok and approval == "ask" and patterns.convert(scope, name.scope) is None for ok, scope, approval in grant.scopes
    )


def _patterns(job: ToolJob, name: Name, cap: str, grant: Grant, at: tuple[str, ...]) -> list[Rule] | None:
    """Rules of one key that hold the limits of a grant, or ``None``."""
    place = at[0] if at else "tools"
    if not name.classes <= (job.allowed | {risk(cap)}):
        return None
    default = asking(job, "ask" if _asks_in_part(grant, name) else grant.approval)
    if not grant.scopes:
        return [Rule("allow", name.tool(), None, default, place)] if grant.open else None
    if name.plain or not name.scope:
        return None
    first = Rule("allow", name.tool(), None, default, place) if grant.open else Rule("deny", name.tool(), at=place)
    rules = [first]
    last = {scope: n for n, (_, scope, _) in enumerate(grant.scopes)}
    for n, (allowed, scope, approval) in enumerate(grant.scopes):
        if last[scope] != n:
            continue  # the later rule for the same pattern decides
        converted = patterns.convert(scope, name.scope)
        if converted is None:
            if not allowed:
                return None  # a denial that cannot be said takes the whole tool
            continue
        for one in converted:
            effect = asking(job, approval) if allowed else None
            rules.append(Rule("allow" if allowed else "deny", name.tool(), one, effect, place))
    # two patterns of the source may be one in the target: the later one decides
    held = {r.scope: r for r in rules[1:]}
    rules = [first, *(r for r in rules[1:] if held[r.scope] is r)]
    return rules if any(r.effect == "allow" for r in rules) else None


def can_scope(job: ToolJob, wish: Wish) -> bool:
    """Whether some key of the target holds the limits of the wish."""
    kinds = {n.scope for n in job.dst.tools.names.values() if wish.cap in n.caps and n.scope and not n.plain}
    asked = [s for ok, s, _ in wish.grant.scopes if ok]
    return any(all(patterns.convert(s, kind) is not None for s in asked) for kind in kinds)


def _key(job: ToolJob, name: Name, wish: Wish) -> list[Rule]:
    """One key, with the questions that the program puts by default and a plain allow would cancel."""
    approval = asking(job, wish.grant.approval)
    rules = [Rule("allow", name.tool(), None, approval, wish.at[0])]
    kind = name.scope or "text"
    words: dict[str, Approval] = {"ask": "ask", "allow": "auto"}
    for pattern, action in name.keep if approval == "auto" else ():
        effect = words.get(action)
        rules.append(Rule("allow" if effect else "deny", name.tool(), Scope(kind, pattern), effect, wish.at[0]))
    return rules


def _say_overrides(job: ToolJob, rules: list[Rule]) -> None:
    if job.dst.tools.fact("approval") != "map" or job.src.tools.fact("approval") == "map":
        return  # or the source has the same words, and says so itself
    allowed = [r for r in rules if r.effect == "allow"]
    if not allowed:
        return
    asks = job.approval == "ask" or all(r.approval == "ask" for r in allowed)
    job.say(
        "T010",
        f"{job.dst.program} has one word for being there and running: `{'ask' if asks else 'allow'}` overrides the "
        "user's own rules for these tools",
        "tools",
        help="" if asks else "--approval ask writes `ask` instead",
    )
