"""Folders that cannot be looked into. What may lie in them is not found, and nobody would be told: a build took it for
gone, and deleted what it had made of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_folders: dict[str, str] | None = None


@contextlib.contextmanager
def looking() -> Iterator[dict[str, str]]:
    """The folders that were found closed meanwhile, each with the reason."""
    global _folders
    before, _folders = _folders, {}
    try:
        yield _folders
    finally:
        _folders = before


def found(folder: str, problem: OSError) -> None:
    """One that could not be listed. One that is not there holds nothing."""
    if _folders is None or isinstance(problem, FileNotFoundError | NotADirectoryError):
        return
    path = Path(folder)
    while path.parent != path and not os.access(path.parent, os.X_OK):
        path = path.parent  # places are looked for in folders that may be closed themselves
    _folders[str(path)] = (problem.strerror or str(problem)).lower()
