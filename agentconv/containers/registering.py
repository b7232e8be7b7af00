"""A module of TypeScript that exports a function, which hands definitions over in calls, to nodes with places.

Which calls these are is said by the description (``calls``). The function is never run: it may hold nothing but
constants and these calls. Whatever else stands in it could add to the definition, take from it, or decide whether it
counts at all, so it is an error that says where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import MAX_DEPTH, MAX_HEADER, MAX_NODES, Document, Node
from agentconv.containers.json import under
from agentconv.containers.literals import COMMENT, CONST, EXPORT, IMPORT, NAME, TYPE, Reader

_TYPED = rf"(?::\s*+{TYPE}\s*+)?"
_PARAMETER = rf"\(\s*+({NAME.pattern})\s*+{_TYPED}(?:,\s*+)?\)\s*+{_TYPED}"
_FUNCTION = re.compile(rf"(?:async\s++)?function\s*+(?:{NAME.pattern}\s*+)?{_PARAMETER}(?=\{{)")
_ARROW = re.compile(rf"(?:async\s*+)?(?:{_PARAMETER}|({NAME.pattern})\s*+)=>\s*+(?=\{{)")
_WORD = re.compile(rf"\.\s*({NAME.pattern})")
_OPEN, _CLOSE, _END = re.compile(r"\("), re.compile(r"\)"), re.compile(r";")
_GUARD = re.compile(rf"if\s*\(\s*!\s*({NAME.pattern})\s*\.\s*({NAME.pattern})\s*+(?:\??\.\s*+{NAME.pattern}\s*+)*\)")
_RETURN, _ENDS = re.compile(r"return\b(?=[ \t]*[;\r\n}])"), re.compile(r"\s*[,}]")
_SPREAD = re.compile(r"\.\.\.")
_KEEP = "keep nothing in the file but constants and these calls"


def read(text: str, calls: Mapping[str, Any]) -> Document:
    """What the function gives to the call ``calls.of``: one map, or several under the key ``calls.listed``."""
    of = str(calls["of"])
    if not re.search(rf"(?<![\w$]){re.escape(of)}\s*\(", COMMENT.sub("", text)):
        return Document(text, None, status="skipped", reason=f"it calls no `{of}`")
    reader = _Module(text, calls)
    given = reader.given()
    if not given:
        raise reader.fail(f"no `{of}` in the function that the module exports by default", 0)
    first, newline = given[0], "\r\n" if "\r\n" in text else "\n"
    node = first
    if len(given) > 1:
        node = under(str(calls.get("listed") or "list"), replace(first, kind="list", pairs=[], items=given))
    end = len(text)
    return Document(text, node, "", end, end, node.start, node.end, newline, remarks=reader.remarks)


class _Module(Reader):
    def __init__(self, text: str, calls: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.of, self.made = str(calls["of"]), dict(calls.get("made") or {})
        self.through = frozenset(calls.get("through") or ())
        self.quiet = frozenset(calls.get("quiet") or ())
        self.argument = ""  # what the function calls the object whose calls these are
        self.named: dict[str, tuple[Node, int, int]] = {}  # constants: value, how many nodes, how deep
        self.whole: dict[int, tuple[Node, str]] = {}  # what calls made, and the member that has to be taken of it

    def given(self) -> list[Node]:
        body = -1
        while self.skip():
            start = self.at
            if self.taken(EXPORT):
                if body >= 0:
                    raise self.fail("a second export", start, "leave one of them")
                self.skip()
                found = self.taken(_FUNCTION) or self.taken(_ARROW)
                if found is None:
                    help = "export the function itself: `export default function (…) { … }`"
                    raise self.program("what is exported", help)
                self.argument = next(group for group in found.groups() if group)
                body = self.at
                self.brackets()
            elif not (self.constant() or self.taken(IMPORT)):
                raise self.program("this statement", _KEEP)
            self.skip()
            self.taken(_END)
        if body < 0:
            raise self.fail("the module exports no function by default", 0, "write `export default function (…) { … }`")
        self.at = body + 1
        return self.statements()

    def statements(self) -> list[Node]:
        """Those of the function; constants below it hold in it, too."""
        out: list[Node] = []
        while self.skip() != "}":
            start = self.at
            if self.constant() or self.guard() or self.idle():
                pass
            elif (name := self.called()) == self.of:
                out.append(self.handed())
            else:
                self.at = start
                raise self.program(f"`{name}(…)`" if name else "this statement", _KEEP)
            self.skip()
            self.taken(_END)
        return out

    def constant(self) -> bool:
        found = self.taken(CONST)
        if not found:
            return False
        before = self.count
        self.assigned = True
        node = self.value(1)
        self.named[found[1]] = node, self.count - before, _height(node)
        return True

    def guard(self) -> bool:
        """``if (!amp.experimental) { … }``: what is done where the calls are not there, and they are."""
        start, found = self.at, self.taken(_GUARD)
        if not found or found[1] != self.argument or found[2] not in self.through:
            self.at = start
            return False
        if self.skip() == "{":
            self.brackets()
        elif not self.taken(_RETURN):
            raise self.program("this statement", _KEEP)
        return True

    def idle(self) -> bool:
        """A call that has nothing to do with the definition (a line of a log), and is given nothing but values."""
        start, found = self.at, self.taken(NAME)
        quiet = found is not None and found[0] == self.argument and self.taken(_WORD)
        if not quiet or quiet[1] not in self.quiet or not self.taken(_WORD) or not self.taken(_OPEN):
            self.at = start
            return False
        while self.skip() != ")":
            self.value(1)
            if self.skip() == ",":
                self.at += 1
        self.at += 1
        return True

    def key(self, char: str, opened: int) -> Node:
        """``{ model }`` is ``{ model: model }``, of a constant."""
        start, found = self.at, NAME.match(self.text, self.at)
        if found and found[0] in self.named and _ENDS.match(self.text, found.end()):
            line, column = self.place(start)
            return Node("scalar", start, found.end(), line, column, found[0], "plain", found[0])
        return super().key(char, opened)

    def called(self) -> str:
        """The name of the call that begins here, its bracket passed over; "" where none does, and then nothing is."""
        start = self.at
        found = self.taken(NAME)
        if found and found[0] == self.argument:
            self.skip()
            while word := self.taken(_WORD):
                self.skip()
                if self.taken(_OPEN):
                    return word[1]
                if word[1] not in self.through:
                    break
        self.at = start
        return ""

    def handed(self) -> Node:
        """The object of a call."""
        self.skip()
        start = self.at
        self.assigned = False
        node = self.value(1)
        if node.kind != "map":
            raise self.fail("the call is given no object { }", start)
        self.skip()
        if not self.taken(_CLOSE):
            raise self.fail("the call takes one object, and a bracket closes it")
        return node

    assigned = False  # whether the value that begins becomes a constant

    def word(self, char: str) -> Node:
        start, assigned, self.assigned = self.at, self.assigned, False
        found = NAME.match(self.text, start)
        if found and found[0] == self.argument and (name := self.called()):
            if name not in self.made:
                self.at = start
                raise self.program(f"`{name}(…)`", "write its value here")
            node = self.handed()
            self.whole[id(node)] = node, self.made[name]
            return self.member(node, assigned)
        if found and found[0] in self.named:
            self.at = found.end()
            node, size, height = self.named[found[0]]
            self.count += size
            if self.count > MAX_NODES:
                raise self.fail(f"more than {MAX_NODES} values", start, code="R017")
            if height + self.depth > MAX_DEPTH:
                raise self.fail(f"nested deeper than {MAX_DEPTH} levels", start, code="R017")
            return self.member(node, assigned)
        self.at = start
        return super().word(char)

    depth = 0

    def value(self, depth: int) -> Node:
        outer, self.depth = self.depth, depth
        if self.skip() in "'\"`[{(":
            self.assigned = False
        node = super().value(depth)
        self.depth = outer
        return node

    def member(self, node: Node, assigned: bool) -> Node:
        """What a call made is of use by a member of it only."""
        if id(node) not in self.whole:
            return node
        at, member = self.at, self.whole[id(node)][1]
        self.skip()
        found = self.taken(_WORD)
        if found and found[1] == member:
            return replace(node)
        self.at = at
        if not found and assigned:
            return node
        text = f"this is not what the call takes: that is its `.{member}`"
        raise self.fail(text, node.start, f"write `.{member}` behind it")

    def array(self, depth: int) -> Node:
        line, column = self.place(self.at)
        node = Node("list", self.at, self.at, line, column, style="flow")
        self.at += 1
        while self.skip() != "]":
            if self.taken(_SPREAD):
                start = self.at
                more = self.value(depth + 1)
                if more.kind != "list":
                    raise self.fail("what is spread here is no list", start)
                node.items += more.items
            else:
                node.items.append(self.value(depth + 1))
            self.comma("]", node)
        self.at += 1
        node.end = self.at
        return self.joined_lines(node)

    def joined_lines(self, node: Node) -> Node:
        """``[…].join('…')`` of texts: a way to write a text of several lines that is known without a run."""
        at = self.at
        self.skip()
        found = self.taken(_WORD)
        texts = all(one.style == "quoted" for one in node.items)
        if not found or found[1] != "join" or not self.taken(_OPEN) or not texts:
            self.at = at
            return node
        char = self.skip()
        between = self.string().text if char and char in "'\"`" else ","
        self.skip()
        if not self.taken(_CLOSE):
            raise self.program("an expression", "write its value here: a text as one, between backticks")
        self.longer(node, sum(len(one.text) for one in node.items) + len(between) * len(node.items))
        text = between.join(one.text for one in node.items)
        return Node("scalar", node.start, self.at, node.line, node.column, text, "quoted", text)

    def joined(self, node: Node) -> Node:
        found = super().joined(node)
        self.longer(node, len(found.text))
        return found

    together = 0  # characters of texts that were put together

    def longer(self, node: Node, more: int) -> None:
        """A short file can put a text together that no memory holds."""
        self.together += more
        if self.together > MAX_HEADER:
            raise self.fail(f"texts of more than {MAX_HEADER:,} characters are put together", node.start, code="R017")


def _height(node: Node) -> int:
    inner = [*node.items, *(pair.value for pair in node.pairs)]
    return 1 + max(map(_height, inner), default=0)
