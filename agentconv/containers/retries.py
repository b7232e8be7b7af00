"""The repairs that programs make themselves when their YAML reader fails, each as the program has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_SUSPECT_LINE = re.compile(r"([a-zA-Z_-]+):\s+(\S.*)\Z")
_SUSPECT = re.compile(r"[{}\[\]*&#!|>%@`]|: ")
_COLON_KEY = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*:\s*(.*)\Z")


def quote_suspects(source: str, before: str = "", after: str = "") -> str:
    """Claude Code 2.1.328: quotes around values of top-level keys that hold a special character.

    Lines are split at LF only, and its pattern's ``.`` does not match CR: no line of a CRLF file is repaired.
    """
    return "\n".join(_quoted(line) for line in source.split("\n"))


def _quoted(line: str) -> str:
    bare = line.lstrip("\t")
    line = "  " * (len(line) - len(bare)) + bare
    found = _SUSPECT_LINE.match(line)
    if not found or "\r" in line or "\u2028" in line or "\u2029" in line:
        return line
    key, value = found[1], found[2]
    if not _SUSPECT.search(value):
        return line
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return line
    if value.startswith("[") and value.endswith("]"):
        try:
            if isinstance(json.loads(value), list):
                return line
        except ValueError:
            pass
        if _is_flow_list(value):
            return line
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}: "{escaped}"'


def _is_flow_list(value: str) -> bool:
    from agentconv.containers import ContainerError
    from agentconv.containers.yamlnodes import compose

    try:
        node = compose(value)
    except ContainerError:
        return False
    return node is not None and node.kind == "list"


def colon_blocks(source: str, before: str = "---\n", after: str = "---") -> str:
    """OpenCode 1.18.33: ``key: text with: colon`` at the top level becomes a block scalar.

    Its pattern wants a file that begins with exactly ``---`` (no byte order mark, no blanks) and a closing line.
    What it did not change is not parsed again: gray-matter has the failed file in its cache and gives it back without
    fields, all of it as the body. What it changed and what is still broken is not loaded.
    """
    if before not in ("---\n", "---\r\n") or not after.startswith("---"):
        return source
    lines = []
    for line in re.split(r"\r?\n", source):
        found = _COLON_KEY.match(line)
        if line.strip().startswith("#") or not line.strip() or not found or line[:1].isspace():
            lines.append(line)
            continue
        key, value = found[1], found[2].strip()
        if value in ("", ">", "|") or value[0] in "\"'" or ":" not in value:
            lines.append(line)
            continue
        lines += [f"{key}: |-", f"  {value}"]
    return "\n".join(lines)


RETRIES: dict[str, Callable[[str, str, str], str]] = {"quote-suspects": quote_suspects, "colon-blocks": colon_blocks}
