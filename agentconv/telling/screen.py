"""The terminal: how wide it is, and whether it shows colours."""

from __future__ import annotations

import os
import sys
from typing import IO


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return max(40, min(_columns() or 100, 120))


def _columns() -> int:
    """As ``shutil`` finds them: to import that, with all its archives, takes longer than all that we print."""
    try:
        said = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        said = 0
    if said > 0:
        return said
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (ValueError, OSError):
        return 0


def colored(stream: IO[str]) -> bool:
    """Colour only on a terminal, and not where the user said no."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
