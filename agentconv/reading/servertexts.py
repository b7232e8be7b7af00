"""Numbers and words like `true` where a server's configuration has texts: what a process is given, or sent, is text.

`PORT: 3000` and `args: [--port, 3000]` are common in YAML, and `VERSION: 1.10` is no 1.1 to its author. Programs that
ask for texts there refuse a file with a number, so texts are what is carried on, as they are spelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.serverwords import among


def has_others(config: Any) -> bool:
    """Whether anything but texts stands where texts belong."""
    return isinstance(config, Mapping) and any(_odd(value) for key, value in config.items() if key in among("texts"))


def _odd(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_odd, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_odd, value))
    return value is not None and not isinstance(value, str)


def as_texts(node: Node, inside: bool = False) -> Node:
    """The same node with the spelling of each value for the value itself, where texts belong."""
    if node.kind == "scalar":
        return replace(node, value=node.text) if inside and node.value is not None else node
    pairs = [replace(p, value=as_texts(p.value, inside or p.key.text in among("texts"))) for p in node.pairs]
    return replace(node, items=[as_texts(item, inside) for item in node.items], pairs=pairs)


def in_texts(config: Any, inside: bool = False) -> Any:
    """A configuration that no file spells, with texts where they belong."""
    if isinstance(config, Mapping):
        return {key: in_texts(value, inside or key in among("texts")) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [in_texts(value, inside) for value in config]
    odd = inside and config is not None and not isinstance(config, str)
    return str(config).lower() if odd and isinstance(config, bool) else str(config) if odd else config
