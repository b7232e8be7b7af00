"""Which descriptions of a folder are taken, and why the others are not.

A folder that the user names is the user's word. One inside a project is a stranger's: it may add formats, and may not
change what a known word means, where another program looks, or what a program enforces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from agentconv.registry import Folder, Problem, Vocabulary

if TYPE_CHECKING:
    from agentconv.spec import Spec

MOST = 500_000  # characters of a description
FOLDERS_OF_TOOLS = frozenset({".git", ".hg", ".svn", ".ssh"})


def take(
    folder: Folder, heads: Mapping[str, Mapping[str, Any]], problems: list[Problem]
) -> dict[str, Mapping[str, Any]]:
    """The heads of the descriptions that can be used, by id."""
    taken: dict[str, Mapping[str, Any]] = {}
    for entry in sorted(folder.path.glob("*/format.yaml")):
        found = list(_wrong(entry, folder, heads))
        if found:
            problems += found
            continue
        head = _read(entry)[0]
        taken[entry.parent.name] = head
    return taken


def _wrong(entry: Path, folder: Folder, heads: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """All that keeps a description from being used."""
    from agentconv.describing.contract import contract_problems

    id = entry.parent.name
    if not folder.trusted and folder.path.resolve() not in entry.resolve().parents:
        yield Problem(str(entry), 0, "a link that leads out of the project")
        return
    problems = contract_problems(entry)
    yield from problems
    if problems or folder.trusted:
        return
    if id in heads:
        yield Problem(str(entry), 1, f"`{id}` is built in; a project may add formats, not replace them")
        return
    yield from _rights(entry, heads)


def _read(entry: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    from agentconv.registry import _yaml

    head, _, tables = entry.read_text("utf-8").partition("\n---\n")
    return _yaml(head), _yaml(tables) or {}


def _rights(entry: Path, heads: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """What would make an agent look smaller than it is, as far as the head tells."""
    head = _read(entry)[0]
    yield from _places(entry, head, heads)
    if head.get("kind") == "text":
        yield Problem(str(entry), 1, "`kind: text` gives no rights and refuses nothing: not for a project to say")


def _places(entry: Path, head: Mapping[str, Any], heads: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    own = head.get("places") or {}
    mine = [str(p) for key in ("project", "user", "legacy") for p in own.get(key) or ()]
    mine += [str(own[key]) for key in ("write", "write_user") if own.get(key)]
    theirs: dict[str, str] = {}
    for id, other in sorted(heads.items(), key=lambda item: -int(item[1].get("users") or 0)):
        for place in (other.get("places") or {}).get("project") or ():
            theirs.setdefault(_fixed(str(place)), id)
    for place in mine:
        parts = PurePosixPath(place.removeprefix("~/")).parts
        if place.startswith(("/", "~")) or ".." in parts or set(parts) & FOLDERS_OF_TOOLS:
            yield Problem(str(entry), 0, f"the place `{place}` lies outside of the project or in a folder of its tools")
            continue
        if not parts or "*" in parts[0] or "{" in parts[0]:
            yield Problem(str(entry), 0, f"the place `{place}` begins in no folder of its own")
            continue
        fixed = _fixed(place)
        for there, id in theirs.items():
            if (there and (fixed + "/").startswith(there + "/")) or (there + "/").startswith(fixed + "/"):
                yield Problem(
                    str(entry), 0, f"the place `{place}` is that of `{id}`, whose program reads it its own way"
                )
                break


def _fixed(place: str) -> str:
    """The part of a place before its first blank or star, folders only where it has one."""
    fixed = place.split("*", 1)[0].split("{", 1)[0]
    return fixed.rsplit("/", 1)[0] if "/" in fixed and fixed != place else fixed.rstrip("/")


def lowered(spec: Spec, vocabulary: Vocabulary) -> Iterator[str]:
    """Tool names that other programs know and that would cost less here than in any of them."""
    from agentconv.spec import risk

    known: dict[str, list[frozenset[str]]] = {}
    for name, rows in vocabulary.items():
        known.setdefault(name.lower(), []).extend(
            frozenset(risk(c) for c in (*caps, *also)) - {"none"} for _, caps, also, _ in rows
        )
    spelled = {name: found.classes for name, found in spec.tools.names.items()}
    spelled |= {alias: spec.tools.names[name].classes for alias, name in spec.tools.aliases.items()}
    for name, classes in spelled.items():
        meanings = known.get(name.lower())
        if meanings and not any(meaning <= classes for meaning in meanings):
            least = ", ".join(min(sorted(meaning) for meaning in meanings))
            yield f"the tool `{name}` is known as one that {least}; here it would be less"
