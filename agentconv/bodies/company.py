"""The agents of a batch: what each is called where it comes from, and what the target will call it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from agentconv.model import Agent
from agentconv.records import dataclass
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.bodies.finder import Finder
    from agentconv.containers import Places
    from agentconv.reading.context import Read, Reading


@dataclass(frozen=True, slots=True)
class Member:
    """One agent of the batch. ``words``: what its source may call it, the program's own word first."""

    words: tuple[str, ...]
    title: str = ""
    source: str = ""  # its file, from the root of the project
    becomes: str = ""  # what the target calls it
    output: str = ""  # the target's file


class Lookup:
    """What is looked for in every prompt, made when the first one is looked at."""

    def __init__(self, members: Sequence[Member], by_word: Mapping[str, Member], renamed: Iterable[str]) -> None:
        self._members, self._by_word, self._renamed = members, by_word, renamed

    @cached_property
    def words(self) -> Finder:
        """The words that mean an agent, but for single letters."""
        return _finder(word for word in self._by_word if len(word) > 1)

    @cached_property
    def renamed(self) -> Finder:
        """Those of them that the target does not know."""
        return _finder(word for word in self._renamed if len(word) > 1)

    @cached_property
    def files(self) -> dict[str, Member]:
        """The agents by the bare names of their files."""
        return {m.source.rsplit("/", 1)[-1]: m for m in self._members if m.source}

    @cached_property
    def file_names(self) -> Finder:
        """These names."""
        return _finder(self.files)

    @cached_property
    def slugs(self) -> dict[str, Member]:
        """The agents by their words in small letters, with dashes between them."""
        return {slug(word).strip("-"): m for word, m in self._by_word.items()}


def _finder(words: Iterable[str]) -> Finder:
    from agentconv.bodies.finder import Finder  # most conversions look for none

    return Finder(words)


def slug(words: str) -> str:
    """A title as a name would spell it."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower())


@dataclass(frozen=True, slots=True)
class Company:
    """All agents of a batch by the words that mean them; a word of two agents means neither."""

    members: tuple[Member, ...] = ()
    by_word: dict[str, Member] = field(default_factory=dict, compare=False)
    by_file: dict[str, Member] = field(default_factory=dict, compare=False)
    renamed: dict[str, str] = field(default_factory=dict, compare=False)
    """Words that the target does not know, with its own; what would be taken for another agent is left out."""
    lookup: Lookup = field(default_factory=lambda: Lookup((), {}, ()), compare=False)


def titles(member: Member) -> tuple[str, ...]:
    """What people read and no program calls the agent by."""
    return (member.title,) if member.title and member.title not in member.words[:1] else ()


def gathered(members: Iterable[Member]) -> Company:
    """The members with their words."""
    kept = tuple(members)
    words: dict[str, Member] = {}
    twice: set[str] = set()
    for member in kept:
        for word in dict.fromkeys(w for w in (*member.words, member.title) if w):
            if word in words and words[word].words[:1] != member.words[:1]:
                twice.add(word)
            words.setdefault(word, member)
    by_word = {word: m for word, m in words.items() if word not in twice}
    renamed = {
        word: m.becomes
        for word, m in by_word.items()
        if m.becomes and m.becomes not in m.words and m.becomes not in by_word and word not in titles(m)
    }
    counted = Counter(m.source for m in kept)
    by_file = {m.source: m for m in kept if m.source and counted[m.source] == 1}
    return Company(kept, by_word, by_file, renamed, Lookup(kept, by_word, renamed))


def member_as(agent: Agent, lowered: Agent, dst: Spec, path: str) -> Member:
    """An agent as its batch knows it, with the name that it got."""
    by_name = dst.identity.get("by", "name") == "name"
    becomes = str(lowered.name or lowered.id) if by_name else lowered.id
    return replace(member(agent, path), becomes=becomes)


def member(agent: Agent, path: str = "", dst: Spec | None = None, user: bool = False) -> Member:
    """An agent as its batch knows it; ``dst``: with what the target makes of its name."""
    words = tuple(dict.fromkeys(w for w in (agent.id, agent.name, agent.id.rsplit("/", 1)[-1]) if w and w.strip()))
    title = agent.title or ""
    if dst is None or not words:
        return Member(words, title, path)
    from agentconv.lowering.lowered import Lowered
    from agentconv.lowering.texts import lower_identity
    from agentconv.output.render import output_path

    fields = lower_identity(agent, dst, Lowered(Agent()))
    by_name = dst.identity.get("by", "name") == "name"
    becomes = str(fields.get("name") or fields["id"]) if by_name else str(fields["id"])
    output = output_path(Agent(id=str(fields["id"]), name=fields.get("name")), dst, user)
    return Member(words, title, path, becomes, output)


Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a prompt stands: among which agents, in which file, and how a place in it is a place of that file."""

    company: Company = Company()
    file: str = ""
    place: Callable[[int], Place] = lambda _: (0, 0)
    output: str = ""  # where the agent will lie
    beside: Callable[[str], str | None] | None = None  # the text of a file, from the definition's folder


def own_company(reading: Reading, dst: Spec) -> Company:
    """The agents of the file itself."""
    return gathered(member(r.agent, reading.path, dst) for r in reading.agents)


def scene(reading: Reading, read: Read, company: Company | None, dst: Spec) -> Scene:
    """The scene of one agent of a file; without a batch the agents of the file are the company."""
    company = company or own_company(reading, dst)
    mine = company.by_word.get(read.agent.id or read.agent.name or "")
    return Scene(company, reading.path, placer(reading, read), mine.output if mine else "", reading.get)


def placer(reading: Reading, read: Read) -> Callable[[int], Place]:
    """Offset in the prompt -> line and column in the file; (0, 0) where the prompt is not in it as it stands."""
    offset, places = offsets(reading, read), _Once(reading.text)

    def place(at: int) -> Place:
        found = offset(at)
        return places.at(found) if found >= 0 else (0, 0)

    return place


class _Once:
    """The places of a text, found when the first one is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.known: Places | None = None

    def at(self, offset: int) -> Place:
        if self.known is None:
            from agentconv.containers import Places

            self.known = Places(self.text)
        return self.known.at(offset)


def offsets(reading: Reading, read: Read) -> Callable[[int], int]:
    """Offset in the prompt -> offset in the text of the file; -1 where the prompt is not in it as it stands."""
    known: list[tuple[int, list[tuple[int, int]]]] = []

    def offset(at: int) -> int:
        if not known:
            prompt, text = read.agent.prompt or "", reading.text
            node = read.where.get("prompt")
            start = max(node.start if node is not None else reading.document.body_start if reading.document else 0, 0)
            found = text.find(prompt, start)
            known.append((found, [] if found >= 0 else _lines(prompt, text, start)))
        found, lines = known[0]
        if found >= 0:
            return found + at
        row = bisect_right(lines, (at, len(reading.text))) - 1
        return lines[row][1] + at - lines[row][0] if row >= 0 else -1

    return offset


def _lines(prompt: str, text: str, start: int) -> list[tuple[int, int]]:
    """In an indented or quoted text the lines stand one below the other, each with something in front: where each of
    them begins, in the prompt and in the file."""
    out: list[tuple[int, int]] = []
    at, begin = start, 0
    for whole in prompt.split("\n"):
        line = whole.strip()
        if line:
            found = text.find(line, at)
            if found < 0:
                return []
            out.append((begin + len(whole) - len(whole.lstrip()), found))
            at = found + len(line)
        begin += len(whole) + 1
    return out
