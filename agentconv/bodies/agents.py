"""Where a prompt names agents: by call, by `@`, in backticks, in bold, bare; known ones of the batch and others.

A name of one plain word ("planner", "git") is a word of the language first: it counts where what stands around it says
that an agent is meant. So does a name that could be any compound ("code-review")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice

from agentconv.bodies.company import Company
from agentconv.bodies.found import Mention, Words
from agentconv.bodies.parse import Heading, Parsed

AT = re.compile(r"(?<![\w`/.@<])@(?:\"([^\"\n]{2,60})\"|([A-Za-z][\w.:-]*\w))")
NOUN = r"(?:sub-?)?(?:agents?|subagents?|droids?|personas?|modes?|teammates?|chatmodes?)\b"
AFTER = re.compile(rf"[`*_\"']*\s+(?:custom\s+|specialist\s+)?{NOUN}", re.I)
AFTER_LIST = re.compile(
    rf"[`*_\"']*(?:(?:,|\s+(?:or|and)|\s*/)\s*(?:the\s+)?[`*_\"']*[\w.-]+[`*_\"']*){{1,4}}\s+{NOUN}", re.I
)
MODE = re.compile(r"[`*_\"']*\s+modes?\b", re.I)
ARROW = re.compile(r"(?:→|->|=>)\s*(?:use\s+|ask\s+|see\s+)?(?:the\s+)?[`*_\"'@]*$", re.I)
BEFORE = re.compile(rf"\b{NOUN}:?\s+(?:called\s+|named\s+)?[`*_\"'@]*$", re.I)
VERB = re.compile(
    r"\b(?:(?:invok|launch|spawn|dispatch|delegat|escalat|consult|engag|handoff|hand(?:s|ed|ing)?[ -]?off|"
    r"hands? (?:it |this |over |back )+|rout(?:e|es|ed|ing)\b|defer|re-?assign|forward|collaborat|coordinat|partner|"
    r"sync with|work(?:s|ing)? (?:closely )?with|report(?:s|ing)? (?:back )?to|transfer|switch(?:es)? to|ask)\w*|"
    r"return\w*(?: [\w'()-]+){0,5} to)\b"
    r"(?:\s+(?!and\b|not\b)[\w'()-]+){0,4}?\s+(?:[`*_\"'@]*[\w.-]+[`*_\"']*(?:,|\s+(?:or|and)|\s*/)\s*){0,3}"
    r"(?:the\s+)?[`*_\"'@]*$",
    re.I,
)
OTHER = re.compile(
    r"[`*_\"']*\s+(?:instructions?\s+)?(?:skills?|commands?|files?|folders?|director(?:y|ies)|branch(?:es)?|labels?|packages?|scripts?|"
    r"fields?|tags?|tools?|workflows?|servers?|hooks?|plugins?|library|modules?)\b",
    re.I,
)
PERSON = re.compile(
    r"(?:^|[-_ .:])(?:\w*(?:er|or|ist|ian|ant)|expert|pro|architect|guru|lead|agent|reviewer|analyst|specialist|master|"
    r"coach|manager|auditor|admin|ops|dev|researcher|qa|assistant|executor|verifier|scout|guide|captain|owner|critic)$",
    re.I,
)
SECTION = re.compile(
    r"\b(?:chaining|hand-?offs?|hand(?:ing)?[ -]?(?:off|over)|delegat\w+|escalation|sub-?agents?|"
    r"(?:integration|working|works?|collaborat\w+|coordinat\w+|interactions?) with (?:\w+ ){0,2}"
    r"(?:agents|subagents|roles|team)|(?:agent|sub-?agents?|multi-agent|team|inter-agent)s? (?:collaboration|"
    r"coordination|delegation|integration|orchestration|interactions?|roster|routing)|"
    r"(?:related|other|available|specialist|specialized) (?:sub-?)?agents|collaboration|works? with)\b",
    re.I,
)
KEBAB = r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)+"
ITEM = re.compile(
    rf"^[ \t]*(?:[-*+]|\d+\.)[ \t]+(?:\*\*|__)?(?:(?:with|[A-Z][a-z]+(?:\s+(?:closely\s+)?(?:with|to|on|from))?)\s+)?"
    rf"(?:\*\*|__)?[`@]?({KEBAB})[`:]?(?:\*\*|__)?(?=[\s:,–—`*_(/]|$)",
    re.M,
)
QUOTED = re.compile(rf"`@?({KEBAB})`|\*\*@?({KEBAB})\*\*")
NAMED = re.compile(r" (?:sub-?)?agents?\b")
BARE = re.compile(rf"(?<![\w@/\\.#:$=-])({KEBAB})$")
FILE = re.compile(r"\.(?:md|mdc|json|ya?ml|toml|txt|py|ts|js|sh)$")
TITLED = re.compile(r"\b([A-Z][A-Za-z0-9]*(?:[ -][A-Z][A-Za-z0-9]*){0,3}) (?=(?:[Ss]ub-?)?[Aa]gents?\b)")


TITLE = re.compile(r"(?:^|\n)#[^\n]*$|(?:[\w,;:)]\s+[A-Z][\w-]{2,}|[A-Z]\w*-\w+)\s$")
ROLE = re.compile(r"\b(?:you are|i am|as)\b[^.\n]{0,30}$", re.I)


LEAD = re.compile(r"^[^\n]{6,90}:(?:\*\*|__)?[ \t]*$|^(?:\*\*|__)[^\n]{6,90}(?:\*\*|__)[ \t]*$", re.M)
LIST_END = re.compile(r"\n[ \t]*\n(?![ \t]*(?:[-*+]|\d+\.)[ \t])|\n#|\Z")
TAG = re.compile(r"^[ \t]*<([a-z][a-z_-]*)>[ \t]*$", re.M)
MOST = 300  # sections of a prompt that are looked at; people write a handful


def distinct(name: str) -> bool:
    """A name that is no word of the language: it has a hyphen, a dot, a digit or a capital inside."""
    return bool(re.search(r"[-_.\d:]|[a-z][A-Z]", name))


def sections(parsed: Parsed) -> list[tuple[int, int]]:
    """Where the prompt says who does what: below such headings, and the list below a line such as "Hand-offs:"."""
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
    return sorted(found)[:MOST]


def _about_agents(heading: Heading) -> bool:
    return SECTION.search(heading.title) is not None and not re.search(r"error|exception|memory", heading.title, re.I)


def agents(parsed: Parsed, company: Company, words: Words) -> Iterator[Mention]:
    """All agents that the prompt names, in no order, the surest form of each place first."""
    text = parsed.text
    about = sections(parsed)
    yield from _called(parsed, company, words)
    yield from _at(parsed, company, words)
    yield from _linked(parsed, company)
    for start, end, form in _tokens(parsed, company.by_word):
        word = text[start:end]
        meant = company.by_word[word]
        span = parsed.at(start)
        code = span is not None and form == "code"
        if OTHER.match(text, end):
            continue
        yield Mention("agent", form, word, start, end, meant.words[0], True, code, _sure(text, start, end, form, about))
    yield from _unknown(parsed, company, about)


def _tokens(parsed: Parsed, names: Mapping[str, object]) -> Iterator[tuple[int, int, str]]:
    text = parsed.text
    for name in names:
        if len(name) > 1 and name in text:  # most are not there: a plain search tells soonest
            for found in _whole(name).finditer(text):
                yield found.start(), found.end(), _form(parsed, found.start(), found.end())


@lru_cache(maxsize=2048)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@/\\.#:$=-]){re.escape(name)}(?![\w/\\(=]|[.:-]\w)")


def _form(parsed: Parsed, start: int, end: int) -> str:
    span = parsed.at(start)
    text = parsed.text
    if span is not None:
        return "backticks" if span.kind == "code" and parsed.inside(span) == (start, end) else "code"
    if text[max(start - 2, 0) : start] in ("**", "__") and re.match(r":?(?:\*\*|__)", text[end : end + 3]):
        return "bold"
    return "bare"


def _sure(text: str, start: int, end: int, form: str, about: list[tuple[int, int]]) -> bool:
    """Whether nothing but the agent can be meant."""
    word = text[start:end]
    if form == "code":
        return False
    cue = _cue(text, start, end)
    inside = any(a <= start < b for a, b in about)
    if " " in word and form == "bare":  # what people read; as often the role as the agent
        line = text.rfind("\n", 0, start) + 1
        return (cue or inside) and text[line : line + 1] != "#" and not ROLE.search(text[line:start])
    if form in ("backticks", "bold"):
        return cue or inside or (distinct(word) and bool(PERSON.search(word)))
    if not distinct(word):
        if TITLE.search(text[max(start - 80, 0) : start]):
            return False  # a heading, or the end of a longer title: "Full-Stack Developer"
        return AFTER.match(text, end) is not None or BEFORE.search(text, max(start - 40, 0), start) is not None
    return cue or bool(PERSON.search(word)) or inside


def _cue(text: str, start: int, end: int) -> bool:
    if AFTER.match(text, end) or AFTER_LIST.match(text, end):
        return True
    begin = max(text.rfind("\n", 0, start) + 1, start - 90)
    before = text[begin:start]
    if ARROW.search(before):
        return True
    return BEFORE.search(before) is not None or VERB.search(before) is not None


def _called(parsed: Parsed, company: Company, words: Words) -> Iterator[Mention]:
    """Arguments of the tool that calls agents: explicit, in code or not."""
    if words.calls is None:
        return
    for found in words.calls.finditer(parsed.text):
        start, end = found.span("agent")
        name = found["agent"]
        if re.search(r"[<>{}$\[\]…]|\.\.\.", name):
            continue  # a blank to be filled in
        span = parsed.at(start)
        block = span is not None and span.kind != "code"
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
    files = {m.source.rsplit("/", 1)[-1]: m for m in company.members if m.source}
    if not any(name in parsed.text for name in files):
        return
    for found in re.finditer(r"(?<![\w/\\.@-])[A-Za-z][\w.-]*\.[a-z]{2,4}\b(?![\w/])", parsed.text):
        if found[0] in files:
            member = files[found[0]]
            block = _form(parsed, *found.span()) == "code"
            yield Mention("agent", "file", found[0], found.start(), found.end(), member.words[0], True, block, False)


def _unknown(parsed: Parsed, company: Company, about: list[tuple[int, int]]) -> Iterator[Mention]:
    """Names that can only be agents', of which the batch has none; once that is plain, the same name in backticks or
    bold elsewhere."""
    text = parsed.text
    quoted = [m for m in QUOTED.finditer(text) if not _no_agent(parsed, company, m)]
    plain: set[str] = set()
    for found in quoted:
        name, (start, end) = found[found.lastindex or 0], found.span(found.lastindex or 0)
        if name in plain:
            continue
        inside = any(a <= start < b for a, b in about)
        noun = AFTER.match(text, end) or AFTER_LIST.match(text, end) or BEFORE.search(text[max(start - 40, 0) : start])
        if noun or ((inside or PERSON.search(name)) and _cue(text, found.start(), end)):
            plain.add(name)
    for found in quoted:
        if found[found.lastindex or 0] in plain:
            form = "bold" if found.lastindex == 2 else "backticks"
            yield _nobody(form, found[found.lastindex or 0], *found.span(found.lastindex or 0))
    for noun_at in NAMED.finditer(text):
        bare = BARE.search(text, max(noun_at.start() - 60, 0), noun_at.start())
        if bare and PERSON.search(bare[1]) and not _no_agent(parsed, company, bare):
            yield _nobody("bare", bare[1], *bare.span(1))  # "a long-running agent" is none
    for begin, last in about:
        for found in ITEM.finditer(text, begin, last):
            start, end = found.span(1)
            if not _no_agent(parsed, company, found) and (PERSON.search(found[1]) or _cue(text, start, end)):
                form = _form(parsed, start, end)
                yield _nobody("backticks" if form == "code" else form, found[1], start, end)
    yield from _titled(parsed, company)


def _nobody(form: str, name: str, start: int, end: int) -> Mention:
    return Mention("agent", form, name, start, end, name, False, False, True)


def _no_agent(parsed: Parsed, company: Company, found: re.Match[str]) -> bool:
    """An agent of the batch, a file, something in code, or what is said to be something else."""
    name = next(g for g in found.groups() if g)
    if name in company.by_word or FILE.search(name) or _in_block(parsed, found.start()):
        return True
    return OTHER.match(parsed.text, found.end()) is not None or MODE.match(parsed.text, found.end()) is not None


def _titled(parsed: Parsed, company: Company) -> Iterator[Mention]:
    """An agent by its name in capitals: "the Code Checker agent"."""
    text = parsed.text
    if "gent" not in text:
        return
    slugs = {re.sub(r"[^a-z0-9]+", "-", w.lower()).strip("-"): m for w, m in company.by_word.items()}
    for found in TITLED.finditer(text):
        member = slugs.get(re.sub(r"[^a-z0-9]+", "-", found[1].lower()))
        if member is not None and found[1] not in company.by_word and not _in_block(parsed, found.start()):
            yield Mention("agent", "title", found[1], found.start(1), found.end(1), member.words[0], True, False, False)


def _in_block(parsed: Parsed, offset: int) -> bool:
    span = parsed.at(offset)
    return span is not None and span.kind != "code"
