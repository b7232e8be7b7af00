"""A module of TypeScript or JavaScript whose default export is an object literal, to nodes with places.

Such a file is a program, and it is never run: only literals are read. Whatever has to be worked out (a call, a name, a
spread, ``${}``) is an error that says where it stands and what to write there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agentconv.chars import is_unicode
from agentconv.containers import MAX_DEPTH, ContainerError, Document, Node, Pair, Remark, json

_BLANK = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
# possessive: what matched is never tried again
_SPACE = re.compile(rf"(?:[{_BLANK}]++|//[^\r\n\u2028\u2029]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
NAME = re.compile(r"(?:[^\W\d]|\$)[\w$]*+")
_KEY = re.compile(rf"{NAME.pattern}|(?:0|[1-9][0-9]*)(?![\w.])")
_NUMBER = re.compile(
    r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+"
    r"|(?:(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?![\w$.])"
)
_STRING = r"(?:'[^'\n]*'|\"[^\"\n]*\")"
_NAMES = r"[\w$*,\s]{0,500}(?:\{[\w$,\s]{0,9000}\})?\s*+\bfrom\s*+"
IMPORT = re.compile(rf"import\s++(?:type\s++)?(?:{_NAMES})?{_STRING}")
TYPE = r"(?:readonly\s+)?[A-Za-z_$][\w$.]*(?:<[^<>{}()=;]*>)?(?:\[\])*"
CONST = re.compile(rf"(?:export\s+)?(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*{TYPE}\s*)?=(?![=>])")
EXPORT = re.compile(r"export\s+default(?![\w$])|module\.exports\s*=(?![=>])")
_EXPORTED = re.compile(rf"(?m)(?:^|[;}}])[ \t]*+(?:{EXPORT.pattern})")
COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+\*/")
_AS = re.compile(rf"(?:as|satisfies)\s+{TYPE}")
_BY_KEY = re.compile(r"(?m)^export\s+(?:const|let|var)\s+id\b")
_FUNCTION, _CLASS = re.compile(r"(?:async\s+)?function\b"), re.compile(r"class\b")
_PLUS = re.compile(r"\+(?![+=])")
_STAR, _END, _CODE = re.compile(r"\*"), re.compile(r";"), re.compile(rf"[^'\"`/(){{}}\[\]{_BLANK}]++")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{0*([0-9a-fA-F]{1,6})\}")
_LINE_BREAK = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_PLAIN = {"'": re.compile(r"[^\\\r\n']++"), '"': re.compile(r'[^\\\r\n"]++'), "`": re.compile(r"[^\\\r`$]++")}
_IN_TEMPLATE = re.compile(r"[^\\`$]++")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "undefined": None}
_PAIRS = {")": "(", "]": "[", "}": "{"}


def read(text: str, functions: Iterable[str] = ()) -> Document:
    """The object that the module exports; a module that exports nothing by default holds none. ``functions``: keys
    whose value may be a function, which is passed over: its source stands for it."""
    reader = Reader(text)
    reader.functions = frozenset(functions)
    try:
        node = reader.module()
    except ContainerError:
        if _EXPORTED.search(COMMENT.sub("", text)):
            raise
        node = None  # a program beside the agents
    if node is None and (found := _BY_KEY.search(text)):
        raise reader.fail("an agent exported key by key", found.start(), "write `export default { … }`")
    if node is None:
        return Document(text, None, status="skipped", reason="it exports nothing by default")
    end, newline = len(text), "\r\n" if "\r\n" in text else "\n"
    return Document(text, node, "", end, end, node.start, node.end, newline, remarks=reader.remarks)


class Reader(json.Reader):
    """Goes through a module; one of another form begins here."""

    blank = _SPACE
    functions: frozenset[str] = frozenset()
    inside = 0  # of how many texts between backticks

    def module(self) -> Node | None:
        """Statement by statement; one that is neither an import, a literal with a name nor the export is an error."""
        said: dict[str, Node] = {}
        node: Node | None = None
        while self.skip():
            start = self.at
            if self.taken(EXPORT):
                if node is not None:
                    raise self.fail("a second export", start, "leave one of them")
                self.skip()
                if _FUNCTION.match(self.text, self.at) or _CLASS.match(self.text, self.at):
                    return None  # no object: the program passes the module over
                name = self.taken(NAME)
                node = said.get(name[0]) if name else self.value(1)
                if node is None:
                    self.at = name.start() if name else start
                    raise self.program("what is exported", "export the object itself: `export default { … }`")
            elif found := self.taken(CONST):
                said[found[1]] = self.value(1)
            elif not self.taken(IMPORT):
                raise self.program("this statement", "keep nothing in the file but the object that it exports")
            self.skip()
            self.taken(_END)
        if node is not None and node.kind != "map":
            raise self.fail("the module exports no object { }", node.start, "write `export default { … }`")
        return node

    def taken(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What stands here by the pattern, passed over."""
        if found := pattern.match(self.text, self.at):
            self.at = found.end()
        return found

    def program(self, what: str, help: str) -> ContainerError:
        """What only a run would tell."""
        return self.fail(f"{what} would have to be run, and no file is run to read it", help=help, code="R087")

    def value(self, depth: int) -> Node:
        char = self.begun(depth)
        if char == "(":
            self.at += 1
            node = self.value(depth + 1)
            if self.skip() != ")":
                raise self.program("an expression", "write its value here")
            self.at += 1
        elif char == "{":
            node = self.object(depth)
        elif char == "[":
            node = self.array(depth)
        else:
            node = self.string() if char and char in "'\"`" else self.word(char)
        self.skip()
        if node.style == "quoted" and _PLUS.match(self.text, self.at):
            node = self.joined(node)
        while self.taken(_AS):
            self.skip()
        rest = self.text[self.at : self.at + 1] or ";"
        if rest in ".([?`":
            raise self.program("a call or a look-up", "write the value itself here")
        if rest in "+-*/%&|<>=":
            raise self.program("an expression", "write its value here: a text as one, between backticks")
        return node

    def joined(self, node: Node) -> Node:
        """A text and those behind a plus: together they are known without a run."""
        parts, end = [node.text], node.end
        while self.taken(_PLUS):
            char = self.skip()
            if not char or char not in "'\"`":
                raise self.program("an expression", "write its value here: a text as one, between backticks")
            more = self.string()
            parts.append(more.text)
            end = more.end
            self.skip()
        said = "".join(parts)
        return Node("scalar", node.start, end, node.line, node.column, said, "quoted", said)

    def word(self, char: str) -> Node:
        start = self.at
        line, column = self.place(start)
        if not char:
            raise self.fail("the file ends where a value is expected")
        if found := self.taken(_NUMBER):
            return Node("scalar", start, self.at, line, column, found[0], "plain", _number(found[1], found[2]))
        if (found := NAME.match(self.text, start)) and found[0] in _WORDS:
            self.at = found.end()
            return Node("scalar", start, self.at, line, column, found[0], "plain", _WORDS[found[0]])
        if found:
            raise self.program(f"`{found[0][:40]}`", "write its value here")
        if char == ".":
            raise self.program("a spread `...`", "write out what it brings in")
        raise self.fail(f"no value begins with {char!r}", help="put text in quotes")

    def object(self, depth: int) -> Node:
        line, column = self.place(self.at)
        node = Node("map", self.at, self.at, line, column, style="flow")
        self.at += 1
        seen: set[str] = set()
        while (char := self.skip()) != "}":
            key = self.key(char, line)
            self.skip()
            code = key.text in self.functions and _FUNCTION.match(self.text, self.at)
            value = self.function() if code else self.value(depth + 1)
            if key.text in seen:
                words = "the key stands twice; the last one counts"
                self.remarks.append(Remark("R010", words, key.line, key.column, key.text))
            if value.text == "undefined" and value.style == "plain":  # as if the key were not there, nor before
                node.pairs = [pair for pair in node.pairs if pair.key.text != key.text]
            else:
                node.pairs.append(Pair(key, value))
            seen.add(key.text)
            self.comma("}", node)
        self.at += 1
        node.end = self.at
        return node

    def key(self, char: str, opened: int) -> Node:
        """A key, and the colon behind it."""
        start = self.at
        line, column = self.place(start)
        if char and char in "'\"":
            key = self.string()
        elif found := self.taken(_KEY):
            key = Node("scalar", start, self.at, line, column, found[0], "plain", found[0])
        elif char == ".":
            raise self.program("a spread `...`", "write out what it brings in")
        elif char and char in "[*":
            raise self.program("a method, or a key in brackets,", "write `key: value`")
        else:
            raise self.fail("a key is expected here" if char else f"the {{ of line {opened} is not closed")
        if self.skip() != ":":
            if self.text[self.at : self.at + 1] in tuple(",}") and NAME.fullmatch(key.text):  # `publisher,`
                raise self.program(f"`{key.text[:40]}`", "write `key: value`")
            raise self.fail(f"no colon and no value behind the key {key.text[:40]!r}", help="write `key: value`")
        if key.text == "__proto__":
            raise self.program("`__proto__`", "write the keys themselves")
        self.at += 1
        return key

    def string(self) -> Node:
        text, start = self.text, self.at
        quote = text[start]
        line, column = self.place(start)
        self.at += 1
        parts: list[str] = []
        while True:
            if found := self.taken(_PLAIN[quote]):
                parts.append(found[0])
            char = text[self.at : self.at + 1]
            if char == quote:
                break
            if char == "\\":
                parts.append(self.escape())
            elif not char or (char in "\r\n" and quote != "`"):
                raise self.fail("a text is not closed", start, "write line breaks as \\n, or use backticks")
            elif char == "\r":  # a template has line feeds only, whatever the file has
                self.at += 2 if text.startswith("\r\n", self.at) else 1
                parts.append("\n")
            elif text.startswith("${", self.at):
                raise self.program("`${` in a text", "write out what is put in, or \\${ where it is meant as text")
            else:
                self.at += 1
                parts.append(char)
        self.at += 1
        said = "".join(parts)
        if not is_unicode(said):  # two escapes may be the halves of one character
            said = _PAIR.sub(lambda m: m[0].encode("utf-16", "surrogatepass").decode("utf-16"), said)
        if not is_unicode(said):
            raise self.fail("half of a surrogate pair: this is no text", start)
        return Node("scalar", start, self.at, line, column, said, "quoted", said)

    def escape(self) -> str:
        at = self.at
        self.at += 1
        if self.taken(_LINE_BREAK):
            return ""
        if found := self.taken(_HEX):
            code = int(found[1] or found[2] or found[3], 16)
            if code <= 0x10FFFF:
                return chr(code)
        char = self.text[self.at : self.at + 1]
        if not char or char in "xu123456789" or (char == "0" and self.text[self.at + 1 : self.at + 2].isdigit()):
            raise self.fail("an unknown escape", at, "double the backslash")
        self.at += 1
        return _ESCAPES.get(char, char)

    def function(self) -> Node:
        """A function, whose source is the value. What cannot be passed over for certain is an error."""
        start = self.at
        line, column = self.place(start)
        while self.skip() != "(":
            if not (self.taken(NAME) or self.taken(_STAR)):
                raise self.fail("a function without parameters in brackets")
        self.brackets()
        angles = 0
        while (char := self.skip()) and (char != "{" or angles):  # the type of what it returns
            angles += (char == "<") - (char == ">")
            self.at += 1
        self.brackets()
        end = self.at
        if (char := self.skip()) and char not in ",}":
            raise self.program("a function that is used here", "write its value here")
        return Node("scalar", start, end, line, column, self.text[start:end], "quoted", self.text[start:end])

    def brackets(self) -> None:
        """Over what stands in brackets, texts and comments taken as what they are."""
        opened: list[int] = []
        while char := self.skip():
            if char in "([{":
                opened.append(self.at)
                self.at += 1
            elif char in _PAIRS:
                if not opened or self.text[opened.pop()] != _PAIRS[char]:
                    raise self.fail("a bracket that closes nothing")
                self.at += 1
                if not opened:
                    return
            elif char == "`":
                self.template()
            elif char in "'\"":
                self.string()
            elif not self.taken(_CODE):  # the rest of a regular expression could be taken for anything
                raise self.fail("a slash in a function may begin a regular expression", help="do without it there")
        raise self.fail("a bracket is not closed", opened[-1] if opened else None)

    def template(self) -> None:
        self.at, self.inside = self.at + 1, self.inside + 1
        if self.inside > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels", code="R017")
        while True:
            self.taken(_IN_TEMPLATE)
            char = self.text[self.at : self.at + 1]
            if char == "`":
                break
            if not char:
                raise self.fail("a text between backticks is not closed")
            if self.text.startswith("${", self.at):
                self.at += 1
                self.brackets()
            else:
                self.at += 2 if char == "\\" else 1
        self.at, self.inside = self.at + 1, self.inside - 1


def _number(sign: str, body: str) -> int | float:
    """A number of many digits is one of JavaScript's, where it is infinite."""
    digits = body.replace("_", "")
    value: int | float
    if digits[:2].lower() in ("0x", "0o", "0b"):
        value = int(digits, 0) if len(digits) < 250 else float("inf")
    else:
        value = int(digits) if digits.isdigit() and len(digits) < 300 else float(digits)
    return -value if sign == "-" else value
