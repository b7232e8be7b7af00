"""Expressions that are compiled when they are first used: a run needs a third of those that its modules have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pattern = re.compile
else:

    class pattern:
        """What ``re.compile`` gives, later."""

        def __init__(self, text: str, flags: int = 0) -> None:
            self._text, self._flags = text, flags

        def __getattr__(self, name: str) -> Any:
            """Only the first time: from then on the object has it."""
            method = getattr(re.compile(self._text, self._flags), name)
            setattr(self, name, method)
            return method
