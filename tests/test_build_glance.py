"""A build that has nothing to do reads no file, and still misses no change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import agentconv
from agentconv.building import build as building
from agentconv.building import glance, memo
from agentconv.building.memo import Memo
from agentconv.project.config import Config
from agentconv.project.sources import Source
from tests.conftest import ROOT
from tests.test_build_life import Project
from tests.test_build_life import project as project
from tests.test_startup import HEAVY, PROBE

SOURCE, OUTPUT = ".claude/agents/a.md", ".opencode/agents/a.md"


class Spied:
    """What a build did: it looked at facts only, it compared contents, or it converted."""

    def __init__(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project, self.calls = project, list[str]()
        read, run = Memo.__init__, building.run

        def compares(*args: object) -> None:
            self.calls.append("compared")
            read(*args)  # type: ignore[arg-type]

        def converts(*args: object) -> object:
            self.calls.append("converted")
            return run(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(Memo, "__init__", compares)
        monkeypatch.setattr(building, "run", converts)

    def build(self, code: int = 0) -> tuple[str, str]:
        """The farthest that it went, and what it said."""
        self.calls.clear()
        said = self.project.run("build", code=code)
        return (self.calls or ["looked"])[-1], said


@pytest.fixture
def spied(project: Project, monkeypatch: pytest.MonkeyPatch) -> Spied:
    """A project that was built, with all its times believed."""
    monkeypatch.setattr(glance, "SLACK", 0)
    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.opencode]\n')
    project.write(SOURCE, agent("a"))
    project.write(".claude/agents/deep/b.md", agent("b"))
    lines = "\ufeff" + agent("w").replace("\n", "\r\n")
    (project.root / ".claude/agents/w.md").write_bytes(lines.encode("utf-8"))
    project.run("build")
    found = Spied(project, monkeypatch)
    while (went := found.build()[0]) != "looked":  # the clock has to go on by a tick
        assert went == "compared"
    return found


def agent(name: str, body: str = "Do it.") -> str:
    return f"---\nname: {name}\ndescription: Does things.\ntools: Read\n---\n\n{body}\n"


def in_place(path: Path, old: str, new: str) -> None:
    """Another text of the same length, in the same file, with the time that it had."""
    before = path.stat()
    with path.open("r+b") as file:
        data = file.read()
        assert data.count(old.encode()) == 1 and len(old) == len(new)
        file.seek(data.index(old.encode()))
        file.write(new.encode())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size and path.stat().st_mtime_ns == before.st_mtime_ns


CONVERTS: dict[str, Callable[[Project], object]] = {
    "a source": lambda p: p.write(SOURCE, agent("a", "Do more.")),
    "a source of the same size and time": lambda p: in_place(p.root / SOURCE, "Do it.", "Do me."),
    "a source below": lambda p: p.write(".claude/agents/deep/b.md", agent("b", "Do more.")),
    "a new source": lambda p: p.write(".claude/agents/c.md", agent("c")),
    "a new folder": lambda p: p.write(".claude/agents/new/c.md", agent("c")),
    "a source is gone": lambda p: (p.root / SOURCE).unlink(),
    "a source has another name": lambda p: (p.root / SOURCE).rename(p.root / ".claude/agents/z.md"),
    "a source is a link now": lambda p: linked(p, SOURCE),
    "the settings": lambda p: p.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.vscode]\n'),
    "an output": lambda p: in_place(p.root / OUTPUT, "Do it.", "Do me."),
    "an output is gone": lambda p: (p.root / OUTPUT).unlink(),
    "the lock is gone": lambda p: (p.root / "agentconv.lock").unlink(),
}


def linked(project: Project, path: str) -> None:
    project.write(".claude/agents/text.txt", agent("a", "Do more."))
    (project.root / path).unlink()
    (project.root / path).symlink_to("text.txt")


@pytest.mark.parametrize("change", CONVERTS.values(), ids=CONVERTS)
def test_what_changes_is_seen(spied: Spied, change: Callable[[Project], object]) -> None:
    change(spied.project)
    code = 1 if change is CONVERTS["an output"] else 0  # it is kept, and said
    assert spied.build(code)[0] == "converted"


EQUAL: dict[str, Callable[[Project], object]] = {
    "a source is touched": lambda p: (p.root / SOURCE).touch(),
    "an output is touched": lambda p: os.utime(p.root / OUTPUT, (1, 1)),
    "a source is written anew": lambda p: p.write(SOURCE, agent("a")),
    "the settings are touched": lambda p: (p.root / "agentconv.toml").touch(),
    "a file that is no agent": lambda p: p.write(".claude/agents/notes.txt", "Nothing.\n"),
}


@pytest.mark.parametrize("change", EQUAL.values(), ids=EQUAL)
def test_the_same_contents_are_compared_once(spied: Spied, change: Callable[[Project], object]) -> None:
    change(spied.project)
    assert spied.build()[0] == "compared"
    while (went := spied.build()[0]) != "looked":
        assert went == "compared"


def test_what_a_link_leads_to_is_looked_at(spied: Spied) -> None:
    project = spied.project
    text = ".claude/agents/below/c.txt"
    project.write(text, agent("c"))
    (project.root / ".claude/agents/c.md").symlink_to("below/c.txt")
    assert spied.build()[0] == "converted"
    while spied.build()[0] != "looked":
        pass
    in_place(project.root / text, "Do it.", "Do me.")
    assert spied.build()[0] == "converted" and "Do me." in project.read(".opencode/agents/c.md")


@pytest.mark.parametrize("sources", ["agents/*.md", "agents/**/*.md", "plugin", "."])
def test_new_files_are_seen_wherever_sources_are_looked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, sources: str
) -> None:
    monkeypatch.setattr(glance, "SLACK", 0)
    places = {
        "agents/*.md": ("agents/a.md", "agents/b.md"),
        "agents/**/*.md": ("agents/x/a.md", "agents/y/b.md"),
        "plugin": ("plugin/agents/a.md", "plugin/agents/b.md"),
        ".": (".claude/agents/a.md", ".roomodes"),
    }
    first, second = places[sources]
    project.write("agentconv.toml", f'sources = ["{sources}"]\n[targets.opencode]\n')
    if sources == "plugin":
        project.write("plugin/.claude-plugin/plugin.json", '{"name": "p"}')
    project.write(first, agent("a"))
    project.run("build")
    spied = Spied(project, monkeypatch)
    while (went := spied.build()[0]) != "looked":
        assert went == "compared" or sources == ".", "where the outputs lie in the folder of the sources"
    modes = "customModes:\n- slug: b\n  name: B\n  roleDefinition: Do it.\n  groups: [read]\n"
    project.write(second, modes if second == ".roomodes" else agent("b"))
    assert spied.build()[0] == "converted"
    assert len(list(project.root.glob(".opencode/**/*.md"))) == 2


def test_a_plugin_that_gets_another_name_is_seen(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "SLACK", 0)
    project.write("agentconv.toml", 'sources = ["plugin"]\n[targets.opencode]\n')
    project.write("plugin/.claude-plugin/plugin.json", '{"name": "one"}')
    project.write("plugin/agents/a.md", agent("a"))
    project.run("build")
    spied = Spied(project, monkeypatch)
    while spied.build()[0] != "looked":
        pass
    in_place(project.root / "plugin/.claude-plugin/plugin.json", "one", "two")
    assert spied.build()[0] == "converted" and project.has(".opencode/agents/two-a.md")


def test_another_agentconv_builds_anew(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glance, "SLACK", 0)
    package = tmp_path / "other" / "agentconv"
    (package / "formats").mkdir(parents=True)
    (package / "formats" / "x.yaml").write_text("one: 1\n")
    monkeypatch.setattr(agentconv, "__file__", str(package / "__init__.py"))
    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.opencode]\n')
    project.write(SOURCE, agent("a"))
    project.run("build")
    spied = Spied(project, monkeypatch)
    while spied.build()[0] != "looked":
        pass
    (package / "formats" / "x.yaml").write_text("one: 2\n")
    assert spied.build()[0] == "converted"


def test_facts_that_may_lie_are_not_believed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that is written twice within one tick of the clock looks the same after the second time."""
    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.opencode]\n')
    project.write(SOURCE, agent("a"))
    project.run("build")
    project.run("build")
    real, first = os.lstat, dict[str, os.stat_result]()
    monkeypatch.setattr(os, "lstat", lambda path: first.setdefault(str(path), real(path)))
    spied = Spied(project, monkeypatch)
    assert spied.build()[0] == "compared", "all of it is young"
    path = project.root / OUTPUT
    path.write_text(path.read_text("utf-8").replace("Do it.", "Do me."), "utf-8")
    went, said = spied.build(1)
    assert went == "converted" and "edited since" in said


