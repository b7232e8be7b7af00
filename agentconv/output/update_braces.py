"""``--update`` of a file that is one object in braces (JSON, TypeScript): keys are set, removed and added by place.

Between a value and the next key stand blanks, comments, a comma and, in TypeScript, the type of the value; all of it
stays where it is. Whether the object may end with a comma is told from how it ends now.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from agentconv.containers import Node, Pair

Splice = tuple[int, int, str]
COMMENT = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/|//[^\r\n]*")


class Tail(NamedTuple):
    """What stands between a value and the next key, or the closing brace."""

    end: int  # behind the comma, or where one would go
    comma: bool


def in_braces(
    text: str, header: Node, changed: Mapping[str, str], gone: Collection[str], new: Collection[str], newline: str
) -> list[Splice]:
    """``changed``: key -> the text of its new value; ``new``: keys with their values, as they are to be written."""
    pairs = header.pairs
    splices = [(p.value.start, p.value.end, changed[p.key.text]) for p in pairs if p.key.text in changed]
    spans = [_span(text, header, n) for n, pair in enumerate(pairs) if pair.key.text in gone]
    splices += [(start, end, "") for start, end in _joined(spans)]
    kept = [n for n, pair in enumerate(pairs) if pair.key.text not in gone]
    ends_so = bool(pairs) and _tail(text, header, len(pairs) - 1).comma  # with a comma behind the last one
    if not kept:
        lines = (
            f"{newline}{newline.join(f'  {one},' for one in new)[: None if ends_so else -1]}{newline}" if new else ""
        )
        at = header.start + 1 if pairs else header.end - 1  # what stands in an empty one stays
        return [(at, header.end - 1, lines)] if pairs or new else []
    last = kept[-1]
    tail = _tail(text, header, last)
    if not new:
        if tail.comma and not ends_so and last < len(pairs) - 1:
            splices.append((tail.end - 1, tail.end, ""))
        return splices
    if not tail.comma:
        splices.append((tail.end, tail.end, ","))
    line_end = text.find("\n", tail.end)
    rest = text[tail.end : line_end if line_end >= 0 else len(text)]
    if line_end < 0 or COMMENT.sub("", rest).strip() or "/*" in COMMENT.sub("", rest):
        splices.append((tail.end, tail.end, " " + ", ".join(new) + ("," if ends_so else "")))
        return splices
    pad = _pad(text, pairs[last])
    lines = "".join(f"{pad}{one},{newline}" for one in new)
    splices.append((line_end + 1, line_end + 1, lines if ends_so else lines.removesuffix(f",{newline}") + newline))
    return splices


def _tail(text: str, header: Node, n: int) -> Tail:
    """What follows the pair of that number."""
    start = header.pairs[n].end
    end = header.pairs[n + 1].start if n + 1 < len(header.pairs) else header.end - 1
    bare = COMMENT.sub(lambda found: " " * len(found[0]), text[start:end]).rstrip()
    return Tail(start + len(bare), bare.endswith(","))


def _span(text: str, header: Node, n: int) -> tuple[int, int]:
    """A pair with what belongs to it: its lines, where nothing else stands on them; else up to the next one."""
    pair = header.pairs[n]
    tail = _tail(text, header, n)
    start, end = text.rfind("\n", 0, pair.start) + 1, text.find("\n", tail.end)
    alone = not text[start : pair.start].strip() and end >= 0 and not COMMENT.sub("", text[tail.end : end]).strip()
    if alone and (n + 1 == len(header.pairs) or header.pairs[n + 1].start > end):
        return start, end + 1
    if n + 1 < len(header.pairs):
        return pair.start, header.pairs[n + 1].start
    return len(text[: pair.start].rstrip(" \t")), tail.end


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that overlap as one."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def _pad(text: str, pair: Pair) -> str:
    """The white space in front of it, where it begins its line."""
    start = text.rfind("\n", 0, pair.start) + 1
    blank = text[start : pair.start]
    return blank if not blank.strip() else "  "
