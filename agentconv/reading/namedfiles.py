"""Texts in other files that a definition names: read from its folder, inside the project only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentconv.containers import Node
from agentconv.model import Extra
from agentconv.patterns import pattern
from agentconv.reading.context import Context
from agentconv.spec import Field

_ID = pattern(r"\w[\w.-]*")
_INSIDE = {
    "file": pattern(r"\{file:([^}]+)\}"),
    # of two kinds of files, and below the folder of the definition (Microsoft 365 Agents Toolkit 3.1.3, run)
    "file-call": pattern(r"\$\[ *file\( *'((?!/)(?:(?!\.\.(?:/|'))[^'\]\\])+\.(?i:txt|md))' *\) *\]"),
}


def named_text(value: str, node: Node, row: Field, ctx: Context) -> str:
    """The value of a field with the files in it that it names, as the field's ``refs`` says."""
    if row.fact("refs") == "file-uri":
        return _whole(value, node, row, ctx)
    return _filled(value, str(row.fact("refs")), str(row.fact("bad", "refuse")), row.field or row.key, node, ctx)


def named_in_body(body: str, ctx: Context) -> str:
    """The prompt below a header, where the program follows such names there, too."""
    refs = ctx.spec.container.get("body_refs")
    return _filled(body, "file", str(refs), "prompt", None, ctx) if refs else body


def beside(ctx: Context) -> str | None:
    """The prompt that lies in files of its own in the folder of the definition, one behind the other."""
    names = ctx.spec.container.get("prompt_files", ())
    texts = [ctx.get(str(name)) for name in names] if ctx.get is not None else []
    found = [text.removeprefix("\ufeff").replace("\r\n", "\n").strip("\n") for text in texts if text is not None]
    if not found:
        words = ", ".join(f"`{name}`" for name in names)
        ctx.say("F001", f"no prompt: none of {words} is there, or at hand", "prompt", None, effect="lost")
    return "\n\n".join(text for text in found if text) or None


def named_by_key(extras: Iterable[Extra], ctx: Context) -> str | None:
    """The prompt in a file that a key names by its id, where none stands in the definition."""
    rule = ctx.spec.container.get("prompt_by") or {}
    id = next((str(one.value) for one in extras if one.key == rule.get("key")), "")
    if not id or id in rule["own"]:
        return None
    place = str(rule["file"]).format(id=id)
    text = ctx.get(place) if ctx.get is not None and _ID.fullmatch(id) else None
    if text is None:
        ctx.say("F001", f"no prompt: `{place}` is not there, or not at hand", "prompt", None, effect="lost")
        return None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").strip("\n") or None


def _whole(value: str, node: Node, row: Field, ctx: Context) -> str:
    """The text of the file that a ``file://`` names."""
    if not value.startswith("file://") or ctx.get is None:
        return value
    text = ctx.get(value.removeprefix("file://"))
    if text is None:
        ctx.refuse("refuse", f"`{row.key}` names a file that is not there")
        ctx.say("F001", f"`{value}` is not there, or outside the project", row.field or row.key, node)
        return value
    return text.removeprefix("\ufeff").replace("\r\n", "\n").strip("\n")


def _filled(value: str, form: str, missing: str, at: str, node: Node | None, ctx: Context) -> str:
    """A text with each ``{file:path}`` replaced by the trimmed text of that file, which is not looked through again, or
    each ``$[file('path')]`` by that text.

    ``missing`` says what becomes of a name without a file: a word that refuses, or ``empty``.
    """
    get = ctx.get
    if get is None:
        return value

    def text_of(found: re.Match[str]) -> str:
        text = get(found[1])
        if text is not None:
            text = text.removeprefix("\ufeff")
            return text.replace("\r\n", "\n") if form == "file-call" else text.strip()
        ctx.refuse(missing, f"`{found[0]}` names a file that is not there")
        effect = "lost" if missing == "empty" else None
        ctx.say("F001", f"`{found[0]}` is not there, or outside the project", at, node, effect=effect)
        return "" if missing == "empty" else found[0]

    return _INSIDE[form].sub(text_of, value)
