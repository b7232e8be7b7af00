"""Words about MCP servers that belong to no single program (data/servers.yaml says what each list is), and the
spellings of their tools that authors take along from one program to another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from agentconv.capabilities import load_data
from agentconv.patterns import pattern

# `mcp__server__tool`, as Claude Code has it and most programs since (`tools.mcp` of their descriptions): whoever wrote
# it, in whatever file, means a tool of a server.
COMMON = "mcp__"
_SERVER = rf"{COMMON}(?P<server>(?:(?!__)[^*?])+?)"
COMMON_TOOL = pattern(rf"{_SERVER}__(?P<tool>[^*?]+)")
COMMON_SERVER = pattern(rf"{_SERVER}(?:__\*)?")
COMMON_PART = pattern(rf"{_SERVER}__.*\*")  # some tools of a server
# the names that Factory's models see; a program that makes `_` of other characters may have such names, too
BY_THREE = pattern(r"(?P<server>\w[\w.-]*?[^\W_])___(?P<tool>[^\W_][\w.-]*)")


@cache
def among(what: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(map(str, load_data("servers")[what]))


@cache
def meaning(what: str) -> Mapping[str, Any]:
    """What each word of a map means."""
    return dict(load_data("servers")[what])


def apart(word: str | None) -> str:
    """What keeps a word for a server from reaching another one, for which this word is."""
    return f"name one of the two servers otherwise, or deny `{word}` behind it"


def is_every(token: str) -> bool:
    """Whether a word stands for every MCP server."""
    return token.lower() in among("every")
