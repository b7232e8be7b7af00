"""Results as data: the JSON report, and notes as lines for people and for GitHub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentconv.convert import STATUSES, Conversion, report_agent
from agentconv.notes import RANK, Note
from agentconv.project.batch import Remark, Run
from agentconv.telling.escape import github_data, github_property, json_text, one_line

SCHEMA = 1


def counts(results: Iterable[Conversion]) -> dict[str, int]:
    """How many results have which status."""
    found = dict.fromkeys(STATUSES, 0)
    for result in results:
        found[result.status] += 1
    return {status: n for status, n in found.items() if n}


def as_data(run: Run) -> dict[str, Any]:
    """The report of a run."""
    data: dict[str, Any] = {"schema": SCHEMA, "counts": counts(run.results)}
    data["agents"] = [report_agent(r) for r in run.results]
    if run.remarks:
        data["notes"] = [_remark(r) for r in run.remarks]
    return data


def _remark(one: Remark) -> dict[str, Any]:
    """What holds for a target as a whole, not for one agent."""
    note = {k: v for k, v in one.note.as_json().items() if k in ("code", "effect", "message", "help")}
    return {"target": one.target or None, "agents": one.count, **note}


def as_json(run: Run) -> str:
    """The report as text."""
    return json_text(as_data(run)) + "\n"


def as_sarif(run: Run) -> str:
    """The notes of a run for code hosts and editors."""
    from agentconv.telling import sarif

    found = []
    for result in run.results:
        more = {"agent": result.name, "target": result.target, "status": result.status}
        found += [sarif.of_note(one, result.source, more) for one in result.notes]
    found += [sarif.of_note(r.note, "", {"target": r.target, "agents": r.count}) for r in run.remarks]
    return sarif.as_text(found)


def note_line(one: Note) -> str:
    """``file:line:column: effect code message``, as compilers write it."""
    place = ":".join(str(p) for p in (one.file, one.line or "", one.column or "") if p != "")
    place = one_line(place)
    return f"{place + ': ' if place else ''}{one.effect} {one.code}: {one_line(one.message)}" + (
        f"\n    {one.help}" if one.help else ""
    )


def github_line(one: Note, source: str) -> str:
    """A workflow command that GitHub shows beside the line."""
    level = (
        "error" if RANK[one.effect] >= RANK["widens"] else "warning" if RANK[one.effect] >= RANK["lost"] else "notice"
    )
    where = ",".join(
        f"{k}={github_property(str(v))}"
        for k, v in (("file", one.file or source), ("line", one.line), ("col", one.column), ("title", one.code))
        if v
    )
    return f"::{level}{' ' * bool(where)}{where}::{github_data(one.message)}"


def github_lines(run: Run) -> list[str]:
    """All notes as workflow commands; what holds for a target has no file."""
    lines = [github_line(one, result.source) for result in run.results for one in result.notes]
    return lines + [github_line(r.note, "") for r in run.remarks]
