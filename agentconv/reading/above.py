"""What a configuration above an agent's own file says of it: rules for tools that hold for every agent of the project,
and an entry of its name, which the program puts together with the file, key by key."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import lru_cache
from typing import Any

from agentconv.containers import ContainerError, Document, Node
from agentconv.model import Extra, Rule
from agentconv.reading.besides import besides
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Context, Get, Reading, Refused
from agentconv.reading.toolrows import tool_row
from agentconv.records import dataclass
from agentconv.registry import load
from agentconv.spec import Field, Spec

FOLDERS = 6  # from the agent's own folder upwards
Shared = tuple[list[Rule], list[Rule]]
# what an entry does not say of an agent with a file of its own: that file does, or its place
OWN = ("id", "name", "tools", "extras", "prompt_mode")


@dataclass(slots=True)
class Above:
    """What the configurations above a file say. Of rules, early ones and others: those for every agent, and those of
    entries for this one; of these, their other fields and keys as well."""

    every: Shared = field(default_factory=lambda: ([], []))
    own: Shared = field(default_factory=lambda: ([], []))
    fields: dict[str, Any] = field(default_factory=dict)
    extras: dict[str, Extra] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)  # the files with such rules
    paths: list[str] = field(default_factory=list)  # the files with such entries


def said_above(ctx: Context, called: str) -> Above:
    """All of it. The outermost file comes first: one further in, or later in the list, has the last word."""
    made = Above()
    if ctx.get is None:
        return made
    files = (ctx.spec.tables.get("above") or {}).get("files", ())
    for path, near, text, format in _files_above(ctx.spec, ctx.path, ctx.get):
        if (document := _opened(text, format, ctx.author)) is None:
            told = f"`{path}` cannot be read: {ctx.spec.seen} does not start, and which rules it holds is not known"
            ctx.say("R011", told, "tools", None, effect="approximate", help="mend that file")
            continue
        said = Context(load(format), ctx.author, path, text, get=_near(ctx.get, near, files), top=document.header)
        of_all = _in_own_words(_rules_of(document, said), said.spec, ctx.spec)
        some = bool(any(of_all))
        made.every = _put_together(made.every, of_all, ctx.spec)
        for entry, forced, whole in _entries(document, called, ctx.spec):
            of_one = _rules_of_entry(entry, said) if whole is None else _denials(whole, said)
            some = some or any(of_one)
            made.own = _put_together(made.own, _in_own_words(of_one, said.spec, ctx.spec), ctx.spec)
            if _take_entry(made, document, entry, called, forced, said, ctx):
                made.paths.append(path)
        if some:
            made.found.append(path)
    made.fields = {name: value for name, value in made.fields.items() if name not in _of_the_file(ctx.spec)}
    return made


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


def put_under(made: Above, fields: dict[str, Any], extras: list[Extra], ctx: Context) -> None:
    """The file has the last word, key by key; what it does not say, the entries say."""
    under = [name for name in made.fields if name not in fields]
    fields |= {name: made.fields[name] for name in under}
    own = {extra.key: n for n, extra in enumerate(extras)}
    for key, extra in made.extras.items():
        if key not in own:
            extras.append(extra)
            under.append(key)
        else:
            at = own[key]
            extras[at] = replace(extras[at], value=_deep(extra.value, extras[at].value))
    if under:
        words = ", ".join(f"`{name}`" for name in under)
        names = " and ".join(f"`{path}`" for path in dict.fromkeys(made.paths))
        text = f"an entry of its name in {names} says more of this agent: {words}"
        ctx.say("R011", text, under[0], None, help="the program puts both together, and this file has the last word")


def _take_entry(
    made: Above, document: Document, entry: Node, called: str, forced: Mapping[str, Any], said: Context, ctx: Context
) -> bool:
    """The fields and other keys of one entry, over those of the entries further out; whether there are any."""
    from agentconv.reading.entry import read_entry

    try:
        read = read_entry(said.spec, document, entry, called, forced, said.path, author=said.author, get=said.get)
    except Refused:
        return False  # the program does not start: what it would make of the file is not known
    if isinstance(read, list):
        return False
    fields = {name: value for name, value in read.agent.said().items() if name not in OWN}
    made.fields |= fields
    for extra in read.agent.extras:
        old = made.extras.get(extra.key)
        value = extra.value if old is None else _deep(old.value, extra.value)
        made.extras[extra.key] = replace(extra, value=value, format=ctx.spec.id)
    ctx.notes += [n for n in read.notes if n.path in fields]
    return bool(fields or read.agent.extras)


def _of_the_file(spec: Spec) -> frozenset[str]:
    """Fields that the file itself always says: the text below its header, an empty one, too (1.18.33, run)."""
    return frozenset((spec.body_field,) if spec.syntax == "frontmatter" else ())


def _deep(first: Any, later: Any) -> Any:
    """Two values of a key: maps are put together, of all else the later one counts."""
    if isinstance(first, Mapping) and isinstance(later, Mapping):
        return {**first, **{k: _deep(first[k], v) if k in first else v for k, v in later.items()}}
    return later


def _near(get: Get, folder: str, files: Sequence[str]) -> Get:
    """The files beside a configuration, by names that hold from its folder; other configurations are read for
    themselves."""
    return lambda name: None if posixpath.basename(name) in files else get(posixpath.join(folder, name))


def entry_above(spec: Spec, path: str, names: Iterable[str], get: Get) -> bool:
    """Whether one of the configurations above has an entry of one of these names."""
    for _, _, text, format in _files_above(spec, path, get):
        document = _opened(text, format, True)
        if document is not None and any(list(_entries(document, name, spec)) for name in names):
            return True
    return False


def is_above(spec: Spec, path: str, other: str, format: str) -> bool:
    """Whether another file is one of the configurations that hold for a file in this place."""
    where = spec.tables.get("above") or {}
    folder, name = posixpath.split(posixpath.normpath(other))
    here = posixpath.dirname(posixpath.normpath(path))
    return (
        where.get("format") == format and name in where["files"] and (not folder or f"{here}/".startswith(f"{folder}/"))
    )


def _files_above(spec: Spec, path: str, get: Get) -> Iterator[tuple[str, str, str, str]]:
    """Path, folder as seen from the file, text and format of the configurations that hold for a file in this place, the
    outermost first."""
    where = spec.tables.get("above") or {}
    here = posixpath.dirname(path)
    for up in range(FOLDERS, -1, -1) if where else ():
        for name in where.get("files", ()):
            full = posixpath.normpath(posixpath.join(here, "../" * up + name))
            if full != posixpath.normpath(path) and (text := get("../" * up + name)) is not None:
                yield full, "../" * up, text, str(where["format"])


def counts_above(reading: Reading) -> bool:
    """Whether what stands above a file says anything of its agents."""
    from agentconv.reading.engine import read_author

    alone = read_author(reading.spec, reading.text, reading.path)
    return [one.agent for one in alone.agents] != [one.agent for one in reading.agents]


def _rules_of(document: Document, ctx: Context) -> Shared:
    made: Shared = [], []
    for _, node, row in besides(ctx.spec, document):
        if row is not None and row.fact("before"):
            _take(node, row, ctx, made)
    return made


def _rules_of_entry(entry: Node, ctx: Context) -> Shared:
    """Those of an entry of the same name: the program puts both together, and the file has the last word."""
    made: Shared = [], []
    for pair in entry.pairs:
        row = ctx.spec.fields.get(pair.key.text)
        if row is not None and row.type in TOOL_TYPES:
            _take(pair.value, row, ctx, made)
    return made


def _denials(entry: Node, ctx: Context) -> Shared:
    """Of an entry whose rules the program does not read: what its author denies by them."""
    early, rules = _rules_of_entry(entry, ctx) if ctx.author else ([], [])
    return [r for r in early if r.effect == "deny"], [r for r in rules if r.effect == "deny"]


def _entries(document: Document, called: str, spec: Spec) -> Iterator[tuple[Node, Mapping[str, Any], Node | None]]:
    """The entries of this name in the tables of a file of many, with what each table decides; of one in which some
    words only count, the whole entry as well."""
    top, above = document.header, spec.tables["above"]
    for table, forced in (above.get("entries") or {}).items():
        if forced is None:
            continue  # not of this program
        entries = top.get(str(table)) if top is not None and top.kind == "map" else None
        entry = entries.get(called) if entries is not None and entries.kind == "map" else None
        if entry is not None and entry.kind == "map":
            if (words := (above.get("words") or {}).get(table)) is None:
                yield entry, forced, None
            else:  # the others mean nothing in this table
                yield replace(entry, pairs=[pair for pair in entry.pairs if pair.key.text in words]), forced, entry


def _take(node: Node, row: Field, ctx: Context, made: Shared) -> None:
    _, rules, first = tool_row(row, node, ctx, None, [])
    made[0 if first else 1].extend(rules)


def _in_own_words(shared: Shared, other: Spec, spec: Spec) -> Shared:
    if other.tools.names.keys() == spec.tools.names.keys():
        return shared
    from agentconv.reading.otherform import renamed

    return renamed(shared[0], other, spec), renamed(shared[1], other, spec)


def _put_together(first: Shared, more: Shared, spec: Spec) -> Shared:
    if (spec.tables.get("above") or {}).get("appended"):
        return [*first[0], *more[0]], [*first[1], *more[1]]
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
