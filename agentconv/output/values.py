"""A field of the model as the value of a key: the other half of the codecs (reading/codecs.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentconv.model import Handoff
from agentconv.reading.routing import write_context
from agentconv.reading.servernames import in_own_words
from agentconv.spec import Field


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
    if row.type == "context":
        return write_context(value, row)
    if row.fact("invert") and isinstance(value, bool):
        return not value
    if (unit := row.fact("unit")) and isinstance(value, (int, float)):
        return value // unit if value % unit == 0 else value / unit
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
    if key := row.fact("named_by"):
        return [_named_server(str(key), name, config, row) for name, config in value.items()]
    if row.fact("shape") == "list" or (row.fact("by_name") and None in value.values()):
        return [name if config is None else {name: config} for name, config in value.items()]
    return dict(value)


def _named_server(key: str, name: str, config: Mapping[str, Any] | None, row: Field) -> dict[str, Any]:
    """The name behind the type, where people look for it."""
    config = dict(config or {})
    first = {"type": config.pop("type")} if "type" in config else {}
    return in_own_words({**first, key: name, **config}, row.facts)
