"""Keys by which each description limits an agent, found by those who know nothing of its program.

A key that the program of a file does not know may be a limit in another program: `readonly` for Cursor, `permission`
for OpenCode. Which keys these are, and what they take away, follows from the tables of all descriptions. It is worked
out once, and a wheel holds it ready, as it holds the names of tools (compiled.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from agentconv import compiled, registry
from agentconv.capabilities import lesser, limited, risk
from agentconv.records import dataclass
from agentconv.rows import Field, Name
from agentconv.spec import Spec
from agentconv.tooltable import words

Classes = tuple[str, ...]
ALL_SERVERS = "mcp:*"
LISTS = {"tools": "allowed", "deny-tools": "denied"}
# How people spell what a program has as true or false
SPELT = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}


def folded(text: str) -> str:
    """A key or a word without case and signs."""
    return re.sub(r"[-_. ]", "", text).lower()


def plain(word: object) -> str:
    """A word as it compares: any spelling of yes is true."""
    word = folded(str(word))
    return SPELT.get(word, word)


@dataclass(frozen=True, slots=True)
class LimitKeys:
    """The keys of all descriptions, as they compare. Of two programs with one key the one with more users counts."""

    words: Mapping[str, Mapping[str, Classes]]  # key (dots between the keys of maps) -> word -> what it takes away
    maps: Mapping[str, Any]  # key of a map of actions -> the words that deny, and the names with what each gives
    groups: Mapping[str, Any]  # key of a list of groups -> the groups with what each gives, and what stays without any
    allowed: frozenset[str]  # keys of lists of the tools that an agent has
    denied: frozenset[str]  # keys of lists of what it may not have


@cache
def limit_keys() -> LimitKeys:
    """What all descriptions say. What one inside a project says counts for its own files only."""
    ready = compiled.table(compiled.LIMITS)
    by_word: dict[str, dict[str, Classes]] = {}
    maps: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    lists: dict[str, set[str]] = {"allowed": set(), "denied": set()}
    for id in registry.ids():
        if ready is not None and registry.owner(id) is None:
            said = ready.get(id)
        else:
            said = limits_of(registry.load(id)) if registry.trusted(id) else None
        if not said:
            continue
        for key, known in said.get("words", {}).items():
            by_word[key] = {**known, **by_word.get(key, {})}
        maps = {**said.get("maps", {}), **maps}
        groups = {**said.get("groups", {}), **groups}
        for kind, keys in lists.items():
            keys.update(said.get(kind, ()))
    return LimitKeys(by_word, maps, groups, frozenset(lists["allowed"]), frozenset(lists["denied"]))


registry.derived(limit_keys.cache_clear)


def of_built_in() -> dict[str, Any]:
    """What a wheel holds: for each format that has such keys, what its description says."""
    return {id: said for id in registry.heads_built_in() if (said := limits_of(registry.load(id)))}


def limits_of(spec: Spec) -> dict[str, Any]:
    """What one description says, as data."""
    said: dict[str, Any] = {}
    for row in spec.fields.values():
        key = ".".join(folded(part) for part in row.key.split("."))
        if found := _by_word(row, spec):
            said.setdefault("words", {})[key] = found
        elif row.type == "permission" and row.key == spec.tools.fact("field"):
            said["maps"] = {key: _map(spec)}
        elif row.type == "groups" and row.key == spec.tools.fact("field"):
            said["groups"] = {key: _groups(spec)}
        elif row.type in LISTS and "." not in row.key:
            said.setdefault(LISTS[row.type], []).append(key)
    return said


def _by_word(row: Field, spec: Spec) -> dict[str, Classes]:
    """A key that takes something away where it has a certain word: a mode, a sandbox, a switch."""
    if row.type == "switch":
        return {plain(word): _shut(facts, spec) for word, facts in _pairs(spec.tools.fact("settings"))}
    return {plain(word): words(classes) for word, classes in _pairs(row.fact("denies"))}


def _pairs(table: Any) -> Iterable[tuple[Any, Any]]:
    """Words with their facts; none in a table that is no map, as somebody's own description may have it."""
    return table.items() if isinstance(table, Mapping) else ()


def _shut(facts: Any, spec: Spec) -> Classes:
    said = dict(_pairs(facts))
    names = [spec.tools.names[name] for name in words(said.get("denies")) if name in spec.tools.names]
    shut = dict.fromkeys(cls for name in names for cls in _classes(name))
    return (*shut, *([ALL_SERVERS] if said.get("mcp") == "none" else ()))


def _map(spec: Spec) -> dict[str, Any]:
    """A map of actions. Names that nobody has by default decide nothing, nor do those that others of their class outdo:
    who may not search the web may still fetch."""
    given = {name: _classes(facts) for name, facts in spec.tools.singles.items() if not (facts.off or facts.closed)}
    deny = [str(word) for word, action in _pairs(spec.tools.fact("actions")) if action == "deny"]
    return {
        "deny": deny,
        "star": spec.tools.fact("star_key"),
        "names": {name: found for name, found in given.items() if found},
    }


def _groups(spec: Spec) -> dict[str, Any]:
    """A list of groups. One that the program passes over today gave something once, and is named for that."""
    table = spec.tools
    gives = {name: _classes(table.names[name]) for name in table.data.get("groups") or {}}
    for name in table.fact("ignored") or ():
        gives[name] = _of_caps(table.dead.get(name, ()))
    if (every := table.mcp.get("every")) in gives:
        gives[every] += (ALL_SERVERS,)
    return {"gives": gives, "stays": _of_caps(cap for caps in spec.ambient.values() for cap in caps)}


def _classes(name: Name) -> Classes:
    return _of_caps(name.gives)


def _of_caps(caps: Iterable[str]) -> Classes:
    """The risk classes that are meant as a whole: no rights of their own, and none that others of the class outdo."""
    return tuple(dict.fromkeys(risk(c) for c in caps if risk(c) != "none" and not (limited(c) or lesser(c))))
