"""Text taken apart: values, places, repairs, and what is refused. Each case is a document and what is read from it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentconv.containers import (
    MAX_DEPTH,
    MAX_NODES,
    ContainerError,
    Document,
    Node,
    json,
    lenient,
    locate,
    toml,
    yamlevents,
    yamlnodes,
)
from agentconv.containers import yaml as yamlfile
from agentconv.containers.frontmatter import read_author, read_program
from agentconv.containers.plainlines import plain_lines
from agentconv.containers.retries import Around, bare_star, colon_blocks, flat_lines, quote_suspects
from agentconv.output.edit import edit_text

KNOWN = frozenset(
    [
        "name",
        "description",
        "tools",
        "model",
        "mode",
        "handoffs",
        "agents",
        "hooks",
        "instructions",
        "prompt",
        "applyTo",
    ]
)


def _author(text: str) -> Document:
    return read_author(text, KNOWN, frozenset({"tools", "model"}))


def _data(document: Document) -> Any:
    return None if document.header is None else document.header.data()


def _codes(document: Document) -> list[str]:
    return [remark.code for remark in document.remarks]


def _nodes(node: Node) -> list[Node]:
    found = [node, *(n for item in node.items for n in _nodes(item))]
    return found + [n for pair in node.pairs for part in (pair.key, pair.value) for n in _nodes(part)]


# --- YAML -----------------------------------------------------------------------------------------------------------

TYPES = [
    # text, core (YAML 1.2), js-yaml 3, YAML 1.1 as PyYAML has it
    ("true", True, True, True),
    ("yes", "yes", "yes", True),
    ("Off", "Off", "Off", False),
    ("~", None, None, None),
    ("", None, None, None),
    ("12", 12, 12, 12),
    ("012", 12, 10, 10),
    ("0o17", 15, "0o17", "0o17"),
    ("0x1F", 31, 31, 31),
    ("0b101", "0b101", 5, 5),
    ("1_000", "1_000", 1000, 1000),
    ("12:30", "12:30", 750, 750),
    ("1.50", 1.5, 1.5, 1.5),
    (".5", 0.5, 0.5, 0.5),
    ("-1e3", -1000.0, -1000.0, -1000.0),
    (".inf", float("inf"), float("inf"), float("inf")),
    ("2026-11-20", "2026-11-20", "2026-11-20T00:00:00.000Z", "2026-11-20T00:00:00.000Z"),
    ("2026-11-20T10:00:00+02:00", "2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00.000Z", "2026-11-20T08:00:00.000Z"),
    ("2026-13-40", "2026-13-40", "2026-13-40", "2026-13-40"),
    ("1.2.3", "1.2.3", "1.2.3", "1.2.3"),
    ("'12'", "12", "12", "12"),
    ("!!str 12", "12", "12", "12"),
    ("! 12", "12", "12", "12"),
]


@pytest.mark.parametrize(("text", "core", "js", "old"), TYPES)
def test_a_plain_scalar_is_typed_by_the_schema(text: str, core: Any, js: Any, old: Any) -> None:
    for schema, want in (("core", core), ("js-yaml3", js), ("yaml11", old)):
        node = yamlnodes.compose(f"k: {text}", schema=schema)
        assert node is not None
        value = node.pairs[0].value.value
        assert (value, type(value)) == (want, type(want)), schema
    assert isinstance(yamlnodes.compose(f"k: {text}", schema="strings").data()["k"], str)  # type: ignore[union-attr]


def test_every_value_has_its_place_in_the_file() -> None:
    text = "a: 1\r\nlist:\r\n- x\r\n- {k: 'v'}\r\n\r\n# c\r\nblock: |\r\n  one\r\n\r\n  two\r\n\r\nend:\r\n"
    for shift, line in ((0, 1), (100, 7)):
        node = yamlnodes.compose(text, offset=shift, line=line)
        assert node is not None
        found = [(n.text, text[n.start - shift : n.end - shift], n.line - line + 1, n.column) for n in _nodes(node)]
        assert found[1:] == [
            ("a", "a", 1, 1),
            ("1", "1", 1, 4),
            ("list", "list", 2, 1),
            ("", "- x\r\n- {k: 'v'}", 3, 1),
            ("x", "x", 3, 3),
            ("", "{k: 'v'}", 4, 3),
            ("k", "k", 4, 4),
            ("v", "'v'", 4, 7),
            ("block", "block", 7, 1),
            ("one\n\ntwo\n", "|\r\n  one\r\n\r\n  two", 7, 8),
            ("end", "end", 12, 1),
            ("", "", 12, 5),
        ]


BAD_YAML = [
    ("a: b: c", "R005", 1, 5, "second `: `"),
    ("a: 1\nb: *nobody", "R005", 2, 4, "refers to nothing"),
    ("a: !!python/object/apply:os.system [ls]", "R005", 1, 4, "tag !!python/object"),
    ("a: [1, 2", "R005", 2, 1, "not closed"),
    ("a: 'x", "R005", 1, 6, "quote is not closed"),
    ("a: @x", "R005", 1, 4, "cannot begin"),
    ("a: %x", "R005", 1, 4, "cannot begin"),
    ("a:\n\t- x", "R005", 2, 1, "cannot begin"),
    ('a: "\\q"', "R005", 1, 5, "escape"),
    ("é: \x01", "R005", 1, 4, "control character"),
    ("a: \ud800", "R001", 1, 4, "surrogate"),
    ("a: &x [*x]", "R005", 1, 8, "itself"),
    ("a: 1\n---\nb: 2", "R005", 2, 1, "second YAML document"),
    ("{a: 1}: b", "R005", 1, 1, "key is expected"),
    ("<<: [1]", "R005", 1, 1, "<<"),
    ("a: " + "[" * (MAX_DEPTH + 1), "R017", 1, MAX_DEPTH + 3, "deeper"),
    ("- x\n" * (MAX_NODES + 1), "R017", MAX_NODES, 3, "more than"),
]


@pytest.mark.parametrize(("text", "code", "line", "column", "words"), BAD_YAML)
def test_bad_yaml_is_one_plain_error_with_its_place(text: str, code: str, line: int, column: int, words: str) -> None:
    with pytest.raises(ContainerError, match=words) as caught:
        yamlnodes.compose(text)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, line, column)


def test_the_pure_python_parser_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "name: é\nlist: [a, 'b']\nblock: >-\n  x\n  y\n\nmap:\n  k: &a 1\n  j: *a\n"
    fast = yamlnodes.compose(text)
    errors = [_error(bad[0]) for bad in BAD_YAML[:3]]
    monkeypatch.setattr(yamlevents, "CParser", None)
    assert yamlnodes.compose(text) == fast
    assert [_error(bad[0]) for bad in BAD_YAML[:3]] == errors
    assert _error("é: \x01") == ("R005", 1, 4)


def _error(text: str) -> tuple[str, int, int]:
    with pytest.raises(ContainerError) as caught:
        yamlnodes.compose(text)
    return caught.value.code, caught.value.line, caught.value.column


def test_anchors_and_merges_are_resolved_and_bombs_are_not() -> None:
    node = yamlnodes.compose("base: &b {a: 1, c: 2}\nuse:\n  <<: *b\n  c: 3\nlist: [*b]\n")
    assert node is not None
    assert node.data() == {"base": {"a": 1, "c": 2}, "use": {"a": 1, "c": 3}, "list": [{"a": 1, "c": 2}]}
    assert node.get("list").items[0].line == 5  # type: ignore[union-attr]
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    with pytest.raises(ContainerError, match="through aliases"):
        yamlnodes.compose(bomb)


def test_a_key_that_stands_twice_is_kept_and_reported() -> None:
    composed = yamlnodes.compose_all("a: 1\nb: 2\na: 3")
    assert composed.node is not None
    assert [pair.value.text for pair in composed.node.pairs] == ["1", "2", "3"]
    assert composed.node.data() == {"a": 3, "b": 2}
    assert [(pair.key.text, pair.key.line) for pair in composed.duplicates] == [("a", 3)]
    assert yamlnodes.compose("a: 1\na: 3", duplicates="first").data() == {"a": 1}  # type: ignore[union-attr]
    with pytest.raises(ContainerError, match="stands twice"):
        yamlnodes.compose("a: 1\na: 3", duplicates="broken")


def test_line_breaks_of_yaml_1_1_are_plain_characters() -> None:
    node = yamlnodes.compose("a: x\u2028y\x85z\nb: 1")
    assert node is not None
    assert node.data() == {"a": "x\u2028y\x85z", "b": 1}
    assert node.pairs[1].key.line == 2


SEEN = [
    "\u200btools: Read",
    "tools\u200b: Read",
    "tools:\u00a0Read",
    "\u00a0tools: Read",
    "tools\uff1aRead",
    "\u2060tools: Read",
]


@pytest.mark.parametrize("line", SEEN, ids=ascii)
@pytest.mark.parametrize("above", ["", "name: x\n", "name: x: y\n", "name: >\n  x\n"])
def test_a_field_that_one_sees_is_read(line: str, above: str) -> None:
    document = _author(f"---\n{above}{line}\nmodel: y\n---\nBody")
    assert document.header is not None
    assert document.header.data()["tools"] == "Read" and document.header.data()["model"] == "y"
    assert "R032" in [remark.code for remark in document.remarks]
    splices = [(r.start, r.end, r.new) for r in document.remarks if r.end >= 0]
    assert "\ntools: Read\n" in edit_text(document.text, splices)


def test_prose_between_two_rulers_is_no_header() -> None:
    document = _author("---\njust text\n---\nx\n")
    assert document.header is None and document.body == "---\njust text\n---\nx"


def test_maps_and_lists_as_keys_are_what_each_parser_makes_of_them() -> None:
    """js-yaml 3.14 and 4.1, run: text of JavaScript's own."""
    for schema in ("js-yaml3", "js-yaml4"):
        node = yamlnodes.compose_all("a: {{NAME}}\nb: {[c, {d: e}]: f}", schema=schema).node
        assert node is not None
        assert node.data() == {"a": {"[object Object]": None}, "b": {"c,[object Object]": "f"}}
        with pytest.raises(ContainerError, match="where a key is expected"):
            yamlnodes.compose_all("a: {[[b]]: c}", schema=schema)
    assert yamlnodes.compose_all("a: {{NAME}}", tags="drop").node.data() == {"a": {"{NAME}": None}}  # type: ignore[union-attr]
    with pytest.raises(ContainerError, match="where a key is expected"):
        yamlnodes.compose("a: {{NAME}}")


