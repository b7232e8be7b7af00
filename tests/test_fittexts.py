"""Texts that are too long for a target end where a reader would end them, and the note says so."""

from __future__ import annotations

import pytest

from agentconv.convert import convert_text
from agentconv.lowering.fittexts import shortened


@pytest.mark.parametrize(
    ("text", "longest", "left"),
    [
        ("First. Second one. Third", 20, "First. Second one."),
        ("A paragraph here.\n\nAnother paragraph", 30, "A paragraph here."),
        ("Ask e.g. for one. And for two.", 20, "Ask e.g. for one."),
        ("word " * 10, 22, "word word word word…"),
        ("x" * 50, 10, "x" * 9 + "…"),
    ],
)
def test_shortened(text: str, longest: int, left: str) -> None:
    made, whole = shortened(text, longest)
    assert made == left and len(made) <= longest
    assert whole == (made[-1] == ".")


def test_a_long_description_is_cut_with_a_note() -> None:
    source = f"---\nname: a\ndescription: {'One more sentence. ' * 100}\n---\nDo it.\n"
    (made,) = convert_text(source, from_="claude-code", to="agent-skills")
    assert made.files
    assert any(n.code == "L002" and n.path == "description" for n in made.notes)


def test_a_long_prompt_is_said_and_kept_whole() -> None:
    """The cloud agent takes 30,000 characters (documentation); the CLI that reads the same file takes more."""
    source = f"---\nname: a\ndescription: Long.\n---\n{'word ' * 7000}end\n"
    (made,) = convert_text(source, from_="claude-code", to="copilot")
    assert made.files
    assert "C003" in {n.code for n in made.notes}
