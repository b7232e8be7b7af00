"""How much is read: ``--max-bytes`` is the one limit of a file's size, both ways, wherever the file comes from.

What takes time has limits of its own that no option lifts: headers, values, levels, rules for tools.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import agentconv
from agentconv.containers import ContainerError, toml
from agentconv.convert import convert_text
from agentconv.project import files
from agentconv.reading import entry, keys
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import load
from tests.security import hostile
from tests.security.test_places import project, run

__all__ = ["project"]
LARGE = "Some words of a prompt.\n" * 220_000  # 5.3 MB
FILES = {
    ".claude/agents/a.md": "---\nname: a\ndescription: d\n---\n{}",
    ".codex/agents/a.toml": 'name = "a"\ndescription = "d"\ndeveloper_instructions = """\n{}"""\n',
    ".kiro/agents/a.json": '{{"name": "a", "description": "d", "tools": ["read"], "prompt": {}}}',
    ".roomodes": "customModes:\n  - slug: a\n    name: A\n    roleDefinition: {}\n    groups: [read]\n",
}


def lay(root: Path, place: str, prompt: str) -> Path:
    file = root / place
    file.parent.mkdir(parents=True, exist_ok=True)
    quoted = json.dumps(prompt) if "json" in place or "roo" in place else prompt
    file.write_text(FILES[place].format(quoted))
    return file


@pytest.mark.parametrize("place", FILES)
def test_the_option_lifts_every_limit_of_size(place: str, project: Path) -> None:
    """Readers once had a limit of their own, of 5 MB, which the option left as it was."""
    lay(project, place, LARGE)
    assert run("show", place) == 3
    assert run("show", place, "--max-bytes", "9000000") == 0


def test_the_option_lifts_the_limit_of_places(project: Path) -> None:
    lay(project, ".codex/agents/a.toml", LARGE)
    assert run("convert", "--to", "cursor", "--max-bytes", "9000000") == 0
    assert (project / ".cursor" / "agents" / "a.md").stat().st_size > 5_000_000


@pytest.mark.parametrize("place", FILES)
@pytest.mark.parametrize("named", [True, False], ids=["named", "found"])
def test_the_option_lowers_the_limit(place: str, named: bool, project: Path) -> None:
    """It once counted for files that were named, and not for those found in their places."""
    lay(project, place, "Some words. " * 200)
    source = [place] if named else []
    assert run("convert", *source, "--to", "vscode", "--max-bytes", "1000") == 3
    assert run("check", *source, "--max-bytes", "1000") != 0
    assert not (project / ".github").exists()
    assert run("convert", *source, "--to", "vscode", "--max-bytes", "10000") == 0


def test_standard_input_has_the_limit(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"---\nname: a\ndescription: d\n---\n" + b"x" * 2000)

    monkeypatch.setattr(sys, "stdin", Stdin())
    assert run("convert", "-", "--from", "claude-code", "--to", "vscode", "-o", "-", "--max-bytes", "1000") == 3
    assert Stdin.buffer.tell() == 1001, "no more than that is even read"


def test_a_file_that_a_prompt_names_has_the_limit(project: Path) -> None:
    kiro = lay(project, ".kiro/agents/a.json", "file://./p.md")
    kiro.with_name("p.md").write_text("A prompt. " * 200)
    assert run("convert", ".kiro/agents/a.json", "--to", "vscode", "--max-bytes", "1000") in (0, 3)
    written = project / ".github" / "agents" / "a.agent.md"
    assert not written.exists() or "A prompt." not in written.read_text()


def test_the_library_has_the_limit() -> None:
    text = FILES[".claude/agents/a.md"].format(LARGE)
    with pytest.raises(agentconv.NotReadable) as said:
        agentconv.convert_text(text, to="vscode", from_="claude-code")
    assert said.value.note.code == "R017"
    assert agentconv.convert_text(text, to="vscode", from_="claude-code", max_bytes=9_000_000).files
    for call in (agentconv.read, agentconv.check_text):
        with pytest.raises(agentconv.NotReadable):
            call("é" * 600, from_="claude-code", max_bytes=1000)  # counted in bytes


def test_without_the_guard_of_size(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.read_text
    monkeypatch.setattr(files, "read_text", lambda path, most=0: real(path, 10**9))
    with pytest.raises(AssertionError):
        test_the_option_lowers_the_limit(".claude/agents/a.md", True, project)


# -- what takes time --------------------------------------------------------------------------


def many_rules(count: int) -> str:
    tools = ", ".join(f"mcp__s{n}__t" for n in range(count))
    return f"---\nname: a\ndescription: d\ntools: [{tools}]\n---\nBody.\n"


def test_rules_have_a_limit() -> None:
    (made,) = convert_text(many_rules(2001), from_="claude-code", to="vscode")
    (problem,) = [n for n in made.notes if n.effect == "error"]
    assert (problem.code, problem.line, made.files) == ("R017", 4, {})
    assert read_program(load("claude-code"), many_rules(2001), "a.md").status == "refused"
    assert read_program(load("claude-code"), many_rules(1999), "a.md").agents
    agents = "tools: [agent]\nagents: [" + ", ".join(f"a{n}" for n in range(2001)) + "]"
    reading = read_author(load("vscode"), hostile.header(agents), "a.agent.md")
    assert [n.code for n in reading.notes if n.effect == "error"] == ["R017"]


def test_names_in_one_text_have_a_limit() -> None:
    for more in ("tools: " + "Read, " * 10_001, "skills: [" + '"' + "a " * 10_001 + '"]'):
        reading = read_author(load("claude-code"), hostile.header(more), "a.md")
        assert [n.code for n in reading.notes if n.effect == "error"] == ["R017"], more[:20]
    long = hostile.header("description: " + "word " * 20_000)
    assert read_author(load("claude-code"), long, "a.md").agents


def test_lists_in_plain_lines_have_a_limit() -> None:
    """Headers of plain lines are read without the parser, and without its count of values."""
    words = "[" + "Read, " * 10_001 + "Read]"
    for id in ("claude-code", "vscode", "opencode"):
        reading = read_author(load(id), hostile.header(f"skills: {words}"), "a.md")
        assert [n.code for n in reading.notes if n.effect == "error"] == ["R017"], id


def test_toml_has_limits_on_what_takes_time() -> None:
    for text in (
        hostile.TOMLS["dates"](600_000),
        hostile.TOMLS["list"](600_000),
        hostile.TOMLS["many tables"](600_000),
    ):
        with pytest.raises(ContainerError) as said:
            toml.read(text)
        assert said.value.code == "R017"
    assert toml.read(FILES[".codex/agents/a.toml"].format(LARGE)).header is not None


def test_without_the_guards_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ContainerError) as said:
        toml.read("k = [" + "1.5, " * 101_000 + "]")
    assert "outside of texts" in said.value.message
    monkeypatch.setattr(toml, "_check_size", lambda text: None)
    text = "k = [" + "1.5, " * 11_000 + "]"
    with pytest.raises(ContainerError) as said:  # the count of values stands behind it, and comes late
        toml.read(text)
    assert "levels" in said.value.message
    monkeypatch.setattr(entry, "MAX_RULES", 10**9)
    assert read_program(load("claude-code"), many_rules(2001), "a.md").agents
    monkeypatch.setattr(keys, "too_many_names", lambda node: False)
    with pytest.raises(AssertionError):
        test_names_in_one_text_have_a_limit()
