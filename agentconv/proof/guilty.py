"""For what a program refuses a file of many agents: the one of which its reason speaks, and where."""

from __future__ import annotations

from agentconv.containers import Places
from agentconv.reading.context import Read, Reading


def guilty(reason: str, reading: Reading) -> tuple[Read | None, int, int]:
    """The agent with the thing that the reason names, as its author's reading has it, with line and column; nobody and
    0 where that cannot be told."""
    for read in reading.agents if reason else ():
        for one in read.notes:
            if one.line and one.message.startswith(reason):
                return read, one.line, one.column
    for read in reading.agents:
        for token in read.tokens:
            if f"`{token.text}`" in reason:
                return (read, *Places(reading.text).at(token.start))
    return None, 0, 0


def line_of(reason: str, reading: Reading) -> int:
    """The line alone; that of the file where nobody is guilty."""
    return guilty(reason, reading)[1] or 1
