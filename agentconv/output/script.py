"""Values as literals of TypeScript, as people write them: bare keys, single quotes, backticks round several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agentconv.chars import is_unicode

WIDTH = 100  # a list or map longer than this is written one item a line

_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z")
# what does not show, and line separators, which end a line in older scripts
_ODD = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
_QUOTED = re.compile(rf"[\\'\n\t{_ODD}]")
_BACKTICKS = re.compile(rf"\\|`|\$(?=\{{)|[{_ODD}]")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "'": "\\'", "`": "\\`", "$": "\\$"}


def script_value(value: Any, indent: int = 0) -> str:
    """Any value; ``indent`` is that of the line it begins on."""
    if isinstance(value, str):
        return script_text(value)
    if isinstance(value, Mapping) and value:
        return _brackets(
            "{", "}", [f"{script_key(k)}: {script_value(v, indent + 2)}" for k, v in value.items()], indent
        )
    if isinstance(value, (list, tuple)) and value:
        return _brackets("[", "]", [script_value(item, indent + 2) for item in value], indent)
    return json.dumps(value, allow_nan=False)


def _brackets(opened: str, closed: str, items: list[str], indent: int) -> str:
    blank = " " if opened == "{" else ""
    line = f"{opened}{blank}{', '.join(items)}{blank}{closed}"
    if indent and indent + len(line) <= WIDTH and "\n" not in line:
        return line
    pad = " " * (indent + 2)
    return "\n".join([opened, *(f"{pad}{item}," for item in items), " " * indent + closed])


def script_key(key: str) -> str:
    """A key, bare where it is a name."""
    if key == "__proto__":
        raise ValueError("`__proto__` is no key of an object literal")
    return key if _KEY.match(key) else _quoted(key)


def script_text(text: str) -> str:
    """A text: between backticks where it has several lines, where nothing in it may be evaluated."""
    if "\n" not in text:
        return _quoted(text)
    return f"`{_BACKTICKS.sub(_escape, _whole(text))}`"


def _quoted(text: str) -> str:
    return f"'{_QUOTED.sub(_escape, _whole(text))}'"


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"


def _whole(text: str) -> str:
    if not is_unicode(text):
        raise ValueError("half of a surrogate pair cannot be written")
    return text
