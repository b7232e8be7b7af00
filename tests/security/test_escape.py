"""A stranger's text on a terminal and in reports: shown, never obeyed.

That each case fails without its guard: ``test_without_the_guard`` puts the escaping out of action and sees the very
checks of this file fail.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agentconv.telling import escape, report
from tests.conftest import ROOT

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\x08\u202eevil\u2066\u2028 \r"
RAW = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]|\x1b(?!\\[[0-9;]*m)|\r(?!\n)"
)
WORDS = ["::error::x", "::add-mask::", "<script>", "|", "`", "](javascript:x)", "\n", "\n\n", "# ", "&lt;", '"', "'",
         "a", "<!--", "-->", "\x1b[31m", "\x9b", "\u202e", "@team", "https://x.example", "$x$", "1. ", "- ",
         "\\", "!["]  # fmt: skip
texts = st.lists(st.sampled_from(WORDS), max_size=8).map("".join) | st.text(max_size=20)
LAW = settings(max_examples=150, derandomize=True, deadline=None)


@LAW
@given(texts)
def test_nothing_raw_is_left(text: str) -> None:
    for made in (escape.visible(text), escape.one_line(text), escape.markdown(text)):
        assert not RAW.search(made) and "\x1b" not in made
    assert "\n" not in escape.one_line(text) + escape.markdown(text) + escape.github_data(text)
    made = escape.json_text({"k": text})
    assert not RAW.search(made) and "\x1b" not in made
    assert json.loads(made) == {"k": text}


@LAW
@given(texts)
def test_markdown_is_text_and_one_cell(text: str) -> None:
    """Read by a Markdown parser with tables and HTML switched on: nothing but text and code comes out."""
    md = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").enable("strikethrough")
    for made in (escape.markdown(text), escape.markdown_code(text)):
        tokens = md.parse(f"|a|b|\n|---|---|\n| {made} | z |\n")
        rows = [t for t in tokens if t.type == "tr_open"]
        cells = [t for t in tokens if t.type == "td_open"]
        inline = [c.type for t in tokens if t.type == "inline" for c in t.children or ()]
        assert (len(rows), len(cells)) == (2, 2), made
        assert set(inline) <= {"text", "code_inline"}, made
        kinds = {t.type for t in md.parse(made)}
        assert kinds <= {"paragraph_open", "inline", "paragraph_close"}, made


@LAW
@given(texts)
def test_a_workflow_command_is_one_and_ours(text: str) -> None:
    from agentconv.notes import Note

    line = report.github_line(Note("R003", "info", text, file=text), "a.md")
    assert "\n" not in line and "\r" not in line
    assert line.startswith("::notice ")
    head, _, message = line[len("::notice ") :].partition("::")
    assert message == escape.github_data(text)
    names = [part.partition("=")[0] for part in head.split(",")]
    assert names == ["file", "title"]


def hostile_project(folder: Path) -> None:
    agents = folder / ".claude" / "agents"
    agents.mkdir(parents=True)
    text = json.dumps("d" + EVIL + "\n::error::forged\n| x |<script>")
    key = json.dumps("k" + EVIL)
    head = f"name: x\ndescription: {text}\ntools: [{json.dumps('Read' + EVIL)}, Read]\nmodel: {text}\n{key}: {text}\n"
    (agents / f"a{EVIL.strip()}.md").write_text(f"---\n{head}---\nbody {EVIL}\n::error::forged\n")
    (agents / f"b{EVIL.strip()}::error::.md").write_text("---\n[" + EVIL + "\n---\n")
    (agents / "c.md").write_text("---\nname: c\ndescription: c\ntools: Read\n---\nBody.\n")


COMMANDS = [
    ["convert", "--to", "vscode", "--dry-run"],
    ["convert", "--to", "codex", "--notes", "full", "--dry-run"],
    ["convert", "--to", "opencode", "--notes", "json", "--dry-run"],
    ["convert", "--to", "opencode", "--notes", "github", "--dry-run"],
    ["convert", "--to", "gemini-cli", "--diff"],
    ["convert", ".claude/agents/c.md", "--to", "nope\x1b[2J"],
    ["list"],
    ["list", "--in", "vscode,codex"],
    ["list", "--as", "md"],
    ["list", "--as", "json"],
    ["list", "--as", "jsonl"],
    ["list", "--as", "csv"],
    ["show", ".claude/agents"],
    ["show", ".claude/agents", "--as", "yaml"],
    ["diff", ".claude/agents", ".claude/agents/c.md"],
    [],
]


def on_a_terminal(arguments: list[str], cwd: Path) -> str:
    """What a terminal would get: both streams are one."""
    main, side = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "HOME": str(cwd / "home"), "PYTHONPATH": str(ROOT)}
    env.pop("NO_COLOR", None)
    run = [sys.executable, "-m", "agentconv", *arguments]
    with subprocess.Popen(run, cwd=cwd, stdin=subprocess.DEVNULL, stdout=side, stderr=side, env=env) as done:
        os.close(side)
        data = b""
        while select.select([main], [], [], 60)[0]:
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            if not part:
                break
            data += part
        done.wait(60)
    os.close(main)
    return data.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda a: " ".join(a).replace("\x1b", "ESC") or "bare")
def test_no_command_sends_raw_control_characters(arguments: list[str], tmp_path: Path) -> None:
    hostile_project(tmp_path)
    shown = on_a_terminal(arguments, tmp_path)
    assert shown.strip()
    shown = re.sub(r"(\r\d+ of \d+ … )+\r\x1b\[K", "", shown)  # the line of progress, where a second was not enough
    assert not (found := RAW.search(shown)), (found, shown)
    assert not re.search(r"^\s*::error::forged", shown, re.M), shown
    assert "Traceback" not in shown and "internal error" not in shown, shown


def test_a_result_on_a_terminal_is_visible_and_in_a_pipe_as_it_is(tmp_path: Path) -> None:
    source = tmp_path / "a.md"
    source.write_text("---\nname: a\ndescription: d\n---\nRed \x1b[31m text\n")
    shown = on_a_terminal(["convert", "a.md", "--from", "claude-code", "--to", "vscode", "-o", "-"], tmp_path)
    assert "Red \\x1b[31m text" in shown
    run = [sys.executable, "-m", "agentconv", "convert", "a.md", "--from", "claude-code", "--to", "vscode", "-o", "-"]
    piped = subprocess.run(
        run, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert "Red \x1b[31m text" in piped.stdout


def test_reports_hold_the_same_text_harmlessly(tmp_path: Path) -> None:
    hostile_project(tmp_path)
    run = [sys.executable, "-m", "agentconv"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path / "home")}
    subprocess.run([*run, "convert", "--to", "vscode", "--dry-run", "--report", "r.json"], cwd=tmp_path, env=env,
                   capture_output=True, check=False)  # fmt: skip
    text = (tmp_path / "r.json").read_text("utf-8")
    assert not RAW.search(text) and json.loads(text)["agents"]
    shown = subprocess.run([*run, "show", ".claude/agents/c.md", "--as", "yaml"], cwd=tmp_path, env=env,
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert yaml.safe_load(shown.stdout)["id"] == "c"


def test_a_cell_is_no_formula() -> None:
    from agentconv.telling.agentrows import Row
    from agentconv.telling.listing import as_csv

    for value in ("=cmd()", " =x", "+1", "-1+1", "@x", "\t=x", "\r=x"):
        row = as_csv([Row(value, "p", "f")], ()).split("\n", 1)[1]
        assert row.lstrip('"').startswith("'"), row


GUARDED: list[tuple[str, Any]] = [
    ("visible", test_nothing_raw_is_left),
    ("one_line", test_nothing_raw_is_left),
    ("markdown", test_markdown_is_text_and_one_cell),
    ("markdown_code", test_markdown_is_text_and_one_cell),
    ("github_data", test_nothing_raw_is_left),
    ("json_text", test_nothing_raw_is_left),
]


@pytest.mark.parametrize(("guard", "check"), GUARDED, ids=lambda g: g if isinstance(g, str) else "")
def test_without_the_guard(guard: str, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    off = (lambda data: json.dumps(data, ensure_ascii=False)) if guard == "json_text" else (lambda text: text)
    monkeypatch.setattr(escape, guard, off)
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        check()


def test_without_the_guards_at_the_edge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    escape.say("a\x1b[2Jb\n  ::error::x")
    assert capsys.readouterr().out == "a\\x1b[2Jb\n  \\::error::x\n"
    monkeypatch.setattr(escape, "visible", lambda text: text)
    monkeypatch.setattr(escape, "OBEYED", re.compile("(never)"))
    escape.say("a\x1b[2Jb\n  ::error::x", color=True)
    assert capsys.readouterr().out == "a\x1b[2Jb\n  ::error::x\n"
