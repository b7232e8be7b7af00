"""The header of a format as a JSON schema, made from its description: for language servers of editors.

It says what the owning program takes. Names of tools and models are offered, not enforced: MCP tools and new models
come every day, and an editor that marks a good name is switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentconv.schemas.model import TEXT, TEXTS, Schema
from agentconv.spec import Field, Spec

ANY_MAP: Schema = {"type": "object"}
ANY_LIST: Schema = {"type": "array"}


def header_schema(spec: Spec) -> Schema:
    """The schema of a file's header, or of the whole file where the format is no header over a text."""
    entry = _entry(spec)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": str(spec.head["title"]),
        "description": f"As {spec.seen} takes it; made by agentconv from its description.",
    }
    return {**head, **_around(entry, spec)}


def _around(entry: Schema, spec: Spec) -> Schema:
    """The place of the agents in a file that holds many of them, or of one that may stand under a key."""
    if key := spec.container.get("wrapped"):
        under = {"type": "object", "properties": {key: {"type": "object"}}, "required": [key]}
        return {"if": under, "then": {"properties": {key: entry}}, "else": entry}
    path = spec.container.get("entries")
    if not spec.many or path is None:
        return entry
    listed = spec.container.get("entry_id") is not None
    out: Schema = {"type": "array", "items": entry} if listed else {"type": "object", "additionalProperties": entry}
    for key in reversed([] if path == "*" else str(path).split(".")):
        out = {"type": "object", "properties": {key: out}}
    return out


def _entry(spec: Spec) -> Schema:
    out: Schema = {"type": "object", "properties": {}}
    needed = []
    for row in spec.fields.values():
        if row.fact("inside"):
            continue
        _put(out, row.key.split("."), _said(row, _row(row, spec)))
        wanted = row.fact("required") is True and row.fact("missing") != "taken" and not row.fact("needed_by")
        if wanted and "." not in row.key:
            needed.append(row.key)
    if slug := spec.container.get("entry_id"):
        out["properties"] = {str(slug): {"type": "string", **_pattern(spec.identity.get("id"))}, **out["properties"]}
        needed.insert(0, str(slug))
    if needed:
        out["required"] = list(dict.fromkeys(needed))
    if spec.container.get("unknown_keys") == "refused":
        out["additionalProperties"] = False
    return out


def _pattern(facts: Any) -> Schema:
    pattern = facts.get("pattern") if isinstance(facts, Mapping) else None
    return {"pattern": f"^(?:{pattern})$"} if pattern else {}


def _put(schema: Schema, path: list[str], what: Schema) -> None:
    """``a.b`` is the key ``b`` of the map ``a``; where ``a`` has a form of its own, too, both are taken."""
    *above, last = path
    for key in above:
        schema = _map_at(schema.setdefault("properties", {}), key)
    known = schema.setdefault("properties", {}).get(last)
    schema["properties"][last] = what if known is None else {"anyOf": [what, known]}


def _map_at(properties: Schema, key: str) -> Schema:
    known = properties.get(key)
    for form in (known or {}).get("anyOf", [known]):
        if form and "properties" in form:
            found: Schema = form
            return found
    made: Schema = {"type": "object", "properties": {}}
    properties[key] = made if known in (None, ANY_MAP) else {"anyOf": [known, made]}
    return made


def _said(row: Field, schema: Schema) -> Schema:
    """What an editor shows beside the key."""
    words = []
    if row.field:
        words.append(str(row.fact("title") or row.field.replace("_", " ")))
    if not row.applied:
        words.append("accepted and without effect")
    if not row.written:
        words.append("an old spelling")
    if why := row.fact("limits_note") or row.fact("why"):
        words.append(str(why))
    schema = {"description": "; ".join(words), **schema} if words else schema
    return {**schema, "deprecated": True} if not row.written else schema


def _row(row: Field, spec: Spec) -> Schema:
    made = KINDS.get(row.type)
    return made(row, spec) if made else {}


def _string(row: Field, spec: Spec) -> Schema:
    words = [v for v in row.to_model if isinstance(v, str)]
    if words and not row.fact("open") and not row.fact("any_case"):
        listed: Schema = {"enum": [v for v in row.to_model if v is not None]}
        return {"anyOf": [listed, {"type": "number"}]} if row.fact("numbers") else listed
    loose = row.fact("scalars") in ("text", "value") or (spec.container.get("dialect") or {}).get("schema") == "strings"
    out: Schema = {"type": ["string", "number", "boolean"] if loose else "string"}
    if words:
        out["examples"] = words
    if pattern := row.fact("pattern"):
        out["pattern"] = f"^(?:{pattern})$"
    if most := row.fact("max_length"):
        out["maxLength"] = most
    return out


