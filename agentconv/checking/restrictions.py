"""Restrictions that do not hold: what a program gives an agent beside what its file asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentconv import rights as counting
from agentconv.checking.checked import Checked, Reader, value_of
from agentconv.checking.finding import Finding
from agentconv.checking.headers import unseen
from agentconv.checking.limits import cut_whole, denials, instead, limits, scopes, short
from agentconv.containers import Node
from agentconv.lowering.servers import limited_servers
from agentconv.model import Agent, Tools
from agentconv.proof.sourcerights import comparable
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read
from agentconv.reading.toolkeys import alone_counts
from agentconv.registry import idle_readers
from agentconv.spec import Field, risk
from agentconv.tooltable import ToolTable


def produce(checked: Checked) -> Iterator[Finding]:
    """A finding for each denial, scope, limiting field and list that does not hold in a program here."""
    for reader, read, twin in checked.pairs():
        header = reader.reading.document
        if header is None or header.header is None:
            continue  # told once, for the header as a whole
        gone = unseen(checked, reader)
        found = [
            *_forms(checked, reader, read, gone),
            *_switched_on(checked, reader, read, twin, gone),
            *_brought(checked, reader, read, twin),
            *denials(checked, reader, read, twin, gone),
            *scopes(checked, reader, read, twin, gone),
            *cut_whole(checked, reader, read, twin, gone),
            *limits(checked, reader, read, twin, gone),
        ]
        yield from found
        said = "warning" if reader.when else "error"
        if not any(f.severity == said for f in found) and not any(
            row.type in TOOL_TYPES for row in _rows(checked, gone)
        ):
            yield from _more(checked, reader, read, twin, {f.path for f in found})


def _rows(checked: Checked, keys: frozenset[str]) -> list[Field]:
    return [checked.spec.fields[key] for key in keys if key in checked.spec.fields]


# -- forms of a list that do not mean what they seem to ---------------------------------------

SEEMS = {"empty": "no tools", "map": "the tools that are switched on", "null": "", "star": "every tool"}
MADE = {
    "all": "every tool",
    "builtin": "every built-in tool",
    "absent": "what an agent without a list has",
    "none": "no tool",
}


def _forms(checked: Checked, reader: Reader, read: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """``[]``, a key without a value, ``*``, and a map where a list belongs."""
    for row in checked.spec.fields.values():
        node = value_of(read, row.key)
        theirs = reader.spec.fields.get(row.key)
        if node is None or row.type != "tools" or theirs is None or theirs.type != "tools" or row.key in gone:
            continue
        form = _form(node)
        if form == "map" and theirs.fact("shape") == "map":
            continue  # a table of this name that the program has, and no list (Codex)
        if form == "map" and reader.spec.text_kind:
            continue  # nobody goes by the list, whatever its form
        table = reader.spec.tools
        word = {
            "empty": table.fact("empty", "none"),
            "null": table.fact("null", "none"),
            "star": _star(node, table),
            "map": table.fact("wrong_type", "none"),
        }.get(form)
        if word is None or str(word).startswith("refused"):
            continue
        said = {key: found for key in read.where if (found := value_of(read, key)) is not None}
        alone = form in ("empty", "null") and alone_counts(reader.spec, said)
        word = "none" if alone or (isinstance(word, list) and not word) else word
        made = f"the tools {', '.join(word)}" if isinstance(word, list) else MADE.get(str(word), str(word))
        opened = word in ("all", "builtin", "absent") or isinstance(word, list)
        if (form == "empty" and not opened) or (form == "star" and opened):
            continue
        spelled = {
            "empty": f"an empty `{row.key}`" if node.kind == "scalar" else f"`{row.key}: []`",
            "null": f"`{row.key}:` without a value",
            "star": "`*`",
            "map": f"`{row.key}` as a map",
        }
        mend = {
            "empty": "name one tool that does no harm, or see how the program says none: agentconv formats",
            "null": "write the list, or take the line away",
            "star": f"leave `{row.key}` away for every tool"
            if table.fact("absent", "all") == "all"
            else "name the tools",
            "map": f"write `{row.key}` as a list of names",
        }
        yield checked.finding(
            "T041", "error" if opened and form != "null" else "warning", f"{spelled[form]} means {made}", read=read,
            at=node, reader=reader, path="tools", meant=SEEMS[form] or "it cannot be told", does=f"gives {made}",
            mend=mend[form],
        )  # fmt: skip


def _star(node: Node, table: ToolTable) -> object:
    """What a `*` means there, where that hangs on what it stands in, or beside."""
    word = table.fact("star", "none")
    if word == "alone":
        return "all" if len(node.items) < 2 else "none"
    return ("all" if node.kind == "scalar" else "none") if word == "text" else word


def _form(node: Node) -> str:
    if node.kind == "map":
        return "map"
    if node.kind == "list":
        if not node.items:
            return "empty"
        return "star" if any(i.kind == "scalar" and i.text.strip() == "*" for i in node.items) else ""
    if node.value is None:
        return "null"
    return "empty" if not node.text.strip() else "star" if node.text.strip() == "*" else ""


def _switched_on(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """A map of nothing but ``true``: an allow-list to its author, and no restriction to the program."""
    table = reader.spec.tools
    for row in checked.spec.fields.values():
        node, theirs = value_of(read, row.key), reader.spec.fields.get(row.key)
        if node is None or theirs is None or theirs.type != "tool-bools" or node.kind != "map" or row.key in gone:
            continue
        if theirs.fact("true_only") != "list" or not node.pairs or any(p.value.value is not True for p in node.pairs):
            continue
        # what another key allows as well is as much meant, whichever of the two is kept
        listed = tuple(r for r in read.agent.tools.rules if r.effect == "allow")
        asked = counting.of_tools(Tools("none", listed), checked.spec, program=False)
        more = counting.gained(asked, counting.of_agent(twin.agent, reader.spec, program=True, usual=True))
        names = ", ".join(f"`{p.key.text}`" for p in node.pairs[:5]) + (" …" if len(node.pairs) > 5 else "")
        own = [f"`{t.new}` for `{t.text}`" for t in read.tokens if t.new and t.at.startswith(f"{row.key}.")]
        yield checked.finding(
            "T041", "error" if more else "info", "a map of nothing but `true` restricts nothing", read=read, at=node,
            reader=reader, path="tools", meant=f"only {names}",
            does=f"leaves every other tool there: {', '.join(counting.spelled(more)) or 'no more than these can do'}",
            mend=f'put `"{table.fact("star_key", "*")}": false` in front of them'
            + (f" and write {', '.join(own)}" if own else ""),  # else nothing would be left
        )  # fmt: skip


def _brought(checked: Checked, reader: Reader, read: Read, twin: Read) -> Iterator[Finding]:
    """Fields that add tools to a list (a memory that is read and written)."""
    asked = counting.of_agent(read.agent, checked.spec, program=False)
    if read.agent.tools.base != "none" or twin.agent.tools.base != "none":
        return
    shut = {r.tool.name for r in twin.agent.tools.rules if r.effect == "deny" and r.scope is None}
    for row in reader.spec.fields.values():
        implies, node = row.fact("implies"), value_of(read, row.key)
        if not implies or node is None or not row.field or getattr(read.agent, row.field) is None:
            continue
        named = implies.get(node.text, implies.get("*")) if isinstance(implies, Mapping) else implies
        names = [n for n in named or () if n not in shut]  # a denial takes these, too (Claude Code 2.1.328, run)
        known = [reader.spec.tools.names[n] for n in names if n in reader.spec.tools.names]
        new = sorted({cls for name in known for cls in name.classes} - {r.cls for r in counting.spread(asked)})
        if not new or any(r.cls == "runs" and r.whole for r in asked):
            continue
        yield checked.finding(
            "T047", "error", f"`{row.key}: {short(node)}` adds tools to the list", read=read, at=node, reader=reader,
            path=row.field, meant=f"what the list gives: {', '.join(counting.spelled(asked)) or 'nothing'}",
            does=f"gives {', '.join(names)}, too: the agent {', '.join(new)}",
            mend=f"take `{row.key}` away, or know that the agent may do that",
        )  # fmt: skip


# -- the rest ---------------------------------------------------------------------------------


def _told_of_key(reader: Reader, read: Read) -> bool:
    """Whether the list stands under a key that is none, of which there is a finding."""
    return any(
        row is not None and row.type in TOOL_TYPES for row in (reader.spec.fields.get(str(k.new)) for k in read.keys)
    )


def _more(checked: Checked, reader: Reader, read: Read, twin: Read, told: set[str]) -> Iterator[Finding]:
    """Rights that no single place explains."""
    asks = limited_servers(read.agent, checked.spec)
    author = counting.of_agent(asks, checked.spec, program=False)
    compared = limited_servers(comparable(twin.agent, read.agent, reader.spec), reader.spec, as_meant=False)
    given = counting.of_agent(compared, reader.spec, program=True, usual=True)
    meant = told | _listed_by_name(read, twin)
    more = frozenset(r for r in counting.gained(author, given) if r.cls not in meant)
    if not more or (reader is checked.owner and _told_of_key(reader, read)):
        return
    asked, got = ", ".join(counting.spelled(author)) or "nothing", ", ".join(counting.spelled(more))
    at = next((node for key in _tool_keys(checked) if (node := value_of(read, key)) is not None), None)
    if read.agent.id in (reader.spec.identity.get("own_rules") or {}):
        does = f"puts rules of its own behind those of an agent called `{read.agent.id}`: it has {got}, too"
        mend = "give the agent another name"
    elif reader.spec.tools.control == "none":
        why = f" ({reader.spec.tools.fact('why')})" if reader.spec.tools.fact("why") else ""
        does, mend = f"has no list of tools: the agent has {got}, too{why}", _moved(checked, reader) or instead(reader)
    elif (shut := reader.spec.tools.mcp.get("shut")) and {r.cls for r in more} == {counting.MCP}:
        does, mend = f"gives {got}, too, unless a name of the list is one of theirs", f"add `{shut}` to the list"
    else:
        by = _givers(reader, read, twin, {r.cls for r in more})
        does = f"gives {got}, too" + (f", by {_named(by)}" if by else "")
        classes = {r.cls for r in more}
        mend = _of_servers(reader, asks, classes) or _beside_the_list(reader, read, classes)
        mend = mend or _denied(checked, reader, by) or instead(reader)
    yield checked.finding(
        "T044", "error", f"the agent may do more than its file says: {got}", read=read, at=at, reader=reader,
        path="tools", meant=asked, does=does, mend=mend,
    )  # fmt: skip


def _of_servers(reader: Reader, asks: Agent, more: set[str]) -> str:
    """What mends it where the program does not keep to the tools that a server's own entry names."""
    rules = [r for r in asks.tools.rules if r.at != "mcp_servers" and r.tool.member and f"mcp:{r.tool.server}" in more]
    if {f"mcp:{r.tool.server}" for r in rules} != more:
        return ""
    names = [reader.spec.tools.spell_mcp(r.tool.server or "", r.tool.member) for r in rules]
    return f"name the tools in the list: {_named(list(dict.fromkeys(n for n in names if n)))}" if all(names) else ""


