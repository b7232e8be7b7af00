"""One agent from one format to another: lower, render, read back, prove. Text in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentconv import rights as counting
from agentconv.bodies.company import Company, member_as, own_company, scene
from agentconv.containers import Node
from agentconv.conversion import STATUSES, BeforeAfter, Conversion, report_agent
from agentconv.lowering import traces
from agentconv.lowering.lower import guard_sentence, lower
from agentconv.lowering.lowered import NO_NAMES, Lowered, Options
from agentconv.model import Agent, Tools
from agentconv.notes import Note, note
from agentconv.patterns import pattern
from agentconv.proof import aftermath, verify
from agentconv.proof.asked import as_program, asked_for
from agentconv.proof.attempt import Attempt, Job, attempt
from agentconv.proof.sourcerights import source_rights
from agentconv.reading.context import Get, Read, Reading
from agentconv.reading.engine import read_author
from agentconv.reading.guessedservers import all_meant
from agentconv.reading.origins import as_meant
from agentconv.registry import load
from agentconv.spec import Spec

STEPS = pattern(r"\[(\d+)\]|\.([^.\[]+)")  # in a path such as `extensions[1].timeout`
TIGHTEN = 5  # rounds of giving up what another reader of the place would widen


def convert_text(
    text: str, *, from_: str, to: str, path: str = "", options: Options | None = None, get: Get | None = None
) -> list[Conversion]:
    """All agents of a file. ``get`` hands in what the outputs' places hold now."""
    src = load(from_)
    reading = read_author(src, text, path or usual_path(src))
    if from_ == to:
        from agentconv.output.sameformat import convert_same

        return convert_same(reading, options or Options())
    dst = load(to)
    results = convert_reading(reading, dst, options or Options(), get or (lambda _: None))
    _nobody_follows(results, dst, get or (lambda _: None))
    return results


def usual_path(spec: Spec, stem: str = "agent") -> str:
    """Where a file of the format may lie, for a text without a path."""
    return str((spec.head.get("places") or {}).get("write") or "{id}.md").replace("{id}", stem)


def convert_reading(
    reading: Reading, dst: Spec, options: Options, get: Get, company: Company | None = None
) -> list[Conversion]:
    """The agents of a file that was read. Entries for one shared file follow each other into it. ``company``: all
    agents of the batch, by name; absent: those of the file."""
    if reason := dst.head.get("readable_only"):
        reading.notes.append(note("F005", f"`{dst.id}` can be read, not written: {reason}", file=reading.path))
        return [_unread(reading, dst)]
    if not reading.agents:
        return [_unread(reading, dst)]
    program = as_program(reading)
    out = []
    company = company or own_company(reading, dst)  # once for all agents of the file
    for n, read in enumerate(reading.agents):
        result = convert_read(read, reading, program, dst, options, company)
        if n == 0:
            result.notes[:0] = [x for x in reading.notes if x not in result.notes]
            result.judge(result.status)
        result.notes = [placed(one, read, reading.path) for one in result.notes]
        out.append(result)
    if dst.many:
        _put_together(out, dst, get)
    return out


def _put_together(results: list[Conversion], dst: Spec, get: Get) -> None:
    """What the shared file will hold, with all entries in it."""
    from agentconv.proof.merging import merge_results

    by_path: dict[str, list[Conversion]] = {}
    for result in results:
        for path in result.files:
            by_path.setdefault(path, []).append(result)
    for path, mine in by_path.items():
        old = get(path)
        if len(mine) > 1 or old is not None:  # an entry that stands alone was proved so
            merge_results(dst, path, old, mine, more=True)


def _nobody_follows(results: list[Conversion], dst: Spec, get: Get) -> None:
    """Where entries may name each other only: the file as it is with these and no more."""
    if not dst.rows_with("present"):
        return
    from agentconv.proof.merging import merge_results

    for path in dict.fromkeys(path for result in results for path in result.files):
        merge_results(dst, path, get(path), [result for result in results if path in result.files])


def placed(one: Note, read: Read, path: str) -> Note:
    """The note with the line in the source that it speaks of."""
    if one.line or not one.path or one.file not in ("", path):
        return one
    node = read.where.get(one.path) or _inside(one.path, read.where)
    return one if node is None else one.moved(file=path, line=node.line, column=node.column)


def _inside(path: str, where: Mapping[str, Node]) -> Node | None:
    """The innermost place that is known of a path such as `extensions[1].timeout`."""
    key = path.split("[")[0].split(".")[0]
    node = where.get(key)
    for number, name in STEPS.findall(path[len(key) :]):
        if node is not None and node.kind == "map" and name:
            inner = next(
                (pair.key for pair in node.pairs if pair.key.text == name and pair.value.kind == "scalar"), None
            )
            inner = inner or node.get(name)
        elif node is not None and node.kind == "list" and number and int(number) < len(node.items):
            inner = node.items[int(number)]  # not a name among others in one text, which is counted by itself
            inner = None if inner.kind == "scalar" and "," in inner.text else inner
        else:
            inner = None
        if inner is None:
            break
        node = inner
    return node


