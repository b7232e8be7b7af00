"""A comment in the header that says where a file came from, where its program ignores comments."""

from __future__ import annotations

import re

from agentconv.model import Agent
from agentconv.reading.engine import read_program
from agentconv.registry import shared_readers
from agentconv.spec import Spec

STAMP = re.compile(rb"(?m)^(?:#|//) Made by agentconv from .*\. Edit that file, not this one\.\r?\n")
MARKS = {"frontmatter": "#", "toml": "#", "yaml": "#", "typescript": "//"}  # what a comment begins with, by syntax


def stamped(text: str, spec: Spec, path: str, source: str) -> str:
    """The text with the comment; as it was where a program that reads this place would not pass over it."""
    if not allowed(spec) or not source.isprintable():
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    comment = f"{MARKS[spec.syntax]} Made by agentconv from {source}. Edit that file, not this one.{newline}"
    if spec.syntax == "frontmatter":
        opening = f"---{newline}"
        if not text.startswith(opening):
            return text
        made = opening + comment + text[len(opening) :]
    else:
        made = comment + text
    readers = [spec, *(other for other, _, _ in shared_readers(spec))]
    if any(_read(reader, made, path) != _read(reader, text, path) for reader in readers):
        return text
    return made


def allowed(spec: Spec) -> bool:
    """Whether the program ignores comments in the header: a fact of the description."""
    return spec.syntax in MARKS and not spec.many and spec.container.get("header_comments", "ignored") == "ignored"


def _read(spec: Spec, text: str, path: str) -> tuple[str, list[Agent]]:
    reading = read_program(spec, text, path)
    return reading.status, [read.agent for read in reading.agents]
