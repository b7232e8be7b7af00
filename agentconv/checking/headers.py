"""Headers that a program does not find, cuts off, or reads otherwise than their author meant them."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.checking.checked import Checked, Reader, value_of
from agentconv.checking.finding import Finding
from agentconv.containers import Document, Node
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read
from agentconv.reading.keys import is_limit

REPAIRED = {"R003": "the value stands without quotes", "R009": "the value runs on in lines that are not indented",
            "R013": "lines are indented with tabs, or by an odd amount"}  # fmt: skip
FIXED = "`agentconv check --fix` does it"


def produce(checked: Checked) -> Iterator[Finding]:
    """What each program that loads the file does not see of its header."""
    if not checked.author.agents:
        return
    told = False
    for reader in checked.readers:
        if reader.reading.status != "read" or not reader.reading.agents or checked.spec.many:
            continue
        if one := _hidden(checked, reader) or _cut(checked, reader) or _otherwise(checked, reader):
            told = True
            yield one
    loaded = all(reader.reading.agents for reader in checked.readers)
    if not told and loaded:
        yield from _repairs(checked)


def unseen(checked: Checked, reader: Reader) -> frozenset[str]:
    """Keys of the header that the program does not have."""
    author, theirs = checked.author.document, reader.reading.document
    if checked.spec.many or author is None or author.header is None or theirs is None:
        return frozenset()
    found = {key.lower() for key in _keys(theirs)}  # a reader by lines takes keys in any case
    return frozenset(key for key in _keys(author) if key.lower() not in found)


def _keys(document: Document) -> list[str]:
    header = document.header
    return [pair.key.text for pair in header.pairs] if header is not None and header.kind == "map" else []


def limiting(checked: Checked, read: Read) -> list[str]:
    """The keys of an agent that limit it: lists of tools, and what its format calls a limit."""
    found = []
    for key, row in checked.spec.fields.items():
        node = value_of(read, key)
        if node is None:
            continue
        if (row.type in TOOL_TYPES and read.agent.tools.base != "all") or (
            row.type not in TOOL_TYPES and is_limit(row, node.data())
        ):
            found.append(key)
    return found


def _hidden(checked: Checked, reader: Reader) -> Finding | None:
    author, theirs = checked.author.document, reader.reading.document
    if author is None or author.header is None or not author.header.pairs or theirs is None or _keys(theirs):
        return None
    read = checked.author.agents[0]
    limits = limiting(checked, read)
    codes = {n.code for n in checked.author.notes}
    if "R008" in codes:
        why, at = "the file is wrapped in a code fence", (1, 1)
        mend = f"take the lines of the fence away; {FIXED}"
    elif author.text.startswith("\ufeff"):
        why, at = "a byte order mark stands in front of the header", (1, 1)
        mend = f"save the file without it; {FIXED}"
    elif author.header_start and "R019" in codes:
        blank = not author.text[: author.header_start - 4].strip()
        why, at = f"{'a blank line' if blank else 'something'} stands in front of the header", (1, 1)
        mend = f"let the file begin with `---`; {FIXED}"
    elif not author.text.lstrip().startswith("---"):
        why, at = "there is no line of `---` above the keys", (1, 1)
        mend = "put a line of `---` above the keys and one below them"
    elif said := next((n for n in checked.author.notes if n.code in ("R003", "R009") and n.line), None):
        why, at = f"{reader.program} cannot read it: {said.message}", (said.line, said.column)
        mend = f"put the value in quotes, on one line; {FIXED}"
    else:
        why, at = "the header is not in the form that the program looks for", (1, 1)
        mend = "let the file begin with a line of `---`, then the keys, then a line of `---`"
    does = "finds no header: all of the file is the prompt, and none of its keys counts"
    meant = f"a header with {_listed(_keys(author))}"
    return checked.finding(
        "R040", "error" if limits else "warning", f"the header is not seen: {why}", read=read, at=at, reader=reader,
        meant=meant, does=does, mend=mend, path=limits[0] if limits else "",
    )  # fmt: skip


def _cut(checked: Checked, reader: Reader) -> Finding | None:
    author, theirs = checked.author.document, reader.reading.document
    gone = unseen(checked, reader)
    if not gone or author is None or theirs is None or author.header is None:
        return None
    first = next(p for p in author.header.pairs if p.key.text in gone)
    if first.start > author.header_end or first.start < author.header_start:  # both headers were read as one
        return _second(checked, reader, gone, first.key, theirs)
    if theirs.header_end > first.start:
        return None  # it is inside of the program's header all the same
    dashes = author.text.find("---", max(theirs.header_end - 3, author.header_start), first.start)
    if dashes < 0:
        return None
    at = checked.at(dashes)
    read = checked.author.agents[0]
    limits = [key for key in limiting(checked, read) if key in gone]
    names = _listed([k for k in _keys(author) if k in gone])
    return checked.finding(
        "R041", "error" if limits else "warning", "the header ends at a `---` inside of it", read=read, at=at,
        reader=reader, meant=f"{names} as fields", path=limits[0] if limits else "",
        does=f"takes the first three dashes for the end of the header: {names} {_are(gone)} text of the prompt",
        mend="write that value without three dashes in a row",
    )  # fmt: skip


def _second(checked: Checked, reader: Reader, gone: frozenset[str], at: Node, theirs: Document) -> Finding:
    """The fields stand in a second header, and the program takes the first one."""
    read = checked.author.agents[0]
    limits = [key for key in limiting(checked, read) if key in gone]
    first = _listed(_keys(theirs))
    return checked.finding(
        "R041", "error" if limits else "warning", "the file has two headers, and fields stand in the second",
        read=read, at=at, reader=reader, path=limits[0] if limits else "", meant=f"{_listed(sorted(gone))} as fields",
        does=f"takes the first header, with {first}; the second is text of the prompt",
        mend="put the keys of both into one header",
    )  # fmt: skip


def _otherwise(checked: Checked, reader: Reader) -> Finding | None:
    author = checked.author.document
    gone = unseen(checked, reader)
    if not gone or author is None or author.header is None:
        return None
    read = checked.author.agents[0]
    limits = [key for key in limiting(checked, read) if key in gone]
    first = next(p for p in author.header.pairs if p.key.text in gone)
    names = _listed([k for k in _keys(author) if k in gone])
    remark = next((r for r in author.remarks if r.code in REPAIRED), None)
    why = f" ({REPAIRED[remark.code]}, line {remark.line})" if remark is not None else ""
    return checked.finding(
        "R042", "error" if limits else "warning", f"{names} {_are(gone)} lost in the header{why}", read=read,
        at=first.key, reader=reader, meant=f"{names} as fields", path=limits[0] if limits else "",
        does="reads the header line by line in its own way and does not find them",
        mend=f"write it as plain YAML; {FIXED}" if remark is not None else "write each key on a line of its own",
    )  # fmt: skip


def _repairs(checked: Checked) -> Iterator[Finding]:
    """What every program here reads as it is meant, and strict readers do not."""
    document = checked.author.document
    for remark in document.remarks if document is not None else ():
        if remark.code not in REPAIRED:
            continue
        key = f"`{remark.key}`: " if remark.key else ""
        yield checked.finding(
            remark.code, "info", f"{key}{REPAIRED[remark.code]}", at=(remark.line, remark.column), path=remark.key,
            read=checked.author.agents[0] if len(checked.author.agents) == 1 else None, reader=checked.owner,
            meant="the value as it stands there", does="reads it all the same; strict YAML readers lose the file",
            mend=f"put the value in quotes; {FIXED}" if remark.code != "R013" else "indent by two spaces a level",
        )  # fmt: skip


def _listed(names: list[str]) -> str:
    shown = [f"`{name}`" for name in names[:6]]
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return ", ".join(shown) + more


def _are(names: frozenset[str]) -> str:
    return "is" if len(names) == 1 else "are"
