"""The rights of a source: the narrower of what its author asked for and what its program makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from agentconv import rights as counting
from agentconv.lowering.servers import limited_servers
from agentconv.model import Agent, Rule, Tool, Tools
from agentconv.notes import Note, note
from agentconv.proof.guilty import line_of
from agentconv.reading.context import Read, Reading
from agentconv.reading.engine import read_program
from agentconv.registry import ids, shared_readers
from agentconv.spec import Spec, risk

KEEPS = "the conversion keeps to what the file asks for"


def source_rights(read: Read, reading: Reading, program: Reading | None) -> tuple[counting.Rights, list[Note]]:
    """The narrower of what the file asks for and what its program gives, and a note where they differ."""
    agent, _ = narrowed_star(read, reading, program)
    agent, idle = narrowed_given(replace(read, agent=agent), reading, program)
    rights, notes = counted(replace(read, agent=limited_servers(agent, reading.spec)), reading, program)
    return rights, [*idle, *notes]


def counted(read: Read, reading: Reading, program: Reading | None) -> tuple[counting.Rights, list[Note]]:
    """The same for an agent that is narrowed already."""
    author = counting.of_agent(read.agent, reading.spec, program=False)
    notes: list[Note] = []
    if program is None:
        return author, notes
    if program.status != "read":
        text = f"{reading.spec.seen} makes no agent of this file: {program.reason or 'it is passed over'}"
        if not any(n.code in ("R012", "R018") for n in (*read.notes, *reading.notes)):
            notes.append(note("R012", text, file=reading.path, line=line_of(program.reason, reading)))
        return author, notes
    twin = same_agent(read, program)
    if twin is None:
        return author, notes
    given = _given(twin.agent, reading.spec)
    notes += _read_elsewhere(reading, given)
    bounds = _bounds_of_patterns(read.agent, twin.agent)
    compared = comparable(twin.agent, read.agent, reading.spec)
    there = given if compared is twin.agent else _given(compared, reading.spec)
    more = frozenset(r for r in counting.gained(author, there) if r.cls not in bounds)
    if more and reading.spec.tools.control != "none" and reading.spec.tools.singles:  # else nobody knows what it gives
        text = f"{reading.spec.seen} gives this agent more than the file asks for: {', '.join(counting.spelled(more))}"
        notes.append(note("R011", text, path="tools", file=reading.path, line=1, help=KEEPS))
    return author, notes


def comparable(given: Agent, asked: Agent, spec: Spec) -> Agent:
    """What a program gives, to be held to what was asked for. A pattern that the program takes denies the tools of
    servers that it matches; which these are stands in no file, and who asked is taken to mean all of the server."""
    if not spec.tools.fact("wildcards"):
        return given
    closed = {rule.at for rule in given.tools.rules if rule.effect == "deny"}
    rules = tuple(r for r in asked.tools.rules if r.effect == "deny" and _is_pattern(r.tool) and r.at in closed)
    return replace(given, tools=replace(given.tools, rules=(*given.tools.rules, *rules))) if rules else given


def _is_pattern(tool: Tool) -> bool:
    return tool.server is not None and not tool.caps and any(sign in tool.name for sign in "*?+")


def _bounds_of_patterns(agent: Agent, twin: Agent) -> set[str]:
    """The servers that stand for a pattern of tools: no more than these, and how much less nobody knows."""
    patterns = {r.at for r in agent.tools.rules if not r.tool.caps and r.tool.server is None and "*" in r.tool.name}
    return {f"mcp:{r.tool.server}" for r in twin.tools.rules if r.tool.server is not None and r.at in patterns}


def _given(agent: Agent, spec: Spec) -> counting.Rights:
    return counting.of_agent(limited_servers(agent, spec, as_meant=False), spec, program=True, usual=True)


def _read_elsewhere(reading: Reading, given: counting.Rights) -> list[Note]:
    """Another program whose home the source's place is may make less or more of the same file."""
    out = []
    for other, program, equal in shared_readers(reading.spec, at=reading.path):
        if not equal:
            continue
        seen = read_program(other, reading.text, reading.path)
        if seen.status == "read" and seen.agents:
            theirs = _given(seen.agents[0].agent, other)
            if counting.gained(theirs, given) or counting.gained(given, theirs):
                words = ", ".join(counting.spelled(theirs)) or "nothing"
                text = f"{other.seen or program} reads this file, too, and gives: {words}"
                # what the file's own program gives and the other does not: the copy has more than the other shows;
                # and an agent without any tool may not be what somebody wanted
                does = "keeps to that" if counting.gained(theirs, given) else "" if given else "takes it so"
                help = f"--from {other.id} {does}" if does and other.id in ids() else ""
                out.append(note("R011", text, path="tools", help=help))
    return out


