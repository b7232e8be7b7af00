"""What is to be said once an attempt is read back: refusals, leave given, rights lost, other readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agentconv import rights as counting
from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.proof import verify
from agentconv.proof.attempt import Attempt, Job, Seen
from agentconv.registry import condition
from agentconv.spec import Spec, risk


def refusal(job: Job, made: Attempt, gained: list[str]) -> Note | None:
    """The message of a refusal, or ``None`` where nothing was gained or the user allowed all of it."""
    classes = [("limits" if g.startswith("limit:") else g.split("(")[0]) for g in gained]
    before = made.lowered.counted(job.before)
    with_leave = before | {counting.Right(c) for c in job.options.allow_widening if c != "*"}
    within = not counting.gained(with_leave, made.gained)  # who may run commands may do the rest with them
    if all(job.options.allows(c) for c in classes if c == "limits" or not within):
        return None
    dst = job.dst
    limits = made.lowered.limits
    rights = [g for g in gained if not g.startswith("limit:")]
    parts = []
    if rights:
        parts.append(f"the agent would gain {', '.join(rights)}")
    if limits:
        keys = ", ".join(job.src.key_of(name) for name in limits)  # no sign: of many agents each has its own
        parts.append(f"it would lose the limit{'s' * (len(limits) > 1)} {keys}")
    why = str(dst.tools.fact("why") or "") if dst.tools.enforced == "no" and rights else ""
    text = f"not written: in {dst.seen} {' and '.join(parts)}" + (f" ({why})" if why else "")
    asked = ",".join(dict.fromkeys(classes))
    return note(
        "C012", text, path="tools" if rights else limits[0], cause=f"{dst.id}:{asked}",
        help=f"--allow-widening {asked} writes it, --skip-refused leaves it out",
    )  # fmt: skip


# Limits on what tools do, and tools that do nothing to the world outside: they talk.
ON_TOOLS = frozenset(("hooks", "isolation", "sandbox", "permission_mode"))
TALK = frozenset(("ask", "todo", "finish"))


def without_idle_limits(job: Job, made: Attempt) -> Attempt:
    """A limit on tools that the target cannot hold is none where it leaves the agent no tool at all: a hook that stops
    a call has none to stop. Other hooks are no limits: they run commands themselves, and with them nothing is gained.
    What the file itself starts (servers, hooks) would run without the isolation: that is another matter."""
    lowered = made.lowered
    idle = [name for name in lowered.limits if name in ON_TOOLS]
    agent = lowered.agent
    if not idle or agent.mcp_servers or agent.hooks or not _only_talks(made.back, job.dst):
        return made
    if any(seen.equal and seen.agent is not None and not _only_talks(seen.agent, seen.spec) for seen in made.seen):
        return made
    notes = [_idle(one) if one.code == "L003" and one.path in idle else one for one in lowered.notes]
    limits = [name for name in lowered.limits if name not in idle]
    return replace(made, lowered=replace(lowered, notes=notes, limits=limits))


def _only_talks(agent: Agent, spec: Spec) -> bool:
    """Whether an agent has no tool, and its program is known to hold to that."""
    if spec.text_kind or spec.tools.enforced != "yes" or spec.tools.control in ("none", "any"):
        return False
    if counting.of_agent(agent, spec, program=True) or any(
        g.any for g in counting.by_server(agent.tools, spec).values()
    ):
        return False
    tools = counting.added_by_fields(agent, spec)
    named = counting.by_name(tools, spec.of_mode(agent.mode))
    caps = {cap for name, grant in named.items() if grant.any for cap in spec.tools.names[name].gives}
    caps |= {cap for cap, grant in counting.by_capability(tools, spec).items() if grant.any} if not named else set()
    return caps | {cap for given in spec.ambient.values() for cap in given} <= TALK


def _idle(one: Note) -> Note:
    text = one.message.split("; the limit")[0]
    return note("L001", f"{text}; the agent has no tool there that it would limit", path=one.path)


def too_strict(dst: Spec, ambient: list[str]) -> Note:
    """The message of a refusal for what the target gives every agent, which only ``--strict`` counts."""
    text = f"not written: {dst.seen} gives every agent {', '.join(ambient)}, which --strict does not let pass"
    help = "without --strict it is written, --skip-refused leaves it out"
    return note("C012", text, path="tools", cause=f"{dst.id}:strict", help=help)


def text_only(job: Job) -> list[Note]:
    """A text for a session that has rights of its own: a limit of the source is lost, and stands there in words."""
    if not job.dst.text_kind or not counting.gained(job.before, frozenset({counting.Right(counting.ALL)})):
        return []
    who = job.dst.program
    text = f"{who} gives no rights and takes none: what the agent may do is up to the session that reads it"
    return [note("L001", text, path="tools")]


def of_a_session(src: Spec, dst: Spec) -> list[Note]:
    """A text for a session, made an agent of its own: it had the session's rights, whatever these were."""
    if not src.text_kind or src.tools.control != "none" or dst.text_kind:
        return []
    text = (
        f"this file states no rights: a session with its own reads it. In {dst.program} it is an agent without limits"
    )
    help = "restrict its tools there, or convert from a source that does"
    return [note("R011", text, path="tools", help=help)]


