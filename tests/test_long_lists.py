"""Long lists of tools: the work grows with their length, not with its square or cube."""

from __future__ import annotations

import time

import pytest

from agentconv.convert import convert_text
from agentconv.model import Rule, Tool, Tools
from agentconv.registry import load
from agentconv.rights import Right, by_server, contains
from tests.machine import slowness

SERVERS = ("azure-mcp", "github", "jira", "io.example/docs")


def source(count: int) -> str:
    tools = ["read", "edit", *(f"{SERVERS[n % 4]}/tool_{n}" for n in range(count))]
    return f"---\nname: big\ndescription: Does it all\ntools: {', '.join(tools)}\n---\n\nHello.\n"


def seconds(count: int, target: str) -> float:
    text = source(count)
    start = time.process_time()
    made = convert_text(text, from_="copilot", to=target, path=".github/agents/big.agent.md")
    assert made[0].files, made[0].notes
    return time.process_time() - start


@pytest.mark.parametrize("target", ["opencode", "claude-code"])
def test_time(target: str) -> None:
    """640 tools took 52 seconds when each rule was held against each rule for each rule."""
    seconds(10, target)
    assert seconds(640, target) < 4 * slowness()  # about 0.4 where it was written; room for a slow machine


def test_by_server_keeps_the_order_of_rules() -> None:
    rules = (
        Rule("allow", Tool("a/x", server="a", member="x")),
        Rule("deny", Tool("a/*", server="a")),
        Rule("allow", Tool("*/*", server="*")),
        Rule("deny", Tool("a/x", server="a", member="x")),
        Rule("deny", Tool("b/*", server="b")),
        Rule("allow", Tool("b/y", server="b", member="y")),
    )
    grants = by_server(Tools("none", rules), load("vscode"))
    assert {key: grant.open for key, grant in grants.items()} == {
        ("*", None): True, ("a", None): True, ("b", None): False, ("a", "x"): False, ("b", "y"): True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("have", "one", "answer"),
    [
        ("mcp:*", "mcp:a/b", True),
        ("mcp:a", "mcp:a/b", True),
        ("mcp:io.example/docs", "mcp:io.example/docs/read", True),
        ("mcp:a/b", "mcp:a", False),
        ("mcp:a/b", "mcp:a/c", False),
        ("mcp:a", "mcp:ab/c", False),
        ("mcp:a", "mcp:*", False),
        ("runs", "mcp:a", True),
        ("all", "mcp:*", True),
        ("reads", "writes", False),
    ],
)
def test_contains(have: str, one: str, answer: bool) -> None:
    assert contains(frozenset({Right(have), Right("reads")}), Right(one)) is answer
