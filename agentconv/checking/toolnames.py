"""Tool names that give nothing in a program that reads the file."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.checking.checked import Checked, Reader
from agentconv.checking.finding import Finding, Severity
from agentconv.checking.given import gives, words
from agentconv.checking.headers import unseen
from agentconv.checking.restrictions import classes_of
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read, Token
from agentconv.reading.toolnames import Found, recognise
from agentconv.spec import Spec


def produce(checked: Checked) -> Iterator[Finding]:
    """Dead, foreign and unknown names; and lists of nothing else."""
    for reader, read, twin in checked.pairs():
        header = reader.reading.document
        if header is None or header.header is None:
            continue
        lost = unseen(checked, reader)
        tokens = [t for t in read.tokens if _in_list(t, reader.spec) and t.at.split("[")[0].split(".")[0] not in lost]
        if not reader.spec.tools.names:
            continue  # which names the program has is not known
        theirs = {rule.at for rule in twin.agent.tools.rules}
        dead = [t for t in tokens if t.at not in theirs and not _works(t, reader.spec)]
        denied = {rule.at for rule in read.agent.tools.rules if rule.effect == "deny"}
        if reader is checked.owner:
            yield from (_named(checked, reader, read, twin, t, t.at in denied) for t in dead)
        elif dead and len(dead) < len(tokens):
            yield from _elsewhere(checked, reader, read, twin, [t for t in dead if t.at not in denied])
        listed = [t for t in tokens if t.at not in denied]
        if listed and all(t in dead for t in listed) and twin.agent.tools.base == "none":
            yield _nothing_left(checked, reader, read, listed)


def _in_list(token: Token, spec: Spec) -> bool:
    row = spec.fields.get(token.at.split("[")[0].split(".")[0])
    return row is not None and row.applied and row.type in TOOL_TYPES


def _works(token: Token, spec: Spec) -> bool:
    if token.text in spec.tools.sentinels or token.text in (spec.tools.fact("builtin"), spec.tools.fact("all_word")):
        return True
    return recognise(token.text, spec, author=False).how != "unknown" or token.text == "*"


def _named(checked: Checked, reader: Reader, read: Read, twin: Read, token: Token, denied: bool) -> Finding:
    """A name of the owner's own list that it does not know."""
    found = recognise(token.text, checked.spec, author=True)
    known = found.how != "unknown"
    code = {"dead": "T002", "unknown": "T004"}.get(found.how, "T001")
    missed = known and classes_of(found.tool.caps) and not gives(twin.agent, reader.spec, found.tool)
    severity: Severity = "warning" if code == "T004" or missed or (found.tool.server and known) else "info"
    if code == "T002":
        message = f"`{token.text}` is no tool of {reader.program} any more"
    elif code == "T001":
        message = f"`{token.text}` is no name of {reader.program}"
    else:
        message = f"nobody knows a tool `{token.text}`"
    nothing = "denies nothing with it" if denied else "gives nothing for it"
    if not denied and known and not missed and found.tool.caps:
        nothing += "; another name of the list gives the same"
    return checked.finding(
        code, severity, message, read=read, at=checked.at(token.start), reader=reader, path=token.at,
        meant=words(found.tool) if known else "a tool of this name", does=nothing, mend=_mend(token, found),
    )  # fmt: skip


def _mend(token: Token, found: Found) -> str:
    if token.new:
        return f"write `{token.new}`"
    if found.how == "unknown":
        return "correct the spelling, or take the name out; tools of MCP servers are written with their server"
    return "take the name out of the list"


def _elsewhere(checked: Checked, reader: Reader, read: Read, twin: Read, dead: list[Token]) -> Iterator[Finding]:
    """Names that another program at the place passes over: one finding for all of them."""
    missed = []
    for token in dead:
        tool = recognise(token.text, checked.spec, author=True).tool
        if (tool.server or classes_of(tool.caps)) and not gives(twin.agent, reader.spec, tool):
            missed.append((token, tool))
    if not missed:
        return
    names = ", ".join(f"`{t.text}`" for t, _ in missed[:5]) + (
        f" and {len(missed) - 5} more" if len(missed) > 5 else ""
    )
    yield checked.finding(
        "T045", "info", f"{reader.program} has no tool for {names}", read=read, at=checked.at(missed[0][0].start),
        reader=reader, path=missed[0][0].at, meant=", ".join(dict.fromkeys(words(tool) for _, tool in missed)),
        does="passes over these names", mend="do not count on them there",
    )  # fmt: skip


def _nothing_left(checked: Checked, reader: Reader, read: Read, listed: list[Token]) -> Finding:
    """A list whose names are all unknown."""
    starts = reader.spec.tools.fact("unknown_only", "none")
    refused = str(starts).endswith("refused")
    severity: Severity = "error" if refused and reader.home else "warning"
    does = "loads the agent and refuses to start it" if refused else "starts the agent without any tool of the list"
    return checked.finding(
        "T046", severity, "no name of the tool list gives anything", read=read, at=checked.at(listed[0].start),
        reader=reader, path="tools", meant=", ".join(f"`{t.text}`" for t in listed[:5]), does=does,
        mend="write names of the program's own; agentconv tools lists them",
    )  # fmt: skip
