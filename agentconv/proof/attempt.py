"""One way of writing an agent: rendered, merged and read back as the target's program reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from agentconv import rights as counting
from agentconv.lowering.lowered import Lowered, Options
from agentconv.model import Agent, Rule, Tool, Tools
from agentconv.notes import Note, note
from agentconv.output.render import LayoutError, output_path, render, rows_of
from agentconv.output.scalars import Unwritable
from agentconv.reading.engine import read_program
from agentconv.records import dataclass
from agentconv.registry import shared_readers
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.bodies.company import Scene


@dataclass(slots=True)
class Job:
    """One agent on its way to one target."""

    agent: Agent
    src: Spec
    dst: Spec
    before: counting.Rights
    options: Options
    newline: str = "\n"
    scene: Scene | None = None  # what the prompt may speak of
    names: Mapping[str, str] = field(default_factory=dict)  # of other agents, as the source and as the target has them


@dataclass(slots=True)
class Seen:
    """The output as another program reads it that has this place, too."""

    spec: Spec
    program: str
    equal: bool  # the place is its home, too
    agent: Agent | None  # None: it does not load the file
    gained: counting.Rights = frozenset()


@dataclass(slots=True)
class Attempt:
    """One way of writing the agent, read back."""

    lowered: Lowered
    path: str
    text: str
    back: Agent
    rights: counting.Rights
    gained: counting.Rights
    seen: list[Seen] = field(default_factory=list)

    @property
    def gained_elsewhere(self) -> counting.Rights:
        """What a program whose home this place is, too, would give more."""
        return frozenset(r for seen in self.seen if seen.equal for r in seen.gained)


def attempt(job: Job, lowered: Lowered) -> Attempt | Note:
    """The agent written and read back, or the error that prevents it. An entry of a shared file is proved alone; what
    the whole file will hold is proved when all entries are in it (``proof.merging``)."""
    path = output_path(lowered.agent, job.dst, job.options.user)
    try:
        text = written(lowered.agent, job.dst, job.newline)
    except LayoutError as error:
        return note("F041", f"the template of `{job.dst.id}` fails: {error}", file=path)
    except Unwritable as error:
        return note("C003", f"{error}: not written", file=path)
    back = read_back(job.dst, text, path, lowered.agent)
    if isinstance(back, str):
        return note("V001", f"{job.dst.program} would not take the output: {back}", file=path)
    # what a session of its own reads gives no rights and takes none
    after = frozenset() if job.dst.text_kind else counting.of_agent(back, job.dst, program=True)
    before = lowered.counted(job.before)
    gained = frozenset() if job.dst.text_kind else counting.gained_there(before, after, job.dst)
    ambient = frozenset(r for r in counting.of_ambient(job.dst) if r.cls in ("writes", "runs"))
    made = Attempt(lowered, path, text, back, after, gained | counting.gained(before, ambient))
    others = shared_readers(job.dst, job.options.user, path)
    made.seen = [_seen(job, other, program, equal, made) for other, program, equal in others]
    return made


def written(agent: Agent, dst: Spec, newline: str = "\n") -> str:
    """The agent as text: a whole file, or a shared one that holds it alone."""
    if not dst.many:
        return render(agent, dst, newline)
    from agentconv.output.shared import new_file, put_sections

    if dst.syntax == "sections":
        return put_sections(None, [(agent.id, section(agent, dst))], dst.container)
    return new_file(dst, [(agent.id, rows_of(agent, dst))])


def section(agent: Agent, dst: Spec) -> str:
    """The agent as a section of a text."""
    return render(agent, dst).rstrip("\n")


def read_back(dst: Spec, text: str, path: str, meant: Agent) -> Agent | str:
    """What the target's program makes of it, or why it does not take it."""
    back = read_program(dst, text, path, more=dst.many)
    if back.status != "read":
        return back.reason or "it passes it over"
    for read in back.agents:
        if not dst.many or read.agent.id == meant.id:
            return _same_servers(read.agent, meant, dst)
    return "the entry is not there"


def _same_servers(back: Agent, meant: Agent, dst: Spec) -> Agent:
    """`my_docs_read` can be read as a tool of `my` or of `my_docs`, and `get_it` stands for `get-it` where the program
    changes characters in the names of servers and tools: the text is all that it compares."""
    if not (dst.tools.mcp_is_loose or dst.tools.mcp.get("clean")):
        return back
    names: dict[str, dict[Tool, None]] = {}  # one key may be a tool of several servers
    for rule in meant.tools.rules:
        if rule.tool.server:
            names.setdefault(rule.tool.name, {})[rule.tool] = None
    rules: tuple[Rule, ...] = ()
    for r in back.tools.rules:
        same = [replace(r, tool=tool) for tool in names.get(r.tool.name, ()) if r.tool.server]
        rules += tuple(one for one in same if one not in rules) or ((r,) if not same else ())
    return back if rules == back.tools.rules else replace(back, tools=Tools(back.tools.base, rules))


def _seen(job: Job, other: Spec, program: str, equal: bool, made: Attempt) -> Seen:
    read = read_program(other, made.text, made.path)
    if read.status != "read" or not read.agents:
        return Seen(other, program, equal, None)
    agent = _no_servers(read.agents[0].agent, job.dst)
    rights = counting.of_agent(agent, other, program=True)
    return Seen(
        other,
        program,
        equal,
        agent,
        counting.gained_there(made.lowered.counted(job.before), rights, other),
    )


def _no_servers(agent: Agent, dst: Spec) -> Agent:
    """A tool of the target is no MCP tool elsewhere: nobody has a server of the name `vscode` with that tool."""
    rules = tuple(r for r in agent.tools.rules if not (r.tool.server and dst.tools.own(r.tool.name)))
    return replace(agent, tools=Tools(agent.tools.base, rules))
