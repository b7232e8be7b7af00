"""Names that change on the way: known before a run where prompts are rewritten, looked for after it where they are not.

Most batches change no name, so nothing is read twice for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agentconv.bodies.company import Company, Scene, gathered, member, placer
from agentconv.conversion import Conversion
from agentconv.notes import note
from agentconv.project.making import Made, chosen, placed_below, read_source
from agentconv.project.planning import Plan
from agentconv.project.sources import Source, read, taken
from agentconv.reading.engine import read_author
from agentconv.registry import load
from agentconv.spec import Spec


def companies(plan: Plan, sources: Iterable[Source]) -> dict[str, Company]:
    """For each target all agents that were found, with the names and places that they will have; those that are not
    converted keep their place."""
    readings = []
    for source in sources:
        known = taken(source)
        reading = read_source(known, plan, Made("")) if known is not None else None
        if known is not None and reading is not None:
            readings.append((known, reading))
    out = {}
    for target in plan.targets:
        dst = load(target)
        members = []
        for source, reading in readings:
            for one in reading.agents:
                made = member(one.agent, reading.path, dst, plan.options.user)
                output = placed_below(made.output, source, dst, plan, reading.spec.id) if chosen(one, plan) else ""
                if plan.in_place and target == reading.spec.id:
                    output = reading.path
                members.append(replace(made, output=output))
        out[target] = gathered(members)
    return out


def say_renamed(sources: Iterable[Source], results: Iterable[Conversion]) -> None:
    """A note where one agent names another that is called otherwise in the target: in its prompt, or in a field, where
    the name alone did not tell what becomes of it."""
    by_target: dict[str, list[Conversion]] = {}
    for result in results:
        by_target.setdefault(result.target, []).append(result)
    renaming = []
    for target, made in by_target.items():
        if company := _renamed(made):
            by_path: dict[str, list[Conversion]] = {}
            for result in made:
                if result.status in ("exact", "lossy", "narrowed", "widened") and result.format != target:
                    by_path.setdefault(result.source, []).append(result)
            renaming.append((load(target), company, by_path))
            for result in made:
                _say_in_fields(load(target), company, result)
    for source in sources if renaming else ():
        of_source = [(dst, company, mine) for dst, company, made in renaming if (mine := made.get(source.path))]
        text = read(replace(source, notes=[])).text if of_source else None
        if text is None:
            continue
        for dst, company, mine in of_source:
            if _named_in(text, company.lookup.renamed.found_in_file(text), mine):
                _say(dst, company, source, text, mine)


def _say_in_fields(dst: Spec, company: Company, result: Conversion) -> None:
    for at, name in result.names if result.files else ():
        if (new := company.renamed.get(name)) is not None:
            text = f"the agent `{name}` is called `{new}` in {dst.program}, and here `{name}` still stands"
            result.notes.append(note("C001", text, path=at, help=f"write `{new}`, or give the agent another name"))
            if result.status != "widened":
                result.judge(result.status)


def _renamed(results: Iterable[Conversion]) -> Company | None:
    """The agents of the batch that get another name."""
    called = [m for r in results if (m := r.member) is not None]
    return gathered(called) if any(m.becomes not in m.words for m in called) else None


def _say(dst: Spec, company: Company, source: Source, text: str, mine: list[Conversion]) -> None:
    from agentconv.lowering.lowered import Lowered
    from agentconv.model import Agent

    reading = read_author(load(mine[0].format), text, source.path)
    for one in reading.agents:
        result = next((r for r in mine if r.name in (one.agent.id, one.agent.name)), None)
        prompt = one.agent.prompt
        if result is None or not prompt or not company.lookup.renamed.found(prompt):
            continue
        from agentconv.bodies.telling import say_hits

        out = Lowered(Agent())
        say_hits(prompt, Scene(company, source.path, placer(reading, one)), reading.spec, dst, out, ("agent",))
        said = {n.message for n in result.notes}
        if new := [n for n in out.notes if n.message not in said]:
            result.notes += new
            if result.status != "widened":
                result.judge(result.status)


def _named_in(text: str, words: Iterable[str], mine: Iterable[Conversion]) -> bool:
    """Whether one of the words stands in a file beside where its header says what its own agent is called."""
    own = {result.name for result in mine}
    header = text.find("\n---", 3) if text.startswith("---") else 0
    return any(word not in own or text.count(word) > 1 or text.find(word) > header for word in words)
