"""One source to its results for every target: text in, results out, nothing is written here.

What a file becomes depends on the file and the plan alone, so this part of a run can be done in other processes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from agentconv.bodies.company import Company
from agentconv.convert import BeforeAfter, Conversion, convert_reading
from agentconv.lowering.lowered import Options
from agentconv.model import Agent, Tools
from agentconv.notes import note
from agentconv.project import files
from agentconv.project.beside import Lying
from agentconv.project.nearby import is_folder
from agentconv.project.planning import STDOUT, Plan, named_file
from agentconv.project.sources import Source, beside, taken
from agentconv.project.writing import looked_at
from agentconv.reading.context import Read, Reading
from agentconv.reading.detect import by_place
from agentconv.reading.engine import read_author
from agentconv.reading.passages import SIGN, BadPassage, for_target, passages
from agentconv.records import dataclass
from agentconv.registry import heads, idle_readers, ids, lies_here, load
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.alike import Apart
    from agentconv.kinds import Kinds
    from agentconv.project.filling import Results


@dataclass(slots=True)
class Made:
    """What became of one source: its results for each target, or one for each that says why it cannot be read."""

    path: str
    real: str = ""
    agent_file: bool = False  # it holds agents, or should
    place: str = ""  # the folder that programs search, where it lies in one
    unread: list[Conversion] = field(default_factory=list)
    called: dict[str, None] = field(default_factory=dict)  # names that --only and --exclude may use
    results: dict[str, list[Conversion]] = field(default_factory=dict)
    beside: dict[tuple[str, str], Lying] = field(default_factory=dict)  # by target and output: what was written there


@dataclass(frozen=True, slots=True)
class Maker:
    """The plan at work on one source after the other."""

    plan: Plan
    companies: Mapping[str, Company] = field(
        default_factory=dict, kw_only=True
    )  # target -> all agents, where prompts are rewritten

    kinds: Kinds[Results] | None = field(default=None, kw_only=True)  # agents that are alike; None: each is converted

    def make(self, source: Source) -> Made:
        """Take the file in, read it and convert it for every target; or what became of others that are alike."""
        known = taken(source)
        made = Made(source.path, source.real, known is not None)
        if known is None:
            return made
        self._become(known, made, lambda: read_source(known, self.plan, made))
        return made

    def make_known(self, source: Source, reading: Reading) -> Made:
        """The same for a file that was read to see what there is."""
        made = Made(source.path)
        self._become(source, made, lambda: reading)
        return made

    def _become(self, source: Source, made: Made, read: Callable[[], Reading | None]) -> None:
        filled = self.filled(source)
        left = [target for target in self._targets_for(source.format) if target not in filled]
        if filled and not left:
            made.place, made.results = source.place if source.placed else "", filled
        elif (reading := read()) is not None:
            self.make_read(source, reading, made, left)
            made.results |= filled
        if self.plan.in_place and source.text is not None:
            fingerprint = files.digest(files.encoded(source.text))
            for results in made.results.values():
                for result in results:
                    result.read = fingerprint

    def filled(self, source: Source) -> Results:
        """What became of others that are alike, with the texts of this one, in the targets where that is proved."""
        like = self._apart(source)
        return (self.kinds.get(like) or {}) if like is not None and self.kinds is not None else {}

    def _apart(self, source: Source) -> Apart | None:
        """The kind of a file, where what becomes of it depends on nothing but its kind and its texts."""
        if self.kinds is None or source.text is None or source.format is None or source.notes:
            return None
        around = (source.below, source.prefix, source.placed, source.asked)
        return self.kinds.apart(load(source.format), source.text, source.path, beside(source), around)

    def _targets_for(self, format: str | None) -> list[str]:
        """The targets, but for one in whose place the source lies already."""
        mine = format if self.plan.found and not self.plan.in_place else None
        return [target for target in self.plan.targets if target != mine]

    def make_read(self, source: Source, reading: Reading, made: Made, targets: Iterable[str] | None = None) -> None:
        """Convert what was read already."""
        picked = self._picked(reading, made)
        if picked is None:
            return
        made.place = source.place if source.placed else ""
        targets = list(self._targets_for(picked.spec.id) if targets is None else targets)
        for target in targets:
            dst = load(target)
            own = picked if self.plan.in_place else own_passages(picked, dst, source.prefix)
            results = [r for part in _parts(own, dst) for r in self._results(source, part, dst)]
            if self.plan.all and not self.plan.in_place:
                results = [r for r in results if r.source not in r.files]  # it lies there already
            made.results[target] = results
            for result in results:
                if not looked_at(dst):  # nobody will look at the agent, and it is most of what would travel
                    result.agent = None
        like = self._apart(source)
        if like is not None and self.kinds is not None and len(picked.agents) == 1:
            self.kinds.learn(like, {target: made.results[target] for target in targets})

    def _picked(self, reading: Reading, made: Made) -> Reading | None:
        """The agents of --only and --exclude."""
        plan = self.plan
        if not plan.only and not plan.exclude:
            return reading
        for read in reading.agents:
            made.called |= dict.fromkeys(sorted(_called(read)))
        left = [read for read in reading.agents if chosen(read, plan)]
        if not left and (reading.agents or plan.only):
            return None
        return replace(reading, agents=left)

    def _results(self, source: Source, reading: Reading, dst: Spec) -> list[Conversion]:
        if reading.spec.id == dst.id:
            results = self._same(reading, dst)
        else:
            results = convert_reading(reading, dst, self.plan.options, lambda _: None, self.companies.get(dst.id))
        if not reading.agents and not source.asked and not any(n.effect == "error" for r in results for n in r.notes):
            for result in results:
                result.status = "skipped"
        self.put(results, source, dst)
        if self.plan.output is None and not self.plan.options.user and dst.head.get("around"):
            _say_missing(results, dst, self.plan)
        if source.full is not None and (reading.spec.head.get("around") or {}).get("texts"):
            from agentconv.project.references import say_texts

            say_texts(reading.spec, dst, source.full.parent, results)
        return results

    def _same(self, reading: Reading, dst: Spec) -> list[Conversion]:
        """The text edited in place; written anew only where a field is lifted out of the prompt, or where rules count
        that stand above the file."""
        from agentconv.output.sameformat import convert_same

        if dst.tables.get("above") and not self.plan.in_place:
            from agentconv.reading.above import counts_above

            if counts_above(reading):  # a copy elsewhere has them in its own text, or would do more
                return convert_reading(reading, dst, self.plan.options, lambda _: None, self.companies.get(dst.id))
        company, in_place = self.companies.get(dst.id), self.plan.in_place
        results = convert_same(reading, self.plan.options, company, in_place)
        if self.plan.only or self.plan.exclude:  # the file as it is would bring the others along
            for result in results:
                result.take_apart(next(iter(result.files), ""))
        if not self.plan.options.lift:
            return results
        anew = convert_reading(reading, dst, self.plan.options, lambda _: None, self.companies.get(dst.id))
        said = [n for r in anew for n in r.notes if n.code == "P005"]
        if not said or any(r.failed for r in anew):
            return results
        document = reading.document
        header = document.text[document.header_start : document.header_end] if document is not None else ""
        if not re.search(r"^\s*#|\s#\s", header, re.M):
            return anew
        text = "a field could be filled from the prompt; the header has comments, which writing it anew would lose"
        results[0].notes.append(said[0].moved(message=text))
        return results

    def put(self, results: Iterable[Conversion], source: Source, dst: Spec) -> None:
        """The outputs get their places; none in which another program would look that gives more."""
        for result in results:
            if result.files:
                result.files = {self._place(path, result, source, dst): data for path, data in result.files.items()}
                if readers := idle_readers(dst):
                    _keep_out(result, dst, readers, self.plan.options)
                if self.plan.here and not self.plan.in_place and dst.tables.get("above") and not dst.many:
                    from agentconv.project.joined import refuse_wider

                    refuse_wider(result, self.plan.root, dst)

    def _place(self, path: str, result: Conversion, source: Source, dst: Spec) -> str:
        """Where an output goes: the target's place, with the source's sub-folder where that is no identity."""
        path = placed_below(path, source, dst, self.plan, result.format)
        if self.plan.in_place and dst.id == result.format:
            return result.source
        return self._below(path, source.prefix, dst, result.entry)

    def _below(self, path: str, plugin: str, dst: Spec, entry: str) -> str:
        """The place below ``-o``: a folder, a file, or the name with its blanks filled in."""
        out = self.plan.output
        path = path.removeprefix("~/")
        if out is None:
            return self._named(path, dst, entry)
        if out == STDOUT:
            return path
        name = PurePosixPath(path).name
        filled = out.replace("{id}", dst.id).replace("{name}", _stem(name, dst)).replace("{plugin}", plugin)
        several = len(self.plan.targets) > 1 or (self.plan.several and not dst.many)
        root = several and "{name}" not in out and not named_file(out, self.plan.root, self.plan.targets)
        if root or filled.endswith("/") or is_folder(self.plan.root / filled):
            return self._named(str(PurePosixPath(filled) / (name if self.plan.flat else path)), dst, entry)
        return filled

    def _named(self, path: str, dst: Spec, entry: str) -> str:
        """The place, under the name that its file has there."""
        if "else_write" not in heads()[dst.id].get("places", ()):
            return path
        from agentconv.project.joined import lies_there

        return lies_there(self.plan.root, path, dst, entry)


def _keep_out(result: Conversion, dst: Spec, readers: Iterable[Spec], options: Options) -> None:
    """A place that the user names may be one where the agent's limits are idle."""
    limited = result.agent is None or result.agent.tools != Tools()
    for reader in readers if limited and not options.allows("limits") else ():
        there = [path for path in result.files if path != result.source and _looks_at(reader, dst, path)]
        if not there:
            continue
        folder = there[0].rpartition("/")[0] or "the folder it is started in"
        text = f"{reader.program} looks into {folder}, and there the list holds nothing: {reader.tools.fact('why')}"
        help = "name another folder with -o, or --allow-widening limits"
        result.fail(note("T044", text, file=result.source, help=help))
        return


