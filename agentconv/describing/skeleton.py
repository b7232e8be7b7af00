"""A first description, with a word on every line: the start of a new format."""

from __future__ import annotations

import re

from agentconv.capabilities import DATA

ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def skeleton(id: str, parent: str | None, folder: str, today: str) -> str:
    """The text of format.yaml for a new format, or for one that is like another."""
    name = "skeleton-extends" if parent else "skeleton"
    text = (DATA / f"{name}.yaml").read_text("utf-8")
    words = {"ID": id, "TITLE": id.replace("-", " ").title(), "FOLDER": folder, "TODAY": today, "PARENT": parent or ""}
    return re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)
