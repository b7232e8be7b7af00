"""What became of an agent, for others of its kind with other texts.

The outputs are filled in and read back (``project.gaps``). Agents of one kind may be written in several manners: a
description in a block, a name that is a title. What is shown for one manner by another is shown for all kinds whose
headers have the same keys.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import field, replace
from operator import attrgetter

from agentconv.alike import Kind
from agentconv.bodies.company import Member
from agentconv.conversion import Conversion
from agentconv.kinds import Family, Kinds
from agentconv.notes import Note
from agentconv.project.gaps import PARTS, Gap, Output, with_gaps
from agentconv.records import dataclass
from agentconv.registry import load
from agentconv.signs import Signs, Texts, signs

Results = dict[str, list[Conversion]]  # of each target
MOST = 40  # manners of a kind that are kept
OF_NAMES = ("C001",)  # notes that say what an agent is called
_of_parts = attrgetter(*PARTS)


@dataclass(slots=True)
class OfTarget:
    """What became of an agent in one target, and the outputs with gaps."""

    signs: Signs
    results: tuple[tuple[Conversion, Output | None], ...]
    family: Family  # of kinds that are written and spoken of in the same way
    places: Hashable  # how they are written
    said: Hashable  # and spoken of
    proved_as_said: bool = False  # for those with the description of the first

    @property
    def proved(self) -> bool:
        """Whether another agent, of this kind or of one that looks like it, was just what filling gives."""
        return self.family.get((self.places, self.said), False)

    def across(self, first: Hashable, other: Hashable) -> bool | None:
        """Whether another manner of writing made no difference to one that is written like this; ``None``: unknown."""
        return self.family.get((self.places, first, other))

    def filled(self, texts: Texts, first: Texts) -> list[Conversion] | None:
        """The results for another one; ``None`` where its texts may make a difference."""
        if not self.signs.plain(texts, first):
            return None
        loaded, theirs = self.signs.loaded(texts), self.signs.loaded(first)
        if _changed(texts, loaded) != _changed(first, theirs):  # which is said
            return None
        swap = _swap(first, texts) if theirs is first else _swap(theirs, loaded) | _swap(first, texts)
        made = []
        for result, output in self.results:
            file = output.filled(texts, loaded) if output is not None else None
            if output is not None and file is None:
                return None
            made.append(_result(result, first, texts, swap, dict([file]) if file else {}))
        return made


def _changed(texts: Texts, loaded: Texts) -> tuple[bool, bool]:
    if texts is loaded:
        return False, False
    return texts.description != loaded.description, texts.prompt != loaded.prompt


def _swap(first: Texts, texts: Texts) -> dict[str, str]:
    return dict(zip(_of_parts(first), _of_parts(texts), strict=True))


@dataclass(slots=True)
class Manner:
    """What became of the first agent of a kind that was written in one manner."""

    first: Texts
    targets: dict[str, OfTarget]
    refuted: set[str] = field(default_factory=set)

    def filled(self, texts: Texts, but: Results) -> Iterable[tuple[str, list[Conversion]]]:
        """The results for other texts, in the targets for which that is proved."""
        mine = texts.manner == self.first.manner
        same = mine and texts.description == self.first.description
        for id, target in self.targets.items():
            proved = target.proved if mine else target.across(self.first.manner, texts.manner)
            if id not in but and (proved or (same and target.proved_as_said)):
                results = target.filled(texts, self.first)
                if results is not None:
                    yield id, results

    def prove(self, texts: Texts, made: Results) -> None:
        """Hold what is filled in against what became of another agent."""
        if not texts.other(self.first):
            return
        if texts.manner == self.first.manner:
            self._prove(texts, made)
        elif texts.description != self.first.description:
            self._prove_across(texts, made)

    def _prove(self, texts: Texts, made: Results) -> None:
        for id in [id for id, target in self.targets.items() if not target.proved and id in made]:
            target = self.targets[id]
            results = target.filled(texts, self.first)
            if results == made[id]:
                target.proved_as_said = True
                if texts.description != self.first.description:
                    target.family.setdefault((target.places, target.said), True)
            elif results is not None:
                target.family[target.places, target.said] = False
                del self.targets[id]
                self.refuted.add(id)

    def _prove_across(self, texts: Texts, made: Results) -> None:
        for id, target in self.targets.items():
            if id in made and target.across(self.first.manner, texts.manner) is None:
                results = target.filled(texts, self.first)
                if results is not None:
                    same = results == made[id]
                    target.family[target.places, self.first.manner, texts.manner] = same


@dataclass(slots=True)
class Filling:
    """What became of agents of a kind, by the manner in which they are written."""

    family: Family
    manners: dict[Hashable, Manner] = field(default_factory=dict)

    def filled(self, texts: Texts) -> Results:
        """The results for an agent with other texts, in the targets for which that is proved."""
        found: Results = {}
        mine = self.manners.get(texts.manner)
        if mine is not None:
            found.update(mine.filled(texts, found))
        if mine is None or len(found) < len(mine.targets):
            for other in self.manners.values():
                if other is not mine:
                    found.update(other.filled(texts, found))
        return found

    def prove(self, texts: Texts, made: Results) -> None:
        """Keep what became of an agent, and hold what others of its kind let expect against it."""
        for one in self.manners.values():
            one.prove(texts, made)
        if len(self.manners) == MOST and texts.manner not in self.manners:
            return
        mine = self.manners.setdefault(texts.manner, Manner(texts, {}))
        new = {id: results for id, results in made.items() if id not in mine.targets and id not in mine.refuted}
        if mine.first is texts:
            mine.targets |= _of_targets(texts, new, self.family)


def _result(
    result: Conversion, first: Texts, texts: Texts, swap: dict[str, str], files: dict[str, bytes]
) -> Conversion:
    """The result of the first with the texts of another one."""
    agent, called = result.agent, result.called
    if agent is not None:
        said = {n: getattr(agent, n) for n in ("id", "name", "title", "description", "when_to_use", "prompt")}
        agent = replace(agent, **{n: swap.get(text, text) for n, text in said.items() if text is not None})
    if called is not None:
        words = tuple([swap.get(word, word) for word in called.words])
        becomes = swap.get(called.becomes, called.becomes)
        called = Member(words, called.title, texts.path, becomes, called.output)
    notes = [_retold(_there(n, first, texts), swap) for n in result.notes]
    return Conversion(
        result.status,
        swap.get(result.name, result.name),
        texts.path,
        result.format,
        result.target,
        result.rights,
        list(result.gained),
        notes,
        files,
        agent,
        swap.get(result.entry, result.entry),
        result.unchanged,
        called,
        result.names,
        result.said,
    )


def _there(one: Note, first: Texts, texts: Texts) -> Note:
    """A note on the file of the first of a kind, of the file of another one."""
    if one.file != first.path:
        return one
    there = one.elsewhere(texts.path)
    if texts.more != first.more and one.line > first.line + first.more:
        return there.moved(line=one.line + texts.more - first.more)
    return there


QUOTED = re.compile(r"`([^`]*)`")


def _retold(one: Note, swap: dict[str, str]) -> Note:
    """A note on what an agent is called there, with the names of another one."""
    if one.code not in OF_NAMES:
        return one
    return one.moved(message=QUOTED.sub(lambda found: f"`{swap.get(found[1], found[1])}`", one.message))


def new_kinds() -> Kinds[Results]:
    """For the agents of a run."""
    return Kinds(filling, _family, _kept)


def _kept(results: Results) -> Results:
    """The results as they are now: what is said of an output on its way to its place is no fact of the kind."""
    return {id: [_copy(result, dict(result.files)) for result in made] for id, made in results.items()}


def _copy(result: Conversion, files: dict[str, bytes]) -> Conversion:
    return replace(result, notes=list(result.notes), gained=list(result.gained), files=files)


def _family(kind: Hashable) -> Hashable:
    """Kinds whose headers have the same keys. Which values stand there says what is written and which rights there are,
    which is proved for each kind; that name, description and prompt change nothing of it is shown once for all."""
    match kind:
        case (Kind() as own, beside):
            return own.keys, beside
    return kind


def _places(id: str, results: list[tuple[Conversion, Output | None]]) -> Hashable:
    """How an agent is written, as far as it has to be the same for all to whom the same may be shown: what the outputs
    are called by, and where the texts stand in them."""
    gaps = [
        [out.called, len(out.path), *((p.part, p.loaded) for p in out.pieces if isinstance(p, Gap))] if out else None
        for _, out in results
    ]
    return id, repr(gaps)


def filling(first: Texts, results: Results, family: Family) -> Filling:
    """What became of the first of a kind."""
    made = Filling(family)
    made.prove(first, results)
    return made


def _of_targets(first: Texts, results: Results, family: Family) -> dict[str, OfTarget]:
    """The results of an agent with gaps, of those targets where each text has a place that can be told."""
    out = {}
    for id, made in results.items():
        if load(id).folder:  # a template of somebody's own may do anything with a text
            continue
        outputs = [with_gaps(load(id), first, result) if result.files else None for result in made]
        known = all(o is not None or not r.files for o, r in zip(outputs, made, strict=True))
        if known and not any(_speaks(result.notes, first) for result in made):
            kept = [_copy(result, {}) for result in made]
            both = list(zip(kept, outputs, strict=True))
            said = repr([(result.status, *(one.code for one in result.notes)) for result in kept])
            out[id] = OfTarget(signs(load(id)), tuple(both), family, _places(id, both), said)
    return out


def _speaks(notes: Iterable[Note], texts: Texts) -> bool:
    """Whether a note says something of the texts themselves."""
    words = (texts.name, texts.slug, texts.stem, texts.description)
    said = [(QUOTED.sub("", n.message) if n.code in OF_NAMES else n.message, n.help) for n in notes]
    return any(word in text for both in said for text in both for word in words)
