"""One agent from one format to another: lower, render, read back, prove. Text in, text out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from agentconv import rights as counting
from agentconv import verify
from agentconv.containers.sections import put_section
from agentconv.engine import read_author, read_program
from agentconv.lower import Lowered, Options, guard_sentence, lower
from agentconv.model import Agent
from agentconv.notes import RANK, Note, note
from agentconv.reading import Read, Reading
from agentconv.registry import load, shared_readers
from agentconv.render import output_path, render, rows_of
from agentconv.shared import CannotMerge, others, put_entry
from agentconv.spec import Spec

Get = Callable[[str], str | None]
STATUSES = ("exact", "lossy", "narrowed", "widened", "refused", "kept", "skipped", "failed")
TIGHTEN = 5  # rounds of giving up what another reader of the place would widen


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Rights as words."""

    before: list[str]
    after: list[str]


@dataclass(slots=True)
class Conversion:
    """What became of one agent."""

    status: str
    name: str
    source: str
    format: str
    target: str
    rights: BeforeAfter
    gained: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    agent: Agent | None = None
    entry: str = ""  # the id of the entry, in a file of many
    unchanged: bool = False

    @property
    def failed(self) -> bool:
        """Nothing may be written."""
        return self.status in ("failed", "refused", "skipped")


def convert_text(
    text: str, *, from_: str, to: str, path: str = "", options: Options | None = None, get: Get | None = None
) -> list[Conversion]:
    """All agents of a file. ``get`` hands in what the outputs' places hold now."""
    src = load(from_)
    reading = read_author(src, text, path or _usual_path(src))
    return convert_reading(reading, load(to), options or Options(), get or (lambda _: None))


def _usual_path(spec: Spec) -> str:
    return str((spec.head.get("places") or {}).get("write") or "{id}.md").replace("{id}", "agent")


def convert_reading(reading: Reading, dst: Spec, options: Options, get: Get) -> list[Conversion]:
    """The agents of a file that was read. Entries for one shared file follow each other into it."""
    made: dict[str, str] = {}

    def look(path: str) -> str | None:
        return made[path] if path in made else get(path)

    if not reading.agents:
        return [_unread(reading, dst)]
    program = read_program(reading.spec, reading.text, reading.path)
    out = []
    for n, read in enumerate(reading.agents):
        result = convert_read(read, reading, program, dst, options, look)
        if n == 0:
            result.notes[:0] = [x for x in reading.notes if x not in result.notes]
            result.status = _status(result, result.status)
        for path, data in result.files.items():
            made[path] = data.decode("utf-8")
        out.append(result)
    return out


def _unread(reading: Reading, dst: Spec) -> Conversion:
    status = "failed" if any(n.effect == "error" for n in reading.notes) else "skipped"
    empty = BeforeAfter([], [])
    return Conversion(status, "", reading.path, reading.spec.id, dst.id, empty, notes=list(reading.notes))


def convert_agent(agent: Agent, from_: str, to: str, options: Options | None = None, path: str = "") -> Conversion:
    """An agent of the model, taken as one that the format ``from_`` holds."""
    src = load(from_)
    reading = Reading(src, path, "", [Read(agent)])
    return convert_read(reading.agents[0], reading, None, load(to), options or Options(), lambda _: None)


def source_rights(read: Read, reading: Reading, program: Reading | None) -> tuple[counting.Rights, list[Note]]:
    """The narrower of what the file asks for and what its program gives, and a note where they differ."""
    author = counting.of_agent(read.agent, reading.spec, program=False)
    notes: list[Note] = []
    if program is None:
        return author, notes
    place = {"file": reading.path, "line": 1}
    if program.status != "read":
        text = f"{reading.spec.seen} makes no agent of this file: {program.reason or 'it is passed over'}"
        if not any(n.code in ("R012", "R018") for n in (*read.notes, *reading.notes)):
            notes.append(note("R012", text, **place))
        return author, notes
    twin = _same_agent(read, program)
    if twin is None:
        return author, notes
    given = counting.of_agent(twin.agent, reading.spec, program=True, usual=True)
    notes += _read_elsewhere(reading, given)
    more = counting.gained(author, given)
    if more and reading.spec.tools.control != "none":
        text = f"{reading.spec.seen} gives this agent more than the file asks for: {', '.join(counting.spelled(more))}"
        notes.append(note("R011", text, path="tools", **place, help="the conversion keeps to what the file asks for"))
    return author, notes


