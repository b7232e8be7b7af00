"""Half-written files: how they are called beside their places, and how those go whose writer died."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

MOST = 50  # characters of the file's own name
_HALF = re.compile(rf"\.(.{{1,{MOST}}})\.([0-9a-f]{{6}})[0-9a-f]{{6}}\.tmp", re.S)


def half_of(name: str) -> str:
    """The name of a file on its way. It holds the process: what a dead one began can be told from what others do."""
    return f".{name[:MOST]}.{_by(os.getpid())}{os.urandom(3).hex()}.tmp"


def sweep(places: Iterable[str], process: int | None = None) -> None:
    """What was begun for these places goes: by one process, or by any."""
    by_folder: dict[Path, set[str]] = {}
    for place in map(Path, places):
        by_folder.setdefault(place.parent, set()).add(place.name[:MOST])
    for folder, names in by_folder.items():
        with contextlib.suppress(OSError):
            for file in folder.iterdir():
                found = _HALF.fullmatch(file.name)
                if found and found[1] in names and (process is None or found[2] == _by(process)):
                    with contextlib.suppress(OSError):
                        file.unlink()


def _by(process: int) -> str:
    return f"{process & 0xFFFFFF:06x}"
