"""What is in folders into which several files are written together: one question for all of them."""

from __future__ import annotations

import os

MOST = 1_000  # names in a folder: of more of them a list takes longer than to ask for each file


class Listing:
    """Names in folders, for as long as files are written that were asked for together."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str] | None] = {}  # in small letters; None: it cannot be told from them

    def lacks(self, folder: str, name: str) -> bool:
        """Whether the folder shows that there is no such file in it. The first one that is asked for says nothing: it
        may be the only one."""
        if folder not in self._names:
            self._names[folder] = None if os.name == "nt" else _LATER
            return False
        if (names := self._names[folder]) is _LATER:
            names = self._names[folder] = _names(folder)
        # some systems find a file under other letters than it has: those that are no ASCII it is asked for
        return names is not None and name.isascii() and name not in ("", ".", "..") and name.lower() not in names

    def clear(self) -> None:
        """What was seen counts no more."""
        self._names.clear()


_LATER = frozenset({""})


def _names(folder: str) -> frozenset[str] | None:
    found: list[str] = []
    try:
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                found.append(entry.name.lower())
                if len(found) > MOST or not entry.name.isascii():
                    return None
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError:
        return None
    return frozenset(found)
