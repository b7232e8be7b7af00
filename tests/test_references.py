"""Names of other agents in fields follow their agents, and never reach one more."""

from __future__ import annotations

import pytest

from agentconv import registry
from agentconv.bodies.company import member
from agentconv.convert import convert_agent, convert_text
from agentconv.lowering.references import changed_names, followed, followed_rights
from agentconv.model import Agent, Handoff, Rule, Scope, Tool, Tools
from agentconv.rights import of_agent

NAMES = ("Code Reviewer", "tester", "C#", "a/b", "Über")
LEAD = Agent(
    id="lead",
    name="lead",
    description="Leads.",
    prompt="Lead.",
    tools=Tools("none", (Rule("allow", Tool("agent", ("delegate",))),)),
    delegates=NAMES,
    handoffs=tuple(Handoff(name, "Go") for name in NAMES),
)


@pytest.mark.parametrize("id", registry.targets())
def test_a_reference_is_what_the_agent_becomes(id: str) -> None:
    """By the same rule as the agent itself: both are converted alone, and meet."""
    dst = registry.load(id)
    names = changed_names(LEAD, dst)
    agent = followed(LEAD, names)
    for old, new in zip(NAMES, agent.delegates or (), strict=True):
        if dst.tools.control == "any":
            assert old == new
            continue
        assert new == member(Agent(id=old, name=old), "", dst).becomes
    assert [h.agent for h in agent.handoffs or ()] == list(agent.delegates or ())
    assert changed_names(agent, dst) == {}, "once changed, a name stays"


def test_rights_follow_and_are_no_more() -> None:
    src, dst = registry.load("vscode"), registry.load("opencode")
    names = changed_names(LEAD, dst)
    before = of_agent(LEAD, src, program=False)
    assert followed_rights(before, names) == of_agent(followed(LEAD, names), src, program=False)
    assert len(followed_rights(before, names)) == len(before)


def test_a_pattern_is_no_name() -> None:
    agent = Agent(tools=Tools("none", (Rule("allow", Tool("task", ("delegate",)), Scope("agent", "Code *")),)))
    assert changed_names(agent, registry.load("opencode")) == {}


def test_the_output_of_one_names_the_output_of_the_other() -> None:
    head = "---\nname: Lead\ndescription: d\ntools: [read, agent]\nagents: [Code Reviewer]\n---\nDo it.\n"
    lead = convert_text(head, from_="vscode", to="opencode", path=".github/agents/Lead.agent.md")[0]
    other = convert_agent(
        Agent(id="Code Reviewer", name="Code Reviewer", description="d", prompt="p"), "vscode", "opencode"
    )
    (path,) = other.files
    assert path.endswith("/code-reviewer.md") and "code-reviewer: allow" in lead.text
    assert any(n.code == "C001" and "follows" in n.message for n in lead.notes)
