"""Rules for tools that stand in a configuration above an agent's own file and hold for every agent of the project."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import lru_cache

from agentconv.containers import ContainerError, Document, Node
from agentconv.model import Rule
from agentconv.reading.besides import besides
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Context, Get, Reading
from agentconv.reading.toolrows import tool_row
from agentconv.registry import load
from agentconv.spec import Field, Spec

FOLDERS = 6  # from the agent's own folder upwards
Shared = tuple[list[Rule], list[Rule]]


def rules_above(ctx: Context, called: str) -> tuple[Shared, Shared, list[str]]:
    """Rules for every agent, and those of an entry for this one; of each, early ones and others; and the files that
    hold them. The outermost file comes first: one further in, or later in the list, has the last word."""
    every: Shared = [], []
    own: Shared = [], []
    if ctx.get is None:
        return every, own, []
    found: list[str] = []
    for path, text, format in _files_above(ctx.spec, ctx.path, ctx.get):
        if (document := _opened(text, format, ctx.author)) is None:
            told = f"`{path}` cannot be read: {ctx.spec.seen} does not start, and which rules it holds is not known"
            ctx.say("R011", told, "tools", None, effect="approximate", help="mend that file")
            continue
        said = Context(load(format), ctx.author, path, text, top=document.header)
        of_all, of_one = _rules_of(document, said), _rules_of_entry(document, called, said)
        if any((*of_all, *of_one)):
            found.append(path)
        every, own = _put_together(every, of_all), _put_together(own, of_one)
    return every, own, found


def within_the_list(shared: Shared, found: list[str], listed: bool, ctx: Context) -> Shared:
    """What the rules for every agent are to one that lists its tools: no word of the project's adds to that list,
    which its author meant to be all (the program, which knows maps only, would go by them)."""
    names, have = " and ".join(f"`{path}`" for path in found), "have" if len(found) > 1 else "has"
    kept = [[rule for rule in some if rule.effect == "deny" or not listed] for some in shared]
    if kept != list(shared):
        ctx.say(
            "R011", f"what {names or 'the file'} gives every agent adds nothing to this agent's list", "tools", None
        )
    elif found:
        text = f"{names} {have} rules for this agent, too: they count, and stand before those of this file"
        ctx.say("R011", text, "tools", None, help="a copy has them among its own")
    return kept[0], kept[1]


def entry_above(spec: Spec, path: str, names: Iterable[str], get: Get) -> bool:
    """Whether one of the configurations above has an entry of one of these names."""
    for _, text, format in _files_above(spec, path, get):
        document = _opened(text, format, True)
        if document is not None and any(_entry(document, name, load(format)) is not None for name in names):
            return True
    return False


def _files_above(spec: Spec, path: str, get: Get) -> Iterator[tuple[str, str, str]]:
    """Path, text and format of the configurations that hold for a file in this place, the outermost first."""
    where = spec.tables.get("above") or {}
    here = posixpath.dirname(path)
    for up in range(FOLDERS, -1, -1) if where else ():
        for name in where.get("files", ()):
            full = posixpath.normpath(posixpath.join(here, "../" * up + name))
            if full != posixpath.normpath(path) and (text := get("../" * up + name)) is not None:
                yield full, text, str(where["format"])


def counts_above(reading: Reading) -> bool:
    """Whether what stands above a file says anything of the tools of its agents."""
    from agentconv.reading.engine import read_author

    alone = read_author(reading.spec, reading.text, reading.path)
    return [one.agent.tools for one in alone.agents] != [one.agent.tools for one in reading.agents]


def _rules_of(document: Document, ctx: Context) -> Shared:
    made: Shared = [], []
    for _, node, row in besides(ctx.spec, document):
        if row is not None and row.fact("before"):
            _take(node, row, ctx, made)
    return made


def _rules_of_entry(document: Document, called: str, ctx: Context) -> Shared:
    """Those of an entry of the same name: the program puts both together, and the file has the last word."""
    made: Shared = [], []
    entry = _entry(document, called, ctx.spec)
    for pair in entry.pairs if entry is not None and entry.kind == "map" else ():
        row = ctx.spec.fields.get(pair.key.text)
        if row is not None and row.type in TOOL_TYPES:
            _take(pair.value, row, ctx, made)
    return made


def _entry(document: Document, called: str, spec: Spec) -> Node | None:
    """The entry of this name in a file of many."""
    top, table = document.header, str(spec.container.get("entries"))
    entries = top.get(table) if top is not None and top.kind == "map" else None
    return entries.get(called) if entries is not None and entries.kind == "map" else None


def _take(node: Node, row: Field, ctx: Context, made: Shared) -> None:
    _, rules, first = tool_row(row, node, ctx, None, [])
    made[0 if first else 1].extend(rules)


def _put_together(first: Shared, more: Shared) -> Shared:
    return merged(first[0], more[0]), merged(first[1], more[1])


def merged(first: list[Rule], more: list[Rule]) -> list[Rule]:
    """Two maps put together key by key, and patterns below them: what is in both keeps its place and takes the later
    value. Where a map meets one action for everything the program keeps the later alone; here both stay, which is no
    more (1.18.33, resolved rules read back)."""
    later = {(rule.tool.name, rule.scope): rule for rule in more}
    there = {(rule.tool.name, rule.scope) for rule in first}
    names = list(dict.fromkeys(rule.tool.name for rule in first))
    out = [later.get((rule.tool.name, rule.scope), rule) for rule in first]
    for rule in more:
        if (rule.tool.name, rule.scope) in there:
            continue
        at = len(out)
        if rule.tool.name in names:
            at = max(n for n, one in enumerate(out) if one.tool.name == rule.tool.name) + 1
        out.insert(at, rule)
    return out


@lru_cache(maxsize=16)  # the agents of a project ask for the same file
def _opened(text: str, format: str, author: bool) -> Document | None:
    from agentconv.reading.engine import open_document

    try:
        document = open_document(load(format), text, author=author)
    except ContainerError:
        return None
    return document
