"""YAML text to nodes, from the parser's events: what ``yamlnodes.compose_all`` does with all that is not plain lines.

Our own builder instead of PyYAML's: a converter needs the raw text of a scalar (``1.0`` is not ``1``), the place
of every value, keys that stand twice, and limits; and it must never run a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import yaml

from agentconv.containers import ContainerError, Node, Pair, locate
from agentconv.containers.schemas import typed
from agentconv.containers.yamlnodes import Composed
from agentconv.patterns import pattern

CParser: Any
try:
    CParser = import_module("yaml._yaml").CParser
except ImportError:  # PyYAML built without libyaml
    CParser = None

# Line breaks of YAML 1.1 that YAML 1.2, js-yaml, Bun and npm's yaml take as plain characters; libyaml would fold
# them and count a line. They pass through the parser under private characters.
_ODD_BREAKS = ("\x85", "\u2028", "\u2029")
# what YAML does not allow and npm's yaml (2.9.0, run) and Bun take all the same
_CONTROLS = tuple(chr(c) for c in (*range(0x01, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))
# by the words of a dialect: which breaks are characters, and which control characters are
_BREAKS: dict[str, tuple[str, ...]] = {"yaml11": ()}
_KEPT = {"kept": _CONTROLS, "npm": (*_CONTROLS, "\0", "\r")}
_CORE_TAGS = {"null", "bool", "int", "float", "str", "map", "seq", "binary", "timestamp", "merge", "set", "omap"}
_TAG = "tag:yaml.org,2002:"
_NEL = "\x85"
_LONE_CR = pattern(r"\r(?!\n)")


def build(
    text: str, schema: str, offset: int, line: int, duplicates: str, tags: str, merge: bool, max_depth: int,
    max_nodes: int, controls: str = "", breaks: str = "",
) -> Composed:  # fmt: skip
    """What the text holds, or why it cannot be read."""
    odd = (*_BREAKS.get(breaks, _ODD_BREAKS), *_KEPT.get(controls, ()))
    builder = _Builder(text, schema, offset, line, duplicates, tags, merge, max_depth, max_nodes, odd)
    builder.folded = 0 if breaks == "nel" and _NEL in text else None
    try:
        return builder.run()
    except yaml.YAMLError as error:
        raise builder.error(error) from None
    except UnicodeEncodeError as error:
        at_line, column = locate(text, error.start)
        message = "half of a surrogate pair: this is no text"
        raise ContainerError("R001", message, at_line + line - 1, column) from None


def _events(text: str) -> Iterator[Any]:
    if CParser is None:
        return yaml.parse(text, Loader=yaml.SafeLoader)
    return iter(CParser(text).get_event, None)


class _Builder:
    def __init__(
        self, text: str, schema: str, offset: int, line: int, duplicates: str, tags: str, merge: bool, max_depth: int,
        max_nodes: int, odd: tuple[str, ...] = _ODD_BREAKS,
    ) -> None:  # fmt: skip
        shift = 1 if text.startswith("\ufeff") else 0  # libyaml's marks do not count it
        self.text, self.offset, self.line = text[shift:], offset + shift, line
        self.schema, self.duplicates, self.tags, self.merge = schema, duplicates, tags, merge
        self.max_depth, self.max_nodes = max_depth, max_nodes
        self.restore: dict[int, str] = {}
        source = self.text
        if any(c in source for c in odd):
            spare = iter(c for c in map(chr, range(0xE000, 0xF8FF)) if c not in text)
            for one in odd:
                stand_in = next(spare, one)
                source = _LONE_CR.sub(stand_in, source) if one == "\r" else source.replace(one, stand_in)
                self.restore[ord(stand_in)] = one
        self.source = source
        self.events: Iterator[Any] = iter(())
        self.count = 0
        self.folded: int | None = None  # NELs that were folded, where the program does that
        self.nel = next((chr(c) for c, one in self.restore.items() if one == _NEL), _NEL)
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.open: set[str] = set()
        self.used: set[str] = set()
        self.composed = Composed(None)

    def run(self) -> Composed:
        self.events = _events(self.source)
        for event in self.events:
            kind = type(event)
            if kind is yaml.DocumentStartEvent:
                self.composed.documents += 1
                if self.composed.documents > 1:
                    raise self.fail(event, "a second YAML document begins here", "keep one document")
                self.composed.node = self.node(next(self.events), 1)
        if self.folded is not None and self.folded < self.text.count(_NEL):
            raise ContainerError("R005", "NEL (U+0085) ends a line here, outside of a value", self.line, 1)
        self.composed.anchored = bool(self.anchors)
        self.composed.anchors = [node for name, (node, _) in self.anchors.items() if name not in self.used]
        return self.composed

    def fail(self, event: Any, message: str, help: str = "", code: str = "R005") -> ContainerError:
        mark = event.start_mark
        return ContainerError(code, message, mark.line + self.line, mark.column + 1, help)

    def node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        mark = event.start_mark
        start = mark.index + self.offset
        if depth > self.max_depth:
            raise self.fail(event, f"nested deeper than {self.max_depth} levels", code="R017")
        if kind is yaml.AliasEvent:
            return self.alias(event, start)
        before = self.count
        self.count += 1
        if self.count > self.max_nodes:
            raise self.fail(event, f"more than {self.max_nodes} values", code="R017")
        anchor, tag = event.anchor, event.tag
        if tag is not None and tag != "!":
            tag = self.tag(event, tag)
        if anchor is not None:
            self.anchors.pop(anchor, None)
            self.open.add(anchor)
        if kind is yaml.ScalarEvent:
            node = self.scalar(event, start, tag)
        elif kind is yaml.SequenceStartEvent:
            node = Node("list", start, start, mark.line + self.line, mark.column + 1)
            node.style = "flow" if event.flow_style else "block"
            for inner in self.events:
                if type(inner) is yaml.SequenceEndEvent:
                    node.end = self.end(node, inner, node.items[-1].end if node.items else start)
                    break
                node.items.append(self.node(inner, depth + 1))
        else:
            node = self.map(event, start, depth)
        if anchor is not None:
            self.open.discard(anchor)
            self.anchors[anchor] = (node, self.count - before)
        return node

    def end(self, node: Node, event: Any, last: int) -> int:
        # a block ends, for the parser, where the next token begins: blank lines and comments are not part of it
        return event.end_mark.index + self.offset if node.style == "flow" else last

    def tag(self, event: Any, tag: str) -> str | None:
        if tag.startswith(_TAG) and tag[len(_TAG) :] in _CORE_TAGS and self.tags != "refused":
            return tag[len(_TAG) :]
        if self.tags == "drop":
            return None
        shown = "!!" + tag[len(_TAG) :] if tag.startswith(_TAG) else tag
        raise self.fail(event, f"the tag {shown[:40]} is not understood", "put quotes around the value")

    def scalar(self, event: Any, start: int, tag: str | None) -> Node:
        mark, stop = event.start_mark, event.end_mark
        text: str = event.value
        if self.folded is not None and self.nel in text and event.style not in ("|", ">"):  # no escape is folded
            self.folded += text.count(self.nel)
            text = re.sub(rf"[ \t]*(?:{self.nel}[ \t]*)+", lambda n: "\n" * (n[0].count(self.nel) - 1) or " ", text)
            text = text if event.style else text.strip()
        if self.restore:
            text = text.translate(self.restore)
        node = Node("scalar", start, stop.index + self.offset, mark.line + self.line, mark.column + 1, text)
        style = event.style
        if style is None or style == "":
            node.value = text if tag == "!" else typed(text, self.schema)
        elif style in "|>":
            node.style, node.value = "block", text
            raw = self.text[mark.index : stop.index]
            node.end = start + len(raw.rstrip(" \t\r\n"))
        else:
            node.style, node.value = "quoted", text
        if tag is not None and tag != "!":
            # `!!int "3"` is 3 and `!!str 3` is text
            node.value = text if tag in ("str", "binary", "timestamp") else typed(text, self.schema)
        return node

    def map(self, event: Any, start: int, depth: int) -> Node:
        mark = event.start_mark
        node = Node("map", start, start, mark.line + self.line, mark.column + 1)
        node.style = "flow" if event.flow_style else "block"
        merges: list[tuple[Any, Node]] = []
        seen: set[str] = set()
        last = start
        for inner in self.events:
            if type(inner) is yaml.MappingEndEvent:
                node.end = self.end(node, inner, last)
                break
            key = self.node(inner, depth + 1)
            if key.kind != "scalar":
                key.text = self.key_text(key, inner)
            pair = Pair(key, self.node(next(self.events), depth + 1))
            last = pair.end
            merging = self.merge and self.schema != "strings"
            if merging and key.text == "<<" and key.style == "plain" and key.kind == "scalar":
                merges.append((inner, pair.value))
                continue
            if key.text in seen:
                self.composed.duplicates.append(pair)
                if self.duplicates == "broken":
                    raise self.fail(inner, f"the key {key.text[:60]!r} stands twice", "keep one of them")
                if self.duplicates == "first":
                    continue
            seen.add(key.text)
            node.pairs.append(pair)
        for inner, value in merges:
            for source in [value] if value.kind == "map" else value.items:
                if source.kind != "map":
                    raise self.fail(inner, "<< needs a map or a list of maps")
                fresh = [p for p in source.pairs if p.key.text not in seen]
                seen.update(p.key.text for p in fresh)
                node.pairs[:0] = fresh
            if value.kind == "scalar":
                raise self.fail(inner, "<< needs a map or a list of maps")
        return node

    def key_text(self, key: Node, event: Any) -> str:
        """A map or list as a key (``{{NAME}}`` is one)."""
        if self.schema.startswith("js-yaml"):  # 3.14 and 4.1, run
            inner = key.items if key.kind == "list" else ()
            if not any(item.kind == "list" for item in inner):
                words = [item.text if item.kind == "scalar" else "[object Object]" for item in inner]
                return ",".join(words) if key.kind == "list" else "[object Object]"
        elif self.tags == "drop":
            return self.text[key.start - self.offset : key.end - self.offset]
        raise self.fail(event, "a map or list stands where a key is expected", "put quotes around the text")

    def alias(self, event: Any, start: int) -> Node:
        name = event.anchor
        if name in self.open:
            raise self.fail(event, f"*{name} refers to itself")
        if name not in self.anchors:
            raise self.fail(event, f"*{name} refers to nothing", f'put quotes around the text: "*{name}"')
        self.used.add(name)
        target, size = self.anchors[name]
        # an alias counts as all it stands for: ten lines of aliases to aliases would else make a billion values
        self.count += size
        if self.count > self.max_nodes:
            raise self.fail(event, f"more than {self.max_nodes} values through aliases", code="R017")
        mark = event.start_mark
        return Node(
            target.kind,
            start,
            event.end_mark.index + self.offset,
            mark.line + self.line,
            mark.column + 1,
            target.text,
            target.style,
            target.value,
            target.items,
            target.pairs,
        )

    def error(self, error: yaml.YAMLError) -> ContainerError:
        """The parser's words as ours."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is not None:
            message, help = _plain(error)
            if message == _NO_KEY:  # the parser stops at the next line, and this is the one to mend
                mark = getattr(error, "context_mark", None) or mark
            return ContainerError("R005", message, mark.line + self.line, mark.column + 1, help)
        position = getattr(error, "position", None)
        if isinstance(position, int):
            if CParser is not None:  # libyaml counts bytes here
                position = len(self.text.encode("utf-8", "replace")[:position].decode("utf-8", "replace"))
            at_line, column = locate(self.text, min(position, len(self.text)))
            return ContainerError(
                "R005", "a control character that YAML does not allow", at_line + self.line - 1, column
            )
        return ContainerError("R005", " ".join(str(error).split())[:200], self.line, 1)