# --- what the author meant: repairs ---------------------------------------------------------------------------------

REPAIRS = [
    # header, the fields that are read, codes, the header after the repair
    ("description: Use when: x", {"description": "Use when: x"}, ["R003"], 'description: "Use when: x"'),
    ("tools: *\nname: a", {"tools": "*", "name": "a"}, ["R003"], 'tools: "*"\nname: a'),
    ("applyTo: **/*.ts", {"applyTo": "**/*.ts"}, ["R003"], 'applyTo: "**/*.ts"'),
    ("name: @me", {"name": "@me"}, ["R003"], 'name: "@me"'),
    ("name: `x`", {"name": "`x`"}, ["R003"], 'name: "`x`"'),
    ("name: %x", {"name": "%x"}, ["R003"], 'name: "%x"'),
    ("name: !important x", {"name": "!important x"}, ["R003"], 'name: "!important x"'),
    ("name: &co and more", {"name": "&co and more"}, ["R003"], 'name: "&co and more"'),
    ("name: {{x}}", {"name": "{{x}}"}, ["R003"], 'name: "{{x}}"'),
    ("name: {{x}} tail", {"name": "{{x}} tail"}, ["R003"], 'name: "{{x}} tail"'),
    ('name: "a" rest', {"name": '"a" rest'}, ["R003"], 'name: "\\"a\\" rest"'),
    ('name: "a "b" c"', {"name": 'a "b" c'}, ["R003"], 'name: "a \\"b\\" c"'),
    ('name: "a" or "b"', {"name": '"a" or "b"'}, ["R003"], 'name: "\\"a\\" or \\"b\\""'),
    ('name: "C:\\dir"', {"name": "C:\\dir"}, ["R003"], 'name: "C:\\\\dir"'),
    ('name: "open', {"name": "open"}, ["R003"], "name: open"),
    ("tools: [a, b\nname: x", {"tools": ["a", "b"], "name": "x"}, ["R003"], "tools: [a, b]\nname: x"),
    ("tools: [a, b] c", {"tools": ["a", "b", "c"]}, ["R009"], "tools: [a, b, c]"),
    ("tools: [a, b]\n  - c/d", {"tools": ["a", "b", "c/d"]}, ["R009"], "tools: [a, b, c/d]"),
    ("tools:a/b, c\n[d]\nname: x", {"tools": ["a/b", "c", "d"], "name": "x"}, ["R009"], "tools: [a/b, c, d]\nname: x"),
    ("tools:read\nname: x", {"tools": "read", "name": "x"}, ["R013"], "tools: read\nname: x"),
    ("tools:\n\t- read\n\t- edit", {"tools": ["read", "edit"]}, ["R013"] * 2, "tools:\n  - read\n  - edit"),
    (
        "handoffs:\n  - label: Go: on\n    agent: x\n    prompt: @y",
        {"handoffs": [{"label": "Go: on", "agent": "x", "prompt": "@y"}]},
        ["R003", "R003"],
        'handoffs:\n  - label: "Go: on"\n    agent: x\n    prompt: "@y"',
    ),
    ("tools:\n  - *\n  - a", {"tools": ["*", "a"]}, ["R003"], 'tools:\n  - "*"\n  - a'),
    (
        "description: One\n  two: three\n  four\nname: x",
        {"description": "One two: three four", "name": "x"},
        ["R009"],
        'description: "One two: three four"\nname: x',
    ),
    (
        'description: Use it.\n\nExamples:\n<example>\nuser: "hi"\nassistant: "ho"\n</example>\n'
        "model: opus\ntools: Read",
        {
            "description": 'Use it.\n\nExamples:\n<example>\nuser: "hi"\nassistant: "ho"\n</example>',
            "model": "opus",
            "tools": "Read",
        },
        ["R009"],
        'description: "Use it.\\n\\nExamples:\\n<example>\\nuser: \\"hi\\"\\nassistant: \\"ho\\"\\n</example>"\n'
        "model: opus\ntools: Read",
    ),
    (
        "description: |\n  first\n<example>\n  x\nname: y",
        {"description": "first\n<example>\nx", "name": "y"},
        ["R009"],
        'description: "first\\n<example>\\nx"\nname: y',
    ),
    (
        "own-key: a: b\nother: 1\nname: x",
        {"own-key": "a: b", "other": 1, "name": "x"},
        ["R003"],
        'own-key: "a: b"\nother: 1\nname: x',
    ),
    ("name: a: b\nname: c", {"name": "c"}, ["R003", "R010"], 'name: "a: b"\nname: c'),
]


