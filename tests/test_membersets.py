"""Sets of tools that name their members, by any lists and permissions: counted again here, written and read back."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import rights
from agentconv.convert import convert_text
from agentconv.model import Agent
from agentconv.output.render import rows_of
from agentconv.reading.engine import read_author, read_program
from agentconv.reading.toolsets import as_sets
from agentconv.registry import load, targets

ID = "docker-agent"
SPEC = load(ID)
PATH = "docker-agent.yaml"
OWN = {
    "filesystem": ["read_file", "search_files_content", "edit_file", "remove_directory"],
    "shell": ["shell", "run_background_job", "stop_background_job"],
    "fetch": ["fetch"],
    "todo": ["create_todo", "list_todos"],
}
PATTERNS = ["shell", "*_file", "fetch", "docs_*", "docs_find", "drop", "mcp:notes:*", "*", "SHELL", "shell:cmd=rm*"]
LAW = settings(max_examples=40, deadline=None, derandomize=True)


def listed(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A list of members, or none."""
    return st.one_of(st.just({}), st.lists(st.sampled_from(names), unique=True, min_size=1).map(lambda n: {"tools": n}))


@st.composite
def teams(draw: st.DrawFn) -> dict[str, Any]:
    """A file of one agent as the schema has it."""
    sets: list[dict[str, Any]] = []
    members = ["docs_find", "docs_drop", "find", "drop"]  # where the set has a name, the bare ones are none
    sets.append({"type": "mcp", "name": "docs", "command": "docs-mcp", **draw(listed(members))})
    for kind in draw(st.lists(st.sampled_from(list(OWN)), max_size=4)):
        sets.append({"type": kind, **draw(listed([*OWN[kind], "nothing"]))})
    if draw(st.booleans()):
        sets.append({"type": "mcp", "command": "notes", **draw(listed(["find", "drop"]))})
    agent = {"model": "auto", "description": "Does it.", "instruction": "Do it.", "toolsets": sets}
    deny = draw(st.lists(st.sampled_from(PATTERNS), max_size=2))
    ask = draw(st.lists(st.sampled_from(PATTERNS), max_size=1))
    return {"permissions": {"deny": deny, "ask": ask}, "agents": {"a": agent}}


def program(team: dict[str, Any]) -> Agent:
    reading = read_program(SPEC, yaml.safe_dump(team), PATH)
    assert reading.agents, (reading.reason, team)
    return reading.agents[0].agent


def denied(name: str, team: dict[str, Any]) -> bool:
    """Whether a pattern without arguments takes a tool, whatever is asked of it."""
    return any(fnmatchcase(name, p.lower()) for p in team["permissions"]["deny"] if "=" not in p)


@LAW
@given(teams())
def test_what_is_there_is_what_the_lists_say(team: dict[str, Any]) -> None:
    """Told again without the description."""
    sets = team["agents"]["a"]["toolsets"]
    tools = program(team).tools
    grants = rights.by_name(tools, SPEC)
    for kind, names in OWN.items():
        for name in names:
            there = any(s["type"] == kind and name in s.get("tools", [name]) for s in sets)
            assert grants[name].any == (there and not denied(name, team)), (name, team)
    servers = rights.by_server(tools, SPEC)
    for one in (s for s in sets if s["type"] == "mcp"):
        head = "docs_" if "name" in one else ""
        server = one.get("name", "notes")
        for member in ("find", "drop"):
            grant = servers.get((server, member)) or servers.get((server, None))
            there = head + member in one.get("tools", [head + member])
            if grant is not None and grant.open:  # a pattern may take more than it says, never less
                assert there and not denied(head + member, team), (server, member, team)
            elif there and not team["permissions"]["deny"]:
                raise AssertionError((server, member, team))


@LAW
@given(teams())
def test_what_is_written_is_read_back(team: dict[str, Any]) -> None:
    del team["permissions"]
    agent = read_author(SPEC, yaml.safe_dump(team), PATH).agents[0].agent
    tools = as_sets(agent.tools, SPEC)
    assert rights.of_tools(tools, SPEC, program=True) == rights.of_tools(agent.tools, SPEC, program=True)
    rows = rows_of(Agent(id="a", model=agent.model, tools=tools, mcp_servers=agent.mcp_servers), SPEC)
    assert program({"agents": {"a": rows}}).tools == tools


@LAW
@given(teams(), st.lists(st.sampled_from(targets()), min_size=5, max_size=5, unique=True))
def test_no_target_gets_more(team: dict[str, Any], some: list[str]) -> None:
    for target in some:
        for made in convert_text(yaml.safe_dump(team), from_=ID, to=target, path=PATH):
            assert made.status != "failed", (target, team, made.notes)
            assert made.status == "refused" or not made.gained, (target, team, made.rights)
