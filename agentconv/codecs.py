"""Field codecs: a value of a header <-> a field of the model, one pair of functions per ``type:``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentconv.containers import Node
from agentconv.model import Handoff
from agentconv.models import read_models
from agentconv.reading import Context, Refused
from agentconv.spec import Field

UNSAID: Any = object()


def read_value(node: Node, row: Field, ctx: Context) -> Any:
    """The model's value of a key, or ``UNSAID`` where it says nothing."""
    if node.kind == "scalar" and node.value is None:
        return _null(node, row, ctx)
    try:
        value = _READERS[row.type](node, row, ctx)
    except _Bad as bad:
        return _bad(bad, node, row, ctx)
    return _legal(value, node, row, ctx)


class _Bad(Exception):
    """The value does not fit. ``meant`` is what the author most likely wanted."""

    def __init__(self, problem: str, meant: Any = UNSAID) -> None:
        super().__init__(problem)
        self.problem, self.meant = problem, meant


def _null(node: Node, row: Field, ctx: Context) -> Any:
    word = row.fact("null", row.fact("bad", "ignore"))
    if word == "skipped" and not ctx.author:
        raise Refused(f"`{row.key}` without a value")
    if not ctx.author and str(word).startswith("refuse"):
        raise Refused(f"`{row.key}` without a value", word == "refuse-all")
    if str(word).startswith("refuse"):
        ctx.say("R012", f"`{row.key}:` without a value: {ctx.spec.seen} does not load this file", row.key, node)
    return UNSAID


def _bad(bad: _Bad, node: Node, row: Field, ctx: Context) -> Any:
    word = str(row.fact("bad", "ignore"))
    if not ctx.author:
        if word.startswith("refuse"):
            raise Refused(f"`{row.key}` {bad}", word == "refuse-all")
        return UNSAID
    if bad.meant is UNSAID:
        ctx.say("R007", f"`{row.key}` {bad}; left out", row.field or row.key, node, effect="lost" if row.field else "info")
    elif word.startswith("refuse"):
        ctx.say("R012", f"`{row.key}` {bad}: {ctx.spec.seen} does not load this file; read as meant", row.key, node)
    else:
        ctx.say("R007", f"`{row.key}` {bad}: {ctx.spec.program} ignores it; read as meant", row.key, node)
    return bad.meant


def _legal(value: Any, node: Node, row: Field, ctx: Context) -> Any:
    if value is UNSAID:
        return value
    words = row.to_model
    if words and isinstance(value, (str, bool, int)):
        alias = (row.fact("aliases") or {}).get(value, value)
        if alias in words:
            return words[alias]
        low = {str(k).lower(): v for k, v in words.items()}
        meant = low.get(str(alias).lower(), UNSAID)
        if row.fact("any_case") and meant is not UNSAID:
            return meant
        if meant is UNSAID and value in words.values():
            meant = value
        if row.fact("open"):  # any word is taken as it stands
            return value
        return _bad(_Bad(f"knows no `{value}`", meant), node, row, ctx)
    least, most = row.fact("min"), row.fact("max")
    if isinstance(value, (int, float)) and ((least is not None and value < least) or (most is not None and value > most)):
        return _bad(_Bad(f"is out of range: {value}"), node, row, ctx)
    if row.fact("invert") and isinstance(value, bool):
        return not value
    return value


# -- reading ----------------------------------------------------------------------------------


