"""Building a wheel: the descriptions as Python beside their YAML (agentconv/compiled.py says why)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledDescriptions(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``agentconv/_compiled`` to a wheel; an editable install reads the YAML."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the modules to a folder of their own and let them in."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from agentconv.compiled import modules

        self.folder = tempfile.TemporaryDirectory(prefix="agentconv-compiled-")
        for name, text in modules():
            path = Path(self.folder.name) / name
            path.write_text(text, "utf-8")
            build_data["force_include"][str(path)] = f"agentconv/_compiled/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The folder has served."""
        if version != "editable":
            self.folder.cleanup()
