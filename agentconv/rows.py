"""One key of a format and one name of a tool, as the description says them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from agentconv.capabilities import risk
from agentconv.model import Tool
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

    def length(self, text: str) -> int:
        """How long a text is as the program counts; JavaScript counts characters beyond U+FFFF twice."""
        beyond = sum(char > "\uffff" for char in text) if self.facts.get("counts") == "utf16" else 0
        return len(text) + beyond

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the row: most say few, and each value is asked for all that matter to it at once."""
        return frozenset(self.facts)

    @cached_property
    def written(self) -> bool:
        """Old spellings are read only."""
        return self.facts.get("write") != "never"

    @cached_property
    def applied(self) -> bool:
        """Whether the key does anything in the program."""
        return self.facts.get("applied", True) is not False

    def holds(self, word: object) -> bool:
        """Whether the program keeps to this value, where it is a limit."""
        return self.applied and word not in self.facts.get("unenforced", ())

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


def rows(table: Any, before: str = "") -> dict[str, Field]:
    """Rows of a table by key, in order; ``before`` begins each key."""
    found = {f"{before}{key}": facts or {} for key, facts in (table or {}).items()}
    return {key: Field(key, facts.get("as"), facts.get("type", "any"), facts) for key, facts in found.items()}


@dataclass(frozen=True, slots=True)
class Name:
    """A tool name of a program."""

    name: str
    caps: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    members: tuple[str, ...] = ()  # a group
    scope: str = ""
    plain: bool = False
    keep: tuple[tuple[str, str], ...] = ()
    off: bool = False
    set_up: bool = False  # by the file itself: no other one can say how
    key: str = ""  # the only key that gives it
    through: str = ""  # the key that gives it, and that is written for it
    needs: str = ""  # a key without which it does nothing
    never: bool = False
    closed: bool = False  # denied unless a rule names it
    named: bool = False  # so in an agent that others start
    deny_with: tuple[str, ...] = ()
    alone: bool = False  # a group that counts as the whole of a string only
    bracketed: str = ""  # `whole`: given whole with a scope in brackets

    @property
    def gives(self) -> tuple[str, ...]:
        """All that comes with the name."""
        return self.caps + tuple(c for c in self.also if c not in self.caps)

    @property
    def classes(self) -> frozenset[str]:
        """Risk classes of all that comes with the name."""
        return frozenset(risk(c) for c in self.gives) - {"none"}

    def tool(self, spelled: str | None = None) -> Tool:
        """The name as a rule holds it."""
        return Tool(spelled or self.name, self.caps, self.also)
