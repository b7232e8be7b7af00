"""Rules for tools that stand in a configuration above an agent's own file and hold for every agent of the project."""

from __future__ import annotations

import posixpath
from functools import lru_cache

from agentconv.containers import ContainerError, Document
from agentconv.model import Rule
from agentconv.reading.besides import besides
from agentconv.reading.context import Context, Reading
from agentconv.reading.toolrows import joined, tool_row
from agentconv.registry import load

FOLDERS = 6  # from the agent's own folder upwards
Shared = tuple[list[Rule], list[Rule]]


def rules_above(ctx: Context) -> Shared:
    """Early ones and others, the outermost file first: a file further in, or later in the list, has the last word."""
    early, rules = list[Rule](), list[Rule]()
    where = ctx.spec.tables.get("above") or {}
    if not where or ctx.get is None:
        return early, rules
    here = posixpath.dirname(ctx.path)
    found = []
    for up in range(FOLDERS, -1, -1):
        for name in where["files"]:
            path = posixpath.normpath(posixpath.join(here, "../" * up + name))
            if path == posixpath.normpath(ctx.path) or (text := ctx.get("../" * up + name)) is None:
                continue
            if (document := _opened(text, str(where["format"]), ctx.author)) is None:
                told = f"`{path}` cannot be read: {ctx.spec.seen} does not start, and which rules it holds is not known"
                ctx.say("R011", told, "tools", None, effect="approximate", help="mend that file")
                continue
            first, more = _rules_of(document, Context(load(str(where["format"])), ctx.author, path, text))
            if first or more:
                found.append(path)
                early, rules = list(joined(ctx.spec, early, first)), list(joined(ctx.spec, rules, more))
    if found:
        names = " and ".join(f"`{path}`" for path in found)
        have = "have" if len(found) > 1 else "has"
        text = f"{names} {have} rules for every agent: they count, and stand before those of this file"
        help = "a copy has them among its own"
        ctx.say("R011", text, "tools", None, help=help)
    return early, rules


def counts_above(reading: Reading) -> bool:
    """Whether what stands above a file says anything of the tools of its agents."""
    from agentconv.reading.engine import read_author

    alone = read_author(reading.spec, reading.text, reading.path)
    return [one.agent.tools for one in alone.agents] != [one.agent.tools for one in reading.agents]


def _rules_of(document: Document, ctx: Context) -> Shared:
    early, rules = list[Rule](), list[Rule]()
    ctx.top = document.header
    for _, node, row in besides(ctx.spec, document):
        if row is not None and row.fact("before"):
            _, more, first = tool_row(row, node, ctx, None, [])
            (early if first else rules).extend(more)
    return early, rules


@lru_cache(maxsize=16)  # the agents of a project ask for the same file
def _opened(text: str, format: str, author: bool) -> Document | None:
    from agentconv.reading.engine import open_document

    try:
        document = open_document(load(format), text, author=author)
    except ContainerError:
        return None
    return document
