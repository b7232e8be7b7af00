"""What each format can hold, from its description alone: model fields against formats."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Sequence

from agentconv.spec import Spec

_TOPICS = {
    "who it is": "id name title description when_to_use prompt prompt_parts prompt_mode",
    "tools": "tools",
    "model": "model effort temperature top_p",
    "conduct": "mode permission_mode max_turns timeout background isolation memory sandbox project_context",
    "reach": "delegates handoffs skills mcp_servers hooks context attachments",
    "visibility": "user_invocable model_invocable hidden disabled color icon argument_hint welcome",
    "routing": "capabilities task_types tools_required priority examples tags author version license metadata",
}
TOPICS = tuple((topic, tuple(fields.split())) for topic, fields in _TOPICS.items())
YES, READ, IDLE, FIXED, NO = "yes", "read only", "no effect", "fixed", "no"
IN_TOOLS = "in tools"
LEGEND = {
    YES: ("x", "held"),
    "unproven": ("?", "documented, not seen to hold"),
    READ: ("r", "read, never written"),
    IDLE: ("o", "accepted without effect"),
    IN_TOOLS: ("t", "held as the limit of a tool"),
    FIXED: ("f", "fixed by the program or the place"),
    NO: ("·", "not held"),
}


def held(spec: Spec, field: str) -> str:
    """How a format holds a field of the model: one word of the legend, for tools the kind of control."""
    found = _tools(spec) if field == "tools" else _field(spec, field)
    if spec.head.get("readable_only") or not (spec.head.get("places") or {}).get("write"):
        return found if found in (NO, IDLE, FIXED) else READ
    return found


def _tools(spec: Spec) -> str:
    """A control that is not read, or only said to hold, is no plain yes."""
    if spec.tools.control == "none":
        return IDLE if any(row.field == "tools" for row in spec.fields.values()) else NO
    if spec.tools.enforced == "no":
        return IDLE
    return spec.tools.control + (" (unproven)" if spec.tools.enforced == "unknown" else "")


def _field(spec: Spec, field: str) -> str:
    if field == "id":
        return YES
    rows = [row for row in spec.fields.values() if row.field == field]
    if field == spec.body_field or any(row.written and row.applied for row in rows):
        return YES
    if any(row.applied for row in rows):
        return READ
    if rows:
        return IDLE
    forced = (spec.tables.get("forced") or {}).values()
    if (field == "prompt_mode" and spec.tables.get("prompt_mode")) or any(field in facts for facts in forced):
        return FIXED
    if field == "delegates" and any(n.scope == "agent" and not n.off for n in spec.tools.names.values()):
        return IN_TOOLS
    return READ if field == "delegates" and spec.rows_with("roster") else NO


def mark(word: str) -> str:
    """The one letter of a cell."""
    if word in LEGEND:
        return LEGEND[word][0]
    return LEGEND["unproven" if word.endswith("(unproven)") else YES][0]


def as_text(specs: Sequence[Spec], columns: int) -> str:
    """For a terminal: words for a few formats; else a letter a cell below upright names, in blocks of the width."""
    label = max(len(field) for _, fields in TOPICS for field in fields) + 2
    width = max((max(len(spec.id), len(held(spec, field))) for spec in specs for _, fs in TOPICS for field in fs)) + 2
    if label + 2 + width * len(specs) <= columns:
        lines = _block(specs, label, width, columns)
        return "\n".join(lines)
    room = max(1, (columns - label - 2) // 2)
    count = -(-len(specs) // room)
    size = -(-len(specs) // count)  # blocks of one size
    lines = []
    for start in range(0, len(specs), size):
        lines += [*_block(specs[start : start + size], label, 2), ""]
    legend = "   ".join(f"{letter} {said}".replace(" ", "\0") for letter, said in LEGEND.values())
    return "\n".join([*lines, *(line.replace("\0", " ") for line in textwrap.wrap(legend, columns))])


def _block(specs: Sequence[Spec], label: int, width: int, words: int = 0) -> list[str]:
    """Headings and rows; in words where their width is given."""
    if words:
        lines = [" " * (label + 2) + "".join(f"{spec.id:<{width}}" for spec in specs)]
    else:
        tall = max(len(spec.id) for spec in specs)
        ids = [spec.id.rjust(tall) for spec in specs]
        lines = [" " * (label + 2) + "".join(f"{id[row]:<{width}}" for id in ids) for row in range(tall)]
    nowhere = []
    for topic, fields in TOPICS:
        found = {field: [held(spec, field) for spec in specs] for field in fields}
        none = [field for field in fields if words and set(found[field]) == {NO}]
        nowhere += none
        lines += [topic] if len(none) < len(fields) else []
        for field in (field for field in fields if field not in none):
            row = "".join(f"{cell if words else mark(cell):<{width}}" for cell in found[field])
            lines.append(f"  {field:<{label}}{row}")
    if nowhere:
        which = "any of these" if len(specs) > 1 else specs[0].id
        lines += ["", *textwrap.wrap(f"not held by {which}: {', '.join(nowhere)}", words)]
    return [line.rstrip() for line in lines]


def _rows(specs: Sequence[Spec]) -> list[tuple[str, list[str]]]:
    return [(field, [held(spec, field) for spec in specs]) for _, fields in TOPICS for field in fields]


def as_markdown(specs: Sequence[Spec]) -> str:
    """For a page: words, and nothing where a field is not held."""
    lines = ["| field | " + " | ".join(f"`{spec.id}`" for spec in specs) + " |", "|---" * (len(specs) + 1) + "|"]
    for field, cells in _rows(specs):
        lines.append(f"| `{field}` | " + " | ".join("" if cell == NO else cell for cell in cells) + " |")
    return "\n".join(lines)


def as_csv(specs: Sequence[Spec]) -> str:
    """For a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["field", *(spec.id for spec in specs)])
    writer.writerows([field, *cells] for field, cells in _rows(specs))
    return out.getvalue().rstrip("\n")


def as_json(specs: Sequence[Spec]) -> str:
    """Field -> format -> word."""
    return json.dumps(
        {field: {spec.id: cell for spec, cell in zip(specs, cells, strict=True)} for field, cells in _rows(specs)},
        ensure_ascii=False,
        indent=2,
    )
