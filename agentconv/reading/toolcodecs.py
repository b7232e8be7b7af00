"""Tool controls, read: lists, maps, groups -> ``Tools``. What each form means is the description's word."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.model import Base, Rule, Scope, Tool, Tools
from agentconv.patterns import pattern
from agentconv.reading.context import Context, Refused
from agentconv.reading.toolnames import Found, command_glob, held, recognise, star
from agentconv.reading.tooltokens import Placed, is_null, is_text, opens_all, remember, split, tokens_of
from agentconv.spec import Field, risk
from agentconv.tooltable import ToolTable

NONE, ALL = Tools("none"), Tools("all")
# "All tools except Bash, Write": a program knows the last two of these words, and gives them
EXCEPT = pattern(r"(?:^|\s)(?:except|excluding|but not|without|other than)(?::?\s+|:?$)", re.IGNORECASE)


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
    legal_list(node, row, ctx)
    if (said := _by_form(node, row, ctx)) is not None:
        return said
    blank = holds_blank(node, row, ctx)
    tokens = list(tokens_of(node, row.key, ctx))
    if not tokens:  # a list of blanks is not empty: it names something that is not there (Mistral Vibe 3.0.3, run)
        dropped = not ctx.author and table.fact("blank_item") == "dropped"
        word = "none" if blank and not dropped else table.fact("empty", "none")
        if node.kind == "scalar" and not ctx.author:
            word = table.fact("empty_text", word)
        return meaning(word, ctx, "an empty tool list")
    if table.fact("changes"):
        from agentconv.reading.changes import changed  # few programs take such a list

        if (made := changed(tokens, ctx)) is not None:
            return made
    return _of_names(tokens, node, ctx)


def _by_form(node: Node, row: Field, ctx: Context) -> Tools | None:
    """What a list means by its form alone, whatever it names; ``None`` where the names decide."""
    table = ctx.spec.tools
    if is_null(node, ctx):
        word = table.fact("null", "none")
        word = "none" if ctx.alone and word in ("all", "absent") else word
        ctx.say("R020", f"`{row.key}:` without a value: {means(word)}", "tools", node)
        return meaning(word, ctx, "a null tool list")
    if node.kind == "map" or (node.kind == "scalar" and not is_text(node, ctx)):
        return _of_wrong_type(node, row, ctx)
    if node.kind == "list":
        mixed = len(_texts(node, ctx)) < len(node.items)
        if mixed and not ctx.author and table.fact("wrong_item") == "refused":
            raise Refused(f"`{row.key}` may hold nothing but text")
        if mixed and not ctx.author and table.fact("wrong_item") == "passed" and not _texts(node, ctx):
            return meaning(table.fact("wrong_type", "none"), ctx, "a tool list without text")
        if row.fact("list") is not False:
            return None
        if not ctx.author:
            return _of_wrong_type(node, row, ctx)
        code = "R012" if table.fact("wrong_type") == "refused" else "R006"
        text = f"`{row.key}` must be one text with commas in {ctx.spec.seen}; read as the list it means"
        ctx.say(code, text, "tools", node, effect="info")
        return None if node.items else NONE  # what an empty text means is another matter
    if table.fact("all_word") and node.text.strip().lower() == table.fact("all_word"):
        return ALL
    if table.fact("split", "comma") == "none" and not ctx.author:
        raise Refused(f"`{row.key}` must be a list")
    return None


def _of_wrong_type(node: Node, row: Field, ctx: Context) -> Tools:
    from agentconv.reading.wrongforms import of_wrong_type  # few lists are of one

    return of_wrong_type(node, row, ctx)


def _texts(node: Node, ctx: Context) -> list[Node]:
    return [item for item in node.items if item.kind == "scalar" and is_text(item, ctx)]


def _of_names(tokens: list[Placed], node: Node, ctx: Context) -> Tools:
    """What the names of a list give."""
    table = ctx.spec.tools
    if _opens_everything(tokens, ctx):
        return ALL
    given, minus = _given_and_denied(tokens, ctx)
    spelled = _as_program_splits(node, ctx)
    rules: list[Rule] = []
    known = any(token in table.sentinels for token, _, _ in tokens)
    base: Base = "none"
    for token, at, place in given:
        if token == table.fact("builtin"):
            base, known = "builtin", True
            continue
        _refused(token, at, place, ctx)
        found = _found(token, at, place, node, ctx)
        if found.how == "unknown" and _is_remark(token, rules, ctx):
            rules[-1] = _limited_to(token, rules[-1], place, ctx)
            continue
        if found.how == "star":
            every = _star(token, at, place, token in spelled, ctx, alone=_alone(node, tokens, table))
            if every is not None:
                _lost_beside(given, node, ctx)
                return Tools(every.base, (*every.rules, *minus))
            continue
        made = (_unknown if found.how == "unknown" else allow)(token, at, place, found, ctx)
        if found.how in ("own", "alias", "mcp") and token not in spelled:
            _respelled(token, at, place, ctx)
        known = known or found.how != "unknown" or bool(made)
        rules += [*made, *_of_a_server_too(token, at, ctx)]
    rules = _yielded(rules, [token for token, _, _ in tokens], node, ctx)
    rules += _left_open([token for token, _, _ in tokens], rules, ctx)
    if not known and not rules and not ctx.author:
        word = table.fact("unknown_only", "none")
        return meaning("none" if word == "start-refused" else word, ctx, "a list of unknown names only")
    return Tools(base, (*rules, *minus))


def _lost_beside(given: list[Placed], node: Node, ctx: Context) -> None:
    """A name that loses the file does so behind the star, too."""
    if ctx.author or ctx.spec.tools.fact("unknown", "ignored") != "refused":
        return
    for token, at, place in given:
        if (found := _found(token, at, place, node, ctx)).how == "unknown":
            _unknown(token, at, place, found, ctx)


def _opens_everything(tokens: list[Placed], ctx: Context) -> bool:
    """Whether one of the names is unknown to a program that gives up the whole list for it."""
    if ctx.author:
        return False
    words = [token for token, _, _ in tokens if opens_all(token, ctx.spec)]
    return any(recognise(token, ctx.spec, author=False).how in ("unknown", "star") for token in words)


def _given_and_denied(tokens: list[Placed], ctx: Context) -> tuple[list[Placed], list[Rule]]:
    """The names that are meant to be given, and denials among them: `!Bash`, and all that stands behind `except`. The
    program knows neither."""
    tokens = [placed for placed in tokens if placed[0] not in ctx.spec.tools.sentinels]
    if not ctx.author:
        return tokens, []
    # a dash may be the list's own, without its blank; beside the word for everything it takes away
    signs = ("!", "-") if any(token == "*" for token, _, _ in tokens) else ("!",)
    given: list[Placed] = []
    minus: list[Rule] = []
    excepted = False
    for token, at, place in tokens:
        cut = None if excepted else EXCEPT.search(token)
        if excepted or cut is not None:
            excepted, name = True, token if cut is None else token[cut.end() :]
            minus += _taken_away(f"!{name}", at, place, ctx, token) if name else []
        elif token[:1] in signs and (taken := _taken_away(token, at, place, ctx, token)):
            minus += taken
        else:
            given.append((token, at, place))
    return given, minus


def _is_remark(token: str, rules: list[Rule], ctx: Context) -> bool:
    """`Bash (git only)`: brackets behind a blank, which no program takes for anything. What is said so of a tool that
    reads is no limit that anybody misses."""
    if not ctx.author or not rules or token[:1] != "(" or token[-1:] != ")":
        return False
    last = rules[-1]
    return last.effect == "allow" and not last.scope and any(risk(c) not in ("reads", "none") for c in last.tool.caps)


def _limited_to(token: str, rule: Rule, place: Node, ctx: Context) -> Rule:
    ctx.say(
        "T009",
        f"{ctx.spec.program} does not enforce `{token}` behind `{rule.tool.name}`; taken as meant",
        rule.at,
        place,
    )
    return replace(rule, scope=Scope("text", token[1:-1].strip()))


def _taken_away(token: str, at: str, place: Node, ctx: Context, said: str) -> list[Rule]:
    """`!Bash` in a list of what the agent may have: to the program a name that it does not know. So is `except`, and
    what stands behind it the program may well give."""
    from agentconv.reading.denylist import found_denied, in_any_words

    name = token[1:].strip()
    found = found_denied(name, at, place, ctx)
    rules = [Rule("deny", found.tool, found.scope, None, at)]
    if found.how == "star":
        rules = [Rule("deny", star(ctx.spec), None, None, at)]
    elif found.how == "unknown":
        rules = in_any_words(name, at, place, True, ctx)
    if rules:
        ctx.say("T009", f"`{said}` takes nothing away in {ctx.spec.seen}; taken as meant", at, place)
    return rules


def _unknown(token: str, at: str, place: Node, found: Found, ctx: Context) -> list[Rule]:
    """A name that the program does not have: a wish of its author, to the program nothing, or what a pattern gives."""
    table = ctx.spec.tools
    regex, takes_patterns = str(table.fact("regex") or ""), bool(table.mcp.get("patterns"))
    if "*" in token or (takes_patterns and _most_of(token, ctx)):
        text = f"`{token}` is no pattern in {ctx.spec.program}: it gives nothing"
        if takes_patterns or (regex and token.startswith(regex)):
            text = f"`{token}` is a pattern in {ctx.spec.program}; which tools of servers it gives is not known here"
        ctx.say("T016", text, at, place)
    if ctx.author:
        return allow(token, at, place, found, ctx)
    wide = _most_of(token, ctx)
    if not wide and table.fact("unknown", "ignored") == "refused":
        raise Refused(f"unknown tool `{token}`")
    return [Rule("allow", tool, None, None, at) for tool in wide]


def _of_a_server_too(token: str, at: str, ctx: Context) -> list[Rule]:
    """A name that the program takes for a tool of its own gives the server's, where the server has one."""
    table = ctx.spec.tools
    tool = table.mcp_tool(token) if not ctx.author and table.own_behind(token) else None
    return [Rule("allow", tool, None, None, at)] if tool else []


