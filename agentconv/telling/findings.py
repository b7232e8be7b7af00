"""What a person reads after a check: grouped by cause, worst first; one file shows all. And the same as data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any

from agentconv.checking.finding import SEVERITIES, Finding, Severity
from agentconv.notes import CODES
from agentconv.project.checks import CheckRun, Looked
from agentconv.telling.escape import github_data, github_property, json_text, markdown, markdown_code
from agentconv.telling.grouping import of_several
from agentconv.telling.screen import Page, colored, width

SCHEMA = 1
ROOM: dict[Severity, int] = {"error": 3, "warning": 3, "info": 3}  # groups in each part; the rest is one line
PLACES = 3
TITLES: dict[Severity, str] = {
    "error": "Restrictions that do not hold, files that do not load",
    "warning": "Other than it is meant",
    "info": "For your information",
}
PAINT: dict[Severity, str] = {"error": "31", "warning": "33", "info": ""}
GITHUB: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


@dataclass(slots=True)
class Group:
    """Findings with one cause."""

    first: Finding
    message: str
    findings: list[Finding] = field(default_factory=list)


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """One group per sentence; sentences that differ only in what stands in backticks are one."""
    groups: dict[tuple[str, str, str], Group] = {}
    for one in findings:
        pattern = re.sub(r"`[^`]*`|\d[\d,]*", "`", one.message)
        group = groups.setdefault((one.severity, one.code, pattern), Group(one, one.message))
        group.findings.append(one)
    for group in groups.values():
        if len({one.message for one in group.findings}) > 1:
            group.message = _together(group)
    return sorted(groups.values(), key=lambda g: (SEVERITIES.index(g.first.severity), -len(g.findings), g.first.code))


def _together(group: Group) -> str:
    """Three of the words in backticks, where that is all in which the sentences differ; else the code's headline."""
    words = list(dict.fromkeys(tuple(re.findall(r"`([^`]*)`", one.message)) for one in group.findings))
    if words and all(len(w) == 1 and len(w[0]) < 40 for w in words):
        shown = ", ".join(f"`{w[0]}`" for w in words[:PLACES]) + (
            f" … {len(words) - PLACES} more" if len(words) > PLACES else ""
        )
        text = re.sub(r"`[^`]*`", lambda _: shown, group.first.message, count=1)
        return of_several(text, shown)
    return CODES[group.first.code][1]


def summary(run: CheckRun, seconds: float, stream: IO[str], code: int) -> str:
    """The whole text after a check of many files."""
    page = Page(width(), colored(stream))
    page.line(f"{_count(run)}    {seconds:.1f} s", 4)
    groups = grouped(run.findings)
    for severity in SEVERITIES:
        mine = [g for g in groups if g.first.severity == severity]
        if not mine:
            continue
        page.lines += ["", "  " + page.paint(TITLES[severity], "1")]
        for group in mine[: ROOM[severity]]:
            _group(page, group, severity)
        if len(mine) > ROOM[severity]:
            more = sum(len(g.findings) for g in mine[ROOM[severity] :])
            page.lines.append(f"       … {len(mine) - ROOM[severity]} more kinds ({more}): --notes full")
    page.lines.append("")
    page.line(totals(run), 4)
    page.line(_more(run, code), 6)
    return "\n".join(page.lines)


def _group(page: Page, group: Group, severity: Severity) -> None:
    """A line for what it is, one for where; what is an error is told with what the program does and what mends it."""
    places = list(dict.fromkeys(f"{one.file}:{one.line}" for one in group.findings))
    where = places[0] + (f" … {len(places) - 1} more" if len(places) > 1 else "")
    if severity == "info":
        page.row(len(group.findings), "", group.message, group.first.code, "")
        return
    page.row(len(group.findings), "", group.message, group.first.code, "", PAINT[severity])
    page.line(where, 9, 7)
    if severity == "warning":
        return
    programs = dict.fromkeys(name for one in group.findings for name in one.programs)
    if len({one.does for one in group.findings}) == 1:
        page.line(f"{' and '.join(programs) or 'the program'}: {group.first.does}", 9, 7)
    if len({one.mend for one in group.findings}) == 1 and group.first.mend:
        page.line(f"mend: {group.first.mend}", 9, 7)


