"""YAML as VS Code's own small parser takes it (``vs/base/common/yaml``, seen in 1.138 and 1.139).

It is no YAML parser: only the first ``: `` of a line splits, every scalar is text, nothing is an error. What it makes
of broken text decides which tools an agent gets there, so its habits are followed one by one, odd ones too; a test
holds this against the real parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentconv.containers import MAX_DEPTH, MAX_NODES, ContainerError, Node, Pair, Places

SCALAR, COLON, DASH, COMMA, OPEN, CLOSE, NEWLINE, INDENT, COMMENT, MARK, STOP, EOF = range(12)

_NEWLINE = re.compile(r"\r\n|\n|\r")
_BLANK = re.compile(r"[ \t]*")
_REST = re.compile(r"[^\r\n]*")
_MARK = re.compile(r"(---|\.\.\.)(?=[ \t\r\n]|\Z)")
_BLOCK = re.compile(r"[|>][-+1-9]*[ \t]*(?=[\r\n#]|\Z)")
_ESCAPES = {
    "n": "\n", "t": "\t", "\\": "\\", '"': '"', "/": "/", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b",
    "v": "\v", "f": "\f", " ": " ", "_": "\xa0",
}  # fmt: skip
_HEX = {"x": 2, "u": 4, "U": 8}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclass(slots=True)
class _Token:
    kind: int
    start: int
    end: int
    text: str = ""
    style: str = "plain"


def parse(text: str, *, offset: int = 0, line: int = 1) -> Node:
    """The fields of a header; a map always, empty where the header is none."""
    node = _Parser(text, _Scanner(text).scan(), offset, line).run()
    if node is None or node.kind != "map":
        return Node("map", offset, offset, line, 1, style="block")
    return node


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.tokens = text, 0, list[_Token]()
        self.depth = 0  # of brackets; it runs on over line ends, and over broken lines
        self.colon = False  # a colon was seen on this line
        self.marks = 0

    def scan(self) -> list[_Token]:
        while self.at < len(self.text) and self.marks <= 1:
            self.line()
        self.add(EOF, self.at)
        return self.tokens

    def add(self, kind: int, end: int, text: str = "", style: str = "plain") -> None:
        self.tokens.append(_Token(kind, self.at, end, text, style))
        self.at = end

    def here(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def newline(self) -> None:
        if found := _NEWLINE.match(self.text, self.at):
            self.add(NEWLINE, found.end())

    def end_of(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        return found.end() if found else self.at

    def line(self) -> None:
        self.colon = False
        indent = self.end_of(_BLANK)
        indented = indent > self.at
        if indented:
            self.add(INDENT, indent)
        mark = None if indented else _MARK.match(self.text, self.at)
        if mark:
            self.add(MARK if mark[1] == "---" else STOP, mark.end())
            self.marks += mark[1] == "---"
            self.content()
        elif self.here() == "#":
            self.add(COMMENT, self.end_of(_REST))
        elif self.here() == "%":
            self.at = self.end_of(_REST)
        else:
            self.content()
        self.newline()

    def content(self) -> None:
        while True:
            self.at = self.end_of(_BLANK)
            char = self.here()
            if char in ("", "\r", "\n"):
                return
            if char == "#":
                self.add(COMMENT, self.end_of(_REST))
                return
            if char in "{[":
                self.depth += 1
                self.add(OPEN, self.at + 1, char)
            elif char in "}]" and self.depth:
                self.depth -= 1
                self.add(CLOSE, self.at + 1, char)
            elif char == "," and self.depth:
                self.add(COMMA, self.at + 1)
            elif char == "-" and self.text[self.at + 1 : self.at + 2] in ("", " ", "\t", "\n", "\r"):
                self.add(DASH, self.at + 1)
            elif char == ":" and self.splits(self.at):
                self.add(COLON, self.at + 1)
                self.colon = self.colon or not self.depth
            elif char == ":" and self.depth and self.after_value():
                self.add(COLON, self.at + 1)
            elif char in "'\"":
                self.quoted(char)
            elif char in "|>" and not self.depth and _BLOCK.match(self.text, self.at):
                self.block(char)
                return
            else:
                self.plain()

    def splits(self, at: int) -> bool:
        if self.colon and not self.depth:
            return False
        after = self.text[at + 1 : at + 2]
        return after in ("", " ", "\t", "\n", "\r") or bool(self.depth and after in ",}]")

    def after_value(self) -> bool:
        for token in reversed(self.tokens):
            if token.kind not in (NEWLINE, INDENT, COMMENT):
                return token.kind == CLOSE or (token.kind == SCALAR and token.style != "plain")
        return False

    def plain(self) -> None:
        text, at, end = self.text, self.at, self.at
        while at < len(text):
            char = text[at]
            if char in "\r\n" or (self.depth and char in ",}]{["):
                break
            if char == ":" and self.splits(at):
                break
            if char == "#" and at > self.at and text[at - 1] in " \t":
                break
            at += 1
            if char not in " \t":
                end = at
        self.add(SCALAR, end, text[self.at : end])
        self.at = at

    def quoted(self, quote: str) -> None:
        text, at = self.text, self.at + 1
        parts: list[str] = []
        blanks = 0  # white space at the end that a line break drops; escaped white space stays
        while at < len(text):
            char = text[at]
            if char == quote:
                if quote == "'" and text[at + 1 : at + 2] == "'":
                    parts.append("'")
                    at, blanks = at + 2, 0
                    continue
                at += 1
                break
            if char == "\\" and quote == '"':
                at, blanks = self.escape(at, parts), 0
            elif char in "\r\n":
                if blanks:
                    del parts[-blanks:]
                blanks, empty = 0, -1
                while found := _NEWLINE.match(text, at):
                    empty += 1
                    at = _after(_BLANK, text, found.end())
                parts.append("\n" * empty or " ")
            else:
                blanks = blanks + 1 if char in " \t" else 0
                parts.append(char)
                at += 1
        self.add(SCALAR, at, _joined("".join(parts)), "quoted")

    def escape(self, at: int, parts: list[str]) -> int:
        after = self.text[at + 1 : at + 2]
        if after in ("\r", "\n"):
            found = _NEWLINE.match(self.text, at + 1)
            return _after(_BLANK, self.text, found.end() if found else at + 1)
        if after in _HEX:
            stop = at + 2 + _HEX[after]
            digits = self.text[at + 2 : stop]
            # JavaScript's parseInt reads as many digits as there are, if there is one
            number = re.match(r"\s*([-+]?)(?:0[xX])?([0-9a-fA-F]+)", digits)
            if len(digits) == _HEX[after] and number and not number[1]:
                code = int(number[2], 16)
                if code <= 0x10FFFF:
                    parts.append(chr(code))
                    return stop
            parts.append("\\" + after)
            return at + 2
        parts.append(_ESCAPES.get(after, "\\" + after) if after else "\\")
        return at + 2

    def block(self, style: str) -> None:
        start = self.at
        head = re.compile(r"([-+]?)([1-9]?)([-+]?)").match(self.text, self.at + 1)
        first, digit, last = head.groups() if head else ("", "", "")
        if first and not digit:
            last = ""
        chomp = first or last
        self.at = self.end_of(_REST)
        self.at = self.end_of(_NEWLINE)
        parent = self.parent(start)
        margin = parent + int(digit) if digit else 0
        lines: list[str] = []
        while self.at < len(self.text):
            indent = self.end_of(re.compile(r" *")) - self.at
            found = _REST.match(self.text, self.at)
            line = found[0] if found else ""
            if line == " " * indent:
                lines.append(line[margin:] if margin and indent >= margin else "")
            else:
                if not indent and _MARK.match(self.text, self.at):
                    break
                if not margin:
                    if indent <= parent:
                        break
                    margin = indent
                if indent < margin:
                    break
                lines.append(line[margin:])
            self.at += len(line)
            self.at = self.end_of(_NEWLINE)
        end, self.at = self.at, start
        self.add(SCALAR, end, _block_text(lines, style, chomp), "block")

    def parent(self, at: int) -> int:
        """The indentation of what the block belongs to."""
        meaning = [t for t in self.tokens[-8:] if t.kind not in (NEWLINE, COMMENT, INDENT)]
        if not meaning:
            return 0
        last = meaning[-1]
        if last.kind == COLON:
            return self.column(meaning[-2].start) if len(meaning) > 1 else 0
        if last.kind == DASH:
            return self.column(last.start)
        return -1 if last.kind == MARK else 0

    def column(self, at: int) -> int:
        return at - max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) - 1


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _joined(text: str) -> str:
    """Two halves of a surrogate pair are one character."""
    return _PAIR.sub(lambda m: m[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _block_text(lines: list[str], style: str, chomp: str) -> str:
    tail = 0
    for line in reversed(lines):
        if line:
            break
        tail += 1
    content = any(lines)
    if style == "|":
        text = "\n".join(lines)
    else:
        text, before, gap, seen = "", False, False, False
        for number, line in enumerate(lines):
            if not line:
                text += "\n"
                gap = True
                continue
            deep = line[0] in " \t"
            if number == 0:
                text = line
            elif gap:
                text += ("\n" if (before or deep) and seen else "") + line
            else:
                text += ("\n" if deep or before else " ") + line
            before, gap, seen = deep, False, True
    if tail:
        text = text.rstrip("\n")
    if chomp == "-":
        return text
    if chomp == "+":
        return text + "\n" * (tail + 1) if content else "\n" * tail
    return text + "\n" if content else text


class _Parser:
    def __init__(self, text: str, tokens: list[_Token], offset: int, line: int) -> None:
        self.text, self.tokens, self.at = text, tokens, 0
        self.offset, self.first_line, self.places = offset, line, Places(text)
        self.depth = self.count = 0

    def run(self) -> Node | None:
        self.skip()
        if self.now.kind == MARK:
            self.next()
            self.skip()
        if self.now.kind in (EOF, STOP):
            return None
        return self.value(-1)

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def peek(self, by: int) -> _Token:
        return self.tokens[min(self.at + by, len(self.tokens) - 1)]

    def next(self) -> _Token:
        token = self.tokens[self.at]
        if token.kind != EOF:
            self.at += 1
        return token

    def skip(self) -> None:
        while self.now.kind in (NEWLINE, COMMENT) or (
            self.now.kind == INDENT and self.peek(1).kind in (NEWLINE, COMMENT, EOF)
        ):
            self.next()

    def indent(self) -> int:
        return self.now.end - self.now.start if self.now.kind == INDENT else 0

    def content(self) -> _Token:
        return self.peek(1) if self.now.kind == INDENT else self.now

    def node(self, kind: str, start: int, style: str = "block", end: int | None = None, text: str = "") -> Node:
        line, column = self.places.at(start)
        self.count += 1
        if self.count > MAX_NODES:
            raise ContainerError("R017", f"more than {MAX_NODES} values", line + self.first_line - 1, column)
        stop = start if end is None else end
        node = Node("scalar", start + self.offset, stop + self.offset, line + self.first_line - 1, column, text, style)
        if kind == "scalar":
            node.value = text
        elif kind == "list":
            node.kind = "list"
        else:
            node.kind = "map"
        return node

    def empty(self, at: int) -> Node:
        return self.node("scalar", at, "plain")

    def scalar_of(self, token: _Token) -> Node:
        end = token.end
        if token.style == "block":
            end = token.start + len(self.text[token.start : token.end].rstrip())
        return self.node("scalar", token.start, token.style, end, token.text)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            line, column = self.places.at(self.now.start)
            raise ContainerError("R017", f"nested deeper than {MAX_DEPTH} levels", line + self.first_line - 1, column)

    def value(self, parent: int) -> Node | None:
        self.skip()
        if self.content().kind == OPEN:
            if self.now.kind == INDENT:
                self.next()
            return self.flow()
        indent = self.indent()
        if self.content().kind == DASH:
            return self.sequence(indent)
        if self.is_entry():
            return self.mapping(indent)
        if self.now.kind in (SCALAR, INDENT):
            if self.now.kind == INDENT:
                self.next()
            if self.now.kind != SCALAR:
                return self.several_lines(self.now, parent)
            return self.text_value(parent)
        return None

    def is_entry(self) -> bool:
        by = 1 if self.now.kind == INDENT else 0
        return self.peek(by).kind == SCALAR and self.peek(by + 1).kind == COLON

    def text_value(self, parent: int) -> Node:
        token = self.next()
        return self.scalar_of(token) if token.style != "plain" else self.several_lines(token, parent)

    def several_lines(self, first: _Token, parent: int) -> Node:
        """A plain text and the lines that go on with it."""
        parts, end = [first.text], first.end
        while True:
            saved = self.at
            empty = self.to_next_line(parent)
            if empty is None:
                self.at = saved
                break
            if self.now.kind == INDENT:
                self.next()
            if self.now.kind == DASH:
                dash = self.next()
                more, end = "-", dash.end
                if self.now.kind == SCALAR:
                    more, end = "- " + self.now.text, self.next().end
            elif self.now.kind != SCALAR or self.peek(1).kind == COLON:
                self.at = saved
                break
            else:
                more, end = self.now.text, self.next().end
            parts += ("\n" * empty or " ", more)
        return self.node("scalar", first.start, "plain", end, "".join(parts))

    def to_next_line(self, parent: int) -> int | None:
        """Step to a line that goes on with the text; the number of empty lines before it."""
        empty = 0
        while self.now.kind == NEWLINE:
            self.next()
            if self.now.kind == NEWLINE:
                empty += 1
            elif self.now.kind == INDENT:
                after = self.peek(1).kind
                if after not in (NEWLINE, EOF):
                    return empty if after != COMMENT and self.indent() > parent else None
                empty += 1
                self.next()
            elif self.now.kind in (EOF, MARK, STOP):
                return None
            else:
                return empty if parent < 0 else None
        return None

    def mapping(self, base: int, inline: bool = False) -> Node:
        self.deeper()
        node = self.node("map", self.now.start)
        node.end = node.start
        while self.now.kind != EOF:
            if not inline:
                self.skip()
                if self.now.kind == EOF or self.indent() < base or not self.is_entry():
                    break
            inline = False
            if self.now.kind == INDENT:
                self.next()
            key = self.scalar_of(self.next())
            colon = self.next()
            node.pairs.append(Pair(key, self.field(base, colon)))
            node.end = node.pairs[-1].end
        self.depth -= 1
        return node

    def field(self, base: int, colon: _Token) -> Node:
        if self.now.kind == OPEN:
            return self.flow()
        if self.now.kind == SCALAR:
            return self.text_value(base)
        self.skip()
        indent = self.indent()
        beside = indent == base and self.content().kind == DASH
        if self.now.kind == EOF or (indent <= base and not beside):
            return self.empty(colon.end)
        return self.value(base) or self.empty(colon.end)

    def sequence(self, base: int) -> Node:
        self.deeper()
        node = self.node("list", self.now.start)
        first = True
        while self.now.kind != EOF:
            self.skip()
            if self.now.kind == EOF:
                break
            column = self.column(self.now) if first and self.now.kind == DASH else self.indent()
            first = False
            if column < base or self.content().kind != DASH:
                break
            if self.now.kind == INDENT:
                self.next()
            node.items.append(self.item(base, self.next()))
            node.end = node.items[-1].end
        self.depth -= 1
        return node

    def column(self, token: _Token) -> int:
        return self.places.at(token.start)[1] - 1

    def item(self, base: int, dash: _Token) -> Node:
        token = self.now
        if token.kind == COMMENT:
            self.next()
        if token.kind == OPEN:
            return self.flow()
        if token.kind == DASH:
            return self.sequence(self.column(token))
        if token.kind == SCALAR:
            if self.peek(1).kind == COLON:
                return self.mapping(self.column(token), inline=True)
            return self.text_value(base)
        self.skip()
        if self.now.kind == EOF or self.indent() <= base:
            return self.empty(dash.end)
        return self.value(base) or self.empty(dash.end)

    def flow(self) -> Node:
        self.deeper()
        node = self.flow_map() if self.now.text == "{" else self.flow_list()
        self.depth -= 1
        return node

    def blank(self) -> None:
        while self.now.kind in (NEWLINE, INDENT, COMMENT):
            self.next()

    def close(self, node: Node, bracket: str) -> Node:
        token = self.now
        closed = token.kind == CLOSE and token.text == bracket
        node.end = self.offset + (token.end if closed else token.start)
        if closed:
            self.next()
        return node

    def flow_list(self) -> Node:
        node = self.node("list", self.next().start, "flow")
        self.blank()
        while self.now.kind != EOF and not (self.now.kind == CLOSE and self.now.text == "]"):
            if self.now.kind == OPEN:
                node.items.append(self.flow())
            elif self.now.kind == SCALAR:
                node.items.append(self.flow_scalar())
            else:
                self.next()
                continue
            self.comma()
        return self.close(node, "]")

    def comma(self) -> None:
        self.blank()
        if self.now.kind == COMMA:
            self.next()
            self.blank()

    def flow_map(self) -> Node:
        node = self.node("map", self.next().start, "flow")
        self.blank()
        while self.now.kind == SCALAR:
            key = self.flow_scalar()
            self.blank()
            value = self.empty(key.end - self.offset)
            if self.now.kind == COLON:
                self.next()
                self.blank()
                value = self.flow_value()
            node.pairs.append(Pair(key, value))
            self.comma()
        return self.close(node, "}")

    def flow_value(self) -> Node:
        if self.now.kind == OPEN:
            return self.flow()
        return self.flow_scalar() if self.now.kind == SCALAR else self.empty(self.now.start)

    def flow_scalar(self) -> Node:
        first = self.next()
        if first.style != "plain":
            return self.scalar_of(first)
        text, end = first.text, first.end
        while True:
            at, lines = self.at, 0
            while self.tokens[at].kind in (NEWLINE, INDENT, COMMENT):
                lines += self.tokens[at].kind == NEWLINE
                at += 1
            token = self.tokens[at]
            if not lines or token.kind != SCALAR or token.style != "plain":
                return self.node("scalar", first.start, "plain", end, text)
            text, end, self.at = text + " " + token.text, token.end, at + 1
