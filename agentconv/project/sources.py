"""Where the agents come from: the places of the project, files, folders, plugin trees, or standard input.

Finding a file and taking it in are two steps: of ten thousand files the names fit into memory, the texts need not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from agentconv.containers import MAX_BYTES
from agentconv.notes import Note, note
from agentconv.project import closed, files, finding
from agentconv.project.ahead import take_over
from agentconv.project.links import leads_out, link_as_text, real_folder, real_path, shown
from agentconv.project.nearby import is_file, is_folder, is_missing, is_there
from agentconv.project.questions import beside as beside
from agentconv.reading.deciding import decide
from agentconv.reading.detect import (
    Guess,
    by_place,
    guess,
    is_settings,
    names_alone,
    of_modules,
    passed_over,
    syntax_fits,
)
from agentconv.records import dataclass
from agentconv.registry import derived, heads, ids, manifests

STDIN = "-"
ENDINGS = (".md", ".toml", ".json", ".jsonc", ".yaml", ".yml")  # of texts and data of any kind


@dataclass(slots=True)
class Source:
    """A file that may hold agents. ``below`` is the folder between its place and the file."""

    path: str
    # where it lies; nowhere is standard input. As text it takes a third of the memory
    at: str | os.PathLike[str] | None
    format: str | None = None
    text: str | None = None
    below: str = ""
    prefix: str = ""  # a plugin's name, part of the agents' names
    asked: bool = False  # named by the user: silence would be wrong
    placed: bool = False  # lies in one of its format's places
    real: str = ""  # the absolute path, links followed, where that is known already
    within: str = ""  # the path below the folder whose places were searched
    among: tuple[str, ...] = ()  # the formats in whose places it was found
    passed: bool = False  # looked at, and no agent
    loose: bool = False  # found in a folder that is no place: what is no agent there is passed over
    most: int = MAX_BYTES
    root: str = ""  # the real folder that was searched: a link that leads out of it is not followed
    outside: bool = False  # --allow-outside
    settled: bool = False  # text and format, or what is wrong with them, are there
    notes: list[Note] = field(default_factory=list)

    @property
    def full(self) -> Path | None:
        """Where it lies."""
        return None if self.at is None else Path(self.at)

    def let_go(self) -> None:
        """What became of it is known: of ten thousand sources little more than their names stays."""
        self.text, self.real, self.within = None, "", ""

    @property
    def place(self) -> str:
        """The folder that the programs search."""
        folder = self.path.rsplit("/", 1)[0] if "/" in self.path else "."
        return folder.removesuffix(f"/{self.below}") if self.below else folder


def _homes() -> list[str]:
    """Formats whose places hold agents; a text for a session is a source where it is named only."""
    return [id for id in ids() if heads()[id].get("kind") != "text"]


def place_marks() -> list[str]:
    """Folders and files that show a project: the fixed part of every format's places."""
    found = []
    for id in _homes():
        for glob in (heads()[id].get("places") or {}).get("project", ()):
            fixed = glob.split("*", 1)[0].rstrip("/")
            if fixed:
                found.append(fixed)
    return list(dict.fromkeys(found))


def in_places(root: Path, but: Iterable[str] = (), user: bool = False, most: int = MAX_BYTES) -> list[Source]:
    """All files in the known places of a project (or of the home folder), each with its format."""
    return [known for found in listed_places(root, but, user, most) if (known := taken(found)) is not None]


def listed_places(root: Path, but: Iterable[str] = (), user: bool = False, most: int = MAX_BYTES) -> list[Source]:
    """The same, not taken in yet."""
    with closed.looking() as shut:
        found = _listed_places(root, frozenset(but), user, most)
    # a program's whole folder may be somebody else's, as in a container: then it is not there
    inside = {folder: problem for folder, problem in shut.items() if Path(folder).parent != root}
    return [*unlisted(inside, root), *found]


def _listed_places(root: Path, without: frozenset[str], user: bool, most: int) -> list[Source]:
    seen: dict[str, list[str]] = {}
    missing: list[Source] = []
    for id in _homes():
        if id in without:
            continue
        places = heads()[id].get("places") or {}
        skip = places.get("skip", ())
        for glob in places.get("user" if user else "project", ()):
            for path in finding.expand(root, glob.removeprefix("~/")):
                if skip and passed_over(path, skip):
                    continue
                if without & set(by_place(path)):
                    continue
                if id not in seen.setdefault(path, []):
                    seen[path].append(id)
        for path, problem in () if user else _declared(root, places.get("declared")):
            if problem is not None:
                missing.append(Source(path, os.path.join(root, path), id, placed=True, settled=True, notes=[problem]))
            elif id not in seen.get(path, ()):
                seen.setdefault(path, []).append(id)
    real = root.resolve().as_posix().rstrip("/")
    return missing + [
        Source(
            path, os.path.join(root, path), placed=True, real=f"{real}/{path}", within=path, among=tuple(seen[path]),
            most=most, root=real,
        )
        for path in sorted(seen)  # a link's own name will do: it is asked only whether an output would hit it
    ]  # fmt: skip


