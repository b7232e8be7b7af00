"""Values that stand elsewhere in the file, in a table of components, and are named where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import MAX_NODES, ContainerError, Node

MOST_ABOVE = 16  # components that hold each other


def put_in(header: Node, words: Mapping[str, Any], *, author: bool) -> Node:
    """The map with each reference replaced by what it names. One that names nothing, or what it stands in, stays as it
    is to its author; the program does not take the file."""
    table = header.get(str(words["in"]))
    named = {pair.key.text: pair.value for pair in table.pairs} if table is not None and table.kind == "map" else {}
    one = _Table(named, str(words["by"]), author)
    whole = replace(
        header, pairs=[p if p.value is table else replace(p, value=one.resolved(p.value)) for p in header.pairs]
    )
    if not author:
        for key in named:
            one.component(key)
    if _size(whole, {}) > MAX_NODES:
        raise ContainerError("R017", f"more than {MAX_NODES} values, counting those that are referred to")
    return whole


class _Table:
    """The components by name, each resolved once."""

    def __init__(self, named: Mapping[str, Node], by: str, author: bool) -> None:
        self.named, self.by, self.author = named, by, author
        self.done: dict[str, Node] = {}
        self.above: list[str] = []

    def component(self, name: str) -> Node:
        if name not in self.done:
            self.above.append(name)
            self.done[name] = self.resolved(self.named[name])
            self.above.pop()
        return self.done[name]

    def resolved(self, node: Node) -> Node:
        if node.kind == "list":
            return replace(node, items=[self.resolved(one) for one in node.items])
        if node.kind != "map":
            return node
        name = node.get(self.by)
        if name is not None:
            if name.text in self.named and name.text not in self.above and len(self.above) < MOST_ABOVE:
                return self.component(name.text)
            if not self.author:
                raise ContainerError("R005", f"`{name.text}` is no component of this file", name.line, name.column)
        return replace(node, pairs=[replace(pair, value=self.resolved(pair.value)) for pair in node.pairs])


def _size(node: Node, known: dict[int, int]) -> int:
    """How many values a map holds: what is referred to twice counts twice, and is counted once."""
    if id(node) not in known:
        inner = [*node.items, *(pair.value for pair in node.pairs)]
        known[id(node)] = 1 + sum(_size(one, known) for one in inner)
    return known[id(node)]
