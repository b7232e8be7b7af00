"""The README is the manual: what it shows exists, and what exists is in it."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

import agentconv
from agentconv import registry
from agentconv.notes import CODES
from tests import pages, readme

TEXT = readme.README.read_text(encoding="utf-8")
COMMAND = re.compile(r"<!-- command: (?P<name>[a-z]+) -->\n```sh\n(?P<text>.*?)```\n", re.S)
COMMANDS = {found["name"]: found["text"] for found in COMMAND.finditer(TEXT)}


def test_tables_are_up_to_date() -> None:
    assert set(readme.BLOCK.findall(TEXT)) and {m["name"] for m in readme.BLOCK.finditer(TEXT)} == set(readme.TABLES)
    assert readme.renewed(TEXT) == TEXT, "python -m tests.readme --write"


def test_pages_of_formats_are_up_to_date() -> None:
    made = pages.pages()
    assert {path: path.read_text("utf-8") for path in pages.PAGES.glob("*.md")} == made, (
        "python -m tests.readme --write"
    )


def test_every_command_and_option_is_in_the_manual() -> None:
    missing = []
    for name, command in readme.commands():
        if f"`{name}" not in TEXT:
            missing.append(name)
        for option in readme.parameters(command):
            missing += [f"{name} {s}" for s in option.opts if not re.search(rf"`[^`]*{re.escape(s)}\b", TEXT)]
    assert missing == []


def test_every_command_and_option_has_help() -> None:
    silent = [name for name, command in readme.commands() if not command.help]
    silent += [
        f"{name} {o.opts[0]}" for name, command in readme.commands() for o in readme.parameters(command) if not o.help
    ]
    assert silent == []


def test_every_format_and_code_is_in_the_manual() -> None:
    assert [id for id in registry.ids() if f"`{id}`" not in TEXT] == []
    assert [code for code in CODES if f"`{code}`" not in TEXT] == []


def test_options_in_the_text_exist() -> None:
    prose = re.sub(r"pip install[^\n&]*|python3? -m [^\n&]*|pytest[^\n`]*", "", TEXT)
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose))
    assert used - readme.options() == set()


def test_there_are_two_commands() -> None:
    assert set(COMMANDS) == {"run", "tests"}
    for text in COMMANDS.values():
        assert len(text.strip().splitlines()) == 1, "one command to copy"
        assert text.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        shlex.split(text)


def test_the_tests_command_is_what_ci_runs(root: Path) -> None:
    assert ".venv/bin/python -m pytest" in COMMANDS["tests"]
    assert "<!-- command: tests -->" in (root / ".ci/run").read_text(encoding="utf-8")


def test_the_run_command_does_what_it_says(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last part of it, without the installation, on the files that are shipped."""
    words = shlex.split(COMMANDS["run"].rsplit("&&", 1)[1])
    assert words[0] == ".venv/bin/agentconv"
    out = words.index("-o") + 1
    monkeypatch.chdir(root)
    words[out] = f"{tmp_path}/"
    with pytest.raises(SystemExit) as done:
        readme.program()(words[1:])
    assert done.value.code == 0, capsys.readouterr()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == len(list((root / "fixtures/examples").iterdir()))


def test_python_examples_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = "".join(re.findall(r"```python\n(.*?)```", TEXT, re.S))
    monkeypatch.chdir(root)
    test = doctest.DocTestParser().get_doctest(examples, {}, "README.md", "README.md", 0)
    assert len(test.examples) > 5
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(test, out=said.append)
    assert not failed, "".join(said)


def test_the_public_names_are_there_and_in_the_manual() -> None:
    assert [name for name in agentconv.__all__ if not hasattr(agentconv, name)] == []
    assert [name for name in agentconv.__all__ if name[0].islower() and f"`{name}" not in TEXT] == []


def test_paths_in_the_text_exist(root: Path) -> None:
    named = re.findall(r"`((?:agentconv|docs|tests|fixtures|templates|bench|\.ci)/[\w./-]*)`", TEXT)
    assert [path for path in named if not (root / path).exists()] == []
