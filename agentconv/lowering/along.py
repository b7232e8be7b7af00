"""What everything less something becomes: what is missed in it, and what went or came along with what was denied."""

from __future__ import annotations

from collections.abc import Mapping

from agentconv.grants import Grant, by_capability, is_star, resolved
from agentconv.lowering.wish import ToolJob, opened, still_given
from agentconv.model import Rule, Tools
from agentconv.notes import NoteEffect
from agentconv.spec import cap_title, common_caps, risk


def say_missing(job: ToolJob, made: Tools, caps: Mapping[str, Grant], *, listed: bool) -> None:
    """What was named beside everything, and is not in what everything became."""
    arrived = by_capability(made, job.dst)
    for rule in job.agent.tools.rules:
        if rule.effect == "deny" or is_star(rule.tool):
            continue
        if any(n.path == rule.at and n.code != "T014" for n in job.notes):  # a limit that is given up loses no tool
            continue
        open_ = [c for c in rule.tool.caps if c in caps and caps[c].any]
        if shut := [c for c in open_ if c in arrived and not arrived[c].any and not listed]:
            words = ", ".join(f"“{cap_title(c)}”" for c in shut)
            job.say("T007", f"{words} would give more than the source has: left out (`{rule.tool.name}`)", rule.at)
        # where everything is open, what the target does not have is not missed, but a limit on it says nothing there
        if gone := [c for c in open_ if (listed and not (c in arrived and arrived[c].any)) or _idle(rule, c, arrived)]:
            effect: NoteEffect = "narrows" if any(risk(c) != "none" for c in gone) else "lost"
            words = ", ".join(f"“{cap_title(c)}”" for c in gone)
            text = f"{job.dst.program} has no tool for {words} (`{rule.tool.name}`)"
            if all(job.by_shell(c) for c in gone):
                effect, text = "info", f"{text}; its shell does it"
            job.say("T003", text, rule.at, effect)


def say_with_denied(job: ToolJob, made: Tools, caps: Mapping[str, Grant]) -> None:
    """What was not denied, and goes with what was, since one tool of the target is both."""
    arrived, rest = by_capability(made, job.dst), opened(resolved(made, job.dst))
    mine = {cap for name in job.src.tools.singles.values() for cap in name.caps}
    for rule in job.agent.tools.rules:
        if rule.effect != "deny" or rule.scope is not None or is_star(rule.tool):
            continue
        denied = set(rule.tool.caps)
        shared = {c: None for n in job.dst.tools.singles.values() if denied & set(n.caps) for c in n.caps}
        gone = [
            c
            for c in shared
            if c in mine - denied
            and c in common_caps()
            and risk(c) != "none"
            and (c not in caps or caps[c].any)
            and not (arrived[c].any if c in arrived else rest)
        ]
        if gone:
            words = ", ".join(f"“{cap_title(c)}”" for c in (*(c for c in rule.tool.caps if c in shared), *gone))
            effect: NoteEffect | None = "approximate" if all(job.by_shell(c) for c in gone) else None
            job.say("T013", f"{job.dst.program} has one tool for {words}: denied as a whole", rule.at, effect)


def _idle(rule: Rule, cap: str, arrived: Mapping[str, Grant]) -> bool:
    return rule.scope is not None and cap not in arrived


def say_along(job: ToolJob, made: Tools, closed: Mapping[str, Grant]) -> None:
    """What was denied, or limited, and comes with a tool of the target all the same; no right more."""
    arrived = by_capability(made, job.dst)
    for rule in job.agent.tools.rules:
        if rule.effect != "deny" or is_star(rule.tool):
            continue
        for cap in rule.tool.caps:
            grant = arrived.get(cap)
            if risk(cap) == "none" or grant is None or not still_given(rule.scope, closed.get(cap), grant):
                continue
            job.say(
                "T020",
                f"“{cap_title(cap)}” was denied but comes with a tool of {job.dst.program} that the agent needs; "
                f"it has the right “{risk(cap)}” anyway",
                rule.at,
            )