def _text(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind != "scalar":
        meant = ", ".join(i.text for i in node.items) if node.kind == "list" and node.items else UNSAID
        raise _Bad("must be text", meant)
    value = node.text
    if row.fact("escapes") == "newline" and "\\n" in value:
        value = value.replace("\\n", "\n")
        ctx.say("R014", f"literal \\n in `{row.key}` read as line breaks", row.key, node)
    if not isinstance(node.value, str):
        raise _Bad(f"is {node.text}, which is no text", value)
    if row.fact("trim"):
        value = value.strip()
    if not value.strip() and (word := row.fact("blank")):
        if not ctx.author:
            raise Refused(f"`{row.key}` is blank", word == "refuse-all")
        ctx.say("R012", f"`{row.key}` is blank: {ctx.spec.seen} does not load this agent", row.key, node)
    return value


def _bool(node: Node, row: Field, ctx: Context) -> Any:
    if isinstance(node.value, bool):
        return node.value
    word = node.text.strip().lower() if node.kind == "scalar" else ""
    strings = {"true": True, "false": False}
    if word in strings and (ctx.spec.container.get("dialect", {}).get("schema") == "strings" or row.fact("text_ok")):
        return strings[word]
    meant = {**strings, "yes": True, "no": False, "on": True, "off": False}.get(word, UNSAID)
    raise _Bad("must be true or false", meant)


def _number(node: Node, row: Field, ctx: Context) -> Any:
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        value: float = node.value
    else:
        try:
            value = float(node.text) if node.kind == "scalar" else float("nan")
        except ValueError:
            raise _Bad("must be a number") from None
        if value != value:
            raise _Bad("must be a number")
        if not row.fact("text_ok") and ctx.spec.container.get("dialect", {}).get("schema") != "strings":
            raise _Bad("must be a number", _whole(value, row))
    return _whole(value, row)


def _whole(value: float, row: Field) -> Any:
    if row.type != "int":
        return value
    if value != int(value):
        raise _Bad(f"must be a whole number, not {value}")
    return int(value)


def _words(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind == "list":
        if any(i.kind != "scalar" for i in node.items):
            raise _Bad("must be a list of words", tuple(i.text for i in node.items if i.kind == "scalar"))
        return tuple(i.text for i in node.items)
    if node.kind == "scalar":
        words = tuple(w.strip() for w in node.text.split(",") if w.strip())
        if row.fact("text") is False:
            raise _Bad("must be a list", words)
        return words
    raise _Bad("must be a list of words", tuple(p.key.text for p in node.pairs))


def _list(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind != "list":
        raise _Bad("must be a list")
    return tuple(item.data() for item in node.items)


def _map(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind != "map":
        raise _Bad("must be a map")
    return node.data()


def _any(node: Node, row: Field, ctx: Context) -> Any:
    return node.data()


def _mcp_servers(node: Node, row: Field, ctx: Context) -> Any:
    """One form for all: name -> configuration, or None for a server that is only named."""
    out: dict[str, Any] = {}
    if node.kind == "map":
        out = {p.key.text: p.value.data() for p in node.pairs}
        if row.fact("shape") == "list":
            raise _Bad("must be a list", out)
        return out
    if node.kind == "list":
        for item in node.items:
            if item.kind == "map":
                out.update({p.key.text: p.value.data() for p in item.pairs})
            else:
                out[item.text] = None
        if row.fact("shape") == "map":
            raise _Bad("must be a map", out)
        return out
    raise _Bad("must name servers", {node.text: None} if node.text else UNSAID)


def _delegates(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind == "scalar" and node.text == "*":
        return ("*",)
    if node.kind != "list":
        raise _Bad("must be a list of agents", _words(node, row, ctx))
    return tuple(i.text for i in node.items)


def _handoffs(node: Node, row: Field, ctx: Context) -> Any:
    if node.kind != "list":
        raise _Bad("must be a list")
    out = []
    for n, item in enumerate(node.items):
        data = item.data() if item.kind == "map" else {}
        needs = row.fact("entry_needs", ("agent",))
        if any(not str(data.get(k) or "") and k != "prompt" for k in needs) or any(k not in data for k in needs):
            ctx.say("R007", f"handoff {n + 1} lacks {', '.join(needs)}; {ctx.spec.program} drops it", "handoffs", item)
            continue
        more = {k: v for k, v in data.items() if k not in ("agent", "label", "prompt", "send", "model")}
        send = data.get("send")
        send = {"true": True, "false": False}.get(str(send).lower()) if send is not None else None
        out.append(Handoff(str(data["agent"]), str(data.get("label", "")), str(data.get("prompt", "")), send, data.get("model"), more))
    return tuple(out)


def _parts(node: Node, row: Field, ctx: Context) -> Any:
    return {row.key: _text(node, row, ctx)}


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
    "hooks": _map,
    "mcp-servers": _mcp_servers,
    "delegates": _delegates,
    "handoffs": _handoffs,
    "prompt-parts": _parts,
}
TOOL_TYPES = ("tools", "deny-tools", "permission", "tool-bools", "groups")


# -- writing ----------------------------------------------------------------------------------


def write_value(value: Any, row: Field) -> Any:
    """Plain data for a key from the model's value."""
    if row.type == "handoffs":
        return [_handoff(h) for h in value]
    if row.type == "mcp-servers":
        return _servers(value, row)
    if row.type == "delegates" and value == ("*",):
        return "*"
    if row.type == "prompt-parts":
        return value.get(row.key)
    if row.fact("invert") and isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        plain = [dict(v) if isinstance(v, Mapping) else v for v in value]
        return ", ".join(map(str, plain)) if row.fact("as_text") else plain
    if row.to_program:
        return row.to_program.get(value, value)
    return dict(value) if isinstance(value, Mapping) else value


def _handoff(handoff: Handoff) -> dict[str, Any]:
    out: dict[str, Any] = {"label": handoff.label, "agent": handoff.agent, "prompt": handoff.prompt}
    if handoff.send is not None:
        out["send"] = handoff.send
    if handoff.model:
        out["model"] = handoff.model
    return {**out, **handoff.more}


def _servers(value: Mapping[str, Any], row: Field) -> Any:
    if row.fact("shape") == "list":
        return [name if config is None else {name: config} for name, config in value.items()]
    return dict(value)