def _unread(reading: Reading, dst: Spec) -> Conversion:
    status = "failed" if any(n.effect == "error" for n in reading.notes) else "skipped"
    empty = BeforeAfter([], [])
    return Conversion(status, "", reading.path, reading.spec.id, dst.id, empty, notes=list(reading.notes))


def convert_agent(agent: Agent, from_: str, to: str, options: Options | None = None, path: str = "") -> Conversion:
    """An agent of the model, taken as one that the format ``from_`` holds."""
    src = load(from_)
    reading = Reading(src, path, "", [Read(agent)])
    result = convert_read(reading.agents[0], reading, None, load(to), options or Options())
    _nobody_follows([result], load(to), lambda _: None)
    return result


def convert_read(
    read: Read,
    reading: Reading,
    program: Reading | None,
    dst: Spec,
    options: Options,
    company: Company | None = None,
) -> Conversion:
    """Lower, render, read back, prove. An entry of a shared file stands alone in the result."""
    said_by = reading.spec.id
    as_read, src = as_meant(read.agent, reading.spec)
    if src is not reading.spec:  # the model's own form: what it says is meant as in the format it was read from
        reading, program = replace(reading, spec=src), None
    taken, words, back, options = _taken_back(as_read, src, dst, options, reading.path)
    if words is not src:
        reading, program, src = replace(reading, spec=words), None, words
    read = read if taken is read.agent else replace(read, agent=taken)
    asked = asked_for(read, reading, program)
    before = asked.before
    agent, meant = all_meant(asked.agent, src, dst)
    if meant:
        before = counting.of_agent(agent, src, program=False)
    name = agent.id or agent.name or ""
    rights = BeforeAfter(counting.spelled(before), [])
    notes = [*read.notes, *back, *asked.star, *meant, *asked.rest, *aftermath.of_a_session(src, dst)]
    result = Conversion("failed", name, reading.path, said_by, dst.id, rights, notes=notes)
    if any(n.effect == "error" for n in result.notes):
        return result
    names = NO_NAMES
    if agent.handoffs or any(right.cls == "delegates" for right in before):
        from agentconv.lowering import references

        agent, strangers = references.without_strangers(agent, src, dst)
        names = references.changed_names(agent, dst, src)
        result.notes += strangers
        result.notes += references.said(agent, names, dst)
        agent, before = references.followed(agent, names), references.followed_rights(before, names)
    newline = reading.document.newline if reading.document and dst.syntax == "frontmatter" else "\n"
    around = scene(reading, read, company, dst) if agent.prompt else None
    if src.id != dst.id:
        result.said = src.older_words(read.where)
    job = Job(agent, src.as_said(result.said), dst, before, options, newline, around, names)
    made = _tightened(job)
    if isinstance(made, Lowered):
        result.notes += made.notes
        result.status = "skipped" if made.skipped else "failed"
        return result
    return _decide(job, made, result)


def _taken_back(
    agent: Agent, src: Spec, dst: Spec, options: Options, path: str
) -> tuple[Agent, Spec, list[Note], Options]:
    """What earlier conversions left in the file: a guard, carried fields, a section of routing facts."""
    if not traces.any_in(agent, carried=options.carry):
        return agent, src, [], options
    from agentconv.lowering.carriedback import taken_back, without_guard
    from agentconv.lowering.fold import unfolded

    agent, guard = without_guard(agent, path)
    guard = [aftermath.no_longer_said(one, src, dst) for one in guard]
    agent, words, carried, origin = taken_back(agent, src, options.carry, path)
    agent, folded = unfolded(agent, dst, options.fold, path)
    if origin == dst.id:  # back where it came from: nothing has to travel on
        options = replace(options, carry=False)
    return agent, words, [*guard, *carried, *folded], options


def _tightened(job: Job) -> Attempt | Lowered:
    """An attempt that no other program at home in the place reads as wider, as far as that can be had."""
    if (same := _unchanged(job)) is not None:
        return same
    forbid: frozenset[str] = frozenset()
    last: Attempt | None = None
    for _ in range(TIGHTEN):
        lowered = lower(job.agent, job.src, job.dst, job.before, job.options, forbid, job.scene, job.names)
        if lowered.skipped or any(n.effect == "error" for n in lowered.notes):
            return lowered
        made = attempt(job, lowered)
        if isinstance(made, Note):
            lowered.notes.append(made)
            return lowered
        last = made
        tighter = {r.cls for r in made.gained_elsewhere if not job.options.allows(r.cls)} - forbid
        if not tighter or job.dst.tools.control in ("none", "switch"):
            break
        forbid |= tighter
    assert last is not None
    last.gained |= frozenset(r for r in last.gained_elsewhere if not job.options.allows(r.cls))
    return last


