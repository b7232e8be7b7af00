"""Results as a table of agents and targets: what the reports in Markdown and HTML show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from agentconv.convert import STATUSES, Conversion
from agentconv.notes import RANK, Note
from agentconv.project.planning import Run
from agentconv.registry import heads
from agentconv.telling.agentrows import shorthand_of
from agentconv.telling.terminal import WORDS

ORDER = ("failed", "refused", "widened", "kept", "narrowed", "lossy", "exact", "skipped")  # worst first
MEANS = {
    "exact": "all of it arrived",
    "lossy": "something that gives no rights did not arrive or changed",
    "narrowed": "the agent may do less than before",
    "widened": "the agent may do more than before, as the user allowed",
    "refused": "not written: the target would let it do more",
    "kept": "not written: a file is there that agentconv did not write, or that was edited since",
    "skipped": "not written on purpose",
    "failed": "could not be read, written or proved",
}


@dataclass(slots=True)
class Cell:
    """What became of one agent in one target."""

    id: str
    result: Conversion

    @property
    def status(self) -> str:
        """The status, as the report says it."""
        return self.result.status

    @property
    def word(self) -> str:
        """The status as people say it."""
        return WORDS[self.result.status].lower()

    @property
    def short(self) -> str:
        """The rights there, a letter a class."""
        return "" if self.result.failed else shorthand_of(self.result.rights.after)

    @property
    def notes(self) -> list[Note]:
        """The worst first."""
        return sorted(self.result.notes, key=lambda n: -RANK[n.effect])


@dataclass(slots=True)
class Line:
    """One agent."""

    name: str
    source: str
    format: str
    before: list[str]
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The rights of the source, a letter a class."""
        return shorthand_of(self.before)

    @property
    def worst(self) -> int:
        """Where the agent stands among the others: those that need a look come first."""
        return min((ORDER.index(cell.status) for cell in self.cells.values()), default=len(ORDER))


@dataclass(slots=True)
class Matrix:
    """All agents in all targets."""

    targets: list[str]
    lines: list[Line]
    counts: dict[str, Counter[str]]  # target -> status -> agents

    @property
    def statuses(self) -> list[str]:
        """Those that occur, worst first."""
        return [s for s in ORDER if any(count[s] for count in self.counts.values())]

    def title(self, target: str) -> str:
        """The program that the target is for."""
        head = heads().get(target, {})
        return str(head.get("program") or head.get("title") or target)


def matrix(run: Run) -> Matrix:
    """The results by agent; those that need a look first, then by name."""
    lines: dict[tuple[str, str], Line] = {}
    targets = list(run.plan.targets)
    counts: dict[str, Counter[str]] = {target: Counter() for target in targets}
    for number, result in enumerate(run.results):
        line = lines.setdefault(
            (result.source, result.name), Line(result.name, result.source, result.format, result.rights.before)
        )
        if not result.name and result.status == "skipped":
            continue  # a file without agents
        line.before = line.before or result.rights.before
        line.cells[result.target] = Cell(f"c{number}", result)
        counts.setdefault(result.target, Counter())[result.status] += 1
        if result.target not in targets:
            targets.append(result.target)
    found = [line for line in lines.values() if line.cells]
    found.sort(key=lambda line: (line.worst, line.name, line.source))
    return Matrix(targets, found, counts)


assert set(ORDER) == set(STATUSES) == set(MEANS)
