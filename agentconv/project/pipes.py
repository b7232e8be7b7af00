"""A copy of this process, and what the two say to each other."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from agentconv.leaving import ends

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# elsewhere a copy of a process may be one that cannot go on (macOS), or there is none (Windows); neither was tried
POSSIBLE = sys.platform == "linux"


def can_start() -> bool:
    """Whether a copy of this process can be had: while nothing else runs in it."""
    threading = sys.modules.get("threading")
    return POSSIBLE and (threading is None or threading.active_count() == 1)


def begin(life: Callable[[], None]) -> int:
    """A copy of this process that lives so and no longer."""
    with uninterrupted():
        process = os.fork()
        if process == 0:
            try:
                pass_over_ends()
                gc.disable()
                life()
            finally:
                os._exit(0)
        return process


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C, which reaches all processes, is for the first one, also in the moment in which a copy is made: there it
    would go on as an end of the whole run. The copy has to pass over it itself. Others that end a process may reach all
    of them, too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def pass_over_ends() -> None:
    """In a process that ends when the first one says so, or is gone."""
    for number in ends():
        signal.signal(number, signal.SIG_IGN)


_kept: WeakSet[Connection] = WeakSet()


def not_for_copies(end: Connection) -> None:
    """No copy of this process holds this end of a pipe: whoever has the other one sees when it is closed here, or when
    this process is killed."""
    _kept.add(end)


def _close_kept() -> None:
    for end in _kept:
        end.close()


if hasattr(os, "register_at_fork"):  # not on Windows, where no process is a copy
    os.register_at_fork(after_in_child=_close_kept)


def send(pipe: int, message: Any, other: int | None = None, hear: Callable[[], bool] = lambda: True) -> None:
    """All of a message. While nobody takes it, what comes in at the other pipe is heard: else two that send to each
    other could wait for each other for ever. ``hear``: whether the message is wanted still."""
    data = pickle.dumps(message)
    left = memoryview(len(data).to_bytes(8, "little") + data)
    heard = [] if other is None else [other]
    while left:
        if select.select(heard, [pipe], [])[1]:
            left = left[os.write(pipe, left[: select.PIPE_BUF]) :]  # so much goes in at once
        elif not hear():
            return


def receive(pipe: int) -> Any:
    """The next message; ``None`` where nobody sends any more."""
    size = _bytes(pipe, 8)
    data = _bytes(pipe, int.from_bytes(size, "little")) if size else b""
    return pickle.loads(data) if data else None


def _bytes(pipe: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(pipe, size - len(data))
        if not part:
            return b""
        data += part
    return data
