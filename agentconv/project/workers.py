"""Making in several processes: the order of the results is that of the sources, whatever finishes first.

Workers read and convert; this process alone claims places and writes, so that two agents for one output are found as
in one process. Only a few chunks are under way at a time: memory does not grow with the number of sources.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence

from agentconv.project.making import Made, Maker
from agentconv.project.planning import Plan
from agentconv.project.sources import Source
from agentconv.registry import Folder, folders, use_folder

CHUNK = 40  # sources that travel together
AHEAD = 3  # chunks under way for each worker


def count_for(plan: Plan, sources: Sequence[Source]) -> int:
    """As many as were asked for, else one for each core."""
    if plan.jobs:
        return min(plan.jobs, max(1, len(sources)))
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def made_by(maker: Maker, sources: Sequence[Source], jobs: int) -> Iterator[Made]:
    """Source by source, in their order."""
    from concurrent.futures import Future, ProcessPoolExecutor

    started = (maker, folders())
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=started) as pool:
        under_way: deque[Future[list[Made]]] = deque()
        try:
            for at in range(0, len(sources), CHUNK):
                under_way.append(pool.submit(_make, sources[at : at + CHUNK]))
                if len(under_way) > jobs * AHEAD:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()
        finally:
            for waiting in under_way:
                waiting.cancel()


_maker: Maker | None = None


def _begin(maker: Maker, known: tuple[Folder, ...]) -> None:
    """In a worker: the plan, and the folders of formats that this process knows."""
    global _maker
    _maker = maker
    for folder in known:
        use_folder(folder.path, trusted=folder.trusted)


def _make(sources: Sequence[Source]) -> list[Made]:
    assert _maker is not None
    return [_maker.make(source) for source in sources]
