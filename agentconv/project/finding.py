"""Files of a project by globs, in a fixed order, and the folder that is its root."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from agentconv.project import closed
from agentconv.project.nearby import SKIPPED, is_file, is_there


@cache
def glob_pattern(glob: str) -> re.Pattern[str]:
    """A glob with ``**`` as a pattern over a path with slashes."""
    out = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", glob):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return re.compile(out)


def expand(root: Path, glob: str) -> Iterator[str]:
    """Paths below the root that a glob matches, sorted, with slashes. Linked folders are not entered."""
    fixed = glob.split("*", 1)[0]
    fixed = fixed[: fixed.rfind("/") + 1]
    if "*" not in glob:
        if _looked is not None:
            _looked.files[str(root / glob)] = None
        if is_file(root / glob):
            yield glob
        return
    if "**" in glob:
        yield from (found for found in walk(root / fixed, fixed) if glob_pattern(glob).fullmatch(found))
        return
    yield from (name for name, _ in entries(root / fixed, fixed, glob[len(fixed) :].split("/")))


def walk(folder: Path, prefix: str) -> Iterator[str]:
    """Files of a folder and of those in it, in a fixed order."""
    return (name for name, _ in entries(folder, prefix))


def entries(folder: Path, prefix: str = "", levels: Sequence[str] = ()) -> Iterator[tuple[str, bool]]:
    """The same, and whether each is a link. ``levels``: the globs of the names, one folder below the other."""
    if _looked is not None:
        _looked.starts[str(folder)] = None
    return _entries(str(folder), prefix, levels)


def _entries(folder: str, prefix: str, levels: Sequence[str]) -> Iterator[tuple[str, bool]]:
    if _looked is not None:
        _looked.folders[folder] = None
    try:
        found = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as problem:
        closed.found(folder, problem)
        return
    # most folders that are asked for are not there: only here is it sure that the pattern is needed
    matches = glob_pattern(levels[0]).fullmatch if levels and found else None
    for entry in found:
        name = entry.name
        if matches is not None and not matches(name):
            continue
        if entry.is_dir(follow_symlinks=False):
            if len(levels) != 1 and name not in SKIPPED:
                yield from _entries(entry.path, f"{prefix}{name}/", levels[1:])
        elif len(levels) < 2:
            link = entry.is_symlink()
            if not link or not _links_to_folder(entry):  # one that leads nowhere is handed on: somebody says so
                yield prefix + name, link


class Looked:
    """Where files were looked for: whoever looks there again finds the same, or sees what has changed."""

    def __init__(self) -> None:
        self.starts: dict[str, None] = {}
        self.folders: dict[str, None] = {}
        self.files: dict[str, None] = {}


_looked: Looked | None = None


@contextlib.contextmanager
def watching() -> Iterator[Looked]:
    """All places at which `walk` and `expand` look meanwhile."""
    global _looked
    before, _looked = _looked, Looked()
    try:
        yield _looked
    finally:
        _looked = before


def _links_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def find_root(start: Path, marks: Iterable[str]) -> Path:
    """The nearest folder upwards with ``.git`` or one of the known places; else the start itself."""
    marks = tuple(marks)
    home = Path.home()
    for folder in (start, *start.parents):
        if is_there(folder / ".git"):
            return folder
        if folder != home and any(is_there(folder / mark) for mark in marks):
            return folder
        if folder == home:
            break
    return start
