"""Entries in files that hold other things too: put in by place, everything else byte for byte."""

from __future__ import annotations

import json as plain_json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from agentconv.containers import ContainerError, Node
from agentconv.containers.sections import found_sections
from agentconv.output import scalars
from agentconv.output.edit import edit_text
from agentconv.output.entries import WHOLE, own_items
from agentconv.output.update_entry import CannotUpdateEntry, updated_json, updated_yaml
from agentconv.reading.engine import open_document
from agentconv.spec import Spec

Splice = tuple[int, int, str]
Entries = Sequence[tuple[str, Mapping[str, Any]]]


class CannotMerge(Exception):
    """The existing file does not allow a safe change."""


def put_entries(spec: Spec, existing: str | None, entries: Entries, update: bool = False) -> str:
    """The shared file with these entries (id and rows) put in or replaced, all of them in one edit. ``update``: of an
    entry that is there, keys that the table does not know stay, and so do comments."""
    if existing is None or not existing.strip("\ufeff \t\r\n"):
        return new_file(spec, entries)
    try:
        document = open_document(spec, existing, author=True)
    except ContainerError as error:
        raise CannotMerge(f"the file is there and cannot be read: {error.message} (line {error.line})") from error
    root = document.header
    if root is None or root.kind != "map":
        raise CannotMerge("the file is there and is no map")
    braces = existing[root.start : root.start + 1] == "{"
    try:
        splices = (_into_json if braces else _into_yaml)(spec, existing, root, entries, update)
    except CannotUpdateEntry as error:
        raise CannotMerge(f"an entry cannot be updated: {error}") from error
    if document.newline == "\r\n":
        splices = [(start, end, new.replace("\r\n", "\n").replace("\n", "\r\n")) for start, end, new in splices]
    return edit_text(existing, splices)


def new_file(spec: Spec, entries: Entries) -> str:
    """A file that holds these entries alone."""
    key = str(spec.container["entries"])
    if spec.syntax == "json":
        held = dict(entries)
        return scalars.json_value(held if key == WHOLE else {key: held}) + "\n"
    return f"{_yaml_items(spec, entries, '')}\n" if key == WHOLE else f"{key}:\n{_yaml_items(spec, entries, '  ')}\n"


def _by_key(spec: Spec) -> bool:
    """Whether the entries are a map, by their ids."""
    return spec.container.get("entry_id") is None


def _yaml_items(spec: Spec, entries: Entries, pad: str) -> str:
    if _by_key(spec):
        return "\n".join(pad + _yaml_pair(id, rows, pad) for id, rows in entries)
    return "\n".join(_yaml_item(rows, pad) for _, rows in entries)


def _yaml_lines(rows: Mapping[str, Any]) -> list[str]:
    return [line for k, v in rows.items() for line in scalars.yaml_entry(k, v, 0, False, blocks=True).split("\n")]


def _yaml_pair(id: str, rows: Mapping[str, Any], pad: str) -> str:
    """An entry of a map; the place of its key is there already."""
    if not rows:
        return f"{scalars.yaml_key(id)}: {{}}"
    lines = _yaml_lines(rows)
    return "\n".join([f"{scalars.yaml_key(id)}:", *(f"{pad}  {line}" if line else "" for line in lines)])


def _yaml_item(rows: Mapping[str, Any], pad: str) -> str:
    lines = _yaml_lines(rows)
    return "\n".join((pad + "- " if n == 0 else pad + "  ") + line if line else "" for n, line in enumerate(lines))


def _entries_node(spec: Spec, root: Node) -> Node | None:
    """The list or map that holds the entries, if it is there."""
    node: Node | None = root
    for key in str(spec.container["entries"]).split(".") if spec.container["entries"] != WHOLE else ():
        node = node.get(key) if node is not None and node.kind == "map" else None
    return node


# -- YAML -------------------------------------------------------------------------------------


