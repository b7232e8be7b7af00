"""Lowering of tools: the source's control as the target can hold it, never wider, each step noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from agentconv.grants import Grant, by_capability, is_star, resolved
from agentconv.lowering.along import say_along, say_missing, say_with_denied
from agentconv.lowering.gates import is_shared_check, say_check
from agentconv.lowering.wish import (
    Reason,
    ToolJob,
    Wish,
    joined,
    opened,
    say_leave,
    say_no_servers,
    say_unknown,
    shut_forbidden,
    shut_kin,
)  # fmt: skip
from agentconv.lowering.wordforword import word_for_word
from agentconv.model import Agent, Rule, Scope, Tools
from agentconv.notes import Note
from agentconv.rights import ALL, Rights
from agentconv.spec import Spec, portable, risk

Delegates = tuple[str, ...] | None


def _all_but(job: ToolJob, source: Tools, caps: Mapping[str, Grant], control: str = "") -> Tools:
    """Everything less what is closed. The lowering to lists or to maps is loaded for the targets that need it."""
    if control == "map":
        from agentconv.lowering.maps import all_but as in_map

        return in_map(job, source, caps)
    from agentconv.lowering.lists import all_but

    return all_but(job, source, caps)


class Bounds(NamedTuple):
    """What the lowering of tools has to keep to, beside the agent's own rights."""

    forbid: frozenset[str]  # classes that nothing may give
    reasons: tuple[tuple[str, Reason], ...]  # of forbidden classes: the field that says so, and its value
    approval: str  # what `--approval` asks for
    leave: frozenset[str]  # classes that the user lets it gain


def control_for(
    agent: Agent, src: Spec, dst: Spec, before: Rights, bounds: Bounds
) -> tuple[Tools, Delegates, tuple[Note, ...]]:
    """The target's control for an agent, the agents that it may call, and what was said on the way.

    Nothing but mode, tools and delegates counts here, and most agents of a project have one of a few lists."""
    places = tuple([r.at for r in agent.tools.rules])
    return _control_for(agent.tools, places, agent.delegates, agent.mode, src, dst, before, bounds)


@lru_cache(maxsize=2048)
def _control_for(
    tools: Tools,
    _: tuple[str, ...],  # equal rules at other places: the notes name the places
    delegates: Delegates,
    mode: str | None,
    src: Spec,
    dst: Spec,
    before: Rights,
    bounds: Bounds,
) -> tuple[Tools, Delegates, tuple[Note, ...]]:
    agent = Agent(tools=tools, delegates=delegates, mode=mode)
    job = ToolJob(src, dst, agent, before, bounds.forbid, dict(bounds.reasons), bounds.approval, bounds.leave)
    lowered, named = lower_tools(job)
    return lowered, named, joined(job.notes)


def lower_tools(job: ToolJob) -> tuple[Tools, Delegates]:
    """The target's control, and the agents that may be called where a field of the target holds them."""
    dst = job.dst
    if dst.tools.control == "none" or (dst.text_kind and not dst.tools.names):
        _say_asking(job)
        _say_denied(job)
        for rule in job.agent.tools.rules:
            if rule.approval != "ask" or dst.text_kind:  # a question was said
                say_check(job, rule)
        return Tools(), job.agent.delegates
    if dst.tools.control == "switch":
        from agentconv.lowering.switch import lower_switch

        return lower_switch(job), job.agent.delegates
    if dst.tools.enforced == "unknown":
        job.say("T018", f"whether {dst.seen} keeps to its tool control is not known")
    if same := word_for_word(job):
        return same, None
    source = resolved(job.agent.tools, job.src)
    caps = _speaking_of_there(job, by_capability(source, job.src))
    shut_forbidden(job, caps)
    say_unknown(job)
    if opened(source):
        shut_kin(job, caps)
        tools, delegates = _opened(job, source, caps)
        say_missing(job, tools, caps, listed=not opened(resolved(tools, dst)))
        say_with_denied(job, tools, caps)
    else:
        tools, delegates = _listed(job, source, caps)
    say_along(job, tools, by_capability(source, job.src))
    checks = tuple(map(_in_words, _last_words(rule for rule in job.agent.tools.rules if is_shared_check(job, rule))))
    return (replace(tools, rules=(*tools.rules, *checks)) if checks else tools), delegates


def _speaking_of_there(job: ToolJob, caps: Mapping[str, Grant]) -> dict[str, Grant]:
    """The rights without denials of what only the source's program can do: they say nothing of what only the target's
    can, which may be the way to the tools of MCP servers (Grok Build's `search_tool`)."""
    if job.src.family & job.dst.family:
        return dict(caps)
    return {cap: grant for cap, grant in caps.items() if grant.any or portable(cap) or risk(cap) != "none"}


