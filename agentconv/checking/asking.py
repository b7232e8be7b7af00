"""Rules of a file that ask, where the author's reading makes a denial of them: a server cannot ask for a part of it."""

from __future__ import annotations

from agentconv.checking.checked import value_of
from agentconv.checking.given import key_of
from agentconv.containers import Node
from agentconv.model import Rule
from agentconv.reading.context import Read
from agentconv.spec import Field, Spec


def asks(rule: Rule, read: Read, spec: Spec) -> bool:
    """Whether the file says of it that it asks, and denies nothing."""
    row, top = spec.fields.get(key_of(rule)), value_of(read, key_of(rule))
    value = _value(top, rule.at, row) if top is not None and row is not None else None
    if value is None:
        return False
    actions = spec.tools.fact("actions") or {}
    words = {one.text for one in ([pair.value for pair in value.pairs] if value.kind == "map" else [value])}
    return str(actions.get("ask")) in words and str(actions.get("deny")) not in words


def _value(top: Node, at: str, row: Field) -> Node | None:
    """The word, or the map of words, that stands for a rule."""
    rest = at.partition("." if top.kind == "map" else "[")[2]
    if top.kind == "map":
        return top.get(rest)
    number = rest.partition("]")[0]
    action = (row.fact("items") or {}).get("action")
    if not action or not number.isdigit() or int(number) >= len(top.items):
        return None
    return top.items[int(number)].get(str(action))
