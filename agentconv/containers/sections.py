"""Agents as marked sections of a Markdown file that holds other text, too.

A section is what stands between two marks on lines of their own: a heading (the name), a quotation (the description)
and the prompt as it is. Everything outside the marks belongs to the file's owner and is kept byte for byte. The marks
are facts of the description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentconv.containers import ContainerError, Document, Node, Pair, Places, Remark
from agentconv.containers.wrapping import as_body
from agentconv.patterns import pattern

_HEADING = pattern(r"#{1,6}[ \t]+(.*)")
_QUOTE = pattern(r">[ ]?(.*)")


def read(text: str, container: Mapping[str, Any]) -> Document:
    """The sections as one map below the key of the entries."""
    place = Places(text).at
    newline = "\r\n" if "\r\n" in text else "\n"
    root = Node("map", 0, len(text), 1, 1, style="block")
    agents = Node("map", 0, 0, 1, 1, style="block")
    document = Document(text, root, "", len(text), len(text), newline=newline)
    key = str(container.get("entries"))
    root.pairs.append(Pair(_scalar(key, 0, 0, 1, 1), agents))
    seen: set[str] = set()
    for id, start, inner, inner_end, _ in found_sections(text, container):
        line, column = place(start)
        if id in seen:
            document.remarks.append(Remark("R010", f"the section `{id}` stands twice", line, column, id))
        seen.add(id)
        agents.pairs.append(Pair(_scalar(id, start, start, line, column), _section(text, inner, inner_end, place)))
    return document


def found_sections(text: str, container: Mapping[str, Any]) -> list[tuple[str, int, int, int, int]]:
    """Id, start, start and end of what lies inside, end (the line break after the last mark excluded)."""
    marks = container["marks"]
    begin = re.compile(r"(?m)^" + _id_pattern(marks["begin"]) + r"[ \t]*(?=\r?$)")
    out = []
    at = 0
    while found := begin.search(text, at):
        end = _closing(text, str(marks["end"]).replace("{id}", found["id"]), found.end())
        if not end:
            line, column = Places(text).at(found.start())
            raise ContainerError("R005", f"the section `{found['id']}` has no closing mark", line, column)
        out.append((found["id"], found.start(), found.end(), *end))
        at = end[1]
    return out


def marked(text: str, container: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Where the ids stand in the marks around the sections."""
    sections = found_sections(text, container)
    marks = [(id, a, b) for id, start, inner, end, last in sections for a, b in ((start, inner), (end, last))]
    return [(at, at + len(id)) for id, a, b in marks if (at := text.rfind(id, a, b)) >= 0]


def outside(text: str, container: Mapping[str, Any]) -> list[str]:
    """What stands before, between and behind the sections."""
    ends = [0, *(n for _, start, _, _, end in found_sections(text, container) for n in (start, end)), len(text)]
    return [text[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)]


_REST = pattern(r"[ \t]*(?=\r?$)", re.M)


def _closing(text: str, mark: str, at: int) -> tuple[int, int] | None:
    """Start and end of the next line that is this mark and nothing else."""
    while (at := text.find(mark, at)) >= 0:
        rest = _REST.match(text, at + len(mark))
        if rest and text[at - 1 : at] in ("", "\n"):
            return at, rest.end()
        at += len(mark)
    return None


def _id_pattern(mark: str) -> str:
    return re.escape(mark).replace(r"\{id\}", r"(?P<id>[^\s>]+)")


def _scalar(text: str, start: int, end: int, line: int, column: int) -> Node:
    return Node("scalar", start, end, line, column, text, value=text)


def _section(text: str, start: int, end: int, place: Any) -> Node:
    """Heading, quotation, prompt: the map of one agent."""
    line, column = place(start)
    node = Node("map", start, end, line, column, style="block")

    def put(key: str, value: str, first: int, last: int) -> None:
        row, column = place(first)
        inner = _scalar(value, first, last, row, column)
        node.pairs.append(Pair(_scalar(key, first, first, row, column), inner))

    at = _after_blanks(text, start, end)
    words, after = _line(text, at, end)
    if heading := _HEADING.fullmatch(words):
        put("name", heading[1].strip(), at, after)
        at = _after_blanks(text, after, end)
    quoted, first, last = [], at, at
    words, after = _line(text, at, end)
    while last < end and (quote := _QUOTE.fullmatch(words)):
        quoted.append(quote[1])
        last = after
        words, after = _line(text, last, end)
    if quoted:
        put("description", "\n".join(quoted), first, last)
        at = _after_blanks(text, last, end)
    if at < end:
        put("prompt", as_body(text[at:end]).replace("\r\n", "\n"), at, end)
    return node


_WHOLE_LINE = pattern(r"([^\r\n]*)(?:\r\n|\n|\r|\Z)")


def _line(text: str, at: int, end: int) -> tuple[str, int]:
    """The line that begins there, without its end, and where the next one begins."""
    found = _WHOLE_LINE.match(text, at, end)
    return (found[1], found.end()) if found else ("", end)


def _after_blanks(text: str, at: int, end: int) -> int:
    """Where the first line with something on it begins."""
    while at < end:
        line, after = _line(text, at, end)
        if line.strip():
            break
        at = after
    return at
