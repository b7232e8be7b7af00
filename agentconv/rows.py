"""One key of a format, as its description says it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from agentconv.records import dataclass


@dataclass(frozen=True)
class Field:
    """One key of a format: a row of the ``fields:`` table."""

    key: str
    field: str | None
    type: str
    facts: Mapping[str, Any]

    def fact(self, name: str, default: Any = None) -> Any:
        """One word of the row."""
        return self.facts.get(name, default)

    @property
    def written(self) -> bool:
        """Old spellings are read only."""
        return self.facts.get("write") != "never"

    @property
    def applied(self) -> bool:
        """Whether the key does anything in the program."""
        return self.facts.get("applied", True) is not False

    @cached_property
    def to_model(self) -> dict[Any, Any]:
        """The program's words -> the model's."""
        values = self.facts.get("values")
        if isinstance(values, Mapping):
            return dict(values)
        return {v: v for v in values} if values else {}

    @cached_property
    def to_program(self) -> dict[Any, Any]:
        """The model's words -> the program's; the first spelling wins."""
        out: dict[Any, Any] = {}
        for theirs, ours in self.to_model.items():
            out.setdefault(ours, theirs)
        return out