_QUOTE = "put the value in quotes"
_NO_KEY = "a line that is neither `key: value` nor indented text"
_PLAIN = (
    ("mapping values are not allowed", "a second `: ` in a value without quotes", _QUOTE),
    ("could not find expected ':'", _NO_KEY, ""),
    (
        "did not find expected key",
        "this does not belong to the entry above: wrong indentation, or text after a value",
        "",
    ),
    ("expected <block end>", "this does not belong to the entry above: wrong indentation, or text after a value", ""),
    ("found character '%' that cannot start", "a value cannot begin with %", _QUOTE),
    ("found character '\\t' that cannot start", "a tab where spaces are needed", "indent by spaces"),
    ("found a tab character", "a tab where spaces are needed", "indent by spaces"),
    ("cannot start any token", "a value cannot begin with this character", _QUOTE),
    ("did not find expected node content", "a value cannot begin with this character", _QUOTE),
    ("did not find expected alphabetic", "a value cannot begin with * or & without quotes", _QUOTE),
    ("unexpected end of stream", "a quote is not closed", ""),
    ("found unknown escape", "an unknown escape in a double-quoted value", "double the backslash or use single quotes"),
    ("did not find expected ',' or", "a list or map in brackets is not closed, or a comma is missing", ""),
    ("block sequence entries are not allowed", "a list cannot begin on the line of its key", ""),
    ("did not find expected comment or line break", "text after | or >", _QUOTE),
)


def _plain(error: yaml.YAMLError) -> tuple[str, str]:
    problem = str(getattr(error, "problem", None) or error)
    for words, message, help in _PLAIN:
        if words in problem:
            return message, help
    context = getattr(error, "context", None)
    return (f"{problem} {context}" if context else problem), ""
