"""Where the header and the body of a Markdown file are, fences and foreign text in front taken off.

Chat windows show a file inside a fence named after its language (``chatagent``), and models copied the fence into
the file: of 8,439 files in the wild 74 are wrapped, in every way one can think of. No program reads those.
"""

from __future__ import annotations

import re
from dataclasses import field

from agentconv.containers import ContainerError, Remark, locate
from agentconv.patterns import pattern
from agentconv.records import dataclass

_EOL = r"(?:\r\n|\n|\r)"
_RULE = pattern(r"(?<![^\r\n])(-{3,})[ \t]*(?=[\r\n]|\Z)")
_OPENING = pattern(rf"\A---[ \t]*{_EOL}")
_FENCE = pattern(r"(?<![^\r\n])[ ]{0,3}(`{3,}|~{3,})[ \t]*([\w+.-]*)[ \t]*(?=[\r\n]|\Z)")
_OPEN_FENCE = pattern(rf"[ \t]*(`{{3,}}|~{{3,}})[ \t]*([\w+.-]*)[^\r\n]*(?:{_EOL}|\Z)")
_WORDS = {"", "chatagent", "chatmode", "agent", "prompt", "instructions", "markdown", "md", "yaml", "yml", "text"}
_BLANKS = pattern(rf"(?:[ \t]*+{_EOL})*+")  # possessive: a repeated group that can be given back costs memory
_COMMENT = pattern(r"[ \t]*<!--.*?-->[ \t]*", re.S)
_KEY = pattern(r"([A-Za-z_][\w.-]*)[ \t]*:(?=[ \t\r\n]|\Z)")
_LINE_OF_DASHES = pattern(rf"---[ \t]*(?:{_EOL}|\Z)")
_LANGUAGE = pattern(rf"---[ \t]*([A-Za-z]+)[ \t]*{_EOL}")
MAX_FENCES = 3
MAX_LINES_IN_FRONT = 12  # more than that is a document with an example in it


@dataclass(slots=True)
class Parts:
    """Offsets of the parts of a file. ``header`` is ``None`` where there is none."""

    header: tuple[int, int] | None
    body: tuple[int, int]
    second: tuple[int, int] | None = None  # a second header, fenced, below the first
    remarks: list[Remark] = field(default_factory=list)
    language: str = ""  # ---json
    unclosed: bool = False  # an opening line without a closing one
    bare: bool = False  # keys at once, without any line of dashes


def as_body(text: str, marks: bool = False) -> str:
    """The text as a Markdown body holds it: no blank lines in front, no line ends behind. ``marks``: a line of byte
    order marks is blank, too."""
    bare = text.lstrip()
    while marks and bare.startswith("\ufeff"):
        bare = bare.lstrip("\ufeff").lstrip()
    if not bare:
        return ""
    blank = len(text) - len(bare)
    first = max(text.rfind("\n", 0, blank), text.rfind("\r", 0, blank)) + 1  # the first line that is not blank
    return text[first:].rstrip("\r\n")


def split(text: str, known_keys: frozenset[str]) -> Parts:
    """Take a file apart, as its author meant it."""
    start = 1 if text.startswith("\ufeff") else 0
    if start == 0 and (found := _OPENING.match(text)):
        closing = _closing(text, found.end(), known_keys)
        if closing:
            parts = Parts((found.end(), closing[0]), (closing[1], len(text)))
            if "```" in text or "~~~" in text:
                _second_header(text, parts, known_keys)
            trim(text, parts)
            return parts
    return _Splitter(text, start, known_keys).run()


def _closing(text: str, at: int, known_keys: frozenset[str]) -> tuple[int, int] | None:
    """Start and end (with its line break) of the line that closes a header."""
    dashes = text.find("---", at)  # most headers have none, and the expression goes from one character to the next
    for found in _RULE.finditer(text, dashes) if dashes >= 0 else ():
        key = _KEY.match(text, _past_blanks(text, _next_line(text, found.end())))
        if len(found[1]) > 3 and key and key[1] in known_keys:
            # a ruler inside of a value: the fields below it must not be lost
            continue
        return found.start(), _next_line(text, found.end())
    return None