def _read_elsewhere(reading: Reading, given: counting.Rights) -> list[Note]:
    """Another program whose home the source's place is may make less or more of the same file."""
    out = []
    for other, program, equal in shared_readers(reading.spec):
        if not equal:
            continue
        seen = read_program(other, reading.text, reading.path)
        if seen.status == "read" and seen.agents:
            theirs = counting.of_agent(seen.agents[0].agent, other, program=True, usual=True)
            if counting.gained(theirs, given) or counting.gained(given, theirs):
                words = ", ".join(counting.spelled(theirs)) or "nothing"
                out.append(note("R011", f"{other.seen or program} reads this file, too, and gives: {words}", path="tools"))
    return out


def _same_agent(read: Read, program: Reading) -> Read | None:
    if len(program.agents) == 1 and not program.spec.many:
        return program.agents[0]
    return next((other for other in program.agents if other.agent.id == read.agent.id), None)


def convert_read(
    read: Read, reading: Reading, program: Reading | None, dst: Spec, options: Options, get: Get
) -> Conversion:
    """Lower, render, read back, prove; once more with fewer rights where another program would give more."""
    src, agent = reading.spec, read.agent
    agent = _narrowed_star(agent, reading, program, read)
    if agent is not read.agent:
        read = replace(read, agent=agent)
    before, notes = source_rights(read, reading, program)
    notes = [*read.notes, *notes]
    result = Conversion(
        "failed", agent.id or agent.name or "", reading.path, src.id, dst.id, BeforeAfter(counting.spelled(before), []), notes=notes
    )
    if any(n.effect == "error" for n in notes):
        return result
    forbid: frozenset[str] = frozenset()
    newline = reading.document.newline if reading.document and dst.syntax == "frontmatter" else "\n"
    said: list[Note] = []
    for _ in range(TIGHTEN):
        lowered = lower(agent, src, dst, before, options, forbid)
        if lowered.skipped:
            result.notes += lowered.notes
            result.status = "skipped"
            return result
        if any(n.effect == "error" for n in lowered.notes):
            result.notes += lowered.notes
            return result
        attempt = _attempt(lowered, agent, src, dst, before, options, get, newline, result)
        if attempt is None:
            return result
        tighter = _shared_gain(attempt, dst, before, options) - forbid
        if not tighter:
            break
        if _cannot_tighten(dst):
            break
        said += _say_shared(attempt, dst, before)
        forbid |= tighter
    return _finish(attempt, said, agent, src, dst, before, options, result, get)


def _narrowed_star(agent: Agent, reading: Reading, program: Reading | None, read: Read) -> Agent:
    """A `*` that the program does not take for one means what the program makes of it."""
    twin = _same_agent(read, program) if program is not None and program.status == "read" else None
    said_all = agent.tools.base == "all" and reading.spec.tools.control == "list"
    if twin is None or not said_all or counting.base_open(twin.agent.tools, reading.spec):
        return agent
    text = f"{reading.spec.seen} takes this `*` for the name of one tool, which gives nothing"
    read.notes.append(note("T016", text, path="tools", file=reading.path, effect="narrows"))
    return replace(agent, tools=twin.agent.tools)


@dataclass(slots=True)
class Attempt:
    """One way of writing the agent, read back."""

    lowered: Lowered
    files: dict[str, str]
    back: Agent
    rights: counting.Rights
    gained: counting.Rights
    others_before: list[tuple[str, str]]
    others_after: list[tuple[str, str]]


