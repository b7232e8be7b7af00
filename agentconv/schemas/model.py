"""The model as a JSON schema, made from its classes, and the check of plain data against it."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from agentconv.model import BASES, FIELDS, MODES, PERMISSION_MODES, Agent, Scope
from agentconv.spec import all_caps

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
WORDS: Mapping[str, tuple[str, ...]] = {
    "mode": MODES,
    "permission_mode": PERMISSION_MODES,
    "prompt_mode": ("replaces", "added"),
}
SAYS: Mapping[str, str] = {
    "id": "how others call the agent",
    "name": "the name that its program shows or calls it by",
    "prompt_mode": "what the prompt does to the program's own base prompt",
    "tools": "what the agent may use: a base, then rules; the last rule that matches a tool wins",
    "model": "models in order of preference",
    "delegates": "the agents that it may call; * is any",
    "timeout": "seconds",
    "tools_required": "programs that have to be there; no tools of the agent",
    "context": "what to load first: files (globs), wiki_pages",
    "extras": "keys that mean something to one format only",
}
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (Mapping,),
}


def model_schema() -> Schema:
    """The schema of a file in the model's own form: one agent, or several under ``agents``."""
    agent = agent_schema()
    shown = {
        "format": {**TEXT, "description": "the format that the agent was read from; its words keep their meaning"},
        "source": {**TEXT, "description": "the file that it was read from; not read"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An agent as agentconv holds it",
        "description": "What a field does not say stays away; an empty list or text is something else than no key.",
        "$defs": {"agent": {**agent, "properties": {**shown, **agent["properties"]}}},
        "anyOf": [
            {
                "type": "object",
                "properties": {"agents": {"type": "array", "items": {"$ref": "#/$defs/agent"}}},
                "required": ["agents"],
            },
            {"type": "array", "items": {"$ref": "#/$defs/agent"}},
            {"$ref": "#/$defs/agent"},
        ],
    }


def as_text(schema: Schema) -> str:
    """A schema as a file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


@cache
def agent_schema() -> Schema:
    """One agent: every field of the model, none of them needed."""
    hints = get_type_hints(Agent)
    out = {name: {**_field(name, hints[name]), **_said(name)} for name in FIELDS}
    return {"type": "object", "properties": out}


def _said(name: str) -> Schema:
    return {"description": SAYS[name]} if name in SAYS else {}


def _field(name: str, hint: Any) -> Schema:
    if name == "tools":
        return _tools()
    if name in WORDS:
        return {"enum": list(WORDS[name])}
    if name == "mcp_servers":
        return {"type": "object"}
    if name == "model":
        return {"type": "array", "items": {"anyOf": [TEXT, _typed(get_args(get_args(hint)[0])[0])]}}
    return _typed(hint)


def _typed(hint: Any) -> Schema:
    if hint is Any:
        return {}
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _typed(next(t for t in inner if t is not type(None)))
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _typed(inner[0])}
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint)
    if inner and inner[-1] is not Any:
        return {"type": "object", "additionalProperties": _typed(inner[-1])}
    return {"type": "object"}


def _record(made: type) -> Schema:
    hints = get_type_hints(made)
    needed = [f.name for f in fields(made) if f.default is MISSING and f.default_factory is MISSING]
    out: Schema = {
        "type": "object",
        "properties": {f.name: _typed(hints[f.name]) for f in fields(made)},
        "additionalProperties": False,
    }
    return {**out, "required": needed} if needed else out


def _tools() -> Schema:
    """As dump.py writes it: the effect of a rule is the key that its name stands under."""
    caps: Schema = {"type": "array", "items": {"enum": [*all_caps(), "*"]}}
    rule: Schema = {
        "allow": {**TEXT, "description": "the name of the tool"},
        "deny": TEXT,
        "caps": {**caps, "description": "what the name means, in words of data/capabilities.yaml; [*]: every tool"},
        "also": {**caps, "description": "what comes along with it"},
        "server": {**TEXT, "description": "the MCP server; * is any"},
        "member": {**TEXT, "description": "one tool of the server"},
        "scope": _record(Scope),
        "approval": {"enum": ["ask", "auto"]},
    }
    one = {"anyOf": [{"required": ["allow"]}, {"required": ["deny"]}]}
    rules = {"type": "array", "items": {"type": "object", "properties": rule, "additionalProperties": False, **one}}
    return {
        "type": "object",
        "properties": {"base": {"enum": list(BASES)}, "rules": rules},
        "additionalProperties": False,
    }


# -- checking ---------------------------------------------------------------------------------


def misfit(value: Any, schema: Schema, at: str = "") -> str:
    """What is wrong with plain data, in words; empty where nothing is. Knows the words that are used above."""
    if "anyOf" in schema and all(misfit(value, {**one}, at) for one in schema["anyOf"]):
        return misfit(value, schema["anyOf"][-1], at)
    if "enum" in schema and value not in schema["enum"]:
        return f"{at or 'the value'} knows no `{value}`"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return f"{at or 'the value'} must be of the type {kind}"
    if isinstance(value, (list, tuple)):
        items = schema.get("items") or {}
        return next((bad for n, item in enumerate(value) if (bad := misfit(item, items, f"{at}[{n}]"))), "")
    return _map_misfit(value, schema, at) if isinstance(value, Mapping) else ""


def _map_misfit(value: Mapping[str, Any], schema: Schema, at: str) -> str:
    known, more = schema.get("properties") or {}, schema.get("additionalProperties", True)
    for key in schema.get("required", ()):
        if key not in value:
            return f"{at or 'the map'} lacks `{key}`"
    for key, inner in value.items():
        if key not in known and more is False:
            return f"{at or 'the map'} has no `{key}`"
        rest = more if isinstance(more, dict) else {}
        if bad := misfit(inner, known.get(key, rest), f"{at}.{key}" if at else str(key)):
            return bad
    return ""
