"""What the terminal is asked and how lines are broken: as the standard library does it, which we load less often."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconv.telling.escape import HIDDEN, visible
from agentconv.telling.screen import width, wrapped

TEXTS = st.lists(
    st.sampled_from(["a", "bcd", " ", "  ", "-", "é", "\u00a0", "\u3000", "\t", "\n", "\x0c", "x" * 30]) | st.text()
)


@given(
    TEXTS.map("".join),
    st.integers(5, 40),
    st.sampled_from(["", " ", "   "]),
    st.sampled_from(["", "  "]),
    st.booleans(),
)
def test_lines_are_broken_as_by_textwrap(text: str, columns: int, first: str, further: str, words: bool) -> None:
    expected = textwrap.wrap(
        text, columns, initial_indent=first, subsequent_indent=further, break_on_hyphens=False, break_long_words=words
    )
    assert wrapped(text, columns, first, further, words) == expected


@pytest.mark.parametrize("said", [None, "", "70", " 70 ", "x", "0", "-3", "20", "500"])
@pytest.mark.parametrize("real", [None, 0, 90])
def test_the_terminal_is_as_wide_as_shutil_says(
    said: str | None, real: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(_: Any) -> os.terminal_size:
        if real is None:
            raise OSError
        return os.terminal_size((real, 24))

    class Stdout:
        def fileno(self) -> int:
            return 1

    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.setattr(sys, "__stdout__", Stdout())
    monkeypatch.delenv("COLUMNS", raising=False)
    if said is not None:
        monkeypatch.setenv("COLUMNS", said)
    assert width() == max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))


def test_without_a_terminal_it_is_as_wide_as_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "__stdout__", None)
    assert width() == 100


def test_a_text_that_python_would_print_hides_nothing() -> None:
    """``visible`` looks no further at such a text."""
    hidden = [chr(n) for n in range(sys.maxunicode + 1) if HIDDEN.search(chr(n))]
    assert len(hidden) > 2000
    assert [c for c in hidden if c.isprintable() or visible(c) == c] == []
