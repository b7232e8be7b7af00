"""What a person reads: grouped by cause, worst first, at most about 25 lines, the rights line last but one."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any, Literal

from agentconv.batch import Run
from agentconv.convert import Conversion
from agentconv.notes import CODES, RANK, Note, NoteEffect
from agentconv.registry import load

NAMES = 3  # names of agents in a group, then "… n more"
LINES = 25  # about as many lines for any number of agents
ROOM = {"status": 3, "todo": 3, "info": 4}  # groups in each part; the rest is one line
WORDS = {
    "exact": "exact",
    "lossy": "with losses",
    "narrowed": "narrower",
    "widened": "WIDER, as allowed",
    "refused": "NOT written",
    "kept": "kept",
    "skipped": "left out",
    "failed": "FAILED",
}
COLORS = {"refused": "31", "failed": "31", "widened": "33", "kept": "33", "narrowed": "36", "exact": "32"}
EFFECTS_OF: dict[str, NoteEffect] = {"narrowed": "narrows", "failed": "error", "widened": "widens", "kept": "info"}
SHOWN_WITH_STATUS = ("F003", "C006", "C012")
ORDER = ("failed", "refused", "widened", "kept", "narrowed", "lossy", "exact", "skipped")


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 120))


def colored(stream: IO[str]) -> bool:
    """Colour only on a terminal, and not where the user said no."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


@dataclass(slots=True)
class Group:
    """Agents with the same note."""

    code: str
    effect: NoteEffect
    message: str
    names: list[str] = field(default_factory=list)
    help: str = ""


