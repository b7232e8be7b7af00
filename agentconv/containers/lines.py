"""A header read line by line that is no YAML (``parser: lines``): what stands behind the first colon is the value,
quotes, brackets and comments included.

Such a program still gets files from people who think they write YAML. The author reading takes a header that is YAML
as YAML, and says where the program sees something else; a header that is none means what its lines say.
"""

from __future__ import annotations

import re

from agentconv.containers import MAX_NODES, ContainerError, Document, Node, Pair, Places, Remark, check_header
from agentconv.containers.frontmatter import newline_of
from agentconv.containers.frontmatter import read_author as read_yaml
from agentconv.containers.wrapping import forgotten_colon, split
from agentconv.containers.yamlnodes import compose_all
from agentconv.patterns import pattern

_LINE = pattern(r"[^\r\n]+")
_QUOTED = pattern(r"\"((?:[^\"\\]|\\[\"\\])*)\"|'((?:[^']|'')*)'")


def parse(text: str, offset: int = 0, line: int = 1, lower: bool = True) -> Node:
    """The map that a loop over the lines makes: keys in lower case (or not), indentation and empty keys ignored."""
    place = Places(text).at
    node = Node("map", offset, offset + len(text), line, 1, style="block")
    for found in _LINE.finditer(text):
        bare = found[0].strip()
        colon = bare.find(":")
        if not bare or bare.startswith("#") or colon < 1:
            continue
        start = found.start() + found[0].index(bare)
        row, column = place(start)
        name, value = bare[:colon].strip(), bare[colon + 1 :].strip()
        name = name.lower() if lower else name
        at = start + colon + 1 + (len(bare[colon + 1 :]) - len(bare[colon + 1 :].lstrip()))
        key = Node("scalar", offset + start, offset + start + colon, line + row - 1, column, name, value=name)
        text_node = Node(
            "scalar", offset + at, offset + at + len(value), line + row - 1, column + at - start, value, value=value
        )
        node.pairs.append(Pair(key, text_node))
        if len(node.pairs) > MAX_NODES:
            raise ContainerError("R017", f"more than {MAX_NODES} values", line + row - 1, column)
    return node


def read_author(
    text: str, known_keys: frozenset[str], controls: frozenset[str] = frozenset(), lower: bool = True
) -> Document:
    """The file as its author meant it."""
    parts = split(text, known_keys)
    if parts.header is None or parts.bare or parts.unclosed or parts.language or parts.second:
        return read_yaml(text, known_keys, controls)
    (start, end), (body, last) = parts.header, parts.body
    document = Document(
        text, None, text[body:last], body, last, start, end, newline=newline_of(text), remarks=parts.remarks
    )
    line = text.count("\n", 0, start) + 1
    check_header(text[start:end], line)
    plain = parse(text[start:end], start, line, lower)
    try:
        meant = compose_all(text[start:end], schema="strings", offset=start, line=line).node
    except ContainerError:
        meant = None
    if meant is None or meant.kind != "map":
        for found in _LINE.finditer(text, start, end):
            forgotten_colon(text, found[0], found.start(), known_keys, controls)
        for pair in plain.pairs:
            bare = _unquoted(pair.value.text)
            if bare != pair.value.text:
                document.remarks.append(_as_it_is(pair.key.text, pair.value))
            pair.value.text = pair.value.value = bare
        document.header = plain
        return document
    document.remarks += _differences(meant, plain, lower)
    for pair in meant.pairs if lower else ():  # the program looks keys up in lower case
        pair.key.text = pair.key.value = pair.key.text.lower()
    document.header = meant
    return document


def _unquoted(value: str) -> str:
    found = _QUOTED.fullmatch(value)
    if not found:
        return value
    return re.sub(r'\\(["\\])', r"\1", found[1]) if found[1] is not None else found[2].replace("''", "'")


def _differences(meant: Node, plain: Node, lower: bool) -> list[Remark]:
    """Where the program, line by line, has another value than YAML has."""
    out = []
    for key in dict.fromkeys(pair.key.text for pair in plain.pairs):
        seen = plain.get(key)
        names = ((p.key.text.lower() if lower else p.key.text, p.value) for p in reversed(meant.pairs))
        asked = next((value for name, value in names if name == key), None)
        if seen is None or (asked is not None and asked.kind == "scalar" and asked.text.strip() == seen.text):
            continue
        out.append(_as_it_is(key, seen))
    return out


def _as_it_is(key: str, seen: Node) -> Remark:
    shown = seen.text if len(seen.text) <= 40 else seen.text[:37] + "…"
    text = f"the program takes lines as they are: `{key}` is `{shown}` there"
    return Remark("R011", text, seen.line, seen.column, key)
