"""A file that its program takes for one of another description (`else_as`), in the words of this one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from agentconv.model import Agent, Rule
from agentconv.reading.context import Reading
from agentconv.reading.engine import read_program
from agentconv.registry import load
from agentconv.spec import Spec


def read_as(other: str, reading: Reading) -> Reading:
    """What the program makes of the file."""
    spec = reading.spec
    found = read_program(_called_as(load(other), spec), reading.text, reading.path, reading.get)
    for read in found.agents:
        read.agent = _renamed(read.agent, spec)
    return replace(found, spec=spec)


@cache
def _called_as(other: Spec, spec: Spec) -> Spec:
    """The other description; what the agent is called is this one's business."""
    return Spec(other.head, {**other.tables, "identity": spec.identity}, other.folder)


def _renamed(agent: Agent, spec: Spec) -> Agent:
    """A tool that has another name here keeps its meaning: the program renames it, too."""
    own = {name.caps[:1]: name for name in reversed(spec.tools.singles.values()) if name.caps and not name.off}

    def here(rule: Rule) -> Rule:
        name = own.get(rule.tool.caps[:1]) if not rule.tool.server and rule.tool.name not in spec.tools.names else None
        return replace(rule, tool=name.tool()) if name is not None else rule

    return replace(agent, tools=replace(agent.tools, rules=tuple([here(rule) for rule in agent.tools.rules])))
