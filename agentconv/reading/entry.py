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
from agentconv.reading.besides import besides, brought, given, others, unknown_beside
from agentconv.reading.codecs import TOOL_TYPES, read_value
from agentconv.reading.context import UNSAID, Context, Get, Read, Refused, is_date, is_meant_date, too_many
from agentconv.reading.miswritten import respelt
from agentconv.reading.namedfiles import named_in_body
from agentconv.reading.roster import read_roster
from agentconv.reading.toolkeys import of_own_servers, only_limits, settled, unnamed, withheld
from agentconv.reading.toolrows import joined, only_servers, say_absent, tool_row, tools_here, with_all
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
    ctx = Context(spec, author, path, document.text, get=get, top=document.header)
    values = top_values(spec, entry)
    values += indirect.declared(dict(values), ctx).items()
    said, order, rows = dict(values), spec.order, indirect.demanded(spec, dict(values))
    ctx.keys = frozenset(said)
    keys, above = Keys(ctx, document, entry), None
    if get is not None and spec.tables.get("above"):
        from agentconv.reading.above import put_under, said_above

        named = said.get(str(spec.identity.get("over") or ""))
        above = said_above(ctx, named.text if named is not None else id)
        keys.shared, keys.under, keys.above = above.every, above.own, above.found
    for key, node in sorted(values, key=lambda v: order.get(v[0], len(order))):
        if problems := keys.take(key, node, rows.get(key)):
            return problems
    alone = entry is document.header  # an agent that is the whole of the file: nothing stands beside it
    for key, node, row in () if alone else besides(spec, document):
        if problems := keys.take_beside(key, node, row):
            return problems
        said.setdefault(key, node)
    fields = keys.fields
    if above is not None:
        put_under(above, fields, keys.extras, ctx)
    for row in spec.rows_with("absent"):
        if row.field:
            fields.setdefault(row.field, row.fact("absent"))
    for row, missing in indirect.lacking(spec, said):
        ctx.refuse(row.fact("bad"), f"`{row.key}` without `{missing}`")
        ctx.say("R012", f"`{row.key}` without `{missing}`: {spec.seen} does not load this file", row.key, entry)
    for row, node, problem, help in (*indirect.filled(spec, said), *indirect.unfit(spec, said)):
        ctx.refuse(row.fact("bad"), problem)
        ctx.say("R012", f"{problem}: {spec.seen} does not load this file", row.key, node, help=help)
    indirect.look_up(spec, said, fields)
    indirect.split_off(spec, fields)
    if problems := _missing(rows, set(said), fields, ctx, entry):
        return problems
    _take_body(document, fields, ctx, entry)
    if fields.get("prompt") is None and spec.container.get("prompt_by"):
        from agentconv.reading.namedfiles import named_by_key

        fields["prompt"] = named_by_key(keys.extras, ctx)
    if spec.tables.get("prompt_mode"):
        fields["prompt_mode"] = spec.tables["prompt_mode"]
    tools = settled(keys.tools(), said, ctx)
    for at, held in (("tools", tools.rules), ("delegates", fields.get("delegates") or ())):
        if len(held) > MAX_RULES:
            return too_many(ctx, f"more than {MAX_RULES} of `{at}`", at, keys.where.get(at, entry))
    say_absent(tools, ctx, entry)
    tools = of_own_servers(tools, fields, keys.where, ctx)
    if author or spec.tools.mcp.get("only_holds"):
        tools = only_servers(tools, entry, ctx)
    fields.update(forced)
    tools = unnamed(withheld(tools, fields, ctx), fields, ctx)
    extras = (*fields.pop("extras", ()), *keys.extras)
    given = _frozen(fields)
    own_id = given.pop("id", None) if spec.identity.get("over") == "id" else None
    given["id"] = own_id or _identity(spec, given, id)
    agent = Agent(tools=tools, extras=extras, **given)
    _unusable(spec, agent, ctx, keys.where.get("name"))
    return Read(agent, ctx.notes, keys.where, ctx.tokens, entry, keys=ctx.respelt)


