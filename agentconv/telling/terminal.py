"""What a person reads: grouped by cause, worst first, at most about 25 lines, the rights line last but one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Literal

from agentconv.comparing import CLASSES, MCP
from agentconv.convert import Conversion
from agentconv.notes import RANK, Note, NoteEffect
from agentconv.project.batch import Remark, Run
from agentconv.registry import heads, load
from agentconv.telling.escape import one_line
from agentconv.telling.grouping import Group, gain_words, gains_of, grouped, labels, tail
from agentconv.telling.screen import Page
from agentconv.telling.screen import colored as colored
from agentconv.telling.screen import width as width

ROOM = {"status": 3, "todo": 3, "info": 4}  # groups in each part; the rest is one line
WORDS = {
    "exact": "exact",
    "lossy": "lossy",
    "narrowed": "narrower",
    "widened": "WIDER",
    "refused": "NOT written",
    "kept": "kept",
    "skipped": "left out",
    "failed": "FAILED",
}
COLORS = {"refused": "31", "failed": "31", "widened": "33", "kept": "33", "narrowed": "36", "exact": "32"}
EFFECTS_OF: dict[str, NoteEffect] = {"narrowed": "narrows", "failed": "error", "skipped": "info"}
SHOWN_WITH_STATUS = ("F003", "F013", "C006", "C012", "T014")
ORDER = ("failed", "refused", "widened", "kept", "narrowed", "lossy", "exact", "skipped")
SAME = ("exact", "lossy")  # statuses of agents that may do the same as before
EVERY = {*CLASSES, MCP}


def summary(run: Run, seconds: float, stream: IO[str]) -> str:
    """The whole text after a conversion."""
    page = Page(width(), colored(stream))
    for one in run.remarks:
        if not one.target:
            page.line(f"{one.note.code} {one.note.message}", 5)
            page.help(one.note.help, 5)
    for target in run.plan.targets:
        results = [r for r in run.results if r.target == target]
        if not results and len(run.plan.targets) > 1:
            continue
        if page.lines:
            page.lines.append("")
        _target(page, run, target, results, seconds)
    return "\n".join(page.lines)


def _target(page: Page, run: Run, target: str, results: list[Conversion], seconds: float) -> None:
    settled = _settled(results)
    if settled:
        changed = [r for r in results if not r.unchanged]
        page.line(_short(run, target, results, seconds), 4)
    else:
        changed = results
        places = _places(results)
        page.line(f"{places}    {_count(results)}, {_formats(results)} → {target}    {seconds:.1f} s".strip(), 4)
    before = len(page.lines)
    for status in ORDER:
        if same := [r for r in changed if r.status == status]:
            if before == len(page.lines):
                page.lines.append("")
            _status(page, status, same, run)
    _notes(page, changed, [r for r in run.remarks if r.target == target])
    if settled and before == len(page.lines):
        return
    page.lines.append("")
    if not settled:
        page.line(rights_line(results, run), 4)
    page.line(more_line(changed, run, target), 6)


def _settled(results: list[Conversion]) -> bool:
    """Most of it was there before: the short form says what is new."""
    unchanged = sum(r.unchanged for r in results)
    return unchanged > 0 and unchanged * 2 >= sum(bool(r.files) for r in results)


def _short(run: Run, target: str, results: list[Conversion], seconds: float) -> str:
    new = {path for path, before, _ in run.changes if before is None}
    written = [r for r in results if r.files and not r.unchanged and r.status not in ("kept", "failed")]
    counts = {
        "new": sum(any(p in new for p in r.files) for r in written),
        "updated": sum(not any(p in new for p in r.files) for r in written),
        "unchanged": sum(r.unchanged for r in results),
        "kept": sum(r.status == "kept" for r in results),
        "refused": sum(r.status == "refused" for r in results),
        "left out": sum(r.status == "skipped" for r in results),
        "failed": sum(r.status == "failed" for r in results),
    }
    words = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
    same, less, more = rights_counts(results)
    rights = f"Rights: {same} the same · {less} less · {more} more."
    return f"{_count(results)}, {_formats(results)} → {target}: {words}.   {rights}   {seconds:.1f} s"


def _count(results: list[Conversion]) -> str:
    agents = len([r for r in results if r.name])
    others = len({r.source for r in results if not r.name and r.status == "failed"})
    unread = f" + {others} unreadable" if others else ""
    return f"{agents} agent{'s' * (agents != 1)}{unread}"


def _formats(results: list[Conversion]) -> str:
    return ", ".join(dict.fromkeys(r.format for r in results if r.format)) or "?"


def _places(results: list[Conversion]) -> str:
    sources = list(dict.fromkeys(_folder(r.source) for r in results if r.source))
    outputs = list(dict.fromkeys(_folder(p) for r in results for p in r.files))
    if not sources or len(sources) > 2 or len(outputs) > 2:
        return ""
    return f"{', '.join(sources)} → {', '.join(outputs)}" if outputs else ", ".join(sources)


def _folder(path: str) -> str:
    parts = path.split("/")
    if len(parts) > 3 and parts[0].startswith("."):
        return "/".join(parts[:2])
    return "/".join(parts[:-1]) or path


# -- a status with its causes -----------------------------------------------------------------


def _status(page: Page, status: str, results: list[Conversion], run: Run) -> None:
    color = COLORS.get(status, "")
    unchanged = sum(r.unchanged for r in results)
    note = f"({unchanged} unchanged)" if unchanged and unchanged < len(results) else "unchanged" if unchanged else ""
    if status in ("refused", "widened"):
        _gains(page, status, results, run)
    elif status == "kept":
        _kept(page, results)
    elif status in EFFECTS_OF:
        _causes(page, status, results, note, color)
    else:
        page.row(len(results), WORDS[status], note, code=color)


def _causes(page: Page, status: str, results: list[Conversion], aside: str, color: str) -> None:
    effect = EFFECTS_OF[status]
    pairs = [(r, n) for r in results for n in r.notes if n.effect == effect]
    if status == "skipped":
        pairs = [(r, n) for r in results for n in r.notes[-1:]]
    groups = grouped(pairs)
    alone = len(groups) == 1 and len(groups[0].names) == len(results)
    if not alone:
        page.row(len(results), WORDS[status], aside, code=color)
    for group in groups[: ROOM["status"]]:
        word = WORDS[status] if alone else " " * 9
        text = f"{group.message} {aside}" if alone else group.message
        said = [n for n in group.names if n.partition(":")[0] not in group.message]
        names = tail(said) if status != "failed" or group.labelled else ""
        page.row(len(group.names), word, text.strip(), group.code, names, color)
        if status == "failed":
            page.help(group.help, 18)
    _rest(page, groups)


def _gains(page: Page, status: str, results: list[Conversion], run: Run) -> None:
    """What agents gain or would gain, why no narrower form exists, and both ways out."""
    spec = load(results[0].target)
    by_gain: dict[tuple[str, ...], list[str]] = {}
    asked: dict[str, None] = {}
    for result in results:
        by_gain.setdefault(gains_of(result), []).append(result.name)
        asked |= dict.fromkeys("limits" if g.startswith("limit:") else g.split("(")[0] for g in result.gained)
    groups = sorted(by_gain.items(), key=lambda item: -len(item[1]))
    refused = status == "refused"
    text = f"{spec.program} would let them do more than their file says" if refused else "as you allowed"
    page.row(len(results), WORDS[status], text, "C012" if refused else "T014", code=COLORS[status])
    for gained, names in groups[: ROOM["status"]]:
        page.line(f"{len(names):9}  {gain_words(gained, could=refused)}   {tail(names)}", 14)
    _rest(page, groups)
    if not refused:
        return
    rights = any(not g.startswith("limit:") for gained in by_gain for g in gained)
    if rights and (why := spec.tools.fact("why")):
        page.line(f"{spec.seen}: {why}.", 7, 7)
    if run.plan.options.skip_refused:
        return
    sentence = ", the limit as a sentence in the prompt" if run.plan.options.guard else ""
    if run.plan.settings:
        words = ", ".join(f'"{cls}"' for cls in asked)
        where = f"in {run.plan.settings}, [targets.{results[0].target}]"
        page.line(f"write them{sentence}:  allow-widening = [{words}]  {where}", 9, 7)
        page.line(f'leave them out and be content:  refused = "skip"  {where}', 9, 7)
        return
    page.line(f"write them{sentence}:  --allow-widening={','.join(asked)}", 9, 7)
    page.line("leave them out and be content:  --skip-refused", 9, 7)


def _kept(page: Page, results: list[Conversion]) -> None:
    pairs = [(r, n) for r in results for n in r.notes if n.code in ("F003", "F013")]
    if len(pairs) > 3:
        names = tail([r.name for r, _ in pairs])
        page.row(
            len(pairs),
            "kept",
            "their files are not what agentconv wrote there",
            pairs[0][1].code,
            names,
            COLORS["kept"],
        )
        page.help(pairs[0][1].help, 9)
        return
    for n, (_, one) in enumerate(pairs):
        page.row(len(pairs) if n == 0 else 0, "kept", one.message, one.code, code=COLORS["kept"])
        page.help(one.help, 9)


def _rest(page: Page, groups: list[Group] | list[tuple[tuple[str, ...], list[str]]]) -> None:
    if len(groups) > ROOM["status"]:
        page.lines.append(f"       … {len(groups) - ROOM['status']} more kinds: --notes full")


# -- notes ------------------------------------------------------------------------------------


def _notes(page: Page, results: list[Conversion], remarks: list[Remark]) -> None:
    notes = [
        (r, n)
        for r in results
        for n in r.notes
        if n.code not in SHOWN_WITH_STATUS
        and r.status not in ("refused", "failed")
        and not (r.status == "skipped" and n is r.notes[-1])
    ]
    soft = ("info", "approximate", "lost")
    todo = [(r, n) for r, n in notes if n.help and n.code[0] in "CFM" and n.effect in soft]
    told = {id(n) for _, n in todo}
    info = [(r, n) for r, n in notes if id(n) not in told and n.effect in (*soft, "inherits")]
    total = len({r.name for r in results if r.name})
    if todo or remarks:
        page.lines += ["", "  " + page.paint("For you to do", "1")]
        for one in remarks:
            page.row(one.count, "", one.note.message, one.note.code)
            page.help(one.note.help, 7)
        _section(page, grouped(todo), "todo", total)
    if info:
        page.lines += ["", "  " + page.paint("For your information", "1")]
        _section(page, grouped(info), "info", total)


def _section(page: Page, groups: list[Group], part: str, total: int) -> None:
    room = ROOM[part]
    for group in groups[:room]:
        names = tail(group.names) if len(group.names) < total or group.labelled else ""
        inline = len(group.message) + len(names) + 20 < page.columns
        page.row(len(group.names), "", group.message, group.code, names if inline else "")
        if part == "todo":
            page.help(group.help, 7)
    if len(groups) > room:
        page.lines.append(f"       … {len(groups) - room} more: --notes full")


# -- the last lines ---------------------------------------------------------------------------


def rights_counts(results: list[Conversion]) -> tuple[int, int, int]:
    """For how many results the rights are the same, less, more."""
    less = sum(r.status == "narrowed" for r in results)
    more = sum(r.status == "widened" for r in results)
    return sum(r.status in SAME for r in results), less, more


def rights_line(results: list[Conversion], run: Run) -> str:
    """``Rights: n the same · n less · n more.``"""
    same, less, more = rights_counts(results)
    done = [r for r in results if not r.failed and r.status != "kept"]
    written = len({p for r in done for p in r.files if not r.unchanged})
    unchanged = len({p for r in done if r.unchanged for p in r.files})
    verb = "printed" if run.stdout is not None else "would be written" if run.plan.dry else "written"
    files = [f"{written} file{'s' * (written != 1)} {verb}"] if written else []
    files += [f"{unchanged} unchanged"] if unchanged else []
    text = f"{', '.join(files)}, each one read back." if files else "Nothing written."
    return f"Rights: {same} the same · {less} less · {more} more.     {text}"


def more_line(results: list[Conversion], run: Run, target: str = "") -> str:
    """Where to read on, and how the program ends: below the target that is the reason."""
    notes = sorted((n for r in results for n in r.notes), key=lambda n: -RANK[n.effect])
    notes = notes or [r.note for r in run.remarks]
    code = f"agentconv explain {notes[0].code} · " if notes else ""
    exit_code = exit_of(run, target=target)
    return f"More: {code}--notes full · --report FILE.json" + (f"     exit {exit_code}" if exit_code else "")


def in_full(run: Run) -> str:
    """Each agent with all its notes, worst first."""
    lines: list[str] = []
    for result in run.results:
        lines.append(_headline(result, run))
        if result.rights.before or result.rights.after:
            before, after = (in_words(words) for words in (result.rights.before, result.rights.after))
            if heads().get(result.target, {}).get("kind") == "text":  # which gives none, and takes none
                after = "those of the session that reads it"
            if result.failed:
                lines.append(f"  rights: {before}")
            else:
                lines.append(f"  rights: {before}" + (", as before" if before == after else f" → {after}"))
                if before != after and result.status in SAME:
                    lines[-1] = _as_before(result, before, after)
        ordered = sorted(result.notes, key=lambda n: -RANK[n.effect])
        alike: dict[tuple[str, ...], list[Note]] = {}  # one sentence of two places is one
        for one in ordered:
            alike.setdefault((one.effect, one.code, one.message, one.help, one.file), []).append(one)
        lines += [line for notes in alike.values() for line in note_lines(notes, result.source)]
    for remark in run.remarks:
        lines += [line[2:] for line in note_lines([remark.note], "")]
    if any(r.name for r in run.results):
        lines.append(rights_line(run.results, run))
    return "\n".join(lines)


def _as_before(result: Conversion, before: str, after: str) -> str:
    """Rights that are the same, though other words stand for them."""
    if result.format == result.target:  # the text says what it said; its own program may keep to less of it
        return f"  rights: {before}, as before; {load(result.target).program} gives {after}"
    if {"all", "runs"} & {*result.rights.before}:
        after += ", the same for who has a free shell"
    return f"  rights: {before} → {after}"


def in_words(rights: Sequence[str]) -> str:
    """Rights as the line of one agent has them; all of them, some with a question, are all."""
    return "all" if set(rights) == EVERY else ", ".join(rights) or "nothing"


def _headline(result: Conversion, run: Run) -> str:
    source = "standard input" if result.source == "-" else result.source
    status = WORDS[result.status] + (", unchanged" if result.unchanged else "")
    out = ", ".join(sorted(result.files)) if run.stdout is None else "standard output"
    arrow = f" → {out}" if result.files and result.status != "kept" else ""
    name = f"{result.name}, " if result.name else ""
    source, arrow, name = one_line(source), one_line(arrow), one_line(name)
    return f"{source}{arrow}    {name}{result.format or '?'} → {result.target}: {status}"


def note_lines(alike: Sequence[Note], source: str) -> list[str]:
    """Notes that say the same below their agent: the file is named only where it is another one."""
    one = min(alike, key=lambda n: n.line or float("inf"))
    places = sorted({n.line for n in alike if n.line})
    place = one.file if one.file not in ("", source) and one.file not in one.message else ""
    if place and one.line:
        place = f"{place}:{one.line}:{one.column}"
    elif places:
        place = f"line{'s' * (len(places) > 1)} {', '.join(map(str, places))}"
    lines = [f"  {one.effect} {one.code}{f' {one_line(place)}' if place else ''}: {one_line(one.message)}"]
    return lines + [f"      {part}" for part in one.help.split("\n") if part]


def exit_of(run: Run, fail_on: NoteEffect | Literal["never"] = "never", target: str = "") -> int:
    """3: not read, written or verified; 1: something asked for was not done; 0: done. ``target``: for its sake."""
    skip = run.plan.options.skip_refused
    results = [r for r in run.results if r.target == target] if target else run.results
    remarks = [r for r in run.remarks if not target or r.target in ("", target)]
    if any(r.status == "failed" for r in results) or any(r.note.effect == "error" for r in remarks):
        return 3
    if any(r.status == "kept" or (r.status == "refused" and not skip) for r in results):
        return 1
    if fail_on != "never" and any(RANK[n.effect] >= RANK[fail_on] for r in results for n in r.notes):
        return 1
    return 0


__all__ = ["Page", "colored", "exit_of", "in_full", "labels", "rights_line", "summary", "width"]
