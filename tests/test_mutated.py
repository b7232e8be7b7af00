"""A few hundred damaged files in each run; ``python -m tests.fuzz.mutate`` goes on from there."""

from __future__ import annotations

import random

import pytest

from agentconv.registry import targets
from tests.fuzz import mutate

FILES = mutate.files()


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_ends_in_our_own_words(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(250):
        format, path, text = pick.choice(FILES)
        text = mutate.damaged(text, pick)
        for fault in mutate.faults(format, path, text, pick.sample(targets(), 3)):
            raise AssertionError(f"{fault}\n--- {path}\n{text}")


def test_a_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback is one, and so is a note of the proof."""
    file = next(f for f in FILES if f[0] == "claude-code")
    assert not list(mutate.faults(*file, ["opencode"]))
    monkeypatch.setattr("agentconv.convert.attempt", lambda *_: 1 // 0)
    assert "ZeroDivisionError" in next(mutate.faults(*file, ["opencode"]))
