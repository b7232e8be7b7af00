"""Keys that a program does not read: misspelt ones, and those of other programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding, Severity
from agentconv.checking.given import gives
from agentconv.checking.headers import FIXED
from agentconv.containers import Node
from agentconv.limitkeys import folded
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read, Token
from agentconv.reading.keys import is_limit
from agentconv.registry import heads, ids, load
from agentconv.spec import Field, Spec

NEAR = 0.84
# fields that change what an agent does; who wrote it, and how it is sorted, is no business of the program
CONDUCT = {
    *("tools", "model", "effort", "temperature", "top_p", "mode", "permission_mode", "max_turns", "timeout"),
    *("background", "isolation", "memory", "sandbox", "delegates", "handoffs", "skills", "mcp_servers", "hooks"),
    *("context", "user_invocable", "model_invocable", "hidden", "disabled"),
}


def produce(checked: Checked) -> Iterator[Finding]:
    """A finding for each key that means something to people and nothing to the owning program."""
    spec = checked.spec
    if spec.container.get("unknown_keys") == "refused" or not checked.owner.reading.agents:
        return  # said as a file that does not load
    passed = set(spec.container.get("passed_over", ()))
    for read in checked.author.agents:
        header = checked.owner.reading.document
        if header is None or (header.header is None and not spec.many):
            continue
        for token in read.keys:
            if token.at != token.text and token.text == token.new:  # below another key
                yield _below(checked, read, token)
            elif (node := read.where.get(token.at)) is not None:
                # a value of another type means something else under the right key, so it is for its author to write
                bad = any(
                    n.code in ("R006", "R007") and (n.line, n.column) == (node.line, node.column) for n in read.notes
                )
                yield _near(checked, read, token.at, node, spec.fields[str(token.new)], "" if bad else f"; {FIXED}")
        yield from _alone(checked, read)
        for key in {extra.key for extra in read.agent.extras} - set(spec.fields) - passed:
            node = read.where.get(key)
            if node is None or key.split(".")[0] in spec.fields:
                continue
            if row := _misspelt(key, read, spec):
                yield _near(checked, read, key, node, row)
            elif found := _foreign(key, spec):
                yield from _other(checked, read, key, node, *found)


def _alone(checked: Checked, read: Read) -> Iterator[Finding]:
    """A key that has an effect only beside another one, or beside a tool that the agent does not have."""
    for row in checked.spec.rows_with("needs"):
        needs, node = row.fact("needs") or {}, read.where.get(row.key)
        if node is None or (row.field and getattr(read.agent, row.field) is None):
            continue
        key, tool = needs.get("field"), checked.spec.tools.named(str(needs.get("tools")))
        if key and str(key) not in read.where:
            lacks, mend = f"where no `{key}` is named", f"name a `{key}`, or take the line away"
        elif tool is not None and not gives(read.agent, checked.spec, tool):
            lacks, mend = f"without the tool `{tool.name}`", f"give the tool `{tool.name}`, or take the line away"
        else:
            continue
        yield checked.finding(
            "L085", "warning", f"`{row.key}` has no effect {lacks}", read=read, at=_key(checked, read, row.key, node),
            reader=checked.owner, path=row.key, meant="a value that counts", does="reads it and does nothing with it",
            mend=mend,
        )  # fmt: skip


def _misspelt(key: str, read: Read, spec: Spec) -> Field | None:
    """The key that is meant: one letter off; never one that is there, too, and never its opposite."""
    rows = ((known, row) for known, row in spec.fields.items() if row.written or row.type in TOOL_TYPES)
    known = {folded(known): row for known, row in rows if known not in read.where}
    near = [n for n in difflib.get_close_matches(folded(key), known, 3, NEAR) if _denies(n) == _denies(folded(key))]
    return known[near[0]] if near and len(key) > 3 and not _known_elsewhere(key) else None


def _denies(key: str) -> bool:
    return key.startswith(("dis", "exclude", "deny", "no"))


def _known_elsewhere(key: str) -> bool:
    return any(key in load(id).fields for id in ids())


def _near(checked: Checked, read: Read, key: str, node: Node, row: Field, fixed: str = "") -> Finding:
    limits = row.type in TOOL_TYPES or is_limit(row, node.data())
    return checked.finding(
        "L041", "error" if limits else "warning", f"`{key}` is no key; `{row.key}` is", read=read,
        at=_key(checked, read, key, node), reader=checked.owner, path=key, meant=f"`{row.key}`",
        does="does not read it" + (", so the limit does not hold" if limits else ""),
        mend=f"write `{checked.written(row.key)}`{fixed}",
    )  # fmt: skip


def _below(checked: Checked, read: Read, token: Token) -> Finding:
    """A key in the program's own spelling, where the program does not look for it."""
    above = token.at.removesuffix(f".{token.text}")
    key, row = token.text, checked.spec.fields[token.text]
    node = read.where.get(token.text)
    limits = row.type in TOOL_TYPES or (node is not None and is_limit(row, node.data()))
    toml = checked.spec.syntax == "toml"
    return checked.finding(
        "L041", "error" if limits else "warning", f"`{key}` stands below `{above}`, which is no key", read=read,
        at=checked.at(token.start), reader=checked.owner, path=token.at, meant=f"`{key}`",
        does="does not read it there" + (", so the limit does not hold" if limits else ""),
        mend="put it above the first line in square brackets" if toml else f"move it out of `{above}`, to the top",
    )  # fmt: skip


