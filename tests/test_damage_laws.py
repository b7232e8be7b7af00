"""A damaged file never asks for more than the same file whole: what restricts an agent is not lost in a repair.

The lines that restrict stay as they are; everything else of the header is damaged at will: lines and characters come
and go, quotes open and do not close, fences, marks and tabs appear. The author reading may refuse, or leave the file
out; when it reads an agent, its rights are within those of the whole file.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import registry, rights
from agentconv.reading import engine
from agentconv.reading.context import Reading

EXAMPLES = int(os.environ.get("AGENTCONV_EXAMPLES", "60"))
LAW = settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 60, deadline=None)

PLACES = {
    "claude-code": ".claude/agents/a.md",
    "vscode": ".github/agents/a.agent.md",
    "copilot": ".github/agents/a.agent.md",
    "opencode": ".opencode/agents/a.md",
    "qwen-code": ".qwen/agents/a.md",
    "gemini-cli": ".gemini/agents/a.md",
    "cursor": ".cursor/agents/a.md",
    "droid": ".factory/droids/a.md",
}
CONTROLS = {
    "claude-code": ["tools: Read, Grep", "tools: [Read, Grep]", "tools:\n  - Read\n  - Grep", "tools: []",
                    "disallowedTools: Bash, Write, Edit", "tools: Bash(git *)", "permissionMode: plan"],
    "vscode": ["tools: ['read', 'search']", "tools: []", "tools:\n  - read\n  - search"],
    "copilot": ["tools: ['read', 'search']", "tools: []", "tools:\n- read\n- search"],
    "opencode": ['permission:\n  "*": deny\n  read: allow', "tools:\n  write: false\n  bash: false",
                 "permission:\n  bash:\n    '*': deny\n    'git *': allow"],
    "qwen-code": ["tools:\n  - read_file\n  - grep_search", "disallowedTools:\n  - run_shell_command"],
    "gemini-cli": ["tools:\n  - read_file\n  - glob", "tools: [read_file]"],
    "cursor": ["readonly: true"],
    "droid": ['tools: ["Read", "Grep"]', "tools:\n  - Read\n  - Grep", "tools: read-only"],
}  # fmt: skip
ABOVE = ["name: ledger-reader", "description: Answers from the ledger. Use it for questions on accounts."]
BELOW = ["model: sonnet", "color: blue"]
BODY = ["You read the ledger.", "", "- Name the account.", "---", "Say: nothing else."]
# lines as they are found inside of headers, each of them once the reason why some header broke
STRAYS = [
    "user: Look at this: all of it", "assistant: I will", "<example>", "</example>", "Context: a change", "note: |",
    "note: >-", "note:", '"', "'", 'note: "open', "note: 'open", "note: [a, b", "note: {a: b", "note: [a, \"", "- item",
    "- 'item", "  more text", "\tmore: text", "  - x", "# a comment", "...", "````", "```yaml", "```", "<!-- a", "-->",
    "note: @x", "note: *x", "note: &x", "&x note: y", "!t note: y", "note: !!map", "? note", ": note", "%YAML 1.1",
    "note: a: b", "note: a #b", "note: `x`", "note: {{x}}", "note: \"a\\qb\"", "note: 'it's'", '"note": x', "note : x",
    "note:x", "| a | b |", "**Note**: x", "\u200b", "note：x", "x\\", "]", "}", ",", "---x", "--", "--- x", "## Head",
]  # fmt: skip
MARKS = [": ", ":", '"', "'", "#", " #", "[", "]", "{", "}", "|", ">", "&", "*", "!", "%", "@", "`", "\t", "\\", "- ",
         "\u00a0", "\u200b", "?", ",", "\u2028", "<", "é"]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """The lines after some damage."""
    lines = list(lines)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines)))
        act = draw(st.sampled_from(["insert", "insert", "mark", "mark", "delete", "twice", "cut", "indent"]))
        if act == "insert":
            lines.insert(at, draw(st.sampled_from(STRAYS)))
        elif at < len(lines):
            line = lines[at]
            place = draw(st.integers(0, len(line)))
            if act == "delete":
                del lines[at]
            elif act == "twice":
                lines.insert(at, line)
            elif act == "cut":
                lines[at] = line[:place] + line[place + 1 :]
            elif act == "indent":
                lines[at] = draw(st.sampled_from(["  ", "\t", " "])) + line
            else:
                lines[at] = line[:place] + draw(st.sampled_from(MARKS)) + line[place:]
    return lines


@st.composite
def damaged(draw: st.DrawFn, control: str) -> str:
    """The file with its restriction untouched, and everything else in pieces."""
    above, below = draw(spoiled(ABOVE)), draw(spoiled(BELOW))
    rulers = draw(st.sampled_from([("---", "---")] * 6 + [("", "---"), ("--", "---"), ("---", ""), ("", "")]))
    if rulers != ("---", "---"):
        above = ABOVE  # a file without its rulers is known by its first paragraph only
    if below:
        below[0] = below[0].lstrip(" \t")  # an indented line right below would be part of the restriction itself
    header = [*above, *control.split("\n"), *below]
    body = draw(spoiled(BODY))
    text = "\n".join([rulers[0], *header, rulers[1], *body, ""])
    wrap = draw(st.sampled_from(["", "", "", "```chatagent", "````md", "\ufeff", "\n\n", "<!-- made by hand -->\n"]))
    if wrap.startswith("`"):
        text = f"{wrap}\n{text}{wrap[:4].rstrip('chm')}\n"
    else:
        text = wrap + text
    return draw(st.sampled_from([text, text, text.replace("\n", "\r\n"), text.replace("  ", "\t"), text.rstrip("\n")]))


def read(id: str, text: str) -> Reading:
    return engine.read_author(registry.load(id), text, PLACES[id])


@cache
def whole(id: str, control: str) -> rights.Rights:
    """The rights of the file as it was."""
    text = "\n".join(["---", *ABOVE, control, *BELOW, "---", *BODY, ""])
    spec = registry.load(id)
    (found,) = read(id, text).agents
    return rights.of_agent(found.agent, spec, program=False)


@pytest.mark.parametrize(("id", "control"), [(id, row) for id, rows in CONTROLS.items() for row in rows])
@LAW
@given(data=st.data())
def test_damage_never_widens(id: str, control: str, data: st.DataObject) -> None:
    text = data.draw(damaged(control))
    reading = read(id, text)
    for found in reading.agents:
        now = rights.of_agent(found.agent, registry.load(id), program=False)
        assert not rights.gained(whole(id, control), now), f"{rights.spelled(now)}\n{text}"
    if not reading.agents:
        assert reading.notes or reading.status == "skipped"


@pytest.mark.parametrize(("id", "control"), [(id, row) for id, rows in CONTROLS.items() for row in rows])
def test_the_file_itself_is_restricted(id: str, control: str) -> None:
    """The law would hold for nothing if the whole file were free."""
    assert rights.gained(whole(id, control), rights.of_agent(_free(id), registry.load(id), program=False))


def _free(id: str):  # type: ignore[no-untyped-def]
    text = "\n".join(["---", *ABOVE, *BELOW, "---", *BODY, ""])
    (found,) = read(id, text).agents
    return found.agent
