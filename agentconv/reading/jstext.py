"""The text that JavaScript's ``String(…)`` makes of a value, for programs that take any value for text."""

from __future__ import annotations

import math
from typing import Any

from agentconv.containers import Node
from agentconv.patterns import pattern

_EXPONENT = pattern(r"(.*)e([+-])0*(\d+)\Z")


def as_text(node: Node) -> str | None:
    """``0x1F`` is 31 there, ``1.50`` is 1.5 and ``[a, b]`` is ``a,b``; of a map nothing can be made."""
    if node.kind == "list":
        parts = ["" if item.kind == "scalar" and item.value is None else as_text(item) for item in node.items]
        known = [part for part in parts if part is not None]
        return ",".join(known) if len(known) == len(parts) else None
    return _spelled(node.value) if node.kind == "scalar" else None


def _spelled(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return _number(float(value))
    return str(value)


def _number(value: float) -> str:
    """ECMAScript's Number::toString: the same digits as Python's, an exponent from 1e21 up and below 1e-6 only."""
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if 1e-6 <= abs(value) < 1e-4:
        digits, _, shift = text.partition("e-")
        sign, whole = "-" * (value < 0), digits.lstrip("-").replace(".", "")
        return f"{sign}0.{'0' * (int(shift) - 1)}{whole}"
    found = _EXPONENT.match(text)
    return f"{found[1]}e{found[2]}{found[3]}" if found else text
