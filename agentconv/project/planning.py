"""What the user wants done, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from pathlib import Path, PurePosixPath

from agentconv.conversion import Conversion
from agentconv.lowering.lowered import Options
from agentconv.notes import Note
from agentconv.project.nearby import is_folder
from agentconv.records import dataclass
from agentconv.registry import heads, load

DEFAULT = Options()
STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user wants done with the results."""

    root: Path
    targets: tuple[str, ...]
    options: Options = DEFAULT
    output: str | None = None  # -o
    flat: bool = False
    force: bool = False
    in_place: bool = False
    update: bool = False
    dry: bool = False
    suffix: bool = False  # --on-collision suffix
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    found: bool = False  # the sources were looked for, not named: copies among them are left out
    all: bool = False  # --to all: no target was named, so a source in its own place is no mistake
    everything: bool = False  # --to all: no place is a target's own, so outputs of earlier runs are left out
    several: bool = False  # more than one agent: -o names a folder
    texts: bool = True  # the texts before and after each change are kept, for --diff
    settings: str = ""  # the file of settings that holds the flags, in a build
    jobs: int = 1  # processes; 0: as many as pay

    @property
    def here(self) -> bool:
        """Whether outputs go where their programs look in this project."""
        return self.output is None or self.output in (".", "./")

    @property
    def tells_apart(self) -> bool:
        """Whether agents with the same header may become something else, each for itself."""
        options = self.options
        if self.only or self.exclude or options.rewrite or options.lift or options.fold or options.carry:
            return True
        if not self.here:
            return False
        above = [load(target) for target in self.targets if load(target).tables.get("above")]
        if not above:
            return False
        from agentconv.project.joined import has_above

        return any(has_above(self.root, str(PurePosixPath(dst.head["places"]["write"]).parent), dst) for dst in above)


class OneFile(Exception):
    """A file is named for what would be several."""

    def __init__(self, name: str, one: str) -> None:
        stem, dot, ending = name.rpartition(".")
        each = f"{stem}/{'' if '{id}' in stem else '{id}/'}{{name}}{dot}{ending}"
        ways = f"-o {stem}/ is a folder, -o '{each}' a name for each, {one} makes one"
        super().__init__(f"{name} is one file, and there would be several: {ways}")


def named_file(place: str | None, root: Path, targets: Iterable[str]) -> str:
    """What is named, where that can only be a file: it has the ending of a target's files, and no folder is there."""
    if place in (None, STDOUT) or place.endswith("/") or "{name}" in place or is_folder(root / place):
        return ""
    endings = {PurePosixPath(str(heads()[id]["places"]["write"])).suffix for id in targets}
    return place if PurePosixPath(place).suffix in endings - {""} else ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What holds for the batch as a whole, or for one target of it, with the number of agents it concerns."""

    target: str
    count: int
    note: Note


@dataclass(slots=True)
class Run:
    """The results, and the texts for ``-o -`` or ``--diff``."""

    plan: Plan
    results: list[Conversion] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    changes: list[tuple[str, str | None, str]] = field(default_factory=list)  # path, text before, text after
    stdout: str | None = None
    sources: int = 0  # files that hold agents, or should
