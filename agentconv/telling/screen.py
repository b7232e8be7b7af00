"""The terminal: how wide it is, whether it shows colours, and lines that fit it."""

from __future__ import annotations

import os
import sys
from typing import IO

from agentconv.telling.escape import visible


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return max(40, min(_columns() or 100, 120))


def _columns() -> int:
    """As ``shutil`` finds them: to import that, with all its archives, takes longer than all that we print."""
    try:
        said = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        said = 0
    if said > 0:
        return said
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (ValueError, OSError):
        return 0


def colored(stream: IO[str]) -> bool:
    """Colour only on a terminal, and not where the user said no."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def wrapped(text: str, columns: int, first: str = "", further: str = "", break_long_words: bool = True) -> list[str]:
    """What ``textwrap.wrap`` makes of it, which is loaded for texts that do not fit."""
    if text.isprintable() and len(first) + len(text) <= columns:
        return [first + text.rstrip(" ")] if text.strip(" ") else []
    import textwrap

    return textwrap.wrap(
        text, columns, initial_indent=first, subsequent_indent=further,
        break_on_hyphens=False, break_long_words=break_long_words,
    )  # fmt: skip


class Page:
    """Lines for a terminal of this width."""

    def __init__(self, columns: int, color: bool) -> None:
        self.columns, self.color, self.lines = columns, color, list[str]()

    def paint(self, text: str, code: str) -> str:
        """The text in a colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code else text

    def line(self, text: str = "", indent: int = 0, first: int = 0) -> None:
        """A line, broken where the terminal ends."""
        parts = wrapped(visible(text), self.columns, " " * first, " " * indent, break_long_words=False)
        self.lines += parts or [""]

    def help(self, text: str, indent: int) -> None:
        """What can be done, a way a line."""
        for part in text.split("\n") if text else ():
            if "agentconv " in part:  # a command is copied: the terminal may break it, we not
                self.lines.append(" " * indent + visible(part))
            else:
                self.line(part, indent + 2, indent)

    def row(self, count: int, word: str, text: str, mark: str = "", names: str = "", code: str = "") -> None:
        """``   37  narrower   text   T031``; names stay on the line where there is room."""
        text, names = visible(text), visible(names)
        lead = f"{count or '':5}  "
        head = f"{word:<9}  " if word and text else word
        indent = len(lead) + len(head)
        room = self.columns - indent - (len(mark) + 2 if mark else 0)
        if room < 30 and text:
            self.lines.append(f"{lead}{self.paint(word, code)}  {mark}".rstrip())
            self.line(text, 7, 7)
            if names:
                self.line(names, 9, 9)
            return
        if names and len(text) + len(names) + 3 <= room:
            text, names = f"{text}   {names}", ""
        parts = wrapped(text, room) or [""]
        first = f"{parts[0]:<{room}}  {mark}" if mark else parts[0]
        self.lines.append((lead + self.paint(head, code) + first).rstrip())
        self.lines += [" " * indent + part for part in parts[1:]]
        if names:
            self.line(names, indent, indent)
