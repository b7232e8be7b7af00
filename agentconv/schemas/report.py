"""The JSON report (`--report FILE.json`) as a schema."""

from __future__ import annotations

from agentconv.conversion import STATUSES
from agentconv.notes import CODES, EFFECTS
from agentconv.schemas.model import TEXT, TEXTS, Schema

COUNT: Schema = {"type": "integer", "minimum": 0}


def report_schema() -> Schema:
    """The schema of a report; a new key may come with any version, none goes without a new `schema` number."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A report of agentconv",
        "type": "object",
        "properties": {
            "schema": {"const": 1},
            "counts": {"type": "object", "propertyNames": {"enum": list(STATUSES)}, "additionalProperties": COUNT},
            "agents": {"type": "array", "items": _agent()},
            "notes": {"type": "array", "items": _remark()},
        },
        "required": ["schema", "counts", "agents"],
    }


def _agent() -> Schema:
    words: Schema = {**TEXTS, "description": "a class, or class(scope)"}
    return {
        "type": "object",
        "properties": {
            "source": TEXT,
            "format": TEXT,
            "target": TEXT,
            "name": TEXT,
            "status": {"enum": list(STATUSES)},
            "unchanged": {"type": "boolean"},
            "outputs": TEXTS,
            "rights": {
                "type": "object",
                "properties": {"before": words, "after": words},
                "required": ["before", "after"],
            },
            "notes": {"type": "array", "items": note_schema()},
        },
        "required": ["source", "format", "target", "name", "status", "unchanged", "outputs", "rights", "notes"],
    }


def note_schema() -> Schema:
    """One note."""
    return {
        "type": "object",
        "properties": {
            "code": {"enum": list(CODES)},
            "effect": {"enum": list(EFFECTS)},
            "path": {**TEXT, "description": "the place in the model, such as tools[2]"},
            "line": COUNT,
            "column": COUNT,
            "message": TEXT,
            "help": TEXT,
        },
        "required": ["code", "effect", "message"],
    }


def _remark() -> Schema:
    note = note_schema()
    return {
        **note,
        "properties": {**note["properties"], "target": {"type": ["string", "null"]}, "agents": COUNT},
        "required": [*note["required"], "target", "agents"],
    }
