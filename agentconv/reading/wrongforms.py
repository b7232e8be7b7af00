"""A tool list that is a map, a number or a switch."""

from __future__ import annotations

from agentconv.containers import Node
from agentconv.model import Tools
from agentconv.reading.context import Context
from agentconv.reading.toolcodecs import NONE, allow, meaning
from agentconv.reading.toolnames import recognise
from agentconv.spec import Field


def of_wrong_type(node: Node, row: Field, ctx: Context) -> Tools:
    """What it means: to its author the tools that are switched on in it, else none; to the program what that makes of
    such a value."""
    word = ctx.spec.tools.fact("wrong_type", "none")
    bools = node.kind == "map" and node.pairs and all(isinstance(p.value.value, bool) for p in node.pairs)
    if ctx.author and bools and word in ("all", "absent", "refused"):
        off = ", ".join(f"`{p.key.text}`" for p in node.pairs if p.value.value is False)
        text = f"`{row.key}` is a map of yes and no; read as a list of the tools that are on" + (off and f", {off} off")
        ctx.say("R006", text, "tools", node, effect="approximate")
        return _true_only(node, row, ctx)
    if ctx.author:
        shown = {"all": "all tools", "absent": "as if the key were absent", "refused": "the file is refused"}
        ctx.say(
            "R006",
            f"`{row.key}` has the wrong type; {ctx.spec.program}: {shown.get(str(word), 'no tools')}"
            + ("; taken as no tools" if word != "none" else ""),
            "tools",
            node,
            effect="info",
        )
        return NONE
    return meaning(word, ctx, "a tool list of the wrong type")


def _true_only(node: Node, row: Field, ctx: Context) -> Tools:
    rules = []
    for pair in node.pairs:
        if pair.value.value is True:
            at = f"{row.key}.{pair.key.text}"
            found = recognise(pair.key.text, ctx.spec, author=True)
            rules += allow(pair.key.text, at, pair.key, found, ctx)
    return Tools("none", tuple(rules))
