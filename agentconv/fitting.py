"""Texts made to fit: one line where the target has no other, words that it would evaluate, and what is too long."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from agentconv.spec import Spec

Say = Callable[..., None]  # code, message, path, and an effect


def fit(fields: dict[str, Any], dst: Spec, say: Say) -> None:
    """Change the texts of a lowered agent in place; each change is said."""
    for name, value in fields.items():
        row = dst.by_field.get(name)
        if row is None or not isinstance(value, str):
            continue
        if row.fact("one_line") and re.search(r"[\r\n]", value):
            say("L009", f"{dst.program} has one line for `{row.key}`: line breaks became spaces", name)
            fields[name] = " ".join(value.split())
        elif row.fact("one_line") and value != value.strip():
            fields[name] = value.strip()
        longest = row.fact("max_length")
        if longest is not None and len(fields[name]) > longest:
            text = f"the {name} has {len(fields[name])} characters, {dst.program} takes {longest} and it is not cut"
            say("C003", text, name, "error", "shorten it in the source")
    prompt = fields.get("prompt")
    if dst.container.get("empty_body") and not (prompt or "").strip():
        fields["prompt"] = fields.get("description") or fields.get("name") or fields.get("id") or "agent"
        say("L005", f"{dst.program} requires a prompt; the description stands in", "prompt")
    elif prompt:
        fields["prompt"] = _harmless(prompt, dst, say)


def _harmless(prompt: str, dst: Spec, say: Say) -> str:
    """The prompt with the least change to words that the program would evaluate."""
    for entry in dst.tables.get("expands") or ():
        if not isinstance(entry, dict):
            continue
        found = re.search(entry["find"], prompt)
        if found:
            prompt = re.sub(entry["find"], entry["instead"], prompt)
            why = f"`{found[0]}` in the prompt became `{entry['instead']}`: in {dst.seen} {entry['what']}"
            say("C013", why, "prompt")
    return prompt
