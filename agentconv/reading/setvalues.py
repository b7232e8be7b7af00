"""What a program asks of the values in a set of tools, and of the definitions that sets refer to (`refers`).

Such a definition is checked whether a set refers to it or not: the program reads the whole file first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentconv.containers import Node, Pair
from agentconv.reading.context import UNSAID, Bad, Context
from agentconv.reading.reach import OF_KIND, kinds_of
from agentconv.spec import Field, Spec

Words = Mapping[str, Any]
A_LIMIT = "taken for a limit that only a later version knows"  # what becomes of a key that nobody knows


def wrong_values(entry: Node, facts: Words, spec: Spec) -> Iterator[tuple[str, Node]]:
    """Places of an entry with a value that the program does not take there, such as a number where it wants text."""
    row = spec.by_field.get("mcp_servers")
    ours = kinds_of(row) if row is not None else {}
    config: Words = facts.get("config") or {}
    words = spec.tools.fact("sets")
    kind = node_at(entry, words["key"])
    of_kind = words["words"].get(kind.text) if kind is not None and kind.kind == "scalar" else None
    known: dict[str, Any] = {theirs: ours[key] for theirs, key in config.items() if key in ours}
    for one in (words, of_kind or {}, facts):
        known |= one.get("values") or {}
    for place, said in known.items():
        kinds, node = [said] if isinstance(said, str) else said, node_at(entry, place)
        if node is not None and not any(OF_KIND[one](node.data()) for one in kinds):
            yield place, node


def node_at(entry: Node, place: str) -> Node | None:
    """What stands below the keys of a place."""
    node: Node | None = entry
    for key in place.split("."):
        node = node.get(key) if node is not None and node.kind == "map" else None
    return node


def unknown_keys(entry: Node, facts: Words) -> list[Node]:
    """Keys that no definition has."""
    takes = facts["refers"].get("takes")
    return [pair.key for pair in entry.pairs if takes and pair.key.text not in takes]


def unknown_inside(entry: Node, facts: Words) -> list[tuple[str, Pair]]:
    """Keys that no map below an entry has, by their places."""
    out = []
    for key, takes in (facts.get("inner") or {}).items():
        below = entry.get(str(key)) if entry.kind == "map" else None
        pairs = below.pairs if below is not None and below.kind == "map" else []
        out += [(f"{key}.{pair.key.text}", pair) for pair in pairs if pair.key.text not in takes]
    return out


def read_definitions(node: Node, row: Field, ctx: Context) -> Any:
    """The map of definitions: what is wrong with one of them loses the file. What they say is the sets' to take."""
    if node.kind != "map":
        raise Bad("must be a map of servers")
    facts = ctx.spec.tools.fact("sets")["words"][row.fact("set")]
    for pair in node.pairs:
        at, entry = f"{row.key}.{pair.key.text}", pair.value
        for problem, where, taken in _problems(entry, pair.key, at, facts, ctx):
            ctx.not_taken(problem, at, where, taken, row.fact("bad"))
    return UNSAID


def _problems(entry: Node, key: Node, at: str, facts: Words, ctx: Context) -> Iterator[tuple[str, Node, str]]:
    name, taken = at.removeprefix("/"), "read as meant"
    if entry.kind != "map":
        yield f"`{name}` must be a map", key, "left out"
        return
    for unknown in unknown_keys(entry, facts):
        yield f"`{unknown.text}` is no key of `{name}`", unknown, A_LIMIT
    for place, pair in unknown_inside(entry, facts):
        yield f"`{place}` is no key of `{name}`", pair.key, A_LIMIT
    if not any(node_at(entry, way) for way in facts["ways"]):
        yield f"`{name}` needs one of {', '.join(facts['ways'])}", key, taken
    members = str(ctx.spec.tools.fact("sets")["members"])
    names = entry.get(members)
    if names is not None and not OF_KIND["texts"](names.data()):
        yield f"`{name}` has a wrong `{members}`", names, taken
    for place, node in wrong_values(entry, facts, ctx.spec):
        yield f"`{name}` has a wrong `{place}`", node, taken
