"""Bare ``agentconv``: what is here, who reads it, what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def here() -> None:
    """Agents found, the programs that read them as they lie, three next commands."""
    from agentconv import files, sources
    from agentconv.registry import ids, load, shared_readers, targets

    cwd = Path.cwd()
    root = files.find_root(cwd, sources.place_marks())
    found = sources.in_places(root)
    if not found:
        click.echo(f"No agents in the known places below {root if root != cwd else 'this folder'}.\n")
        click.echo("  agentconv convert FILE --to ID     convert a file, or a folder, from anywhere")
        click.echo("  agentconv formats                  the formats with their places")
        click.echo("  agentconv list --user              the agents in your home folder")
        return
    counts: dict[str, int] = {}
    folders: dict[str, str] = {}
    for source in found:
        id = str(source.format)
        counts[id] = counts.get(id, 0) + _agents(source)
        folders.setdefault(id, _place(source.path, source.below))
    total = sum(counts.values())
    click.echo(f"{total} agent{'s' * (total != 1)} here:")
    for id, count in sorted(counts.items(), key=lambda item: -item[1]):
        spec = load(id)
        readers = [spec.program, *(name for _, name, _ in shared_readers(spec))]
        click.echo(f"  {count:4}  {folders[id]:<22} {id:<16} read by {_and(list(dict.fromkeys(readers)))}")
    most = max(counts, key=lambda id: counts[id])
    target = _next_target(root, most, targets())
    click.echo("\nNext:")
    click.echo(
        f"  agentconv convert --to {target:<12} write them for {load(target).program} too; your files stay as they are"
    )
    click.echo("  agentconv list --in all             what each may do in every program")
    first = next(s for s in found if s.format == most)
    click.echo(f"  agentconv show {first.path}   what agentconv understands of one")


def _agents(source: Any) -> int:
    from agentconv.engine import read_author
    from agentconv.registry import load

    if source.text is None:
        return 0
    return len(read_author(load(source.format), source.text, source.path).agents)


def _place(path: str, below: str) -> str:
    parent = path.rsplit("/", 1)[0] if "/" in path else path
    return parent[: -len(below) - 1] if below and parent.endswith(below) else parent


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _next_target(root: Path, most: str, ids: list[str]) -> str:
    """A target whose folder is there and empty, else the one with the most users that is not the source."""
    from agentconv.registry import heads

    for id in ids:
        write = str((heads()[id].get("places") or {}).get("write") or "")
        if id != most and "/" in write and (root / write.split("/", 1)[0]).is_dir():
            return id
    return next(id for id in ids if id != most)
