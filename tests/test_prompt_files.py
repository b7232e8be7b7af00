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


# `{file:path}` inside a text: OpenCode's JSON (1.18.33) and the body of Kilo (7.7.7): as they were seen to do it


def filled(project: Path, format: str, prompt: str, *, program: bool = False) -> engine.Reading:
    (project / ".git").mkdir(parents=True)
    folder = project / ".kilo/agents" if format == "kilo" else project
    (folder / "prompts").mkdir(parents=True)
    (folder / "prompts/inner.md").write_bytes(b"\xef\xbb\xbf\n Keep {file:inner.md}.\n\n")
    (project.parent / "outside.md").write_text("A secret.\n", encoding="utf-8")
    file = folder / ("a.md" if format == "kilo" else "opencode.json")
    text = f"---\ndescription: d\nmode: subagent\n---\n{prompt}\n"
    if format != "kilo":
        text = json.dumps({"agent": {"a": {"description": "d {file:prompts/inner.md}", "prompt": prompt}}})
    source = sources.Source(file.relative_to(project).as_posix(), file, format, text)
    made = engine.read_program if program else engine.read_author
    return made(registry.load(format), text, source.path, sources.beside(source))


@pytest.mark.parametrize("program", [False, True])
@pytest.mark.parametrize("format", ["kilo", "opencode-json"])
def test_files_inside_a_text_are_put_in_once(tmp_path: Path, format: str, program: bool) -> None:
    reading = filled(tmp_path / "p", format, "A {file:./prompts/inner.md} { file:x} {file:}", program=program)
    (agent,) = (read.agent for read in reading.agents)
    assert agent.prompt == "A Keep {file:inner.md}. { file:x} {file:}"
    assert agent.description == ("d" if format == "kilo" else "d Keep {file:inner.md}.")


@pytest.mark.parametrize("name", ["missing.md", "../../../outside.md", "../outside.md", "~/x"])
def test_a_missing_file_loses_the_configuration_of_opencode(tmp_path: Path, name: str) -> None:
    prompt = f"A {{file:{name}}}"
    author = filled(tmp_path / "one" / "p", "opencode-json", prompt)
    assert [n.code for one in author.agents for n in one.notes] == ["F001"]
    assert [one.agent.prompt for one in author.agents] == [prompt], "nothing of the file may be read"
    assert filled(tmp_path / "two" / "p", "opencode-json", prompt, program=True).status == "refused"


@pytest.mark.parametrize("name", ["missing.md", "../../../outside.md"])
def test_a_missing_file_is_nothing_to_kilo(tmp_path: Path, name: str) -> None:
    for program in (False, True):
        reading = filled(tmp_path / str(program) / "p", "kilo", f"A [{{file:{name}}}]", program=program)
        assert [one.agent.prompt for one in reading.agents] == ["A []"]
        notes = [(n.code, n.effect) for one in reading.agents for n in one.notes]
        assert notes == ([] if program else [("F001", "lost")])


# a prompt in files of its own, in the folder of the definition: GitAgent


def in_a_folder(project: Path, files: dict[str, str], *, program: bool = False) -> Reading:
    """The agent of a folder, with these files beside its header."""
    folder = project / "agents" / "checker"
    folder.mkdir(parents=True)
    (project / ".git").mkdir()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    header = folder / "agent.yaml"
    header.write_text('spec_version: "0.1.0"\nname: checker\ndescription: Checks.\n', encoding="utf-8")
    source = sources.Source("agents/checker/agent.yaml", header, "gitagent-folder", header.read_text(encoding="utf-8"))
    made = engine.read_program if program else engine.read_author
    assert source.text is not None
    return made(registry.load("gitagent-folder"), source.text, source.path, sources.beside(source))


@pytest.mark.parametrize("program", [False, True])
def test_prompt_files_stand_one_behind_the_other(tmp_path: Path, program: bool) -> None:
    files = {
        "RULES.md": "One source each.\r\n",
        "SOUL.md": "\ufeff# Soul\n\nYou check.\n\n",
        "DUTIES.md": "",
        "AGENTS.md": "No.",
    }
    reading = in_a_folder(tmp_path / "project", files, program=program)
    assert [one.agent.prompt for one in reading.agents] == ["# Soul\n\nYou check.\n\nOne source each."]
    assert not [n for one in reading.agents for n in one.notes]


def test_a_folder_without_prompt_files_says_so(tmp_path: Path) -> None:
    reading = in_a_folder(tmp_path / "project", {"README.md": "Read me."})
    assert [one.agent.prompt for one in reading.agents] == [None]
    assert [(n.code, n.effect, n.path) for one in reading.agents for n in one.notes] == [("F001", "lost", "prompt")]
