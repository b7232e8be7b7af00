"""The header as a program reads it: the dialect of its description, and nothing more forgiving."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentconv.containers import ContainerError, Document, Node, Pair, check_header, locate
from agentconv.containers.yamlnodes import compose_all

# String.prototype.trim, which most of the programs use; Python's strip() has other ideas of white space
WHITE = "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_S = f"[{WHITE}]"
_IN_LINE = "[" + WHITE.replace("\n", "") + "]"
# per way of closing: the opening, and the closing line; a run needs a few of them, so they are compiled when asked for
_OPENING = {
    "first-dashes": rf"---{_S}*\n",
    "line": r"---[ \t]*(?:\r\n|\n|\r(?!\n)|\Z)",
    "line-start": r"---(?!-)[ \t]*(?:\r\n|\n|\Z)",
    "line-newline": rf"---{_S}*\n",
    "dashes-line": r"[ \t\r\n]*-{3,}[ \t]*(?:\r\n|\n|\Z)",
    "next-dashes": rf"(?:(?<![^\n])|(?<=\ufeff))---{_S}*\n",
    "trimmed": rf"{_IN_LINE}*---{_IN_LINE}*(?:\n|\Z)",
}
_CLOSING = {
    "first-dashes": rf"---{_S}*\n?",
    "line": r"(?<![^\r\n])---[ \t]*(?:\r\n|\n|\r|\Z)",
    "line-start": r"(?<![^\n])---(?:\r\n|\n)?",
    "line-newline": rf"\n---{_S}*\n",
    "dashes-line": r"(?<![^\n])-{3,}[ \t]*(?:\r\n|\n|\Z)",
    # the line break belongs to it, so a header has one line at least, be it empty
    "next-dashes": rf"\r?\n---{_S}*\n?",
    "trimmed": rf"(?<![^\n]){_IN_LINE}*---{_IN_LINE}*(?:\n|\Z)",
}
# `line` where a lone CR is no line end
_LINE_OPENING = r"---[ \t]*(?:\r\n|\n|\Z)"
_LINE_CLOSING = r"(?<![^\n])---[ \t]*(?:\r\n|\n|\Z)"
# programs that pass over three dashes and whatever is the next character
_ONE_BEHIND = r"---(?:\r\n|(?s:.))"
# programs that want the opening line to be exactly ---; theirs begin at the line break before the closing ---
_EXACT = r"---(?:\r\n|\n)"
_EXACT_CLOSING = {
    "line-start": r"\r?\n---(?:\r?\n)?",
    "line-start-only": r"\r?\n---(?:\r?\n|(?s:.)*\Z)",
    "line-break": r"(?:\r\n|\n|\r)---(?:\r\n|\n|\r)",
}


def read_program(text: str, dialect: Mapping[str, Any]) -> Document:
    """What the program makes of the file. Never raises: what it does not take is ``skipped`` or ``refused``."""
    if dialect.get("cr") == "ends-line":
        text = re.sub(r"\r(?!\n)", "\n", text)
    document = Document(text, None, text, 0, len(text), newline="\r\n" if "\r" in text and "\r\n" in text else "\n")
    start = 0
    if text.startswith("\ufeff") and dialect.get("bom", "drop") == "drop":
        start = 1
    language = _language(text, start, dialect)
    parts = _split(text, start + len(language), dialect, opened=bool(language))
    syntax = dict(dialect.get("languages") or {}).get(language[3:].strip(), "") if language else "yaml"
    if syntax == "code":
        document.status, document.reason = "refused", f"the header is code ({language}), which is never run here"
        return document
    if parts is None:
        return _no_header(document, start, dialect)
    document.header_start, document.header_end, body = parts
    try:
        document.header = _header(document, dialect, syntax)
    except ContainerError as error:
        document.reason = f"the header cannot be read: {error.message} (line {error.line}, column {error.column})"
        broken = dialect.get("broken", "refused")
        if error.code == "R012":  # after the program's own repair, too
            broken = dialect.get("retry_broken", broken)
        if broken == "body":
            _body(document, start, len(text), dialect)
            return document
        if broken == "empty":
            at = document.header_start
            document.header = Node("map", at, at, *locate(text, at), style="block")
        else:
            document.status = "refused"
    _body(document, body, len(text), dialect)
    return document


def takes_white_space(dialect: Mapping[str, Any]) -> bool:
    """Whether the line that closes a header takes along all white space behind it: to JavaScript that is a byte order
    mark, too (``---\\s*\\n``)."""
    return _S in _CLOSING.get(str(dialect.get("close")), "")


def without_gaps(text: str) -> str:
    """The blank lines behind lines of three dashes are gone where a program cuts a text there and joins it again."""
    return re.sub(r"(?m)^---\s*$", "---", text) if "---" in text else text


def _language(text: str, start: int, dialect: Mapping[str, Any]) -> str:
    """``---json`` and the like, where the program knows such words."""
    found = re.compile(r"---[ \t]*[A-Za-z][^\r\n]*").match(text, start) if dialect.get("languages") else None
    return found[0] if found else ""


def _split(text: str, start: int, dialect: Mapping[str, Any], opened: bool = False) -> tuple[int, int, int] | None:
    """Where the header begins and ends, and where the body begins."""
    close = str(dialect.get("close") or "line")
    where, exact = dialect.get("open"), dialect.get("open") == "exact"
    start_of = _EXACT if exact else _ONE_BEHIND if where == "one-behind" else _OPENING[close]
    if dialect.get("cr") == "text" and close == "line":
        start_of = _LINE_OPENING
    if where == "anywhere":  # the first such line that a later one closes
        opening = re.compile(start_of).search(text, start)
    else:
        opening = re.compile(r"\r?\n|\Z" if opened else start_of).match(text, start)
    if not opening:
        return None
    at = opening.end()
    end_of = (_EXACT_CLOSING if exact else _CLOSING)[close]
    if dialect.get("cr") == "text" and close == "line":
        end_of = _LINE_CLOSING
    dashes = text.find("---", at)  # each of them has three, with a line break in front at most, or with blanks
    first = at if close == "trimmed" else max(at, dashes - 2)
    closing = re.compile(end_of).search(text, first) if dashes >= 0 else None
    if closing:
        return at, closing.start(), closing.end()
    if dialect.get("unclosed", "no-header") == "all-header":
        return at, len(text), len(text)
    return None


def _no_header(document: Document, start: int, dialect: Mapping[str, Any]) -> Document:
    what = dialect.get("no_header", "skipped")
    _body(document, start, len(document.text), dialect)
    if what != "body":
        document.status = "refused" if what == "refused" else "skipped"
        document.reason = "the program finds no header in this file"
    return document


def _body(document: Document, start: int, end: int, dialect: Mapping[str, Any]) -> None:
    text = document.text
    if dialect.get("body", "trim") == "trim":
        kept = text[start:end]
        start += len(kept) - len(kept.lstrip(WHITE))
        end = max(start, end - (len(kept) - len(kept.rstrip(WHITE))))
    document.body_start, document.body_end, document.body = start, end, text[start:end]
    if dialect.get("newlines") == "lf":
        document.body = document.body.replace("\r\n", "\n")
    if dialect.get("dashes") == "eat-blank-lines":
        document.body = without_gaps(document.body).strip(WHITE)


def _indented(header: Node, source: str, start: int) -> None:
    """Refuse lines of a bracketed or quoted value that begin at the margin; a closing bracket may stand there."""
    for pair in header.pairs:
        value = pair.value
        if value.style not in ("flow", "quoted"):
            continue
        raw = source[value.start - start : value.end - start]
        found = re.search(r"[\r\n][^\s#\]}]" if value.style == "flow" else r"[\r\n][^\s]", raw)
        if found:
            raise ContainerError("R005", "the lines of this value are not indented", value.line, value.column)


def _no_tabs(header: Node, source: str, start: int) -> None:
    """Refuse tabs before, in and behind values without quotes."""
    for pair in header.pairs:
        value = pair.value
        if value.style != "plain" or value.kind != "scalar":
            continue
        line = re.compile(r"[^\r\n]*").match(source, max(value.end, value.start) - start)
        if "\t" in source[pair.key.end - start : line.end() if line else None]:
            raise ContainerError("R005", "a tab in a value without quotes", value.line, value.column)


def _no_flow(node: Node) -> None:
    """Refuse lists and maps in brackets, wherever they stand."""
    if node.style == "flow":
        raise ContainerError("R005", "the program takes no lists or maps in brackets", node.line, node.column)
    for inner in (*node.items, *(pair.value for pair in node.pairs)):
        _no_flow(inner)


def _header(document: Document, dialect: Mapping[str, Any], syntax: str) -> Node:
    """The header as the program parses it."""
    if syntax == "json":
        return _json_header(document)
    if syntax != "yaml":
        raise ContainerError("R005", "the program does not know this kind of header")
    start = document.header_start
    source, (line, _) = document.text[start : document.header_end], locate(document.text, start)
    check_header(source, line)
    parser = dialect.get("parser", "yaml")
    if parser == "lines":
        from agentconv.containers.lines import parse as parse_lines

        return parse_lines(source, start, line, dialect.get("keys") != "as-written")
    if parser == "lenient":
        from agentconv.containers.lenient import parse

        header = parse(source, offset=start, line=line)
        if dialect.get("duplicates") == "first":
            seen: dict[str, Pair] = {}
            for pair in header.pairs:
                seen.setdefault(pair.key.text, pair)
            header.pairs = list(seen.values())
        return header
    parsed = YamlHeader(dialect, start, line)
    given = _given(source, dialect.get("last_break"))
    try:
        return parsed.with_tabs(given)
    except ContainerError as error:
        from agentconv.containers.retries import RETRIES, Around

        retry = RETRIES.get(str(dialect.get("retry", "none")))
        if retry is None or error.code != "R005":
            raise
        check_header(source, line, broken=True)
        keys = tuple(dialect.get("retry_keys") or ())
        repaired = retry(source, Around(document.text[:start], document.text[document.header_end :], keys))
        if repaired == source:
            raise
        try:
            return parsed.once(repaired)
        except ContainerError as second:
            second.code = "R012"
            raise


def _given(source: str, last_break: Any) -> str:
    """The header as the YAML parser gets it: how a block text at its end ends hangs on it."""
    if last_break in ("cut", "one"):
        source = source.removesuffix("\n").removesuffix("\r") if source.endswith("\n") else source
    if last_break in ("one", "added") and not source.endswith("\n"):
        source += "\n"
    return source


def _json_header(document: Document) -> Node:
    text, start = document.text, document.header_start
    if not text[start : document.header_end].strip():
        return Node("map", start, start, *locate(text, start), style="block")
    from agentconv.containers.json import read_value

    node = read_value(text, start, document.header_end)
    if node.kind != "map":
        raise ContainerError("R005", "the header is no map of fields", node.line, node.column)
    return node


class YamlHeader:
    """A header in YAML, by the rules of one program's parser."""

    def __init__(self, dialect: Mapping[str, Any], start: int, line: int) -> None:
        self.dialect, self.start, self.line = dialect, start, line
        self.schema = str(dialect.get("schema", "core"))
        broken = self.schema in ("yaml11", "js-yaml3", "js-yaml4")
        self.tags = str(dialect.get("tags", "broken" if broken else "drop"))

    def once(self, source: str) -> Node:
        """The map that the source is."""
        composed = compose_all(
            source,
            schema=self.schema,
            offset=self.start,
            line=self.line,
            duplicates=str(self.dialect.get("duplicates", "last")),
            tags=self.tags,
            merge=bool(self.dialect.get("merge", True)),
            controls=str(self.dialect.get("controls") or ""),
            breaks=str(self.dialect.get("breaks") or ""),
        )
        node = composed.node
        if node is None or (node.kind == "scalar" and node.value is None):
            return Node("map", self.start, self.start, self.line, 1, style="block")
        if node.kind != "map":
            if self.dialect.get("no_map") == "empty":
                return Node("map", self.start, self.start, self.line, 1, style="block")
            raise ContainerError("R005", "the header is no map of fields", self.line, 1)
        if self.dialect.get("tabs") == "broken":
            _no_tabs(node, source, self.start)
        if self.dialect.get("flow") == "indented":
            text = re.sub(r"\r(?!\n)", " ", source) if self.dialect.get("controls") == "npm" else source
            _indented(node, text, self.start)
        if self.dialect.get("flow") == "refused":
            _no_flow(node)
            if composed.anchored:
                raise ContainerError("R005", "the program takes no anchors", self.line, 1)
        return node

    def with_tabs(self, source: str) -> Node:
        """js-yaml 3 passes over a tab at the head of a line: what is indented by it stands at the margin
        (OpenCode 1.18.33, run)."""
        try:
            return self.once(source)
        except ContainerError as error:
            bare = re.sub(r"(?m)^( *)\t[ \t]*", r"\1", source)
            if self.schema != "js-yaml3" or bare == source or error.code != "R005":
                raise
            try:
                return self.once(bare)
            except ContainerError:
                raise error from None
