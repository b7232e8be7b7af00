"""What other files of this folder check, without what guards it: each check is seen to fail, so it can."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from markdown_it import MarkdownIt

from agentconv.lowering import fields
from agentconv.output import render
from agentconv.project import files, sources
from agentconv.proof import attempt, verify
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import ids, load
from agentconv.telling import escape
from tests.security import faults, test_places, test_starting
from tests.security.test_escape import hostile_project
from tests.security.test_places import AGENT, project, run

__all__ = ["project"]


# -- hooks of a wrong shape -------------------------------------------------------------------


def test_without_both_guards_of_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_hooks_fit", lambda value, row: True)
    monkeypatch.setattr(verify, "prove", lambda *rest: [])
    with pytest.raises(AssertionError):
        test_starting.check("qoder-hooks-of-a-wrong-shape-to-claude")


# -- tags of YAML -----------------------------------------------------------------------------


def test_a_tag_that_would_run_runs_nowhere(tmp_path: Path) -> None:
    """The text is live: the loader that runs tags makes the folder."""
    made = tmp_path / "made"
    header = f"x: !!python/object/apply:os.mkdir ['{made}']\n"
    for id in ids(readings=True):
        text = f"---\nname: a\ndescription: d\n{header}---\nBody.\n"
        for one in (text, header):
            read_author(load(id), one, "a.md")
            read_program(load(id), one, "a.md")
    assert not made.exists()
    yaml.unsafe_load(header)
    assert made.is_dir()


# -- the environment --------------------------------------------------------------------------


def test_without_the_guard_the_environment_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    real = render.render
    monkeypatch.setattr(attempt, "render", lambda *rest: os.path.expandvars(real(*rest)))
    monkeypatch.setattr(verify, "prove", lambda *rest: [])
    with pytest.raises(AssertionError):
        test_places.test_no_environment_reaches_an_output(monkeypatch)


# -- reports ----------------------------------------------------------------------------------


def reports(root: Path) -> dict[str, str]:
    """All kinds of reports on a project that wants to be read as something else."""
    if not (root / ".claude").exists():
        hostile_project(root)
    for name in ("c.md", "c.sarif", "c.json"):
        run("check", "--target", "vscode", "--report", name)
    for name in ("b.md", "b.html", "b.sarif", "b.json"):
        run("convert", "--to", "vscode,codex", "--dry-run", "--report", name)
    return {p.name: p.read_text("utf-8") for p in root.iterdir() if p.suffix in (".md", ".html", ".sarif", ".json")}


def harmless(made: dict[str, str]) -> None:
    assert len(made) == 7, list(made)
    for name, text in made.items():
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), name
        assert name == "b.html" or not re.search(r"(?m)^\s*::error::forged", text), name
    for name in ("b.md", "c.md"):
        tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(made[name])
        inner = [t for token in tokens for t in (token, *(token.children or ()))]
        ours = re.compile(r"<br>|</?details>|<summary>\d+ files?</summary>")
        html = [ours.sub("", t.content).strip() for t in inner if t.type in ("html_inline", "html_block")]
        assert not any(html), (name, html)
        assert "forged" in made[name] or name == "b.md"
    assert "&lt;script&gt;" in made["b.html"] and not re.search(r"<script>\s*\W*$", made["b.html"])
    assert made["b.html"].count("<script") <= 1


def test_reports_are_no_way_in(project: Path) -> None:
    harmless(reports(project))


@pytest.mark.parametrize("guard", ["markdown", "visible", "json_text"])
def test_without_the_guard_of_reports(guard: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    reports(project)
    off: Any = (lambda data: json.dumps(data, ensure_ascii=False)) if guard == "json_text" else (lambda text: text)
    faults.everywhere(escape, guard, off, monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        harmless(reports(project))


def test_without_the_guard_of_the_page(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = jinja2.Environment.__init__

    def off(self: Any, **more: Any) -> None:
        real(self, **(more | {"autoescape": False}))

    monkeypatch.setattr(jinja2.Environment, "__init__", off)
    with pytest.raises(AssertionError):
        harmless(reports(project))


# -- plugin trees -----------------------------------------------------------------------------


def test_without_the_guard_a_plugin_reaches_other_folders(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = project / "tree"
    (tree / ".claude-plugin").mkdir(parents=True)
    (tree / ".claude-plugin" / "plugin.json").write_text('{"name": "p", "agents": ["../../outside"]}')
    (tree / "a.md").write_text(AGENT.format(name="a"))
    (manifest,) = sources.named(["tree"], project, None, 10_000)
    assert manifest.at is None and [one.code for one in manifest.notes] == ["F012"]
    monkeypatch.setattr(Path, "is_relative_to", lambda self, other: True)
    monkeypatch.setattr(Path, "relative_to", lambda self, other: self)
    assert any("outside" in s.path for s in sources.named(["tree"], project, None, 10_000))


# -- writing ----------------------------------------------------------------------------------


def test_without_the_guard_permissions_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, flags, mode=0o777, **more: real(path, flags, 0o666, **more))
    monkeypatch.setattr(os, "chmod", lambda *rest, **more: None)
    with pytest.raises(AssertionError):
        test_places.test_permissions_stay_and_new_files_follow_the_umask(tmp_path)


def test_without_the_guard_bytes_are_not_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.Staged, "_sync", lambda self: None)
    with pytest.raises(AssertionError):
        test_places.test_the_bytes_are_on_the_disk_before_the_name(tmp_path, monkeypatch)
