"""The repairs that programs make themselves when their YAML reader fails, each as the program has it.

``retry`` of a description names one of them; the keys that one is about are ``retry_keys``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

from agentconv.patterns import pattern

_SUSPECT_LINE = pattern(r"([a-zA-Z_-]+):\s+(\S.*)\Z")
_SUSPECT = pattern(r"[{}\[\]*&#!|>%@`]|: ")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "": ""}
_BLOCK_MARKS = {"|", ">", "|+", ">+", "|-", ">-", "|2", ">2"}
_KEY_LINE = pattern(r"""(\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"':\s])(?:[^:]|:(?! |$))*?):(?: (.*)|()$)""")
_COLON_KEY = pattern(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*:\s*(.*)\Z")


class Around(NamedTuple):
    """What a repair may hang on beside the header: the file above and below it, and the keys that it is about."""

    before: str = "---\n"
    after: str = "---"
    keys: tuple[str, ...] = ()


def quote_suspects(source: str, around: Around) -> str:
    """Claude Code 2.1.328: quotes around values of top-level keys that hold a special character.

    Lines are split at LF only, and its pattern's ``.`` does not match CR: no line of a CRLF file is repaired.
    """
    del around
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
        except (ValueError, RecursionError):
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


def bare_star(source: str, around: Around) -> str:
    """Command Code 1.64.0: quotes around the first `*` that is all of a key, an alias without a name to YAML."""
    keys = "|".join(map(re.escape, around.keys))
    return re.sub(rf"(?m)^(\s*(?:{keys}):\s*)\*\s*$", r"\1'*'", source, count=1)


def colon_blocks(source: str, around: Around) -> str:
    """OpenCode 1.18.33: ``key: text with: colon`` at the top level becomes a block scalar.

    Its pattern wants a file that begins with exactly ``---`` (no byte order mark, no blanks) and a closing line.
    What it did not change is not parsed again: gray-matter has the failed file in its cache and gives it back without
    fields, all of it as the body.
    """
    if around.before not in ("---\n", "---\r\n") or not around.after.startswith("---"):
        return source
    lines = []
    for line in re.split(r"\r?\n", source):
        found = _COLON_KEY.match(line)
        if line.strip().startswith("#") or not line.strip() or not found or line[:1].isspace():
            lines.append(line)
            continue
        key, value = found[1], (found[2] or "").strip()
        if value in ("", ">", "|") or value[0] in "\"'" or ":" not in value:
            lines.append(line)
            continue
        lines += [f"{key}: |-", f"  {value}"]
    return "\n".join(lines)


def indented_lines(source: str, around: Around) -> str:
    """Qwen Code 0.24.4: a line parser of its own, for what is no YAML and for a header that is no map.

    Lists are lines that begin with exactly two blanks, a dash and a blank; flow lists are text, deeper lines are lost.
    """
    del around
    lines = [line for line in re.split(r"\r\n|\r|\n", source) if line.strip() and not line.strip().startswith("#")]
    out: dict[str, Any] = {}
    items: list[Any] | None = None
    inner: dict[str, Any] | None = None
    key = ""
    for number, line in enumerate(lines):
        if line.startswith("  - "):
            items = [*(items or []), _plain_value(line[4:].strip())]
            continue
        if items is not None:
            out[key], items, key = items, None, ""
        if line.startswith("  ") and inner is not None:
            name, _, value = line.strip().partition(":")
            inner[name.strip()] = _plain_value(value.strip())
            continue
        inner = None
        if ":" not in line:
            continue
        name, _, value = line.partition(":")
        if value.strip():
            out[name.strip()] = _plain_value(value.strip())
            continue
        key = name.strip()
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if below.startswith("  ") and not below.startswith("  - "):
            inner = out[key] = {}
            key = ""
    if items is not None:
        out[key] = items
    return json.dumps(out)


def _plain_value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number) or "_" in text:
        return text
    return int(number) if number == int(number) else number


def flat_lines(source: str, around: Around) -> str:
    """Factory Droid 0.225.2: a line parser of its own. Indentation means nothing, lists are `- ` lines below the keys
    that may hold one, brackets are JSON or text."""
    out: dict[str, Any] = {}
    listed = ""
    for raw in source.split("\n"):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if listed and line.startswith("- "):
            out[listed].append(_unquoted(line[2:].strip()))
            continue
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            continue
        listed = ""
        value = _unquoted(value)
        if value[:1] in ("[", "{"):
            try:
                out[key] = json.loads(value)
                continue
            except (ValueError, RecursionError):  # JavaScript's JSON.parse takes any depth; ours ends at 64 anyway
                pass
        if value in ("true", "false"):
            out[key] = value == "true"
        elif key not in around.keys:
            out[key] = value
        elif not value:
            out[key], listed = [], key
        elif not value.startswith("["):
            out[key] = [part.strip() for part in value.split(",")]
        else:
            out[key] = value
    return json.dumps(out)


def _unquoted(text: str) -> str:
    """Without the quotes around it (a lone quote is both, and goes)."""
    if text and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def quote_and_fold(source: str, around: Around) -> str:
    """Qoder CLI 1.1.52: quotes around every plain value with a colon, a # or a first character of its own, lists in
    brackets included; block scalars become one quoted line."""
    del around
    out: list[str] = []
    block: tuple[str, int] | None = None  # key with its indentation, and how deep it stands
    text = ""
    for raw in source.split("\n"):
        line = raw.replace("\t", "  ").rstrip()
        bare = line.strip()
        if not bare:
            text += " " if block else ""
            out += [] if block else [line]
            continue
        indent = len(line) - len(line.lstrip(" "))
        if block and not bare.startswith("#") and indent > block[1]:
            text += (" " if text else "") + bare
            continue
        if block:
            out.append(_folded(block[0], text))
            block, text = None, ""
        found = None if bare.startswith("#") else _KEY_LINE.match(line)
        if not found:
            out.append(line)
        elif (value := (found[2] or "").strip()) in _BLOCK_MARKS:
            block = (found[1], indent)
        else:
            out.append(_folded(found[1], value) if _wants_quotes(value) else line)
    if block:
        out.append(_folded(block[0], text))
    return "\n".join(out)


def _folded(key: str, text: str) -> str:
    text = text.strip()
    return f"{key}: {json.dumps(text, ensure_ascii=False)}" if text else f"{key}:"


def _wants_quotes(value: str) -> bool:
    if not value or value in _BLOCK_MARKS or (len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"):
        return False
    return ": " in value or value.endswith(":") or "#" in value or value[0] in "&*!?[{|>%@`'\""


RETRIES: dict[str, Callable[[str, Around], str]] = {
    "quote-suspects": quote_suspects,
    "bare-star": bare_star,
    "colon-blocks": colon_blocks,
    "indented-lines": indented_lines,
    "flat-lines": flat_lines,
    "quote-and-fold": quote_and_fold,
}
