"""What to call an MCP server that has no name of its own: a word of the way to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

ONLY = "only"  # of a server that one text stands for: the tools that it gives


def value_at(data: Any, path: str) -> Any:
    """What stands below the keys of a path; ``None`` where nothing does."""
    for key in path.split("."):
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def called(said: Mapping[str, Any], rules: Iterable[Mapping[str, str]]) -> str:
    """The name by the first rule (place of a value → expression with one group) that finds one."""
    for rule in rules:
        for key, expression in rule.items():
            value = value_at(said, key)
            text = " ".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else ""
            if text and (found := re.search(expression, text)):
                return found[1]
    return ""


def by_text(text: str, patterns: Iterable[str]) -> tuple[str, dict[str, Any] | None]:
    """A server that one text stands for: its name, and what else the groups of the pattern say of it."""
    for pattern in patterns:
        if found := re.fullmatch(pattern, text):
            said = {key: value for key, value in found.groupdict().items() if value}
            name = said.pop("name")
            more = {key: [value] if key == ONLY else value for key, value in said.items()}
            return name, more or None
    return "", None