def _declared(root: Path, rule: Mapping[str, str] | None) -> Iterable[tuple[str, Note | None]]:
    """Files of agents that a table of the project's settings names, or what is wrong with one."""
    if rule is None or not is_file(root / rule["in"]):
        return ()
    from agentconv.project.declared import declared  # few projects have such a table

    return declared(root, rule)


def below(path: str, id: str | None) -> str:
    """The folders between a format's place and the file."""
    return "" if id is None else _below(("/" + path.lstrip("/")).rsplit("/", 1)[0], id)


@lru_cache(maxsize=1024)  # files of one folder follow each other
def _below(folder: str, id: str) -> str:
    parent = PurePosixPath(folder or "/")
    places = heads()[id].get("places") or {}
    for glob in (*places.get("project", ()), *places.get("user", ())):
        fixed = [p for p in PurePosixPath(glob.removeprefix("~/").split("*", 1)[0]).parts if p]
        parts = list(parent.parts)
        for at in range(len(parts) - len(fixed), -1, -1):
            if fixed and parts[at : at + len(fixed)] == fixed:
                return "/".join(parts[at + len(fixed) :])
    return ""


derived(_below.cache_clear)


class Facts(NamedTuple):
    """What taking a source in finds out, where nothing is wrong with it."""

    format: str
    below: str
    placed: bool
    real: str


def taken(source: Source) -> Source | None:
    """The source with its text and its format, or with a note; ``None`` for a file that is no agent."""
    if source.settled:
        return None if source.passed else source
    source.settled = True
    data = take_over(source) if source.text is None else None
    known = source if data is not None and source.text is not None else _taken(read(source, source.most, data))
    source.passed = known is None
    return known


def facts(source: Source, data: bytes) -> Facts | None:
    """What taking a source in finds out; ``None`` where something has to be said. ``data``: the file, no link."""
    if _taken(read(source, source.most, data)) is None or source.notes or source.format is None:
        return None
    return Facts(source.format, source.below, source.placed, source.real)


def _taken(source: Source) -> Source | None:
    """The source with its format, by the way in which it was found; ``None`` where it is no agent."""
    if source.among:
        found = guess(source.within, source.text or "").format
        source.format = found if found in source.among else source.among[0]
        if source.text is not None and is_settings(source.text, source.format):
            return None
        source.below = below(source.within, source.format)
    elif source.prefix or source.text is None:
        return source
    elif not source.loose:
        return decided(source)
    elif source.format is not None:
        if not syntax_fits(source.text, source.within, source.format):
            return None
        source.below = str(PurePosixPath(source.within).parent).removeprefix(".")
    else:
        guessed = guess(_absolute(source), source.text)
        if guessed.format is None and not guessed.candidates:
            return None
        decided(source, guessed)
        if source.format is None and not any("cannot be told" in n.message for n in source.notes):
            return None  # no agent of any format: a folder holds other things, too
    return source


def read(source: Source, most: int = MAX_BYTES, data: bytes | None = None) -> Source:
    """Take the file in; what is wrong with it becomes a note. ``data``: what somebody has read of it, where it is no
    link."""
    if source.text is not None or source.at is None or source.notes:
        return source
    try:
        if data is not None and len(data) <= most and _lies_inside(source):
            source.text = files.decode(data)
        elif source.root and not source.outside:
            source.text = _inside(source.at, source, most)
        else:
            source.text = files.read_text(source.at, most)
        if link_as_text(source.at, source.text):
            to, source.text = source.text, None
            help = "take that file, or let git make links: git config core.symlinks true, then check it out anew"
            raise files.Unreadable("F031", f"a link to {to} that was checked out as text: no agent", help)
    except files.Unreadable as problem:
        source.notes.append(note(problem.code, problem.message, file=source.path, line=problem.line, help=problem.help))
    return source


def _lies_inside(source: Source) -> bool:
    """Whether a file that is no link is one of the folder that is searched."""
    if not source.root or source.outside:
        return True
    folder = real_folder(source.real.rpartition("/")[0]) + os.sep if source.real else ""
    return folder.startswith(source.root.rstrip(os.sep) + os.sep)


def _inside(at: str | os.PathLike[str], source: Source, most: int) -> str:
    """The text of a file below the folder that is searched. A file that is no link lies in its folder: nothing has to
    be asked but to open it."""
    if _lies_inside(source):
        text = files.read_no_link(at, most)
        if text is not None:
            return text
    if real := leads_out(at, source.root):
        help = "name the file itself, or --allow-outside"
        raise files.Unreadable("F030", f"a link that leads out of the folder, to {real}: not read", help)
    return files.read_text(at, most)


