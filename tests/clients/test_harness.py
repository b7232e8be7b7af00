"""The comparison with the real programs must be able to fail; shown without starting one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients import harness
from tests.clients.harness import CLIENTS, Client, Row

CLAUDE = next(client for client in CLIENTS if client.id == "claude-code")
FILE = ".claude/agents/reader.md"
TEXT = b"---\nname: reader\ndescription: Reads\ntools: Read, WebFetch\n---\n\nRead it.\n"


def judged(tmp_path: Path, **changes: object) -> Row:
    run = {"tools": ["Read", "WebFetch"], "prompt": "Read it.", "error": None, **changes}
    agent = {"file": FILE, "name": changes.get("name", "reader"), "description": "Reads", "run": run}
    project = harness._Project(tmp_path / "0")
    row = Row(CLAUDE.id, "reader", "", "exact")
    project.add(row, {FILE: TEXT})
    project.judge(CLAUDE, harness.registry.load(CLAUDE.reads_as), {"agents": [agent], "errors": []})
    return row


def test_agreement_has_no_faults(tmp_path: Path) -> None:
    row = judged(tmp_path)
    assert row.faults == []
    assert row.cells()[3:] == ["yes", "same", "same", "2 as said", "same"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "other"}, "name"),
        ({"prompt": "Read it!"}, "prompt"),
        ({"tools": ["Read", "WebFetch", "Bash"]}, "beyond what we say"),
        ({"tools": ["Read"]}, "hands over"),
        ({"tools": ["Read", "WebFetch", "Teleport"]}, "does not know"),
        ({"error": "no such model"}, "no such model"),
    ],
    ids=lambda part: "" if isinstance(part, str) else next(iter(part)),
)
def test_each_difference_is_a_fault(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    assert any(words in fault for fault in judged(tmp_path, **changes).faults)


def test_a_file_that_was_not_loaded_is_a_fault(tmp_path: Path) -> None:
    project = harness._Project(tmp_path / "0")
    row = Row(CLAUDE.id, "reader", "", "exact")
    project.add(row, {FILE: TEXT})
    project.judge(
        CLAUDE, harness.registry.load(CLAUDE.reads_as), {"agents": [], "errors": [{"file": FILE, "message": "bad"}]}
    )
    assert row.loaded == "no" and "bad" in row.faults[0]


def test_a_script_that_prints_no_json_is_said(tmp_path: Path) -> None:
    script = tmp_path / "broken/load"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\necho oh >&2\nexit 3\n")
    script.chmod(0o755)
    client = Client("broken", "broken/load", CLAUDE.target, CLAUDE.reads_as, lambda out: [])
    with pytest.raises(RuntimeError, match="exit 3"):
        client.start(tmp_path, tmp_path, [])
    script.write_text(f"#!/bin/sh\necho '{json.dumps({'agents': []})}'\n")
    assert client.start(tmp_path, tmp_path, []) == {"agents": []}


def test_the_table_is_aligned() -> None:
    lines = harness.table([Row("a", "b", "c", "exact"), Row("longer name", "b", "c", "lossy")]).splitlines()
    assert len({line.index("conversion" if n == 0 else ("exact", "lossy")[n - 1]) for n, line in enumerate(lines)}) == 1
