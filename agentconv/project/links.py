"""Paths with links in them: where they lead, and how they are shown."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path


def real_path(path: str | os.PathLike[str]) -> str:
    """The absolute path with slashes, links followed; one that leads to itself is its own end (``Path.resolve`` of
    Python 3.11 raises there)."""
    return Path(os.path.realpath(path)).as_posix()


@lru_cache(maxsize=4096)
def real_folder(folder: str) -> str:
    """Where a folder lies, links followed."""
    return os.path.realpath(folder)


def leads_out(full: str | os.PathLike[str], root: str) -> str:
    """Where a link leads that leaves the folder; in a clone it could be any file of its reader."""
    path = os.fspath(full)
    if not os.path.isabs(path):
        path = os.path.join(os.getcwd(), path)
    folder, name = os.path.split(path)
    real = os.path.realpath(path) if os.path.islink(path) else f"{real_folder(folder)}{os.sep}{name}"
    return "" if real.startswith(root if root.endswith(os.sep) else root + os.sep) else real


def link_as_text(full: str | os.PathLike[str], text: str) -> bool:
    """Whether a file holds nothing but the path of another one, as git leaves a link where the system has none
    (`core.symlinks=false`, usual on Windows): one line without an end."""
    path = os.fspath(full)
    if not text or "\n" in text or len(text) > LONGEST or os.path.isabs(text) or not text.endswith(_ending(path)):
        return False
    there = os.path.normpath(os.path.join(os.path.dirname(path), text))
    return there != os.path.normpath(path) and os.path.isfile(there)


LONGEST = 1000  # characters of a path


def _ending(path: str) -> str:
    return os.path.splitext(path)[1] or "\n"


def shown(path: Path, cwd: Path) -> str:
    """A path as the user would type it: a link has its own name, that of the agent which its program finds there."""
    folder, name = (path, "") if path.name in ("", "..") else (path.parent, path.name)
    try:
        return Path(os.path.realpath(folder), name).relative_to(os.path.realpath(cwd)).as_posix()
    except ValueError:
        return path.as_posix()
