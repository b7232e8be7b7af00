"""Tool controls, read: lists, maps, groups -> ``Tools``. What each form means is the description's word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentconv.containers import Node
from agentconv.jsregex import is_js_regex
from agentconv.model import Base, Rule, Scope, Tool, Tools
from agentconv.reading import Context, Refused, Token
from agentconv.spec import Field, portable
from agentconv.toolnames import Found, recognise, star

ANY_PATH = ("", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$")  # expressions that every path matches
NONE, ALL = Tools("none"), Tools("all")
QUOTES = "\"'`"
SERVER_PART = re.compile(r"mcp__(?P<server>(?:(?!__)[^*])+)__.*\*")


def meaning(word: Any, ctx: Context, what: str) -> Tools:
    """all, none, absent or a list of names, as the description says it of a form."""
    if isinstance(word, list):
        tools = [tool for n in word if (tool := ctx.spec.tools.named(n))]
        return Tools("none", tuple(Rule("allow", tool, at="tools") for tool in tools))
    if str(word).startswith("refused") and not ctx.author:
        raise Refused(f"{what} loses the file")
    return {"all": ALL, "absent": Tools(), "builtin": Tools("builtin")}.get(str(word), NONE)


def read_tools(node: Node, row: Field, ctx: Context) -> Tools:
    """An allow-list: a list of names, or a string of them."""
    table = ctx.spec.tools
    if _is_null(node, ctx):
        ctx.say("R020", f"`{row.key}:` without a value: {_means(table.fact('null', 'none'))}", "tools", node)
        return meaning(table.fact("null", "none"), ctx, "a null tool list")
    if node.kind == "map" or (node.kind == "scalar" and not _is_text(node, ctx)):
        return _wrong_type(node, row, ctx)
    mixed = node.kind == "list" and not all(i.kind == "scalar" and _is_text(i, ctx) for i in node.items)
    if mixed and not ctx.author and table.fact("wrong_item") == "refused":
        raise Refused(f"`{row.key}` may hold nothing but text")
    if node.kind == "list" and row.fact("list") is False:
        if not ctx.author:
            return _wrong_type(node, row, ctx)
        code = "R012" if table.fact("wrong_type") == "refused" else "R006"
        text = f"`{row.key}` must be one text with commas in {ctx.spec.seen}; read as the list it means"
        ctx.say(code, text, "tools", node, effect="info")
    if node.kind == "scalar" and table.fact("all_word") and node.text.strip().lower() == table.fact("all_word"):
        return ALL
    if node.kind == "scalar" and table.fact("split", "comma") == "none" and not ctx.author:
        raise Refused(f"`{row.key}` must be a list")
    tokens = list(tokens_of(node, row.key, ctx))
    if not tokens:
        return meaning(table.fact("empty", "none"), ctx, "an empty tool list")
    spelled = _as_program_splits(node, ctx)
    rules: list[Rule] = []
    known = 0
    base: Base = "none"
    for token, at, place in tokens:
        if token in table.sentinels:
            continue
        if token == table.fact("builtin"):
            base, known = "builtin", known + 1
            continue
        found = recognise(token, ctx.spec, author=ctx.author)
        if found.how == "star":
            word = table.fact("star", "none")
            if word != "none":
                return meaning(word, ctx, "`*` in the tool list")
            text = f"`*` is no wildcard in {ctx.spec.program}: it is an unknown name, so it gives nothing"
            ctx.say("T016", text, at, place)
            continue
        if found.how == "unknown" and "*" in token:
            ctx.say("T016", f"`{token}` is no pattern in {ctx.spec.program}: it gives nothing", at, place)
        made = _allow(token, at, place, found, ctx)
        if found.how == "unknown" and not ctx.author:
            if table.fact("unknown", "ignored") == "refused":
                raise Refused(f"unknown tool `{token}`")
            continue
        known += 1
        if found.how in ("own", "alias", "mcp") and token not in spelled:
            _respelled(token, at, place, ctx)
        rules += made
    rules = _yielded(rules, node, ctx)
    rules += _left_open([token for token, _, _ in tokens], rules, ctx)
    if not known and not rules and not ctx.author:
        word = table.fact("unknown_only", "none")
        return meaning("none" if word == "start-refused" else word, ctx, "a list of unknown names only")
    return Tools(base, tuple(rules))


def _yielded(rules: list[Rule], node: Node, ctx: Context) -> list[Rule]:
    """A word for a whole set that means nothing beside single names of it (Continue's `built_in`)."""
    table = ctx.spec.tools
    groups = {name for name, facts in (table.fact("groups") or {}).items() if (facts or {}).get("yields")}
    singles = {r.tool.name for r in rules if r.tool.name not in groups and table.own(r.tool.name)}
    if not singles or not any(r.tool.name in groups for r in rules):
        return rules
    words = ", ".join(sorted(singles))
    text = f"beside {words} the word for all built-in tools means nothing in {ctx.spec.seen}: only those named are left"
    ctx.say("T016", text, "tools", node)
    return [r for r in rules if r.tool.name not in groups]


def _left_open(tokens: list[str], rules: list[Rule], ctx: Context) -> list[Rule]:
    """A list that says nothing of MCP tools leaves them as they are, in some programs. No author means that."""
    mcp = ctx.spec.tools.mcp
    if ctx.author or mcp.get("unlisted") != "stays" or mcp.get("shut") in tokens or any(r.tool.server for r in rules):
        return []
    return [Rule("allow", Tool(str(mcp["every"]), server="*"), at="tools")]


def _as_program_splits(node: Node, ctx: Context) -> set[str]:
    """The names that the program itself finds in the list."""
    if not ctx.author:
        return set()
    theirs = Context(ctx.spec, False, ctx.path, ctx.text)
    items = node.items if node.kind == "list" else [node]
    return {t for i in items if i.kind == "scalar" for t in split(i.text, theirs, node.kind == "list")}


def _respelled(token: str, at: str, place: Node, ctx: Context) -> None:
    text = f"{ctx.spec.program} does not find `{token}` in this spelling and gives nothing for it; taken as meant"
    ctx.say("T001", text, at, place)


def _allow(token: str, at: str, place: Node, found: Found, ctx: Context) -> list[Rule]:
    _remember(token, at, place, found, ctx)
    scope = found.scope
    if scope and found.how != "foreign" and ctx.spec.tools.fact("scopes", "unknown") != "enforced":
        if not ctx.author:
            scope = None
        else:
            ctx.say(
                "T009",
                f"`{token}`: {ctx.spec.program} does not enforce the limit in brackets; it is taken as meant",
                at,
                place,
            )
    if scope is not None and scope.kind == "agent":  # several agents in one pair of brackets
        names = [n.strip() for n in scope.text.split(",") if n.strip()]
        return [Rule("allow", found.tool, Scope("agent", n), None, at) for n in names]
    return [Rule("allow", found.tool, scope, None, at)]


def read_deny(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """A deny-list: rules that come after those of the allow-list."""
    table = ctx.spec.tools
    if _is_null(node, ctx) or node.kind == "map":
        return ()
    rules = []
    for token, at, place in tokens_of(node, row.key, ctx):
        found = recognise(token, ctx.spec, author=ctx.author)
        if token == table.mcp.get("deny_every"):
            found = Found(Tool(token, server="*"), "mcp")
        if ctx.author and found.how == "unknown" and (part := SERVER_PART.match(token)):
            text = f"`{token}` denies nothing in {ctx.spec.seen}; taken as meant, for the whole server"
            ctx.say("T009", text, at, place)
            found = Found(Tool(token, server=part["server"]), "mcp")
        scope = found.scope
        if found.how == "star":
            if not ctx.author and table.fact("deny_star", "nothing") == "nothing":
                continue
            if table.fact("deny_star", "nothing") == "nothing":
                ctx.say("T009", f"`{row.key}: *` denies nothing in {ctx.spec.seen}; taken as meant: no tool", at, place)
            rules.append(Rule("deny", star(ctx.spec), None, None, at))
            continue
        if scope is not None and table.fact("deny_scopes", "whole") == "whole":
            scope = None  # the program takes the whole tool, which is narrower than what stands there
        elif scope is not None and not ctx.author:
            continue
        if not ctx.author and found.tool.server and table.fact("deny_mcp") == "exact" and not found.tool.member:
            continue
        _remember(token, at, place, found, ctx)
        rules.append(Rule("deny", found.tool, scope, None, at))
    return tuple(rules)


def _wrong_type(node: Node, row: Field, ctx: Context) -> Tools:
    word = ctx.spec.tools.fact("wrong_type", "none")
    bools = node.kind == "map" and node.pairs and all(isinstance(p.value.value, bool) for p in node.pairs)
    if ctx.author and bools and word in ("all", "absent", "refused"):
        text = f"`{row.key}` is a map of yes and no; read as a list of the tools that are on"
        ctx.say("R006", text, "tools", node, effect="approximate")
        return _true_only(node, row, ctx)
    if ctx.author:
        shown = {"all": "all tools", "absent": "as if the key were absent", "refused": "the file is refused"}
        ctx.say(
            "R006",
            f"`{row.key}` has the wrong type; {ctx.spec.program}: {shown.get(str(word), 'no tools')}"
            + ("; taken as no tools" if word != "none" else ""),
            "tools",
            node,
            effect="info",
        )
        return NONE
    return meaning(word, ctx, "a tool list of the wrong type")


def _true_only(node: Node, row: Field, ctx: Context) -> Tools:
    rules = []
    for pair in node.pairs:
        if pair.value.value is True:
            at = f"{row.key}.{pair.key.text}"
            found = recognise(pair.key.text, ctx.spec, author=True)
            rules += _allow(pair.key.text, at, pair.key, found, ctx)
    return Tools("none", tuple(rules))


# -- maps -------------------------------------------------------------------------------------


def read_permission(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """An ordered map name -> action, or name -> pattern -> action; the last match wins."""
    if _is_null(node, ctx) and ctx.spec.tools.fact("null") == "all":
        ctx.say("R020", f"`{row.key}:` without a value restricts nothing in {ctx.spec.seen}", "tools", node)
        return ()
    if _is_null(node, ctx):
        if not ctx.author and row.fact("null", row.fact("bad")) in ("refuse", "refuse-all"):
            raise Refused(f"`{row.key}` without a value", row.fact("null", row.fact("bad")) == "refuse-all")
        ctx.say("R020", f"`{row.key}:` without a value loses the file in {ctx.spec.program}; no tools", "tools", node)
        return (Rule("deny", star(ctx.spec), at=row.key),)
    if node.kind == "scalar":
        return _actions(star(ctx.spec), None, node, row, ctx, row.key, "")
    if node.kind == "list" and row.fact("items"):
        return tuple(_listed_actions(node, row, ctx))
    if node.kind != "map":
        if not ctx.author:
            raise Refused(f"`{row.key}` must be a map or an action", row.fact("bad") == "refuse-all")
        ctx.say("R006", f"`{row.key}` must be a map; taken as no tools", "tools", node, effect="approximate")
        return (Rule("deny", star(ctx.spec), at=row.key),)
    rules: list[Rule] = []
    for pair in node.pairs:
        at = f"{row.key}.{pair.key.text}"
        found = recognise(pair.key.text, ctx.spec, author=ctx.author)
        _remember(pair.key.text, at, pair.key, found, ctx)
        name = ctx.spec.tools.own(pair.key.text)
        kind = name.scope if name else ""
        if pair.value.kind == "map":
            if name and name.plain and not ctx.author:
                raise Refused(f"`{pair.key.text}` takes an action only", row.fact("bad") == "refuse-all")
            for inner in pair.value.pairs:
                scope = None if inner.key.text == "*" else Scope(kind or "text", inner.key.text)
                rules += _actions(found.tool, scope, inner.value, row, ctx, at, pair.key.text)
        else:
            rules += _actions(found.tool, None, pair.value, row, ctx, at, pair.key.text)
    return tuple(rules)


def _listed_actions(node: Node, row: Field, ctx: Context) -> Iterator[Rule]:
    """The same as a list of maps {name, pattern, action}; the last match wins."""
    keys = row.fact("items")
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        parts = {word: item.get(str(key)) if item.kind == "map" else None for word, key in keys.items()}
        name, pattern, action = parts["name"], parts["pattern"], parts["action"]
        if name is None or action is None:
            ctx.say("R007", f"an entry of `{row.key}` without {keys['name']} and {keys['action']}; left out", at, item)
            continue
        found = recognise(str(name.text), ctx.spec, author=ctx.author)
        _remember(str(name.text), at, name, found, ctx)
        own = ctx.spec.tools.own(str(name.text))
        every = pattern is None or pattern.text == "*"
        scope = None if every or pattern is None else Scope((own.scope if own else "") or "text", str(pattern.text))
        yield from _actions(found.tool, scope, action, row, ctx, at, str(name.text))


def _actions(
    tool: Tool, scope: Scope | None, node: Node, row: Field, ctx: Context, at: str, key: str
) -> tuple[Rule, ...]:
    if _is_null(node, ctx) and ctx.spec.tools.fact("null_action") == "unset":
        ctx.say("R020", f"`{key or row.key}:` without a value says nothing in {ctx.spec.seen}", at, node)
        return ()
    words = {str(v): str(k) for k, v in (ctx.spec.tools.fact("actions") or {}).items()}
    word = words.get(str(node.text))
    if word is None:
        if not ctx.author:
            raise Refused(f"`{key or row.key}: {node.text}` is no action", row.fact("bad") == "refuse-all")
        ctx.say("R007", f"`{node.text}` is no action; taken as a denial", at, node)
        word = "deny"
    if word == "deny":
        return (Rule("deny", tool, scope, None, at),)
    return (Rule("allow", tool, scope, "ask" if word == "ask" else "auto", at),)


def read_bools(node: Node, row: Field, ctx: Context) -> tuple[Base | None, tuple[Rule, ...]]:
    """A map name -> yes/no, put before the permission map.

    Only yes: the author lists what the agent may use, although the program takes nothing away."""
    if node.kind != "map":
        if not ctx.author:
            raise Refused(f"`{row.key}` must be a map", row.fact("bad") == "refuse-all")
        ctx.say(
            "R012",
            f"{ctx.spec.program} does not start with `{row.key}` that is no map; read as the list it means",
            "tools",
            node,
        )
        tools = read_tools(node, row, ctx) if not _is_null(node, ctx) else NONE
        return tools.base, tools.rules
    rules = []
    for pair in node.pairs:
        at = f"{row.key}.{pair.key.text}"
        on = pair.value.value if isinstance(pair.value.value, bool) else str(pair.value.text).lower() == "true"
        if not isinstance(pair.value.value, bool) and not ctx.author:
            raise Refused(f"`{at}` must be true or false", row.fact("bad") == "refuse-all")
        key = (row.fact("aliases") or {}).get(pair.key.text, pair.key.text)
        found = recognise(key, ctx.spec, author=ctx.author)
        _remember(pair.key.text, at, pair.key, found, ctx)
        rules.append(Rule("allow" if on else "deny", found.tool, None, None, at))
    if ctx.author and row.fact("true_only") == "list" and rules and all(r.effect == "allow" for r in rules):
        text = f"`{row.key}` only switches tools on, which takes nothing away in {ctx.spec.seen}"
        ctx.say("T009", f"{text}; read as the list it means", "tools", node, effect="info")
        return "none", tuple(rules)
    return None, tuple(rules)


# -- groups -----------------------------------------------------------------------------------


def read_groups(node: Node, row: Field, ctx: Context) -> Tools:
    """Groups, each a name or a pair of name and options with a file pattern."""
    if node.kind != "list":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list")
        text = f"`{row.key}` must be a list: {ctx.spec.seen} does not load this file; taken as no tools"
        ctx.say("R006", text, "tools", node, effect="approximate")
        return NONE
    table = ctx.spec.tools
    rules: list[Rule] = []
    seen: set[str] = set()
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        name = item.items[0] if item.kind == "list" and item.items else item
        if name.text in table.fact("ignored", ()):
            ctx.say("T002", f"`{name.text}` means nothing to {ctx.spec.program} any more: it gives nothing", at, name)
            continue
        if name.text in seen and table.fact("duplicates") == "refused":
            ctx.refuse("refuse-all", f"`{name.text}` twice")
            ctx.say("R010", f"`{name.text}` stands here twice: {ctx.spec.seen} does not load this file", at, name)
        seen.add(name.text)
        if name.text not in (table.fact("groups") or {}):
            if table.fact("unknown") == "refused":
                ctx.refuse("refuse-all", f"unknown group `{name.text}`")
            elif not ctx.author:
                continue
        found = recognise(name.text, ctx.spec, author=ctx.author)
        if found.how == "star" and table.fact("star") == "refused":
            text = f"`*` is no group: {ctx.spec.seen} does not load this file; it gives nothing"
            ctx.say("T016", text, at, name)
            continue
        if found.how in ("own", "alias") and name.text not in (table.fact("groups") or {}):
            found = Found(found.tool, "misplaced")
        _remember(name.text, at, name, found, ctx)
        scope = _group_scope(item, name.text, at, ctx)
        if scope is not None and not ctx.author and table.fact("scopes") == "unknown":
            continue
        rules.append(Rule("allow", found.tool, scope, None, at))
    return Tools("none", tuple(rules))


def _group_scope(item: Node, group: str, at: str, ctx: Context) -> Scope | None:
    options = item.items[1] if item.kind == "list" and len(item.items) > 1 else None
    key = str(ctx.spec.tools.fact("scope_key"))
    pattern = options.get(key) if options is not None and options.kind == "map" else None
    if pattern is None or pattern.value is None:
        return None
    if not is_js_regex(pattern.text):
        ctx.refuse("refuse-all", f"`{pattern.text}` is no regular expression")
        text = f"`{pattern.text}` is no regular expression: {ctx.spec.seen} does not load this file"
        ctx.say("R012", text, at, pattern)
    if pattern.text in ANY_PATH:
        return None
    own = ctx.spec.tools.own(group)
    if own is not None and own.scope:
        return Scope(own.scope, pattern.text)
    ctx.say("T009", f"{ctx.spec.program} does not enforce `{key}` on this group; taken as meant", at, pattern)
    return Scope("path-regex", pattern.text) if ctx.author else None


# -- tokens -----------------------------------------------------------------------------------


def tokens_of(node: Node, key: str, ctx: Context) -> Iterator[tuple[str, str, Node]]:
    """The names in a list or a string, with their places."""
    items = node.items if node.kind == "list" else [node]
    count = 0
    for item in items:
        if item.kind != "scalar" or (not ctx.author and not _is_text(item, ctx)):
            continue
        cursor = item.start
        for token in split(item.text, ctx, node.kind == "list"):
            start = ctx.text.find(token, cursor, max(item.end, item.start))
            if start < 0:  # the text in the file is spelled with escapes
                place = Node("scalar", item.start, item.end, item.line, item.column, token)
            else:
                cursor = start + len(token)
                place = Node("scalar", start, cursor, *ctx.place(start), token)
            yield token, f"{key}[{count}]", place
            count += 1


def split(text: str, ctx: Context, in_list: bool) -> list[str]:
    """A string of names taken apart: never inside brackets, but where the program knows no brackets."""
    table = ctx.spec.tools
    how = table.fact("split", "comma")
    signs = "," if how != "comma-space" else ", "  # Claude Code 2.1.328: line breaks and tabs do not split
    if ctx.author:
        signs = r",;\n" if how != "comma-space" else r",;\s"
    if (how == "whole" and not ctx.author) or (
        in_list and not table.fact("split_items", how == "comma-space") and not ctx.author
    ):
        parts = [text]
    else:
        inside = "" if not ctx.author and table.fact("scopes", "unknown") == "unknown" else r"(?![^(]*\))"
        parts = re.split(rf"[{signs}]+{inside}", text)
    tokens = [part.strip() for part in parts]
    if ctx.author or table.fact("strip_quotes"):
        tokens = [t.strip(QUOTES + ("[]" if ctx.author else "")) for t in tokens]
    return [t for t in tokens if t]


def _remember(token: str, at: str, place: Node, found: Found, ctx: Context) -> None:
    """Say what a name was taken for, and keep its place for edits in the same format."""
    program = ctx.spec.program
    if (start := ctx.text.find(token, place.start, place.end)) > place.start:  # inside its quotes
        place = Node("scalar", start, start + len(token), *ctx.place(start), token)
    new: str | None = None
    if found.how in ("foreign", "foreign-mcp", "dead", "misplaced"):
        new = None if found.scope else own_spelling(found.tool, ctx)  # without its limit it would give more
    nothing = f"{program} gives nothing for it"
    if ctx.spec.tools.fact("unknown") == "refused":
        nothing = f"{ctx.spec.seen} does not load the file for it"
    if not ctx.spec.tools.names:
        nothing = f"which names {program} has is not known"
    if found.how == "dead":
        ctx.say("T002", f"`{token}` means nothing to {program} any more; {_became(found.tool, new)}", at, place)
    elif found.how in ("foreign", "foreign-mcp"):
        ctx.say("T001", f"`{token}` is a name of another program, {nothing}; {_became(found.tool, new)}", at, place)
    elif found.how == "misplaced":
        ctx.say("T001", f"`{token}` is a tool and no group, {nothing}; {_became(found.tool, new)}", at, place)
    elif found.how == "mcp" and ctx.spec.tools.mcp.get("guess") and found.tool.member:
        meant = f"`{found.tool.member}` of an MCP server `{found.tool.server}`"
        text = f"`{token}` is no tool of {program}: taken for {meant}"
        ctx.say("T024", text, at, place)
    if ctx.author:
        ctx.tokens.append(Token(at, place.start, place.end, token, new))


def _became(tool: Tool, new: str | None) -> str:
    return f"taken as `{new}`" if new else f"taken as meant ({', '.join(tool.caps) or 'an MCP tool'})"


def own_spelling(tool: Tool, ctx: Context) -> str | None:
    """The program's own name for what a foreign or dead one means."""
    from agentconv.choosing import name_for

    if tool.server:
        return ctx.spec.tools.spell_mcp(tool.server, tool.member)
    names = [name_for(cap, ctx.spec, set(tool.caps)) for cap in tool.caps if portable(cap)]
    return ", ".join(dict.fromkeys(n for n in names if n)) or None


def _is_null(node: Node, ctx: Context) -> bool:
    del ctx
    return node.kind == "scalar" and node.value is None


def _is_text(node: Node, ctx: Context) -> bool:
    del ctx
    return isinstance(node.value, str)


def _means(word: Any) -> str:
    words = {"all": "all tools", "refused": "the program loses the file", "absent": "as if absent"}
    return words.get(str(word), "no tools")
