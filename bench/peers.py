"""Other converters on the same agents, where the user has installed them. None of them reads back what it wrote."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bench.measure import middle, run
from bench.rows import MARKDOWN, convert

# name -> what takes the agents in (once), what writes them for one program, and for all it knows
PEERS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "rulesync": (
        ["rulesync", "import", "--targets", "claudecode", "--features", "subagents"],
        ["rulesync", "generate", "--targets", "opencode", "--features", "subagents"],
        ["rulesync", "generate", "--targets", "*", "--features", "subagents"],
    ),
    "compound-engineering": (
        [],
        ["compound-plugin", "convert", ".", "--to", "opencode", "--output", "out"],
        ["compound-plugin", "convert", ".", "--to", "all", "--output", "out"],
    ),
    "agentsmesh": (
        ["agentsmesh", "import", "--from", "claude-code"],
        ["agentsmesh", "generate", "--targets", "opencode"],
        ["agentsmesh", "generate"],
    ),
}


def compare(folder: Path, times: int) -> dict[str, dict[str, dict[str, Any]]]:
    """agentconv and each peer that is installed, on copies of this folder; how many files each of them wrote."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    ours: dict[str, tuple[list[str], list[str], list[str]]] = {"agentconv": ([], convert(MARKDOWN), convert("all"))}
    for name, (first, *both) in {**ours, **PEERS}.items():
        if shutil.which(both[0][0]) is None:
            continue
        for work, command in zip(("one target", "all targets"), both, strict=True):
            costs, wrote = [], 0
            for n in range(times):
                copy = folder.with_name(f"{folder.name}-{name}-{work.split()[0]}-{n}")
                shutil.copytree(folder, copy)
                if first:
                    run(first, copy)
                before = _files(copy)
                costs.append(run(command, copy))
                wrote = _files(copy) - before
            found.setdefault(name, {})[work] = {**vars(middle(costs)), "files": wrote}
    return found


def _files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())
