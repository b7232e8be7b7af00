"""Files of which a check has nothing to say, because it had nothing to say of their like (``agentconv.alike``).

Two files of a kind are checked in full. Where neither gives a finding, a third one gives none: its header is the same,
its name, its description and its prompt are nothing but words to every program that reads it, and they keep the same
limits. Left to be seen is what lies around it: whether another agent has its name, and whether its prompt calls an
agent by a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from agentconv.alike import apart
from agentconv.checking.checked import programs_at
from agentconv.checking.prompts import one_of, strange_places
from agentconv.reading.context import Get, Reading
from agentconv.signs import Signs, Texts, signs
from agentconv.spec import Spec

TWO = 2  # files of a kind that are looked at in full before another one is believed to be like them


@dataclass(slots=True, eq=False)
class Kind:
    """What is known of the files of a kind: names of those that were as their texts let expect, and ``None`` as soon as
    one of them was not."""

    called: set[str] | None = field(default_factory=set)  # their agents have the name that stands in the file
    silent: set[str] | None = field(default_factory=set)  # there was nothing to say of them
    programs: tuple[str, ...] = ()  # that read them

    @property
    def sure(self) -> bool:
        """Whether the agent of another one is called as its text says."""
        return self.called is not None and len(self.called) == TWO

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to say of another one, either."""
        return self.sure and self.silent is not None and len(self.silent) == TWO


class Mark(NamedTuple):
    """What is kept of a file: the kind that it is of, and the name in it."""

    kind: Kind
    name: str

    def read(self, reading: Reading) -> None:
        """The file was read."""
        one = reading.agents[0].agent if len(reading.agents) == 1 else None
        expected = one is not None and one.id == self.name and one.name in (None, self.name)
        self.kind.called = _counted(self.kind.called, self.name, expected)

    def checked(self, programs: tuple[str, ...], findings: int) -> None:
        """The file was checked."""
        self.kind.programs = programs
        self.kind.silent = _counted(self.kind.silent, self.name, not findings)


def _counted(names: set[str] | None, name: str, expected: bool) -> set[str] | None:
    if names is None or not expected:
        return None
    return names if len(names) == TWO else names | {name}


@dataclass(frozen=True, slots=True)
class Readers:
    """The programs that read the files with one header."""

    signs: tuple[Signs, ...]
    places: re.Pattern[str]  # of other programs
    kinds: dict[Hashable, Kind] = field(default_factory=dict)  # by the limits that the texts exceed

    def plain(self, texts: Texts) -> bool:
        """Whether all of them take the texts as they are, and a check has nothing to look for in the prompt."""
        for one in self.signs:
            if not one.plain(texts) or one.loaded(texts) is not texts:
                return False
        return self.places.search(texts.prompt) is None


class QuietKinds:
    """The kinds that a check has met. ``programs``: those that the project uses."""

    def __init__(self, programs: frozenset[str]) -> None:
        self.programs = programs
        self._readers: dict[Hashable, Readers] = {}

    def mark(self, spec: Spec, text: str, path: str, get: Get | None) -> Mark | None:
        """The kind of a file; ``None`` where its texts could mean something to a program or to a check."""
        like = apart(spec, text, path, get)
        if like is None or like.texts.name != like.texts.stem:
            return None
        written = like.kind, like.texts.manner
        readers = self._readers.get(written)
        if readers is None:
            readers = self._readers[written] = self._of(spec, path)
        if not readers.plain(like.texts):
            return None
        kind = readers.kinds.setdefault(tuple([one.too_long(like.texts) for one in readers.signs]), Kind())
        return Mark(kind, like.texts.name)

    def _of(self, spec: Spec, path: str) -> Readers:
        there = programs_at(spec, path, self.programs)
        known = tuple((reader.id, program) for reader, program, _ in there)
        return Readers(tuple(signs(reader) for reader, _, _ in there), one_of(tuple(strange_places(spec, known))))
