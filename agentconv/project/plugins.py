"""Plugin trees: a manifest says where the agents lie, and how they are called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from agentconv.notes import Note, note
from agentconv.project import files, finding
from agentconv.project.links import shown
from agentconv.project.nearby import is_file, is_there
from agentconv.project.sources import Source
from agentconv.records import dataclass
from agentconv.registry import heads, ids, manifests


@dataclass(frozen=True, slots=True)
class Manifest:
    """What says that a folder is a plugin; no ``data``: it cannot be read, and ``problem`` says why."""

    place: Path
    text: str
    data: Mapping[str, object] | None
    problem: tuple[str, int | None] = ("", None)


def manifest_of(path: Path) -> Manifest | None:
    """The manifest of a plugin tree. A broken one counts in the folder that only plugins have: another `plugin.json`
    may be anybody's."""
    for one in manifests():
        place = path / one
        if not is_file(place):
            continue
        try:
            text = files.read_text(place)
            data = json.loads(text)
            problem: tuple[str, int | None] = ("is no map", 1)
        except files.Unreadable as unreadable:
            text, data, problem = "", None, (unreadable.message, unreadable.line)
        except json.JSONDecodeError as broken:
            data, problem = None, (f"is no JSON: {broken.msg}", broken.lineno)
        except (ValueError, RecursionError):
            data, problem = None, ("is no JSON", 1)
        if isinstance(data, dict):
            return Manifest(place, text, data)
        return Manifest(place, text, None, problem) if "/" in one else None
    return None


def files_of(path: Path, manifest: Manifest, cwd: Path, from_: str | None, most: int) -> Iterator[Source]:
    """The agents that a manifest names, with the prefix that its program gives them; and the manifest itself, with what
    it names and is not there."""
    file, real = shown(manifest.place, cwd), path.resolve()
    plugin, wrong = manifest.data or {}, list(_broken(manifest, file))
    listed = [] if manifest.data is None else plugin.get("agents")
    roots = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else ["agents"]
    for entry in roots:
        said = entry if isinstance(entry, str) else json.dumps(entry)
        start = path / said
        if "\0" in said or not start.resolve().is_relative_to(real):
            help = "a plugin names only what lies in its own folder: put the file there, or take it out"
            wrong.append(_about(manifest, file, "F012", said, "leads out of the plugin: not read", help))
            continue
        if listed and not is_there(start):
            wrong.append(_about(manifest, file, "F001", said, "is not there", _near(start, path)))
            continue
        inside = [start] if is_file(start) else [start / p for p in finding.walk(start, "") if p.endswith(".md")]
        for full in inside:
            if full.resolve().is_relative_to(real):
                name = str(plugin.get("name") or path.name)
                yield Source(shown(full, cwd), full, _in_plugin(from_), prefix=name, most=most)
    if wrong:
        yield Source(file, None, settled=True, notes=wrong)


def _broken(manifest: Manifest, file: str) -> Iterator[Note]:
    if manifest.data is None:
        message, line = manifest.problem
        help = "mend it; until then the folder is taken for any other one, without the plugin's name"
        yield note("F001", f"the plugin's manifest {message}", file=file, line=line, help=help)


def _about(manifest: Manifest, file: str, code: str, said: str, what: str, help: str) -> Note:
    """What is wrong with one of the paths, and its line."""
    at = manifest.text.find(json.dumps(said))
    line = manifest.text.count("\n", 0, at) + 1 if at >= 0 else None
    return note(code, f"`{said}`, named under `agents`, {what}", file=file, line=line, path="agents", help=help)


def _near(start: Path, plugin: Path) -> str:
    """What may have been meant."""
    try:
        found = get_close_matches(start.name, [one.name for one in start.parent.iterdir()], 1)
    except (OSError, ValueError):
        found = []
    if found:
        return f"did you mean `./{(start.parent / found[0]).relative_to(plugin).as_posix()}`?"
    return "mend the path, or take it out of the list"


def _in_plugin(asked: str | None) -> str:
    """The format of a plugin's agents; asking for their program's own form is asking for what it makes of a plugin."""
    mine = plugin_format()
    return mine if asked in (None, heads()[mine].get("extends")) else str(asked)


def plugin_format() -> str:
    """The format whose program has such plugins: the one that says so in its head."""
    return next((id for id in ids() if heads()[id].get("plugins")), ids()[0])
