"""The entries of a header that cannot be read: each key with the lines that hang on it."""

from __future__ import annotations

from dataclasses import field

from agentconv.containers import HIDDEN, ContainerError, Pair
from agentconv.containers.wrapping import forgotten_colon
from agentconv.patterns import pattern
from agentconv.records import dataclass

_LINE = pattern(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_KEY = pattern(r"""([A-Za-z_][\w.-]*|"[^"\r\n]*"|'[^'\r\n]*')[ \t]*:(?=[ \t]|\Z)""")
_GLUED = pattern(r"([A-Za-z_][\w.-]*):(?=[^\s/])")
# hidden characters around a key, or a colon of another script: the field that the author sees is not there
_ODD = pattern(rf"[{HIDDEN}]*([A-Za-z_][\w.-]*?)[ \t{HIDDEN}]*[:\uff1a\ufe55\ufe30][ \t{HIDDEN}]*")


@dataclass(slots=True)
class Entry:
    """One ``key: value`` with the lines that hang on it; offsets into the file."""

    key: str
    start: int
    colon: int  # offset behind the colon
    lines: list[tuple[int, int]]
    known: bool
    glued: bool = False
    odd: bool = False  # hidden characters around the key, or a colon of another script
    pairs: list[Pair] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Behind its last line."""
        return self.lines[-1][1]

    def tab_below(self, text: str) -> bool:
        """Whether an empty line at the end holds a tab."""
        below = text[self.start : self.end]
        return "\t" in below[len(below.rstrip()) :] and len(self.lines) > 1

    def trim(self, text: str) -> list[tuple[int, int]]:
        """Blank lines at the end are no part of it; those with a tab, which YAML does not take."""
        tabs = []
        while len(self.lines) > 1 and not text[slice(*self.lines[-1])].strip():
            start, end = self.lines.pop()
            if "\t" in text[start:end]:
                tabs.append((start, end))
        return tabs


def split_entries(
    text: str, start: int, stop: int, known: frozenset[str], controls: frozenset[str], error: ContainerError
) -> list[Entry]:
    """The entries between two offsets; ``error`` is raised where there are none, or something stands above them."""
    found: list[Entry] = []
    at = start
    while at < stop:
        match = _LINE.match(text, at, stop)
        if not match:
            break
        line, begin, end = match[1], at, match.end(1)
        at = match.end() if match.end() > at else stop
        if entry := _begun(line, begin, end, known):
            found.append(entry)
        elif found:
            forgotten_colon(text, line, begin, known, controls)
            found[-1].lines.append((begin, end))
        elif line.strip() and not line.lstrip().startswith("#"):
            raise error
    if not found:
        raise error
    return found


def _begun(line: str, begin: int, end: int, known: frozenset[str]) -> Entry | None:
    """The entry that a line begins; a key that is written oddly counts where the format knows it."""
    hit = _KEY.match(line)
    if hit:
        name = hit[1].strip("\"'")
        return Entry(name, begin, begin + hit.end(), [(begin, end)], name in known)
    glued = _GLUED.match(line)
    if glued and glued[1] in known:
        return Entry(glued[1], begin, begin + glued.end(), [(begin, end)], True, glued=True)
    odd = _ODD.match(line)
    if odd and odd[1] in known:
        return Entry(odd[1], begin, begin + odd.end(), [(begin, end)], True, odd=True)
    return None
