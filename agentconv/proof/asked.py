"""What a source asks for: worked out once, as it is the same for all targets. The last answer is kept, by the objects
it was made of."""

from __future__ import annotations

from dataclasses import replace

from agentconv import rights as counting
from agentconv.lowering.servers import limited_servers
from agentconv.model import Agent
from agentconv.notes import Note
from agentconv.proof.sourcerights import counted, narrowed
from agentconv.proof.starting import only_started
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_program
from agentconv.records import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent without what its program gives nobody or starts for nobody, its rights, and the notes on that."""

    agent: Agent
    before: counting.Rights
    star: list[Note]
    rest: list[Note]


_asked: tuple[Agent, Reading, Reading | None, Asked] | None = None
_program: tuple[Reading, Reading] | None = None


def asked_for(read: Read, reading: Reading, program: Reading | None) -> Asked:
    """What one agent of a file asks for."""
    global _asked
    last = _asked
    if last is not None and last[0] is read.agent and last[1] is reading and last[2] is program:
        return last[3]
    agent, star = narrowed(read, reading, program)
    agent, idle = only_started(limited_servers(agent, reading.spec), read, reading, program)
    before, said = counted(replace(read, agent=agent), reading, program)
    made = Asked(agent, before, star, [*idle, *said])
    _asked = read.agent, reading, program, made
    return made


def as_program(reading: Reading) -> Reading:
    """A file as its own program reads it."""
    global _program
    last = _program
    if last is not None and last[0] is reading:
        return last[1]
    made = read_program(reading.spec, reading.text, reading.path, reading.get)
    _program = reading, made
    return made
