"""Other converters on the same agents, where the user has installed them. None of them reads back what it wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.measure import Cost, middle, run

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


def compare(folder: Path, times: int) -> dict[str, dict[str, Cost]]:
    """Each peer that is installed, on this folder."""
    found: dict[str, dict[str, Cost]] = {}
    for name, (first, one, every) in PEERS.items():
        if shutil.which(one[0]) is None:
            continue
        if first:
            run(first, folder)
        found[name] = {
            "one target": middle([run(one, folder) for _ in range(times)]),
            "all targets": middle([run(every, folder) for _ in range(times)]),
        }
    return found
