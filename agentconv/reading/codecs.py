"""Field codecs: a value of a header -> a field of the model, one function per ``type:``.

The way back is output/values.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from agentconv.containers import Node
from agentconv.limitkeys import folded
from agentconv.model import LOOSER_MODES, Model
from agentconv.models import read_models
from agentconv.reading.context import UNSAID, Bad, Context, all_text, is_text, not_text
from agentconv.reading.jstext import as_text
from agentconv.reading.namedfiles import named_text
from agentconv.reading.reach import read_delegates, read_handoffs, read_hooks, read_servers
from agentconv.reading.routing import read_context, read_examples
from agentconv.spec import Field


def read_value(node: Node, row: Field, ctx: Context) -> Any:
    """The model's value of a key, or ``UNSAID`` where it says nothing."""
    if node.kind == "scalar" and (node.value is None or (not node.value and row.fact("falsy") == "null")):
        return _null(node, row, ctx)
    if not row.words.isdisjoint(_LEFT_OUT) and _is_left_out(node, row, ctx):
        return UNSAID
    try:
        value = _READERS[row.type](node, row, ctx)
        value = _legal(value, node, row, ctx)
    except Bad as bad:
        if row.to_model and isinstance(bad.meant, str) and not row.fact("open"):  # one of its words, or nothing
            bad.meant = row.to_model.get(bad.meant, bad.meant if bad.meant in row.to_model.values() else UNSAID)
        elif isinstance(bad.meant, bool):  # a switch as text means what the switch means
            bad.meant = not bad.meant if row.fact("invert") else row.to_model.get(bad.meant, bad.meant)
        value = _bad(bad, node, row, ctx, row.fact("wrong_type"))
    unit = row.fact("unit")
    if not unit or not isinstance(value, (int, float)):
        return value
    return round(value * unit)  # 16.65 minutes are 998.9999999999999 seconds to a computer


_LEFT_OUT = frozenset(("no_text", "numbers"))


def _is_left_out(node: Node, row: Field, ctx: Context) -> bool:
    """Whether it is no value for the model, which is said."""
    if (word := row.fact("no_text")) and as_text(node) is None:
        ctx.refuse(word, f"`{row.key}` is a map, or holds one")
        text = f"`{row.key}` is a map, or holds one: {ctx.spec.seen} does not load this file; left out"
        ctx.say("R012", text, row.field or row.key, node, effect="lost")
        return True
    if row.fact("numbers") and _is_number(node.value, row.fact("numbers")):
        ctx.say("R007", f"`{row.key}: {node.text}` has no word in other programs; left out", row.field or row.key, node)
        return True
    return False


def _null(node: Node, row: Field, ctx: Context) -> Any:
    """What a key without a value says, or how the file is lost for it."""
    word = str(row.fact("null", row.fact("bad", "ignore")))
    if word.startswith("text:"):
        return UNSAID if ctx.author else word.removeprefix("text:")
    ctx.refuse(word, f"`{row.key}` without a value")
    if word == "no-header":
        text = f"`{row.key}:` without a value: {ctx.spec.seen} throws the whole header away"
        ctx.say("R012", text, row.field or row.key, node)
    if word.startswith("refuse"):
        text = f"`{row.key}:` without a value: {ctx.spec.seen} does not load this file"
        ctx.say("R012", text, row.field or row.key, node)
    return UNSAID


def _is_number(value: Any, which: Any) -> bool:
    """Whether it is one (``positive``: a whole one from 1 on) of a row that takes numbers beside words."""
    whole = isinstance(value, int) and value > 0
    return isinstance(value, (int, float)) and not isinstance(value, bool) and (whole or which != "positive")


