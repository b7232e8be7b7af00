"""Passages of a prompt for some targets only: ``<!-- agentconv:only ID,ID -->`` … ``<!-- /agentconv -->``.

The text that a target gets has its own passages without the marks, and none of the others. A mark inside a code fence
is text like any other: a prompt may speak of such marks.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from agentconv.containers import locate
from agentconv.notes import Note, note
from agentconv.patterns import pattern
from agentconv.records import dataclass

SIGN = "agentconv:only"
_MARK = pattern(
    r"(?P<fence>^[ \t]*(?P<ticks>`{3,}|~{3,})[^\n]*\n(?:.*?\n)??[ \t]*(?P=ticks)[`~]*[ \t]*(?=\r?$|\Z))"
    r"|<!--[ \t]*(?:agentconv:only[ \t]+(?P<ids>[^>]*?)|(?P<end>/agentconv))[ \t]*-->",
    re.M | re.S,
)


class BadPassage(Exception):
    """The marks do not fit each other, or name a target that nobody knows."""

    def __init__(self, made: Note) -> None:
        super().__init__(made.message)
        self.note = made


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage: its targets, and the spans of its marks."""

    ids: tuple[str, ...]
    opening: tuple[int, int]
    closing: tuple[int, int]


def passages(text: str, known: Collection[str], path: str = "") -> list[Passage]:
    """The passages of the text, in their order."""
    if SIGN not in text:
        return []
    out: list[Passage] = []
    ids: tuple[str, ...] = ()
    opened: re.Match[str] | None = None
    at = 0
    while found := _MARK.search(text, at):
        at = found.end()
        if found["fence"] is not None:
            if not text[: found.start()].strip("\ufeff \t\r\n"):
                at = found.start() + len(found["ticks"])  # a fence around the whole file is no part of the prompt
            continue
        if found["ids"] is not None:
            if opened is not None:
                raise _bad(text, found.start(), path, "a passage inside of another one", "close the first one before")
            opened, ids = found, _ids(text, found, known, path)
        elif opened is not None:
            out.append(Passage(ids, opened.span(), found.span()))
            opened = None
        else:
            raise _bad(text, found.start(), path, "`<!-- /agentconv -->` closes nothing", "")
    if opened is not None:
        raise _bad(text, opened.start(), path, "a passage without an end", "`<!-- /agentconv -->` ends it")
    return out


def _ids(text: str, found: re.Match[str], known: Collection[str], path: str) -> tuple[str, ...]:
    ids = tuple(word.strip() for word in found["ids"].split(",") if word.strip())
    if not ids:
        raise _bad(text, found.start(), path, "a passage for no target", "name targets: agentconv:only ID,ID")
    for id in ids:
        if id not in known:
            import difflib

            near = difflib.get_close_matches(id, known, 1, 0.5)
            help = f"did you mean `{near[0]}`?" if near else "`agentconv formats` lists them"
            raise _bad(text, found.start(), path, f"a passage for a target that nobody knows: `{id}`", help)
    return ids


def _bad(text: str, at: int, path: str, message: str, help: str) -> BadPassage:
    line, column = locate(text, at)
    return BadPassage(note("F017", message, file=path, line=line, column=column, help=help))


def for_target(text: str, found: list[Passage], target: str) -> str:
    """The text as this target gets it. A mark that has a line of its own takes the line with it."""
    out = []
    at = 0
    for one in found:
        (start, opening_end), (closing_start, end) = one.opening, one.closing
        if target in one.ids:
            start, inner = _line(text, start, opening_end)
            inner_end, end = _line(text, closing_start, end)
            out += [text[at:start], text[inner:inner_end]]
        else:
            if _own_line(text, start, opening_end) and _own_line(text, closing_start, end):
                start, end = _line(text, start, opening_end)[0], _line(text, closing_start, end)[1]
            out.append(text[at:start])
        at = end
    return "".join([*out, text[at:]])


def _own_line(text: str, start: int, end: int) -> bool:
    before = text[text.rfind("\n", 0, start) + 1 : start]
    after = text.find("\n", end)
    return not before.strip() and not text[end : len(text) if after < 0 else after].strip()


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with its line, where nothing else stands on it."""
    if not _own_line(text, start, end):
        return start, end
    after = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if after < 0 else after + 1
