"""Markdown with a header: what its author meant, and what a program makes of it."""

from __future__ import annotations

import re

from agentconv.containers import HIDDEN, ContainerError, Document, Node, Remark, check_header, locate
from agentconv.containers.programs import read_program
from agentconv.containers.wrapping import Parts, loose_field, split, trim
from agentconv.containers.yamlnodes import Composed, compose_all
from agentconv.patterns import pattern

__all__ = ["read_author", "read_program"]

# valid YAML, but not what anybody means: `key: &word more words` is an anchor that nothing refers to
_ANCHOR = pattern(r":[ \t]+&")
_LANGUAGES = ("", "yaml", "yml", "json")  # words behind the opening ---
_PROMPTS = ("instructions", "prompt")
_UNSEEN = pattern(rf"^[{HIDDEN}]+|[{HIDDEN}]+$")
_HELP = "begin the file with a line --- and put another one between the fields and the prompt"


def read_author(text: str, known_keys: frozenset[str], controls: frozenset[str] = frozenset()) -> Document:
    """The file as it was meant. ``known_keys`` are the fields of all formats: a line that begins with one of them
    is never taken for the text of the value above it. ``controls`` are those that restrict the agent."""
    parts = split(text, known_keys)
    if parts.language not in _LANGUAGES:
        raise ContainerError(
            "R005", f"a header in the language {parts.language!r}; gray-matter runs js as code", 1, 4,
            "write the fields as YAML",
        )  # fmt: skip
    start, end = parts.body
    document = Document(text, None, text[start:end], start, end, newline=newline_of(text), remarks=parts.remarks)
    if parts.header is None:
        if not text.strip("\ufeff \t\r\n"):
            raise ContainerError("R002", "the file is empty")
        loose_field(document.body, known_keys, controls)
        return document
    document.header_start, document.header_end = parts.header
    if parts.bare or parts.unclosed:
        _whole(document, parts, known_keys, controls)
        return document
    if parts.language == "json":
        from agentconv.containers.json import read_value

        document.header = _map(read_value(text, *parts.header), *parts.header)
        return document
    document.header = _header(document, *parts.header, known_keys, controls)
    if document.header is None:
        parts.header, parts.body = None, (0, len(text))
        trim(text, parts)
        start, end = parts.body
        return Document(text, None, text[start:end], start, end, newline=document.newline, remarks=parts.remarks)
    if parts.second:
        _merge(document, _header(document, *parts.second, known_keys, controls))
    else:
        _below(document, known_keys, controls)
    return document


def _below(document: Document, known_keys: frozenset[str], controls: frozenset[str]) -> None:
    """What restricts must not stand below the line that closes the header: a ruler too early, or two YAML documents."""
    try:
        loose_field(document.body, known_keys, controls, document.body_start)
    except ContainerError as error:
        error.line += locate(document.text, document.body_start)[0] - 1
        raise


def _strange(error: ContainerError) -> ContainerError:
    error.form = True
    return error


def newline_of(text: str) -> str:
    """The kind of the first line end."""
    first = text.find("\n")
    if first < 0:
        return "\r" if "\r" in text else "\n"
    return "\r\n" if text[first - 1 : first] == "\r" else "\n"


def _header(
    document: Document, start: int, end: int, known_keys: frozenset[str], controls: frozenset[str]
) -> Node | None:
    """The fields between two offsets; ``None`` where prose stands between two rulers."""
    source = document.text[start:end]
    line = 2 if start == 4 else locate(document.text, start)[0]
    check_header(source, line)
    error = None
    try:
        composed = compose_all(source, offset=start, line=line)
        if composed.anchors and "*" not in source and _ANCHOR.search(source):
            error = ContainerError("R005", "a value begins with &", line, 1, "put quotes around the value")
    except ContainerError as found:
        if found.code != "R005":
            raise
        error = found
    if error:
        from agentconv.containers.repair import repair

        header, remarks = repair(document.text, start, end, error, known_keys, controls)
        document.remarks += remarks
        return header
    if _is_prose(composed.node, source, known_keys):
        return None
    header = _map(composed.node, start, line)
    _seen(document, header, known_keys)
    _swallowed(document, header, known_keys)
    if composed.duplicates:
        document.remarks += duplicates(composed)
    return header


def _is_prose(node: Node | None, source: str, known_keys: frozenset[str]) -> bool:
    """Text in which no line begins with the name of a field, colon or not."""
    if node is None or node.kind != "scalar" or not isinstance(node.value, str) or node.style != "plain":
        return False
    return not any(word in known_keys for word in re.findall(r"(?:\A|[\r\n])\W*([\w.-]+)", source))