def _givers(reader: Reader, read: Read, twin: Read, more: set[str]) -> list[str]:
    """The tools that give more than is meant, where everything is there but what is denied; none, where one of the
    rights comes from elsewhere."""
    table = reader.spec.tools
    if read.agent.tools.base == "none" or table.control not in ("list", "map"):
        return []
    given = counting.by_name(twin.agent.tools, reader.spec.of_mode(twin.agent.mode), usual=True)
    by = [name for name, grant in given.items() if grant.whole and more & set(table.names[name].classes)]
    return by if more <= {cls for name in by for cls in table.names[name].classes} else []


def _named(names: list[str], most: int = 5) -> str:
    return ", ".join(f"`{n}`" for n in names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _denied(checked: Checked, reader: Reader, names: list[str]) -> str:
    """How they are taken away, in a file of the program's own."""
    field, deny = reader.spec.tools.fact("field"), reader.spec.tools.fact("deny")
    if not names or len(names) > 5 or reader is not checked.owner:
        return ""
    if reader.spec.tools.control == "map":
        return f"deny {_named(names)} under `{field}`, too"
    return f"name {_named(names)} under `{deny}`, too, or list under `{field}` what the agent may have" if deny else ""


def _moved(checked: Checked, reader: Reader) -> str:
    """Where a file holds what it says, if a program reads it for the sake of its place alone."""
    if reader.spec not in idle_readers(checked.spec):
        return ""
    folder = str(checked.spec.head["places"].get("write", "")).rpartition("/")[0]
    return f"keep it where {reader.program} does not look, such as {folder}/"


def _beside_the_list(reader: Reader, read: Read, more: set[str]) -> str:
    """What mends it where the file has a list already, and something else keeps that from being a limit."""
    table = reader.spec.tools
    if table.control != "list" or read.agent.tools.base != "none":
        return ""
    if table.fact("both") == "deny" and (key := table.fact("deny")) and str(key) in read.where:
        return f"take `{key}` away: beside it {reader.program} does not count the list"
    needed = table.fact("limit_with") or {}
    if isinstance(needed, list):  # spellings of one switch: the one that the file has, else the first
        needed = next((one for one in needed if any(str(key) in read.where for key in one)), needed[0])
    said = {key: value_of(read, str(key)) for key in needed}
    if servers := _servers_beside(reader, read, more):
        return servers
    if any(node is None or node.value != needed[key] for key, node in said.items()):
        words = " and ".join(f"`{key}: {str(value).lower()}`" for key, value in needed.items())
        plain = ", without quotes" if any(str(key) in read.where for key in needed) else ""
        return f"write {words}{plain}: else the list is added to what every agent has"
    unless = table.mcp.get("unless") or {}
    if unless and more == {counting.MCP}:
        first = unless[0] if isinstance(unless, list) else unless
        return "write " + " and ".join(f"`{key}: {str(value).lower()}`" for key, value in first.items())
    if more == {"delegates"} and read.agent.delegates is not None:
        return f"take the tool that calls agents out of the list: {reader.program} knows no list of those it may call"
    return ""


def _servers_beside(reader: Reader, read: Read, more: set[str]) -> str:
    """What mends it where all that is too much are servers that the file itself defines."""
    own = {f"mcp:{name}" for name in read.agent.mcp_servers or ()}
    row = reader.spec.by_field.get("mcp_servers")
    return f"take what is not meant out of `{row.key}`" if row is not None and more and more <= own else ""


def _listed_by_name(read: Read, twin: Read) -> set[str]:
    """Tools of MCP servers that the list names in this program's spelling, not in the owner's."""
    unknown = {r.at for r in read.agent.tools.rules if r.effect == "allow" and not r.tool.caps and not r.tool.server}
    named = (r.tool for r in twin.agent.tools.rules if r.effect == "allow" and r.at in unknown and r.tool.server)
    return {f"mcp:{tool.server}" + (f"/{tool.member}" if tool.member else "") for tool in named}


def _tool_keys(checked: Checked) -> list[str]:
    return [row.key for row in checked.spec.fields.values() if row.type in TOOL_TYPES]


def classes_of(caps: tuple[str, ...]) -> set[str]:
    """Risk classes of capabilities, those without risk left out."""
    return {risk(cap) for cap in caps if cap != "*"} - {"none"}
