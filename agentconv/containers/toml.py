"""TOML: the values are tomllib's, the places a scanner's that finds keys outside of strings."""

from __future__ import annotations

import datetime
import re
import tomllib
from contextlib import suppress
from operator import methodcaller
from typing import Any

from agentconv.containers import MAX_DEPTH, MAX_HEADER, MAX_NODES, ContainerError, Document, Node, Pair, Places, locate

# possessive throughout: what matched is never tried again, and no stack of tries grows with the text
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\r\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_LINE = re.compile(r"[^\r\n]*+")
_PART = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\r\n]++|\\.)*+"|'[^'\r\n]*+'""")
_BLOCK = r'''"""(?s:[^"\\]++|\\.|"(?!""))*+"{3,5}|\'{3}(?:[^\']++|\'(?!\'\'))*+\'{3,5}'''
_TOKEN = re.compile(
    _BLOCK + r"""|"(?:[^"\\\r\n]++|\\.)*+"|'[^'\r\n]*+'|\#[^\r\n]*+|[\[\]{}\r\n]|[^\[\]{}"'\#\r\n]++""", re.S
)
_IN_LIST = re.compile(
    _BLOCK + r"""|"(?:[^"\\\r\n]++|\\.)*+"|'[^'\r\n]*+'|(?P<none>\#[^\r\n]*+|\s++)|[\[\]{},]|[^\[\]{}"'\#,\s]++""", re.S
)
_OPEN = r'''"""(?s:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)|\'{3}(?:[^\']++|\'(?!\'\'))*+(?:\'{3,5}|\Z)'''
_PIECE = re.compile(
    rf"""(?P<text>{_OPEN}|\#[^\r\n]*+)"""
    r"""|(?P<word>[A-Za-z0-9_-]++|"(?:[^"\\\r\n]++|\\.)*+"?|'[^'\r\n]*+'?)|(?P<dot>[ \t]*+\.[ \t]*+)|[^.]"""
)
_TEXTS = re.compile(rf"""{_OPEN}|"(?:[^"\\\r\n]++|\\.)*+"?|'[^'\r\n]*+'?|\#[^\r\n]*+""")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
Path = tuple[str | int, ...]


def read(text: str) -> Document:
    """The file as one map. Keys and values of all tables have their places."""
    _check_size(text)
    _check_dots(text)
    shift = 1 if text.startswith("\ufeff") else 0
    source = text[shift:]
    try:
        # tomllib takes CRLF and nothing else besides LF; it gives LF inside of texts, as the programs do
        data = _data(source)
    except tomllib.TOMLDecodeError as error:
        raise _error(source, error) from None
    except RecursionError:
        raise ContainerError("R017", "nested too deep") from None
    except ValueError as error:  # a number of thousands of digits
        raise ContainerError("R005", str(error).split(";")[0]) from None
    places = _Scanner(text, shift).scan()
    header = _Builder(text, places).node(data, (), 1)
    header.start, header.end, header.line, header.column = shift, len(text), 1, 1
    newline = "\r\n" if "\r\n" in text else "\n"
    return Document(
        text,
        header,
        body_start=len(text),
        body_end=len(text),
        header_start=shift,
        header_end=len(text),
        newline=newline,
    )


def _check_size(text: str) -> None:
    """tomllib takes its time over keys, numbers and brackets: of those there may be as many as in other headers."""
    if len(text) <= MAX_HEADER:
        return
    inside = 0
    for texts, found in enumerate(_TEXTS.finditer(text), 1):
        inside += found.end() - found.start()
        if texts > 2 * MAX_NODES:  # a key and a value each
            raise ContainerError("R017", f"more than {MAX_NODES} values", *locate(text, found.start()))
    if len(text) - inside > MAX_HEADER:
        raise ContainerError("R017", f"more than {MAX_HEADER:,} characters outside of texts and comments")


# a long text between three double quotes, as prompts are written, without escapes
_PLAIN = r"[^\"\\\x00-\x08\x0b-\x1f\x7f]"
_LONG = re.compile(rf'^([A-Za-z0-9_-]+ = )"""\n({_PLAIN}{{200,}}+(?:"{{1,2}}{_PLAIN}++)*+)"""$', re.M)
_STAND_IN = "agentconv:text:"