def _looks_at(reader: Spec, dst: Spec, path: str) -> bool:
    """Whether a file is found where it lies: in a place of the target, or straight in the current folder."""
    return dst.id in by_place(path) or lies_here(reader, path)


def placed_below(path: str, source: Source, dst: Spec, plan: Plan, format: str) -> str:
    """The path with the source's sub-folder, where the target searches such folders and they are no identity."""
    places = heads()[dst.id].get("places") or {}
    named = bool(format) and load(format).identity.get("by") == "path"  # the folder is in the name
    if places.get("nested") and source.below and not (dst.many or plan.flat or (named and dst.id != format)):
        pure, usual = PurePosixPath(path), ((heads().get(format) or {}).get("places") or {}).get("write")
        # of `crew/config/agents.yaml` the crew is the folder; `config` is how the file is called everywhere
        last = str(usual or "").partition("{")[0].rpartition("/")[0]
        return str(pure.parent / f"/{source.below}".removesuffix(f"/{last}").lstrip("/") / pure.name)
    return path


def _say_missing(results: list[Conversion], dst: Spec, plan: Plan) -> None:
    """Skills and servers that the target will not find here, for agents that name some."""
    named = [r for r in results if r.agent is not None and _names_others(r.agent)]
    if named:
        from agentconv.project.references import say_missing

        say_missing(dst, plan.root, named)


