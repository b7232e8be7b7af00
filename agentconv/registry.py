"""Which formats there are. Heads are read for all of them, tables only for those in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agentconv.spec import Name, Spec

BUILT_IN = Path(__file__).parent / "formats"


class UnknownFormat(Exception):
    """No description has this id."""

    def __init__(self, id: str) -> None:
        import difflib

        self.id = id
        near = difflib.get_close_matches(id, ids(), 1, 0.4)
        self.hint = f"did you mean `{near[0]}`?" if near else "`agentconv formats` lists them"
        super().__init__(f"no format is called `{id}`; {self.hint}")


def _yaml(text: str) -> Any:
    import yaml

    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def _texts(id: str) -> tuple[str, str]:
    """Head and tables of a description as text."""
    text = (BUILT_IN / id / "format.yaml").read_text("utf-8")
    head, _, tables = text.partition("\n---\n")
    return head, tables


@cache
def heads() -> Mapping[str, Mapping[str, Any]]:
    """The heads of all descriptions by id; those with more users first."""
    found = {}
    for entry in sorted(BUILT_IN.glob("*/format.yaml")):
        found[entry.parent.name] = _yaml(_texts(entry.parent.name)[0])
    return dict(sorted(found.items(), key=lambda item: -int(item[1].get("users") or 0)))


def ids(*, readings: bool = False) -> list[str]:
    """The ids; descriptions of how another program reads a place only on demand."""
    return [id for id, head in heads().items() if readings or head.get("kind") != "reading"]


def targets() -> list[str]:
    """The ids of the formats that can be written."""
    found = heads()
    return [id for id in ids() if (found[id].get("places") or {}).get("write") and not found[id].get("readable_only")]


@cache
def load(id: str) -> Spec:
    """A description with its tables."""
    if id not in heads():
        raise UnknownFormat(id)
    head = heads()[id]
    tables = _yaml(_texts(id)[1]) or {}
    if parent := head.get("extends"):
        base = load(parent)
        head = {**base.head, **{"many": False, "also_read_by": {}, "recognise": {}}, **head}
        tables = _overlay(base.tables, tables)
    return Spec(head, tables, str(BUILT_IN / id))


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


def shared_readers(spec: Spec) -> list[tuple[Spec, str, bool]]:
    """Other programs that read the format's place: description, program, and whether it is their home too."""
    out = []
    for id, entry in (spec.head.get("also_read_by") or {}).items():
        facts = {"program": entry} if isinstance(entry, str) else dict(entry or {})
        other = load(str(facts.get("format", id)))
        out.append((other, str(facts.get("program") or other.program), bool(facts.get("equal"))))
    return out


@cache
def vocabulary() -> Mapping[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...], bool], ...]]:
    """Every tool name of every format: spelling -> (format, is, also, dead). Loaded when a name is unknown."""
    out: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]] = {}
    for id in ids(readings=True):
        table = load(id).tools
        for name in table.names.values():
            if name.off:
                continue  # rarely there, so rarely meant
            out.setdefault(name.name, []).append((id, name.caps, name.also, False))
        for alias, target in table.aliases.items():
            if found := table.names.get(target):
                out.setdefault(alias, []).append((id, found.caps, found.also, False))
        for dead, caps in table.dead.items():
            out.setdefault(dead, []).append((id, caps, (), True))
    return {key: tuple(rows) for key, rows in out.items()}


@cache
def folded_vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Lower-cased spelling -> the spellings of the vocabulary."""
    out: dict[str, list[str]] = {}
    for key in vocabulary():
        out.setdefault(key.lower(), []).append(key)
    return {key: tuple(names) for key, names in out.items()}


def names_with(spec: Spec, caps: Iterable[str]) -> list[Name]:
    """Names of a format that give one of the capabilities."""
    wanted = set(caps)
    return [n for n in spec.tools.names.values() if wanted & set(n.gives)]
