"""What fuzzing found (tests/fuzz), each as a text that once ended in an error that is not our own."""

from __future__ import annotations

import pytest

from agentconv.convert import convert_text
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import load, targets
from tests import probing

FOUND = [
    ("agentconv", '[{"id": "one", "prompt": "1"}, {"": "two", "prompt": "2"}]\n'),  # an empty key stood for the prompt
    # a capability that nobody knows
    ("agentconv", '{"id": "a", "prompt": "p", "tools": {"base": "none", "rules": [{"allow": "x", "caps": ["y"]}]}}'),
    ("copilot", "---\nname: a\ndescription: d\nskills: [null, x]\n---\nDo it.\n"),  # null is no name of a skill
    ("letta", "---\nname: a\ndescription: d\n---\nOne.\r\r\n\r\nTwo.\n"),  # CR CRLF: one line end or two
    # a server whose name would be two in a list
    ("pi", '---\nname: a\ndescription: d\ntools: read, "mcp__a: [b"\n---\nDo it.\n'),
    ("gemini-cli", "---\nname: a\ndescription: d\nkind: lOcal\ntools: [read]\n---\nDo it.\n"),
    # of two limits of one tool one has no pattern in the target
    ("opencode", '---\npermission:\n  "x*": deny\n  read: {"*": deny, "*.env": ask, "*.env.*": ask}\n---\nDo it.\n'),
    # quotes are text where a header is read by lines
    ("letta", '---\nname: a\ndescription: d\nd\ntools: "Read, Glob"\n---\nDo it.\n'),
]  # fmt: skip


@pytest.mark.parametrize(("id", "text"), FOUND)
def test_it_is_read_or_refused(id: str, text: str) -> None:
    read_author(load(id), text, "a.md")
    read_program(load(id), text, "a.md")
    for target in targets():
        for made in convert_text(text, from_=id, to=target):
            assert not [n for n in made.notes if n.code.startswith(("V", "X"))], (target, made.notes)


def test_quotes_that_are_text_are_said() -> None:
    reading = read_author(load("letta"), FOUND[-1][1], "a.md")
    assert [(n.code, n.path) for n in reading.notes] == [("R011", "tools")]


def test_a_pattern_gives_no_more_than_its_program() -> None:
    """`web_*` matches tools that no subagent of Mistral Vibe gets; as a name each of them was left out all along."""
    text = 'agent_type = "subagent"\ndescription = "d"\nenabled_tools = ["re:web_.*", "read_file"]\n'
    main = text.replace("subagent", "agent")
    assert convert_text(main, from_="mistral-vibe", to="cline")[0].rights.after == ["reads", "network"]
    (made,) = convert_text(text, from_="mistral-vibe", to="cline")
    assert made.rights.after == ["reads"]
    assert [n.code for n in made.notes if n.path == "enabled_tools[0]"] == ["T002"]
    (denied,) = convert_text(text.replace("enabled", "disabled"), from_="mistral-vibe", to="cline")
    assert "network" not in denied.rights.after, "what nobody gets can be denied all the same"


# the model's own form keeps the words as they are
TELLING = [i for i in targets() if not (load(i).text_kind or load(i).tools.mcp.get("guess") or i == "agentconv")]


@pytest.mark.parametrize("target", TELLING)
@pytest.mark.parametrize("server", ["my", "my_db", "my_db_old"])
def test_a_joined_name_is_denied_whatever_its_server_is(server: str, target: str) -> None:
    """OpenCode joins server and tool with a sign that either may hold."""
    text = "---\ndescription: d\nmode: subagent\npermission: {bash: deny, my_db_old_drop: deny}\n---\nDo it all.\n"
    (made,) = convert_text(text, from_="opencode", to=target)
    denied = probing.Deed("mcp", f"{server}/{'my_db_old_drop'.removeprefix(server + '_')}")
    for path, data in made.files.items():
        back = read_program(load(target), data.decode(), path).agents[0].agent
        assert not probing.may(back, load(target), denied, program=True), data.decode()


def test_what_only_its_author_can_mend_is_no_mistake_of_ours() -> None:
    """A name that we would mend, beside a key whose other half nobody knows: V001 once."""
    text = "---\nname: '*'\ndescription: d\nexecutor: {kind: acp}\n---\nDo it all.\n"
    (made,) = convert_text(text.replace("'*'", "*"), from_="qwen-code", to="qwen-code", path=".qwen/agents/a.md")
    (error,) = [n for n in made.notes if n.effect == "error"]
    assert (made.status, error.code, made.files) == ("failed", "R012", {})
    assert "`executor` without `command`" in error.message and error.help and error.file and error.line
