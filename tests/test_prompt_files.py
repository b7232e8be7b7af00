"""Prompts that a definition keeps in a second file: read from its own folder, never from outside the project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentconv import registry
from agentconv.project import sources
from agentconv.reading import engine
from agentconv.reading.context import Reading

FORMAT = "kiro-json"


def read(project: Path, prompt: str, *, program: bool = False) -> Reading:
    """The one definition of a project, whose prompt is given."""
    (project / ".git").mkdir(parents=True)
    agents = project / ".kiro" / "agents"
    (agents / "prompts").mkdir(parents=True)
    (agents / "prompts" / "inner.md").write_bytes(b"\xef\xbb\xbfRead first.\r\nThen say.\r\n\r\n")
    (project / "shared.md").write_text("Shared by all.\n", encoding="utf-8")
    (project.parent / "outside.md").write_text("A secret.\n", encoding="utf-8")
    file = agents / "a.json"
    file.write_text(json.dumps({"name": "a", "prompt": prompt, "tools": ["read"]}), encoding="utf-8")
    source = sources.Source(".kiro/agents/a.json", file, FORMAT, file.read_text(encoding="utf-8"))
    made = engine.read_program if program else engine.read_author
    assert source.text is not None
    return made(registry.load(FORMAT), source.text, source.path, sources.beside(source))


@pytest.mark.parametrize("program", [False, True])
@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("file://./prompts/inner.md", "Read first.\nThen say."),
        ("file://prompts/inner.md", "Read first.\nThen say."),
        ("file://../../shared.md", "Shared by all."),
        ("Just a prompt.", "Just a prompt."),
    ],
)
def test_the_text_of_the_file_is_the_prompt(tmp_path: Path, prompt: str, text: str, program: bool) -> None:
    reading = read(tmp_path / "project", prompt, program=program)
    assert [one.agent.prompt for one in reading.agents] == [text]
    assert not [n for one in reading.agents for n in one.notes]


@pytest.mark.parametrize("prompt", ["file://./missing.md", "file://../../../outside.md", "file:///etc/hostname"])
def test_what_is_missing_or_outside_is_an_error(tmp_path: Path, prompt: str) -> None:
    author = read(tmp_path / "one", prompt)
    notes = [n for one in author.agents for n in one.notes]
    assert [(n.code, n.effect, n.path) for n in notes] == [("F001", "error", "prompt")]
    assert [one.agent.prompt for one in author.agents] == [prompt], "nothing of the file may be read"
    program = read(tmp_path / "two", prompt, program=True)
    assert program.status == "refused" and not program.agents


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".kiro" / "agents").mkdir(parents=True)
    (tmp_path / "outside.md").write_text("A secret.\n", encoding="utf-8")
    (project / ".kiro" / "agents" / "link.md").symlink_to(tmp_path / "outside.md")
    (project / ".kiro" / "agents" / "a.json").write_text("{}", encoding="utf-8")
    (project / ".git").mkdir()
    get = sources.beside(sources.Source("a.json", project / ".kiro" / "agents" / "a.json"))
    assert get is not None and get("link.md") is None


def test_standard_input_has_no_files_beside_it() -> None:
    assert sources.beside(sources.Source("-", None)) is None
    reading = engine.read_author(registry.load(FORMAT), '{"name": "a", "prompt": "file://x.md"}', "-")
    assert [one.agent.prompt for one in reading.agents] == ["file://x.md"]
