"""Our program readings beside what the real programs made of the same files.

The dialects are those of the shipped descriptions. What a program refuses for another reason than its header (a
missing description, a wrong type) is the business of its field table, not of the container.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv.containers import Document, lenient
from agentconv.containers.frontmatter import read_program

FORMATS = Path(__file__).resolve().parent.parent / "agentconv" / "formats"


def _dialect(format_id: str) -> dict[str, Any]:
    _, tables = yaml.safe_load_all((FORMATS / format_id / "format.yaml").read_text("utf-8"))
    dialect: dict[str, Any] = tables["container"]["dialect"]
    return dialect


def _recorded(verdicts: Path, program: str) -> Mapping[str, Any]:
    recorded: dict[str, Any] = json.loads((verdicts / f"{program}.json").read_text("utf-8"))["files"]
    assert len(recorded) > 20
    return recorded


def _ours(corpus: Path, file: str, dialect: Mapping[str, Any]) -> Document:
    return read_program((corpus / file).read_bytes().decode("utf-8", "replace"), dialect)


def _fields(document: Document) -> dict[str, Any]:
    if document.header is None or document.status != "read":
        return {}
    fields: dict[str, Any] = document.header.data()
    return fields


def _cut(text: Any) -> str:
    return " ".join(str(text).split())[:150]


def test_claude_code_loads_what_we_say(verdicts: Path, corpus: Path) -> None:
    dialect = _dialect("claude-code")
    wrong = {}
    for file, verdict in _recorded(verdicts, "claude-code").items():
        fields = _fields(_ours(corpus, file, dialect))
        name, description = fields.get("name"), fields.get("description")
        complete = isinstance(name, str) and isinstance(description, str)
        loaded = verdict.get("loaded")
        if complete != (loaded is not None):
            wrong[file] = (fields, verdict)
        elif loaded:
            ours = (name, _cut(str(description).replace("\\n", "\n")))
            if ours != (loaded["name"], _cut(loaded["description"])):
                wrong[file] = (ours, loaded)
    assert not wrong


def test_vs_code_sees_the_header_that_we_see(verdicts: Path, corpus: Path) -> None:
    dialect = _dialect("vscode")
    wrong = {}
    for file, verdict in _recorded(verdicts, "vscode-parser").items():
        document = _ours(corpus, file, dialect)
        if (document.header is not None) != verdict["hasHeader"]:
            wrong[file] = (document.header, verdict["hasHeader"])
        elif document.header is not None and _shortened(document.header.data()) != _shortened(verdict["header"]):
            wrong[file] = (document.header.data(), verdict["header"])
    assert not wrong


def _shortened(value: Any) -> Any:
    """Long texts are cut in the recording."""
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    return [_shortened(item) for item in value] if isinstance(value, list) else _cut(value)


def test_the_copilot_cli_refuses_the_headers_that_we_refuse(verdicts: Path, corpus: Path) -> None:
    dialect = _dialect("copilot")
    wrong = {}
    for file, verdict in _recorded(verdicts, "copilot-cli").items():
        document = _ours(corpus, file, dialect)
        said = " ".join(verdict.get("errors", []))
        by_yaml = "missing or malformed YAML" in said or "failed to parse YAML" in said
        if (document.status == "refused") != by_yaml:
            wrong[file] = (document.status, document.reason, said)
        elif verdict.get("loaded") and _cut(_fields(document)["description"]) != _cut(verdict["loaded"]["description"]):
            wrong[file] = (_fields(document), verdict["loaded"])
    assert not wrong


def test_opencode_reads_the_fields_that_we_read(verdicts: Path, corpus: Path) -> None:
    dialect = _dialect("opencode")
    wrong = {}
    for file, verdict in _recorded(verdicts, "opencode").items():
        document = _ours(corpus, file, dialect)
        fields, loaded = _fields(document), verdict.get("loaded")
        if document.status != "read":
            wrong[file] = (document.reason, verdict)
        elif loaded and _cut(fields.get("description")) != _cut(loaded["description"]):
            wrong[file] = (fields, loaded)
    assert not wrong


# --- VS Code's own parser -------------------------------------------------------------------------------------------

# the header, and what PromptFileParser of 1.138.0 made of it
NASTY: list[tuple[str, dict[str, Any]]] = [
    ("key: value", {"key": "value"}),
    ('a: "x" rest', {"a": "x"}),
    ("a: [x, y] rest", {"a": ["x", "y"]}),
    ("a: {k: v} rest", {"a": {"k": "v"}}),
    ("a: [x, y", {"a": ["x", "y"]}),
    ("a: [x,\n y]\nb: c", {"a": ["x", "y"], "b": "c"}),
    ('a: "open\nb: c', {"a": "open b: c "}),
    ("a: b: c", {"a": "b: c"}),
    ("a:b", {}),
    ("a:\nb: c", {"a": "", "b": "c"}),
    ("a:\n- x\n- y", {"a": ["x", "y"]}),
    ("a:\n  - x\n  -\n  - z", {"a": ["x", "", "z"]}),
    ("a:\n\t- x\n\t- y", {"a": ["x", "y"]}),
    ("  a: 1\n  b: 2", {"a": "1", "b": "2"}),
    ("a: 1\n  b: 2", {"a": "1", "b": "2"}),
    ("a: 1\na: 2", {"a": "2"}),
    ("a: |\n  x\n\n   y\n\nb: >-\n  x\n  y\n\n  z", {"a": "x\n\n y\n", "b": "x y\nz"}),
    ("a: one\n  two\n\n  three # c", {"a": "one two\nthree"}),
    ("a: *x", {"a": "*x"}),
    ("a: !t x", {"a": "!t x"}),
    ("a: &x y", {"a": "&x y"}),
    ("a: @x", {"a": "@x"}),
    ("a: `x`", {"a": "`x`"}),
    ("a: %x", {"a": "%x"}),
    ("a: # c", {"a": ""}),
    ("a: x #c", {"a": "x"}),
    ("a: x#c", {"a": "x#c"}),
    ("a: 'it''s'", {"a": "it's"}),
    ('a: "\\q\\x41\\u00e9\\n\\ud83d\\ude00"', {"a": "\\qAé\n😀"}),
    ("- x\n- y", {}),
    ("text", {}),
    ("{a: b, c: [d]}", {"a": "b", "c": ["d"]}),
    ('a: {"k":v, z}', {"a": {"k": "v", "z": ""}}),
    ('"a": b', {"a": "b"}),
    ("a : b", {"a": "b"}),
    ("a: ~\nb: true\nc: 5", {"a": "~", "b": "true", "c": "5"}),
    ("a: [x, \"y, z\", 'w']", {"a": ["x", "y, z", "w"]}),
    ("a: - x", {"a": ["x"]}),
    ("? a", {}),
    ('a: "x\n  y\n\n  z"', {"a": "x y\nz"}),
    ("a:\n  - k: v\n    l: w\n  - k: z", {"a": [{"k": "v", "l": "w"}, {"k": "z"}]}),
    ("a: [[x], {y: z}]", {"a": [["x"], {"y": "z"}]}),
    ("# c\na: x\n\n# d\nb: y\n", {"a": "x", "b": "y"}),
    ("%dir\na: b", {"a": "b"}),
    ("a: x\n...\nb: y", {"a": "x"}),
    ("a: >x", {"a": ">x"}),
    ("a: |x", {"a": "|x"}),
    ("A: b", {"A": "b"}),
    ("a: ,x", {"a": ",x"}),
    ("a: ]x", {"a": "]x"}),
    ("a: [x]]", {"a": ["x"]}),
    ("a: {k: {l: [m]}", {"a": {"k": {"l": ["m"]}}}),
]


@pytest.mark.parametrize(("header", "fields"), NASTY, ids=[repr(case[0][:24]) for case in NASTY])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_lenient_parser_has_vs_codes_habits(header: str, fields: dict[str, Any], newline: str) -> None:
    assert lenient.parse(f"{header}\n".replace("\n", newline)).data() == fields


def test_lenient_values_have_places() -> None:
    text = "a: [x,\n  'y z']\nb:\n  - k: \"v\"\n"
    header = lenient.parse(text, offset=10, line=5)
    value = header.pairs[0].value
    assert [(n.line, n.column, text[n.start - 10 : n.end - 10]) for n in value.items] == [(5, 5, "x"), (6, 3, "'y z'")]
    inner = header.pairs[1].value.items[0].pairs[0].value
    assert (inner.line, inner.column, text[inner.start - 10 : inner.end - 10]) == (8, 8, '"v"')


PIECES = [header for header, _ in NASTY] + ["", "\ttabbed", "   deeper", "...", "#", "}", "]", "-", "- - a", "é: ü 😀"]


def _mixed(seed: int, count: int) -> list[str]:
    dice = random.Random(seed)
    texts = []
    for _ in range(count):
        text = "---\n" + "\n".join(dice.choice(PIECES) for _ in range(dice.randint(1, 5))) + "\n---\nbody\n"
        if dice.random() < 0.3:
            at = dice.randrange(4, len(text))
            text = text[:at] + dice.choice("\"'[]{}:#-|>\t \n,") + text[at:]
        texts.append(text.replace("\n", "\r\n") if dice.random() < 0.2 else text)
    return texts


@pytest.mark.client
def test_the_real_vs_code_parser_agrees(clients: Path, tmp_path: Path) -> None:
    texts = [f"---\n{header}\n---\nbody\n" for header, _ in NASTY] + _mixed(7, 300)
    files = []
    for number, text in enumerate(texts):
        file = tmp_path / f"x{number}.agent.md"
        file.write_bytes(text.encode())
        files.append(str(file))
    run = subprocess.run([clients / "vscode" / "parse", *files], capture_output=True, text=True)
    if run.returncode == 3:
        pytest.skip("VS Code's parser is not installed")
    found = json.loads(run.stdout)["files"]
    dialect = {**_dialect("vscode"), "duplicates": "last"}  # the recording holds the last of equal keys
    wrong = []
    for text, real in zip(texts, found, strict=True):
        document = read_program(text, dialect)
        ours = None if document.header is None else document.header.data()
        if (ours, document.body) != (real["header"], real["agent"].get("body") or ""):
            wrong.append((text, ours, real["header"]))
    assert not wrong


@pytest.mark.client
def test_the_real_claude_code_agrees(clients: Path, tmp_path: Path) -> None:
    place = tmp_path / ".claude" / "agents"
    place.mkdir(parents=True)
    dialect = {**_dialect("claude-code"), "flow": "indented"}
    texts = {}
    dice = random.Random(3)
    for number in range(120):
        # Bun takes a text that begins with a comma and a list beside fields, libyaml does not: the known differences
        pieces = [dice.choice([p for p in PIECES if p not in ("a: ,x", "-", "? a")]) for _ in range(dice.randint(1, 2))]
        lines = [f"name: agent{number}", "description: Use: x", *pieces]
        dice.shuffle(lines)
        texts[f"a{number}.md"] = "---\n" + "\n".join(lines) + "\n---\nbody\n"
        (place / f"a{number}.md").write_bytes(texts[f"a{number}.md"].encode())
    run = subprocess.run([clients / "claude-code" / "load", "--no-run", tmp_path], capture_output=True, text=True)
    if run.returncode:
        pytest.skip("Claude Code is not installed")
    loaded = {Path(agent["file"]).name: agent for agent in json.loads(run.stdout)["agents"]}
    wrong = []
    for file, text in texts.items():
        fields = _fields(read_program(text, dialect))
        complete = isinstance(fields.get("name"), str) and isinstance(fields.get("description"), str)
        if complete != (file in loaded):
            wrong.append((text, fields, loaded.get(file)))
        elif complete and fields["description"] != loaded[file]["description"]:
            wrong.append((text, fields, loaded[file]))
    assert not wrong
