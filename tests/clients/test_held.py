"""``pytest -m client``: what an agent can do beside its list, call by call: tools of the session and of its servers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentconv import registry
from tests.clients import running
from tests.clients.programs import programs

pytestmark = pytest.mark.client


def asked(id: str, place: str, headers: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """What the program's loader prints of an agent for each header, by its name."""
    program = programs()[id]
    if reason := program.missing():
        pytest.skip(reason)
    for name, header in headers.items():
        path = folder / place.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nname: {name}\ndescription: Does it.\n{header}\n---\n\nDo it.\n", "utf-8")
    return {agent["name"]: agent for agent in running.load(program, folder)["agents"]}


def test_oh_my_pi_gives_a_tool_that_starts_programs_beside_most_lists(tmp_path: Path) -> None:
    headers = {
        "reader": "tools: [read, grep]",
        "nobody": "tools: []",
        "unknown": "tools: [nonsense]",
        "star": 'tools: "*"',
        "editor": "tools: [edit]",
    }
    seen = asked("omp", ".omp/agents/{}.md", headers, tmp_path)
    without = {name for name, agent in seen.items() if "hub" not in agent["tools"]}
    assert without == {"reader", "nobody"}
    said = {name: agent["ran"]["hub"] for name, agent in seen.items()}
    assert all("not found" in said[name] for name in without)
    assert all("probe" in said[name] for name in set(headers) - without), said  # started, or by another one just now
    assert set(registry.load("omp").ambient["hub"]) == {"message", "run"}


def test_grok_keeps_servers_away_as_we_say(tmp_path: Path) -> None:
    """``mcpInheritance`` holds where another agent starts it; in a session of its own the two tools that lead to
    servers can be denied, and what stays is a call of a server's tool by a name that it was not told."""
    deny = "disallowedTools: [search_tool, use_tool]"
    headers = {
        "list": "tools: [read_file]",
        "kept": "tools: [read_file]\nmcpInheritance: none",
        "other": "tools: [read_file]\nmcpInheritance: {named: [other]}",
        "but": "tools: [read_file]\nmcpInheritance: {except: [agentconv]}",
        "named": "tools: [read_file]\nmcpInheritance: {named: [agentconv]}",
        "denied": f"tools: [read_file]\n{deny}",
        "both": f"tools: [read_file]\n{deny}\nmcpInheritance: none",
        "nothing": f"tools: [mcp__none__none]\n{deny}\nmcpInheritance: none",
        "mode": "tools: [read_file]\ncapabilityMode: read-only",
    }
    seen = asked("grok", ".grok/agents/{}.md", headers, tmp_path)
    by_name, every = ("by name",), ("by use_tool", "by name")
    assert {name: tuple(agent["mcp"]) for name, agent in seen.items()} == {
        **dict.fromkeys(("list", "named"), every),
        **dict.fromkeys(("kept", "other", "but", "both", "nothing"), ()),
        **dict.fromkeys(("denied", "mode"), by_name),
    }
    alone = {name: tuple(agent["session"]["mcp"]) for name, agent in seen.items()}
    assert alone == {**dict.fromkeys(headers, every), **dict.fromkeys(("denied", "both", "nothing"), by_name)}
    assert seen["both"]["tools"] == seen["both"]["session"]["tools"] == ["read_file"]
    assert seen["nothing"]["tools"] == seen["nothing"]["session"]["tools"] == []
