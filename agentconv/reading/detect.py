"""Which format a file is: its place, its name, then the keys and tool words that only one format has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import PurePosixPath

from agentconv.patterns import pattern
from agentconv.project.finding import glob_pattern
from agentconv.records import dataclass
from agentconv.registry import derived, heads, ids, load

KEY = pattern(r"^[ \t]*[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*[:=]", re.M)
# scopes, texts of one line, and lists of agents, where a `*` is no tool
NO_TOOLS = pattern(r"\([^()\n]*\)|^(?:description|name|title)[ \t]*:.*$|^agents[ \t]*:.*(?:\n[ \t]*-[ \t].*)*", re.M)
HEAD = 4000  # characters that are searched for keys: headers are short
EXPORT = pattern(r"\bexport\s+default\b|\bmodule\.exports\b")
# any text, notes and rules for a session too: who hands such a file over is asked what it says, as of one in Markdown
PLAIN = (".txt", ".markdown", ".mdc")
COMMON = frozenset((".md", ".json", ".yaml", ".yml", ".toml", ".jsonc", ".ts", ".tsx", ".js", ".mjs", ".cjs", *PLAIN))
HEADER = pattern(r"^---[ \t]*\r?$", re.M)  # also behind a fence, a comment or a heading


@dataclass(frozen=True, slots=True)
class Guess:
    """The format of a file, or the candidates between which the file does not decide. ``usual``: the format of its
    place, where that is a folder that anybody may have; it counts where nothing else can be told."""

    format: str | None
    candidates: tuple[str, ...] = ()
    why: str = ""
    usual: str | None = None


@lru_cache(maxsize=256)  # a file is asked for more than once on its way
def by_place(path: str) -> tuple[str, ...]:
    """Formats in whose places the path lies, also below a parent folder; best known first."""
    slashed = "/" + path.lstrip("/")
    found = []
    for id, skipped, globs in _near(slashed[: slashed.rindex("/") + 1]):
        for fixed, glob in globs:
            if fixed in slashed and glob_pattern(glob).fullmatch(slashed):
                if not passed_over(slashed, skipped):
                    found.append(id)
                break
    return tuple(found)


@lru_cache(maxsize=256)  # files of one folder follow each other
def _near(folder: str) -> list[tuple[str, frozenset[str], list[tuple[str, str]]]]:
    """The places that a file of the folder can be in."""
    near = ((id, skipped, [g for g in globs if g[0][-1] != "/" or g[0] in folder]) for id, skipped, globs in _places())
    return [one for one in near if one[2]]


def _around(path: str) -> list[str]:
    """Formats whose folder the file lies somewhere below, where their program does not look: it was meant for them."""
    slashed = "/" + path.lstrip("/")
    return [
        id
        for id, _, globs in _places()
        if any(fixed[1:].endswith("/") and fixed in slashed for fixed, _ in globs)
        and (heads()[id].get("recognise") or {}).get("by_folder") is not False
    ]


def passed_over(path: str, skipped: Iterable[str]) -> bool:
    """Whether a program passes over such a file in its own places; ``skip`` of the description: names, with globs, and
    folders."""
    name = path.rpartition("/")[2]
    return any(
        name == one or ("*" in one and fnmatchcase(name, one)) or (one[-1] == "/" and f"/{one}" in f"/{path}")
        for one in skipped
    )


@cache
def _places() -> list[tuple[str, frozenset[str], list[tuple[str, str]]]]:
    """Of each format what it skips, and its globs with the text that each match contains: looking for that first is
    many times faster than the pattern."""
    found = []
    for id in ids():
        places = heads()[id].get("places") or {}
        globs = (*places.get("project", ()), *places.get("legacy", ()), *places.get("user", ()))
        bare = [glob.removeprefix("~/") for glob in globs]
        tests = [("/" + re.split(r"[*?]", glob, maxsplit=1)[0], "**/" + glob) for glob in bare]
        found.append((id, frozenset(places.get("skip", ())), tests))
    return found


derived(by_place.cache_clear)
derived(_places.cache_clear)
derived(_near.cache_clear)


@cache
def names_alone() -> tuple[str, ...]:
    """What a program calls its one file, where that is no ending of anything else: `.roomodes`."""
    globs = (glob for id in ids() for glob in (heads()[id].get("places") or {}).get("project", ()))
    return tuple(dict.fromkeys(glob for glob in globs if re.fullmatch(r"\.[a-z]+", glob)))


@cache
def of_modules() -> tuple[str, ...]:
    """Endings of programs: of these only files in a place may be agents, any other one is somebody's program."""
    modules = (id for id in ids() if heads()[id]["syntax"] == "typescript")
    return tuple(dict.fromkeys(ending for id in modules for ending in heads()[id].get("suffixes", ())))


derived(names_alone.cache_clear)
derived(of_modules.cache_clear)


def by_name(path: str) -> list[str]:
    """Formats that a file name alone tells."""
    name = PurePosixPath(path).name
    found = []
    for id in ids():
        head = heads()[id]
        for suffix in head.get("suffixes") or ():
            if suffix not in COMMON and name.endswith(suffix):
                found.append(id)
                break
        else:
            if (head.get("recognise") or {}).get("by_name") is not False and any(
                _is_name(name, g.rsplit("/", 1)[-1]) for g in (head.get("places") or {}).get("project", ())
            ):
                found.append(id)
    return found


def _is_name(name: str, glob: str) -> bool:
    """Whether a place asks for this one name."""
    if "?" in glob or "[" in glob:
        return "*" not in glob and fnmatchcase(name, glob)
    return name == glob and "*" not in glob


