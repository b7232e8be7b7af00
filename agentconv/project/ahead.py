"""Reading ahead where there is much to read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentconv.project.reader import Reader
    from agentconv.project.sources import Source

MANY = 2_000  # sources; below it a second process costs more than it saves

_reader: Reader | None = None  # of the run, and no part of a source: sources are sent to other processes


@contextlib.contextmanager
def read_ahead(sources: Iterable[Source]) -> Iterator[None]:
    """Meanwhile a second process reads the sources, in this order, and hands them over."""
    global _reader
    left = [source for source in sources if source.at is not None and not source.settled]
    mine = _reader = _started(left) if len(left) >= MANY else None
    try:
        yield
    finally:
        _reader = None
        if mine is not None:
            mine.close()


def _started(sources: list[Source]) -> Reader | None:
    from agentconv.project import pipes

    if not pipes.can_start():
        return None
    from agentconv.project.reader import Reader

    return Reader(sources)


def take_over(source: Source) -> bytes | None:
    """What the second process has read of a source; of a link it has nothing. Where it has taken the source in, too,
    text and format are filled in."""
    return None if _reader is None else _reader.take_over(source)


def let_alone() -> None:
    """Other processes begin to read."""
    if _reader is not None:
        _reader.let_alone()
