"""The proof: what the output files will hold, read as the target's program, against what was meant.

(a) meaning equals the lowered agent; (b) rights are counted anew from both texts; (c) every other
difference from the source has a note at its own path. Nothing is written that fails.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from agentconv.containers.programs import takes_white_space, without_gaps
from agentconv.containers.wrapping import as_body
from agentconv.grants import alive, is_star
from agentconv.lowering.barenames import gains, reaching, takes_away
from agentconv.lowering.lowered import USUAL, Edit, after
from agentconv.model import FIELDS, VALUES, Agent, Tools
from agentconv.notes import Note, note
from agentconv.proof import verifytools
from agentconv.proof.verifytools import Line
from agentconv.rights import of_agent
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.proof.attempt import Attempt, Job

NOT_COMPARED = frozenset({"id", "extras", "prompt_mode", "tools"})
TOLD_ELSEWHERE = frozenset({"tools", "extras", "id", "name", "title", "prompt_mode"})
# Which notes speak of a field that arrives changed or not at all. A note that merely stands at the same place (how
# the source was read, what another program honours) explains no difference.
FIELD_NOTES = ("L001", "L002", "L003", "L004", "L005", "L006", "L008", "L009", "L011", "L014")
MODEL_NOTES = ("M001", "M002", "M003", "M004", "M005", "M007")
EXPLAIN = frozenset((*FIELD_NOTES, *MODEL_NOTES, "C001", "C013", "T014", "T022", "P007"))
# texts must still be in the text that arrived, except after these
REPLACED = {
    "prompt": frozenset({"L005", "C013"}),
    "description": frozenset({"L001", "L002", "L005", "L009", "C013", "P007"}),
}
ADDED = {"prompt": frozenset({"L011", "L013", "L014", "C002"}), "description": frozenset({"L011"})}


def prove(job: Job, made: Attempt, notes: list[Note]) -> list[Note]:
    """All that is wrong with an attempt."""
    problems = check_meaning(made.lowered.agent, made.back, job.dst)
    problems += check_rights(made, notes, job.dst)
    problems += check_words(job, made)
    source = job.agent
    if edits := made.lowered.edits:
        problems += check_edits(source.prompt or "", edits, notes)
        source = replace(source, prompt=after(source.prompt or "", edits))
    problems += check_notes(source, made.back, notes, job.src, job.dst)
    return problems


def check_rights(made: Attempt, notes: Iterable[Note], dst: Spec) -> list[Note]:
    """(b): each right gained has its own note that the user let it happen."""
    if dst.text_kind:
        return []
    said = [n.message for n in notes if n.code == "T014"]
    return [
        note("V002", f"the output gives {right} more, and no leave was given", path="tools")
        for right in map(str, sorted(made.gained, key=str))
        if not any(f" {right} " in text for text in said)
    ]


def check_words(job: Job, made: Attempt) -> list[Note]:
    """(b): no word that could be a tool of a server, too (`bare`), for an agent that has not all of them. What stood in
    the source in the same words is its author's."""
    if job.src.id == job.dst.id or not job.dst.tools.mcp.get("bare") or made.back.tools.base != "none":
        return []
    denied = takes_away(job.agent, job.before)
    if (job.options.allows("runs") and not denied) or not gains(job.agent, job.src, job.before):
        return []
    return [
        note("V002", f"`{word}` gives tools of MCP servers that are called so, and no leave was given", path="tools")
        for word in reaching(made.back, job.dst, denied)
    ]


def check_edits(prompt: str, edits: tuple[Edit, ...], notes: Iterable[Note]) -> list[Note]:
    """A prompt that was rewritten: each change is of what stands there, and has a note of its own."""
    problems = []
    said = Counter(n.message for n in notes if n.code == "P003")
    at = 0
    for one in edits:
        if one.start < at or prompt[one.start : one.end] != one.old:
            problems.append(note("V001", f"`{one.old}` does not stand where the prompt was rewritten", path="prompt"))
        at = one.end
        told = next((m for m in said if said[m] and m.startswith(f"`{one.old}` became `{one.new}`")), None)
        if told is None:
            problems.append(note("V003", f"`{one.old}` became `{one.new}` and no note says so", path="prompt"))
        else:
            said[told] -= 1
    return problems


# -- (a) --------------------------------------------------------------------------------------


