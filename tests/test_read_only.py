"""Formats that are read and never written: no program was there to check what they would make of our output."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from agentconv import registry
from agentconv.cli import app
from agentconv.convert import convert_text

READ_ONLY = [id for id, head in registry.heads().items() if head.get("readable_only")]
SOURCE = "---\nname: a\ndescription: Does it.\n---\nDo it.\n"


def test_there_are_such_formats() -> None:
    assert READ_ONLY and set(READ_ONLY) < set(registry.ids())


@pytest.mark.parametrize("id", READ_ONLY)
def test_nothing_is_written(id: str) -> None:
    (made,) = convert_text(SOURCE, from_="claude-code", to=id)
    assert made.status == "failed" and not made.files
    assert [n.code for n in made.notes if n.effect == "error"] == ["F005"]


@pytest.mark.parametrize("id", READ_ONLY)
def test_the_command_line_says_why(id: str) -> None:
    reason = registry.heads()[id]["readable_only"]
    shown = CliRunner().invoke(app, ["formats"]).output
    assert f"read only: {reason.split()[0]}" in " ".join(shown.split())
    asked = CliRunner().invoke(app, ["convert", "--to", id])
    assert asked.exit_code == 2 and reason.split()[0] in asked.output and "read, not written" in asked.output
