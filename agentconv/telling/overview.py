"""What a person reads after a conversion to many programs: a row each, then the causes of all of them, worst first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO

from agentconv.convert import Conversion
from agentconv.notes import CODES, RANK, Note
from agentconv.project.batch import Run
from agentconv.telling.grouping import gain_words, gains_of, tail
from agentconv.telling.screen import Page, colored, width
from agentconv.telling.terminal import (
    COLORS,
    EFFECTS_OF,
    ORDER,
    SHOWN_WITH_STATUS,
    WORDS,
    more_line,
    rights_line,
)

FEW = 3  # so many targets have a part of the page each
ROOM = 6  # causes in each part; the rest is one line
SOFT = ("info", "approximate", "lost", "inherits")


def wanted(run: Run) -> bool:
    """Whether there are so many targets that a part for each would be no page any more."""
    return len({r.target for r in run.results}) > FEW


def summary(run: Run, seconds: float, stream: IO[str]) -> str:
    """The whole text after a conversion."""
    page = Page(width(), colored(stream))
    for one in run.remarks:
        if not one.target:
            page.line(f"{one.note.code} {one.note.message}", 5)
    by_target: dict[str, list[Conversion]] = {}
    for result in run.results:
        by_target.setdefault(result.target, []).append(result)
    agents = len({(r.source, r.name) for r in run.results if r.name})
    formats = ", ".join(dict.fromkeys(r.format for r in run.results if r.format)) or "?"
    page.line(f"{agents} agent{'s' * (agents != 1)}, {formats} → {len(by_target)} formats    {seconds:.1f} s", 4)
    page.line()
    _table(page, by_target)
    _undone(page, run)
    _narrower(page, run.results)
    _told(page, run)
    page.line()
    page.line(rights_line(run.results, run), 4)
    page.line(more_line(run.results, run), 6)
    return "\n".join(page.lines)


def _table(page: Page, by_target: dict[str, list[Conversion]]) -> None:
    """A row each: what became of the agents, and where the files lie."""
    same = [id for id, results in by_target.items() if all(r.unchanged for r in results)]
    states = {id: _states(results) for id, results in by_target.items() if id not in same}
    if same:
        page.line(f"{len(same)} unchanged: {', '.join(same) if len(same) < ROOM else tail(same)}", 4, 2)
    if not states:
        return
    ids = max(len(id) for id in states)
    wide = max(len(text) for text, _ in states.values())
    for id, (text, worst) in states.items():
        results = by_target[id]
        files = list(dict.fromkeys(path for r in results for path in r.files))
        where = files[0] if len(files) == 1 else f"{_shared(files)} ({len(files)} files)" if files else ""
        room = page.columns - ids - wide - 6
        where = where if len(where) <= room else ""
        lead = f"  {id:<{ids}}  {page.paint(f'{text:<{wide}}', COLORS.get(worst, ''))}  {where}"
        page.lines.append(lead.rstrip())


def _states(results: list[Conversion]) -> tuple[str, str]:
    """``1 NOT written, 2 lossy``, and the worst of them; of one agent the word alone."""
    found = [(status, sum(r.status == status for r in results)) for status in ORDER]
    found = [(status, n) for status, n in found if n]
    old = ", unchanged" if all(r.unchanged for r in results if r.files) and any(r.files for r in results) else ""
    if len(results) == 1:
        return WORDS[found[0][0]] + old, found[0][0]
    return ", ".join(f"{n} {WORDS[status]}" for status, n in found) + old, found[0][0]


def _shared(files: list[str]) -> str:
    """The folder that holds them all."""
    parts = [path.split("/")[:-1] for path in files]
    common = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        common.append(column[0])
    return "/".join(common) or "."


def _undone(page: Page, run: Run) -> None:
    """What was asked for and not done, with the ways out."""
    for status in ("failed", "kept"):
        pairs = [(r, n) for r in run.results if r.status == status for n in r.notes]
        pairs = [(r, n) for r, n in pairs if n.effect == EFFECTS_OF.get(status) or n.code == "F003"]
        _part(page, WORDS[status], pairs, helps=True)
    refused = [r for r in run.results if r.status == "refused"]
    if not refused:
        return
    page.lines += ["", "  " + page.paint(WORDS["refused"], COLORS["refused"]) + ": there they would have more rights"]
    by_gain: dict[tuple[str, ...], list[Conversion]] = {}
    for result in refused:
        by_gain.setdefault(gains_of(result), []).append(result)
    groups = sorted(by_gain.items(), key=lambda item: -len(item[1]))
    for gained, results in groups[:ROOM]:
        names = f"{tail(r.name for r in results)}: {tail(r.target for r in results)}"
        page.row(len(results), "", gain_words(gained, could=True), "C012", names)
    _rest(page, len(groups))
    if not run.plan.options.skip_refused:
        asked = dict.fromkeys(
            "limits" if g.startswith("limit:") else g.split("(")[0] for r in refused for g in r.gained
        )
        page.line(f"write them all the same:  --allow-widening={','.join(asked)}", 9, 7)
        page.line("leave them out and be content:  --skip-refused", 9, 7)


def _narrower(page: Page, results: Iterable[Conversion]) -> None:
    pairs = [(r, n) for r in results if r.status in ("narrowed", "widened") for n in r.notes]
    _part(page, "Less than before", [(r, n) for r, n in pairs if n.effect == "narrows"])
    _part(page, "More than before, as you allowed", [(r, n) for r, n in pairs if n.code == "T014"])


def _told(page: Page, run: Run) -> None:
    """What the user can do, then what is good to know."""
    pairs = [
        (r, n)
        for r in run.results
        if r.files and r.status not in ("kept", "refused", "failed")
        for n in r.notes
        if n.effect in SOFT and n.code not in SHOWN_WITH_STATUS
    ]
    todo = [(r, n) for r, n in pairs if n.help and n.code[0] in "CFM" and n.effect != "inherits"]
    known = {id(n) for _, n in todo}
    asked = [one for one in run.remarks if one.target]
    if asked:
        page.lines += ["", "  " + page.paint("For you to do", "1")]
        for one in asked[:ROOM]:
            page.row(one.count, "", one.note.message, one.note.code)
            page.help(one.note.help, 7)
        _rest(page, len(asked))
    _part(page, "" if asked else "For you to do", todo, helps=True)
    _part(page, "For your information", [(r, n) for r, n in pairs if id(n) not in known])


def _part(page: Page, title: str, pairs: list[tuple[Conversion, Note]], *, helps: bool = False) -> None:
    """Notes by their code, whatever the program is called: the headline, then the programs."""
    if not pairs:
        return
    if title:
        page.lines += ["", "  " + page.paint(title, "1")]
    groups: dict[tuple[str, str], list[tuple[Conversion, Note]]] = {}
    for result, one in pairs:
        groups.setdefault((one.code, one.help if helps else ""), []).append((result, one))
    ordered = sorted(groups.items(), key=lambda g: (-RANK[g[1][0][1].effect], -len(g[1]), g[0]))
    for (code, help), found in ordered[:ROOM]:
        targets = list(dict.fromkeys(r.target for r, _ in found))
        page.row(len(targets), "", _together(code, [n.message for _, n in found]), code, tail(targets))
        if helps:
            page.help(help, 7)
    _rest(page, len(ordered))


def _together(code: str, messages: list[str]) -> str:
    """What the notes of one code have in common: its headline, and the words that they are about."""
    if len(set(messages)) == 1:
        return messages[0]
    words = dict.fromkeys(word for text in messages for word in re.findall(r"`[^`]+`", text)[:1])
    return f"{CODES[code][1]}: {tail(words)}" if words else CODES[code][1]


def _rest(page: Page, count: int) -> None:
    if count > ROOM:
        page.lines.append(f"       … {count - ROOM} more: --notes full")