def _data(source: str) -> dict[str, Any]:
    """What tomllib makes of it. It takes texts character by character, which costs more than all the rest; so it reads
    a word in the place of each long one. Where the words do not come back as values, it reads the whole."""
    texts: list[str] = []

    def word(found: re.Match[str]) -> str:
        texts.append(found[2])
        return f'{found[1]}"{_STAND_IN}{len(texts) - 1}"'

    short = _LONG.sub(word, source) if _STAND_IN not in source else source
    if texts:
        left = {f"{_STAND_IN}{n}": text for n, text in enumerate(texts)}

        def put(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: put(inner) for key, inner in value.items()}
            if isinstance(value, list):
                return [put(inner) for inner in value]
            return left.pop(value, value) if isinstance(value, str) else value

        with suppress(ValueError, RecursionError):
            data: dict[str, Any] = put(tomllib.loads(short))
            if not left:
                return data
    return tomllib.loads(source)


_dots = methodcaller("count", ".")


def _check_dots(text: str) -> None:
    """A key of more parts than there may be levels: tomllib takes the square of their number in steps."""
    if text.count(".") <= MAX_DEPTH or max(map(_dots, text.splitlines())) <= MAX_DEPTH:
        return
    parts, dotted = 0, False
    for piece in _PIECE.finditer(text):
        kind = piece.lastgroup
        parts = parts + 1 if kind == "word" and dotted else parts if kind == "dot" else 0
        dotted = kind == "dot"
        if parts > MAX_DEPTH:
            line, column = locate(text, piece.start())
            raise ContainerError("R017", f"a key of more than {MAX_DEPTH} parts", line, column)


# tomllib's words: for a value, a namespace or a table that is there already, and for a text without its end
TWICE = ("Cannot overwrite", "Cannot mutate", "Cannot declare")
OPEN = ("Unterminated string", 'Expected "\'"', "Expected \"'''\"", "Illegal character '\\n'")


def _error(source: str, error: tomllib.TOMLDecodeError) -> ContainerError:
    words = str(error)
    found = _AT.search(words)
    message = words[: found.start()] if found else words
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    else:
        line, column = locate(source, len(source))
    help = ""
    if message.startswith(TWICE):
        key = _PART.search(source.split("\n")[line - 1])
        message, help = f"`{key[0] if key else '?'}` stands twice", "delete one of the two"
    elif message.startswith(OPEN):
        end = len(source) if not (found and found[1]) else len("\n".join(source.split("\n")[:line]))
        line, column = _opening(source, end, line, column)
        message = "a text that begins in this line has no closing quote"
        help = "close it, or put three quotes around a text of several lines"
    elif "Invalid value" in message:
        help = "put text in double quotes"
    elif "Unescaped" in message or "escape" in message:
        help = "double the backslash, or use single quotes"
    return ContainerError("R005", message[:1].lower() + message[1:], line, column, help)


def _opening(source: str, end: int, line: int, column: int) -> tuple[int, int]:
    """Where the text begins that has no end: behind all that are closed."""
    last = next((found for found in reversed(list(_TEXTS.finditer(source, 0, end))) if found[0][0] != "#"), None)
    return locate(source, last.start()) if last else (line, column)


