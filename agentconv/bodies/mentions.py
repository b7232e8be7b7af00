"""All that a prompt mentions, by kind, each with its exact place. Where two readings overlap, the surer one counts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable

from agentconv.bodies.agents import agents
from agentconv.bodies.company import Company
from agentconv.bodies.found import KINDS, Mention, Words
from agentconv.bodies.others import commands, models, placeholders, products
from agentconv.bodies.parse import Parsed, parse
from agentconv.bodies.paths import paths
from agentconv.bodies.sections import sections
from agentconv.bodies.strangers import strangers
from agentconv.bodies.tools import servers, tool_references, tools

URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s)>\]`\"']+|\bwww\.[^\s)>\]]+")


def mentions(text: str, company: Company, words: Words, kinds: Collection[str] = KINDS) -> list[Mention]:
    """Everything found of these kinds, by place."""
    parsed = parse(text)
    urls = [m.span() for m in URL.finditer(text)] if "://" in text or "www." in text else []
    found: list[Mention] = []
    if "path" in kinds:
        found += paths(parsed, company, words)
    if "tool" in kinds:
        found += tool_references(parsed, words)
    if "agent" in kinds:
        about = sections(parsed)
        found += agents(parsed, company, words, about)
        found += strangers(parsed, company, words, about)
    if "tool" in kinds:
        found += tools(parsed, words)
        found += servers(parsed)
    if "placeholder" in kinds:
        found += placeholders(parsed, words)
    if "command" in kinds:
        found += commands(parsed)
    if "model" in kinds:
        found += models(parsed)
    if "product" in kinds:
        found += products(parsed, words)
    starts = [a for a, _ in urls]

    def in_url(at: int) -> bool:
        n = bisect_right(starts, at) - 1
        return n >= 0 and at < urls[n][1]

    return _apart(m for m in found if not in_url(m.start) and not _commented(parsed, m.start))


def _apart(found: Iterable[Mention]) -> list[Mention]:
    """One mention for a place: the first of those that overlap, the sure ones before the others."""
    kept: list[Mention] = []
    taken: set[int] = set()
    for one in sorted(enumerate(found), key=lambda item: (not item[1].sure, item[0])):
        places = range(one[1].start, one[1].end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(one[1])
    return sorted(kept, key=lambda m: m.start)


def _commented(parsed: Parsed, offset: int) -> bool:
    span = parsed.at(offset)
    return span is not None and span.kind == "comment"
