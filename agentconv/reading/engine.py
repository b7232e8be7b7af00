"""Text -> agents, in two readings, from one description.

*Author* reads what the file asks for: headers repaired, foreign and dead names understood.
*Program* reads what the owning program makes of it and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from agentconv.containers import ContainerError, Document, Node, Places
from agentconv.containers.programs import WHITE
from agentconv.model import Tools
from agentconv.notes import Note, note
from agentconv.patterns import pattern
from agentconv.reading.besides import nobody, say_newer, say_nobody
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Get, NoHeader, Read, Reading, Refused
from agentconv.reading.entries import entries, say_keyless, say_other_tables
from agentconv.reading.entry import read_entry
from agentconv.reading.fromplace import forced_by
from agentconv.spec import Spec


def read_author(spec: Spec, text: str, path: str, get: Get | None = None) -> Reading:
    """What the file asks for, with notes. Errors are notes; nothing is raised.

    ``get`` gives the text of a file that the definition names, from the definition's folder."""
    reading = Reading(spec, path, text, get=get)
    document = _taken_apart(reading)
    if document is None:
        return reading
    found = entries(spec, document, path) or _entry_alone(reading, document)
    for id, entry, forced in found:
        read = read_entry(spec, document, entry, id, forced, path, author=True, get=get)
        if isinstance(read, Read):
            reading.agents.append(_without_header(read, reading))
        else:
            reading.notes += read
            if not spec.many:
                reading.status = "refused" if any(n.effect == "error" for n in read) else "skipped"
    say_keyless(spec, document, reading)
    say_other_tables(spec, document, reading)
    say_newer(spec, document, reading)
    if spec.many and not reading.agents and not reading.notes:
        reading.notes.append(note("R018", f"no agent of {spec.program} in this file", file=path, line=1, column=1))
    _say_lost_names(spec, reading)
    say_nobody(spec, reading)
    if again := _twice(spec, reading):
        text = f"`{again.agent.id}` stands here twice: {spec.seen} loads nothing of this file"
        line, column = (again.entry.line, again.entry.column) if again.entry else (1, 1)
        reading.notes.append(note("R010", text, path="id", file=path, line=line, column=column))
    return reading


def _taken_apart(reading: Reading) -> Document | None:
    """The file's header and body, and what had to be repaired there; ``None`` where no agent can be in it."""
    spec, path = reading.spec, reading.path
    try:
        document = reading.document = _open_author(spec, reading.text)
    except ContainerError as error:
        reading.status, reading.reason = "refused", error.message
        line = min(error.line, _lines(reading.text))  # an error at the end may point behind it
        reading.notes.append(Note(error.code, "error", error.message, "", path, line, error.column, error.help))
        return None
    for remark in document.remarks:
        at = remark.key or ""
        message = _twice_means(spec, at) if remark.code == "R010" else remark.message
        reading.notes.append(note(remark.code, message, path=at, file=path, line=remark.line, column=remark.column))
    if document.header is None and not _headerless_is_agent(spec):
        reading.status = "skipped"
        wanted = _wanted(spec)
        text = f"no {wanted or 'header'}: {spec.program} makes no agent of this file"
        help = "write it so, if it is meant to be an agent" if wanted else ""
        reading.notes.append(note("R004", text, file=path, line=1, column=1, effect="info", help=help))
        return None
    return document


def _wanted(spec: Spec) -> str:
    """What an agent is in a module, which has no header."""
    if spec.syntax != "typescript":
        return ""
    calls = spec.container.get("calls")
    return f"call of `{calls['of']}`" if calls else "`export default` of an object"


def _entry_alone(reading: Reading, document: Document) -> list[tuple[str, Node | None, Mapping[str, Any]]]:
    """A file that is one entry by itself, as people keep them to paste into the shared file."""
    spec, top = reading.spec, document.header
    keys = spec.container.get("alone", ())
    if not keys or top is None or top.kind != "map" or not all(top.get(key) for key in keys):
        return []
    where = spec.container["entries"]
    text = f"the file is one entry by itself: {spec.program} looks for a list `{where}` and finds none"
    reading.notes.append(note("R030", text, file=reading.path, line=top.line, column=top.column))
    id = top.get(str(spec.container.get("entry_id") or ""))
    return [(id.text if id and id.kind == "scalar" else "", top, forced_by(spec, reading.path))]


