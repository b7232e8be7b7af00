"""YAML text to nodes: plain lines at once, all else from the parser's events (``yamlevents.py``)."""

from __future__ import annotations

from dataclasses import field

from agentconv.containers import MAX_DEPTH, MAX_NODES, Node, Pair
from agentconv.containers.plainlines import plain_lines
from agentconv.records import dataclass


@dataclass(slots=True)
class Composed:
    """What a text holds: the node, and what is odd about it."""

    node: Node | None
    duplicates: list[Pair] = field(default_factory=list)  # the later of two pairs with one key
    documents: int = 0
    anchored: bool = False
    anchors: list[Node] = field(default_factory=list)  # values with an anchor that nothing refers to


def compose(
    text: str,
    *,
    schema: str = "core",
    offset: int = 0,
    line: int = 1,
    duplicates: str = "last",
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
) -> Node | None:
    """The one value of a YAML text; ``None`` where there is nothing but comments."""
    return compose_all(
        text, schema=schema, offset=offset, line=line, duplicates=duplicates, max_depth=max_depth, max_nodes=max_nodes
    ).node


def compose_all(
    text: str,
    *,
    schema: str = "core",
    offset: int = 0,
    line: int = 1,
    duplicates: str = "last",
    tags: str = "broken",
    merge: bool = True,
    controls: str = "",
    breaks: str = "",
    max_depth: int = MAX_DEPTH,
    max_nodes: int = MAX_NODES,
) -> Composed:
    """As ``compose``, with duplicate keys and unused anchors.

    ``offset`` and ``line`` are where the text begins in its file. ``tags: drop`` passes over tags that are not
    YAML's own and takes maps and lists as keys by their text, as Bun.YAML and npm's yaml do; js-yaml refuses such
    tags, and makes its own text of such keys. ``merge: False`` takes ``<<`` for a key like others, and ``controls``
    keeps control characters, both as npm's yaml does. ``breaks``: of the line ends of YAML 1.1 all, or NEL only.
    """
    if max_nodes == MAX_NODES and (node := plain_lines(text, schema, offset, line)) is not None:
        return Composed(node, documents=1)
    from agentconv.containers.yamlevents import build  # the parser, which most headers do not need

    return build(text, schema, offset, line, duplicates, tags, merge, max_depth, max_nodes, controls, breaks)
