"""Which formats there are: those that are built in, and those of folders that the user or a project adds.

Heads are read for all of them, tables only for those in use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from agentconv import compiled
from agentconv.records import dataclass
from agentconv.spec import Spec

BUILT_IN = Path(__file__).parent / "formats"


class UnknownFormat(Exception):
    """No description has this id."""

    def __init__(self, id: str) -> None:
        self.id = id
        found = near(id)
        self.hint = f"did you mean `{found}`?" if found else "`agentconv formats` lists them"
        super().__init__(f"no format is called `{id}`; {self.hint}")


def _yaml(text: str) -> Any:
    import yaml

    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of descriptions that are not built in. ``trusted``: its owner is the user, not a project's author."""

    path: Path
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a description: it is left out, and this is said."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


_folders: list[Folder] = []
_refused: dict[tuple[Folder, str], tuple[Problem, ...]] = {}  # would make agents look smaller than they are


def use_folder(path: Path, *, trusted: bool = True) -> None:
    """Take the descriptions of a folder in, too: one sub-folder a format."""
    folder = Folder(path, trusted)
    if folder in _folders:
        return
    _folders.append(folder)
    forget()
    if not trusted:
        from agentconv.describing.taking import lowered

        for id in [id for id in heads() if owner(id) == folder]:
            if less := [Problem(str(path / id / "format.yaml"), 0, text) for text in lowered(load(id), vocabulary())]:
                _refused[folder, id] = tuple(less)
        forget()


def folders() -> tuple[Folder, ...]:
    """The folders that were taken in; another process needs the same ones."""
    return tuple(_folders)


def forget(*, folders: bool = False) -> None:
    """Read all descriptions anew; ``folders``: only those that are built in."""
    if folders:
        _folders.clear()
        _refused.clear()
    for clear in (*(t.cache_clear for t in (_found, heads, load, vocabulary, folded_vocabulary)), *_derived):
        clear()


_derived: list[Callable[[], None]] = []


