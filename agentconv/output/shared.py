"""Entries in files that hold other things too: put in by place, everything else byte for byte."""

from __future__ import annotations

import json as plain_json
from typing import Any

from agentconv.containers import ContainerError, Node
from agentconv.output import scalars
from agentconv.output.edit import edit_text
from agentconv.reading.engine import entry_lists, open_document
from agentconv.spec import Spec

Splice = tuple[int, int, str]


class CannotMerge(Exception):
    """The existing file does not allow a safe change."""


WHOLE = "*"  # the file itself is the map of entries


def put_entry(spec: Spec, existing: str | None, id: str, rows: dict[str, Any]) -> str:
    """The shared file with the entry of this id put in or replaced."""
    if existing is None or not existing.strip("\ufeff \t\r\n"):
        return new_file(spec, id, rows)
    try:
        document = open_document(spec, existing, author=True)
    except ContainerError as error:
        raise CannotMerge(f"the file is there and cannot be read: {error.message} (line {error.line})") from error
    root = document.header
    if root is None or root.kind != "map":
        raise CannotMerge("the file is there and is no map")
    braces = existing[root.start : root.start + 1] == "{"
    make = _into_json if braces else _into_yaml
    start, end, new = make(spec, existing, root, id, rows)
    if document.newline == "\r\n":
        new = new.replace("\r\n", "\n").replace("\n", "\r\n")
    return edit_text(existing, [(start, end, new)])


def new_file(spec: Spec, id: str, rows: dict[str, Any]) -> str:
    """A file that holds this entry alone."""
    key = str(spec.container["entries"])
    if spec.syntax == "json":
        return scalars.json_value({id: rows} if key == WHOLE else {key: {id: rows}}) + "\n"
    return f"{key}:\n{_yaml_item(rows, '  ')}\n"


def _yaml_item(rows: dict[str, Any], pad: str) -> str:
    lines = [line for k, v in rows.items() for line in scalars.yaml_entry(k, v, 0, False, blocks=True).split("\n")]
    return "\n".join((pad + "- " if n == 0 else pad + "  ") + line for n, line in enumerate(lines))


def _entries_node(spec: Spec, root: Node) -> Node | None:
    node: Node | None = root
    for key in str(spec.container["entries"]).split(".") if spec.container["entries"] != WHOLE else ():
        node = node.get(key) if node is not None and node.kind == "map" else None
    return node


def _own_item(spec: Spec, node: Node, id: str) -> Node | None:
    key = str(spec.container.get("entry_id") or "")
    for item in node.items:
        found = item.get(key) if item.kind == "map" else None
        if found is not None and found.text == id:
            return item
    return None


# -- YAML -------------------------------------------------------------------------------------


def _into_yaml(spec: Spec, text: str, root: Node, id: str, rows: dict[str, Any]) -> Splice:
    node = _entries_node(spec, root)
    key = str(spec.container["entries"])
    if node is None:
        if any(p.key.text == key for p in root.pairs):
            raise CannotMerge(f"`{key}:` is there and holds no list")
        end = "" if text.endswith("\n") else "\n"
        return len(text), len(text), f"{end}{key}:\n{_yaml_item(rows, '  ')}\n"
    if node.kind != "list":
        raise CannotMerge(f"`{key}` is no list")
    if not node.items:
        return node.start, node.end, "\n" + _yaml_item(rows, "  ")
    if text[node.start : node.start + 1] == "[":
        return _json_item(spec, text, node, id, rows)
    first = node.items[0]
    dash = text.rindex("-", 0, first.start)
    pad = text[text.rfind("\n", 0, dash) + 1 : dash]
    if pad.strip(" "):
        raise CannotMerge("the list stands beside something else on its line")
    item = _own_item(spec, node, id)
    if item is None:
        at = node.items[-1].end
        line_end = text.find("\n", max(at - 1, 0)) if text[at - 1 : at] != "\n" else at - 1
        if line_end < 0:
            return len(text), len(text), "\n" + _yaml_item(rows, pad)
        return line_end + 1, line_end + 1, _yaml_item(rows, pad) + "\n"
    start = text.rindex("-", 0, item.start) - len(pad)
    tail = "\n" if text[item.end - 1 : item.end] == "\n" else ""
    return start, item.end, _yaml_item(rows, pad) + tail


# -- JSON -------------------------------------------------------------------------------------


