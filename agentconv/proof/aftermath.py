"""What is to be said once an attempt is read back: refusals, leave given, rights lost, other readers."""

from __future__ import annotations

from agentconv import rights as counting
from agentconv.notes import Note, note
from agentconv.proof import verify
from agentconv.proof.attempt import Attempt, Job, Seen
from agentconv.registry import condition
from agentconv.spec import Spec


def refusal(job: Job, made: Attempt, gained: list[str]) -> Note | None:
    """The message of a refusal, or ``None`` where nothing was gained or the user allowed all of it."""
    classes = [("limits" if g.startswith("limit:") else g.split("(")[0]) for g in gained]
    with_leave = job.before | {counting.Right(c) for c in job.options.allow_widening if c != "*"}
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
        parts.append(f"it would lose the limit {', '.join(limits)}")
    why = str(dst.tools.fact("why") or "") if dst.tools.enforced == "no" and rights else ""
    text = f"not written: in {dst.seen} {' and '.join(parts)}" + (f" ({why})" if why else "")
    asked = ",".join(dict.fromkeys(classes))
    return note(
        "C012", text, path="tools" if rights else limits[0], cause=f"{dst.id}:{asked}",
        help=f"--allow-widening {asked} writes it, --skip-refused leaves it out",
    )  # fmt: skip


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


def allowed(gain: str, dst: Spec) -> Note:
    """What the user let become wider."""
    if gain.startswith("limit:"):
        return note("T014", f"allowed by you: {dst.program} does not hold `{gain[6:]}`", path=gain[6:])
    return note("T014", f"allowed by you: the agent gains {gain} in {dst.program}", path="tools")


def beside_a_shell(job: Job, made: Attempt) -> list[Note]:
    """Classes that are new by name, though who has a free shell could do them with it."""
    after = counting.spread(made.rights | counting.of_ambient(job.dst))
    here = any(r.cls == "runs" and r.whole for r in after)  # else one that asked, and was left out for it, is none
    had = job.before if here else counting.unasked(job.before, job.dst)
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
    if not gone or job.dst.text_kind or any(n.effect == "narrows" for n in notes):
        return []
    if any(r.cls == counting.ALL for r in made.rights) or made.back.tools.base == "all":
        return []
    words = ", ".join(counting.spelled(gone))
    return [note("T003", f"{job.dst.program} has no tools for: {words}", path="tools", effect="narrows")]


def white_space(job: Job) -> list[Note]:
    """The program drops white space that the source has around its prompt."""
    prompt = job.agent.prompt
    if prompt is None or not verify.trims(job.dst) or verify.trimmed(prompt) == prompt.rstrip("\r\n"):
        return []
    return [note("C011", f"{job.dst.program} drops the white space around the prompt", path="prompt")]


def other_readers(job: Job, made: Attempt) -> list[Note]:
    """What the other programs that read this place make of the output."""
    out = []
    more: dict[str, list[str]] = {}
    for seen in made.seen:
        if seen.agent is None:
            out.append(note("C004", f"{seen.program} reads this place, too, and does not load this file", path=""))
        elif seen.equal:
            out += _only_one(job.dst, made, seen)
        elif seen.gained:
            when = condition(job.dst, seen.program)
            name = seen.program + (f" ({when})" if when else "")
            more.setdefault(", ".join(counting.spelled(seen.gained)), []).append(name)
    for words, programs in more.items():
        reads, gives = ("read", "give") if len(programs) > 1 else ("reads", "gives")
        names = " and ".join(filter(None, [", ".join(programs[:-1]), programs[-1]]))
        text = f"{names} {reads} this place, too, and {gives} more there: {words}"
        out.append(note("C004", text, path="tools"))
    return out


def _only_one(dst: Spec, made: Attempt, seen: Seen) -> list[Note]:
    """Names and fields that one of the two programs alone honours."""
    out = []
    assert seen.agent is not None
    theirs = {r.tool.name for r in seen.agent.tools.rules if r.effect == "allow"}
    ours = [r.tool.name for r in made.back.tools.rules if r.effect == "allow" and not r.tool.server]
    if unknown := [f"`{name}`" for name in ours if name not in theirs]:
        text = f"{seen.program} reads this place, too, and knows no {', '.join(unknown)}"
        out.append(note("L010", text, path="tools", effect="info"))
    for name in made.back.said():
        row, mine = seen.spec.by_field.get(name), dst.by_field.get(name)
        if mine is None or name in ("prompt", "tools", "name", "description", "model") or not mine.applied:
            continue
        if row is None or not row.applied:
            text = f"only {dst.program} honours `{mine.key}`; {seen.program} at the same place does not"
            out.append(note("L010", text, path=name, effect="info"))
    return out
