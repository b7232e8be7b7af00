"""The library's own edge: what callers hand in is a stranger's, too. What it converts is tested with the commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import agentconv
from agentconv.convert import convert_agent
from agentconv.model import Agent
from agentconv.registry import targets

TEXT = "---\nname: reader\ndescription: Reads.\ntools: Read\n---\n\nRead.\n"
ASKED: dict[str, Callable[[str], Any]] = {
    "read": lambda text: agentconv.read(text, from_="claude-code"),
    "convert_text": lambda text: agentconv.convert_text(text, from_="claude-code", to="vscode"),
    "convert_texts": lambda text: agentconv.convert_texts(text, from_="claude-code", to="vscode"),
    "check_text": lambda text: agentconv.check_text(text, from_="claude-code"),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("place", [0, TEXT.index("reader"), len(TEXT)])
def test_half_a_surrogate_pair_is_no_text(name: str, place: int) -> None:
    text = TEXT[:place] + "\udc80" + TEXT[place:]
    with pytest.raises(agentconv.NotReadable, match="half of a surrogate pair") as problem:
        ASKED[name](text)
    assert (problem.value.note.code, problem.value.note.line) == ("R001", TEXT.count("\n", 0, place) + 1)
    ASKED[name](TEXT + "\N{GRINNING FACE}")  # a whole pair is one character


def test_the_limit_counts_bytes() -> None:
    text = TEXT + "é" * 10
    size = len(text.encode())
    assert agentconv.read(text, from_="claude-code", max_bytes=size).agents
    with pytest.raises(agentconv.NotReadable, match="R017"):
        agentconv.read(text, from_="claude-code", max_bytes=size - 1)


@pytest.mark.parametrize("id", targets())
def test_an_agent_that_comes_from_no_file_can_be_written(id: str) -> None:
    """It says neither mode nor model, whatever a file of the format has to say."""
    agent = Agent(id="reader", name="reader", description="Reads.", prompt="Read all of it, and say what it is for.")
    made = convert_agent(agent, id, id)
    assert made.files, [note.message for note in made.notes]
