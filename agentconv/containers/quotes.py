"""The text inside of quotes that do not work as quotes."""

from __future__ import annotations

import re

from agentconv.containers import ContainerError
from agentconv.containers.yamlnodes import compose_all

# a backslash before a blank is an escape of YAML, too; where another one is wrong, nobody thought of YAML
_ESCAPE = re.compile(r'\\(?!["\\/abefnrtv0_NLP]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})')


def unquote(value: str) -> str:
    """The text inside of quotes that do not work as quotes: bad escapes, or the same quotes inside."""
    if len(value) > 1 and value[0] == '"' and value.count('"') == 1:
        return value[1:].lstrip()  # never closed
    if len(value) < 2 or value[0] != value[-1] or value[0] not in "\"'":
        return value
    inner = value[1:-1]
    if value[0] == '"':
        doubled = '"' + _ESCAPE.sub(r"\\\\", inner) + '"'
        try:
            node = compose_all(doubled).node
        except ContainerError:
            node = None
        if node is not None and node.kind == "scalar":
            return node.text
    again = re.search(rf"(?<!\\){value[0]}(.?)", inner)
    if again and not again[1].isalnum():
        return value  # `"a" or "b"`: the quotes are part of the text
    return inner