def derived(clear: Callable[[], None]) -> None:
    """What was worked out from the heads elsewhere and has to be forgotten with them."""
    _derived.append(clear)


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the descriptions lie, and which of them cannot be used."""

    places: Mapping[str, Path]
    owners: Mapping[str, Folder]
    heads: Mapping[str, Mapping[str, Any]]
    problems: tuple[Problem, ...]


@cache
def heads_built_in() -> Mapping[str, Mapping[str, Any]]:
    """The heads of the descriptions that come with agentconv."""
    if (ready := compiled.table(compiled.HEADS)) is not None:
        found: Mapping[str, Mapping[str, Any]] = ready
        return found
    places = [entry.parent for entry in sorted(BUILT_IN.glob("*/format.yaml"))]
    return {folder.name: _yaml(_texts(folder)[0]) for folder in places}


@cache
def _found() -> _Found:
    read = dict(heads_built_in())
    places = {id: BUILT_IN / id for id in read}
    owners: dict[str, Folder] = {}
    problems: list[Problem] = []
    for folder in _folders:
        from agentconv.describing.taking import take

        for id, found in take(folder, read, problems).items():
            if refused := _refused.get((folder, id)):
                problems += refused
                continue
            places[id], owners[id], read[id] = folder.path / id, folder, found
    return _Found(places, owners, read, tuple(problems))


def problems() -> tuple[Problem, ...]:
    """Descriptions that were left out."""
    return _found().problems


def owner(id: str) -> Folder | None:
    """The folder that a description comes from; ``None`` where it is built in."""
    return _found().owners.get(id)


def trusted(id: str) -> bool:
    """Whether a description is agentconv's or the user's own, and not one that a project brings."""
    found = owner(id)
    return found is None or found.trusted


def _texts(folder: Path) -> tuple[str, str]:
    """Head and tables of a description as text."""
    head, _, tables = (folder / "format.yaml").read_text("utf-8").partition("\n---\n")
    return head, tables


@cache
def heads() -> Mapping[str, Mapping[str, Any]]:
    """The heads of all descriptions by id; those with more users first."""
    return dict(sorted(_found().heads.items(), key=lambda item: -int(item[1].get("users") or 0)))


def ids(*, readings: bool = False) -> list[str]:
    """The ids; descriptions of how another program reads a place only on demand."""
    return [id for id, head in heads().items() if readings or head.get("kind") != "reading"]


def near(word: str) -> str:
    """The format that somebody meant who wrote this: its program's name, a part of its id, or a slip of the pen; empty
    where there is none. Of several the one with more users."""
    import difflib

    word = "-".join(re.findall(r"[a-z0-9]+", word.lower()))
    names = {id: {id, "-".join(str(heads()[id].get("program", "")).lower().split())} for id in ids()}
    parts = [id for id, own in names.items() if any(f"-{word}-" in f"-{name}-" for name in own)]
    begun = [id for id, own in names.items() if any(a.startswith(b) for n in own for a, b in ((n, word), (word, n)))]
    close = difflib.get_close_matches(word, ids(), 1, 0.65)
    found = [*([word] if word in names else ()), *parts, *(begun if word else ()), *close]
    return found[0] if found else ""


def targets() -> list[str]:
    """The ids of the formats that can be written."""
    found = heads()
    return [id for id in ids() if (found[id].get("places") or {}).get("write") and not found[id].get("readable_only")]


def for_all() -> list[str]:
    """The targets that `all` stands for: some are written only where they are named."""
    return [id for id in targets() if not heads()[id].get("named_only")]


def manifests() -> tuple[str, ...]:
    """The files that make a folder the tree of a plugin; the first that is there counts."""
    said = next((head["plugins"] for id, head in heads().items() if head.get("plugins") and trusted(id)), ())
    return tuple(map(str, said)) if isinstance(said, list) else ()


@cache
def load(id: str) -> Spec:
    """A description with its tables."""
    if id not in heads():
        raise UnknownFormat(id)
    found = owner(id)
    if found is None:
        return _built_in(id)
    folder = _found().places[id]
    tables = _yaml(_texts(folder)[1]) or {}
    return overlaid(heads()[id], tables if found.trusted else _unproved(tables), str(folder))


@cache
def _built_in(id: str) -> Spec:
    tables = compiled.table(compiled.tables_of(id))
    if tables is None:
        tables = _yaml(_texts(BUILT_IN / id)[1]) or {}
    return overlaid(heads_built_in()[id], tables, "")


def overlaid(head: Mapping[str, Any], tables: Mapping[str, Any], folder: str) -> Spec:
    """A description laid over the built-in one that it extends."""
    if parent := head.get("extends"):
        base = _built_in(str(parent))
        head = {**base.head, **{"many": False, "also_read_by": {}, "recognise": {}}, **head}
        tables = _overlay(base.tables, tables)
    return Spec(head, tables, folder)


def _unproved(tables: Mapping[str, Any]) -> dict[str, Any]:
    """A stranger's word that a control holds proves nothing."""
    tools = dict(tables.get("tools") or {})
    if tools.get("enforced", True) in (True, "yes"):
        tools |= {"enforced": "unknown", "why": "only a description inside this project says that it holds"}
    return {**tables, "tools": tools}


def _overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The base's tables with the overlay's words key by key; null takes a word away."""
    out = dict(base)
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = _overlay(out[key], value)
        else:
            out[key] = value
    return out


def reader_facts(entry: Any) -> dict[str, Any]:
    """An entry of `also_read_by`: its program alone, or a map of facts."""
    return {"program": entry} if isinstance(entry, str) else dict(entry or {})


def shared_readers(spec: Spec, user: bool = False, at: str | None = None) -> list[tuple[Spec, str, bool]]:
    """Other programs that read the format's place: description, program, and whether it is their home too. ``user``:
    the place below the home folder; ``at``: the file, where some read only what lies where its program looks, and
    nobody what lies where it looks no longer."""
    out: list[tuple[Spec, str, bool]] = []
    if at is not None and abandoned(spec, at):
        return out
    for id, entry in (spec.head.get("also_read_by") or {}).items():
        facts = reader_facts(entry)
        if user and facts.get("home") is False:
            continue
        other = load(str(facts.get("format", id)))
        if at is not None and facts.get("written") is False and not (_searched(spec, at) or lies_here(other, at)):
            continue
        out.append((other, str(facts.get("program") or other.program), bool(facts.get("equal"))))
    return out


@cache
def idle_readers(spec: Spec) -> tuple[Spec, ...]:
    """Programs that read what lies in the format's searched places, where for that reason nothing is written."""
    readers = {id: reader_facts(entry) for id, entry in (spec.head.get("also_read_by") or {}).items()}
    return tuple(load(str(facts.get("format", id))) for id, facts in readers.items() if facts.get("written") is False)