def _foreign(key: str, spec: Spec) -> tuple[Spec, Field] | None:
    """A format in which the key is a field of the model; the one with the most users. A key that means something else
    in texts for a session is nobody's: `capabilities` of a manifest limits nothing."""
    texts = [load(id).fields.get(key) for id in ids() if heads()[id].get("kind") == "text"]
    of_texts = {row.field for row in texts if row is not None}
    for id in ids():
        other = load(id)
        row = other.fields.get(key)
        if other.text_kind or other.tools.control == "any":  # texts for a session, and the model's own form
            continue
        if other.id != spec.id and row is not None and row.field in CONDUCT:
            return (other, row) if not of_texts or row.field in of_texts else None
    return None


def _other(checked: Checked, read: Read, key: str, node: Node, other: Spec, row: Field) -> Iterator[Finding]:
    listed = row.type in TOOL_TYPES
    limits = listed or is_limit(row, node.data())
    own = checked.spec.by_field.get(str(row.field))
    beside = own is not None and own.key in read.where  # said in the program's own words, too
    if not listed and beside:
        return
    open_ = read.agent.tools.base in (None, "all")
    error = listed and open_
    reads = next((r.program for r in checked.readers[1:] if key in r.spec.fields and r.spec.fields[key].applied), None)
    also = f"; {reads} does" if reads else ""
    instead = (
        f"`{own.key}` is its key for that"
        if own is not None
        else "take the line away, or keep it for the other program"
    )
    severity: Severity = "error" if error else "warning" if limits and not listed else "info"
    yield checked.finding(
        "L042", severity, f"`{key}` is a key of {other.program}", read=read,
        at=_key(checked, read, key, node), reader=checked.owner, path=key,
        meant="a limit" if limits else f"what it says to {other.program}", does=f"does not read it{also}", mend=instead,
    )  # fmt: skip


def _key(checked: Checked, read: Read, key: str, node: Node) -> Node | tuple[int, int]:
    """The place of the key itself."""
    entry = read.entry
    if entry is not None:
        for pair in entry.pairs:
            if pair.key.text == key:
                return pair.key
    document = checked.author.document
    if document is not None and document.header is not None and document.header.kind == "map":
        for pair in document.header.pairs:
            if pair.key.text == key:
                return pair.key
    return node
