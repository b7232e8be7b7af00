"""The model's own form: every field as it is, and the format whose words it keeps.

A dump says which format it was read from (``container.origin``), because only that format knows what its unsaid tool
list, its hooks and its own keys mean. So a dump that is converted gives what the file itself would have given.
"""

from __future__ import annotations

from dataclasses import replace

from agentconv.model import Agent, Extra
from agentconv.registry import ids, load
from agentconv.spec import Spec


def as_meant(agent: Agent, spec: Spec) -> tuple[Agent, Spec]:
    """The agent and the format whose words it is in; for all other formats what was given."""
    key = spec.container.get("origin")
    if not key:
        return agent, spec
    own = [e for e in agent.extras if e.key == key and e.format == spec.id]
    rest = replace(agent, extras=tuple(e for e in agent.extras if e not in own)) if own else agent
    known = [str(e.value) for e in own if e.value in ids(readings=True) and e.value != spec.id]
    if not known or _foreign_limit(rest, spec, load(known[0])):
        return rest, spec
    return rest, load(known[0])


def _foreign_limit(agent: Agent, spec: Spec, origin: Spec) -> bool:
    """Whether the agent says a limit that the format it is said to come from does not have: somebody wrote it in."""
    from agentconv.lowering.fields import limit_in

    theirs = {row.field for row in origin.fields.values()} | {"tools", "extras"}
    return any(limit_in(spec, name, value) for name, value in agent.said().items() if name not in theirs)


def as_it_is(agent: Agent, src: Spec, dst: Spec) -> Agent:
    """The agent for a format that holds the model itself; nothing in it is left to another program's default."""
    from agentconv.grants import resolved

    key = dst.container.get("origin")
    own = (Extra(str(key), src.id, dst.id),) if key else ()
    id = agent.id or agent.name or "agent"
    return replace(agent, id=id, tools=resolved(agent.tools, src), extras=(*agent.extras, *own))
