"""Texts made to fit: one line where the target has no other, and what is too long or must not be empty."""

from __future__ import annotations

import re
from typing import Any

from agentconv.lowering.lowered import Lowered
from agentconv.spec import Spec


def shortened(text: str, longest: int) -> str:
    """The beginning of a text as far as it fits, up to the end of a paragraph, a sentence or a word."""
    start = text[:longest]
    for end in ("\n\n", ". ", ".\n", "\n", " "):
        at = start.rfind(end)
        if at > longest // 3:
            return start[: at + (1 if end[0] == "." else 0)].rstrip()
    return start.rstrip()


def fit_texts(fields: dict[str, Any], dst: Spec, out: Lowered) -> None:
    """Change the texts of a lowered agent in place; each change is said."""
    for name, value in fields.items():
        row = dst.by_field.get(name)
        if row is None or not isinstance(value, str):
            continue
        if row.fact("one_line") and re.search(r"[\r\n]", value):
            out.say("L009", f"{dst.program} has one line for `{row.key}`: line breaks became spaces", name)
            fields[name] = " ".join(value.split())
        elif row.fact("one_line") and value != value.strip():
            fields[name] = value.strip()
        longest = row.fact("max_length")
        if longest is not None and len(fields[name]) > longest:
            has = f"the {name} has {len(fields[name])} characters, {dst.program} takes {longest}"
            if name == "description":
                fields[name] = shortened(fields[name], longest)
                out.say("L002", f"{has}: it ends after its last whole sentence", name, help="shorten it in the source")
            else:
                out.say("C003", f"{has} and it is not cut", name, "error", "shorten it in the source")
    prompt = fields.get("prompt")
    if dst.container.get("empty_body") and not (prompt or "").strip():
        fields["prompt"] = fields.get("description") or fields.get("name") or fields.get("id") or "agent"
        out.say("L005", f"{dst.program} requires a prompt; the description stands in", "prompt")
