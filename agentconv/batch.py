"""A run over many files: convert each, keep what others wrote, write what is proved, count what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from agentconv import files
from agentconv.convert import BeforeAfter, Conversion, convert_reading
from agentconv.copies import resolve
from agentconv.engine import read_author
from agentconv.lower import Options
from agentconv.notes import Note, note
from agentconv.reading import Reading
from agentconv.registry import heads, load, shared_readers
from agentconv.sources import Source, beside
from agentconv.spec import Spec


DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user wants done with the results."""

    root: Path
    targets: tuple[str, ...]
    options: Options = DEFAULT
    output: str | None = None  # -o
    flat: bool = False
    force: bool = False
    in_place: bool = False
    update: bool = False
    dry: bool = False
    suffix: bool = False  # --on-collision suffix
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    found: bool = False  # the sources were looked for, not named: copies among them are left out


@dataclass(slots=True)
class Run:
    """The results, and the texts for ``-o -`` or ``--diff``."""

    plan: Plan
    results: list[Conversion] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)  # of the batch as a whole
    changes: list[tuple[str, str | None, str]] = field(default_factory=list)  # path, text before, text after
    stdout: str | None = None


def run(plan: Plan, sources: Iterable[Source], progress: Callable[[int], None] = lambda n: None) -> Run:
    """Convert every agent of every source to every target."""
    done = Run(plan)
    readings = [(source, reading) for source in sources if (reading := read_source(source, done)) is not None]
    written = files.Written(plan.root)
    if plan.found:
        readings, differing = resolve(readings, written, plan.targets)
        done.results += differing
    for target in plan.targets:
        _Target(load(target), plan, done, written).convert(readings, progress)
    if not plan.dry:
        written.save()
    for target in plan.targets:
        done.notes += about_target(load(target), [r for r in done.results if r.target == target and r.files])
    return done


def about_target(dst: Spec, results: list[Conversion]) -> list[Note]:
    """What holds for the batch as a whole: double listing, and what the program asks for first."""
    out: list[Note] = []
    if not results or all(r.unchanged for r in results):
        return out
    programs = {dst.program} | {program for _, program, equal in shared_readers(dst) if equal}
    for format in dict.fromkeys(r.format for r in results):
        for id, entry in (heads()[format].get("also_read_by") or {}).items():
            facts = entry if isinstance(entry, dict) else {"program": entry}
            program = str(facts.get("program", id))
            if program in programs and format != dst.id and not facts.get("equal"):
                count = sum(r.format == format for r in results)
                text = (
                    f"{program} reads the place of the sources, too: {count} agent{'s' * (count != 1)} will show twice"
                )
                out.append(
                    note("C014", text, path=dst.id, help=str(facts.get("twice") or "no setting is known that ends it"))
                )
    if asks := dst.tables.get("asks"):
        out.append(note("C015", str(asks), path=dst.id))
    return out


def read_source(source: Source, done: Run) -> Reading | None:
    """The agents of a file; a file that cannot be read is a result of its own."""
    problems = [n for n in source.notes if n.effect == "error"]
    if source.text is None or source.format is None or problems:
        if problems:
            empty = BeforeAfter([], [])
            for target in done.plan.targets:
                done.results.append(
                    Conversion("failed", "", source.path, source.format or "", target, empty, notes=list(source.notes))
                )
        return None
    reading = read_author(load(source.format), source.text, source.path, beside(source))
    if source.prefix:
        reading.agents = [
            replace(r, agent=replace(r.agent, id=f"{source.prefix}-{r.agent.id}")) for r in reading.agents
        ]
    return reading


