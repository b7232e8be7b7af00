"""Cases before a program: put into projects, loaded, and held against our reading of the same files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agentconv import registry
from agentconv.model import Agent
from agentconv.reading import engine
from agentconv.spec import Spec
from tests import goldens
from tests.clients import running
from tests.clients.cases import READ, Case
from tests.clients.judging import Row, judge
from tests.clients.programs import Check, Program
from tests.clients.views import VIEWS, Seen

DIFFERENCES = goldens.FIXTURES / "clients"


@dataclass
class Difference:
    """One that is known, with its reason and the version in which it was seen."""

    cases: frozenset[str]
    what: str
    why: str
    seen: str


@cache
def known(program: str) -> tuple[Difference, ...]:
    """The differences that are expected of a program: ``fixtures/clients/<program>.yaml``."""
    path = DIFFERENCES / f"{program}.yaml"
    if not path.exists():
        return ()
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(Difference(frozenset(e["cases"]), e["what"], e["why"], str(e["seen"])) for e in entries)


def compare(
    program: Program, check: Check, cases: Iterable[Case], folder: Path, heard: Callable[[str], None] = lambda _: None
) -> list[Row]:
    """Load the cases in the program and compare; a row for each case. ``heard`` is told the program's version."""
    rows, projects = [], [Project(folder / "0")]
    spec = registry.load(check.reads_as)
    for number, case in enumerate(cases, 1):
        row = Row(program.id, case.name, entry=case.entry, status=case.status)
        rows.append(row)
        if case.trouble:
            row.fault("conversion", case.trouble)
        if not case.files:
            continue
        files = case.files
        if case.status == READ and not case.bound:
            files = {place: renamed(data, number) for place, data in files.items()}
        project = next((one for one in projects if one.has_room(files, case)), None)
        if project is None:
            project = Project(folder / str(len(projects)))
            projects.append(project)
        project.add(row, files)
        project.put(case.beside)
    for project in projects:
        if project.rows:
            answer = running.load(program, project.folder)
            heard(str(answer.get("version") or ""))
            project.judge(program, spec, answer)
    return rows


def renamed(data: bytes, number: int) -> bytes:
    """With a name of its own, as many cases share one and a program loads only one of those."""
    return re.sub(rb"(?m)^(name: *[A-Za-z][\w-]*)(?=\r?$)", rb"\g<1>-%d" % number, data, count=1)


@dataclass
class Project:
    """A folder that a program is shown once, with as many cases as do not disturb each other."""

    folder: Path
    rows: dict[str, list[Row]] = field(default_factory=dict)
    names: set[bytes] = field(default_factory=set)

    def has_room(self, files: Mapping[str, bytes], case: Case) -> bool:
        """Whether no other case has these files, nor an agent of that name: a program has only one of two."""
        if case.entry:
            return True
        return not (any(name in self.rows for name in files) or self.names & _names(files))

    def add(self, row: Row, files: Mapping[str, bytes]) -> None:
        """Write the files of a case."""
        self.put(files)
        for name in files:
            self.rows.setdefault(name, []).append(row)
            row.file = name
        self.names |= _names(files)

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files of which no row is kept."""
        for name, data in files.items():
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def judge(self, program: Program, spec: Spec, out: Mapping[str, Any]) -> None:
        """Hold what the program saw against what the description says it sees."""
        seen: dict[str, list[Seen]] = {}
        for item in VIEWS[program.id](out):
            seen.setdefault(item.file, []).append(item)
        for name, rows in self.rows.items():
            for row in rows:
                self._judge_file(program, spec, out, name, row, seen.get(name, []))

    def _judge_file(
        self, program: Program, spec: Spec, out: Mapping[str, Any], name: str, row: Row, theirs: list[Seen]
    ) -> None:
        data = (self.folder / name).read_bytes()
        text = data.decode("utf-8", "replace")
        reading = engine.read_program(spec, text, name, lambda other: self._get(name, other))
        ours = [read.agent for read in reading.agents]
        if row.entry:
            ours = [agent for agent in ours if agent.id == row.entry]
            theirs = [item for item in theirs if item.name == row.entry]
        # of a file with settings for agents of the program's own, too, only those that it has something on
        theirs = [item for item in theirs if not item.built_in or item.name in {agent.id for agent in ours}]
        row.seen = theirs
        if not theirs:
            row.loaded = "no"
            if (ours and _opened(data)) or row.status != READ:
                row.fault("loaded", f"{name} was not loaded: {_why(out, name)}")
        elif not ours:
            row.loaded = "yes"
            row.fault("loaded", f"loaded, and our reading says {reading.status}: {reading.reason}")
        else:
            if len(ours) != len(theirs):
                row.fault("loaded", f"the program has {len(theirs)} agents in {name}, we say {len(ours)}")
            for agent, item in zip(_in_order(ours), sorted(theirs, key=lambda s: s.name or ""), strict=False):
                judge(row, spec, agent, item, as_written=program.as_written)

    def _get(self, name: str, other: str) -> str | None:
        """The text of a file that the one of that name names."""
        path = (self.folder / name).parent / other
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _opened(data: bytes) -> bool:
    """Whether agentconv opens such a file: one that is no UTF-8 is refused before any reading of it."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _names(files: Mapping[str, bytes]) -> set[bytes]:
    return {
        found[1]
        for data in files.values()
        if (found := re.search(rb"""(?m)^[{\s"']*name["']?\s*[:=]\s*(?:!\S*\s+)?["']?([^"'\r\n]+)""", data))
    }


def _in_order(agents: list[Agent]) -> list[Agent]:
    return agents if len(agents) < 2 else sorted(agents, key=lambda agent: agent.id)


def _why(out: Mapping[str, Any], name: str) -> str:
    found = [e for e in [*out.get("errors", []), *out.get("skipped", [])] if name in json.dumps(e)]
    return json.dumps(found or out.get("errors") or "no word", ensure_ascii=False)[:400]


def excused(program: str, row: Row) -> dict[str, str]:
    """The faults of a row that are expected, with the reason."""
    return {
        what: entry.why
        for what in row.faults
        for entry in known(program)
        if what == entry.what and row.case in entry.cases
    }


def unexpected(program: str, rows: Iterable[Row]) -> list[str]:
    """The faults that nobody wrote down, in words."""
    out = []
    for row in rows:
        fine = excused(program, row)
        out += [f"{row.case}: {what}: {words}" for what, words in row.faults.items() if what not in fine]
    return out


def settled(program: str, rows: Iterable[Row]) -> list[str]:
    """Differences that were written down and are none any more."""
    found = {(row.case, what) for row in rows for what in row.faults}
    cases = {row.case for row in rows}
    return [
        f"{case}: {entry.what} agrees now: take it out of fixtures/clients/{program}.yaml"
        for entry in known(program)
        for case in sorted(entry.cases & cases)
        if (case, entry.what) not in found
    ]
