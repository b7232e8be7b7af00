"""Questions about characters that are asked of bytes (``chars``) have the answers that the characters give."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentconv.chars import are_printable, is_unicode

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("a \n\t\x7f\x85\u2028\ufeff\ud800\udfffé😀")))


@given(TEXTS)
def test_printable(text: str) -> None:
    assert are_printable(text) == text.replace("\n", "").isprintable()


@given(TEXTS)
def test_no_half_of_a_pair(text: str) -> None:
    assert is_unicode(text) == (not any("\ud800" <= c <= "\udfff" for c in text))
