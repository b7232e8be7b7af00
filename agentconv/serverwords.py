"""Words about MCP servers that belong to no single program (data/servers.yaml says what each list is)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from agentconv.capabilities import load_data


@cache
def among(what: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(map(str, load_data("servers")[what]))


@cache
def meaning(what: str) -> Mapping[str, Any]:
    """What each word of a map means."""
    return dict(load_data("servers")[what])


def is_every(token: str) -> bool:
    """Whether a word stands for every MCP server."""
    return token.lower() in among("every")
