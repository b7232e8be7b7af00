"""Readers and writers against their expected outputs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agentconv.dump import agent_to_data
from agentconv.model import FIELDS
from tests import goldens


@pytest.mark.parametrize("case", goldens.read_cases(), ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_reader(case: Path, accept: bool) -> None:
    goldens.compare(case / "expect.yaml", goldens.read_case(case), accept)


@pytest.mark.parametrize(("id", "path"), goldens.write_cases(), ids=lambda part: getattr(part, "stem", part))
def test_writer(id: str, path: Path, accept: bool) -> None:
    goldens.compare(goldens.write_golden(id, path), goldens.write_case(id, path), accept)


def test_no_golden_is_an_orphan() -> None:
    assert goldens.orphans() == []


@pytest.mark.parametrize("path", goldens.agent_files(), ids=lambda path: path.stem)
def test_a_dump_says_what_it_was_read_from(path: Path) -> None:
    """A misspelt key in a shared agent must not pass for a field that is unsaid."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert data["id"] == path.stem or path.stem == "unicode-names"
    assert set(data) <= set(FIELDS)
    agent = goldens.load_agent(path)
    assert set(agent.said()) == set(data) - {"tools"} | ({"tools"} if data.get("tools") else set())
    assert goldens.agent_from_data(agent_to_data(agent)) == agent


def test_the_shared_agents_say_every_field_between_them() -> None:
    said = {field for path in goldens.agent_files() for field in goldens.load_agent(path).said()}
    assert set(FIELDS) - said == set()


def test_the_traps_are_still_in_the_trap_file() -> None:
    """An editor that trims white space, or a tidy hand, would make the trap case worthless."""
    agent = goldens.load_agent(goldens.AGENTS / "prompt-traps.yaml")
    prompt = agent.prompt or ""
    for trap in (
        "{{ name }}",
        "{% if x %}",
        "${HOME}",
        "\n---\n",
        '"""',
        "'''",
        "   \n",
        "\n\t",
        "🦀",
        "C:\\temp\\new",
    ):
        assert trap in prompt, trap
    for trap in (": ", " # ", "\\n", '"', "'"):
        assert trap in (agent.description or ""), trap
