"""A prompt taken apart into prose and code, every part with its exact place in the text.

markdown-it finds the blocks (fences, indented code, headings, HTML); its inline tokens bear no places, so code spans
are found here, by CommonMark's rule: a run of backticks ends with the next run of the same length."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache

LINE_END = re.compile(r"\r\n?|\n")
TICKS = re.compile(r"`+")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
BOLD = re.compile(r":?(?:\*\*|__)")
AS_CODE = ("<pre", "<script", "<style")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text. ``kind``: block (fence or indented code), code (between backticks, with them), comment."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, and where the text below it ends (the next heading of its level or above)."""

    level: int
    title: str
    start: int
    body: int
    end: int


@dataclass(slots=True)
class Parsed:
    """A prompt with its parts in order."""

    text: str
    spans: list[Span] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._starts = [span.start for span in self.spans]

    _starts: list[int] = field(init=False, default_factory=list)

    def at(self, offset: int) -> Span | None:
        """The code or comment that an offset lies in; ``None`` in prose."""
        n = bisect_right(self._starts, offset) - 1
        return self.spans[n] if n >= 0 and offset < self.spans[n].end else None

    def in_block(self, offset: int) -> bool:
        """In a code block or a comment; between backticks is none."""
        span = self.at(offset)
        return span is not None and span.kind != "code"

    def form(self, start: int, end: int) -> str:
        """How a word is written: backticks (nothing else between them), code, bold or bare."""
        span = self.at(start)
        if span is not None:
            return "backticks" if span.kind == "code" and self.inside(span) == (start, end) else "code"
        closed = BOLD.match(self.text, end) is not None and self.text[max(start - 2, 0) : start] in ("**", "__")
        return "bold" if closed else "bare"

    def inside(self, span: Span) -> tuple[int, int]:
        """A code span without its backticks and the blank beside them."""
        start, end = span.start, span.end
        while start < end and self.text[start] == "`":
            start += 1
        while end > start and self.text[end - 1] == "`":
            end -= 1
        while start < end and self.text[start] in " \t\r\n":
            start += 1
        while end > start and self.text[end - 1] in " \t\r\n":
            end -= 1
        return start, end


@lru_cache(maxsize=1)
def _blocks_only() -> object:
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark")
    made.core.ruler.disable(["inline"])
    return made


@lru_cache(maxsize=64)
def parse(text: str) -> Parsed:
    """The text taken apart."""
    from markdown_it import MarkdownIt

    markdown = _blocks_only()
    assert isinstance(markdown, MarkdownIt)
    lines = [0, *(found.end() for found in LINE_END.finditer(text))]

    def offset(line: int) -> int:
        return lines[line] if line < len(lines) else len(text)

    spans: list[Span] = []
    found: list[tuple[int, str, int, int]] = []
    level = 0
    for token in markdown.parse(text):
        if token.map is None:
            continue
        start, end = offset(token.map[0]), offset(token.map[1])
        if token.type in ("fence", "code_block") or (
            token.type == "html_block" and token.content.lstrip().lower().startswith(AS_CODE)
        ):
            spans.append(Span("block", start, end))
        elif token.type in ("inline", "html_block"):
            spans += _inline(text, start, end)
        if token.type == "heading_open":
            level = int(token.tag[1:])
        elif token.type == "inline" and level:
            found.append((level, token.content.strip(), start, end))
            level = 0
    return Parsed(text, sorted(spans, key=lambda s: s.start), _sections(found, len(text)))


def _sections(found: list[tuple[int, str, int, int]], last: int) -> list[Heading]:
    """Each heading with the text below it; from the end, so that ten thousand of them take no longer than they must."""
    out: list[Heading] = []
    ends: list[tuple[int, int]] = []  # level and start of the headings that may end one above them
    for level, title, start, body in reversed(found):
        while ends and ends[-1][0] > level:
            ends.pop()
        out.append(Heading(level, title, start, body, ends[-1][1] if ends else last))
        ends.append((level, start))
    return out[::-1]


def _inline(text: str, start: int, end: int) -> list[Span]:
    """Code spans and comments of one block."""
    if text.find("`", start, end) < 0 and text.find("<!--", start, end) < 0:
        return []
    out: list[Span] = []
    comments = [Span("comment", m.start(), m.end()) for m in COMMENT.finditer(text, start, end)]
    starts = [c.start for c in comments]

    def commented(at: int) -> bool:
        n = bisect_right(starts, at) - 1
        return n >= 0 and at < comments[n].end

    runs = [m for m in TICKS.finditer(text, start, end) if not commented(m.start())]
    by_size: dict[int, list[int]] = {}
    for n, run in enumerate(runs):
        by_size.setdefault(run.end() - run.start(), []).append(n)
    n = 0
    while n < len(runs):
        opening = runs[n]
        escaped = opening.start() > start and text[opening.start() - 1] == "\\"  # opens nothing
        same = by_size[opening.end() - opening.start()]
        at = bisect_right(same, n)
        if not escaped and at < len(same):
            n = same[at]
            out.append(Span("code", opening.start(), runs[n].end()))
        n += 1
    return [*out, *comments]


def in_code(parsed: Parsed, start: int, end: int) -> bool:
    """In a code block, or between backticks beside other things."""
    span = parsed.at(start)
    if span is None:
        return False
    return span.kind != "code" or parsed.inside(span) != (start, end)
