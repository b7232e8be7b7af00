"""What the machine that runs the tests is like: limits of time are for the one where they were set."""

from __future__ import annotations

import time

USUAL = 0.09  # seconds of CPU that COUNT turns of a loop take on the machine where the limits were set


def slowness(count: int = 3_000_000) -> float:
    """How many times slower this machine is just now: the same one took 0.09 s and, an hour later, 0.2 s."""
    started = time.process_time()
    for _ in range(count):
        pass
    return max(1.0, (time.process_time() - started) / USUAL)
