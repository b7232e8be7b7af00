"""Tool names that give nothing in a program that reads the file."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.checking.checked import Checked, Reader
from agentconv.checking.finding import Finding, Severity
from agentconv.checking.given import gives, words
from agentconv.checking.headers import unseen
from agentconv.checking.restrictions import classes_of
from agentconv.model import Tool
from agentconv.namepatterns import bare_regex, tried
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import CURLY, Read, Token
from agentconv.reading.toolnames import Found, recognise
from agentconv.reading.tooltokens import opens_all
from agentconv.registry import ids, load
from agentconv.spec import Spec


def produce(checked: Checked) -> Iterator[Finding]:
    """Dead, foreign and unknown names; names that are not found as they are written; lists of nothing else."""
    for reader, read, twin in checked.pairs():
        header = reader.reading.document
        if header is None or header.header is None or not reader.spec.tools.names:
            continue  # told for the header as a whole; or which names the program has is not known
        lost = unseen(checked, reader)
        tokens = [t for t in read.tokens if _in_list(t, reader.spec) and t.at.split("[")[0].split(".")[0] not in lost]
        denied = {rule.at for rule in read.agent.tools.rules if rule.effect == "deny"}
        dead = [t for t in tokens if not _found(t, twin, reader.spec, t.at in denied)]
        if reader is checked.owner:
            yield from (_named(checked, reader, read, twin, t, t.at in denied) for t in dead)
        elif dead and len(dead) < len(tokens):
            yield from _elsewhere(checked, reader, read, twin, [t for t in dead if t.at not in denied])
        listed = [t for t in tokens if t.at not in denied]
        if listed and all(t in dead for t in listed) and _empty(twin):
            yield _nothing_left(checked, reader, read, listed)


def _empty(twin: Read) -> bool:
    tools = twin.agent.tools
    return tools.base == "none" and not any(rule.effect == "allow" for rule in tools.rules)


def _closed(twin: Read) -> bool:
    """Whether what the agent has comes from names of its list."""
    return twin.agent.tools.base == "none"


def _in_list(token: Token, spec: Spec) -> bool:
    row = spec.fields.get(token.at.split("[")[0].split(".")[0])
    return row is not None and row.applied and row.type in TOOL_TYPES


def _found(token: Token, twin: Read, spec: Spec, denied: bool) -> bool:
    """Whether the program takes this name out of its list, and knows it."""
    effect = "deny" if denied else "allow"
    bare = token.text.split("(")[0].strip()
    rules = [rule for rule in twin.agent.tools.rules if rule.effect == effect]
    if regex := spec.tools.fact("regex"):  # that servers have such tools is no more than possible
        rules = [rule for rule in rules if not (rule.tool.server and rule.tool.name.startswith(str(regex)))]
    names = {rule.tool.name for rule in rules}
    row = spec.fields.get(token.at.split("[")[0].split(".")[0])
    aliases = (row.fact("aliases") or {}) if row is not None else {}
    if token.text in names or bare in names or token.text in aliases:
        return True
    if not _works(token, spec):
        return False
    # a name that is known and in none of the rules: a word for a whole set, or one that the program's splitting loses
    return twin.agent.tools.base != "none" or denied or spec.tools.control != "list" or _sets(token, spec)


def _sets(token: Token, spec: Spec) -> bool:
    return token.text in spec.tools.sentinels or token.text in (spec.tools.fact("builtin"), spec.tools.fact("all_word"))


def _works(token: Token, spec: Spec) -> bool:
    if _sets(token, spec) or token.text == "*":
        return True
    return recognise(token.text, spec, author=False).how != "unknown"


def _named(checked: Checked, reader: Reader, read: Read, twin: Read, token: Token, denied: bool) -> Finding:
    """A name of the owner's own list that it does not know."""
    found = recognise(token.text, checked.spec, author=True)
    if found.how == "mcp" and not denied and (switches := reader.spec.tools.server_switches):
        key, value = next(iter(switches.items()))
        return checked.finding(
            "L046", "warning", f"`{token.text}` is of no MCP server that this file defines", read=read,
            at=checked.at(token.start), reader=reader, path=token.at, meant=words(found.tool),
            does="gives nothing for it", mend=f"write `{key}: {str(value).lower()}`, or define the server in this file",
        )  # fmt: skip
    if found.how == "unknown" and (server := _spelled_elsewhere(token.text, checked.spec)) is not None:
        found = Found(server, "foreign-mcp")
    known = found.how != "unknown"
    code = {"dead": "T002", "unknown": "T004", "own": "T048", "alias": "T048", "mcp": "T048"}.get(found.how, "T001")
    there = bool(found.tool.caps or found.tool.server) and gives(twin.agent, reader.spec, found.tool)
    missed = known and not there and (found.tool.server is not None or bool(classes_of(found.tool.caps)))
    brought = code == "T004" and bool(reader.spec.tools.fact("contributed"))
    opens = not denied and opens_all(token.text, reader.spec)
    severity: Severity = "info" if brought or (known and not missed and not opens) else "warning"
    message = {
        "T002": f"`{token.text}` is no tool of {reader.program}",
        "T001": f"`{token.text}` is no name of {reader.program}",
        "T004": f"nobody knows a tool `{token.text}`",
        "T048": f"`{token.text}` is not found in the way it is written here",
    }[code]
    does = "denies nothing with it" if denied else f"gives {'every tool' if opens else 'nothing'} for it"
    if brought:
        does += ", unless an extension brings a tool of this name"
        if reader.spec.tools.mcp.get("bare") == "here":
            does = does.replace("an extension", "an MCP server is called so, or it or an extension")
    elif there and not denied and not opens:
        does += "; another name of the list gives the same" if _closed(twin) else "; the agent has the tool without it"
    regex = str(reader.spec.tools.fact("regex") or "")
    if code == "T004" and regex and token.text.startswith(regex):
        severity, does = "info", f"{'denies' if denied else 'gives'} the tools of servers whose names match"
        message, mend = f"no tool that is known matches `{token.text}`", "correct it, if none is meant to"
        if tried(bare_regex(token.text, regex), fold=True) is None:
            message, mend = f"`{token.text}` is an expression that is not tried here", "name the tools that are meant"
            does = f"{'denies' if denied else 'gives'} the tools whose names match, if it can be read"
    else:
        mend = _mend(token, found, checked, reader.spec)
    if brought and not denied and _is_server(token.text, checked, reader):
        severity, message = "warning", f"`{token.text}` is an MCP server of this project, and no tool"
        does, mend = "gives every tool of that server", f"write `{reader.spec.tools.spell_mcp(token.text, None)}`"
    own = reader.spec.tools.own_member(found.tool.member)
    if own is not None and not denied:
        does = f"gives its own `{own.name}` for it, whatever stands before the name"
    return checked.finding(
        code, severity, message, read=read, at=checked.at(token.start), reader=reader, path=token.at,
        meant=words(found.tool) if known else "a tool of this name", does=does,
        mend="name the whole server" if own is not None else mend,
    )  # fmt: skip


