"""``--target``: would the file load in that program, as it lies or converted, and what would it mean there."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv import rights as counting
from agentconv.bodies.company import Company, gathered, member
from agentconv.checking.checked import Checked, Reader
from agentconv.checking.finding import Finding, Severity
from agentconv.model import Agent
from agentconv.notes import Note
from agentconv.reading.context import Read
from agentconv.reading.engine import read_program
from agentconv.registry import load
from agentconv.spec import Spec

TOLD = ("P001", "P002", "C013")  # what becomes of the prompt: for information
SEVERITY: dict[str, Severity] = {"error": "error", "widens": "error", "narrows": "warning"}


def produce(checked: Checked) -> Iterator[Finding]:
    """For each target that does not read the file anyway: what it would make of it, and what a conversion does."""
    if not checked.author.agents:
        return
    for id in checked.targets:
        dst = load(id)
        reader = next((r for r in checked.readers if r.spec.id == id or r.program == dst.program), None)
        if reader is not None:
            yield from _read_there(checked, reader)
            continue
        if dst.syntax == checked.spec.syntax and not dst.many:
            yield from _as_it_lies(checked, dst)
        for read in checked.author.agents:
            yield from _converted(checked, read, dst)


def _read_there(checked: Checked, reader: Reader) -> Iterator[Finding]:
    """The target reads the file where it lies: what is wrong with that, the other findings say."""
    for read in checked.author.agents:
        twin = reader.twin(read, len(checked.author.agents))
        if twin is None:
            continue
        given, asked = _rights(twin, reader.spec, True), _rights(read, checked.spec, False)
        yield checked.finding(
            "C044", "info", f"{reader.program} reads the file as it lies", read=read, reader=reader, meant=asked,
            does=f"gives it: {given}",
        )  # fmt: skip


def _rights(read: Read, spec: Spec, program: bool) -> str:
    return ", ".join(counting.spelled(counting.of_agent(read.agent, spec, program=program, usual=program))) or "nothing"


def _as_it_lies(checked: Checked, dst: Spec) -> Iterator[Finding]:
    """Copied to the target's place without a change."""
    reading = read_program(dst, checked.text, checked.path, checked.author.get)
    reader = Reader(dst, dst.program, False, reading)
    for read in checked.author.agents:
        twin = reader.twin(read, len(checked.author.agents))
        if twin is None:
            reason = f": {reading.reason}" if reading.reason else ""
            message, does = f"copied as it is, it would not load in {dst.program}{reason}", "would not load it"
        else:
            message = f"copied as it is, it would load in {dst.program}"
            does = f"would give it: {_rights(twin, dst, True)}"
        asked = _rights(read, checked.spec, False)
        yield checked.finding(
            "C044",
            "info",
            message,
            read=read,
            reader=reader,
            meant=asked,
            does=does,
            mend=f"agentconv convert --to {dst.id}",
        )


def _converted(checked: Checked, read: Read, dst: Spec) -> Iterator[Finding]:
    """What ``convert`` would say: its worst notes are findings."""
    from agentconv.convert import convert_read  # a check without targets converts nothing
    from agentconv.lowering.lower import Options

    made = convert_read(read, checked.author, checked.owner.reading, dst, Options(), _company(checked, dst))
    reader = Reader(dst, dst.program, False, checked.owner.reading)
    own = {(n.code, n.path, n.message) for n in (*read.notes, *checked.author.notes)}
    for one in made.notes:
        if (one.code, one.path, one.message) not in own and (one.effect in SEVERITY or one.code in TOLD):
            yield _note(checked, read, reader, one)
    before, after = (", ".join(words) or "nothing" for words in (made.rights.before, made.rights.after))
    rights = "is not written" if not made.files else f"has {after}" if not dst.text_kind else "is a text for a session"
    yield checked.finding(
        "C045", "info", f"converted to {dst.id}: {made.status}", read=read, reader=reader, meant=before,
        does=f"the output {rights}", mend=f"agentconv convert --to {dst.id}",
    )  # fmt: skip


def _company(checked: Checked, dst: Spec) -> Company | None:
    """The agents of the project, as the target will call them."""
    if checked.around is None:
        return None
    files = checked.around.files.get(checked.spec.id, {})
    return gathered(member(Agent(id=name, name=name), paths[0], dst) for name, paths in files.items())


def _note(checked: Checked, read: Read, reader: Reader, one: Note) -> Finding:
    node = read.where.get(one.path) or read.where.get(one.path.split("[")[0])
    at = (one.line, one.column) if one.line and one.file in ("", checked.path) else node
    return checked.finding(
        one.code, SEVERITY.get(one.effect, "info"), one.message, read=read, at=at, reader=reader, path=one.path,
        meant="as in the source", does="what a conversion would say", mend=one.help,
    )  # fmt: skip
