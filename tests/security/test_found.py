"""What fuzzing found (tests/fuzz), each as a text that once ended in an error that is not our own."""

from __future__ import annotations

import pytest

from agentconv.convert import convert_text
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import load

FOUND = [
    ("agentconv", '[{"id": "one", "prompt": "1"}, {"": "two", "prompt": "2"}]\n'),  # an empty key stood for the prompt
]  # fmt: skip


@pytest.mark.parametrize(("id", "text"), FOUND)
def test_it_is_read_or_refused(id: str, text: str) -> None:
    read_author(load(id), text, "a.md")
    read_program(load(id), text, "a.md")
    for target in ("vscode", "opencode", "roo"):
        assert convert_text(text, from_=id, to=target)
