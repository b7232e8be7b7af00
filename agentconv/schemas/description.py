"""A format's description (format.yaml) as a schema for editors, made from the page of its language.

An editor sees two documents in one file and one schema for both, so head and tables stand side by side here.
"""

from __future__ import annotations

from agentconv.describing.contract import KINDS, SYNTAXES, words
from agentconv.model import FIELDS
from agentconv.reading.codecs import TYPES
from agentconv.schemas.model import Schema
from agentconv.spec import all_caps

ANY: Schema = {}
TABLES = {"what is no field", "the rest"}


def description_schema() -> Schema:
    """The schema: every word of the language in its place, and what is known of its values."""
    head: Schema = {
        **_words("Head"),
        "kind": {"enum": list(KINDS)},
        "syntax": {"enum": list(SYNTAXES)},
        "sure": {"enum": ["high", "medium", "low"]},
        "places": _map("Head"),
    }
    caps: Schema = {"type": "array", "items": {"enum": list(all_caps())}}
    name: Schema = {**_map("tools"), "properties": {**_words("tools"), "is": caps, "also": caps}}
    names: Schema = {"type": "object", "additionalProperties": {"anyOf": [name, {"type": "null"}]}}
    field: Schema = {
        **_map("fields"),
        "properties": {**_words("fields"), "as": {"enum": list(FIELDS)}, "type": {"enum": sorted(TYPES)}},
    }
    fields: Schema = {"type": "object", "additionalProperties": {"anyOf": [field, {"type": "null"}]}}
    container: Schema = {**_map("container"), "properties": {**_words("container"), "dialect": _map("container")}}
    tools: Schema = {**_map("tools"), "properties": {**_words("tools"), "names": names, "groups": names}}
    tables: Schema = {
        **{word: ANY for title in sorted(TABLES) for word in sorted(words(title))},
        "container": container,
        "identity": _map("identity"),
        "fields": fields,
        "tools": tools,
        "ambient": {"type": ["object", "null"]},
        "models": _map("models"),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A format's description for agentconv",
        "description": "docs/describing-formats.md explains every word; `agentconv format check` says more.",
        "type": ["object", "null"],
        "properties": {**head, **tables},
        "additionalProperties": False,
    }


def _words(*titles: str) -> Schema:
    return dict.fromkeys(sorted(words(*titles)), ANY)


def _map(title: str) -> Schema:
    return {"type": ["object", "null"], "properties": _words(title), "additionalProperties": False}
