"""Where a prompt says who does what: below headings, tags and lines such as "Hand-offs:", and in tables of agents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from agentconv.bodies.parse import Heading, Parsed

SECTION = re.compile(
    r"\b(?:chaining|hand-?offs?|hand(?:ing)?[ -]?(?:off|over)|delegat\w+|escalation|sub-?agents?|"
    r"(?:integration|working|works?|collaborat\w+|coordinat\w+|interactions?) with (?:\w+ ){0,2}"
    r"(?:agents|subagents|roles|team)|(?:agent|sub-?agents?|multi-agent|team|inter-agent)s? (?:collaboration|"
    r"coordination|delegation|integration|orchestration|interactions?|roster|routing)|"
    r"(?:related|other|available|specialist|specialized) (?:sub-?)?agents|collaboration|works? with)\b",
    re.I,
)
NO_SECTION = re.compile(r"error|exception|memory", re.I)
LEAD = re.compile(r"^[^\n]{6,90}:(?:\*\*|__)?[ \t]*$|^(?:\*\*|__)[^\n]{6,90}(?:\*\*|__)[ \t]*$", re.M)
LIST_END = re.compile(r"\n[ \t]*\n(?![ \t]*(?:[-*+]|\d+\.)[ \t])|\n#|\Z")
TAG = re.compile(r"^[ \t]*<([a-z][a-z_-]*)>[ \t]*$", re.M)
MOST = 300  # sections of a prompt that are looked at; people write a handful

RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*$", re.M)
COLUMN = re.compile(
    r"[*_`]*(?:(?:recommended|target|primary|next|delegate to|route to|hand off to|executor|worker|custom|default|"
    r"specialist|owning)\s+)?(?:(?:sub-?)?agents?(?: name)?|specialists?|droids?|delegate to|route to)[*_`]*",
    re.I,
)


Sections = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell below the heading of a column of agents."""

    start: int
    end: int


def sections(parsed: Parsed) -> Sections:
    """The parts of the text, in their order; one inside another is a part of it."""
    found = [(h.body, h.end) for h in parsed.headings if _about_agents(h)]
    text = parsed.text
    leads = (m for m in LEAD.finditer(text) if SECTION.search(m[0]) and not m[0].startswith("#"))
    for lead in islice(leads, MOST):
        end = LIST_END.search(text, lead.end() + 1)
        found.append((lead.end(), end.start() if end else len(text)))
    tags = (m for m in TAG.finditer(text) if SECTION.search(m[1].replace("_", " ").replace("-", " ")))
    for tag in islice(tags, MOST):
        stop = text.find(f"</{tag[1]}>", tag.end())
        found.append((tag.end(), stop if stop >= 0 else tag.end()))
    apart: list[tuple[int, int]] = []
    for start, stop in sorted(found):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], stop))
        else:
            apart.append((start, stop))
    return apart[:MOST]


def _about_agents(heading: Heading) -> bool:
    return SECTION.search(heading.title) is not None and NO_SECTION.search(heading.title) is None


def cells(parsed: Parsed) -> Iterator[Cell]:
    """What stands in tables below "Agent", "Subagent", "Delegate to"."""
    text = parsed.text
    for rule in islice(RULE.finditer(text), MOST):
        if "|" not in rule[0] or parsed.at(rule.start()) is not None or not rule.start():
            continue
        head = text[text.rfind("\n", 0, rule.start() - 1) + 1 : rule.start() - 1]
        columns = [n for n, (a, b) in enumerate(_split(head, 0)) if COLUMN.fullmatch(head[a:b].strip())]
        at = rule.end() + 1
        while columns and at < len(text):
            stop = text.find("\n", at)
            stop = len(text) if stop < 0 else stop
            if "|" not in text[at:stop]:
                break
            parts = _split(text[at:stop], at)
            yield from (Cell(*parts[n]) for n in columns if n < len(parts))
            at = stop + 1


def _split(line: str, offset: int) -> list[tuple[int, int]]:
    """The cells of a row; the bars at its ends bound no empty ones."""
    bars = [n for n, char in enumerate(line) if char == "|" and line[n - 1 : n] != "\\"]
    bare = line.strip()
    edges = [*([] if bare.startswith("|") else [-1]), *bars, *([] if bare.endswith("|") else [len(line)])]
    return [(offset + a + 1, offset + b) for a, b in pairwise(edges)]
