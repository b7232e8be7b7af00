"""The whole life of a project with real git: what a team does with `agentconv build` from the first day on."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentconv.cli import main

AGENT = """\
---
name: {name}
description: {description}
tools: {tools}
model: sonnet
---

{body}
"""
SETTINGS = """\
sources = ["agents"]

[targets.vscode]

[targets.gemini-cli]
"""


@dataclass
class Project:
    """A folder under git, and the two commands."""

    root: Path
    home: Path

    def env(self) -> dict[str, str]:
        who = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **who,
        }

    def run(self, *words: str, code: int = 0) -> str:
        """agentconv in this process; what it said."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        here = Path.cwd()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env().items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", out)
            os.chdir(self.root)
            try:
                main(list(words))
            except SystemExit as ended:
                got = ended.code or 0
            finally:
                os.chdir(here)
        out.flush()
        said = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
        assert got == code, f"{words} → {got}\n{said}"
        return str(said)

    def build(self, *words: str, code: int = 0) -> str:
        return self.run("build", *words, code=code)

    def git(self, *words: str, code: int | None = 0) -> str:
        done = subprocess.run(["git", *words], cwd=self.root, env=self.env(), capture_output=True, text=True)
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def agent(self, name: str, body: str = "Do it well.", tools: str = "Read, Grep", description: str = "") -> None:
        text = AGENT.format(name=name, body=body, tools=tools, description=description or f"Does {name}.")
        self.write(f"agents/{name}.md", text)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def read(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")

    def has(self, path: str) -> bool:
        return (self.root / path).exists()

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def files(self) -> dict[str, bytes]:
        return {
            p.relative_to(self.root).as_posix(): p.read_bytes()
            for p in sorted(self.root.rglob("*"))
            if p.is_file() and ".git" not in p.relative_to(self.root).parts
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "home")
    made.root.mkdir()
    made.home.mkdir()
    made.git("init", "-qb", "main")
    return made


def vscode(name: str) -> str:
    return f".github/agents/{name}.agent.md"


def gemini(name: str) -> str:
    return f".gemini/agents/{name}.md"


def test_the_life_of_a_project(project: Project, tmp_path: Path) -> None:
    # init: the most likely source, and the programs whose folders are there
    (project.root / ".claude/agents").mkdir(parents=True)
    project.agent("reviewer")
    project.agent("writer", tools="Read, Edit, Bash")
    for name in ("reviewer", "writer"):
        (project.root / f"agents/{name}.md").rename(project.root / f".claude/agents/{name}.md")
    (project.root / ".gemini").mkdir()
    said = project.run("init", "--to", "vscode,gemini-cli")
    assert ".claude/agents (2 agents, claude-code) is the source" in said
    assert 'sources = [".claude/agents"]' in project.read("agentconv.toml")
    project.run("init", code=2)  # never over one that is there

    # build, twice: the second time nothing happens
    project.build("--check", code=1)
    assert not project.has("agentconv.lock") and not project.has(vscode("reviewer")), "--check writes nothing"
    project.build()
    first = project.files()
    assert {vscode("reviewer"), vscode("writer"), gemini("reviewer"), gemini("writer"), "agentconv.lock"} <= set(first)
    assert "up to date" in project.build()
    assert project.files() == first
    project.build("--check")
    project.commit("first build")

    # edit a source
    source = ".claude/agents/reviewer.md"
    project.write(source, project.read(source).replace("Do it well.", "Do it better."))
    assert "Do it better." in project.build("--check", code=1)
    assert "Do it better." not in project.read(vscode("reviewer"))
    project.build()
    assert "Do it better." in project.read(vscode("reviewer")) and "Do it better." in project.read(gemini("reviewer"))
    project.build("--check")

    # edit an output: kept, shown with a diff and both ways out
    edited = project.read(vscode("reviewer")).replace("Do it better.", "Do it at once.")
    project.write(vscode("reviewer"), edited)
    project.commit("somebody edited an output and committed it")
    project.write(source, project.read(source).replace("Do it better.", "Do it best."))
    said = project.build(code=1)
    assert "edited since agentconv wrote it" in said and "-Do it at once." in said and "+Do it best." in said
    assert "agentconv build --force" in said
    assert project.read(vscode("reviewer")) == edited, "an edited output stays"
    assert "Do it best." in project.read(gemini("reviewer")), "the others go on"
    way = next(line for line in said.splitlines() if "agentconv convert" in line).split("agentconv ", 1)[1]
    project.build("--check", code=1)

    # take the edit back, as the message says
    project.run(*way.split())
    assert "Do it at once." in project.read(source) and "tools: " in project.read(source)
    project.build()
    assert "Do it at once." in project.read(gemini("reviewer")) and "Do it at once." in project.read(vscode("reviewer"))
    project.build("--check")
    # or drop it
    project.write(gemini("writer"), "mine")
    project.build(code=1)
    project.build("--force")
    assert "Do it well." in project.read(gemini("writer"))
    project.commit("taken back")

    # rename and delete
    (project.root / source).rename(project.root / ".claude/agents/critic.md")
    renamed = ".claude/agents/critic.md"
    project.write(renamed, project.read(renamed).replace("name: reviewer", "name: critic"))
    project.build()
    assert project.has(vscode("critic")) and not project.has(vscode("reviewer")) and not project.has(gemini("reviewer"))
    project.write(gemini("writer"), project.read(gemini("writer")) + "\nA note of mine.\n")
    (project.root / ".claude/agents/writer.md").unlink()
    said = project.build(code=1)
    assert not project.has(vscode("writer")) and "A note of mine." in project.read(gemini("writer"))
    assert "nothing stands behind it any more" in said
    project.build("--force")
    assert not project.has(gemini("writer"))
    project.build("--check")
    project.commit("renamed and deleted")

    # remove a target, add another one; files that agentconv did not write stay, in shared files, too
    project.write(gemini("own"), "---\nname: own\ndescription: Mine.\n---\n\nMine.\n")
    project.write("opencode.json", '{\n  // ours\n  "agent": {"mine": {"description": "Mine.", "prompt": "x"}}\n}\n')
    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.vscode]\n[targets.opencode-json]\n')
    project.build()
    assert not project.has(gemini("critic")) and project.has(gemini("own"))
    both = project.read("opencode.json")
    assert '"critic"' in both and "// ours" in both and '"mine": {"description": "Mine.", "prompt": "x"}' in both
    project.commit("another target")
    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.vscode]\n')
    project.build()
    assert (
        project.read("opencode.json")
        == '{\n  // ours\n  "agent": {"mine": {"description": "Mine.", "prompt": "x"}}\n}\n'
    )
    project.build("--check")
    project.commit("and away again")

    # a clean clone on another machine
    clone = Project(tmp_path / "clone", tmp_path / "other-home")
    clone.home.mkdir()
    project.git("clone", "-q", str(project.root), str(clone.root))
    assert clone.files() == project.files()
    clone.build("--check")
    assert "up to date" in clone.build()
    assert clone.files() == project.files()


