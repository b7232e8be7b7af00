"""Which of the target's names stand for some capabilities.

One rule: of the names that give no wider right, those that drop least, then those with the fewest
extras; the description's ``write:`` settles what its own people write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from agentconv.capabilities import limited
from agentconv.lowering import barenames
from agentconv.lowering.wish import ToolJob
from agentconv.records import dataclass
from agentconv.spec import Name, Spec, near, part_of, portable, risk

NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Choice:
    """Names for the capabilities, and what had to give."""

    names: list[str] = field(default_factory=list)
    by_cap: dict[str, str] = field(default_factory=dict)  # capability -> the name that holds it
    near: dict[str, tuple[str, str]] = field(default_factory=dict)  # capability -> (stand-in, effect)
    wider: dict[str, str] = field(default_factory=dict)  # capability -> a name that would give more
    missing: list[str] = field(default_factory=list)


def writable(spec: Spec) -> list[Name]:
    """Names that may stand in the control: in one of groups, the groups alone."""
    names = spec.tools.names.values()
    return [n for n in names if n.members] if spec.tools.control == "groups" else list(names)


def candidates(cap: str, spec: Spec, without: frozenset[str] = NOTHING) -> list[Name]:
    """Names that mean the capability; those that merely bring it along come last."""
    every = spec.tools.mcp.get("every")  # whose price is every server: never chosen for what comes along with it
    names = [n for n in writable(spec) if not n.off and not n.never and n.name != every and n.name not in without]
    means = [n for n in names if cap in n.caps]
    return means or [n for n in names if cap in n.also]


def best(
    cap: str,
    wanted: set[str],
    allowed: frozenset[str],
    spec: Spec,
    cut: frozenset[str] = NOTHING,
    without: frozenset[str] = NOTHING,
) -> tuple[Name | None, Name | None]:
    """The name to write for a capability, and where none is allowed one that would give more. ``cut``: what
    the agent has a part of, which the name may not give as a whole; ``without``: names that are not taken."""
    found = candidates(cap, spec, without)
    fit = [n for n in found if _price(n, wanted) <= allowed and cut.isdisjoint(n.gives)]
    preferred = (spec.tools.fact("write") or {}).get(cap)
    for name in fit:
        if name.name == preferred:
            return name, None
    if not fit:
        return None, (found[0] if found else None)
    return min(fit, key=lambda n: (len(set(n.gives) - wanted), -len(set(n.caps) & wanted))), None  # the first of them


def _price(name: Name, wanted: set[str]) -> frozenset[str]:
    """The classes of a name, less what is a right for itself and wanted."""
    return frozenset(risk(c) for c in name.gives if not (c in wanted and limited(c))) - {"none"}


def choose(
    caps: Iterable[str],
    along: Iterable[str],
    allowed: frozenset[str],
    spec: Spec,
    cut: frozenset[str] = NOTHING,
    without: frozenset[str] = NOTHING,
) -> Choice:
    """Names for ``caps``; ``along`` are welcome but not missed, of what is ``cut`` no name gives the whole."""
    choice = Choice()
    caps = list(dict.fromkeys(caps))
    wanted = set(caps) | set(along)
    held: set[str] = set()
    for cap in caps:
        if not portable(cap):
            choice.missing.append(cap)
            continue
        if cap in held:
            choice.by_cap[cap] = next(n for n in choice.names if cap in spec.tools.names[n].gives)
            continue
        name, wider = best(cap, wanted, allowed, spec, cut, without)
        if name is None:
            stand_in = _near(cap, wanted, allowed, spec, cut, without)
            if stand_in is not None:
                other, effect, name = stand_in
                choice.near[cap] = (other, effect)
            elif wider is not None:
                choice.wider[cap] = wider.name
                continue
            else:
                choice.missing.append(cap)
                continue
        choice.by_cap[cap] = name.name
        if name.name not in choice.names:
            choice.names.append(name.name)
            held |= set(name.gives)
    _drop_contained(choice, spec)
    return choice


def _near(
    cap: str, wanted: set[str], allowed: frozenset[str], spec: Spec, cut: frozenset[str], without: frozenset[str]
) -> tuple[str, str, Name] | None:
    for other, effect in near(cap).items():
        if risk(other) not in allowed and risk(other) != "none":
            continue
        name, _ = best(other, wanted, allowed, spec, cut, without)
        if name is not None:
            return other, effect, name
    return None


def _drop_contained(choice: Choice, spec: Spec) -> None:
    """A member beside its group says nothing new."""
    groups = [spec.tools.names[n] for n in choice.names if spec.tools.names[n].members]
    inside = {m for g in groups for m in spec.tools.expand(g.name)}
    for name in [n for n in choice.names if n in inside]:
        choice.names.remove(name)
        owner = next(g.name for g in groups if name in spec.tools.expand(g.name))
        choice.by_cap = {c: owner if n == name else n for c, n in choice.by_cap.items()}


def everything_but(closed: set[str], job: ToolJob) -> list[str]:
    """All names that the target has less what is closed, whole groups where all members are open."""
    spec, table = job.dst, job.dst.tools

    def fits(name: Name) -> bool:
        return (
            not (name.off or name.never or name.closed)
            and not {c for c in name.caps if not (part_of(c) and risk(c) == "none")} & closed
            and not ({c for c in name.gives if risk(c) != "none"} & closed)
            and job.price(name) <= job.literal
        )

    out: list[str] = []
    for name in table.names.values():
        if name.members and not name.off:
            singles = [table.names[s] for s in table.expand(name.name)]
            if (
                all(fits(s) or s.off for s in singles)
                and any(fits(s) for s in singles)
                and job.price(name) <= job.literal
            ):
                out.append(name.name)
    if table.control == "groups":
        return out
    out = _without_overlaps([g for g in out if not _inside_other(g, out, spec)], spec)
    held = {s for g in out for s in table.expand(g)}
    beside = [
        n for n, name in table.singles.items() if n not in held and fits(name) and _worth(name, out, closed, spec)
    ]
    if barenames.shy(job):
        out = barenames.unfolded(out, job, {n for n, name in table.singles.items() if fits(name)})
    return out + beside


def _worth(name: Name, groups: list[str], closed: set[str], spec: Spec) -> bool:
    """Whether a tool beside the groups is more than a leftover: the output of a shell that is denied, a second name
    for what a group gives, something that only this program has."""
    table = spec.tools
    if name.caps and all(part_of(c) in closed for c in name.caps):
        return False
    in_group = any(name.name in table.expand(g) for g, facts in table.names.items() if facts.members)
    if groups and not in_group and set(name.caps) <= {c for g in groups for c in table.names[g].gives}:
        return False
    return not name.caps or any(portable(c) for c in name.caps) or bool(name.classes)


def _without_overlaps(groups: list[str], spec: Spec) -> list[str]:
    """Groups that add a tool to those before them, the larger first."""
    held: set[str] = set()
    kept = set()
    for group in sorted(groups, key=lambda g: -len(spec.tools.expand(g))):
        members = set(spec.tools.expand(group))
        if members - held:
            kept.add(group)
            held |= members
    return [g for g in groups if g in kept]


def _inside_other(group: str, groups: list[str], spec: Spec) -> bool:
    mine = set(spec.tools.expand(group))
    for other in groups:
        theirs = set(spec.tools.expand(other))
        if other != group and mine <= theirs and (mine < theirs or groups.index(other) < groups.index(group)):
            return True
    return False


def name_for(cap: str, spec: Spec, wanted: set[str]) -> str | None:
    """The program's own name for one capability, without a step down."""
    every = frozenset(("reads", "writes", "runs", "network", "delegates"))
    name, _ = best(cap, wanted, every, spec)
    return name.name if name and cap in name.caps and name.classes <= {risk(c) for c in wanted} | {"none"} else None
