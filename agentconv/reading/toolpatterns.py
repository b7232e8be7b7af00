"""Patterns of tool calls beside a control: what they deny is taken away, what they ask for asks.

``shell:cmd=rm *`` is a call of a tool with such an argument, ``mcp:github:*`` and ``github_*`` are tools of a server.
They give nothing: what runs without a question is no right of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from agentconv.containers import Node
from agentconv.model import Approval, Effect, Rule, Scope, Tool
from agentconv.reading.context import Context
from agentconv.reading.toolnames import star
from agentconv.reading.toolsets import UNSAYABLE
from agentconv.spec import Field

ARGUMENT = re.compile(r":(\w+)=")
WILD = "*?["


def read_patterns(node: Node, row: Field, ctx: Context, so_far: tuple[Rule, ...]) -> Iterator[Rule]:
    """The rules behind those that give tools: a question for what is there, denials last, for they win."""
    given = [r for r in so_far if r.effect == "allow"]
    if node.kind != "map":
        yield from _unreadable(f"`{row.key.lstrip('/')}` must be a map of lists", row.key, node, row, ctx)
        return
    lists = {pair.key.text: pair.value for pair in node.pairs}
    for key, value in lists.items():
        if key not in row.fact("lists"):
            yield from _unreadable(f"`{key}` is no list of patterns", f"{row.key}.{key}", value, row, ctx)
    for meant in ("allow", "ask", "deny"):
        for key in (k for k, word in row.fact("lists").items() if word == meant and k in lists):
            yield from _list(lists[key], f"{row.key}.{key}", meant, given, row, ctx)


def _unreadable(problem: str, at: str, node: Node, row: Field, ctx: Context) -> Iterator[Rule]:
    """A limit that nobody can read: nothing is left of what it may have been for."""
    bad = row.fact("bad")
    if node.kind == "scalar" and node.value is None:
        ctx.not_taken(problem, at, node, word=bad)
        return
    ctx.not_taken(problem, at, node, "no tool is taken", bad, effect="narrows")
    yield Rule("deny", star(ctx.spec), at=at)


def _list(node: Node, at: str, meant: str, given: list[Rule], row: Field, ctx: Context) -> Iterator[Rule]:
    texts = [i.text for i in node.items if i.kind == "scalar" and isinstance(i.value, str)]
    if node.kind != "list" or len(texts) < len(node.items):
        if meant != "allow":
            yield from _unreadable(f"`{at.lstrip('/')}` must be a list of patterns", at, node, row, ctx)
        return
    if meant == "allow":
        what = f"decides what {ctx.spec.program} runs without a question"
        text = f"`{at.lstrip('/')}` {what}; it gives no tool and takes none"
        if texts:
            ctx.say("L006", text, at, node, effect="info")
        return
    for n, text in enumerate(texts):
        effect: Effect = "deny" if meant == "deny" else "allow"
        yield from _rules(text, f"{at}[{n}]", effect, None if meant == "deny" else "ask", given, row, ctx)


def _rules(
    text: str, at: str, effect: Effect, approval: Approval | None, given: list[Rule], row: Field, ctx: Context
) -> Iterator[Rule]:
    name, *rest = ARGUMENT.split(text)
    arguments = dict(zip(rest[::2], rest[1::2], strict=True))
    scope = _scope(arguments, text, row)
    own = list(_own(name, ctx))
    for tool in own:
        there = [r for r in given if tool.name == r.tool.name or tool.name in ctx.spec.tools.covers(r.tool.name)]
        if there and (effect == "deny" or all(r.scope is None for r in there)):
            yield Rule(effect, tool, scope, approval, at)
    of_servers = list(_servers(name, at, given, ctx))
    # a denial of some calls is one of the tool: what other programs know of it is its name
    yield from (Rule(effect, tool, None, approval, at) for tool in of_servers)
    if effect == "deny" and not own and not of_servers:
        from agentconv.reading.deniedwords import meant_elsewhere

        yield from meant_elsewhere(name, at, None, ctx, servers=False)


def _scope(arguments: dict[str, str], text: str, row: Field) -> Scope | None:
    if not arguments:
        return None
    kind = row.fact("arguments").get(next(iter(arguments))) if len(arguments) == 1 else None
    value = next(iter(arguments.values()))
    if value == "*" and len(arguments) == 1:
        return None
    return Scope(str(kind), value) if kind else Scope(UNSAYABLE, text)


def _matches(pattern: str, name: str) -> bool:
    return fnmatchcase(name.lower(), pattern.lower())


def _own(pattern: str, ctx: Context) -> Iterator[Tool]:
    return (name.tool() for name in ctx.spec.tools.singles.values() if _matches(pattern, name.name))


def _servers(pattern: str, at: str, given: list[Rule], ctx: Context) -> Iterator[Tool]:
    """Tools of the servers that are there. Which ones a server has is not known, so a pattern for some of them is one
    for all of it; a single name is itself."""
    named = [prefix for prefix in ctx.prefixes.values() if pattern.startswith(prefix)]
    for tool in (rule.tool for rule in given if rule.tool.server):
        server = str(tool.server)
        prefix = ctx.prefixes.get(server, "")
        if not prefix and (named or (pattern.startswith("mcp:") and not pattern.startswith(f"mcp:{server}:"))):
            continue  # it is for another server
        heads = (f"mcp:{server}:", prefix)  # what people write, and what the tools are called
        if tool.member is not None:
            if any(_matches(pattern, f"{head}{tool.member}") for head in heads):
                yield tool
        elif set(WILD) & set(pattern):
            if any(_could(pattern, head) for head in heads):
                if pattern not in ("*", *(f"{head}*" for head in heads)):
                    text = f"`{pattern}` is for tools whose names match; which the MCP server {server} has is not known"
                    ctx.say("R011", f"{text}: taken for all of them", at, None, effect="narrows")
                yield tool
        elif head := next((h for h in heads if h and pattern.startswith(h)), "" if "" in heads else None):
            yield _member(server, pattern.removeprefix(head), ctx)
        elif head == "" and not ctx.spec.tools.own(pattern):
            yield _member(server, pattern, ctx)


def _member(server: str, name: str, ctx: Context) -> Tool:
    return Tool(ctx.spec.tools.spell_mcp(server, name) or name, server=server, member=name)


def _could(pattern: str, head: str) -> bool:
    """Whether a name that begins so can match the pattern."""
    fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0].lower()
    if not head:
        return ":" not in fixed
    return head.lower().startswith(fixed) or fixed.startswith(head.lower())