def _names_others(agent: Agent) -> bool:
    return bool(agent.skills) or any(r.tool.server for r in agent.tools.rules)


def own_passages(reading: Reading, dst: Spec, prefix: str = "") -> Reading:
    """The file as this target gets it: without the passages that are for other ones."""
    if SIGN not in reading.text:
        return reading
    try:
        found = passages(reading.text, ids(), reading.path)
    except BadPassage as problem:
        return replace(reading, agents=[], notes=[problem.note])
    again = read_author(reading.spec, for_target(reading.text, found, dst.id), reading.path, reading.get)
    if prefix:
        again.agents = [_prefixed(read, prefix) for read in again.agents]
    called = {old.agent.id for old in reading.agents}  # those that were chosen
    return replace(again, agents=[read for read in again.agents if read.agent.id in called])


def read_source(source: Source, plan: Plan, made: Made) -> Reading | None:
    """The agents of a file; a file that cannot be read is a result of its own."""
    problems = [n for n in source.notes if n.effect == "error"]
    if source.text is None or source.format is None or problems:
        empty = BeforeAfter([], [])
        made.unread = [
            Conversion("failed", "", source.path, source.format or "", target, empty, notes=list(source.notes))
            for target in (plan.targets if problems else ())
        ]
        return None
    reading = read_author(load(source.format), source.text, source.path, beside(source))
    if source.prefix:
        reading.agents = [_prefixed(r, source.prefix) for r in reading.agents]
    return reading


def counted(plan: Plan, sources: Iterable[Source], enough: int) -> int:
    """How many agents there are, as far as it matters: the count ends at ``enough``."""
    known = (found for source in sources if (found := taken(source)) is not None)
    readings = (reading for found in known if (reading := read_source(found, plan, Made(""))) is not None)
    return agents_of(plan, readings, enough)


def agents_of(plan: Plan, readings: Iterable[Reading], enough: int) -> int:
    """The same where the files were read."""
    count = 0
    for reading in readings:
        count += sum(chosen(read, plan) for read in reading.agents)
        if count >= enough:
            break
    return count


def _parts(reading: Reading, dst: Spec) -> list[Reading]:
    """One by one, where two agents of a file would be one entry: the second must not replace the first."""
    ids = [r.agent.id for r in reading.agents]
    if not dst.many or len(ids) == len(set(ids)):
        return [reading]
    notes = [reading.notes, *([] for _ in ids)]
    return [replace(reading, agents=[r], notes=n) for r, n in zip(reading.agents, notes, strict=False)]


def _prefixed(read: Read, prefix: str) -> Read:
    """The agent as its program calls it: with the plugin's name in front."""
    agent = read.agent
    name = None if agent.name is None else f"{prefix}-{agent.name}"
    return replace(read, agent=replace(agent, id=f"{prefix}-{agent.id}", name=name))


def _called(read: Read) -> set[str]:
    agent = read.agent
    return {agent.id, agent.name or agent.id, agent.id.rsplit("/", 1)[-1]}


def chosen(read: Read, plan: Plan) -> bool:
    """Whether --only and --exclude want the agent."""
    called = _called(read)
    return (not plan.only or bool(called & set(plan.only))) and not called & set(plan.exclude)


def _stem(name: str, dst: Spec) -> str:
    """The file name without the format's ending."""
    for suffix in heads()[dst.id].get("suffixes") or ():
        if name.endswith(suffix) and len(name) > len(suffix):
            return name.removesuffix(suffix)
    return name.split(".")[0] or name