class Page:
    """Lines for a terminal of this width."""

    def __init__(self, columns: int, color: bool) -> None:
        self.columns, self.color, self.lines = columns, color, list[str]()

    def paint(self, text: str, code: str) -> str:
        """The text in a colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and code else text

    def line(self, text: str = "", indent: int = 0, code: str = "") -> None:
        """A line, broken where the terminal ends."""
        for part in textwrap.wrap(text, self.columns, subsequent_indent=" " * indent, break_on_hyphens=False) or [""]:
            self.lines.append(self.paint(part, code) if code else part)

    def row(self, count: int, word: str, text: str, mark: str = "", code: str = "") -> None:
        """``   37  narrower   text   T031``"""
        lead = f"{count:5}  "
        head = f"{word}" if not text else f"{word:<9}  "
        room = self.columns - len(lead) - len(head) - (len(mark) + 2 if mark else 0)
        if room < 30 and text:
            self.lines.append(lead + self.paint(word, code) + (f"  {mark}" if mark else ""))
            self.lines += [" " * 7 + part for part in textwrap.wrap(text, self.columns - 7)]
            return
        parts = textwrap.wrap(text, room, break_on_hyphens=False) if text else [""]
        first = f"{parts[0]:<{room}}  {mark}".rstrip() if mark else parts[0]
        self.lines.append(lead + self.paint(head, code) + first)
        self.lines += [" " * (len(lead) + len(head)) + part for part in parts[1:]]

    def names(self, names: list[str], indent: int) -> None:
        """Three names, then how many more."""
        found = list(dict.fromkeys(n for n in names if n))
        if not found:
            return
        text = ", ".join(found[:NAMES]) + (f" … {len(found) - NAMES} more" if len(found) > NAMES else "")
        if len(text) + indent > self.columns:
            text = textwrap.shorten(text, self.columns - indent, placeholder=" …")
        self.lines.append(" " * indent + text)


def summary(run: Run, seconds: float, stream: IO[str] = sys.stderr) -> str:
    """The whole text after a conversion."""
    page = Page(width(), colored(stream))
    for target in run.plan.targets:
        results = [r for r in run.results if r.target == target]
        if page.lines:
            page.lines.append("")
        _target(page, run, target, results, seconds)
    return "\n".join(page.lines)


def _target(page: Page, run: Run, target: str, results: list[Conversion], seconds: float) -> None:
    agents = [r for r in results if r.name]
    formats = ", ".join(dict.fromkeys(r.format for r in results if r.format))
    places = _places(results)
    lead = f"{places}    " if places else ""
    page.line(
        f"{lead}{len(agents)} agent{'s' if len(agents) != 1 else ''}, {formats or '?'} → {target}    {seconds:.1f} s", 4
    )
    page.lines.append("")
    for status in ORDER:
        same = [r for r in results if r.status == status]
        if same:
            _status(page, status, same)
    notes = [(r, n) for r in results for n in r.notes if n.code not in SHOWN_WITH_STATUS]
    todo = [(r, n) for r, n in notes if n.help and n.code[0] in "CFM" and n.effect in ("info", "approximate", "lost")]
    batch = [n for n in run.notes if n.path == target]
    if todo or batch:
        _section(page, "For you to do", todo, batch)
    told = {id(n) for _, n in todo}
    info = [(r, n) for r, n in notes if id(n) not in told and n.effect in ("info", "approximate", "lost", "inherits")]
    if info:
        _section(page, "For your information", info, None)
    page.lines.append("")
    page.line(rights_line(results, dry=run.plan.dry), 4)
    page.line(_more(results, run), 6)


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


def _status(page: Page, status: str, results: list[Conversion]) -> None:
    color = COLORS.get(status, "")
    unchanged = sum(r.unchanged for r in results)
    page.row(len(results), WORDS[status], f"({unchanged} unchanged)" if unchanged else "", code=color)
    if status == "refused":
        _refused(page, results)
    elif status in EFFECTS_OF:
        pairs = [(r, n) for r in results for n in r.notes if n.effect == EFFECTS_OF[status]]
        if status == "kept":
            pairs = [(r, n) for r, n in pairs if n.code == "F003"]
        groups = grouped(pairs)
        room = ROOM["status"]
        for group in groups[:room]:
            page.row(len(group.names), "", group.message, group.code)
            if len(results) > 1:
                page.names(group.names, 9)
            if group.help and status in ("kept", "failed"):
                page.line(" " * 9 + group.help, 9)
        _rest(page, groups, room)


def _refused(page: Page, results: list[Conversion]) -> None:
    """What the agents would gain, why no narrower form exists, and both ways out."""
    by_gain: dict[tuple[str, ...], list[str]] = {}
    asked: dict[str, None] = {}
    for result in results:
        by_gain.setdefault(tuple(result.gained), []).append(result.name)
        asked |= dict.fromkeys("limits" if g.startswith("limit:") else g.split("(")[0] for g in result.gained)
    groups = sorted(by_gain.items(), key=lambda item: -len(item[1]))
    for gained, names in groups[: ROOM["status"]]:
        limits = ", ".join(g[6:] for g in gained if g.startswith("limit:"))
        rights = ", ".join(g for g in gained if not g.startswith("limit:"))
        text = " and ".join(
            t for t in (rights and f"would gain {rights}", limits and f"would lose the limit {limits}") if t
        )
        page.row(len(names), "", text, "C012")
        page.names(names, 9)
    _rest(page, groups, ROOM["status"])
    spec = load(results[0].target)
    if why := spec.tools.fact("why"):
        page.line(f"       {spec.seen}: {why}.", 7)
    page.line(f"       write them, the limit as a sentence in the prompt:  --allow-widening {','.join(asked)}", 9)
    page.line("       leave them out and be content:                      --skip-refused", 9)


def _rest(page: Page, groups: list[Any], room: int) -> None:
    if len(groups) > room:
        page.lines.append(f"       … {len(groups) - room} more kinds: --notes full")


def _section(page: Page, title: str, pairs: list[tuple[Conversion, Note]], batch: list[Note] | None) -> None:
    page.lines.append("")
    page.lines.append("  " + page.paint(title, "1"))
    groups = grouped(pairs)
    for one in batch or ():
        page.line(f"       {one.message}  {one.code}", 7)
        if one.help:
            page.line(" " * 9 + one.help, 9)
    room = ROOM["info" if batch is None else "todo"]
    for group in groups[:room]:
        page.row(len(group.names), "", group.message, group.code)
        if batch is not None and group.help:
            page.line(" " * 9 + group.help, 9)
    _rest(page, groups, room)


def grouped(pairs: Iterable[tuple[Conversion, Note]]) -> list[Group]:
    """One group per cause. Where a code has many different sentences, its headline stands for them."""
    groups: dict[tuple[str, str], Group] = {}
    for result, one in pairs:
        group = groups.setdefault((one.code, one.message), Group(one.code, one.effect, one.message, help=one.help))
        if result.name not in group.names:
            group.names.append(result.name or result.source)
    by_code: dict[str, list[Group]] = {}
    for group in groups.values():
        by_code.setdefault(group.code, []).append(group)
    out: list[Group] = []
    for code, same in by_code.items():
        if len(same) <= 2:
            out += same
            continue
        merged = Group(code, max((g.effect for g in same), key=lambda e: RANK[e]), _common(code, same))
        merged.names = list(dict.fromkeys(n for g in same for n in g.names))
        merged.help = same[0].help if len({g.help for g in same}) == 1 else ""
        out.append(merged)
    return sorted(out, key=lambda g: (-RANK[g.effect], -len(g.names), g.code))


def _common(code: str, groups: list[Group]) -> str:
    """The headline of the code with the words that differ."""
    words: dict[str, None] = {}
    for group in sorted(groups, key=lambda g: -len(g.names)):
        found = re.findall(r"`([^`]+)`", group.message)
        words |= dict.fromkeys(found[:1])
    shown = list(words)
    text = ", ".join(f"`{w}`" for w in shown[:NAMES]) + (f" … {len(shown) - NAMES} more" if len(shown) > NAMES else "")
    return f"{CODES[code][1]}: {text}" if shown else CODES[code][1]


def rights_line(results: list[Conversion], dry: bool = False) -> str:
    """``Rights: n the same · n less · n more.``"""
    less = sum(r.status == "narrowed" for r in results)
    more = sum(r.status == "widened" for r in results)
    same = sum(r.status in ("exact", "lossy") for r in results)
    written = len({p for r in results if not r.failed and r.status != "kept" for p in r.files if not r.unchanged})
    unchanged = len({p for r in results if r.unchanged for p in r.files})
    files = f"{written} file{'s' if written != 1 else ''} {'would be written' if dry else 'written'}"
    files += f", {unchanged} unchanged" if unchanged else ""
    return f"Rights: {same} the same · {less} less · {more} more.     {files}, each one read back."


def _more(results: list[Conversion], run: Run) -> str:
    notes = sorted((n for r in results for n in r.notes), key=lambda n: -RANK[n.effect])
    code = f"agentconv explain {notes[0].code} · " if notes else ""
    exit_code = exit_of(run)
    return f"More: {code}--notes full · --report FILE.json" + (f"     exit {exit_code}" if exit_code else "")


def exit_of(run: Run, fail_on: NoteEffect | Literal["never"] = "never", skip_refused: bool | None = None) -> int:
    """3: not read, written or verified; 1: something asked for was not done; 0: done."""
    skip = run.plan.options.skip_refused if skip_refused is None else skip_refused
    if any(r.status == "failed" for r in run.results) or any(n.effect == "error" for n in run.notes):
        return 3
    if any(r.status == "kept" or (r.status == "refused" and not skip) for r in run.results):
        return 1
    if fail_on != "never" and any(RANK[n.effect] >= RANK[fail_on] for r in run.results for n in r.notes):
        return 1
    return 0