def _bad(bad: Bad, node: Node, row: Field, ctx: Context, of_type: Any = None) -> Any:
    """What is made of a wrong value: what its author means by it, to the program nothing."""
    word = str(of_type or row.fact("bad", "ignore"))
    if row.field == "permission_mode" and isinstance(bad.meant, str) and bad.meant in LOOSER_MODES:
        bad.meant = UNSAID
    ctx.refuse(word, f"`{row.key}` {bad}")
    if not ctx.author:
        return UNSAID
    at = row.field or row.key
    if word.startswith("refuse") or word == "no-header":
        lost = bad.meant is UNSAID
        does = "throws the whole header away" if word == "no-header" else "does not load this file"
        text = f"`{row.key}` {bad}: {ctx.spec.seen} {does}; {'left out' if lost else 'read as meant'}"
        ctx.say("R012", text, at, node, effect="lost" if lost and row.field else "info")
    elif bad.meant is UNSAID:
        ctx.say("R007", f"`{row.key}` {bad}; left out", at, node, effect="lost" if row.field else "info")
    else:
        ctx.say("R007", f"`{row.key}` {bad}: {ctx.spec.program} ignores it; read as meant", at, node)
    return bad.meant


_LIMITS = frozenset(("empty", "values", "min", "max", "invert", "pattern", "max_length", "distinct"))


def _legal(value: Any, node: Node, row: Field, ctx: Context) -> Any:
    """The value as the model has it, where it keeps to the limits of its row."""
    if value is UNSAID or row.words.isdisjoint(_LIMITS):
        return value
    if row.fact("empty") == "unsaid" and (value in ("", (), {}) or (row.type == "int" and value == 0)):
        return UNSAID
    if value in ("", ()) and (word := row.fact("empty")):
        ctx.refuse(word, f"`{row.key}` is empty")
        ctx.say("R012", f"`{row.key}` is empty: {ctx.spec.seen} does not load this file", row.field or row.key, node)
        return UNSAID
    words = row.to_model
    if words and isinstance(value, (str, bool, int)):
        return _word(value, words, node, row, ctx)
    least, most = row.fact("min"), row.fact("max")
    low = isinstance(value, (int, float)) and least is not None and value < least
    if low or (isinstance(value, (int, float)) and most is not None and value > most):
        return _bad(Bad(f"is out of range: {value}"), node, row, ctx)
    if isinstance(value, tuple) and most is not None and len(value) > most:
        return _bad(Bad(f"holds more than {most}", value), node, row, ctx)
    if row.fact("invert") and isinstance(value, bool):
        return not value
    if problem := _odd_text(value, row):
        return _bad(Bad(problem, value), node, row, ctx)
    return value


def _word(value: Any, words: Mapping[Any, Any], node: Node, row: Field, ctx: Context) -> Any:
    """The model's word for one of the program's."""
    alias = (row.fact("aliases") or {}).get(value, value)
    if alias in words:
        return words[alias]
    low = {str(k).lower(): v for k, v in words.items()}
    meant = low.get(str(alias).lower(), UNSAID)
    if row.fact("any_case") and meant is not UNSAID:
        return meant
    if meant is UNSAID and value in words.values():
        meant = value
    if meant is UNSAID and ctx.author:  # `readonly` for `read-only`: a limit is meant in any spelling
        meant = {folded(str(k)): v for k, v in words.items() if _is_limit(k, row)}.get(folded(str(value)), UNSAID)
    if row.fact("open"):  # any word is taken as it stands
        return value
    return _bad(Bad(f"knows no `{value}`", meant), node, row, ctx)


def _is_limit(word: Any, row: Field) -> bool:
    """Whether one of the program's words takes something away."""
    limits = row.fact("limits")
    return word in (row.fact("denies") or {}) or limits is True or (isinstance(limits, list) and word in limits)


