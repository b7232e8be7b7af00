"""Tool controls that are lists of definitions, one for each tool: ``[{kind: function, name: read_file}]``.

Whoever runs the agent brings the tools; a definition says that one is there, under which name, and whether it asks.
What a name of the description means is given; any other tool is the file's own, and no right in another program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentconv.containers import Node
from agentconv.model import Agent, Approval, Extra, Rule, Scope, Tool, Tools
from agentconv.reading.context import Context
from agentconv.reading.membersets import put_at
from agentconv.reading.servernames import value_at
from agentconv.reading.servertexts import as_texts
from agentconv.reading.setservers import servers_config
from agentconv.reading.toolnames import server_tool
from agentconv.reading.toolsets import UNSAYABLE, no_list, wrong
from agentconv.records import dataclass
from agentconv.spec import Field, Spec

Words = Mapping[str, Any]
NO = ("false", "no", "off", "n", "f", "0")


def read_definitions(node: Node, row: Field, ctx: Context) -> Tools:
    """A list of definitions. What is in none of them is not there."""
    if node.kind != "list":
        return no_list(node, row, ctx, "tools")
    words = ctx.spec.tools.fact("sets")
    boxes = {one.at: one for one in _boxes(node, row, ctx.spec, ctx.top)}
    rules: list[Rule] = []
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        kind, facts = _kind(item, row, words)
        if facts is None:
            wrong(f"`{at}` is no tool" + (f": there is no `{kind}` here" if kind else ""), at, item, ctx)
            continue
        for key in facts.get("holds", ()):
            if not value_at(item.data(), key):
                wrong(f"`{at}` has no `{key}`", at, item, ctx, "read all the same")
        if at in boxes:
            rules += _of_server(boxes[at], words, ctx)
        elif facts.get("text"):
            rules += _of_text(item, facts, words, at, ctx)
        else:
            rules += _of_name(item, facts, words, at, ctx)
    return Tools("none", tuple(_asking(rules)))


def _asking(rules: list[Rule]) -> Iterator[Rule]:
    """Of two definitions of one tool the one that asks."""
    asked = {(r.tool.name, r.scope) for r in rules if r.approval == "ask"}
    seen = set()
    for rule in rules:
        key = (rule.tool.name, rule.scope)
        if key not in seen and (key not in asked or rule.approval == "ask"):
            seen.add(key)
            yield rule


def _kind(item: Node, row: Field, words: Words) -> tuple[str, Words | None]:
    """The word of a definition and what the description says of it, where it may stand under this key."""
    node = item.get(words["key"]) if item.kind == "map" else None
    kind = node.text if node is not None and node.kind == "scalar" else ""
    return kind, words["words"].get(kind) if kind in row.fact("kinds", ()) else None


def _policy(item: Node, words: Words, at: str, ctx: Context) -> Approval:
    """Whether a tool asks. What is neither yes nor no is taken for a question."""
    node = item.get(words["policy"]) if item.kind == "map" else None
    if node is None or (isinstance(node.value, bool) and not node.value) or node.text.lower() in NO:
        return "auto"
    if node.value is not True and node.text.lower() not in ("true", "yes", "on", "y", "t", "1"):
        wrong(f"`{words['policy']}` of `{at}` must be true or false", at, node, ctx, "taken for true")
    return "ask"


def _of_name(item: Node, facts: Words, words: Words, at: str, ctx: Context) -> Iterator[Rule]:
    """A tool that is known by its name; of one that nobody else has nothing is given."""
    name = _name(item, facts, words)
    if name is None:
        wrong(f"`{at}` has no `{facts['names']}`", at, item, ctx)
        return
    policy = _policy(item, words, at, ctx)
    if (own := ctx.spec.tools.own(name)) is not None and not own.set_up:
        yield Rule("allow", own.tool(name), None, policy, at)


def _name(item: Node, facts: Words, words: Words) -> str | None:
    node = item.get(str(facts.get("names") or words["single"]))
    return node.text if node is not None and isinstance(node.value, str) else None


def _of_text(item: Node, facts: Words, words: Words, at: str, ctx: Context) -> Iterator[Rule]:
    """What a fixed text limits, such as an address."""
    text = str(value_at(item.data(), facts["text"]) or "?")
    ctx.say("T030", f"`{text}` of a `{facts['gives']}` has no place in other programs", at, item)
    tool = ctx.spec.tools.names[facts["gives"]].tool()
    yield Rule("allow", tool, Scope(UNSAYABLE, text), _policy(item, words, at, ctx), at)


# -- MCP servers ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """Tools of an MCP server: what the server is called, the way to it, and the one tool that is meant."""

    at: str
    item: Node
    name: str
    config: Mapping[str, Any] | None
    member: str | None
    facts: Words


def _boxes(node: Node, row: Field, spec: Spec, top: Node | None) -> Iterator[Box]:
    """The servers of a list. Two ways to a server are two servers, whatever they are called, here and in the lists
    before this one."""
    words = spec.tools.fact("sets")
    seen: dict[str, Mapping[str, Any] | None] = {}
    for key in [r.key for r in spec.fields.values() if r.type == "toolsets"]:
        if key == row.key:
            break
        if top is not None and (other := top.get(key)) is not None:
            seen |= {one.name: one.config for one in _boxes(other, spec.fields[key], spec, top)}
    for n, item in enumerate(node.items if node.kind == "list" else ()):
        _, facts = _kind(item, row, words)
        if facts is None or not facts.get("server"):
            continue
        data = as_texts(item).data()
        config = servers_config(data, facts)
        told = value_at(data, facts["server"])
        name = told if isinstance(told, str) and told else f"server-{n + 1}"
        unlike = sum(1 for known, other in seen.items() if known.partition("#")[0] == name and other != config)
        if unlike and seen.get(name) != config:
            name = f"{name}-{unlike + 1}"
        seen[name] = config
        yield Box(
            f"{row.key}[{n}]", item, name, config, _name(item, facts, words) if facts.get("names") else None, facts
        )


def _of_server(one: Box, words: Words, ctx: Context) -> Iterator[Rule]:
    policy = _policy(one.item, words, one.at, ctx)
    if one.config is None:
        wrong(f"`{one.at}` says no way to its MCP server", one.at, one.item, ctx, "what it names is read all the same")
    if one.facts.get("names"):
        if one.member is None:
            wrong(f"`{one.at}` has no `{one.facts['names']}`", one.at, one.item, ctx)
            return
        yield Rule("allow", server_tool(one.name, one.member, ctx.spec), None, policy, one.at)
        return
    filter = one.item.get(words["members"])
    place = f"{one.at}.{words['members']}"
    if filter is None or (filter.kind == "scalar" and filter.value is None):
        yield Rule("allow", server_tool(one.name, None, ctx.spec), None, policy, one.at)
        return
    if filter.kind != "list":
        wrong(f"`{place}` must be a list of names", place, filter, ctx)
        return
    if not filter.items:  # the program filters by nothing; its author hardly means everything by it
        text = f"{ctx.spec.seen} takes an empty `{words['members']}` for every tool of the server; taken as none"
        ctx.say("R011", text, place, filter, effect="narrows")
        if not ctx.author:
            yield Rule("allow", server_tool(one.name, None, ctx.spec), None, policy, one.at)
    for n, item in enumerate(filter.items):
        name = item.get(words["single"]) if item.kind == "map" else item
        if name is None or name.kind != "scalar" or not isinstance(name.value, str) or not name.text:
            wrong(f"`{place}[{n}]` is no name", f"{place}[{n}]", item, ctx)
            continue
        asks: Approval = "ask" if "ask" in (policy, _policy(item, words, f"{place}[{n}]", ctx)) else "auto"
        yield Rule("allow", server_tool(one.name, name.text, ctx.spec), None, asks, f"{place}[{n}]")


def servers_of(node: Node, row: Field, spec: Spec, top: Node | None) -> dict[str, Any]:
    """The servers as the model has them: name -> the way to it."""
    return {one.name: one.config for one in _boxes(node, row, spec, top) if one.config is not None}


def rest_of_definitions(node: Node, row: Field, spec: Spec, top: Node | None) -> Iterator[Extra]:
    """What definitions say beside all that, by the name of the tool: of one that nobody else has, everything."""
    words = spec.tools.fact("sets")
    boxes = {one.at: one for one in _boxes(node, row, spec, top)}
    for n, item in enumerate(node.items if node.kind == "list" else ()):
        kind, facts = _kind(item, row, words)
        if facts is None:
            continue
        at = f"{row.key}[{n}]"
        name = boxes[at].name if at in boxes else _name(item, facts, words) or kind
        own = spec.tools.own(name) if facts.get("names") and at not in boxes else None
        if at not in boxes and (own is None or own.set_up):
            yield Extra(f"{row.key}.{name}", item.data(), spec.id)
            continue
        taken = {words["key"], words["single"], words["policy"], words["members"], "id", facts.get("names")}
        if facts.get("server") and facts.get("names"):
            taken |= {"description", "inputs", "outputs"}  # what its server says of a tool itself
        usual = definition(own.name if own else "", spec)
        said = {k: v for k, v in item.data().items() if k not in taken and v not in (None, [], {})}
        rest = {k: v for k, v in said.items() if usual.get(k) != v}
        for path in (*facts.get("config", ()), *facts.get("beside", ())) if at in boxes else ():
            _drop(rest, path.split("."))
        if rest:
            yield Extra(f"{row.key}.{name}", rest, spec.id)


def _drop(data: dict[str, Any], path: list[str]) -> None:
    first, *more = path
    if more and isinstance(inner := data.get(first), dict):
        _drop(inner, more)
        inner = {k: v for k, v in inner.items() if v not in (None, [], {})}
        data[first] = inner
    if not more or not data.get(first):
        data.pop(first, None)


# -- writing ----------------------------------------------------------------------------------


def definition(name: str, spec: Spec) -> dict[str, Any]:
    """What is written of a tool beside its name: its purpose and what it is called with."""
    facts = (spec.tools.fact("names") or {}).get(name) or {}
    return dict(facts.get("define") or {})


def as_definitions(tools: Tools, spec: Spec) -> Tools:
    """The same rules in the order and the number in which the definitions say them."""
    if tools.base is None and not tools.rules:
        return tools
    allowed = [r for r in tools.rules if r.effect == "allow" and r.scope is None]
    own = {found.name: r for r in allowed if not r.tool.server and (found := spec.tools.own(r.tool.name))}
    out = [own[name] for name in spec.tools.names if name in own]
    whole = {r.tool.server for r in allowed if r.tool.server and r.tool.member is None}
    for server in dict.fromkeys(r.tool.server for r in allowed if r.tool.server):
        mine = [r for r in allowed if r.tool.server == server]
        out += [r for r in mine if r.tool.member is None or server not in whole]
    rules = (Rule("allow", _plain(r.tool), None, r.approval or "auto", r.at) for r in out)
    return Tools("none", tuple(_asking(list(rules))))


def _plain(tool: Tool) -> Tool:
    return Tool(tool.name, server=tool.server, member=tool.member) if tool.server else tool


def definitions_value(row: Field, agent: Agent, spec: Spec, extras: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The definitions for an agent's tools; ``None`` where nothing is said."""
    words = spec.tools.fact("sets")
    rules = as_definitions(agent.tools, spec).rules
    kinds: dict[str, Words] = {kind: words["words"][kind] for kind in row.fact("kinds", ())}
    beside = {k: extras.pop(k) for k in [k for k in extras if k.startswith(f"{row.key}.")]}
    out: list[dict[str, Any]] = []
    for kind, facts in kinds.items():
        if facts.get("server") and not facts.get("names"):
            out += _server_entries(kind, facts, words, rules, agent.mcp_servers or {})
        elif facts is next((f for f in kinds.values() if f.get("names")), None):
            out += [_entry(kind, r, facts, words, spec) for r in rules if not r.tool.server]
    for key, more in beside.items():
        name = key.removeprefix(f"{row.key}.")
        known = next((e for e in out if e.get(words["single"]) == name), None)
        if known is not None:
            _merge(known, more)
        elif isinstance(more, Mapping) and words["key"] in more:
            out.append(dict(more))
    named = any(facts.get("names") for facts in kinds.values())
    return out if out or (named and agent.tools.base is not None) else None