@pytest.mark.parametrize(("header", "fields", "codes", "repaired"), REPAIRS, ids=[case[0][:24] for case in REPAIRS])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_broken_header_is_repaired_line_by_line(
    header: str, fields: dict[str, Any], codes: list[str], repaired: str, newline: str
) -> None:
    text = f"---\n{header}\n---\nBody\n".replace("\n", newline)
    document = _author(text)
    assert (_data(document), _codes(document), document.body) == (fields, codes, "Body")
    for remark in document.remarks:
        assert remark.line == locate(text, remark.start)[0]
    edited = edit_text(text, [(r.start, r.end, r.new) for r in document.remarks if r.end >= 0])
    assert edited == f"---\n{repaired}\n---\nBody\n".replace("\n", newline)
    again = _author(edited)
    assert _data(again) == fields
    assert [code for code in _codes(again) if code != "R010"] == []


def test_repaired_values_keep_their_place() -> None:
    text = (
        "---\nname: x\ntools:\n\t- read\n\t- edit\ndescription: a: b\nhandoffs:\n  - label: c: d\n    agent: e\n---\n"
    )
    header = _author(text).header
    assert header is not None
    places = {n.text: (n.line, n.column, text[n.start : n.end]) for n in _nodes(header) if n.kind == "scalar"}
    assert places["edit"] == (5, 4, "edit")
    assert places["a: b"] == (6, 14, "a: b")
    assert places["c: d"] == (8, 12, "c: d")
    assert places["e"] == (9, 12, "e")


