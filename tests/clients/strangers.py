"""Any folder of agent files before the real programs: what they make of the conversions, against what we say.

``python -m tests.clients judge SRC…`` converts each agent to every format whose program is installed, loads the
outputs, many at a time, and prints where the program has something else than our program reading of the output, or
another description or prompt than the source without a note on it. With ``--as-they-are`` each file is also put before
the program that it was written for, as it is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agentconv import convert, registry
from agentconv.containers import MAX_BYTES
from agentconv.model import Agent
from agentconv.notes import Note
from agentconv.project import sources
from agentconv.proof.merging import merge_results
from agentconv.reading.context import Reading
from agentconv.reading.detect import by_place
from agentconv.reading.engine import read_author
from agentconv.spec import Spec
from tests.clients import harness, running
from tests.clients.cases import READ, Case, bound
from tests.clients.judging import SAME, Row
from tests.clients.programs import Check, Program, programs

AT_ONCE = 60  # files that a program is shown in one start


@dataclass
class Stranger:
    """An agent of a file that nobody of us wrote."""

    label: str
    reading: Reading
    source: sources.Source


@dataclass
class Verdict:
    """What became of all of them in one program."""

    program: Program
    check: Check
    as_they_are: bool = False
    held: int = 0  # refused, skipped, or a source that cannot be read whole: nothing was written
    rows: list[Row] = field(default_factory=list)

    @property
    def wrong(self) -> list[Row]:
        """Those with a difference that is not written down."""
        return [row for row in self.rows if set(row.faults) - set(harness.excused(self.program.id, row))]

    def line(self) -> str:
        """The figures."""
        loaded = sum(row.loaded == "yes" for row in self.rows)
        what = "as they are" if self.as_they_are else "converted"
        return (
            f"{self.program.id:14} {self.check.target:14} {what:11} {len(self.rows):4} files, held {self.held:3},"
            f" loaded {loaded:4}, agreed {len(self.rows) - len(self.wrong):4}"
        )

    def as_json(self) -> dict[str, Any]:
        """The same for a machine."""
        faults = {row.case: row.faults for row in self.wrong}
        return {"program": self.program.id, "format": self.check.target, "as_they_are": self.as_they_are,
                "held": self.held, "files": len(self.rows), "faults": faults}  # fmt: skip


def found(arguments: Iterable[str]) -> list[Stranger]:
    """The files that hold agents of some format, as the command finds them."""
    out = []
    for source in sources.named(arguments, Path.cwd(), None, MAX_BYTES):
        if source.text is None or source.format is None:
            continue
        reading = read_author(registry.load(source.format), source.text, source.path, sources.beside(source))
        if reading.agents:
            out.append(Stranger(source.path, reading, source))
    return out


def sample(strangers: list[Stranger], number: int | None) -> list[Stranger]:
    """So many of them, from all over the list."""
    if not number or number >= len(strangers):
        return strangers
    return [strangers[n * len(strangers) // number] for n in range(number)]


def judged(
    strangers: list[Stranger], ids: Iterable[str], as_they_are: bool, say: Callable[[str], None]
) -> Iterator[Verdict]:
    """Each program that is here, with all files; one that is missing is said."""
    for program in programs().values():
        if ids and program.id not in ids:
            continue
        if reason := program.missing():
            say(f"{program.id}: left out: {reason}")
            continue
        for check in program.checks:
            if check.written:
                yield _converted(program, check, strangers)
            if as_they_are and check.target == check.reads_as:
                yield _as_they_are(program, check, strangers)


def _converted(program: Program, check: Check, strangers: list[Stranger]) -> Verdict:
    verdict, spec = Verdict(program, check), registry.load(check.target)
    free = spec.tools.control == "none"  # every restricted agent would be refused; to see them load, allow it
    options = convert.Options(allow_widening=frozenset({"*"})) if free else convert.Options()
    batches: list[Batch] = [Batch(spec)]
    for stranger in strangers:
        try:
            done = convert.convert_reading(stranger.reading, spec, options, lambda _: None)
        except Exception as error:
            verdict.rows.append(Row(program.id, stranger.label, faults={"conversion": f"it raised {error!r}"}))
            continue
        for one, read in zip(done, stranger.reading.agents, strict=False):
            label = stranger.label if len(done) == 1 else f"{stranger.label}#{one.name}"
            errors = [n for n in one.notes if n.effect == "error"]
            if any(n.code[0] in "VX" for n in errors):  # the proof's and our own; else the source is what is wrong
                words = "; ".join(n.message for n in errors)
                verdict.rows.append(Row(program.id, label, faults={"conversion": f"it failed: {words}"}))
            elif not one.files:
                verdict.held += 1
            elif not any(batch.take(label, one, read.agent) for batch in batches):
                batches.append(Batch(spec))
                batches[-1].take(label, one, read.agent)
    for batch in batches:
        rows = _parted(program, check, batch)
        for row in rows:
            if row.case in batch.origins:
                _against_source(row, *batch.origins[row.case])
        verdict.rows += rows
    return verdict


def _parted(program: Program, check: Check, batch: Batch) -> list[Row]:
    """The rows of a batch. Where all of it lies in files that the program refuses, one agent may lose those of the
    others: halves of it are shown, down to the agent that is refused alone."""
    rows = _shown(program, check, batch.cases)
    if not batch.spec.many or len(batch.offered) < 2 or any(row.loaded != "no" for row in rows):
        return rows
    middle, out = len(batch.offered) // 2, []
    for half in (batch.offered[:middle], batch.offered[middle:]):
        part = Batch(batch.spec)
        for label, one, agent in half:
            part.take(label, one, agent)
        out += _parted(program, check, part)
    return out


@dataclass
class Batch:
    """Cases for one start of the program; in files of many agents each adds its own to those of the earlier."""

    spec: Spec
    cases: list[Case] = field(default_factory=list)
    origins: dict[str, tuple[Agent, list[Note]]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    entries: set[str] = field(default_factory=set)
    offered: list[tuple[str, convert.Conversion, Agent]] = field(default_factory=list)  # as they were before they met

    def take(self, label: str, one: convert.Conversion, agent: Agent) -> bool:
        """Whether it found room: a program has only one of two with a name."""
        name = (one.agent.name or one.agent.id).lower() if one.agent else one.entry
        taken = name in self.entries or (not self.spec.many and any(place in self.places for place in one.files))
        if taken or len(self.cases) >= AT_ONCE:
            return False
        self.offered.append((label, replace(one, files=dict(one.files)), agent))
        if self.spec.many:
            for place in one.files:
                if place in self.places:
                    merge_results(self.spec, place, self.places[place], [one])
        files = dict(one.files)
        self.places.update({place: data.decode("utf-8") for place, data in files.items()})
        self.entries.add(name)
        self.cases.append(Case(label, one.status, files, entry=one.entry))
        if one.format != one.target:  # a file that stays as it is needs no note on what its program makes of it
            self.origins[label] = agent, one.notes
        return True


def _as_they_are(program: Program, check: Check, strangers: list[Stranger]) -> Verdict:
    verdict, spec, cases, places = Verdict(program, check, as_they_are=True), registry.load(check.target), [], set()
    for stranger in strangers:
        place = _place(check.target, stranger.source)
        # of files with all agents of a project each is a project of its own
        if stranger.source.format == check.target and place and (spec.many or place not in places):
            places.add(place)
            data = (stranger.source.text or "").encode("utf-8")
            cases.append(Case(stranger.label, READ, {place: data}, bound=bound(spec, data)))
    for start in range(0, len(cases), AT_ONCE):
        verdict.rows += _shown(program, check, cases[start : start + AT_ONCE])
    return verdict


def _place(format: str, source: sources.Source) -> str:
    """Where the file lies below its project; of one that lies elsewhere, where it would."""
    parts = (source.real or source.path).split("/")
    below = ["/".join(parts[n:]) for n in range(len(parts))]
    placed = next((path for path in reversed(below) if path.startswith(".") and format in by_place(path)), "")
    stem = parts[-1].split(".")[0]
    return placed or convert.usual_path(registry.load(format), stem)


def _shown(program: Program, check: Check, cases: list[Case]) -> list[Row]:
    """The rows of the cases; where the program gives no answer, of halves of them, down to the one it dies of."""
    if not cases:
        return []
    try:
        with tempfile.TemporaryDirectory(prefix="agentconv-judge-") as folder:
            return harness.compare(program, check, cases, Path(folder))
    except running.Failed as problem:
        if len(cases) == 1:
            return [Row(program.id, cases[0].name, status=cases[0].status, faults={"loaded": str(problem)})]
        middle = len(cases) // 2
        return [row for half in (cases[:middle], cases[middle:]) for row in _shown(program, check, half)]


def _against_source(row: Row, agent: Agent, notes: list[Note]) -> None:
    """The program's own view against the source: description and prompt are the same, or a note speaks of them."""
    if any(one.code == "C004" and "does not load" in one.message for one in notes) and row.loaded == "no":
        del row.faults["loaded"]  # the note says that this program does not take it
    for seen in row.seen[:1]:
        for what, theirs, ours in (
            ("description", seen.description, agent.description),
            ("prompt", seen.prompt, agent.prompt),
        ):
            fields = (what, "when_to_use") if what == "description" else (what,)  # which became the description
            said = any(one.path.split("[")[0].split(".")[0] in fields for one in notes)
            bare = _bare if what == "description" else _trimmed
            if row.cells.get(what) == SAME and not said and bare(theirs) != bare(ours):
                row.fault(
                    f"{what} of the source", f"the program has {theirs!r}, the source {ours!r}, and no note says so"
                )


def _bare(text: str | None) -> str:
    return " ".join((text or "").split())


def _trimmed(text: str | None) -> str:
    """The characters of a prompt stay as they are, but for blank space at either end and the kind of its line ends."""
    return (text or "").replace("\r\n", "\n").strip()


def report(verdict: Verdict, say: Callable[[str], None]) -> None:
    """Differences first, figures last."""
    for row in verdict.wrong:
        fine = harness.excused(verdict.program.id, row)
        for what, words in row.faults.items():
            if what not in fine:
                say(f"{verdict.program.id} {verdict.check.target} {row.case}: {what}: {_short(words)}")
    say(verdict.line())


def _short(words: str) -> str:
    return words if len(words) < 400 else f"{words[:240]} … {words[-150:]}"


def write(verdicts: list[Verdict], path: Path) -> None:
    """As data."""
    path.write_text(json.dumps([v.as_json() for v in verdicts], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
