"""A build: all sources to all targets, what nothing stands behind any more goes, and the lock says what is there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from agentconv.building import lock as locks
from agentconv.building.lock import Ledger, Lock, Row
from agentconv.building.outputs import Output
from agentconv.building.removing import Removed, remove
from agentconv.building.settled import Results, SettledMaker, called, check_targets, kinds_for, nobody, plan_of
from agentconv.building.wishes import Wishes as Wishes
from agentconv.conversion import Conversion
from agentconv.notes import note
from agentconv.project import configured, files
from agentconv.project.ahead import read_ahead
from agentconv.project.batch import about_target, say_absent, say_twice
from agentconv.project.config import Config
from agentconv.project.halves import sweep
from agentconv.project.making import Made, read_source
from agentconv.project.planning import Plan, Remark, Run
from agentconv.project.putting import MANY, Growing, Here, Putter
from agentconv.project.sources import Source, taken
from agentconv.project.written import Written
from agentconv.reading.context import Reading
from agentconv.records import dataclass
from agentconv.registry import load


@dataclass(slots=True)
class Cache:
    """What one process keeps from build to build: readings by path and text, and what they became."""

    readings: dict[str, tuple[str, Source, Reading]] = field(default_factory=dict)
    results: Results = field(default_factory=dict)


Step = Callable[[int], None]


@dataclass(slots=True)
class BuildRun(Run):
    """A run with what a build does besides."""

    removed: Removed = field(default_factory=Removed)
    lock_changed: bool = False
    lock_name: str = locks.NAME
    differing: list[tuple[str, Conversion]] = field(default_factory=list)
    took_back: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)  # digests of the sources
    kept_texts: list[tuple[str, list[str]]] = field(default_factory=list)  # kept output, how it differs

    @property
    def stale(self) -> bool:
        """Whether anything is not as the sources have it."""
        return bool(self.changes or self.removed.gone or self.removed.kept or self.lock_changed)


def run(
    config: Config,
    wishes: Wishes,
    progress: Step = lambda n: None,
    cache: Cache | None = None,
    sources: list[Source] | None = None,
) -> BuildRun:
    """Build the project of these settings. ``sources``: where they were listed just now."""
    check_targets(config)
    if wishes.take == "theirs":
        first = _Build(config, Wishes(dry=True, take="theirs"), cache).run(progress)
        from agentconv.building.taking import take_back

        took = take_back(config, first.differing, wishes.dry)
        done = _Build(config, wishes._replace(take="" if wishes.dry else "ours"), cache).run(progress)
        done.took_back = took
        return done
    return _Build(config, wishes, cache, sources).run(progress)


class _Build:
    def __init__(
        self, config: Config, wishes: Wishes, cache: Cache | None, sources: list[Source] | None = None
    ) -> None:
        self.sources = sources
        self.config, self.wishes, self.root, self.cache = config, wishes, config.root, cache
        self.locks = {
            True: locks.read(self.root / locks.NAME),
            False: locks.read(locks.state_file(self.root)),
        }
        self.state = Written(self.root)
        self.ledgers = {tracked: Ledger(self.state, lock) for tracked, lock in self.locks.items()}
        targets = tuple(setting.id for setting in config.targets)
        shared: dict[str, Any] = {"settings": config.file, "dry": wishes.dry, "texts": wishes.dry}
        self.done = BuildRun(Plan(self.root, targets, **shared))
        expected = MANY if sources is None else len(sources) * len(targets)
        self.putter: Putter = Here() if wishes.dry else Growing(expected)
        self.makers: list[SettledMaker] = []
        self.outputs: list[Output] = []
        for setting in config.targets:
            plan = plan_of(config, setting, **shared)
            kept = None if cache is None else cache.results
            self.makers.append(
                SettledMaker(plan, setting, config, kept, kinds=kinds_for(plan, setting) if kept is None else None)
            )
            ledger = self.ledgers[setting.tracked]
            self.outputs.append(Output(load(setting.id), setting, plan, self.done, ledger, wishes, self.putter))
        self.digests: dict[str, str] = {}
        self.failed: set[tuple[str, str]] = set()
        self.listed: set[str] = set()  # files in the places of the sources
        self.read: set[str] = set()  # those that hold agents
        self.without: set[str] = set()  # the others
        self.called: dict[str, None] = {}  # names by which the settings may speak of agents

    def run(self, progress: Step) -> BuildRun:
        """Everything, in its order: sources, outputs, deletions, lock."""
        try:
            return self._run(progress)
        finally:
            self.putter.close()

    def _run(self, progress: Step) -> BuildRun:
        done = self.done
        if not self.wishes.dry:
            known = {key.partition("#")[0] for ledger in self.ledgers.values() for key in ledger.hashes}
            # of a build that was killed: those with the name of an output that was to be written
            sweep(str(self.root / path) for path in (*known, locks.NAME))
        places: dict[str, str] = {}
        empty = True
        for source, reading, made in self._together():
            done.results += made.unread
            if reading is None and not made.results:
                continue
            self.called |= dict.fromkeys(
                name for one in (reading.agents if reading else ()) for name in called(one.agent)
            )
            if reading is None or reading.agents:
                self.read.add(source.path)
                empty = False
            self._digested(source)
            if source.placed:
                places[source.path] = source.place
            for maker, output in zip(self.makers, self.outputs, strict=True):
                if reading is not None:
                    maker.make_read(source, reading, made)
                for result in made.results.get(output.dst.id, ()):
                    output.take(result)
                    progress(1)
            if self.cache is None:
                source.text = None  # of ten thousand files the names fit into memory, the texts need not
        for output in self.outputs:
            output.finish()
            done.results += output.made
            done.differing += output.differing
            done.kept_texts += output.kept_texts
        for output in self.outputs:
            done.remarks += about_target(output, [r for r in output.made if r.files], places, done)
            say_absent(output.plan, output.dst, output.made)
            say_twice(output.plan, output.dst, output.made)
        for tracked in (True, False):
            self._settle(tracked, empty)
        if not self.failed:  # an agent of a file that cannot be read has a name, too
            done.remarks += nobody(self.config, self.called)
        if not self.wishes.dry:
            self.state.save()
        return done

    def _together(self) -> Iterable[tuple[Source, Reading | None, Made]]:
        """File by file; all of them at once where a prompt is rewritten by what becomes of the others."""
        if not any(maker.needs_company for maker in self.makers):
            return self._readings()
        found = list(self._readings())
        readings = [(source, reading) for source, reading, _ in found if reading is not None]
        self.makers = [
            replace(maker, companies={maker.setting.id: maker.company(readings)}) if maker.needs_company else maker
            for maker in self.makers
        ]
        return found

    def _readings(self) -> Iterator[tuple[Source, Reading | None, Made]]:
        ours = set(self.done.plan.targets)
        rows = [row for lock in self.locks.values() for row in lock.rows.values()]
        outputs = {row.output for row in rows if row.target in ours}
        sources = list(configured.sources(self.config)) if self.sources is None else self.sources
        with read_ahead(sources if self.cache is None else ()):
            for found in sources:
                if found.path in outputs:
                    continue  # a folder of the sources may hold outputs
                self.listed.add(found.path)
                if (kept := self._kept(found)) is not None:
                    yield *kept, Made(found.path)
                    continue
                known = taken(found)
                if known is None:
                    continue
                made = Made(known.path)
                if self._filled(known, made):
                    yield known, None, made
                    continue
                reading = read_source(known, self.done.plan, made)
                if self.cache is not None and reading is not None and not reading.spec.names_files:
                    self.cache.readings[known.path] = (reading.text, known, reading)
                yield known, reading, made

    def _digested(self, source: Source) -> None:
        data = files.encoded(source.text or "")
        self.digests[source.path] = made = locks.fingerprint(data)
        if source.text is not None:
            self.done.read[source.path] = files.digest(data) if b"\r" in data else made

    def _filled(self, source: Source, made: Made) -> bool:
        """What became of others that are alike, if it is known for every target."""
        for maker, output in zip(self.makers, self.outputs, strict=True):
            filled = maker.filled(source)
            if output.dst.id not in filled:
                made.results = {}
                return False
            made.results |= filled
        return True

    def _kept(self, found: Source) -> tuple[Source, Reading] | None:
        """The file as it was read for an earlier build, where its text is the same."""
        kept = self.cache.readings.get(found.path) if self.cache is not None else None
        if kept is None or found.settled or found.full is None:
            return None
        try:
            return kept[1:] if files.read_text(found.full, found.most) == kept[0] else None
        except files.Unreadable:
            return None

    # -- the lock -----------------------------------------------------------------------------

    def _settle(self, tracked: bool, empty: bool) -> None:
        """What is no output any more goes, and the lock is written."""
        lock, ledger, done = self.locks[tracked], self.ledgers[tracked], self.done
        outputs = [o for o in self.outputs if o.setting.tracked is tracked]
        rows: dict[str, Row] = {}
        for output in outputs:
            for row in self._rows(output, lock):
                rows.setdefault(row.key, row)  # of two sources of one agent the first one counts
        elsewhere = {
            row.key for o in self.outputs if o not in outputs for row in self._rows(o, self.locks[not tracked])
        }
        left = [row for key, row in lock.rows.items() if key not in rows]
        self.failed = {(r.source.rstrip("/"), r.target) for r in done.results if r.status == "failed"}
        self.without = self.listed - self.read
        held = {row.key: row for row in left if self._held(row)}
        self._emptied(row.source for row in held.values())
        sources = self.read | {source for source, _ in self.failed}  # an output once, and a source of today
        gone = [r for r in left if r.key not in held and r.key not in elsewhere and r.output not in sources]
        if empty and gone and not self.wishes.force:
            text = f"no agents in the sources of {self.config.file}; {len(gone)} outputs of earlier builds stay"
            done.remarks.append(Remark("", 0, note("F004", text, help="agentconv build --force deletes them")))
            held |= {row.key: row for row in gone}
            gone = []
        removed = remove(self.root, gone, ledger, dry=self.wishes.dry, force=self.wishes.force)
        done.removed.gone += removed.gone
        done.removed.kept += removed.kept
        done.removed.failed += removed.failed
        held |= {row.key: row for row, _ in (*removed.kept, *removed.failed)}
        rows = {**held, **rows}
        there = {path for path, _, _ in removed.gone}
        dead = {row.key for row in gone if row.key not in held and row.output not in there}
        done.lock_changed = done.lock_changed or (tracked and lock.changed(rows.values(), dead))
        if self.wishes.dry:
            return
        try:
            lock.write(rows.values())
        except OSError as problem:
            text = f"{lock.file.name}: {(problem.strerror or str(problem)).lower()}"
            done.remarks.append(
                Remark("", 0, note("F002", text, file=lock.file.name, help="build again when it can be"))
            )

    def _rows(self, output: Output, lock: Lock) -> Iterator[Row]:
        """The outputs of a target as the lock has them from now on."""
        fresh = {path for path, before, _ in self.done.changes if before is None} | output.own_files
        for result in output.made:
            for path in result.files:
                key = f"{path}#{result.entry}" if output.dst.many else path
                before = lock.rows.get(key)
                if result.status == "kept":
                    if before is not None:
                        yield before
                    continue
                if (wrote := output.ledger.made.get(key)) is None:
                    continue
                entry = result.entry if output.dst.many else ""
                new = output.dst.many and (path in fresh or (before is not None and before.new))
                read = self.digests.get(result.source, "")
                yield Row(path, entry, output.dst.id, result.source, read, wrote, new)

    def _held(self, row: Row) -> bool:
        """An output whose source could not be read or converted this time stays as it is."""
        if row.source in self.without:
            return True
        path = row.source
        while path and (path, row.target) not in self.failed:  # what failed may be the folder that it lay in
            path = path.rpartition("/")[0]
        return bool(path)

    def _emptied(self, sources: Iterable[str]) -> None:
        """A file that held an agent and holds none now is a mistake, or half written, until it is deleted."""
        told = {source for source, _ in self.failed}
        for source in sorted(set(sources) & self.without - told):
            help = "mend it, or delete it: then its outputs go, too"
            text = f"{source} held an agent and holds none now; what was made from it stays"
            self.done.remarks.append(Remark("", 0, note("F015", text, file=source, help=help)))


# -- one build at a time ----------------------------------------------------------------------


class Busy(Exception):
    """Another build of this project runs."""


@contextlib.contextmanager
def alone(root: Path, say: Callable[[str], None], seconds: float = 60.0) -> Iterator[bool]:
    """The project for one build, and whether it had to wait. A second one waits, says so, and gives up after a minute.

    The folder itself is locked: nothing is left behind by a build that was killed."""
    import os
    import time

    try:
        import fcntl
    except ImportError:  # Windows has no such lock on a folder
        yield False
        return
    handle = os.open(root, os.O_RDONLY)
    try:
        started, told = time.monotonic(), False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    say("another build of this project runs: waiting for it")
                    told = True
                if time.monotonic() - started > seconds:
                    raise Busy(f"another build of this project still runs after {seconds:.0f} s") from None
                time.sleep(0.05)
            except OSError:  # a file system without locks
                break
        yield told
    finally:
        os.close(handle)