REFUSED = [
    # what cannot be read for sure, with the line of the error
    ("---\n- a\n- b\n---\nx", "R005", 2, "a list"),
    ("---\njust text on tools\ntools all of them\n---\nx", "R005", 2, "plain text"),
    ("---\nname: x\n...\n---\ntools: Read\n---\nx", "R005", 5, "stands below the line"),
    ("---\nname: x\ntools Read, Grep\n---\nx", "R005", 3, "no colon"),
    ("---\nname: x\ntools = Read\n---\nx", "R005", 3, "no colon"),
    ("---\nname: x\ntools\uff1a[Read\nmodel: y\n---\nx", "R005", 3, "cannot be read"),
    ("---\nname: x\nno end", "R005", 1, "not closed"),
    ("---\nname: x\n\n# Title\n\nText: here\n", "R005", 1, "not closed"),
    ("---js\nname: process.exit()\n---\nx", "R005", 1, "language 'js'"),
    ("---\ndescription: a: b\n  tools: Read\n---\n", "R005", 3, "is 'tools' a field"),
    ('---\ndescription: "a\ntools: Read\nmodel: x"\n---\n', "R005", 2, "swallows the field 'tools'"),
    ("---\nbase: &b [x]\ntools: *b\ndescription: a: b\n---\n", "R005", 4, "second `: `"),
    ("---\n<example>\nname: x: y\n---\n", "R005", 3, "second `: `"),
    ("---\nhandoffs:\n  - label: a\n   agent: b\n  tools: c\n---\n", "R005", 5, "is 'tools' a field"),
    ("name: x\ndescription: no header here\n\nText", "R004", 1, "no header"),
    ("", "R002", 1, "empty"),
    ("\ufeff\r\n \n", "R002", 1, "empty"),
]


@pytest.mark.parametrize(("text", "code", "line", "words"), REFUSED, ids=[repr(case[0][:24]) for case in REFUSED])
def test_what_cannot_be_read_for_sure_is_an_error(text: str, code: str, line: int, words: str) -> None:
    with pytest.raises(ContainerError, match=words) as caught:
        _author(text)
    assert caught.value.code == code
    assert line in (0, caught.value.line)


# --- what the author meant: where header and body are ---------------------------------------------------------------

HEAD = "---\nname: x\ntools: Read\n---\n"
PLACES = [
    # text, body, codes
    (HEAD + "\n\nBody\n\nEnd\n\n", "Body\n\nEnd", []),
    (HEAD + "  indented\n", "  indented", []),
    (HEAD + "a\n---\nb\n```\nc\n```\n", "a\n---\nb\n```\nc\n```", []),
    (HEAD, "", []),
    ("---\nname: x\ntools: Read\n---", "", []),
    (HEAD.replace("---\n", "---  \n") + "B", "B", []),
    ("---\nname: x\ntools: Read\n--------\nB", "B", []),
    ("---\nname: x\n-----\ntools: Read\n---\nB", None, ["R009"]),  # a ruler inside: the tools are not lost
    ("\ufeff" + HEAD + "B", "B", []),
    ("\n\n" + HEAD + "B", "B", ["R019"]),
    ("<!-- from\nelsewhere -->\n" + HEAD + "B", "B", ["R019"]),
    ("# Title\n\n" + HEAD + "B", "B", ["R019"]),
    ("```chatagent\n" + HEAD + "B\n```\n", "B", ["R008"]),
    ("``````chatagent\n" + HEAD + "B\n``````", "B", ["R008"]),
    ("```chatmode\n" + HEAD + "B\n```js\nx\n```\nE\n```\n", "B\n```js\nx\n```\nE", ["R008"]),
    ("```chatagent\n" + HEAD + "B\n```js\nx\n```\n", "B\n```js\nx\n```", ["R008"]),  # never closed
    ("````chatagent\n" + HEAD + "B\n```\n", "B", ["R008"]),  # opened with four, closed with three
    ("`````chatagent\n````chatagent\n```chatagent\n" + HEAD + "B\n```\n````\n`````\n", "B", ["R008"]),
    ("````chatagent\n```chatagent\n" + HEAD + "```\nx\n```\nB\n```\n\n````\n", "```\nx\n```\nB", ["R008"]),
    ("````chatagent\n" + HEAD + "B\n```\nx\n```\nE\n```\n````\n", "B\n```\nx\n```\nE", ["R008"]),  # one end too many
    ("\n```chatagent\n" + HEAD + "B\n```\n", "B", ["R019", "R008"]),
    ("```yaml\n" + HEAD + "```\n\nB\n", "B", ["R008"]),  # a fence round the header only
    ("```chatagent\nname: x\ntools: Read\n```\nB\n", "B", ["R008"]),  # no line of dashes
    ("```chatagent\nname: x\ntools: Read\n---\nB\n```\n", "B", ["R008", "R019"]),
    ("# Title\n\n```yaml\n" + HEAD + "```\nB\n", "B", ["R019"]),
    ("name: x\ntools: Read\n---\nB\n", "B", ["R019"]),  # the opening line is missing
    ("---\nname: x\ntools: Read\n", "", ["R019"]),  # the closing line is missing
    ("---\ntitle: t\n---\n```chatmode\n---\nname: x\ntools: Read\n---\nB\n```\n", "B", ["R008"]),
    ('---json\n{"name": "x", "tools": "Read"}\n---\nB', "B", []),
]


@pytest.mark.parametrize(("text", "body", "codes"), PLACES, ids=[repr(case[0][:30]) for case in PLACES])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_header_and_body_are_found(text: str, body: str | None, codes: list[str], newline: str) -> None:
    document = _author(text.replace("\n", newline))
    assert document.header is not None
    assert (document.header.get("tools") or document.header).text == "Read"
    assert document.header.data()["name"].startswith("x")
    assert _codes(document) == codes
    assert document.newline == (newline if "\n" in text else "\n")
    assert document.text[document.body_start : document.body_end] == document.body
    if body is not None:
        assert document.body == body.replace("\n", newline)


@pytest.mark.parametrize(
    "text",
    [
        "Just prose.\n\n---\n\nMore prose: with a colon.\n",
        "# Title\n\nText\n",
        "```js\ncode\n```\n",
        "<!--\n---\ntitle: commented out\n---\n-->\n# Role\n",
        "description: one such line is no header\n\nText.\n",
        "Note: this\nname: that\n",
    ],
)
def test_a_file_without_a_header_is_all_body(text: str) -> None:
    document = _author(text)
    assert (document.header, document.remarks) == (None, [])
    assert document.body == text.rstrip("\n")