def _is_server(name: str, checked: Checked, reader: Reader) -> bool:
    """Whether a word that stands alone is the whole of a server that the project has."""
    servers = checked.around.servers if checked.around is not None else None
    return bool(reader.spec.tools.mcp.get("bare") == "here" and servers and name in servers)


def _spelled_elsewhere(text: str, spec: Spec) -> Tool | None:
    """A tool of an MCP server as another program spells it (``server/tool``)."""
    for id in ids():
        table = load(id).tools
        if id == spec.id or table.mcp_is_loose or "{server}" not in str(table.mcp.get("tool")):
            continue
        tool = table.mcp_tool(text)
        if tool is not None and tool.server not in (None, "*"):
            return tool
    return None


def _mend(token: Token, found: Found, checked: Checked, spec: Spec) -> str:
    if token.start and checked.text[token.start - 1] in CURLY:
        return "take the quotes away, which are those of a word processor"
    group = (spec.tools.fact("groups") or {}).get(token.text) or {}
    if group.get("alone"):
        names = [name for name in group["members"] if name not in group.get("beside", ())]
        return f"write {', '.join(names)} in its place, or the word alone and not in a list"
    if found.how in ("own", "alias", "mcp"):
        split = spec.tools.fact("split", "comma")
        return "write the names as a list" if split in ("none", "whole") else "write the names with commas between them"
    if token.new:
        return f"write `{token.new}`"
    if found.tool.server and (own := spec.tools.spell_mcp(found.tool.server, found.tool.member)):
        return f"write `{own}`"
    whole = token.text.removesuffix("/*")  # VS Code's sets are written so by many, as servers are
    if found.how == "unknown" and whole != token.text and whole in spec.tools.names:
        return f"write `{whole}`"
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
    if reader.spec.tools.fact("contributed"):
        does += ", unless extensions bring tools of these names"
    return checked.finding(
        "T046", severity, "no name of the tool list gives anything", read=read, at=checked.at(listed[0].start),
        reader=reader, path="tools", meant=", ".join(f"`{t.text}`" for t in listed[:5]), does=does,
        mend="write names of the program's own; agentconv tools lists them",
    )  # fmt: skip
