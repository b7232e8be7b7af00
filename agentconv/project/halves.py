"""Half-written files: how they are called beside their places, and how those go whose writer died."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from agentconv.patterns import pattern

MOST = 50  # characters of the file's own name
OLD = 600  # seconds: to come to its place takes a file less than one, and a few of them among ten thousand
_HALF = pattern(rf"\.(.{{1,{MOST}}})\.([0-9a-f]{{6}})[0-9a-f]{{6}}\.tmp", re.S)


def half_of(name: str) -> str:
    """The name of a file on its way. It holds the process: what a dead one began can be told from what others do."""
    return f".{name[:MOST]}.{_by(os.getpid())}{next(_numbers) & 0xFFFFFF:06x}.tmp"


# no two files of a process have one name, and hardly those of two machines that share a folder
_numbers = count(int.from_bytes(os.urandom(3), "big"))


def sweep(places: Iterable[str], process: int | None = None) -> None:
    """What was begun for these places goes: by one process, or by any."""
    _sweep(places, lambda by, _: process is None or by == _by(process))


def sweep_dead(places: Iterable[str]) -> None:
    """What a run that was killed had begun for these places goes, where nobody can be at work on it any more."""
    _sweep(places, _is_dead)


def _sweep(places: Iterable[str], gone: Callable[[str, str], bool]) -> None:
    by_folder: dict[str, set[str]] = {}
    for place in places:
        folder, name = os.path.split(place)
        by_folder.setdefault(folder, set()).add(name[:MOST])
    for folder, names in by_folder.items():
        with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
            for entry in entries:
                found = _HALF.fullmatch(entry.name) if entry.name.endswith(".tmp") else None
                if found and found[1] in names:
                    with contextlib.suppress(OSError):
                        if gone(found[2], entry.path):
                            Path(entry.path).unlink()


def _is_dead(by: str, file: str) -> bool:
    """Whether whoever began the file has ended: nobody has that number now, or had it when the machine started. The
    number may be one of another machine that shares the folder, so what is young stays."""
    began = Path(file).lstat().st_mtime
    if time.time() - began < OLD or os.name != "posix":
        return False
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is not None and began < time.time() - time.clock_gettime(clock) - 1:
        return True
    try:
        os.kill(int(by, 16), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # somebody else's
    return False


def _by(process: int) -> str:
    return f"{process & 0xFFFFFF:06x}"
