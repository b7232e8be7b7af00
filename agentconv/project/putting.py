"""Outputs on their way to their places: orders in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from agentconv.project import files

# Outputs from which a second process writes: a thousand are written a twentieth faster so, for a seventh more CPU.
MANY = 2_000
AT_FIRST = 400  # of them are written here: most of them are converted in full, and nobody waits for the disk


class Order(NamedTuple):
    """One output."""

    full: str  # its place
    data: bytes
    new: bool  # nothing is there, as somebody has just seen
    lying: str = ""  # the file beside its place that holds the data already


class Answer(NamedTuple):
    """What became of an order."""

    problem: OSError | None
    digest: str = ""  # of the data, where whoever wrote it has worked it out


Told = Callable[[Sequence[Answer]], None]


class Putter(Protocol):
    """Who takes orders. Those of one call are brought to the disk together; ``told`` is called with their answers, at
    once or later."""

    def put(self, orders: Sequence[Order], told: Told) -> None:
        """Take some orders."""

    def wait(self) -> None:
        """Until all are answered."""

    def close(self) -> None:
        """No more of them; nothing half done stays."""


class Here:
    """This process writes, and answers at once."""

    def put(self, orders: Sequence[Order], told: Told) -> None:
        """All to their places."""
        told([Answer(problem) for problem in put(orders)])

    def wait(self) -> None:
        """Nothing is ever left to wait for."""

    def close(self) -> None:
        """The same."""


class Growing:
    """This process at first; where there is much to write, a second one. ``expected``: outputs."""

    def __init__(self, expected: int) -> None:
        self._now: Putter = Here()
        self._left = AT_FIRST if expected >= MANY else 0

    def put(self, orders: Sequence[Order], told: Told) -> None:
        """To whoever writes now."""
        if self._left > 0:
            self._left -= len(orders)
            if self._left <= 0:
                from agentconv.project import pipes

                if pipes.can_start():
                    from agentconv.project.scribe import Scribe

                    self._now = Scribe()
        self._now.put(orders, told)

    def wait(self) -> None:
        """Until all are answered."""
        self._now.wait()

    def close(self) -> None:
        """The second process ends."""
        self._now.close()


def put(orders: Sequence[Order], wanted: Callable[[], bool] = lambda: True) -> list[OSError | None]:
    """All to their places; what went wrong with each. ``wanted``: asked when they lie beside their places; nothing goes
    there, and nothing stays, where they are wanted no more."""
    lost: dict[str, OSError] = {}
    staged = files.Staged()
    staged.waiting = [files.Beside(order.lying, order.full, order.full) for order in orders if order.lying]
    try:
        for order in orders:
            if not order.lying:
                try:
                    staged.add(order.full, order.data, order.new)
                except OSError as problem:
                    lost[order.full] = problem
        staged.settle(lost.__setitem__, wanted)
    finally:
        staged.drop()
    return [lost.get(order.full) for order in orders]
