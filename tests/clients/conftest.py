"""Rows of all programs of a run: shown after it, and with ``--accept`` recorded."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import pytest

from tests.clients import record
from tests.clients.cases import READ
from tests.clients.judging import Row
from tests.clients.programs import Check, programs


@dataclass
class Found:
    """What a run found: rows by program and format, and the version that each program said it is."""

    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    # which of the tests that the record is made from were run
    made: dict[tuple[str, str], set[str]] = field(default_factory=dict)


DUE = ("written", "by hand")  # what the record is made from; the shared folder is not at hand everywhere
FOUND: pytest.StashKey[Found] = pytest.StashKey()


@pytest.fixture
def found(request: pytest.FixtureRequest) -> Found:
    """What the run found so far."""
    return request.config.stash.setdefault(FOUND, Found())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash.get(FOUND, None)
    if found is None:
        return
    terminalreporter.section("what the real programs made of it")
    for (id, target), rows in found.rows.items():
        ours, by_hand = [r for r in rows if r.status != READ and r.file], [r for r in rows if r.status == READ]
        agreed, same = (sum(not row.faults for row in part) for part in (ours, by_hand))
        terminalreporter.write_line(
            f"{id:14} {found.versions.get(id, ''):20} {target:14} written {len(ours):3}, agreed {agreed:3};"
            f" by hand {len(by_hand):3}, the same {same:3}"
        )


def due(check: Check) -> set[str]:
    """The tests of which the record of a program and format is made."""
    return ({"written"} if check.written else set()) | ({"by hand"} if check.target == check.reads_as else set())


def pytest_sessionfinish(session: pytest.Session) -> None:
    found = session.config.stash.get(FOUND, None)
    if found is None or not session.config.getoption("--accept"):
        return
    checks = {(p.id, c.target): c for p in programs().values() for c in p.checks}
    whole = {key: found.rows[key] for key, made in found.made.items() if made == due(checks[key])}
    record.write(whole, found.versions, datetime.date.today())
