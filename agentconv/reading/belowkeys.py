"""Keys of the format that stand below a key of no meaning: `[agent]` over all of a TOML file, or below another table.

The program does not look there. Who wrote them meant them, and above all the list of tools among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agentconv.containers import Node, Pair
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Context, Token
from agentconv.spec import Field, Spec

Below = tuple[Pair, Pair]  # the key without meaning, and the one below it
FEW = 2  # one word that the program has, too, may be anything


def keys_below(spec: Spec, entry: Node | None) -> Iterator[Below]:
    """What was meant: where a list of tools is among several such keys, or the entry says nothing else."""
    if entry is None or spec.tools.control == "any" or spec.text_kind:
        return
    top = {pair.key.text for pair in entry.pairs}
    heads = {key.split(".")[0] for key in spec.fields}
    said = any(row is not None and row.field for row in map(spec.fields.get, top))
    passed = spec.container.get("passed_over", ())
    for pair in entry.pairs:
        if pair.value.kind != "map" or pair.key.text in heads or pair.key.text in passed:
            continue
        found = [inner for inner in pair.value.pairs if inner.key.text in spec.fields and inner.key.text not in top]
        listed = any(spec.fields[inner.key.text].type in TOOL_TYPES for inner in found)
        if len(found) >= FEW and (listed or not said):
            yield from ((pair, inner) for inner in found)


def read_whole(below: list[Below]) -> set[str]:
    """The keys without meaning of which nothing is left: all that stands below them was read."""
    read = {id(inner) for _, inner in below}
    return {outer.key.text for outer, _ in below if all(id(inner) in read for inner in outer.value.pairs)}


def unread(rows: Mapping[str, Field], below: list[Below]) -> Mapping[str, Field]:
    """The rows for these keys: no value of them loses the file."""
    plain = ("bad", "blank", "empty", "null", "wrong_type")
    keys = {inner.key.text for _, inner in below}
    return (
        {
            key: replace(row, facts={k: v for k, v in row.facts.items() if k not in plain}) if key in keys else row
            for key, row in rows.items()
        }
        if below
        else rows
    )


def tell(below: list[Below], ctx: Context) -> None:
    """Each with the place where it stands."""
    for outer, inner in below:
        key, at = inner.key.text, inner.key
        text = f"`{outer.key.text}.{key}` is no key of {ctx.spec.program}; read as `{key}`"
        ctx.say("R085", text, ctx.spec.fields[key].field or key, at)
        ctx.respelt.append(Token(f"{outer.key.text}.{key}", at.start, at.end, key, key))
