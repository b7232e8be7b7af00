"""What the user wants of a build."""

from __future__ import annotations

from typing import NamedTuple


class Wishes(NamedTuple):
    """What the user wants of this build."""

    dry: bool = False
    force: bool = False
    take: str = ""  # ours | theirs
    check: bool = False  # outputs that git ignores need not be there
