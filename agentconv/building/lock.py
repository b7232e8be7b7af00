"""agentconv.lock: each output, what it was made from, and the hashes of both.

One line for each output with a blank line between, sorted, without times and absolute paths, so that the changes of two
branches join of themselves. Where they do not, marks of a conflict are passed over and both sides count: what either of
them wrote is agentconv's own. Line ends do not count: git changes them on some machines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from agentconv.project import files
from agentconv.project.nearby import is_there, memory_of
from agentconv.project.written import Written

NAME = "agentconv.lock"  # `project.batch` looks for it, too
VERSION = 1
HEAD = "# Written by `agentconv build`, which knows its outputs by it. Commit it; after a conflict, build again.\n"


OTHER_LINES = ("#", "<<<<<<<", "|||||||", "=======", ">>>>>>>")  # comments, and the marks of a conflict of git


class BadLock(Exception):
    """The lock file cannot be used."""


class Row(NamedTuple):
    """One output: a file, or an entry of a shared one."""

    output: str
    entry: str
    target: str
    source: str
    read: str  # fingerprint of the source
    wrote: str  # fingerprint of the output, or of the entry's text
    new: bool = False  # an entry, and the shared file was not there before

    @property
    def key(self) -> str:
        """How the output is called among what agentconv wrote."""
        return f"{self.output}#{self.entry}" if self.entry else self.output

    def line(self) -> str:
        """The output as a line of the file."""
        data: dict[str, object] = {
            "output": self.output,
            "entry": self.entry,
            "target": self.target,
            "source": self.source,
            "read": self.read,
            "wrote": self.wrote,
            "new": self.new,
        }
        return json.dumps({k: v for k, v in data.items() if v}, ensure_ascii=False)


WAITING = 1_000  # outputs under way whose fingerprints are not worked out twice


def fingerprint(data: bytes) -> str:
    """A fingerprint that is the same with either kind of line ends."""
    return files.digest(data.replace(b"\r\n", b"\n") if b"\r" in data else data)


@dataclass(slots=True)
class Lock:
    """What the last build wrote."""

    file: Path
    rows: dict[str, Row] = field(default_factory=dict)
    known: dict[str, set[str]] = field(default_factory=dict)  # all fingerprints of an output, of both sides
    lines: set[Row] = field(default_factory=set)
    text: str | None = None

    def knows(self, key: str, data: bytes) -> bool:
        """Whether these are the bytes that a build wrote there."""
        return fingerprint(data) in self.known.get(key, ())

    def changed(self, rows: Iterable[Row], dead: Collection[str] = ()) -> bool:
        """Whether the file does not say this. Neither the order of its lines matters nor those that say what was once,
        or what is not there any more (``dead``): git may have joined two lock files."""
        wanted = set(rows)
        keys = {row.key for row in wanted}
        marks = "\n<<<<<<< " in (self.text or "")
        return marks or not wanted <= self.lines or any(k not in keys and k not in dead for k in self.rows)

    def write(self, rows: Iterable[Row]) -> None:
        """The file with these outputs; without any it goes away."""
        text = as_text(rows)
        if text.replace("\r\n", "\n") == (self.text or "").replace("\r\n", "\n"):
            return
        if text:
            files.write_bytes(self.file, text.encode("utf-8"))
        elif self.text is not None:
            self.file.unlink(missing_ok=True)


def as_text(rows: Iterable[Row]) -> str:
    """The whole file; empty where there is no output."""
    lines = [row.line() for row in sorted(rows)]
    if not lines:
        return ""
    return HEAD + f"# version {VERSION}\n\n" + "\n\n".join(lines) + "\n"


def read(file: Path) -> Lock:
    """The lock in this file; an empty one where there is none."""
    lock = Lock(file)
    try:
        lock.text = files.read_text(file) if is_there(file) else None
    except files.Unreadable as error:
        raise BadLock(f"{file.name}: {error.message}") from error
    for number, line in enumerate((lock.text or "").splitlines(), 1):
        line = line.strip()
        if line.startswith("# version ") and line[10:].strip() != str(VERSION):
            raise BadLock(f"{file.name}:{number}: it was written by a newer agentconv (version {line[10:]})")
        if line.startswith("{"):
            row = _row(line, f"{file.name}:{number}")
            lock.rows[row.key] = row
            lock.lines.add(row)
            lock.known.setdefault(row.key, set()).add(row.wrote)
        elif line and not line.startswith(OTHER_LINES):
            raise BadLock(f"{file.name}:{number}: this line is no output; delete it, or the file, and build again")
    return lock


def _row(line: str, place: str) -> Row:
    try:
        data = json.loads(line)
        words = [data.get(key, "") for key in ("output", "entry", "target", "source", "read", "wrote")]
    except (ValueError, AttributeError, RecursionError) as error:
        raise BadLock(f"{place}: this line is no output") from error
    output = words[0]
    if not all(isinstance(word, str) for word in words) or not output or not words[5]:
        raise BadLock(f"{place}: this line is no output")
    if output.startswith(("/", "\\")) or ".." in output.split("/") or ":" in output[:3]:
        raise BadLock(f"{place}: an output outside the project: {output}")
    _, entry, target, source, read, wrote = words
    return Row(output, entry, target, source, read, wrote, data.get("new") is True)


def state_file(root: Path) -> Path:
    """Where the outputs are known that git does not track: in the user's state folder."""
    return Path(f"{memory_of(str(root))}.lock")


