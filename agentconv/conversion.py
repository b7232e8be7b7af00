"""What became of an agent, and one row of the report about it."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from agentconv.bodies.company import Member
from agentconv.model import Agent
from agentconv.notes import RANK, Note
from agentconv.records import dataclass

STATUSES = ("exact", "lossy", "narrowed", "widened", "refused", "kept", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Rights as words."""

    before: list[str]
    after: list[str]


AS_NAMED = Member(())  # everybody calls it by the name of its result: of many thousand agents nearly all


@dataclass(slots=True)
class Conversion:
    """What became of one agent."""

    status: str
    name: str
    source: str
    format: str
    target: str
    rights: BeforeAfter
    gained: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    agent: Agent | None = None
    entry: str = ""  # the id of the entry, in a file of many
    unchanged: bool = False
    called: Member | None = None  # what source and target call the agent, as `member` tells it
    names: tuple[tuple[str, str], ...] = ()  # field and name of other agents in the output's header
    said: tuple[str, ...] = ()  # older spellings by which the source says its fields
    read: str = ""  # the fingerprint of its source, where that is to be overwritten
    apart: Conversion | None = None  # where its source as a whole is the output: the same as one entry among others

    @property
    def text(self) -> str:
        """The file that was made, as text; empty where nothing may be written."""
        return next(iter(self.files.values()), b"").decode("utf-8")

    @property
    def failed(self) -> bool:
        """Nothing may be written."""
        return self.status in ("failed", "refused", "skipped")

    def fail(self, problem: Note) -> None:
        """Nothing is written, for this reason."""
        self.notes.append(problem)
        self.status = "failed"
        self.files = {}

    def take_apart(self, path: str) -> None:
        """It becomes one entry of the file there."""
        if (one := self.apart) is None:
            return
        said = {(n.code, n.path, n.line) for n in one.notes}
        self.notes = [*one.notes, *(n for n in self.notes if (n.code, n.path, n.line) not in said)]
        self.status, self.rights, self.agent, self.entry = one.status, one.rights, one.agent, one.entry
        self.gained, self.names, self.called, self.apart = one.gained, one.names, one.called, None
        self.files = dict.fromkeys([path], one.text.encode("utf-8")) if one.files else {}

    def let_go(self) -> None:
        """The files are written: what stays is what a report says of them."""
        self.files = dict.fromkeys(list(self.files), b"")  # of a dict it would be half as large again
        self.agent = self.apart = None
        if self.called is not None and self.called == self._as_named():
            self.called = AS_NAMED

    @property
    def member(self) -> Member | None:
        """What source and target call the agent."""
        return self._as_named() if self.called is not None and not self.called.words else self.called

    def _as_named(self) -> Member:
        return Member((self.name,), source=self.source, becomes=self.name)

    def judge(self, base: str) -> None:
        """The status that the notes speak of, where nothing weightier is known."""
        self.status = base
        if base in ("exact", "lossy", "narrowed"):
            effects = {n.effect for n in self.notes}
            high = max((RANK[e] for e in effects), default=0)
            self.status = "narrowed" if "narrows" in effects else "lossy" if high > RANK["info"] else "exact"


def report_agent(result: Conversion) -> dict[str, Any]:
    """One row of the report."""
    return {
        "source": result.source,
        "format": result.format,
        "target": result.target,
        "name": result.name,
        "status": result.status,
        "unchanged": result.unchanged,
        "outputs": sorted(result.files),
        "rights": {"before": result.rights.before, "after": result.rights.after},
        "notes": [_report_note(n) for n in result.notes],
    }


def _report_note(one: Note) -> dict[str, Any]:
    data = one.as_json()
    data.pop("file")
    return data
