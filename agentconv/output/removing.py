"""An entry out of a shared file: by place, everything else byte for byte, and proved to be so."""

from __future__ import annotations

import re

from agentconv.containers import ContainerError, Node
from agentconv.containers.sections import found_sections
from agentconv.output.entries import entry_texts, others, own_items
from agentconv.reading.engine import open_document
from agentconv.reading.entries import entry_lists
from agentconv.spec import Spec


def without_entry(spec: Spec, text: str, id: str) -> str | None:
    """The file without this entry; ``None`` where it cannot be taken out safely."""
    try:
        made = _section(spec, text, id) if spec.syntax == "sections" else _item(spec, text, id)
        if made is None or id in entry_texts(spec, made):
            return None
        return made if others(spec, text, [id]) == others(spec, made, [id]) else None
    except ContainerError:
        return None


def is_empty(spec: Spec, text: str) -> bool:
    """Whether nothing but an empty frame is left."""
    if spec.syntax == "sections":
        return not text.strip("\ufeff \t\r\n")
    document = open_document(spec, text, author=True)
    root = document.header
    if root is None or "#" in text or "//" in text or "/*" in text:
        return False

    def bare(node: Node) -> bool:
        return not node.items if node.kind != "map" else all(_bare_value(pair.value) for pair in node.pairs)

    def _bare_value(node: Node) -> bool:
        return node.kind != "scalar" and bare(node)

    keys = [] if spec.container["entries"] == "*" else [str(spec.container["entries"]).split(".")[0]]
    return root.kind == "map" and [pair.key.text for pair in root.pairs] == keys and bare(root)


def _section(spec: Spec, text: str, id: str) -> str | None:
    marks = spec.container["marks"]
    sections = found_sections(text, spec.container)
    span = next(((start, end) for found, start, _, _, end in sections if found == id), None)
    if span is None:
        return None
    start, end = span
    behind = re.compile(r"[ \t]*(?:\r?\n){0,2}").match(text, end)
    end = behind.end() if behind else end
    if len(sections) > 1:
        return text[:start] + text[end:]
    first, last = (re.escape(str(mark)) for mark in marks["block"])
    made = text[:start] + text[end:]
    block = re.compile(rf"(?ms)(?:\r?\n)?^{first}[ \t]*\r?\n(?P<inner>.*?)^{last}[ \t]*(?:\r?\n|\Z)").search(made)
    if block is not None and _words(block["inner"]) == _words(str(marks["intro"])):
        made = made[: block.start()] + made[block.end() :]
        if made and not made.endswith("\n") and text.endswith("\n") and block.start() == len(made):
            made += "\r\n" if "\r\n" in text else "\n"
    return made


def _words(text: str) -> list[str]:
    return text.split()


def _item(spec: Spec, text: str, id: str) -> str | None:
    for node, _ in entry_lists(spec, open_document(spec, text, author=True)):
        if node.kind == "map":
            for n, pair in enumerate(node.pairs):
                if pair.key.text == id:
                    ends = [p.end for p in node.pairs]
                    return _flow(text, node, pair.start, pair.end, ends[n - 1] if n else None, n + 1 < len(ends))
            continue
        own = own_items(spec, node)
        if id not in own:
            continue
        n = next(at for at, item in enumerate(node.items) if item is own[id])
        item = node.items[n]
        if text[node.start : node.start + 1] == "[":
            before = node.items[n - 1].end if n else None
            return _flow(text, node, item.start, item.end, before, n + 1 < len(node.items))
        return _block(text, node, item)
    return None


def _flow(text: str, node: Node, start: int, end: int, before: int | None, more: bool) -> str | None:
    """A member of an object or list in brackets, with the comma that parts it from its neighbour."""
    if text[node.start : node.start + 1] not in ("{", "["):
        return None
    if more:
        comma = re.compile(r"[ \t]*,[ \t]*(?:\r?\n[ \t]*)?").match(text, end)
        return text[:start] + text[comma.end() :] if comma else None
    if before is not None:
        comma = re.compile(r"\s*,\s*").fullmatch(text, before, start)
        return text[:before] + text[end:] if comma else None
    inner = text[node.start + 1 : start] + text[end : node.end - 1]
    return text[: node.start + 1] + text[node.end - 1 :] if not inner.strip(" \t\r\n,") else text[:start] + text[end:]


def _block(text: str, node: Node, item: Node) -> str | None:
    """An item of a YAML list that is written line by line."""
    dash = text.rindex("-", 0, item.start)
    start = text.rfind("\n", 0, dash) + 1
    if text[start:dash].strip(" "):
        return None
    end = item.end if text[item.end - 1 : item.end] == "\n" else text.find("\n", item.end) + 1 or len(text)
    if len(node.items) > 1:
        return text[:start] + text[end:]
    lead = text[:start].rstrip(" \t\r\n")
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{lead} []{newline}{text[end:]}"
