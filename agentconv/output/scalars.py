"""Values as YAML, TOML and JSON text that every reader takes the same way.

YAML is the hard one. One file is read by libyaml, PyYAML, ruamel, js-yaml 3 and 4, npm's yaml, Bun, serde and by
VS Code's and Claude Code's own loose parsers, and they differ in what a bare word means, which escapes exist and
where a header ends. A text is written bare only where none of them can take it for something else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from agentconv.chars import are_printable, is_unicode
from agentconv.patterns import pattern

WIDTH = 100  # a list longer than this is written one item a line

# null and booleans of YAML 1.1 and 1.2, in any case, and words that some reader takes for a number
_AMBIGUOUS = {
    "null",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "nan",
    "inf",
    "infinity",
    "undefined",
    "none",
}
_INDICATORS = pattern(r"[{}\[\]#&*!|>%@`\\\"?=<~^$]")
_KEY = pattern(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
# Claude Code 2.1.328 ends a header at the first three dashes, wherever they stand
_DASHES = pattern(r"-(?=--)")
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
# \uXXXX and not \x or \N: VS Code 1.138's parser knows only JSON's escapes. Nothing above U+FFFF is escaped: a
# pair of surrogates is an error in libyaml, and \U is unknown to VS Code.
_ESCAPED = pattern(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
_TOML_ESCAPED = pattern(r'[\\"\x00-\x08\x0b\x0c\x0d\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]')


class Unwritable(ValueError):
    """What no text in this syntax can hold."""


def yaml_scalar(value: Any) -> str:
    """One value on one line: bare where that is safe everywhere, else in double quotes."""
    return _scalar(value, flow=False)


def yaml_key(key: str) -> str:
    """A key of a map, in quotes where a reader could take it for something else."""
    if _KEY.match(key) and key.lower() not in _AMBIGUOUS and "---" not in key:
        return key
    quoted = _quoted(key)
    if len(quoted) > 1000:
        raise Unwritable(f"`{key[:40]}…` is longer than a key of YAML may be, which is 1024 characters")
    return quoted


def yaml_value(value: Any, indent: int = 0, flow: bool = True) -> str:
    """What follows ``key:`` in a map indented by ``indent``: begins with a space or, for a block, a line break.

    ``flow``: short lists of scalars stand on one line as ``[a, b]``. Without it they are blocks.
    """
    if isinstance(value, Mapping) and value:
        return "".join(
            f"\n{' ' * (indent + 2)}{yaml_key(str(k))}:{yaml_value(v, indent + 2, flow)}" for k, v in value.items()
        )
    if isinstance(value, (list, tuple)) and value:
        if flow and all(_is_scalar(item) for item in value):
            line = yaml_flow(value)
            if len(line) <= WIDTH:
                return " " + line
        pad = " " * (indent + 2)
        return "".join(f"\n{pad}-{_item(item, indent + 2, flow)}" for item in value)
    if _is_scalar(value) and value is not None:
        return " " + _scalar(value, flow=False)
    return " " + yaml_flow(value)


def yaml_entry(key: str, value: Any, indent: int = 0, flow: bool = True, blocks: bool = False) -> str:
    """A whole ``key: value``, without the line break after it. ``blocks``: long texts as people write them."""
    said = yaml_below(value, indent, flow) if blocks else yaml_value(value, indent, flow)
    return f"{' ' * indent}{yaml_key(key)}:{said}"


def yaml_below(value: Any, indent: int = 0, flow: bool = True) -> str:
    """As `yaml_value`, with texts of several lines below ``|``: for files that are YAML to their end."""
    text = yaml_block(value, indent + 2) if isinstance(value, str) else None
    return text or yaml_value(value, indent, flow)


def yaml_block(text: str, indent: int) -> str | None:
    """A text of several lines below ``|`` where every reader takes it the same way, else ``None``.

    For files that real YAML readers read whole; inside a header the first ``---`` may end it."""
    # the only white space that is printable is the blank
    plain = " \n" not in text and text[-1:] != " " and are_printable(text)
    if "\n" not in text or not plain or text[0] in "\n " or text.endswith("\n\n"):
        return None
    head, body = ("|", text[:-1]) if text[-1] == "\n" else ("|-", text)
    pad = " " * indent
    return f" {head}\n{pad}" + body.replace("\n", f"\n{pad}").replace(f"{pad}\n", "\n")  # no line ends with blanks


def yaml_flow(value: Any) -> str:
    """Any value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{yaml_key(str(k))}: {yaml_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(yaml_flow, value)) + "]"
    return "null" if value is None else _scalar(value, flow=True)