def _most_of(token: str, ctx: Context) -> list[Tool]:
    """The servers of which a pattern gives some tools."""
    from agentconv.reading.wildkeys import servers_of_pattern

    return servers_of_pattern(token, ctx.spec)


def _refused(token: str, at: str, place: Node, ctx: Context) -> None:
    """A name for whose form the program takes nothing of the file."""
    form = ctx.spec.tools.fact("refused_names")
    if form and pattern(str(form)).fullmatch(token):
        problem = f"`{token}` is no name that {ctx.spec.seen} can take apart"
        ctx.refuse("refuse", problem)
        ctx.say(
            "R012", f"{problem}: it does not load this file", at, place, help="write the server and its tool as it asks"
        )


def _found(token: str, at: str, place: Node, node: Node, ctx: Context) -> Found:
    """What a token of the list is; some names count only where nothing stands beside them."""
    found, names = recognise(token, ctx.spec, author=ctx.author), ctx.spec.tools.names
    if ctx.spec.tools.mcp.get("defined_in") or ctx.spec.tools.mcp.get("bare") == "here":
        from agentconv.reading.guessedservers import by_file

        found = by_file(found, token, place, at, ctx)
    if found.how != "own" or token not in names or not names[token].alone or node.text.strip() == token:
        return found
    text = f"`{token}` counts as the whole of a text only: {ctx.spec.program} gives nothing for it here"
    ctx.say("T001", f"{text}; taken as meant", at, place)
    return found if ctx.author else Found(Tool(token), "unknown")


