"""Tool names in the program's own words, by place: a name that the list holds by then goes, it is not written twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from agentconv.containers import Document, Node
from agentconv.reading.context import Read, Token
from agentconv.spec import Spec

Splice = tuple[int, int, str]
BETWEEN = re.compile(r"[\s,;]*")  # what may go with a name; a comment or a quote between two names may not


def respelled(read: Read, document: Document, spec: Spec) -> list[Splice]:
    """Foreign and dead names as the program has them."""
    changed: list[Splice] = []
    taken = Counter((_alike(token), token.new or token.text) for token in read.tokens)
    lists: dict[int, tuple[Node, list[Token]]] = {}
    for token in read.tokens:
        top = read.where.get(token.at.split("[")[0].split(".")[0])
        holder = _holder(top, token) if top is not None else None
        if holder is not None:
            lists.setdefault(id(holder), (holder, []))[1].append(token)
        elif _changes(token, document) and taken[_alike(token), token.new or ""] == 1:
            # a map with one key twice does not load; a name that means nothing does no harm
            changed += _of_one(token, document, (token.new or "").split(", "), "")
    for holder, tokens in lists.values():
        changed += _of_list(holder, tokens, document, spec)
    return changed


def _changes(token: Token, document: Document) -> bool:
    """Whether it is to be written otherwise, and stands in the file as it was read (without escapes)."""
    return token.new not in (None, token.text) and document.text[token.start : token.end] == token.text


def _alike(token: Token) -> str:
    """Where names stand that must not be the same: the keys of one map, the maps of one list."""
    before, dot, key = token.at.rpartition(".")
    return before if not before.endswith("]") else f"{before.rpartition('[')[0]}{dot}{key}"


def _holder(node: Node, token: Token) -> Node | None:
    """The list or the text of names that a name stands in; none for a key of a map and for a value that is one name."""
    inner = [*node.items, *(pair.value for pair in node.pairs)]
    found = next((one for one in inner if one.start <= token.start and token.end <= one.end), None)
    if node.kind != "map":
        return node if found is None or found.kind == "scalar" else _holder(found, token)
    text = found is not None and found.kind == "scalar" and token.at.endswith("]")  # a text of names has numbered ones
    return found if found is None or text else _holder(found, token) if found.kind != "scalar" else None


def _of_list(holder: Node, tokens: list[Token], document: Document, spec: Spec) -> list[Splice]:
    """The names of one list or text. One that another stands for already is taken out, with its comma or its line;
    where that would take more with it, it stays as it is: a name that means nothing does no harm."""
    held = {_tool(token.text, spec) for token in tokens if not _changes(token, document)}
    changed: list[Splice] = []
    gone: list[Token] = []
    for token in tokens:
        if not _changes(token, document):
            continue
        names = [name for name in (token.new or "").split(", ") if _tool(name, spec) not in held]
        held.update(_tool(name, spec) for name in names)
        if names:
            changed += _of_one(token, document, names, holder.kind)
        else:
            gone.append(token)
    return changed + _taken_out(holder, tokens, gone, document.text)


def _tool(name: str, spec: Spec) -> str:
    """What tells a name from another: the tool that it is found as, in whatever case or by an alias."""
    own = spec.tools.own(name)
    return own.name if own is not None else name


def _taken_out(holder: Node, tokens: list[Token], gone: list[Token], text: str) -> list[Splice]:
    if holder.kind != "list":
        return list(_runs([(t.start, t.end, t in gone) for t in tokens], text))
    splices: list[Splice] = []
    items = []
    for item in holder.items:
        mine = [t for t in tokens if item.start <= t.start and t.end <= item.end]
        whole = bool(mine) and all(t in gone for t in mine)
        items.append((item.start, item.end, whole))
        if whole and holder.style == "block":
            splices += _line(item, text)
        elif not whole:
            splices += _runs([(t.start, t.end, t in gone) for t in mine], text)
    return splices if holder.style == "block" else [*splices, *_runs(items, text)]


def _runs(places: Sequence[tuple[int, int, bool]], text: str) -> Iterator[Splice]:
    """Names side by side that go, up to the next that stays; the last ones from the end of the one before them."""
    runs = [list(run) for _, run in groupby(places, key=lambda place: place[2])]
    for before, run, behind in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        if not run[0][2]:
            continue
        first, last = (run[0][0], behind[0][0]) if behind else (before[-1][1] if before else run[0][0], run[-1][1])
        rest = "".join(text[a:b] for a, b in _gaps([first, *(x for one in run for x in one[:2]), last]))
        if BETWEEN.fullmatch(rest):
            yield first, last, ""


def _gaps(edges: list[int]) -> Iterator[tuple[int, int]]:
    return zip(edges[::2], edges[1::2], strict=True)


def _line(item: Node, text: str) -> list[Splice]:
    """An item with its line; a comment behind it stays."""
    first = text.rfind("\n", 0, item.start) + 1
    stop = text.find("\n", item.end)
    stop = len(text) if stop < 0 else stop + 1
    before, behind = text[first : item.start], text[item.end : stop]
    if before.strip() != "-" or (behind.strip() and not behind.lstrip().startswith("#")):
        return []
    if behind.strip():
        return [(first + before.index("-"), item.end + len(behind) - len(behind.lstrip()), "")]
    return [(first, stop, "")]


def _of_one(token: Token, document: Document, names: list[str], kind: str) -> list[Splice]:
    if len(names) > 1 and kind == "" and "." in token.at:
        return _as_keys(document.text, token.start, token.end, names)
    if len(names) > 1 and kind == "list":
        return _in_list(document, token.start, token.end, names)
    return [(token.start, token.end, ", ".join(names))]


def _as_keys(text: str, start: int, end: int, names: list[str]) -> list[tuple[int, int, str]]:
    """Several names for one key: a line each, where key and value have a line of their own; else it stays."""
    first = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    before, behind = text[first:start], text[end:stop]
    if before.strip(" \t\"'") or not re.fullmatch(r"[\"']?\s*:\s*[\w\"']+\s*", behind):
        return []
    return [(first, stop, "\n".join(f"{before}{name}{behind}" for name in names))]


def _in_list(document: Document, start: int, end: int, names: list[str]) -> list[tuple[int, int, str]]:
    """Several names for one item: a line each in a list of lines, else side by side with the item's own quotes."""
    text = document.text
    line = text[text.rfind("\n", 0, start) + 1 : start]
    quote = line[-1:] if line[-1:] in ("'", '"') else ""
    dash = line.removesuffix(quote)
    if dash.strip() != "-":
        return [(start, end, f"{quote}, {quote}".join(names))]
    at = text.find("\n", end)
    at = len(text) if at < 0 else at - (text[at - 1] == "\r")
    more = "".join(f"{document.newline}{dash}{quote}{name}{quote}" for name in names[1:])
    return [(start, end, names[0]), (at, at, more)]
