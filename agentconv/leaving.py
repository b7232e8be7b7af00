"""The ends of a process that no command decides: streams that are closed, full, or read by nobody."""

from __future__ import annotations

import contextlib
import os
import sys

CLOSED: set[str] = set()  # streams that the caller closed before it started us
UNREAD, UNWRITTEN = 141, 3  # what a shell calls a process that wrote to a closed pipe; the exit of a failed write


def open_streams() -> None:
    """A stream that the caller closed (``<&-``) takes what is said and holds nothing; else an output might get its
    number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            CLOSED.add(name)
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - lives as long as we


def told(error: OSError) -> int:
    """Say that standard output or error takes no more, and the exit code; a reader that went away knows."""
    gone = isinstance(error, BrokenPipeError)
    if not gone:
        with contextlib.suppress(OSError):  # the same disk may hold that, too
            sys.stderr.write(f"F002 standard output or error: {(error.strerror or str(error)).lower()}\n")
            sys.stderr.flush()
    for number in (1, 2):  # else the interpreter tries again at its end, and complains in its own words
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    return UNREAD if gone else UNWRITTEN
