"""Where the agents of a file stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Document, Node, Pair
from agentconv.notes import note
from agentconv.reading.context import Reading, Refused
from agentconv.reading.fromplace import forced_by, place_id
from agentconv.spec import Spec


def entries(
    spec: Spec, document: Document, path: str, strict: bool = False
) -> list[tuple[str, Node | None, Mapping[str, Any]]]:
    """The agents of a file: id from its place (or from the entry), the map of fields, and what the place decides."""
    here = forced_by(spec, path)
    if not spec.many:
        found = _perhaps_several(spec, document.header)
        return [(_said_id(spec, e) or place_id(spec, path), e, here) for e in found]
    out: list[tuple[str, Node | None, Mapping[str, Any]]] = []
    top = document.header
    tables = [top.get(key) for key in spec.container.get("together", ())] if top is not None else []
    met: dict[str, int] = {}  # agents of those tables, by where they are in the list
    for node, by_list in entry_lists(spec, document):
        forced = {**here, **by_list}
        key = str(spec.container.get("entry_id") or "")
        if node.kind == "map" and key and strict:
            raise Refused("the agents are no list", True)
        if node.kind == "map":
            last = {p.key.text: p for p in node.pairs}  # of a name that stands twice
            maps = [p for p in last.values() if p.value.kind == "map"]
            if not strict:
                maps = meant_entries(spec, maps)
            several = any(node is table for table in tables)
            for p in maps:
                at = met.setdefault(p.key.text, len(out)) if several else len(out)
                if at == len(out):
                    out.append((p.key.text, p.value, forced))
                else:
                    _, first, before = out[at]
                    out[at] = p.key.text, p.value if first is None else _over(first, p.value), {**before, **forced}
            if strict and any(p.value.kind != "map" for p in node.pairs):
                raise Refused("an entry is no map", True)
        elif strict and not key:
            raise Refused("the agents are no map", True)
        else:
            # names of files under a word of many programs (`agents` of a plugin) are no agents
            names = not strict and not key and all(item.kind == "scalar" for item in node.items)
            for item in () if names else node.items:
                id = item.get(key or "name") if item.kind == "map" else None
                out.append((id.text if id else "", item, forced))
    return out


def namesake(spec: Spec, document: Document, id: str) -> tuple[str, Pair] | None:
    """The entry of another table that is one agent with the entry of this name in the table that is written, and the
    name of that table."""
    for table in spec.container.get("together", ()):
        node = document.header.get(table) if document.header is not None else None
        if node is None or node.kind != "map" or table == spec.container.get("entries"):
            continue
        if pair := next((p for p in reversed(node.pairs) if p.key.text == id), None):
            return table, pair
    return None


def _over(first: Node, later: Node) -> Node:
    """Two maps put together, key by key and to their depth; the later one has the last word."""
    if first.kind != "map" or later.kind != "map":
        return later
    pairs = {pair.key.text: pair for pair in first.pairs}
    for pair in later.pairs:
        before = pairs.get(pair.key.text)
        pairs[pair.key.text] = pair if before is None else Pair(pair.key, _over(before.value, pair.value))
    return replace(first, pairs=list(pairs.values()))


def _is_entry(spec: Spec, node: Node) -> bool:
    """Whether a map below a common word is meant as an agent: it says one of the things that agents say."""
    keys = spec.container.get("entry_keys")
    return not keys or any(pair.key.text in keys for pair in node.pairs)


def meant_entries(spec: Spec, maps: list[Pair]) -> list[Pair]:
    """The maps below a common word that are meant as agents: all, or none, where no other word is said for those that
    only hold values for others (under an anchor)."""
    entries = [pair for pair in maps if _is_entry(spec, pair.value)]
    return entries if spec.container.get("keyless") == "skipped" or not entries else maps


def say_other_tables(spec: Spec, document: Document, reading: Reading) -> None:
    """Notes for tables of agents that another program reads, and this one does not."""
    for key in spec.container.get("not_entries", ()):
        node = document.header.get(key) if document.header is not None and document.header.kind == "map" else None
        if node is not None and node.kind != "scalar":
            text = f"{spec.seen} does not look into `{key}`: what stands there is no agent of it"
            reading.notes.append(note("R018", text, path=key, file=reading.path, line=node.line, column=node.column))


def say_keyless(spec: Spec, document: Document, reading: Reading) -> None:
    """Notes for what holds values for others."""
    if spec.container.get("keyless") != "skipped":
        return
    keys = ", ".join(f"`{key}`" for key in spec.container.get("entry_keys", ()))
    for node, _ in entry_lists(spec, document):
        maps = [pair for pair in node.pairs if pair.value.kind == "map"]
        meant = meant_entries(spec, maps)
        for pair in maps if meant else ():
            if pair not in meant:
                text = f"`{pair.key.text}` says none of {keys}: values for other entries, and no agent"
                at = pair.key
                reading.notes.append(note("R018", text, file=reading.path, line=at.line, column=at.column))


def _perhaps_several(spec: Spec, header: Node | None) -> list[Node | None]:
    """The one agent of the file, or those of a list under one key."""
    key = spec.container.get("maybe_entries")
    node = header.get(str(key)) if key and header is not None and header.kind == "map" else None
    return [header] if node is None or node.kind != "list" else [item for item in node.items if item.kind == "map"]


def _said_id(spec: Spec, entry: Node | None) -> str:
    """The id that an entry itself says."""
    key = spec.container.get("entry_id")
    node = entry.get(str(key)) if key and entry is not None and entry.kind == "map" else None
    return node.text if node is not None and isinstance(node.value, str) else ""


def entry_lists(spec: Spec, document: Document) -> list[tuple[Node, Mapping[str, Any]]]:
    """The lists or maps of a shared file that hold agents, with what each decides for them."""
    found = []
    also: Mapping[str, Any] = spec.container.get("also_entries") or {}
    for path, forced in {str(spec.container.get("entries") or ""): {}, **also}.items():
        node = document.header
        for key in path.split(".") if path not in ("", "*") else ():
            node = node.get(key) if node is not None and node.kind == "map" else None
        if path and node is not None and node.kind != "scalar":
            found.append((node, forced or {}))
    return found
