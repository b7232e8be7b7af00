"""A whole file of YAML: lists of agents such as Roo's ``.roomodes``. JSON is YAML, too, but for its tabs."""

from __future__ import annotations

import json as strict
from collections.abc import Mapping
from typing import Any

from agentconv.containers import ContainerError, Document, Node, Remark, json
from agentconv.containers.yamlnodes import Composed, compose_all


def read_author(text: str, listed: str = "") -> Document:
    """The file as one map, strictly: a list of agents is too deep for guesses. ``listed``: as in json.read."""
    if not text.strip("\ufeff \t\r\n"):
        raise ContainerError("R002", "the file is empty")
    try:
        composed = compose_all(text)
    except ContainerError as error:
        if error.code != "R005" or text.lstrip("\ufeff \t\r\n")[:1] != "{":
            raise
        return json.read(text)
    if composed.node is not None:
        composed.node = json.under(listed, composed.node)
    document = _document(text, _map(composed))
    for pair in composed.duplicates:
        message = f"{pair.key.text!r} stands twice; the last one counts"
        document.remarks.append(Remark("R010", message, pair.key.line, pair.key.column, pair.key.text, pair.start))
    return document


def read_program(text: str, dialect: Mapping[str, Any]) -> Document:
    """What the program makes of the file; ``replace`` are characters that it changes before it parses."""
    source = text
    for old, new in dialect.get("replace", {}).items():
        source = source.replace(old, new)
    schema = str(dialect.get("schema", "core"))
    try:
        composed = compose_all(
            source,
            schema=schema,
            duplicates=str(dialect.get("duplicates", "last")),
            tags=str(dialect.get("tags", "broken" if schema in ("yaml11", "js-yaml3") else "drop")),
            merge=bool(dialect.get("merge", True)),
            controls=str(dialect.get("controls") or ""),
        )
        return _document(text, _map(composed))
    except ContainerError as error:
        try:
            strict.loads(source)  # JSON's tabs are no YAML to our parser; comments are none to the programs
            found = json.read(source)
            return _document(text, found.header)
        except (ContainerError, ValueError, RecursionError):
            document = _document(text, None)
            document.status = "refused"
            document.reason = f"the file cannot be read: {error.message} (line {error.line}, column {error.column})"
            return document


def _map(composed: Composed) -> Node:
    node = composed.node
    if node is None:
        raise ContainerError("R002", "the file is empty")
    if node.kind != "map":
        raise ContainerError("R005", "the file is no map of fields", node.line, node.column)
    return node


def _document(text: str, header: Node | None) -> Document:
    newline = "\r\n" if "\r\n" in text else "\n"
    end = len(text)
    return Document(text, header, "", end, end, 0, end, newline)
