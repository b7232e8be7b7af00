"""The same agent in several formats: copies are left out, a real difference is an error for that agent alone.

Without a word from the user every known place is a source, so a second target would find the first one's outputs
beside their originals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agentconv.convert import BeforeAfter, Conversion, convert_read
from agentconv.dump import agent_to_data
from agentconv.lowering.lower import Options
from agentconv.naming import slug
from agentconv.notes import note
from agentconv.project.sources import Source
from agentconv.project.written import Written
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_author

Pair = tuple[Source, Reading]
RENAMED = "-agent"  # what a conversion puts behind a name that the target keeps for itself


@dataclass(slots=True)
class Holder:
    """One agent in one file."""

    source: Source
    reading: Reading
    read: Read

    @property
    def label(self) -> str:
        """File and format, for messages."""
        return f"{self.source.path} ({self.reading.spec.id})"


def resolve(
    pairs: list[Pair], written: Written, targets: Iterable[str], wanted: Callable[[Read], bool]
) -> tuple[list[Pair], list[Conversion]]:
    """The readings without copies, and an error for each wanted agent whose formats really differ."""
    groups: dict[str, list[Holder]] = {}
    for source, reading in pairs:
        for read in reading.agents:
            groups.setdefault(slug(read.agent.id or read.agent.name or ""), []).append(Holder(source, reading, read))
    for name in [name for name in groups if name.endswith(RENAMED) and name.removesuffix(RENAMED) in groups]:
        first = groups[name.removesuffix(RENAMED)]
        first += [h for h in groups[name] if written.knows(h.source.path, h.reading.text.encode("utf-8"))]
        groups[name] = [h for h in groups[name] if not any(h is one for one in first)]
    dropped: set[int] = set()
    failed: list[Conversion] = []
    for holders in groups.values():
        if len({h.reading.spec.id for h in holders}) < 2 or not any(wanted(h.read) for h in holders):
            continue
        keep, wrong = _originals(holders, written)
        dropped |= {id(h.read) for h in holders if not any(h is k for k in keep)}
        if wrong:
            failed += [_differ(keep, target) for target in targets]
            dropped |= {id(h.read) for h in holders}
    if not dropped:
        return pairs, failed
    return [(s, _without(r, dropped)) for s, r in pairs if _left(r, dropped)], failed


def _left(reading: Reading, dropped: set[int]) -> bool:
    return not reading.agents or any(id(r) not in dropped for r in reading.agents)


def _without(reading: Reading, dropped: set[int]) -> Reading:
    return replace(reading, agents=[r for r in reading.agents if id(r) not in dropped])


def _originals(holders: list[Holder], written: Written) -> tuple[list[Holder], bool]:
    """Those that are no copy of another; or the two that contradict each other."""
    own = [h for h in holders if not written.knows(h.source.path, h.reading.text.encode("utf-8"))]
    rest = own or holders
    rest = [h for h in rest if not any(_part_of(h, other) for other in rest)]
    kept = [rest[0]]
    for other in rest[1:]:
        if other.reading.spec.id == kept[0].reading.spec.id:
            kept.append(other)  # two of one format are a matter of their outputs
            continue
        first = kept[0]
        if _gives(first, other):
            continue
        if _gives(other, first):
            kept = [other]
            continue
        return [*kept, other], True
    return kept, False


def _part_of(entry: Holder, other: Holder) -> bool:
    """Whether the program puts an entry of its configuration together with the other agent's file: it is in that."""
    if not other.reading.spec.tables.get("above"):
        return False
    from agentconv.reading.above import is_above

    path, above = other.source.path, entry.source.path
    return path != above and is_above(other.reading.spec, path, above, entry.reading.spec.id)


def _gives(one: Holder, other: Holder) -> bool:
    """Whether converting one gives the other, in its bytes or in what they mean; as it is, or with all that a user may
    have allowed."""
    return any(
        _is(one, other, options) for options in (Options(), Options(allow_widening=frozenset({"*"}), guard=False))
    )


def _is(one: Holder, other: Holder, options: Options) -> bool:
    made = convert_read(one.read, one.reading, None, other.reading.spec, options)
    if not made.files:
        return False
    text = next(iter(made.files.values())).decode("utf-8")
    if text == other.reading.text:
        return True
    back = read_author(other.reading.spec, text, other.source.path, other.reading.get)
    return any(_meaning(r) == _meaning(other.read) for r in back.agents)


def _meaning(read: Read) -> dict[str, object]:
    data = agent_to_data(read.agent)
    data.pop("id", None)
    return data


def _differ(holders: list[Holder], target: str) -> Conversion:
    first = holders[0]
    others = " and ".join(h.label for h in holders)
    formats = list(dict.fromkeys(h.reading.spec.id for h in holders))
    problem = note(
        "F010",
        f"{others} hold the agent `{first.read.agent.id}`, and they differ",
        file=first.source.path,
        help=f"--from {formats[0]} (or {', '.join(formats[1:])}) chooses; agentconv diff shows how they differ",
        cause="differ",
    )
    empty = BeforeAfter([], [])
    return Conversion(
        "failed", first.read.agent.id, first.source.path, first.reading.spec.id, target, empty, notes=[problem]
    )