def _odd_text(value: Any, row: Field) -> str:
    """What is wrong with a text, or with one of a list, by ``pattern`` and ``max_length``."""
    pattern, longest = row.fact("pattern"), row.fact("max_length")
    several = value if isinstance(value, tuple) else (value,)
    texts = [one.text if isinstance(one, Model) else one for one in several if isinstance(one, (str, Model))]
    if row.fact("distinct") and len(set(texts)) < len(texts):
        return "names one twice"
    for text in texts:
        if longest is not None and row.length(text) > longest:
            return f"is longer than {longest} characters"
        if pattern is not None and not re.fullmatch(pattern, text):
            return f"may not be `{text}`"
    return ""


# -- reading ----------------------------------------------------------------------------------


def _text(node: Node, row: Field, ctx: Context) -> Any:
    if row.fact("scalars") == "value" and not ctx.author and (made := as_text(node)) is not None:
        return _normalised(made, row, ctx)
    if node.kind != "scalar":
        meant = ", ".join(i.text for i in node.items) if node.kind == "list" and node.items else UNSAID
        raise Bad("must be text", meant)
    value = _with_hash(node, row, ctx)
    if ctx.author and node.style == "block" and row.field in ("description", "when_to_use"):
        value = value.rstrip("\r\n")  # the line end of `|` and `>` is of YAML, and no part of what is said
    if row.fact("escapes") == "newline" and "\\n" in value:
        value = value.replace("\\n", "\n")
        ctx.say("R014", f"literal \\n in `{row.key}` read as line breaks", row.field or row.key, node)
    if not is_text(node, row, ctx):
        raise Bad(f"is {node.text}, which is no text", value)
    value = _normalised(value, row, ctx)
    if row.fact("refs"):
        value = named_text(value, node, row, ctx)
    if not value.strip() and (word := row.fact("blank")):
        ctx.refuse(word, f"`{row.key}` is blank")
        ctx.say("R012", f"`{row.key}` is blank: {ctx.spec.seen} does not load this agent", row.field or row.key, node)
    return value


_HASH = re.compile(r"[ \t]+#(?=[^\s#])[^\r\n]*")


def _with_hash(node: Node, row: Field, ctx: Context) -> str:
    """A description of YAML without quotes, with the part that a blank and a # cut off as a comment."""
    cut = _HASH.match(ctx.text, node.end) if node.style == "plain" and row.field == "description" else None
    if cut is None or not ctx.author or ctx.spec.syntax not in ("frontmatter", "yaml") or "\n" in node.text:
        return node.text
    value = node.text + cut[0].rstrip()
    ctx.say("R031", f"in YAML `{row.key}` ends at ` #`; read to the end of the line", "description", node)
    return value


def _normalised(value: str, row: Field, ctx: Context) -> str:
    """What the program makes of a text when it loads it; what it replaces is no wish of the author's."""
    for step in (ctx.spec.tables.get("normalise") or {}).get(row.field or row.key, ()):
        if step == "trim":
            value = value.strip()
        elif isinstance(step, Mapping) and not ctx.author:
            for pattern, new in step.items():
                value = re.sub(str(pattern), str(new), value)
    return value


def _bool(node: Node, row: Field, ctx: Context) -> Any:
    if isinstance(node.value, bool):
        return node.value
    word = node.text.strip().lower() if node.kind == "scalar" else ""
    strings = {"true": True, "false": False}
    if word in strings and (all_text(ctx) or row.fact("text_ok")):
        return strings[word]
    meant = {**strings, "yes": True, "no": False, "on": True, "off": False}.get(word, UNSAID)
    raise Bad("must be true or false", meant)


def _number(node: Node, row: Field, ctx: Context) -> Any:
    named = row.fact("named") or {}
    if node.kind == "scalar" and node.text.strip().lower() in named:
        value: float = named[node.text.strip().lower()]
    elif isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        value = node.value
    else:
        text = node.text if node.kind == "scalar" else ""
        if row.fact("text_ok") == "leading" and (head := re.match(r"\s*[-+]?\d+", text)):
            text = head[0]
        try:
            value = float(text)
        except ValueError:
            raise Bad("must be a number") from None
        if isfinite(value) and not row.fact("text_ok") and not all_text(ctx):
            raise Bad("must be a number", _whole(value, row))
    if isinstance(value, float) and not isfinite(value * row.fact("unit", 1)):
        raise Bad("must be a number")
    return _whole(value, row)


