"""Refusals say why, and how to go on."""

from __future__ import annotations

from agentconv.convert import Options, convert_text


def test_strict_has_its_note() -> None:
    """Roo gives every mode more than its groups; without a note nobody could tell why nothing was written."""
    text = "---\nname: a\ndescription: Reads\ntools: Read\n---\n\nRead.\n"
    usual = convert_text(text, from_="claude-code", to="roo", path=".claude/agents/a.md")[0]
    assert usual.files
    strict = convert_text(
        text, from_="claude-code", to="roo", path=".claude/agents/a.md", options=Options(strict=True)
    )[0]
    assert (strict.status, strict.files) == ("refused", {})
    said = [n for n in strict.notes if n.code == "C012"]
    assert len(said) == 1
    assert "--strict" in said[0].help and all(right in said[0].message for right in strict.gained)