def marks(text: str, id: str) -> int:
    """How many of the keys and tool words that only this format has stand in the head of the file. A key whose value
    names the format (``values``) is the author's own word, and outweighs two others."""
    recognise = heads()[id].get("recognise") or {}
    keys, header, _ = _head(text[:HEAD])
    count = sum(2 for key in recognise.get("keys", ()) if key in keys)
    if said := recognise.get("says"):  # an expression to be made for every file is dear: first a look at the keys
        if keys.isdisjoint(recognise.get("needs", keys)) or not pattern(str(said), re.M).search(header):
            return 0
        if strangers(text, id):
            return 0
        count += 2
    for key, value in recognise.get("values", {}).items():
        if key in keys and re.search(rf"(?m)^{key}:[ \t]*([\"']?){re.escape(value)}\1[ \t]*\r?$", header):
            count += 5
    for word in recognise.get("tools", ()):
        if word in header and re.search(rf"(?<![\w*/.-]){re.escape(word)}(?![\w*/.-])", header):
            count += 1
    return count


TOP_KEY = pattern(r"^[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*:", re.M)


def strangers(text: str, id: str) -> bool:
    """Whether a key stands at the top of the header with which the file is none of the format (``only``)."""
    only = (heads()[id].get("recognise") or {}).get("only")
    return only is not None and not set(TOP_KEY.findall(_head(text[:HEAD])[2])) <= set(only)


@lru_cache(maxsize=1)  # all formats are asked for one file
def _head(top: str) -> tuple[frozenset[str], str, str]:
    """The keys of the head, the header without what holds no tools, and the header. It may stand in a fence or below a
    remark."""
    begins = HEADER.search(top)
    header = top[begins.start() :] if begins is not None and not top.lstrip("\ufeff \t\r\n").startswith("---") else top
    header = header.split("\n---", 1)[0]
    return frozenset(KEY.findall(top)), NO_TOOLS.sub("", header), header


def syntax_fits(text: str, path: str, id: str) -> bool:
    """Whether a file of this shape can be of the format at all."""
    head = heads()[id]
    syntax = head["syntax"]
    bare = text.lstrip("\ufeff \t\r\n")
    name = PurePosixPath(path).name
    if syntax == "frontmatter" and name.endswith(PLAIN):
        name = PurePosixPath(name).stem + ".md"
    known = not name or any(name.endswith(s) for s in head.get("suffixes") or ()) or "." not in name
    mark = (head.get("recognise") or {}).get("holds")
    if mark is not None or syntax == "sections":  # without a mark, any Markdown could hold such sections
        return mark is not None and str(mark) in text
    if head.get("folder") and name and name.lower() not in _names_of(id):
        return False  # the file of such a folder has one name: a command with `allowed-tools` is no skill
    if syntax == "frontmatter":
        return known and (bare.startswith("---") or bool(HEADER.search(text[:HEAD])))
    if syntax == "json":
        return bare.startswith(("{", "//", "/*"))
    if syntax == "typescript":
        return known and bool(EXPORT.search(text))
    if syntax == "toml":
        return known
    return not bare.startswith("---") and known


def is_settings(text: str, id: str) -> bool:
    """Whether a file that may hold agents beside the settings of its program has settings only. A broken one may hold
    any."""
    mark = (heads()[id].get("recognise") or {}).get("entries")
    if mark is None or pattern(str(mark)).search(text):
        return False
    from agentconv.containers import ContainerError
    from agentconv.reading.engine import open_document

    try:
        open_document(load(id), text, author=False)
    except ContainerError:
        return False
    return True


def _names_of(id: str) -> frozenset[str]:
    globs = (heads()[id].get("places") or {}).get("project", ())
    return frozenset(glob.rsplit("/", 1)[-1].lower() for glob in globs)


def guess(path: str, text: str) -> Guess:
    """The format of a file."""
    placed = by_place(path)
    anybodys = [id for id in placed if not _says_so(text, id)]
    if sure := [id for id in placed if id not in anybodys]:
        return Guess(sure[0] if len(sure) == 1 else _best(sure, text), why="place")
    named = [id for id in by_name(path) if syntax_fits(text, path, id)]
    if named:
        return Guess(_best(named, text), why="name")
    around = [id for id in _around(path) if syntax_fits(text, path, id)]
    if around:
        return Guess(_best(around, text), why="folder")
    candidates = tuple(id for id in ids() if syntax_fits(text, path, id) and _lies_somewhere(id, text))
    return Guess(None, candidates, usual=next(iter(anybodys), None))


def _says_so(text: str, id: str) -> bool:
    """Whether a file in a place of the format is one of it: in a folder that anybody may have, one of its keys has to
    be there."""
    there = (heads()[id].get("recognise") or {}).get("by_place")
    return there is None or marks(text, id) > 0 or not _head(text[:HEAD])[0].isdisjoint(there)


def _lies_somewhere(id: str, text: str) -> bool:
    """Whether the format has a place at all, or its keys are enough; another one is read where something else says so
    (a plugin's manifest), or has no word of its own by which it could be told."""
    places = heads()[id].get("places") or {}
    recognise = heads()[id].get("recognise") or {}
    elsewhere = recognise.get("elsewhere")
    if elsewhere is False or (isinstance(elsewhere, str) and not pattern(elsewhere).search(text)):
        return False
    return bool(recognise.get("by_keys")) or any(places.get(kind) for kind in ("project", "user", "legacy", "write"))


def _best(found: list[str], text: str) -> str:
    """Of formats that share a place: the one whose marks the file bears, else the one with more users."""
    return max(found, key=lambda id: (marks(text, id), -found.index(id)))
