"""Laws of reading: any text is read without a traceback, and nobody is given more than file and program both allow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import registry, rights
from agentconv.model import Agent, Tools
from agentconv.notes import Note
from agentconv.reading import engine
from agentconv.reading.context import Read, Reading
from agentconv.spec import Spec
from tests import goldens

EXAMPLES = int(os.environ.get("AGENTCONV_EXAMPLES", "60"))
LAW = settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 60, deadline=None)
every = pytest.mark.parametrize("id", registry.ids(readings=True))

# -- texts: fragments that have been traps, around the words of the format itself ---------------

VALUES = [
    "", "x", "true", "'no'", "yes", "~", "null", "12:30", "2026-01-01", "0x1F", "1_000", ".inf", "-.nan",
    "99999999999999999999",
    "[]", "{}", "[[]]", "[{}]", "{a: b}", "[a, {b: c}]", "*", "'*'", '["*"]', "&a b", "*a", "!t x",
    "|\n  a\n  b", ">\n  a",
    "- a", "\n  - a\n  - b: c", "\n  a: allow\n  b:\n    '*': deny", "\n\t- a", "a: b", "a # b", "'a", '"a', "[a", "{a",
    "Read, Bash(git *), mcp__a__b", "[Read, 'Bash(git *)', a/b, a/*, a_b]", "'Read; Grep'", "|\n  Read\n  Grep",
    "{read: true}", "{'*': deny, read: allow, a_b: ask}", "deny", "[[edit, {fileRegex: '('}]]", "[[edit]]", "[[[]]]",
    "[edit, [edit, {fileRegex: .*}], browser]", "[{type: x}]", "{PreToolUse: [{hooks: [{type: command}]}]}",
    "{PreToolUse: 3}", "{a: {command: x}}", "[a, {b: {url: x}}]", "[{label: a, agent: b}]", "\\n", "a\\nb",
    "\u2028", "\ufeff",
]  # fmt: skip
KEYS = ["name", "tools", "description", "x", "a.b", "'q'", "? a", "<<"]


def lines(spec: Spec) -> st.SearchStrategy[str]:
    keys = st.sampled_from(list(spec.fields) + KEYS)
    return st.builds(lambda key, value: f"{key}: {value}", keys, st.sampled_from(VALUES) | st.text(max_size=12))


@st.composite
def texts(draw: st.DrawFn, spec: Spec) -> str:
    """A file of the format's container, more or less broken."""
    rows = draw(st.lists(lines(spec), max_size=6))
    if spec.syntax == "frontmatter":
        opening = draw(
            st.sampled_from(
                ["---\n", "---\n", "---\n", "\ufeff---\n", "\n---\n", "```md\n---\n", "---json\n", "----\n", ""]
            )
        )
        closing = draw(st.sampled_from(["\n---\n", "\n---\n", "\n--- x\n", "\n...\n", "\n"]))
        text = opening + "\n".join(rows) + closing + draw(st.sampled_from(["", "Do it.\n", "---\n", "```\n"]))
    elif spec.syntax == "toml":
        text = "\n".join(row.replace(": ", " = ", 1) for row in rows)
    elif spec.syntax in ("json", "typescript"):
        text = draw(st.sampled_from(["{%s}", '{"agent": {"a": {%s}}}', '{"mode": {"a": {%s}}, // c\n}', "[%s]"]))
        text = text % ", ".join(
            f'"{k}": {draw(st.sampled_from(JSON))}' for k in draw(st.lists(st.sampled_from([*spec.fields, "x"])))
        )
        text = f"export default {text}" if spec.syntax == "typescript" else text
    else:
        text = "customModes:\n" + "".join("  - " + row.replace("\n", "\n    ") + "\n" for row in rows)
    return draw(st.sampled_from([text, text.replace("\n", "\r\n"), text[:-1], text + "\x00"]))


JSON = [
    "null",
    "1",
    "-1e400",
    '"x"',
    "true",
    "[]",
    "{}",
    '{"*": "deny"}',
    '{"bash": {"git *": "ask"}}',
    '["a"]',
    "[[]]",
    "{",
]


def place(spec: Spec) -> str:
    head = spec.head.get("places") or {}
    return (
        str(head.get("write") or (head.get("project") or ["{id}.md"])[0])
        .replace("{id}", "case")
        .replace("**/*", "case")
    )


def both(spec: Spec, text: str) -> tuple[Reading, Reading]:
    return engine.read_author(spec, text, place(spec)), engine.read_program(spec, text, place(spec))


@every
@LAW
@given(data=st.data())
def test_any_text_is_read(id: str, data: st.DataObject) -> None:
    spec = registry.load(id)
    text = data.draw(st.text(max_size=200) | texts(spec))
    for reading in both(spec, text):
        assert reading.status in ("read", "skipped", "refused")
        assert not reading.agents or reading.status == "read"
        assert reading.status == "read" or reading.reason or reading.notes
        check_places(reading, text)


def check_places(reading: Reading, text: str) -> None:
    """Every note stands at a line of the file; every token's span holds the token's text."""
    count = text.count("\n") + text.count("\r") + 1
    notes: list[Note] = [*reading.notes, *(n for read in reading.agents for n in read.notes)]
    for note in notes:
        assert 0 <= note.line <= count and note.column >= (note.line > 0), note


# -- never wider --------------------------------------------------------------------------------


