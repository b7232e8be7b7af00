"""A table of settings per tool beside a list: they ask and deny, allow and deny parts, and grant nothing."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.containers import Node
from agentconv.model import Extra, Rule, Scope, Tools
from agentconv.reading.context import Context
from agentconv.reading.denylist import read_deny
from agentconv.reading.toolcodecs import read_tools
from agentconv.reading.toolnames import recognise
from agentconv.spec import Field, Spec


def read_settings(node: Node, row: Field, ctx: Context, tools: Tools) -> Iterator[Rule]:
    """Rules that come after those of the lists; ``tools`` is what the lists say."""
    if node.kind != "map":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a table")
        ctx.say("R006", f"`{row.key}` must be a table; left out", "tools", node, effect="info")
        return
    words = {str(v): str(k) for k, v in (ctx.spec.tools.fact("actions") or {}).items()}
    for pair in node.pairs:
        if pair.value.kind == "list" and pair.key.text in (row.fact("allowed"), row.fact("denied")):
            continue  # see `list_of_names`
        name, at = pair.key.text, f"{row.key}.{pair.key.text}"
        found = recognise(name, ctx.spec, author=ctx.author)
        unknown = found.how == "unknown"
        if (unknown or pair.value.kind != "map") and not ctx.author:
            continue
        settings = {p.key.text: p.value for p in pair.value.pairs}
        action = settings.get(str(row.fact("action"))) if pair.value.kind == "map" else pair.value
        word = words.get(action.text) if action is not None else None
        if ctx.author and action is not None and (word is None or action is pair.value):
            word = _meant(action, words, at, ctx)
        if unknown:
            yield from _denied_elsewhere(name, word, at, pair.key, ctx)
            continue
        if word == "deny":
            excepted = settings.get(str(row.fact("allowed")))
            if name in row.fact("excepts", ()) and excepted is not None and excepted.items:
                text = (
                    f"`{at}` is taken away but for what its `{row.fact('allowed')}` names; taken away as a whole here"
                )
                ctx.say("R011", text, at, excepted, effect="narrows")
            yield Rule("deny", found.tool, None, None, at)
            continue
        if not _given(name, tools, ctx):
            continue
        if word is not None:
            yield Rule("allow", found.tool, None, "ask" if word == "ask" else "auto", at)
        own = ctx.spec.tools.own(name)
        kind = own.scope if own and own.scope else "text"
        for key, effect in (("allowed", "allow"), ("denied", "deny")):
            listed = settings.get(str(row.fact(key)))
            for item in listed.items if listed is not None else ():
                scope = Scope(kind, item.text)
                if effect == "deny":
                    yield Rule("deny", found.tool, scope, None, at)
                elif word != "allow":  # what runs without a question anyway needs no list of such
                    yield Rule("allow", found.tool, scope, "auto", at)


def list_of_names(node: Node, row: Field, ctx: Context) -> Tools | None:
    """A list straight in the table, under a word for the patterns of one tool: nothing to the program, and which tools
    the agent may have, or may not have, to its author."""
    if not ctx.author or node.kind != "map":
        return None
    tools: Tools | None = None
    for word, type in (("allowed", "tools"), ("denied", "deny-tools")):
        key = str(row.fact(word))
        if (listed := node.get(key)) is None or listed.kind != "list":
            continue
        at = f"{row.key}.{key}"
        text = f"`{at}` is no setting that {ctx.spec.program} takes; read as a list of tools that the agent may"
        ctx.say("R007", f"{text}{' not' if word == 'denied' else ''} have", at, listed)
        before = tools or Tools()
        if word == "allowed":
            tools = read_tools(listed, Field(at, "tools", type, {"as": "tools"}), ctx)
        else:
            denied = read_deny(listed, Field(at, "tools", type, {"as": "tools"}), ctx)
            tools = Tools(before.base, (*before.rules, *denied))
    return tools


def _denied_elsewhere(name: str, word: str | None, at: str, place: Node, ctx: Context) -> list[Rule]:
    """A tool that the program does not have, denied in the words of another."""
    if word != "deny":
        return []
    from agentconv.reading.deniedwords import meant_elsewhere

    return meant_elsewhere(name, at, place, ctx)


def _meant(action: Node, words: dict[str, str], at: str, ctx: Context) -> str | None:
    """A denial in another case, or without its table: the program does not find it, and its author meant it."""
    word = {name.lower(): meaning for name, meaning in words.items()}.get(action.text.strip().lower())
    what = f"`{at}: {action.text}`" if action.kind == "scalar" else f"`{at}`"
    if action.kind != "scalar" or word != "deny":
        ctx.say("R007", f"{what} is no setting that {ctx.spec.program} takes; left out", at, action, effect="lost")
        return None
    ctx.say("R007", f"{what} is no setting that {ctx.spec.program} takes; read as meant", at, action)
    return word


def other_settings(node: Node, row: Field, spec: Spec) -> Iterator[Extra]:
    """What no rule can say: more keys of a tool, and tools that nobody knows."""
    read = {str(row.fact(key)) for key in ("action", "allowed", "denied")}
    closing = row.fact("closing") or {}
    for pair in node.pairs if node.kind == "map" else ():
        name = pair.key.text
        if pair.value.kind != "map":
            continue
        known = recognise(name, spec, author=True).how != "unknown"
        for one in pair.value.pairs:
            if not known or one.key.text not in read:
                limits = str(one.value.text) in closing.get(one.key.text, ())
                yield Extra(f"{row.key}.{name}.{one.key.text}", one.value.data(), spec.id, limits)


def _given(name: str, tools: Tools, ctx: Context) -> bool:
    """Whether the lists leave the tool."""
    table = ctx.spec.tools
    state = tools.base in ("all", "builtin") or (tools.base is None and table.fact("absent") in ("all", "builtin"))
    for rule in tools.rules:
        reach = table.covers if rule.effect == "allow" else table.shutting
        if rule.scope is None and (rule.tool.caps == ("*",) or reach(rule.tool.name) & table.covers(name)):
            state = rule.effect == "allow"
    return state
