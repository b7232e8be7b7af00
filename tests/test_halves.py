"""Half-written files of runs that were killed: the next conversion there takes away those that are nobody's."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
