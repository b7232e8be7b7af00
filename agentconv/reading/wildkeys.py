"""Names of tools that are patterns: `web*`, `github_delete_*`; keys of a map, and names in a list of denials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from agentconv.containers import Node
from agentconv.grants import is_star
from agentconv.model import Rule, Scope, Tool
from agentconv.namepatterns import bare_regex, tried
from agentconv.patterns import pattern
from agentconv.reading.context import Context
from agentconv.reading.toolnames import Found, recognise, star
from agentconv.rows import Name
from agentconv.serverwords import is_every
from agentconv.spec import Spec
from agentconv.tooltable import ToolTable

WILD = pattern(r"[*?]")
ALTERED = pattern(r"[^\w-]")  # where a regular expression stops to be plain text
SERVER = pattern(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def every_server(token: str, found: Found, ctx: Context) -> bool:
    """Whether a word means every MCP server to its author, where the program takes it for something else or nothing."""
    if not ctx.author or not is_every(token) or found.tool.server == "*":
        return False
    return found.how not in ("own", "alias", "known-mcp", "dead")


def all_closed(token: str, found: Found, at: str, place: Node, ctx: Context, *, asks: bool = False) -> Rule | None:
    """The denial that such a word is meant to be; a question before every server is narrowed to it."""
    if not every_server(token, found, ctx):
        return None
    text = f"`{token}` denies no MCP server in {ctx.spec.seen}; taken as meant, for every one"
    if asks:
        text = f"`{token}` asks before no MCP server in {ctx.spec.seen}; taken as a denial of every one"
    ctx.say("T009", text, at, place)
    return Rule("deny", Tool(token, server="*"), None, None, at)


def closed_servers(found: Found, made: Iterable[Rule], key: str, at: str, place: Node, ctx: Context) -> list[Rule]:
    """The rules of a key; where it denies some tools of MCP servers, or asks before them, a denial of these servers.

    Which tools a server has is not known, so a part of them cannot be told from the rest: the whole is less."""
    rules, text = list(made), key
    if every_server(key, found, ctx):
        denies = any(r.effect == "deny" for r in rules)
        shut = denies or any(r.approval == "ask" for r in rules)
        closed_all = all_closed(key, found, at, place, ctx, asks=not denies) if shut else None
        return [closed_all] if closed_all else [replace(r, tool=Tool(key)) for r in rules]
    wild = WILD.search(text) if ctx.spec.tools.fact("wildcards") else None
    meant: list[Rule] = []
    if ctx.author and found.how == "unknown" and any(r.effect == "deny" and r.scope is None for r in rules):
        from agentconv.reading.deniedwords import meant_elsewhere

        meant = meant_elsewhere(key, at, place, ctx, servers=wild is None)
        if wild is None:
            return meant or rules
    limits = [r for r in rules if r.effect == "deny" or (r.approval == "ask" and found.how == "unknown")]
    if wild is None or found.how not in ("own", "unknown"):
        return rules
    start, between = text[: wild.start()], ctx.spec.tools.tool_separator
    if not limits:
        return rules if found.how == "own" or not between else _whole_server(rules, key, start, at, place, ctx)
    words = start.split(between) if between else [start]
    servers = [between.join(words[:n]) for n in range(1, len(words)) if words[0]]
    if not servers and found.how == "own" and start:
        return rules  # `web*`: the program's own tools are meant
    said = " and ".join(f"`{s}`" for s in servers) if servers else ""
    whole = f"the MCP server {said}" if len(servers) == 1 else f"the MCP servers {said}" if said else "every MCP server"
    ctx.say("T013", f"`{key}` is for some tools of MCP servers only; taken as a denial of {whole}", at, place)
    closed = [Rule("deny", Tool(text, server=s), None, None, at) for s in servers or ("*",)]
    return [r for r in rules if r not in limits or found.how == "own"] + closed + meant


def rules_of_key(
    found: Found, made: Iterable[Rule], key: str, at: str, place: Node, before: Iterable[Rule], ctx: Context
) -> list[Rule]:
    """The rules of a key of a map. Where it is a pattern, checks of the program may match it, which are about no tool:
    the same is said of each of them by its name. ``before``: what says so already needs no second rule."""
    made = list(made)
    rules, table = closed_servers(found, made, key, at, place, ctx), ctx.spec.tools
    if not table.fact("wildcards") or not WILD.search(key) or not key.strip("*"):
        return rules
    checks = [n for n in table.names.values() if not n.gives and not n.off and fnmatchcase(n.name, key)]
    if not checks:
        return rules
    last: dict[Tool, tuple[str, str | None, Scope | None]] = {}
    for rule in before:
        if is_star(rule.tool):
            last.clear()  # it is about checks, too
        last[rule.tool] = (rule.effect, rule.approval, rule.scope)
    theirs = [_of_check(check, rule) for check in checks for rule in made]
    new = [r for r in theirs if r.scope is not None or last.get(r.tool) != (r.effect, r.approval, None)]
    return new + [rule for rule in rules if rule.tool.caps or rule.tool.server is not None]


def _of_check(check: Name, rule: Rule) -> Rule:
    """The rule of a pattern for one of the checks, whose limits are of its own kind."""
    scope = replace(rule.scope, kind=check.scope) if rule.scope is not None and check.scope else rule.scope
    return replace(rule, tool=check.tool(), scope=scope)


def _whole_server(rules: list[Rule], key: str, start: str, at: str, place: Node, ctx: Context) -> list[Rule]:
    """`playwright*`, as OpenCode's own pages write it: what it gives holds all tools of the server `playwright`."""
    if key != f"{start}*" or not rules or not SERVER.fullmatch(start):
        return rules
    ctx.say("T024", f"`{key}` is taken for all tools of the MCP server `{start}`", at, place)
    return [replace(r, tool=Tool(key, server=start)) for r in rules]


