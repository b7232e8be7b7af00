"""A converted file starts no command that its source did not start, and trusts none more; keys in it are named.

Each guard is put out of action once (``test_without_the_guard``), and its case is seen to fail.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from agentconv.convert import convert_text
from agentconv.lowering import fields, servers
from agentconv.proof import asked
from tests.conftest import ROOT
from tests.security.faults import distrusting_none

ROWS = {row["id"]: row for row in yaml.safe_load((ROOT / "fixtures/rights/starting.yaml").read_text("utf-8"))}
# row -> words that may not stand in the output, words that must
CASES: dict[str, tuple[list[str], list[str]]] = {
    "claude-servers-as-map-to-gemini": (["docs-server"], []),
    "openhands-servers-to-claude": (["docs-server"], []),
    "claude-switched-off-server-to-junie": (["docs-server"], []),
    "claude-trusted-server-to-gemini": (["trust"], ["docs-server"]),
    "gemini-included-tools-to-claude": (["mcp__docs\n", "mcp__docs,"], ["mcp__docs__search", "docs-server"]),
    "gemini-excluded-tools-to-claude": ([], ["disallowedTools: mcp__docs__erase", "docs-server"]),
    "qoder-hooks-of-a-wrong-shape-to-claude": (["done.sh"], []),
}


def output(id: str) -> str:
    row = ROWS[id]
    (made,) = convert_text(row["text"], from_=row["from"], to=row["to"])
    return "".join(data.decode() for data in made.files.values())


def check(id: str) -> None:
    never, always = CASES[id]
    text = output(id)
    assert text
    assert not [word for word in never if word in text], text
    assert not [word for word in always if word not in text], text


@pytest.mark.parametrize("id", ROWS)
def test_what_starts(id: str) -> None:
    check(id)


def unlimited(agent: Any, src: Any) -> Any:
    return agent


GUARDS: list[tuple[str, Any, str, Any]] = [
    ("claude-servers-as-map-to-gemini", asked, "only_started", lambda agent, *rest: (agent, [])),
    ("openhands-servers-to-claude", asked, "only_started", lambda agent, *rest: (agent, [])),
    ("claude-switched-off-server-to-junie", servers, "_switched_off", lambda config: ""),
    ("claude-trusted-server-to-gemini", servers, "among", distrusting_none),
    ("gemini-included-tools-to-claude", asked, "limited_servers", unlimited),
    ("gemini-excluded-tools-to-claude", asked, "limited_servers", unlimited),
]


@pytest.mark.parametrize(("id", "module", "name", "off"), GUARDS, ids=[g[0] for g in GUARDS])
def test_without_the_guard(id: str, module: Any, name: str, off: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, name, off)
    with pytest.raises(AssertionError):
        check(id)


def test_without_the_guard_of_shapes_the_proof_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a second guard stands behind the first: what the target would not read back is not written."""
    monkeypatch.setattr(fields, "_hooks_fit", lambda value, row: True)
    assert output("qoder-hooks-of-a-wrong-shape-to-claude") == ""


# -- keys and passwords -----------------------------------------------------------------------

FAKE = "sk-" + "a1B2c3D4e5F6g7H8"  # no key of anybody
SECRET: list[dict[str, Any]] = [
    {"command": "x", "env": {"ANY": FAKE}},
    {"command": "x", "env": {"API_TOKEN": "0123456789abcdef"}},
    {"command": "x", "args": ["--key", "ghp_" + "0" * 30]},
    {"url": "https://user:" + "hunter22" + "@example.org/mcp", "type": "http"},
    {"url": "https://example.org", "type": "http", "headers": {"Authorization": "Bearer 0123456789abcdef"}},
]
PLAIN: list[dict[str, Any]] = [
    {"command": "x", "env": {"API_TOKEN": "${API_TOKEN}"}},
    {"command": "x", "env": {"API_TOKEN": "$API_TOKEN"}},
    {"command": "x", "env": {"TOKEN": "{env:TOKEN}"}},
    {"command": "x", "env": {"TOKEN": "<your-token-here>"}},
    {"command": "x", "env": {"TOKEN_FILE": "/run/secrets/token"}},
    {"command": "x", "env": {"MODE": "production"}, "args": ["--verbose", "-y", "@scope/mcp-server"]},
    {"url": "https://example.org/mcp", "type": "http", "headers": {"Authorization": "Bearer ${TOKEN}"}},
]


def notes_of(config: dict[str, Any]) -> list[str]:
    head = json.dumps([{"docs": config}])
    text = f"---\nname: a\ndescription: d\nmcpServers: {head}\n---\nDo it.\n"
    (made,) = convert_text(text, from_="claude-code", to="junie")
    assert "docs" in "".join(d.decode() for d in made.files.values())
    return [n.message for n in made.notes if n.code == "C060"]


@pytest.mark.parametrize("config", SECRET)
def test_a_key_is_named_and_never_repeated(config: dict[str, Any]) -> None:
    (message,) = notes_of(config)
    assert "`docs`" in message
    assert not any(word in message for word in (FAKE, "0123456789abcdef", "hunter22", "0000"))


@pytest.mark.parametrize("config", PLAIN)
def test_what_is_no_key_is_not_named(config: dict[str, Any]) -> None:
    assert notes_of(config) == []


def test_a_private_key_is_one() -> None:
    assert list(servers.secrets({"env": {"X": "-----BEGIN PRIVATE KEY-----"}})) == ["env.X"]
    assert list(servers.secrets({"url": "https://mcp.example/mcp?api_key=SECRET123&x=1"})) == ["url"]
    assert not list(servers.secrets({"url": "https://mcp.example/mcp?api_key=${KEY}&tokens=1"}))
