"""Commands that a file would start: hooks and MCP servers count as far as a program that reads the file starts them.

The same holds of a permission mode: what its own program passes over must not open anything in another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.proof.sourcerights import same_agent
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_program
from agentconv.reading.keys import is_limit
from agentconv.registry import shared_readers
from agentconv.spec import Spec

STARTING = ("hooks", "mcp_servers")


def only_started(agent: Agent, read: Read, reading: Reading, program: Reading | None) -> tuple[Agent, list[Note]]:
    """The agent without hooks and servers that no program starts from this file: a conversion must not start them.

    A file that its program does not load at all is taken as its author meant it, in this as in its tools.
    """
    said = [name for name in STARTING if getattr(agent, name)]
    if program is None or program.status != "read":
        return agent, []
    agent, notes = _without_mode(agent, reading)
    if not said:
        return agent, notes
    seen = list(_seen(replace(read, agent=agent), reading, program, said))
    for name in said:
        asked = getattr(agent, name)
        kept = _kept(asked, [getattr(one, name) for one in seen])
        if kept == asked:
            continue
        keys = [row.key for row in reading.spec.fields.values() if row.field == name]
        key = next((k for k in keys if k in read.where), next(iter(keys), name))
        gone = [str(k) for k in asked if not isinstance(kept, Mapping) or kept.get(k) != asked[k]]
        text = f"{reading.spec.seen} starts nothing of {', '.join(f'`{k}`' for k in gone)} in `{key}`: not carried on"
        notes.append(note("R060", text, path=name, file=reading.path))
        agent = replace(agent, hooks=kept or None) if name == "hooks" else replace(agent, mcp_servers=kept or None)
    return agent, notes


def _without_mode(agent: Agent, reading: Reading) -> tuple[Agent, list[Note]]:
    """A mode that the source's program passes over is carried on where it is a limit only."""
    row = next((row for row in reading.spec.fields.values() if row.field == "permission_mode"), None)
    if row is None or row.applied or agent.permission_mode is None or is_limit(row, agent.permission_mode):
        return agent, []
    text = f"{reading.spec.seen} passes over `{row.key}` here: `{agent.permission_mode}` is not carried on"
    said = note("R061", text, path="permission_mode", file=reading.path)
    return replace(agent, permission_mode=None), [said]


def _seen(read: Read, reading: Reading, program: Reading, said: list[str]) -> Iterator[Agent]:
    """The agent as its program reads it; as others that read its place do, where that one leaves something out."""
    if (mine := _started(read, program)) is not None:
        yield mine
        if all(_kept(getattr(read.agent, name), [getattr(mine, name)]) == getattr(read.agent, name) for name in said):
            return
    for other, _, _ in shared_readers(reading.spec, at=reading.path):
        if _alive(other) & set(said):
            theirs = _started(read, read_program(other, reading.text, reading.path, reading.get))
            if theirs is not None:
                yield theirs


def _alive(spec: Spec) -> set[str | None]:
    """The fields that a program takes from a file."""
    return {row.field for row in spec.fields.values() if row.applied}


def _started(read: Read, theirs: Reading) -> Agent | None:
    """The agent with what this program starts."""
    twin = same_agent(read, theirs) if theirs.status == "read" else None
    if twin is None:
        return None
    alive, agent = _alive(theirs.spec), twin.agent
    return replace(
        agent,
        hooks=agent.hooks if "hooks" in alive else None,
        mcp_servers=agent.mcp_servers if "mcp_servers" in alive else None,
    )


def _kept(asked: Any, started: list[Any]) -> Any:
    """The entries that one of the programs starts; a server that is only named starts nothing."""
    if not isinstance(asked, Mapping):
        return asked if asked in started else None
    maps = [one for one in started if isinstance(one, Mapping)]
    return {k: v for k, v in asked.items() if v is None or any(k in one and one[k] == v for one in maps)}