class Known(Written):
    """For ``convert`` in a project that is built: what a build wrote is agentconv's own, too."""

    def __init__(self, root: Path, lock: Lock) -> None:
        super().__init__(root)
        self.lock = lock

    def knows(self, key: str, data: bytes) -> bool:
        """Whether agentconv wrote these bytes there."""
        return super().knows(key, data) or self.lock.knows(key, data)


class Ledger(Written):
    """What agentconv wrote, as a target asks for it: the lock first, then what ``convert`` remembers on this machine.

    What a build is about to write is noted in the user's state folder before: a build that was killed between an
    output and the lock knows its own files again."""

    def __init__(self, state: Written, lock: Lock) -> None:
        self.state, self.lock = state, lock
        self.file, self.changed = state.file, False
        self.made: dict[str, str] = {}
        self.hashes = {**state.hashes, **dict.fromkeys(lock.rows, "")}
        self._known: dict[str, tuple[bytes, str]] = {}  # fingerprints of what is being written

    def knows(self, key: str, data: bytes) -> bool:
        """Whether agentconv wrote these bytes there."""
        return self.lock.knows(key, data) or self.state.wrote(key, files.digest(data), fingerprint(data))

    def note(self, key: str, data: bytes) -> None:
        """The output is there, or would be."""
        known = self._known.pop(key, None)
        self.made[key] = known[1] if known is not None and known[0] is data else fingerprint(data)

    def announce(self, texts: Mapping[str, bytes]) -> None:
        """These will be written next."""
        if len(self._known) > WAITING:
            self._known.clear()
        known = {key: (data, fingerprint(data)) for key, data in texts.items()}
        self._known |= known
        made = {key: digest for key, (_, digest) in known.items()}
        self.hashes |= made
        self.state.intend(made)


def conflict_sides(data: bytes) -> list[bytes]:
    """The two texts that git could not join; none where there are no marks of a conflict."""
    if b"<<<<<<< " not in data or b">>>>>>> " not in data:
        return []
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    where = ""
    for line in data.splitlines(keepends=True):
        if line.startswith(b"<<<<<<< ") and not where:
            where = "ours"
        elif line.startswith(b"||||||| ") and where == "ours":
            where = "base"
        elif line.rstrip(b"\r\n") == b"=======" and where in ("ours", "base"):
            where = "theirs"
        elif line.startswith(b">>>>>>> ") and where == "theirs":
            where = ""
        else:
            if where in ("", "ours"):
                sides[0].append(line)
            if where in ("", "theirs"):
                sides[1].append(line)
    return [] if where else [b"".join(side) for side in sides]


def relative(root: Path, path: Path) -> str:
    """A path as the lock names it."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def written(root: Path) -> Written:
    """What agentconv wrote below this root, as ``convert`` asks for it."""
    try:
        return Known(root, read(root / NAME))
    except BadLock:  # a build says what is wrong with it
        return Written(root)