def same_agent(read: Read, program: Reading) -> Read | None:
    """The same agent in another reading of the file."""
    if len(program.agents) == 1 and not program.spec.many:
        return program.agents[0]
    return next((other for other in program.agents if other.agent.id == read.agent.id), None)


def narrowed(read: Read, reading: Reading, program: Reading | None) -> tuple[Agent, list[Note]]:
    """The agent without what nobody asked for by name and its program does not give either."""
    agent, star = narrowed_star(read, reading, program)
    agent, idle = narrowed_given(replace(read, agent=agent), reading, program)
    return agent, [*star, *idle]


def narrowed_star(read: Read, reading: Reading, program: Reading | None) -> tuple[Agent, list[Note]]:
    """A `*` that the program does not take for one means what the program makes of it."""
    agent = read.agent
    twin = same_agent(read, program) if program is not None and program.status == "read" else None
    said_all = agent.tools.base == "all" and reading.spec.tools.control == "list"
    if twin is None or not said_all or counting.base_open(twin.agent.tools, reading.spec):
        return agent, []
    text = f"{reading.spec.seen} takes this `*` for the name of one tool, which gives nothing"
    said = note("T016", text, path="tools", file=reading.path, effect="narrows")
    return replace(agent, tools=twin.agent.tools), [said]


def narrowed_given(read: Read, reading: Reading, program: Reading | None) -> tuple[Agent, list[Note]]:
    """Everything less what is denied holds no class of which the program gives nothing.

    Claude Code 2.1.328 (run) hands Grep and Glob over only where a list names them: an agent with Read and Bash denied
    has nothing that reads. Where it has another tool of the class (only Bash denied) the right is the same, and tools
    that merely share the class stay: to lose them would be for no reason. What a rule names was asked for.
    """
    agent, spec = read.agent, reading.spec.of_mode(read.agent.mode)
    twin = same_agent(read, program) if program is not None and program.status == "read" else None
    if twin is None or spec.tools.control == "none" or not spec.tools.singles:
        return agent, []
    given = _given(twin.agent, spec)
    asked_for = counting.of_agent(agent, spec, program=False)
    less = counting.gained(given | counting.of_ambient(spec), asked_for)
    if not less:
        return agent, []
    rules = _idle(agent, twin.agent, spec, {r.cls for r in less})
    agent = replace(agent, tools=Tools(agent.tools.base, (*agent.tools.rules, *rules)))
    gone = counting.lost(asked_for, counting.of_agent(agent, spec, program=False))
    if not gone:
        return read.agent, []
    words = ", ".join(counting.spelled(gone))
    text = f"{spec.seen} gives this agent less than everything but what it denies: nothing of {words}"
    help = "the conversion keeps to what the program gives; a tool that the file names counts as asked for"
    return agent, [note("R011", text, path="tools", file=reading.path, line=1, help=help)]


def _idle(agent: Agent, twin: Agent, spec: Spec, classes: Set[str]) -> Iterator[Rule]:
    """Denials of what no tool of the program gives and no rule names, of these classes."""
    names = spec.tools.singles
    given = counting.by_name(twin.tools, spec, usual=True)
    there = {c for name, grant in given.items() if grant.any for c in names[name].gives}
    beside = counting.base_open(agent.tools, spec)  # a name beside everything is one that it has or has not
    asked = (r for r in agent.tools.rules if r.effect == "allow" and not (beside and r.tool.name in given))
    there |= {c for rule in asked for c in rule.tool.caps}
    at = {rule.tool.name: rule.at for rule in agent.tools.rules}
    for name in names.values():
        idle = tuple(c for c in name.gives if c not in there and risk(c) in classes)
        if idle and not (name.off and name.name not in at):
            yield Rule("deny", Tool(name.name, idle), at=at.get(name.name, "tools"))
    if counting.MCP in classes and spec.tools.mcp.get("never"):
        yield Rule("deny", Tool(counting.MCP, server="*"), at="tools")
