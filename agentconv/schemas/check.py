"""The JSON report of ``agentconv check`` as a schema."""

from __future__ import annotations

from agentconv.checking.finding import SEVERITIES
from agentconv.notes import CODES
from agentconv.schemas.model import TEXT, TEXTS, Schema
from agentconv.schemas.report import COUNT

PLACE: Schema = {"type": "integer", "minimum": 1}


def check_schema() -> Schema:
    """The schema of a report; a new key may come with any version, none goes without a new `schema` number."""
    counts = [*SEVERITIES, "accepted", "files", "mended"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A report of agentconv check",
        "type": "object",
        "properties": {
            "schema": {"const": 1},
            "command": {"const": "check"},
            "counts": {"type": "object", "properties": dict.fromkeys(counts, COUNT), "required": counts},
            "files": {"type": "array", "items": _file()},
            "findings": {"type": "array", "items": _finding()},
        },
        "required": ["schema", "command", "counts", "files", "findings"],
    }


def _file() -> Schema:
    rows: dict[str, Schema] = {"path": TEXT, "format": TEXT, "agents": TEXTS, "programs": TEXTS}
    return {"type": "object", "properties": rows, "required": list(rows)}


def _finding() -> Schema:
    rows: dict[str, Schema] = {
        "code": {"enum": list(CODES)},
        "severity": {"enum": list(SEVERITIES)},
        "file": TEXT,
        "line": PLACE,
        "column": PLACE,
        "agent": TEXT,
        "path": {**TEXT, "description": "the place in the model, such as tools[2]"},
        "message": TEXT,
        "meant": {**TEXT, "description": "what the author asks for"},
        "does": {**TEXT, "description": "what the programs make of it"},
        "programs": {**TEXTS, "description": "each with the version in which it was seen"},
        "mend": {**TEXT, "description": "how to put it right"},
    }
    return {"type": "object", "properties": rows, "required": list(rows), "additionalProperties": False}
