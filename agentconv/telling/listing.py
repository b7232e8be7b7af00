"""``agentconv list``: the layouts of its rows."""

from __future__ import annotations

import csv
import io
import textwrap
from dataclasses import replace

from agentconv.telling.agentrows import Row
from agentconv.telling.escape import json_text, markdown, markdown_code, one_line

LEGEND = "R reads  W writes  X runs commands  N network  D calls agents  M MCP   small: limited   -: not"
STAR = "* as the file lies there today; the others as converted, refused where the program would give more"
PAINT = {"R": "32", "W": "33", "X": "31", "N": "36", "D": "35", "M": "34"}


def as_text(found: list[Row], programs: tuple[str, ...], columns: int, color: bool) -> str:
    """A table for a terminal, by place: names left, letters in columns, descriptions as far as there is room."""
    found = [_shown(r) for r in found]
    agents = [r for r in found if not r.problem]
    bad = [r for r in found if r.problem]
    lines = (
        (_matrix(agents, programs, columns, color) if programs else _plain(agents, columns, color)) if agents else []
    )
    if bad:
        lines += ["", f"{len(bad)} file{'s' * (len(bad) != 1)} that cannot be read"]
        for row in bad:
            lines += textwrap.wrap(f"  {row.path}  {row.problem}", columns, subsequent_indent="      ")
    if agents:
        lines += ["", *textwrap.wrap(LEGEND, columns)]
    return "\n".join(lines).lstrip("\n")


def _shown(row: Row) -> Row:
    about = replace(row, model=one_line(row.model), description=one_line(row.description))
    return replace(about, name=one_line(row.name), path=one_line(row.path), problem=one_line(row.problem))


def _by_place(agents: list[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in agents:
        folder = row.path.rsplit("/", 1)[0] if "/" in row.path else row.path
        groups.setdefault(f"{folder}  ({row.format})", []).append(row)
    return groups


def _plain(agents: list[Row], columns: int, color: bool) -> list[str]:
    names = min(max(len(r.name) for r in agents), 32)
    models = min(max(len(r.model) for r in agents), 18 if columns >= 80 else 8)
    lines: list[str] = []
    for place, rows in _by_place(agents).items():
        lines += ["", _bold(place, color)]
        for row in rows:
            short = f"{_painted(row.short, color):<{_pad(row.short, 6, color)}}"
            lead = f"  {_cut(row.name, names):<{names}}  {short}"
            model = f"  {_cut(row.model, models):<{models}}" if models else ""
            room = columns - names - 10 - len(model) - 2
            about = textwrap.shorten(row.description, room, placeholder=" …") if room > 15 else ""
            lines.append((lead + model + (f"  {about}" if about else "")).rstrip())
    return lines


def _bold(text: str, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if color else text


def _matrix(agents: list[Row], programs: tuple[str, ...], columns: int, color: bool) -> list[str]:
    """Columns of programs in blocks that fit the terminal; `*` marks what the program reads as the file lies."""
    names = min(max(len(r.name) for r in agents), 32)
    widths = {id: max(8, len(id)) for id in programs}
    blocks: list[list[str]] = [[]]
    room = columns - names - 10
    used = 0
    for id in programs:
        if used + widths[id] + 2 > room and blocks[-1]:
            blocks.append([])
            used = 0
        blocks[-1].append(id)
        used += widths[id] + 2
    lines: list[str] = []
    for block in blocks:
        heading = "  ".join(f"{id:<{widths[id]}}" for id in block).rstrip()
        for place, rows in _by_place(agents).items():
            lead = f"{_cut(place, names + 2):<{names + 2}}" if len(place) <= names + 2 else ""
            lines += [""] if lines else []
            lines += [] if lead else [_bold(place, color)]
            lines.append(f"{lead:<{names + 2}}  asks    {heading}")
            for row in rows:
                cells = []
                for id in block:
                    cell = row.cells[id]
                    shown = cell.short + ("*" if cell.how in ("as it lies", "not loaded") else "")
                    cells.append(f"{_painted(shown, color):<{_pad(shown, widths[id], color)}}")
                own = f"{_painted(row.short, color):<{_pad(row.short, 6, color)}}"
                lines.append(f"  {_cut(row.name, names):<{names}}  {own}  {'  '.join(cells)}".rstrip())
    return [*lines, "", *textwrap.wrap(STAR, columns)]


def _painted(short: str, color: bool) -> str:
    if not color:
        return short
    if short.rstrip("*") in ("refused", "failed", "no", "skipped"):
        return f"\x1b[2m{short}\x1b[0m"
    if short.rstrip("*") == "all":
        return f"\x1b[31m{short}\x1b[0m"
    return "".join(f"\x1b[{PAINT[c.upper()]}m{c}\x1b[0m" if c.upper() in PAINT else c for c in short)


def _pad(short: str, width: int, color: bool) -> int:
    """The field width that leaves ``width`` visible columns."""
    return width + len(_painted(short, color)) - len(short)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def as_markdown(found: list[Row], programs: tuple[str, ...]) -> str:
    """A table for a pull request or a page."""
    head = ["agent", "asks", *programs] if programs else ["agent", "may", "model", "place", "description"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in found:
        if row.problem:
            cells = [markdown_code(row.path), f"**{markdown(row.problem)}**", *[""] * (len(head) - 2)]
        elif programs:
            cells = [markdown(row.name), f"`{row.short}`", *[f"`{row.cells[id].short}`" for id in programs]]
        else:
            cells = [
                markdown(row.name),
                f"`{row.short}`",
                markdown(row.model),
                markdown_code(row.path),
                markdown(textwrap.shorten(row.description, 120, placeholder=" …")),
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"`{LEGEND}`"])


def as_csv(found: list[Row], programs: tuple[str, ...]) -> str:
    """Comma-separated values, a header line first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["name", "path", "format", "rights", "model", "description", "problem", *programs])
    for row in found:
        cells = [" ".join(row.cells[id].rights) or row.cells[id].how if id in row.cells else "" for id in programs]
        rights = " ".join(row.rights)
        values = [row.name, row.path, row.format, rights, row.model, row.description, row.problem, *cells]
        writer.writerow([_harmless(v) for v in values])
    return out.getvalue()


def _harmless(value: str) -> str:
    """A table program takes a text that begins like this for a formula."""
    return "'" + value if value.lstrip()[:1] in ("=", "+", "-", "@") else value


def as_json_line(row: Row) -> str:
    """One agent a line."""
    return json_text(row.as_data(), None)
