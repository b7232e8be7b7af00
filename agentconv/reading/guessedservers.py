"""Names such as `my_db_drop` in programs that join server and tool with a sign that either may hold: whose tool is it?

OpenCode 1.18.33 compares the joined text alone, so there `my_db_drop` is `db_drop` of a server `my` and `drop` of a
server `my_db`. Another program has a place for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from agentconv.containers import Node
from agentconv.grants import by_server
from agentconv.model import Agent, Rule, Tool, Tools
from agentconv.notes import Note, note
from agentconv.reading.context import Context
from agentconv.reading.toolnames import Found
from agentconv.spec import Spec


def by_known(found: Found, token: str, ctx: Context) -> Found:
    """The tool of a server that the file itself defines; the longest name that fits."""
    if found.how not in ("mcp", "unknown"):
        return found
    for server, start in sorted(_defined(ctx), key=lambda one: -len(one[1])):
        rest = token.removeprefix(start) if token.startswith(start) else ""
        if rest == "*" or (rest and not re.search(r"[*?]", rest)):
            return Found(Tool(token, server=server, member=None if rest == "*" else rest), "known-mcp")
    return found


def by_file(found: Found, token: str, node: Node, at: str, ctx: Context) -> Found:
    """What a name is by the servers that the file itself defines."""
    if ctx.spec.tools.mcp.get("bare") == "here":
        return by_word(found, token, node, at, ctx)
    return by_known(found, token, ctx)


def by_word(found: Found, token: str, node: Node, at: str, ctx: Context) -> Found:
    """All of a server that the file itself defines, where the program takes its bare name for that (`bare`)."""
    row = ctx.spec.by_field.get("mcp_servers")
    servers = ctx.top.get(row.key) if row is not None and ctx.top is not None and ctx.top.kind == "map" else None
    if found.how != "unknown" or servers is None or servers.kind != "map":
        return found
    if token not in {labelled(pair.key.text) for pair in servers.pairs}:
        return found
    text = f"`{token}` is taken by {ctx.spec.seen} for all tools of the MCP server of that name"
    ctx.say("T024", text, at, node, help=f"`{ctx.spec.tools.spell_mcp(token, None)}` says so")
    return Found(Tool(token, server=token), "known-mcp")


def labelled(name: str) -> str:
    """A server's name as it stands in a list, where the program makes one word of it."""
    return re.sub(r"\s+", "-", name.lower())


def _defined(ctx: Context) -> Iterator[tuple[str, str]]:
    """Servers that the file defines beside its agents, and how the names of their tools begin."""
    table = ctx.spec.tools
    key, top = table.mcp.get("defined_in"), ctx.top
    node = top.get(str(key)) if key and top is not None and top.kind == "map" else None
    names = [pair.key.text for pair in node.pairs] if node is not None else []
    row = ctx.spec.fields.get(str(key))
    called = str(row.fact("named_by") or "") if row is not None else ""
    for item in node.items if node is not None and called else ():
        said = item.get(called) if item.kind == "map" else None
        names += [said.text] if said is not None and said.text else []
    for name in names:
        clean = re.sub(str(table.mcp.get("clean") or "(?!)"), "_", name)
        yield name, clean + _separator(ctx.spec)


def all_meant(agent: Agent, src: Spec, dst: Spec) -> tuple[Agent, list[Note]]:
    """A limit on a tool whose server is a guess holds for each that may be meant, where the target tells server and
    tool apart: what is not there is denied in vain. What is allowed stays with the first guess, which is less."""
    if not src.tools.mcp.get("guess") or dst.tools.mcp.get("guess") or dst.tools.control == "any":
        return agent, []
    opened = by_server(agent.tools, src)["*", None].open
    rules: list[Rule] = []
    notes: list[Note] = []
    for rule in agent.tools.rules:
        more = list(_others(rule.tool, src)) if rule.effect == "deny" or (opened and rule.approval == "ask") else []
        rules += [rule, *(replace(rule, tool=tool) for tool in more)]
        if more:
            names = _several(f"`{tool.member}` of `{tool.server}`" for tool in more)
            text = f"`{rule.tool.name}` may be {names} as well: limited for each of them"
            notes.append(note("T024", text, path=rule.at))
    if not notes:
        return agent, []
    return replace(agent, tools=Tools(agent.tools.base, tuple(rules))), notes


def _others(tool: Tool, src: Spec) -> Iterator[Tool]:
    """The other servers and tools that a joined name may stand for."""
    between = _separator(src)
    if not (tool.server and tool.member) or tool.name != f"{tool.server}{between}{tool.member}":
        return
    words = tool.name.split(between)
    for n in range(1, len(words)):
        server, member = between.join(words[:n]), between.join(words[n:])
        if server and member and server != tool.server:
            yield Tool(tool.name, server=server, member=member)


def _separator(spec: Spec) -> str:
    """What stands between server and tool in the form that any unknown word may be."""
    forms = [spec.tools.mcp.get("tool"), *(spec.tools.mcp.get("also_tool") or ())]
    found = (re.fullmatch(r"\{server\}(.+)\{tool\}", str(form)) for form in forms)
    return next((one[1] for one in found if one), "")


def _several(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
