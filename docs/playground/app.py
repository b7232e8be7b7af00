"""The playground's Python: the package itself, asked once per key stroke. Runs in the browser (Pyodide)."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import yaml

# The descriptions were read when the page was built: the pure-Python reader would take seconds for them here.
COMPILED: dict[str, Any] = pickle.loads((Path(__file__).parent / "compiled.pickle").read_bytes())
_load = yaml.load


def _load_known(text: Any, loader: Any) -> Any:
    known = COMPILED.get(hashlib.sha256(text.encode()).hexdigest()) if isinstance(text, str) else None
    return pickle.loads(known) if known is not None else _load(text, loader)


yaml.load = _load_known

from agentconv import library  # noqa: E402
from agentconv.convert import usual_path  # noqa: E402
from agentconv.reading.engine import read_author, read_program  # noqa: E402
from agentconv.registry import heads, ids, load, targets  # noqa: E402
from agentconv.telling.agentrows import row_of  # noqa: E402
from agentconv.telling.escape import visible  # noqa: E402

MOST = 12  # programs in the table: those with the most users


def formats() -> str:
    """All formats, for the two lists."""
    written = set(targets())
    return json.dumps([{"id": id, "title": heads()[id]["title"], "written": id in written} for id in ids()])


def convert(asked: str) -> str:
    """The text in another format, with its notes. Every problem is an answer."""
    given = json.loads(asked)
    text, path = given["text"], given.get("path") or ""
    try:
        id = given.get("from") or library.read(text, path=path).spec.id
    except library.NotReadable as problem:
        return json.dumps({"problem": visible(str(problem))})
    spec = load(id)
    program = read_program(spec, text, path or usual_path(spec))
    read = {"format": id, "title": spec.head["title"], "loads": program.status == "read", "reason": program.reason}
    return json.dumps({**read, **_made(text, path, id, given["to"])})


def programs(asked: str, id: str) -> str:
    """Each agent of the text in each of the main programs."""
    given = json.loads(asked)
    text, path, spec = given["text"], given.get("path") or "", load(id)
    place = path if "/" in path else usual_path(spec)
    reading, program = read_author(spec, text, place), read_program(spec, text, place)
    main: dict[str, str] = {str(spec.head["program"]): id}
    for one in targets():
        if heads()[one].get("kind") == "agent" and len(main) < MOST:
            main.setdefault(str(heads()[one]["program"]), one)
    agents = []
    for read in reading.agents:
        row = row_of(read, reading, program, tuple(main.values()))
        cells = [{"program": name, "id": one, **row.cells[one].as_data()} for name, one in main.items()]
        agents.append({"name": visible(row.name), "rights": row.rights, "cells": cells})
    return json.dumps(agents)


def _made(text: str, path: str, id: str, to: str) -> dict[str, Any]:
    results = library.convert_texts(text, to=to, from_=id, path=path)
    made = results[-1]
    notes = [_note(note) for result in results for note in result.notes]
    return {
        "to": to,
        "status": [result.status for result in results],
        "before": made.rights.before,
        "after": made.rights.after,
        "gained": made.gained,
        "place": next(iter(made.files), ""),
        "text": made.text,
        "notes": notes,
    }


def _note(note: Any) -> dict[str, Any]:
    return {
        "code": note.code,
        "effect": note.effect,
        "line": note.line,
        "text": visible(note.message),
        "help": note.help,
    }