def servers_of_pattern(token: str, spec: Spec) -> list[Tool]:
    """The servers of which a pattern in a list gives some tools, where the program takes one: no more than these."""
    table = spec.tools
    if not table.mcp.get("patterns"):
        return []
    if (regex := table.fact("regex")) and token.startswith(str(regex)):
        return [Tool(token, server="*")]
    return [tool for tool in meant_by_pattern(token, spec) if tool.server]


def meant_by_pattern(token: str, spec: Spec, *, denied: bool = False) -> list[Tool]:
    """What a pattern in a list may stand for, where the program is not known to take one: its author means
    less, so all of it is denied. A part of a server is the whole of it, and a part of the servers is every one.

    A denial counts in forms, too, that are no tool's of a list: `mcp__x*`, where a list has `mcp__x__*` or one tool."""
    table = spec.tools
    signs = table.signs or WILD
    wild = signs.search(token)
    if wild is None:
        return []
    tools = [name.tool() for name in table.names.values() if fnmatchcase(name.name, token)]
    filled = signs.sub("x", token)
    server = table.mcp_tool(filled) or (table.denied_tool(filled) if denied else None)
    if server is None and table.mcp.get("patterns"):
        server = _begun(token[: wild.start()], table)
    if server is None and denied and (other := recognise(filled, spec, author=True)).how == "foreign-mcp":
        server = other.tool
    if server is not None and server.server:
        known = wild.start() > token.find(server.server) >= 0
        tools.append(Tool(token, server=server.server if known else "*"))
    return tools


def _begun(start: str, table: ToolTable) -> Tool | None:
    """The server whose tools begin so, or every one: `mcp__jira*` is `jira2`, too."""
    template = str(table.mcp.get("tool") or "")
    if not template or not start.startswith(template.partition("{")[0]):
        return None
    return table.mcp_tool(f"{start}x") or Tool(start, server="*")


def beside_names(token: str, found: Found, at: str, place: Node, ctx: Context) -> list[Rule]:
    """What a pattern in a list of denials takes beside the program's own tools, where the program takes patterns: tools
    of servers, whose names stand in no file, and of an expression that is not tried here whatever it may match."""
    table = ctx.spec.tools
    if not ctx.author or not table.fact("wildcards") or found.how not in ("own", "unknown") or table.own(token):
        return []
    sign = str(table.fact("regex") or "")
    regex = bool(sign) and token.startswith(sign)
    text = bare_regex(token, sign) if regex else token
    if tried(text, fold=True) is None if regex else "[" in text:
        ctx.say(
            "T013", f"`{token}` is an expression that is not tried here; taken as a denial of every tool", at, place
        )
        return [Rule("deny", star(ctx.spec), None, None, at)]
    end = (ALTERED if regex else WILD).search(text)
    if end is None or (regex and all(table.own(one) for one in text.split("|"))):
        return []
    start = "" if regex and set("|?()[\\+") & set(text) else text[: end.start()]
    if found.how == "own" and start and "_" not in start:
        return []  # `web.*`: the program's own tools are meant
    fixed = str(table.mcp.get("tool") or "").partition("{")[0]
    if found.how == "own" and fixed and not (start.startswith(fixed) or fixed.startswith(start)):
        return []  # the names of servers' tools begin otherwise
    words = start.split("_")
    servers = ["_".join(words[:n]) for n in range(1, len(words)) if words[0]]
    said = " and ".join(f"the MCP server `{s}`" for s in servers) or "every MCP server"
    ctx.say("T013", f"`{token}` may stand for tools of MCP servers, too; taken as a denial of {said}", at, place)
    return [Rule("deny", Tool(token, server=s), None, None, at) for s in servers or ("*",)]


def denied_by_pattern(token: str, at: str, place: Node, ctx: Context) -> list[Rule]:
    """Denials of all that a pattern may stand for."""
    tools = meant_by_pattern(token, ctx.spec, denied=True)
    if tools:
        from agentconv.reading.deniedwords import in_words, say_meant

        names = [f"`{tool.name}`" for tool in tools if not tool.server]
        servers = ["every MCP server" if t.server == "*" else f"the MCP server `{t.server}`" for t in tools if t.server]
        what = in_words([*servers, *names])
        mcp = ctx.spec.tools.mcp
        if servers and (mcp.get("deny_prefix") or mcp.get("patterns")):
            ctx.say("T013", f"`{token}` is a pattern among names; taken as a denial of {what}", at, place)
        else:
            say_meant(token, tools, what, at, place, ctx)
    return [Rule("deny", tool, None, None, at) for tool in tools]
