"""Containers: text to rows with positions, one module per syntax.

What a program does with broken input is a fact about the program and comes in as data (the
``dialect`` of its description); no module here knows a program.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from dataclasses import field
from math import isfinite
from typing import Any, Literal

from agentconv.patterns import pattern
from agentconv.records import dataclass

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
MAX_NODES = 10_000
# Rules for tools are held against each other. The longest list of 428 real files has 29, the longest that was ever
# reported 640.
MAX_RULES = 2_000
# A header is read as a whole and, where it is broken, entry by entry: both take their time. The longest of 8,439 real
# headers has 24,000 characters.
MAX_HEADER = 500_000
MAX_BROKEN = 100_000
MAX_BROKEN_LINES = 2_000
# Characters that one does not see (without width or ink), for use inside of brackets of an expression.
HIDDEN = "\\u200b-\\u200f\\u2060\\ufeff\\u00ad\\u202a-\\u202e\\u2066-\\u2069\\u00a0\\u2007\\u202f\\u3000"
LINE_END = re.compile(r"\r\n|\r|\n")
_LINE_FEED = re.compile(r"\n")  # a third of the time, where no other line end is
BETWEEN = pattern(r"[,;\s]+")

Kind = Literal["scalar", "list", "map"]


class ContainerError(Exception):
    """The text cannot be read. ``code`` is a note code, line and column count from 1. ``form``: it is the form of the
    whole that is strange, which a program may know; else it is in doubt what a line means, which nobody knows."""

    form = False

    def __init__(self, code: str, message: str, line: int = 1, column: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.column, self.help = code, message, line, column, help


@dataclass(slots=True)
class Node:
    """A value with its place. ``start``/``end`` are offsets into the text of the file (end exclusive),
    ``line``/``column`` count from 1."""

    kind: Kind
    start: int
    end: int
    line: int
    column: int
    text: str = ""  # scalar: its characters after unquoting
    style: str = "plain"  # plain | quoted | block (| and >) | flow / block for lists and maps
    value: Any = None  # scalar: typed by the schema (None bool int float str; in TOML dates and times)
    items: list[Node] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """The value of a key of a map (the last one, where the key stands twice)."""
        for pair in reversed(self.pairs):
            if pair.key.text == key:
                return pair.value
        return None

    def shape(self) -> tuple[Any, ...]:
        """All that is said here but the place: equal shapes mean the same; ``1`` and ``true`` are told apart."""
        if self.kind == "scalar":
            return self.text, self.style, type(self.value), self.value
        inner: list[Any] = [item.shape() for item in self.items]
        inner += [(pair.key.shape(), pair.value.shape()) for pair in self.pairs]
        return self.kind, self.style, *inner

    def data(self) -> Any:
        """The plain Python value below this node. A date, and a number that is none in JSON (`.inf`), is its text."""
        if self.kind == "scalar":
            if isinstance(self.value, (datetime.date, datetime.time)):
                return self.text
            return self.text if isinstance(self.value, float) and not isfinite(self.value) else self.value
        if self.kind == "list":
            return [item.data() for item in self.items]
        return {pair.key.text: pair.value.data() for pair in self.pairs}


@dataclass(slots=True)
class Pair:
    """A key and its value; ``start``/``end`` span the whole entry, comments and line end excluded."""

    key: Node
    value: Node

    @property
    def start(self) -> int:
        """Where the key begins."""
        return self.key.start

    @property
    def end(self) -> int:
        """Where the value ends."""
        return max(self.value.end, self.key.end)


@dataclass(slots=True)
class Remark:
    """Something the reader repaired or passed over: a note code with its place.

    ``start``/``end``/``new`` is the splice that makes the file right (``end < 0``: no splice)."""

    code: str
    message: str
    line: int
    column: int
    key: str = ""
    start: int = 0
    end: int = -1
    new: str = ""


@dataclass(slots=True)
class Document:
    """A file taken apart. ``header`` is the map of fields, ``body`` the text below it.

    ``status`` ``skipped``/``refused`` is the program reading's word that the program makes no agent of it.
    """

    text: str
    header: Node | None
    body: str = ""
    body_start: int = 0
    body_end: int = 0
    header_start: int = 0  # offsets of the text between the opening and the closing line
    header_end: int = 0
    newline: str = "\n"
    prompt_key: str = ""  # the field that holds the prompt of a file that is all header
    outside: list[Pair] = field(default_factory=list)  # what stands around the header, where that is the value of a key
    remarks: list[Remark] = field(default_factory=list)
    status: Literal["read", "skipped", "refused"] = "read"
    reason: str = ""


def check_header(source: str, line: int = 1, *, broken: bool = False) -> None:
    """A header longer than any agent's is an error and not a wait."""
    most = MAX_BROKEN if broken else MAX_HEADER
    if len(source) > most or (broken and source.count("\n") + source.count("\r") > MAX_BROKEN_LINES):
        what = "a broken header" if broken else "a header"
        text = f"{what} of {len(source):,} characters: more than {most:,} of them or {MAX_BROKEN_LINES:,} lines"
        text = text if broken else f"{what} of {len(source):,} characters: more than {most:,}"
        raise ContainerError("R017", text, line)


def too_many_names(node: Node) -> bool:
    """Whether texts that are taken apart at commas or blanks hold more values than a file may."""
    texts = [one.text for one in (node, *node.items) if one.kind == "scalar" and len(one.text) > MAX_NODES]
    return bool(texts) and sum(len(BETWEEN.findall(text)) for text in texts) >= MAX_NODES


class Places:
    """Line and column (from 1) of offsets; CRLF, LF and a lone CR each end one line."""

    def __init__(self, text: str) -> None:
        self.bom = text.startswith("\ufeff")
        self._text, self._starts, self._seen = text, list[int](), 0
        self._ends = LINE_END if "\r" in text else _LINE_FEED

    @property
    def starts(self) -> list[int]:
        """Where each line but the first begins."""
        self._look_until(len(self._text))
        return self._starts

    def _look_until(self, offset: int) -> None:
        """Lines are looked for as far as they are asked for: places are mostly those of a header, above a long text."""
        if self._seen >= min(offset, len(self._text)):
            return
        end = min(max(offset, self._seen + 1000), len(self._text))
        if self._text[end - 1 : end + 1] == "\r\n":
            end += 1
        self._starts += [found.end() for found in self._ends.finditer(self._text, self._seen, end)]
        self._seen = end

    def at(self, offset: int) -> tuple[int, int]:
        """The place of one offset; a byte order mark has no width."""
        if self._seen <= offset:
            self._look_until(offset + 1)
        line = bisect_right(self._starts, offset)
        if line:
            return line + 1, offset - self._starts[line - 1] + 1
        return 1, max(1, offset + (0 if self.bom else 1))


def locate(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a single offset."""
    return Places(text[:offset]).at(offset)