def _into_yaml(spec: Spec, text: str, root: Node, entries: Entries, update: bool) -> list[Splice]:
    node = _entries_node(spec, root)
    key = str(spec.container["entries"])
    if node is None:
        if any(p.key.text == key for p in root.pairs):
            raise CannotMerge(f"`{key}:` is there and holds no {'map' if _by_key(spec) else 'list'}")
        end = "" if text.endswith("\n") else "\n"
        return [(len(text), len(text), f"{end}{key}:\n{_yaml_items(spec, entries, '  ')}\n")]
    if _by_key(spec):
        if text[node.start : node.start + 1] == "{":
            return _into_braces(spec, text, node, entries, update)
        return _into_map(spec, text, node, entries, update, key)
    if node.kind != "list":
        raise CannotMerge(f"`{key}` is no list")
    if not node.items:
        return [(node.start, node.end, "\n" + _yaml_items(spec, entries, "  "))]
    if text[node.start : node.start + 1] == "[":
        return _json_items(spec, text, node, entries, update)
    first = node.items[0]
    dash = text.rindex("-", 0, first.start)
    pad = text[text.rfind("\n", 0, dash) + 1 : dash]
    if pad.strip(" "):
        raise CannotMerge("the list stands beside something else on its line")
    own = own_items(spec, node)
    splices = []
    for id, rows in (entry for entry in entries if entry[0] in own):
        item = own[id]
        if update:
            braced = text[item.start] == "{"
            splices.append(_updated(spec, text, item, rows) if braced else updated_yaml(spec, text, item, rows))
            continue
        start = text.rindex("-", 0, item.start) - len(pad)
        tail = "\n" if text[item.end - 1 : item.end] == "\n" else ""
        splices.append((start, item.end, _yaml_item(rows, pad) + tail))
    if new := [entry for entry in entries if entry[0] not in own]:
        at = node.items[-1].end
        splices.append(_behind(spec, text, at, new, pad))
    return splices


def _behind(spec: Spec, text: str, at: int, new: Entries, pad: str) -> Splice:
    """New entries below the line that ends behind a place."""
    line_end = text.find("\n", max(at - 1, 0)) if text[at - 1 : at] != "\n" else at - 1
    if line_end < 0:
        return len(text), len(text), "\n" + _yaml_items(spec, new, pad)
    return line_end + 1, line_end + 1, _yaml_items(spec, new, pad) + "\n"


def _into_map(spec: Spec, text: str, node: Node, entries: Entries, update: bool, key: str) -> list[Splice]:
    if node.kind != "map":
        raise CannotMerge(f"`{key}` is no map")
    first = node.pairs[0]
    pad = text[text.rfind("\n", 0, first.start) + 1 : first.start]
    if pad.strip(" "):
        raise CannotMerge("the map stands beside something else on its line")
    there = {pair.key.text: pair for pair in reversed(node.pairs)}
    splices = []
    for id, rows in (entry for entry in entries if entry[0] in there):
        pair = there[id]
        if update and pair.value.kind == "map" and pair.value.pairs:
            braced = text[pair.value.start] == "{"
            splices.append((_updated if braced else updated_yaml)(spec, text, pair.value, rows))
        else:
            splices.append((pair.start, pair.end, _yaml_pair(id, rows, pad)))
    if new := [entry for entry in entries if entry[0] not in there]:
        splices.append(_behind(spec, text, node.pairs[-1].end, new, pad))
    return splices


def _into_braces(spec: Spec, text: str, node: Node, entries: Entries, update: bool) -> list[Splice]:
    """A map on one line stays on it."""
    there = {pair.key.text: pair.value for pair in reversed(node.pairs)}
    splices = []
    for id, rows in (entry for entry in entries if entry[0] in there):
        value = there[id]
        if update and value.kind == "map" and value.pairs:
            splices.append(_updated(spec, text, value, rows))
        else:
            splices.append((value.start, value.end, scalars.yaml_flow(rows)))
    new = [f"{scalars.yaml_key(id)}: {scalars.yaml_flow(rows)}" for id, rows in entries if id not in there]
    if new:
        at, before = (node.pairs[-1].end, ", ") if node.pairs else (node.start + 1, "")
        splices.append((at, at, before + ", ".join(new)))
    return splices


# -- JSON -------------------------------------------------------------------------------------


def _into_json(spec: Spec, text: str, root: Node, entries: Entries, update: bool) -> list[Splice]:
    node = _entries_node(spec, root)
    key = str(spec.container["entries"])
    is_map = _by_key(spec)
    if node is None:
        if any(p.key.text == key for p in root.pairs):
            raise CannotMerge(f"`{key}` is there and holds nothing that can be added to")
        value: Any = dict(entries) if is_map else [rows for _, rows in entries]
        return _add(text, root, [(f"{plain_json.dumps(key)}: ", value)], 1, [p.end for p in root.pairs])
    if not is_map:
        return _json_items(spec, text, node, entries, update)
    if node.kind != "map":
        raise CannotMerge(f"`{key}` is no object")
    there = {pair.key.text: pair for pair in reversed(node.pairs)}
    splices = []
    for id, rows in (entry for entry in entries if entry[0] in there):
        node_now, pad = there[id].value, _pad(text, there[id].start)
        if update and node_now.kind == "map":
            splices.append(_updated(spec, text, node_now, rows))
        else:
            splices.append((node_now.start, node_now.end, _json_text(rows, pad, _unit(text))))
    if new := [(plain_json.dumps(id, ensure_ascii=False) + ": ", rows) for id, rows in entries if id not in there]:
        splices += _add(text, node, new, 1 if node is root else 2, [p.end for p in node.pairs])
    return splices