def check_meaning(lowered: Agent, back: Agent, dst: Spec) -> list[Note]:
    """(a): the program reads what lowering meant."""
    problems = []
    dst = dst.of_mode(lowered.mode)
    held = dst.held
    if dst.identity.get("by") != "name" and back.id != lowered.id:
        problems.append(_wrong("id", lowered.id, back.id))
    for name, meant, got in zip(FIELDS, VALUES(lowered), VALUES(back), strict=True):
        if (meant is None and got is None) or name in NOT_COMPARED:
            continue
        if meant != got or name not in held:
            meant, got = _plain(name, meant, dst), _plain(name, got, dst)
        if name == "prompt" and not meant and not got:
            continue
        if meant is not None and name not in held:
            problems.append(_wrong(name, meant, None))
        elif meant != got and not (meant is None and _is_default(name, got, dst)):
            problems.append(_wrong(name, meant, got))
    if dst.tools.control != "none":
        problems += _check_tools(lowered.tools, back.tools, dst)
    if lowered.extras or back.extras:
        meant_extras = _projected({e.key: e.value for e in lowered.extras}, dst)
        got_extras = _projected({e.key: e.value for e in back.extras}, dst)
        if meant_extras != got_extras:
            problems.append(_wrong("extras", meant_extras, got_extras))
    return problems


def _is_default(name: str, got: Any, dst: Spec) -> bool:
    row = dst.by_field.get(name)
    if row is None:  # the place decides it, and the other way round it is what happens anyway
        return got in USUAL.get(name, ())
    return row.fact("default") is not None and got == row.fact("default")


def _plain(name: str, value: Any, dst: Spec) -> Any:
    if isinstance(value, str) and name == "prompt":
        return as_loaded(value, dst)
    if name == "model" and value:
        return tuple(m.text for m in value)
    if isinstance(value, str) and "trim" in (dst.tables.get("normalise") or {}).get(name, ()):
        return _replaced(value, dst).strip()
    return _projected(value, dst)


def _projected(value: Any, dst: Spec) -> Any:
    """Plain data; where the program takes every scalar for text, as that text."""
    texts = (dst.container.get("dialect") or {}).get("schema") == "strings"
    if isinstance(value, str):
        return _replaced(value, dst)
    if isinstance(value, Mapping):
        inner = {k: _projected(v, dst) for k, v in value.items()}
        return {k: _as_text(v) for k, v in inner.items()} if texts else inner
    if isinstance(value, (list, tuple)):
        items = [_projected(v, dst) for v in value]
        return tuple(_as_text(v) for v in items) if texts else tuple(items)
    if is_dataclass(value):
        return {f.name: _projected(getattr(value, f.name), dst) for f in fields(value)}
    return value


def _as_text(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, (int, float)) else value


def as_loaded(prompt: str, dst: Spec) -> str:
    """The prompt as the program has it after its own changes."""
    # a CR in front of CRLF is one line end to some programs and two to others: read twice it must not change again
    text = _replaced(prompt, dst)
    text = re.sub(r"\r+\n|\r", "\n", text) if "\r" in text else text
    if not dst.prompt_is_text:
        return text.rstrip("\n")
    dialect = dst.container.get("dialect") or {}
    if dialect.get("dashes") == "eat-blank-lines":
        text = without_gaps(trimmed(text))
    return trimmed(text) if trims(dst) else as_body(text, takes_white_space(dialect))


def trimmed(text: str) -> str:
    """Without the white space around it, a byte order mark included, as programs in JavaScript trim."""
    while text != (text := text.strip().strip("\ufeff")):
        pass
    return text


def trims(dst: Spec) -> bool:
    """Whether the program drops the white space around the prompt."""
    return dst.prompt_is_text and (dst.container.get("dialect") or {}).get("body", "trim") == "trim"


def _replaced(text: str, dst: Spec) -> str:
    for old, new in ((dst.container.get("dialect") or {}).get("replace") or {}).items():
        text = text.replace(str(old), str(new))
    return text


def _wrong(path: str, meant: Any, got: Any) -> Note:
    return note("V001", f"`{path}` was meant as {_short(meant)} and reads back as {_short(got)}", path=path)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "…"


