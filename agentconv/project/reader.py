"""A process for the disk, while this one converts: it reads, and hands over what it has read.

A file that nobody has touched for a second may take 50 µs of a machine, and 8 µs right after that; one that has to
come from the disk takes longer still. So a copy of this process reads some hundred files ahead, into memory that both
have and that is used again and again, and this one finds their bytes there. While there are enough of them it also
takes the files in: their formats, and which of them are alike.
"""

from __future__ import annotations

import os
import select
import signal
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from mmap import mmap

from agentconv import alike
from agentconv.project import files, sources
from agentconv.project.pipes import begin, receive, send
from agentconv.project.sources import Facts, Source
from agentconv.registry import load

PLACES = 8  # that are filled in turn
ROOM = 1_000_000  # bytes of one; a file that takes more than is left of it is read by whoever needs it
CHUNK = 64  # files in one, at most
ENOUGH = 5  # so many full places wait for the first process: there is time to take files in (2: a twelfth slower)
NOT_HERE = -1  # instead of a size: no file, a link, one that grows, one that is too large
FREE, ALONE = b"f", b"a"  # what the first process says: a place may be filled again; go on without handing over

Known = tuple[Facts | None, alike.Told | None]


class Reader:
    """Hands over files in the order in which they will be asked for. What it does not have, for whatever reason, is
    read by whoever asks; should it die, all the rest."""

    def __init__(self, found: Sequence[Source]) -> None:
        self._announced = found
        self._memory = mmap(-1, PLACES * ROOM)
        told, self._told = os.pipe()
        self._found, handed = os.pipe()
        self._next = 0  # of them, the first one that was not handed over
        self._place = 0
        # by source and not by path: a file may be given twice, and meant differently
        self._here: dict[int, tuple[int, int, Known]] = {}
        mine = os.getpid()

        def life() -> None:
            os.close(self._told)
            os.close(self._found)
            _read(self._memory, found, told, handed, lambda: os.getppid() == mine)

        self._process = begin(life)
        os.close(told)
        os.close(handed)
        self._say(FREE * PLACES)

    def take_over(self, source: Source) -> bytes | None:
        """The bytes of the next source, which is taken in as far as that is done; ``None`` where they are not here."""
        while id(source) not in self._here:
            if not any(source is one for one in self._announced[self._next : self._next + CHUNK]):
                return None  # asked for again, or never announced
            self._receive()
        start, size, (facts, like) = self._here.pop(id(source))
        if size == NOT_HERE:
            return None
        data = self._memory[start : start + size]
        if facts is not None:
            source.text = files.decode(data)
            source.format, source.below, source.placed, source.real = facts
            if like is not None:
                alike.know(load(facts.format), source.text, source.path, like)
        return data

    def _receive(self) -> None:
        """The next files; those of the last place are used up."""
        if self._next:
            self._say(FREE)
        found: list[tuple[int, Known]] | None = receive(self._found)
        if found is None:  # it is dead
            self._next = len(self._announced)
            return
        at, self._here = self._place * ROOM, {}
        for source, (size, known) in zip(self._announced[self._next : self._next + len(found)], found, strict=True):
            self._here[id(source)] = at, size, known
            at += max(size, 0)
        self._next += len(found)
        self._place = (self._place + 1) % PLACES

    def let_alone(self) -> None:
        """From here on others read, too: it goes on, for what was read once is read quickly, and hands over nothing."""
        self._next, self._here = len(self._announced), {}
        self._say(ALONE)

    def _say(self, word: bytes) -> None:
        with suppress(BrokenPipeError):  # it has come to its end
            os.write(self._told, word)

    def close(self) -> None:
        """It need not go on."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._told)
        os.close(self._found)
        self._memory.close()


def _read(memory: mmap, found: Sequence[Source], told: int, handed: int, wanted: Callable[[], bool]) -> None:
    """The life of the second process. ``wanted``: the first one lives."""
    view = memoryview(memory)
    place = done = free = 0
    alone = False

    def told_more() -> bool:
        nonlocal alone, free
        words = os.read(told, PLACES)
        alone, free = not words or ALONE in words, free + len(words)
        return not alone

    while done < len(found) and wanted():
        if not alone and select.select([told], [], [], 0 if free else None)[0]:
            told_more()
        room = view[place * ROOM : (place + 1) * ROOM]
        read = _chunk(room, found[done : done + CHUNK], not alone and free <= PLACES - ENOUGH)
        done, place, free = done + len(read), (place + 1) % PLACES, free - 1
        if not alone:
            send(handed, read, told, told_more)


def _chunk(room: memoryview, found: Sequence[Source], take_in: bool) -> list[tuple[int, Known]]:
    """The first of the files into the room, one behind the other; their sizes, and what is known of them."""
    read: list[tuple[int, Known]] = []
    at = 0
    for source in found:
        size = _into(room[at:], os.fspath(source.at or ""))
        read.append((size, _known(source, bytes(room[at : at + size])) if take_in and size > 0 else (None, None)))
        at += max(size, 0)
        if at > len(room) // 2:
            break
    return read


def _into(room: memoryview, path: str) -> int:
    """One file into the room: its size."""
    try:
        handle = os.open(path, files.READING | files.NO_LINK)
    except OSError:  # said by who needs it
        return NOT_HERE
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size >= len(room):
            return NOT_HERE
        size = os.readv(handle, [room])
        return size if size == found.st_size else NOT_HERE
    except OSError:
        return NOT_HERE
    finally:
        os.close(handle)


def _known(source: Source, data: bytes) -> Known:
    """What taking a file in finds out, as far as nothing is wrong with it."""
    try:
        if (found := sources.facts(source, data)) is not None and source.text is not None:
            return found, alike.told(load(found.format), source.text, source.path)
    except Exception:  # comes up again where it can be said
        return None, None
    finally:
        source.let_go()
    return None, None
