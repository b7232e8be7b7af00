"""Plugin trees: a manifest says where the agents lie, and how they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from agentconv.project import files, finding
from agentconv.project.links import shown
from agentconv.project.nearby import is_file
from agentconv.project.sources import Source
from agentconv.registry import heads, ids, manifests


def manifest_of(path: Path) -> dict[str, object] | None:
    """The manifest of a plugin tree; none that cannot be read."""
    place = next((path / name for name in manifests() if is_file(path / name)), None)
    try:
        data = json.loads(files.read_text(place)) if place is not None else None
    except (files.Unreadable, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def files_of(path: Path, plugin: dict[str, object], cwd: Path, from_: str | None, most: int) -> Iterator[Source]:
    """The agents that a manifest names, with the prefix that its program gives them."""
    listed = plugin.get("agents")
    roots = (
        [listed] if isinstance(listed, str) else [str(p) for p in listed] if isinstance(listed, list) else ["agents"]
    )
    name = str(plugin.get("name") or path.name)
    for entry in roots:
        start = path / entry
        if "\0" in entry or not start.resolve().is_relative_to(path.resolve()):
            continue  # a plugin names only what lies inside it
        inside = [start] if is_file(start) else [start / p for p in finding.walk(start, "") if p.endswith(".md")]
        for full in inside:
            try:
                full.resolve().relative_to(path.resolve())
            except ValueError:
                continue  # a plugin names only what lies inside it
            yield Source(shown(full, cwd), full, _in_plugin(from_), prefix=name, most=most)


def _in_plugin(asked: str | None) -> str:
    """The format of a plugin's agents; asking for their program's own form is asking for what it makes of a plugin."""
    mine = plugin_format()
    return mine if asked in (None, heads()[mine].get("extends")) else str(asked)


def plugin_format() -> str:
    """The format whose program has such plugins: the one that says so in its head."""
    return next((id for id in ids() if heads()[id].get("plugins")), ids()[0])
