"""A folder is asked once for the files that are written into it together (``project.listing``): what it says is what
each file would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agentconv.cli import app
from agentconv.project import files, listing, writing
from agentconv.project.listing import Listing


def asked(folder: Path, *names: str) -> list[bool]:
    """What is said of the names; another one was asked for before."""
    seen = Listing()
    assert not seen.lacks(str(folder), "first.md")
    return [seen.lacks(str(folder), name) for name in names]


def test_the_first_is_asked_for_itself(tmp_path: Path) -> None:
    assert not Listing().lacks(str(tmp_path), "a.md")


def test_what_is_there_is_never_missing(tmp_path: Path) -> None:
    (tmp_path / "a.md").touch()
    (tmp_path / "dangling.md").symlink_to("nowhere")
    (tmp_path / "folder.md").mkdir()
    assert asked(tmp_path, "a.md", "dangling.md", "folder.md", "b.md") == [False, False, False, True]


def test_other_letters_are_asked_for(tmp_path: Path) -> None:
    """A file of one name in other letters may be the same one, by the system."""
    (tmp_path / "Reviewer.md").touch()
    assert asked(tmp_path, "reviewer.md", "REVIEWER.md", "prüfer.md") == [False, False, False]


def test_a_folder_with_names_that_are_no_ascii_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "prüfer.md").touch()
    assert asked(tmp_path, "a.md") == [False]


def test_a_full_folder_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 3)
    for n in range(4):
        (tmp_path / f"{n}.md").touch()
    assert asked(tmp_path, "a.md") == [False]


def test_no_folder_has_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert asked(tmp_path / "no", "a.md") == [True]
    assert asked(tmp_path / "file", "a.md") == [True]
    assert asked(tmp_path, "", ".", "..") == [False] * 3


def test_what_came_meanwhile_is_seen(tmp_path: Path) -> None:
    seen = Listing()
    for _ in range(2):
        seen.lacks(str(tmp_path), "a.md")
    (tmp_path / "a.md").touch()
    seen.clear()
    seen.lacks(str(tmp_path), "b.md")
    assert not seen.lacks(str(tmp_path), "a.md")


def test_somebodys_files_among_many_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of several outputs is looked for in the list, and is somebody's."""
    monkeypatch.chdir(tmp_path)
    agents = tmp_path / ".claude" / "agents"
    agents.mkdir(parents=True)
    for n in range(5):
        (agents / f"agent-{n}.md").write_text(f"---\nname: agent-{n}\ndescription: Says {n}.\n---\nSay {n}.\n")
    theirs = tmp_path / ".opencode" / "agents" / "agent-4.md"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine\n")
    found = CliRunner().invoke(app, ["convert", "--to", "opencode"])
    assert "F003" in found.output, found.output
    assert theirs.read_text() == "mine\n"
    assert (theirs.parent / "agent-3.md").exists()


def test_what_comes_while_others_are_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the folder said counts for the outputs that are written together, and no longer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(writing, "CHUNK", 3)
    agents = tmp_path / ".claude" / "agents"
    agents.mkdir(parents=True)
    for n in range(6):
        (agents / f"agent-{n}.md").write_text(f"---\nname: agent-{n}\ndescription: Says {n}.\n---\nSay {n}.\n")
    theirs = tmp_path / ".opencode" / "agents" / "agent-5.md"
    settle = files.Staged.settle

    def and_somebody_else(self: files.Staged, *given: Any) -> None:
        settle(self, *given)
        if not theirs.exists():
            theirs.write_text("mine\n")

    monkeypatch.setattr(files.Staged, "settle", and_somebody_else)
    found = CliRunner().invoke(app, ["convert", "--to", "opencode"])
    assert "F003" in found.output, found.output
    assert theirs.read_text() == "mine\n"
