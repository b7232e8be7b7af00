"""A run over many files: convert each, keep what others wrote, write what is proved, count what became of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentconv.convert import BeforeAfter, Conversion
from agentconv.lowering.lower import Options
from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.project import files
from agentconv.project.copies import resolve
from agentconv.project.sources import Source, beside
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_author
from agentconv.registry import heads, load, shared_readers, trusted
from agentconv.spec import Spec

DEFAULT = Options()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user wants done with the results."""

    root: Path
    targets: tuple[str, ...]
    options: Options = DEFAULT
    output: str | None = None  # -o
    flat: bool = False
    force: bool = False
    in_place: bool = False
    update: bool = False
    dry: bool = False
    suffix: bool = False  # --on-collision suffix
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    found: bool = False  # the sources were looked for, not named: copies among them are left out
    everything: bool = False  # --to all: no place is a target's own, so outputs of earlier runs are left out
    several: bool = False  # more than one output: -o names a folder


@dataclass(frozen=True, slots=True)
class Remark:
    """What holds for the batch as a whole, or for one target of it, with the number of agents it concerns."""

    target: str
    count: int
    note: Note


@dataclass(slots=True)
class Run:
    """The results, and the texts for ``-o -`` or ``--diff``."""

    plan: Plan
    results: list[Conversion] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    changes: list[tuple[str, str | None, str]] = field(default_factory=list)  # path, text before, text after
    stdout: str | None = None


def run(plan: Plan, sources: Iterable[Source], progress: Callable[[int], None] = lambda n: None) -> Run:
    """Convert every agent of every source to every target."""
    from agentconv.project.writing import Target

    done = Run(plan)
    readings = [(source, reading) for source in sources if (reading := read_source(source, done)) is not None]
    written = files.Written(plan.root)
    if plan.everything:
        readings = [(s, r) for s, r in readings if s.path not in written.hashes] or readings
    if plan.found:
        readings, differing = resolve(readings, written, plan.targets)
        done.results += differing
    everyone = readings
    if plan.only or plan.exclude:
        readings = _picked(readings, done)
    count = sum(len(reading.agents) for _, reading in readings)
    for target in plan.targets:
        dst = load(target)
        plan = done.plan = replace(plan, several=len(plan.targets) > 1 or (count > 1 and not dst.many))
        Target(dst, plan, done, written).convert(readings, progress, everyone)
        if plan.output is None:
            _say_missing(dst, plan, done)
    if not plan.dry:
        written.save()
    places = {source.path: source.place for source, _ in readings if source.placed}
    for target in plan.targets:
        done.remarks += about_target(
            load(target), [r for r in done.results if r.target == target and r.files], places, done
        )
    done.remarks += _of_strangers(done)
    return done


def _say_missing(dst: Spec, plan: Plan, done: Run) -> None:
    """Skills and servers that the target will not find here, for agents that name some."""
    named = [r for r in done.results if r.target == dst.id and r.agent is not None and _names_others(r.agent)]
    if named and dst.head.get("around") and not plan.options.user:
        from agentconv.project.references import say_missing

        say_missing(dst, plan.root, named)


def _names_others(agent: Agent) -> bool:
    return bool(agent.skills) or any(r.tool.server for r in agent.tools.rules)


def _of_strangers(done: Run) -> list[Remark]:
    """Formats in use that the project itself brings."""
    out = []
    for id in dict.fromkeys(i for r in done.results for i in (r.format, r.target)):
        if id in heads() and not trusted(id):
            count = sum(id in (r.format, r.target) for r in done.results)
            text = f"`{id}` is described by this project itself, in .agentconv/formats"
            help = f"agentconv formats {id} shows what it says"
            out.append(
                Remark(id if any(r.target == id for r in done.results) else "", count, note("F040", text, help=help))
            )
    return out


