"""Entries into a shared file: all of them in one edit, and the proof of what the whole file will hold.

Each entry was proved alone; here it has to be read from the whole file as the same agent, and everything else in the
file has to be what it was. So the work grows with the file, not with entries times file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agentconv import rights as counting
from agentconv.containers import ContainerError, Document
from agentconv.conversion import BeforeAfter, Conversion
from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.output.entries import kept_outside
from agentconv.output.render import rows_of
from agentconv.output.shared import CannotMerge, put_entries, put_sections
from agentconv.proof.attempt import section, written
from agentconv.proof.guilty import guilty
from agentconv.proof.present import settle
from agentconv.reading.engine import open_document, read_author, read_program
from agentconv.reading.entries import entries, namesake
from agentconv.spec import Spec


@dataclass(slots=True)
class Merged:
    """The file with all entries, or what is wrong: with the file as a whole, or with single entries by id."""

    text: str = ""
    problem: Note | None = None
    problems: dict[str, Note] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)  # as they are read from the whole file


def merge(
    dst: Spec, path: str, old: str | None, agents: Sequence[Agent], update: bool = False, more: bool = False
) -> Merged:
    """The agents put into what the path holds now. Of two with one id the last one counts."""
    by_id = {agent.id: agent for agent in agents}
    try:
        text = _put(dst, old, list(by_id.values()), update)
        kept = kept_outside(dst, old, text, by_id.keys())
    except CannotMerge as error:
        return Merged(problem=note("F008", str(error), file=path, help="mend the file, or move it away"))
    except ContainerError as error:
        reason = f"the file is there and cannot be read: {error.message} (line {error.line})"
        return Merged(problem=note("F008", reason, file=path, help="mend the file, or move it away"))
    if not kept:
        return Merged(problem=note("V004", "another entry of the shared file would change", file=path))
    return _proved(dst, path, old, text, by_id, update, more)


def merge_results(
    dst: Spec, path: str, old: str | None, results: Sequence[Conversion], update: bool = False, more: bool = False
) -> None:
    """The results of one path put together: each gets the file with all of them, or the reason why it is not in it.
    ``more``: others may follow them into the file."""
    live = list(results)
    while live:
        if not more:
            settle(dst, old, live)
        made = merge(dst, path, old, [r.agent for r in live if r.agent is not None], update, more)
        wrong = {r.entry: made.problem or made.problems.get(r.entry) for r in live}
        if not any(wrong.values()):
            data = made.text.encode("utf-8")  # one for all
            for result in live:
                result.files = {path: data}
                if not more and old is not None and result.entry in made.agents:
                    _say_less(result, made.agents[result.entry], dst, old)
            return
        for result in live:
            if problem := wrong[result.entry]:
                result.fail(problem)
        live = [r for r in live if not wrong[r.entry]]


def _say_less(result: Conversion, found: Agent, dst: Spec, old: str) -> None:
    """What stands beside the entries holds for a new one, too: it can only take away."""
    now = counting.spelled(counting.of_agent(found, dst, program=True))
    if now != result.rights.after:
        bear = (key[1:] for key, row in dst.beside.items() if row.type == "tool-patterns" or row.fact("before"))
        keys = " and ".join(f"`{key}`" for key in bear if key in old)
        text = f"{keys} of the file that is there holds for this agent, too: {', '.join(now) or 'no right'} is left"
        result.notes.append(note("L004", text, path="tools"))
        result.rights = BeforeAfter(result.rights.before, now)
        result.judge(result.status)


def _put(dst: Spec, old: str | None, agents: Sequence[Agent], update: bool) -> str:
    if dst.syntax == "sections":
        return put_sections(old, [(a.id, section(a, dst)) for a in agents], dst.container)
    return put_entries(dst, old, [(a.id, rows_of(a, dst)) for a in agents], update)


def _proved(
    dst: Spec, path: str, old: str | None, text: str, by_id: dict[str, Agent], update: bool, more: bool
) -> Merged:
    """Every entry is read from the whole file as it is read alone."""
    whole = read_program(dst, text, path, more=more)
    if whole.status != "read":
        return _not_taken(dst, path, old, whole.reason)
    found = {read.agent.id: read.agent for read in reversed(whole.agents)}
    held = _held(dst, whole.document, path)
    made = Merged(text, agents=found if dst.beside else {})
    for id, agent in by_id.items():
        if id not in found:
            made.problems[id] = note("V001", f"{dst.program} would not find the entry `{id}`", file=path)
            continue
        alone = written(agent, dst)
        if id in held and held[id] == _held(dst, open_document(dst, alone, author=False), path).get(id):
            continue  # the same words in the same places are read as the same agent
        if not _same(found[id], _alone(dst, alone, id, path), dst, update):
            made.problems[id] = _beside(dst, old, id, path)
    return made


def _not_taken(dst: Spec, path: str, old: str | None, reason: str) -> Merged:
    """Each entry is taken alone, so it is one that stands there already, what stands beside them, or how many there
    are."""
    text = f"{dst.program} would not take the file with these entries: {reason or 'it passes it over'}"
    help = "mend what stands there, or choose with --only"
    who, line, column = guilty(reason, read_author(dst, old, path)) if old is not None else (None, 0, 0)
    if who is not None:
        text, help = f"{text}, in the entry `{who.agent.id}` that is there", f"mend `{who.agent.id}` there"
    return Merged(problem=note("F008", text, file=path, line=line, column=column, help=help))


def _beside(dst: Spec, old: str | None, id: str, path: str) -> Note:
    """Why an entry is read otherwise from the whole file: the program puts another one of its name together with it."""
    if old is not None and (other := namesake(dst, open_document(dst, old, author=False), id)):
        table, pair = other
        reason = f"`{table}` holds a `{id}`, too, and {dst.program} puts the two together: it would not be this agent"
        help = f"take `{table}.{id}` out of the file, or rename one of the two"
        return note("F008", reason, file=path, line=pair.key.line, column=pair.key.column, help=help)
    return note("V001", f"the entry `{id}` would be read differently beside the others", file=path)


def _held(dst: Spec, document: Document | None, path: str) -> dict[str, object]:
    """What stands in each entry; the first of two of one id."""
    found = entries(dst, document, path) if document is not None else []
    return {id: (node.shape(), forced) for id, node, forced in reversed(found) if node is not None}


def _alone(dst: Spec, text: str, id: str, path: str) -> Agent | None:
    return next((r.agent for r in read_program(dst, text, path, more=True).agents if r.agent.id == id), None)


def _same(found: Agent, alone: Agent | None, dst: Spec, update: bool) -> bool:
    """The same agent; beside keys that an update left there, the same meaning and the same rights."""
    if alone is None or not update:
        return found == alone
    rights = [counting.of_agent(agent, dst, program=True) for agent in (found, alone)]
    return replace(found, extras=()) == replace(alone, extras=()) and rights[0] == rights[1]
