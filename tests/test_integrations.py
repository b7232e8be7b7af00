"""The hooks, the action and the skill as others use them: from outside, in a project of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import registry
from agentconv.reading.engine import read_author, read_program
from tests.conftest import ROOT

GOOD = "---\nname: a\ndescription: Does it.\ntools: Read\n---\n\nDo it.\n"
# an inner line of dashes ends the header in Claude Code: the tool list is lost, and the agent gets everything
BAD = "---\nname: b\ndescription: Does it.\n--- and more\ntools: Read\n---\n\nDo it.\n"
OFFLINE = ("No matching distribution", "Temporary failure in name resolution", "Could not find a version")


def run(*command: str, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """A command with nothing of this process around it that would change what it does."""
    names = ("PYTHONPATH", "VIRTUAL_ENV", "GIT_DIR", "GIT_INDEX_FILE", "CI")
    env = {k: v for k, v in os.environ.items() if k not in names} | extra
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one good agent, committed."""
    folder = tmp_path / "project"
    agents = folder / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "a.md").write_text(GOOD, "utf-8")
    for words in ("init -q", "add -A", "-c user.name=a -c user.email=a@b.invalid commit -qm a"):
        assert run("git", *words.split(), cwd=folder).returncode == 0
    return folder


# -- pre-commit -------------------------------------------------------------------------------

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


def test_the_hooks_look_at_the_places_of_every_format() -> None:
    pattern = re.compile(HOOKS[0]["files"])
    missed = []
    for id in registry.ids():
        head = registry.heads()[id]
        if head.get("kind") == "text" and "subagents" not in str(head["places"]):
            continue  # a text is no agent by itself
        for place in (head.get("places") or {}).get("project") or ():
            example = place.replace("**/", "").replace("*", "x")
            if not pattern.search(example) and not place.startswith(".agentconv/"):
                missed.append(place)
    assert missed == []
    assert not pattern.search("src/agents/main.py") and not pattern.search("docs/subagents.md")


def hooked(project: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What pre-commit makes of a hook of this checkout."""
    pytest.importorskip("pre_commit", reason="until pre-commit is installed, as `pip install -e .[test]` does")
    if run("git", "rev-parse", "HEAD", cwd=ROOT).returncode != 0:
        pytest.skip("until this is a clone: pre-commit takes hooks from a repository")
    done = run(sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), *words, cwd=project, **environment)
    if any(word in done.stdout + done.stderr for word in OFFLINE):
        pytest.skip("until a package index can be reached: pre-commit installs the hook from it")
    return done


def test_pre_commit_runs_the_hook(project: Path, tmp_path: Path) -> None:
    home = {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
    good = hooked(project, "agentconv-check", "--all-files", **home)
    assert good.returncode == 0 and "Passed" in good.stdout, good.stdout + good.stderr
    (project / ".claude/agents/b.md").write_text(BAD, "utf-8")
    run("git", "add", "-A", cwd=project)
    bad = hooked(project, "agentconv-check", "--all-files", **home)
    assert bad.returncode == 1 and "Failed" in bad.stdout and "b.md" in bad.stdout, bad.stdout + bad.stderr


def test_pre_commit_builds_whatever_changes(project: Path, tmp_path: Path) -> None:
    """Sources lie in a folder that no program knows, and one that was deleted is no file that could be handed over."""
    (project / "team").mkdir()
    for name in ("a", "b"):
        (project / f"team/{name}.md").write_text(GOOD.replace("name: a", f"name: {name}"), "utf-8")
    (project / "agentconv.toml").write_text('sources = ["team"]\n[targets.opencode]\n', "utf-8")
    home = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "XDG_STATE_HOME": str(tmp_path / "state")}
    build = [sys.executable, "-m", "agentconv", "build", "-q"]
    assert run(*build, cwd=project, PYTHONPATH=str(ROOT), **home).returncode == 0
    run("git", "add", "-A", cwd=project)
    run("git", *["-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-qm", "b"], cwd=project)
    run("git", "rm", "-q", "team/b.md", cwd=project)
    bad = hooked(project, "agentconv-build", **home)
    assert bad.returncode == 1 and ".opencode/agents/b.md" in bad.stdout, bad.stdout + bad.stderr


# -- the action -------------------------------------------------------------------------------

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}


def step(name: str, folder: Path, temp: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """A step's script as the runner starts it, with the inputs in its variables."""
    given = {key: str(facts.get("default", "")) for key, facts in ACTION["inputs"].items()} | inputs
    env = {"RUNNER_TEMP": str(temp), "GITHUB_STEP_SUMMARY": str(temp / "summary.md"), "ACTION": str(ROOT)}
    for key, value in (STEPS[name].get("env") or {}).items():
        found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)
        if found:
            env[key] = given[found[1]]
    (temp / "summary.md").touch()
    return run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"], cwd=folder, **env)


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """The runner's folder with agentconv in it, this one instead of a fresh install."""
    temp = tmp_path / "runner"
    (temp / "agentconv/bin").mkdir(parents=True)
    (temp / "agentconv/bin/agentconv").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m agentconv "$@"\n')
    (temp / "agentconv/bin/agentconv").chmod(0o755)
    return temp