def _lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n") + 1


def _without_header(read: Read, reading: Reading) -> Read:
    """A header that the program does not find, where an agent without one has no tools: then it has none."""
    spec, document = reading.spec, reading.document
    if document is None or document.header is None or spec.tools.fact("absent") != "none":
        return read
    theirs = open_document(spec, reading.text, author=False) if _headerless_is_agent(spec) else None
    if theirs is None or theirs.status != "read" or theirs.header is not None:
        return read
    text = f"{spec.seen} finds no header in this file: all of it is the prompt of an agent without tools"
    read.notes.append(note("R011", text, path="tools", file=reading.path, line=1, column=1, effect="narrows"))
    return replace(read, agent=replace(read.agent, tools=Tools("none")))


ALIAS = pattern(r"(?m)^[\w-]+:[ \t]+\*\w")  # a value that stands elsewhere
AT_MARGIN = pattern(r"[\[,][ \t]*\r?\n[^\s\]]")  # a list in brackets whose lines are not indented


def _say_lost_names(spec: Spec, reading: Reading) -> None:
    """Tool names that the program loses with its own repair of the header (a list in brackets becomes one text), or
    since it takes lines as they are, quotes included."""
    document = reading.document
    if spec.many or document is None or not reading.agents:
        return
    found_by = {r.code for r in document.remarks} & {"R003", "R010", "R011"}
    dialect = spec.container.get("dialect") or {}
    lost = ALIAS if dialect.get("parser") == "lenient" else AT_MARGIN if dialect.get("flow") == "indented" else None
    if not found_by and not (lost and lost.search(reading.text, document.header_start, document.header_end)):
        return
    program = read_program(spec, reading.text, reading.path)
    if program.status != "read" or not program.agents or program.agents[0].agent.tools.base != "none":
        return
    found = {rule.tool.name for rule in program.agents[0].agent.tools.rules}
    read = reading.agents[0]
    noted = {n.path for n in read.notes if n.code in ("T001", "T002")}
    for token in (t for t in read.tokens if t.text not in found and t.at not in noted):
        line, column = Places(reading.text).at(token.start)
        does = "repairs" if "R003" in found_by else "reads"
        text = f"{spec.seen} {does} this header in a way that loses `{token.text}`; taken as meant"
        read.notes.append(note("T001", text, path=token.at, file=reading.path, line=line, column=column))


def read_program(spec: Spec, text: str, path: str, get: Get | None = None, *, more: bool = False) -> Reading:
    """What the owning program makes of the file: no repair but its own, no foreign vocabulary. ``more``: further
    entries will stand beside these."""
    reading = Reading(spec, path, text, get=get)
    try:
        document = open_document(spec, text, author=False)
    except ContainerError as error:
        reading.status, reading.reason = "refused", error.message
        return reading
    reading.document = document
    if document.status == "read" and spec.container.get("empty_body") == "refuse" and not document.body.strip(WHITE):
        document.status, document.reason = "refused", "the program takes no agent without a prompt"
    if document.status != "read":
        reading.status, reading.reason = document.status, document.reason
        return reading
    if (other := spec.container.get("else_as")) and _has_others(spec, document):
        from agentconv.reading.otherform import read_as

        return read_as(str(other), reading)
    try:
        strict = "refuse-all" in (spec.container.get("one_bad"), spec.container.get("odd_entry"))
        for id, entry, forced in entries(spec, document, path, strict):
            try:
                read = read_entry(spec, document, entry, id, forced, path, author=False, get=get)
            except NoHeader:
                read = read_entry(spec, document, None, id, forced, path, author=False, get=get)
            except Refused as refused:
                if refused.whole or not spec.many or spec.container.get("one_bad") == "refuse-all":
                    raise
                continue
            assert isinstance(read, Read)
            reading.agents.append(read)
        if again := _twice(spec, reading):
            raise Refused(f"`{again.agent.id}` twice", True)
        if not more and (missing := next(nobody(spec, reading), None)) is not None:
            raise Refused(f"`{missing[2]}` is no agent of this file", True)
    except Refused as refused:
        reading.agents = []
        reading.status, reading.reason = ("skipped" if refused.skipped else "refused"), refused.reason
    return reading


