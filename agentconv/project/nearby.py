"""Where a project begins and where its state is kept: found before anything else is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from agentconv.fingerprints import sha256

# folders in which no agents are looked for
SKIPPED = frozenset({".git", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache"})


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether there is anything. Of what nobody lets us look at: no (``Path.exists`` raises up to Python 3.13, and a
    container's user often may not enter its home folder)."""
    return os.path.exists(path)


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder, as far as we may look."""
    return os.path.isdir(path)


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether there is a file, as far as we may look."""
    return os.path.isfile(path)


def upwards(start: str) -> Iterator[str]:
    """The folder and those above it, as far as its project goes; never the home folder, which is no project."""
    home, folder = str(Path.home()), start
    while folder != home:
        yield folder
        above = os.path.dirname(folder)
        if above == folder or os.path.exists(os.path.join(folder, ".git")):
            return
        folder = above


def memory_of(root: str) -> str:
    """Where a project's state is kept for this machine: the user's state folder, and a name without an ending."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    name = sha256(os.path.realpath(root).encode())[:24]
    return os.path.join(base, "agentconv", name)


def is_missing(path: Path) -> tuple[str, str]:
    """What is wrong with a path at which there is nothing, and what may have been meant."""
    from difflib import get_close_matches

    if os.path.islink(path):
        return "a link that leads nowhere", "mend the link, or name the file itself"
    try:
        found = get_close_matches(path.name, os.listdir(path.parent), 1)
    except (OSError, ValueError):
        found = []
    if not found:
        return "no such file or folder", "paths start at the current folder; `agentconv list` shows what is here"
    return "no such file or folder", f"did you mean `{(path.parent / found[0]).as_posix()}`?"