def _in_words(rule: Rule) -> Rule:
    """A map has a word for what a switch leaves open: whether it asks."""
    return replace(rule, approval="auto") if rule.effect == "allow" and rule.approval is None else rule


def _last_words(rules: Iterable[Rule]) -> list[Rule]:
    """Rules without those of a name that a later one for all of it makes idle: a map has no place for both."""
    kept: list[Rule] = []
    for rule in rules:
        if rule.scope is None:
            kept = [one for one in kept if one.tool.name != rule.tool.name]
        kept.append(rule)
    return kept


def _say_asking(job: ToolJob) -> None:
    """Questions that a program without a control asks as its session has it. Texts give no rights, and lose none;
    where no session asks, a question is counted as a right, too."""
    does = "leaves asking to the session"
    if job.dst.tools.fact("approval", "session") != "session":
        does = "asks before nothing"
    for rule in dict.fromkeys(r for r in job.agent.tools.rules if r.approval == "ask" and not job.dst.text_kind):
        words = "every tool" if is_star(rule.tool) else f"`{rule.tool.name}`"
        text = f"{words} asks each time; {job.dst.program} {does}"
        job.say("T015", text, rule.at, "approximate")


def _say_denied(job: ToolJob) -> None:
    """Denials that a program without a control cannot hold, of an agent whose free shell could do it all the same.
    Without one the agent is refused, or the text states its limit."""
    if not any(r.cls in ("runs", ALL) and r.whole for r in job.before):
        return
    caps = by_capability(resolved(job.agent.tools, job.src), job.src)
    for rule in job.agent.tools.rules:
        if rule.effect != "deny" or is_star(rule.tool):
            continue
        denied = [c for c in rule.tool.caps if risk(c) != "none"]
        if not (denied or rule.tool.server) or (denied and all(c in caps and caps[c].whole for c in denied)):
            continue  # no right, or a later rule gives it back
        what = f"`{rule.tool.name}` was denied" + (f" for `{rule.scope.text}`" if rule.scope else "")
        job.say("T020", f"{what}; {job.dst.program} has no control that would hold it", rule.at)


def _opened(job: ToolJob, source: Tools, caps: dict[str, Grant]) -> tuple[Tools, Delegates]:
    """Everything, less what the source denies."""
    named = job.agent.delegates
    limited = named is not None and "*" not in named
    if limited and not _holds_agents(job):
        if named:  # who may call none loses nothing
            text = f"{job.dst.seen} cannot limit which agents may be called: none may"
            job.say("T022", text, ("delegates", *job.places("delegate")))
        grant = caps.get("delegate", Grant(False))  # the source may have no tool for it that subagents get
        caps["delegate"] = replace(grant, open=False, scopes=())
    if job.dst.tools.control == "map":
        if limited and named is not None and "delegate" in caps:
            allowed = _named(caps["delegate"], named) or ()
            asked = caps["delegate"].approval
            agents = tuple((True, Scope("agent", n), asked) for n in allowed)
            caps["delegate"] = replace(caps["delegate"], open=False, scopes=agents)
        unsaid_is_none = job.dst.tools.fact("absent", "all") == "none"
        if not (unsaid_is_none or job.forbid or limited or _restricted(source, caps)):
            return Tools(), None
        return _all_but(job, source, caps, "map"), None
    own_tools = job.dst.tools.fact("absent") == "builtin" and not job.forbid
    if own_tools and not _restricted(Tools("all", source.rules), caps):
        say_no_servers(job, source)
        return Tools(), named
    if not job.forbid and not _restricted(source, caps):
        return _everything(job, source, caps), named
    return _all_but(job, source, caps), named


def _restricted(tools: Tools, caps: Mapping[str, Grant]) -> bool:
    asks = any(r.approval == "ask" for r in tools.rules)
    shut = any(r.effect == "deny" for r in tools.rules) or any(not g.any and g.rule for g in caps.values())
    return shut or asks or tools.base == "builtin" or any(g.scopes and not g.whole for g in caps.values())


