"""The table of what the real programs made of our output, after the run."""

from __future__ import annotations

import pytest

from tests.clients.harness import Row, table

ROWS: pytest.StashKey[list[Row]] = pytest.StashKey()


@pytest.fixture
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """Rows for the table."""
    return request.config.stash.setdefault(ROWS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if found := config.stash.get(ROWS, []):
        terminalreporter.section("what the real programs made of it")
        terminalreporter.write_line(table(found))
