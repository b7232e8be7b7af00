"""What the producers of findings look at: a file, its author's reading, and what each program makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentconv.checking.finding import Finding, Severity
from agentconv.containers import Node, Places
from agentconv.reading.context import Get, Read, Reading
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import asked_if_used, condition, shared_readers
from agentconv.spec import Spec


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads the file as it lies. ``home``: the place is its own, so its users count on it."""

    spec: Spec
    program: str
    home: bool
    reading: Reading
    when: str = ""  # the condition under which it reads the place: nobody knows here whether it is met

    @property
    def seen(self) -> str:
        """The program with the version in which its behaviour was seen."""
        version = self.spec.head.get("version")
        unsure = f" ({self.when})" if self.when else "" if self.spec.head.get("sure") == "high" else " (unsure)"
        return f"{self.program} {version}{unsure}" if version else f"{self.program}{unsure}"

    def twin(self, read: Read, count: int) -> Read | None:
        """The same agent as this program has it."""
        agents = self.reading.agents
        if count == 1 and len(agents) == 1:
            return agents[0]
        return next((one for one in agents if one.agent.id == read.agent.id), None)


@dataclass(slots=True)
class Around:
    """What lies around the agents of a project: names that fields may refer to. ``None``: no place is known for them,
    or the project has nothing in it (they may all be in the user's home)."""

    agents: frozenset[str] = frozenset()  # all names by which agents of the project may be called
    files: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)  # format -> id -> files
    skills: frozenset[str] | None = None
    servers: frozenset[str] | None = None
    reached: frozenset[str] = frozenset()  # servers that a word for another one may reach
    misnamed: Mapping[str, str] = field(default_factory=dict)  # names of files that call no agent -> the agent's name


@dataclass(slots=True)
class Checked:
    """One file under check."""

    path: str
    text: str
    spec: Spec
    author: Reading
    readers: list[Reader]
    around: Around | None = None  # only for files that lie in their place
    targets: tuple[str, ...] = ()
    places: Places | None = None

    @property
    def owner(self) -> Reader:
        """The program whose format the file has."""
        return self.readers[0]

    def written(self, key: str) -> str:
        """A key as a file of this syntax has it."""
        return {"toml": f"{key} =", "json": f'"{key}":'}.get(self.spec.syntax, f"{key}:")

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        if self.places is None:
            self.places = Places(self.text)
        return self.places.at(offset)

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        *,
        read: Read | None = None,
        at: Node | tuple[int, int] | None = None,
        reader: Reader | None = None,
        **rest: Any,
    ) -> Finding:
        """A finding in this file."""
        line, column = (at.line, at.column) if isinstance(at, Node) else at or _start(read)
        agent = (read.agent.id or read.agent.name or "") if read is not None else ""
        programs = (reader.seen,) if reader is not None else ()
        if reader is not None and reader.when and severity == "error":
            severity = "warning"
        return Finding(code, severity, message, self.path, line or 1, column or 1, agent, programs=programs, **rest)

    def pairs(self) -> Iterator[tuple[Reader, Read, Read]]:
        """Each program with each agent that it loads: as the author has it, as the program has it."""
        for reader in self.readers:
            for read in self.author.agents:
                twin = reader.twin(read, len(self.author.agents))
                if twin is not None:
                    yield reader, read, twin


def value_of(read: Read, key: str) -> Node | None:
    """The value of a key of the file itself. (``read.where`` knows places of the model, too: the two share names.)"""
    node: Node | None = read.entry
    if node is None or node.kind != "map":
        return None
    if (found := node.get(key)) is not None or "." not in key:
        return found
    for part in key.split("."):
        node = node.get(part) if node is not None and node.kind == "map" else None
    return node


def _start(read: Read | None) -> tuple[int, int]:
    return (read.entry.line, read.entry.column) if read is not None and read.entry is not None else (1, 1)


def programs_at(spec: Spec, path: str, others: frozenset[str] | None) -> list[tuple[Spec, str, bool]]:
    """Who reads a file: the description, the program, and whether the place is its own; the format's program first.
    ``others``: the programs that the project uses; ``None``: nothing is known of it."""
    found = [(spec, spec.program, True)]
    for other, program, equal in shared_readers(spec, at=path):
        if equal or (program in others if others is not None else not asked_if_used(spec, program)):
            found.append((other, program, equal))
    return found


def open_checked(
    spec: Spec,
    text: str,
    path: str,
    others: frozenset[str] | None = None,
    get: Get | None = None,
    author: Reading | None = None,
) -> Checked:
    """A file read by everybody who reads it (``programs_at``). ``author``: the reading of its author, where that was
    done already."""
    author = author or read_author(spec, text, path, get)
    readers = [
        Reader(reader, program, home, read_program(reader, text, path, get), condition(spec, program))
        for reader, program, home in programs_at(spec, path, others)
    ]
    return Checked(path, text, spec, author, readers)
