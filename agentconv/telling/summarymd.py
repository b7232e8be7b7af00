"""``--report FILE.md``: a summary for a pull request. The rights come first, then what is to do, then the rest."""

from __future__ import annotations

from collections.abc import Iterable

from agentconv.notes import RANK, Note
from agentconv.project.planning import Run
from agentconv.telling.escape import markdown, markdown_code, one_line
from agentconv.telling.grouping import Group, gain_words, gains_of, grouped, tail
from agentconv.telling.listing import LEGEND
from agentconv.telling.matrix import MEANS, Cell, Line, Matrix, matrix
from agentconv.telling.terminal import WORDS, rights_line

MOST = 200  # agents in the table: a summary that a code host cuts off says nothing
MARKS = {"failed": "❌", "refused": "⛔", "widened": "⚠️", "kept": "✋", "narrowed": "🔽"}


def as_markdown(run: Run) -> str:
    """The whole report."""
    found = matrix(run)
    targets = ", ".join(found.targets)
    lines = [f"# agentconv: {len(found.lines)} agent{'s' * (len(found.lines) != 1)} → {markdown(targets)}", ""]
    lines += [markdown(rights_line(run.results, run)), "", *_counts(found), "", *_rights(found), ""]
    lines += _notes(run)
    lines += _files(run)
    return "\n".join(lines).rstrip("\n") + "\n"


def _counts(found: Matrix) -> list[str]:
    statuses = found.statuses
    out = ["| target | " + " | ".join(WORDS[s] for s in statuses) + " |", "|---|" + "---:|" * len(statuses)]
    for target in found.targets:
        out.append(f"| {markdown(target)} | " + " | ".join(str(found.counts[target][s] or "") for s in statuses) + " |")
    return out


def _rights(found: Matrix) -> list[str]:
    """Agents whose rights change anywhere, or that are not written; the others are one line."""
    calm = ("exact", "lossy", "skipped")
    changed = [line for line in found.lines if any(cell.status not in calm for cell in line.cells.values())]
    same = len(found.lines) - len(changed)
    out = ["## Rights", ""]
    if changed:
        out += ["| agent | its file | " + " | ".join(map(markdown, found.targets)) + " |"]
        out += ["|---|---|" + "---|" * len(found.targets)]
        out += [_row(line, found.targets) for line in changed[:MOST]]
        out += ["", markdown(LEGEND), ""]
    if len(changed) > MOST:
        out += [f"… {len(changed) - MOST} more agents: `--report FILE.html` holds all.", ""]
    if same:
        out += [f"{same} agent{'s' * (same != 1)} may do the same everywhere.", ""]
    gains = [(line, cell) for line in changed for cell in line.cells.values() if cell.result.gained]
    for line, cell in gains[:MOST]:
        could = cell.status == "refused"
        who = f"**{markdown(line.name)}** in {markdown(cell.result.target)}"
        out.append(f"- {who} {markdown(gain_words(gains_of(cell.result), could=could))}: {MEANS[cell.status]}")
    return out


def _row(line: Line, targets: Iterable[str]) -> str:
    cells = [_cell(line, line.cells.get(target)) for target in targets]
    return f"| {markdown(line.name or line.source)} | {markdown_code(line.short or '-')} | " + " | ".join(cells) + " |"


def _cell(line: Line, cell: Cell | None) -> str:
    if cell is None:
        return ""
    mark = MARKS.get(cell.status, "")
    if cell.result.failed or cell.status == "kept":
        return f"{mark} {cell.word}".strip()
    short = markdown_code(cell.short or "-")
    return f"{mark} {short}".strip() if cell.short != line.short or mark else short


def _notes(run: Run) -> list[str]:
    soft = [(r, n) for r in run.results for n in r.notes]
    out: list[str] = []
    todo = [
        pair for pair in soft if (pair[1].help and pair[1].code[0] in "CFM") or RANK[pair[1].effect] >= RANK["widens"]
    ]
    told = {id(n) for _, n in todo}
    rest = [pair for pair in soft if id(pair[1]) not in told]
    remarks = [Group(one.note.code, one.note.effect, one.note.message, help=one.note.help) for one in run.remarks]
    for title, groups in (("For you to do", [*remarks, *grouped(todo)]), ("For your information", grouped(rest))):
        if not groups:
            continue
        out += [f"## {title}", "", "| code | agents | what |", "|---|---:|---|"]
        out += [_group(group) for group in groups]
        out.append("")
    return out


def _group(group: Group) -> str:
    names = tail(group.names)
    text = markdown(group.message) + (f"<br>{markdown(names)}" if names else "")
    for way in group.help.split("\n") if group.help else ():
        text += f"<br>{markdown_code(way) if 'agentconv ' in way or way.startswith('--') else markdown(way)}"
    return f"| {group.code} | {len(group.names) or ''} | {text} |"


def _files(run: Run) -> list[str]:
    """Files that came, changed or went; most of them are of no interest to a reader, so they are folded."""
    verb = "would be " if run.plan.dry else ""
    rows = [
        f"- {verb}{'written' if before is None else 'updated'}: {markdown_code(path)}"
        for path, before, _ in run.changes
    ]
    removed = getattr(run, "removed", None)
    if removed is not None:
        rows += [
            f"- {verb}{'changed' if after else 'deleted'}: {markdown_code(path)}" for path, _, after in removed.gone
        ]
        rows += [f"- {markdown(_one(one))}" for _, one in (*removed.kept, *removed.failed)]
    if not rows:
        return []
    return [f"<details><summary>{len(rows)} files</summary>", "", *rows, "", "</details>", ""]


def _one(one: Note) -> str:
    return f"{one.code} {one_line(one.message)}"
