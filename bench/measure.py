"""CPU time and peak memory of a command, as the system counts them for a child and all that it waited for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    cpu: float  # seconds, user and system
    wall: float
    memory: float  # MB, of the largest process


def run(command: Sequence[str], cwd: Path) -> Cost:
    """Run a command to its end. 1 and 3 are words of agentconv about agents, not about the run."""
    started = time.perf_counter()
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1, 3):
        raise SystemExit(f"{' '.join(command)}: exit {code}")
    return Cost(
        used.ru_utime + used.ru_stime, wall, used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    )


def environment() -> dict[str, str]:
    """Nothing of the user's counts, and nothing of his is touched."""
    state = os.environ["AGENTCONV_BENCH"]
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # it would hide the wheel
    return {**given, "XDG_STATE_HOME": f"{state}/state", "HOME": f"{state}/home", "PYTHONHASHSEED": "0"}


def in_turn(
    ours: Sequence[str], floor: Sequence[str], cwd: Path, times: int, before: Callable[[], None]
) -> tuple[list[Cost], list[Cost]]:
    """Both commands one after the other, so that a busy moment of the machine meets both."""
    pairs = []
    for _ in range(times):
        before()
        first = run(floor, cwd)
        before()
        pairs.append((run(ours, cwd), first))
    return [p[0] for p in pairs], [p[1] for p in pairs]


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(median(getattr(c, name) for c in costs) for name in ("cpu", "wall", "memory")))


def instructions(command: Sequence[str], cwd: Path) -> int | None:
    """What valgrind counts, where it is there: the same on a busy machine, unlike seconds."""
    if shutil.which("valgrind") is None:
        return None
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(counted, cwd=cwd, capture_output=True, text=True, env=environment())
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if found else None