def _attempt(
    lowered: Lowered,
    agent: Agent,
    src: Spec,
    dst: Spec,
    before: counting.Rights,
    options: Options,
    get: Get,
    newline: str,
    result: Conversion,
) -> Attempt | None:
    try:
        files, old = _files(lowered.agent, dst, options, get, newline)
    except CannotMerge as error:
        result.notes.append(note("F008", str(error), help="mend the file, or move it away"))
        return None
    path = next(iter(files))
    back = _read_back(dst, files[path], path, lowered.agent.id)
    if isinstance(back, str):
        result.notes += lowered.notes
        result.notes.append(note("V001", f"{dst.program} would not take the output: {back}", file=path))
        return None
    after = frozenset() if dst.text_kind else counting.of_agent(back, dst, program=True)
    gained = frozenset() if dst.text_kind else counting.gained(before, after)
    ambient = {r for r in counting.of_ambient(dst) if r.cls in ("writes", "runs")}
    gained |= counting.gained(before, frozenset(ambient))
    return Attempt(
        lowered, files, back, after, gained, others(dst, old, lowered.agent.id) if dst.many else [],
        others(dst, files[path], lowered.agent.id) if dst.many else [],
    )  # fmt: skip


def _files(
    agent: Agent, dst: Spec, options: Options, get: Get, newline: str
) -> tuple[dict[str, str], str | None]:
    path = output_path(agent, dst, options.user)
    if dst.many:
        old = get(path)
        if dst.syntax == "sections":
            return {path: put_section(old, agent.id, render(agent, dst).rstrip("\n"), dst.container)}, old
        return {path: put_entry(dst, old, agent.id, rows_of(agent, dst))}, old
    return {path: render(agent, dst, newline)}, None


def _read_back(dst: Spec, text: str, path: str, id: str) -> Agent | str:
    back = read_program(dst, text, path)
    if back.status != "read":
        return back.reason or "it passes it over"
    for read in back.agents:
        if not dst.many or read.agent.id == id:
            return read.agent
    return "the entry is not there"


def _readers(dst: Spec) -> list[tuple[Spec, str, bool]]:
    return shared_readers(dst)


def _as_read_by(other: Spec, attempt: Attempt) -> tuple[Agent | None, counting.Rights]:
    path = next(iter(attempt.files))
    back = read_program(other, attempt.files[path], path)
    if back.status != "read" or not back.agents:
        return None, frozenset()
    return back.agents[0].agent, counting.of_agent(back.agents[0].agent, other, program=True)


def _shared_gain(attempt: Attempt, dst: Spec, before: counting.Rights, options: Options) -> frozenset[str]:
    """Classes that a program whose home this place is, too, would widen."""
    classes: set[str] = set()
    for other, _, equal in _readers(dst):
        if equal:
            _, after = _as_read_by(other, attempt)
            classes |= {r.cls for r in counting.gained(before, after) if not options.allows(r.cls)}
    return frozenset(classes)


def _cannot_tighten(dst: Spec) -> bool:
    return dst.tools.control in ("none", "switch")


def _say_shared(attempt: Attempt, dst: Spec, before: counting.Rights) -> list[Note]:
    out = []
    for other, program, equal in _readers(dst):
        if equal:
            _, after = _as_read_by(other, attempt)
            if more := counting.gained(before, after):
                text = f"{program} reads this place, too, and would give more ({', '.join(counting.spelled(more))}): left out"
                out.append(note("T021", text, path="tools"))
    return out


