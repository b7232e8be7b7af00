"""What a command finds around it: closed folders and streams, a folder that is gone, empty variables."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agentconv.__main__ import main as start
from agentconv.cli import app
from agentconv.project import checks

AGENT = "---\nname: reader\ndescription: Reads.\ntools: Read\n---\n\nRead.\n"
COMMANDS = (["convert", "--to", "opencode"], ["check"], ["list"], ["list", "--user"], ["formats"], [], ["build"])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_closed_counts_as_not_there(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder, and a folder of one program in the project: a container often runs as a user who may look into
    neither."""
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


@pytest.mark.parametrize("words", [["convert", "--to", "opencode"], ["check"], ["list"], []], ids=" ".join)
def test_a_closed_folder_among_the_agents_is_said(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in it may be agents: it is not taken for empty, and the others are done."""
    inner = tmp_path / ".claude/agents/team"
    inner.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (inner.parent / "reader.md").write_text(AGENT, "utf-8")
    look = os.scandir

    def refused(path: Any = ".") -> Any:
        if os.fspath(path).rstrip(os.sep).endswith("team"):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return look(path)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "scandir", refused)
    done = CliRunner().invoke(app, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert ("cannot be read" if not words else "permission denied") in done.output
    if words[:1] == ["convert"]:
        assert done.exit_code == 3 and (tmp_path / ".opencode/agents/reader.md").is_file()


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line for the shell; ``$A`` is the command."""
    environment = {**os.environ, "A": f"{sys.executable} -m agentconv", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True)


ROOT = Path(__file__).parent.parent
LINES = [
    ("a stream that is closed", "$A convert p --to opencode -o out/ >&-", 0, "1 file written"),
    ("no standard error", "$A convert p --to opencode -o out/ 2>&-", 0, ""),
    ("no standard input", "$A convert p --to opencode -o out/ <&-", 0, "1 file written"),
    ("standard input that is closed", "$A convert - --to opencode <&-", 3, "R002"),
    ("a folder that is gone", "mkdir x && cd x && rmdir ../x && $A check", 3, "F001 the current folder is not there"),
    ("an empty name", '$A convert "$NOTHING" --to opencode -o out/', 3, "F001"),
    ("an empty place", 'cd p && $A convert --to opencode -o "$NOTHING"', 2, "--output is there without a word"),
]


@pytest.mark.parametrize(("line", "code", "said"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_the_command_ends_with_a_sentence(line: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "p/.claude/agents").mkdir(parents=True)
    (tmp_path / "p/.claude/agents/reader.md").write_text(AGENT, "utf-8")
    done = shell(line, tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr and "X001" not in done.stderr
    if code == 0:
        assert "mode: subagent" in (tmp_path / "out/.opencode/agents/reader.md").read_text("utf-8")
    else:
        assert not (tmp_path / "out").exists() and not (tmp_path / "p/.opencode").exists()


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of click, too, which ends its own part so."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("agentconv.cli.main", interrupted)
    monkeypatch.setattr("agentconv.leaving.alone", False)  # it is set, and the tests keep their own Ctrl-C
    monkeypatch.setattr(sys, "argv", ["agentconv", "list"])
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 130


@pytest.mark.parametrize("cause", ["closed", "changed"])
def test_what_cannot_be_mended_stays_and_is_said(cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check --fix` where the folder is closed, and where somebody saves the file while it is checked."""
    file = tmp_path / "fixer.md"
    file.write_text("---\nname: fixer\ndescription: Mends tests: one at a time.\n---\n\nMend.\n", "utf-8")
    (done := checks.CheckRun()).files.append(checks.Looked("fixer.md", "claude-code"))
    done.changes.append(("fixer.md", text := file.read_text("utf-8"), text.replace("Mend", "Write")))
    done.full["fixer.md"] = file
    if cause == "changed":
        file.write_text(text := text + "And more.\n", "utf-8")
    else:

        def closed(*_: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied", "fixer.md")

        monkeypatch.setattr("agentconv.project.files.write_bytes", closed)
    checks.write(done)
    assert file.read_text("utf-8") == text and not done.changes
    (said,) = done.findings
    assert (said.code, done.files[0].unread) == ("F003" if cause == "changed" else "F002", True) and said.mend
