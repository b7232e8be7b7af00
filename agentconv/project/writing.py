"""The outputs of one target: where they go, whose files are in the way, and the writing itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from agentconv.bodies.company import Company, Member, gathered, member
from agentconv.convert import Conversion, convert_reading
from agentconv.notes import Note, note
from agentconv.project import files
from agentconv.project.batch import Plan, Run
from agentconv.project.sources import Source
from agentconv.reading.context import Reading
from agentconv.registry import heads
from agentconv.spec import Spec

Sources = Sequence[tuple[Source, Reading]]


class Target:
    """One target format: its outputs, and who wrote what."""

    def __init__(self, dst: Spec, plan: Plan, done: Run, written: files.Written) -> None:
        self.dst, self.plan, self.done, self.written = dst, plan, done, written
        self.owners: dict[tuple[str, str], Conversion] = {}
        self.made: list[Conversion] = []
        self.company = Company()

    def convert(self, readings: Sources, progress: Callable[[int], None], everyone: Sources = ()) -> None:
        """All readings, then the writing. ``everyone``: the agents that were found, not only those that are wanted."""
        self.company = gathered(self._members(readings, everyone))
        for source, reading in readings:
            if self.plan.found and reading.spec.id == self.dst.id and not self.plan.in_place:
                continue  # it lies in the target's place already
            for part in self._parts(reading):
                for result in self._results(source, part):
                    self._claim(result)
                    self.made.append(result)
                    progress(1)
        self._write()
        self.done.results += self.made

    def _parts(self, reading: Reading) -> list[Reading]:
        """One by one, where two agents of a file would be one entry: the second must not replace the first."""
        ids = [r.agent.id for r in reading.agents]
        if not self.dst.many or len(ids) == len(set(ids)):
            return [reading]
        notes = [reading.notes, *([] for _ in ids)]
        return [replace(reading, agents=[r], notes=n) for r, n in zip(reading.agents, notes, strict=False)]

    def _results(self, source: Source, reading: Reading) -> list[Conversion]:
        if reading.spec.id == self.dst.id:
            from agentconv.output.sameformat import convert_same

            results = convert_same(reading, self.plan.options)
        else:
            results = convert_reading(reading, self.dst, self.plan.options, lambda _: None, self.company)
        if not reading.agents and not source.asked and not any(n.effect == "error" for r in results for n in r.notes):
            for result in results:
                result.status = "skipped"
        for result in results:
            if result.files:
                result.files = {self._place(path, result, source): data for path, data in result.files.items()}
        return results

    def _members(self, readings: Sources, everyone: Sources) -> Iterator[Member]:
        """The agents of the batch, with the names and places that they will have; of the others the names."""
        picked = {(reading.path, read.agent.id) for _, reading in readings for read in reading.agents}
        for source, reading in everyone or readings:
            for read in reading.agents:
                one = member(read.agent, reading.path, self.dst, self.plan.options.user)
                there = (reading.path, read.agent.id) in picked
                yield replace(one, output=self._nested(one.output, source) if there else "")

    # -- places -------------------------------------------------------------------------------

    def _place(self, path: str, result: Conversion, source: Source) -> str:
        """Where an output goes: the target's place, with the source's sub-folder where that is no identity."""
        path = self._nested(path, source)
        if self.plan.in_place and self.dst.id == result.format:
            return result.source
        return self._below(path, source.prefix)

    def _nested(self, path: str, source: Source) -> str:
        places = heads()[self.dst.id].get("places") or {}
        if places.get("nested") and source.below and not self.dst.many and not self.plan.flat:
            pure = PurePosixPath(path)
            return str(pure.parent / source.below / pure.name)
        return path

    def _below(self, path: str, plugin: str) -> str:
        """The place below ``-o``: a folder, a file, or the name with its blanks filled in."""
        out = self.plan.output
        path = path.removeprefix("~/")
        if out is None or out == STDOUT:
            return path
        name = PurePosixPath(path).name
        filled = out.replace("{id}", self.dst.id).replace("{name}", _stem(name, self.dst)).replace("{plugin}", plugin)
        root = self.plan.several and "{name}" not in out
        if root or filled.endswith("/") or (self.plan.root / filled).is_dir():
            return str(PurePosixPath(filled) / (name if self.plan.flat else path))
        return filled

    def full(self, path: str) -> Path:
        """The file below the root, or below the folder that ``-o`` names; a link may not lead out of it."""
        out = self.plan.output
        if out is None or out == STDOUT:
            return files.safe_place(self.plan.root, path)
        fixed = self.plan.root / out.split("{")[0]
        folder = path != out or out.endswith("/")
        base = fixed if folder and not (("{" in out) and not out.split("{")[0].endswith("/")) else fixed.parent
        return files.safe_place(base, os.path.relpath(self.plan.root / path, base))

    # -- collisions ---------------------------------------------------------------------------

    def _claim(self, result: Conversion) -> None:
        """Two agents for one output are an error that names both; the same result twice is written once."""
        for path, data in list(result.files.items()):
            key = (path, result.entry)
            first = self.owners.get(key)
            if first is None:
                if path == result.source and not self.plan.in_place and self.plan.output != STDOUT:
                    text = "the output is the source itself"
                    result.fail(note("F007", text, file=path, help="--in-place, or -o FOLDER"))
                    return
                self.owners[key] = result
                continue
            if not result.entry and first.files.get(path) == data:
                result.notes.append(note("C006", f"the same as {first.source}: written once", effect="info", file=path))
                continue
            if self.plan.suffix and not result.entry:
                self._suffixed(result, path, data)
                continue
            text = f"two agents for {path}: {first.source} and {result.source}; the second was not written"
            suffix = "" if result.entry else "; --on-collision suffix numbers the second"
            help = f"rename one, or leave one out with --exclude{suffix}"
            result.fail(note("C006", text, file=result.source, help=help))

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

    # -- writing ------------------------------------------------------------------------------

    def _write(self) -> None:
        results = [r for r in self.made if r.files and not r.failed]
        if self.dst.many:
            from agentconv.project.shared_files import SharedFiles

            SharedFiles(self).write(results)
            return
        if self.plan.output == STDOUT:
            self.to_stdout(results)
            return
        old = {path: self.old(path, r) for r in results for path in r.files}
        if self.plan.update:
            self._update(results, old)
        doubtful = {p for r in results for p, data in r.files.items() if self._doubtful(p, data, old.get(p))}
        asked = doubtful if not self.plan.force else set()
        clean = files.in_git(self.plan.root, sorted(asked))
        for result in results:
            for path, data in result.files.items():
                if result.status != "failed":
                    self._write_one(result, path, data, old.get(path), path in doubtful and path not in clean)

    def _update(self, results: list[Conversion], old: dict[str, bytes | None]) -> None:
        """--update: an existing file takes the new values and keeps what the format's table does not know."""
        from agentconv.output.update import CannotUpdate, merged

        for result in results:
            for path, data in list(result.files.items()):
                before = old.get(path)
                if before is None or before == data:
                    continue
                try:
                    text = merged(self.dst, files.decode(before), data.decode("utf-8"), path)
                except (CannotUpdate, files.Unreadable) as problem:
                    help = "--force writes it anew"
                    result.fail(note("F008", f"{path} cannot be updated: {problem}", file=path, help=help))
                else:
                    result.files[path] = text.encode("utf-8")

    def old(self, path: str, result: Conversion) -> bytes | None:
        """What is there now; ``None`` where nothing is, or where the result cannot be written."""
        try:
            full = self.full(path)
            return full.read_bytes() if full.exists() else None
        except files.Outside as problem:
            result.fail(note("F009", str(problem), file=path, help=OUTSIDE))
        except OSError as problem:
            result.fail(note("F002", (problem.strerror or str(problem)).lower(), file=path, help=ELSEWHERE))
        return None

    def _doubtful(self, path: str, data: bytes, old: bytes | None) -> bool:
        """Somebody's text that would be lost: not what agentconv wrote there, not the same."""
        return old is not None and old != data and not self.written.knows(path, old)

    def _write_one(self, result: Conversion, path: str, data: bytes, old: bytes | None, lose: bool) -> None:
        if old == data:
            result.unchanged = True
            self.remember(path, data)
            return
        own = self.plan.in_place and path == result.source
        if lose and not self.plan.force and not self.plan.update and not own:
            result.status = "kept"
            result.notes.append(self.kept(path, result, data, old or b""))
            return
        self.put(result, path, data, old)

    def put(self, result: Conversion, path: str, data: bytes, old: bytes | None) -> None:
        """The bytes to their place, with all that is said of it."""
        self.done.changes.append((path, None if old is None else old.decode("utf-8", "replace"), data.decode("utf-8")))
        if self.plan.dry:
            return
        try:
            files.write_bytes(self.full(path), data)
        except files.Outside as problem:
            result.fail(note("F009", str(problem), file=path, help=OUTSIDE))
            return
        except OSError as problem:
            result.fail(note("F002", (problem.strerror or str(problem)).lower(), file=path, help=ELSEWHERE))
            return
        self.remember(path, data)

    def remember(self, path: str, data: bytes) -> None:
        """These bytes are agentconv's own: they may be overwritten."""
        if not self.plan.dry:
            self.written.note(path, data)

    def to_stdout(self, results: list[Conversion]) -> None:
        """Standard output takes one file."""
        paths = dict.fromkeys(p for r in results for p in r.files)
        if len(paths) > 1:
            text = f"standard output takes one file, there would be {len(paths)}"
            for result in results:
                result.fail(note("F002", text, help="-o FOLDER/, or --only NAME"))
        if len(paths) == 1:
            self.done.stdout = results[0].files[next(iter(paths))].decode("utf-8")

    def kept(self, path: str, result: Conversion, data: bytes, old: bytes) -> Note:
        """What stands in the way, and how to look, to keep and to drop it."""
        more, less = _lines(data, old)
        known = (f"{path}#{result.entry}" if result.entry else path) in self.written.hashes
        only = f" --only {result.entry}" if result.entry else ""
        why = "edited since agentconv wrote it" if known else "agentconv did not write it"
        options = f" -o {path}" if self.plan.output is not None else ""
        there = self._typed(path)
        source = "SOURCE" if result.source == STDOUT else self._typed(result.source)
        ways = [f"look: agentconv diff {source} {there}"]
        if known and not options and result.format != self.dst.id:
            user = " --user" if self.plan.options.user else ""
            ways.append(f"keep the edit: agentconv convert {there} --to {result.format}{only}{user} --update")
        ways.append("drop the edit: --force" if known else "overwrite it: --force; its other keys stay: --update")
        what = f"`{result.entry}` in {path}" if result.entry else path
        text = f"{what}: {why} (+{more} −{less} lines)"
        return note("F003", text, file=path, effect="info", help="\n".join(ways))

    def _typed(self, path: str) -> str:
        """The path as it has to be typed here: what was found is named from the root of the project."""
        if not self.plan.found:
            return path
        return os.path.relpath(self.plan.root / path, Path.cwd()).replace(os.sep, "/")


STDOUT = "-"
OUTSIDE = "move it away, or name another place with -o"
ELSEWHERE = "-o names another place"


def _lines(data: bytes, old: bytes) -> tuple[int, int]:
    """Lines that the file has more and less than what would be written."""
    theirs, ours = Counter(old.splitlines()), Counter(data.splitlines())
    return (theirs - ours).total(), (ours - theirs).total()


def _stem(name: str, dst: Spec) -> str:
    """The file name without the format's ending."""
    for suffix in heads()[dst.id].get("suffixes") or ():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name.split(".")[0] or name
