"""Half-written files of runs that were killed: the next conversion there takes away those that are nobody's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agentconv.leaving import ends
from agentconv.project import files, putting
from agentconv.project.halves import OLD, half_of

AGENT = "---\nname: reviewer\ndescription: Reviews.\ntools: Read\n---\nReview.\n"
MINE = "reviewer.agent.md"


def half(folder: Path, name: str, process: int, age: float) -> Path:
    """What such a process had begun so long ago."""
    own = half_of(name)
    file = folder / own.replace(f".{os.getpid() & 0xFFFFFF:06x}", f".{process & 0xFFFFFF:06x}")
    file.write_text("half")
    os.utime(file, (time.time() - age, time.time() - age))
    return file


def dead() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.skipif(os.name != "posix", reason="until halves._is_dead can ask elsewhere, too")
def test_a_conversion_takes_away_what_a_dead_one_had_begun(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".claude/agents").mkdir(parents=True)
    (tmp_path / ".claude/agents/reviewer.md").write_text(AGENT)
    folder = tmp_path / ".github/agents"
    folder.mkdir(parents=True)
    up = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else None
    gone = [half(folder, MINE, dead(), OLD + 60)]
    if up is not None:  # the number is somebody else's since the machine was started
        gone.append(half(folder, MINE, os.getpid(), up + OLD + 60))
    kept = [
        half(folder, MINE, dead(), 0),  # the one of another machine that shares the folder may be at work
        half(folder, "other.agent.md", dead(), OLD + 60),  # not written by this run: whose it is, nobody knows
        half(folder, f"{MINE}.mine", dead(), OLD + 60),
    ]
    if up is None or up > OLD + 60:
        kept.append(half(folder, MINE, os.getpid(), OLD + 60))  # whoever began it lives
    command = [sys.executable, "-m", "agentconv", "convert", "--to", "vscode"]
    env = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}
    dry = subprocess.run([*command, "--dry-run"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert dry.returncode == 0 and all(file.exists() for file in gone), dry.stderr
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and (folder / MINE).exists(), done.stderr
    assert not [file.name for file in gone if file.exists()]
    assert all(file.exists() for file in kept)


@pytest.mark.parametrize("call", ["open", "write", "close", "chmod", "replace"])
def test_ctrl_c_leaves_nothing_wherever_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Python raises it when a call of the system has returned: what that made is there, and nobody was told."""
    (tmp_path / "there").write_text("before", "utf-8")
    really = getattr(os, call)

    def interrupted(*arguments: Any) -> Any:
        done = really(*arguments)
        if not hits or sys._getframe(1).f_globals["__name__"] != files.__name__:
            return done
        hits.pop()
        raise KeyboardInterrupt

    hits = ["the first time"]
    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        putting.put([putting.Order(str(tmp_path / name), b"after", False) for name in ("there", "new")])
    assert not hits and {path.name for path in tmp_path.iterdir()} <= {"there", "new"}
    assert (tmp_path / "there").read_text("utf-8") == ("after" if call == "replace" else "before")


def as_usual() -> None:
    """The tests may run below `nohup`, or in the background of a shell: there some of these are passed over."""
    for number in ends():
        signal.signal(number, signal.SIG_DFL)


def test_a_run_ends_at_a_polite_kill_as_it_does_at_ctrl_c(tmp_path: Path) -> None:
    """What stops a job of a runner sends one; a second one is not waited for."""
    code = """
import os, signal, sys, time
from agentconv import leaving
leaving.alone = True
leaving.clean_up_first()
try:
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
finally:
    print("cleaned up", flush=True)
    if sys.argv[2:]:
        os.kill(os.getpid(), getattr(signal, sys.argv[2]))
        print("late")
"""

    def run(*names: str) -> tuple[str, int]:
        words = [sys.executable, "-c", code, *names]
        done = subprocess.run(words, capture_output=True, text=True, preexec_fn=as_usual)
        return done.stdout, done.returncode

    assert run("SIGTERM") == ("cleaned up\n", 143) and run("SIGHUP") == ("cleaned up\n", 129)
    assert run("SIGTERM", "SIGINT") == ("cleaned up\n", -signal.SIGINT)
    assert run("SIGINT", "SIGTERM") == ("cleaned up\n", -signal.SIGTERM)
