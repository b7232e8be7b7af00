"""Lowering to a control that is one switch: the setting is picked, and what it takes is said."""

from __future__ import annotations

from collections.abc import Mapping

from agentconv.grants import Grant, by_capability, by_server, is_star, resolved
from agentconv.lowering.wish import ToolJob, say_unknown
from agentconv.model import Rule, Tools
from agentconv.reading.switches import Setting, allowed_by, measured, pick
from agentconv.spec import cap_title, near, risk


def lower_switch(job: ToolJob) -> Tools:
    """The target's switch for this agent."""
    source = resolved(job.agent.tools, job.src)
    caps = by_capability(source, job.src)
    servers = by_server(source, job.src)
    mcp = any(g.open for g in servers.values())
    had = allowed_by(job.before, job.leave)
    setting = pick(job.dst, had, job.forbid, caps, mcp)
    ever = frozenset(c for way in measured(job.dst, had, job.forbid) for c in way.open)
    said: set[str] = set()
    for rule in source.rules:
        if rule.effect == "allow" and not is_star(rule.tool):
            said |= _say_rule(job, rule, caps, setting, ever)
    rest = [c for c, g in caps.items() if g.any and c in ever - setting.open - said and risk(c) != "none"]
    if rest or (mcp and not setting.mcp and servers[("*", None)].open):
        what = ", ".join([*dict.fromkeys(risk(c) for c in rest), *(["MCP tools"] if mcp and not setting.mcp else [])])
        job.say("T007", f"{job.dst.seen} takes {what} together or not at all; left out: {_why(job, setting)}")
    _say_kept(job, setting, caps)
    say_unknown(job)
    return setting.tools


def _say_kept(job: ToolJob, setting: Setting, caps: Mapping[str, Grant]) -> None:
    """Questions and denials that the setting does not hold; none of them is a right more."""
    ambient = {cap for caps in job.dst.ambient.values() for cap in caps}
    for rule in job.agent.tools.rules:
        if is_star(rule.tool):
            if rule.approval == "ask" and any(grant.approval == "ask" for grant in caps.values()):
                text = f"every tool asks each time; {job.dst.program} leaves asking to the session"
                job.say("T015", text, rule.at, "approximate")
            continue
        open_ = [c for c in rule.tool.caps if c in setting.open | ambient and risk(c) != "none"]
        if not open_ and not (rule.tool.server and setting.mcp):
            continue
        if rule.approval == "ask":
            text = f"`{rule.tool.name}` asks each time; {job.dst.program} leaves asking to the session"
            job.say("T015", text, rule.at, "approximate")
        elif rule.effect == "deny" and open_ and all(c in caps and caps[c].whole for c in open_):
            continue  # a later rule gives it back
        elif rule.effect == "deny" and setting.value is not None and open_ and set(open_) <= ambient:
            job.say("T012", f"`{rule.tool.name}` is denied; no setting of {job.dst.seen} takes it away", rule.at)
        elif rule.effect == "deny":
            text = f"`{rule.tool.name}` was denied; {job.dst.program} gives it with what the agent may do anyway"
            job.say("T020", text, rule.at)


def _why(job: ToolJob, setting: Setting) -> str:
    return (
        f"`{job.dst.tools.fact('field')}: {setting.value}` is the widest setting that gives no more than the source has"
    )


def _say_rule(job: ToolJob, rule: Rule, caps: Mapping[str, Grant], setting: Setting, ever: frozenset[str]) -> set[str]:
    """What becomes of one allowed tool; the capabilities that are spoken of."""
    program, label = job.dst.seen, rule.tool.name
    if rule.tool.server and not setting.mcp:
        job.say("T007", f"`{label}` is left out: {_why(job, setting)}", rule.at)
        return set()
    wanted = [c for c in rule.tool.caps if c in caps and caps[c].any]
    gone = [c for c in wanted if c in ever - setting.open]
    if gone:
        limit = f" ({rule.scope.text})" if rule.scope else ""
        job.say("T007", f"`{label}`{limit} is left out: {_why(job, setting)}", rule.at)
    for cap in wanted:
        if cap in setting.open and not caps[cap].whole and risk(cap) != "none":
            text = f"`{label}` loses its limit in {program}; the agent has the whole right by another tool anyway"
            job.say("T011", text, rule.at)
        if cap in ever:
            continue
        stand_in = next((other for other in near(cap) if other in setting.open), None)
        if stand_in:
            job.say("T005", f"{program} has nothing to {cap_title(cap)}; it can {cap_title(stand_in)}", rule.at)
            if rule.scope and risk(stand_in) != "none":  # never a right more: the setting was picked by what there was
                job.say("T012", f"`{label}` loses its limit `{rule.scope.text}` in {program}", rule.at)
        else:
            text = f"{program} has no tool to {cap_title(cap)} (`{label}`)"
            job.say("T003", text, rule.at, "lost" if risk(cap) == "none" else "narrows")
    return set(wanted)
