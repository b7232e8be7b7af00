"""Making in several processes: the order of the results is that of the sources, whatever finishes first.

Workers (`crew`) read, convert and write beside the places; this process alone claims places and puts the files there,
so that two agents for one output are found as in one process. Only a few chunks are under way at a time: memory does
not grow with the number of sources.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing

from agentconv.conversion import BeforeAfter
from agentconv.project.ahead import let_alone
from agentconv.project.beside import dropped
from agentconv.project.crew import CHUNK, Worker
from agentconv.project.making import Made, Maker
from agentconv.project.pipes import uninterrupted
from agentconv.project.planning import Plan
from agentconv.project.sources import Source
from agentconv.registry import load

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
    crew: list[Worker] = []
    known: Rights = {}
    here: deque[Made] = deque()
    end = Worker.leave
    try:
        with uninterrupted():
            for _ in range(jobs):
                crew.append(Worker(maker, sources, 2 * jobs * AHEAD))
        with closing(_in_turn(crew, len(sources))) as chunks:
            for at, came in chunks:
                here += came if came is not None else _again(maker, sources[at : at + CHUNK], crew)
                _share(here, sources[at : at + CHUNK], known)
                while here:
                    yield here[0]
                    here.popleft()
        end = Worker.stop
    finally:
        with uninterrupted():
            for worker in crew:
                end(worker)
            for worker in crew:
                worker.join()
            dropped(made.beside for made in here)  # also of a worker that was killed


def _in_turn(crew: Sequence[Worker], count: int) -> Generator[tuple[int, list[Made] | None], None, None]:
    """Chunk by chunk, in their order: where it begins and what became of it; ``None`` where its worker died."""
    from multiprocessing.connection import wait

    chunks = iter(range(0, count, CHUNK))
    done: dict[int, list[Made] | None] = {}
    for worker in [*crew] * AHEAD:
        worker.give(next(chunks, None))
    try:
        for at in range(0, count, CHUNK):
            while at not in done:
                ready = wait([worker.pipe for worker in crew if worker.given])
                for worker in crew:
                    if worker.pipe in ready:
                        done |= worker.take()
            yield at, done.pop(at)
            following = next(chunks, None)
            if alive := [worker for worker in crew if worker.lives]:
                min(alive, key=lambda worker: len(worker.given)).give(following)
            elif following is not None:
                done[following] = None
    finally:
        dropped(made.beside for came in done.values() for made in came or ())  # also of a worker that was killed


def _again(maker: Maker, sources: Sequence[Source], crew: Sequence[Worker]) -> list[Made]:
    """What a dead worker was to make is made here."""
    made = [_alone(maker, source) for source in sources]
    for worker in crew:
        if not worker.lives:
            worker.sweep(made, maker.plan)
    return made


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


def _share(came: Iterable[Made], sources: Sequence[Source], known: Rights) -> None:
    """Results stay to the end of the run: with one object for equal rights and for one path, as within one process."""
    for made, source in zip(came, sources, strict=True):
        source.let_go()
        for results in made.results.values():
            for result in results:
                key = tuple(result.rights.before), tuple(result.rights.after)
                result.rights = known.setdefault(key, result.rights)
                if result.source == source.path:
                    result.source = source.path