_NO_COLON = pattern(r"([A-Za-z_][\w.-]*)[ \t]*(=|[ \t](?=[ \t]*\S))")


def forgotten_colon(text: str, line: str, at: int, known_keys: frozenset[str], controls: frozenset[str]) -> None:
    """A field whose colon is missing must not become text of the field above it."""
    found = _NO_COLON.match(line)
    if found and (found[1] in controls or (found[2] == "=" and found[1] in known_keys)):
        row, column = locate(text, at)
        raise ContainerError(
            "R005", f"is {found[1]!r} a field? There is no colon behind it", row, column,
            f"write `{found[1]}: …`, or indent the line if it is text",
        )  # fmt: skip


def loose_field(text: str, known_keys: frozenset[str], controls: frozenset[str], place: int = -1) -> None:
    """Fields where no header is: an agent without its restrictions, if the file were read so.

    They stand in the first paragraph of a file without a header, or right below the line that closes one (``place``:
    where that text begins in the file, whose ``text`` is then given from there)."""
    begun, seen = 0, False
    for found in _TOP_LINE.finditer(text):
        line, key = found[1], _KEY.match(found[1])
        if seen and (not line.strip() or _PROSE.match(line)):
            return
        seen = seen or bool(line.strip(" \t`~-") and not _OPEN_FENCE.match(line))  # a fence at the start is a wrapper
        begun += bool(key and key[1] in known_keys)
        if key and (key[1] in controls or (begun > 1 and place < 0)):
            raise _loose(key[1], text, found.start(), place)
        if found.start() > MAX_LOOSE:
            return


def _loose(key: str, text: str, at: int, place: int) -> ContainerError:
    line, column = locate(text, at)
    if place >= 0:
        help = "leave out that line where the field belongs to the header; indent the field where it is text"
        return ContainerError("R005", f"{key!r} stands below the line that closes the header", line, column, help)
    help = "put a line --- above the first field and one below the last"
    error = ContainerError("R004", f"{key!r} is a field, but the file has no header", line, column, help)
    error.form = True
    return error


MAX_LOOSE = 4000  # headers are short
_TOP_LINE = pattern(r"([^\r\n]*)(?:\r\n|\n|\r|\Z)")
_PROSE = pattern(r"#{1,6} |[ ]{0,3}(?:`{3,}|~{3,})")


def _next_line(text: str, at: int) -> int:
    if text.startswith("\r\n", at):
        return at + 2
    return at + 1 if text[at : at + 1] in ("\n", "\r") else at


def _past_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def trim(text: str, parts: Parts) -> None:
    """The prompt has no blank lines in front and no line ends behind it."""
    start, end = parts.body
    blanks = _BLANKS.match(text, start, end)
    start = blanks.end() if blanks else start
    if not text[start:end].strip(" \t"):
        start = end
    while end > start and text[end - 1] in "\r\n":
        end -= 1
    parts.body = (min(start, end), end)


def _remark(text: str, code: str, message: str, at: int) -> Remark:
    line, column = locate(text, at)
    return Remark(code, message, line, column)


def _second_header(text: str, parts: Parts, known_keys: frozenset[str]) -> None:
    """A body that is one fence around a second header: five of 8,439 files. The fields of the agent stand in the
    second header there, ``tools`` too, and the first holds a title and dates."""
    start, end = parts.body
    at = _past_blanks(text, start)
    fence = _OPEN_FENCE.match(text, at)
    if not fence or fence[2].lower() not in _WORDS:
        return
    opening = _LINE_OF_DASHES.match(text, _past_blanks(text, fence.end()))
    closing = _closing(text, opening.end(), known_keys) if opening else None
    if not opening or not closing or not _looks_like_header(text[opening.end() : closing[0]], known_keys):
        return
    parts.second = (opening.end(), closing[0])
    parts.body = (closing[1], _without_fences(text, closing[1], end, [len(fence[1])]))
    parts.remarks.append(_remark(text, "R008", "a fence with a second header below the first: both are read", at))


