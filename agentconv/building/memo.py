"""What a build need not do again: where nothing has changed since one that ended well, nothing is converted.

All that a build looks at goes into two fingerprints: what goes in (the program itself, the settings, the sources),
taken before the build, and what lies there after it (locks and outputs). They are kept in the user's state folder, for
this machine only; a clone builds everything once. A file that a definition names from elsewhere is in neither, so a
project with such definitions has no memo.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import agentconv
from agentconv.building import lock as locks
from agentconv.project import configured, files
from agentconv.project.config import Config
from agentconv.registry import folders, load

if TYPE_CHECKING:
    from agentconv.building.build import BuildRun


class Known(NamedTuple):
    """What an earlier build said: how many agents, and for how many of the results rights are the same, less, more."""

    agents: int
    rights: tuple[int, ...]


class Memo:
    """The project as it is now, and what is known of it from an earlier build."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.file = locks.state_file(config.root).with_suffix(".memo")
        self.inputs = _fingerprint(_inputs(config))

    def known(self) -> Known | None:
        """What is up to date, where nothing has changed since a build that ended well; else ``None``."""
        if folders():  # descriptions from elsewhere are in no fingerprint
            return None
        with suppress(OSError, ValueError, KeyError, TypeError):
            data = json.loads(self.file.read_text("utf-8"))
            if data["inputs"] == self.inputs and data["outputs"] == _fingerprint(_outputs(self.config)):
                return Known(int(data["agents"]), tuple(map(int, data["rights"])))
        return None

    def remember(self, run: BuildRun, rights: tuple[int, ...]) -> None:
        """A build of this project ended well. ``rights``: for how many they are the same, less, more. A state folder
        that cannot be written costs only time later."""
        formats = {r.format for r in run.results if r.format}
        if folders() or any(load(id).names_files for id in formats):
            return
        agents = len({(r.source, r.name) for r in run.results if r.name})
        data = {
            "agents": agents,
            "rights": rights,
            "inputs": self.inputs,
            "outputs": _fingerprint(_outputs(self.config)),
        }
        with suppress(OSError):
            files.write_bytes(self.file, json.dumps(data).encode("utf-8"))


def _fingerprint(parts: Iterable[str]) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return made.hexdigest()


def _inputs(config: Config) -> Iterator[str]:
    yield from _program()
    yield _content(config.root / config.file)
    for source in configured.sources(config):
        yield f"{source.path} {source.format} {_content(source.full) if source.full is not None else ''}"


def _outputs(config: Config) -> Iterator[str]:
    rows = [row for file in _locks(config.root) for row in locks.read(file).rows.values()]
    for path in (*_locks(config.root), *(config.root / output for output in sorted({row.output for row in rows}))):
        yield f"{path} {_content(path)}"


def _locks(root: Path) -> tuple[Path, Path]:
    return root / locks.NAME, locks.state_file(root)


def _content(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a link of a stranger's project to a device would never end
            return "-"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "-"


def _program() -> Iterator[str]:
    """This very program: other bytes of it may write other bytes."""
    top = Path(agentconv.__file__).parent
    for folder in (top, top.parent / "templates"):
        for name in files.walk(folder, ""):
            facts = (folder / name).stat()
            yield f"{folder} {name} {facts.st_size} {facts.st_mtime_ns}"
