"""YAML as VS Code's own small parser takes it (``vs/base/common/yaml``, seen in 1.138 and 1.139).

It is no YAML parser: only the first ``: `` of a line splits, every scalar is text, nothing is an error. What it makes
of broken text decides which tools an agent gets there, so its habits are followed one by one, odd ones too; a test
holds this against the real parser.
"""

from __future__ import annotations

from agentconv.containers import MAX_DEPTH, MAX_NODES, ContainerError, Node, Pair, Places
from agentconv.containers.plainlines import plain_lines
from agentconv.containers.tokens import (
    CLOSE,
    COLON,
    COMMA,
    COMMENT,
    DASH,
    EOF,
    INDENT,
    MARK,
    NEWLINE,
    OPEN,
    SCALAR,
    STOP,
    Scanner,
    Token,
)


def parse(text: str, *, offset: int = 0, line: int = 1) -> Node:
    """The fields of a header; a map always, empty where the header is none."""
    # plain lines mean the same here; the place of what is indented is another one
    if "\n " not in text and (plain := plain_lines(text, "strings", offset, line)) is not None:
        return plain
    return parse_in_full(text, offset=offset, line=line)


def parse_in_full(text: str, *, offset: int = 0, line: int = 1) -> Node:
    """The same by the program's parser, whatever the text is."""
    node = _Parser(text, Scanner(text).scan(), offset, line).run()
    if node is None or node.kind != "map":
        return Node("map", offset, offset, line, 1, style="block")
    return node


class _Parser:
    def __init__(self, text: str, tokens: list[Token], offset: int, line: int) -> None:
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
    def now(self) -> Token:
        return self.tokens[self.at]

    def peek(self, by: int) -> Token:
        return self.tokens[min(self.at + by, len(self.tokens) - 1)]

    def next(self) -> Token:
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

    def content(self) -> Token:
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

    def scalar_of(self, token: Token) -> Node:
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

    def several_lines(self, first: Token, parent: int) -> Node:
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

    def field(self, base: int, colon: Token) -> Node:
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

    def column(self, token: Token) -> int:
        return self.places.at(token.start)[1] - 1

    def item(self, base: int, dash: Token) -> Node:
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