WHOLE = ("string", "text", "prompt-parts", "data")  # types whose texts are never taken apart into names
MAPS = ("map", "tool-bools", "permission")


class Keys:
    """What the keys of an entry say, taken one after the other in the order in which the program prefers them."""

    def __init__(self, ctx: Context, document: Document, entry: Node | None) -> None:
        self.ctx, self.spec, self.document, self.entry = ctx, ctx.spec, document, entry
        self.fields: dict[str, Any] = {}
        self.where: dict[str, Node] = {}  # field of the model, or key -> its place
        self.extras: list[Extra] = []
        self.base: Base | None = None
        self.early: list[Rule] = []  # of an old map, which a newer one overrides
        self.shared: tuple[list[Rule], list[Rule]] = [], []  # early ones and others, of keys beside the entries
        self.under: tuple[list[Rule], list[Rule]] = [], []  # the same of another entry for this agent
        self.above: list[str] = []  # the files that hold such rules
        self.rules: list[Rule] = []
        self.limits: list[Rule] = []  # of a key that the program does not read

    def take(self, key: str, node: Node, row: Field | None) -> list[Note]:
        """One key; what it says if the file is no agent for it."""
        ctx, spec = self.ctx, self.spec
        self.where[key] = node
        if key in spec.container.get("passed_over", ()):
            return []
        if row is None and ctx.author:
            if key and key == self.document.prompt_key and isinstance(node.value, str):
                self.where[spec.body_field] = node
                self.fields[spec.body_field] = node.text
                return []
            row = respelt(key, self.entry, ctx)
        if row is None:
            if not ctx.author and spec.container.get("unknown_keys") == "refused":
                raise Refused(f"unknown key `{key}`")
            self.extras.append(Extra(key, node.data(), spec.id))
            return []
        if kind := _other_kind(row, node):
            if not ctx.author:
                raise Refused(f"the definition of {kind}", skipped=True)
            text = f"this is the definition of {kind}: there is nothing in it that another program could run"
            return [note("R016", text, path=key, file=ctx.path, line=node.line, column=node.column)]
        if row.type in MAPS and spec.container.get("dates") == "maps":
            if ctx.author and row.type == "map" and is_meant_date(node):
                text = f"`{key}` is a date, which {spec.seen} takes for a map without keys: left out"
                ctx.say("R007", text, row.field or key, node, effect="info")
                return []
            if is_date(node):
                node = Node("map", node.start, node.end, node.line, node.column, style="flow")
        self.where.setdefault(row.field or key, node)
        if row.type not in WHOLE and too_many_names(node):
            return too_many(ctx, f"`{key}` holds more than {MAX_NODES} names", key, node)
        if row.fact("refused"):
            ctx.refuse("refuse", f"unknown key `{key}`")
            ctx.say("R012", f"`{key}` is no key of {spec.seen}: it does not take this file", row.field or key, node)
        (self._tools if row.type in TOOL_TYPES else self._value)(key, node, row)
        return []

    def take_beside(self, key: str, node: Node, row: Field | None) -> list[Note]:
        """A key that stands beside the entries."""
        if row is None:
            self.extras.append(unknown_beside(key, node, self.ctx))
            return []
        return [] if row.fact("used") else self.take(key, node, row)

    def _tools(self, key: str, node: Node, row: Field) -> None:
        if not tools_here(row, node, self.ctx):
            if row.fact("shape") == node.kind:  # a table of the program's own
                self.extras.append(Extra(key, node.data(), self.spec.id))
            return
        if row.type == "toolsets":
            self._beside_sets(node, row)
        if row.type == "tool-settings" and self.ctx.author:
            from agentconv.reading.toolsettings import other_settings

            self.extras.extend(other_settings(node, row, self.spec))
        if row.fact("before"):
            _, more, first = tool_row(row, node, self.ctx, None, [])
            self.shared[0 if first else 1].extend(more)
            return
        self.base, more, first = tool_row(row, node, self.ctx, self.base, self.early + self.rules)
        if row.fact("limits_only"):
            self.limits += only_limits(more, Tools(self.base, tuple(self.early + self.rules)), self.spec)
        else:
            (self.early if first else self.rules).extend(more)

    def _beside_sets(self, node: Node, row: Field) -> None:
        """What sets of tools hold beside tools."""
        if self.spec.tools.fact("sets").get("single"):
            from agentconv.reading import tooldefs

            self.extras.extend(tooldefs.rest_of_definitions(node, row, self.spec, self.ctx.top))
            if servers := tooldefs.servers_of(node, row, self.spec, self.ctx.top):
                self.fields["mcp_servers"] = {**self.fields.get("mcp_servers", {}), **servers}
            return
        if self.spec.tools.fact("sets").get("members"):
            from agentconv.reading.membersets import rest_of_sets
            from agentconv.reading.setservers import servers_of

            self.extras.extend(rest_of_sets(node, row, self.spec, self.ctx.top))
            if servers := servers_of(node, row, self.spec, self.ctx.top):
                self.fields["mcp_servers"] = servers
            return
        from agentconv.reading.toolsets import defined_tools

        self.extras.extend(defined_tools(node, row, self.spec))

    def _value(self, key: str, node: Node, row: Field) -> None:
        value = read_value(node, row, self.ctx)
        if value is UNSAID or (not self.ctx.author and not row.applied and not row.written):
            return
        if row.fact("gives"):
            among = others(self.document, self.entry, self.spec) if row.fact("among") and value is True else None
            self.rules.extend(given(row, value if among is None else among, self.spec))
        if row.fact("adds") == "tools":
            made, value = brought(row, value, self.spec)
            self.rules.extend(made)
        if row.fact("form") or (row.field is None and row.fact("default") is not None and value == row.fact("default")):
            return
        if row.field is None:
            meant_word = row.to_program.get(value) if row.to_model and isinstance(value, str) else None
            own = node.data() if meant_word is None else meant_word
            self.extras.append(Extra(key, own, self.spec.id, is_limit(row, own)))
            if self.ctx.author or row.applied:
                self.rules.extend(_denied(row, value, key))
            if row.fact("roster"):
                self.rules.extend(read_roster(node, row, self.fields.get("name"), self.ctx))
        elif row.field == "prompt_parts":
            self.fields.setdefault("prompt_parts", {}).update(value)
        else:
            beside = row.fact("beside") or {}
            field = next((f for k, f in beside.items() if k in self.ctx.keys), row.field)
            if field is None:
                self.extras.append(Extra(key, node.data(), self.spec.id))
            else:
                self.fields.setdefault(field, value)

    def tools(self) -> Tools:
        """The tools by all keys that speak of them."""
        if self.above or any(self.shared):
            from agentconv.reading.above import within_the_list

            self.shared = within_the_list(self.shared, self.above, self.base == "none", self.ctx)
        shared = joined(self.spec, *self.shared)
        early, rules = self.early, self.rules
        if any(self.under):
            from agentconv.reading.above import merged

            early, rules = merged(self.under[0], early), merged(self.under[1], rules)
        own = joined(self.spec, early, rules)
        return with_all(Tools(self.base, (*shared, *own, *self.limits)), self.spec)


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