def no_longer_said(one: Note, src: Spec, dst: Spec) -> Note:
    """A limit that stood in words only, as the source's program holds none, stands nowhere in the copy."""
    if src.tools.control != "none" or dst.tools.control == "any":
        return one
    text = (
        "agentconv's own sentence at the head of the prompt was left out, and the limit that it stated is lost with it"
    )
    help = f"{src.program} holds no limit, so all counts as a right: convert from the first source to have it"
    return note("R024", text, path=one.path, file=one.file, effect="lost", help=help)


def allowed(gain: str, src: Spec, dst: Spec) -> Note:
    """What the user let become wider."""
    if gain.startswith("limit:"):
        text = f"allowed by you: {dst.program} does not hold `{src.key_of(gain[6:])}`"
        return note("T014", text, path=gain[6:])
    return note("T014", f"allowed by you: the agent gains {gain} in {dst.program}", path="tools")


def beside_a_shell(job: Job, made: Attempt) -> list[Note]:
    """Classes that are new by name, though who has a free shell could do them with it."""
    after = counting.spread(made.rights | counting.of_ambient(job.dst))
    had = counting.unasked(made.lowered.counted(job.before), job.dst)  # a shell that asked is no free one there
    if job.dst.text_kind or not any(r.cls == "runs" and r.whole for r in had):
        return []
    new = sorted({r.cls for r in after} - {r.cls for r in job.before})
    if not new:
        return []
    text = f"{job.dst.seen} gives {', '.join(new)} beside the free shell that the agent has, which could do the same"
    return [note("T011", text, path="tools")]


def less(job: Job, made: Attempt, notes: list[Note]) -> list[Note]:
    """Rights that did not arrive are named, whatever the reason."""
    there = made.rights | counting.of_ambient(job.dst)
    gone = counting.lost(counting.spread(job.before), counting.spread(there))
    if told := _told_of(job, notes):  # of what a note speaks some may be left, of the others nothing is
        told |= {_kind(r.cls) for r in there}
        gone = frozenset(r for r in gone if _kind(r.cls) not in told)
    if job.dst.tools.fact("lacks"):
        return _never_there(job)
    if not gone or job.dst.text_kind:
        return []
    if any(r.cls == counting.ALL for r in made.rights) or made.back.tools.base == "all":
        return []
    words = ", ".join(counting.spelled(gone))
    return [
        note("T003", f"{job.dst.program} gives such an agent no tools for: {words}", path="tools", effect="narrows")
    ]


def _never_there(job: Job) -> list[Note]:
    """What no agent of the program has (`lacks`) and the source names; to all of a program all of another is equal."""
    gone = {r.cls for r in job.before} & set(job.dst.tools.fact("lacks") or ())
    if not gone:
        return []
    text = f"{job.dst.program} gives no agent a tool for: {', '.join(sorted(gone))}"
    return [note("T003", text, path="tools", effect="lost")]


def _told_of(job: Job, notes: list[Note]) -> set[str]:
    """The classes of which a note says already that something did not arrive."""
    rules = {rule.at: rule.tool for rule in job.agent.tools.rules}
    told: set[str] = set()
    for one in notes:
        if one.effect != "narrows":
            continue
        tool = rules.get(one.path)
        if one.code == "T008" or (tool is not None and tool.server is not None):
            told.add("mcp")
        elif tool is not None and tool.caps and not counting.is_star(tool):
            told |= {_kind(risk(cap)) for cap in (*tool.caps, *tool.also)}
        elif one.code == "L004":  # a field that takes classes away
            rows = (r for r in job.src.rows_with("denies") if one.path in (r.field, r.key))
            told |= {_kind(cls) for row in rows for taken in row.fact("denies").values() for cls in taken}
            closing = job.src.fields.get(one.path)
            told |= {_kind(cls) for cls in (closing.fact("held_without") or () if closing else ())}
        else:
            return {*map(_kind, (*counting.CLASSES, counting.MCP, counting.ALL))}
    return told


