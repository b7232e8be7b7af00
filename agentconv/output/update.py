"""``--update``: an existing file takes the new values and keeps what the format's table does not know.

Keys of the table that an agent of any format may have are set or removed as in a fresh write; keys of the program
alone, unknown keys, comments and the order of what is there stay.
The edit is by place. What comes out is read back as the program reads it and has to mean what the fresh file means.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from agentconv import rights as counting
from agentconv.containers import ContainerError, Document, Node, Pair
from agentconv.model import Agent
from agentconv.output.edit import edit_text
from agentconv.reading.engine import open_document, read_author, read_program
from agentconv.spec import Spec


class CannotUpdate(Exception):
    """The existing file cannot be changed by place."""


def merged(spec: Spec, old: str, fresh: str, path: str, only: Collection[str] | None = None) -> str:
    """The old file with the values of the fresh one. ``only``: the fields of the model that are set or removed."""
    if not old.strip("\ufeff \t\r\n"):
        return fresh
    try:
        there, new = open_document(spec, old, author=True), open_document(spec, fresh, author=True)
    except ContainerError as error:
        raise CannotUpdate(f"{error.message} (line {error.line})") from error
    if there.header is None or new.header is None or there.header.kind != "map":
        raise CannotUpdate("it has no header")
    if any(remark.end >= 0 for remark in there.remarks):
        raise CannotUpdate("its header is broken")
    stays = frozenset(r.field for r in spec.fields.values() if r.field) - set(only) if only is not None else frozenset()
    body = [] if spec.body_field in stays or (only is not None and spec.body_field not in only) else _body(there, new)
    text = edit_text(old, [*_header(spec, there, new, stays), *body])
    _prove(spec, text, fresh, path, old, None if only is None else frozenset(only))
    return text


def gained(spec: Spec, before: str, after: str) -> list[str]:
    """The rights that the agents of a file would gain by its new text."""
    old = {read.agent.id: read.agent for read in read_author(spec, before, "").agents}
    found: list[str] = []
    for read in read_author(spec, after, "").agents:
        was = old.get(read.agent.id)
        had = counting.of_agent(was, spec, program=False) if was is not None else frozenset()
        found += counting.spelled(counting.gained(had, counting.of_agent(read.agent, spec, program=False)))
    return list(dict.fromkeys(found))


def _header(spec: Spec, there: Document, new: Document, stays: Collection[str]) -> list[tuple[int, int, str]]:
    assert there.header is not None and new.header is not None
    old, fresh = _pairs(there.header), _pairs(new.header)
    if len(old) != len(there.header.pairs):
        raise CannotUpdate("a key stands twice")
    # the rest is the program's alone
    ours = {row.key.split(".")[0] for row in spec.fields.values() if row.field and row.field not in stays}
    fixed = {row.key.split(".")[0] for row in spec.fields.values() if row.field in stays} - ours
    if there.text[there.header.start : there.header.start + 1] == "{":
        made = _made_elsewhere(spec, there.header, new.header)
        splices = _braces(there, new, there.header, new.header, ours, fixed | set(made)) + _mark(spec, there, new)
        for key in made:
            rows = [row for row in spec.fields.values() if row.key.startswith(f"{key}.")]
            ours = {row.key.split(".")[1] for row in rows if row.field and row.field not in stays}
            own = {row.key for row in rows if not row.field and old[key].value.get(row.key.split(".")[1])}
            fixed = {row.key.split(".")[1] for row in rows if row.field in stays or row.key in own} - ours
            splices += _braces(there, new, old[key].value, fresh[key].value, ours, fixed)
        return splices
    splices = []
    for key, pair in old.items():
        if key in fixed:
            continue
        if key in fresh:
            if fresh[key].value.data() != pair.value.data():
                splices.append((pair.start, _end(there, pair), _entry(new, fresh[key], there.newline)))
        elif key in ours:
            splices.append((_line_start(there, pair), _line_end(there, pair), ""))
    lines = [_entry(new, pair, there.newline) for key, pair in fresh.items() if key not in old and key not in fixed]
    if lines:
        at = _place(there)
        splices.append((at, at, "".join(line + there.newline for line in lines)))
    return splices


def _mark(spec: Spec, there: Document, new: Document) -> list[tuple[int, int, str]]:
    """The comment that says the definition once more (``mark``)."""
    if mark := (spec.container.get("calls") or {}).get("mark"):
        old, fresh = ([*re.finditer(rf"(?m)^{re.escape(mark)}.*?(?=\r?$)", one.text)] for one in (there, new))
        if len(old) == len(fresh) == 1:
            return [(*old[0].span(), fresh[0][0])]
    return []


def _made_elsewhere(spec: Spec, old: Node, fresh: Node) -> list[str]:
    """Keys whose value is the object of another call: what stands in it stays as it does in the first one."""
    if not spec.container.get("calls"):
        return []
    maps = {pair.key.text for pair in fresh.pairs if pair.value.kind == "map"}
    return [pair.key.text for pair in old.pairs if pair.value.kind == "map" and pair.key.text in maps]


def _braces(
    there: Document, new: Document, one: Node, other: Node, ours: set[str], fixed: set[str]
) -> list[tuple[int, int, str]]:
    """The same for an object in braces."""
    from agentconv.output.update_braces import in_braces

    old, fresh = _pairs(one), _pairs(other)
    if any(pair.end > one.end for pair in one.pairs):
        raise CannotUpdate("some of its values stand below it")
    changed = {
        key: _said(new, fresh[key].value.start, fresh[key].value.end, there.newline)
        for key, pair in old.items()
        if key in fresh and key not in fixed and fresh[key].value.data() != pair.value.data()
    }
    gone = {key for key in old if key in ours and key not in fixed and key not in fresh}
    more = [_said(new, p.start, p.end, there.newline) for k, p in fresh.items() if k not in old and k not in fixed]
    return in_braces(there.text, one, changed, gone, more, there.newline)


def _said(document: Document, start: int, end: int, newline: str) -> str:
    return document.text[start:end].replace("\r\n", "\n").replace("\n", newline)


def _pairs(header: Node) -> dict[str, Pair]:
    return {pair.key.text: pair for pair in header.pairs}


def _entry(document: Document, pair: Pair, newline: str) -> str:
    """A key with its value as the fresh file lays it out."""
    return document.text[pair.start : _end(document, pair)].replace("\r\n", "\n").replace("\n", newline)


def _end(document: Document, pair: Pair) -> int:
    """Where the value ends, without the line ends that a block has behind it."""
    text = document.text[pair.start : pair.end]
    return pair.start + len(text.rstrip("\r\n \t"))


def _line_start(document: Document, pair: Pair) -> int:
    start = document.text.rfind("\n", 0, pair.start) + 1
    if document.text[start : pair.start].strip("\ufeff \t"):
        raise CannotUpdate(f"`{pair.key.text}` shares its line with another key")
    return pair.start - len(document.text[start : pair.start].lstrip("\ufeff"))


def _line_end(document: Document, pair: Pair) -> int:
    end = document.text.find("\n", _end(document, pair))
    rest = document.text[_end(document, pair) : end if end >= 0 else len(document.text)].strip()
    if rest and not rest.startswith("#"):
        raise CannotUpdate(f"`{pair.key.text}` shares its line with another key")
    return len(document.text) if end < 0 else end + 1


def _place(there: Document) -> int:
    """New keys stand behind the last one; in front of the first table, where a syntax has those."""
    assert there.header is not None
    flat = [p for p in there.header.pairs if there.text[p.start - 1 : p.start] not in ("[", "{")]
    tables = [p.start for p in there.header.pairs if p not in flat]
    before = [p for p in flat if not tables or p.start < min(tables)]
    if not before:
        return there.header_start
    return _line_end(there, max(before, key=lambda p: p.end))


def _body(there: Document, new: Document) -> list[tuple[int, int, str]]:
    if there.body_start == len(there.text) and new.body_start == len(new.text):
        return []
    tail = new.text[new.body_start :].replace("\r\n", "\n")
    if there.body.replace("\r\n", "\n").strip() == new.body.replace("\r\n", "\n").strip():
        return []
    return [(there.body_start, len(there.text), tail.replace("\n", there.newline))]


def _prove(spec: Spec, text: str, fresh: str, path: str, old: str, only: Collection[str] | None) -> None:
    got, meant = read_program(spec, text, path), read_program(spec, fresh, path)
    if got.status != "read" or len(got.agents) != 1 or len(meant.agents) != 1:
        raise CannotUpdate(got.reason or "the program would not take the result")
    mine, theirs = got.agents[0].agent, meant.agents[0].agent
    if only is not None:  # the rest means what it meant
        was = read_program(spec, old, path).agents
        theirs = replace(was[0].agent, **{name: getattr(theirs, name) for name in only}) if was else theirs
    if _plain(mine) != _plain(theirs):
        raise CannotUpdate("keys that stay would change what the agent is")
    if counting.of_agent(mine, spec, program=True) != counting.of_agent(theirs, spec, program=True):
        raise CannotUpdate("keys that stay would change what the agent may do")


def _plain(agent: Agent) -> Agent:
    prompt = None if agent.prompt is None else agent.prompt.replace("\r\n", "\n").strip()
    return replace(agent, extras=(), prompt=prompt)
