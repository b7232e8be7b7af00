"""A check of many files: find them, look around, ask the producers, accept, mend."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agentconv.checking import producers
from agentconv.checking.accepting import Accepting, BadBaseline, from_baseline
from agentconv.checking.checked import Around, Checked, open_checked
from agentconv.checking.finding import Finding
from agentconv.checking.prompts import speaks
from agentconv.notes import Note
from agentconv.project import around, files
from agentconv.project.ahead import read_ahead
from agentconv.project.config import Check
from agentconv.project.questions import Asked, noting
from agentconv.project.quiet import Mark, QuietKinds
from agentconv.project.sources import Source, beside, drop, listed_places, read, taken
from agentconv.reading.context import Reading
from agentconv.reading.deciding import NO_AGENT
from agentconv.reading.engine import read_author
from agentconv.registry import load
from agentconv.spec import Spec

KEPT = 500  # readings of a project that need not be done twice; a file takes 50 KB
OUT = ("F012", "F030")  # what leads out of the project or of a folder
CLOSED = "may read it; agentconv does not"
UNREAD = ("F001", "F006", "F009", "R017")  # our own inability, or nobody's file: exit 3


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants checked."""

    targets: tuple[str, ...] = ()
    more: tuple[str, ...] = ()  # producers beside the usual ones
    only: tuple[str, ...] = ()
    accepting: Accepting = field(default_factory=Accepting)
    fix: bool = False
    format: str | None = None  # this one only


@dataclass(slots=True)
class Looked:
    """One file that was looked at: agents in it, and the programs that read it."""

    path: str
    format: str
    agents: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    accepted: int = 0
    unread: bool = False


@dataclass(slots=True)
class CheckRun:
    """All files with their findings, and the texts of those that were mended."""

    files: list[Looked] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)  # path, before, after
    full: dict[str, Path] = field(default_factory=dict)
    taken: int = 0  # files that hold agents, whether they could be read or not

    @property
    def findings(self) -> list[Finding]:
        """All that is left, file by file."""
        return [one for looked in self.files for one in looked.findings]

    @property
    def accepted(self) -> int:
        """How many findings were accepted."""
        return sum(looked.accepted for looked in self.files)


def run(
    sources: Iterable[Source], root: Path | None, wishes: Wishes, step: Callable[[int], None] = lambda n: None
) -> CheckRun:
    """Check every source, taken in or not. ``root``: the project; ``None`` where the files belong to none."""
    found = list(sources)
    done = CheckRun()
    used: Counter[Any] = Counter()
    programs = around.programs_used(root) if root is not None else frozenset()
    project = Project(root, QuietKinds(programs), not (wishes.targets or wishes.more or wishes.only))
    with noting() as asked:
        project.look(found)
        _each(found, wishes, project, used, done, step)
    _say_nothing_of_prompts(done, found, asked)
    return done


def _each(
    found: list[Source],
    wishes: Wishes,
    project: Project,
    used: Counter[Any],
    done: CheckRun,
    step: Callable[[int], None],
) -> None:
    with read_ahead(found):
        for source in found:
            if taken(source) is not None and wishes.format in (None, source.format):
                done.taken += 1
                looked = _quiet(source, project) or _file(source, wishes, project, used, done)
                if looked is not None:
                    done.files.append(looked)
            drop(source)
            step(1)


def _say_nothing_of_prompts(done: CheckRun, found: Iterable[Source], asked: Iterable[Asked]) -> None:
    """A text that an agent names as its prompt is no agent, and was not meant to be one."""
    plain = [looked for looked in done.files if not looked.agents and any(f.code == "R004" for f in looked.findings)]
    if not plain:
        return
    named = {str(Path(one.folder, one.relative).resolve()) for one in asked}
    where = {source.path: _real(source) for source in found}
    for looked in plain:
        if where.get(looked.path) in named:
            looked.findings = [f for f in looked.findings if f.code != "R004"]


@dataclass(slots=True)
class Project:
    """What is known of a project before its files are checked one by one. A file of ten thousand is not kept."""

    root: Path | None
    kinds: QuietKinds
    alike: bool  # whether files may be told by others like them: not where each prompt or output is looked into
    there: list[around.Present] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    surroundings: dict[str, Around] = field(default_factory=dict)

    def look(self, found: Iterable[Source]) -> None:
        """Meet all files in the places of the project. Those to be checked are told by the paths that the user knows,
        and are not taken in twice."""
        told = {_real(source): source for source in found if source.at is not None}
        placed = [(source, told.get(source.real)) for source in listed_places(self.root)] if self.root else []
        for source, mine in placed:
            source.path = source.path if mine is None else mine.path
        with read_ahead([mine if mine is not None and mine.format is None else source for source, mine in placed]):
            for source, mine in placed:
                if mine is not None and mine.format is None and taken(mine) is not None:
                    source = mine
                if taken(source) is not None and source.text is not None and source.format is not None:
                    self.there.append(self._met(source, load(source.format), source.text))
                drop(source)

    def _met(self, source: Source, spec: Spec, text: str) -> around.Present:
        mark = self.mark(source, spec, text)
        if mark is not None and mark.kind.sure:
            return around.Present(spec.id, source.path, ((mark.name, mark.name),))
        reading = read_author(spec, text, source.path, beside(source))
        if mark is not None:
            mark.read(reading)
        if len(self.readings) < KEPT:
            self.readings[source.path] = reading
        return around.present(reading)

    def mark(self, source: Source, spec: Spec, text: str) -> Mark | None:
        """The kind of a file, if it is one of many."""
        if not self.alike:
            return None
        mark = self.kinds.mark(spec, text, source.path, beside(source))
        if mark is not None:
            self.marks[source.path] = mark
        return mark

    def around(self, source: Source) -> Around | None:
        """What lies around a file, if it lies in a place."""
        if self.root is None or not source.placed or source.format is None:
            return None
        if source.format not in self.surroundings:
            self.surroundings[source.format] = around.around(self.root, load(source.format), self.there)
        return self.surroundings[source.format]


