"""A check of many files: find them, look around, ask the producers, accept, mend."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agentconv.checking import producers
from agentconv.checking.accepting import Accepting, BadBaseline, from_baseline
from agentconv.checking.checked import Around, Checked, open_checked
from agentconv.checking.finding import Finding
from agentconv.project import around, files
from agentconv.project.config import Check
from agentconv.project.sources import Source, beside, in_places
from agentconv.reading.context import Reading
from agentconv.reading.engine import read_author
from agentconv.registry import load

UNREAD = ("F001", "F006", "F009", "R017")  # our own inability, or nobody's file: exit 3


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants checked."""

    targets: tuple[str, ...] = ()
    more: tuple[str, ...] = ()  # producers beside the usual ones
    only: tuple[str, ...] = ()
    accepting: Accepting = field(default_factory=Accepting)
    fix: bool = False


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
    """Check every source. ``root``: the project; ``None`` where the files belong to none."""
    found = list(sources)
    done = CheckRun()
    used: Counter[Any] = Counter()
    known: dict[str, Reading] = {}  # files that were read for what lies around the others
    surroundings = _surroundings(root, found, known) if root is not None else {}
    programs = around.programs_used(root) if root is not None else frozenset()
    for source in found:
        looked = _file(source, known.pop(source.path, None), wishes, programs, surroundings, used, done)
        if looked is not None:
            done.files.append(looked)
        step(1)
    return done


def _surroundings(root: Path, found: list[Source], known: dict[str, Reading]) -> dict[str, Around]:
    """For each format of the project what lies around its files, which are told by the paths that the user knows."""
    told = {_real(s): s.path for s in found if s.full is not None}
    readings = []
    for source in in_places(root):
        if source.text is None or source.format is None or source.full is None:
            continue
        path = told.get(_real(source), source.path)
        reading = known[path] = read_author(load(source.format), source.text, path, beside(source))
        readings.append(reading)
    formats = {source.format for source in found if source.placed and source.format is not None}
    return {id: around.around(root, load(id), readings) for id in formats}


def _real(source: Source) -> str:
    """Where a file is, links followed, if that is known without looking."""
    return source.real or (source.full.resolve().as_posix() if source.full is not None else source.path)


def _file(
    source: Source,
    known: Reading | None,
    wishes: Wishes,
    programs: frozenset[str],
    surroundings: dict[str, Around],
    used: Counter[Any],
    done: CheckRun,
) -> Looked | None:
    problems = [n for n in source.notes if n.effect == "error"]
    if source.text is None or source.format is None or problems:
        looked = Looked(source.path, source.format or "")
        for one in problems:
            finding = Finding(
                one.code, "error", one.message, one.file or source.path, one.line or 1, one.column or 1,
                meant="an agent", does="cannot read it", mend=one.help,
            )  # fmt: skip
            looked.findings.append(finding)
            looked.unread = looked.unread or one.code in UNREAD
        return looked if problems else None
    spec = load(source.format)

    def opened(text: str) -> Checked:
        author = known if known is not None and (known.spec, known.text) == (spec, text) else None
        checked = open_checked(spec, text, source.path, programs, beside(source), author)
        checked.targets = wishes.targets
        checked.around = surroundings.get(spec.id) if source.placed else None
        return checked

    def find(checked: Checked) -> list[Finding]:
        found = producers.findings(checked, wishes.more)
        return [one for one in found if not wishes.only or one.agent in wishes.only or not one.agent]

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
    left, gone = wishes.accepting.split(checked, findings, used)
    return Looked(source.path, spec.id, names, tuple(r.seen for r in checked.readers), left, gone)


def write(done: CheckRun) -> None:
    """Write what was mended."""
    for path, _, text in done.changes:
        files.write_bytes(done.full[path], text.encode("utf-8"))


def accepting(settings: Check | None, baseline: Path | None) -> Accepting:
    """What the settings of the project and the baseline accept."""
    found = Accepting(settings.ignore, settings.per_agent_ignore) if settings is not None else Accepting()
    if baseline is None:
        return found
    try:
        return replace(found, known=from_baseline(json.loads(files.read_text(baseline))))
    except (files.Unreadable, ValueError, RecursionError, BadBaseline) as error:
        raise BadBaseline(f"--baseline {baseline}: {error}") from error
