"""The tools of the target, and limits that it has no word for: they are held by fewer rights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentconv.lowering.lowered import Lowered, Options
from agentconv.lowering.tools import Bounds, control_for
from agentconv.lowering.wish import Reason
from agentconv.model import Agent, Tools
from agentconv.notes import NoteEffect
from agentconv.rights import ALL, CLASSES, MCP, Rights, denied_by_fields, of_tools, spread
from agentconv.spec import Spec

DOES = {"network": "uses the network", "delegates": "calls agents", "mcp:*": "calls MCP servers"}


def lowered_tools(
    agent: Agent, src: Spec, dst: Spec, before: Rights, options: Options, forbid: frozenset[str], out: Lowered
) -> tuple[Tools, tuple[str, ...] | None]:
    """The tool control of the target, and the agents that it may call where that has a field of its own."""
    held, reasons = _held_by_rights(agent, src, dst, options, out)
    if not held and kin(src, dst) and denied_by_fields(agent, src, program=False):
        before = of_tools(agent.tools, src, program=False)  # the mode goes along, so what the list names may stay
    elif not kin(src, dst):
        out.bounded, why = _held_extras(agent, src, dst, before, options, out)
        held, reasons = held | out.bounded, {**why, **reasons}
        before = out.counted(before)
    leave = frozenset(c for c in (*CLASSES, "mcp:*") if options.allows(c)) - forbid - held
    bounds = Bounds(forbid | held, tuple(reasons.items()), options.approval, leave)
    tools, delegates, notes = control_for(agent, src, dst, before, bounds)
    out.notes += notes
    return tools, delegates


def _held_extras(
    agent: Agent, src: Spec, dst: Spec, before: Rights, options: Options, out: Lowered
) -> tuple[frozenset[str], dict[str, Reason]]:
    """Limits in keys of the program's own (commands that a shell may not run): held by leaving out what they limit, and
    idle where the agent has nothing of it."""
    taken: set[str] = set()
    reasons: dict[str, Reason] = {}
    had = {right.cls for right in before}
    for extra in agent.extras if dst.tools.control != "none" and not dst.text_kind else ():
        row = src.fields.get(extra.key)
        classes = row.fact("held_without") if row is not None and extra.limits else None
        if not classes or options.allows("limits") or any(options.allows(cls) for cls in classes):
            continue
        out.held.add(extra.key)
        text = f"{dst.program} has no `{extra.key}`"
        if ALL not in had and not had & set(classes):
            out.say("L001", f"{text}; the agent has no tool that it would limit", extra.key, "info")
            continue
        taken |= set(classes)
        reason = f"{dst.program} cannot hold `{extra.key}` of {src.program}"
        reasons |= dict.fromkeys(classes, ("L004", reason, "narrows"))
        help = "--allow-widening limits gives them without it"
        out.say(
            "L004",
            f"{text}; it is held by giving no tool that {_either([DOES.get(cls, cls) for cls in classes])}",
            extra.key,
            help=help,
        )
    return frozenset(taken), reasons


def kin(src: Spec, dst: Spec) -> bool:
    """Whether the same program, or one made from it, reads both formats."""
    return bool(src.family & dst.family)


def _how_held(
    missing: str, had: list[str], left: Mapping[str, str], place: str, src: Spec, dst: Spec
) -> tuple[str, str, NoteEffect]:
    """How a limit is held that the target has no word for: text, place and effect of the note. ``had``: the rights that
    it takes and the agent has; ``left``: what the source leaves of them."""
    if dst.tools.control == "none":
        return f"{missing}, and nothing else that would hold it", place, "approximate"
    if not had:
        return f"{missing}; the agent has no tool that it takes away", place, "approximate"
    text = f"{missing}; it is held by giving no tool that {_either([DOES.get(cls, cls) for cls in had])}"
    some = [left[cls] for cls in had if cls in left]
    text += f", where {src.program} leaves {' and '.join(some)}" if some else ""
    return text, place, "narrows" if some else "approximate"


def _held_by_rights(
    agent: Agent, src: Spec, dst: Spec, options: Options, out: Lowered
) -> tuple[frozenset[str], Mapping[str, Reason]]:
    """Plan mode and the like: where the target lacks the field, its limit is held by fewer rights."""
    if dst.text_kind:
        return frozenset(), {}
    taken = frozenset(c for c in denied_by_fields(agent, src, program=False) if not options.allows(c))
    reasons: dict[str, Reason] = {}
    for row in src.rows_with("denies"):
        value = getattr(agent, row.field) if row.field else None
        theirs = dst.by_field.get(row.field or "")
        first = src.by_field.get(row.field or "")
        if value is None or not row.fact("denies") or (first is not None and first is not row and first.fact("denies")):
            continue  # another key of the same field says it
        word = row.to_program.get(value, value)
        if not (classes := row.fact("denies").get(word)):
            continue
        left = (row.fact("leaves") or {}).get(word) or {}
        for cls in classes:
            rest = f", but for {left[cls]}" if cls in left else ""
            text = f"`{row.key}: {word}` of {src.program} takes it away{rest}"
            reasons[cls] = ("L004", text, "narrows" if rest else "approximate")
        known = theirs is not None and theirs.applied and value in theirs.to_program
        if theirs is not None and known and theirs.holds(theirs.to_program[value]):
            if kin(src, dst):
                taken -= set(classes)  # the same program does the same with it, whatever the list names
            continue
        if not (taken & set(classes)):
            if all(options.allows(cls) for cls in classes):
                text = f"{dst.program} has no `{row.key}: {word}`; what it takes away is what you allowed"
                out.say("L004", text, row.field or row.key, "approximate")
            continue
        missing = f"{dst.program} has no `{row.key}: {word}`"
        if theirs is not None and known:
            missing = f"{dst.seen} does not keep to `{theirs.key}: {theirs.to_program[value]}`"
        out.say("L004", *_how_held(missing, _had(agent, src, classes), left, row.field or row.key, src, dst))
    return taken, reasons


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _had(agent: Agent, src: Spec, classes: Iterable[str]) -> list[str]:
    """Which of these the tools alone would give it."""
    given = {MCP if r.cls.startswith("mcp:") else r.cls for r in spread(of_tools(agent.tools, src, program=False))}
    return [cls for cls in sorted(classes) if cls in given]
