"""A prompt rewritten where it stands in its file, for the same format: not a byte changes but the words."""

from __future__ import annotations

from dataclasses import dataclass

from agentconv.bodies.company import Company, offsets, scene
from agentconv.bodies.rewrite import edits
from agentconv.bodies.telling import at
from agentconv.lowering.lowered import Edit, Options
from agentconv.notes import Note, note
from agentconv.reading.context import Read, Reading

Splice = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The changes to one prompt, the same in the text of its file, and what is to be said."""

    edits: tuple[Edit, ...]
    splices: tuple[Splice, ...]
    notes: tuple[Note, ...]


def rewritten(reading: Reading, read: Read, company: Company | None, options: Options) -> Rewritten:
    """What was asked for and can be done in one prompt of the file."""
    spec, prompt = reading.spec, read.agent.prompt or ""
    around = scene(reading, read, company, spec)
    what = options.rewrite - {"names"}  # in the same format every agent keeps its name
    found = edits(prompt, around, spec, spec, what, options.in_code)
    where = offsets(reading, read)
    made: list[Edit] = []
    splices: list[Splice] = []
    said: list[Note] = []
    for one in found:
        start = where(one.start)
        if start >= 0 and reading.text.startswith(one.old, start):
            made.append(one)
            splices.append((start, start + len(one.old), one.new))
            said.append(at(around, one.start, "P003", f"`{one.old}` became `{one.new}` in the prompt"))
    if len(made) < len(found):
        text = "the prompt does not stand in the file as it is; written to another format it would be rewritten"
        said.append(note("P016", text, path="prompt"))
    elif not found and prompt:
        text = f"nothing to rewrite: what the prompt says holds in {spec.program} where the file goes"
        said.append(note("P016", text, path="prompt"))
    return Rewritten(tuple(made), tuple(splices), tuple(said))
