"""A process that makes. It is told where a chunk of the sources begins, and hands over what became of them.

A pipe for each, and no pool of the standard library: of a worker that is killed (a machine without memory takes the
largest process) that one says that all is lost, or waits for ever for the rest of a message. Here its chunks are made
by the first process.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from threading import Lock, Thread

from agentconv.project.beside import Beside, Lying, dropped
from agentconv.project.files import Outside
from agentconv.project.halves import sweep
from agentconv.project.making import Made, Maker
from agentconv.project.pipes import uninterrupted
from agentconv.project.planning import Plan
from agentconv.project.sources import Source
from agentconv.project.spots import Spots
from agentconv.registry import Folder, folders, use_folder

CHUNK = 40  # sources that travel together


class Worker:
    """The first process's side: what it has given, in the order in which it comes back."""

    def __init__(self, maker: Maker, sources: Sequence[Source]) -> None:
        import multiprocessing

        if multiprocessing.get_start_method() != "fork" and maker.kinds is not None:
            maker = replace(maker, kinds=maker.kinds.fresh())  # it has to be sent, and what was learnt cannot be
        self.pipe, there = multiprocessing.Pipe()
        self.given: deque[int] = deque()
        self.lives = True
        self._process = multiprocessing.Process(target=_work, args=(there, maker, sources, folders()), daemon=True)
        with uninterrupted():
            self._process.start()
        there.close()  # the worker alone holds it: its death is the end of the pipe

    def give(self, at: int | None) -> None:
        """A chunk to make; none."""
        if at is not None:
            self.given.append(at)
            with suppress(OSError):  # seen when its answer is missing
                self.pipe.send(at)

    def take(self) -> dict[int, list[Made] | None]:
        """The next chunk; where it died, all that it was given and has not made."""
        try:
            came = self.pipe.recv()
        except (EOFError, OSError):
            self.lives = False
            lost = dict.fromkeys(self.given)
            self.given.clear()
            return lost
        if isinstance(came, BaseException):
            raise came
        return {self.given.popleft(): came}

    def stop(self) -> None:
        """Nothing more is wanted."""
        with suppress(OSError):
            self.pipe.send(None)

    def left(self) -> list[Made]:
        """What it has made since; it comes to its end."""
        found: list[Made] = []
        with suppress(EOFError, OSError):
            while True:
                came = self.pipe.recv()
                found += came if isinstance(came, list) else ()
        self._process.join()
        self.pipe.close()
        return found

    def sweep(self, all_made: Iterable[Made], plan: Plan) -> None:
        """What it had begun of these when it died goes."""
        spots, places = Spots(plan), list[str]()
        for result in (result for made in all_made for results in made.results.values() for result in results):
            for path in result.files:
                with suppress(OSError, Outside):
                    places.append(spots.spot(path))
        sweep(places, self._process.pid)


# -- in the worker ----------------------------------------------------------------------------

_lying: deque[str] = deque(maxlen=5_000)  # files beside their places that were handed over: the last ones are under way
_working = Lock()


def _work(pipe: Connection, maker: Maker, sources: Sequence[Source], known: tuple[Folder, ...]) -> None:
    """Its life: the plan, the sources, and the folders of formats that the first process knows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process takes what is under way, and drops it
    for folder in known:
        use_folder(folder.path, trusted=folder.trusted)
    Thread(target=_end_with_the_first, daemon=True).start()
    beside = Beside(maker.plan)
    wanted: deque[int | None] = deque()
    try:
        while True:
            while not wanted or pipe.poll():
                wanted.append(pipe.recv())
            if None in wanted:
                return
            at = wanted.popleft() or 0
            try:
                made: object = _make(maker, beside, sources[at : at + CHUNK])
            except Exception as problem:
                problem.add_note(traceback.format_exc())
                made = problem
            pipe.send(made)
    except (EOFError, OSError):  # the first one was killed
        _drop_all()


def _make(maker: Maker, beside: Beside, sources: Sequence[Source]) -> list[Made]:
    all_made: list[Made] = []
    with _working:
        try:
            for source in sources:
                all_made.append(made := maker.make(source))
                source.let_go()
                made.beside = beside.written(made.results)
        except BaseException:
            dropped(made.beside for made in all_made)
            raise
        _lying.extend(one.file for made in all_made for one in made.beside.values() if one.file)
    return all_made


def _end_with_the_first() -> None:
    """A worker waits for work for ever, also when whoever would send it was killed: those that were started later hold
    the pipe as well. Nobody takes what lies here then."""
    import multiprocessing

    if (first := multiprocessing.parent_process()) is None:
        return
    first.join()
    with _working:
        _drop_all()
        os._exit(1)


def _drop_all() -> None:
    for file in _lying:
        Lying(file, "").drop()
