"""One entry of a file -> an agent: its keys through the rows of the description."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from agentconv.containers import MAX_NODES, MAX_RULES, Document, Node, too_many_names
from agentconv.containers.wrapping import as_body
from agentconv.model import Agent, Base, Extra, Rule, Tool, Tools
from agentconv.naming import taken
from agentconv.notes import Note, note
from agentconv.reading import indirect
from agentconv.reading.codecs import TOOL_TYPES, read_value
from agentconv.reading.context import UNSAID, Context, Get, Read, Refused, too_many
from agentconv.reading.miswritten import respelt
from agentconv.reading.modelcodec import read_model_tools
from agentconv.reading.namedfiles import named_in_body
from agentconv.reading.switches import read_switch
from agentconv.reading.toolcodecs import read_deny, read_tools
from agentconv.reading.toolkeys import only_limits, read_rules, settled, unnamed, withheld
from agentconv.reading.toolmaps import read_bools, read_groups, read_permission
from agentconv.reading.toolsettings import read_settings
from agentconv.spec import Field, Spec, all_caps, risk


def read_entry(
    spec: Spec,
    document: Document,
    entry: Node | None,
    id: str,
    forced: Mapping[str, Any],
    path: str,
    *,
    author: bool,
    get: Get | None = None,
) -> Read | list[Note]:
    """The agent that an entry says, or what is wrong where the program takes it for something else."""
    ctx = Context(spec, author, path, document.text, get=get)
    fields: dict[str, Any] = {}
    where: dict[str, Node] = {}
    extras: list[Extra] = []
    base: Base | None = None
    rules: list[Rule] = []
    early: list[Rule] = []
    limits: list[Rule] = []  # of a key that the program does not read
    order = spec.order
    values = top_values(spec, entry)
    rows = indirect.demanded(spec, dict(values))
    ctx.keys = frozenset(key for key, _ in values)
    for key, node in sorted(values, key=lambda v: order.get(v[0], len(order))):
        row = rows.get(key)
        where[key] = node
        if key in spec.container.get("passed_over", ()):
            continue
        if row is None and author and key and key == document.prompt_key and isinstance(node.value, str):
            where[spec.body_field] = node
            fields[spec.body_field] = node.text
            continue
        if row is None and author:
            row = respelt(key, entry, ctx)
        if row is None:
            if not author and spec.container.get("unknown_keys") == "refused":
                raise Refused(f"unknown key `{key}`")
            extras.append(Extra(key, node.data(), spec.id))
            continue
        if kind := _other_kind(row, node):
            if not author:
                raise Refused(f"the definition of {kind}", skipped=True)
            text = f"this is the definition of {kind}: there is nothing in it that another program could run"
            return [note("R016", text, path=key, file=path, line=node.line, column=node.column)]
        where.setdefault(row.field or key, node)
        if row.type not in ("string", "text", "prompt-parts") and too_many_names(node):
            return too_many(ctx, f"`{key}` holds more than {MAX_NODES} names", key, node)
        if row.fact("refused"):
            ctx.refuse("refuse", f"unknown key `{key}`")
            ctx.say("R012", f"`{key}` is no key of {spec.seen}: it does not take this file", row.field or key, node)
        if row.type in TOOL_TYPES:
            if _tools_here(row, node, ctx):
                base, more, first = _tool_row(row, node, ctx, base, early + rules)
                if row.fact("limits_only"):
                    limits += only_limits(more, Tools(base, tuple(early + rules)), spec)
                else:
                    (early if first else rules).extend(more)
            elif row.fact("shape") == node.kind:  # a table of the program's own
                extras.append(Extra(key, node.data(), spec.id))
            continue
        value = read_value(node, row, ctx)
        if value is UNSAID or (not author and not row.applied and not row.written):
            continue
        if row.field is None:
            meant_word = row.to_program.get(value) if row.to_model and isinstance(value, str) else None
            own = node.data() if meant_word is None else meant_word
            extras.append(Extra(key, own, spec.id, is_limit(row, own)))
            rules.extend(_denied(row, value, key))
        elif row.field == "prompt_parts":
            fields.setdefault("prompt_parts", {}).update(value)
        else:
            there = next((f for other, f in (row.fact("beside") or {}).items() if other in ctx.keys), row.field)
            fields.setdefault(there, value)  # rows stand in the order in which the program prefers them
    for row in spec.rows_with("absent"):
        if row.field:
            fields.setdefault(row.field, row.fact("absent"))
    indirect.look_up(spec, dict(values), fields)
    indirect.split_off(spec, fields)
    if problems := _missing(rows, {key for key, _ in values}, fields, ctx, entry):
        return problems
    if spec.syntax == "frontmatter":
        body = named_in_body(_body(document, spec, author), ctx)
        above = fields.get(spec.body_field)  # a prompt in the header, and perhaps another one below it
        fields[spec.body_field] = f"{above.rstrip()}\n\n{body}".rstrip() if isinstance(above, str) else body
        _check_body(body, spec, ctx, entry)
    elif isinstance(fields.get("prompt"), str):
        fields["prompt"] = fields["prompt"].rstrip("\r\n")  # final line ends are no part of a prompt
    if spec.tables.get("prompt_mode"):
        fields["prompt_mode"] = spec.tables["prompt_mode"]
    tools = settled(_with_all(Tools(base, (*_joined(spec, early, rules), *limits)), spec), dict(values), ctx)
    for at, held in (("tools", tools.rules), ("delegates", fields.get("delegates") or ())):
        if len(held) > MAX_RULES:
            return too_many(ctx, f"more than {MAX_RULES} of `{at}`", at, where.get(at, entry))
    _say_absent(spec, tools, ctx, entry)
    if author or spec.tools.mcp.get("only_holds"):
        tools = _only_servers(tools, entry, ctx)
    fields.update(forced)
    tools = unnamed(withheld(tools, fields, ctx), fields, ctx)
    extras[:0] = fields.pop("extras", ())
    given = _frozen(fields)
    own_id = given.pop("id", None) if spec.identity.get("over") == "id" else None
    given["id"] = own_id or _identity(spec, given, id)
    agent = Agent(tools=tools, extras=tuple(extras), **given)
    _unusable(spec, agent, ctx, where.get("name"))
    return Read(agent, ctx.notes, where, ctx.tokens, entry, keys=ctx.respelt)


def _check_body(body: str, spec: Spec, ctx: Context, entry: Node | None) -> None:
    """Texts for which the program leaves the file out."""
    for pattern in spec.container.get("refuses", ()):
        if found := re.search(pattern, body):
            ctx.refuse("refuse", f"`{found[0]}` in the prompt")
            ctx.say("R012", f"`{found[0]}` in the prompt: {spec.seen} leaves the file out", "prompt", entry)
    if not body.strip() and (word := spec.container.get("empty_body")):
        ctx.refuse(word, "there is no text below the header")
        ctx.say("R012", f"no text below the header: {spec.seen} does not load this agent", "prompt", entry)


def _say_absent(spec: Spec, tools: Tools, ctx: Context, entry: Node | None) -> None:
    """A missing tool list is mostly everything; where it is nothing the reader should know."""
    if tools.base is None and not tools.rules and spec.tools.fact("absent") == "none":
        field = spec.tools.fact("field")
        ctx.say("R011", f"no `{field}`: {spec.seen} gives such an agent no tools", "tools", entry)


def _other_kind(row: Field, node: Node) -> str:
    """What else a file with this key, or this value of it, defines."""
    kinds = row.fact("other_kind")
    return str(kinds.get(node.text, "")) if isinstance(kinds, Mapping) else str(kinds or "")


def _unusable(spec: Spec, agent: Agent, ctx: Context, at: Node | None) -> None:
    """A name that the program keeps for itself, or a prompt that is too short for it."""
    name = str(agent.name or agent.id)
    dropped = spec.identity.get("taken_are") == "dropped"
    if name in spec.identity["taken"] if dropped else name.lower() in taken(spec):
        ctx.refuse("skipped" if dropped else "refuse", f"`{name}` is taken")
        text = f"{spec.seen} lets no agent have the name `{name}`: it does not load this file"
        ctx.say("R012", text, "name", at)
    if (legal := spec.identity.get("key")) and not re.fullmatch(str(legal), agent.id, re.S):
        ctx.refuse("refuse-all", f"the name `{agent.id}` is not allowed")
        ctx.say("R012", f"{spec.seen} refuses an agent of the name `{agent.id}`", "id", None)
    folder = unicodedata.normalize("NFKC", PurePosixPath(ctx.path).parent.name)
    differs = spec.identity.get("name_differs")
    if differs and folder and agent.name and unicodedata.normalize("NFKC", agent.name) != folder:
        ctx.refuse(differs, f"the name `{agent.name}` is not that of its folder")
        text = f"the name `{agent.name}` is not that of its folder, `{folder}`: {spec.seen} does not load this file"
        ctx.say("R012", text, "name", at)
    least = (spec.tables.get("limits") or {}).get("prompt_min")
    if least and len((agent.prompt or "").replace("\r\n", "\n").strip()) < int(least):
        ctx.refuse("refuse", f"the prompt has less than {least} characters")
        text = f"the prompt has less than {least} characters: {spec.seen} does not load this file"
        ctx.say("R012", text, "prompt", None)


def _tools_here(row: Field, node: Node, ctx: Context) -> bool:
    """Whether a key that is a tool list elsewhere is read as one here."""
    shape = row.fact("shape")
    if shape is None or node.kind == shape:
        return shape is None and (ctx.author or row.applied)  # what has the program's own shape is no list of tools
    ctx.refuse(row.fact("bad"), f"`{row.key}` must be a {shape}")
    if str(row.fact("bad")).startswith("refuse"):
        text = f"`{row.key}` must be a {shape}: {ctx.spec.seen} does not load this file; read as the tools it names"
        ctx.say("R012", text, "tools", node)
    return ctx.author


def _denied(row: Field, value: Any, key: str) -> list[Rule]:
    """A switch without a field in the model, as the rule that it is (Codex: ``features.shell_tool``)."""
    classes = (row.fact("denies") or {}).get(value, ()) if isinstance(value, (str, bool)) else ()
    caps = tuple(cap for cap in all_caps() if risk(cap) in classes)
    return [Rule("deny", Tool(key, caps), at=key)] if caps else []


def _only_servers(tools: Tools, entry: Node | None, ctx: Context) -> Tools:
    """A list of servers beside a word for all of them means only those."""
    key = ctx.spec.tools.mcp.get("only")
    holds = bool(ctx.spec.tools.mcp.get("only_holds"))
    node = entry.get(str(key)) if key and entry is not None else None
    if node is None or (node.kind != "list" and not (holds and node.kind == "scalar" and node.value is not None)):
        return tools
    texts = [i.text for i in node.items if i.kind == "scalar"] if node.kind == "list" else node.text.split(",")
    names = [(n, text.strip()) for n, text in enumerate(texts) if text.strip()]
    if holds and tools.base is None:
        tools = Tools("all", tools.rules)
    rules: list[Rule] = []
    base = tools.base
    if base == "all":  # every group is there, the one for MCP servers among them
        base = "builtin"
        rules = [Rule("allow", Tool(s, server=s), at=f"{key}[{n}]") for n, s in names]
    for rule in tools.rules:
        if rule.effect == "allow" and rule.tool.server == "*":
            rules += [Rule("allow", Tool(s, server=s), rule.scope, rule.approval, f"{key}[{n}]") for n, s in names]
        else:
            rules.append(rule)
    if (base, tuple(rules)) != (tools.base, tools.rules) and not holds:
        text = f"{ctx.spec.seen} drops `{key}` and gives every MCP server; taken as meant"
        ctx.say("T009", text, str(key), node)
    return Tools(base, tuple(rules))


def _joined(spec: Spec, early: list[Rule], rules: list[Rule]) -> tuple[Rule, ...]:
    """Old and new map together: a key in both keeps its place and takes the new value (OpenCode 1.18.33)."""
    if not spec.tools.fact("earlier") or not early:
        return tuple(early + rules)
    later = {r.tool.name for r in rules}
    out: list[Rule] = []
    for rule in early:
        if rule.tool.name in later:
            out += [r for r in rules if r.tool.name == rule.tool.name]
        else:
            out.append(rule)
    placed = {r.tool.name for r in early}
    return tuple(out + [r for r in rules if r.tool.name not in placed])


def _with_all(tools: Tools, spec: Spec) -> Tools:
    """A list of every group there is says *all*."""
    everything = spec.tools.fact("all")
    if not everything or tools.base != "none":
        return tools
    whole = {r.tool.name for r in tools.rules if r.effect == "allow" and r.scope is None}
    if set(everything) <= whole and all(r.effect == "allow" for r in tools.rules):
        return Tools("all")
    return tools


def top_values(spec: Spec, entry: Node | None) -> list[tuple[str, Node]]:
    """Keys with their values, dotted rows taken out of their maps; of doubles the one that counts."""
    if entry is None:
        return []
    first = (spec.container.get("dialect") or {}).get("duplicates") == "first"
    found: dict[str, Node] = {}
    dotted = spec.split_keys
    for pair in entry.pairs:
        key = pair.key.text
        if key in dotted and pair.value.kind == "map":
            for name, node in _below(key, pair.value, spec):
                found.setdefault(name, node)
            continue
        if first and key in found:
            continue
        found.pop(key, None)
        found[key] = pair.value
    return list(found.items())


def _below(key: str, node: Node, spec: Spec, owned: bool = False) -> list[tuple[str, Node]]:
    """The rows inside a map; where it (or one around it) is a row itself, what none of them took stays with that."""
    out: list[tuple[str, Node]] = []
    rest = replace(node, pairs=[])
    owned = owned or key in spec.fields
    for pair in node.pairs:
        inner = f"{key}.{pair.key.text}"
        if (
            inner not in spec.fields
            and pair.value.kind == "map"
            and any(k.startswith(inner + ".") for k in spec.fields)
        ):
            found = _below(inner, pair.value, spec, owned)
            out += [(k, n) for k, n in found if k != inner]
            rest.pairs += [replace(pair, value=n) for k, n in found if k == inner]
        elif inner in spec.fields or not owned:
            out.append((inner, pair.value))
        else:
            rest.pairs.append(pair)
    if owned and (rest.pairs or not node.pairs):
        out.insert(0, (key, rest))
    return out


Control = tuple[Base | None, list[Rule], bool]  # base, rules, and whether they stand before the rest


def _tool_row(row: Field, node: Node, ctx: Context, base: Base | None, so_far: list[Rule]) -> Control:
    """A key that bears on tools. The program reading has neither notes nor places, so equal values give equal rules:
    those of the last files are kept, for most agents of a project have one of a few lists."""
    whole = row is ctx.spec.fields[row.key] and row.type != "model-tools"  # nothing beside the value counts
    if ctx.author or so_far or not whole or node.end - node.start > LONGEST_KEPT:
        return _tool_row_anew(row, node, ctx, base, so_far)
    key = (ctx.spec, row.key, base, node.shape())
    if (known := _SEEN.get(key)) is None:
        if len(_SEEN) >= MOST_SEEN:
            _SEEN.clear()
        known = _SEEN[key] = _tool_row_anew(row, node, ctx, base, so_far)
    return known[0], list(known[1]), known[2]


MOST_SEEN, LONGEST_KEPT = 2000, 4000  # values, and characters of one
_SEEN: dict[tuple[Any, ...], Control] = {}


def _tool_row_anew(row: Field, node: Node, ctx: Context, base: Base | None, so_far: list[Rule]) -> Control:
    """The rules of a key; an old map stands before the new one, which overrides it."""
    if not row.applied and row.fact("shape") is None:
        text = f"{ctx.spec.seen} does nothing with `{row.key}`; taken as meant"
        ctx.say("T009", text, row.key if row.type == "deny-tools" else "tools", node)
    if row.type == "tools":
        tools = read_tools(node, row, ctx)
        return tools.base, list(tools.rules), True
    if row.type == "model-tools":
        tools = read_model_tools(node, row, ctx)
        return tools.base, list(tools.rules), True
    if row.type == "groups":
        tools = read_groups(node, row, ctx)
        return tools.base, list(tools.rules), True
    if row.type == "tool-bools":
        said, rules = read_bools(node, row, ctx)
        return said if said is not None else base, list(rules), True
    if row.type == "switch":
        return base, list(read_switch(node, row, ctx)), False
    if row.type == "deny-tools":
        return base, list(read_deny(node, row, ctx)), False
    if row.type == "tool-settings":
        return base, list(read_settings(node, row, ctx, Tools(base, tuple(so_far)))), False
    if row.type == "permission-rules":
        return base, list(read_rules(node, row, ctx)), False
    return base, list(read_permission(node, row, ctx)), False


def is_limit(row: Field, value: Any) -> bool:
    """Whether losing this value lifts a limit."""
    limits = row.fact("limits")
    if isinstance(limits, list):
        if isinstance(value, Mapping):
            return any(k in limits for k in value)
        return value in limits
    return bool(limits) and value not in (None, False, "", [], {}, ())


def _missing(
    rows: Mapping[str, Field], keys: set[str], fields: dict[str, Any], ctx: Context, entry: Node | None
) -> list[Note]:
    problems: list[Note] = []
    for row in ctx.spec.rows_with("required"):
        row = rows[row.key]  # as it holds for this entry
        if not row.fact("required") or row.field in fields or (row.key in keys and row.type in TOOL_TYPES):
            continue
        if row.key in keys and row.fact("missing") != "skipped":
            continue  # its value was bad and has been spoken of
        if not ctx.author:
            raise Refused(f"no `{row.key}`", str(row.fact("bad")) == "refuse-all", row.fact("missing") == "skipped")
        if row.fact("missing") == "skipped":
            line, column = (entry.line, entry.column) if entry else (1, 1)
            text = f"no `{row.key}`: {ctx.spec.program} takes this file for a document beside the agents"
            helps = f"an agent needs `{row.key}:`"
            problems.append(note("R018", text, file=ctx.path, line=line, column=column, help=helps))
        else:
            ctx.say("R012", f"no `{row.key}`: {ctx.spec.seen} does not load this agent", row.field or row.key, entry)
    return problems


def _body(document: Document, spec: Spec, author: bool) -> str:
    """The prompt: the text after the header without leading blank lines and final line ends."""
    body = document.body
    trim = (spec.container.get("dialect") or {}).get("body", "trim")
    if not author and trim == "trim":
        return body.strip()
    return as_body(body)


def _identity(spec: Spec, fields: Mapping[str, Any], id: str) -> str:
    if spec.identity.get("by") == "name":
        return str(fields.get("name") or id)
    over = spec.identity.get("over")
    return str((over and over != "id" and fields.get(str(over))) or id)


def _frozen(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