class _Scanner:
    """Finds ``key = value`` and ``[table]`` in text that tomllib has accepted."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at = text, at
        self.places: dict[Path, tuple[int, int, int, int]] = {}  # key start, key end, value start, value end
        self.tables: dict[Path, int] = {}  # how often [[x]] was seen

    def scan(self) -> dict[Path, tuple[int, int, int, int]]:
        prefix: Path = ()
        while True:
            self.at = self.blank(self.at)
            if self.at >= len(self.text):
                return self.places
            if self.text[self.at] == "[":
                prefix = self.table()
            else:
                self.pair(prefix)

    def blank(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def key(self) -> tuple[tuple[str, ...], int, int]:
        """A dotted key; its start and end."""
        parts: list[str] = []
        start = self.at = self.space(self.at)
        end = start
        while found := _PART.match(self.text, self.at):
            parts.append(_name(found[0]))
            end = found.end()
            self.at = self.space(end)
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at = self.space(self.at + 1)
        return tuple(parts), start, end

    def table(self) -> Path:
        start = self.at
        double = self.text.startswith("[[", start)
        self.at += 2 if double else 1
        parts, key_start, key_end = self.key()
        path: Path = ()
        for number, part in enumerate(parts):
            path += (part,)
            last = number == len(parts) - 1
            if not last and path not in self.tables:
                self.places.setdefault(path, (key_start, key_end, start, start))
            if double and last:
                self.places.setdefault(path, (key_start, key_end, start, key_end + 2))  # the list: its first table
                self.tables[path] = self.tables.get(path, -1) + 1
            if path in self.tables:  # inside of a list of tables: the newest one is meant
                path += (self.tables[path],)
        line = _LINE.match(self.text, self.at)
        self.at = line.end() if line else len(self.text)
        self.places.setdefault(path, (key_start, key_end, start, key_end + (2 if double else 1)))
        return path

    def pair(self, prefix: Path) -> None:
        parts, start, end = self.key()
        equals = self.text.find("=", self.at)
        if not parts or equals < 0:  # cannot happen in text that tomllib has accepted
            self.at = len(self.text)
            return
        value = self.space(equals + 1)
        self.at = self.value(value)
        stop = len(self.text[value : self.at].rstrip(" \t")) + value
        for length in range(1, len(parts)):
            self.places.setdefault(prefix + parts[:length], (start, end, value, stop))
        path = prefix + parts
        self.places[path] = (start, end, value, stop)
        if self.text[value] == "[":
            self.items(path, value, stop)

    def items(self, path: Path, at: int, stop: int) -> None:
        """The places of what a list holds, and of what lists in it hold; in one pass, however deep they are."""
        open: list[tuple[Path | None, int, int]] = []  # each list: its path (None: in a map), which item, its start
        end = at
        for found in _IN_LIST.finditer(self.text, at, stop):
            if found["none"]:
                continue
            if found[0] in ("]", ",", "}") and open:
                inside, number, start = open.pop()
                if inside is not None and start >= 0:
                    self.places[(*inside, number)] = (start, start, start, end)
                if found[0] == ",":
                    open.append((inside, number + 1, -1))
            else:
                inside, number, start = open[-1] if open else (None, 0, 0)
                if start < 0:
                    open[-1] = inside, number, found.start()
                if found[0] in ("[", "{"):
                    here = path if not open else (*inside, number) if inside is not None else None
                    open.append((here if found[0] == "[" else None, 0, -1))
            end = found.end()

    def value(self, at: int) -> int:
        """Where the value ends: at the end of its line outside of brackets and texts, or at a comment."""
        depth = 0
        while found := _TOKEN.match(self.text, at):
            token = found[0]
            if depth <= 0 and token[0] in "\r\n#":
                return at
            depth += (token in ("[", "{")) - (token in ("]", "}"))
            at = found.end()
        return at


def _name(part: str) -> str:
    if part[0] not in "\"'":
        return part
    value = tomllib.loads(f"x = {part}")["x"]
    return str(value)


class _Builder:
    def __init__(self, text: str, places: dict[Path, tuple[int, int, int, int]]) -> None:
        self.text, self.places, self.count, self.place = text, places, 0, Places(text).at

    def node(self, value: Any, path: Path, depth: int, around: tuple[int, int] = (0, 0)) -> Node:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise ContainerError("R017", "more values or levels than an agent definition can have")
        place = self.places.get(path)
        start, end = (place[2], place[3]) if place else around
        line, column = self.place(start)
        if isinstance(value, dict):
            node = Node(
                "map", start, end, line, column, style="flow" if self.text[start : start + 1] == "{" else "block"
            )
            for key, inner in value.items():
                node.pairs.append(self.pair(key, inner, (*path, key), depth + 1, (start, end)))
            return node
        if isinstance(value, list):
            node = Node("list", start, end, line, column, style="flow")
            node.items = [self.node(item, (*path, i), depth + 1, (start, end)) for i, item in enumerate(value)]
            return node
        raw = self.text[start:end]
        text = value if isinstance(value, str) else raw if place else str(value)
        if isinstance(value, (datetime.date, datetime.time)):  # no text to the programs
            text = value.isoformat()
        style = "block" if raw[:3] in ('"""', "'''") else "quoted" if raw[:1] in ('"', "'") else "plain"
        return Node("scalar", start, end, line, column, text, style, value)

    def pair(self, key: str, value: Any, path: Path, depth: int, around: tuple[int, int]) -> Pair:
        place = self.places.get(path)
        start, end = (place[0], place[1]) if place else around
        line, column = self.place(start)
        name = Node("scalar", start, end, line, column, key, "plain", key)
        return Pair(name, self.node(value, path, depth, around))