def _unchanged(job: Job) -> Attempt | None:
    """A dump on its way back to the format it was read from: as it is, where that holds without a word."""
    if job.src.id != job.dst.id:
        return None
    rules = job.agent.tools.rules
    if job.dst.tools.control == "map":  # a later word for a key replaces what stood there
        rules = tuple(
            r
            for n, r in enumerate(rules)
            if not any(x.tool.name == r.tool.name and x.scope in (None, r.scope) for x in rules[n + 1 :])
        )
    base = job.agent.tools.base
    usual = job.dst.tools.fact("absent", "all") == base
    agent = replace(job.agent, tools=Tools(None if usual else base, rules))
    lowered = Lowered(agent)
    if job.options.lift and job.scene is not None:
        from agentconv.bodies.lift import lifted

        lowered.agent = lifted(agent, job.scene, job.src, job.dst, lowered)
    try:
        made = attempt(job, lowered)
    except ValueError:  # rules that the format has no form for, a layout that needs a name
        return None
    if isinstance(made, Note) or made.gained or made.gained_elsewhere or verify.prove(job, made, lowered.notes):
        return None
    return made


def _decide(job: Job, made: Attempt, result: Conversion) -> Conversion:
    """Refused, allowed or simply written; nothing is written that the proof does not hold for."""
    made = aftermath.without_idle_limits(job, made)
    lowered, dst = made.lowered, job.dst
    gained = counting.spelled(made.gained) + [f"limit:{name}" for name in lowered.limits]
    result.gained = gained
    result.called = member_as(job.agent, lowered.agent, dst, result.source)
    if job.agent.handoffs or any(right.cls == "delegates" for right in job.before):
        from agentconv.lowering.references import named

        asked = {name for _, name in named(job.agent)}
        result.names = tuple(one for one in named(lowered.agent) if one[1] in asked)
    result.agent, result.entry = lowered.agent, lowered.agent.id if dst.many else ""
    result.rights = BeforeAfter(result.rights.before, counting.spelled(made.rights))
    notes = [*lowered.notes, *aftermath.beside_a_shell(job, made)]
    refusal = aftermath.refusal(job, made, gained)
    if refusal is not None:
        result.notes += [*notes, refusal]
        result.status = "refused"
        result.rights = BeforeAfter(result.rights.before, [])
        return result
    notes += [aftermath.allowed(g, job.src, dst) for g in gained]
    limited = aftermath.text_only(job) if job.src.id != dst.id else []
    notes += limited
    if (made.gained or limited) and job.options.guard:
        guarded = _guarded(job, made)
        if isinstance(guarded, Note):
            result.notes += [*notes, guarded]
            return result
        made, lowered = guarded, guarded.lowered
        result.agent = lowered.agent
        notes.append(note("C002", "one sentence at the head of the prompt states the limit", path="prompt"))
    notes += aftermath.less(job, made, [*notes, *result.notes])
    notes += aftermath.other_readers(job, made)
    notes += aftermath.white_space(job)
    result.notes += notes
    if problems := verify.prove(job, made, result.notes):
        result.notes += problems
        return result
    result.files = {made.path: made.text.encode("utf-8")}
    # a question that falls away is no right more, and was allowed all the same
    result.judge("widened" if gained or any(n.effect == "widens" for n in notes) else "exact")
    ambient = counting.gained(job.before, counting.of_ambient(dst))
    if job.options.strict and ambient:
        result.gained = counting.spelled(ambient)
        result.status, result.files = "refused", {}
        result.notes.append(aftermath.too_strict(dst, result.gained))
    return result


def _guarded(job: Job, made: Attempt) -> Attempt | Note:
    """The same with one sentence in front of the prompt."""
    agent = made.lowered.agent
    sentence = guard_sentence(job.before, job.dst.program)
    prompt = f"{sentence}\n\n{agent.prompt or ''}".rstrip("\n")
    guarded = attempt(job, replace(made.lowered, agent=replace(agent, prompt=prompt)))
    if isinstance(guarded, Attempt):
        guarded.gained = made.gained
    return guarded


__all__ = [
    "STATUSES",
    "BeforeAfter",
    "Conversion",
    "Options",
    "convert_agent",
    "convert_read",
    "convert_reading",
    "convert_text",
    "report_agent",
    "source_rights",
]
