"""What the keys of an entry say: fields of the model, rules for its tools, and what is the program's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import MAX_NODES, Document, Node, too_many_names
from agentconv.hooks import misplaced_guard
from agentconv.model import Base, Extra, Rule, Tool, Tools
from agentconv.notes import Note, note
from agentconv.reading.besides import brought, given, others, unknown_beside
from agentconv.reading.codecs import TOOL_TYPES, read_value
from agentconv.reading.context import UNSAID, Context, Refused, is_date, is_meant_date, too_many
from agentconv.reading.miswritten import respelt
from agentconv.reading.roster import read_roster
from agentconv.reading.toolkeys import only_limits
from agentconv.reading.toolrows import joined, tool_row, tools_here, with_all
from agentconv.spec import Field, Spec, all_caps, risk

WHOLE = ("string", "text", "prompt-parts", "data")  # types whose texts are never taken apart into names
MAPS = ("map", "tool-bools", "permission")
_MORE = frozenset(("gives", "adds", "form", "beside"))  # words of a row whose value is more than that of its field


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
            self.where.setdefault(key, node)
            self.extras.append(unknown_beside(key, node, self.ctx))
            return []
        return [] if row.fact("used") else self.take(key, node, row)

    def outside(self, key: str, node: Node) -> None:
        """A key around the whole definition, which is the program's own."""
        self.where.setdefault(f"/{key}", node)
        self.extras.append(Extra(f"/{key}", node.data(), self.spec.id))

    def _tools(self, key: str, node: Node, row: Field) -> None:
        if not self.ctx.keys.isdisjoint(row.fact("beside") or ()):  # the list is there itself: this one is no second
            self.extras.append(Extra(key, node.data(), self.spec.id))
            return
        if not tools_here(row, node, self.ctx):
            if row.fact("shape") == node.kind:  # a table of the program's own
                self.extras.append(Extra(key, node.data(), self.spec.id))
            return
        if row.type == "tools" and node.kind == "map" and any(k.startswith(f"{key}.") for k in self.spec.fields):
            self._odd_keys(key, node)
            return
        if not self.ctx.author and self._idle(row):
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

    def _idle(self, row: Field) -> bool:
        """Whether the value of another key keeps the program from going by this one."""
        for key, value in (row.fact("idle_with") or {}).items():
            node, other = self.entry.get(key) if self.entry is not None else None, self.spec.fields[key]
            if node is not None and read_value(node, other, self.ctx) == (other.to_model or {}).get(value, value):
                return True
        return False

    def _odd_keys(self, key: str, node: Node) -> None:
        """Keys in a map of lists that the program does not know and passes over. What their author wanted with the
        tools is not known, so no more are given than a list names."""
        if not node.pairs:
            return
        self.extras.append(Extra(key, node.data(), self.spec.id))
        if self.ctx.author:
            words = ", ".join(f"`{pair.key.text}`" for pair in node.pairs)
            text = f"{self.ctx.spec.program} knows no {words} in `{key}` and passes it over"
            text += "; no tool is taken but those that a list names"
            self.ctx.say("R006", text, "tools", node, effect="narrows")
            self.base = self.base or "none"

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
        if row.field not in (None, "prompt_parts") and row.words.isdisjoint(_MORE):
            self.fields.setdefault(row.field, value)
            return
        if row.fact("gives"):
            among = others(self.document, self.entry, self.spec) if row.fact("among") and value is True else None
            self.rules.extend(given(row, value if among is None else among, self.spec))
        if row.fact("adds") == "tools":
            made, value = brought(row, value, self.spec)
            self.rules.extend(made)
        if row.fact("form") or (row.field is None and row.fact("default") is not None and value == row.fact("default")):
            return
        if row.fact("elsewhere"):
            self.limits.extend(_shut(row.fact("elsewhere"), key))
            if row.fact("more"):  # a map that says other things, too
                self.extras.append(Extra(key, node.data(), self.spec.id))
        elif row.field is None:
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


def _other_kind(row: Field, node: Node) -> str:
    """What else a file with this key, or this value of it, defines."""
    kinds = row.fact("other_kind")
    return str(kinds.get(node.text, "")) if isinstance(kinds, Mapping) else str(kinds or "")


def _denied(row: Field, value: Any, key: str) -> list[Rule]:
    """A switch without a field in the model, as the rule that it is (Codex: ``features.shell_tool``)."""
    return _shut((row.fact("denies") or {}).get(value, ()) if isinstance(value, (str, bool)) else (), key)


def _shut(classes: Collection[str], key: str) -> list[Rule]:
    caps = tuple(cap for cap in all_caps() if risk(cap) in classes)
    rules = [Rule("deny", Tool(key, caps), at=key)] if caps else []
    return [*rules, Rule("deny", Tool(key, server="*"), at=key)] if "mcp:*" in classes else rules


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
            below = _below(key, pair.value, spec)
            for name, node in below if first else dict(below).items():
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
            said = any(k in limits and held not in (None, [], {}, ()) for k, held in value.items())
            return said or (row.type == "hooks" and misplaced_guard(value, row) != "")
        if row.type == "hooks":  # of a wrong shape: nobody knows that they guard nothing
            return value not in (None, False, "", [], ())
        return value in limits
    return bool(limits) and value not in (None, False, "", [], {}, ())
