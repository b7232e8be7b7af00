"""Controls that are lists of sets, by any settings: counted again here, written and read back, never wider."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import rights
from agentconv.convert import convert_text
from agentconv.model import Agent
from agentconv.output.render import rows_of
from agentconv.reading.engine import read_author, read_program
from agentconv.reading.toolsets import as_sets, in_sets
from agentconv.registry import load, targets

ID = "claude-managed-agents"
SPEC = load(ID)
NAMES = [name.name for name in in_sets(SPEC)]
OWN, SERVER = "agent_toolset_20260401", "mcp_toolset"
POLICIES = [None, {"type": "always_allow"}, {"type": "always_ask"}, {"type": "auto"}]
LAW = settings(max_examples=25, deadline=None, derandomize=True)


def said(**parts: Any) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value != ()}


settings_of = st.builds(
    said,
    enabled=st.sampled_from([(), None, True, False]),
    permission_policy=st.sampled_from([(), *POLICIES]),
)
hosts = st.sampled_from([{}, {}, {"allowed_domains": ["a.example"]}, {"blocked_domains": ["b.example"]}])


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A body as the types of the SDK take it."""
    tools: list[dict[str, Any]] = []
    if draw(st.integers(0, 4)):
        each = [
            {"name": n, **draw(settings_of), **(draw(hosts) if n.startswith("web_") else {})}
            for n in draw(st.lists(st.sampled_from(NAMES), unique=True))
        ]
        tools.append({"type": OWN, **said(default_config=draw(st.one_of(st.just(()), settings_of)), configs=each)})
    servers = draw(st.lists(st.sampled_from(["docs", "tracker"]), unique=True))
    for server in servers:
        each = [
            {"name": n, **draw(settings_of)} for n in draw(st.lists(st.sampled_from(["find", "drop"]), unique=True))
        ]
        tools.append({"type": SERVER, "mcp_server_name": server, "default_config": draw(settings_of), "configs": each})
    more = {"mcp_servers": [{"type": "url", "name": s, "url": f"https://{s}.example/mcp"} for s in servers]}
    return {"name": "a", "model": "claude-sonnet-5", "system": "Do it.", "tools": tools, **more}


def counted(entry: dict[str, Any], name: str, unsaid: str) -> tuple[bool, bool]:
    """Whether a tool of a set is there, and whether it asks: told again, without the description."""
    default = entry.get("default_config") or {}
    own: dict[str, Any] = next((c for c in entry.get("configs", ()) if c["name"] == name), {})
    on = next(v for v in (own.get("enabled"), default.get("enabled"), True) if v is not None)
    policies = (own.get("permission_policy"), default.get("permission_policy"), {"type": unsaid})
    return on, next(p for p in policies if p is not None)["type"] != "always_allow"


def program(body: dict[str, Any]) -> Agent:
    reading = read_program(SPEC, json.dumps(body), "managed-agents/a.json")
    assert reading.agents, (reading.reason, body)
    return reading.agents[0].agent


@LAW
@given(bodies())
def test_what_is_there_is_what_the_settings_say(body: dict[str, Any]) -> None:
    grants = rights.by_name(program(body).tools, SPEC)
    entry = next((t for t in body["tools"] if t["type"] == OWN), {"default_config": {"enabled": False}})
    for name in NAMES:
        on, asks = counted(entry, name, "always_allow")
        assert grants[name].any == on, (name, body)
        if on:
            found = {grants[name].approval} if grants[name].open else {a for _, _, a in grants[name].scopes}
            assert found == {"ask" if asks else "auto"}, (name, body)
    servers = rights.by_server(program(body).tools, SPEC)
    for one in (t for t in body["tools"] if t["type"] == SERVER):
        for member in ("find", "drop"):
            on, asks = counted(one, member, "always_ask")
            grant = servers.get((one["mcp_server_name"], member)) or servers[one["mcp_server_name"], None]
            assert grant.open == on, (member, body)
            assert not on or (grant.approval == "ask") == asks, (member, body)


@LAW
@given(bodies())
def test_what_is_written_is_read_back(body: dict[str, Any]) -> None:
    agent = read_author(SPEC, json.dumps(body), "managed-agents/a.json").agents[0].agent
    tools = as_sets(agent.tools, SPEC)
    assert rights.of_tools(tools, SPEC, program=True) == rights.of_tools(agent.tools, SPEC, program=True)
    again = program({**body, "tools": rows_of(Agent(tools=tools), SPEC)["tools"], "mcp_servers": used(tools)})
    assert again.tools == tools


def used(tools: Any) -> list[dict[str, str]]:
    """The definitions of the servers that are left."""
    names = dict.fromkeys(r.tool.server for r in tools.rules if r.tool.server)
    return [{"type": "url", "name": s, "url": f"https://{s}.example/mcp"} for s in names]


@LAW
@given(bodies(), st.lists(st.sampled_from(targets()), min_size=6, max_size=6, unique=True))
def test_no_target_gets_more(body: dict[str, Any], some: list[str]) -> None:
    for target in some:
        (made,) = convert_text(json.dumps(body), from_=ID, to=target, path="managed-agents/a.json")
        assert made.status != "failed", (target, body, made.notes)
        assert made.status == "refused" or not made.gained, (target, body, made.rights)


switch = st.sampled_from([None, {"type": "enabled"}, {"type": "disabled"}])
roster = st.none() | st.lists(st.sampled_from(["agent_x", "agent_y"]), unique=True, max_size=2)


@st.composite
def parts(draw: st.DrawFn) -> dict[str, Any] | None:
    """One way to start agents."""
    part: dict[str, Any] | None = draw(switch)
    if part is None or part["type"] == "disabled":
        return part
    return {**part, "inline_agents": draw(switch), "predefined_agents": draw(roster)}


@LAW
@given(parts(), parts())
def test_who_may_be_started_is_what_the_parts_say(subagents: Any, workflows: Any) -> None:
    """Told again without the description: `None` is any, a set is those."""
    found: set[str] | None = set()
    legal = True
    for part in (subagents or {"type": "enabled"}, workflows or {"type": "enabled"}):
        if part["type"] == "disabled":
            continue
        made_up = (part.get("inline_agents") or {"type": "enabled"})["type"] == "enabled"
        names = set(part.get("predefined_agents") or ())
        legal = legal and (made_up or bool(names))
        found = None if made_up or found is None else found | names
    said = {"type": "multiagent_20261001", "subagents": subagents, "workflows": workflows}
    text = json.dumps({"name": "a", "model": "claude-sonnet-5", "system": "Do it.", "tools": [], "multiagent": said})
    reading = read_program(SPEC, text, "managed-agents/a.json")
    assert (reading.status == "read") == legal, said
    if legal:
        rights_found = rights.of_agent(reading.agents[0].agent, SPEC, program=True)
        assert {r.scope and r.scope.text for r in rights_found} == ({None} if found is None else found), said
