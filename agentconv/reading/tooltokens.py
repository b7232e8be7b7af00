"""The names in a list or a string of tools: where each stands, and what it was taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentconv.containers import Node
from agentconv.model import Tool
from agentconv.patterns import pattern
from agentconv.reading.context import CURLY, Context, Token, is_date
from agentconv.reading.toolnames import Found
from agentconv.spec import Field, Spec, cap_title, portable

QUOTES = "\"'`" + CURLY
CLASS = pattern(r"\[[^\[\]]+\][\w*]|[\w*]\[[^\[\]]+\]")  # `[Bb]ash`: brackets that belong to a name
BRACES = pattern(r"\{[^{},]*,[^{}]*\}")  # `mcp__{jira,wiki}__get_*`: a comma that parts no names

Placed = tuple[str, str, Node]  # a name, the key and number of it, and where it stands


def tokens_of(node: Node, key: str, ctx: Context, denied: bool = False) -> Iterator[Placed]:
    """The names in a list or a string, with their places. A denial is meant in whatever form it stands; a grant in a
    form that no program takes is none, which is said."""
    items = node.items if node.kind == "list" else [node]
    if denied and ctx.author:
        items = list(_names_within(node))
    count = 0
    for number, item in enumerate(items):
        if item.kind != "scalar" and ctx.author:
            text = f"`{key}` holds a {item.kind} where a name belongs: left out"
            ctx.say("R006", text, f"{key}[{number}]", item, effect="lost", help="write a name, or take it out")
        if item.kind != "scalar" or (not ctx.author and not is_text(item, ctx)):
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


def _names_within(node: Node) -> Iterator[Node]:
    """The names of lists in lists, and the keys of maps."""
    if node.kind == "map":
        yield from (pair.key for pair in node.pairs)
    elif node.kind == "list":
        for item in node.items:
            yield from _names_within(item)
    else:
        yield node


def split(text: str, ctx: Context, in_list: bool) -> list[str]:
    """A string of names taken apart: never inside brackets, but where the program knows no brackets."""
    table = ctx.spec.tools
    if in_list and table.fact("exact_items") and not ctx.author:
        return [text] if text else []
    if in_list and BRACES.search(text) and table.is_pattern(text.strip()):
        return [text.strip()]
    how = table.fact("split", "comma")
    if how == "comma-or-space":  # Command Code 1.64.0: a name with a blank in it is one
        how = "comma" if in_list or "," in text or text.strip() in table.aliases else "space"
    # Claude Code 2.1.328: line breaks and tabs do not split
    signs = {"comma-space": ", ", "space": r"\s"}.get(how, ",")
    if ctx.author:
        signs = r",;\s" if how in ("comma-space", "space") else r",;\n"
    if (how == "whole" and not ctx.author) or (
        in_list and not table.fact("split_items", how == "comma-space") and not ctx.author
    ):
        parts = [text]
    else:
        plain = not ctx.author and table.fact("scopes", "unknown") == "unknown"
        parts = re.split(rf"[{signs}]+", text) if plain or ")" not in text else _outside_brackets(text, signs)
    tokens = [part.strip() for part in parts]
    if ctx.author or table.fact("strip_quotes"):
        # in a pattern brackets may have a meaning
        around = "[]" if ctx.author and table.fact("wildcards") is not True else ""
        tokens = [t.strip(QUOTES if CLASS.search(t) else QUOTES + around) for t in tokens]
    return [t for t in tokens if t]


def _outside_brackets(text: str, signs: str) -> list[str]:
    """Split at runs of these signs, but not where the next bracket is a closing one. From the end, in one pass: to look
    ahead at each sign would take as long as the text is, each time."""
    cuts: list[tuple[int, int]] = []
    bracket = ""
    for found in reversed(list(re.finditer(rf"[{signs}]+|[()]", text))):
        if found[0] in ("(", ")"):
            bracket = found[0]
        elif bracket != ")":
            cuts.append(found.span())
    starts = [0, *(end for _, end in reversed(cuts))]
    ends = [*(start for start, _ in reversed(cuts)), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def opens_all(token: str, spec: Spec) -> bool:
    """Whether the program, which does not know this name, gives up the whole list for it."""
    return spec.tools.fact("unknown") == "all" and token not in (spec.tools.fact("ignored") or ())


def remember(token: str, at: str, place: Node, found: Found, ctx: Context) -> None:
    """Say what a name was taken for, and keep its place for edits in the same format."""
    if (start := ctx.text.find(token, place.start, place.end)) > place.start:  # inside its quotes
        place = Node("scalar", start, start + len(token), *ctx.place(start), token)
    new: str | None = None
    row = ctx.spec.fields.get(at.split("[")[0].split(".")[0])
    # rules in a form that only another version reads: the words are that version's, and stay
    idle = row is not None and not row.applied and bool(row.fact("items") or ctx.spec.form_by(row.key))
    if found.how in ("foreign", "foreign-mcp", "dead", "misplaced") and not idle:
        new = None if found.scope else own_spelling(found.tool, ctx)  # without its limit it would give more
    if found.how == "dead" and idle:
        ctx.say("T002", f"`{token}` is no tool of {ctx.spec.seen}; {_became(found, new)}", at, place)
    elif found.how in ("foreign", "foreign-mcp", "dead", "misplaced"):
        code, what = _no_name(token, row, found, ctx)
        ctx.say(code, f"`{token}` {what}; {_became(found, new)}", at, place)
    elif found.how == "less":
        own = ctx.spec.tools.own(token)
        gives = ", ".join(cap_title(c) for c in own.caps) if own else "more"
        meant = ", ".join(cap_title(c) for c in found.tool.caps)
        ctx.say("T009", f"`{token}` is “{gives}” in {ctx.spec.seen}; taken as meant: “{meant}”", at, place)
    elif found.how == "mcp" and ctx.spec.tools.mcp.get("guess") and found.tool.member:
        meant = f"`{found.tool.member}` of an MCP server `{found.tool.server}`"
        text = f"`{token}` is no tool of {ctx.spec.program}: taken for {meant}"
        ctx.say("T024", text, at, place)
    if ctx.author:
        ctx.tokens.append(Token(at, place.start, place.end, token, new))


def _no_name(token: str, row: Field | None, found: Found, ctx: Context) -> tuple[str, str]:
    """What a name is that the program has not where it stands, and what the program does for it."""
    program, table = ctx.spec.program, ctx.spec.tools
    does = ""
    if not table.names:
        does = f"which names {program} has is not known"
    elif table.fact("unknown") == "refused":
        does = f"{ctx.spec.seen} does not load the file for it"
    elif opens_all(token, ctx.spec) and (row is None or row.type == "tools"):
        does = f"{program} gives every tool for it"
    if found.how == "dead":
        return "T002", f"is no name of a tool: {does}" if does else f"means nothing to {program}"
    does = does or f"{program} gives nothing for it"
    if found.how == "misplaced":
        return "T001", f"is a tool and no group, {does}"
    if found.scope and table.own(token.split("(")[0].strip()):
        return "T001", f"has brackets behind the name: {does}"
    return "T001", f"is a name of another program, {does}"


def _became(found: Found, new: str | None) -> str:
    if new:
        return f"taken as `{new}`"
    limit = f", for `{found.scope.text}` only" if found.scope else ""
    return f"taken as meant ({', '.join(found.tool.caps) or 'an MCP tool'}{limit})"


def own_spelling(tool: Tool, ctx: Context) -> str | None:
    """The program's own name for what a foreign or dead one means."""
    from agentconv.lowering.choosing import name_for

    if tool.server:
        return ctx.spec.tools.spell_mcp(tool.server, tool.member)
    names = [name_for(cap, ctx.spec, set(tool.caps)) for cap in tool.caps if portable(cap)]
    return ", ".join(dict.fromkeys(n for n in names if n)) or None


def is_null(node: Node, ctx: Context) -> bool:
    """A key without a value."""
    del ctx
    return node.kind == "scalar" and node.value is None


def is_text(node: Node, ctx: Context) -> bool:
    """A text, to the program too: some take a date for one."""
    return isinstance(node.value, str) and (ctx.author or not is_date(node))