def _count(run: CheckRun) -> str:
    agents = sum(len(looked.agents) for looked in run.files)
    programs = list(dict.fromkeys(name for looked in run.files for name in looked.programs))
    readers = f", read by {_and(programs[:4])}" if programs else ""
    more = f" and {len(programs) - 4} more" if len(programs) > 4 else ""
    return f"{agents} agent{'s' * (agents != 1)} in {len(run.files)} file{'s' * (len(run.files) != 1)}{readers}{more}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def totals(run: CheckRun) -> str:
    """``Check: n errors · n warnings · n for your information, in n of n files; n accepted.``"""
    counts = {s: sum(one.severity == s for one in run.findings) for s in SEVERITIES}
    error, warning, info = counts["error"], counts["warning"], counts["info"]
    text = f"Check: {error} error{'s' * (error != 1)} · {warning} warning{'s' * (warning != 1)}"
    text += f" · {info} for your information"
    touched = sum(bool(looked.findings) for looked in run.files)
    text += f", in {touched} of {len(run.files)} files" if len(run.files) > 1 and touched else ""
    text += f"; {run.accepted} accepted" if run.accepted else ""
    return f"{text}; {len(run.changes)} mended." if run.changes else f"{text}."


def _more(run: CheckRun, code: int) -> str:
    groups = grouped(run.findings)
    explain = f"agentconv explain {groups[0].first.code} · " if groups else ""
    return f"More: {explain}--notes full · --report FILE.sarif" + (f"     exit {code}" if code else "")


# -- in full ----------------------------------------------------------------------------------


def in_full(run: CheckRun, code: int) -> str:
    """Each file with all its findings."""
    lines: list[str] = []
    for looked in run.files:
        if looked.findings or len(run.files) == 1:
            lines += [_headline(looked), *(line for one in looked.findings for line in finding_lines(one))]
    end = f"     exit {code}" if code else ""
    return "\n".join([*lines, totals(run) + end])


def _headline(looked: Looked) -> str:
    source = "standard input" if looked.path == "-" else looked.path
    names = ", ".join(looked.agents[:3]) + (f" … {len(looked.agents) - 3} more" if len(looked.agents) > 3 else "")
    what = f"{names}, {looked.format}" if names else looked.format
    readers = f", read by {_and(list(looked.programs))}" if looked.programs else ""
    return f"{source}    {what}{readers}" if what else source


def finding_lines(one: Finding) -> list[str]:
    """A finding below its file."""
    place = f"{one.line}:{one.column}"
    lines = [f"  {place:<7} {one.severity} {one.code}: {one.message}"]
    if one.meant:
        lines.append(f"          meant: {one.meant}")
    if one.does:
        lines += [f"          {name}: {one.does}" for name in one.programs or ("the program",)]
    return [*lines, *(f"          mend: {part}" for part in one.mend.split("\n") if part)]


# -- data -------------------------------------------------------------------------------------


def as_data(run: CheckRun) -> dict[str, Any]:
    """The report of a check."""
    counts = {s: sum(one.severity == s for one in run.findings) for s in SEVERITIES}
    return {
        "schema": SCHEMA,
        "command": "check",
        "counts": {**counts, "accepted": run.accepted, "files": len(run.files), "mended": len(run.changes)},
        "files": [
            {"path": f.path, "format": f.format, "agents": list(f.agents), "programs": list(f.programs)}
            for f in run.files
        ],
        "findings": [one.as_data() for one in run.findings],
    }


def as_json(run: CheckRun) -> str:
    """The report as text."""
    return json_text(as_data(run)) + "\n"


def github_lines(run: CheckRun) -> list[str]:
    """Workflow commands that GitHub shows beside the lines."""
    return [_github(one) for one in run.findings]


def _github(one: Finding) -> str:
    parts = (("file", one.file), ("line", one.line), ("col", one.column), ("title", f"{one.code} {CODES[one.code][1]}"))
    where = ",".join(f"{key}={github_property(str(value))}" for key, value in parts if value)
    text = "\n".join(line.strip() for line in finding_lines(one)[1:])
    return f"::{GITHUB[one.severity]} {where}::{github_data(f'{one.message}{chr(10)}{text}')}"


def as_markdown(run: CheckRun) -> str:
    """A report for a pull request."""
    lines = ["# agentconv check", "", markdown(totals(run)), ""]
    for severity in SEVERITIES:
        mine = [one for one in run.findings if one.severity == severity]
        if not mine:
            continue
        lines += [
            f"## {TITLES[severity]}",
            "",
            "| where | code | what | meant | what programs do | to mend it |",
            "|---|---|---|---|---|---|",
        ]
        for one in mine:
            who = " and ".join(one.programs)
            cells = [
                markdown_code(f"{one.file}:{one.line}"),
                one.code,
                *map(markdown, (one.message, one.meant, f"{who}: {one.does}" if who else one.does, one.mend)),
            ]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)
