"""JSON, and JSON as editors write it (comments, commas before a closing bracket), to nodes with places."""

from __future__ import annotations

import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # as the decoder calls it
from typing import Any

from agentconv.chars import is_unicode
from agentconv.containers import MAX_DEPTH, MAX_NODES, ContainerError, Document, Node, Pair, Places, Remark

# possessive: what matched is never tried again, and no stack of tries grows with the text
_SPACE = re.compile(r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
_BEGUN = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def read(text: str, listed: str = "") -> Document:
    """The file as one map; a list or a bare value is an error. ``listed``: a list is what stands under this key."""
    reader = Reader(text)
    node = under(listed, reader.file())
    if node.kind != "map":
        raise ContainerError("R005", "the file holds no object { }", node.line, node.column)
    newline = "\r\n" if "\r\n" in text else "\n"
    return Document(
        text, node, header_start=node.start, header_end=node.end, newline=newline, body_start=len(text),
        body_end=len(text), remarks=reader.remarks,
    )  # fmt: skip


def under(key: str, node: Node) -> Node:
    """A list at the top as a map with that one key."""
    if node.kind != "list" or not key:
        return node
    name = Node("scalar", node.start, node.start, node.line, node.column, key, value=key)
    return Node("map", node.start, node.end, node.line, node.column, pairs=[Pair(name, node)])


def read_value(text: str, start: int, end: int) -> Node:
    """The one value between two offsets of a file (a header of JSON)."""
    reader = Reader(text[:end])
    reader.at = start
    return reader.file()


class Reader:
    """Goes through the text value by value; a reader of more than JSON begins here."""

    blank = _SPACE

    def __init__(self, text: str) -> None:
        self.text, self.at, self.count = text, 0, 0
        self.remarks: list[Remark] = []
        self.place = Places(text).at

    def fail(self, message: str, at: int | None = None, help: str = "", code: str = "R005") -> ContainerError:
        line, column = self.place(self.at if at is None else at)
        return ContainerError(code, message, line, column, help)

    def skip(self) -> str:
        """To the next thing that counts; its first character, "" at the end."""
        found = self.blank.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.text.startswith("/*", self.at):
            raise self.fail("a comment /* is not closed")
        return self.text[self.at : self.at + 1]

    def file(self) -> Node:
        if not self.at and self.text.startswith("\ufeff"):
            self.at = 1
        if not self.skip():
            raise self.fail("the file is empty", code="R002")
        node = self.value(1)
        if self.skip():
            raise self.fail("text after the end of the JSON value")
        return node

    def begun(self, depth: int) -> str:
        """The first sign of one more value; too deep, or too many of them, is an error."""
        char = self.skip()
        self.count += 1
        if depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels", code="R017")
        if self.count > MAX_NODES:
            raise self.fail(f"more than {MAX_NODES} values", code="R017")
        return char

    def value(self, depth: int) -> Node:
        char = self.begun(depth)
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char == '"':
            return self.string()
        line, column = self.place(self.at)
        start = self.at
        if found := _WORD.match(self.text, start):
            value = _WORDS[found[0]]
        elif found := _NUMBER.match(self.text, start):
            value = float(found[0]) if found[1] or found[2] or len(found[0]) > 300 else int(found[0])
        elif not char:
            raise self.fail("the file ends where a value is expected")
        elif char == "'":
            raise self.fail("text in single quotes", help="JSON knows double quotes only")
        else:
            raise self.fail(f"no JSON value begins with {char!r}", help="put text in double quotes")
        self.at = found.end()
        if self.text[self.at : self.at + 1].isalnum():
            raise self.fail("text after a value", help="put text in double quotes")
        return Node("scalar", start, self.at, line, column, found[0], "plain", value)

    def string(self) -> Node:
        start = self.at
        line, column = self.place(start)
        try:
            text, self.at = scanstring(self.text, start + 1, True)
        except ValueError:
            raise self.string_error(start) from None
        if not is_unicode(text):
            raise self.fail("half of a surrogate pair: this is no text", start)
        return Node("scalar", start, self.at, line, column, text, "quoted", text)

    def string_error(self, start: int) -> ContainerError:
        good = _BEGUN.match(self.text, start)
        end = good.end() if good else start
        rest = self.text[end : end + 1]
        if rest in ("\n", "\r", ""):
            return self.fail("a text is not closed before the end of its line", start, "write line breaks as \\n")
        if rest == "\\":
            return self.fail("an unknown escape", end, "double the backslash")
        return self.fail("a control character inside a text", end, "write tabs as \\t")

    def array(self, depth: int) -> Node:
        line, column = self.place(self.at)
        node = Node("list", self.at, self.at, line, column, style="flow")
        self.at += 1
        while self.skip() != "]":
            node.items.append(self.value(depth + 1))
            self.comma("]", node)
        self.at += 1
        node.end = self.at
        return node

    def comma(self, close: str, node: Node) -> None:
        char = self.skip()
        if char == ",":
            self.at += 1
        elif not char:
            raise self.fail(f"the {self.text[node.start]} of line {node.line} is not closed")
        elif char != close:
            raise self.fail(f"a comma or {close} is missing here")

    def object(self, depth: int) -> Node:
        line, column = self.place(self.at)
        node = Node("map", self.at, self.at, line, column, style="flow")
        self.at += 1
        seen: set[str] = set()
        while (char := self.skip()) != "}":
            if char != '"':
                raise self.fail(
                    "a key in double quotes is expected here" if char else f"the {{ of line {line} is not closed"
                )
            key = self.string()
            if self.skip() != ":":
                raise self.fail(f"a colon is missing after the key {key.text[:40]!r}")
            self.at += 1
            node.pairs.append(Pair(key, self.value(depth + 1)))
            if key.text in seen:
                self.remarks.append(
                    Remark("R010", "the key stands twice; the last one counts", key.line, key.column, key.text)
                )
            seen.add(key.text)
            self.comma("}", node)
        self.at += 1
        node.end = self.at
        return node