def _whole(value: float, row: Field) -> Any:
    if row.type != "int":
        return value
    if value != int(value):
        raise Bad(f"must be a whole number, not {value}")
    return int(value)


def _words(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind == "list":
        if any(i.kind != "scalar" for i in node.items):
            raise Bad("must be a list of words", tuple(i.text for i in node.items if i.kind == "scalar") or UNSAID)
        if not_text(node.items, row):
            raise Bad("must hold text only", tuple(i.text for i in node.items if i.value is not None) or UNSAID)
        return tuple(i.text for i in node.items)
    if node.kind == "scalar":
        if not_text([node], row):
            raise Bad("must be text", UNSAID)
        words = tuple(w.strip() for w in node.text.split(",") if w.strip())
        if row.fact("text") is False:
            raise Bad("must be a list", words)
        return words
    raise Bad("must be a list of words", tuple(p.key.text for p in node.pairs))


NAMES = ("skills", "tags", "attachments", "capabilities", "task_types", "tools_required")  # texts in the model


def _list(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind != "list":
        raise Bad("must be a list", [node.text] if node.kind == "scalar" and row.fact("limits") else UNSAID)
    names = tuple(item.text for item in node.items if item.kind == "scalar" and item.value is not None)
    if not_text(node.items, row):
        raise Bad("must hold text only", (names or UNSAID) if row.field in NAMES else node.data())
    if row.field in NAMES:
        if len(names) < len(node.items):
            ctx.say("R007", f"`{row.key}` holds something that is no name; left out", str(row.field), node)
            return names or UNSAID
        return names
    return tuple(item.data() for item in node.items)


def _map(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind != "map":
        raise Bad("must be a map")
    if not_text([pair.value for pair in node.pairs], row):
        raise Bad("must hold text only", node.data())
    return node.data()


def _any(node: Node, row: Field, ctx: Context) -> Any:
    return node.data()


def _misplaced(node: Node, row: Field, ctx: Context) -> Any:
    """A key that belongs elsewhere; an empty one harms nobody."""
    if node.kind == "list" and not node.items:
        return UNSAID
    raise Bad("stands in the wrong place", node.data())


def _parts(node: Node, row: Field, ctx: Context) -> Any:
    try:
        return {row.key: _text(node, row, ctx)}
    except Bad as bad:
        raise Bad(bad.problem, bad.meant if bad.meant is UNSAID else {row.key: bad.meant}) from None


def _data(node: Node, row: Field, ctx: Context) -> Any:
    from agentconv.reading.modelcodec import read_data

    return read_data(node, row, ctx)


def _definitions(node: Node, row: Field, ctx: Context) -> Any:
    from agentconv.reading.setvalues import read_definitions

    return read_definitions(node, row, ctx)


_READERS = {
    "string": _text,
    "text": _text,
    "word": _text,
    "bool": _bool,
    "int": _number,
    "number": _number,
    "words": _words,
    "list": _list,
    "map": _map,
    "any": _any,
    "model": read_models,
    "hooks": read_hooks,
    "mcp-servers": read_servers,
    "definitions": _definitions,
    "delegates": read_delegates,
    "handoffs": read_handoffs,
    "misplaced": _misplaced,
    "prompt-parts": _parts,
    "data": _data,
    "context": read_context,
    "examples": read_examples,
}
TOOL_TYPES = (
    "tools",
    "deny-tools",
    "permission",
    "tool-bools",
    "groups",
    "toolsets",
    "tool-settings",
    "model-tools",
    "permission-rules",
    "tool-patterns",
    "switch",
)


# every word that `type:` may be
TYPES: frozenset[str] = frozenset((*_READERS, *TOOL_TYPES))
