"""What is said of a build that had nothing to do. It is said often, so it brings nothing along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def nothing_written(rights: Sequence[int]) -> str:
    """The rights line of a build that had nothing to do."""
    same, less, more = rights
    return f"Rights: {same} the same · {less} less · {more} more.     Nothing written."


def up_to_date(agents: int, targets: Iterable[str], seconds: float) -> str:
    """The one line of a build that had nothing to do."""
    return f"{agents} agent{'s' * (agents != 1)} → {', '.join(targets)}: up to date.   {seconds:.1f} s"
