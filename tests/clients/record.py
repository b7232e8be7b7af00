"""What was found, as a record: ``agentconv/data/proved.yaml``, which the README's table and ``formats`` are made from.

``pytest -m client --accept`` writes it. A program that was not run keeps its line.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.clients import harness, installing
from tests.clients.cases import READ
from tests.clients.judging import Row
from tests.clients.programs import Program, programs

RECORD = Path(__file__).resolve().parents[2] / "agentconv" / "data" / "proved.yaml"
HEAD = """\
# What the real programs made of our files: by format and program, when it was last run. `pytest -m client --accept`
# writes this; nothing in it is made by hand. `written`: shared agents and examples that were converted and put there,
# `held`: those that the target cannot hold and that were not written, `loaded` and `agreed`: what the program took, and
# what means there what we say. `files`: files made by hand, and of how many (`same`) program and program reading say
# the same, files that both refuse among them.
"""
Found = Mapping[tuple[str, str], Iterable[Row]]


def read() -> dict[str, dict[str, dict[str, Any]]]:
    """The record: format -> program -> figures."""
    if not RECORD.exists():
        return {}
    data: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(RECORD.read_text(encoding="utf-8"))
    return data


def write(found: Found, versions: Mapping[str, str], today: datetime.date) -> None:
    """Put what was found in; the rest stays."""
    record = read()
    for (id, target), rows in found.items():
        record.setdefault(target, {})[id] = _figures(programs()[id], list(rows), versions[id], today)
    ordered = {target: dict(sorted(lines.items())) for target, lines in sorted(record.items())}
    RECORD.write_text(HEAD + yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=200), encoding="utf-8")


def _figures(program: Program, rows: list[Row], version: str, today: datetime.date) -> dict[str, Any]:
    ours, by_hand = [r for r in rows if r.status != READ], [r for r in rows if r.status == READ]
    written = [row for row in ours if row.file]
    return {
        "program": program.title,
        "version": version,
        "packages": installing.installed(program),
        "date": today.isoformat(),
        "written": len(written),
        "held": len(ours) - len(written),
        "loaded": sum(row.loaded == "yes" for row in written),
        "agreed": sum(not row.faults for row in written),
        "files": len(by_hand),
        "same": sum(not row.faults for row in by_hand),
    }


def table() -> str:
    """The record for the README, and the differences that are known."""
    lines = [
        "| program | seen | format | written by us | loaded | meaning agreed | files by hand | read the same |",
        "|" + "---|" * 8,
    ]
    for target, entries in read().items():
        for entry in entries.values():
            cells = (entry[key] for key in ("written", "loaded", "agreed", "files", "same"))
            seen = f"{entry['version']}, {entry['date']}"
            lines.append(f"| {entry['program']} | {seen} | `{target}` | {' | '.join(map(str, cells))} |")
    lines += ["", "Where they differ, and why that stays so:", ""]
    for id, program in programs().items():
        for one in harness.known(id):
            cases = ", ".join(f"`{case}`" for case in sorted(one.cases) if not case.startswith("shared/"))
            if not cases:  # of files that lie in the shared folder only
                continue
            lines.append(f"- {program.title} {one.seen}, {one.what} of {cases}: {one.why}")
    return "\n".join(lines) + "\n"