def _number(kind: str) -> Callable[[Field, Spec], Schema]:
    def made(row: Field, _: Spec) -> Schema:
        out: Schema = {"type": kind}
        for fact, word in (("min", "minimum"), ("max", "maximum")):
            if row.fact(fact) is not None:
                out[word] = row.fact(fact)
        if named := row.fact("named"):
            return {"anyOf": [out, {"enum": list(named)}]}
        return {"anyOf": [out, TEXT]} if row.fact("text_ok") else out

    return made


def _bool(row: Field, _: Spec) -> Schema:
    words = [v for v in row.to_model if isinstance(v, str)]
    out: Schema = {"type": "boolean"}
    return {"anyOf": [out, {"enum": [*words, *(["true", "false"] if row.fact("text_ok") else [])]}]} if (
        words or row.fact("text_ok")
    ) else out  # fmt: skip


def _names(row: Field, spec: Spec) -> Schema:
    """A list of tools, or one text of them: the program's names are offered."""
    table = spec.tools
    known = [n.name for n in table.names.values() if not (n.off or n.never)]
    item: Schema = {"anyOf": [{"enum": known}, TEXT]} if known else TEXT
    listed: Schema = {"type": "array", "items": item}
    forms: list[Schema] = []
    if row.fact("list") is not False:
        forms.append(listed)
    if row.fact("text") is not False and table.fact("split") != "none":
        forms.append(TEXT)
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _words(row: Field, _: Spec) -> Schema:
    return {"anyOf": [TEXTS, TEXT]} if row.fact("text") is not False else TEXTS


def _map_control(row: Field, spec: Spec) -> Schema:
    """Names -> an action, or patterns of the tool -> an action; or a list of such rules."""
    action: Schema = {"enum": list((spec.tools.fact("actions") or {}).values())}
    if row.fact("as_list"):
        names: Schema = {"anyOf": [{"enum": [n.name for n in spec.tools.names.values() if not n.never]}, TEXT]}
        keys = row.fact("items")
        said = {str(keys["name"]): names, str(keys["pattern"]): TEXT, str(keys["action"]): action}
        return {"type": "array", "items": {"type": "object", "properties": said, "required": list(said)}}
    rule: Schema = {"anyOf": [action, {"type": "object", "additionalProperties": action}]}
    known = [n.name for n in spec.tools.names.values() if not n.never]
    whole: list[Schema] = [action] if spec.tools.fact("whole") else []
    named: Schema = {"type": "object", "properties": dict.fromkeys(known, rule), "additionalProperties": rule}
    return {"anyOf": [named, *whole]} if whole else named


def _groups(_: Field, spec: Spec) -> Schema:
    names: Schema = {"enum": list(spec.tools.names)}
    key = str(spec.tools.fact("scope_key") or "")
    scope: Schema = {"type": "object", "properties": {key: TEXT} if key else {}}
    pair: Schema = {"type": "array", "prefixItems": [names, scope], "minItems": 2, "maxItems": 2}
    return {"type": "array", "items": {"anyOf": [names, pair] if key else [names]}}


def _switch(_: Field, spec: Spec) -> Schema:
    words = [str(w) for w in spec.tools.fact("settings") or {}]
    return {"type": "boolean"} if set(words) <= {"true", "false"} else {"enum": words}


def _model(row: Field, spec: Spec) -> Schema:
    from agentconv.models import model_of, spell
    from agentconv.spec import load_data

    known = {text for id in load_data("models") if (text := spell(model_of(id), spec)[0])}
    if word := spec.models.get("inherit"):
        known.add(str(word))
    one: Schema = {"anyOf": [{"enum": sorted(known)}, TEXT]} if known else TEXT
    return {"anyOf": [one, {"type": "array", "items": one}]} if spec.models.get("list") else one


def _reach(row: Field, _: Spec) -> Schema:
    shape = row.fact("shape")
    return ANY_MAP if shape == "map" else ANY_LIST if shape == "list" else {"type": ["object", "array"]}


KINDS: Mapping[str, Callable[[Field, Spec], Schema]] = {
    "string": _string,
    "text": _string,
    "bool": _bool,
    "int": _number("integer"),
    "number": _number("number"),
    "words": _words,
    "delegates": _words,
    "list": lambda *_: ANY_LIST,
    "handoffs": lambda *_: {"type": "array", "items": ANY_MAP},
    "map": lambda *_: ANY_MAP,
    "tool-settings": lambda *_: ANY_MAP,
    "tools": _names,
    "deny-tools": _names,
    "permission": _map_control,
    "tool-bools": lambda *_: {"type": "object", "additionalProperties": {"type": "boolean"}},
    "groups": _groups,
    "switch": _switch,
    "model": _model,
    "mcp-servers": _reach,
}
