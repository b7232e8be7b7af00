"""The terminal: how wide it is, and whether it shows colours."""

from __future__ import annotations

import os
import shutil
from typing import IO


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))


def colored(stream: IO[str]) -> bool:
    """Colour only on a terminal, and not where the user said no."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
