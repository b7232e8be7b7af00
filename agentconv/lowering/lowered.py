"""What lowering hands on, and what the user decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from agentconv.model import Agent, Extra
from agentconv.notes import Note, NoteEffect, note
from agentconv.records import dataclass
from agentconv.rights import Rights

# what a program without the field does anyway: saying it and not saying it are the same
USUAL: Mapping[str, tuple[Any, ...]] = {
    "permission_mode": ("default",),
    "user_invocable": (True,),
    "model_invocable": (True,),
    "hidden": (False,),
    "disabled": (False,),
    "background": (False,),
    "mode": ("subagent", "all"),
    "delegates": (("*",),),
    "project_context": (True,),
}

NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to the prompt of a source. ``what``: names, tools or paths."""

    what: str
    start: int
    end: int
    old: str
    new: str


def after(prompt: str, edits: tuple[Edit, ...]) -> str:
    """The prompt with all changes made."""
    parts, at = [], 0
    for one in edits:
        parts += [prompt[at : one.start], one.new]
        at = one.end
    return "".join([*parts, prompt[at:]])


@dataclass(frozen=True, slots=True)
class Options:
    """What the user decided."""

    allow_widening: frozenset[str] = frozenset()  # classes; `*` is every class
    skip_refused: bool = False
    strict: bool = False
    approval: str = ""
    model_policy: str = "map"  # keep | map | drop
    model_map: tuple[tuple[str, str], ...] = ()
    guard: bool = True
    user: bool = False
    carry: bool = False  # keep what has no home for the way back, and take it back
    fold: bool = False  # routing facts without a home become a section of the prompt
    rewrite: frozenset[str] = frozenset()  # what is rewritten in prompts: names, tools, paths
    in_code: bool = False  # in code blocks, too
    lift: bool = False  # what the prompt says becomes fields where the target has them
    extra: tuple[Extra, ...] = ()  # keys of the target's own that the user wants beside

    def allows(self, cls: str) -> bool:
        """Whether the user let this class become wider."""
        return "*" in self.allow_widening or cls.split("(")[0] in self.allow_widening


@dataclass(slots=True)
class Lowered:
    """The agent for the target, with the limits that no form of it can hold."""

    agent: Agent
    notes: list[Note] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)  # limits that stand in keys of the program's own, held by fewer rights
    bounded: frozenset[str] = frozenset()  # classes that such a limit bounds: no right follows from having them
    skipped: bool = False
    edits: tuple[Edit, ...] = ()  # changes to the source's prompt that were asked for
    cut: str = ""  # the examples of a description that was too long with them

    def say(self, code: str, message: str, at: str, effect: NoteEffect | None = None, help: str = "") -> None:
        """A note at a field."""
        self.notes.append(note(code, message, effect=effect, path=at, help=help))

    def counted(self, before: Rights) -> Rights:
        """The rights of the source that others may be counted to: a shell that refuses some commands is no free one."""
        return frozenset(r for r in before if r.cls not in self.bounded) if self.bounded else before
