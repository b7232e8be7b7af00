"""Rules for no tool but for what tools may reach, or how often: checks that a program itself puts before its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentconv import rights as counting
from agentconv.model import Agent, Rule
from agentconv.rights import Rights

if TYPE_CHECKING:
    from agentconv.lowering.lowered import Lowered
    from agentconv.lowering.wish import ToolJob
    from agentconv.spec import Spec

PATHS = frozenset(("reads", "writes", "runs"))  # who has none of these gets at no path


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
    if about := _about(name, job.src):
        said = [one for one in job.agent.tools.rules if one.tool == rule.tool]
        if _denied(said) and not job.dst.text_kind and not _runs_anything(job.before):
            return  # what becomes of it hangs on the tools that arrive: `limit_checks`
        asks = any(one.approval == "ask" for one in said)
        does = "asks before this agent gets at" if asks else "lets this agent reach"
        does = "keeps this agent from" if any(one.effect == "deny" for one in said) else does
        text = f"{job.src.program} {does} {about} (`{name}`); {job.dst.program} has no such rule for an agent"
    job.say("T003", text, rule.at, effect="lost")


def limit_checks(agent: Agent, src: Spec, dst: Spec, before: Rights, out: Lowered) -> None:
    """What keeps an agent's tools from some paths is a limit, unless it has a free shell that gets there anyway. Where
    the target has no such check, and the agent a tool for paths, the limit would be lost."""
    if dst.text_kind or _runs_anything(before):
        return
    for name in dict.fromkeys(rule.tool.name for rule in agent.tools.rules if _about(rule.tool.name, src)):
        rules = [rule for rule in agent.tools.rules if rule.tool.name == name]
        if not _denied(rules) or any(rule.tool.name == name for rule in out.agent.tools.rules):
            continue
        places = dict.fromkeys(rule.at for rule in rules)  # its own key, and patterns among the keys that match it
        about = f"{src.program} keeps this agent from {_about(name, src)} (`{name}`)"
        given = counting.spread(counting.of_agent(out.agent, dst, program=True))
        if dst.tools.control == "list" and not any(right.cls in PATHS for right in given):
            for at in places:
                out.say("T003", f"{about}; in {dst.program} it has no tool that gets there", at, "info")
            continue
        out.limits.append(name)
        text = f"{about}; {dst.seen} has no such rule for an agent: the limit would be lost"
        for at in places:
            out.say("L003", text, at, help="--allow-widening limits writes it without")


def _about(name: str, src: Spec) -> str:
    """What a check is about, where that is what tools may reach."""
    return str((src.tools.fact("names", {}).get(name) or {}).get("about") or "")


def _denied(rules: list[Rule]) -> list[Rule]:
    """The denials that no later rule for everything takes back."""
    left: list[Rule] = []
    for rule in rules:
        whole = rule.scope is None or rule.scope.text in ("*", "**")
        left = [*(left if not whole else []), *([rule] if rule.effect == "deny" else [])]
    return left


def _runs_anything(before: Rights) -> bool:
    """Whether it has a free shell: one that asks each time is none."""
    return any(right.cls == "runs" and right.whole and right.approval != "ask" for right in counting.spread(before))
