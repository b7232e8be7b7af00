"""Where a prompt names agents of the batch: by call, by `@`, in backticks, in bold, bare.

A name of one plain word ("planner", "git") is a word of the language first: it counts where what stands around it says
that an agent is meant. So does a name that could be any compound ("code-review")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from agentconv.bodies.company import Company, slug
from agentconv.bodies.cues import AFTER, BEFORE, LONGER, OTHER, PERSON, ROLE, cue, distinct
from agentconv.bodies.found import Mention, Words
from agentconv.bodies.parse import Parsed
from agentconv.bodies.sections import Sections

AT = re.compile(r"(?<![\w/.@<])@(?:\"([^\"\n]{2,60})\"|([A-Za-z][\w.:-]*\w))")
TITLE = re.compile(r"\b([A-Z][A-Za-z0-9]*(?:[ -][A-Z][A-Za-z0-9]*){0,3})$")
NOUN = re.compile(r" (?:[Ss]ub-?)?[Aa]gents?\b")


def agents(parsed: Parsed, company: Company, words: Words, about: Sections) -> Iterator[Mention]:
    """All of them that the prompt names, in no order, the surest form of each place first."""
    text = parsed.text
    yield from _called(parsed, company, words)
    yield from _at(parsed, company, words)
    yield from _linked(parsed, company)
    for start, end, form in _tokens(parsed, company):
        word = text[start:end]
        meant = company.by_word[word]
        span = parsed.at(start)
        code = span is not None and form == "code"
        if OTHER.match(text, end):
            continue
        yield Mention("agent", form, word, start, end, meant.words[0], True, code, _sure(text, start, end, form, about))
    yield from _titled(parsed, company)


def _tokens(parsed: Parsed, company: Company) -> Iterator[tuple[int, int, str]]:
    for name in company.lookup.words.found(parsed.text):
        for found in _whole(name).finditer(parsed.text):
            yield found.start(), found.end(), parsed.form(*found.span())


@lru_cache(maxsize=2048)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@/\\.#:$=-]){re.escape(name)}(?![\w/\\(=]|[.:-]\w)")


def _sure(text: str, start: int, end: int, form: str, about: Sections) -> bool:
    """Whether nothing but the agent can be meant."""
    word = text[start:end]
    if form == "code":
        return False
    hint = cue(text, start, end)
    inside = any(a <= start < b for a, b in about)
    if " " in word and form == "bare":  # what people read; as often the role as the agent
        line = text.rfind("\n", 0, start) + 1
        return (hint or inside) and text[line : line + 1] != "#" and not ROLE.search(text[line:start])
    if form in ("backticks", "bold"):
        return hint or inside or (distinct(word) and bool(PERSON.search(word)))
    if not distinct(word):
        if LONGER.search(text[max(start - 80, 0) : start]):
            return False  # a heading, or the end of a longer title: "Full-Stack Developer"
        return AFTER.match(text, end) is not None or BEFORE.search(text, max(start - 40, 0), start) is not None
    return hint or bool(PERSON.search(word)) or inside


def _called(parsed: Parsed, company: Company, words: Words) -> Iterator[Mention]:
    """Arguments of the tool that calls agents: explicit, in code or not."""
    if words.calls is None:
        return
    for found in words.calls.finditer(parsed.text):
        start, end = found.span("agent")
        name = found["agent"]
        if re.search(r"[<>{}$\[\]…]|\.\.\.", name):
            continue  # a blank to be filled in
        block = parsed.in_block(start)
        member = company.by_word.get(name)
        known = member.words[0] if member else name
        yield Mention("agent", "call", name, start, end, known, member is not None, block, True)


def _at(parsed: Parsed, company: Company, words: Words) -> Iterator[Mention]:
    for found in AT.finditer(parsed.text) if "@" in parsed.text else ():
        group = 1 if found[1] else 2
        start, end = found.span(group)
        name, form = found[group], "at"
        for prefix in words.prefixes:
            if name.startswith(prefix) and len(name) > len(prefix):
                name, start, form = name.removeprefix(prefix), start + len(prefix), "at-agent"
                break
        member = company.by_word.get(name)
        if member is None and form == "at":
            continue  # a package, a person, a decorator
        span = parsed.at(start)
        block = span is not None and (span.kind != "code" or parsed.inside(span)[0] != found.start())
        known = member.words[0] if member else name
        yield Mention("agent", form, name, start, end, known, member is not None, block, not block)


def _linked(parsed: Parsed, company: Company) -> Iterator[Mention]:
    """The text of a link to an agent's file is found as a path; here only the bare file name."""
    files = company.lookup.files
    if not company.lookup.file_names.found(parsed.text):
        return
    for found in re.finditer(r"(?<![\w/\\.@-])[A-Za-z][\w.-]*\.[a-z]{2,4}\b(?![\w/])", parsed.text):
        if found[0] in files:
            member = files[found[0]]
            block = parsed.form(*found.span()) == "code"
            yield Mention("agent", "file", found[0], found.start(), found.end(), member.words[0], True, block, False)


def _titled(parsed: Parsed, company: Company) -> Iterator[Mention]:
    """An agent by its name in capitals: "the Code Checker agent"."""
    text = parsed.text
    for noun in NOUN.finditer(text):
        found = TITLE.search(text, max(noun.start() - 80, 0), noun.start())
        if found is None:
            continue
        member = company.lookup.slugs.get(slug(found[1]))
        if member is not None and found[1] not in company.by_word and not parsed.in_block(found.start()):
            yield Mention("agent", "title", found[1], found.start(1), found.end(1), member.words[0], True, False, False)
