"""What a reader hands on, and the small context that the codecs work in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, Literal

from agentconv.containers import Document, Node, Places
from agentconv.containers.schemas import is_timestamp
from agentconv.model import Agent
from agentconv.notes import Note, NoteEffect, note
from agentconv.records import dataclass
from agentconv.spec import Field, Spec

UNSAID: Any = object()
CURLY = "“”„‟‘’‚‛«»"  # the quotes of word processors, and of chats that a file was copied from
Get = Callable[[str], str | None]


class Refused(Exception):
    """The program makes no agent of this (``whole``: of the whole file or configuration; ``skipped``: it takes the
    file for something else, in silence)."""

    def __init__(self, reason: str, whole: bool = False, skipped: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.whole, self.skipped = reason, whole, skipped


class NoHeader(Exception):
    """The program throws all fields away for this value, and makes an agent of what is left."""


class Bad(Exception):
    """The value does not fit. ``meant`` is what the author most likely wanted."""

    def __init__(self, problem: str, meant: Any = UNSAID) -> None:
        super().__init__(problem)
        self.problem, self.meant = problem, meant


@dataclass(frozen=True, slots=True)
class Token:
    """One tool name as it stands in the file: what it should read today, if that differs."""

    at: str
    start: int
    end: int
    text: str
    new: str | None = None


@dataclass(slots=True)
class Read:
    """One agent of a file."""

    agent: Agent
    notes: list[Note] = field(default_factory=list)
    where: dict[str, Node] = field(default_factory=dict)  # path in the model or key -> its place
    tokens: list[Token] = field(default_factory=list)
    entry: Node | None = None  # the map that holds it, in a file of many
    dialect: str = ""
    keys: list[Token] = field(default_factory=list)  # keys that are written otherwise than the program has them


@dataclass(slots=True)
class Reading:
    """A file as author or program reads it."""

    spec: Spec
    path: str
    text: str
    agents: list[Read] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    status: Literal["read", "skipped", "refused"] = "read"
    reason: str = ""
    document: Document | None = None
    get: Get | None = None  # the text of a file beside the definition


@dataclass(slots=True)
class Context:
    """One entry being read: the description, who reads, and the notes so far."""

    spec: Spec
    author: bool
    path: str
    text: str
    notes: list[Note] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    respelt: list[Token] = field(default_factory=list)
    places: Places | None = None
    keys: frozenset[str] = frozenset()  # all keys of the entry
    alone: bool = False  # the list of tools is all there is, for what stands beside it
    get: Get | None = None
    top: Node | None = None  # the map that the whole file is
    prefixes: dict[str, str] = field(default_factory=dict)  # MCP server -> what the names of its tools begin with

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        if self.places is None:
            self.places = Places(self.text)
        return self.places.at(offset)

    def refuse(self, word: Any, reason: str) -> None:
        """Leave, where the description's word for a wrong value says so (the program reading only)."""
        if not self.author and word == "no-header":
            raise NoHeader(reason)
        if not self.author and (str(word).startswith("refuse") or word == "skipped"):
            raise Refused(reason, word == "refuse-all", word == "skipped")

    def say(self, code: str, message: str, at: str, node: Node | None, **rest: Any) -> None:
        """A note of the author reading (the program reading does not speak)."""
        if self.author:
            effect: NoteEffect | None = rest.pop("effect", None)
            line, column = (node.line, node.column) if node else (0, 0)
            made = note(code, message, effect=effect, path=at, file=self.path, line=line, column=column, **rest)
            self.notes.append(made)

    def not_taken(
        self, problem: str, at: str, node: Node | None, taken: str = "", word: Any = "refuse", **rest: Any
    ) -> None:
        """Something for which the program does not take the file (``word``: where its description says so), and what is
        made of it here."""
        self.refuse(word, problem)
        text = f"{problem}: {self.spec.seen} does not take this file"
        self.say("R012", f"{text}; {taken}" if taken else text, at, node, **rest)


def all_text(ctx: Context) -> bool:
    """Whether every scalar is text to the program."""
    return (ctx.spec.container.get("dialect") or {}).get("schema") == "strings"


def not_text(inner: Sequence[Node], row: Field) -> bool:
    """Whether something stands in a list or map that the program takes for wrong there."""
    return row.fact("of") == "text" and any(one.kind != "scalar" or not isinstance(one.value, str) for one in inner)


def is_date(node: Node) -> bool:
    """Whether js-yaml 3 makes a Date of a scalar, which is written otherwise than it stands."""
    return node.style == "plain" and isinstance(node.value, str) and node.value != node.text


def is_meant_date(node: Node) -> bool:
    """Whether it is one where the header was read as its author has it, text by text."""
    return node.kind == "scalar" and node.style == "plain" and is_timestamp(node.text)


def is_text(node: Node, row: Field, ctx: Context) -> bool:
    """Whether the program takes a scalar for text."""
    date = node.style == "plain" and node.value != node.text  # js-yaml 3 makes a Date of it
    return (isinstance(node.value, str) and not date) or all_text(ctx) or row.fact("scalars") in ("text", "value")


def too_many(ctx: Context, problem: str, at: str, node: Node | None) -> list[Note]:
    """More than any agent has: an error to its author, and no agent to the program."""
    if not ctx.author:
        raise Refused(problem)
    line, column = (node.line, node.column) if node else (1, 1)
    return [note("R017", problem, path=at, file=ctx.path, line=line, column=column)]
