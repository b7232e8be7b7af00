"""What the real programs made of our output, kept for the summary after the run."""

from __future__ import annotations

import pytest

from tests.clients.judging import Row

FOUND: pytest.StashKey[dict[tuple[str, str], list[Row]]] = pytest.StashKey()


@pytest.fixture
def found(request: pytest.FixtureRequest) -> dict[tuple[str, str], list[Row]]:
    """Rows by program and format."""
    return request.config.stash.setdefault(FOUND, {})
