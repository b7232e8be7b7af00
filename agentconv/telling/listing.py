"""``agentconv list``: one row an agent, and what it may do in each program."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from agentconv import rights as counting
from agentconv.alike import Kinds, Texts, apart, signs
from agentconv.convert import convert_read, source_rights
from agentconv.lowering.lower import Options
from agentconv.notes import Note
from agentconv.project.sources import Source, beside
from agentconv.reading.context import Read, Reading
from agentconv.reading.detect import by_place
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import load, shared_readers
from agentconv.spec import Spec
from agentconv.telling.escape import json_text, markdown, markdown_code, one_line

LETTERS = (("reads", "R"), ("writes", "W"), ("runs", "X"), ("network", "N"), ("delegates", "D"), ("mcp", "M"))
LEGEND = "R reads  W writes  X runs commands  N network  D calls agents  M MCP   small: limited   -: not"
STAR = "* as the file lies there today; the others as converted, refused where the program would give more"
PAINT = {"R": "32", "W": "33", "X": "31", "N": "36", "D": "35", "M": "34"}


@dataclass(slots=True)
class Cell:
    """What an agent may do in one program: rights, or why there are none."""

    rights: list[str]
    how: str  # as it lies | converted | refused | skipped | not read | failed
    short: str

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {"rights": self.rights, "how": self.how}


@dataclass(slots=True)
class Row:
    """One agent, or a file that cannot be read."""

    name: str
    path: str
    format: str
    rights: list[str] = field(default_factory=list)
    short: str = ""
    model: str = ""
    description: str = ""
    problem: str = ""
    cells: dict[str, Cell] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        out: dict[str, Any] = {"name": self.name, "path": self.path, "format": self.format, "rights": self.rights}
        out |= {"model": self.model or None, "description": self.description or None}
        if self.problem:
            out["problem"] = self.problem
        if self.cells:
            out["in"] = {id: cell.as_data() for id, cell in self.cells.items()}
        return out


def shorthand(rights: counting.Rights) -> str:
    """``RW-n-M``: a letter a class, small where it is limited; ``all`` for everything."""
    if any(r.cls == counting.ALL for r in rights):
        return "all"
    out = ""
    for cls, letter in LETTERS:
        mine = [r for r in rights if r.cls == cls or (cls == "mcp" and r.cls.startswith("mcp:"))]
        whole = any(r.whole and (cls != "mcp" or r.cls == counting.MCP) for r in mine)
        out += letter if whole else letter.lower() if mine else "-"
    return out


def shorthand_of(words: Iterable[str]) -> str:
    """The same for rights as a report spells them."""
    return shorthand(frozenset(_right(word) for word in words))


@dataclass(slots=True)
class AlikeRows:
    """The row of the first agent of a kind. What it may do in a program depends on none of its texts."""

    first: Texts
    row: Row
    proved: dict[str, Cell] = field(default_factory=dict)
    refuted: set[str] = field(default_factory=set)
    sure: bool = False

    def filled(self, texts: Texts) -> Row | None:
        """The row of another one, with the columns that are proved."""
        if not self.sure:
            return None
        cells = {id: cell for id, cell in self.proved.items() if signs(load(id)).usual(texts, self.first)}
        return self._of(texts, cells)

    def prove(self, texts: Texts, made: Row) -> None:
        """Hold it against the row of another agent."""
        if texts.description == self.first.description:
            return
        self.sure = replace(made, cells={}) == self._of(texts, {})
        for id, cell in made.cells.items():
            if self.row.cells.get(id) != cell:
                self.refuted.add(id)
            elif id not in self.refuted and signs(load(id)).usual(texts, self.first):
                self.proved[id] = cell

    def _of(self, texts: Texts, cells: dict[str, Cell]) -> Row:
        name = texts.name if self.row.name == self.first.name else texts.stem
        description = " ".join(texts.description.split())
        return replace(self.row, name=name, path=texts.path, description=description, cells=cells)


def rows(sources: Iterable[Source], programs: tuple[str, ...]) -> Iterator[Row]:
    """A row for each agent, in the order of the sources."""
    kinds: Kinds[Row] = Kinds(AlikeRows)
    for source in sources:
        problems = [n for n in source.notes if n.effect == "error"]
        if problems or source.text is None or source.format is None:
            if problems:
                yield _bad(source.path, source.format or "", problems[0])
            continue
        spec = load(source.format)
        like = apart(spec, source.text, source.path)
        known = kinds.get(like) if like is not None else None
        left = tuple(id for id in programs if known is None or id not in known.cells)
        if known is not None and not left:
            yield known
            continue
        reading = read_author(spec, source.text, source.path, beside(source))
        if not reading.agents:
            bad = [n for n in reading.notes if n.effect == "error"]
            if bad:
                yield _bad(source.path, spec.id, bad[0])
            continue
        program = read_program(spec, source.text, source.path, beside(source))
        made = [row_of(read, reading, program, left) for read in reading.agents]
        if like is not None and len(made) == 1:
            kinds.learn(like, replace(made[0], cells=dict(made[0].cells)))
        for row in made:
            if known is not None:
                row.cells = {id: known.cells.get(id) or row.cells[id] for id in programs}
            yield row


def _bad(path: str, format: str, one: Note) -> Row:
    """A file without agents, and why."""
    where = f"line {one.line}: " if one.line else ""
    remedy = f"; {one.help}" if one.help else ""
    return Row("", path, format, problem=f"{one.code} {where}{one.message}{remedy}")


def row_of(read: Read, reading: Reading, program: Reading, programs: tuple[str, ...]) -> Row:
    """One agent: what it may do, and what it may do in each of the programs."""
    agent = read.agent
    rights, _ = source_rights(read, reading, program)
    row = Row(
        agent.id or agent.name or "",
        reading.path,
        reading.spec.id,
        counting.spelled(rights),
        shorthand(rights),
        agent.model[0].text if agent.model else "",
        " ".join((agent.description or agent.when_to_use or "").split()),
    )
    for id in programs:
        row.cells[id] = _cell(load(id), read, reading, program)
    return row


def _cell(dst: Spec, read: Read, reading: Reading, program: Reading) -> Cell:
    """As the file lies, where that program reads the place; else as converted."""
    seen = _as_it_lies(dst, reading, program)
    if seen is not None:
        if seen.status != "read":
            return Cell([], "not loaded", "no")
        twin = next((r for r in seen.agents if r.agent.id == read.agent.id), None) or next(iter(seen.agents), None)
        if twin is None:
            return Cell([], "not loaded", "no")
        rights = counting.of_agent(twin.agent, seen.spec, program=True, usual=True)
        return Cell(counting.spelled(rights), "as it lies", shorthand(rights))
    made = convert_read(read, reading, program, dst, Options())
    if not made.files:
        short = {"refused": "refused", "skipped": "skipped"}.get(made.status, "failed")
        return Cell(made.gained, made.status, short)
    if dst.text_kind:
        return Cell([], "text", "text")
    words = frozenset(_right(w) for w in made.rights.after)
    return Cell(made.rights.after, "converted", shorthand(words))


def _right(word: str) -> counting.Right:
    """A right from its word, as far as the letters need it."""
    from agentconv.model import Scope

    cls, bracket, rest = word.partition("(")
    return counting.Right(cls, Scope("text", rest[:-1])) if bracket else counting.Right(cls)


def _as_it_lies(dst: Spec, reading: Reading, program: Reading) -> Reading | None:
    if dst.id == reading.spec.id:
        return program
    if dst.id in by_place(reading.path):
        return read_program(dst, reading.text, reading.path)
    for other, name, _ in shared_readers(reading.spec):
        if dst.id == other.id or dst.program == name:
            return read_program(other, reading.text, reading.path)
    return None


# -- layouts ----------------------------------------------------------------------------------


def as_text(found: list[Row], programs: tuple[str, ...], columns: int, color: bool) -> str:
    """A table for a terminal, by place: names left, letters in columns, descriptions as far as there is room."""
    found = [_shown(r) for r in found]
    agents = [r for r in found if not r.problem]
    bad = [r for r in found if r.problem]
    lines = (
        (_matrix(agents, programs, columns, color) if programs else _plain(agents, columns, color)) if agents else []
    )
    if bad:
        lines += ["", f"{len(bad)} file{'s' * (len(bad) != 1)} that cannot be read"]
        for row in bad:
            lines += textwrap.wrap(f"  {row.path}  {row.problem}", columns, subsequent_indent="      ")
    if agents:
        lines += ["", *textwrap.wrap(LEGEND, columns)]
    return "\n".join(lines).lstrip("\n")


def _shown(row: Row) -> Row:
    about = replace(row, model=one_line(row.model), description=one_line(row.description))
    return replace(about, name=one_line(row.name), path=one_line(row.path), problem=one_line(row.problem))


def _by_place(agents: list[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in agents:
        folder = row.path.rsplit("/", 1)[0] if "/" in row.path else row.path
        groups.setdefault(f"{folder}  ({row.format})", []).append(row)
    return groups


def _plain(agents: list[Row], columns: int, color: bool) -> list[str]:
    names = min(max(len(r.name) for r in agents), 32)
    models = min(max(len(r.model) for r in agents), 18 if columns >= 80 else 8)
    lines: list[str] = []
    for place, rows in _by_place(agents).items():
        lines += ["", _bold(place, color)]
        for row in rows:
            short = f"{_painted(row.short, color):<{_pad(row.short, 6, color)}}"
            lead = f"  {_cut(row.name, names):<{names}}  {short}"
            model = f"  {_cut(row.model, models):<{models}}" if models else ""
            room = columns - names - 10 - len(model) - 2
            about = textwrap.shorten(row.description, room, placeholder=" …") if room > 15 else ""
            lines.append((lead + model + (f"  {about}" if about else "")).rstrip())
    return lines


def _bold(text: str, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if color else text


def _matrix(agents: list[Row], programs: tuple[str, ...], columns: int, color: bool) -> list[str]:
    """Columns of programs in blocks that fit the terminal; `*` marks what the program reads as the file lies."""
    names = min(max(len(r.name) for r in agents), 32)
    widths = {id: max(8, len(id)) for id in programs}
    blocks: list[list[str]] = [[]]
    room = columns - names - 10
    used = 0
    for id in programs:
        if used + widths[id] + 2 > room and blocks[-1]:
            blocks.append([])
            used = 0
        blocks[-1].append(id)
        used += widths[id] + 2
    lines: list[str] = []
    for block in blocks:
        heading = "  ".join(f"{id:<{widths[id]}}" for id in block).rstrip()
        for place, rows in _by_place(agents).items():
            lead = f"{_cut(place, names + 2):<{names + 2}}" if len(place) <= names + 2 else ""
            lines += [""] if lines else []
            lines += [] if lead else [_bold(place, color)]
            lines.append(f"{lead:<{names + 2}}  asks    {heading}")
            for row in rows:
                cells = []
                for id in block:
                    cell = row.cells[id]
                    shown = cell.short + ("*" if cell.how in ("as it lies", "not loaded") else "")
                    cells.append(f"{_painted(shown, color):<{_pad(shown, widths[id], color)}}")
                own = f"{_painted(row.short, color):<{_pad(row.short, 6, color)}}"
                lines.append(f"  {_cut(row.name, names):<{names}}  {own}  {'  '.join(cells)}".rstrip())
    return [*lines, "", *textwrap.wrap(STAR, columns)]


def _painted(short: str, color: bool) -> str:
    if not color:
        return short
    if short.rstrip("*") in ("refused", "failed", "no", "skipped"):
        return f"\x1b[2m{short}\x1b[0m"
    if short.rstrip("*") == "all":
        return f"\x1b[31m{short}\x1b[0m"
    return "".join(f"\x1b[{PAINT[c.upper()]}m{c}\x1b[0m" if c.upper() in PAINT else c for c in short)


def _pad(short: str, width: int, color: bool) -> int:
    """The field width that leaves ``width`` visible columns."""
    return width + len(_painted(short, color)) - len(short)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def as_markdown(found: list[Row], programs: tuple[str, ...]) -> str:
    """A table for a pull request or a page."""
    head = ["agent", "asks", *programs] if programs else ["agent", "may", "model", "place", "description"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in found:
        if row.problem:
            cells = [markdown_code(row.path), f"**{markdown(row.problem)}**", *[""] * (len(head) - 2)]
        elif programs:
            cells = [markdown(row.name), f"`{row.short}`", *[f"`{row.cells[id].short}`" for id in programs]]
        else:
            cells = [
                markdown(row.name),
                f"`{row.short}`",
                markdown(row.model),
                markdown_code(row.path),
                markdown(textwrap.shorten(row.description, 120, placeholder=" …")),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"`{LEGEND}`"])


def as_csv(found: list[Row], programs: tuple[str, ...]) -> str:
    """Comma-separated values, a header line first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "path", "format", "rights", "model", "description", "problem", *programs])
    for row in found:
        cells = [" ".join(row.cells[id].rights) or row.cells[id].how if id in row.cells else "" for id in programs]
        rights = " ".join(row.rights)
        values = [row.name, row.path, row.format, rights, row.model, row.description, row.problem, *cells]
        writer.writerow([_harmless(v) for v in values])
    return out.getvalue()


def _harmless(value: str) -> str:
    """A table program takes a text that begins like this for a formula."""
    return "'" + value if value.lstrip()[:1] in ("=", "+", "-", "@") else value


def as_json_line(row: Row) -> str:
    """One agent a line."""
    return json_text(row.as_data(), None)