@pytest.mark.parametrize("union", [False, True])
def test_two_branches_that_both_built_are_merged(project: Project, union: bool) -> None:
    for name in ("a", "b", "c", "d"):
        project.agent(name, body="One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.")
    project.write("agentconv.toml", SETTINGS)
    if union:
        project.write(".gitattributes", "agentconv.lock merge=union\n")
    project.build()
    project.commit("base")
    project.git("switch", "-qc", "left")
    project.write("agents/a.md", project.read("agents/a.md").replace("One.", "Left one."))
    project.agent("new-left")
    project.build()
    project.commit("left")
    project.git("switch", "-q", "main")
    project.git("switch", "-qc", "right")
    project.write("agents/b.md", project.read("agents/b.md").replace("Two.", "Right two."))
    (project.root / "agents/d.md").unlink()
    project.build()
    project.commit("right")
    # different agents: git joins sources and outputs of itself. Lines of the lock that are neighbours are in conflict
    # without `merge=union`; a build settles that, too
    said = project.git("merge", "--no-edit", "left", code=None)
    if union:
        assert "CONFLICT" not in said
        project.build("--check")
    else:
        assert {line.split()[-1] for line in said.splitlines() if "CONFLICT" in line} <= {"agentconv.lock"}
        project.build()
        project.commit("joined")
    project.build("--check")
    assert "Left one." in project.read(vscode("a")) and "Right two." in project.read(vscode("b"))

    # the same agent on both sides, at different places: the texts are joined, the lock may be in conflict
    project.git("switch", "-qc", "third")
    project.write("agents/a.md", project.read("agents/a.md").replace("Five.", "Third five."))
    project.build()
    project.commit("third")
    project.git("switch", "-q", "right")
    project.write("agents/a.md", project.read("agents/a.md").replace("Three.", "Right three."))
    project.build()
    project.commit("right again")
    project.git("merge", "-q", "--no-edit", "third", code=None)
    project.build()
    assert all(w in project.read(vscode("a")) for w in ("Left one.", "Right three.", "Third five."))
    assert "<<<<" not in project.read("agentconv.lock")
    project.build("--check")
    project.commit("joined")

    # the same line on both sides: whoever mends the source, need not mend the outputs
    project.git("switch", "-qc", "fourth")
    project.write("agents/c.md", project.read("agents/c.md").replace("One.", "Fourth one."))
    project.build()
    project.commit("fourth")
    project.git("switch", "-q", "right")
    project.write("agents/c.md", project.read("agents/c.md").replace("One.", "Right one."))
    project.build()
    project.commit("right once more")
    assert "CONFLICT" in project.git("merge", "--no-edit", "fourth", code=1)
    project.git("checkout", "--ours", "agents/c.md")
    assert "<<<<<<<" in project.read(vscode("c"))
    project.build()
    assert "Right one." in project.read(vscode("c")) and "<<<" not in project.read(vscode("c"))
    project.build("--check")


def test_a_line_end_that_git_changed_is_no_edit(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.codex]\nrefused = "skip"\n')
    project.agent("b", tools="Bash, Read")
    project.build()
    before = project.read("agentconv.lock")
    for path, data in project.files().items():
        if not path.endswith(".toml") or path.startswith(".codex"):
            (project.root / path).write_bytes(data.replace(b"\n", b"\r\n"))
    project.build("--check")
    assert "up to date" in project.build()
    assert project.read("agentconv.lock").replace("\r\n", "\n") == before
