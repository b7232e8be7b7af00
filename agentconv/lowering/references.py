"""Names of other agents in fields: in the target they are called as it calls them.

What becomes of a name depends on the name alone, so a reference follows its agent without knowing the batch: both go
through the same rule. Names that are legal there stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agentconv.bodies.company import member
from agentconv.model import Agent, Rule, Scope, Tools
from agentconv.notes import Note, note
from agentconv.reading.besides import is_external
from agentconv.rights import Right, Rights
from agentconv.spec import Spec

Names = Mapping[str, str]
WILD = frozenset("*?[]{}")  # a pattern is no name


def named(agent: Agent) -> tuple[tuple[str, str], ...]:
    """Other agents that the fields name, each once with its field; a pattern is no name."""
    found = [("handoffs", h.agent) for h in agent.handoffs or ()]
    found += [("delegates", name) for name in agent.delegates or ()]
    scoped = (r.scope for r in agent.tools.rules if r.effect == "allow" and r.scope is not None)
    found += [("tools", scope.text) for scope in scoped if scope.kind == "agent"]
    first: dict[str, str] = {}
    for at, name in found:
        if name and not WILD & set(name):
            first.setdefault(name, at)
    return tuple((at, name) for name, at in first.items())


def without_strangers(agent: Agent, src: Spec, dst: Spec) -> tuple[Agent, list[Note]]:
    """The agent without those that only its own program finds, in a store or under an address: a name made of one would
    be that of somebody else."""
    rows = [*src.rows_with("outside"), *src.rows_with("present")]
    far = {name: at for at, name in named(agent) if any(is_external(name, row) for row in rows)}
    if not far or dst.tools.control == "any" or src.program == dst.program:
        return agent, []
    notes = [
        note("T022", f"the agent `{name}` is in no file here, and only {src.program} finds it: left out", path=at)
        for name, at in far.items()
    ]
    delegates = agent.delegates and tuple(n for n in agent.delegates if n not in far)
    handoffs = agent.handoffs and tuple(h for h in agent.handoffs if h.agent not in far)
    rules = tuple(r for r in agent.tools.rules if r.scope is None or r.scope.kind != "agent" or r.scope.text not in far)
    return replace(agent, delegates=delegates, handoffs=handoffs, tools=Tools(agent.tools.base, rules)), notes


def changed_names(agent: Agent, dst: Spec, src: Spec | None = None) -> Names:
    """The names in the agent's fields that the target does not take, with what it calls them."""
    if dst.tools.control == "any":
        return {}
    said = [*(agent.delegates or ()), *(h.agent for h in agent.handoffs or ())]
    said += [r.scope.text for r in agent.tools.rules if r.scope is not None and r.scope.kind == "agent"]
    outside, own = list(dst.rows_with("outside")), WILD
    if src is not None and src.program == dst.program:  # elsewhere what looks like an address is the path of a file
        outside += dst.rows_with("present")
        own |= {str(name) for name in dst.identity.get("taken") or ()}  # the program's own agents
    wanted = dict.fromkeys(
        name
        for name in said
        if name and not WILD & set(name) and name not in own and not any(is_external(name, row) for row in outside)
    )
    # what the other agent says of tools is not known here: a name that depends on it stays
    others = (Agent(id=name, name=name, tools=Tools("none")) for name in wanted)
    return {one.id: new for one in others if (new := member(one, "", dst).becomes) != one.id}


def followed(agent: Agent, names: Names) -> Agent:
    """The agent with these names changed wherever a field says them."""
    if not names:
        return agent
    delegates = agent.delegates and tuple(names.get(n, n) for n in agent.delegates)
    handoffs = agent.handoffs and tuple(replace(h, agent=names.get(h.agent, h.agent)) for h in agent.handoffs)
    rules = tuple(_rule(rule, names) for rule in agent.tools.rules)
    return replace(agent, delegates=delegates, handoffs=handoffs, tools=Tools(agent.tools.base, rules))


def _rule(rule: Rule, names: Names) -> Rule:
    return rule if rule.scope is None else replace(rule, scope=_scope(rule.scope, names))


def _scope(scope: Scope, names: Names) -> Scope:
    return Scope(scope.kind, names.get(scope.text, scope.text)) if scope.kind == "agent" else scope


def followed_rights(rights: Rights, names: Names) -> Rights:
    """The same rights: to call an agent by its new name is no more than to call it by the old one."""
    return frozenset(_right(right, names) for right in rights) if names else rights


def _right(right: Right, names: Names) -> Right:
    scope = right.scope and _scope(right.scope, names)
    return replace(right, scope=scope, minus=frozenset(_scope(s, names) for s in right.minus))


def said(agent: Agent, names: Names, dst: Spec) -> Iterable[Note]:
    """One note for each name and place that the target has a home for; what has none is lost, which is said there."""
    listed: dict[str, Iterable[str]] = {}
    if "handoffs" in dst.by_field:
        listed["handoffs"] = [h.agent for h in agent.handoffs or ()]
    if "delegates" in dst.by_field or dst.tools.control == "map":
        listed["delegates"] = agent.delegates or ()
    for path, found in listed.items():
        for name in dict.fromkeys(n for n in found if n in names):
            text = f"the agent `{name}` is called `{names[name]}` in {dst.program}: the reference follows"
            yield note("C001", text, path=path, effect="info")