def _json_items(spec: Spec, text: str, node: Node, entries: Entries, update: bool) -> list[Splice]:
    own = own_items(spec, node)
    splices = []
    for id, rows in (entry for entry in entries if entry[0] in own):
        item = own[id]
        whole = (item.start, item.end, _json_text(rows, _pad(text, item.start), _unit(text)))
        splices.append(_updated(spec, text, item, rows) if update else whole)
    if new := [("", rows) for id, rows in entries if id not in own]:
        splices += _add(text, node, new, 2, [i.end for i in node.items])
    return splices


def _add(text: str, node: Node, labelled: Sequence[tuple[str, Any]], depth: int, ends: list[int]) -> list[Splice]:
    """New members behind the last one and a comment on its line: each a label (`"key": `, or nothing in a list) and a
    value."""
    unit = _unit(text)
    if not ends:
        outer = unit * (depth - 1)
        inner = unit * depth
        opening, closing = text[node.start], text[node.end - 1]
        members = f",\n{inner}".join(label + _json_text(value, inner, unit) for label, value in labelled)
        return [(node.start, node.end, f"{opening}\n{inner}{members}\n{outer}{closing}")]
    places = [p.start for p in node.pairs] or [i.start for i in node.items]
    pad = _pad(text, places[-1])
    at = ends[-1]
    comma = text[at : at + 1] == ","
    behind = at + comma
    said = BEHIND.match(text, behind, node.end)
    members = f",\n{pad}".join(label + _json_text(value, pad, unit) for label, value in labelled)
    new = f"\n{pad}{members}{',' if comma else ''}"
    if said is None:
        return [(behind, behind, new if comma else f",{new}")]
    return [*([] if comma else [(at, at, ",")]), (said.end(), said.end(), new)]


BEHIND = re.compile(r"[ \t]*//[^\r\n]*")  # a comment to the end of the line


def _updated(spec: Spec, text: str, node: Node, rows: Mapping[str, Any]) -> Splice:
    return updated_json(spec, text, node, rows, lambda value, pad: _json_text(value, pad, _unit(text)))


def _json_text(value: Any, pad: str, unit: str) -> str:
    """A value as JSON for a place that is indented by ``pad``."""
    lines = scalars.json_value(value, None if not unit else len(unit) if unit.strip(" ") == "" else 1).split("\n")
    if unit == "\t":
        lines = [_tabbed(line) for line in lines]
    return ("\n" + pad).join(lines)


def _tabbed(line: str) -> str:
    bare = line.lstrip(" ")
    return "\t" * (len(line) - len(bare)) + bare


def _unit(text: str) -> str:
    """What the file indents by; two blanks where nothing is indented."""
    for line in text.split("\n")[1:]:
        bare = line.lstrip(" \t")
        if bare and len(bare) < len(line):
            lead = line[: len(line) - len(bare)]
            return "\t" if lead.startswith("\t") else lead
    return "  "


def _pad(text: str, at: int) -> str:
    """What the line of a place is indented by."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


# -- sections of a text ----------------------------------------------------------------------


def put_sections(text: str | None, sections: Sequence[tuple[str, str]], container: Mapping[str, Any]) -> str:
    """The file with these sections (id and text) put in or replaced, in one edit; the first ones bring the block around
    them and its introduction."""
    marks = container["marks"]
    first, last = marks["block"]
    old = text or ""
    newline = "\r\n" if "\r\n" in old else "\n"
    made = {}
    for id, section in sections:
        begin, end = (str(marks[word]).replace("{id}", id) for word in ("begin", "end"))
        made[id] = f"{begin}\n{section}\n{end}".replace("\n", newline)
    splices = [(start, end, made.pop(id)) for id, start, _, _, end in found_sections(old, container) if id in made]
    if made:
        new = (newline * 2).join(made.values())
        closing = re.search(rf"(?m)^{re.escape(last)}[ \t]*\r?$", old)
        if closing:
            splices.append((closing.start(), closing.start(), new + newline * 2))
        else:
            block = f"{first}\n{str(marks['intro']).strip()}\n\n".replace("\n", newline)
            blank = not old or bool(re.search(r"\n[ \t]*\r?\n\Z", old))
            gap = "" if blank else newline if old.endswith("\n") else newline * 2
            splices.append((len(old), len(old), f"{gap}{block}{new}{newline * 2}{last}{newline}"))
    return edit_text(old, splices)
