"""What a build need not do again: where nothing has changed since one that wrote all it could, nothing is converted.

All that a build looks at goes into two fingerprints: what goes in (the program itself, the settings, the sources),
taken before the build, and what lies there after it (locks and outputs). They are kept in the user's state folder, for
this machine only; a clone builds everything once. A file that a definition names from elsewhere is in neither, so a
project with such definitions has no memo.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
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


class Said(NamedTuple):
    """What a build told that had nothing to write and could not make everything: refused agents, broken sources."""

    layout: str  # the terminal that it was laid out for
    text: str
    code: int

    def told(self, seconds: float) -> str:
        """The text with the time of today."""
        return re.sub(r"(?m)(?<=   )\d+\.\d s$", f"{seconds:.1f} s", self.text)


class Known(NamedTuple):
    """What an earlier build said: how many agents, and for how many of the results rights are the same, less, more."""

    agents: int
    rights: tuple[int, ...]
    said: Said | None


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
                layout, text, code = data["said"] or ("", "", 0)
                said = Said(str(layout), str(text), int(code)) if layout else None
                return Known(int(data["agents"]), tuple(map(int, data["rights"])), said)
        return None

    def remember(self, run: BuildRun, rights: tuple[int, ...], said: Said | None = None) -> None:
        """A build of this project ended well, or (``said``) as it will end again. ``rights``: for how many they are
        the same, less, more. A state folder that cannot be written costs only time later."""
        formats = {r.format for r in run.results if r.format}
        if folders() or any(load(id).names_files for id in formats):
            return
        agents = len({(r.source, r.name) for r in run.results if r.name})
        data = {
            "agents": agents,
            "rights": rights,
            "said": said,
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
    files = _locks(config.root)
    outputs = sorted({row.output for file in files for row in locks.read(file).rows.values()})
    for path in (*map(str, files), *(f"{config.root}/{output}" for output in outputs)):
        yield f"{path} {_content(path)}"


def _locks(root: Path) -> tuple[Path, Path]:
    return root / locks.NAME, locks.state_file(root)


def _content(path: str | Path) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 -- ten thousand of them
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "-"  # a link of a stranger's project to a device would never end
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return "-"


def _program() -> Iterator[str]:
    """This very program: other bytes of it may write other bytes."""
    top = Path(agentconv.__file__).parent
    for folder in (top, top.parent / "templates"):
        for name in files.walk(folder, ""):
            facts = (folder / name).stat()
            yield f"{folder} {name} {facts.st_size} {facts.st_mtime_ns}"
