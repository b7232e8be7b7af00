"""Who hands over to whom: what fields say, and what prompts say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from agentconv.bodies.company import Company, Member, gathered, member, placer
from agentconv.bodies.mentions import mentions
from agentconv.bodies.vocabulary import words_of
from agentconv.model import Agent
from agentconv.reading.context import Read, Reading

ANY = ("", "*")


@dataclass(slots=True)
class Edge:
    """One agent hands over to another. ``by``: handoffs, delegates (fields), prompt."""

    source: str
    target: str
    known: bool
    by: list[str] = field(default_factory=list)
    line: int = 0  # of the prompt's first word on it
    cycle: bool = False


@dataclass(slots=True)
class Graph:
    """All agents by name with their file, and the edges between them."""

    agents: dict[str, str] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    cycles: list[list[str]] = field(default_factory=list)

    @property
    def unknown(self) -> list[str]:
        """Agents that are named and are not here."""
        return sorted({e.target for e in self.edges.values() if not e.known})

    def of(self, name: str) -> list[Edge]:
        """What leaves one agent."""
        return [e for e in self.edges.values() if e.source == name]


def graph(readings: Iterable[Reading]) -> Graph:
    """The graph of all agents that were read."""
    found = [(reading, read) for reading in readings for read in reading.agents]
    members = [member(read.agent, reading.path) for reading, read in found]
    company = gathered(members)
    made = Graph({_name(m): m.source for m in members})
    for (reading, read), mine in zip(found, members, strict=True):
        for target, by, line in _out_of(reading, read, company):
            meant = company.by_word.get(target)
            other = _name(meant) if meant is not None else target
            if other == _name(mine):
                continue
            edge = made.edges.setdefault((_name(mine), other), Edge(_name(mine), other, meant is not None))
            if by not in edge.by:
                edge.by.append(by)
            edge.line = edge.line or line
    _mark_cycles(made)
    return made


def _name(one: Member) -> str:
    return one.words[0] if one.words else one.source


def _out_of(reading: Reading, read: Read, company: Company) -> Iterable[tuple[str, str, int]]:
    agent = read.agent
    for handoff in agent.handoffs or ():
        if handoff.agent not in ANY:
            yield handoff.agent, "handoffs", 0
    for name in called_in_fields(agent):
        yield name, "delegates", 0
    if not agent.prompt:
        return
    place = placer(reading, read)
    for m in mentions(agent.prompt, company, words_of(reading.spec.id)):
        if m.kind == "agent" and (m.form == "call" if m.code else m.sure or m.form in ("title", "file")):
            yield m.meant, "prompt", place(m.start)[0]
        elif m.kind == "path" and m.known and not m.code:
            yield company.by_file[m.meant].words[0], "prompt", place(m.start)[0]


def called_in_fields(agent: Agent) -> list[str]:
    """Agents that the header lets it call by name."""
    named = list(agent.delegates or ())
    scopes = (r.scope for r in agent.tools.rules if r.effect == "allow" and r.scope is not None)
    named += [scope.text for scope in scopes if scope.kind == "agent"]
    return [n for n in dict.fromkeys(named) if n not in ANY and not set(n) & set("*?")]


def _mark_cycles(made: Graph) -> None:
    """Agents that come back to themselves: the strongly connected parts with more than one agent."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for start in made.agents:
        if start in index:
            continue
        work = [(start, iter([e.target for e in made.of(start)]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            name, targets = work[-1]
            after = next(targets, None)
            if after is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    part = stack[stack.index(name) :]
                    del stack[stack.index(name) :]
                    if len(part) > 1:
                        made.cycles.append(part)
            elif after not in index:
                index[after] = low[after] = len(index)
                stack.append(after)
                work.append((after, iter([e.target for e in made.of(after)])))
            elif after in stack:
                low[name] = min(low[name], index[after])
    for part in made.cycles:
        for edge in made.edges.values():
            edge.cycle = edge.cycle or (edge.source in part and edge.target in part)


# -- layouts ----------------------------------------------------------------------------------


def as_text(made: Graph) -> str:
    """One agent a paragraph, then what is wrong."""
    lines: list[str] = []
    wide = max((len(e.target) for e in made.edges.values()), default=0)
    for name, path in made.agents.items():
        edges = made.of(name)
        lines.append(f"{name}  {path}" if edges else f"{name}  {path}  hands over to nobody")
        for edge in edges:
            by = ", ".join(f"prompt line {edge.line}" if b == "prompt" and edge.line else b for b in edge.by)
            marks = "  NOT HERE" * (not edge.known) + "  cycle" * edge.cycle
            lines.append(f"  → {edge.target:<{wide}}  {by}{marks}")
    lines.append("")
    total = f"{_count(len(made.agents), 'agent')}, {_count(len(made.edges), 'hand-over')}"
    missing = f"not here: {', '.join(made.unknown)}" if made.unknown else ""
    cycles = [_cycle(made, part) for part in made.cycles]
    return "\n".join([*lines, *(part for part in (total, missing, *cycles) if part)])


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _cycle(made: Graph, part: list[str]) -> str:
    ring = [*part, part[0]]
    if all(pair in made.edges for pair in pairwise(ring)):
        return f"cycle: {' → '.join(ring)}"
    return f"cycle among {', '.join(part)}"


def as_mermaid(made: Graph) -> str:
    """A flow chart; dotted: the prompt says so; dashed boxes: not here; thick: a cycle."""
    names = list(dict.fromkeys([*made.agents, *made.unknown]))
    ids = {name: f"a{n}" for n, name in enumerate(names)}
    lines = ["flowchart LR"]
    lines += [f'  {ids[n]}["{_label(n)}"]{":::missing" if n not in made.agents else ""}' for n in names]
    for edge in made.edges.values():
        arrow = "==>" if edge.cycle else "-.->" if edge.by == ["prompt"] else "-->"
        lines.append(f"  {ids[edge.source]} {arrow} {ids[edge.target]}")
    if made.unknown:
        lines.append("  classDef missing stroke-dasharray: 5 5")
    return "\n".join(lines)


def _label(name: str) -> str:
    for char, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;"), ("\n", " ")):
        name = name.replace(char, code)
    return name


def as_data(made: Graph) -> dict[str, Any]:
    """The graph as plain data."""
    return {
        "agents": [{"name": name, "file": path} for name, path in made.agents.items()],
        "edges": [
            {"from": e.source, "to": e.target, "known": e.known, "by": e.by, "line": e.line, "cycle": e.cycle}
            for e in made.edges.values()
        ],
        "unknown": made.unknown,
        "cycles": made.cycles,
    }