def _finish(
    attempt: Attempt,
    said: list[Note],
    agent: Agent,
    src: Spec,
    dst: Spec,
    before: counting.Rights,
    options: Options,
    result: Conversion,
    get: Get,
) -> Conversion:
    lowered = attempt.lowered
    notes = [*lowered.notes, *said]
    gained = counting.spelled(attempt.gained) + [f"limit:{name}" for name in lowered.limits]
    result.gained = gained
    result.rights = BeforeAfter(result.rights.before, counting.spelled(attempt.rights))
    result.agent = lowered.agent
    result.entry = lowered.agent.id if dst.many else ""
    notes += _beside_a_shell(before, attempt.rights | counting.of_ambient(dst), dst)
    if gained and (refusal := _refusal(gained, attempt, dst, before, options)):
        result.notes += [*notes, refusal]
        result.status = "refused"
        result.rights = BeforeAfter(result.rights.before, [])
        return result
    if gained:
        notes += [_widened(g, dst) for g in gained]
    limited = dst.text_kind and bool(counting.gained(before, frozenset({counting.Right(counting.ALL)})))
    if limited:
        text = f"{dst.program} gives no rights and takes none: what the agent may do is up to the session that reads it"
        notes.append(note("L001", text, path="tools"))
    if (gained and attempt.gained) or limited:
        if options.guard:
            sentence = guard_sentence(before, dst.program)
            prompt = f"{sentence}\n\n{lowered.agent.prompt or ''}".rstrip("\n")
            guarded = replace(lowered, agent=replace(lowered.agent, prompt=prompt))
            notes.append(note("C002", "one sentence at the head of the prompt states the limit", path="prompt"))
            newline = "\r\n" if b"\r\n" in next(iter(attempt.files.values())).encode() else "\n"
            again = _attempt(guarded, agent, src, dst, before, options, get, newline, result)
            if again is None:
                return result
            attempt, lowered = again, guarded
    notes += _say_less(before, attempt.rights, [*notes, *result.notes], dst)
    notes += _other_readers(attempt, dst, before)
    if agent.prompt is not None and verify.trims(dst) and agent.prompt.strip() != agent.prompt.rstrip("\r\n"):
        notes.append(note("C011", f"{dst.program} drops the white space around the prompt", path="prompt"))
    problems = verify.check_meaning(lowered.agent, attempt.back, dst)
    problems += verify.check_notes(agent, attempt.back, [*result.notes, *notes], src, dst)
    if attempt.others_before != attempt.others_after:
        problems.append(note("V004", "another entry of the shared file would change", file=next(iter(attempt.files))))
    result.notes += notes
    if problems:
        result.notes += problems
        result.status = "failed"
        return result
    result.files = {path: text.encode("utf-8") for path, text in attempt.files.items()}
    result.status = _status(result, "widened" if gained else "exact")
    ambient = counting.gained(before, counting.of_ambient(dst))
    if options.strict and ambient:
        result.gained = counting.spelled(ambient)
        result.status, result.files = "refused", {}
    return result


def _beside_a_shell(before: counting.Rights, after: counting.Rights, dst: Spec) -> list[Note]:
    """Classes that are new by name, though who has a free shell could do them with it."""
    shell = any(r.cls == "runs" and r.whole for r in before)
    if not shell or dst.text_kind:
        return []
    had = {r.cls for r in before}
    new = sorted({r.cls for r in counting.spread(after)} - had)
    if not new:
        return []
    text = f"{dst.seen} gives {', '.join(new)} beside the free shell that the agent has, which could do the same"
    return [note("T011", text, path="tools")]


def _say_less(before: counting.Rights, after: counting.Rights, notes: list[Note], dst: Spec) -> list[Note]:
    """Rights that did not arrive are named, whatever the reason."""
    less = counting.lost(counting.spread(before), counting.spread(after))
    if not less or dst.text_kind or any(n.effect == "narrows" for n in notes):
        return []
    if any(r.cls == "all" for r in after):
        return []
    words = ", ".join(counting.spelled(less))
    return [note("T003", f"{dst.program} has no tools for: {words}", path="tools", effect="narrows")]


