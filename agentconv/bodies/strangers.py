"""Agents that a prompt names and the batch has not: names that can only be agents', and words that are said
to be one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from agentconv.bodies.company import Company
from agentconv.bodies.cues import HANDS, PERSON, ROLE, cue, distinct, is_none, said_to_be_an_agent
from agentconv.bodies.found import Mention, Words
from agentconv.bodies.parse import Parsed
from agentconv.bodies.sections import MOST, Sections, cells

KEBAB = r"[A-Za-z][A-Za-z0-9]*(?:[-‑._][A-Za-z0-9]+)+"
NAME = r"[A-Za-z][A-Za-z0-9]*(?:[-‑._][A-Za-z0-9]+)*"
QUOTED = re.compile(rf"`@?({NAME})`|\*\*@?({NAME})\*\*")
TITLED = re.compile(r"`((?:[A-Z][\w-]*)(?: [A-Z][\w-]*){1,4})`|\*\*((?:[A-Z][\w-]*)(?: [A-Z][\w-]*){1,4})\*\*")
AT = re.compile(rf"(?<![\w/.@<&#])@({NAME})(?![\w/]|\.\w|\()")
ITEM = re.compile(
    r"^[ \t]*(?:[-*+]|\d+\.)[ \t]+(?:\*\*|__)?"
    r"(?P<before>(?:with|[A-Z][a-z]+(?:\s+(?:closely\s+)?(?:with|to|on|from))?)\s+)?"
    rf"(?:\*\*|__)?[`@]?(?P<name>{NAME})[`:]?(?:\*\*|__)?(?=[\s:,–—`*_(/]|$)",
    re.M,
)
GOES_ON = re.compile(r"[`*_]*[ \t]+(?:->|→|=>|=|is|are|was|must|may|should)(?![\w-])")  # a state, a field
# "receive specifications from api-designer"
TOLD = re.compile(rf"\b(?:to|from|with|by|via|through)\s+(?:the\s+)?({KEBAB})(?=[\s,.;:)]|$)")
GIVEN = re.compile(rf"(?:→|->|=>)[ \t]*(?:[^\W\d_]+[ \t]+){{0,3}}[`*]*({NAME})[`*]*")
START = re.compile(r"[ \t]*(?:(?:[-*+>]|\d+\.)[ \t]+)?")
FRONT = re.compile(
    r"\b(?:the|an?|to|by|via|with|through|from|or|and|main|call|ask|use|invoke|launch|spawn|dispatch)\s+$", re.I
)
OR = re.compile(rf"(?:,|,?[ \t]+(?:or|and)|[ \t]*/)[ \t]+[`*]+({NAME})[`*]*")
AGENT = re.compile(r" (?:(?:sub-?)?agents?|Agent)\b")
TAIL = re.compile(r"-[A-Za-z0-9]+(?![\w/=(`*-]|\.\w)")  # "escalate through tech-lead"
WORD = re.compile(rf"(?<![\w@/\\.#:$=*`-])({KEBAB})$")
BARE = re.compile(rf"(?<![\w@/\\.#:$=-])({NAME})$")
CELL = re.compile(rf"\s*[`*@]*({NAME}(?: [A-Z][\w-]*){{0,3}})[`*]*\s*(?:\([^|]*\))?\s*")
FILE = re.compile(r"\.(?:md|mdc|json|ya?ml|toml|txt|py|ts|js|sh|cs|xml)$")
LINK = re.compile(rf"\]\((?:\./|\.\./)*(?:agents/)?({NAME})\.(?:agent\.)?md(?:#[^)\s]*)?\)")
CALLED = re.compile(rf"(?<![\w-])--agent[= ][\"']?({KEBAB})")
# what an agent is to another one, what it works for, and words that end like a person: no names
GENERIC = re.compile(
    r"(?:user|other|another|whichever|either|parent|caller|super|peer|worker|browser|server|docker|computer|customer|"
    r"consumer|container|monitor|compiler|prior|senior|junior|better|former|latter|later|proper|newer|smaller|larger|"
    r"higher|lower|never|over|under|after|per|major|minor|cover|number|master|member|provider|vendor|relevant|"
    r"important|different|independent|dependent|consistent|persistent|assistant|autonomous|remember|whether|rather|"
    r"together|however|error|for|or|color|vector|editor|controller|background|specialist|expert|agent|per-agent|"
    r"non-agent|multi-agent|sub-agent|sub|cross-agent|inter-agent|single-agent|dieser|jeder|unser|ai|llm|ml|cli|coding|"
    r"custom|main|none|any|all|self|you|n/a|auto|same|primary|default|yes|no|both)",
    re.I,
)


def strangers(
    parsed: Parsed, company: Company, words: Words, about: Sections, called: Collection[str]
) -> Iterator[Mention]:
    """All of them, the plainest first. A name that is once said to be something else, a skill, a tool, is no agent
    anywhere in the text. ``called``: names that stand as arguments of the tool that calls agents, in code as well."""
    look = _Look(parsed, company, words, about)
    told = [*look.listed(), *look.in_tables()]
    yield from told
    names = {m.text for m in told} | {name for name in called if look.may_be(name)}
    yield from look.quoted(names)
    yield from look.again(names)
    yield from look.after_at()
    yield from look.bare()
    yield from look.linked()


class _Look:
    """One prompt, looked at."""

    def __init__(self, parsed: Parsed, company: Company, words: Words, about: Sections) -> None:
        self.parsed, self.text, self.company, self.words, self.about = parsed, parsed.text, company, words, about
        self.quotes = [m for p in (QUOTED, TITLED) for m in p.finditer(self.text) if not parsed.in_block(m.start())]
        self.ats = [m for m in AT.finditer(self.text) if not parsed.in_block(m.start())] if "@" in self.text else []
        marked = (*self.quotes, *self.ats)
        self.not_agents = {_name(found)[0] for found in marked if is_none(self.text, found.end())}

    def quoted(self, told: Collection[str]) -> Iterator[Mention]:
        """In backticks or bold; once it is plain that an agent is meant, the same name elsewhere. ``told``: names that
        lists and tables give to agents."""
        plain = {*told} | {_name(found)[0] for found in self.quotes if self._plain(found)}
        for found in self.quotes:
            name, start, end = _name(found)
            likely = distinct(name) or PERSON.search(name) or said_to_be_an_agent(self.text, start, end)
            if name in plain and (likely or self._inside(start)):
                yield _nobody("backticks" if found[0][0] == "`" else "bold", name, start, end)

    def _plain(self, found: re.Match[str]) -> bool:
        name, start, end = _name(found)
        if self._no_name(name):
            return False
        if said_to_be_an_agent(self.text, start, end):
            if self._own_role(start):
                return False
            return found[0][0] == "`" or distinct(name) or " " in name or PERSON.search(name) is not None
        likely = distinct(name) and (self._inside(start) or PERSON.search(name))
        return bool(likely) and cue(self.text, found.start(), end)

    def may_be(self, name: str) -> bool:
        """A name that is written as one and is none of the batch's."""
        return re.fullmatch(NAME, name) is not None and not self._no_name(name)

    def again(self, names: Collection[str]) -> Iterator[Mention]:
        """The same names in plain prose, where they are no words."""
        spelled = [name for name in names if distinct(name) and name in self.text][:MOST]
        if not spelled:
            return
        either = "|".join(re.escape(name) for name in sorted(spelled, key=len, reverse=True))
        prose = rf"(?<![\w@/\\.#:$=*`-])(?P<bare>{either})(?![\w/=(`*-]|\.\w)"
        for found in re.finditer(rf"{prose}|`(?P<call>{either})\([^`\n]*\)`", self.text):
            form = str(found.lastgroup)
            if not self.parsed.in_block(found.start()) and not is_none(self.text, found.end()):
                yield _nobody(form, found[form], *found.span(form))

    def after_at(self) -> Iterator[Mention]:
        """`@name`: an agent where its name says so, or what stands around it."""
        line = -1  # the last one with such a name
        for found in self.ats:
            name, start, end = found[1], *found.span(1)
            if self._no_name(name):
                continue
            this = self.text.rfind("\n", 0, start)
            likely = cue(self.text, found.start(), end) or (
                this == line and self.parsed.form(start - 1, end) == "backticks"
            )
            if (distinct(name) and PERSON.search(name)) or (name.islower() and likely):
                line = this
                yield _nobody("at", name, start, end)

    def bare(self) -> Iterator[Mention]:
        """ "the reviewer agent"; "a long-running agent" and "the calling agent" are none."""
        for noun in AGENT.finditer(self.text):
            found = BARE.search(self.text, max(noun.start() - 60, 0), noun.start())
            if found is None or self._no_name(found[1]) or self.parsed.in_block(found.start()):
                continue
            name, start, end = found[1], *found.span(1)
            if PERSON.search(name) and (distinct(name) or self._a_word(name, start, noun[0])):
                yield _nobody("bare", name, start, end)
        for tail in TAIL.finditer(self.text):
            if not PERSON.search(tail[0]):
                continue
            found = WORD.search(self.text, max(tail.start() - 60, 0), tail.end())
            if found is None or self._no_name(found[1]) or self.parsed.at(found.start()) is not None:
                continue
            begin = max(self.text.rfind("\n", 0, found.start()) + 1, found.start() - 60)
            if HANDS.search(self.text, begin, found.start()):
                yield _nobody("bare", found[1], *found.span(1))

    def _a_word(self, name: str, start: int, noun: str) -> bool:
        """ "the reviewer agent", "Planner Agent creates plans": one, and not the prompt's own role."""
        if len(name) < 5 or noun.endswith("s") or self._own_role(start):
            return False
        line = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        if name.islower():
            return FRONT.search(line) is not None
        return noun == " Agent" and name.istitle() and (FRONT.search(line) or START.fullmatch(line)) is not None

    def listed(self) -> Iterator[Mention]:
        """Items of a section on agents, and what an arrow points to there."""
        for begin, last in self.about:
            for item in ITEM.finditer(self.text, begin, last):
                name, start, end = item["name"], *item.span("name")
                form = self.parsed.form(start, end)
                if form == "code" or self._no_name(name) or is_none(self.text, end) or GOES_ON.match(self.text, end):
                    continue
                person, before = PERSON.search(name) is not None, item["before"] or ""
                if form == "backticks":
                    given = person or cue(self.text, start, end) or (not before and _plain_name(name))
                elif distinct(name):
                    given = person or cue(self.text, start, end)
                else:
                    given = person and name.islower() and (form == "bold" or before.lower().startswith("with "))
                if given:
                    yield _nobody(form, name, start, end)
            for told in TOLD.finditer(self.text, begin, last):
                name, start, end = told[1], *told.span(1)
                if PERSON.search(name) and not self._no_name(name) and self.parsed.form(start, end) == "bare":
                    yield _nobody("bare", name, start, end)
            for arrow in GIVEN.finditer(self.text, begin, last):
                found: re.Match[str] | None = arrow
                while found is not None:  # "→ `a` or `b`"
                    name, start, end = found[1], *found.span(1)
                    form, person = self.parsed.form(start, end), PERSON.search(name) is not None
                    named = form in ("backticks", "bold") and (person or _plain_name(name))
                    if named and not self._no_name(name) and not is_none(self.text, end):
                        yield _nobody(form, name, start, end)
                    found = OR.match(self.text, found.end(), last)

    def in_tables(self) -> Iterator[Mention]:
        """Cells of a column of agents."""
        for cell in cells(self.parsed) if "|" in self.text else ():
            found = CELL.fullmatch(self.text, cell.start, cell.end)
            if found is None or self._no_name(found[1]):
                continue
            form = self.parsed.form(*found.span(1))
            if form != "bare" or distinct(found[1]) or PERSON.search(found[1]) or found[1].islower():
                yield _nobody("cell", found[1], *found.span(1))

    def linked(self) -> Iterator[Mention]:
        """Links to a file beside this one that is called like somebody, and `--agent name` of a command line."""
        for found in LINK.finditer(self.text) if "](" in self.text else ():
            if PERSON.search(found[1]) and not self._no_name(found[1]) and not self.parsed.in_block(found.start()):
                yield _nobody("link", found[1], *found.span(1))
        for found in CALLED.finditer(self.text) if "--agent" in self.text else ():
            if found[1] not in self.company.by_word:
                yield Mention(
                    "agent", "call", found[1], *found.span(1), found[1], False, self.parsed.in_block(found.start())
                )

    def _no_name(self, name: str) -> bool:
        """An agent of the batch, a tool, a file, what is said to be something else, a word for any agent."""
        if name in self.company.by_word or name in self.not_agents or name in self.words.tools:
            return True
        return FILE.search(name) is not None or GENERIC.fullmatch(name) is not None

    def _inside(self, at: int) -> bool:
        return any(a <= at < b for a, b in self.about)

    def _own_role(self, start: int) -> bool:
        """ "You are the TESTER agent": the prompt speaks of itself."""
        line = self.text.rfind("\n", 0, start) + 1
        return ROLE.search(self.text, max(line, start - 100), start) is not None


def _name(found: re.Match[str]) -> tuple[str, int, int]:
    group = found.lastindex or 0
    return found[group], *found.span(group)


def _plain_name(name: str) -> bool:
    """No field, no setting."""
    return len(name) > 2 and "_" not in name and "." not in name


def _nobody(form: str, name: str, start: int, end: int) -> Mention:
    return Mention("agent", form, name, start, end, name.replace("‑", "-"), False, False, True)
