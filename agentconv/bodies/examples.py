"""Examples in descriptions: `<example>` blocks with what a user says and what the assistant does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agentconv.lowering.traces import EXAMPLES as HEADING

BLOCK = re.compile(r"<example>.*?</example>", re.S | re.I)
LEAD = re.compile(
    r"(?:(?<=\n)|(?<=[.!?:;)] )|(?<=[.!?:;)]  ))(?:[*_#> ]*)(?:usage )?examples?(?: usages?| of use)?:?[*_]*:?\s*$",
    re.I,
)
SAID = re.compile(
    r"^[ \t]*(?:[-*][ \t]*)?(?P<who>context|user|assistant|human):[ \t]*(?P<text>.*?)"
    r"(?=^[ \t]*(?:[-*][ \t]*)?(?:context|user|assistant|human):|^[ \t]*</?[a-z]+>|<commentary>|</example>|\Z)",
    re.M | re.S | re.I,
)


def split(description: str) -> tuple[str, str]:
    """The description without its examples, and these as they stand; ``""`` where something else stands among them."""
    end = description.lower().rfind("</example>")  # what opens behind it closes nowhere
    first = BLOCK.search(description, 0, end + len("</example>")) if end >= 0 else None
    if first is None:
        return description, ""
    start = first.start()
    if lead := LEAD.search(description, 0, start):
        start = lead.start()
    head, tail = description[:start], description[start:]
    rest = BLOCK.sub("", description[first.start() : end + len("</example>")]) + description[end + len("</example>") :]
    if rest.strip() or not head.strip():
        return description, ""
    return head.rstrip(), tail.strip()


def parsed(description: str) -> list[dict[str, str]]:
    """What is said in each example: context, user, assistant."""
    out = []
    end = description.lower().rfind("</example>") + len("</example>")
    for block in (m[0] for m in BLOCK.finditer(description, 0, end)):
        said: dict[str, str] = {}
        for found in SAID.finditer(block.replace("<example>", "\n", 1)):
            who = "user" if found["who"].lower() == "human" else found["who"].lower()
            said.setdefault(who, _bare(found["text"]))
        if said.get("user") and said.get("assistant"):
            out.append(said)
    return out


def _bare(text: str) -> str:
    text = " ".join(text.split())
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def as_field(found: Sequence[Mapping[str, str]], keys: Sequence[str]) -> tuple[Mapping[str, Any], ...]:
    """The examples under the two keys of a format: what is asked for, and what is done."""
    asked, done = keys[:2] if len(keys) >= 2 else ("user", "assistant")
    return tuple({asked: one["user"], done: one["assistant"]} for one in found)


def added(prompt: str, tail: str) -> str:
    """The prompt with the examples behind it."""
    section = f"{HEADING}\n\n{tail}"
    body = prompt.rstrip("\r\n")
    joined = f"{body}\n\n{section}" if body else section
    return joined.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in prompt else joined


def taken(prompt: str | None) -> tuple[str, str]:
    """The prompt without the section, and the examples; nothing where the section is not as we write it."""
    text = (prompt or "").replace("\r\n", "\n")
    before, found, tail = text.rpartition(f"{HEADING}\n\n")
    if (
        not found
        or (before and not before.endswith("\n\n"))
        or BLOCK.sub("", tail.strip()).strip() not in ("", _lead(tail))
    ):
        return prompt or "", ""
    rest = before.rstrip("\n")
    return (rest.replace("\n", "\r\n") if "\r\n" in (prompt or "") else rest), tail.strip()


def _lead(tail: str) -> str:
    first = BLOCK.search(tail)
    return tail[: first.start()].strip() if first and len(tail[: first.start()]) < 40 else ""
