"""The first half of VS Code's small YAML parser: text to tokens (``vs/base/common/yaml``, 1.138)."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
class Token:
    kind: int
    start: int
    end: int
    text: str = ""
    style: str = "plain"


class Scanner:
    """Goes through the text line by line; ``scan`` gives all tokens."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.tokens = text, 0, list[Token]()
        self.depth = 0  # of brackets; it runs on over line ends, and over broken lines
        self.colon = False  # a colon was seen on this line
        self.marks = 0

    def scan(self) -> list[Token]:
        while self.at < len(self.text) and self.marks <= 1:
            self.line()
        self.add(EOF, self.at)
        return self.tokens

    def add(self, kind: int, end: int, text: str = "", style: str = "plain") -> None:
        self.tokens.append(Token(kind, self.at, end, text, style))
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
