"""Where a prompt names folders and files: those of programs, and files of agents wherever they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from agentconv.bodies.company import Company
from agentconv.bodies.found import Mention, Words
from agentconv.bodies.parse import Parsed, in_code

PATH_TAIL = r"(?:/[\w.*{}<>$@%+-]*[\w*}>])*/?"
LED_BY = re.compile(r"(?:(?:~|\$HOME|\$\{HOME\}|[\w.-]+)?/)+$")
OF_AGENTS = re.compile(r"\bagents/[\w./-]*\w\.(?:md|toml|ya?ml|json)\b")


@lru_cache(maxsize=16)
def _path_pattern(folders: tuple[str, ...], files: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(f) for f in sorted(folders, key=len, reverse=True))
    names = "|".join(re.escape(f) for f in sorted(files, key=len, reverse=True))
    return re.compile(rf"(?:(?P<folder>{either})(?=/|\b(?![\w-])){PATH_TAIL}|\b(?P<file>{names})(?![\w/-]))")


def paths(parsed: Parsed, company: Company, words: Words) -> Iterator[Mention]:
    """A path is a path, in code and outside of it; whether it may be changed there is for others to decide."""
    text = parsed.text
    folders = tuple(f for f, _ in words.folders if f in text)
    files = tuple(f for f, _ in words.files if f in text)
    if folders or files:
        for found in _path_pattern(folders or ("\0",), files or ("\0",)).finditer(text):
            yield from _path(parsed, company, *found.span(), "folder" if found["folder"] else "file")
    for found in OF_AGENTS.finditer(text) if "agents/" in text else ():
        if not text.endswith(("docs/", "doc/"), max(found.start() - 5, 0), found.start()):  # they are about agents
            yield from _path(parsed, company, *found.span(), "agents")


def _path(parsed: Parsed, company: Company, start: int, end: int, form: str) -> Iterator[Mention]:
    text = parsed.text
    if led := LED_BY.search(text, max(start - 80, 0), start):
        start = led.start()
    before = text[max(start - 2, 0) : start]
    taken_in = before.endswith("@") and not before[:-1].isalnum()  # `@.x/rules/a.md`: its text is taken in there
    if before and not taken_in and (before[-1].isalnum() or before[-1] in "@$_~.-"):
        return
    while text[end - 1] in ".,;:" and end > start:
        end -= 1
    path = text[start:end]
    bare = path.removeprefix("./")
    yield Mention("path", form, path, start, end, bare, bare in company.by_file, in_code(parsed, start, end), True)
