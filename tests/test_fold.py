"""Routing facts in the prompt: readable, found again, and left alone where somebody wrote into them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import registry
from agentconv.convert import Options, convert_agent, convert_text
from agentconv.lowering.fold import HEADING, TITLES, TOLD, fold, unfold
from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent, Handoff
from tests import goldens

IDS = registry.targets()
OWN = next(id for id in IDS if registry.load(id).tools.control == "any")
MANIFEST = next(
    id
    for id in IDS
    if set(TITLES) - {"skills", "handoffs", "delegates"} <= set(registry.load(id).by_field) and id != OWN
)
HOMELESS = next(id for id in IDS if not set(TITLES) & set(registry.load(id).by_field))
ROUTING = goldens.AGENTS / "routing.yaml"

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)
lists = st.lists(texts, min_size=1, max_size=3)
keys = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
plain = texts | st.integers() | st.booleans() | st.none() | st.lists(texts, max_size=2)
FACTS = {
    "capabilities": lists.map(tuple),
    "task_types": lists.map(tuple),
    "tools_required": lists.map(tuple),
    "skills": lists.map(tuple),
    "context": st.dictionaries(keys, plain, min_size=1, max_size=3),
    "priority": st.integers(),
    "examples": st.lists(st.dictionaries(keys, plain, min_size=1, max_size=3), min_size=1, max_size=3).map(tuple),
    "handoffs": st.lists(
        st.builds(Handoff, texts, texts, texts, st.none() | st.booleans(), st.none() | texts.filter(bool)),
        min_size=1,
        max_size=3,
    ).map(tuple),
}


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=FACTS), st.text(st.characters(codec="utf-8", exclude_categories=("Cs",))))
def test_what_is_folded_comes_back_as_it_was(facts: dict[str, Any], prompt: str) -> None:
    prompt = prompt.replace("\r", "").rstrip("\n")
    agent = Agent(id="a", prompt=prompt, **facts)
    out = Lowered(Agent(id="a", prompt=prompt))
    fold(agent, registry.load(HOMELESS), out)
    rest, found = unfold(out.agent.prompt)
    assert rest == prompt
    assert found == facts
    assert {n.path for n in out.notes if n.code == "L014"} == ({*facts, "prompt"} if facts else set())


@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(TOLD, texts.filter(bool))),
    st.fixed_dictionaries({}, optional=FACTS),
)
def test_what_the_model_was_told_comes_back_as_it_was(told: dict[str, Any], facts: dict[str, Any]) -> None:
    agent = Agent(id="a", prompt="Do it.", **told, **facts)
    out = Lowered(Agent(id="a", prompt="Do it.", description=agent.description))
    fold(agent, registry.load(HOMELESS), out, told=list(told))
    assert unfold(out.agent.prompt) == ("Do it.", {**told, **facts})


@pytest.mark.parametrize("id", [id for id in IDS if id not in (OWN, MANIFEST)])
def test_a_manifest_comes_back_from_every_program(id: str) -> None:
    everything = frozenset({"*"})
    made = convert_agent(goldens.load_agent(ROUTING), goldens.source_of(ROUTING), MANIFEST)
    path, data = next(iter(made.files.items()))
    there = Options(allow_widening=everything, guard=False, fold=True)
    out = convert_text(data.decode(), from_=MANIFEST, to=id, path=path, options=there)[0]
    assert not [n for n in out.notes if n.effect == "lost" and n.path in TITLES]
    on_the_way, text = next(iter(out.files.items()))
    back = convert_text(text.decode(), from_=id, to=MANIFEST, path=on_the_way, options=Options(guard=False))[0]
    again = next(iter(back.files.values())).decode()
    assert HEADING not in again
    for key in ("capabilities", "task_types", "tools_required", "context_requirements", "priority", "examples"):
        assert f"\n{key}:" in again
    assert again.partition("\n---\n")[2] == data.decode().partition("\n---\n")[2]


def test_without_a_home_the_section_stays_in_the_prompt() -> None:
    """Taken apart, its facts would have no place at all."""
    text = f"---\nname: a\ndescription: x\n---\n\nDo.\n\n{HEADING}\n\n### Task types\n\n- one\n"
    other = next(id for id in IDS if id != HOMELESS and not set(TITLES) & set(registry.load(id).by_field))
    source = next(id for id in IDS if "disallowedTools" in registry.load(id).fields)
    made = convert_text(text, from_=source, to=other, options=Options(allow_widening=frozenset({"*"})))[0]
    assert "### Task types" in next(iter(made.files.values())).decode()


@pytest.mark.parametrize(
    "section",
    [
        "### Task types\n\n- one\n\nAnd a sentence of mine.",
        "### Something else\n\n- one",
        "### Priority\n\nhigh",
        "### Examples\n\n- no pair",
        "### Context to load first\n\nno list",
        '### Skills\n\n- "not closed',
        "",
    ],
)
def test_a_section_that_somebody_wrote_into_is_theirs(section: str) -> None:
    prompt = f"Do.\n\n{HEADING}\n\n{section}"
    assert unfold(prompt) == (prompt, {})


def test_the_header_wins_over_the_section() -> None:
    text = f"---\nname: a\ntask_types: [mine]\n---\n\nDo.\n\n{HEADING}\n\n### Task types\n\n- theirs\n"
    made = convert_text(text, from_=MANIFEST, to=OWN)[0]
    assert json.loads(next(iter(made.files.values())))["task_types"] == ["mine"]
    assert "R022" in {n.code for n in made.notes}


def test_a_list_of_agents_that_the_section_holds_limits_and_gives_nothing() -> None:
    """Anybody can write a section: it may take calls away, and none is given by it."""
    editor = next(id for id in IDS if "handoffs" in registry.load(id).by_field and id != OWN)
    source = next(id for id in IDS if "disallowedTools" in registry.load(id).fields)
    section = f"{HEADING}\n\n### Agents that it may call\n\n- anybody"
    for tools in ("Read", "Read, Agent(checker)", "Read, Agent"):
        text = f"---\nname: a\ndescription: x\ntools: {tools}\n---\n\nDo.\n\n{section}\n"
        made = convert_text(text, from_=source, to=editor, options=Options(allow_widening=frozenset()))[0]
        plain = convert_text(text.replace(section, ""), from_=source, to=editor)[0]
        assert set(made.rights.before) <= {*plain.rights.before, "delegates(anybody)"}
        assert "delegates(anybody)" not in made.rights.after or "delegates" in plain.rights.before
