"""Files that hold many agents: what each entry is, and what stands beside them."""

from __future__ import annotations

from collections.abc import Collection

from agentconv.containers import Node
from agentconv.containers.sections import found_sections
from agentconv.output.edit import edit_text
from agentconv.reading.engine import open_document
from agentconv.reading.entries import entry_lists
from agentconv.spec import Spec

WHOLE = "*"  # of `entries`: the file itself is the map of them


def own_items(spec: Spec, node: Node) -> dict[str, Node]:
    """The items of a list by the key that names them; the first of two with one name."""
    key = str(spec.container.get("entry_id") or "")
    out: dict[str, Node] = {}
    for item in node.items:
        found = item.get(key) if item.kind == "map" else None
        if found is not None and found.text:
            out.setdefault(found.text, item)
    return out


def kept_outside(spec: Spec, old: str | None, new: str, ids: Collection[str]) -> bool:
    """Whether everything but the entries of these ids is what it was, byte for byte.

    Both texts with those entries cut out must be the same but for one place, where the new entries came in: what goes
    there is blank or an empty list, what comes is what holds a list together.
    """
    if old is None or not old.strip("\ufeff \t\r\n"):
        return True
    if others(spec, old, ids) != others(spec, new, ids):
        return False
    before, after = _without(spec, old, ids), _without(spec, new, ids)
    head = _common(before, after)
    if after[head : head + 1] == ",":  # behind the last member; a comment may stand between it and the new one
        after = after[:head] + after[head + 1 :]
        head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    went, came = before[head : len(before) - tail].strip(), after[head : len(after) - tail]
    for own in _frame(spec):
        came = came.replace(own, "")
    return went in ("", "[]", "{}") and not came.strip(' \t\r\n,-:"[]{}')


def _common(a: str, b: str) -> int:
    """How many characters both begin with."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _frame(spec: Spec) -> list[str]:
    """What a first entry brings along."""
    if spec.syntax == "sections":
        marks = spec.container["marks"]
        return [line for own in (str(marks["intro"]), *marks["block"]) for line in own.strip().splitlines() if line]
    return str(spec.container["entries"]).split(".")


def _spans(spec: Spec, text: str, ids: Collection[str]) -> list[tuple[int, int]]:
    if spec.syntax == "sections":
        return [(start, end) for id, start, _, _, end in found_sections(text, spec.container) if id in ids]
    spans = []
    for node, _ in entry_lists(spec, open_document(spec, text, author=True)):
        spans += [(p.start, p.end) for p in node.pairs if p.key.text in ids]
        spans += [(item.start, item.end) for id, item in own_items(spec, node).items() if id in ids]
    return sorted(spans)


def entry_texts(spec: Spec, text: str) -> dict[str, str]:
    """The text of each entry by id, as it stands in the file."""
    if spec.syntax == "sections":
        return {id: text[start:end] for id, start, _, _, end in found_sections(text, spec.container)}
    out: dict[str, str] = {}
    for node, _ in entry_lists(spec, open_document(spec, text, author=True)):
        for pair in node.pairs:
            out.setdefault(pair.key.text, text[pair.start : pair.end].rstrip())
        for id, item in own_items(spec, node).items():
            out.setdefault(id, text[item.start : item.end].rstrip())
    return out


def _without(spec: Spec, text: str, ids: Collection[str]) -> str:
    return edit_text(text, [(start, end, "") for start, end in _spans(spec, text, ids)])


def others(spec: Spec, text: str, ids: Collection[str]) -> list[tuple[str, str]]:
    """The other entries, and the keys beside them, each with its text."""
    if spec.syntax == "sections":
        return [(id, text[a:b]) for id, _, a, b, _ in found_sections(text, spec.container) if id not in ids]
    document = open_document(spec, text, author=True)
    out = []
    for node, _ in entry_lists(spec, document):
        out += [(p.key.text, text[p.start : p.end]) for p in node.pairs if p.key.text not in ids]
        own = {id(item) for name, item in own_items(spec, node).items() if name in ids}
        out += [("", text[i.start : i.end]) for i in node.items if id(i) not in own]
    if document.header is not None and spec.container["entries"] != WHOLE:
        top = str(spec.container["entries"]).split(".")[0]
        out += [(p.key.text, text[p.start : p.end]) for p in document.header.pairs if p.key.text != top]
    return out