def _real(source: Source) -> str:
    """Where a file is, links followed, if that is known without looking."""
    return source.real or (source.full.resolve().as_posix() if source.full is not None else source.path)


def _quiet(source: Source, project: Project) -> Looked | None:
    """A file of a kind of which there is nothing to say."""
    if source.format is None:
        return None
    mark = project.marks.get(source.path)
    if mark is None and source.text is not None:  # it lies in no place of the project, and was not met yet
        mark = project.mark(source, load(source.format), source.text)
    if mark is None or not mark.kind.quiet or not _alone(source, mark, project):
        return None
    return Looked(source.path, source.format, (mark.name,), mark.kind.programs)


def _alone(source: Source, mark: Mark, project: Project) -> bool:
    """Whether no other agent has its name, and its prompt calls none by a wrong one; it is read again only for that."""
    others = project.around(source)
    if others is None:
        return True
    files = others.files.get(source.format or "", {}).get(mark.name)
    return files == (source.path,) and not (others.misnamed and speaks(read(source).text or "", others.misnamed))


def _closed(source: Source, problems: list[Note]) -> Looked:
    """A file that cannot be read, or that nobody knows the format of."""
    looked = Looked(source.path, source.format or "")
    for one in problems:
        does = CLOSED if one.code in OUT else "cannot read it"
        if one.code == "F006":  # no program has said a word on it
            does = "takes it for no agent" if one.message.startswith(NO_AGENT) else "cannot tell whose it is"
        finding = Finding(
            one.code, "error", one.message, one.file or source.path, one.line or 1, one.column or 1,
            meant="an agent", does=does, programs=("agentconv",) if one.code == "F006" else (), mend=one.help,
        )  # fmt: skip
        looked.findings.append(finding)
        looked.unread = looked.unread or one.code in UNREAD
    return looked


def _file(source: Source, wishes: Wishes, project: Project, used: Counter[Any], done: CheckRun) -> Looked | None:
    problems = [n for n in read(source).notes if n.effect == "error"]
    if source.text is None or source.format is None or problems:
        return _closed(source, problems) if problems else None
    spec = load(source.format)

    def opened(text: str) -> Checked:
        author = known if known is not None and (known.spec, known.text) == (spec, text) else None
        checked = open_checked(spec, text, source.path, project.kinds.programs, beside(source), author)
        checked.targets = wishes.targets
        checked.around = project.around(source)
        return checked

    def find(checked: Checked) -> list[Finding]:
        found = producers.findings(checked, wishes.more)
        return [one for one in found if not wishes.only or one.agent in wishes.only or not one.agent]

    known = project.readings.pop(source.path, None)
    mark = project.marks.get(source.path)
    checked = opened(source.text)
    names = tuple(r.agent.id or r.agent.name or "" for r in checked.author.agents)
    if wishes.only and not set(names) & set(wishes.only):
        return None
    findings = find(checked)
    if wishes.fix and source.full is not None:
        from agentconv.checking.mending import mended

        text = mended(checked, findings, opened, find)
        if text is not None:
            done.changes.append((source.path, source.text, text))
            done.full[source.path] = source.full
            checked = opened(text)
            findings = find(checked)
    programs = tuple(r.seen for r in checked.readers)
    if mark is not None and _alone(source, mark, project):
        mark.read(checked.author)
        mark.checked(programs, len(findings))
    left, gone = wishes.accepting.split(checked, findings, used)
    return Looked(source.path, spec.id, names, programs, left, gone)


def write(done: CheckRun) -> None:
    """Write what was mended; what cannot be written, or was changed by somebody meanwhile, becomes a finding."""
    for change in list(done.changes):
        path, before, after = change
        try:
            if files.read_text(done.full[path], sys.maxsize) != before:
                raise files.Unreadable("F003", "it was changed while it was checked", "run the check again")
            files.write_bytes(done.full[path], after.encode("utf-8"))
        except files.Unreadable as problem:
            _not_mended(done, change, problem)
        except OSError as problem:
            said = (problem.strerror or str(problem)).lower()
            _not_mended(done, change, files.Unreadable("F002", said, "look who may write there: ls -ld"))


def _not_mended(done: CheckRun, change: tuple[str, str, str], problem: files.Unreadable) -> None:
    done.changes.remove(change)
    message, meant, does = f"not mended: {problem.message}", "a file to be mended", "leaves it as it is"
    for looked in done.files:
        if looked.path == change[0]:
            finding = Finding(
                problem.code, "error", message, change[0], meant=meant, does=does, programs=("agentconv",),
                mend=problem.help,
            )  # fmt: skip
            looked.findings.append(finding)
            looked.unread = True


def accepting(settings: Check | None, baseline: Path | None) -> Accepting:
    """What the settings of the project and the baseline accept."""
    found = Accepting(settings.ignore, settings.per_agent_ignore) if settings is not None else Accepting()
    if baseline is None:
        return found
    try:
        return replace(found, known=from_baseline(json.loads(files.read_text(baseline))))
    except (files.Unreadable, ValueError, RecursionError, BadBaseline) as error:
        raise BadBaseline(f"--baseline {baseline}: {error}") from error