def _alone(node: Node, tokens: list[Placed], table: ToolTable) -> bool:
    """Whether a `*` is all that the key says, in the form that counts."""
    return len(tokens) == 1 and (table.fact("star") != "text" or node.kind == "scalar")


def _star(token: str, at: str, place: Node, spelled: bool, ctx: Context, *, alone: bool) -> Tools | None:
    """What `*` in a list stands for; ``None`` where it gives nothing, which is said."""
    if ctx.author and not spelled:  # blanks around it, where they count
        ctx.say("T016", f"`{token}` with blanks around it gives nothing in {ctx.spec.seen}", at, place)
        return None
    word = ctx.spec.tools.fact("star", "none")
    only = word in ("alone", "text")
    if only:
        word = "all" if alone else "none"
    if word != "none":
        return meaning(word, ctx, "`*` in the tool list")
    where = "beside other names" if ctx.spec.tools.fact("star") == "alone" else "in a list, or beside other names,"
    beside = f"{where} `*` is none in {ctx.spec.program}" if only else ""
    text = f"{beside or f'`*` is no wildcard in {ctx.spec.program}'}: it is an unknown name, so it gives nothing"
    ctx.say("T016", text, at, place)
    return None


def _yielded(rules: list[Rule], tokens: list[str], node: Node, ctx: Context) -> list[Rule]:
    """A word for a whole set that means nothing beside single names (Continue's `built_in`), those of nothing, too."""
    table = ctx.spec.tools
    groups = {name for name, facts in (table.fact("groups") or {}).items() if (facts or {}).get("yields")}
    singles = {r.tool.name for r in rules if r.tool.name not in groups and table.own(r.tool.name)}
    if not ctx.author and groups:
        singles |= {t for t in tokens if t not in groups and recognise(t, ctx.spec, author=False).how == "unknown"}
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
    through = mcp.get("reached_by")
    if through and not any(name in ctx.spec.tools.covers(token) for name in through for token in tokens):
        return []  # nothing that would reach them
    return [Rule("allow", Tool(str(mcp["every"]), server="*"), at="tools")]


