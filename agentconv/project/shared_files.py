"""Outputs that hold many agents beside other things: the unit is the entry. One that somebody else wrote, or that was
edited since, is kept; the others go in; everything else in the file stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from agentconv.containers import ContainerError
from agentconv.conversion import Conversion
from agentconv.notes import note
from agentconv.output.entries import entry_texts
from agentconv.project import files
from agentconv.project.joined import refuse_twice
from agentconv.proof.merging import merge_results

if TYPE_CHECKING:
    from agentconv.project.writing import Target


class SharedFiles:
    """The shared outputs of one target."""

    def __init__(self, target: Target) -> None:
        self.target, self.plan, self.dst = target, target.plan, target.dst

    def write(self, results: list[Conversion]) -> None:
        """All of them, path by path."""
        by_path: dict[str, list[Conversion]] = {}
        for result in results:
            for path in result.files:
                by_path.setdefault(path, []).append(result)
        to_stdout = self.plan.output == "-"
        for path, mine in by_path.items():
            old = None if to_stdout else self.target.old(path, mine[0])
            if mine[0].failed:  # its place cannot be used, so nobody's can
                for other in mine[1:]:
                    other.fail(mine[0].notes[-1])
                continue
            self._path(path, mine, old, to_stdout)
        if to_stdout:
            self.target.to_stdout([r for r in results if r.files and not r.failed])

    def _path(self, path: str, mine: list[Conversion], old: bytes | None, to_stdout: bool) -> None:
        whole = self._whole(path, mine, old)
        base = whole[-1].files[path].decode("utf-8") if whole else None if old is None else _text(old)
        if old is not None and base is None:
            for result in mine:
                result.fail(note("F008", "the file is there and is no text", file=path, help="move it away"))
            return
        own = {id(r) for r in whole}
        entries = [r for r in mine if id(r) not in own and not r.failed]
        if self.plan.update and base is not None:
            entries = self._taken_back(path, base, entries)
        if self.plan.here:
            refuse_twice(entries, path, self.plan.root, self.plan.options.user, self.dst)
            entries = [r for r in entries if not r.failed]
        merge_results(self.dst, path, base, entries, self.plan.update)
        live = [r for r in mine if not r.failed]
        if to_stdout or not live:
            return
        before = self._entries(old) if old is not None else {}
        data = _last(entries, live)
        after = self._entries(data)
        if lost := self._lost(path, live, old, before, after):
            entries = [r for r in entries if r not in lost and not r.failed]
            merge_results(self.dst, path, base, entries, self.plan.update)
            live = [r for r in live if r not in lost and not r.failed]
            if live:
                data = _last(entries, live)
                after = self._entries(data)
        if live:
            self._put(path, live, data, old, before, after)

    def _whole(self, path: str, mine: list[Conversion], old: bytes | None) -> list[Conversion]:
        """The results of the one file of the format itself that becomes this file as it is, edited by place. Beside
        what stands there, or comes from elsewhere, its agents go in one by one: it would take the place of all."""
        whole = [r for r in mine if r.format == self.dst.id and (r.apart is not None or r.source == path)]
        sources = {r.source for r in whole}
        if path in sources:
            sources = {path}
        elif len(sources) > 1 or (whole and old not in (None, whole[0].files[path])):
            sources = set()
        for result in whole:
            if result.source not in sources:
                result.take_apart(path)
        return [r for r in whole if r.source in sources]

    def _taken_back(self, path: str, source: str, entries: list[Conversion]) -> list[Conversion]:
        """--update: of entries whose outputs come back to their source, only what was edited goes in."""
        from agentconv.project.takingback import is_own, take_entry

        for result in entries:
            if is_own(result, self.dst, self.plan, self.target.written):
                take_entry(result, source, path, self.dst, self.plan)
        return [r for r in entries if not r.failed]

    def _put(
        self,
        path: str,
        live: list[Conversion],
        data: bytes,
        old: bytes | None,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
    ) -> None:
        for result in live:
            result.files = {path: data}
            result.unchanged = old == data or before.get(result.entry, b"") == after.get(result.entry)
        if old == data:
            self.target.remember(path, data)
        else:
            self.target.put(live[0], path, data, old)
            self.target.settle()
            for other in live[1:]:
                if live[0].failed:
                    self.target.not_written(other, path, live[0].notes[-1])
        if not live[0].failed:
            for result in live:
                self.target.remember(f"{path}#{result.entry}", after.get(result.entry, b""))

    def _lost(
        self,
        path: str,
        live: Iterable[Conversion],
        old: bytes | None,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
    ) -> list[Conversion]:
        """Results that would overwrite an entry which is not agentconv's own any more: they are kept."""
        if old is None or self.plan.force or self.plan.update or self.target.written.knows(path, old):
            return []
        lost = [
            r
            for r in live
            if (there := before.get(r.entry)) is not None
            and there != after.get(r.entry)
            and not self.target.may_replace(f"{path}#{r.entry}", there, after.get(r.entry, b""), r)
        ]
        if lost and self.target.clean([path]) and not any(self.target.is_copy(r.source) for r in lost):
            for result in lost:
                self.target.say_replaced(result, path)
            return []
        for result in lost:
            new, there = after.get(result.entry, b""), before[result.entry]
            result.notes.append(self.target.kept(path, result, new, there))
            result.status = "kept"
        return lost

    def _entries(self, data: bytes) -> dict[str, bytes]:
        try:
            return {id: text.encode("utf-8") for id, text in entry_texts(self.dst, files.decode(data)).items()}
        except (files.Unreadable, ContainerError):
            return {}


def _last(entries: Iterable[Conversion], live: list[Conversion]) -> bytes:
    """What the file will hold: all entries that are left, else what a file of the format itself holds."""
    made = [result for result in entries if not result.failed] or live
    return next(iter(made[-1].files.values()))


def _text(data: bytes) -> str | None:
    try:
        return files.decode(data)
    except files.Unreadable:
        return None
