"""One entry of a file -> an agent: its keys through the rows of the description."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from agentconv.containers import MAX_RULES, Document, Node
from agentconv.containers.wrapping import as_body
from agentconv.model import Agent
from agentconv.naming import legal as is_legal
from agentconv.naming import taken
from agentconv.notes import Note, note
from agentconv.reading import indirect
from agentconv.reading.belowkeys import keys_below, read_whole, tell, unread
from agentconv.reading.besides import besides
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Context, Get, Read, Refused, too_many
from agentconv.reading.deadrules import without_moot_limits
from agentconv.reading.keys import Keys, top_values
from agentconv.reading.namedfiles import named_in_body
from agentconv.reading.toolkeys import (
    alone_counts,
    behind,
    in_front,
    not_started,
    of_own_servers,
    settled,
    unnamed,
    withheld,
)
from agentconv.reading.toolrows import only_servers, say_absent
from agentconv.spec import Field, Spec


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
    values = top_values(spec, entry)
    below = list(keys_below(spec, entry)) if author else []
    values = [(key, node) for key, node in values if key not in read_whole(below)]
    values += ((inner.key.text, inner.value) for _, inner in below)
    spec = spec.of_mode(_mode(spec, dict(values), forced))
    ctx = Context(spec, author, path, document.text, get=get, top=document.header)
    values += indirect.declared(dict(values), ctx).items()
    said, rows = dict(values), unread(indirect.demanded(spec, dict(values)), below)
    ctx.keys, ctx.alone = frozenset(said), alone_counts(spec, said)
    keys = Keys(ctx, document, entry)
    tell(below, ctx)
    if problems := _read_keys(keys, values, rows, said, id) or _settle_fields(keys, rows, said):
        return problems
    if spec.container.get("template"):
        from agentconv.reading.placeholders import check_placeholders

        check_placeholders(ctx, entry)
    fields = keys.fields
    tools = settled(keys.tools(), said, ctx)
    for row in spec.rows_with("absent_unless"):
        unsaid = row.key not in said or not (author or fields.get(str(row.field)))  # a list of none says nothing there
        if unsaid and any(row.fact("absent_unless") in r.tool.caps for r in tools.rules):
            fields.pop(str(row.field), None)
    for at, held in (("tools", tools.rules), ("delegates", fields.get("delegates") or ())):
        if len(held) > MAX_RULES:
            return too_many(ctx, f"more than {MAX_RULES} of `{at}`", at, keys.where.get(at, entry))
    say_absent(tools, ctx, entry)
    tools = of_own_servers(tools, fields, keys.where, ctx)
    if fields.get("mcp_servers"):
        from agentconv.reading.ownservers import awake

        awake(tools, fields, keys.where, ctx)
    if author or spec.tools.mcp.get("only_holds"):
        tools = only_servers(tools, entry, ctx)
    fields.update(forced)
    tools = unnamed(withheld(tools, fields, ctx), fields, ctx)
    if spec.tools.starts_with:
        not_started(tools, keys.where.get("tools", entry), ctx)
    if author and ctx.notes:
        ctx.notes = without_moot_limits(tools, ctx)
    extras = (*fields.pop("extras", ()), *keys.extras)
    given = _frozen(fields)
    own_id = given.pop("id", None) if spec.identity.get("over") == "id" else None
    given["id"] = own_id or _identity(spec, given, id)
    if gone := (spec.identity.get("put_together") or {}).get(given["id"]):
        tools = in_front(tools, gone, spec)
    if not author and given["id"] in (own := spec.identity.get("own_rules") or {}):
        tools = behind(tools, own[given["id"]], spec)
    agent = Agent(tools=tools, extras=extras, **given)
    _unusable(spec, agent, ctx, keys.where.get("name"), id)
    return Read(agent, ctx.notes, keys.where, ctx.tokens, entry, keys=ctx.respelt)


def _mode(spec: Spec, values: Mapping[str, Node], forced: Mapping[str, Any]) -> str | None:
    """Whether the agent is a session of its own, on which it depends what tools there are."""
    row = spec.by_field.get("mode")
    if row is None or "mode" in forced:
        return forced.get("mode")
    node = values.get(row.key)
    return row.to_model.get(node.value) if node is not None and node.kind == "scalar" else row.fact("absent")


Rows = Mapping[str, Field]


def _read_keys(keys: Keys, values: list[tuple[str, Node]], rows: Rows, said: dict[str, Node], id: str) -> list[Note]:
    """Each key by its row; ``said`` gets those that stand beside the entry."""
    ctx, spec, order, above = keys.ctx, keys.spec, keys.spec.order, None
    if ctx.get is not None and spec.tables.get("above"):
        from agentconv.reading.above import put_under, said_above

        named = said.get(str(spec.identity.get("over") or ""))
        above = said_above(ctx, named.text if named is not None else id)
        keys.shared, keys.under, keys.above = above.every, above.own, above.found
    for key, node in sorted(values, key=lambda v: order.get(v[0], len(order))):
        if problems := keys.take(key, node, rows.get(key)):
            return problems
    alone = keys.entry is keys.document.header  # an agent that is the whole of the file: nothing stands beside it
    for key, node, row in () if alone else besides(spec, keys.document):
        if problems := keys.take_beside(key, node, row):
            return problems
        said.setdefault(key, node)
    for pair in keys.document.outside:
        keys.outside(pair.key.text, pair.value)
    if above is not None:
        put_under(above, keys.fields, keys.extras, ctx)
    return []


def _settle_fields(keys: Keys, rows: Rows, said: Mapping[str, Node]) -> list[Note]:
    """What the fields are where they are not said, and what the keys are together; then the prompt."""
    ctx, spec, fields, entry = keys.ctx, keys.spec, keys.fields, keys.entry
    for row in spec.rows_with("absent"):
        if row.field:
            fields.setdefault(row.field, row.fact("absent"))
    _check_together(said, entry, ctx)
    indirect.look_up(spec, said, fields)
    indirect.split_off(spec, fields, keys.where, ctx)
    if problems := _missing(rows, set(said), fields, ctx, entry):
        return problems
    _take_body(keys.document, fields, ctx, entry)
    if fields.get("prompt") is None and spec.container.get("prompt_by"):
        from agentconv.reading.namedfiles import named_by_key

        fields["prompt"] = named_by_key(keys.extras, ctx)
    if spec.tables.get("prompt_mode"):
        fields["prompt_mode"] = spec.tables["prompt_mode"]
    return []


def _check_together(said: Mapping[str, Node], entry: Node | None, ctx: Context) -> None:
    """What is wrong with keys beside each other, each of which is right by itself."""
    spec = ctx.spec
    for row, missing in indirect.lacking(spec, said):
        ctx.refuse(row.fact("bad"), f"`{row.key}` without `{missing}`")
        at = said.get(row.key) or _place_of(row.key, entry)
        ctx.say("R012", f"`{row.key}` without `{missing}`: {spec.seen} does not load this file", row.key, at)
    for row, node, problem, help in (*indirect.filled(spec, said), *indirect.unfit(spec, said)):
        ctx.refuse(row.fact("bad"), problem)
        ctx.say("R012", f"{problem}: {spec.seen} does not load this file", row.key, node, help=help)


def _take_body(document: Document, fields: dict[str, Any], ctx: Context, entry: Node | None) -> None:
    """The text below the header, behind a prompt that stands in it."""
    if ctx.spec.syntax == "frontmatter":
        body = named_in_body(_body(document, ctx.spec, ctx.author), ctx)
        above = fields.get(ctx.spec.body_field)
        fields[ctx.spec.body_field] = f"{above.rstrip()}\n\n{body}".rstrip() if isinstance(above, str) else body
        _check_body(body, ctx.spec, ctx, entry)
    elif ctx.spec.container.get("prompt_files"):
        from agentconv.reading.namedfiles import beside

        fields[ctx.spec.body_field] = beside(ctx)
    elif isinstance(fields.get("prompt"), str):
        fields["prompt"] = fields["prompt"].rstrip("\r\n")  # final line ends are no part of a prompt


def _check_body(body: str, spec: Spec, ctx: Context, entry: Node | None) -> None:
    """Texts for which the program leaves the file out."""
    for pattern in spec.container.get("refuses", ()):
        if found := re.search(pattern, body):
            ctx.refuse("refuse", f"`{found[0]}` in the prompt")
            ctx.say("R012", f"`{found[0]}` in the prompt: {spec.seen} leaves the file out", "prompt", entry)
    if not body.strip() and (word := spec.container.get("empty_body")):
        ctx.refuse(word, "there is no text below the header")
        ctx.say("R012", f"no text below the header: {spec.seen} does not load this agent", "prompt", entry)


def _unusable(spec: Spec, agent: Agent, ctx: Context, at: Node | None, key: str) -> None:
    """A name that the program keeps for itself or that is none to it, or a prompt that is too short for it."""
    dropped = spec.identity.get("taken_are") == "dropped"
    exact = dropped or spec.identity.get("taken_case") == "counts"
    lost = spec.identity.get("taken") or () if exact else taken(spec)
    if unless := spec.identity.get("taken_unless"):
        lost = () if any(unless.get(one.key) == one.value for one in agent.extras) else lost
    names = [str(name) for name in dict.fromkeys((agent.name or agent.id, agent.id))]
    if name := next((name for name in names if (name if exact else name.lower()) in lost), None):
        ctx.refuse("skipped" if dropped else "refuse", f"`{name}` is taken")
        said = " and ".join(f"`{key}: {str(value).lower()}`" for key, value in (unless or {}).items())
        without = f" without {said}" if said else ""
        text = f"{spec.seen} lets no agent have the name `{name}`{without}: it does not load this file"
        ctx.say("R012", text, "name", at)
    if spec.identity.get("stem_legal") and not agent.name and not is_legal(agent.id, spec.identity.get("name")):
        ctx.refuse("refuse", f"the file's name `{agent.id}` is no legal name")
        text = f"the file's name stands for the missing `name`, and {spec.seen} takes no agent called `{agent.id}`"
        ctx.say("R012", text, "name", None)
    if (legal := spec.identity.get("key")) and not re.fullmatch(str(legal), agent.id, re.S):
        ctx.refuse("refuse-all", f"the name `{agent.id}` is not allowed")
        ctx.say("R012", f"{spec.seen} refuses an agent of the name `{agent.id}`", "id", None)
    differs = spec.identity.get("name_differs")
    there = "" if not differs else key if spec.many else PurePosixPath(ctx.path).parent.name
    if there and agent.name and unicodedata.normalize("NFKC", agent.name) != unicodedata.normalize("NFKC", there):
        of = "its key" if spec.many else "its folder"
        does = "starts no such agent" if spec.many else "does not load this file"
        ctx.refuse(differs, f"the name `{agent.name}` is not that of {of}")
        text = f"the name `{agent.name}` is not that of {of}, `{there}`: {spec.seen} {does}"
        ctx.say("R012", text, "name", at)
    least = (spec.tables.get("limits") or {}).get("prompt_min")
    if least and len((agent.prompt or "").replace("\r\n", "\n").strip()) < int(least):
        problem = f"the prompt has less than {least} characters" if int(least) > 1 else "there is no prompt"
        ctx.refuse("refuse", problem)
        ctx.say("R012", f"{problem}: {spec.seen} does not load this file", "prompt", None)


def _missing(
    rows: Mapping[str, Field], keys: set[str], fields: dict[str, Any], ctx: Context, entry: Node | None
) -> list[Note]:
    problems: list[Note] = []
    for row in ctx.spec.rows_with("required"):
        row = rows[row.key]  # as it holds for this entry
        if not row.fact("required") or row.field in fields or (row.key in keys and row.type in TOOL_TYPES):
            continue
        if row.fact("missing") == "taken":
            continue
        if row.key in keys and (row.fact("missing") != "skipped" or row.fact("form")):
            continue  # its value was bad and has been spoken of
        if row.type == "map" and any(key.startswith(f"{row.key}.") for key in keys):
            continue  # rows of its own took all that stood in it
        if not ctx.author:
            raise Refused(f"no `{row.key}`", str(row.fact("bad")) == "refuse-all", row.fact("missing") == "skipped")
        if row.fact("missing") == "skipped" and not _meant(rows, keys | {str(one.new) for one in ctx.respelt}, fields):
            line, column = (entry.line, entry.column) if entry else (1, 1)
            text = f"no `{row.key}`: {ctx.spec.program} takes this file for a document beside the agents"
            helps = f"an agent needs `{row.key}:`"
            problems.append(note("R018", text, file=ctx.path, line=line, column=column, help=helps))
        else:
            text = f"no `{row.key}`: {ctx.spec.seen} does not load this agent"
            ctx.say("R012", text, row.field or row.key, _place_of(row.key, entry))
    return problems


def _place_of(key: str, entry: Node | None) -> Node | None:
    """Where a key would stand: in the innermost map of its path that is there."""
    for part in key.split("."):
        inner = entry.get(part) if entry is not None and entry.kind == "map" else None
        if inner is None:
            break
        entry = inner
    return entry


def _meant(rows: Mapping[str, Field], keys: set[str], fields: Mapping[str, Any]) -> bool:
    """Whether a file that the program takes for a document was written as an agent: it says what it is, and with which
    tools or model."""
    says = any((row := rows.get(key)) is not None and (row.type in TOOL_TYPES or row.field == "model") for key in keys)
    return says and bool(fields.get("description") or fields.get("name"))


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
