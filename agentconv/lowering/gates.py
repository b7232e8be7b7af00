"""Rules for no tool but for what tools may reach, or how often: checks that a program itself puts before its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconv.model import Rule

if TYPE_CHECKING:
    from agentconv.lowering.wish import ToolJob


def is_shared_check(job: ToolJob, rule: Rule) -> bool:
    """A question that source and target both put under this name, and that is about no tool."""
    if rule.tool.caps or rule.tool.server is not None or job.dst.tools.control != "map":
        return False
    ours, theirs = job.src.tools.own(rule.tool.name), job.dst.tools.own(rule.tool.name)
    if ours is None or theirs is None or ours.gives or theirs.gives or theirs.off:
        return False
    return rule.scope is None or (theirs.scope == rule.scope.kind and not theirs.plain)


def say_check(job: ToolJob, rule: Rule) -> None:
    """A rule of the source for no tool but for what tools may reach, by the strictest word that it has."""
    name = rule.tool.name
    if not job.src.tools.own(name) or rule.tool.caps or rule.tool.server is not None:
        return
    text = f"`{name}` is a check of {job.src.program} itself; {job.dst.program} has none of that name"
    if about := (job.src.tools.fact("names", {}).get(name) or {}).get("about"):
        said = [one for one in job.agent.tools.rules if one.tool == rule.tool]
        asks = any(one.approval == "ask" for one in said)
        does = "asks before this agent gets at" if asks else "lets this agent reach"
        does = "keeps this agent from" if any(one.effect == "deny" for one in said) else does
        text = f"{job.src.program} {does} {about} (`{name}`); {job.dst.program} has no such rule for an agent"
    job.say("T003", text, rule.at, effect="lost")
