"""A word without a slash gives VS Code a tool of that name of any MCP server (1.139.1, run): an agent without every
server's tools gets none, whatever file it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import convert, registry, rights
from agentconv.reading import engine
from tests import goldens

ONLY = {"todo"}  # has no other name: left out where a server is denied, and written where none is spoken of


def bare(text: str) -> set[str]:
    """The words of an output's list that stand alone."""
    header: dict[str, Any] = yaml.safe_load(text.replace("\r\n", "\n").split("---\n")[1])
    return {word for word in header.get("tools") or () if "/" not in word}


@pytest.mark.parametrize("case", goldens.read_cases(), ids=lambda case: f"{case.parent.parent.name}-{case.name}")
def test_no_word_stands_alone_for_who_may_not_have_every_server(case: Path) -> None:
    id = case.parent.parent.name
    if id == "vscode":
        return  # its own words are what its author wrote
    spec, path = registry.load(id), goldens.case_path(case)
    try:
        text = goldens.case_input(case).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return
    agents = {read.agent.id: read.agent for read in engine.read_author(spec, text, path).agents}
    for made in convert.convert_text(text, from_=id, to="vscode", path=path):
        agent = agents.get(made.agent.id if made.agent else "") or next(iter(agents.values()), None)
        if agent is None or len(agents) > 1:
            continue
        had = rights.of_agent(agent, spec, program=False)
        denies = any(rule.effect == "deny" and rule.tool.server for rule in agent.tools.rules)
        denies = denies or any(right.minus for right in had if right.cls.startswith("mcp:"))
        for output in made.files.values():
            words = bare(output.decode())
            if denies:
                assert not words, f"{words} of an agent that some server is denied"
            elif not rights.contains(had, rights.Right(rights.MCP)):
                assert words <= ONLY, f"{words - ONLY} of an agent without the servers"


@pytest.mark.parametrize("target", ["vscode", "copilot"])
@pytest.mark.parametrize("header", ["tools: Read, Task", "disallowedTools: mcp__jira, Bash"])
def test_the_proof_sees_a_word_that_stands_alone(monkeypatch: pytest.MonkeyPatch, target: str, header: str) -> None:
    from agentconv.lowering import barenames, lists, tools

    tools._control_for.cache_clear()
    for module in (barenames, lists):
        monkeypatch.setattr(module, "shy", lambda job: False)
    text = f"---\nname: a\ndescription: Does it.\n{header}\n---\n\nDo it.\n"
    (made,) = convert.convert_text(text, from_="claude-code", to=target, path=".claude/agents/a.md")
    tools._control_for.cache_clear()
    assert made.status == "failed" and "V002" in {one.code for one in made.notes}
