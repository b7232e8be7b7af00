"""``pytest -m client``: the shared agents, converted, before the real programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import goldens
from tests.clients import harness
from tests.clients.harness import CLIENTS, Client, Row


@pytest.mark.client
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_the_program_loads_what_we_write_as_we_say(
    client: Client, clients: Path, tmp_path: Path, rows: list[Row]
) -> None:
    if reason := client.missing(clients):
        pytest.skip(reason)
    found = harness.compare(client, clients, tmp_path)
    rows += found
    faults = [f"{row.agent}: {fault}" for row in found for fault in row.faults]
    assert not faults, "\n".join(faults)
    assert any(row.loaded == "yes" for row in found), "nothing was loaded, so nothing was shown"
    assert len(found) == len(goldens.agent_files())


@pytest.mark.client
@pytest.mark.parametrize("client", [c for c in CLIENTS if c.target == c.reads_as], ids=lambda client: client.id)
def test_the_program_reads_the_cases_as_we_say(client: Client, clients: Path, tmp_path: Path, rows: list[Row]) -> None:
    if reason := client.missing(clients):
        pytest.skip(reason)
    found = harness.read_cases(client, clients, tmp_path)
    rows += found
    faults = [f"{row.agent}: {fault}" for row in found for fault in row.faults]
    assert not faults, "\n".join(faults)
    assert found, f"no reader cases for {client.reads_as}"
