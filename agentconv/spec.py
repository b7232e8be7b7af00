"""A format's description as the engine uses it: the tables of format.yaml with their inverses.

docs/describing-formats.md is the language. Nothing here knows a program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any

from agentconv.capabilities import all_caps as all_caps
from agentconv.capabilities import cap_title as cap_title
from agentconv.capabilities import common_caps as common_caps
from agentconv.capabilities import load_data as load_data
from agentconv.capabilities import near as near
from agentconv.capabilities import part_of as part_of
from agentconv.capabilities import portable as portable
from agentconv.capabilities import risk as risk
from agentconv.records import dataclass
from agentconv.rows import Field as Field
from agentconv.rows import Name as Name
from agentconv.rows import rows as rows
from agentconv.tooltable import ToolTable, words


@dataclass(frozen=True, eq=False)
class Spec:
    """A whole description. It is itself and no other, so that what was found out about it can be kept by it."""

    head: Mapping[str, Any]
    tables: Mapping[str, Any]
    folder: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """What --to takes."""
        return str(self.head["id"])

    @cached_property
    def family(self) -> frozenset[str]:
        """Its id, and that of the description it extends: formats of one program, or of one made from it, share one."""
        return frozenset(str(id) for id in (self.head["id"], self.head.get("extends")) if id)

    @cached_property
    def program(self) -> str:
        """The program, as a note names it."""
        return str(self.head.get("program") or self.head["title"])

    @cached_property
    def seen(self) -> str:
        """The program with the version the facts were seen in."""
        return f"{self.program} {self.head['version']}" if self.head.get("version") else self.program

    @cached_property
    def syntax(self) -> str:
        """The container's syntax."""
        return str(self.head["syntax"])

    @cached_property
    def prompt_is_text(self) -> bool:
        """The prompt stands in the file as it is, below a header or between marks; else it is the value of a key."""
        return self.syntax in ("frontmatter", "sections")

    @cached_property
    def many(self) -> bool:
        """One file holds many agents."""
        return bool(self.head.get("many"))

    @cached_property
    def text_kind(self) -> bool:
        """Read by a session that has rights of its own: no rights, no refusal."""
        return self.head.get("kind") == "text"

    @cached_property
    def container(self) -> Mapping[str, Any]:
        """The ``container:`` table."""
        return self.tables.get("container") or {}

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """The ``identity:`` table."""
        return self.tables.get("identity") or {}

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Rows of the ``fields:`` table by key, in order."""
        return rows(self.tables.get("fields"))

    @cached_property
    def beside(self) -> dict[str, Field]:
        """Rows of keys that stand beside the entries of a file and hold for all of them; a slash begins such a key."""
        return rows(self.tables.get("beside"), "/")

    @property
    def names_files(self) -> bool:
        """Whether a text of such a file, or what holds for it, may stand in another one."""
        named = (self.container.get(word) for word in ("body_refs", "prompt_files", "prompt_by"))
        above = self.tables.get("above") or self.identity.get("declared")
        return bool(self.rows_with("refs") or any(named) or above)

    def rows_with(self, *facts: str) -> tuple[Field, ...]:
        """The rows that say one of these words, in order: few do, and each file asks for them again and again."""
        if facts not in self._rows_with:
            found = [self._rows_by_word[fact] for fact in facts if fact in self._rows_by_word]
            keys = {row.key for rows in found for row in rows}
            self._rows_with[facts] = tuple([r for r in self.fields.values() if r.key in keys] if keys else ())
        return self._rows_with[facts]

    @cached_property
    def _rows_with(self) -> dict[tuple[str, ...], tuple[Field, ...]]:
        return {}

    @cached_property
    def _rows_by_word(self) -> dict[str, list[Field]]:
        found: dict[str, list[Field]] = {}
        for row in self.fields.values():
            for word, value in row.facts.items():
                if value is not None:
                    found.setdefault(word, []).append(row)
        return found

    @cached_property
    def rule_keys(self) -> tuple[str, ...]:
        """Keys that hold rules for tools by pattern."""
        return tuple(row.key for row in self.fields.values() if row.type == "permission-rules")

    @cached_property
    def order(self) -> dict[str, int]:
        """Where the row of a key stands."""
        return {key: n for n, key in enumerate((*self.fields, *self.beside))}

    @cached_property
    def split_keys(self) -> frozenset[str]:
        """Keys at the top whose maps hold rows (`a` of `a.b`); what stands in sets of tools is no key of a map."""
        dotted = (row for row in self.fields.values() if "." in row.key and row.fact("inside") != "tools")
        return frozenset(row.key.split(".")[0] for row in dotted)

    @cached_property
    def by_field(self) -> dict[str, Field]:
        """Model field -> the row that is written for it."""
        out: dict[str, Field] = {}
        for row in self.fields.values():
            if row.field and row.written:
                out.setdefault(row.field, row)
        return out

    def key_of(self, name: str) -> str:
        """The key of a model field in the file, also of one that is only read; of what is no field, the name itself."""
        row = self.by_field.get(name) or next((r for r in self.fields.values() if r.field == name), None)
        return row.key if row else name

    def older_words(self, keys: Collection[str]) -> tuple[str, ...]:
        """Those of the keys in a file that are older spellings, but where the newer one is there, too, and counts."""
        found = []
        for row in self._older:
            if row.key in keys:
                newer = self.by_field[row.field or ""].key
                if newer not in keys or self.order[row.key] < self.order[newer]:
                    found.append(row.key)
        return tuple(found)

    def as_said(self, words: tuple[str, ...]) -> Spec:
        """The description in the words of a file: what it says by an older spelling is told by that."""
        if words and words not in self._as_said:
            table: Mapping[str, Any] = self.tables["fields"]
            first = {key: {**table[key], "write": None} for key in words}
            rest = {key: facts for key, facts in table.items() if key not in first}
            self._as_said[words] = Spec(self.head, {**self.tables, "fields": first | rest}, self.folder, self.extra)
        return self._as_said[words] if words else self

    @cached_property
    def _as_said(self) -> dict[tuple[str, ...], Spec]:
        return {}

    @cached_property
    def _older(self) -> tuple[Field, ...]:
        """Rows that are only read, beside one of the same kind that is written for their field."""
        written = self.by_field
        return tuple(
            row
            for row in self.fields.values()
            if not row.written and row.field in written and row.type == written[row.field].type
        )

    @cached_property
    def held(self) -> frozenset[str]:
        """Fields of the model that have a home in the format, be it an entry of a table beside."""
        looked_up = (row.fact("looked_up") or {} for row in self.rows_with("looked_up"))
        beside = {name for table in looked_up for name in table.get("takes", {}).values()}
        own = {row.field for row in self.fields.values() if row.field and row.written}
        return frozenset({*own, *beside, self.body_field})

    @cached_property
    def known_keys(self) -> frozenset[str]:
        """Keys at the top of a file."""
        return frozenset(key.split(".")[0] for key in self.fields)

    @cached_property
    def tools(self) -> ToolTable:
        """The ``tools:`` table."""
        return ToolTable(self.tables.get("tools") or {})

    @cached_property
    def in_session(self) -> Spec:
        """The description of an agent that is a session of its own: with the tools that those which others start never
        have, and what ``session`` of the tools says."""
        table = self.tables.get("tools") or {}
        names: Mapping[str, Any] = table.get("names") or {}
        if not table.get("session") and not any((facts or {}).get("never") for facts in names.values()):
            return self
        there = {name: {k: v for k, v in (facts or {}).items() if k != "never"} for name, facts in names.items()}
        more = table.get("session") or {}
        mcp = {**(table.get("mcp") or {}), **(more.get("mcp") or {})}
        rest = {k: v for k, v in more.items() if k not in ("mcp", "fields")}
        tools = {k: v for k, v in table.items() if k != "session"} | rest | {"names": there, "mcp": mcp}
        fields = dict(self.tables.get("fields") or {})
        for key, facts in (more.get("fields") or {}).items():
            fields[key] = {**fields[key], **facts}
        return Spec(self.head, {**self.tables, "tools": tools, "fields": fields}, self.folder, self.extra)

    def of_mode(self, mode: str | None) -> Spec:
        """The description for an agent of this mode."""
        return self.in_session if mode == "primary" else self

    @cached_property
    def models(self) -> Mapping[str, Any]:
        """The ``models:`` table."""
        return self.tables.get("models") or {}

    @cached_property
    def ambient(self) -> dict[str, tuple[str, ...]]:
        """What every agent of the program has anyway: name -> capabilities."""
        return {str(k): words(v) for k, v in (self.tables.get("ambient") or {}).items()}

    @property
    def body_field(self) -> str:
        """Which model field the text below the header is."""
        return str(self.container.get("body", "prompt"))

    def form_by(self, key: str) -> str | None:
        """The description by which the program reads a file with this key: of an earlier version."""
        only = (self.head.get("recognise") or {}).get("only") or ()
        other = self.container.get("else_as")
        return str(other) if other and only and key not in only else None

    def prompt_key(self) -> str | None:
        """The key that holds the prompt, where it is no body."""
        row = self.by_field.get("prompt")
        return row.key if row else None


def union_caps(names: Iterable[Name]) -> tuple[str, ...]:
    """All capabilities of some names, in order."""
    return tuple(dict.fromkeys(c for n in names for c in n.gives))
