"""What a description says, where it is nothing but words, and how it is written.

Descriptions of agents are words behind their key, or a few paragraphs with examples in them: in quotes, in a block
below the key, or bare with a colon in it, which is no YAML and is mended by the program that reads it.
"""

from __future__ import annotations

import re
from functools import cache

from agentconv.containers import ContainerError
from agentconv.records import dataclass
from agentconv.registry import derived
from agentconv.spec import Spec


@dataclass(frozen=True, slots=True)
class Described:
    """A description in a header."""

    text: str  # as the model has it
    start: int  # of what stands behind its key, in the header
    end: int
    form: str  # how it is written: what is said of another one of this form is said of this one
    line: int  # of its key in the header, from 0
    more: int = 0  # lines that it takes below that one


# words behind a key, to the end of their line: no reader takes them for a number, a list or a comment, and nothing in
# them is a placeholder, a tag or an escape
_PLAIN = re.compile(r"[A-Za-z][\w-]*,? (?:[^\x00-\x1f\x7f\"\\<>{}$`|:#]++|:(?=[^ ])|(?<=[^ ])#)*+")
_QUOTED = {
    '"': re.compile(r"\"([^\x00-\x1f\x7f\"\\<>{}$`|]*)\""),
    "'": re.compile(r"'([^\x00-\x1f\x7f'\"\\<>{}$`|]*)'"),
}
_BARE = re.compile(r"(?:\*{0,2}[A-Za-z][\w-]*,? |[^\W\d_\x00-\x7f])(?:[^\x00-\x1f\x7f{}$`#]++|(?<=[^ ])#)*+")
_IN_QUOTES = {
    '"': re.compile(r"\"(?:[^\x00-\x1f\x7f\"\\{}$`]|\\[\"\\/nt])*+\""),
    "'": re.compile(r"'(?:[^\x00-\x1f\x7f'{}$`]|'')*+'"),
}
_BELOW = re.compile(r"[>|][+-]?\n(?: *+[^\x00-\x1f\x7f{}$`]*+\n)+")
# that mean something to somebody; what else has to be written otherwise than as it stands is seen when it is read back
_SIGNS = "\n\t\\<>|#"
_TAG = re.compile(r"</?[a-z]+", re.I)


def described(header: str, spec: Spec) -> Described | None:
    """The description of a header; ``None`` where it may be more than words, or is written in another way."""
    found = _row(spec).search(header)
    if found is None:
        return None
    start, end = found.span(1)
    raw = found[1]
    line = header.count("\n", 0, start)
    said = _words(raw)
    if said is not None:
        return Described(said, start, end, raw[0] if raw[0] in _QUOTED else "a", line)
    if (spec.container.get("dialect") or {}).get("parser", "yaml") != "yaml":
        return None
    made = _text(raw, spec)
    if made is None:
        return None
    said, style = made
    row = spec.by_field["description"]
    if row.fact("escapes") == "newline" and "\\n" in said:
        said, style = said.replace("\\n", "\n"), style + "n"
    if not said or said != said.strip() or not said.replace("\n", "").replace("\t", "").isprintable():
        return None
    signs = "".join([sign for sign in _SIGNS if sign in said])
    tags = " ".join(sorted({tag.lower() for tag in _TAG.findall(said)})) if "<" in signs else ""
    form = style + signs + tags
    return Described(said, start, end, form, line, raw.count("\n"))


@cache
def _row(spec: Spec) -> re.Pattern[str]:
    """The lines of a description whose key stands at the margin, where the next line there is another key."""
    row = spec.by_field.get("description")
    if row is None:
        return re.compile(r"(?!)")
    return re.compile(rf"^{re.escape(row.key)}: (\S[^\n]*(?:\n(?: [^\n]*)?+)*?)\n(?=[A-Za-z_]|\Z)", re.M)


derived(_row.cache_clear)


def _words(raw: str) -> str | None:
    """What one line says, where it is nothing but words."""
    quoted = _QUOTED.get(raw[0])
    found = quoted.fullmatch(raw) if quoted is not None else _PLAIN.fullmatch(raw)
    if found is None:
        return None
    said = found[1] if quoted is not None else raw
    return said if said.isprintable() and said == said.strip() and said else None


def _text(raw: str, spec: Spec) -> tuple[str, str] | None:
    """The text of any other description, and how it is written."""
    if raw[0] in ">|":
        value = _value(raw + "\n") if _BELOW.fullmatch(raw + "\n") else None
        return None if value is None else (value.rstrip("\n"), raw.partition("\n")[0])
    if "\n" in raw:
        return None
    if raw[0] in _IN_QUOTES:
        value = _value(raw) if _IN_QUOTES[raw[0]].fullmatch(raw) else None
        return None if value is None else (value, raw[0])
    if not _BARE.fullmatch(raw) or raw[-1] in ": ":
        return None
    if ": " not in raw and raw[0] != "*":
        return raw, "a"
    # it breaks the header, and the program that knows this repair takes the line as it stands (``retries``)
    mended = (spec.container.get("dialect") or {}).get("retry") == "quote-suspects"
    return (raw, "r*" if raw[0] == "*" else "r") if mended else None


def _value(raw: str) -> str | None:
    """What YAML makes of it."""
    from agentconv.containers.yamlnodes import compose

    try:
        node = compose(f"k: {raw}")
    except ContainerError:
        return None
    value = node.pairs[0].value if node is not None and node.kind == "map" and len(node.pairs) == 1 else None
    return value.text if value is not None and value.kind == "scalar" and isinstance(value.value, str) else None