def _other_kind(row: Field, node: Node) -> str:
    """What else a file with this key, or this value of it, defines."""
    kinds = row.fact("other_kind")
    return str(kinds.get(node.text, "")) if isinstance(kinds, Mapping) else str(kinds or "")


def _unusable(spec: Spec, agent: Agent, ctx: Context, at: Node | None) -> None:
    """A name that the program keeps for itself, or a prompt that is too short for it."""
    dropped = spec.identity.get("taken_are") == "dropped"
    exact = dropped or spec.identity.get("taken_case") == "counts"
    lost = spec.identity.get("taken") or () if exact else taken(spec)
    names = [str(name) for name in dict.fromkeys((agent.name or agent.id, agent.id))]
    if name := next((name for name in names if (name if exact else name.lower()) in lost), None):
        ctx.refuse("skipped" if dropped else "refuse", f"`{name}` is taken")
        text = f"{spec.seen} lets no agent have the name `{name}`: it does not load this file"
        ctx.say("R012", text, "name", at)
    if (legal := spec.identity.get("key")) and not re.fullmatch(str(legal), agent.id, re.S):
        ctx.refuse("refuse-all", f"the name `{agent.id}` is not allowed")
        ctx.say("R012", f"{spec.seen} refuses an agent of the name `{agent.id}`", "id", None)
    differs = spec.identity.get("name_differs")
    folder = unicodedata.normalize("NFKC", PurePosixPath(ctx.path).parent.name) if differs else ""
    if folder and agent.name and unicodedata.normalize("NFKC", agent.name) != folder:
        ctx.refuse(differs, f"the name `{agent.name}` is not that of its folder")
        text = f"the name `{agent.name}` is not that of its folder, `{folder}`: {spec.seen} does not load this file"
        ctx.say("R012", text, "name", at)
    least = (spec.tables.get("limits") or {}).get("prompt_min")
    if least and len((agent.prompt or "").replace("\r\n", "\n").strip()) < int(least):
        problem = f"the prompt has less than {least} characters" if int(least) > 1 else "there is no prompt"
        ctx.refuse("refuse", problem)
        ctx.say("R012", f"{problem}: {spec.seen} does not load this file", "prompt", None)


