"""The ends of a process that no command decides: streams that are closed, full, or read by nobody; Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal

alone = False  # whether this process does nothing but the command: else its signals are somebody else's
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


def clean_up_first() -> None:
    """Who ends the process, but for those who cannot be refused, lets it take away what is half done; who does so a
    second time does not wait for that. For work on many files: to load `signal` takes a hundredth of one."""
    if not alone:
        return
    import signal

    asked = [number for number in ends() if signal.getsignal(number) != signal.SIG_IGN]  # `nohup`, and `&` in a script

    def end(number: int, _: object) -> None:
        for each in asked:
            signal.signal(each, signal.SIG_DFL)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)  # as shells count

    for number in asked:
        signal.signal(number, end)


def ends() -> list[signal.Signals]:
    """Ctrl-C, `kill` or a runner that stops a job, and a terminal that is closed."""
    import signal

    return [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
