"""Agents that are alike: the same header but for name and description, and another prompt.

Most agents of a project have one of a few dozen headers. What a conversion does with the rest of a header it does for
all of them, so the first of a kind is worked out in full, and a second one; where filling the texts of the second into
what became of the first gives just what became of the second, the others of the kind are filled in. A second one may
stand for several kinds, as far as whoever keeps them says (``kinds.Family``). Nothing is guessed: a text that could
mean anything to a reader or to a target (``Signs``) has its agent worked out in full, and what is filled in is read
back by whoever keeps the kinds (``project.filling``).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from functools import cache
from typing import NamedTuple

from agentconv.bodies.search import places
from agentconv.containers import ContainerError
from agentconv.containers.programs import without_gaps
from agentconv.containers.wrapping import loose_field
from agentconv.lowering.traces import END, KEY
from agentconv.naming import DEVICES, LONGEST
from agentconv.output.scalars import yaml_scalar
from agentconv.project.files import encoded
from agentconv.reading.context import Get
from agentconv.reading.engine import controls
from agentconv.reading.fromplace import stem
from agentconv.records import dataclass
from agentconv.registry import derived
from agentconv.spec import Field, Spec


@dataclass(frozen=True, slots=True)
class Texts:
    """What agents of one kind differ in. ``stem`` is the name of the file without its ending."""

    path: str
    stem: str
    name: str
    description: str
    prompt: str
    raw: bytes = field(compare=False, repr=False)  # the prompt as a file holds it

    def other(self, than: Texts) -> bool:
        """Whether each of them is another one, the description left out: copies of an agent often keep it."""
        return not (self.stem == than.stem or self.name == than.name or self.prompt == than.prompt)


class Kind(NamedTuple):
    """What agents of one kind have in common, as far as their files say it."""

    format: str
    folder: str
    ending: str  # of the path
    header: tuple[str, ...]  # without the texts
    lead: str  # before the prompt
    trail: str
    lines: bool  # a prompt of one line stands beside its key in YAML, of several below it
    named: bool  # as the file is
    too_long: tuple[bool, ...]

    @property
    def keys(self) -> Kind:
        """The same for all whose headers have the same keys, whatever stands behind them."""
        return self._replace(header=tuple(_KEY.findall("".join(self.header))))


_KEY = re.compile(r"^[ -]*[^\s:-][^:\n]*:", re.M)


@dataclass(frozen=True, slots=True)
class Apart:
    """A file taken apart: its kind, and what it says beside."""

    kind: Hashable
    texts: Texts


# -- texts that mean nothing but themselves ---------------------------------------------------

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
# words behind a key, to the end of their line: no reader takes them for a number, a list or a comment, and nothing in
# them is a placeholder, a tag or an escape
_PLAIN = re.compile(r"[A-Za-z]\w* (?:[^\x00-\x1f\x7f\"\\<>{}$`|:#]++|:(?=[^ ])|(?<=[^ ])#)*+")
_QUOTED = {
    '"': re.compile(r"\"([^\x00-\x1f\x7f\"\\<>{}$`|]*)\""),
    "'": re.compile(r"'([^\x00-\x1f\x7f'\"\\<>{}$`|]*)'"),
}
_ASCII = bytes([*range(0x20, 0x7F), *b"\n\t"])  # what a prompt may have of it
_INK = re.compile(r"\S")


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
        if self.joint and "-" in texts.name + texts.stem:
            name, stem = (word.replace("-", self.joint) for word in (texts.name, texts.stem))
            texts = replace(texts, name=name, stem=stem)
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
        if not (self._plain_name(texts.name) and (texts.stem == texts.name or self._plain_name(texts.stem))):
            return False
        if len(prompt) < self.shortest or (self.refused and any(p.search(prompt) for p in self.refused)):
            return False
        if self.joint and like is not None and ("-" in texts.name) != ("-" in like.name):
            return False  # one of them gets another name
        return like is None or not self.lengths or self.too_long(texts) == self.too_long(like)

    def too_long(self, texts: Texts) -> tuple[bool, ...]:
        """Which limits its texts exceed."""
        return tuple([len(getattr(texts, part)) > most for part, most in self.lengths])

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
    found = [fact["pattern"] for fact in expands if not isinstance(fact, str)]
    return Signs(
        tuple(str(fact) for fact in expands if isinstance(fact, str)),
        tuple(re.compile(str(p)) for p in found),
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
    )


def _most(rows: list[Field], *fields: str) -> list[int]:
    """The longest texts that the format takes in these fields."""
    return [int(most) for row in rows if row.field in fields and (most := row.fact("max_length"))]


def _longest(rows: list[Field], limits: Mapping[str, int], field: str, *more: str) -> list[int]:
    """The longest text of a field that the format takes, and that its program shows."""
    return sorted({*_most(rows, field, *more), *filter(None, [limits.get(field)])})


derived(signs.cache_clear)


_last: tuple[Spec | None, str, str, Apart | None] = (None, "", "", None)


def apart(spec: Spec, text: str, path: str, get: Get | None) -> Apart | None:
    """The kind and the texts of a Markdown file with a header, where its texts are nothing but words. ``get``: the
    files beside it, one of which may say something of this agent alone.
    """
    found = _known_apart(spec, text, path)
    if found is None or get is None or not spec.tables.get("above"):
        return found
    from agentconv.reading.above import entry_above

    return None if entry_above(spec, path, {found.texts.name, found.texts.stem}, get) else found


def _known_apart(spec: Spec, text: str, path: str) -> Apart | None:
    """The same without a look at other files.

    The last answer is kept, for a build asks for each of its targets; by the object, as a hash of the text takes as
    long as a look at all of it."""
    global _last
    known = _last
    if known[1] is text and known[0] is spec and known[2] == path:
        return known[3]
    found = _apart(spec, text, path)
    _last = spec, text, path, found
    return found


Told = tuple[Hashable, str, str, str, int, int, int]  # the kind, the texts, and where the prompt stands


def told(spec: Spec, text: str, path: str) -> Told | None:
    """A file taken apart, for another process that has its text."""
    found = _apart(spec, text, path)
    if found is None:
        return None
    texts, behind = found.texts, len(text) - len(text.rstrip("\n"))
    end = len(text) - behind
    place = end - len(texts.prompt), end, len(encoded(text)) - behind - len(texts.raw)
    return found.kind, texts.stem, texts.name, texts.description, *place


def know(spec: Spec, text: str, path: str, told: Told) -> None:
    """Keep what another process found of a file: it is asked for next."""
    global _last
    kind, stem, name, description, start, end, at = told
    prompt, data = text[start:end], encoded(text)
    texts = Texts(path, stem, name, description, prompt, data[at : len(data) - (len(text) - end)])
    _last = spec, text, path, Apart(kind, texts)


def _apart(spec: Spec, text: str, path: str) -> Apart | None:
    if spec.syntax != "frontmatter" or not text.startswith("---\n"):
        return None
    end = text.find("\n---\n", 3)
    header = text[4 : end + 1]
    if end < 4 or "---" in header or "\r" in text:
        return None
    lead, prompt, trail = _body(text, end + 5)
    if not prompt or prompt[-1].isspace() or lead.strip("\n"):
        return None
    raw = _raw(text, prompt, trail)
    if not _is_text(prompt, raw, spec):
        return None
    name, description = _named(spec, "name").search(header), _named(spec, "description").search(header)
    folder, bare, ending = parted(spec, path)
    called = name[1] if name is not None else bare
    said = _words(description[1]) if description is not None else None
    if description is None or said is None or not (is_name(called) and (called == bare or is_name(bare))):
        return None
    texts = Texts(path, bare, called, said, prompt, raw)
    cover = [(description.span(1), description[1][0] if description[1][0] in _QUOTED else "a")]
    cover += [(name.span(1), "n")] if name is not None else []
    rest = _covered(header, sorted(cover))
    mine = signs(spec)
    if not mine.plain(texts) or mine.loaded(texts) is not texts:
        return None
    for part in rest:
        if called in part or bare in part or said in part:
            return None
    kind = Kind(spec.id, folder, ending, rest, lead, trail, "\n" in prompt, called == bare, mine.too_long(texts))
    return Apart(kind, texts)


def _body(text: str, start: int) -> tuple[str, str, str]:
    """What stands before the prompt, the prompt as `as_body` has it, and what stands behind it: a long text is copied
    once."""
    found = _INK.search(text, start)
    if found is None:
        return text[start:], "", ""
    begin, end = max(start, text.rfind("\n", start, found.start()) + 1), len(text)
    while text[end - 1] == "\n":
        end -= 1
    return text[start:begin], text[begin:end], text[end:]


def parted(spec: Spec, path: str) -> tuple[str, str, str]:
    """A path before, in and behind the word that names the agent: its file, or its folder."""
    own = ""
    for suffix in spec.head.get("suffixes") or ():
        if suffix[0] == "/" and path.endswith(suffix):
            own = suffix
            break
    folder, _, last = path.removesuffix(own).rpartition("/")
    bare = last if own else stem(spec, last)
    return folder, bare, last.removeprefix(bare) + own


def is_name(name: str) -> bool:
    """A word that is a name to everybody: no word of YAML, no device of Windows."""
    return _NAME.fullmatch(name) is not None and yaml_scalar(name) == name and DEVICES.fullmatch(name) is None


def _raw(text: str, prompt: str, trail: str) -> bytes:
    """The bytes of a prompt, which the outputs need, out of those of its file; behind it are ends of lines."""
    data = encoded(text)
    before = encoded(text[: len(text) - len(trail) - len(prompt)])
    return data[len(before) : len(data) - len(trail)]


def _is_text(prompt: str, raw: bytes, spec: Spec) -> bool:
    """Whether a prompt is without anything that an earlier conversion left, a place of its program, or a field gone
    astray; of letters, blanks and ends of lines only."""
    if prompt.startswith(("```", "~~~")) or _has(raw, _left_behind(spec)):
        return False
    # a tenth of the time that an expression takes, as most of it is gone at once
    rest = raw.translate(None, _ASCII)
    if rest and not rest.decode("utf-8", "surrogatepass").isprintable():
        return False
    try:
        loose_field(prompt, spec.known_keys, controls(spec), 0)
    except ContainerError:
        return False
    return True


def _forget() -> None:
    global _last
    _last = (None, "", "", None)


derived(_forget)


_PART = b"agent"  # that most signs have: looked for once, and where it stands for what is around it

Found = tuple[tuple[bytes, ...], tuple[tuple[int, tuple[bytes, ...]], ...]]


@cache
def _left_behind(spec: Spec) -> Found:
    """What an earlier conversion leaves in a prompt, and places of the program: signs without the part, and those that
    have it by where it stands in them."""
    around: dict[int, list[bytes]] = {}
    for sign in (all_signs := [sign.encode() for sign in (KEY, END, *places(spec))]):
        around.setdefault(sign.find(_PART), []).append(sign)
    return tuple(s for s in all_signs if _PART not in s), tuple((n, tuple(s)) for n, s in around.items() if n >= 0)


def _has(raw: bytes, left: Found) -> bool:
    """Whether one of the signs stands in a prompt. Looking through bytes takes half as long."""
    bare, around = left
    for sign in bare:
        if sign in raw:
            return True
    at = raw.find(_PART)
    while at >= 0:
        for before, all_signs in around:
            if at >= before and raw.startswith(all_signs, at - before):
                return True
        at = raw.find(_PART, at + 1)
    return False


derived(_left_behind.cache_clear)


@cache
def _named(spec: Spec, field: str) -> re.Pattern[str]:
    """The line of a field at the margin, where the next line is none of its text."""
    row = spec.by_field.get(field)
    return re.compile(rf"^{re.escape(row.key)}: (\S[^\n]*)\n(?=[A-Za-z_]|\Z)" if row else r"(?!)", re.M)


derived(_named.cache_clear)


def _words(raw: str) -> str | None:
    """What a text behind a key says, where it is nothing but words."""
    quoted = _QUOTED.get(raw[0])
    found = quoted.fullmatch(raw) if quoted is not None else _PLAIN.fullmatch(raw)
    if found is None:
        return None
    said = found[1] if quoted is not None else raw
    return said if said.isprintable() and said == said.strip() and said else None


def _covered(header: str, spans: list[tuple[tuple[int, int], str]]) -> tuple[str, ...]:
    """The header without the texts in those places."""
    out: list[str] = []
    at = 0
    for (start, end), sign in spans:
        out += [header[at:start], sign]
        at = end
    return (*out, header[at:])