def _status(result: Conversion, base: str) -> str:
    if base in ("failed", "refused", "skipped", "widened"):
        return base
    high = max((RANK[n.effect] for n in result.notes), default=0)
    if high == RANK["narrows"] or any(n.effect == "narrows" for n in result.notes):
        return "narrowed"
    return "lossy" if high > RANK["info"] else "exact"


def _refusal(
    gained: list[str], attempt: Attempt, dst: Spec, before: counting.Rights, options: Options
) -> Note | None:
    """The message of a refusal, or ``None`` where the user allowed all of it."""
    classes = [("limits" if g.startswith("limit:") else g.split("(")[0]) for g in gained]
    with_leave = before | {counting.Right(c) for c in options.allow_widening if c != "*"}
    within = not counting.gained(with_leave, attempt.gained)  # who may run commands may do the rest with them
    if all(options.allows(c) for c in classes if c == "limits" or not within):
        return None
    why = dst.tools.fact("why") or ""
    limits = [g[6:] for g in gained if g.startswith("limit:")]
    rights = [g for g in gained if not g.startswith("limit:")]
    parts = []
    if rights:
        parts.append(f"the agent would gain {', '.join(rights)}")
    if limits:
        parts.append(f"it would lose the limit {', '.join(limits)}")
    text = f"not written: in {dst.seen} {' and '.join(parts)}" + (f" ({why})" if why and rights else "")
    asked = ",".join(dict.fromkeys(classes))
    return note(
        "C012", text, path="tools" if rights else limits[0], cause=f"{dst.id}:{asked}",
        help=f"--allow-widening {asked} writes it, --skip-refused leaves it out",
    )  # fmt: skip


def _widened(gain: str, dst: Spec) -> Note:
    if gain.startswith("limit:"):
        return note("T014", f"allowed by you: {dst.program} does not hold `{gain[6:]}`", path=gain[6:])
    return note("T014", f"allowed by you: the agent gains {gain} in {dst.program}", path="tools")


def _other_readers(attempt: Attempt, dst: Spec, before: counting.Rights) -> list[Note]:
    """What the other programs that read this place make of the output."""
    out = []
    for other, program, equal in _readers(dst):
        seen, after = _as_read_by(other, attempt)
        if seen is None:
            out.append(note("C004", f"{program} reads this place, too, and does not load this file", path=""))
            continue
        more = counting.gained(before, after)
        if more and not equal:
            words = ", ".join(counting.spelled(more))
            out.append(note("C004", f"{program} reads this place, too, and gives more there: {words}", path="tools"))
        if equal:
            out += _only_one(attempt, seen, other, dst, program)
    return out


def _only_one(attempt: Attempt, seen: Agent, other: Spec, dst: Spec, program: str) -> list[Note]:
    out = []
    ours = {r.tool.name for r in attempt.back.tools.rules if r.effect == "allow"}
    theirs = {r.tool.name for r in seen.tools.rules if r.effect == "allow"}
    for name in sorted(ours - theirs):
        out.append(note("L010", f"{program} reads this place, too, and knows no `{name}`", path="tools", effect="info"))
    for name, value in attempt.back.said().items():
        row = other.by_field.get(name)
        mine = dst.by_field.get(name)
        if mine is None or name in ("prompt", "tools", "name", "description", "model") or not mine.applied:
            continue
        if row is None or not row.applied:
            out.append(note("L010", f"only {dst.program} honours `{mine.key}`; {program} at the same place does not", path=name, effect="info"))
        del value
    return out


def report_agent(result: Conversion) -> dict[str, Any]:
    """One row of the report."""
    return {
        "source": result.source,
        "format": result.format,
        "target": result.target,
        "name": result.name,
        "status": result.status,
        "unchanged": result.unchanged,
        "outputs": sorted(result.files),
        "rights": {"before": result.rights.before, "after": result.rights.after},
        "notes": [_report_note(n) for n in result.notes],
    }


def _report_note(one: Note) -> dict[str, Any]:
    data = one.as_json()
    data.pop("file")
    return data
