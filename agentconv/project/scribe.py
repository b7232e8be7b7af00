"""A process for the disk, while this one converts: it writes.

To make a file of 7 KB takes between 20 and 280 µs of the disk, as much as to work out what it holds. One process
writes and no more: several that make files in one folder wait for each other (docs/speed.md). What is to be written
lies in memory that both have; where it goes, and what became of it, is sent through pipes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from mmap import mmap
from pathlib import Path

from agentconv.project import files
from agentconv.project.halves import sweep
from agentconv.project.pipes import begin, receive, send
from agentconv.project.putting import Answer, Order, Told, put

PLACES = 4  # calls under way
ROOM = 4_000_000  # bytes of one call; more of them are written here


class Scribe:
    """The one who writes. Should it die, what it has not answered for is written here."""

    def __init__(self) -> None:
        self._memory = mmap(-1, PLACES * ROOM)
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._under_way: deque[tuple[int, Sequence[Order], Told]] = deque()
        self._free = list(range(PLACES))
        mine = os.getpid()

        def life() -> None:
            os.close(self._orders)
            os.close(self._answers)
            _write(self._memory, orders, answers, lambda: os.getppid() == mine)

        self._process = begin(life)
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
        start = at = place * ROOM
        for order in orders:
            self._memory[at : at + len(order.data)] = order.data
            at += len(order.data)
        self._under_way.append((place, orders, told))
        said = [(order.full, len(order.data), order.new, order.lying) for order in orders]
        with suppress(BrokenPipeError):  # seen when its answer is missing
            send(self._orders, (start, said), self._answers, self._answered)

    def wait(self) -> None:
        """Until all is written."""
        while self._under_way:
            self._answered()

    def _answered(self) -> bool:
        place, orders, told = self._under_way[0]
        answers = receive(self._answers)
        if answers is None:  # it is dead
            sweep([order.full for order in orders], self._process)
            left = [order._replace(new=False) for order in orders if not _is_there(order)]  # it may have put some there
            problems = dict(zip([order.full for order in left], put(left), strict=True))
            answers = [Answer(problems.get(order.full)) for order in orders]
        told(answers)
        self._under_way.popleft()
        self._free.append(place)
        return True

    def close(self) -> None:
        """What was handed over is written all the same: it is proved, and nothing half done may stay. Where a run is
        ended there may be half an answer in the pipe, so it is looked what became of it."""
        if self._process:
            os.close(self._orders)
            os.close(self._answers)  # else it may wait for ever until one is taken
            with suppress(ChildProcessError):
                os.waitpid(self._process, 0)
            self._process = 0
            self._memory.close()
            for _, orders, told in self._under_way:
                told([Answer(None if _is_there(order) or _is_same(order) else UNKNOWN) for order in orders])


UNKNOWN = OSError("not written")


def _is_there(order: Order) -> bool:
    """Whether the second process has put a file in its place that lay beside it: nobody else takes it away."""
    return bool(order.lying) and not os.path.lexists(order.lying) and os.path.lexists(order.full)


def _is_same(order: Order) -> bool:
    """Whether the place holds what was handed over."""
    try:
        return not order.lying and Path(order.full).read_bytes() == order.data
    except OSError:
        return False


def _write(memory: mmap, orders: int, answers: int, wanted: Callable[[], bool]) -> None:
    """The life of the second process. ``wanted``: the first one lives."""
    view = memoryview(memory)
    while (said := receive(orders)) is not None:
        at, made = said[0], []
        for full, size, new, lying in said[1]:
            made.append(Order(full, bytes(view[at : at + size]), new, lying))
            at += size
        problems = put(made, wanted)
        with suppress(BrokenPipeError):
            send(answers, [Answer(p, files.digest(o.data)) for p, o in zip(problems, made, strict=True)])
