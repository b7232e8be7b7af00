"""Texts made to fit: one line where the target has no other, and what is too long or must not be empty."""

from __future__ import annotations

import re
from typing import Any

from agentconv.containers.programs import WHITE
from agentconv.lowering.lowered import Lowered
from agentconv.naming import slug
from agentconv.patterns import pattern
from agentconv.rows import Field
from agentconv.spec import Spec

SENTENCE = pattern(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\betc)[.!?。！？][\"')\]*_`]*(?=\s|$)|\n[ \t]*\n")


def shortened(text: str, longest: int) -> tuple[str, bool]:
    """The beginning of a text as far as it fits, up to the end of a sentence; of a word, and said so, where the first
    sentence is longer than that."""
    ends = [m.end() for m in SENTENCE.finditer(text[: longest + 1]) if len(text[: m.end()].rstrip()) <= longest]
    if ends:
        return text[: ends[-1]].rstrip(), True
    start = text[: longest - 1]
    at = start.rfind(" ")
    return f"{start[: at if at > longest // 3 else longest - 1].rstrip()}…", False


def fit_texts(fields: dict[str, Any], dst: Spec, out: Lowered) -> None:
    """Change the texts of a lowered agent in place; each change is said."""
    for name, value in fields.items():
        row = dst.by_field.get(name)
        if row is None or not isinstance(value, str):
            continue
        if row.fact("one_line") and re.search(r"[\r\n\u2028\u2029]", value):
            out.say("L009", f"{dst.program} has one line for `{row.key}`: line breaks became spaces", name)
            fields[name] = " ".join(value.split())
        elif row.fact("one_line") and value != value.strip() and dst.syntax != "json":  # there they are in quotes
            fields[name] = value.strip()
        elif row.fact("newlines") == "lf" and "\r" in value:
            out.say("L009", f"{dst.program} ends the lines of `{row.key}` as those of the file: so do they now", name)
            fields[name] = value.replace("\r\n", "\n").replace("\r", "\n")
        elif row.fact("newlines") == "ascii" and re.search(r"[\u2028\u2029]", value):
            text = f"{dst.program} takes no line separator (U+2028) in `{row.key}`: a line break stands there"
            out.say("C013", text, name)
            fields[name] = re.sub(r"[\u2028\u2029]", "\n", value)
        longest = row.fact("max_length")
        if name == "title":
            _fit_title(fields, row, dst, out)
        elif longest is not None and row.length(fields[name]) > longest:
            has = f"the {name} has {row.length(fields[name])} characters, {dst.program} takes {longest}"
            if name == "description":
                _fit_description(fields, int(longest), has, out)
            else:
                out.say("C003", f"{has} and it is not cut", name, "error", "shorten it in the source")
    prompt = fields.get("prompt")
    if dst.container.get("empty_body") and not (prompt or "").strip(WHITE).strip():
        fields["prompt"] = fields.get("description") or fields.get("name") or fields.get("id") or "agent"
        out.say("L005", f"{dst.program} requires a prompt; the description stands in", "prompt")


def _fit_title(fields: dict[str, Any], row: Field, dst: Spec, out: Lowered) -> None:
    """People read it, and nothing hangs on it: it is cut where it is too long, and gives way to the name where the
    program does not take it."""
    title, longest, legal = fields["title"], row.fact("max_length"), row.fact("pattern")
    while longest is not None and row.length(title) > longest:
        title = shortened(title, min(int(longest), len(title) - 1))[0]
    if title != fields["title"]:
        has = f"the title has {row.length(fields['title'])} characters, {dst.program} takes {longest}"
        out.say("L009", f"{has}: it became `{title}`", "title")
    if legal is not None and not re.fullmatch(str(legal), title):
        shown = title
        title = fields.get("name") or fields["id"]
        if not title.startswith(slug(shown)):  # that the name was changed is said
            out.say("L002", f"{dst.program} takes no title `{shown}`: the name stands there", "title")
    fields["title"] = title


def _fit_description(fields: dict[str, Any], longest: int, has: str, out: Lowered) -> None:
    """Without its examples first, then up to the end of a sentence."""
    from agentconv.bodies.examples import split

    head, tail = split(fields["description"])
    if tail:
        out.cut = tail
        help = "--fold puts them into the prompt; or shorten it in the source"
        out.say("P007", f"{has}: its examples are left out", "description", help=help)
    text, whole = (head, True) if len(head) <= longest else shortened(head, longest)
    if text != head:
        end = (
            "it ends after its last whole sentence" if whole else "no sentence ends before that, so it ends with a word"
        )
        out.say("L002", f"{has}: {end}", "description", help="shorten it in the source")
    fields["description"] = text