def _merge(entry: dict[str, Any], more: Mapping[str, Any]) -> None:
    """What the file says of a tool itself stands before what is written of such a tool elsewhere."""
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(inner := entry.get(key), dict):
            _merge(inner, value)
        else:
            entry[key] = value


def _entry(kind: str, rule: Rule, facts: Words, words: Words, spec: Spec) -> dict[str, Any]:
    found = spec.tools.own(rule.tool.name)
    made = {words["key"]: kind, facts["names"]: rule.tool.name, **definition(found.name if found else "", spec)}
    return made | ({words["policy"]: True} if rule.approval == "ask" else {})


def _server_entries(
    kind: str, facts: Words, words: Words, rules: tuple[Rule, ...], servers: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """An entry for each server, with the way to it and those of its tools that are there."""
    for server in dict.fromkeys(r.tool.server for r in rules if r.tool.server):
        mine = [r for r in rules if r.tool.server == server]
        entry: dict[str, Any] = {words["key"]: kind, facts["server"]: server}
        if any(r.approval == "ask" for r in mine if r.tool.member is None):
            entry[words["policy"]] = True
        config = servers.get(server) or {}
        back = {ours: theirs for theirs, ours in reversed(list((facts.get("types") or {}).items()))}
        for theirs, ours in facts["config"].items():
            if ours in config:
                value = config[ours]
                put_at(entry, theirs.split("."), back.get(value, value) if ours == "type" else value)
        for path, text in (facts.get("beside") or {}).items():
            put_at(entry, path.split("."), str(text).format(server=server))
        if members := [r for r in mine if r.tool.member]:
            entry[words["members"]] = [_member(r, facts, words) for r in members]
        yield entry


def _member(rule: Rule, facts: Words, words: Words) -> Any:
    if rule.approval != "ask":
        return rule.tool.member
    return {words["key"]: facts["member"], words["single"]: rule.tool.member, words["policy"]: True}
