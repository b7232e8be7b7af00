"""Each trap of a format is shown somewhere: the list in fixtures/traps.yaml points at what exists."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from agentconv import registry

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
TRAPS: dict[str, dict[str, list[str]]] = yaml.safe_load((FIXTURES / "traps.yaml").read_text("utf-8"))
FIRST = {
    "claude-code",
    "vscode",
    "copilot",
    "codex",
    "opencode",
    "roo",
}  # their cases are many, and older than the list
OTHER_FORMS = {"bob", "opencode-json", "kilo-modes", "capability-manifest", "agentconv", "claude-plugin"}


@cache
def rows() -> set[str]:
    """The ids of the rights table."""
    tables = [FIXTURES / "rights.yaml", *(FIXTURES / "rights").glob("*.yaml")]
    return set(re.findall(r"^- id: (\S+)$", "".join(path.read_text("utf-8") for path in tables), re.M))


def shown(id: str, place: str, known: set[str]) -> bool:
    """Whether what the list names is there."""
    if place == "head":
        head = registry.load(id).head
        return bool(head.get("unsure") or head.get("also_read_by") or registry.load(id).tables.get("asks"))
    kind, _, name = place.partition("/")
    if kind == "rights":
        return name in known
    if kind == "cases":
        return (FIXTURES / "cases" / f"{name}.md").exists()
    if kind == "write":
        return (FIXTURES / id / "write" / f"{name}.md").exists()
    return (FIXTURES / id / place).is_dir() if kind == "read" else (FIXTURES / place).is_dir()


def test_every_format_of_the_later_waves_has_its_list() -> None:
    assert set(TRAPS) == set(registry.ids()) - FIRST - OTHER_FORMS


@pytest.mark.parametrize("id", sorted(TRAPS))
def test_every_trap_is_shown(id: str) -> None:
    known = rows()
    for trap, places in TRAPS[id].items():
        assert places, trap
        for place in places:
            assert shown(id, place, known), f"{trap}: {place}"
