"""What `formats --matrix` says, held against what the formats do with the shared agents."""

from __future__ import annotations

from functools import cache

import pytest

from agentconv import registry
from agentconv.capabilities import all_caps, common_caps
from agentconv.convert import convert_agent
from agentconv.lowering.lowered import Options
from agentconv.model import FIELDS, Agent
from agentconv.reading.engine import read_program
from agentconv.spec import Spec
from agentconv.telling import holding
from tests import goldens

FIELDS_SHOWN = [field for _, fields in holding.TOPICS for field in fields]
WORDS = {holding.YES, holding.IN_TOOLS, holding.READ, holding.IDLE, holding.FIXED, holding.NO}
CONTROLS = {"list", "map", "groups", "switch", "any"}


def test_every_field_of_the_model_stands_in_it_once() -> None:
    assert sorted(FIELDS_SHOWN) == sorted(set(FIELDS) - {"extras"})


def test_every_cell_is_explained() -> None:
    for id in registry.ids():
        for field in FIELDS_SHOWN:
            word = holding.held(registry.load(id), field)
            assert word in WORDS or (field == "tools" and word.removesuffix(" (unproven)") in CONTROLS), (
                id,
                field,
                word,
            )


@cache
def read_back(id: str) -> dict[str, set[str]]:
    """Fields that say something in the program's reading of any shared agent's file -> the agents."""
    options = Options(allow_widening=frozenset({"*"}), guard=False)
    found: dict[str, set[str]] = {}
    for path in goldens.agent_files():
        made = convert_agent(goldens.load_agent(path), goldens.source_of(path), id, options)
        for place, data in made.files.items():
            back = read_program(registry.load(id), data.decode(), place, lambda name, m=made: text_of(m.files, name))
            for read in back.agents:
                for field in said(read.agent):
                    found.setdefault(field, set()).add(path.stem)
    return found


def text_of(files: dict[str, bytes], name: str) -> str | None:
    data = next((data for path, data in files.items() if path == name or path.endswith("/" + name)), None)
    return None if data is None else data.decode()


def said(agent: Agent) -> set[str]:
    return set(agent.said()) - {"extras"}


@pytest.mark.parametrize("id", registry.targets())
def test_what_is_not_held_does_not_come_back(id: str) -> None:
    spec = registry.load(id)
    for field, agents in read_back(id).items():
        if field == "tools" and spec.tools.control == "none":
            continue  # what every agent of the program has is read as its tools
        assert holding.held(spec, field) not in (holding.NO, holding.READ), (field, agents)


@pytest.mark.parametrize("id", registry.targets())
def test_what_is_held_comes_back(id: str) -> None:
    spec = registry.load(id)
    found = read_back(id)
    asked = set().union(*(said(goldens.load_agent(path)) for path in goldens.agent_files()))
    for field in sorted(asked & set(FIELDS_SHOWN)):
        if holding.held(spec, field) == holding.YES and not picky(spec, field):
            assert field in found, field


def picky(spec: Spec, field: str) -> bool:
    """Whether some values only are written: false is not, hooks go within a family, models to their makers, agents in
    company only, and where a server is an address and nothing else the shared agents have none."""
    row = spec.by_field.get(field)
    return row is not None and (
        row.type in ("model", "hooks", "bool", "prompt-parts")
        or row.fact("values") is not None
        or row.fact("server_takes") is not None
        or row.fact("present") is not None
    )


def test_by_hand() -> None:
    """A few cells from the pages of the formats, not from the tables."""
    by_hand = {
        ("claude-code", "hooks"): "yes",
        ("claude-code", "tools"): "list",
        ("codex", "tools"): "no effect",  # a role has what its parent has
        ("codex", "sandbox"): "no effect",
        ("cursor", "tools"): "switch",
        ("cursor", "temperature"): "no",
        ("kiro", "tools"): "list (unproven)",
        ("opencode", "tools"): "map",
        ("opencode", "temperature"): "yes",
        ("opencode", "delegates"): "in tools",  # `task: {"*": deny, researcher: allow}`
        ("roo", "prompt_parts"): "yes",
        ("roo", "tools"): "groups",
        ("agent-skills", "license"): "yes",
        ("agent-skills", "tools"): "no",
        ("trae", "tools"): "read only",
        ("trae", "description"): "read only",
        ("kilo-modes", "mode"): "fixed",
        ("agentconv", "priority"): "yes",
    }
    assert {key: holding.held(registry.load(key[0]), key[1]) for key in by_hand} == by_hand


def test_common_is_what_half_of_the_programs_have() -> None:
    """The flag in capabilities.yaml, counted from the tables."""
    tables = [registry.load(id).tools for id in registry.ids()]
    tables = [table for table in tables if table.singles]
    for cap in all_caps():
        having = sum(any(cap in n.gives for n in t.singles.values() if not (n.off or n.never)) for t in tables)
        if abs(having / len(tables) - 0.5) > 0.1:  # about half: one format more decides nothing
            assert (cap in common_caps()) == (having > len(tables) / 2), (cap, having, len(tables))
