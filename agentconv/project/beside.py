"""Outputs that a worker has written beside their places: what is handed over is where they lie, not what they hold.

Whether they go to their places is decided where all results come together, as with any other output.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from agentconv.conversion import Conversion
from agentconv.project import files
from agentconv.project.planning import STDOUT, Plan
from agentconv.project.spots import Spots
from agentconv.records import dataclass
from agentconv.registry import load


@dataclass(frozen=True, slots=True)
class Lying:
    """A new file beside its place; without one the place holds the same bytes already."""

    file: str
    digest: str

    def bytes(self, place: str) -> bytes:
        """What it holds; the file is gone then."""
        with open(self.file or place, "rb") as file:
            data = file.read()
        self.drop()
        return data

    def drop(self) -> None:
        """It is not wanted."""
        if self.file:
            with contextlib.suppress(OSError):
                os.unlink(self.file)


class Beside:
    """What a worker writes. An output in whose place there is something else is handed over as it is."""

    def __init__(self, plan: Plan) -> None:
        other = plan.dry or plan.update or plan.in_place or plan.texts or plan.output == STDOUT
        targets = () if other else plan.targets
        self._alone = frozenset(id for id in targets if not load(id).many)
        self._spots = Spots(plan)

    def written(self, results: dict[str, list[Conversion]]) -> dict[tuple[str, str], Lying]:
        """By target and path."""
        made: dict[tuple[str, str], Lying] = {}
        for target in results.keys() & self._alone:
            for result in results[target]:
                for path, data in result.files.items() if not result.failed else ():
                    if (target, path) not in made and (lying := self._lying(path, data)) is not None:
                        made[target, path] = lying
                        result.files[path] = b""
        return made

    def _lying(self, path: str, data: bytes) -> Lying | None:
        try:
            place, there = self._spots.look(path)
            if not there:
                return Lying(files.write_beside(place, data), files.digest(data))
            with open(place, "rb") as file:
                return Lying("", files.digest(data)) if file.read() == data else None
        except (OSError, files.Outside):
            return None  # said where it is to be put there


def dropped(made: Iterable[dict[tuple[str, str], Lying]]) -> None:
    """None of them is wanted any more."""
    for lying in made:
        for one in lying.values():
            one.drop()