def _seen(document: Document, header: Node, known_keys: frozenset[str]) -> None:
    """Fields as one sees them: characters without width or ink around a key are no part of it."""
    for pair in header.pairs:
        key = pair.key
        name = key.text if key.text.isascii() else _UNSEEN.sub("", key.text)
        if name != key.text and name in known_keys and header.get(name) is None:
            text = f"a character that one does not see hides the field {name!r}"
            document.remarks.append(Remark("R032", text, key.line, key.column, name, key.start, key.end, name))
            key.text = key.value = name


def _merge(document: Document, second: Node | None) -> None:
    header = document.header
    if header is None or second is None:
        return
    for pair in second.pairs:
        if header.get(pair.key.text):
            message = f"{pair.key.text!r} stands in both headers; the second one counts"
            key = pair.key
            document.remarks.append(Remark("R010", message, key.line, key.column, key.text, key.start))
    header.pairs += second.pairs


def duplicates(composed: Composed) -> list[Remark]:
    """A remark for each key that stands twice in one map."""
    return [
        Remark(
            "R010", f"{pair.key.text!r} stands twice; the last one counts", pair.key.line, pair.key.column,
            pair.key.text, pair.start,
        )
        for pair in composed.duplicates
    ]  # fmt: skip


def _map(node: Node | None, start: int, line: int) -> Node:
    if node is None or (node.kind == "scalar" and node.value is None):
        return Node("map", start, start, line, 1, style="block")
    if node.kind != "map":
        what = "a list" if node.kind == "list" else "plain text"
        raise _strange(ContainerError("R005", f"the header is {what}, not `key: value` lines", node.line, node.column))
    return node


def _swallowed(document: Document, header: Node, known_keys: frozenset[str]) -> None:
    """A quote that is closed lines later, with fields in between, is no text: the fields would be lost."""
    for pair in header.pairs:
        value = pair.value
        if value.kind != "scalar" or value.style != "quoted":
            continue
        raw = document.text[value.start : value.end]
        for found in re.finditer(r"[\r\n]([A-Za-z_][\w.-]*)[ \t]*:(?=[ \t\r\n])", raw):
            if found[1] in known_keys:
                raise ContainerError(
                    "R005", f"the quote before this line swallows the field {found[1]!r}", value.line, value.column,
                    "close the quote on its own line",
                )  # fmt: skip


def _whole(document: Document, parts: Parts, known_keys: frozenset[str], controls: frozenset[str]) -> None:
    """No closing line: only a file that is one YAML map can be read for sure."""
    text, start = document.text, document.header_start
    line, column = locate(text, start)
    try:
        composed = compose_all(text[start:], offset=start, line=line)
    except ContainerError:
        composed = Composed(None)
    header = composed.node
    sure = header is not None and header.kind == "map"
    if sure and header and parts.bare:
        sure = header.get("name") is not None and any(header.get(key) for key in _PROMPTS)
    elif sure and header:  # a heading of the prompt would be a comment of the header
        sure = all(p.key.text in known_keys for p in header.pairs) and not re.search(r"[\r\n]#", text[start:])
    if not sure:
        if parts.bare:
            if _prose(text[start:], known_keys):
                document.header_start = document.header_end = 0
                document.body_start = start
                document.body_end = start + len(text[start:].rstrip("\r\n"))
                document.body = text[document.body_start : document.body_end]
                loose_field(text[start:], known_keys, controls)
                return
            raise ContainerError("R004", "the file begins with fields, but has no header", line, column, _HELP)
        raise _strange(ContainerError("R005", "the header is not closed by a line ---", max(1, line - 1), 1, _HELP))
    document.header = header
    document.remarks += duplicates(composed)
    message = "the line --- below the fields is missing"
    if parts.bare and header is not None:
        document.prompt_key = next(key for key in _PROMPTS if header.get(key))
        message = f"the lines --- around the fields are missing; `{document.prompt_key}` is the prompt"
    document.remarks.append(Remark("R019", message, line, column))


def _prose(text: str, known_keys: frozenset[str]) -> bool:
    """One `word: text` line in front of prose is no header."""
    lines = re.split(r"\r\n|\n|\r", text)[:2]
    found = [re.match(r"([A-Za-z_][\w.-]*)[ \t]*:(?=[ \t]|\Z)", line) for line in lines]
    return not all(f and f[1] in known_keys for f in found)
