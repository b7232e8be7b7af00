"""agentconv as a library: text in, text out. Nothing here prints, reads a disk or keeps state.

import agentconv

made = agentconv.convert_text(text, to=ID, path="where/it/lies.md")
print(made.status, made.rights.after, made.text)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agentconv import convert
from agentconv.containers import MAX_BYTES
from agentconv.conversion import Conversion
from agentconv.lowering.lowered import Options
from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.reading.context import Reading
from agentconv.reading.deciding import decide
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import UnknownFormat, ids, load
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.checking.finding import Finding

Get = Callable[[str], "str | None"]

__all__ = [
    "NotOneAgent",
    "NotReadable",
    "UnknownFormat",
    "check_text",
    "convert_text",
    "convert_texts",
    "formats",
    "read",
    "render",
]


class NotReadable(ValueError):
    """The text is of no format, of several, too large, or none that a file can hold; ``note`` says what to do."""

    def __init__(self, note: Note) -> None:
        super().__init__(f"{note.code} {note.message}" + (f"; {note.help}" if note.help else ""))
        self.note = note


class NotOneAgent(ValueError):
    """The text holds several agents; ``convert_texts`` gives them all."""


def formats(*, written: bool = False) -> list[str]:
    """The ids of the formats, those with more users first; ``written``: only those that can be converted to."""
    from agentconv.registry import targets

    return targets() if written else ids()


def read(
    text: str,
    *,
    from_: str | None = None,
    path: str = "",
    program: bool = False,
    get: Get | None = None,
    max_bytes: int = MAX_BYTES,
) -> Reading:
    """The agents of a text, with notes: ``[one.agent for one in read(…).agents]``.

    ``from_`` names the format; without it ``path`` and the text decide, and ``NotReadable`` is raised where they do
    not. ``program``: as the owning program reads it, not as its author meant it. ``get`` gives the text of a file that
    the definition names, ``None`` where there is none. A text of more than ``max_bytes`` is ``NotReadable``, too.
    """
    spec = load(_known(text, from_, path, max_bytes))
    reader = read_program if program else read_author
    return reader(spec, text, path or convert.usual_path(spec), get)


def convert_text(
    text: str,
    *,
    to: str,
    from_: str | None = None,
    path: str = "",
    options: Options | None = None,
    get: Get | None = None,
    max_bytes: int = MAX_BYTES,
) -> Conversion:
    """The one agent of a text in another format, proved: ``.status``, ``.notes``, ``.rights``, ``.files``, ``.text``.

    Bad input is a status and a note, never an exception; ``NotReadable`` says that the format cannot be told, that the
    text has more than ``max_bytes`` or half of a surrogate pair, ``UnknownFormat`` that ``to`` or ``from_`` is none,
    ``NotOneAgent`` that the text holds several. ``get`` gives what stands at an output's place now, for
    formats that keep many agents in one file.
    """
    made = convert_texts(text, to=to, from_=from_, path=path, options=options, get=get, max_bytes=max_bytes)
    if len(made) > 1:
        raise NotOneAgent(f"{len(made)} agents in this text; convert_texts gives them all")
    return made[0]


def convert_texts(
    text: str,
    *,
    to: str,
    from_: str | None = None,
    path: str = "",
    options: Options | None = None,
    get: Get | None = None,
    max_bytes: int = MAX_BYTES,
) -> list[Conversion]:
    """All agents of a text in another format; at least one result, which says why where there is no agent."""
    source = _known(text, from_, path, max_bytes)
    return convert.convert_text(text, from_=source, to=to, path=path, options=options, get=get)


def check_text(
    text: str,
    *,
    from_: str | None = None,
    path: str = "",
    targets: Sequence[str] = (),
    get: Get | None = None,
    max_bytes: int = MAX_BYTES,
) -> list[Finding]:
    """Where the programs that read a file do something else than it says, worst first within a line.

    ``path`` is where the file lies: it decides which other programs read it. ``targets``: would it load there, and what
    would it mean? What the neighbours of a file decide (two agents of one name, a skill that is not there) is left out.
    """
    from agentconv.checking.checked import open_checked
    from agentconv.checking.producers import findings

    spec = load(_known(text, from_, path, max_bytes))
    checked = open_checked(spec, text, path or _own_place(text, spec), get=get)
    checked.targets = tuple(targets)
    return findings(checked)


def render(agent: Agent, to: str, *, from_: str = "agentconv", options: Options | None = None) -> Conversion:
    """An agent of the model in a format, proved. ``from_`` is the format whose words its tools are in."""
    return convert.convert_agent(agent, from_, to, options)


def _own_place(text: str, spec: Spec) -> str:
    """Where a text without a path would lie: under its agent's own name."""
    agents = read_author(spec, text, "").agents
    return convert.usual_path(spec, (agents[0].agent.name or "agent") if agents else "agent")


def _known(text: str, from_: str | None, path: str, max_bytes: int) -> str:
    """The format of a text that is not too large, and is one: half a surrogate pair cannot be written to a file."""
    try:
        if len(text) > max_bytes or len(text.encode("utf-8")) > max_bytes:
            raise NotReadable(note("R017", f"more than the limit of {max_bytes:,} bytes", help="max_bytes raises it"))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        said = f"half of a surrogate pair (line {line}): no file can hold it"
        help = "decode the text as UTF-8, without surrogates"
        raise NotReadable(note("R001", said, line=line, help=help)) from error
    if from_:
        return from_
    found, problem = decide(path, text, path)
    if found is None:
        assert problem is not None
        raise NotReadable(problem)
    return found
