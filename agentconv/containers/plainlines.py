"""Headers of plain lines mean one thing in every YAML there is: read without a parser, in a third of its time."""

from __future__ import annotations

import re
from typing import Any

from agentconv.containers import Node, Pair
from agentconv.containers.schemas import typed
from agentconv.patterns import pattern

# characters that some parser refuses, or takes for the end of a line; looked for in the whole text: as a set in each
# place of the expression below they cost a millisecond when it is compiled
_ODD = pattern(r"[\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_QUOTED = r"\"[^\n\"\\]*+\""
_ITEM = rf"(?:[A-Za-z_][\w./-]*+|{_QUOTED})"
# `key: some words`, `key: "some words"`, `key: [word, word]`, the same behind a dash, and a key with nothing behind it;
# no other value, no text that goes on in the next line, and no comment but above the first key
_LINE = re.compile(
    rf"( *)(?:([A-Za-z_][\w-]{{0,60}}|{_QUOTED}):|-)"
    rf"(?:( +)(?:\[((?:{_ITEM}(?:, {_ITEM})*+)?+)\]"
    rf"|({_QUOTED}|[A-Za-z0-9](?:[^\n:#]++|:(?=[^\s])|(?<=[^\s])#)*+(?<=\S))))?+(?:\n|\Z)",
    re.A,
)
_COMMENTS = re.compile(r"(?:#[^\n]*+\n)*+")
_WORD = re.compile(r"\"[^\"]*\"|[^ ,]+")
MOST_LINES = 60
MOST_WORDS = 1000  # in lists; what is longer the parser counts, which ends it at the limit of all values


def plain_lines(text: str, schema: str, offset: int = 0, line: int = 1) -> Node | None:
    """What a YAML parser makes of a text of such lines alone; ``None`` for any other."""
    at = _COMMENTS.match(text).end()  # type: ignore[union-attr]  # it matches nothing, too
    row = line + text.count("\n", 0, at) if at else line
    top = node = Node("map", at + offset, at + offset, row, 1, style="block")
    deep, seen, outer = 0, set[str](), list[tuple[Node, int, set[str]]]()
    above: Node | None = None  # the key that has nothing behind it
    first, words_left, end = at, MOST_WORDS, len(text)
    while found := _LINE.match(text, at):
        if row - line == MOST_LINES:
            return None
        margin, name, gap, listed, words = found.groups()
        indent, start = len(margin), at + len(margin)
        if above is not None:
            if indent <= deep:
                return None
            outer.append((node, deep, seen))
            inner = Node("map" if name else "list", start + offset, start + offset, row, indent + 1, style="block")
            node.pairs.append(Pair(above, inner))
            node, deep, seen, above = inner, indent, set(), None
        while indent < deep:
            last = node.end
            node, deep, seen = outer.pop()
            node.end = last
        if indent != deep or (name is None) != (node.kind == "list"):
            return None
        if name is not None:
            key = _scalar(name, start + offset, row, indent + 1, schema)
            if key.text in seen:
                return None
            seen.add(key.text)
            if gap is None:
                above = key
                at, row = found.end(), row + 1
                continue
        elif gap is None:
            return None
        begin = found.end(3)
        if listed is None:
            value = _scalar(words, begin + offset, row, begin - at + 1, schema)
        else:
            words_left -= listed.count(",") + 1
            if words_left < 0:
                return None
            value = Node("list", begin + offset, found.end(4) + 1 + offset, row, begin - at + 1, style="flow")
            for word in _WORD.finditer(text, begin + 1, found.end(4)):
                place = word.start()
                value.items.append(_scalar(word[0], place + offset, row, place - at + 1, schema))
        if name is None:
            node.items.append(value)
        else:
            node.pairs.append(Pair(key, value))
        node.end = value.end
        at, row = found.end(), row + 1
    if at != end or at == first or above is not None:
        return None
    if not text.replace("\n", " ").isprintable() and _ODD.search(text):  # none of them can be printed
        return None
    for closed, _, _ in outer:
        closed.end = node.end
    return top


Line = tuple[str, str, str, Any]  # margin, key, kind of the value, and the value


def one_line(text: str, schema: str) -> Line | None:
    """What one such line says; ``None`` for a line without a key, or with another value than words."""
    found = _LINE.fullmatch(text)
    if found is None or not (text.isprintable() or _ODD.search(text) is None):
        return None
    margin, key, _, _, words = found.groups()
    if key is None or words is None:
        return None
    if words[0] == '"':
        return margin, key, "quoted", words[1:-1]
    return margin, key, "plain", typed(words, schema)


def _scalar(raw: str, start: int, row: int, column: int, schema: str) -> Node:
    """A word or words, as they stand there."""
    end = start + len(raw)
    if raw[0] == '"':
        raw = raw[1:-1]
        return Node("scalar", start, end, row, column, raw, "quoted", raw)
    return Node("scalar", start, end, row, column, raw, "plain", typed(raw, schema))
