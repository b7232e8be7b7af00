"""The same format in and out: the source's text, edited by place. Only what a note speaks of changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agentconv import rights as counting
from agentconv.containers import Document
from agentconv.convert import BeforeAfter, Conversion, convert_reading, placed, source_rights
from agentconv.lowering.lowered import Edit, Options, after
from agentconv.notes import note
from agentconv.output.edit import edit_text
from agentconv.output.render import output_path
from agentconv.output.respelling import respelled
from agentconv.proof.guilty import line_of
from agentconv.proof.sourcerights import KEEPS
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_author, read_program

if TYPE_CHECKING:
    from agentconv.bodies.company import Company
    from agentconv.bodies.inplace import Rewritten, Splice

COPIES = "a copy in the same format says the same, and no more holds there; agentconv check tells what would"
STAYS = "T030"  # lost on the way to other programs only


def convert_same(
    reading: Reading, options: Options, company: Company | None = None, in_place: bool = False
) -> list[Conversion]:
    """One result for the file: byte for byte, but for repaired values, names of other programs, and what was asked to
    be rewritten in prompts. Of a file of many each agent is a result, all with the same file."""
    if not reading.agents:
        status = "failed" if any(n.effect == "error" for n in reading.notes) else "skipped"
        empty = BeforeAfter([], [])
        return [
            Conversion(status, "", reading.path, reading.spec.id, reading.spec.id, empty, notes=list(reading.notes))
        ]
    if any(n.code == "R030" for n in reading.notes):  # an entry by itself goes into the shared file
        return convert_reading(reading, reading.spec, options, lambda _: None)
    bodies = _bodies(reading, options, company) if options.rewrite else [None] * len(reading.agents)
    text = normalised(reading, more=[splice for body in bodies if body for splice in body.splices])
    program = read_program(reading.spec, reading.text, reading.path, reading.get)
    again = read_program(reading.spec, text, reading.path, reading.get)
    out = []
    for n, (read, body) in enumerate(zip(reading.agents, bodies, strict=True)):
        before, notes = source_rights(read, reading, program)
        if any(one.help == KEEPS for one in source_rights(read, reading, again)[1]):
            notes = [replace(one, help=COPIES) if one.help == KEEPS else one for one in notes]
        result = Conversion(
            "exact", read.agent.id or read.agent.name or "", reading.path, reading.spec.id, reading.spec.id,
            BeforeAfter(counting.spelled(before), []),
            notes=[*(reading.notes if n == 0 else []), *(x for x in read.notes if x.code != STAYS), *notes,
                   *(body.notes if body else ())],
            agent=read.agent, entry=read.agent.id if reading.spec.many else "",
        )  # fmt: skip
        _prove(result, read, reading, again, before, text, body.edits if body else ())
        if result.status != "failed":
            if body and body.edits:
                result.judge("exact")
            result.files = {output_path(read.agent, reading.spec, options.user): text.encode("utf-8")}
        result.notes = [placed(one, read, reading.path) for one in result.notes]
        out.append(result)
    if not reading.spec.many and (again.status != "read" or any(r.status == "failed" for r in out)):
        # no edit helps, and an output has to load: written anew
        anew = convert_reading(reading, reading.spec, options, lambda _: None)
        if text != reading.text or all(r.status != "failed" for r in anew):
            return [_beyond_repair(one, reading, program) for one in anew]
    if reading.spec.many and not in_place:
        anew = convert_reading(reading, reading.spec, options, lambda _: None, company)
        apart = [_without_ambient(one) for one in anew]
        if again.status != "read" or any(r.failed for r in out):  # the others have a place without the broken one
            return [_beyond_repair(one, reading, program) for one in apart]
        for result, one in zip(out, apart, strict=True):
            result.apart = one
    return out


def _without_ambient(result: Conversion) -> Conversion:
    """What its program gives every agent, it gave this one, too."""
    had = len(result.notes)
    result.notes = [n for n in result.notes if (n.code, n.path) != ("T012", "tools")]
    if len(result.notes) < had:
        result.judge(result.status)
    return result


def _beyond_repair(result: Conversion, reading: Reading, program: Reading) -> Conversion:
    """A file that its program does not load for what nobody but its author can put in: no mistake of ours."""
    found = next((n for n in result.notes if n.code == "V001" and not n.path), None)
    if program.status == "read" or found is None:
        return result
    reason = found.message.partition(": ")[2] or program.reason
    text = f"not written: {program.spec.seen} does not load this file, and no edit of ours mends it: {reason}"
    help = "put in what is missing, or take the key out, and convert again"
    result.notes = [
        *(n for n in result.notes if n is not found),
        note("R012", text, file=result.source, line=line_of(reason, reading), effect="error", help=help),
    ]
    return result


def _bodies(reading: Reading, options: Options, company: Company | None) -> list[Rewritten | None]:
    from agentconv.bodies.inplace import rewritten

    return [rewritten(reading, read, company, options) if read.agent.prompt else None for read in reading.agents]


def normalised(reading: Reading, names: bool = True, more: Sequence[Splice] = ()) -> str:
    """The source with its repairs and (``names``) with foreign and dead tool names in the program's own words.
    ``more``: other changes, by place."""
    document = reading.document
    assert document is not None
    splices = list(more)
    splices += [(r.start, r.end, r.new) for r in document.remarks if r.end >= 0]
    for read in reading.agents if names else ():
        splices += respelled(read, document, reading.spec)
        for k in read.keys:  # in JSON its quotes stand round it
            quoted = int(document.text[k.start : k.end] == f'"{k.text}"')
            if quoted or document.text[k.start : k.end] == k.text:
                splices.append((k.start + quoted, k.end - quoted, k.new or k.text))
    if _wrapped(reading):
        splices += _unwrapped(document)
    return edit_text(reading.text, _without_overlaps(splices))


def _wrapped(reading: Reading) -> bool:
    """A fence round the file, or something in front of the header: the program would not find the header."""
    remarks = reading.document.remarks if reading.document is not None else []
    return not reading.spec.many and any(r.code in ("R008", "R019") and r.end < 0 for r in remarks)


def _unwrapped(document: Document) -> list[tuple[int, int, str]]:
    text = document.text
    opening = text.rfind("\n", 0, max(document.header_start - 1, 0)) + 1
    whole = text[opening:].startswith("---")
    splices = [(0, opening, "") if whole else (0, document.header_start, f"---{document.newline}")]
    closed = text.find("\n", document.header_end) + 1
    if 0 < closed < document.body_start and text[closed : document.body_start].strip():  # a fence round the header only
        splices.append((closed, document.body_start, document.newline))
    if text[document.body_end :].strip():  # the closing line of the fence; the line end in front of it stays
        splices.append((document.body_end, len(text), document.newline if document.body_end else ""))
    return splices


def _without_overlaps(splices: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for splice in sorted(splices):
        if not kept or splice[0] >= kept[-1][1]:
            kept.append(splice)
    return kept


def _prove(
    result: Conversion,
    read: Read,
    reading: Reading,
    again: Reading,
    before: counting.Rights,
    text: str,
    edits: tuple[Edit, ...] = (),
) -> None:
    """Read back: the program must not get more than the file asked for, nor lose what the author reading had."""
    spec = reading.spec
    if again.status != "read":
        why = again.reason or "it is passed over"
        if not any(one.code == "R012" and why in one.message for one in result.notes):  # said of the source already
            text = f"{spec.seen} makes no agent of this file: {why}"
            result.notes.append(note("R012", text, line=line_of(why, reading)))
        result.rights = BeforeAfter(result.rights.before, [])
        return
    twin = next((r for r in again.agents if r.agent.id == read.agent.id), None) or next(iter(again.agents), None)
    if twin is None:
        return
    given = counting.of_agent(twin.agent, spec, program=True, usual=True)
    result.rights = BeforeAfter(result.rights.before, counting.spelled(given))
    if text == reading.text:
        return
    had = {r.cls for r in before}  # a scope that the program does not enforce was none before either
    if more := frozenset(r for r in counting.gained(before, given) if r.cls not in had):
        words = ", ".join(counting.spelled(more))
        result.notes.append(note("V002", f"the edited file would give more: {words}", path="tools", file=reading.path))
        result.status = "failed"
        return
    back = read_author(spec, text, reading.path, reading.get)
    was = counting.of_agent(read.agent, spec, program=False)
    same = next((r for r in back.agents if r.agent.id == read.agent.id), None)
    now = counting.of_agent(same.agent, spec, program=False) if same else frozenset()
    if same is None or counting.gained(was, now) or (same.agent.prompt or "") != after(read.agent.prompt or "", edits):
        result.notes.append(note("V001", "the edited file does not read back as the source", file=reading.path))
        result.status = "failed"
