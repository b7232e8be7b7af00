"""Agents that are alike: the same header but for name and description, and another prompt.

Most agents of a project have one of a few dozen headers. What a conversion does with the rest of a header it does for
all of them, so the first of a kind is worked out in full, and a second one; where filling the texts of the second into
what became of the first gives just what became of the second, the others of the kind are filled in. A second one may
stand for several kinds, as far as whoever keeps them says (``kinds.Family``). Nothing is guessed: a text that could
mean anything to a reader or to a target (``signs``) has its agent worked out in full, and what is filled in is read
back by whoever keeps the kinds (``project.filling``).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from typing import NamedTuple

from agentconv.bodies.search import places
from agentconv.chars import is_printable
from agentconv.containers import ContainerError
from agentconv.containers.wrapping import loose_field
from agentconv.described import described
from agentconv.lowering.traces import END, KEY
from agentconv.naming import DEVICES
from agentconv.output.scalars import yaml_scalar
from agentconv.project.files import encoded
from agentconv.reading.context import Get
from agentconv.reading.engine import controls
from agentconv.reading.fromplace import stem
from agentconv.records import dataclass
from agentconv.registry import derived
from agentconv.signs import Texts, signs
from agentconv.spec import Spec


class Kind(NamedTuple):
    """What agents of one kind have in common, as far as their files say it."""

    format: str
    folder: str
    ending: str  # of the path
    header: tuple[str, ...]  # without the texts
    lead: str  # before the prompt
    trail: str
    lines: bool  # a prompt of one line stands beside its key in YAML, of several below it
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
_TITLE = re.compile(r"[A-Z][A-Za-z0-9]*(?: [A-Za-z0-9]+)*")
_ASCII = bytes([*range(0x20, 0x7F), *b"\n\t"])  # what a prompt may have of it
_INK = re.compile(r"\S")


HEADER = 2  # the line of a file in which its header begins

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


Names = tuple[str, str, str]
Saying = tuple[str, int, int, Hashable]
# the kind, the texts, and where the prompt stands; plain tuples, which take a third of the time to send
Told = tuple[Hashable, Names, Saying, tuple[int, int, int]]


def told(spec: Spec, text: str, path: str) -> Told | None:
    """A file taken apart, for another process that has its text."""
    found = _apart(spec, text, path)
    if found is None:
        return None
    texts, behind = found.texts, len(text) - len(text.rstrip("\n"))
    end = len(text) - behind
    place = end - len(texts.prompt), end, len(encoded(text)) - behind - len(texts.raw)
    said = texts.description, texts.line, texts.more, texts.manner
    return found.kind, (texts.stem, texts.name, texts.slug), said, place


def know(spec: Spec, text: str, path: str, told: Told) -> None:
    """Keep what another process found of a file: it is asked for next."""
    global _last
    kind, names, (description, line, more, manner), (start, end, at) = told
    data = encoded(text)
    raw = data[at : len(data) - (len(text) - end)]
    texts = Texts(path, *names, description, text[start:end], raw, line, more, manner)
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
    name, said = _name(spec).search(header), described(header, spec)
    folder, bare, ending = parted(spec, path)
    called, quote = _unquoted(name[1]) if name is not None else (bare, "")
    slug = called if is_name(called) else as_slug(called)
    if said is None or not slug or not (slug == bare or is_name(bare)) or f"{KEY}:" in said.text:
        return None  # a description that holds a passage for some targets is another one in each
    manner = said.form, quote, slug == bare, slug == called
    texts = Texts(path, bare, called, slug, said.text, prompt, raw, said.line + HEADER, said.more, manner)
    cover = [((said.start, said.end), "d")]
    cover += [(name.span(1), "n")] if name is not None else []
    rest = _covered(header, sorted(cover))
    mine = signs(spec)
    if not mine.plain(texts) or mine.loaded(texts) is not texts:
        return None
    for part in rest:
        if called in part or slug in part or bare in part or said.text in part:
            return None
    kind = Kind(spec.id, folder, ending, rest, lead, trail, "\n" in prompt, mine.too_long(texts))
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


def as_slug(title: str) -> str:
    """The name of files for a title of plain words; empty for any other."""
    plain = _TITLE.fullmatch(title) is not None and yaml_scalar(title) == title
    slug = title.lower().replace(" ", "-")
    return slug if plain and is_name(slug) else ""


def _unquoted(name: str) -> tuple[str, str]:
    """A name, and the quotes around it."""
    quoted = len(name) > 2 and name[0] == name[-1] and name[0] in "\"'"
    return (name[1:-1], name[0]) if quoted else (name, "")


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
    if not is_printable(raw, _ASCII):
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
def _name(spec: Spec) -> re.Pattern[str]:
    """The line of the name at the margin, where the next line is none of its text."""
    row = spec.by_field.get("name")
    return re.compile(rf"^{re.escape(row.key)}: (\S[^\n]*)\n(?=[A-Za-z_]|\Z)" if row else r"(?!)", re.M)


derived(_name.cache_clear)


def _covered(header: str, spans: list[tuple[tuple[int, int], str]]) -> tuple[str, ...]:
    """The header without the texts in those places."""
    out: list[str] = []
    at = 0
    for (start, end), sign in spans:
        out += [header[at:start], sign]
        at = end
    return (*out, header[at:])
