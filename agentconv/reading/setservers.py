"""The MCP servers that a list of sets holds: what a set is called, the way to its server, and its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentconv.containers import Node
from agentconv.reading.servernames import called, value_at
from agentconv.reading.servertexts import as_texts
from agentconv.records import dataclass
from agentconv.spec import Field, Spec

Words = Mapping[str, Any]


def word_of(item: Node, words: Words) -> tuple[str, Words | None]:
    """The word of a set and what the description says of it; a bare word is meant as one."""
    node = item.get(words["key"]) if item.kind == "map" else item
    kind = node.text if node is not None and node.kind == "scalar" else ""
    known = words["words"]
    if words.get("named") and item.kind == "map":
        name = item.get(words["named"])
        word = f"{kind} {folded(name.text)}" if name is not None and name.kind == "scalar" else kind
        if word in known:
            return word, known[word]
    return kind, known.get(kind)


def folded(name: str) -> str:
    """A name of a set as the program compares it: without blanks, in small letters."""
    return "".join(name.split()).lower()


@dataclass(frozen=True, slots=True)
class Served:
    """An MCP server of a set: its name and the way to it, what its tools begin with, and what is wrong with it."""

    at: str
    item: Node
    name: str
    prefix: str
    config: Mapping[str, Any] | None
    listed: tuple[str, ...] | None = None  # of the definition that the set refers to
    problem: str = ""
    definition: Node | None = None  # what the set refers to


def served(node: Node, row: Field, spec: Spec, top: Node | None) -> Iterator[Served]:
    """The servers of a list of sets. Two ways to a server are two servers, whatever they are called."""
    words = spec.tools.fact("sets")
    seen: dict[str, Mapping[str, Any] | None] = {}
    for n, item in enumerate(node.items if node.kind == "list" else ()):
        _, facts = word_of(item, words)
        if facts is None or not facts.get("server"):
            continue
        data = as_texts(item).data() if item.kind == "map" else {}
        said, key, problem, definition = _referred(data, facts, top)
        ways = [way for way in facts["ways"] if value_at(said, way)]
        if len(ways) != 1:
            problem = problem or f"`{row.key}[{n}]` needs one of {', '.join(facts['ways'])}"
        told = said.get(facts["server"])
        config = servers_config(said, facts)
        name = str(told or key or called(said, facts.get("called") or ()) or f"server-{n + 1}")
        unlike = sum(1 for known, other in seen.items() if known.partition("#")[0] == name and other != config)
        if unlike and seen.get(name) != config:
            name = f"{name}-{unlike + 1}"
        seen[name] = config
        prefix = str(facts["prefix"]).format(server=told) if told else ""
        listed = said.get(words["members"]) if words["members"] not in data else None
        found = tuple(map(str, listed)) if isinstance(listed, list) and listed else None
        yield Served(f"{row.key}[{n}]", item, name, prefix, config, found, problem, definition)


def _referred(
    data: Mapping[str, Any], facts: Words, top: Node | None
) -> tuple[Mapping[str, Any], str, str, Node | None]:
    """The entry with what it refers to behind it, the name of that, what is wrong, and where it stands."""
    if not facts.get("refers"):
        return data, "", "", None
    key, own, where = facts["refers"]["by"], facts["refers"]["but"], facts["refers"]["to"]
    ref = data.get(key)
    if not isinstance(ref, str) or re.fullmatch(own, ref):
        return data, "", "", None
    table = top.get(where) if top is not None and top.kind == "map" else None
    node = table.get(ref) if table is not None and table.kind == "map" else None
    if node is None or node.kind != "map":
        return data, ref, f"`{where}` has no `{ref}`", None
    found = as_texts(node).data()
    mine = {k: v for k, v in data.items() if k != key}
    maps = {k: {**found[k], **v} for k, v in mine.items() if isinstance(v, dict) and isinstance(found.get(k), dict)}
    return {**found, **mine, **maps}, ref, "", node


def servers_config(said: Mapping[str, Any], facts: Words) -> Mapping[str, Any] | None:
    """The way to a server in the words that all programs have; ``None`` where only this one knows it."""
    out: dict[str, Any] = {}
    unsaid = facts.get("beside") or {}  # what stands there where nobody says anything
    for theirs, ours in facts["config"].items():
        if (value := value_at(said, theirs)) is not None and value != unsaid.get(theirs):
            out[ours] = facts["types"].get(value, value) if ours == "type" and isinstance(value, str) else value
    out |= facts.get("says") or {}
    return out if "command" in out or "url" in out else None


def servers_of(node: Node, row: Field, spec: Spec, top: Node | None) -> dict[str, Any]:
    """The servers as the model has them: name -> the way to it."""
    return {one.name: one.config for one in served(node, row, spec, top)}