derived(idle_readers.cache_clear)


def lies_here(reader: Spec, path: str) -> bool:
    """Whether a file lies straight in the folder that a program is started in, where it looks for some."""
    globs = reader.head["places"].get("here") or ()
    return "/" not in path and any(fnmatchcase(path, glob) for glob in globs)


def abandoned(spec: Spec, path: str) -> bool:
    """A place that the program no longer searches."""
    from agentconv.project.finding import glob_pattern

    places = spec.head.get("places") or {}
    if not places.get("legacy"):
        return False
    globs = {kind: places.get(kind, ()) for kind in ("project", "user", "legacy")}
    slashed = "/" + path.lstrip("/")
    there = {
        kind: any(glob_pattern("**/" + g.removeprefix("~/")).fullmatch(slashed) for g in found)
        for kind, found in globs.items()
    }
    return there["legacy"] and not there["project"] and not there["user"]


def _searched(spec: Spec, path: str) -> bool:
    from agentconv.reading.detect import by_place

    return spec.id in by_place(path)


def asked_if_used(spec: Spec, program: str) -> bool:
    """Whether another program is of interest only to those who are known to use it."""
    entries = map(reader_facts, (spec.head.get("also_read_by") or {}).values())
    return any(facts.get("used") for facts in entries if facts.get("program") == program)


def condition(spec: Spec, program: str) -> str:
    """Under which condition another program reads the format's place; empty: it always does."""
    entries = map(reader_facts, (spec.head.get("also_read_by") or {}).values())
    return next((str(facts.get("when") or "") for facts in entries if facts.get("program") == program), "")


Vocabulary = Mapping[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...], bool], ...]]


@cache
def vocabulary() -> Vocabulary:
    """Every tool name of every format: spelling -> (format, is, also, dead). Loaded when a name is unknown.

    What a description inside a project says counts for its own files only."""
    ready: Vocabulary | None = None if _folders else compiled.table(compiled.VOCABULARY)
    return ready or _vocabulary([id for id in ids(readings=True) if trusted(id)])


def _vocabulary(ids: Iterable[str]) -> Vocabulary:
    out: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]] = {}
    aliases: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]] = {}
    rare: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]] = {}
    for id in ids:
        table = load(id).tools
        borrowed = heads()[id].get("kind") == "reading"  # another program's names, as this one takes them
        for name in table.names.values():
            if name.off and "/" not in name.name:
                continue  # rarely there, so rarely meant; with the name of its set in front it is unmistakable
            where = rare if name.off else aliases if borrowed else out
            where.setdefault(name.name, []).append((id, name.caps, name.also, False))
        for alias, target in table.aliases.items():
            if found := table.names.get(target):
                aliases.setdefault(alias, []).append((id, found.caps, found.also, False))
        for dead, caps in table.dead.items():
            out.setdefault(dead, []).append((id, caps, (), True))
    for more in (aliases, rare):  # what one program calls so by name, another one's stand-in does not put in doubt
        for key in more.keys() - out.keys():
            out[key] = more[key]
    return {key: tuple(rows) for key, rows in out.items()}


@cache
def folded_vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Lower-cased spelling -> the spellings of the vocabulary."""
    out: dict[str, list[str]] = {}
    for key in vocabulary():
        out.setdefault(key.lower(), []).append(key)
    return {key: tuple(names) for key, names in out.items()}