def forget(source: Source, format: str | None) -> None:
    """As it was before it was taken in, when its format was this: it is taken in again when its turn comes."""
    if source.at is not None and not source.notes:
        source.text, source.format, source.settled, source.passed = None, format, False, False


def drop(source: Source) -> None:
    """Let go of a text that can be read again."""
    if source.at is not None and not source.notes:
        source.text = None


def named(arguments: Iterable[str], cwd: Path, from_: str | None, most: int) -> Iterator[Source]:
    """The files that the arguments stand for."""
    return (known for found in listed(arguments, cwd, from_, most) if (known := taken(found)) is not None)


def listed(arguments: Iterable[str], cwd: Path, from_: str | None, most: int) -> Iterator[Source]:
    """The same, not taken in yet."""
    for argument in arguments:
        if argument == STDIN:
            yield _stdin(from_, most)
            continue
        path = Path(argument)
        if not argument:  # `Path("")` is the current folder
            missing = Source(argument, path, from_, asked=True, settled=True)
            missing.notes.append(note("F001", "a name without a letter; is a variable empty?", file="''"))
            yield missing
        elif is_folder(path):
            with closed.looking() as shut:
                inside = list(_folder(path, cwd, from_, most))
            yield from inside
            yield from unlisted(shut, cwd)
        elif is_there(path):
            yield Source(shown(path, cwd), path, from_, asked=True, real=real_path(path), most=most)
        else:
            missing = Source(argument, path, from_, asked=True, settled=True, real=real_path(path))
            message, help = is_missing(path)
            missing.notes.append(note("F001", message, file=argument, help=help))
            yield missing


def unlisted(folders: Mapping[str, str], cwd: Path) -> Iterator[Source]:
    """Folders that could not be looked into: what may lie in them is missing."""
    for folder, problem in folders.items():
        name = shown(Path(folder), cwd)
        help = "look who may read it: ls -ld"
        yield Source(name, None, settled=True, notes=[note("F001", problem, file=name, help=help)])


def _stdin(from_: str | None, most: int) -> Source:
    source = Source(STDIN, None, from_, asked=True, settled=True)
    try:
        data = sys.stdin.buffer.read(most + 1)
        if len(data) > most:
            raise files.Unreadable("R017", f"more than the limit of {most:,} bytes", "--max-bytes raises it")
        source.text = files.decode(data)
    except files.Unreadable as problem:
        source.notes.append(note(problem.code, problem.message, file=STDIN, line=problem.line, help=problem.help))
        return source
    return decided(source)


def decided(source: Source, guessed: Guess | None = None) -> Source:
    """The source with its format, or with a note that it cannot be told."""
    if source.text is None:
        return source
    place = _absolute(source)
    if source.format is None:
        source.format, problem = decide(place, source.text, source.path, guessed)
        source.notes += [problem] if problem else []
    if source.format is not None:
        source.below = below(place, source.format)
        source.placed = source.at is not None and source.format in by_place(place)
    return source


def _absolute(source: Source) -> str:
    if not source.real and source.full is not None:
        source.real = real_path(source.full)
    return source.real


def _folder(path: Path, cwd: Path, from_: str | None, most: int) -> Iterator[Source]:
    """The files of a folder: of a plugin and of a project's places, else all that may be agents."""
    found: list[Source] = []
    in_texts = from_ is None or ".md" in (heads()[from_].get("suffixes") or ())  # as a plugin's agents are
    if in_texts and any(is_file(path / name) for name in manifests()):
        from agentconv.project.plugins import files_of, manifest_of  # few folders are plugins

        if (manifest := manifest_of(path)) is not None:
            found = list(files_of(path, manifest, cwd, from_, most))
            yield from found
            found = found if manifest.data is not None else []
    # a plugin is a project, too: of its agents those of other programs, or for work on it, lie in their places
    named = {real_path(one.at) for one in found if one.at is not None}
    placed = (
        []
        if from_
        else [s for s in listed_places(path, most=most) if not named or s.at is None or real_path(s.at) not in named]
    )
    for source in placed:
        source.path = shown(path / source.path, cwd)
        source.notes = [one.moved(file=shown(path / one.file, cwd)) for one in source.notes]
        yield source
    if placed or found:
        return
    endings, modules = (*ENDINGS, *names_alone()), of_modules()
    lead, root = shown(path, cwd), path.resolve().as_posix().rstrip("/")
    for relative, link in finding.entries(path):
        if not relative.endswith(endings) and not (relative.endswith(modules) and by_place(f"{root}/{relative}")):
            continue
        full = os.path.join(path, relative)
        if link:
            name, real = shown(Path(full), cwd), real_path(full)
        else:  # folders that are links are not walked, so nothing has to be followed file by file
            name, real = relative if lead == "." else f"{lead}/{relative}", f"{root}/{relative}"
            full = name if name == full else full  # one object: it stays to the end of a run
        yield Source(name, full, from_, real=real, within=relative, loose=True, most=most, root=root)
