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

URL = re.compile(r"://[^\s)>\]`\"']+|www\.[^\s)>\]]+")
SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}$")


def mentions(text: str, company: Company, words: Words, kinds: Collection[str] = KINDS) -> list[Mention]:
    """Everything found of these kinds, by place."""
    parsed = parse(text)
    urls = [_url(text, *m.span()) for m in URL.finditer(text)]
    found: list[Mention] = []
    if "path" in kinds:
        found += paths(parsed, company, words)
    if "tool" in kinds:
        found += tool_references(parsed, words)
    if "agent" in kinds:
        about = sections(parsed)
        named = list(agents(parsed, company, words, about))
        called = {m.text for m in named if m.form == "call"}
        found += [*named, *strangers(parsed, company, words, about, called)]
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


def _url(text: str, start: int, end: int) -> tuple[int, int]:
    """An address with its scheme: most texts are told by the signs behind it that they have none."""
    scheme = SCHEME.search(text, max(start - 17, 0), start)
    return scheme.start() if scheme else start, end


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
