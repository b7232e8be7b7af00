"""``--update`` inside an entry of a shared file: keys of the table are set or removed, the rest stays."""

from __future__ import annotations

import json as plain_json
from collections.abc import Callable, Mapping
from typing import Any

from agentconv.containers import Node, Pair
from agentconv.output import scalars
from agentconv.output.edit import edit_text
from agentconv.spec import Spec

Splice = tuple[int, int, str]


class CannotUpdateEntry(Exception):
    """The entry is not laid out so that single keys can be changed."""


def updated_json(
    spec: Spec, text: str, node: Node, rows: Mapping[str, Any], value: Callable[[Any, str], str]
) -> Splice:
    """An entry in braces. ``value`` lays out a value, given the indentation of its line."""
    changed, gone, new = _changes(spec, node, rows)
    pairs = node.pairs
    splices: list[Splice] = []
    for pair, fresh in changed:
        splices.append((pair.value.start, pair.value.end, value(fresh, _pad(text, pair.start))))
    kept = [n for n, pair in enumerate(pairs) if pair not in gone]
    if not kept:
        raise CannotUpdateEntry("nothing of it would stay")
    for n, pair in enumerate(pairs):
        if pair in gone and n < kept[-1]:
            splices.append((pair.start, pairs[n + 1].start, ""))
    last = pairs[kept[-1]]
    comma = _comma(text, last.end)
    if kept[-1] < len(pairs) - 1:  # what goes at the end goes with the white space in front of it
        cut = len(text[: pairs[kept[-1] + 1].start].rstrip())
        splices.append((cut, pairs[-1].end, ""))
        if not new and comma >= 0:
            splices.append((comma, comma + 1, ""))
    if new:
        pad, at = _pad(text, last.start), len(text[: node.end - 1].rstrip())
        gap = f"\n{pad}" if "\n" in text[node.start : node.end] else " "
        splices += [(last.end, last.end, ",")] if comma < 0 else []
        more = ",".join(f"{gap}{plain_json.dumps(k, ensure_ascii=False)}: {value(v, pad)}" for k, v in new)
        splices.append((at, at, more))
    return _edited(text, node.start, node.end, splices)


def _comma(text: str, at: int) -> int:
    """The comma behind a member, -1 where there is none."""
    bare = text[at:].lstrip()
    return len(text) - len(bare) if bare.startswith(",") else -1


def updated_yaml(spec: Spec, text: str, node: Node, rows: Mapping[str, Any]) -> Splice:
    """An entry that is a block of lines."""
    changed, gone, new = _changes(spec, node, rows)
    first, last = node.pairs[0], node.pairs[-1]
    column = first.start - (text.rfind("\n", 0, first.start) + 1)
    if first in gone:
        raise CannotUpdateEntry("its first key would go")
    splices: list[Splice] = []
    for pair, fresh in changed:
        splices.append((pair.start, _end(text, pair), _lines(pair.key.text, fresh, column)))
    for pair in gone:
        start = text.rfind("\n", 0, pair.start) + 1
        if text[start : pair.start].strip(" "):
            raise CannotUpdateEntry(f"`{pair.key.text}` shares its line with another key")
        end = text.find("\n", _end(text, pair))
        splices.append((start - 1, (len(text) if end < 0 else end), ""))
    if new:
        at = text.find("\n", _end(text, last))
        at = len(text) if at < 0 else at
        splices.append((at, at, "".join("\n" + " " * column + _lines(k, v, column) for k, v in new)))
    return _edited(text, node.start, max([node.end, *(end for _, end, _ in splices)]), splices)


def _changes(
    spec: Spec, node: Node, rows: Mapping[str, Any]
) -> tuple[list[tuple[Pair, Any]], list[Pair], list[tuple[str, Any]]]:
    """Keys with another value, keys that go, keys that come."""
    old = {pair.key.text: pair for pair in node.pairs}
    if len(old) != len(node.pairs):
        raise CannotUpdateEntry("a key stands twice")
    ours = {row.key.split(".")[0] for row in spec.fields.values() if row.field}  # the rest is the program's alone
    changed = [(p, rows[k]) for k, p in old.items() if k in rows and p.value.data() != rows[k]]
    gone = [p for k, p in old.items() if k not in rows and k in ours]
    return changed, gone, [(k, v) for k, v in rows.items() if k not in old]


def _lines(key: str, value: Any, column: int) -> str:
    entry = scalars.yaml_entry(key, value, 0, False, blocks=True)
    return ("\n" + " " * column).join(entry.split("\n"))


def _end(text: str, pair: Pair) -> int:
    return pair.start + len(text[pair.start : pair.end].rstrip())


def _pad(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _edited(text: str, start: int, end: int, splices: list[Splice]) -> Splice:
    return start, end, edit_text(text[start:end], [(a - start, b - start, new) for a, b, new in splices])
