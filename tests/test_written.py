"""What agentconv remembers of its outputs: enough to know them again, and no more than there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentconv.project import written
from agentconv.project.written import Written


def known(root: Path) -> set[str]:
    return set(Written(root).hashes)


def test_outputs_that_are_gone_are_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who converts to another folder each day would read the names of all the years."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(written, "ROOM", 4)
    root = tmp_path / "project"
    root.mkdir()
    for day in range(9):
        memory = Written(root)
        memory.note(f"out-{day}/a.md", b"a")
        memory.note("kept.md#one", b"an entry")
        (root / "kept.md").write_bytes(b"")
        memory.save()
        assert len(known(root)) <= 5
    assert "kept.md#one" in known(root), "the file is there, so its entry is still known"
    assert Written(root).knows("kept.md#one", b"an entry")


def test_what_is_there_stays_known_however_much_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(written, "ROOM", 4)
    root = tmp_path / "project"
    root.mkdir()
    memory = Written(root)
    for n in range(20):
        (root / f"{n}.md").write_bytes(b"")
        memory.note(f"{n}.md", b"")
    memory.save()
    assert len(known(root)) == 20 and Written(root).room == 40


def test_many_rows_are_written_as_json_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for count in (0, 1, 999, 1_000, 1_001, 2_500):
        one = Written(tmp_path / str(count))
        for n in range(count):
            one.note(f"a/é-{n}.md", b"%d" % n)
        one.changed = True
        one.save()
        data = {"room": one.room, "written": dict(sorted(one.hashes.items()))}
        assert one.file.read_bytes() == json.dumps(data).encode()
        assert Written(tmp_path / str(count)).hashes == one.hashes
