"""The rights of a source: the narrower of what its author asked for and what its program makes of it."""

from __future__ import annotations

from dataclasses import replace

from agentconv import rights as counting
from agentconv.lowering.servers import limited_servers
from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_program
from agentconv.registry import shared_readers


def source_rights(read: Read, reading: Reading, program: Reading | None) -> tuple[counting.Rights, list[Note]]:
    """The narrower of what the file asks for and what its program gives, and a note where they differ."""
    author = counting.of_agent(read.agent, reading.spec, program=False)
    notes: list[Note] = []
    if program is None:
        return author, notes
    if program.status != "read":
        text = f"{reading.spec.seen} makes no agent of this file: {program.reason or 'it is passed over'}"
        if not any(n.code in ("R012", "R018") for n in (*read.notes, *reading.notes)):
            notes.append(note("R012", text, file=reading.path, line=1))
        return author, notes
    twin = same_agent(read, program)
    if twin is None:
        return author, notes
    given = counting.of_agent(limited_servers(twin.agent, reading.spec), reading.spec, program=True, usual=True)
    notes += _read_elsewhere(reading, given)
    more = counting.gained(author, given)
    if more and reading.spec.tools.control != "none" and reading.spec.tools.singles:  # else nobody knows what it gives
        text = f"{reading.spec.seen} gives this agent more than the file asks for: {', '.join(counting.spelled(more))}"
        help = "the conversion keeps to what the file asks for"
        notes.append(note("R011", text, path="tools", file=reading.path, line=1, help=help))
    return author, notes


def _read_elsewhere(reading: Reading, given: counting.Rights) -> list[Note]:
    """Another program whose home the source's place is may make less or more of the same file."""
    out = []
    for other, program, equal in shared_readers(reading.spec):
        if not equal:
            continue
        seen = read_program(other, reading.text, reading.path)
        if seen.status == "read" and seen.agents:
            theirs = counting.of_agent(seen.agents[0].agent, other, program=True, usual=True)
            if counting.gained(theirs, given) or counting.gained(given, theirs):
                words = ", ".join(counting.spelled(theirs)) or "nothing"
                text = f"{other.seen or program} reads this file, too, and gives: {words}"
                out.append(note("R011", text, path="tools"))
    return out


def same_agent(read: Read, program: Reading) -> Read | None:
    """The same agent in another reading of the file."""
    if len(program.agents) == 1 and not program.spec.many:
        return program.agents[0]
    return next((other for other in program.agents if other.agent.id == read.agent.id), None)


def narrowed_star(read: Read, reading: Reading, program: Reading | None) -> tuple[Agent, list[Note]]:
    """A `*` that the program does not take for one means what the program makes of it."""
    agent = read.agent
    twin = same_agent(read, program) if program is not None and program.status == "read" else None
    said_all = agent.tools.base == "all" and reading.spec.tools.control == "list"
    if twin is None or not said_all or counting.base_open(twin.agent.tools, reading.spec):
        return agent, []
    text = f"{reading.spec.seen} takes this `*` for the name of one tool, which gives nothing"
    said = note("T016", text, path="tools", file=reading.path, effect="narrows")
    return replace(agent, tools=twin.agent.tools), [said]