def _item(item: Any, indent: int, flow: bool) -> str:
    if isinstance(item, Mapping) and item:
        # the first key stands beside the dash
        return " " + yaml_value(item, indent, flow).lstrip("\n ")
    if isinstance(item, (list, tuple)) and item:
        return " " + yaml_flow(item)
    return yaml_value(item, indent, flow)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def _scalar(value: Any, flow: bool) -> str:
    if value is None:
        raise ValueError("a field without a value is left out, not written")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if not isinstance(value, str):
        raise TypeError(f"no YAML scalar: {type(value).__name__}")
    if not _is_plain(value) or (flow and any(c in ",:" for c in value)):
        return _quoted(value)
    return value


def _float(value: float) -> str:
    if not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    text = repr(value)
    # YAML 1.1 takes `1e+16` for text: a number needs its point there
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _is_plain(text: str) -> bool:
    return (
        bool(text)
        and text[0].isalpha()
        and not text[-1].isspace()
        and text[-1] != ":"
        and text.isprintable()
        and not _INDICATORS.search(text)
        and ": " not in text
        and "---" not in text
        and text.lower() not in _AMBIGUOUS
    )


def _quoted(text: str) -> str:
    if not is_unicode(text):
        raise ValueError("half of a surrogate pair cannot be written")
    return '"' + _DASHES.sub("\\\\u002d", _ESCAPED.sub(_escape, text)) + '"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def toml_key(key: str) -> str:
    """A key of a table, bare where TOML allows it."""
    return key if re.match(r"[A-Za-z0-9_-]+\Z", key) else _toml_string(key)


def toml_value(value: Any, multiline: bool | None = None) -> str:
    """One value. Text with line breaks stands between three quotes (``multiline`` forces or forbids that)."""
    if isinstance(value, str):
        return _toml_block(value) if multiline or (multiline is None and "\n" in value) else _toml_string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)  # TOML writes inf and nan as Python does
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{toml_key(str(k))} = {toml_value(v, False)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        items = [toml_value(item, False) for item in value]
        line = "[" + ", ".join(items) + "]"
        return line if len(line) <= WIDTH else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    raise ValueError(f"TOML has no {type(value).__name__}")


def _toml_string(text: str) -> str:
    if not is_unicode(text):
        raise ValueError("half of a surrogate pair cannot be written")
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _toml_block(text: str) -> str:
    if not is_unicode(text):
        raise ValueError("half of a surrogate pair cannot be written")
    inner = _TOML_ESCAPED.sub(lambda m: '"' if m[0] == '"' else _escape(m), text)
    # neither three quotes in a row nor one at the end, where the closing ones follow
    inner = re.sub(r'"(?="")|"\Z', r'\\"', inner)
    return f'"""\n{inner}"""'


def json_value(value: Any, indent: int | None = 2) -> str:
    """Any value as JSON, characters as they are."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    if not is_unicode(text):
        raise ValueError("half of a surrogate pair cannot be written")
    return text


def json_line(value: Any) -> str:
    """A value as JSON for a comment of one line, which no character of it may end."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def line_value(value: Any) -> str:
    """A value for a header that is read line by line (``parser: lines``): as it is, for there are no quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if text != text.strip() or "\n" in text or "\r" in text:
        raise ValueError("a header of lines holds one line per value, without blanks around it")
    return text
