"""``pytest -m client``: our output, and files made by hand, before the real programs.

What was found is recorded in ``agentconv/data/proved.yaml`` with ``--accept``; a version or a figure that differs from
the record fails, so that drift in a program is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from tests.clients import cases, harness
from tests.clients.cases import Case
from tests.clients.conftest import DUE, Found
from tests.clients.judging import Row
from tests.clients.programs import Check, Program, programs

pytestmark = pytest.mark.client

PAIRS = [(program, check) for program in programs().values() for check in program.checks]


def _params(pairs: list[tuple[Program, Check]]) -> list[ParameterSet]:
    return [
        pytest.param(program, check, id=f"{program.id}-{check.target}", marks=[pytest.mark.quick] * program.quick)
        for program, check in pairs
    ]


WRITTEN = _params([pair for pair in PAIRS if pair[1].written])
OWN = _params([pair for pair in PAIRS if pair[1].target == pair[1].reads_as])


def run(program: Program, check: Check, made: Iterator[Case], folder: Path, found: Found, kind: str) -> list[Row]:
    """Load the cases; what differs and is not written down fails, and what is written down and agrees, too."""
    if reason := program.missing():
        pytest.skip(reason)
    key = program.id, check.target
    rows = harness.compare(program, check, made, folder, lambda said: found.versions.update({program.id: said}))
    if kind in DUE:
        found.rows.setdefault(key, []).extend(rows)
        found.made.setdefault(key, set()).add(kind)
    wrong = harness.unexpected(program.id, rows) + harness.settled(program.id, rows)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
    return rows


@pytest.mark.parametrize(("program", "check"), WRITTEN)
def test_the_program_loads_what_we_write_as_we_say(
    program: Program, check: Check, tmp_path: Path, found: Found
) -> None:
    rows = run(program, check, cases.converted(check), tmp_path, found, "written")
    assert any(row.loaded == "yes" for row in rows), "nothing was loaded, so nothing was shown"


@pytest.mark.parametrize(("program", "check"), OWN)
def test_the_program_reads_the_cases_as_we_say(program: Program, check: Check, tmp_path: Path, found: Found) -> None:
    rows = run(program, check, cases.written_by_hand(check.target), tmp_path, found, "by hand")
    assert rows, f"no reader cases for {check.target}"


@pytest.mark.parametrize(("program", "check"), OWN)
@pytest.mark.parametrize("made", ["page", "fixtures"])
def test_the_program_reads_shared_files_as_we_say(
    program: Program, check: Check, made: str, tmp_path: Path, found: Found
) -> None:
    makers: dict[str, Callable[[], Iterator[Case]]] = {
        "page": lambda: cases.of_page(check.target),
        "fixtures": lambda: cases.recorded(program.id, check.target),
    }
    there = list(makers[made]())
    if not there:
        pytest.skip(f"the shared folder has no {made} for {check.target}")
    run(program, check, iter(there), tmp_path, found, made)
