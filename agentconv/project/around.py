"""What else a project holds: the programs it uses, its agents by name, its skills, its MCP servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from agentconv.checking.checked import Around
from agentconv.containers import ContainerError
from agentconv.project import files, finding
from agentconv.project.nearby import is_file, is_there
from agentconv.reading.context import Reading
from agentconv.reading.fromplace import stem
from agentconv.registry import heads, ids
from agentconv.spec import Spec


def programs_used(root: Path) -> frozenset[str]:
    """Programs of which the project holds a folder or file: a place of theirs, or what shows their use."""
    used = set()
    for id in ids():
        head = heads()[id]
        if head.get("kind") == "text":
            continue
        marks = [*((head.get("around") or {}).get("shows") or ())]
        for glob in (head.get("places") or {}).get("project", ()):
            fixed = str(glob).split("*", 1)[0].rstrip("/")
            marks += [fixed] if fixed else []
        if any(is_there(root / mark) for mark in marks):
            used.add(str(head.get("program") or head["title"]))
    return frozenset(used)


class Present(NamedTuple):
    """A file of the project, and its agents by id and name."""

    format: str
    path: str
    agents: tuple[tuple[str, str | None], ...]


def present(reading: Reading) -> Present:
    """What is kept of a file that was read."""
    agents = tuple([(read.agent.id, read.agent.name) for read in reading.agents])
    return Present(reading.spec.id, reading.path, agents)


def around(root: Path, spec: Spec, there: Iterable[Present]) -> Around:
    """What the fields of this format's agents may refer to."""
    facts = spec.head.get("around") or {}
    called: set[str] = set()
    files: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in there:
        ids = files.setdefault(file.format, {})
        for id, name in file.agents:
            called |= {id, name or id, id.rsplit("/", 1)[-1]}
            ids[id] = (*ids.get(id, ()), file.path)
    return Around(
        frozenset(called), files, _skills(root, facts), _servers(root, facts.get("servers")),
        _servers(root, facts.get("reached")) or frozenset(), _misnamed(spec, files, called),
    )  # fmt: skip


def _misnamed(spec: Spec, files: Mapping[str, Mapping[str, tuple[str, ...]]], called: set[str]) -> dict[str, str]:
    """Names of files whose agents the program calls otherwise, with what it calls them."""
    if spec.many or spec.identity.get("by", "name") != "name":
        return {}
    found = {
        stem(spec, path.rsplit("/", 1)[-1]): name for name, paths in files.get(spec.id, {}).items() for path in paths
    }
    return {file: name for file, name in found.items() if file not in called and len(file) > 1}


def _skills(root: Path, facts: dict[str, Any]) -> frozenset[str] | None:
    found = set()
    for place in facts.get("skills") or ():
        before, _, after = str(place).partition("{id}")
        found |= {path[len(before) : len(path) - len(after)] for path in finding.expand(root, f"{before}*{after}")}
    return frozenset(found) or None


def _servers(root: Path, places: Mapping[str, str] | None) -> frozenset[str] | None:
    found: set[str] = set()
    there = False
    for name, key in (places or {}).items():
        path = root / str(name)
        if not is_file(path):
            continue
        try:
            from agentconv.containers import json

            header = json.read(files.read_text(path)).header
        except (files.Unreadable, ContainerError):
            return None  # it cannot be told what is in there
        node = header.get(str(key)) if header is not None and header.kind == "map" else None
        if node is not None and node.kind == "map":
            there = True
            found |= {pair.key.text for pair in node.pairs}
    return frozenset(found) if there else None
