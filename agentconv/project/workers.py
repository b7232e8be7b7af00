"""Making in several processes: the order of the results is that of the sources, whatever finishes first.

Workers read, convert and write beside the places; this process alone claims places and puts the files there, so that
two agents for one output are found as in one process. Only a few chunks are under way at a time: memory does not grow
with the number of sources.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Lock, Thread

from agentconv.conversion import BeforeAfter
from agentconv.project.ahead import let_alone
from agentconv.project.beside import Beside, Lying, dropped
from agentconv.project.making import Made, Maker
from agentconv.project.planning import Plan
from agentconv.project.sources import Source
from agentconv.registry import Folder, folders, load, use_folder

CHUNK = 40  # sources that travel together
AHEAD = 3  # chunks under way for each worker
LESSONS = 400  # sources that this process takes first: workers that are copies of it know the kinds that it met
QUICK = 0.75  # the share of them that is filled in, where workers do not pay


def count_for(plan: Plan, sources: Sequence[Source]) -> int:
    """As many as were asked for, else one for each core."""
    if plan.jobs:
        return min(plan.jobs, max(1, len(sources)))
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def made_by(maker: Maker, sources: Sequence[Source], jobs: int) -> Iterator[Made]:
    """Source by source, in their order."""
    lessons = LESSONS if len(sources) > jobs * LESSONS else 0
    for source in sources[: lessons // 2]:
        yield _alone(maker, source)
    before = maker.kinds.filled if maker.kinds is not None else 0
    for source in sources[lessons // 2 : lessons]:
        yield _alone(maker, source)
    sources = sources[lessons:]
    if maker.plan.jobs == 0 and maker.kinds is not None and _quick(maker.plan, maker.kinds.filled - before):
        for source in sources:
            yield _alone(maker, source)
        return
    let_alone()
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor

    if multiprocessing.get_start_method() != "fork" and maker.kinds is not None:
        maker = replace(maker, kinds=maker.kinds.fresh())  # it has to be sent, and what was learnt cannot be
    started = (maker, folders())
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=started) as pool:
        under_way: deque[Future[list[Made]]] = deque()
        here: deque[Made] = deque()
        known: Rights = {}
        try:
            taken = 0
            for at in range(0, len(sources) + jobs * AHEAD * CHUNK, CHUNK):
                if at < len(sources):
                    under_way.append(pool.submit(_make, sources[at : at + CHUNK]))
                if under_way and (at >= len(sources) or len(under_way) > jobs * AHEAD):
                    came = under_way[0].result()
                    here += came
                    under_way.popleft()  # not before it came: what is waited for is dropped if the wait is broken off
                    _share(came, sources[taken : taken + CHUNK], known)
                    taken += CHUNK
                while here:
                    yield here[0]
                    here.popleft()
        finally:
            for waiting in under_way:
                if not waiting.cancel():
                    with suppress(Exception, KeyboardInterrupt):
                        here += waiting.result()
            dropped(made.beside for made in here)


def _alone(maker: Maker, source: Source) -> Made:
    """In this process."""
    made = maker.make(source)
    source.let_go()
    return made


def _quick(plan: Plan, filled: int) -> bool:
    """Whether one process is done as soon as two: a Markdown file that is filled in takes 150 µs, and half as much
    again to be handed over. ``filled``: of the last sources."""
    one = len(plan.targets) == 1 and load(plan.targets[0]).syntax == "frontmatter"
    return one and filled > LESSONS // 2 * QUICK


Rights = dict[tuple[tuple[str, ...], tuple[str, ...]], BeforeAfter]


def _share(came: list[Made], sources: Sequence[Source], known: Rights) -> None:
    """Results stay to the end of the run: with one object for equal rights and for one path, as within one process."""
    for made, source in zip(came, sources, strict=True):
        source.let_go()
        for results in made.results.values():
            for result in results:
                key = tuple(result.rights.before), tuple(result.rights.after)
                result.rights = known.setdefault(key, result.rights)
                if result.source == source.path:
                    result.source = source.path


_maker: Maker | None = None
_beside: Beside | None = None
_lying: deque[str] = deque(maxlen=5_000)  # files beside their places that were handed over: the last ones are under way
_working = Lock()


def _begin(maker: Maker, known: tuple[Folder, ...]) -> None:
    """In a worker: the plan, and the folders of formats that this process knows."""
    global _maker, _beside
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process takes what is under way, and drops it
    for folder in known:
        use_folder(folder.path, trusted=folder.trusted)
    _maker, _beside = maker, Beside(maker.plan)
    Thread(target=_end_with_the_first, daemon=True).start()


def _end_with_the_first() -> None:
    """A pool waits for work for ever, also when whoever would send it was killed: nobody takes what lies here then."""
    import multiprocessing

    if (first := multiprocessing.parent_process()) is None:
        return
    first.join()
    with _working:
        for file in _lying:
            Lying(file, "").drop()
        os._exit(1)


def _make(sources: Sequence[Source]) -> list[Made]:
    assert _maker is not None and _beside is not None
    all_made: list[Made] = []
    with _working:
        try:
            for source in sources:
                all_made.append(made := _maker.make(source))
                made.beside = _beside.written(made.results)
        except BaseException:
            dropped(made.beside for made in all_made)
            raise
        _lying.extend(one.file for made in all_made for one in made.beside.values() if one.file)
    return all_made
