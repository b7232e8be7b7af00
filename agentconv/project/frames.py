"""Reading back what was filled into a header of plain lines: the lines that changed, and no other.

A reader takes such a header line by line (``containers.plainlines``). What stands around the texts has to be what the
proved output has there, character by character; and where a line that was filled in has the key, the margin and the
kind of the line it stands for, and its value is the text that was meant, the whole reads as the proved one does, with
that text in its place. A test holds this against reading the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentconv.containers import Document, Node
from agentconv.containers.plainlines import Line, one_line, plain_lines
from agentconv.containers.programs import WHITE
from agentconv.records import dataclass

PARTS = ("name", "slug", "stem", "description")  # the texts that may stand in a header
LONGEST = 20_000  # a line beyond it is read with the whole, which may be too long
PARSERS = {"yaml": "core", "lenient": "strings"}  # with the schema where the dialect names none


@dataclass(frozen=True, slots=True)
class Frame:
    """A proved output of plain lines, of which some are filled in."""

    schema: str
    around: tuple[str | None, ...]  # the pieces of the proved output; None: a text that is filled in
    lines: tuple[tuple[int, str, Line, str], ...]  # piece, what stands before it, the first agent's line, its text
    comments: tuple[int, ...]  # pieces in a comment, which no program reads: where the file comes from
    fixed: frozenset[str]  # the texts that all of the kind have
    longest: int  # of these

    def holds(self, said: dict[str, str], prompt: str, pieces: Sequence[str]) -> bool:
        """Whether the program finds these texts, and beside them what it found in the first. ``said``: the texts of
        the header by their names; ``pieces``: what was written."""
        if (
            "\r" in prompt
            or prompt[0] in WHITE
            or prompt[-1] in WHITE
            or prompt in said.values()
            or (len(prompt) <= self.longest and prompt in self.fixed)  # to look for it takes a hash of all of it
        ):
            return False
        if said["description"] in (said["name"], said["slug"], said["stem"]) or not self.fixed.isdisjoint(
            said.values()
        ):
            return False  # it cannot be told which of two equal texts stands where
        for proved, piece in zip(self.around, pieces, strict=True):
            if proved is not None and proved != piece:
                return False
        for at in self.comments:
            if "---" in pieces[at] or len(pieces[at]) >= LONGEST or not pieces[at].isprintable():
                return False
        for at, before, line, part in self.lines:
            written = pieces[at]
            plain = "---" not in written and len(written) < LONGEST
            found = one_line(before + written, self.schema) if plain else None
            if found is None or found[:-1] != line[:-1] or found[-1] != said[part]:
                return False
        return True


def frame(
    document: Document,
    dialect: dict[str, Any],
    around: Sequence[str | None],
    gaps: Sequence[tuple[int, str, int, int]],
    bare: bool,
) -> Frame | None:
    """The frame of an output; ``None`` where its program does not read it line by line. ``gaps``: of the header, each
    with its piece, its text's name and its place; ``bare``: nothing stands around the prompt but white space."""
    parser = str(dialect.get("parser", "yaml"))
    text = document.text
    header = text[document.header_start : document.header_end]
    if parser not in PARSERS or not bare or dialect.get("replace") or dialect.get("dashes") or document.header is None:
        return None
    schema = str(dialect.get("schema", PARSERS[parser]))
    if (parser == "lenient" and "\n " in header) or plain_lines(header, schema) is None:
        return None
    lines, comments, ends = [], list[int](), set[int]()
    for at, part, start, end in gaps:
        begin = text.rfind("\n", 0, start) + 1
        if parser == "yaml" and part == "path" and text[begin] == "#":
            comments.append(at)
            continue
        found = one_line(text[begin:end], schema)
        if found is None or part not in PARTS or text[end : end + 1] != "\n" or begin in ends:
            return None
        ends.add(begin)
        lines.append((at, text[begin:start], found, part))
    places = {start for _, _, start, _ in gaps}
    fixed = frozenset(_texts(document.header, places))
    return Frame(schema, tuple(around), tuple(lines), tuple(comments), fixed, max(map(len, fixed), default=0))


def _texts(node: Node, but: set[int]) -> list[str]:
    """All texts and keys but those at the places."""
    if node.kind == "scalar":
        return [] if node.start in but else [node.text]
    inner = [*node.items, *(n for pair in node.pairs for n in (pair.key, pair.value))]
    return [text for one in inner for text in _texts(one, but)]
