"""Text changed by place: what is not named stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable


def edit_text(text: str, splices: Iterable[tuple[int, int, str]]) -> str:
    """The text with each ``[start, end)`` replaced; splices may come in any order and must not overlap.

    Two insertions at one place keep their order.
    """
    parts: list[str] = []
    position = 0
    for start, end, new in sorted(splices, key=lambda splice: splice[:2]):
        if start < position or end < start or end > len(text):
            raise ValueError(f"splices overlap or lie outside the text: {start}:{end}")
        parts += (text[position:start], new)
        position = end
    parts.append(text[position:])
    return "".join(parts)