def _check_tools(meant: Tools, got: Tools, dst: Spec) -> list[Note]:
    problems = []
    if dst.tools.control == "any":
        return [] if meant == got else [_wrong("tools", meant, got)]
    if meant.base != got.base and not (meant.base == "none" and got.base is None and got.rules):
        problems.append(_wrong("tools", meant.base or "unsaid", got.base or "unsaid"))
    sentinels = dst.tools.sentinels
    sentinels |= {row.key for row in dst.rows_with("denies")}  # what a switch denies is compared as that key
    ordered = bool(dst.tools.fact("order"))
    if ordered:  # a pattern says of a check what a later key for it says anew
        meant, got = alive(meant), alive(got)
    ours = [line for r in meant.rules if (line := verifytools.line(r))[1] not in sentinels]
    theirs = [line for r in got.rules if (line := verifytools.line(r))[1] not in sentinels]
    if not _same_lines(ours, theirs, ordered):
        problems.append(_wrong("tools", [_shown(r) for r in ours], [_shown(r) for r in theirs]))
    for rule in meant.rules:
        known = dst.tools.own(rule.tool.name) or rule.tool.server or is_star(rule.tool)
        if not known and rule.tool.name not in sentinels:
            problems.append(note("V005", f"`{rule.tool.name}` is no tool name of {dst.program}", path="tools"))
    return problems


def _same_lines(ours: list[Line], theirs: list[Line], ordered: bool) -> bool:
    """Order counts between rules of one tool, and around the star; a map keeps each tool in one place."""
    if not ordered:
        return set(ours) == set(theirs)
    return ours == theirs


def _shown(line: Line) -> str:
    return " ".join(part for part in line if part)


# -- (c) --------------------------------------------------------------------------------------


def check_notes(source: Agent, back: Agent, notes: Iterable[Note], src: Spec, dst: Spec) -> list[Note]:
    """(c): every difference between the source and what the program reads has a note at its own path."""
    notes = list(notes)
    problems = []
    for name, was, now in zip(FIELDS, VALUES(source), VALUES(back), strict=True):
        if (was is None and name != "prompt") or name in TOLD_ELSEWHERE or was == now:
            continue  # nothing said, nothing lost
        if (lost := _difference(name, source, back, notes, src, dst)) is not None:
            problems.append(lost)
    called = {t.strip() for t in (source.name, source.title, source.id) if t and t.strip()}
    kept = {_replaced(t, dst).strip() for t in (back.name, back.title, back.id) if t}
    said = {n.path for n in notes if n.code in EXPLAIN}
    gone = {t for t in called if _replaced(t, dst).strip() not in kept}
    if gone and not {"name", "title", "id"} & said:
        problems.append(note("V003", f"{sorted(gone)} became {sorted(kept)} and no note says so", path="name"))
    for extra in source.extras:
        if all(e.key != extra.key for e in back.extras) and extra.key not in said:
            problems.append(note("V003", f"`{extra.key}` is gone and no note says so", path=extra.key))
    if dst.tools.control not in ("none", "any") and not dst.text_kind:
        problems += verifytools.rules_arrived(source, back, notes, src, dst)
    return problems


def _difference(name: str, source: Agent, back: Agent, notes: list[Note], src: Spec, dst: Spec) -> Note | None:
    was, now = _compared(name, source, dst), _compared(name, back, dst)
    if was is None or was == now or _usual(name, was, src, dst):
        return None
    if name == "description" and not was.strip() and source.when_to_use is not None:
        return None  # it says nothing, and there is another text in its place
    if name != "delegates" and isinstance(was, Mapping | tuple) and not was and not now:
        return None  # an empty list of agents is a limit; an empty list of anything else says nothing
    if name == "delegates" and called(source, src) == called(back, dst):
        return None
    codes = {n.code for n in notes if n.path == name}
    told = codes & (EXPLAIN | ADDED.get(name, frozenset()))
    if told and isinstance(was, str) and name in REPLACED and not codes & REPLACED[name]:
        told = told if was.strip() in str(now or "") else set()
    if told:
        return None
    return note("V003", f"`{name}` changed from {_short(was)} to {_short(now)} and no note says so", path=name)


def _compared(name: str, agent: Agent, dst: Spec) -> Any:
    value = _plain(name, getattr(agent, name), dst)
    if name == "prompt":
        return as_loaded(str(value or ""), dst)
    if name == "model":
        return tuple(dict.fromkeys(m.id or m.tier or m.text for m in agent.model)) if agent.model else None
    return value


def called(agent: Agent, spec: Spec) -> frozenset[str]:
    """The agents that may be called, wherever the format says so."""
    rights = of_agent(agent, spec, program=False)
    return frozenset(str(r) for r in rights if r.cls in ("delegates", "all"))


def _usual(name: str, value: Any, src: Spec, dst: Spec) -> bool:
    if value in USUAL.get(name, ()):
        return True
    rows = [spec.by_field.get(name) for spec in (src, dst)]
    return any(
        r is not None and r.type == "bool" and _theirs(value, r.fact("invert")) == r.fact("default") for r in rows
    )


def _theirs(value: Any, invert: Any) -> Any:
    return (not value) if invert and isinstance(value, bool) else value