def _looks_like_header(header: str, known_keys: frozenset[str]) -> bool:
    return any(found[1] in known_keys for line in re.split(r"[\r\n]+", header) if (found := _KEY.match(line)))


def _without_fences(text: str, start: int, end: int, opened: list[int]) -> int:
    """Where the body ends when the closing fences of wrappers, opened with so many backticks, are taken off.

    Inner code blocks have fences of the same length, so Markdown's rule does not find the end: the wrappers' ends are
    the last fence lines of the file. One goes if its length is a wrapper's alone, else while the rest does not pair up.
    """
    fences = list(_FENCE.finditer(text, start, end))
    left, exact = len(opened), False
    while fences and not fences[-1][2] and not text[fences[-1].end() : end].strip():
        length = len(fences[-1][1])
        alone = length > 3 and length in opened and not any(len(f[1]) == length for f in fences[:-1])
        pair = left >= 2 and len(fences) >= 2 and not text[fences[-2].end() : fences[-1].start()].strip()
        if not alone and not (len(fences) % 2 and (left or exact)) and not (pair and not fences[-2][2]):
            break
        exact, left = exact or alone, left - 1
        end = fences.pop().start()
    return end


class _Splitter:
    """The slow way: something stands in front of the header."""

    def __init__(self, text: str, start: int, known_keys: frozenset[str]) -> None:
        self.text, self.at, self.known = text, start, known_keys
        self.remarks: list[Remark] = []
        self.opened: list[int] = []  # backticks of the wrappers
        self.unclosed = False

    def run(self) -> Parts:
        text, first = self.text, self.at
        self.front()
        at = self.at
        opening = _LINE_OF_DASHES.match(text, at)
        key = _KEY.match(text, at)
        language = _LANGUAGE.match(text, at)
        if language and at == first and (closing := _closing(text, language.end(), self.known)):
            parts = self.parts((language.end(), closing[0]), closing[1])
            parts.language = language[1]
            return parts
        if opening:
            closing = _closing(text, opening.end(), self.known)
            if not closing:
                end = self.fence_end(opening.end())
                parts = self.parts((opening.end(), end[0] if end else len(text)), end[1] if end else len(text), True)
                parts.unclosed = end is None
                return parts
            if at == first or self.opened or _looks_like_header(text[opening.end() : closing[0]], self.known):
                return self.parts((opening.end(), closing[0]), closing[1])
        elif key and key[1] in self.known:
            return self.keys(at)
        self.remarks, self.opened, self.at = [], [], first
        found = self.later(first)
        if found:
            self.remarks.append(_remark(text, "R019", "text in front of the header was left out", first))
            return self.parts((found[0], found[1]), found[2])
        whole = Parts(None, (first, len(text)))
        trim(text, whole)
        return whole

    def front(self) -> None:
        """Pass over blank lines, comments and opening fences."""
        text = self.text
        while True:
            at = _past_blanks(text, self.at)
            if at > self.at and not self.opened:
                self.say("R019", "blank lines in front of the header were left out", self.at)
            self.at = at
            fence = _OPEN_FENCE.match(text, at)
            if fence and fence[2].lower() in _WORDS and len(self.opened) < MAX_FENCES:
                self.say("R008", f"the file was wrapped in a {fence[1]}{fence[2]} fence", at)
                self.opened.append(len(fence[1]))
                self.at = fence.end()
                continue
            comment = _COMMENT.match(text, at)
            if not comment:
                return
            self.say("R019", "a comment in front of the header was left out", at)
            self.at = _next_line(text, comment.end())

    def say(self, code: str, message: str, at: int) -> None:
        if not any(remark.code == code for remark in self.remarks):
            self.remarks.append(_remark(self.text, code, message, at))

    def later(self, at: int) -> tuple[int, int, int] | None:
        """A header further down: the first line of three dashes, where fields stand below it."""
        found = _RULE.search(self.text, at)
        if not found or len(found[1]) != 3:
            return None
        start = _next_line(self.text, found.end())
        key = _KEY.match(self.text, start)
        closing = _closing(self.text, start, self.known)
        if not closing or not key or not _looks_like_header(self.text[start : closing[0]], self.known):
            return None
        front = self.text[at : found.start()]
        lines = front.strip().splitlines()
        if len([line for line in lines if line.strip()]) > MAX_LINES_IN_FRONT:
            return None
        if front.rfind("<!--") > front.rfind("-->"):  # a header that is commented out
            return None
        fence = _OPEN_FENCE.match(lines[-1]) if lines else None
        self.opened = [len(fence[1])] if fence and fence[2].lower() in _WORDS else []
        if len(lines) > 1 and self.opened and self.is_example(closing[1]):
            return None
        return start, closing[0], closing[1]

    def is_example(self, at: int) -> bool:
        """Prose, then a header and its prompt in a fence that ends before the file does: a page that shows an agent."""
        fences = list(_FENCE.finditer(self.text, at))
        if not fences or self.round_header(fences, at) is not None:
            return False
        ends_with_fence = not fences[-1][2] and not self.text[fences[-1].end() :].strip()
        return len(fences) % 2 == 1 and not ends_with_fence

    def keys(self, at: int) -> Parts:
        """Fields at once: the opening line is missing, or the fence stands for it, or the file is one YAML map."""
        closing = _closing(self.text, at, self.known)
        fence = self.fence_end(at) if self.opened else None
        if fence and (not closing or fence[0] < closing[0]):
            return self.parts((at, fence[0]), fence[1], inside=True)
        if closing and not _BARE_TEXT.search(self.text, at, closing[0]):
            self.remarks.append(_remark(self.text, "R019", "the line --- in front of the header is missing", at))
            return self.parts((at, closing[0]), closing[1])
        parts = self.parts((at, len(self.text)), len(self.text), inside=True)
        parts.bare = True
        return parts

    def round_header(self, fences: list[re.Match[str]], body: int) -> int | None:
        """Where the body begins if the wrappers stood round the header only."""
        at, opened = body, len(self.opened)
        for fence in fences[:opened]:
            if fence[2] or self.text[at : fence.start()].strip():
                return None
            at = _next_line(self.text, fence.end())
        if len(fences) < opened or not self.text[at:].strip():
            return None
        rest = fences[opened:]
        pairs = len(rest) % 2 == 0 and not any(fence[2] for fence in rest[1::2])
        wrapped = (len(fences) - opened) % 2 == 0 and not any(fence[2] for fence in fences[1:-opened:2])
        return at if pairs or not wrapped else None

    def fence_end(self, at: int) -> tuple[int, int] | None:
        """The first closing fence: the header alone was wrapped."""
        if not self.opened:
            return None
        for found in _FENCE.finditer(self.text, at):
            if not found[2]:
                return found.start(), _next_line(self.text, found.end())
        return None

    def parts(self, header: tuple[int, int], body: int, inside: bool = False) -> Parts:
        end = len(self.text)
        if self.opened and not inside:
            fences = list(_FENCE.finditer(self.text, body))
            head = self.round_header(fences, body)
            if head is not None:
                body = head
            else:
                end = _without_fences(self.text, body, end, self.opened)
        parts = Parts(header, (body, end), remarks=self.remarks)
        trim(self.text, parts)
        return parts


# a heading or a blank line: what lies above the next ruler is prose, not a header
_BARE_TEXT = pattern(r"(?<![^\r\n])(?:#{1,6} |[ \t]*[\r\n]+[ \t]*[\r\n])")
