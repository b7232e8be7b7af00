"""Placeholders, slash commands, models and products that a prompt names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from agentconv.bodies.found import Mention, Words
from agentconv.bodies.parse import Parsed, in_code
from agentconv.capabilities import load_data

COMMAND = re.compile(r"/(?<![\w/.:~\\<>*$#)}\]=-]/)([a-z][a-z0-9]*(?:[:._-][a-z0-9]+)*)(?![\w/*{}<.:-]|\.\w)")
COMMAND_CUE = re.compile(
    r"\b(?:run|runs|running|rerun|re-run|use|using|invoke|invokes|invoking|type|execute|executing|call|via|slash|"
    r"commands?|skill|with|through|or|then|after)\s*:?\s+(?:the\s+)?[`*\"']*$",
    re.I,
)
COMMAND_NOUN = re.compile(r"[^\s`]*[`*\"']*\s+(?:slash\s+)?(?:commands?|skills?|workflows?|prompts?)\b", re.I)
NO_COMMAND = re.compile(r"[^\n]{0,40}\b(?:endpoints?|routes?|pages?|path|api|url|director|folder)", re.I)


def placeholders(parsed: Parsed, words: Words) -> Iterator[Mention]:
    """What a program fills in."""
    if words.placeholders is None:
        return
    for found in words.placeholders.finditer(parsed.text):
        start, end = found.span()
        if found[0].startswith("!`") and parsed.text[start - 1 : start].isalnum():
            continue
        code = in_code(parsed, start, end)
        sure = not (code and found[0].startswith("${"))  # as often a template of the language
        yield Mention("placeholder", "text", found[0], start, end, found[0], True, code, sure)


def commands(parsed: Parsed) -> Iterator[Mention]:
    """`/review-pr`, where it is no path."""
    text = parsed.text
    for found in COMMAND.finditer(text):
        start, end = found.span()
        span = parsed.at(start)
        if span is not None and (span.kind != "code" or parsed.inside(span)[0] != start):
            continue
        outer = (span.start, span.end) if span is not None else (start, end)
        begin = max(text.rfind("\n", 0, outer[0]) + 1, outer[0] - 40)
        before = text[begin : outer[0]]
        cue = COMMAND_CUE.search(before) or COMMAND_NOUN.match(text, outer[1])
        if ":" in found[1] or (cue and not NO_COMMAND.match(text, outer[1])):
            yield Mention(
                "command", "backticks" if span else "bare", found[0], start, end, found[1], False, False, True
            )


@cache
def _tiers() -> tuple[str, ...]:
    """Words for models that mean them in a prompt, too."""
    return tuple(word for word, facts in load_data("models").items() if facts.get("spoken"))


@cache
def _families() -> tuple[str, ...]:
    """What the ids of models begin with: `claude-`, `gpt-`, and `GPT-`, as a title has it."""
    first = (id.partition("-")[0] for id, facts in load_data("models").items() if not facts.get("floating"))
    return tuple(f"{word}-" for name in dict.fromkeys(first) for word in (name, name.upper()))


@cache
def _id_pattern() -> re.Pattern[str]:
    either = "|".join(map(re.escape, _families()))
    return re.compile(rf"(?:{either})(?:[\w.-]*\d(?:[\w.-]*\w)?|[a-z-]+)\b")


@cache
def _tier_pattern() -> re.Pattern[str]:
    names, words = "|".join(word.title() for word in _tiers()), "|".join(_tiers())
    return re.compile(rf"\b(?P<tier>(?:{names})\b(?:\s\d(?:\.\d)?)?)|(?:`|\*\*)(?P<word>{words})(?=`|\*\*)")


def models(parsed: Parsed) -> Iterator[Mention]:
    """Models by id, and tiers by their name."""
    from agentconv.models import model_of

    text = parsed.text
    if not any(mark in text for mark in (*_families(), *(word[1:] for word in _tiers()))):
        return
    for found in _id_pattern().finditer(text):
        before = text[found.start() - 1 : found.start()]
        if before.isalnum() or before in ("/", ".", "-", "_"):
            continue
        model = model_of(found[0])
        if model.id or model.tier:
            start, end = found.span()
            yield Mention(
                "model", "id", found[0], start, end, model.id or str(model.tier), True, in_code(parsed, start, end)
            )
    for found in _tier_pattern().finditer(text):
        name = found["tier"] or found["word"]
        start, end = found.span("tier" if found["tier"] else "word")
        yield Mention("model", "name", name, start, end, name, True, in_code(parsed, start, end))


@lru_cache(maxsize=16)
def _product_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w/.-])(?:{either})(?![\w/]|\.\w|-\w)")


def products(parsed: Parsed, words: Words) -> Iterator[Mention]:
    """What people call the programs."""
    names = tuple(name for name in words.products if name in parsed.text)
    for found in _product_pattern(names).finditer(parsed.text) if names else ():
        start, end = found.span()
        yield Mention("product", "name", found[0], start, end, found[0], True, in_code(parsed, start, end))
