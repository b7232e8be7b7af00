"""Agents that an entry names have to be entries of the same file, where the program takes no other: those that do not
come along are left out, so that the file loads. Which ones are there is known when all entries are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agentconv import rights as counting
from agentconv.containers import ContainerError
from agentconv.conversion import BeforeAfter, Conversion
from agentconv.model import Agent, Tools
from agentconv.notes import note
from agentconv.output.entries import entry_texts
from agentconv.reading.besides import is_external
from agentconv.spec import Field, Spec


def settle(dst: Spec, old: str | None, results: Sequence[Conversion]) -> None:
    """Take the names of agents out that are neither in the file nor among the results."""
    rows = [row for row in dst.rows_with("present") if row.field]
    if not rows:
        return
    there = {r.entry for r in results} | _in_file(dst, old)
    for result in results:
        for row in rows:
            if result.agent is not None:
                _settle(result, result.agent, row, there, dst)


def _in_file(dst: Spec, old: str | None) -> set[str]:
    try:
        return set(entry_texts(dst, old)) if old and old.strip("\ufeff \t\r\n") else set()
    except ContainerError:
        return set()


def _settle(result: Conversion, agent: Agent, row: Field, there: set[str], dst: Spec) -> None:
    field = str(row.field)
    names: tuple[str, ...] = getattr(agent, field) or ()
    kept = tuple(n for n in names if n in there or is_external(n, row))
    if kept == names:
        return
    left = [f"`{n}`" for n in names if n not in kept]
    gone, does = ", ".join(left), "does" if len(left) == 1 else "do"
    text = f"{gone} {does} not come along, and {dst.seen} takes no file that names an agent it does not hold: left out"
    result.notes.append(note("T022", text, path=field, help="convert it together with this one"))
    rules = agent.tools.rules
    if not kept:
        rules = tuple(r for r in rules if r.tool.name != row.fact("gives"))
    changes: dict[str, Any] = {field: kept or None, "tools": Tools(agent.tools.base, rules)}
    result.agent = replace(agent, **changes)
    result.names = tuple(one for one in result.names if one[1] in kept or one[1] not in names)
    after = counting.spelled(counting.of_agent(result.agent, dst, program=True))
    result.rights = BeforeAfter(result.rights.before, after)
    result.judge(result.status)
