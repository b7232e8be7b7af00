"""What became of an agent, with gaps for the texts that others of its kind have in their places.

An output that is filled in is read back: taken apart as the target's program does it, it must hold the texts, and
beside them nothing but what the proved output of the first of the kind holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any

from agentconv.alike import Kind
from agentconv.bodies.company import Member
from agentconv.containers import ContainerError, Document, Node
from agentconv.containers.sections import marked, outside
from agentconv.conversion import Conversion
from agentconv.kinds import Family, Kinds
from agentconv.notes import Note
from agentconv.project.frames import Frame, frame
from agentconv.reading.engine import open_document
from agentconv.records import dataclass
from agentconv.registry import load
from agentconv.signs import Signs, Texts, signs
from agentconv.spec import Spec

Results = dict[str, list[Conversion]]  # of each target
Writer = Callable[[Any], str]
OF_NAMES = ("C001",)  # notes that say what an agent is called
PARTS = ("prompt", "description", "name", "slug", "stem")  # of the texts; a text that is both is taken for the first
FILES = ("stem", "slug")  # what a file may be called by
_of_parts = attrgetter(*PARTS)


@dataclass(frozen=True, slots=True)
class Gap:
    """Where one of the texts stands in an output, and how it is written there."""

    part: str
    start: int
    end: int
    write: Writer
    loaded: bool = True  # as the program has it; else as the source has it

    def text(self, texts: Texts, loaded: Texts) -> str:
        """What stands there for other texts."""
        return self.write(getattr(loaded if self.loaded else texts, self.part))


@dataclass(frozen=True, slots=True)
class Output:
    """A proved output with its gaps."""

    spec: Spec
    path: tuple[str, ...]  # what stands around the agent's own name
    called: str  # which of the texts that name is
    pieces: tuple[str | Gap, ...]
    holds: tuple[Any, ...]  # what the program finds in it, with the names of the texts in their places
    frame: Frame | None  # where it need not be read as a whole

    def filled(self, texts: Texts, loaded: Texts) -> tuple[str, bytes] | None:
        """The output for other texts, and where it goes; ``None`` where its program would find something else."""
        try:
            pieces = [p if isinstance(p, str) else p.text(texts, loaded) for p in self.pieces]
        except ValueError:  # a text that has no form there
            return None
        said = {"name": texts.name, "slug": texts.slug, "stem": texts.stem, "description": texts.description}
        if self.frame is None or not self.frame.holds(said, texts.prompt, pieces):
            document = _opened(self.spec, "".join(pieces))
            if document is None or _found(self.spec, document, texts, loaded) != self.holds:
                return None
        data = b"".join([texts.raw if piece is texts.prompt else piece.encode() for piece in pieces])
        return getattr(texts, self.called).join(self.path), data


@dataclass(slots=True)
class OfTarget:
    """What became of the first of a kind in one target, and the outputs with gaps."""

    signs: Signs
    results: tuple[tuple[Conversion, Output | None], ...]
    family: Family  # of kinds that are written and spoken of in the same way
    looks: Hashable  # and how that is
    proved_as_said: bool = False  # for those with the description of the first

    @property
    def proved(self) -> bool:
        """Whether another agent, of this kind or of one that looks like it, was just what filling gives."""
        return self.family.get(self.looks, False)

    def filled(self, texts: Texts, first: Texts) -> list[Conversion] | None:
        """The results for another one; ``None`` where its texts may make a difference."""
        if not self.signs.plain(texts, first):
            return None
        loaded, theirs = self.signs.loaded(texts), self.signs.loaded(first)
        if _changed(texts, loaded) != _changed(first, theirs):  # which is said
            return None
        swap = _swap(first, texts) if theirs is first else _swap(theirs, loaded) | _swap(first, texts)
        made = []
        for result, output in self.results:
            file = output.filled(texts, loaded) if output is not None else None
            if output is not None and file is None:
                return None
            made.append(_result(result, first, texts, swap, dict([file]) if file else {}))
        return made


def _changed(texts: Texts, loaded: Texts) -> tuple[bool, bool]:
    if texts is loaded:
        return False, False
    return texts.description != loaded.description, texts.prompt != loaded.prompt


def _swap(first: Texts, texts: Texts) -> dict[str, str]:
    return dict(zip(_of_parts(first), _of_parts(texts), strict=True))


@dataclass(slots=True)
class Filling:
    """What became of the first of a kind."""

    first: Texts
    targets: dict[str, OfTarget]

    def filled(self, texts: Texts) -> Results:
        """The results for an agent with other texts, in the targets for which that is proved."""
        same = texts.description == self.first.description
        found: Results = {}
        for id, target in self.targets.items():
            if target.proved or (same and target.proved_as_said):
                results = target.filled(texts, self.first)
                if results is not None:
                    found[id] = results
        return found

    def prove(self, texts: Texts, made: Results) -> None:
        """Hold what is filled in against what became of an agent."""
        for id in [id for id, target in self.targets.items() if not target.proved and id in made]:
            target = self.targets[id]
            results = target.filled(texts, self.first)
            if results == made[id]:
                target.proved_as_said = True
                if texts.description != self.first.description:
                    target.family.setdefault(target.looks, True)
            elif results is not None:
                target.family[target.looks] = False
                del self.targets[id]


def _result(
    result: Conversion, first: Texts, texts: Texts, swap: dict[str, str], files: dict[str, bytes]
) -> Conversion:
    """The result of the first with the texts of another one."""
    agent, called = result.agent, result.called
    if agent is not None:
        said = {n: getattr(agent, n) for n in ("id", "name", "title", "description", "when_to_use", "prompt")}
        agent = replace(agent, **{n: swap.get(text, text) for n, text in said.items() if text is not None})
    if called is not None:
        words = tuple([swap.get(word, word) for word in called.words])
        becomes = swap.get(called.becomes, called.becomes)
        called = Member(words, called.title, texts.path, becomes, called.output)
    notes = [_retold(_there(n, first, texts), swap) for n in result.notes]
    return Conversion(
        result.status,
        swap.get(result.name, result.name),
        texts.path,
        result.format,
        result.target,
        result.rights,
        list(result.gained),
        notes,
        files,
        agent,
        swap.get(result.entry, result.entry),
        result.unchanged,
        called,
        result.names,
    )


def _there(one: Note, first: Texts, texts: Texts) -> Note:
    """A note on the file of the first of a kind, of the file of another one."""
    if one.file != first.path:
        return one
    there = one.elsewhere(texts.path)
    if texts.more != first.more and one.line > first.line + first.more:
        return there.moved(line=one.line + texts.more - first.more)
    return there


QUOTED = re.compile(r"`([^`]*)`")


def _retold(one: Note, swap: dict[str, str]) -> Note:
    """A note on what an agent is called there, with the names of another one."""
    if one.code not in OF_NAMES:
        return one
    return one.moved(message=QUOTED.sub(lambda found: f"`{swap.get(found[1], found[1])}`", one.message))


def new_kinds() -> Kinds[Results]:
    """For the agents of a run."""
    return Kinds(filling, _family)


def _family(kind: Hashable) -> Hashable:
    """Kinds whose headers have the same keys. Which values stand there says what is written and which rights there are,
    which is proved for each kind; that name, description and prompt change nothing of it is shown once for all."""
    match kind:
        case (Kind() as own, beside):
            return own.keys, beside
    return kind


def _looks(id: str, results: list[tuple[Conversion, Output | None]]) -> Hashable:
    """What became of an agent, as far as it has to be the same for all to whom the same may be shown: which notes there
    are, what the outputs are called by, and where the texts stand in them."""
    gaps = [
        [out.called, len(out.path), *((p.part, p.loaded) for p in out.pieces if isinstance(p, Gap))] if out else None
        for _, out in results
    ]
    said = [(result.status, *(one.code for one in result.notes)) for result, _ in results]
    return id, repr(gaps), repr(said)


def filling(first: Texts, results: Results, family: Family) -> Filling | None:
    """The results of the first of a kind with gaps, of those targets where each text has a place that can be told."""
    out = {}
    for id, made in results.items():
        if load(id).folder:  # a template of somebody's own may do anything with a text
            continue
        outputs = [_output(load(id), first, result) if result.files else None for result in made]
        known = all(o is not None or not r.files for o, r in zip(outputs, made, strict=True))
        if known and not any(_speaks(result.notes, first) for result in made):
            kept = [replace(r, notes=list(r.notes), gained=list(r.gained), files={}) for r in made]
            both = list(zip(kept, outputs, strict=True))
            out[id] = OfTarget(signs(load(id)), tuple(both), family, _looks(id, both))
    return Filling(first, out) if out else None


def _speaks(notes: Iterable[Note], texts: Texts) -> bool:
    """Whether a note says something of the texts themselves."""
    words = (texts.name, texts.slug, texts.stem, texts.description)
    said = [(QUOTED.sub("", n.message) if n.code in OF_NAMES else n.message, n.help) for n in notes]
    return any(word in text for both in said for text in both for word in words)


def _output(spec: Spec, first: Texts, result: Conversion) -> Output | None:
    path, text = next(iter(result.files)), result.text
    document = _opened(spec, text)
    if document is None or len(result.files) > 1:
        return None
    gaps: list[Gap] = []
    loaded = signs(spec).loaded(first)
    parts = _parts(first, loaded)
    # the source edited in place, or a text with sections: what is written is what stands there
    as_there = result.format == result.target or spec.syntax == "sections"
    for node, key in _scalars(document.header):
        part, as_loaded = parts.get(node.value, ("", True))
        if part and node.start < node.end:
            raw = text[node.start : node.end]
            writer = _as_there(node.value, raw) if as_there else _writer(spec, key, node.value, raw)
            if writer is None:
                return None
            gaps.append(Gap(part, node.start, node.end, writer, as_loaded))
    for start, end in marked(text, spec.container) if spec.syntax == "sections" else ():
        part, as_loaded = parts.get(text[start:end], ("", True))
        if part:
            gaps.append(Gap(part, start, end, str, as_loaded))
    if document.body:
        start = text.find(first.prompt, document.body_start, document.body_end)
        if start < 0:
            return None
        gaps.append(Gap("prompt", start, start + len(first.prompt), str, False))
    if (at := text.find(first.path)) >= 0:  # a comment that says where the file comes from
        gaps.append(Gap("path", at, at + len(first.path), str))
    pieces: list[str | Gap] = []
    at = 0
    inside: list[tuple[int, str, int, int]] = []
    for gap in sorted(gaps, key=lambda g: g.start):
        pieces += [text[at : gap.start], gap]
        at = gap.end
        if gap.start < document.body_start:
            inside.append((len(pieces) - 1, gap.part, gap.start, gap.end))
    pieces.append(text[at:])
    fixed = [piece for piece in pieces if isinstance(piece, str)]
    called = max(FILES, key=lambda part: len(word) if (word := getattr(first, part)) in path else 0)
    around = tuple(path.split(getattr(first, called)))
    if len(around) > 2 or any(getattr(t, part) in piece for piece in fixed for part in PARTS for t in (first, loaded)):
        return None
    around_prompt = text[document.header_end :].replace(first.prompt, "", 1).replace("---", "", 1)
    bare = loaded is first and len(gaps) == len(inside) + 1 and not around_prompt.strip()
    dialect = spec.container.get("dialect") or {}
    proved = [piece if isinstance(piece, str) else None for piece in pieces]
    read = frame(document, dialect, proved, inside, bare) if spec.syntax == "frontmatter" else None
    return Output(spec, around, called, tuple(pieces), _found(spec, document, first, loaded), read)


def _opened(spec: Spec, text: str) -> Document | None:
    """An output as its program takes it apart."""
    try:
        document = open_document(spec, text, author=False)
    except ContainerError:
        return None
    return document if document.status == "read" else None


def _scalars(node: Node | None, key: bool = False) -> Iterable[tuple[Node, bool]]:
    """All texts and numbers below a node; whether they are keys."""
    if node is None:
        return
    if node.kind == "scalar":
        yield node, key
    for item in node.items:
        yield from _scalars(item)
    for pair in node.pairs:
        yield pair.key, True
        yield from _scalars(pair.value)


Part = tuple[str, bool]  # which of the texts, and whether it is as the program has it, or as the source has it


def _parts(texts: Texts, loaded: Texts) -> dict[str, Part]:
    """The texts with the names of their parts. A name may stand in a file both ways: as the key, and as a title."""
    said = {getattr(texts, part): (part, False) for part in ("stem", "slug", "name")} if loaded is not texts else {}
    return said | {getattr(loaded, part): (part, True) for part in reversed(PARTS)}


def _found(spec: Spec, document: Document, texts: Texts, loaded: Texts) -> tuple[Any, ...]:
    """What a program finds in a file, with the names of the texts in their places."""
    inside = _shape(document.header, _parts(texts, loaded)) if document.header is not None else None
    if spec.syntax == "sections":
        return inside, outside(document.text, spec.container)
    body = document.body
    return inside, ["", ""] if body == loaded.prompt else body.split(loaded.prompt)


def _shape(node: Node, parts: dict[str, Part]) -> tuple[Any, ...]:
    if node.kind == "scalar":
        return parts.get(node.value) or (node.text, node.style, type(node.value), node.value)
    if node.kind == "list":
        return "list", node.style, *[_shape(item, parts) for item in node.items]
    return "map", node.style, *[(_shape(pair.key, parts), _shape(pair.value, parts)) for pair in node.pairs]


def _writers(spec: Spec, key: bool) -> tuple[Writer, ...]:
    """How a text may be written in the format: as its templates write it."""
    from agentconv.output import scalars

    if spec.syntax == "toml":
        return (scalars.toml_key if key else scalars.toml_value,)
    if spec.syntax == "json":
        return (scalars.json_value,)
    if spec.syntax == "typescript":
        from agentconv.output.script import script_key, script_text

        return (script_key if key else script_text,)
    if (spec.container.get("dialect") or {}).get("parser") == "lines":
        return (scalars.line_value,)
    if key:
        return (scalars.yaml_key,)
    blocks = [partial(_block, indent=indent) for indent in (2, 4, 6, 8)]
    return (scalars.yaml_scalar, *blocks)


def _writer(spec: Spec, key: bool, value: str, raw: str) -> Writer | None:
    """The one that has written the text so."""
    for writer in _writers(spec, key):
        with suppress(ValueError):
            if writer(value) == raw:
                return writer
    return None


def _as_there(value: str, raw: str) -> Writer | None:
    """The text as its source has it: bare, or in the quotes of all of the kind."""
    around = raw.split(value)
    return (lambda text: str(text).join(around)) if len(around) == 2 else None


def _block(value: str, indent: int) -> str:
    from agentconv.output.scalars import yaml_block

    text = yaml_block(value, indent)
    if text is None:
        raise ValueError("this text has no such form")
    return text.lstrip()
