"""What is looked for in a prompt, and what was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

KINDS = ("agent", "tool", "path", "command", "placeholder", "model", "product")


@dataclass(frozen=True, slots=True)
class Mention:
    """One place that speaks of something. ``code``: it stands in code; ``sure``: nothing else can be meant."""

    kind: str
    form: str  # call at at-agent backticks bold bare title file cell link; of the others: how it is written
    text: str
    start: int
    end: int
    meant: str  # the agent's word, the tool's name, the path, …
    known: bool = True  # an agent of the batch, a tool of the vocabulary, a file of the batch
    code: bool = False
    sure: bool = True

    @property
    def a_word(self) -> bool:
        """A word of the language that is said to be an agent: "the reviewer agent" may be a role."""
        return self.kind == "agent" and not self.known and self.form == "bare" and self.text.isalpha()


@dataclass(frozen=True, slots=True)
class Words:
    """How the program of a prompt speaks, as its description and those of the other programs say."""

    tools: Mapping[str, str]  # spelling -> the name it stands for
    others: Callable[[], frozenset[str]]  # names of all programs' tools that are no words of any language
    calls: re.Pattern[str] | None  # arguments that name an agent, group `agent`
    prefixes: tuple[str, ...]  # what stands between `@` and an agent
    tool_forms: re.Pattern[str] | None  # `#tool:x`, group `tool`
    reference: str  # what stands in front of a tool in the form that is written: `#tool:`
    mcp: re.Pattern[str]  # tools of MCP servers
    folders: tuple[tuple[str, str], ...]  # folder, whose it is
    files: tuple[tuple[str, str], ...]
    placeholders: re.Pattern[str] | None
    products: tuple[str, ...]