def _into_json(spec: Spec, text: str, root: Node, id: str, rows: dict[str, Any]) -> Splice:
    node = _entries_node(spec, root)
    key = str(spec.container["entries"])
    is_map = spec.container.get("entry_id") is None
    if node is None:
        if any(p.key.text == key for p in root.pairs):
            raise CannotMerge(f"`{key}` is there and holds nothing that can be added to")
        value: Any = {id: rows} if is_map else [rows]
        return _add(text, root, f"{plain_json.dumps(key)}: ", value, 1, [p.end for p in root.pairs])
    if not is_map:
        return _json_item(spec, text, node, id, rows)
    if node.kind != "map":
        raise CannotMerge(f"`{key}` is no object")
    for pair in node.pairs:
        if pair.key.text == id:
            pad = _pad(text, pair.start)
            return pair.value.start, pair.value.end, _json_text(rows, pad, _unit(text))
    label = plain_json.dumps(id, ensure_ascii=False) + ": "
    return _add(text, node, label, rows, 1 if node is root else 2, [p.end for p in node.pairs])


def _json_item(spec: Spec, text: str, node: Node, id: str, rows: dict[str, Any]) -> Splice:
    item = _own_item(spec, node, id)
    if item is not None:
        return item.start, item.end, _json_text(rows, _pad(text, item.start), _unit(text))
    return _add(text, node, "", rows, 2, [i.end for i in node.items])


def _add(text: str, node: Node, label: str, value: Any, depth: int, ends: list[int]) -> Splice:
    unit = _unit(text)
    if not ends:
        outer = unit * (depth - 1)
        inner = unit * depth
        opening, closing = text[node.start], text[node.end - 1]
        new = f"{opening}\n{inner}{label}{_json_text(value, inner, unit)}\n{outer}{closing}"
        return node.start, node.end, new
    places = [p.start for p in node.pairs] or [i.start for i in node.items]
    pad = _pad(text, places[-1])
    at = ends[-1]
    comma = "" if text[at : at + 1] == "," else ","
    shift = 1 if not comma else 0
    tail = "," if not comma else ""
    new = f"{comma}\n{pad}{label}{_json_text(value, pad, unit)}{tail}"
    return at + shift, at + shift, new


def _json_text(value: Any, pad: str, unit: str) -> str:
    lines = scalars.json_value(value, None if not unit else len(unit) if unit.strip(" ") == "" else 1).split("\n")
    if unit == "\t":
        lines = [_tabbed(line) for line in lines]
    return ("\n" + pad).join(lines)


def _tabbed(line: str) -> str:
    bare = line.lstrip(" ")
    return "\t" * (len(line) - len(bare)) + bare


def _unit(text: str) -> str:
    for line in text.split("\n")[1:]:
        bare = line.lstrip(" \t")
        if bare and len(bare) < len(line):
            lead = line[: len(line) - len(bare)]
            return "\t" if lead.startswith("\t") else lead
    return "  "


def _pad(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def others(spec: Spec, text: str | None, id: str) -> list[tuple[str, str]]:
    """The other entries with their text, to prove that they stayed as they were."""
    if text is None:
        return []
    if spec.syntax == "sections":
        from agentconv.containers.sections import outside

        return outside(text, id, spec.container)
    document = open_document(spec, text, author=True)
    out = []
    key = str(spec.container.get("entry_id") or "")
    for node, _ in entry_lists(spec, document):
        for pair in node.pairs:
            if pair.key.text != id:
                out.append((pair.key.text, text[pair.start : pair.end]))
        for n, item in enumerate(node.items):
            found = item.get(key) if item.kind == "map" else None
            if found is None or found.text != id:
                out.append((found.text if found else str(n), text[item.start : item.end]))
    if document.header is not None and spec.container["entries"] != WHOLE:
        top = str(spec.container["entries"]).split(".")[0]
        out += [(p.key.text, text[p.start : p.end]) for p in document.header.pairs if p.key.text != top]
    return out


def kept_outside(spec: Spec, old: str | None, new: str, id: str) -> bool:
    """Whether everything but the entry of this id is what it was, byte for byte."""
    if old is None or not old.strip("\ufeff \t\r\n"):
        return True
    if others(spec, old, id) != others(spec, new, id):
        return False
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start, end = head, len(old) - tail
    if not old[start:end].strip(" \t\r\n") or old[start:end].strip() in ("[]", "{}"):
        return True  # something was put in
    document = open_document(spec, old, author=True)
    spans = []
    for node, _ in entry_lists(spec, document):
        item = _own_item(spec, node, id)
        spans += [(item.start, item.end)] if item is not None else []
        spans += [(p.start, p.end) for p in node.pairs if p.key.text == id]
    return any(first <= start and end <= last for first, last in spans)
