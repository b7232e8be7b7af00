"""A run over many files: convert each, keep what others wrote, write what is proved, count what became of it.

Files are taken in, converted and written in chunks, so that memory holds the texts of one chunk, and of all the rest
only what the report says of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentconv.bodies.company import Company
from agentconv.conversion import AS_NAMED, Conversion
from agentconv.notes import Note, note
from agentconv.project.ahead import read_ahead
from agentconv.project.files import Outside
from agentconv.project.halves import sweep_dead
from agentconv.project.making import Made, Maker, agents_of, chosen, counted, read_source
from agentconv.project.planning import STDOUT as STDOUT
from agentconv.project.planning import OneFile, named_file
from agentconv.project.planning import Plan as Plan
from agentconv.project.planning import Remark as Remark
from agentconv.project.planning import Run as Run
from agentconv.project.putting import Growing, Here, Putter
from agentconv.project.sources import Source, taken
from agentconv.project.spots import Spots
from agentconv.project.writing import Target
from agentconv.project.written import Written
from agentconv.reading.context import Reading
from agentconv.registry import heads, load, reader_facts, shared_readers, trusted
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.kinds import Kinds
    from agentconv.project.filling import Results
from agentconv.project.nearby import is_file

# Conversions from which workers are started: a guess from CPU times of a busy machine (docs/speed.md).
PAYS_FROM = 3_000
FEW = 3  # agents that are not worth a look at what they have in common
LOCK = "agentconv.lock"


def run(plan: Plan, sources: Iterable[Source], progress: Callable[[int], None] = lambda n: None) -> Run:
    """Convert every agent of every source to every target."""
    found = list(sources)
    written = _written(plan)
    done = Run(plan)
    putter = _putter(plan, found)
    targets = [Target(load(id), plan, done, written, putter) for id in plan.targets]
    ahead = {source.real for source in found if source.real}  # not read yet, so not to be overwritten yet
    known: dict[str, None] = {}
    places: dict[str, str] = {}
    first: list[Conversion] = []
    all_made = _all(plan, found, written, done, first)
    try:
        for made in all_made:
            ahead.discard(made.real)
            known |= made.called
            first += made.unread
            if made.place:
                places[made.path] = made.place
            for target in targets:
                for result in made.results.get(target.dst.id, ()):
                    target.take(result, ahead, made.beside)
                    progress(1)
        done.results += first
        for target in targets:
            target.finish()
            done.results += target.made
    finally:
        all_made.close()
        for target in targets:
            target.drop()
        putter.close()
        if not plan.dry:
            written.save()  # also where the run was ended: what is in its place is agentconv's own
    _say_renamed(plan, found, done.results)
    for target in targets:
        say_absent(target.plan, target.dst, target.made)
        say_twice(target.plan, target.dst, target.made)
    if not plan.dry and plan.output != STDOUT:
        sweep_dead(_places(plan, done.results))
    done.remarks = _unknown_names(plan, known)
    for target in targets:
        done.remarks += about_target(target, [r for r in target.made if r.files], places, done)
    done.remarks += _of_strangers(done)
    if plan.options.user:
        done.remarks += _moved(done)
    return done


def _places(plan: Plan, results: list[Conversion]) -> Iterator[str]:
    """Where the outputs are: asked for once in a folder."""
    spots, folders = Spots(plan), dict[str, str]()
    for result in results:
        for path in result.files:
            folder, _, name = path.rpartition("/")
            if folder not in folders:
                folders[folder] = ""
                with suppress(OSError, Outside):
                    folders[folder] = str(Path(spots.spot(path)).parent)
            if folders[folder]:
                yield f"{folders[folder]}/{name}"


def _written(plan: Plan) -> Written:
    """What agentconv wrote here before; in a project that is built, its lock file knows that, too."""
    if not is_file(plan.root / LOCK):
        return Written(plan.root)
    from agentconv.building.lock import written

    return written(plan.root)


def _all(
    plan: Plan, found: list[Source], written: Written, done: Run, first: list[Conversion]
) -> Generator[Made, None, None]:
    with read_ahead(found if plan.jobs == 0 else ()):
        yield from _made(plan, found, written, done, first)


def _made(
    plan: Plan, found: list[Source], written: Written, done: Run, first: list[Conversion]
) -> Generator[Made, None, None]:
    """Source by source, in their order."""
    if not plan.everything and not (plan.found and _several_formats(found)):
        if plan.output not in (None, STDOUT) and not str(plan.output).endswith("/"):
            plan = _of(plan, counted(plan, found, 2))
        maker = Maker(plan, companies=_companies(plan, found), kinds=_kinds(plan, found))
        if (jobs := workers_for(plan, found)) > 1:
            from agentconv.project.workers import made_by

            for made in made_by(maker, found, jobs):
                done.sources += made.agent_file
                yield made
            return
        for source in found:
            made = maker.make(source)
            done.sources += made.agent_file
            source.let_go()
            yield made
        return
    # which of two files is the original is seen when all of them were read
    readings: list[tuple[Source, Reading]] = []
    for source in found:
        made = Made(source.path)
        known = taken(source)
        done.sources += known is not None
        if known is not None and (reading := read_source(known, plan, made)) is not None:
            readings.append((known, reading))
        first += made.unread
    if plan.everything:
        readings = [(s, r) for s, r in readings if s.path not in written.hashes] or readings
    if plan.found:
        from agentconv.project.copies import resolve

        readings, differing = resolve(readings, written, plan.targets, lambda read: chosen(read, plan))
        first += differing
    plan = _of(plan, agents_of(plan, (r for _, r in readings), 2))
    left = [source for source, _ in readings]
    maker = Maker(plan, companies=_companies(plan, left), kinds=_kinds(plan, left))
    for source, reading in readings:
        yield maker.make_known(source, reading)


def _of(plan: Plan, agents: int) -> Plan:
    """The plan for so many agents. An error comes before anything is written."""
    name = named_file(plan.output, plan.root, plan.targets) if agents > 1 else ""
    if name and not all(load(id).many for id in plan.targets):
        raise OneFile(name, "--only NAME")
    return replace(plan, several=agents > 1)


def _putter(plan: Plan, found: list[Source]) -> Putter:
    """Who writes: a second process where there is much to write, and nobody waits for it."""
    at_once = plan.dry or plan.update or plan.in_place or plan.output == STDOUT or plan.jobs == 1
    return Here() if at_once else Growing(len(found) * len(plan.targets))


def workers_for(plan: Plan, found: list[Source]) -> int:
    """How many processes convert: those that were asked for, else as many as pay."""
    if plan.jobs == 1 or (plan.jobs == 0 and len(found) * len(plan.targets) < PAYS_FROM):
        return 1
    from agentconv.project.workers import count_for

    return count_for(plan, found)


def _kinds(plan: Plan, found: list[Source]) -> Kinds[Results] | None:
    if plan.tells_apart or len(found) <= FEW:
        return None
    from agentconv.project.filling import new_kinds

    return new_kinds()


def _companies(plan: Plan, sources: list[Source]) -> dict[str, Company]:
    """All agents by name, where prompts are to be rewritten or lifted."""
    if not plan.options.rewrite and not plan.options.lift:
        return {}
    from agentconv.project.names import companies

    return companies(plan, sources)


def _say_renamed(plan: Plan, sources: list[Source], results: list[Conversion]) -> None:
    """Where names changed and prompts did not: who names whom in vain."""
    if "names" in plan.options.rewrite or not any(map(_is_renamed, results)):
        return
    from agentconv.project.names import say_renamed

    say_renamed(sources, results)


def _is_renamed(result: Conversion) -> bool:
    called = result.called
    return called is not None and called.becomes not in called.words and called != AS_NAMED


def say_absent(plan: Plan, dst: Spec, results: list[Conversion]) -> None:
    """Agents in fields that the target will not find in its own places, and files that an output names."""
    if not plan.dry and plan.output != STDOUT and dst.rows_with("files"):
        from agentconv.project import references

        references.say_left_behind(dst, plan.root, results)
    if plan.output is None and not plan.options.user and any(result.names for result in results):
        from agentconv.project import references

        references.say_absent(dst, plan.root, results, plan.dry)


def say_twice(plan: Plan, dst: Spec, results: list[Conversion]) -> None:
    """Two agents in files of their own that the program calls by one name."""
    if dst.identity.get("by") == "path" or "{" in (plan.output or ""):
        return
    first: dict[str, Conversion] = {}
    for result in results:
        if not result.files or result.entry:
            continue
        called = result.called
        name = called.becomes if called is not None and called.words else result.name
        other = first.setdefault(name, result)
        if other is not result and not set(other.files) & set(result.files):
            path = next(iter(other.files))
            text = f"{dst.program} calls the agent of {path} `{name}`, too: asked for by that name, either may come"
            result.notes.append(note("C043", text, path="name", file=result.source, help="rename one of the two"))


def _several_formats(found: list[Source]) -> bool:
    return len({among for source in found for among in source.among or (source.format or "",)}) > 1


def _unknown_names(plan: Plan, known: dict[str, None]) -> list[Remark]:
    """A name of --only or --exclude that no agent has is said."""
    out = []
    for name in (*plan.only, *plan.exclude):
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1, 0.5)
            help = f"did you mean `{near[0]}`?" if near else "agentconv list shows the names"
            out.append(Remark("", 0, note("F004", f"no agent is called `{name}`", help=help)))
    return out


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


def _moved(done: Run) -> list[Remark]:
    """Places below the home folder that a variable of the environment has put elsewhere: the program looks there."""
    out = []
    for id in dict.fromkeys(i for r in done.results for i in (r.format, r.target) if i in heads()):
        for name, place in ((heads()[id].get("places") or {}).get("moved") or {}).items():
            folder = os.environ.get(name)
            if folder and os.path.realpath(folder) != os.path.realpath(Path(place).expanduser()):
                program, count = heads()[id]["program"], sum(id in (r.format, r.target) for r in done.results)
                text = f"{name} is set: {program} looks into {folder}, not into {place}"
                out.append(Remark("", count, note("C016", text, help="name files there, and -o a folder there")))
    return out


def about_target(target: Target, results: list[Conversion], placed: dict[str, str], done: Run) -> list[Remark]:
    """Double listing, and what the program asks for first."""
    out: list[Remark] = []
    dst = target.dst
    changed = [r for r in results if not r.unchanged and r.status not in ("kept", "failed")]
    if not changed or done.plan.output is not None:
        return out
    created = {path for path, before, _ in done.changes if before is None}
    new = [r for r in changed if created & r.files.keys()]
    readers = {program: other.id for other, program, equal in shared_readers(dst) if equal} | {dst.program: dst.id}
    for format in dict.fromkeys(r.format for r in new):
        twice: dict[str, str] = {}
        first = []
        for id, entry in (heads()[format].get("also_read_by") or {}).items():
            facts = reader_facts(entry)
            program = str(facts.get("program", id))
            here = facts.get("home") is not False or not done.plan.options.user
            if program not in readers or format == dst.id or facts.get("equal") or not here:
                continue
            if facts.get("wins") == "here":
                first.append(program)
            elif facts.get("wins") != "own":
                twice[program] = str(facts.get("twice") or "")
        mine = [r for r in results if r.format == format and r.source in placed]
        if twice and mine:
            out.append(Remark(dst.id, len(mine), _double(twice, placed[mine[0].source])))
        if first and mine:
            out.append(Remark(dst.id, len(mine), _hidden(first, placed[mine[0].source])))
    if most := dst.container.get("reads_first"):
        out += [_too_much(dst, path, size, most) for path, size in target.sizes.items() if size > most["bytes"]]
    for text, count in target.asks.items():
        out.append(Remark(dst.id, count, note("C015", text, path=dst.id)))
    return out


def _too_much(dst: Spec, path: str, size: int, most: Mapping[str, Any]) -> Remark:
    said = f"{path} has {size:,} bytes, and {most['program']} reads the first {most['bytes']:,}"
    return Remark(dst.id, 1, note("C040", f"{said}: agents behind them are lost there", file=path, help=most["help"]))


def _hidden(programs: list[str], folder: str) -> Note:
    text = (
        f"{' and '.join(programs)} {'read' if len(programs) > 1 else 'reads'} {folder} first: of two agents of one name"
    )
    return note("C014", f"{text} the one there is used, not the one written", help=f"take the agents out of {folder}")


def _double(twice: dict[str, str], folder: str) -> Note:
    programs = " and ".join(twice)
    text = f"{programs} {'read' if len(twice) > 1 else 'reads'} {folder} too: agents will show twice"
    helps = [help for help in twice.values() if help]
    without = [program for program, help in twice.items() if not help]
    if without:
        helps.append(f"{' and '.join(without)} {'have' if len(without) > 1 else 'has'} no setting that ends it")
    return note("C014", text, help="\n".join(helps))