def legal_list(node: Node, row: Field, ctx: Context) -> None:
    """Leave where the program refuses the file (or its header) for the form of the list."""
    null = row.fact("null", row.fact("bad"))
    if is_null(node, ctx):
        ctx.refuse(null, f"`{row.key}` without a value")
        return
    text = node.kind == "scalar" and is_text(node, ctx)
    if text and ctx.spec.tools.fact("all_word") and node.text == ctx.spec.tools.fact("all_word"):
        return
    items = node.kind == "list" and all(i.kind == "scalar" and is_text(i, ctx) for i in node.items)
    if not text and not items:
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list of names")
    elif text and ctx.spec.tools.fact("split", "comma") == "none" and str(row.fact("bad")).startswith("refuse"):
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list")


def holds_blank(node: Node, row: Field, ctx: Context) -> bool:
    """Whether one of a list's names has no character; some programs refuse the file for it. Where a text is one name
    as it stands, an empty one is such a name."""
    items = node.items if node.kind == "list" else [node] if ctx.spec.tools.fact("split") == "whole" else []
    blank = any(i.kind == "scalar" and not i.text.strip() for i in items)
    if blank and not ctx.author and ctx.spec.tools.fact("blank_item") == "refused":
        raise Refused(f"`{row.key}` holds a name without a character")
    return blank


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


def allow(token: str, at: str, place: Node, found: Found, ctx: Context) -> list[Rule]:
    """One allowed name; several agents in one pair of brackets are several rules."""
    remember(token, at, place, found, ctx)
    if found.how in ("own", "alias") and ctx.author and _withheld(token, ctx):
        ctx.say("T002", f"{ctx.spec.seen} gives no subagent `{token}`: left out", at, place)
        return []
    if found.tool.server and ctx.author and ctx.spec.tools.mcp.get("never"):
        ctx.say("T002", f"{ctx.spec.seen} gives no subagent tools of MCP servers (`{token}`): left out", at, place)
        return []
    scope = found.scope
    if scope and found.how != "foreign" and not held(token.partition("(")[0].strip(), ctx.spec):
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
    if ctx.author and scope is not None and scope.kind == "command-glob" and len(commands := _commands(scope.text)) > 1:
        return [Rule("allow", found.tool, Scope(scope.kind, one), None, at) for one in commands]
    return [Rule("allow", found.tool, scope, None, at)]


def _commands(text: str) -> list[str]:
    """`Bash(git:*, npm:*)`: patterns that some put into one pair of brackets. A command may hold a comma: each part has
    to be a pattern by its end."""
    parts = [part.strip() for part in text.split(",")]
    if not all(len(part) > 1 and part.endswith("*") for part in parts):
        return [text]
    return [command_glob(part) for part in parts]


def _withheld(token: str, ctx: Context) -> bool:
    """A tool that no subagent gets; what costs nothing is kept as a wish."""
    name = ctx.spec.tools.own(token)
    return name is not None and name.never and bool(name.classes)


def means(word: Any) -> str:
    """A word of the description for people."""
    words = {"all": "all tools", "refused": "the program loses the file", "absent": "as if absent"}
    return words.get(str(word), "no tools")
