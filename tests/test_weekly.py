"""The workflow that runs the newest programs: its steps as the runner starts them, with stand-ins for the rest."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clients.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/clients.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["drift"]["steps"]
SCRIPTS = {step.get("name", step["run"].split("\n")[0]): step["run"] for step in STEPS if "run" in step}
PROPOSE = SCRIPTS["Propose what differs"]


def run(*command: str, cwd: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": f"{path}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(cwd.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a repository that takes pushes, as the runner has one."""
    origin, folder = tmp_path / "origin.git", tmp_path / "clone"
    run("git", "init", "-q", "--bare", "-b", "main", str(origin), cwd=tmp_path)
    run("git", "clone", "-q", str(origin), str(folder), cwd=tmp_path)
    (folder / "proved.yaml").write_text("version: 1\n", "utf-8")
    for words in (["add", "."], ["-c", "user.name=x", "-c", "user.email=x@invalid", "commit", "-qm", "first"]):
        assert run("git", *words, cwd=folder).returncode == 0
    assert run("git", "push", "-q", "origin", "HEAD:main", cwd=folder).returncode == 0
    (folder / "found.txt").write_text("reader: tools: the program gives runs beyond what we say\n", "utf-8")
    return folder


def propose(clone: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The last step, with a `gh` that writes down what it is asked."""
    tools, asked = clone.parent / "bin", clone.parent / "asked.txt"
    tools.mkdir(exist_ok=True)
    (tools / "gh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{asked}"\n')
    (tools / "gh").chmod(0o755)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", PROPOSE]
    return run(*shell, cwd=clone, path=str(tools)), asked


def test_nothing_is_proposed_where_nothing_moved(clone: Path) -> None:
    done, asked = propose(clone)
    assert done.returncode == 0 and "nothing moved" in done.stdout, done.stderr
    assert not asked.exists()


def test_a_new_date_alone_is_nothing(clone: Path) -> None:
    (clone / "proved.yaml").write_text("version: 1\n    date: '2026-01-02'\n", "utf-8")
    done, asked = propose(clone)
    assert "nothing moved" in done.stdout and not asked.exists()


def test_what_moved_is_pushed_and_proposed_with_what_was_found(clone: Path) -> None:
    (clone / "proved.yaml").write_text("version: 2\n", "utf-8")
    done, asked = propose(clone)
    assert done.returncode == 0, done.stdout + done.stderr
    branches = run("git", "branch", "-a", "--format=%(refname:short)", cwd=clone.parent / "origin.git").stdout.split()
    (branch,) = (name for name in branches if name.startswith("programs-"))
    shown = run("git", "show", f"{branch}:proved.yaml", cwd=clone.parent / "origin.git")
    assert shown.stdout == "version: 2\n"
    assert asked.read_text().splitlines()[:2] == ["pr", "create"] and "body.md" in asked.read_text()
    assert "beyond what we say" in (clone / "body.md").read_text()


def test_a_second_run_of_a_day_does_not_fail(clone: Path) -> None:
    (clone / "proved.yaml").write_text("version: 2\n", "utf-8")
    assert propose(clone)[0].returncode == 0
    run("git", "switch", "-q", "main", cwd=clone)
    (clone / "proved.yaml").write_text("version: 3\n", "utf-8")
    done, _ = propose(clone)
    assert done.returncode == 0, done.stderr


def test_no_expression_is_part_of_a_script() -> None:
    assert all("${{" not in script for script in SCRIPTS.values())


def test_the_commands_it_calls_exist(capsys: pytest.CaptureFixture[str]) -> None:
    said = "\n".join(SCRIPTS.values())
    for words in ("install", "pin"):
        assert f"tests.clients {words}" in said
        with pytest.raises(SystemExit) as ended:
            main([words, "--help"])
        assert ended.value.code == 0
    assert "--newest" in said and "--newest" in capsys.readouterr().out
    assert (ROOT / "tests/readme.py").exists() and "tests.readme --write" in said


def test_every_pair_is_run_once_a_week() -> None:
    """What a run of the suite leaves to the marker is left to nobody else."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/every.yml").read_text("utf-8"))
    assert workflow[True]["schedule"], "`on` is a truth value in YAML"
    commands = [step.get("run", "") for step in workflow["jobs"]["every"]["steps"]]
    assert any("pytest" in command and "-m every" in command for command in commands)
    assert "every:" in (ROOT / "pyproject.toml").read_text("utf-8")
