"""Folders that nobody lets us enter: a container often runs as a user who may not look into the home folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agentconv.cli import app

AGENT = "---\nname: reader\ndescription: Reads.\ntools: Read\n---\n\nRead.\n"
COMMANDS = (["convert", "--to", "opencode"], ["check"], ["list"], ["list", "--user"], ["formats"], [], ["build"])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_closed_counts_as_not_there(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder, and a folder of one program in the project."""
    home, project = tmp_path / "home", tmp_path / "project"
    (project / ".claude/agents").mkdir(parents=True)
    (project / ".git").mkdir()
    (project / ".claude/agents/reader.md").write_text(AGENT, "utf-8")
    home.mkdir()
    closed = (f"{home}{os.sep}", f"{project}{os.sep}.codex{os.sep}")

    def guarded(look: Any) -> Any:
        def refused(path: Any, *rest: Any, **more: Any) -> Any:
            if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(closed):
                raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
            return look(path, *rest, **more)

        return refused

    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(project)
    for name in ("stat", "lstat", "open", "scandir", "mkdir"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    done = CliRunner().invoke(app, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    if words[:1] == ["convert"]:
        assert done.exit_code == 0 and (project / ".opencode/agents/reader.md").is_file(), done.output
    if words[:1] in (["check"], ["formats"]):
        assert done.exit_code == 0, done.output
