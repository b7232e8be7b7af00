"""Headers of plain lines mean one thing in every YAML there is: read without a parser, in a third of its time."""

from __future__ import annotations

import re

from agentconv.containers import Node, Pair
from agentconv.containers.schemas import typed

# `key: some words` and `key: [word, word]`; no other value, no comment, nothing that goes on in the next line
_LINE = re.compile(
    r"([A-Za-z_][\w-]{0,60}):( +)(?:\[((?:[A-Za-z_][\w./-]*+(?:, )?+)++(?<=[^ ,]))\]"
    r"|([A-Za-z0-9](?:[^\x00-\x1f\x7f-\xa0:#\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]++|:(?=[^\s])|(?<=[^\s])#)*+)(?<=\S))(?:\n|\Z)",
    re.A,
)
_WORD = re.compile(r"[^ ,]+")
MOST_LINES = 60
MOST_WORDS = 1000  # in lists; what is longer the parser counts, which ends it at the limit of all values


def plain_lines(text: str, schema: str, offset: int = 0, line: int = 1) -> Node | None:
    """What a YAML parser makes of a text of such lines alone; ``None`` for any other."""
    node = Node("map", offset, offset, line, 1, style="block")
    at, row, words_left, seen = 0, line, MOST_WORDS, set[str]()
    while found := _LINE.match(text, at):
        name, listed = found[1], found[3]
        if name in seen or len(seen) == MOST_LINES:
            return None
        seen.add(name)
        begin = found.end(2)
        column = begin - at + 1
        start = begin + offset
        key = Node("scalar", at + offset, at + offset + len(name), row, 1, name, "plain", typed(name, schema))
        if listed is None:
            words = found[4]
            value = Node("scalar", start, start + len(words), row, column, words, "plain", typed(words, schema))
        else:
            words_left -= listed.count(",") + 1
            if words_left < 0:
                return None
            value = Node("list", start, found.end(3) + 1 + offset, row, column, style="flow")
            for word in _WORD.finditer(listed):
                item, place = word[0], word.start() + 1
                value.items.append(
                    Node("scalar", start + place, start + place + len(item), row, column + place, item, "plain",
                         typed(item, schema))
                )  # fmt: skip
        node.pairs.append(Pair(key, value))
        node.end = value.end
        at, row = found.end(), row + 1
    return node if at == len(text) and at else None
