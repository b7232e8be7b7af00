"""What a program reads by another description, in the words of its own: a file that it takes for one of that
(`else_as`), and rules in a configuration of that form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from agentconv.model import Rule
from agentconv.reading.context import Reading
from agentconv.registry import load
from agentconv.spec import Spec


def read_as(other: str, reading: Reading) -> Reading:
    """What the program makes of the file."""
    from agentconv.reading.engine import read_program

    spec, theirs = reading.spec, load(other)
    found = read_program(_called_as(theirs, spec), reading.text, reading.path, reading.get)
    for read in found.agents:
        tools = read.agent.tools
        read.agent = replace(read.agent, tools=replace(tools, rules=tuple(renamed(tools.rules, theirs, spec))))
    return replace(found, spec=spec)


@cache
def _called_as(other: Spec, spec: Spec) -> Spec:
    """The other description; what the agent is called is this one's business."""
    return Spec(other.head, {**other.tables, "identity": spec.identity}, other.folder)


def renamed(rules: Iterable[Rule], other: Spec, spec: Spec) -> list[Rule]:
    """A tool that has another name here keeps its meaning: the program renames it, too."""
    gone = other.tools.names.keys() - spec.tools.names.keys()
    own = {name.caps[:1]: name for name in reversed(spec.tools.singles.values()) if name.caps and not name.off}

    def here(rule: Rule) -> Rule:
        name = own.get(rule.tool.caps[:1]) if rule.tool.name in gone else None
        return replace(rule, tool=name.tool()) if name is not None else rule

    return [here(rule) for rule in rules]