def _denied(row: Field, value: Any, key: str) -> list[Rule]:
    """A switch without a field in the model, as the rule that it is (Codex: ``features.shell_tool``)."""
    classes = (row.fact("denies") or {}).get(value, ()) if isinstance(value, (str, bool)) else ()
    caps = tuple(cap for cap in all_caps() if risk(cap) in classes)
    return [Rule("deny", Tool(key, caps), at=key)] if caps else []


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
        if pair.value.kind == "map" and any(k.startswith(inner + ".") for k in spec.fields):
            found = _below(inner, pair.value, spec, owned)
            own = inner in spec.fields
            out += [(k, n) for k, n in found if own or k != inner]
            rest.pairs += [replace(pair, value=n) for k, n in found if k == inner and not own]
        elif inner in spec.fields or not owned:
            out.append((inner, pair.value))
        else:
            rest.pairs.append(pair)
    if owned and (rest.pairs or not node.pairs):
        out.insert(0, (key, rest))
    return out


def is_limit(row: Field, value: Any) -> bool:
    """Whether losing this value lifts a limit."""
    if row.type == "delegates" and value in ("*", ["*"], ("*",)):
        return False  # any agent
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
        if row.key in keys and (row.fact("missing") != "skipped" or row.fact("form")):
            continue  # its value was bad and has been spoken of
        if not ctx.author:
            raise Refused(f"no `{row.key}`", str(row.fact("bad")) == "refuse-all", row.fact("missing") == "skipped")
        if row.fact("missing") == "skipped" and not _meant(rows, keys | {str(one.new) for one in ctx.respelt}, fields):
            line, column = (entry.line, entry.column) if entry else (1, 1)
            text = f"no `{row.key}`: {ctx.spec.program} takes this file for a document beside the agents"
            helps = f"an agent needs `{row.key}:`"
            problems.append(note("R018", text, file=ctx.path, line=line, column=column, help=helps))
        else:
            ctx.say("R012", f"no `{row.key}`: {ctx.spec.seen} does not load this agent", row.field or row.key, entry)
    return problems


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
