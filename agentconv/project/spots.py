"""Where on the disk the outputs of a plan go."""

from __future__ import annotations

import os
from pathlib import Path

from agentconv.project import files
from agentconv.project.planning import STDOUT, Plan


class Spots:
    """Places below the root, or below the folder that ``-o`` names; a link may not lead out of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._fixed: dict[bool, Path] = {}
        self._bases: dict[Path, files.Inside] = {}

    def spot(self, path: str) -> str:
        """The place as text."""
        return self.look(path)[0]

    def look(self, path: str) -> tuple[str, bool]:
        """The same, and whether something is there."""
        root, below = self._parted(path)
        return self._inside(root).look(below)

    def _parted(self, path: str) -> tuple[Path, str]:
        """The folder that no link may lead out of, and the place below it."""
        out = self.plan.output
        if out is None or out == STDOUT:
            return self.plan.root, path
        lead = out.split("{")[0]
        folder = path != out or out.endswith("/")
        below = folder and not ("{" in out and not lead.endswith("/"))
        if below not in self._fixed:
            fixed = self.plan.root / lead
            self._fixed[below] = fixed if below else fixed.parent
        base = self._fixed[below]
        top = lead if lead.endswith("/") else lead + "/"
        if below and path.startswith(top):
            return base, path.removeprefix(top)
        return base, os.path.relpath(self.plan.root / path, base)

    def _inside(self, base: Path) -> files.Inside:
        if base not in self._bases:
            self._bases[base] = files.Inside(base)
        return self._bases[base]