def _picked(readings: list[tuple[Source, Reading]], done: Run) -> list[tuple[Source, Reading]]:
    """The agents of --only and --exclude; a name that no agent has is said."""
    plan = done.plan
    known: dict[str, None] = {}
    out = []
    for source, reading in readings:
        for read in reading.agents:
            known |= dict.fromkeys(_called(read))
        left = [r for r in reading.agents if _chosen(r, plan)]
        if left or not reading.agents:
            out.append((source, replace(reading, agents=left)))
    for name in (*plan.only, *plan.exclude):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            help = f"did you mean `{near[0]}`?" if near else "agentconv list shows the names"
            done.remarks.append(Remark("", 0, note("F004", f"no agent is called `{name}`", help=help)))
    return [(s, r) for s, r in out if r.agents or not plan.only]


def _called(read: Read) -> set[str]:
    agent = read.agent
    return {agent.id, agent.name or agent.id, agent.id.rsplit("/", 1)[-1]}


def _chosen(read: Read, plan: Plan) -> bool:
    called = _called(read)
    return (not plan.only or bool(called & set(plan.only))) and not called & set(plan.exclude)


def about_target(dst: Spec, results: list[Conversion], placed: dict[str, str], done: Run) -> list[Remark]:
    """Double listing, and what the program asks for first."""
    out: list[Remark] = []
    changed = [r for r in results if not r.unchanged and r.status not in ("kept", "failed")]
    if not changed or done.plan.output is not None:
        return out
    created = {path for path, before, _ in done.changes if before is None}
    new = [r for r in changed if created & r.files.keys()]
    readers = {program: other.id for other, program, equal in shared_readers(dst) if equal} | {dst.program: dst.id}
    for format in dict.fromkeys(r.format for r in new):
        twice: dict[str, str] = {}
        for id, entry in (heads()[format].get("also_read_by") or {}).items():
            facts = entry if isinstance(entry, dict) else {"program": entry}
            program = str(facts.get("program", id))
            if program in readers and format != dst.id and not facts.get("equal"):
                twice[program] = str(facts.get("twice") or "")
        mine = [r for r in results if r.format == format and r.source in placed]
        if twice and mine:
            out.append(Remark(dst.id, len(mine), _double(twice, placed[mine[0].source])))
    for when, text in asked(dst).items():
        fields = [f for f in when.split(",") if f]
        count = sum(not fields or any(getattr(r.agent, f.strip(), None) is not None for f in fields) for r in changed)
        if count:
            out.append(Remark(dst.id, count, note("C015", text, path=dst.id)))
    return out


def _double(twice: dict[str, str], folder: str) -> Note:
    programs = " and ".join(twice)
    text = f"{programs} {'read' if len(twice) > 1 else 'reads'} {folder} too: agents will show twice"
    helps = [help for help in twice.values() if help]
    without = [program for program, help in twice.items() if not help]
    if without:
        helps.append(f"{' and '.join(without)} {'have' if len(without) > 1 else 'has'} no setting that ends it")
    return note("C014", text, help="\n".join(helps))


def asked(dst: Spec) -> dict[str, str]:
    """What the program wants before it shows an agent: for all (an empty key), or for those that say a field."""
    asks = dst.tables.get("asks")
    if not asks:
        return {}
    return {str(k): str(v) for k, v in asks.items()} if isinstance(asks, dict) else {"": str(asks)}


def read_source(source: Source, done: Run) -> Reading | None:
    """The agents of a file; a file that cannot be read is a result of its own."""
    problems = [n for n in source.notes if n.effect == "error"]
    if source.text is None or source.format is None or problems:
        if problems:
            empty = BeforeAfter([], [])
            for target in done.plan.targets:
                done.results.append(
                    Conversion("failed", "", source.path, source.format or "", target, empty, notes=list(source.notes))
                )
        return None
    reading = read_author(load(source.format), source.text, source.path, beside(source))
    if source.prefix:
        reading.agents = [_prefixed(r, source.prefix) for r in reading.agents]
    return reading


def _prefixed(read: Read, prefix: str) -> Read:
    """The agent as its program calls it: with the plugin's name in front."""
    agent = read.agent
    name = None if agent.name is None else f"{prefix}-{agent.name}"
    return replace(read, agent=replace(agent, id=f"{prefix}-{agent.id}", name=name))
