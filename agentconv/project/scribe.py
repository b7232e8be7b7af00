"""Processes for the disk, while this one converts: one that writes, and one that reads ahead.

To make a file of 7 KB takes between 20 and 280 µs of the disk, as much as to work out what it holds. One process
writes and no more: several that make files in one folder wait for each other (docs/speed.md). What is to be written
lies in memory that both have; where it goes, and what became of it, is sent through pipes.

A file that nobody has read for some time takes 50 µs and the time of the disk, and 8 µs at the second time: who reads
all of them once, and keeps nothing, is soon far ahead.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import stat
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from mmap import mmap
from typing import Any

from agentconv.containers import MAX_BYTES
from agentconv.project import files
from agentconv.project.putting import Answer, Order, Told, put

PLACES = 4  # calls under way
ROOM = 4_000_000  # bytes of one call; more of them are written here


# elsewhere a copy of a process may be one that cannot go on (macOS), or there is none (Windows); neither was tried
POSSIBLE = sys.platform == "linux"


def can_start() -> bool:
    """Whether a copy of this process can be had: while nothing else runs in it."""
    threading = sys.modules.get("threading")
    return POSSIBLE and (threading is None or threading.active_count() == 1)


class Scribe:
    """The one who writes. Should it die, what it has not answered is written here."""

    def __init__(self) -> None:
        self._memory = mmap(-1, PLACES * ROOM)
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._under_way: deque[tuple[int, Sequence[Order], Told]] = deque()
        self._free = list(range(PLACES))
        mine = os.getpid()
        self._process = os.fork()
        if self._process == 0:
            os.close(self._orders)
            os.close(self._answers)
            _write(self._memory, orders, answers, lambda: os.getppid() == mine)
        os.close(orders)
        os.close(answers)

    def put(self, orders: Sequence[Order], told: Told) -> None:
        """Hand them over."""
        size = sum([len(order.data) for order in orders])
        if size > ROOM or not self._process:
            self.wait()
            told([Answer(problem) for problem in put(orders)])
            return
        while not self._free:
            self._answered()
        place = self._free.pop()
        start = place * ROOM
        self._memory[start : start + size] = b"".join([order.data for order in orders])
        self._under_way.append((place, orders, told))
        said = [(order.full, len(order.data), order.new, order.lying) for order in orders]
        with suppress(BrokenPipeError):  # seen when its answer is missing
            _send(self._orders, (start, said))

    def wait(self) -> None:
        """Until all is written."""
        while self._under_way:
            self._answered()

    def _answered(self) -> None:
        place, orders, told = self._under_way[0]
        answers = _receive(self._answers)
        if answers is None:  # it is dead
            answers = [Answer(problem) for problem in put(orders)]
        self._under_way.popleft()
        self._free.append(place)
        told(answers)

    def close(self) -> None:
        """What was handed over is written all the same: it is proved, and nothing half done may stay."""
        if self._process:
            os.close(self._orders)
            with suppress(ChildProcessError):
                os.waitpid(self._process, 0)
            os.close(self._answers)
            self._process = 0
            self._memory.close()


class Reader:
    """Reads files that will be read, and keeps nothing of them."""

    def __init__(self, paths: Iterable[str]) -> None:
        mine = os.getpid()
        self._process = os.fork()
        if self._process == 0:
            _read(paths, lambda: os.getppid() == mine)

    def close(self) -> None:
        """It need not go on."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)


def _read(paths: Iterable[str], wanted: Callable[[], bool]) -> None:
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.disable()
        room = [bytearray(MAX_BYTES)]
        for path in paths:
            if not wanted():
                break
            with suppress(OSError):  # said by who needs it
                handle = os.open(path, files.READING | files.NO_LINK)
                try:
                    if stat.S_ISREG(os.fstat(handle).st_mode):
                        os.readv(handle, room)
                finally:
                    os.close(handle)
    finally:
        os._exit(0)


def _write(memory: mmap, orders: int, answers: int, wanted: Callable[[], bool]) -> None:
    """The life of the second process. ``wanted``: the first one lives."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first one ends it, after its last call
        gc.disable()
        view = memoryview(memory)
        while (said := _receive(orders)) is not None:
            at, made = said[0], []
            for full, size, new, lying in said[1]:
                made.append(Order(full, bytes(view[at : at + size]), new, lying))
                at += size
            problems = put(made, wanted)
            _send(answers, [Answer(p, files.digest(o.data)) for p, o in zip(problems, made, strict=True)])
    finally:
        os._exit(0)


def _send(pipe: int, message: Any) -> None:
    data = pickle.dumps(message)
    left = memoryview(len(data).to_bytes(8, "little") + data)
    while left:
        left = left[os.write(pipe, left) :]


def _receive(pipe: int) -> Any:
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