def test_keys_without_any_line_of_dashes_are_read_where_the_file_is_one_map() -> None:
    document = _author("name: x\ninstructions: |\n  Do this.\n\n  And that.\n")
    assert _data(document) == {"name": "x", "instructions": "Do this.\n\nAnd that.\n"}
    assert (_codes(document), document.body) == (["R019"], "")


def test_fields_of_a_second_header_count() -> None:
    text = "---\ntitle: t\ndescription: old\n---\n```chatmode\n---\ndescription: new\ntools: [a]\n---\nB\n```\n"
    document = _author(text)
    assert _data(document) == {"title": "t", "description": "new", "tools": ["a"]}
    assert _codes(document) == ["R008", "R010"]


def test_an_empty_header_is_an_empty_map() -> None:
    for text in ("---\n---\nB", "---\n# only a comment\n---\nB"):
        assert (_data(_author(text)), _author(text).body) == ({}, "B")


# --- laws -----------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["---", "----", "name: x", "tools: [a", "tools:\n\t- b", "description: a: b", '"', "'", "```chatagent",
     "```", "````", "<!--", "-->", "- x", "  k: v", "|", "x: |", "<<: *a", "a: &a [*a]", "user: hi", "\t", "\r",
     "\ufeff", "\x00", "\ud800", "---js", "---json", "{", "}", "[[", "...", "%", "# c", "\u2028", "", "  tools: z",
     "tools:x", "é: 😀", "? k"]
)  # fmt: skip
DOCUMENTS = st.lists(PIECES, max_size=10).map("\n".join) | st.text(max_size=80)
DIALECTS: list[dict[str, Any]] = [
    {"close": "first-dashes", "retry": "quote-suspects", "flow": "indented"},
    {"close": "line", "unclosed": "all-header", "parser": "lenient", "bom": "hides-header", "body": "keep",
     "no_header": "body", "broken": "best", "duplicates": "first"},
    {"close": "line-start", "schema": "js-yaml3", "duplicates": "broken", "retry": "colon-blocks", "broken": "body",
     "retry_broken": "refused", "no_header": "body", "unclosed": "all-header",
     "languages": {"json": "json", "js": "code"}},
    {"close": "line", "schema": "strings", "no_header": "refused", "tags": "drop", "replace": {"a": "b"}},
]  # fmt: skip


@given(DOCUMENTS)
@example("---\n" + "[" * 5000 + "\n---\n")
@example("```\n" * 50)
@example("<!-- -->\n" * 3000)
@example("---\nname: x\n" + "k: a: b\n" * 300 + "---\n")
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    for read in (_author, json.read, toml.read, yamlfile.read_author):
        try:
            document = read(text)
        except ContainerError as error:
            assert error.code in ("R001", "R002", "R004", "R005", "R017")
            assert 1 <= error.line <= text.count("\n") + text.count("\r") + 2
            assert error.column >= 1
            continue
        assert text[document.body_start : document.body_end] == document.body
        if document.header is not None:
            for node in _nodes(document.header):
                assert 0 <= node.start <= node.end <= len(text)


@given(DOCUMENTS)
@example("---\n" + "[" * 5000 + "\n---\n")
def test_any_text_is_read_skipped_or_refused_by_a_program(text: str) -> None:
    for dialect in DIALECTS:
        for document in (read_program(text, dialect), yamlfile.read_program(text, dialect)):
            assert document.status in ("read", "skipped", "refused")
            assert (document.status == "read") or document.reason
        document = read_program(text, dialect)
        assert text[document.body_start : document.body_end] == document.body


@given(DOCUMENTS)
def test_a_repair_holds(text: str) -> None:
    """Once the splices are applied the same fields are read, without a repair."""
    try:
        document = _author(text)
    except ContainerError:
        return
    splices = [(r.start, r.end, r.new) for r in document.remarks if r.end >= 0]
    again = _author(edit_text(text, splices))
    assert repr(_data(again)) == repr(_data(document))
    assert not [r for r in again.remarks if r.code in ("R003", "R009", "R013")]


# --- programs -------------------------------------------------------------------------------------------------------

