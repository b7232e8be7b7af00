"""Whether anything has changed since the last build, told from what the file system says of each file.

A build that has nothing to do is the commonest one, so this module brings nothing along and opens no source and no
output: kind, size, number and both times of each of them say whether it may have changed, as git's index does it. They
are believed only where they cannot lie: a file whose times were not older than ``SLACK`` when it was looked at may be
written once more within the same tick of the clock. Where one fact differs, `memo` compares contents.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from agentconv.fingerprints import sha256
from agentconv.project.nearby import SKIPPED, memory_of, upwards

SETTINGS = ("agentconv.toml", "pyproject.toml")
SLACK = 2_000_000_000  # nanoseconds: the coarsest times there are (FAT)
MUCH = 200_000  # bytes for which it pays to load OpenSSL


class Said(NamedTuple):
    """What a build told that had nothing to write and could not make everything: refused agents, broken sources."""

    layout: str  # the terminal that it was laid out for
    text: str
    code: int

    def told(self, seconds: float) -> str:
        """The text with the time of today."""
        return re.sub(r"(?m)(?<=   )\d+\.\d s$", f"{seconds:.1f} s", self.text)


class Known(NamedTuple):
    """What an earlier build said: how many agents, for how many of the results rights are the same, less, more."""

    agents: int
    rights: tuple[int, ...]
    targets: tuple[str, ...]
    said: Said | None


class Places(NamedTuple):
    """What a fingerprint is taken of. Paths are absolute."""

    starts: list[str]  # where a link on the way would lead elsewhere
    folders: list[str]  # their files and the names in them, not what lies deeper
    files: list[str]


class Facts(NamedTuple):
    """What the file system said of some places."""

    fingerprint: str
    settled: bool  # all of it is older than the look by more than a tick of the clock

    @property
    def kept(self) -> str:
        """What may be compared with later; empty where it may not be believed."""
        return self.fingerprint if self.settled else ""


def facts(places: Places, since: int = 0) -> Facts:
    """Kind, size, number and times of all files. To be taken before their contents are read. ``since``: the time before
    it was found out which places these are; what has changed after it may be in the one and not in the other."""
    rows: list[object] = [os.path.realpath(path) for path in places.starts]
    newest = max(map(_touched, places.folders), default=0) if since else 0
    look = os.lstat
    for path in _all(places, rows):
        try:
            found = look(path)
        except (OSError, ValueError):
            rows.append(None)
            continue
        mode, changed, written = found.st_mode, found.st_ctime_ns, found.st_mtime_ns
        if stat.S_ISDIR(mode):
            rows.append(mode)  # what matters of a folder stands in ``folders``
            continue
        rows.append((mode, found.st_size, found.st_ino, written, changed))
        if stat.S_ISLNK(mode):
            newest = max(newest, _followed(path, rows))
        if changed > newest or written > newest:
            newest = max(changed, written)
    said = repr(rows).encode("utf-8", "surrogateescape")
    return Facts(sha256(said, much=len(said) > MUCH), newest < since - SLACK)


def _all(places: Places, rows: list[object]) -> Iterator[str]:
    """The paths of all files, while the names go to the rows."""
    for folder in places.folders:
        names: list[str] = []
        below: list[str] = []
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    if not entry.is_dir(follow_symlinks=False):
                        names.append(entry.name)
                    elif entry.name not in SKIPPED:
                        below.append(entry.name)
        except OSError:
            rows.append(folder)
            continue
        names.sort()
        below.sort()
        rows += (folder, names, below)
        for name in names:
            yield f"{folder}/{name}"
    rows += places.files
    yield from places.files


def _touched(folder: str) -> int:
    """When a name came or went last. A file may come from elsewhere with times that are old."""
    with suppress(OSError):
        found = os.stat(folder)
        return max(found.st_mtime_ns, found.st_ctime_ns)
    return 0


def _followed(path: str, rows: list[object]) -> int:
    rows.append(os.path.realpath(path))
    with suppress(OSError):
        found = os.stat(path)
        rows.append((found.st_mode, found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns))
        return max(found.st_mtime_ns, found.st_ctime_ns)
    return 0


# -- what is kept of it -----------------------------------------------------------------------


def own_formats() -> bool:
    """Whether there are descriptions that are not built in: no fingerprint holds them. Whoever takes some in has
    loaded the registry."""
    registry = sys.modules.get("agentconv.registry")
    return registry is not None and bool(registry.folders())


def remembered(root: str) -> Mapping[str, Any]:
    """The memo of the last build of this project; empty where there is none."""
    with suppress(OSError, ValueError):
        with open(memory_of(root) + ".memo", encoding="utf-8") as file:
            data = json.load(file)
        if isinstance(data, dict):
            return data
    return {}


def known(start: str) -> Known | None:
    """What is up to date in the project of this folder, where everything looks as it did; else ``None``."""
    if own_formats() or (root := _root(start)) is None:
        return None
    with suppress(ValueError, KeyError, TypeError):
        data = remembered(root)
        for part in ("before", "beside", "after") if data else ():
            wanted, places = data[part]
            if not wanted or facts(Places(*places)).fingerprint != wanted:
                return None
        return as_known(data)
    return None


def as_known(data: Mapping[str, Any]) -> Known:
    """A memo's words."""
    layout, text, code = data["said"] or ("", "", 0)
    said = Said(str(layout), str(text), int(code)) if layout else None
    return Known(int(data["agents"]), tuple(map(int, data["rights"])), tuple(map(str, data["targets"])), said)


def _root(start: str) -> str | None:
    """The nearest folder upwards that may hold settings. `project.config` reads them; a pyproject.toml that holds
    none has no memo either."""
    for folder in upwards(start):
        if any(os.path.isfile(f"{folder}/{name}") and _speaks(f"{folder}/{name}") for name in SETTINGS):
            return folder
    return None


def _speaks(path: str) -> bool:
    if path.endswith(SETTINGS[0]):
        return True
    with suppress(OSError), open(path, "rb") as file:
        return b"agentconv" in file.read()
    return False