def _everything(job: ToolJob, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    table = job.dst.tools
    if "delegate" in caps and not caps["delegate"].any:
        return _all_but(job, source, caps)
    if table.fact("absent", "all") == "all":
        return Tools()
    if table.fact("all") or table.fact("star") == "all":
        return Tools("all")
    return _all_but(job, source, caps)


def _listed(job: ToolJob, source: Tools, caps: Mapping[str, Grant]) -> tuple[Tools, Delegates]:
    wishes, along = _wishes(source, caps)
    wishes, delegates = _agents_limit(job, wishes)
    whole: list[Wish] = []
    scoped: list[Wish] = []
    is_map = job.dst.tools.control == "map"
    for wish in wishes:
        free = risk(wish.cap) in job.leave and not (is_map and _can_scope(job, wish))
        if free and not wish.grant.whole:
            say_leave(job, wish.cap, wish.at)
        (whole if wish.grant.whole or free else scoped).append(wish)
    if is_map:
        from agentconv.lowering.maps import listed as as_map

        return as_map(job, source, whole, scoped, along), delegates
    from agentconv.lowering.lists import listed

    return listed(job, source, whole, scoped, along), delegates


def _can_scope(job: ToolJob, wish: Wish) -> bool:
    from agentconv.lowering.maps import can_scope

    return can_scope(job, wish)


def _wishes(source: Tools, caps: Mapping[str, Grant]) -> tuple[list[Wish], list[str]]:
    """What the allow rules ask for, in their order, and what comes along with it."""
    wishes: dict[str, Wish] = {}
    places: dict[str, list[str]] = {}
    along: list[str] = []
    for rule in source.rules:
        if rule.effect != "allow" or is_star(rule.tool):
            continue
        for cap in rule.tool.caps:
            if cap not in caps or not caps[cap].any:
                continue
            wishes.setdefault(cap, Wish(cap, caps[cap], (), rule.tool.name))
            places.setdefault(cap, []).append(rule.at)
        along += [c for c in rule.tool.also if c in caps and caps[c].open]
    for cap, wish in wishes.items():
        wish.at = tuple(places[cap])
    return list(wishes.values()), along


# -- which agents may be called ---------------------------------------------------------------


def _holds_agents(job: ToolJob) -> bool:
    """Whether the target can name the agents that may be called, and every reader of the place holds to it."""
    row = job.dst.by_field.get("delegates")
    if "delegates" in job.forbid:
        return False
    return (row is not None and row.applied) or job.dst.tools.control == "map"


def _one_in_brackets(job: ToolJob) -> bool:
    """Whether the target keeps its tool for agents to the one in brackets behind it."""
    if "delegates" in job.forbid:
        return False
    return any(name.bracketed == "held" and "delegate" in name.caps for name in job.dst.tools.singles.values())


def _named(grant: Grant, named: Delegates) -> Delegates:
    """The agents that field and tool rules allow together; ``None`` where patterns cannot be counted out."""
    if grant.whole:
        return named
    if grant.open or any(not ok or s.kind != "agent" or "*" in s.text or "?" in s.text for ok, s, _ in grant.scopes):
        return None
    names = tuple(dict.fromkeys(s.text for _, s, _ in grant.scopes))
    return names if named is None or "*" in named else tuple(n for n in names if n in named)


def _agents_limit(job: ToolJob, wishes: list[Wish]) -> tuple[list[Wish], Delegates]:
    """Which agents may be called: a field of the target, patterns of its map, or not at all."""
    field = job.agent.delegates
    wish = next((w for w in wishes if w.cap == "delegate"), None)
    row = job.dst.by_field.get("delegates")
    in_field = row is not None and row.applied
    if wish is None:
        return wishes, field
    limited = not wish.grant.whole or (field is not None and "*" not in field)
    if not limited:
        return wishes, field
    if "delegates" in job.leave and not _holds_agents(job):
        say_leave(job, wish.cap, wish.at if field is None else (*wish.at, "delegates"))
        return [Wish(w.cap, Grant(True), w.at, w.label) if w is wish else w for w in wishes], None
    rest = [w for w in wishes if w is not wish]
    named = _named(wish.grant, field)
    if named == ():
        return rest, () if in_field else None
    if job.dst.tools.control == "map" and "delegates" not in job.forbid:
        if field is None or "*" in field or named is not None:
            if named is not None:
                grant = Grant(False, None, tuple((True, Scope("agent", n), wish.grant.approval) for n in named))
                wish = Wish(wish.cap, grant, wish.at, wish.label)
            return [*rest, wish], None
    elif _holds_agents(job) and named is not None:
        job.held.add("delegates")
        return [*rest, Wish("delegate", Grant(True, wish.grant.approval), wish.at, wish.label)], named
    if named is not None and len(named) == 1 and _one_in_brackets(job):
        return [
            *rest,
            Wish(wish.cap, Grant(False, None, ((True, Scope("agent", named[0]), None),)), wish.at, wish.label),
        ], None
    texts = ", ".join(dict.fromkeys(named or [s.text for _, s, _ in wish.grant.scopes]))
    who = job.dst.seen if "delegates" not in job.forbid else f"another program at the place of {job.dst.program}"
    text = f"{who} cannot limit which agents may be called ({texts}); `{wish.label}` is left out"
    job.say("T022", text, wish.at, label=wish.label)
    if field is not None:
        job.say("T022", text, "delegates")
    return rest, () if in_field and field is not None else None