def _kind(cls: str) -> str:
    return cls.split(":")[0]


def white_space(job: Job) -> list[Note]:
    """The program drops white space that the source has around its prompt."""
    prompt = job.agent.prompt
    if prompt is None or not verify.trims(job.dst) or verify.trimmed(prompt) == prompt.rstrip("\r\n"):
        return []
    return [note("C011", f"{job.dst.program} drops the white space around the prompt", path="prompt")]


def other_readers(job: Job, made: Attempt) -> list[Note]:
    """What the other programs that read this place make of the output."""
    out = []
    more: dict[tuple[str, ...], list[str]] = {}
    for seen in made.seen:
        if seen.agent is None:
            out.append(note("C004", f"{seen.program} reads this place, too, and does not load this file", path=""))
        elif seen.equal:
            out += [*_only_one(job.dst, made, seen), *_bare(job, made, seen)]
        elif seen.gained:
            when = condition(job.dst, seen.program)
            name = seen.program + (f" ({when})" if when else "")
            more.setdefault(tuple(counting.spelled(seen.gained)), []).append(name)
    for words, programs in _together(more):
        reads, gives = ("read", "give") if len(programs) > 1 else ("reads", "gives")
        names = _named(programs)
        text = f"{names} {reads} this place, too, and {gives} more there: {', '.join(words)}"
        out.append(note("C004", text, path="tools"))
    return out


def _together(more: Mapping[tuple[str, ...], list[str]]) -> Iterator[tuple[list[str], list[str]]]:
    """The programs that give the same, with those that give all of it but one right."""
    joined: dict[tuple[str, ...], tuple[str, ...]] = {}
    for few in sorted(more, key=len, reverse=True):
        many = next((m for m in more if m not in joined and set(few) < set(m) and len(m) == len(few) + 1), None)
        if many is not None:
            joined[few] = many
    for words in (words for words in more if words not in joined):
        others = {few: more[few] for few, many in joined.items() if many == words}
        names = [*more[words], *(name for held in others.values() for name in held)]
        less = {word: [n for few, held in others.items() if word not in few for n in held] for word in words}
        yield [f"{word} (not {_named(less[word])})" if less[word] else word for word in words], names


def _named(programs: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(programs[:-1]), programs[-1]]))


def _bare(job: Job, made: Attempt, seen: Seen) -> list[Note]:
    """Words of the list that are names of servers' tools as well to another program, and not to the target's."""
    mcp = seen.spec.tools.mcp
    if mcp.get("bare") != "here" or counting.contains(job.before, counting.Right(counting.MCP)):
        return []
    names = [r.tool.name for r in made.back.tools.rules if r.effect == "allow" and not r.tool.server]
    words = [f"`{name}`" for name in names if seen.spec.tools.tool_separator not in name]
    if not words or job.dst.tools.mcp.get("bare") == "here":
        return []
    called = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    text = f"{seen.program} reads this place, too, and gives any MCP server's tool that is called {called} as well"
    return [note("C004", text, path="tools", effect="info")]


def _only_one(dst: Spec, made: Attempt, seen: Seen) -> list[Note]:
    """Names and fields that one of the two programs alone honours."""
    out = []
    assert seen.agent is not None
    theirs = {r.tool.name for r in seen.agent.tools.rules if r.effect == "allow"}
    ours = [r.tool.name for r in made.back.tools.rules if r.effect == "allow" and not r.tool.server]
    if unknown := [f"`{name}`" for name in ours if name not in theirs]:
        more = f" and {len(unknown) - 8} more" if len(unknown) > 9 else ""
        shown = ", ".join(unknown[:8] if more else unknown)
        text = f"{seen.program} reads this place, too, and knows no {shown}{more}"
        out.append(note("L010", text, path="tools", effect="info"))
    for name in made.back.said():
        row, mine = seen.spec.by_field.get(name), dst.by_field.get(name)
        if mine is None or name in ("prompt", "tools", "name", "description", "model") or not mine.applied:
            continue
        if row is None or not row.applied:
            text = f"only {dst.program} honours `{mine.key}`; {seen.program} at the same place does not"
            out.append(note("L010", text, path=name, effect="info"))
    return out
