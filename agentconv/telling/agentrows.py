"""What ``agentconv list`` shows: a row for each agent, with what it may do in each program.

Rights depend on none of an agent's texts, so what is known of one agent is known of others like it. Likeness is looked
for twice: in the file's text, which spares reading it, and where that is odd, in what was read (``_apart_read``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from agentconv import rights as counting
from agentconv.alike import Apart, apart, is_name, parted
from agentconv.bodies.company import Company
from agentconv.convert import convert_read, source_rights
from agentconv.kinds import Family, Kinds
from agentconv.lowering.lower import Options
from agentconv.lowering.servers import limited_servers
from agentconv.lowering.traces import any_in
from agentconv.model import Agent, Scope
from agentconv.notes import Note
from agentconv.project.sources import Source, beside, drop
from agentconv.reading.context import Read, Reading
from agentconv.reading.detect import by_place
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import load, shared_readers
from agentconv.signs import Texts, signs
from agentconv.spec import Spec

LETTERS = (("reads", "R"), ("writes", "W"), ("runs", "X"), ("network", "N"), ("delegates", "D"), ("mcp", "M"))
NOBODY = Company()  # rights depend on no other agent's name


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
    proved_as_said: dict[str, Cell] = field(default_factory=dict)  # for those with the description of the first
    refuted: set[str] = field(default_factory=set)
    sure: bool = False

    def filled(self, texts: Texts) -> Row | None:
        """The row of another one, with the columns that are proved."""
        if not self.sure:
            return None
        same = texts.description == self.first.description
        proved = self.proved_as_said | self.proved if same else self.proved
        return self._of(texts, {id: c for id, c in proved.items() if signs(load(id)).usual(texts, self.first)})

    def prove(self, texts: Texts, made: Row) -> None:
        """Hold it against the row of another agent."""
        proved = self.proved_as_said if texts.description == self.first.description else self.proved
        self.sure = replace(made, cells={}) == self._of(texts, {})
        for id, cell in made.cells.items():
            if self.row.cells.get(id) != cell:
                self.refuted.add(id)
            elif id not in self.refuted and signs(load(id)).usual(texts, self.first):
                proved[id] = cell

    def _of(self, texts: Texts, cells: dict[str, Cell]) -> Row:
        name = texts.name if self.row.name == self.first.name else texts.stem
        description = " ".join(texts.description.split())
        return replace(self.row, name=name, path=texts.path, description=description, cells=cells)


def _alike(first: Texts, row: Row, _: Family) -> AlikeRows:
    return AlikeRows(first, row)


def rows(sources: Iterable[Source], programs: tuple[str, ...]) -> Iterator[Row]:
    """A row for each agent, in the order of the sources."""
    by_text: Kinds[Row] = Kinds(_alike)
    by_model: Kinds[Row] = Kinds(_alike)
    for source in sources:
        yield from _of_source(source, programs, by_text, by_model)
        drop(source)


def _of_source(source: Source, programs: tuple[str, ...], by_text: Kinds[Row], by_model: Kinds[Row]) -> Iterable[Row]:
    problems = [n for n in source.notes if n.effect == "error"]
    if problems or source.text is None or source.format is None:
        return [_bad(source.path, source.format or "", one) for one in problems[:1]]
    spec = load(source.format)
    like = apart(spec, source.text, source.path, beside(source))
    like = like and Apart((like.kind, like.texts.manner), like.texts)
    known = by_text.get(like) if like is not None else None
    if known is not None and all(id in known.cells for id in programs):
        return [known]
    reading = read_author(spec, source.text, source.path, beside(source))
    if not reading.agents:
        bad = [n for n in reading.notes if n.effect == "error"]
        return [_bad(source.path, spec.id, one) for one in bad[:1]]
    program = read_program(spec, source.text, source.path, beside(source))
    cells = dict(known.cells) if known is not None else {}
    made = _rows(reading, program, programs, cells, by_model)
    if like is not None and len(made) == 1:
        by_text.learn(like, made[0])
    return made


def _rows(
    reading: Reading, program: Reading, programs: tuple[str, ...], cells: dict[str, Cell], kinds: Kinds[Row]
) -> list[Row]:
    """The agents of a file that was read. ``cells``: what is known already of the one in it."""
    like = _apart_read(reading, program)
    lies = [id for id in programs if _lies_there(load(id), reading)] if like is not None else []
    known = kinds.get(like) if like is not None else None
    cells = (known.cells if known is not None else {}) | cells
    left = tuple(id for id in programs if id not in cells)
    made = [row_of(read, reading, program, left) for read in reading.agents]
    if like is not None:
        # as a program finds the file depends on how it is written
        kinds.learn(like, replace(made[0], cells={id: c for id, c in made[0].cells.items() if id not in lies}))
    for row in made:
        row.cells = {id: cells.get(id) or row.cells[id] for id in programs}
    return made


def _apart_read(reading: Reading, program: Reading) -> Apart | None:
    """The kind of a file by what it says, however that is written, where its texts are nothing but words."""
    spec, agent = reading.spec, reading.agents[0].agent
    name, said, prompt = agent.name or agent.id, agent.description or "", agent.prompt or ""
    folder, bare, ending = parted(spec, reading.path)
    if len(reading.agents) > 1 or agent.id != name or not (is_name(name) and is_name(bare)):
        return None
    texts, mine = Texts(reading.path, bare, name, name, said, prompt, b""), signs(spec)
    if not prompt or any_in(agent, carried=True) or not mine.plain(texts):
        return None
    found = (program.status, *(_rest(read.agent) for read in program.agents))
    bad = tuple(n.code for n in (*reading.agents[0].notes, *reading.notes) if n.effect == "error")
    rest = (_rest(agent), *found, *bad)
    if any(word in part for word in (name, bare) for part in rest):
        return None
    spelled = "".join(sorted(SIGNS.intersection(said)))
    written = (folder, ending, name == bare, agent.name is None, bool(said), spelled, mine.too_long(texts))
    return Apart((spec.id, written, rest), texts)


# that may keep a description from being written somewhere, or make it something else there
SIGNS = frozenset("\n\r\t\"'`\\<>{}[]$#|&*!%@:?,=~") | frozenset(map(chr, (0x7F, 0x85, 0xA0, 0x2028, 0x2029, 0xFEFF)))


def _rest(agent: Agent) -> str:
    """All that an agent says beside its texts."""
    return repr(replace(agent, id="", name=None, description=None, prompt=None if agent.prompt is None else ""))


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
        there = limited_servers(twin.agent, seen.spec, as_meant=False)
        rights = counting.of_agent(there, seen.spec, program=True, usual=True)
        return Cell(counting.spelled(rights), "as it lies", shorthand(rights))
    made = convert_read(read, reading, program, dst, Options(), NOBODY)
    if not made.files:
        short = {"refused": "refused", "skipped": "skipped"}.get(made.status, "failed")
        return Cell(made.gained, made.status, short)
    if dst.text_kind:
        return Cell([], "text", "text")
    words = frozenset(_right(w) for w in made.rights.after)
    return Cell(made.rights.after, "converted", shorthand(words))


def _right(word: str) -> counting.Right:
    """A right from its word, as far as the letters need it."""
    cls, bracket, rest = word.partition("(")
    return counting.Right(cls, Scope("text", rest[:-1])) if bracket else counting.Right(cls)


def _lies_there(dst: Spec, reading: Reading) -> bool:
    """Whether the program reads the place of the file."""
    if dst.id == reading.spec.id or dst.id in by_place(reading.path):
        return True
    return any(
        dst.id == other.id or dst.program == name for other, name, _ in shared_readers(reading.spec, at=reading.path)
    )


def _as_it_lies(dst: Spec, reading: Reading, program: Reading) -> Reading | None:
    if dst.id == reading.spec.id:
        return program
    if dst.id in by_place(reading.path):
        return read_program(dst, reading.text, reading.path)
    for other, name, _ in shared_readers(reading.spec, at=reading.path):
        if dst.id == other.id or dst.program == name:
            return read_program(other, reading.text, reading.path)
    return None
