"""What is written is read back the same by every reader that a file may meet."""

from __future__ import annotations

import io
import json
import math
import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from agentconv.containers import lenient
from agentconv.containers.frontmatter import read_author, read_program
from agentconv.output import scalars
from agentconv.output.edit import edit_text

CLAUDE = {"close": "first-dashes", "retry": "quote-suspects", "flow": "indented"}

# each line is one trap: a word that some reader takes for a value, a place where some reader ends or splits a text
TRAPS = [
    "", " ", "yes", "No", "ON", "null", "~", "true", "1", "0x1F", "0o17", "012", "1_000", "1e3", "12:30", "2026-11-20",
    ".inf", "NaN", "a: b", "a:", "a #b", "#a", "- a", "-", "---", "a --- b", "-----", "...", "* a", "&a", "!a", "|",
    ">", "@a", "`a`", "%a", "{a}", "[a]", "a]", '"a"', "'a'", "it's", 'a "b" c', "a\\nb", "a\nb", "a\n", "\ta", "a\tb",
    " a", "a ", "é", "😀", "👩‍💻", "\u2028", "\x85", "\ufeff", "\x7f", "\x1b", "<<", "=", "?", "? a", "a,b",
    "Use when: x. Do",
    "https://x.y/z", "C:\\temp", "{{x}}", "${x}", "a\r\nb", "\U0001f600 --- \u202e", "y", "None",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60) | st.sampled_from(TRAPS)
KEYS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20) | st.sampled_from(
    [t for t in TRAPS if t]
)
LEAF = TEXT | st.booleans() | st.integers() | st.floats(allow_nan=False)
TREE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


def _readers(text: str) -> dict[str, Any]:
    ruamel = YAML(typ="safe", pure=True)
    return {
        "libyaml": yaml.load(text, yaml.CSafeLoader),
        "PyYAML": yaml.load(text, yaml.SafeLoader),
        "ruamel 1.2": ruamel.load(io.StringIO(text)),
    }


@pytest.mark.parametrize("text", TRAPS)
def test_every_trap_survives_in_yaml(text: str) -> None:
    _text_survives(text)


@given(TEXT)
def test_every_text_survives_in_yaml(text: str) -> None:
    _text_survives(text)


def _text_survives(text: str) -> None:
    line = scalars.yaml_entry("description", text)
    assert len(line.splitlines()) == 1, "one line for everyone who counts lines"
    assert "---" not in line
    header = line + "\n" + scalars.yaml_entry("tools", [text, "Read"]) + "\nname: x\n"
    want = {"description": text, "tools": [text, "Read"], "name": "x"}
    for reader, found in _readers(header).items():
        assert found == want, reader
    assert lenient.parse(header).data() == want
    for newline in ("\n", "\r\n"):
        file = ("---\n" + header + "---\nbody\n").replace("\n", newline)
        for document in (read_author(file, frozenset(want)), read_program(file, CLAUDE)):
            assert document.header is not None and document.header.data() == want
            assert (document.body, document.status, document.remarks) == ("body", "read", [])


@given(st.dictionaries(KEYS, TREE, min_size=1, max_size=4), st.booleans())
@example({"a": [[], {}, [1, [2]], {"b": [{"c": "d", "e": ["f"]}]}]}, True)
@example({"a": [{"x": {"y": 1}}, ["z"]]}, False)
def test_every_tree_survives_in_yaml(tree: dict[str, Any], flow: bool) -> None:
    text = "".join(scalars.yaml_entry(key, value, flow=flow) + "\n" for key, value in tree.items())
    assert "---" not in text
    for reader, found in _readers(text).items():
        assert found == tree, reader


@given(st.dictionaries(KEYS, TREE, max_size=4))
def test_every_tree_survives_in_toml(tree: dict[str, Any]) -> None:
    text = "".join(f"{scalars.toml_key(key)} = {scalars.toml_value(value)}\n" for key, value in tree.items())
    assert tomllib.loads(text) == tree


@given(TEXT)
@example('ends with a quote"')
@example('"""')
@example('a""""b\\')
@example("\n\nfirst lines empty")
@example("back\\\nslash at the end of a line")
def test_every_text_survives_in_toml(text: str) -> None:
    for multiline in (True, False, None):
        assert tomllib.loads(f"x = {scalars.toml_value(text, multiline)}")["x"] == text


