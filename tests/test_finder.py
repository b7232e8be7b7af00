"""Looking for many names in a prompt: whatever stands there as a whole word is found, and a batch whose names all
change says what one says that looks for each of them."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv.bodies import finder
from agentconv.bodies.agents import _whole
from agentconv.bodies.finder import Finder
from agentconv.cli import app

PART = st.sampled_from(["code", "review", "Übung", "審查", "x", "1", "a_b", "-", ".", "@", " ", "/", "$", "é"])
WORD = st.lists(PART, min_size=1, max_size=4).map("".join)


@settings(max_examples=400)
@given(
    st.lists(WORD, unique=True, max_size=90), st.lists(st.one_of(WORD, st.sampled_from("\n\t .,`*\"'()")), max_size=30)
)
def test_no_whole_word_is_missed(words: list[str], pieces: list[str]) -> None:
    text = "".join(pieces)
    for few in (0, finder.FEW):
        many = Finder(words)
        found = many.found(text) if few else _indexed(many, text)
        assert [w for w in words if w in found] == found, "their own order, each once"
        assert {w for w in words if _whole(w).search(text)} <= set(found) <= {w for w in words if w in text}


def _indexed(many: Finder, text: str) -> list[str]:
    """As with more words than `FEW`."""
    filled = Finder([*many._words, *(f"other{n}word" for n in range(finder.FEW + 1))])
    return filled.found(text)


def test_names_that_all_change_are_said_where_they_are_named(tmp_path: Path) -> None:
    """In CrewAI no name has a dash: eighty agents, of which one names another and one names itself."""
    place = tmp_path / ".claude" / "agents"
    place.mkdir(parents=True)
    for n in range(80):
        words = {7: "Then the agent `part-3-of` decides.", 8: "You are the agent `part-8-of`."}.get(n, "You read.")
        text = f"---\nname: part-{n}-of\ndescription: Reads part {n}\ntools: Read\n---\n\n{words}\n"
        (place / f"part-{n}-of.md").write_text(text, "utf-8")
    said = CliRunner().invoke(
        app, ["convert", str(place), "--to", "crewai", "-o", f"{tmp_path}/out/", "--notes", "full"]
    )
    lines = [
        " ".join(line.split()) for line in said.output.splitlines() if "P001" in line or "the prompt calls" in line
    ]
    text = "\n".join(lines)
    assert "part-3-of" in text and "part-8-of" in text and "part-5-of" not in text, said.output


def test_a_word_behind_a_written_end_of_line_is_found_in_a_file() -> None:
    words = [f"p{n}-of" for n in range(80)]
    text = r'{"prompt": "Read.\np5-of decides."}'
    assert Finder(words).found_in_file(text) == ["p5-of"]
    assert not Finder(words).found(text), "the letter before it makes it another word"
