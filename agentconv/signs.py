"""What an agent says in words, and what shows that a program takes one of them for more than words."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from functools import cache

from agentconv.containers.programs import without_gaps
from agentconv.naming import LONGEST
from agentconv.records import dataclass
from agentconv.registry import derived
from agentconv.spec import Field, Spec


@dataclass(frozen=True, slots=True)
class Texts:
    """What agents of one kind differ in. ``stem`` is the name of the file without its ending, ``slug`` what is made of
    a name that is none for a file."""

    path: str
    stem: str
    name: str
    slug: str
    description: str
    prompt: str
    raw: bytes = field(compare=False, repr=False)  # the prompt as a file holds it
    line: int = field(default=0, compare=False)  # of the description in the file
    more: int = field(default=0, compare=False)  # lines of the description below that one
    manner: Hashable = field(default=(), compare=False)  # in which name and description are written

    def other(self, than: Texts) -> bool:
        """Whether each of them is another one, the description left out: copies of an agent often keep it."""
        return not (self.stem == than.stem or self.slug == than.slug or self.prompt == than.prompt)


@dataclass(frozen=True, slots=True)
class Signs:
    """What shows that a text may be more than words to the program of a format."""

    in_prompt: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    refused: tuple[re.Pattern[str], ...]
    replaces: tuple[tuple[str, str], ...]  # characters, wherever they stand
    gaps: bool  # whether it drops blank lines behind a line of three dashes
    names: frozenset[str]  # that it keeps for itself
    name_patterns: tuple[re.Pattern[str], ...]
    longest_name: int
    shortest: int  # prompt
    lengths: tuple[tuple[str, int], ...]  # texts with a limit
    joint: str = ""  # what it has between the words of a name, where that is no dash
    in_description: tuple[re.Pattern[str], ...] = ()
    legal: tuple[tuple[str, re.Pattern[str]], ...] = ()  # what a text has to be as a whole

    def plain(self, texts: Texts, like: Texts | None = None) -> bool:
        """Texts that the program takes as they are. ``like``: and no longer than the limits that those keep."""
        if not self.usual(texts, like):
            return False
        prompt = texts.prompt
        for sign in self.in_prompt:
            if sign in prompt:
                return False
        return not (self.patterns and any(p.search(prompt) for p in self.patterns))

    @property
    def changes(self) -> bool:
        """Whether the program has anything in a file otherwise than the source says it."""
        return bool(self.replaces) or self.gaps or bool(self.joint)

    def loaded(self, texts: Texts) -> Texts:
        """The texts as the program has them: after what it changes when it loads a file, and with names spelled its
        way; the same ones where that changes nothing."""
        if not self.changes:
            return texts
        if self.joint and "-" in texts.slug + texts.stem:
            slug, stem = (word.replace("-", self.joint) for word in (texts.slug, texts.stem))
            texts = replace(texts, name=slug if texts.name == texts.slug else texts.name, slug=slug, stem=stem)
        said, prompt = texts.description, texts.prompt
        for old, new in self.replaces:
            said, prompt = said.replace(old, new), prompt.replace(old, new)
        if self.gaps:
            prompt = without_gaps(prompt)
        if said == texts.description and prompt == texts.prompt:
            return texts
        return replace(texts, description=said, prompt=prompt, raw=prompt.encode())

    def usual(self, texts: Texts, like: Texts | None = None) -> bool:
        """Texts for which the program takes an agent like any other, whatever it makes of their words."""
        prompt = texts.prompt
        if not (self._plain_name(texts.slug) and (texts.stem == texts.slug or self._plain_name(texts.stem))):
            return False
        if texts.name != texts.slug and not self._plain_title(texts.name, like.name if like is not None else None):
            return False
        if len(prompt) < self.shortest or (self.refused and any(p.search(prompt) for p in self.refused)):
            return False
        if self.in_description and any(p.search(texts.description) for p in self.in_description):
            return False
        if self.legal and any(not p.fullmatch(getattr(texts, part)) for part, p in self.legal):
            return False
        if self.joint and like is not None and ("-" in texts.slug) != ("-" in like.slug):
            return False  # one of them gets another name
        return like is None or not self.lengths or self.too_long(texts) == self.too_long(like)

    def too_long(self, texts: Texts) -> tuple[bool, ...]:
        """Which limits its texts exceed."""
        return tuple([len(getattr(texts, part)) > most for part, most in self.lengths])

    def _plain_title(self, name: str, like: str | None) -> bool:
        """A title that the program takes for a name, or does not, as it does with the other one."""
        if len(name) > self.longest_name or name.lower() in self.names:
            return False
        return all((like is None or p.fullmatch(like)) and p.fullmatch(name) for p in self.name_patterns) or bool(
            like and not any(p.fullmatch(name) or p.fullmatch(like) for p in self.name_patterns)
        )

    def _plain_name(self, name: str) -> bool:
        if len(name) > self.longest_name or name in self.names:
            return False
        if self.joint:
            name = name.replace("-", self.joint)
        return not self.name_patterns or all(p.fullmatch(name) for p in self.name_patterns)


@cache
def signs(spec: Spec) -> Signs:
    """The signs of a format."""
    rules = [rule for part in ("id", "name") if isinstance(rule := spec.identity.get(part), dict)]
    texts = [r for r in spec.fields.values() if r.field in ("name", "title", "description", "prompt", "when_to_use")]
    limits = spec.tables.get("limits") or {}
    expands = spec.tables.get("expands") or ()
    dialect = spec.container.get("dialect") or {}
    own = [str(n).lower() for part in ("taken", "reserved") for n in spec.identity.get(part) or ()]
    patterns = [rule.get("pattern") for rule in rules]
    patterns += [row.fact("pattern") for row in texts if row.field == "name"]
    facts = [fact for fact in expands if not isinstance(fact, str)]
    whole = [(str(r.field), str(p)) for r in texts if r.field in ("description", "prompt") and (p := r.fact("pattern"))]
    return Signs(
        tuple(str(fact) for fact in expands if isinstance(fact, str)),
        tuple(re.compile(str(fact["pattern"])) for fact in facts if fact.get("in_prompt", True)),
        tuple(re.compile(str(p)) for p in spec.container.get("refuses", ())),
        tuple((str(old), str(new)) for old, new in (dialect.get("replace") or {}).items()),
        dialect.get("dashes") == "eat-blank-lines",
        frozenset(own),
        tuple(re.compile(p) for p in dict.fromkeys(str(p) for p in patterns if p)),
        min([LONGEST // 2, *(int(rule["max"]) for rule in rules if rule.get("max")), *_most(texts, "name", "title")]),
        max(1, int(limits.get("prompt_min") or 0)),
        (
            *(("description", most) for most in _longest(texts, limits, "description", "when_to_use")),
            *(("prompt", most) for most in _longest(texts, limits, "prompt")),
        ),
        str(spec.identity.get("joined") or ""),
        tuple(re.compile(str(fact["pattern"])) for fact in facts if "description" in fact.get("also_in", ())),
        tuple((part, re.compile(p)) for part, p in whole),
    )


def _most(rows: list[Field], *fields: str) -> list[int]:
    """The longest texts that the format takes in these fields."""
    return [int(most) for row in rows if row.field in fields and (most := row.fact("max_length"))]


def _longest(rows: list[Field], limits: Mapping[str, int], field: str, *more: str) -> list[int]:
    """The longest text of a field that the format takes, and that its program shows."""
    return sorted({*_most(rows, field, *more), *filter(None, [limits.get(field)])})


derived(signs.cache_clear)
