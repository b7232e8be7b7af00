"""Keys beside the entries of a file of many, which hold for each of them, and keys that bring a tool along."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentconv.containers import Document, Node
from agentconv.model import Extra, Rule, Scope
from agentconv.notes import note
from agentconv.reading.context import Context, Read, Reading
from agentconv.reading.servernames import ONLY
from agentconv.reading.toolnames import server_tool
from agentconv.spec import Field, Spec


def besides(spec: Spec, document: Document) -> Iterator[tuple[str, Node, Field | None]]:
    """The keys beside the entries with their rows; one that nobody knows has none."""
    top = document.header
    if not spec.beside or top is None:
        return
    own = str(spec.container.get("entries") or "").split(".")[0]
    for pair in top.pairs:
        key = f"/{pair.key.text}"
        inner = [row for name, row in spec.beside.items() if name.startswith(f"{key}.")]
        if inner and pair.value.kind == "map":
            named = {row.key.partition(".")[2]: row for row in inner}
            yield from ((f"{key}.{p.key.text}", p.value, named.get(p.key.text)) for p in pair.value.pairs)
        elif pair.key.text != own and (key in spec.beside or not spec.container.get("others_beside")):
            yield key, pair.value, spec.beside.get(key)


def say_newer(spec: Spec, document: Document, reading: Reading) -> None:
    """A note where the file names a later version of its form than the one that is known (`newest`)."""
    for key, row in spec.beside.items():
        newest = row.fact("newest")
        node = document.header.get(key[1:]) if newest and document.header and document.header.kind == "map" else None
        if node is not None and node.kind == "scalar" and node.text.isdecimal() and int(node.text) > newest:
            text = (
                f"`{key[1:]}: {node.text}` is later than {newest}, the last that is known here: read as if it said that"
            )
            help = "what later versions brought is not known here: look through the result by hand"
            at = {"line": node.line, "column": node.column}
            reading.notes.append(note("R007", text, path=key, file=reading.path, effect="info", help=help, **at))


def unknown_beside(key: str, node: Node, ctx: Context) -> Extra:
    """A key beside the entries that is none of the program's."""
    problem = f"`{key[1:]}` is no key beside `{ctx.spec.container.get('entries')}`"
    ctx.not_taken(problem, key, node, word="refuse-all")
    return Extra(key, node.data(), ctx.spec.id)


def given(row: Field, value: Any, spec: Spec) -> Iterator[Rule]:
    """The tool that a key brings along (`gives`): for the agents that it names, or as a whole."""
    name = spec.tools.names[row.fact("gives")]
    if row.field is None and name.scope and isinstance(value, Sequence) and not isinstance(value, str):
        yield from (Rule("allow", name.tool(), Scope(name.scope, str(one)), at=row.key) for one in value)
    elif value:
        yield Rule("allow", name.tool(), at=row.key)


def brought(row: Field, servers: Mapping[str, Any], spec: Spec) -> tuple[list[Rule], dict[str, Any]]:
    """The tools of servers whose definition is what gives them (`adds: tools`), and the definitions without their
    lists."""
    rules, plain = [], {}
    for name, config in servers.items():
        said = config if isinstance(config, Mapping) else {}  # else it is no definition: the name is all that is known
        for one in said.get(ONLY) or (None,):
            rules.append(Rule("allow", server_tool(name, one, spec), at=row.key))
        plain[name] = {k: v for k, v in said.items() if k != ONLY} or None
    return rules, plain


def others(document: Document, entry: Node | None, spec: Spec) -> list[str]:
    """The agents that stand beside an entry in its file (`among`)."""
    from agentconv.reading.entries import entry_lists, meant_entries

    maps = (node for node, _ in entry_lists(spec, document) if node.kind == "map")
    return [pair.key.text for node in maps for pair in meant_entries(spec, node.pairs) if pair.value is not entry]


def is_external(name: str, row: Field) -> bool:
    """Whether a name means an agent outside of the file, or of every file (`present`, `outside`: patterns of such
    names)."""
    return re.fullmatch(str(row.fact("present") or row.fact("outside")), name) is not None


def nobody(spec: Spec, reading: Reading) -> Iterator[tuple[Read, Field, str]]:
    """Agents that an entry names and that the file does not hold, where the program does not take it so."""
    there = {read.agent.id for read in reading.agents}
    for row in spec.rows_with("present"):
        for read in reading.agents if row.field else ():
            names = getattr(read.agent, str(row.field)) or ()
            yield from ((read, row, name) for name in names if name not in there and not is_external(name, row))


def say_nobody(spec: Spec, reading: Reading) -> None:
    """The same as notes at the agents that name them."""
    for read, row, name in nobody(spec, reading):
        text = f"`{row.key}` names `{name}`, which is no agent of this file: {spec.seen} does not take it"
        node = read.where.get(str(row.field))
        line, column = (node.line, node.column) if node else (1, 1)
        read.notes.append(note("R012", text, path=str(row.field), file=reading.path, line=line, column=column))