CLAUDE = DIALECTS[0]
PROGRAM = [
    # what claude-code.md says of 2.1.328, each line seen there: text, name/description/other fields or None, body
    ("---\nname: a\ndescription: Use when: x\n---\nB\n", {"name": "a", "description": "Use when: x"}, "B"),
    ("---\r\nname: a\r\ndescription: x\r\n---\r\nB\r\n", {"name": "a", "description": "x"}, "B"),
    ("---\r\nname: a\r\ndescription: Use: x\r\n---\r\nB\r\n", None, "B"),
    ("---\nname: a\ndescription: x --- y\ntools: Read\n---\nB", {"name": "a", "description": "x"},
     "y\ntools: Read\n---\nB"),
    ("---\nname: a # x\ndescription: U: x\n---\nB", {"name": "a # x", "description": "U: x"}, "B"),
    ("---\nname: a # x\ndescription: U x\n---\nB", {"name": "a", "description": "U x"}, "B"),
    ("---\nname: a\ndescription: U: x\nb: |\n  t\n---\nB", None, "B"),
    ("---\nname: a\ndescription: *x\n---\nB", {"name": "a", "description": "*x"}, "B"),
    ("---\nname: a\ndescription: [x] y\n---\nB", {"name": "a", "description": "[x] y"}, "B"),
    ("---\nname: a\ndescription: !foo bar\n---\nB", {"name": "a", "description": "bar"}, "B"),
    ('---\nname: a\ndescription: "a" b\n---\nB', None, "B"),
    ("---\nname: a\ntools:\n\t- Read\nb: x\n---\nB", {"name": "a", "tools": ["Read"], "b": "x"}, "B"),
    ("---\nname: a\ndescription: x\ndescription: y\n---\nB", {"name": "a", "description": "y"}, "B"),
    ("---\nname: a\ntools: [\nRead]\n---\nB", None, "B"),
    ("---\nname: a\ntools: [\n  Read\n]\n---\nB", {"name": "a", "tools": ["Read"]}, "B"),
    ("\ufeff---\nname: a\n---\n\n B \n", {"name": "a"}, "B"),
    ("---\n{\"name\": \"a\"}\n---\nB", {"name": "a"}, "B"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fields", "body"), PROGRAM, ids=[repr(case[0][4:40]) for case in PROGRAM])
def test_claude_codes_header(text: str, fields: dict[str, Any] | None, body: str) -> None:
    document = read_program(text, CLAUDE)
    assert (document.status == "refused") == (fields is None)
    assert (_data(document), document.body) == (fields, body)


@pytest.mark.parametrize(
    "text", ["\n---\nname: a\n---\n", "---\nname: a\n", " ---\nname: a\n---\n", "+++\na\n+++\n", "x", ""]
)
def test_claude_code_skips_what_has_no_header(text: str) -> None:
    document = read_program(text, CLAUDE)
    assert (document.status, document.header) == ("skipped", None)


OPENCODE = DIALECTS[2]
GRAY_MATTER = [
    # seen in OpenCode 1.18.33: text, fields (None: refused), body
    ("---\ndescription: Use when: x\n---\nB\n", {"description": "Use when: x"}, "B"),
    ("---\r\ndescription: Use when: x\r\n---\r\nB\r\n", {"description": "Use when: x"}, "B"),
    ("---\nx: [a\n---\nB\n", "body", "---\nx: [a\n---\nB"),
    ("---\nx: 1\nx: 2\n---\nB\n", "body", "---\nx: 1\nx: 2\n---\nB"),
    ("---\nx: a: b\nx: 2\n---\nB\n", None, "B"),  # changed by the retry and still broken: not loaded
    ("--- \nx: a: b\n---\nB\n", "body", "--- \nx: a: b\n---\nB"),  # the retry wants exactly ---
    ("\ufeff---\nx: a: b\n---\nB\n", "body", "---\nx: a: b\n---\nB"),
    ("---\nx: a: b\n", "body", "---\nx: a: b"),
    ("---\nx: 1\n----\nB\n", {"x": 1}, "-\nB"),
    ("---\nx: 1\n---B\n", {"x": 1}, "B"),
    ("---\nx: 2026-11-20\ny: 12:30\nz: yes\n---\n", {"x": "2026-11-20T00:00:00.000Z", "y": 750, "z": "yes"}, ""),
    ('---json\n{"x": 1}\n---\nB\n', {"x": 1}, "B"),
    ("---toml\nx = 1\n---\nB\n", "body", "---toml\nx = 1\n---\nB"),
    ("Text\n", "body", "Text"),
]


@pytest.mark.parametrize(("text", "fields", "body"), GRAY_MATTER, ids=[repr(case[0][:30]) for case in GRAY_MATTER])
def test_opencodes_header(text: str, fields: Any, body: str) -> None:
    document = read_program(text, OPENCODE)
    assert document.status == ("refused" if fields is None else "read")
    assert _data(document) == (None if fields == "body" else fields)
    assert document.body == body


def test_code_in_a_header_is_never_run() -> None:
    document = read_program("---js\nmodule.exports = {}\n---\nB", OPENCODE)
    assert (document.status, document.header) == ("refused", None)
    assert "code" in document.reason


def test_the_retries_change_only_suspects() -> None:
    assert quote_suspects('a: x\nb: y: "z"\n\t- c\nd: [1, 2]\ne: "q: r"\n  f: g: h', Around()) == (
        'a: x\nb: "y: \\"z\\""\n  - c\nd: [1, 2]\ne: "q: r"\n  f: g: h'
    )
    assert colon_blocks("a: x\nb: y: z\n# c: d: e\nf: 'g: h'\n  i: j: k", Around()) == (
        "a: x\nb: |-\n  y: z\n# c: d: e\nf: 'g: h'\n  i: j: k"
    )


def test_the_retries_are_about_the_keys_that_a_description_names() -> None:
    text = "tools: *\nskills: *\nmore: a, b\n"
    for key in ("tools", "skills"):
        assert bare_star(text, Around(keys=(key,))) == text.replace(f"{key}: *", f"{key}: '*'")
    assert bare_star(text, Around(keys=("tools", "skills"))) == text.replace("tools: *", "tools: '*'")  # the first one
    assert flat_lines(text, Around(keys=("more",))) == '{"tools": "*", "skills": "*", "more": ["a", "b"]}'
    assert flat_lines(text, Around()) == '{"tools": "*", "skills": "*", "more": "a, b"}'


def test_a_header_that_a_retry_leaves_broken_may_be_another_matter() -> None:
    text = "---\nx: a: b\nx: 2\n---\nB\n"
    dialect = {**OPENCODE, "retry_broken": "body"}
    assert (read_program(text, OPENCODE).status, read_program(text, dialect).body) == ("refused", text.rstrip("\n"))


def test_dialects_differ_in_the_frame() -> None:
    text = "\ufeff---\nname: a\nname: b\n"
    for dialect, status, fields in (
        ({"bom": "hides-header", "no_header": "body"}, "read", None),
        ({"bom": "hides-header", "no_header": "refused"}, "refused", None),
        ({"bom": "drop", "unclosed": "no-header"}, "skipped", None),
        ({"bom": "drop", "unclosed": "all-header"}, "read", {"name": "b"}),
        ({"bom": "drop", "unclosed": "all-header", "duplicates": "first"}, "read", {"name": "a"}),
        ({"bom": "drop", "unclosed": "all-header", "duplicates": "broken"}, "refused", None),
        ({"bom": "drop", "unclosed": "all-header", "parser": "lenient", "duplicates": "first"}, "read", {"name": "a"}),
    ):
        document = read_program(text, dialect)
        assert (document.status, _data(document)) == (status, fields), dialect
    assert read_program("---\na: 1\n---\n\n B\n", {"body": "keep"}).body == "\n B\n"
    assert read_program("---\na: 1\n---\n\n B\n", {"body": "trim"}).body == "B"


# --- JSON, TOML, whole YAML -----------------------------------------------------------------------------------------


def test_json_with_comments_and_commas() -> None:
    text = '\ufeff{\n  // c\n  "a": [1, 2.5, -3e2,],\n  "b": {"c": null /* x */, "d": "\\ud83d\\ude00\\n\\u0041"},\n}\n'
    document = json.read(text)
    assert _data(document) == {"a": [1, 2.5, -300.0], "b": {"c": None, "d": "😀\nA"}}
    assert document.header is not None
    places = {n.text: (n.line, n.column, text[n.start : n.end]) for n in _nodes(document.header) if n.kind == "scalar"}
    assert places["c"] == (4, 9, '"c"')
    assert places["2.5"] == (3, 12, "2.5")
    assert document.header.pairs[0].value.column == 8


BAD_JSON = [
    ('{"a": 1', 1, 8, "not closed"),
    ('{"a" 1}', 1, 6, "colon is missing"),
    ('{"a": 1 "b": 2}', 1, 9, "comma"),
    ("{'a': 1}", 1, 2, "double quotes"),
    ("{\"a\": 'x'}", 1, 7, "single quotes"),
    ('{\n"a": "x\ny"}', 2, 6, "not closed before the end of its line"),
    ('{"a": "\\x"}', 1, 8, "unknown escape"),
    ('{"a": tru}', 1, 7, "no JSON value"),
    ('{"a": 1} x', 1, 10, "after the end"),
    ("[1]", 1, 1, "no object"),
    ('{"a": "\\ud800"}', 1, 7, "surrogate"),
    ('{"a": /* x', 1, 7, "comment"),
    ('{"a": ' + "[" * MAX_DEPTH, 1, 6 + MAX_DEPTH, "deeper"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), BAD_JSON)
def test_bad_json_is_one_plain_error_with_its_place(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(ContainerError, match=words) as caught:
        json.read(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_json_keys_that_stand_twice_are_reported() -> None:
    document = json.read('{"a": 1,\n "a": 2}')
    assert _data(document) == {"a": 2}
    assert [(r.code, r.line, r.column, r.key) for r in document.remarks] == [("R010", 2, 2, "a")]


TOML = '''\ufeff# head
name = "x" # tail
"quoted key" = 'lit = eral'
developer_instructions = """
not = "a key"
[nor a table]
"""
list = [ "a", # c ]
  "b" ]
[mcp.server]
command = "c"
env = { A = "1", "B" = "2" }
[[entry]]
n = 1
[[entry]]
n = 2
deep.key = 3
'''


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_toml_keys_and_values_have_places(newline: str) -> None:
    text = TOML.replace("\n", newline)
    document = toml.read(text)
    assert document.header is not None
    assert document.header.data() == {
        "name": "x",
        "quoted key": "lit = eral",
        "developer_instructions": 'not = "a key"\n[nor a table]\n',
        "list": ["a", "b"],
        "mcp": {"server": {"command": "c", "env": {"A": "1", "B": "2"}}},
        "entry": [{"n": 1}, {"n": 2, "deep": {"key": 3}}],
    }
    found = {p.key.text: (p.key.line, p.key.column, text[p.value.start : p.value.end]) for p in _pairs(document.header)}
    assert found["name"] == (2, 1, '"x"')
    assert found["quoted key"] == (3, 1, "'lit = eral'")
    assert found["developer_instructions"] == (4, 1, '"""\nnot = "a key"\n[nor a table]\n"""'.replace("\n", newline))
    assert found["list"] == (8, 1, '[ "a", # c ]\n  "b" ]'.replace("\n", newline))
    assert found["server"][0] == 10
    assert found["command"] == (11, 1, '"c"')
    assert found["n"] == (16, 1, "2")
    assert found["key"] == (17, 1, "3")


def _pairs(node: Node) -> list[Any]:
    found = [p for item in node.items for p in _pairs(item)]
    return found + [p for pair in node.pairs for p in (pair, *_pairs(pair.value))]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [('a = 1\nb = oops\n', 2, 5), ("a = 1\na = 2", 2, 6), ('a = """x', 1, 5), ('x = "\\q"', 1, 6), ("a", 1, 2)],
)  # fmt: skip
def test_bad_toml_is_one_plain_error_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(ContainerError) as caught:
        toml.read(text)
    assert (caught.value.code, caught.value.line) == ("R005", line)
    assert abs(caught.value.column - column) <= 2, "tomllib's column, which moves a little between versions of Python"


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ('name = "a"\nname = "b"\n', "`name` stands twice", 2),
        ("[x]\ny = 1\n[x]\nz = 1\n", "`x` stands twice", 3),
        ("a = {x = 1}\na.y = 2\n", "`a` stands twice", 2),
        ('a = "x"\nb = """\ntext\n', "a text that begins in this line has no closing quote", 2),
        ("b = '''\ntext # it's\n", "a text that begins in this line has no closing quote", 1),
        ("b = 'text\nc = 1\n", "a text that begins in this line has no closing quote", 1),
    ],
)
def test_bad_toml_is_said_in_words_of_the_file_and_with_a_way_out(text: str, words: str, line: int) -> None:
    with pytest.raises(ContainerError) as caught:
        toml.read(text)
    assert (caught.value.message, caught.value.line) == (words, line)
    assert caught.value.help


def test_a_whole_file_of_yaml() -> None:
    text = "customModes:\n  - slug: a\n    slug: b\n    groups: [read]\n"
    document = yamlfile.read_author(text)
    assert _data(document) == {"customModes": [{"slug": "b", "groups": ["read"]}]}
    assert _codes(document) == ["R010"]
    replace = {"\u2019": "'", "\u00a0": " "}
    assert _data(yamlfile.read_program("a:\u00a0it\u2019s", {"replace": replace})) == {"a": "it's"}
    assert yamlfile.read_program(text, {"duplicates": "broken"}).status == "refused"
    assert _data(yamlfile.read_program('{\t"a": 1}', {})) == {"a": 1}
    for bad in ("- a", "a: b: c", "x", ""):
        assert yamlfile.read_program(bad, {}).reason
        with pytest.raises(ContainerError):
            yamlfile.read_author(bad)


KEYS = st.sampled_from(["name", "tools", "model", "yes", "k-1", "_", "a b", "0", "<<"])
VALUES = st.sampled_from(
    [
        "a",
        "a b",
        "a: b",
        "a:b",
        "x #y",
        "x#y",
        "[a, b]",
        "[a,b]",
        "[]",
        "[a, b, ]",
        "[yes, no]",
        "[a b]",
        "[1, 2]",
        "*",
        "&a",
        "- x",
        "'q'",
        '"q"',
        "a'b",
        'a"b',
        "é",
        "日本",
        "a — b",
        "\u2028",
        "x\x85y",
        "x\u2028y",
        "a\tb",
        "a ",
        ":",
        "a:",
        "~",
        "null",
        "true",
        "no",
        "1",
        "007",
        "0x1F",
        "1_000",
        "1e5",
        ".5",
        "12:30:45",
        "2026-01-01",
        "a\n  b",
        "a\r",
        "---",
        "...",
        "{a: b}",
        "http://x.y/z",
        "😀",
        "a😀",
        "a\x7f",
        "a\ufeff",
        "a\ufffe",
        "[a.b/c, d-e]",
        "[a, {b: c}]",
        "|",
        "> x",
        "%",
        "@x",
        "`x",
        "a\xa0b",
    ]
)


COMMENTS = st.sampled_from(
    ["", "", "# a: b\n", "#\n#! - é\n", " # a\n", "# a\n\n", "# a", "#a\r\n", "%a\n", "---\n# a\n"]
)


@settings(max_examples=400, deadline=None)
@given(
    lines=st.lists(
        st.tuples(KEYS, st.sampled_from([": ", ":  ", ":", ": "]), VALUES, st.sampled_from(["\n", "\n\n", ""]))
    ),
    schema=st.sampled_from(["core", "js-yaml3", "js-yaml4", "yaml11", "strings"]),
    comments=COMMENTS,
)
def test_plain_lines_are_what_the_parser_makes_of_them(
    lines: list[tuple[str, ...]], schema: str, comments: str
) -> None:
    text = comments + "".join(part for line in lines for part in line)
    quick = plain_lines(text, schema, 7, 3)
    if quick is not None:
        composed = yamlevents._Builder(text, schema, 7, 3, "last", "broken", True, 64, 10_000).run()
        assert composed.node == quick
        assert composed.documents == 1 and not composed.duplicates and not composed.anchored


NESTED = st.tuples(
    st.sampled_from(["", "", "  ", "    ", " "]),
    st.sampled_from(["a:", "b:", "c:", '"*":', '"a":', '"<<":', "-", "- -", "-  ", "a: b:"]),
    st.sampled_from(
        [" x", " y z", "", "", ' "*"', ' ""', " []", ' [a, "b, c"]', ' ["a"b]', " [a,b]", " null", ' "x" # no']
    )
    | st.just(' "a\u2028b"'),
)


@settings(max_examples=1000, deadline=None)
@given(
    lines=st.lists(NESTED, max_size=7),
    schema=st.sampled_from(["core", "js-yaml3", "yaml11", "strings"]),
    comments=COMMENTS,
)
def test_nested_plain_lines_are_what_the_parser_makes_of_them(
    lines: list[tuple[str, ...]], schema: str, comments: str
) -> None:
    text = comments + "\n".join("".join(line) for line in lines) + "\n"
    quick = plain_lines(text, schema, 7, 3)
    if quick is not None:
        composed = yamlevents._Builder(text, schema, 7, 3, "last", "broken", True, 64, 10_000).run()
        assert composed.node == quick
        assert composed.documents == 1 and not composed.duplicates and not composed.anchored


@settings(max_examples=600, deadline=None)
@given(
    lines=st.lists(
        st.tuples(KEYS, st.sampled_from([": ", ":  ", ":", ": "]), VALUES, st.sampled_from(["\n", "\n\n", ""]))
    )
    | st.lists(NESTED.map(lambda line: (*line, "\n")), max_size=7)
)
def test_plain_lines_are_what_vscode_makes_of_them(lines: list[tuple[str, ...]]) -> None:
    text = "".join(part for line in lines for part in line)
    assert lenient.parse(text, offset=7, line=3) == lenient.parse_in_full(text, offset=7, line=3)


@pytest.mark.parametrize(
    "text",
    [
        'a: "*"\npermission:\n  "*": deny\n  read:\n    "*": allow\n    b: ask\n  bash: allow\nmode: all\n',
        "tools:\n  - a\n  - b c\nname: x\n",
        'tools: []\nothers: ["*", a]\n',
        "a:\n  b:\n    c: d\n",
        "# Made by agentconv from a: b. Edit that file, not this one.\n# é\na: b\nc:\n  - d\n",
    ],
)
def test_what_targets_write_is_plain_lines(text: str) -> None:
    quick = plain_lines(text, "core", 4, 2)
    assert quick == yamlevents._Builder(text, "core", 4, 2, "last", "broken", True, 64, 10_000).run().node


def test_most_headers_are_plain_lines() -> None:
    from bench.data import agents

    texts = [text.split("---\n")[1] for _, text in agents(100)]
    assert sum(plain_lines(text, "core") is not None for text in texts) > 70