def test_no_input_is_part_of_a_script() -> None:
    """`${{ inputs.paths }}` inside a script would run what somebody wrote into a path."""
    assert all("${{" not in found["run"] for found in STEPS.values())
    assert set(STEPS) == {"Install agentconv", "Check", "In step"}


def test_the_action_checks(project: Path, runner: Path) -> None:
    python = {"PYTHONPATH": str(ROOT)}
    os.environ.update(python)
    try:
        good = _check(project, runner)
        assert good.returncode == 0, good.stdout + good.stderr
        (project / ".claude/agents/b.md").write_text(BAD, "utf-8")
        bad = _check(project, runner, sarif="found.sarif", targets="opencode")
    finally:
        os.environ.pop("PYTHONPATH")
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "::error file=.claude/agents/b.md" in bad.stdout + bad.stderr
    assert "b.md" in (runner / "summary.md").read_text("utf-8")
    assert '"2.1.0"' in (project / "found.sarif").read_text("utf-8")


def _check(project: Path, runner: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    return step("Check", project, runner, **inputs)


def test_the_action_looks_at_all_that_it_is_given(project: Path, runner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths on lines of their own, as YAML has them; and the SARIF file holds what the targets make of it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("one", "two"):
        (project / name).mkdir()
    (project / "one/a.md").write_text(GOOD, "utf-8")
    (project / "two/b.md").write_text(BAD, "utf-8")
    done = _check(project, runner, paths="one\ntwo\n", targets="codex", sarif="found.sarif")
    assert done.returncode == 1 and "file=two/b.md" in done.stdout + done.stderr
    told = set(re.findall(r"file=([a-z./]+)", done.stdout + done.stderr))
    kept = set(re.findall(r'"uri": "([a-z./]+)"', (project / "found.sarif").read_text("utf-8")))
    assert told == {"one/a.md", "two/b.md"} <= kept
    nothing = _check(project, runner, paths="nowhere")
    assert nothing.returncode == 3 and "cat:" not in nothing.stderr


def test_paths_with_blanks_and_files_of_earlier_steps(
    project: Path, runner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is a path is one; a summary that is left from another use in the job is not shown again."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("my agents", "other"):
        (project / name).mkdir()
        (project / name / "b c.md").write_text(BAD, "utf-8")
    done = _check(project, runner, paths="my agents\nother/b c.md\nother .claude/agents\n", sarif="in/a folder/x.sarif")
    assert done.returncode == 1 and "F001" not in done.stdout + done.stderr
    assert {"my agents/b c.md", "other/b c.md"} == set(re.findall("::error file=([^,]+)", done.stdout + done.stderr))
    assert '"2.1.0"' in (project / "in/a folder/x.sarif").read_text("utf-8")
    (runner / "summary.md").unlink()
    wrong = _check(project, runner, **{"fail-on": "sometimes"})
    assert wrong.returncode == 2 and (runner / "summary.md").read_text("utf-8") == ""


def test_a_path_is_no_command(project: Path, runner: Path) -> None:
    done = step("Check", project, runner, paths="$(touch${IFS}hacked) ;touch hacked")
    assert done.returncode != 0 and not (project / "hacked").exists()


# -- the skill --------------------------------------------------------------------------------


def test_the_skill_is_one() -> None:
    spec = registry.load("agent-skills")
    path = ROOT / "skills/agentconv/SKILL.md"
    text = path.read_text("utf-8")
    author = read_author(spec, text, ".claude/skills/agentconv/SKILL.md")
    program = read_program(spec, text, ".claude/skills/agentconv/SKILL.md")
    assert program.status == "read" and author.notes == [] and author.agents[0].notes == []
    assert program.agents[0].agent.name == path.parent.name


def test_what_the_skill_names_exists() -> None:
    from agentconv.notes import CODES
    from tests import readme

    text = (ROOT / "skills/agentconv/SKILL.md").read_text("utf-8")
    known = {name.removeprefix("agentconv ") for name, _ in readme.commands()}
    assert set(re.findall(r"`agentconv ([a-z]+)", text)) <= known
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= readme.options()
    assert set(re.findall(r"`([A-Z]\d{3})`", text)) <= set(CODES)
