"""The outputs of one target of a build: the lock says which are agentconv's own, all others are left as they are."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from collections.abc import Collection
from pathlib import Path

from agentconv.building.lock import Ledger, conflict_sides
from agentconv.building.wishes import Wishes
from agentconv.conversion import Conversion
from agentconv.dump import agent_to_data
from agentconv.notes import Note, note
from agentconv.output.entries import entry_texts
from agentconv.output.stamp import STAMP
from agentconv.project import files
from agentconv.project.config import TargetSetting
from agentconv.project.planning import Plan, Run
from agentconv.project.putting import Putter
from agentconv.project.writing import Target
from agentconv.reading.engine import read_author
from agentconv.spec import Spec

MOST = 40  # lines of a diff


class Output(Target):
    """One target of a build."""

    def __init__(
        self,
        dst: Spec,
        setting: TargetSetting,
        plan: Plan,
        done: Run,
        ledger: Ledger,
        wishes: Wishes,
        putter: Putter | None = None,
    ) -> None:
        super().__init__(dst, plan, done, ledger, putter)
        self.setting, self.ledger, self.wishes = setting, ledger, wishes
        self.own_files: set[str] = set()  # shared files that a killed build began
        self.kept_texts: list[tuple[str, list[str]]] = []
        self.differing: list[tuple[str, Conversion]] = []  # copies that agentconv did not write
        self._there: dict[str, bytes | None] = {}  # what stands in the places of a chunk

    def old(self, path: str, result: Conversion) -> bytes | None:
        """What is there now."""
        found = self._there[path] if path in self._there else super().old(path, result)
        begun = self.dst.many and not any(row.output == path for row in self.ledger.lock.rows.values())
        if begun and found is not None and self.ledger.knows(path, found):
            self.own_files.add(path)
        return found

    def _write(self, results: list[Conversion]) -> None:
        for result in results:
            for path, data in result.files.items():
                old = self._there[path] = self.old(path, result)
                if old is not None and old != data and _lf(old) == _lf(data):
                    result.files[path] = old  # git changed the line ends
        if not self.plan.dry:
            self.ledger.announce({path: data for r in results for path, data in r.files.items()})
        super()._write(results)
        self._there = {}

    def claim(self, result: Conversion) -> None:
        """A source that lies in its target's place is there already."""
        if result.format == self.dst.id and set(result.files) == {result.source}:
            result.files = {}
            result.status = "skipped"
            result.notes.append(note("F007", "it lies in this place already", file=result.source, effect="info"))
            return
        super().claim(result)

    def identity(self, data: bytes) -> str:
        """Two sources of one agent differ in the comment that names them only."""
        return super().identity(STAMP.sub(b"", data, count=1))

    def put(self, result: Conversion, path: str, data: bytes, old: bytes | None) -> None:
        """The bytes to their place; where nothing is written, what would be."""
        if old is None and self.wishes.check and not self.setting.tracked:
            result.unchanged = True  # nobody misses it here
            return
        if self.dst.many and not self.plan.dry:
            self.ledger.announce({path: data})
        super().put(result, path, data, old)
        if self.plan.dry:
            self.remember(path, data)

    def remember(self, path: str, data: bytes, digest: str = "") -> None:
        """These bytes are agentconv's own. The lock has a fingerprint of its own, which passes over line ends; an
        output that it does not name is deleted by the next build."""
        del digest
        self.ledger.note(path, data)

    def clean(self, paths: Collection[str]) -> Collection[str]:
        """That git holds a file does not make it agentconv's: here the lock is the authority."""
        del paths
        return frozenset()

    def may_replace(self, key: str, old: bytes, new: bytes, result: Conversion) -> bool:
        """Its own bytes (also both sides of a conflict), bytes that mean the same, and what the user gave up."""
        if self.ledger.knows(key, old):
            return True
        sides = conflict_sides(old)
        if sides and all(self.ledger.knows(key, side) for side in sides):
            return True
        path = key.partition("#")[0] if result.entry else key
        if self._equal(old, new, result):
            text = f"{key} means the same: taken over"
            result.notes.append(note("F014", text, file=path))
            return True
        if key in self.ledger.lock.rows:
            return self.wishes.force
        self.differing.append((path, result))
        return self.wishes.take == "ours"

    def _equal(self, old: bytes, new: bytes, result: Conversion) -> bool:
        """Whether two files (or the files around two entries) mean the same agent."""
        if result.entry:
            return _squeezed(old) == _squeezed(new)
        try:
            found = [read_author(self.dst, files.decode(data), "x") for data in (old, new)]
        except files.Unreadable:
            return False
        if any(len(reading.agents) != 1 or any(n.effect == "error" for n in reading.notes) for reading in found):
            return False
        return agent_to_data(found[0].agents[0].agent) == agent_to_data(found[1].agents[0].agent)

    # -- what was kept ------------------------------------------------------------------------

    def kept(self, path: str, result: Conversion, data: bytes, old: bytes) -> Note:
        """A file that is left as it is: what differs, and both ways out."""
        key = f"{path}#{result.entry}" if result.entry else path
        what = f"`{result.entry}` in {path}" if result.entry else path
        there = shlex.quote(self._typed(path))
        self.kept_texts.append((key, short_diff(old, data, path)))
        if key in self.ledger.lock.rows:
            only = f" --only {shlex.quote(result.entry)}" if result.entry else ""
            ways = [f"take the edit back: agentconv convert {there} --to {result.format}{only}{self._back(result)}"]
            ways.append("drop the edit: agentconv build --force")
            text = f"{what}: edited since agentconv wrote it"
            return note("F003", text, file=path, effect="info", help="\n".join(ways))
        ways = ["write it anew: agentconv build --take ours", "it is right, the source is not: --take theirs"]
        text = f"{what}: no build wrote it, and it differs from {result.source}"
        return note("F013", text, file=path, effect="info", help="\n".join(ways))

    def _back(self, result: Conversion) -> str:
        """Where the edit goes: the source's own place, or the source by name."""
        return f" --update -o {shlex.quote(self._typed(result.source))}"

    def _typed(self, path: str) -> str:
        return os.path.relpath(self.plan.root / path, Path.cwd()).replace(os.sep, "/")

    def entries(self, path: str) -> dict[str, bytes]:
        """The entries of a shared file as they stand there now."""
        try:
            return {
                id: t.encode("utf-8") for id, t in entry_texts(self.dst, files.read_text(Path(self.spot(path)))).items()
            }
        except (files.Unreadable, files.Outside, ValueError):
            return {}


def short_diff(old: bytes, new: bytes, path: str) -> list[str]:
    """What a build would change, at most so many lines: without the two lines of names."""
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    lines = list(difflib.unified_diff(before, after, path, path, lineterm="", n=1))[2:]
    more = len(lines) - MOST
    return lines[:MOST] + ([f"… {more} more lines"] if more > 0 else [])


def _lf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def _squeezed(data: bytes) -> bytes:
    return re.sub(rb"\s+", b"", data)
