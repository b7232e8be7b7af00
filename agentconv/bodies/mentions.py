"""All that a prompt mentions, by kind, each with its exact place. Where two readings overlap, the surer one counts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from agentconv.bodies.agents import agents
from agentconv.bodies.company import Company
from agentconv.bodies.found import KINDS, Mention, Words
from agentconv.bodies.parse import Parsed, parse

URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s)>\]`\"']+|\bwww\.[^\s)>\]]+")
PATH_TAIL = r"(?:/[\w.*{}<>$@%+-]*[\w*}>])*/?"
TOOL_NOUN = re.compile(r"[`*_\"']*\s+tools?\b(?!\s*(?:box|kit|chain|s?et)\b)")
ALSO_TOOL = re.compile(
    r"[`*_\"']*(?:(?:,|\s+(?:or|and)|\s*/|,\s+(?:or|and))\s*(?:the\s+)?[`*_\"']*[\w./-]+[`*_\"']*){1,6}\s+tools?\b"
)
COMMAND = re.compile(r"(?<![\w/.:~\\<>*$#)}\]=-])/([a-z][a-z0-9]*(?:[:._-][a-z0-9]+)*)(?![\w/*{}<.:-]|\.\w)")
COMMAND_CUE = re.compile(
    r"\b(?:run|runs|running|rerun|re-run|use|using|invoke|invokes|invoking|type|execute|executing|call|via|slash|"
    r"commands?|skill|with|through|or|then|after)\s*:?\s+(?:the\s+)?[`*\"']*$",
    re.I,
)
COMMAND_NOUN = re.compile(r"[^\s`]*[`*\"']*\s+(?:slash\s+)?(?:commands?|skills?|workflows?|prompts?)\b", re.I)
NO_COMMAND = re.compile(r"[^\n]{0,40}\b(?:endpoints?|routes?|pages?|path|api|url|director|folder)", re.I)
TIER = re.compile(r"\b(?:Sonnet|Opus|Haiku)\b(?:\s\d(?:\.\d)?)?")
MODEL = re.compile(r"(?:(?:claude|gpt|GPT|gemini|o[134])-[\w.-]*\d[\w.-]*\w|(?:claude|gemini)-(?:[a-z-]+))\b")
MARKS = ("claude-", "gpt-", "GPT-", "gemini-", "o1-", "o3-", "o4-", "Sonnet", "Opus", "Haiku")
LED_BY = re.compile(r"(?:(?:~|\$HOME|\$\{HOME\}|[\w.-]+)?/)+$")
TAGGED = re.compile(r"<tool name=[\"']([^\"'\n]+)[\"']")
CALL = re.compile(r"([A-Za-z][\w/]*)\(")


def mentions(text: str, company: Company, words: Words, kinds: Collection[str] = KINDS) -> list[Mention]:
    """Everything found of these kinds, by place."""
    parsed = parse(text)
    urls = [m.span() for m in URL.finditer(text)] if "://" in text or "www." in text else []
    found: list[Mention] = []
    if "path" in kinds:
        found += _paths(parsed, company, words)
    if "tool" in kinds:
        found += _tool_references(parsed, words)
    if "agent" in kinds:
        found += agents(parsed, company, words)
    if "tool" in kinds:
        found += _tools(parsed, words)
    if "placeholder" in kinds:
        found += _placeholders(parsed, words)
    if "command" in kinds:
        found += _commands(parsed)
    if "model" in kinds:
        found += _models(parsed)
    if "product" in kinds:
        found += _products(parsed, words)
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


def in_code(parsed: Parsed, start: int, end: int) -> bool:
    """In a code block, or between backticks beside other things."""
    span = parsed.at(start)
    if span is None:
        return False
    return span.kind != "code" or parsed.inside(span) != (start, end)


# -- paths ------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _path_pattern(folders: tuple[str, ...], files: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(f) for f in sorted(folders, key=len, reverse=True))
    names = "|".join(re.escape(f) for f in sorted(files, key=len, reverse=True))
    return re.compile(rf"(?:(?P<folder>{either})(?=/|\b(?![\w-])){PATH_TAIL}|\b(?P<file>{names})(?![\w/-]))")


def _paths(parsed: Parsed, company: Company, words: Words) -> Iterator[Mention]:
    text = parsed.text
    folders = tuple(f for f, _ in words.folders if f in text)
    files = tuple(f for f, _ in words.files if f in text)
    if not folders and not files:
        return
    for found in _path_pattern(folders or ("\0",), files or ("\0",)).finditer(text):
        start, end = found.span()
        if led := LED_BY.search(text, max(start - 80, 0), start):
            start = led.start()
        if start and (text[start - 1].isalnum() or text[start - 1] in "@$_~.-"):
            continue
        while text[end - 1] in ".,;:" and end > start:
            end -= 1
        path = text[start:end]
        form = "folder" if found["folder"] else "file"
        known = path.removeprefix("./") in company.by_file
        # a path is a path, in code and outside of it; whether it may be changed there is for others to decide
        yield Mention("path", form, path, start, end, path.removeprefix("./"), known, in_code(parsed, start, end), True)


# -- tools ------------------------------------------------------------------------------------


def _tool_references(parsed: Parsed, words: Words) -> Iterator[Mention]:
    text = parsed.text
    if words.tool_forms is not None:
        for found in words.tool_forms.finditer(text):
            start, end = found.span()
            known = words.tools.get(found["tool"])
            written = bool(words.reference) and found[0].startswith(words.reference)
            if not written and (known is None or text[start - 1 : start] == "("):
                continue  # a number, an anchor, a heading's mark
            code = in_code(parsed, start, end)
            yield Mention("tool", "reference", found[0], start, end, known or found["tool"], known is not None, code)
    if words.mcp is not None:
        for found in words.mcp.finditer(text):
            start, end = found.span()
            yield Mention("tool", "mcp", found[0], start, end, found[0], False, in_code(parsed, start, end))


def _tools(parsed: Parsed, words: Words) -> Iterator[Mention]:
    text = parsed.text
    for span in parsed.spans:
        if span.kind != "code":
            continue
        start, end = parsed.inside(span)
        whole = text[start:end]
        if whole in words.tools:
            sure = _named(whole) or _tool_cue(text, span.start, span.end)
            yield Mention("tool", "backticks", whole, start, end, words.tools[whole], True, False, sure)
            continue
        call = CALL.match(whole)
        if call and call[1] in words.tools and (_named(call[1]) or _tool_cue(text, span.start, span.end)):
            stop = start + call.end(1)
            yield Mention("tool", "call", call[1], start, stop, words.tools[call[1]], True, False, True)
    for found in TAGGED.finditer(text):
        if found[1] in words.tools and not in_code(parsed, found.start(), found.end()):
            yield Mention("tool", "tag", found[1], *found.span(1), words.tools[found[1]], True, False, True)
    for name, found in _spelled(text, words):
        if parsed.at(found.start()) is not None:
            continue
        start, end = found.span()
        if TOOL_NOUN.match(text, end) or (_named(name) and ALSO_TOOL.match(text, end)):
            if name != name.lower() or not name.isalpha():
                yield Mention("tool", "noun", name, start, end, words.tools[name], True, False, True)
        elif text[end : end + 1] == "(" and _named(name) and _called(text, end):
            sure = "_" in name or "/" in name
            yield Mention("tool", "call", name, start, end, words.tools[name], True, False, sure)


def _spelled(text: str, words: Words) -> Iterator[tuple[str, re.Match[str]]]:
    for name in words.tools:
        if name.isalpha() and name.islower():
            continue  # "edit", "search": words of the language, found in backticks only
        if name in text:  # most are not there: a plain search tells soonest
            for found in _whole_tool(name).finditer(text):
                yield name, found


@lru_cache(maxsize=2048)
def _whole_tool(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@/\\.#:$-]){re.escape(name)}(?![\w/\\]|[.-]\w)")


def _called(text: str, at: int) -> bool:
    return re.match(r"\(\s*(?:[a-z_]+\s*[=:]|[\"'`{*]|\))", text[at : at + 30]) is not None


def _named(name: str) -> bool:
    """A name that is no word of the language."""
    return bool(re.search(r"[_/\d]|[a-z][A-Z]", name)) or (name[:1].isupper() and not name.isupper())


def _tool_cue(text: str, start: int, end: int) -> bool:
    if TOOL_NOUN.match(text, end) or ALSO_TOOL.match(text, end):
        return True
    begin = max(text.rfind("\n", 0, start) + 1, start - 40)
    return re.search(r"\btools?\b[^.\n]{0,30}$", text[begin:start], re.I) is not None


# -- the rest ---------------------------------------------------------------------------------


def _placeholders(parsed: Parsed, words: Words) -> Iterator[Mention]:
    if words.placeholders is None:
        return
    for found in words.placeholders.finditer(parsed.text):
        start, end = found.span()
        if found[0].startswith("!`") and parsed.text[start - 1 : start].isalnum():
            continue
        code = in_code(parsed, start, end)
        sure = not (code and found[0].startswith("${"))  # as often a template of the language
        yield Mention("placeholder", "text", found[0], start, end, found[0], True, code, sure)


def _commands(parsed: Parsed) -> Iterator[Mention]:
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


def _models(parsed: Parsed) -> Iterator[Mention]:
    from agentconv.models import model_of

    text = parsed.text
    if not any(mark in text for mark in MARKS):
        return
    for found in MODEL.finditer(text):
        before = text[found.start() - 1 : found.start()]
        if before.isalnum() or before in ("/", ".", "-", "_"):
            continue
        model = model_of(found[0])
        if model.id or model.tier:
            start, end = found.span()
            yield Mention(
                "model", "id", found[0], start, end, model.id or str(model.tier), True, in_code(parsed, start, end)
            )
    for found in TIER.finditer(text):
        start, end = found.span()
        yield Mention("model", "name", found[0], start, end, found[0], True, in_code(parsed, start, end))


@lru_cache(maxsize=16)
def _product_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    either = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w/.-])(?:{either})(?![\w/]|\.\w|-\w)")


def _products(parsed: Parsed, words: Words) -> Iterator[Mention]:
    names = tuple(name for name in words.products if name in parsed.text)
    for found in _product_pattern(names).finditer(parsed.text) if names else ():
        start, end = found.span()
        yield Mention("product", "name", found[0], start, end, found[0], True, in_code(parsed, start, end))
