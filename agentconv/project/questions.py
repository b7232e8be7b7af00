"""The files that a definition may name, or that may stand beside it: who asks for them, and what was answered.

A build notes its questions, so that the next one knows whether the same answers would be given (`building.memo`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agentconv.project import files, finding
from agentconv.project.nearby import is_file, is_there
from agentconv.reading.context import Get

if TYPE_CHECKING:
    from agentconv.project.sources import Source


def _marks() -> list[str]:
    from agentconv.project.sources import place_marks

    return place_marks()


def beside(source: Source) -> Get | None:
    """The files that a definition may name: those of its project, from its own folder. ``None`` for standard input."""
    at = source.at
    if at is None:
        return None

    def get(relative: str) -> str | None:
        try:
            asked = Asked(str(Path(at).resolve().parent), relative, source.most, source.outside)
        except (OSError, ValueError):
            return None
        text = asked.text()
        if _answers is not None:
            said = digest_of(text)
            if _answers.setdefault(asked, said) != said:
                _answers[asked] = CHANGED
        return text

    return get


class Asked(NamedTuple):
    """A question for a file beside a definition."""

    folder: str
    relative: str
    most: int
    outside: bool

    def text(self) -> str | None:
        """What it holds; nothing where it is not there, or not to be read."""
        try:
            folder = Path(self.folder)
            if not is_file(folder / self.relative):
                return None  # most that are asked for are not there
            root = _project_of(folder)  # few definitions name a file, so it is looked for here
            target = (folder / self.relative).resolve()
            inside = root in target.parents and ".git" not in target.relative_to(root).parts
            return files.read_text(target, self.most) if inside or self.outside else None
        except (files.Unreadable, OSError, ValueError):  # a name with NUL, or one that is too long
            return None

    def decides(self) -> Iterator[str]:
        """The paths that decide on the answer: the file, and where there is one what shows which project it is in."""
        path = str(Path(self.folder, self.relative))
        yield path
        with suppress(OSError, ValueError):
            if not os.path.lexists(path):
                return
            folder = Path(self.folder)
            root = _project_of(folder)
            for one in (folder, *folder.parents):
                yield from (f"{one}/{mark}" for mark in (".git", *_marks()))
                if one == root:
                    return


Answers = dict[Asked, str]  # with what the file held: its digest, or nothing
CHANGED = "?"  # the same question had two answers
_answers: Answers | None = None


def digest_of(text: str | None) -> str:
    """What is kept of an answer."""
    return "" if text is None else files.digest(text.encode("utf-8", "surrogatepass"))


@contextmanager
def noting() -> Iterator[Answers]:
    """All questions for files beside definitions that are asked meanwhile."""
    global _answers
    before, _answers = _answers, {}
    try:
        yield _answers
    finally:
        _answers = before


def _project_of(folder: Path) -> Path:
    """What a definition in this folder may name files of."""
    root = finding.find_root(folder, _marks()).resolve()
    while root.name.startswith(".") and not is_there(root / ".git"):  # a program's own folder, with a file of it in it
        root = finding.find_root(root.parent, _marks()).resolve()
    return folder if root == Path.home().resolve() else root  # a home under git is no project
