"""What to call an MCP server that has no name of its own: a word of the way to it. And a program's own words for that
way."""

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


def in_common_words(said: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with `type` for the program's own key, and with a command that is one word."""
    if (key := facts.get("type_key")) and key in said:
        said = {"type": said[key], **{k: v for k, v in said.items() if k != key}}
    args = said.get("args", [])
    if facts.get("command") != "words" or not isinstance(args, list) or not (line := _words(said.get("command"))):
        return said
    more = {"args": [*line[1:], *args]} if line[1:] or args else {}
    return {**said, "command": line[0], **more}


def in_own_words(said: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same, the other way."""
    if (key := facts.get("type_key")) and "type" in said:
        said = {key: said["type"], **{k: v for k, v in said.items() if k != "type"}}
    command = said.get("command")
    if facts.get("command") == "words" and isinstance(command, str) and _words(command) != [command]:
        return {**said, "command": [command]}
    return said


def _words(command: Any) -> list[str]:
    """The words of a command, as a shell takes a line of them apart; none where it is none."""
    if isinstance(command, list):
        return command if all(isinstance(one, str) for one in command) else []
    if not isinstance(command, str):
        return []
    import shlex  # most agents bring no server

    try:
        return shlex.split(command)
    except ValueError:  # a quote that does not end
        return []


def by_text(text: str, patterns: Iterable[str]) -> tuple[str, dict[str, Any] | None]:
    """A server that one text stands for: its name, and what else the groups of the pattern say of it."""
    for pattern in patterns:
        if found := re.fullmatch(pattern, text):
            said = {key: value for key, value in found.groupdict().items() if value}
            name = said.pop("name")
            more = {key: [value] if key == ONLY else value for key, value in said.items()}
            return name, more or None
    return "", None
