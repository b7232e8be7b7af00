"""Rules {capability, match, exclude, effect} beside a tool list (type ``permission-rules``): what they take away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentconv.containers import Node
from agentconv.grants import is_part
from agentconv.model import Rule, Scope, Tool
from agentconv.reading.context import Context
from agentconv.reading.toolnames import recognise, star
from agentconv.spec import Field, Spec


def read_rules(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """Only rules that deny take anything away. A question is for the tools that are there, and for all calls of them:
    what it is for in part others ask for as a whole.

    What a denial excludes comes as an allow rule behind it; ``toolkeys.settled`` drops those for tools that the list
    does not give."""
    inner = node.get("rules") if node.kind == "map" else node
    at = f"{row.key}.rules" if node.kind == "map" else row.key
    if inner is None or inner.kind != "list":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list of rules")
        denied = [rule for name in _denied_names(node) for rule in _denied(name, {}, row.key, ctx)]
        taken = "what it denies is read as meant" if denied else "left out"
        ctx.say("R006", f"`{row.key}` must be a list of rules; {taken}", row.key, node, effect="approximate")
        return tuple(denied) if ctx.author else ()
    rules: list[Rule] = []
    questions: list[Rule] = []
    for n, item in enumerate(inner.items):
        data = item.data() if item.kind == "map" else {}
        place, name, effect = f"{at}[{n}]", str(data.get("capability") or ""), data.get("effect")
        facts = (ctx.spec.tools.fact("rules") or {}).get(name)
        if facts is None and effect not in ("allow", "ask") and (made := _denied(name, {}, place, ctx)) and ctx.author:
            text = f"`{name}` is nothing that {ctx.spec.program} has rules for; its denial is read as meant"
            ctx.say("R007", text, place, item)
            rules += made
        elif facts is None:
            what = f"`{name}` is nothing" if name else "a rule without `capability` is for nothing"
            ctx.say("R007", f"{what} that {ctx.spec.program} has rules for; left out", place, item)
        elif effect == "deny":
            rules += _denials(data, facts, place, item, ctx)
        elif effect == "ask":
            questions += _questions(data, facts, place, item, ctx)
        elif effect == "allow":
            text = f"`{name}: {effect}` decides whether {ctx.spec.program} asks first; it gives no tool and takes none"
            ctx.say("L006", text, place, item, effect="info")
        else:
            what = f"`{effect}` is no effect of a rule" if effect else "a rule without `effect`"
            ctx.say("R007", f"{what}; taken as a denial", place, item)
            rules += _denials(data, facts, place, item, ctx)
    return (*questions, *rules)  # a denial wins


def _denied_names(node: Node) -> Iterator[str]:
    """What a map denies: names under `deny`, or each with the word behind it."""
    for pair in node.pairs if node.kind == "map" else ():
        if pair.key.text == "deny":
            yield from _texts(pair.value.data())
        elif pair.value.kind == "scalar" and pair.value.text.strip().lower() == "deny":
            yield pair.key.text


def _denied(name: str, data: Mapping[str, Any], at: str, ctx: Context) -> list[Rule]:
    """A denial by the name of what the program has rules for, or of a tool in anybody's words."""
    facts = (ctx.spec.tools.fact("rules") or {}).get(name)
    if facts is not None:
        return list(_denials(data, facts, at, None, ctx))
    found = recognise(name, ctx.spec, author=True)
    if found.how in ("unknown", "star"):
        from agentconv.reading.deniedwords import meant_elsewhere

        return meant_elsewhere(name, at, None, ctx)
    return [Rule("deny", found.tool, at=at)]


def _denials(
    data: Mapping[str, Any], facts: Mapping[str, Any], at: str, item: Node | None, ctx: Context
) -> Iterator[Rule]:
    match, exclude = _texts(data.get("match")), _texts(data.get("exclude"))
    if facts.get("mcp"):
        for pattern in filter(_of_some_servers, [*match, *exclude]):
            taken = "taken as a denial for every server" if pattern in match else "it exempts nothing here"
            ctx.say("T013", f"`{pattern}` is for servers that a pattern names; {taken}", at, item)
        yield from (Rule("deny", _server(pattern), at=at) for pattern in match or ["*"])
        yield from (Rule("allow", _server(pattern), at=at) for pattern in exclude if not _of_some_servers(pattern))
        return
    kind = str(facts.get("kind", "text"))
    for tool in _tools(facts, ctx.spec):
        for pattern in match or ["*"]:
            yield Rule("deny", tool, None if pattern == "*" else Scope(kind, pattern), at=at)
        for pattern in exclude:
            yield Rule("allow", tool, None if pattern == "*" else Scope(kind, pattern), at=at)


def _questions(data: Mapping[str, Any], facts: Mapping[str, Any], at: str, item: Node, ctx: Context) -> Iterator[Rule]:
    match, exclude = _texts(data.get("match")), _texts(data.get("exclude"))
    if exclude or any(pattern not in ("*", "*/*") for pattern in match):
        text = f"{ctx.spec.program} asks here for some calls only; taken as a question for each"
        ctx.say("R011", text, at, item)
    tools = map(_server, match or ["*"]) if facts.get("mcp") else _tools(facts, ctx.spec)
    yield from (Rule("allow", tool, None, "ask", at) for tool in tools)


def _tools(facts: Mapping[str, Any], spec: Spec) -> list[Tool]:
    if facts.get("all"):
        return [star(spec)]
    names = [spec.tools.names[n].tool() for n in facts.get("names", ()) if n in spec.tools.names]
    return names or [Tool(", ".join(facts.get("caps", ())), tuple(facts.get("caps", ())))]


def _server(pattern: str) -> Tool:
    server, _, member = pattern.partition("/")
    name = "*/*" if pattern == "*" else pattern  # a star alone is a word for every tool
    return Tool(name, server="*" if is_part(server) else server or "*", member=None if member in ("", "*") else member)


def _of_some_servers(pattern: str) -> bool:
    """`shop*/drop`: for servers that the file need not name."""
    server = pattern.partition("/")[0]
    return server != "*" and is_part(server)


def _texts(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)] if value is not None else []