def asked_elsewhere(read: Read, spec: Spec) -> rights.Rights:
    """What stands in names that are not the program's: noted one by one, and so counted as asked for."""
    noted = {n.path for n in read.notes if n.code in ("T001", "T002")}
    rules = tuple(r for r in read.agent.tools.rules if r.effect == "allow" and r.at in noted)
    return rights.of_tools(Tools("none", rules), spec, program=False)


def narrower(read: Read, given: Agent, spec: Spec) -> list[str]:
    """Rights of the author reading that neither the program gives nor a note explains."""
    author = rights.of_agent(read.agent, spec, program=False)
    program = rights.of_agent(given, spec, program=True, usual=False) | rights.of_ambient(spec)
    return rights.spelled(rights.gained(program | asked_elsewhere(read, spec), author))


def check_narrower(spec: Spec, text: str) -> None:
    author, program = both(spec, text)
    made = {read.agent.id: read.agent for read in program.agents}
    for read in author.agents:
        twin = made.get(read.agent.id) or (program.agents[0].agent if not spec.many and program.agents else None)
        if twin is not None and author.status == "read":
            assert not narrower(read, twin, spec), text


@every
@LAW
@given(data=st.data())
def test_the_author_is_given_no_more_than_the_program_gives(id: str, data: st.DataObject) -> None:
    spec = registry.load(id)
    check_narrower(spec, data.draw(texts(spec)))


@pytest.mark.parametrize("case", goldens.read_cases(), ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_so_it_is_in_every_case(case: Path) -> None:
    text = goldens.case_input(case).read_bytes().decode("utf-8", "replace")
    check_narrower(registry.load(case.parent.parent.name), text)


# -- tokens -------------------------------------------------------------------------------------


def spans(spec: Spec, text: str) -> list[tuple[Any, str]]:
    reading = engine.read_author(spec, text, place(spec))
    return [(token, text[token.start : token.end]) for read in reading.agents for token in read.tokens]


@pytest.mark.parametrize("case", goldens.read_cases(), ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_a_token_is_where_it_says(case: Path) -> None:
    """Edits in the same format splice by these spans."""
    try:
        text = goldens.case_input(case).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        pytest.skip("not UTF-8: never edited")
    for token, there in spans(registry.load(case.parent.parent.name), text):
        assert token.text == " ".join(there.strip("\"'").split()), (token, there)  # a plain text may run over lines


FOREIGN = "run_in_terminal"
HEADER = "---\nname: a\ndescription: b\n{}\n---\nDo it.\n"
LISTS = [
    "tools: Read, {}",
    "tools: 'Read, {}'",
    "tools: \"Read, '{}'\"",
    "tools: [Read, {}]",
    "tools: [Read, '{}']",
    "tools:\n  - Read\n  - {}",
    'tools:\n- Read\n- "{}" # why',
    "tools: |\n  Read,\n  {}",
    "tools: >-\n  Read,\n  {}",
    "tools: Read,\n  {}",
    "tools: [\n  Read,\n  {}]",
    "x: {}y\ntools: Read Grep {}",
]
WRAPPINGS = {
    "plain": lambda text: text,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "bom": lambda text: "\ufeff" + text,
    "fenced": lambda text: "```markdown\n" + text + "```\n",
    "late": lambda text: "\n\n" + text,
    "wide": lambda text: text.replace("description: b", "description: é🚀日本"),
}


def check_found(id: str, text: str) -> None:
    at = text.rindex(FOREIGN)
    before = text[:at].replace("\r\n", "\n").replace("\ufeff", "")
    expected = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    spec = registry.load(id)
    reading = engine.read_author(spec, text, place(spec))
    notes = [n for read in reading.agents for n in read.notes if n.code == "T001"]
    assert [(n.line, n.column) for n in notes] == [expected], [*reading.notes, *notes]
    tokens = [t for read in reading.agents for t in read.tokens if t.text == FOREIGN]
    assert [text[t.start : t.end].strip("\"'") for t in tokens] == [FOREIGN]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("row", LISTS)
def test_a_note_stands_where_the_name_stands(row: str, wrapping: str) -> None:
    check_found("claude-code", WRAPPINGS[wrapping](HEADER.format(row.replace("{}", FOREIGN))))


@pytest.mark.parametrize(
    ("id", "text"),
    [
        ("opencode", HEADER.format("permission:\n  bash: allow\n  {}: deny")),
        ("opencode", HEADER.format("tools:\n  bash: true\n  '{}': false")),
        ("opencode-json", '{"agent": {"a": {\n  "tools": {"bash": true, "{}": false}}}}'),
        ("opencode-json", '// c\r\n{"agent": {"a": {"permission": {\r\n\t"{}": "deny",\r\n}}}}'),
        ("roo", "customModes:\n  - slug: a\n    name: A\n    roleDefinition: é\n    groups: [read, {}]\n"),
        (
            "roo",
            "customModes:\n  - slug: a\n    name: A\n    roleDefinition: x\n    groups:\n      - read\n      - - {}\n",
        ),
        ("codex", 'name = "a"\ndescription = "é"\ndeveloper_instructions = "x"\ntools = ["{}"]\n'),
    ],
)
@pytest.mark.parametrize("wrapping", ["plain", "crlf"])
def test_so_in_every_container(id: str, text: str, wrapping: str) -> None:
    check_found(id, WRAPPINGS[wrapping](text.replace("\r\n", "\n").replace("{}", FOREIGN)))
