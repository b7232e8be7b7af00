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


def shown(path: Path, cwd: Path) -> str:
    """A path as the user would type it: a link has its own name, that of the agent which its program finds there."""
    folder, name = (path, "") if path.name in ("", "..") else (path.parent, path.name)
    try:
        return Path(os.path.realpath(folder), name).relative_to(os.path.realpath(cwd)).as_posix()
    except ValueError:
        return path.as_posix()
