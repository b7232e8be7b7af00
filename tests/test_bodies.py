"""What prompts say of agents, tools and places: found at the right place, rewritten only when asked, and only there."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import registry
from agentconv.bodies import examples
from agentconv.bodies.company import Company, Scene, gathered, member, placer
from agentconv.bodies.found import Mention
from agentconv.bodies.mentions import mentions
from agentconv.bodies.parse import parse
from agentconv.bodies.rewrite import counterparts, edits
from agentconv.bodies.vocabulary import words_of
from agentconv.convert import Options, convert_text
from agentconv.lowering.lowered import after
from agentconv.model import Agent
from agentconv.project.references import without_secrets
from agentconv.reading.context import Read, Reading
from tests.machine import slowness

SRC = next(id for id in registry.targets() if "disallowedTools" in registry.load(id).fields)
EDITOR = next(id for id in registry.targets() if "handoffs" in registry.load(id).by_field)
TEXT = next(id for id in registry.targets() if registry.load(id).head.get("folder") and registry.load(id).text_kind)
ALL = frozenset({"names", "tools", "paths"})
AGENTS = (Agent(id="Lead", name="Lead"), Agent(id="Code_Checker", name="Code_Checker"), Agent(id="db-expert"))


def company(dst: str = TEXT) -> Company:
    spec = registry.load(dst)
    return gathered(member(a, f".claude/agents/{a.id}.md", spec) for a in AGENTS)


def scene(dst: str = TEXT) -> Scene:
    output = registry.load(dst).head["places"]["write"].replace("{id}", "lead")
    return Scene(company(dst), ".claude/agents/Lead.md", output=output)


def found(text: str) -> list[Mention]:
    return mentions(text, company(), words_of(SRC))


def brief(text: str) -> list[tuple[str, str, str, bool]]:
    return [(m.kind, m.form, m.text, m.sure) for m in found(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hand off to `Code_Checker`.", [("agent", "backticks", "Code_Checker", True)]),
        ("Ask **Code_Checker** agent.", [("agent", "bold", "Code_Checker", True)]),
        ("Ask @Code_Checker now.", [("agent", "at", "Code_Checker", True)]),
        ("Ask @agent-nobody now.", [("agent", "at-agent", "nobody", True)]),
        ("Mail to me@Code_Checker.org.", []),
        ("Install @scope/db-expert and @types.", []),
        ("Work with db-expert on it.", [("agent", "bare", "db-expert", True)]),
        ("Run the `db-expert` skill.", []),
        ("You lead. Lead the team.", [("agent", "bare", "Lead", False)]),
        ("Ask the Lead agent.", [("agent", "bare", "Lead", True)]),
        (
            'Task(subagent_type="db-expert")',
            [("tool", "call", "Task", False), ("agent", "call", "db-expert", True)],
        ),
        ("Set subagent_type: db-expert here.", [("agent", "call", "db-expert", True)]),
        ("Set subagent_type: string here.", []),
        ("Use the Read tool.", [("tool", "noun", "Read", True)]),
        ("Read the file.", []),
        ("Use `Grep`, then `Bash(git status)`.", [("tool", "backticks", "Grep", True), ("tool", "call", "Bash", True)]),
        ("Use mcp__docs__find.", [("tool", "mcp", "mcp__docs__find", True)]),
        ("See `.claude/agents/Lead.md`.", [("path", "folder", ".claude/agents/Lead.md", True)]),
        ("See @.claude/rules/a.md; x@.claude/rules/a.md.", [("path", "folder", ".claude/rules/a.md", True)]),
        ("Follow CLAUDE.md.", [("path", "file", "CLAUDE.md", True)]),
        ("Run `/review-pr 12` first.", [("command", "backticks", "/review-pr", True)]),
        ("GET `/users` returns them.", []),
        ("With $ARGUMENTS.", [("placeholder", "text", "$ARGUMENTS", True)]),
        ("Prefer claude-opus-4-5.", [("model", "id", "claude-opus-4-5", True)]),
        ("Not claude-sonnet-5.", [("model", "id", "claude-sonnet-5", True)]),  # and not the tier before the last hyphen
        ("As grok-4.7, in a kimi-no or glm-x.", [("model", "id", "grok-4.7", True)]),  # whoever makes it
        ("Ask Opus 4.5; `haiku` will do.", [("model", "name", "Opus 4.5", True), ("model", "name", "haiku", True)]),
        ("Tell a Fable of the best opus, in PowerShell.", []),
        ("In Claude Code it works.", [("product", "name", "Claude Code", True)]),
        ("See https://example.org/.claude/agents/x.", []),
        ("<!-- ask the Code_Checker agent -->", []),
    ],
)
def test_what_is_found(text: str, expected: list[tuple[str, str, str, bool]]) -> None:
    assert brief(text) == expected


def test_places_are_exact() -> None:
    text = "# A\r\n\r\nAsk the `Code_Checker` agent.\r\n\r\n```sh\r\ngrep Code_Checker\r\n```\r\n"
    first, second = found(text)
    assert [text[m.start : m.end] for m in (first, second)] == ["Code_Checker"] * 2
    assert (first.code, second.code) == (False, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ask the reviewer agent.", ["bare reviewer"]),
        ("Hand over to the debugger subagent.", ["bare debugger"]),
        ("The calling agent, the user agent and an autonomous agent.", []),
        ("You are the TESTER agent; you act as the tester agent.", []),
        ("Use the `Functional Planner` agent.", ["backticks Functional Planner"]),
        ("| Task | Agent |\n|---|---|\n| Read | `reader` |\n| Plan | plan |", ["cell reader", "cell plan"]),
        ("| Agent file | Why |\n|---|---|\n| `reader` | x |", []),
        ("See @ui-designer and @types/node.", ["at ui-designer"]),
        ("Hand off to `@terraform` or `@devops`.", ["at terraform", "at devops"]),
        ("### @doc-generator Skill\n\nMention `@doc-generator`.", []),
        ("## Delegation\n\n- Tests? → Ask `tester`\n", ["backticks tester"]),
        ("## Integration with other agents\n\n- Receive plans from api-designer\n", ["bare api-designer"]),
        ("## Available Subagents\n\n- `Scout` - looks\n\nUse `Scout` first.", ["backticks Scout", "backticks Scout"]),
        ("## Delegation\n\n- `failed` -> stop\n- `max_tries` is 2\n", []),
        ("A tech-lead decides: escalate to tech-lead.", ["bare tech-lead"]),
        ("See [Sicherheit](security-analyst.md) and [docs](setup-guide.txt).", ["link security-analyst"]),
        ("```sh\nclaude --agent my-reviewer\n```", ["call my-reviewer"]),
        ("Ping **backend‑developer** agent.", ["bold backend‑developer"]),
        ("→ `meta-feedback`-Agent mit Kontext.", ["backticks meta-feedback"]),
        ("## Subagents\n\n- `a-reviewer`\n\nThen `a-reviewer(plan)`.", ["backticks a-reviewer", "call a-reviewer"]),
        ("## Delegation\n\n- Gate passes → if `lead.commit_now` is true, stop.", []),
    ],
)
def test_agents_that_nobody_in_the_batch_is(text: str, expected: list[str]) -> None:
    assert [f"{m.form} {m.text}" for m in found(text) if m.kind == "agent" and m.sure] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use `run_in_terminal`, then read_file.", ["backticks run_in_terminal", "bare read_file"]),
        ("You have access to the `figma` tool.", ["backticks figma"]),
        ("Use the `jq` tool.", []),
        ("Set the `read_file` parameter.", []),
        (
            "Apply `#fetch_page` and use the tool `#docs`; the colour `#FFEEDD`, issue #12.",
            ["hash #fetch_page", "hash #docs"],
        ),
        ("Call `mcp_docs7_find-page`; define `mcp_input_schema`.", ["mcp mcp_docs7_find-page"]),
        ("Ask the Brave Search MCP server; use MCP tools.", ["server Brave Search"]),
        ("Track it with TodoWrite/TaskUpdate, in PowerShell.", ["bare TodoWrite", "bare TaskUpdate"]),
    ],
)
def test_tools_of_anybody(text: str, expected: list[str]) -> None:
    assert [f"{m.form} {m.text}" for m in found(text) if m.kind == "tool" and m.sure] == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a `b` c", [(2, 5)]),
        ("a ``b ` c`` d", [(2, 11)]),
        ("a \\`b` c", []),
        ("a `b\n\nc` d", []),
        ("- ```\n  x\n  ```\n", [(0, 16)]),
        ("    indented\n", [(0, 13)]),
        ("```\nopen", [(0, 8)]),
        ("a <!-- `b` --> `c`", [(2, 14), (15, 18)]),
    ],
)
def test_code_is_told_from_prose(text: str, code: list[tuple[int, int]]) -> None:
    assert [(s.start, s.end) for s in parse(text).spans] == code


# -- laws -------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "Ask the `Code_Checker` agent.",
        "Lead",
        "the Lead agent",
        "@agent-Code_Checker",
        "**Code_Checker**",
        "db-expert",
        "Use the Read tool",
        "`Grep`",
        "`mcp__docs__find`",
        ".claude/agents/",
        "`.claude/agents/Lead.md`",
        "[x](./Lead.md)",
        "## Handoffs",
        "- with Code_Checker",
        "`",
        "```",
        "~~~",
        "```sh",
        "    ",
        "\t",
        "<example>",
        "<!--",
        "-->",
        "> ",
        "- ",
        "\\`",
        "``",
        "\r\n",
        "é",
        "#",
        "Task(subagent_type='Code_Checker')",
        "code-checker",
        "read/readFile",
        "$ARGUMENTS",
    ]
)
PROMPTS = st.lists(st.tuples(PIECES | st.text(max_size=8), st.sampled_from([" ", "\n", "\n\n", ""])), max_size=14).map(
    lambda parts: "".join(a + b for a, b in parts)
)


def rewritten(prompt: str, dst: str, code: bool = False) -> str:
    made = edits(prompt, scene(dst), registry.load(SRC), registry.load(dst), ALL, code)
    return after(prompt, tuple(made))


@settings(deadline=None, max_examples=150)
@given(PROMPTS, st.sampled_from([TEXT, EDITOR]))
def test_rewriting_twice_is_rewriting_once(prompt: str, dst: str) -> None:
    once = rewritten(prompt, dst)
    moved = replace(scene(dst), file=scene(dst).output)  # its links count from its new place now
    again = edits(once, moved, registry.load(SRC), registry.load(dst), ALL, False)
    assert after(once, tuple(again)) == once


@settings(deadline=None, max_examples=150)
@given(PROMPTS, st.sampled_from([TEXT, EDITOR]))
def test_nothing_in_code_blocks_changes(prompt: str, dst: str) -> None:
    def blocks(text: str) -> list[str]:
        return [text[s.start : s.end] for s in parse(text).spans if s.kind != "code"]

    assert blocks(rewritten(prompt, dst)) == blocks(prompt)


@settings(deadline=None, max_examples=60)
@given(PROMPTS)
def test_nothing_asked_nothing_changed(prompt: str) -> None:
    text = f"---\nname: Code_Checker\ndescription: Checks.\ntools: Read\n---\n\nStart.\n{prompt}\nEnd.\n"
    made = convert_text(text, from_=SRC, to=TEXT, options=Options(guard=False))[0]
    assert made.agent is not None and made.files
    assert (made.agent.prompt or "").replace("\r\n", "\n") == f"Start.\n{prompt}\nEnd.".replace("\r\n", "\n")


@settings(deadline=None, max_examples=100)
@given(PROMPTS)
def test_what_is_found_stands_where_it_is_said_to_stand(prompt: str) -> None:
    last = 0
    for m in found(prompt):
        assert prompt[m.start : m.end] == m.text
        assert m.start >= last, "mentions overlap"
        last = m.end


def test_the_way_back_restores() -> None:
    prompt = "Ask the `Code_Checker` agent, then **db-expert**. Use `Grep` and the Read tool, see [x](./db-expert.md)."
    there = rewritten(prompt, EDITOR)
    assert there != prompt and "`search/textSearch`" in there
    back = gathered(member(a, f".github/agents/{a.id}.agent.md", registry.load(SRC)) for a in AGENTS)
    home = Scene(back, scene(EDITOR).output, output=".claude/agents/Lead.md")
    again = edits(there, home, registry.load(EDITOR), registry.load(SRC), ALL, False)
    assert after(there, tuple(again)) == prompt


@pytest.mark.parametrize("src", registry.targets())
def test_counterparts_are_names_of_the_target_and_stable(src: str) -> None:
    for dst in (EDITOR, SRC):
        names = registry.load(dst).tools.names
        there = counterparts(src, dst)
        assert all(new in names and there.get(new, new) == new for new in there.values())


def test_a_change_without_a_note_is_no_proof() -> None:
    from agentconv.lowering.lowered import Edit
    from agentconv.notes import note
    from agentconv.proof.verify import check_edits

    one = Edit("names", 4, 7, "abc", "xyz")
    said = [note("P003", "`abc` became `xyz` in the prompt", path="prompt")]
    assert check_edits("the abc", (one,), said) == []
    assert [n.code for n in check_edits("the abc", (one,), [])] == ["V003"]
    assert [n.code for n in check_edits("the abd", (one,), said)] == ["V001"]
    assert [n.code for n in check_edits("the abc", (one, one), said)] == ["V001", "V003"]


# -- hand-overs and examples --------------------------------------------------------------------

EXAMPLE = '<example>\nContext: A change is done.\nuser: "Look at it"\nassistant: "I read the change."\n</example>'


def test_a_description_is_split_at_its_examples() -> None:
    assert examples.split(f"Reviews.\n\nExamples:\n\n{EXAMPLE}\n{EXAMPLE}") == (
        "Reviews.",
        f"Examples:\n\n{EXAMPLE}\n{EXAMPLE}",
    )
    assert examples.split(f"Reviews. {EXAMPLE} And more.") == (f"Reviews. {EXAMPLE} And more.", "")
    assert examples.parsed(f"x {EXAMPLE}") == [
        {"context": "A change is done.", "user": "Look at it", "assistant": "I read the change."}
    ]


def test_examples_that_are_too_long_go_into_the_prompt_and_come_back() -> None:
    description = f"Reviews changes.\n\n{EXAMPLE}\n" + f"{EXAMPLE}\n" * 12
    quoted = description.strip().replace("\n", "\\n").replace('"', '\\"')
    text = f'---\nname: a\ndescription: "{quoted}"\ntools: Read\n---\n\nDo it.\n'
    made = convert_text(text, from_=SRC, to=TEXT, options=Options(fold=True, guard=False))[0]
    assert made.agent is not None and made.agent.description == "Reviews changes."
    assert examples.HEADING in str(made.agent.prompt)
    path, data = next(iter(made.files.items()))
    back = convert_text(data.decode(), from_=TEXT, to=SRC, path=path, options=Options(allow_widening=frozenset("*")))[0]
    assert back.agent is not None
    assert (back.agent.prompt, back.agent.description) == ("Do it.", description.strip())


def test_hand_overs_of_the_header_travel_in_the_prompt_and_come_back() -> None:
    text = (
        "---\nname: Lead\ndescription: Leads.\ntools: ['read/readFile']\nhandoffs:\n"
        "  - label: Check it\n    agent: checker\n    prompt: Check this.\n    send: true\n---\n\nLead.\n"
    )
    there = convert_text(text, from_=EDITOR, to=SRC, options=Options(fold=True))[0]
    assert there.agent is not None and "### Hand-overs" in str(there.agent.prompt)
    path, data = next(iter(there.files.items()))
    back = convert_text(data.decode(), from_=SRC, to=EDITOR, path=path)[0]
    assert back.agent is not None and back.agent.handoffs is not None
    assert back.agent.prompt == "Lead."
    assert [(h.agent, h.label, h.prompt, h.send) for h in back.agent.handoffs] == [
        ("checker", "Check it", "Check this.", True)
    ]


def test_lifted_hand_overs_are_not_folded_beside_their_section() -> None:
    body = "## Chaining\n\n- For data, hand off to the `db-expert` agent.\n"
    text = f"---\nname: lead\ndescription: Leads.\ntools: Read\n---\n\n{body}"
    there = convert_text(text, from_=SRC, to=EDITOR, options=Options(lift=True))[0]
    assert there.agent is not None and there.agent.handoffs is not None
    assert [h.agent for h in there.agent.handoffs] == ["db-expert"]
    path, data = next(iter(there.files.items()))
    back = convert_text(data.decode(), from_=EDITOR, to=SRC, path=path, options=Options(fold=True))[0]
    assert back.agent is not None and "### Hand-overs" not in str(back.agent.prompt)
    assert re.search(r"prompt says the same", " ".join(n.message for n in back.notes))


# -- many of everything -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "# Handoffs\n" * 4000,
        "`" * 3 + " `a " * 9000,
        "<!-- `x` " * 5000,
        "<example>" * 9000,
        "<collaboration>\n" * 4000,
        "https://x.org/a " * 5000,
        "- with a-checker\n" * 3000,
        " ".join("`" * (n % 90 + 1) for n in range(3000)),
        "## Subagents\n" + "".join(f"- `n{n}-checker`\n" for n in range(4000)),
        "<handoffs>\n" * 2000 + "- `a-checker`\n" * 2000 + "</handoffs>",
        "| Agent | x |\n|---|---|\n" + "| `a` | b |\n" * 5000,
        "read_file, " * 9000 + "(",
        "escalate to " * 9000,
        "a-" * 40000,
        "#a_" * 30000,
        "@a-checker " * 9000,
        "A MCP " * 9000,
    ],
    ids=[
        "headings",
        "ticks",
        "comments",
        "examples",
        "tags",
        "addresses",
        "items",
        "lengths",
        "names",
        "tags-closed",
        "table",
        "row",
        "verbs",
        "hyphens",
        "hashes",
        "ats",
        "servers",
    ],
)
def test_a_hostile_prompt_takes_no_longer_than_a_long_one(text: str) -> None:
    started = time.process_time()
    found(text)
    examples.split(text)
    examples.parsed(text)
    assert time.process_time() - started < 5 * slowness()


def test_a_place_in_an_indented_prompt_is_that_of_the_file() -> None:
    text = "name: a\nprompt: |\n  One.\n\n  Two words.\n"
    reading = Reading(registry.load(SRC), "a.yaml", text, [Read(Agent(prompt="One.\n\nTwo words."))])
    place = placer(reading, reading.agents[0])
    assert (place(0), place(6), place(10)) == ((3, 3), (5, 3), (5, 7))


def test_secrets_stay_where_they_are() -> None:
    config = {
        "command": "x",
        "args": ["--token", "abc", "--api-key=abc", "https://me:abc@x.org/?key=abc", "--port=1"],
        "env": {"ANY": "abc"},
        "headers": {"Authorization": "abc"},
        "password": "abc",
        "url": "https://x.org/sse?token=abc",
    }
    assert "abc" not in str(without_secrets(config))
    assert without_secrets({"args": ["--port=1"]}) == {"args": ["--port=1"]}


@pytest.mark.parametrize("what", ["", "tools", "paths", "names tools paths"])
def test_a_place_that_stays_in_the_prompt_is_said_whatever_is_rewritten(what: str) -> None:
    """The file is none of the batch, so no word is written for it; its place means nothing in the target."""
    text = "---\nname: lead\ndescription: Leads\n---\n\nUse the Grep tool, then see .claude/agents/ghost.md.\n"
    options = Options(rewrite=frozenset(what.split()))
    (made,) = convert_text(text, from_="claude-code", to="opencode", options=options)
    assert ".claude/agents/ghost.md" in made.text
    (said,) = [n for n in made.notes if n.code == "P002"]
    assert "ghost.md" in said.message and ("if it comes along" in said.help) is ("paths" not in what)


def test_a_place_that_was_rewritten_is_no_place_of_the_source() -> None:
    text = "---\nname: lead\ndescription: Leads\n---\n\nThis is .claude/agents/lead.md itself.\n"
    (made,) = convert_text(
        text, from_="claude-code", to="opencode", path=".claude/agents/lead.md",
        options=Options(rewrite=frozenset({"paths"})),
    )  # fmt: skip
    assert ".opencode/agents/lead.md" in made.text and not [n for n in made.notes if n.code == "P002"]