def test_what_comes_while_a_build_begins_is_seen_by_the_next(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is moved in, with files that are old, after the sources were listed and before their facts are taken."""
    monkeypatch.setattr(glance, "SLACK", 20_000_000)  # the kernel's clock for files goes by ticks
    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.opencode]\n')
    project.write(SOURCE, agent("a"))
    project.write("elsewhere/b.md", agent("b"))
    project.run("build")
    (project.root / SOURCE).touch()  # so that contents are compared
    time.sleep(0.05)
    listed = memo.configured.sources

    def moved(config: Config) -> list[Source]:
        found = listed(config)
        if (project.root / "elsewhere").exists():
            (project.root / "elsewhere").rename(project.root / ".claude/agents/new")
        return found

    monkeypatch.setattr(memo.configured, "sources", moved)
    project.run("build")
    assert project.has(".claude/agents/new/b.md") and not project.has(".opencode/agents/b.md")
    spied = Spied(project, monkeypatch)
    assert spied.build()[0] == "converted" and project.has(".opencode/agents/b.md")


def test_a_file_of_tomorrow_is_never_believed(spied: Spied) -> None:
    """The clock went back, or another machine wrote it whose clock is ahead."""
    path = spied.project.root / SOURCE
    os.utime(path, (path.stat().st_mtime + 1_000, path.stat().st_mtime + 1_000))
    for _ in range(3):
        assert spied.build()[0] == "compared"


def test_formats_of_ones_own_are_in_no_fingerprint(spied: Spied, monkeypatch: pytest.MonkeyPatch) -> None:
    from agentconv import registry

    monkeypatch.setattr(registry, "folders", lambda: (registry.Folder(Path("x")),))
    assert spied.build()[0] == "converted"


def test_a_build_that_looks_only_loads_next_to_nothing(spied: Spied) -> None:
    probe = PROBE.replace(
        "import json, sys\n", "import json, sys\nfrom agentconv.building import glance\nglance.SLACK = 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, "build"],
        cwd=spied.project.root,
        env={**spied.project.env(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "up to date" in done.stderr
    loaded = set(json.loads(done.stderr.splitlines()[-1])[1])
    assert loaded & HEAVY == {"click"}
    known = (
        "agentconv.registry",
        "agentconv.notes",
        "agentconv.spec",
        "agentconv.project.sources",
        "agentconv.convert",
    )
    assert not loaded & set(known)


# -- files beside the sources -----------------------------------------------------------------

DENIES, ALLOWS = '{"permission": {"bash": "deny"}}\n', '{"permission": {"bash": "allow"}}'
MARKDOWN = "---\ndescription: Does things.\nmode: subagent\n---\n\nDo it.\n"
BESIDE: dict[str, tuple[str, str, str, str, str]] = {  # source, its text, a file beside it, two texts of one length
    "opencode": (".opencode/agents/a.md", MARKDOWN, "opencode.json", DENIES, ALLOWS),
    "kilo": (".kilo/agents/a.md", MARKDOWN, ".kilo/kilo.jsonc", DENIES, ALLOWS),
    "codex": (
        ".codex/agents/a.toml", 'developer_instructions = "Do it."\n', ".codex/config.toml",
        '[agents.first]\ndescription = "Does things."\nconfig_file = "agents/a.toml"\n',
        '[agents.other]\ndescription = "Does things."\nconfig_file = "agents/a.toml"\n',
    ),
}  # fmt: skip


@pytest.fixture(params=BESIDE)
def beside(
    request: pytest.FixtureRequest, project: Project, monkeypatch: pytest.MonkeyPatch
) -> tuple[Spied, Path, str, str]:
    """A project whose sources are such that a file beside them counts; what its path is, and two texts of it."""
    monkeypatch.setattr(glance, "SLACK", 0)
    source, text, path, first, second = BESIDE[request.param]
    folder = source.rpartition("/")[0]
    project.write(
        "agentconv.toml", f'sources = [{{path = "{folder}", format = "{request.param}"}}]\n[targets.vscode]\n'
    )
    project.write(source, text)
    project.write(path, first)
    project.run("build")
    found = Spied(project, monkeypatch)
    settle(found)
    return found, project.root / path, first, second


def settle(spied: Spied) -> None:
    while (went := spied.build()[0]) != "looked":  # the clock has to go on by a tick
        assert went == "compared"


def outputs(project: Project) -> str:
    return "".join(path.read_text("utf-8") for path in sorted((project.root / ".github/agents").glob("*")))


def test_a_file_beside_the_sources_is_seen(beside: tuple[Spied, Path, str, str]) -> None:
    spied, path, first, second = beside
    before = outputs(spied.project)
    in_place(path, first, second)
    assert spied.build()[0] == "converted" and outputs(spied.project) != before
    settle(spied)
    in_place(path, second, first)
    assert spied.build()[0] == "converted" and outputs(spied.project) == before
    settle(spied)
    path.touch()
    assert spied.build()[0] == "compared"


def test_a_file_beside_the_sources_that_goes_and_comes_is_seen(beside: tuple[Spied, Path, str, str]) -> None:
    spied, path, first, _ = beside
    before = outputs(spied.project)
    path.unlink()
    assert spied.build()[0] == "converted" and outputs(spied.project) != before
    settle(spied)
    path.write_text(first, "utf-8")
    assert spied.build()[0] == "converted" and outputs(spied.project) == before


def test_a_folder_that_becomes_a_project_closes_what_is_outside(beside: tuple[Spied, Path, str, str]) -> None:
    spied, path, _, _ = beside
    (path.parent / "agents" if path.parent.name.startswith(".") else path.parent / ".opencode").joinpath(".git").mkdir()
    assert spied.build()[0] == "converted"


def test_what_changed_while_it_was_built_is_not_remembered(
    beside: tuple[Spied, Path, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spied, path, first, second = beside
    run = building.run

    def and_then(*args: object) -> object:
        done = run(*args)  # type: ignore[arg-type]
        path.write_text(first, "utf-8")
        return done

    path.write_text(second, "utf-8")
    monkeypatch.setattr(building, "run", and_then)
    spied.build()
    monkeypatch.setattr(building, "run", run)
    assert spied.build()[0] == "converted"
