"""An output with gaps for the texts that other agents of a kind have in their places.

What is filled in is read back: taken apart as the target's program does it, it must hold the texts, and beside them
nothing but what the proved output of the first of the kind holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from agentconv.containers import ContainerError, Document, Node
from agentconv.containers.sections import marked, outside
from agentconv.conversion import Conversion
from agentconv.patterns import pattern
from agentconv.project.frames import Frame, frame
from agentconv.reading.engine import open_document
from agentconv.records import dataclass
from agentconv.signs import Texts, signs
from agentconv.spec import Spec

Writer = Callable[[Any], str]
COMMENT = pattern(r"//.*")
PARTS = ("prompt", "description", "name", "slug", "stem")  # of the texts; a text that is both is taken for the first
FILES = ("stem", "slug")  # what a file may be called by


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


def with_gaps(spec: Spec, first: Texts, result: Conversion) -> Output | None:
    """The output of a result with gaps for the texts of its agent; ``None`` where their places cannot be told."""
    path, text = next(iter(result.files)), result.text
    document = _opened(spec, text)
    if document is None or len(result.files) > 1:
        return None
    gaps: list[Gap] = []
    loaded = signs(spec).loaded(first)
    parts = _parts(first, loaded)
    same = result.format == result.target  # the source edited in place, or written anew
    for node, key in _scalars(document.header):
        part, as_loaded = parts.get(node.value, ("", True))
        if part and node.start < node.end:
            raw = text[node.start : node.end]
            there = _as_there(node.value, raw) if same or spec.syntax == "sections" else None
            anew = _writer(spec, key, node.value, raw) if there is None or same else None
            # of a source that was edited in place nobody knows how another one spells its escapes
            writer = _both(there, anew) if there and anew else there if same else there or anew
            if writer is None:
                return None
            gaps.append(Gap(part, node.start, node.end, writer, as_loaded))
    if spec.container.get("calls") and document.header is not None:
        gaps += _in_comments(text[: document.header.start], parts)
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


def _in_comments(above: str, parts: dict[str, Part]) -> Iterable[Gap]:
    """Texts as JSON has them in the comments above a definition."""
    from agentconv.output.scalars import json_line

    comments = [found.span() for found in COMMENT.finditer(above)]
    for value, (part, as_loaded) in parts.items():
        word = json_line(value)
        for start, end in comments:
            while (at := above.find(word, start, end)) >= 0:
                start = at + len(word)
                yield Gap(part, at, start, json_line, as_loaded)


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


def _both(one: Writer, other: Writer) -> Writer:
    """A text that both write in the same way, as it cannot be told which of them did."""

    def write(text: Any) -> str:
        if (written := one(text)) != other(text):
            raise ValueError("one of them writes it otherwise")
        return written

    return write


def _block(value: str, indent: int) -> str:
    from agentconv.output.scalars import yaml_block

    text = yaml_block(value, indent)
    if text is None:
        raise ValueError("this text has no such form")
    return text.lstrip()
