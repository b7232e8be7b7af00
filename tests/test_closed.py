"""Folders that cannot be looked into: what may lie in them is missing, and that is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentconv.cli import app

AGENT = "---\nname: {}\ndescription: Reads.\ntools: Read\n---\n\nRead.\n"


@pytest.fixture
def shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of folders that nobody may list. Whoever is root may list all of them, so the system is asked for it."""
    names: list[str] = []
    listed = os.scandir

    def scandir(path: Any = ".") -> Any:
        if not isinstance(path, int) and Path(path).name in names:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name in ("agents/a.md", "agents/sub/b.md", ".claude/agents/c.md", ".claude/agents/sub/d.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(AGENT.format(Path(name).stem), "utf-8")
    (tmp_path / ".git").mkdir()
    yield names


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("sources", ["agents", "agents/**/*.md"])
def test_a_build_keeps_what_it_made_of_them(shut: list[str], tmp_path: Path, sources: str) -> None:
    (tmp_path / "agentconv.toml").write_text(f'sources = ["{sources}"]\n[targets.opencode]\n', "utf-8")
    assert run("build").exit_code == 0
    made = sorted((tmp_path / ".opencode/agents").rglob("*.md"))
    assert len(made) == 2
    shut.append("sub")
    done = run("build", "--notes", "full")
    assert done.exit_code == 3 and "agents/sub" in done.stderr and "permission denied" in done.stderr
    assert sorted((tmp_path / ".opencode/agents").rglob("*.md")) == made
    shut.clear()
    assert run("build").exit_code == 0 and run("build", "--check").exit_code == 0


@pytest.mark.parametrize(
    "words", [["convert", "agents", "--to", "vscode", "-o", "out/"], ["convert", "--to", "vscode"], ["check", "agents"]]
)
def test_they_are_named(shut: list[str], words: list[str]) -> None:
    shut.append("sub")
    done = run(*words)
    assert done.exit_code == 3 and "agents/sub" in done.output and "permission denied" in done.output


def test_places_in_a_folder_are_named_with_it(shut: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shut.append("sub")
    monkeypatch.chdir(tmp_path.parent)
    done = run("show", tmp_path.name)
    assert done.exit_code == 3 and f"{tmp_path.name}/.claude/agents/sub: error F001" in done.stderr


def test_a_closed_folder_alone_is_no_empty_one(shut: list[str]) -> None:
    shut.append("sub")
    done = run("convert", "agents/sub", "--to", "vscode", "-o", "out/")
    assert done.exit_code == 3 and "permission denied" in done.stderr and "no agents" not in done.stderr