def _has_others(spec: Spec, document: Document) -> bool:
    """Whether a key stands at the top with which the file is one of another form to the program (``only``)."""
    own, top = (spec.head.get("recognise") or {}).get("only") or (), document.header
    return top is not None and top.kind == "map" and not {pair.key.text for pair in top.pairs} <= set(own)


def _twice(spec: Spec, reading: Reading) -> Read | None:
    """The second agent of one id, where the program refuses a file for it."""
    if not spec.many or spec.identity.get("unique") != "refuse-all":
        return None
    seen: set[str] = set()
    for read in reading.agents:
        if read.agent.id in seen:
            return read
        seen.add(read.agent.id)
    return None


def open_document(spec: Spec, text: str, *, author: bool) -> Document:
    """The container of the format, taken apart."""
    if spec.syntax == "frontmatter":
        return _open_frontmatter(spec, text, author)
    if spec.syntax == "sections":
        from agentconv.containers import sections

        return sections.read(text, spec.container)
    if spec.syntax == "toml":
        from agentconv.containers import toml

        if not author:
            _check_mark(text, spec)
        return toml.read(text)
    if spec.syntax == "typescript":
        from agentconv.containers import literals

        if calls := spec.container.get("calls"):
            from agentconv.containers import registering

            return registering.read(text, calls)
        return literals.read(text, spec.container.get("functions") or ())
    if spec.syntax == "json" and not _as_yaml(spec, text):
        return _open_json(spec, text, author)
    return _open_yaml(spec, text, author)


def _open_frontmatter(spec: Spec, text: str, author: bool) -> Document:
    from agentconv.containers import frontmatter

    dialect = spec.container.get("dialect") or {}
    if not author:
        return frontmatter.read_program(text, dialect)
    if dialect.get("parser") == "lines":
        from agentconv.containers import lines

        return lines.read_author(text, spec.known_keys, controls(spec), dialect.get("keys") != "as-written")
    if (whole := _header_alone(spec, text)) is not None:
        return whole
    return frontmatter.read_author(text, spec.known_keys, controls(spec))


def _open_json(spec: Spec, text: str, author: bool) -> Document:
    from agentconv.containers import json

    dialect = spec.container.get("dialect") or {}
    if not author and spec.container.get("comments") is False:
        _plain_json(text, bom=dialect.get("bom") != "broken")
    document = json.read(text, str(spec.container.get("maybe_entries") or ""))
    twice = next((r for r in document.remarks if r.code == "R010"), None)
    if twice is not None and not author and dialect.get("duplicates") == "broken":
        raise ContainerError("R005", "a key stands twice", twice.line, twice.column)
    return document


def _open_yaml(spec: Spec, text: str, author: bool) -> Document:
    """A file of YAML, or one of JSON that is written as YAML: that one is read as its author meant it in any case."""
    from agentconv.containers import yaml

    if author or spec.syntax == "json":
        document = yaml.read_author(text, str(spec.container.get("maybe_entries") or ""))
    else:
        _check_mark(text, spec)
        document = yaml.read_program(text, spec.container.get("dialect") or {})
    if (words := spec.container.get("references")) and document.header is not None:
        from agentconv.reading.componentrefs import put_in

        document.header = put_in(document.header, words, author=author)
    _unwrap(document, str(spec.container.get("wrapped") or ""))
    return document


