"""Text of strangers on its way to a terminal or into a report: shown, never obeyed.

One place for all reporters. ``visible`` first, where a person reads; then the escaping of the syntax it goes into.
"""

from __future__ import annotations

import re
import sys

from agentconv.patterns import pattern

# What moves a cursor, changes a title, turns the direction of writing or cannot be seen at all: control characters but
# tab and line feed, line and paragraph separators, marks of direction, tags, halves of pairs (names of files that are
# no UTF-8), the byte order mark.
HIDDEN = pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
COLOURS = pattern("(\x1b\\[[0-9;]*m)")
BEYOND_JSON = pattern("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
OBEYED = pattern(r"^(\s*)(?=::|##\[)", re.MULTILINE)  # commands of GitHub and Azure, wherever a line was broken
MARKDOWN = pattern(r"([\\`*_{}\[\]<>|#~$&!])")
BLOCKS = pattern(r"\A(\s*)(?:([-+=])|(\d+)([.)]))")


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def visible(text: str) -> str:
    """Control characters as their spelling in Python; line feeds and tabs stay."""
    return text if text.isprintable() else HIDDEN.sub(_spelled, text)


def one_line(text: str) -> str:
    """The same in one line: where a line feed would begin something new (a row, a workflow command)."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def markdown(text: str) -> str:
    """Text in a paragraph or in a cell of a table: no tag, link, picture, mention, formula, column or block."""
    text = MARKDOWN.sub(r"\\\1", one_line(text))
    text = text.replace("@", "@\u200b").replace("://", ":\u200b//").replace("www.", "www\u200b.")
    return BLOCKS.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", text, count=1)


def markdown_code(text: str) -> str:
    """Text as code in Markdown, a cell of a table included; backticks inside need a longer fence."""
    text = one_line(text).replace("|", "\\|")  # GitHub takes a pipe for a border even inside backticks
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def github_data(text: str) -> str:
    """The message of a workflow command of GitHub."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(text)


def github_property(text: str) -> str:
    """A value between the colons of such a command."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def json_text(data: object, indent: int | None = 2) -> str:
    """JSON in which C1 and marks of direction are escapes, too: equal data, harmless to look at."""
    import json

    text = json.dumps(data, ensure_ascii=False, indent=indent, default=str)
    return BEYOND_JSON.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def coloured(text: str) -> str:
    """Lines of our own with our own colours: those stay, whatever else there is becomes visible."""
    return "".join(part if n % 2 else visible(part) for n, part in enumerate(COLOURS.split(text)))


def say(text: str, *, err: bool = False, nl: bool = True, color: bool = False, commands: bool = False) -> None:
    """Print lines for a person. A line that a CI service would obey (``::error``) is ours with ``commands`` only."""
    import click

    shown = coloured(text) if color else visible(text)
    click.echo(shown if commands else OBEYED.sub(r"\1\\", shown), err=err, nl=nl, color=color)


def result(text: str) -> None:
    """Print a result: as it is where a program takes it, visible on a terminal."""
    if sys.stdout.isatty():
        text = visible(text.replace("\r\n", "\n"))
    sys.stdout.write(text)