class _Target:
    """One target format: its outputs, and who wrote what."""

    def __init__(self, dst: Spec, plan: Plan, done: Run, written: files.Written) -> None:
        self.dst, self.plan, self.done, self.written = dst, plan, done, written
        self.pending: dict[str, str] = {}  # path -> text that will be there
        self.owners: dict[tuple[str, str], Conversion] = {}
        self.made: list[Conversion] = []

    def convert(self, readings: list[tuple[Source, Reading]], progress: Callable[[int], None]) -> None:
        """All readings, then the writing."""
        for source, reading in readings:
            for result in self._results(source, reading):
                self._claim(result, source)
                self.made.append(result)
                progress(1)
        self._write()
        self.done.results += self.made

    def _results(self, source: Source, reading: Reading) -> list[Conversion]:
        plan = self.plan
        if plan.only or plan.exclude:
            reading = replace(reading, agents=[r for r in reading.agents if _chosen(r.agent.id, r.agent.name, plan)])
            if not reading.agents:
                return []
        if reading.spec.id == self.dst.id:
            from agentconv.sameformat import convert_same

            results = convert_same(reading, plan.options)
        else:
            results = convert_reading(reading, self.dst, plan.options, self._look)
        if not reading.agents and not source.asked and not any(n.effect == "error" for r in results for n in r.notes):
            for result in results:
                result.status = "skipped"
        for result in results:
            if result.files:
                result.files = {self._place(path, result, source): data for path, data in result.files.items()}
                for path, data in result.files.items():
                    if self.dst.many:
                        self.pending[path] = data.decode("utf-8")
        return results

    def _look(self, path: str) -> str | None:
        """What a shared output holds: this run's text, else the disk's."""
        path = self._moved(path)
        if path in self.pending:
            return self.pending[path]
        try:
            full = files.safe_place(self.plan.root, path)
            return files.read_text(full) if full.exists() else None
        except (files.Unreadable, files.Outside):
            return None

    # -- places -------------------------------------------------------------------------------

    def _moved(self, path: str) -> str:
        out = self.plan.output
        if out is None or out == "-":
            return path
        if is_folder(out, self.plan.root):
            name = PurePosixPath(path).name if self.plan.flat else path
            return str(PurePosixPath(out.rstrip("/")) / name) if out.rstrip("/") not in ("", ".") else name
        return out

    def _place(self, path: str, result: Conversion, source: Source) -> str:
        """Where an output goes: the target's place, with the source's sub-folder where that is no identity."""
        places = heads()[self.dst.id].get("places") or {}
        if places.get("nested") and source.below and not self.dst.many and not self.plan.flat:
            pure = PurePosixPath(path)
            path = str(pure.parent / source.below / pure.name)
        out = self.plan.output
        if result.source == path and self.plan.in_place:
            return path
        if self.plan.in_place and self.dst.id == result.format:
            return result.source
        if out is None or out == "-":
            if self.plan.options.user:
                return path.removeprefix("~/")
            return path
        filled = (
            out.replace("{id}", self.dst.id)
            .replace("{name}", PurePosixPath(path).name.split(".")[0])
            .replace("{plugin}", source.prefix)
        )
        if is_folder(filled, self.plan.root):
            name = PurePosixPath(path).name if self.plan.flat else path
            return str(PurePosixPath(filled) / name)
        return filled

    # -- collisions ---------------------------------------------------------------------------

    def _claim(self, result: Conversion, source: Source) -> None:
        """Two agents for one output are an error that names both; the same result twice is written once."""
        for path, data in list(result.files.items()):
            key = (path, result.entry)
            first = self.owners.get(key)
            if first is None:
                if path == result.source and not self.plan.in_place and self.plan.output != "-":
                    self._fail(
                        result,
                        note("F007", "the output is the source itself", file=path, help="--in-place, or -o FOLDER"),
                    )
                    return
                self.owners[key] = result
                continue
            if not result.entry and first.files.get(path) == data:
                result.notes.append(note("C006", f"the same as {first.source}: written once", effect="info", file=path))
                continue
            if self.plan.suffix and not result.entry:
                self._suffixed(result, path, data)
                continue
            both = note(
                "C006",
                f"two agents for {path}: {first.source} and {result.source}",
                file=path,
                help="rename one, leave one out with --exclude, or --on-collision suffix",
            )
            self._fail(result, both)

    def _suffixed(self, result: Conversion, path: str, data: bytes) -> None:
        pure = PurePosixPath(path)
        stem, dot, rest = pure.name.partition(".")
        number = 2
        while (str(pure.parent / f"{stem}-{number}{dot}{rest}"), "") in self.owners:
            number += 1
        new = str(pure.parent / f"{stem}-{number}{dot}{rest}")
        del result.files[path]
        result.files[new] = data
        result.notes.append(note("C001", f"{path} was taken; written as {new}", path="id"))
        self.owners[new, ""] = result

    def _fail(self, result: Conversion, problem: Note) -> None:
        result.notes.append(problem)
        result.status = "failed"
        result.files = {}

    # -- writing ------------------------------------------------------------------------------

    def _write(self) -> None:
        results = [r for r in self.made if r.files and not r.failed]
        if self.plan.output == "-":
            self._to_stdout(results)
            return
        old = {path: self._old(path, r) for r in results for path in r.files}
        doubtful = [
            p
            for r in results
            for p, data in r.files.items()
            if not self.dst.many and self._doubtful(p, data, old.get(p))
        ]
        clean = files.in_git(self.plan.root, doubtful) if doubtful and not self.plan.force else frozenset()
        for result in results:
            if result.status == "failed":
                continue
            for path, data in result.files.items():
                self._write_one(result, path, data, old.get(path), path in doubtful and path not in clean)
            if result.status == "kept":
                continue
        if self.dst.many:
            self._write_shared(results, old)

    def _old(self, path: str, result: Conversion) -> bytes | None:
        try:
            full = files.safe_place(self.plan.root, path)
            return full.read_bytes() if full.exists() else None
        except files.Outside as problem:
            self._fail(result, note("F009", str(problem), file=path))
        except OSError as problem:
            self._fail(result, note("F002", problem.strerror or str(problem), file=path))
        return None

    def _doubtful(self, path: str, data: bytes, old: bytes | None) -> bool:
        """Somebody's text that would be lost: not what agentconv wrote there, not the same."""
        return old is not None and old != data and not self.written.knows(path, old)

    def _write_one(self, result: Conversion, path: str, data: bytes, old: bytes | None, lose: bool) -> None:
        if self.dst.many:
            return
        if old == data:
            result.unchanged = True
            self._remember(path, data)
            return
        if lose and not self.plan.force and not (self.plan.in_place and path == result.source):
            result.status = "kept"
            result.notes.append(_kept(path, result))
            return
        self._put(result, path, data, old)

    def _write_shared(self, results: list[Conversion], old: dict[str, bytes | None]) -> None:
        """Entries: one that somebody else wrote differently is kept, the others go in."""
        for path in dict.fromkeys(p for r in results for p in r.files):
            mine = [r for r in results if path in r.files and r.status != "failed"]
            before = old.get(path)
            last = self.pending.get(path)
            if last is None or not mine:
                continue
            data = last.encode("utf-8")
            foreign = before is not None and not self.written.knows(path, before) and before != data
            replaced = [r for r in mine if foreign and before is not None and _had_entry(self.dst, before, r.entry)]
            if replaced and not self.plan.force and not files.in_git(self.plan.root, [path]):
                for result in mine:
                    result.status = "kept"
                    result.notes.append(_kept(path, result))
                continue
            for result in mine:
                result.files = {path: data}
                result.unchanged = before == data
            if before != data:
                self._put(mine[0], path, data, before)
            else:
                self._remember(path, data)

    def _put(self, result: Conversion, path: str, data: bytes, old: bytes | None) -> None:
        self.done.changes.append((path, None if old is None else old.decode("utf-8", "replace"), data.decode("utf-8")))
        if self.plan.dry:
            return
        try:
            files.write_bytes(files.safe_place(self.plan.root, path), data)
        except files.Outside as problem:
            self._fail(result, note("F009", str(problem), file=path))
            return
        except OSError as problem:
            self._fail(result, note("F002", problem.strerror or str(problem), file=path))
            return
        self._remember(path, data)

    def _remember(self, path: str, data: bytes) -> None:
        if not self.plan.dry:
            self.written.note(path, data)

    def _to_stdout(self, results: list[Conversion]) -> None:
        paths = dict.fromkeys(p for r in results for p in r.files)
        if len(paths) != 1:
            for result in results:
                self._fail(
                    result,
                    note("F002", f"standard output takes one file, there would be {len(paths)}", help="-o FOLDER"),
                )
            return
        path = next(iter(paths))
        self.done.stdout = self.pending.get(path) or results[0].files[path].decode("utf-8")


def is_folder(out: str, root: Path) -> bool:
    """An existing folder, or a name that ends in a slash."""
    return out.endswith("/") or (root / out).is_dir()


def _chosen(id: str, name: str | None, plan: Plan) -> bool:
    called = {id, name or id, id.rsplit("/", 1)[-1]}
    return (not plan.only or bool(called & set(plan.only))) and not called & set(plan.exclude)


def _had_entry(dst: Spec, before: bytes, id: str) -> bool:
    try:
        reading = read_author(dst, files.decode(before), "")
    except files.Unreadable:
        return False
    return any(r.agent.id == id for r in reading.agents)


def _kept(path: str, result: Conversion) -> Note:
    look = f"agentconv diff {result.source} {path}"
    return note(
        "F003",
        f"kept {path}: it is not what agentconv wrote there",
        file=path,
        effect="info",
        help=f"look: {look}; overwrite it: --force",
    )