def _unwrap(document: Document, key: str) -> None:
    """A definition that stands under one key, beside what the program keeps about it."""
    top = document.header
    inner = top.get(key) if key and top is not None and top.kind == "map" else None
    if top is not None and inner is not None and inner.kind == "map":
        document.header, document.outside = inner, [pair for pair in top.pairs if pair.key.text != key]


def _check_mark(text: str, spec: Spec) -> None:
    """A byte order mark, where the program does not know what it is, or takes it for a part of the word behind it."""
    bom = (spec.container.get("dialect") or {}).get("bom") if text.startswith("\ufeff") else None
    if bom == "broken" or (bom == "of-a-word" and not NO_WORD.match(text)):
        raise ContainerError("R005", "the file begins with a byte order mark")


NO_WORD = pattern(r"\ufeff *[\r\n{#]")


@cache
def controls(spec: Spec) -> frozenset[str]:
    """Keys that restrict: what stands there is never prose, and a doubt about such a line is an error."""
    rows = (r for r in spec.fields.values() if r.type in (*TOOL_TYPES, "bool") or r.fact("limits") or r.fact("denies"))
    return frozenset(row.key.split(".")[0] for row in rows)


def _restrictions(spec: Spec, text: str) -> set[str]:
    """Keys that restrict, at the head of a line anywhere."""
    return {key for key in re.findall(r"(?m)^([A-Za-z_][\w.-]*)[ \t]*:", text) if key in controls(spec)}


def _header_alone(spec: Spec, text: str) -> Document | None:
    """A file that is all header, its prompt under a key, where the format's kin write such files."""
    if "yaml" not in spec.head.get("also_syntax", ()) or text.lstrip("\ufeff \t\r\n")[:1] in ("", "-", "`", "<", "#"):
        return None
    from agentconv.containers import yaml

    try:
        document = yaml.read_author(text)
    except ContainerError:
        return None
    prompts = {row.key for row in spec.fields.values() if row.field == spec.body_field}
    return document if document.header and prompts & {p.key.text for p in document.header.pairs} else None


def _as_yaml(spec: Spec, text: str) -> bool:
    """Whether a file of JSON stands there as YAML, which the program reads, too."""
    return "yaml" in spec.head.get("also_syntax", ()) and text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "[", "/", "")


def _plain_json(text: str, bom: bool = True) -> None:
    """Refuse what editors allow and the program does not: comments, and a comma before a closing bracket."""
    import json

    try:
        json.loads(text.removeprefix("\ufeff") if bom else text)
    except RecursionError:
        raise ContainerError("R017", "nested too deep") from None
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        # the words and the column of the reader differ between versions of Python
        raise ContainerError("R005", f"no plain JSON (line {line})", line, column) from error


def _open_author(spec: Spec, text: str) -> Document:
    """The author's container; what only the program can read (Roo's curly quotes) is taken as the program reads it.

    Not so where it is in doubt whether a line of a header is a field: a program that makes text of a tool list
    answers that for nobody."""
    try:
        return open_document(spec, text, author=True)
    except ContainerError as error:
        if spec.syntax == "frontmatter" and not error.form:
            raise
        try:
            document = open_document(spec, text, author=False)
        except ContainerError:
            document = None
        if document is None or document.status != "read" or document.header is None:
            raise
        if spec.syntax == "frontmatter" and _restrictions(spec, text) - {p.key.text for p in document.header.pairs}:
            raise
        return document


def _twice_means(spec: Spec, key: str) -> str:
    """What the program makes of a key that stands twice, and the author reading with it."""
    word = str((spec.container.get("dialect") or {}).get("duplicates", "last"))
    if word == "broken":
        return f"`{key}` stands twice, which {spec.seen} cannot read; the last one counts"
    return f"`{key}` stands twice; the {word} one counts"


def _headerless_is_agent(spec: Spec) -> bool:
    dialect = spec.container.get("dialect") or {}
    return spec.syntax == "frontmatter" and dialect.get("no_header", "skipped") == "body"