@given(TREE)
def test_every_tree_survives_in_json(tree: Any) -> None:
    if "inf" in repr(tree) and "Infinity" in json.dumps(tree):
        with pytest.raises(ValueError, match="JSON compliant"):
            scalars.json_value(tree)
    else:
        assert json.loads(scalars.json_value(tree)) == tree


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("code-reviewer", "code-reviewer"),
        ("Read, Grep, Bash", "Read, Grep, Bash"),
        ("Reviews code. See https://x.y", "Reviews code. See https://x.y"),
        ("Use when: asked", '"Use when: asked"'),
        ("a --- b", '"a \\u002d-- b"'),
        ("two\nlines", '"two\\nlines"'),
        ("yes", '"yes"'),
        ("3", '"3"'),
        ("Grüße 😀\u2028", '"Grüße 😀\\u2028"'),
        (True, "true"),
        (3, "3"),
        (0.5, "0.5"),
        (1e16, "1.0e+16"),
        (math.inf, ".inf"),
    ],
)
def test_a_scalar_looks_like_this(value: Any, text: str) -> None:
    assert scalars.yaml_scalar(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["read", "search/codebase"], "k: [read, search/codebase]"),
        (["Bash(git *)", "mcp:x"], 'k: ["Bash(git *)", "mcp:x"]'),
        ([], "k: []"),
        ({}, "k: {}"),
        ({"bash": {"*": "deny", "git *": "allow"}}, 'k:\n  bash:\n    "*": deny\n    "git *": allow'),
        ([{"label": "Go on", "send": False}], "k:\n  - label: Go on\n    send: false"),
        (["x" * 60, "y" * 60], f"k:\n  - {'x' * 60}\n  - {'y' * 60}"),
    ],
)
def test_a_value_looks_like_this(value: Any, text: str) -> None:
    assert scalars.yaml_entry("k", value) == text


def test_a_prompt_in_toml_stays_readable() -> None:
    assert scalars.toml_value('Say "hi".\nC:\\x\n') == '"""\nSay "hi".\nC:\\\\x\n"""'


@pytest.mark.parametrize("write", [scalars.yaml_scalar, scalars.toml_value, scalars.json_value])
def test_half_a_surrogate_pair_is_refused(write: Any) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        write("\ud800")


def test_no_value_is_refused() -> None:
    with pytest.raises(ValueError):
        scalars.yaml_scalar(None)
    with pytest.raises(ValueError):
        scalars.toml_value(None)


def test_splices_are_applied_by_place() -> None:
    assert edit_text("abcdef", [(4, 5, ""), (0, 1, "X"), (2, 2, "-"), (2, 2, "+")]) == "Xb-+cdf"
    for overlapping in ([(0, 2, ""), (1, 3, "")], [(2, 1, "")], [(0, 99, "")]):
        with pytest.raises(ValueError, match="splices"):
            edit_text("abcdef", overlapping)


@given(st.text(max_size=40), st.data())
def test_an_empty_splice_changes_nothing(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6)))
    splices = [(a, b, text[a:b]) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    assert edit_text(text, splices) == text


LINES = st.lists(TEXT.map(lambda t: t.replace("\n", " ")), min_size=2, max_size=5).map("\n".join)


@given(LINES | TEXT, st.integers(0, 3))
def test_a_block_holds_the_same_text_or_is_not_used(text: str, depth: int) -> None:
    block = scalars.yaml_block(text, 2 * depth + 2)
    if block is None:
        return
    pad = "  " * depth
    whole = "".join(f"{'  ' * n}k:\n" for n in range(depth)) + f"{pad}prompt:{block}\n{pad}after: x\n"
    for reader, found in _readers(whole).items():
        for _ in range(depth):
            found = found["k"]
        assert found == {"prompt": text, "after": "x"}, reader


def test_a_prompt_is_written_as_a_block() -> None:
    assert scalars.yaml_entry("prompt", "One.\n\n  Two: `x` # not a comment\n---\n", blocks=True) == (
        "prompt: |\n  One.\n\n    Two: `x` # not a comment\n  ---"
    )
    assert scalars.yaml_entry("prompt", "One.", blocks=True) == "prompt: One."
    assert "\\n" in scalars.yaml_entry("prompt", " indented first\nx", blocks=True)
