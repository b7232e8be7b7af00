"""A process that makes. It is told where a chunk of the sources begins, and hands over what became of them.

A pipe for each, and no pool of the standard library: of a worker that is killed (a machine without memory takes the
largest process) that one says that all is lost, or waits for ever for the rest of a message. Here its chunks are made
by the first process.
"""

from __future__ import annotations

import atexit
import traceback
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from multiprocessing.connection import Connection

from agentconv.project.beside import Beside, Lying, dropped
from agentconv.project.files import Outside
from agentconv.project.halves import sweep
from agentconv.project.making import Made, Maker
from agentconv.project.pipes import not_for_copies, pass_over_ends
from agentconv.project.planning import Plan
from agentconv.project.sources import Source
from agentconv.project.spots import Spots
from agentconv.registry import Folder, folders, use_folder

CHUNK = 40  # sources that travel together


class Worker:
    """The first process's side: what it has given, in the order in which it comes back."""

    def __init__(self, maker: Maker, sources: Sequence[Source], most: int) -> None:
        """``most``: chunks of it that may be on their way to their places. Not to be interrupted."""
        import multiprocessing

        if multiprocessing.get_start_method() != "fork" and maker.kinds is not None:
            maker = replace(maker, kinds=maker.kinds.fresh())  # it has to be sent, and what was learnt cannot be
        self.pipe, there = multiprocessing.Pipe()
        self.given: deque[int] = deque()
        self.lives = True
        not_for_copies(self.pipe)
        atexit.register(self.pipe.close)  # whoever ends without a word is not waited for by a worker that waits for it
        known = maker, sources, folders(), most
        self._process = multiprocessing.Process(target=_work, args=(there, *known), daemon=True)
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
        """Nothing more is wanted, and all that it has made was taken."""
        with suppress(OSError):
            self.pipe.send(None)

    def leave(self) -> None:
        """Nothing of it is wanted: it drops what lies beside a place still. It alone knows all of that: Ctrl-C may come
        in the middle of an answer, and what is read from there on makes no sense."""
        self.pipe.close()

    def join(self) -> None:
        """It comes to its end."""
        self._process.join()
        self.pipe.close()
        atexit.unregister(self.pipe.close)

    def sweep(self, all_made: Iterable[Made], plan: Plan) -> None:
        """What it had begun of these when it died goes."""
        spots, places = Spots(plan), list[str]()
        for result in (result for made in all_made for results in made.results.values() for result in results):
            for path in result.files:
                with suppress(OSError, Outside):
                    places.append(spots.spot(path))
        sweep(places, self._process.pid)


# -- in the worker ----------------------------------------------------------------------------

_lying: deque[list[str]] = deque()  # files beside their places, by chunk: of the last ones that were handed over


def _work(pipe: Connection, maker: Maker, sources: Sequence[Source], known: tuple[Folder, ...], most: int) -> None:
    """Its life: the plan, the sources, and the folders of formats that the first process knows."""
    pass_over_ends()
    for folder in known:
        use_folder(folder.path, trusted=folder.trusted)
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
                while len(_lying) > most:
                    _lying.popleft()
            except Exception as problem:
                problem.add_note(traceback.format_exc())
                made = problem
            pipe.send(made)
    except (EOFError, OSError):  # the first one wants nothing more, or was killed
        _drop_all()


def _make(maker: Maker, beside: Beside, sources: Sequence[Source]) -> list[Made]:
    all_made: list[Made] = []
    try:
        for source in sources:
            all_made.append(made := maker.make(source))
            source.let_go()
            made.beside = beside.written(made.results)
    except BaseException:
        dropped(made.beside for made in all_made)
        raise
    _lying.append([one.file for made in all_made for one in made.beside.values() if one.file])
    return all_made


def _drop_all() -> None:
    for file in chain.from_iterable(_lying):
        Lying(file, "").drop()
