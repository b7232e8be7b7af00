"""Deny-lists, read: what each name in them takes away."""

from __future__ import annotations

from agentconv.containers import Node
from agentconv.grants import is_star
from agentconv.model import Rule, Scope, Tool
from agentconv.reading.context import Context
from agentconv.reading.toolcodecs import holds_blank, legal_list
from agentconv.reading.toolnames import Found, recognise, star
from agentconv.reading.tooltokens import is_null, remember, tokens_of
from agentconv.serverwords import COMMON_PART
from agentconv.spec import Field

OWN = "own"  # the kind of a scope in patterns that no other program is known to share: each denies the whole tool


def _by_pattern(token: str, at: str, place: Node, ctx: Context) -> list[Rule]:
    """Denials of all that a pattern may stand for."""
    if "*" not in token and "?" not in token and not ctx.spec.tools.is_pattern(token):
        return []
    from agentconv.reading.wildkeys import denied_by_pattern

    return denied_by_pattern(token, at, place, ctx)


def in_any_words(token: str, at: str, place: Node, own: bool, ctx: Context) -> list[Rule]:
    """Denials of all that a word may stand for: where the list is the program's own, its tools come before those that
    other programs call so."""
    from agentconv.reading.deniedwords import is_all, meant_elsewhere

    own = own and not is_all(token)
    return (_by_pattern(token, at, place, ctx) if own else []) or meant_elsewhere(token, at, place, ctx, own=own)


def read_deny(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """A deny-list: rules that come after those of the allow-list."""
    legal_list(node, row, ctx)
    holds_blank(node, row, ctx)
    if is_null(node, ctx) or (node.kind == "map" and not ctx.author):
        return ()
    if node.kind != "scalar" and (node.kind == "map" or any(i.kind != "scalar" for i in node.items)):
        text = f"`{row.key}` is no plain list of names; taken as meant, for every name in it"
        ctx.say("R006", text, row.key, node, effect="approximate")
    tokens = tokens_of(node, row.key, ctx, denied=True)
    return tuple(rule for placed in tokens for rule in _denied(*placed, row, ctx))


def _denied(token: str, at: str, place: Node, row: Field, ctx: Context) -> list[Rule]:
    """What one name of a deny-list takes away."""
    table = ctx.spec.tools
    found = found_denied(token, at, place, ctx)
    beside = _beside_names(token, at, place, found, ctx)
    if beside and found.how == "unknown":
        from agentconv.reading.deniedwords import meant_elsewhere

        every = any(is_star(rule.tool) for rule in beside)
        return beside if every else [*beside, *meant_elsewhere(token, at, place, ctx, servers=False)]
    if ctx.author and found.how == "unknown" and (denied := in_any_words(token, at, place, row.applied, ctx)):
        return denied
    # the tools of a server, or of several, that begin so: they are not known, so the program is taken for its author
    prefix = table.mcp.get("deny_prefix") and token[-1:] == "*" and not set("*?") & set(token[:-1])
    begun = prefix and not ctx.author and found.how == "unknown"
    if begun and (denied := _by_pattern(token, at, place, ctx)):
        return denied
    if not ctx.author and found.how == "unknown" and table.fact("deny_unknown"):
        from agentconv.reading.deniedwords import maybe_denied

        return [Rule("deny", maybe_denied(token, ctx.spec) or found.tool, None, None, at)]
    if found.how == "alias" and token not in (table.fact("deny_aliases") or [token]):
        if not ctx.author:
            return []
        ctx.say("T009", f"`{token}` denies nothing in {ctx.spec.seen}; taken as meant", at, place)
    if found.how == "star":
        if table.fact("deny_star", "nothing") == "nothing":
            if not ctx.author:
                return []
            ctx.say("T009", f"`{row.key}: *` denies nothing in {ctx.spec.seen}; taken as meant: no tool", at, place)
        return [Rule("deny", star(ctx.spec), None, None, at)]
    scope, held = found.scope, table.fact("deny_scopes", "whole")
    if scope is not None and held == "held":
        scope = None if scope.text in ("**", "**/*") else Scope(OWN, scope.text)
    elif scope is not None and held == "whole" and row.applied:
        # the program takes the whole tool, which is narrower than what stands there
        text = f"`{token}`: {ctx.spec.seen} takes the whole tool away, not only what stands in brackets"
        ctx.say("T013", text, at, place, effect="info")
        scope = None
    if not ctx.author:
        if scope is not None and held != "held":
            return []
        if found.tool.server and table.fact("deny_mcp") == "exact" and not found.tool.member:
            return []
    remember(token, at, place, found, ctx)
    return [Rule("deny", found.tool, scope, None, at), *beside]


def _beside_names(token: str, at: str, place: Node, found: Found, ctx: Context) -> list[Rule]:
    """What a pattern takes beside the program's own tools."""
    if not ctx.spec.tools.fact("wildcards"):
        return []
    from agentconv.reading.wildkeys import beside_names

    return beside_names(token, found, at, place, ctx)


def found_denied(token: str, at: str, place: Node, ctx: Context) -> Found:
    """What a denied name is; denials of servers have spellings of their own."""
    table = ctx.spec.tools
    found = recognise(token, ctx.spec, author=ctx.author)
    if ctx.spec.tools.mcp.get("defined_in"):
        from agentconv.reading.guessedservers import by_known

        found = by_known(found, token, ctx)
    if token == table.mcp.get("deny_every"):
        return Found(Tool(token, server="*"), "mcp")
    if ctx.author and "mcp" in token.lower():
        from agentconv.reading.wildkeys import all_closed

        if (every := all_closed(token, found, at, place, ctx)) is not None:
            return Found(every.tool, "mcp")
    if found.how in ("unknown", "foreign-mcp") and (denied := table.denied_tool(token)):
        return Found(denied, "mcp")
    part = COMMON_PART.match(token) if ctx.author and found.how == "unknown" else None
    if part and not table.is_pattern(part[0][: part.end("server")]):
        if table.mcp.get("deny_prefix") or table.mcp.get("patterns"):
            text = f"`{token}` is for some tools of `{part['server']}` only; taken as a denial of the whole server"
            ctx.say("T013", text, at, place)
        else:
            text = f"`{token}` denies nothing in {ctx.spec.seen}; taken as meant, for the whole server"
            ctx.say("T009", text, at, place)
        return Found(Tool(token, server=part["server"]), "mcp")
    return found
