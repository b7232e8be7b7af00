"""Agents' files that a table in a project's settings names (``places: declared`` of a description)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from agentconv.notes import Note, note
from agentconv.project import files
from agentconv.project.nearby import is_file
from agentconv.reading.indirect import table_of


def declared(root: Path, rule: Mapping[str, str]) -> Iterator[tuple[str, Note | None]]:
    """Files of agents that a table of the project's settings names, wherever they lie in it; of one that is not there,
    or not in the project, the settings and what is wrong."""
    try:
        text = files.read_text(root / rule["in"])
    except files.Unreadable:
        return
    folder = posixpath.dirname(rule["in"])
    for name, entry in table_of(text, rule["table"]):
        said = entry.get(rule["file"])
        if not isinstance(said, str) or not said:
            continue
        path = posixpath.normpath(posixpath.join(folder, said))
        out = path.startswith(("..", "~", ".git/")) or said.startswith("~") or posixpath.isabs(said)
        if not out and is_file(root / path):
            yield path, None
            continue
        line = text.count("\n", 0, max(text.find(said), 0)) + 1
        if out:
            what, code = "leads out of the project: not read", "F012"
            help = (
                "put the file into the project and name it from the folder of these settings, or convert it by its name"
            )
        else:
            what, code, help = f"is not there (`{path}`)", "F001", "mend the path, or take the table out"
        yield rule["in"], note(code, f"`{said}`, the file of `{name}`, {what}", file=rule["in"], line=line, help=help)
