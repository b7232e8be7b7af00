"""The ends of a process that no command decides: streams that are closed, full, or read by nobody."""

from __future__ import annotations

import contextlib
import os
import sys

UNREAD, UNWRITTEN = 141, 3  # what a shell calls a process that wrote to a closed pipe; the exit of a failed write


def open_streams() -> None:
    """A stream that whoever started us has closed (``<&-``) is empty, or takes all and keeps nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - lives as long as we


def told(error: OSError) -> int:
    """Say what the system refused, and the exit code; a reader that went away has seen what it wanted."""
    if not isinstance(error, BrokenPipeError):
        from agentconv.telling.escape import one_line

        where = one_line(str(error.filename)) if error.filename is not None else "standard output"
        with contextlib.suppress(OSError):  # the same disk may hold that, too
            sys.stderr.write(f"F002 {where}: {(error.strerror or str(error)).lower()}\n")
    if error.filename is None:  # else the interpreter tries again at its end, and complains in its own words
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return UNREAD if isinstance(error, BrokenPipeError) else UNWRITTEN
