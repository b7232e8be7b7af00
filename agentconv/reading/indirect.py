"""Values that a file gives by way of another: an entry of a table, a part of a text, demands beside another key."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from agentconv.containers import Node
from agentconv.model import Agent
from agentconv.models import model_of
from agentconv.reading.context import Context
from agentconv.spec import Field, Spec

ABOVE = 4  # folders above the agent's own in which a table of agents may lie


def declared(values: Mapping[str, Node], ctx: Context) -> dict[str, Node]:
    """What a table of agents in a file above says of this file, and the file does not say itself."""
    rule: Mapping[str, Any] | None = ctx.spec.identity.get("declared")
    if not rule or ctx.get is None or all(key in values for key in (rule["name"], *rule["takes"])):
        return {}
    found: list[tuple[str, dict[str, Any]]] = []
    for near in ("../" * up + inner for up in range(ABOVE + 1) for inner in ("", f"{rule['folder']}/") if up or inner):
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(ctx.path), near))
        text = ctx.get(near + str(rule["in"]))
        for name, entry in table_of(text, str(rule["table"])) if text is not None else ():
            at = entry.get(str(rule["file"]))
            if isinstance(at, str) and posixpath.normpath(posixpath.join(folder, at)) == posixpath.normpath(ctx.path):
                found.append((name, entry))
    if not found:
        return {}
    name, entry = found[0]
    if others := [f"`{other}`" for other, _ in found[1:] if other != name]:
        text = f"this file is also {', '.join(others)}, by the table `{rule['table']}`: left out"
        ctx.say("R011", text, "name", None, effect="lost", help="give each role a file of its own")
    said = {str(rule["name"]): name, **{key: entry[key] for key in rule["takes"] if key in entry}}
    return {key: _node(value) for key, value in said.items() if key not in values}


@lru_cache(maxsize=16)  # the agents of one folder ask for the same table
def table_of(text: str, key: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The entries of a table in a TOML file that are tables themselves; none where it cannot be read."""
    import tomllib  # few files are looked up there

    try:
        table = tomllib.loads(text).get(key)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    return tuple((n, e) for n, e in table.items() if isinstance(e, dict)) if isinstance(table, dict) else ()


def _node(value: Any) -> Node:
    """A value from elsewhere, which has no place in this file."""
    if isinstance(value, list):
        return Node("list", 0, 0, 1, 0, items=[_node(one) for one in value])
    return Node("scalar", 0, 0, 1, 0, text=str(value), style="quoted", value=value)


def demanded(spec: Spec, values: Mapping[str, Node]) -> Mapping[str, Field]:
    """The rows as they hold for this entry: some demands stand only beside a certain value of another key."""
    if not (rows := spec.rows_with("needed_by")):
        return spec.fields
    out = dict(spec.fields)
    for row in rows:
        needed = row.fact("needed_by") or {}
        if any(values[key].text != str(word) if key in values else True for key, word in needed.items()):
            facts = {k: v for k, v in row.facts.items() if k not in ("required", "blank", "empty")}
            out[row.key] = replace(row, facts=facts)
    return out


def lacking(spec: Spec, values: Mapping[str, Node]) -> Iterator[tuple[Field, str]]:
    """Maps that say not all that the program asks of them, each with what is not there."""
    for row in spec.rows_with("holds"):
        whole = values.get(row.key)
        if (whole is not None and whole.kind == "map") or any(key.startswith(f"{row.key}.") for key in values):
            for key in row.fact("holds") or ():
                one_of = key if isinstance(key, list) else [key]
                if not any(f"{row.key}.{one}" in values for one in one_of):
                    yield row, "` or `".join(one_of)


def unfit(spec: Spec, values: Mapping[str, Node]) -> Iterator[tuple[Field, Node, str, str]]:
    """Keys that the program takes only beside a value of another key, or never beside it (``beside_only``,
    ``beside_never``), each with what is wrong and what to do. A list has the value among others; what is empty is as if
    unsaid."""
    for row in spec.rows_with("beside_only", "beside_never"):
        node = values.get(row.key)
        if node is None or not (node.text.strip() or node.items or node.pairs):
            continue
        for key, word in (row.fact("beside_only") or {}).items():
            if not _holds(values.get(key), word):
                yield row, node, f"`{row.key}` without `{word}` in `{key}`", f"put `{word}` there, or take the key out"
        for key, word in (row.fact("beside_never") or {}).items():
            if _holds(values.get(key), word):
                problem = f"`{row.key}` beside `{key}: {str(word).lower()}`"
                yield row, node, problem, "take one of them out"


def _holds(node: Node | None, word: Any) -> bool:
    return node is not None and any(one.kind == "scalar" and one.value == word for one in (node, *node.items))


def filled(spec: Spec, values: Mapping[str, Node]) -> Iterator[tuple[Field, Node, str, str]]:
    """Lists of what is filled in into a text, each with what is wrong with it, and what to do: the program takes one
    that names all of that, each once and nothing else."""
    for row in spec.rows_with("fills"):
        if row.key not in values or (node := values[row.key]).kind != "list":
            continue
        names, problem = _entries_of(node, row)
        if problem := problem or _unlike(names, row, values):
            yield row, node, problem, f"name each one once in `{row.key}`, or leave `{row.key}` out"


def _entries_of(node: Node, row: Field) -> tuple[list[str], str]:
    """The names of such a list, and the first thing that is wrong with an entry."""
    facts, names, problems = row.fact("fills"), [], []
    for n, item in enumerate(node.items):
        name = item.get(str(facts["name"])) if item.kind == "map" else None
        kind = item.get(str(facts["type"])) if item.kind == "map" else None
        if name is None or not isinstance(name.value, str):
            problems.append(f"`{row.key}[{n}]` has no `{facts['name']}`")
            continue
        words = kind.items if kind is not None and kind.kind == "list" else [kind] if kind is not None else []
        if any(word.value not in facts["types"] for word in words):
            problems.append(f"`{facts['type']}` of `{name.text}` is no type")
        names.append(name.text)
    return names, problems[0] if problems else ""


def _unlike(names: list[str], row: Field, values: Mapping[str, Node]) -> str:
    """How the names differ from what is filled in into the text."""
    facts = row.fact("fills")
    text = values.get(str(facts["text"]))
    wanted = set(re.findall(str(facts["pattern"]), text.text)) if text is not None else set()
    if twice := next((name for name in names if names.count(name) > 1), None):
        return f"`{row.key}` names `{twice}` twice"
    if over := [f"`{name}`" for name in names if name not in wanted]:
        return f"`{row.key}` names {', '.join(over)}, which `{facts['text']}` has no place for"
    if less := [f"`{name}`" for name in sorted(wanted - set(names))]:
        return f"`{row.key}` does not name {', '.join(less)} of `{facts['text']}`"
    return ""


def look_up(spec: Spec, values: Mapping[str, Node], fields: dict[str, Any]) -> None:
    """A name that stands for an entry of a table in the same file (Mistral Vibe's aliases of models)."""
    for row in spec.rows_with("looked_up"):
        table = row.fact("looked_up")
        if not table or row.key not in values or (node := values.get(str(table["in"]))) is None:
            continue
        for item in node.items:
            found = item.data()
            if isinstance(found, dict) and found.get(table["by"]) == values[row.key].text:
                _take(found, table["takes"], fields)
        entry = node.get(values[row.key].text) if node.kind == "map" else None
        if entry is not None and entry.kind == "map":
            _take(_spelled(entry.data(), table.get("spell")), table["takes"], fields)


def entry_for(row: Field, agent: Agent, extras: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry of such a table among these keys that says of a model what the agent does; an empty one for none."""
    facts: Mapping[str, Any] = row.fact("looked_up") or {}
    takes: Mapping[str, str] = facts.get("takes", {})
    text = agent.model[0].text if agent.model else None
    entries = extras.get(facts["in"]) if "by" in facts and text is not None else None
    for entry in entries if isinstance(entries, list | tuple) else ():
        said = {name: entry.get(key) for key, name in takes.items()} if isinstance(entry, Mapping) else {}
        model = said.pop("model", None)
        meant = model == text and all(getattr(agent, name) == value for name, value in said.items())
        if meant and isinstance(entry.get(facts["by"]), str):
            return dict(entry)
    return {}


def _spelled(found: Mapping[str, Any], keys: Any) -> Mapping[str, Any]:
    """An entry whose model is said by several keys."""
    parts = [str(found[key]) for key in keys or () if found.get(key)]
    return {**found, "model": "/".join(parts)} if parts else found


def _take(found: Mapping[str, Any], takes: Mapping[str, str], fields: dict[str, Any]) -> None:
    for key, name in takes.items():
        value = found.get(key)
        if name == "model" and isinstance(value, str):
            fields["model"] = (model_of(value),)
        elif value is not None and name != "model":
            fields.setdefault(name, value)


def split_off(spec: Spec, fields: dict[str, Any], where: dict[str, Node], ctx: Context) -> None:
    """A value that stands inside another one, behind a sign (Pi's ``sonnet:high``)."""
    for row in spec.rows_with("inside"):
        if row.fact("inside") != "model" or not row.field or not fields.get("model"):
            continue
        if not row.applied and not ctx.author:
            continue
        first = fields["model"][0]
        name, sign, word = first.text.rpartition(str(row.fact("sign", ":")))
        words = row.to_model
        if sign and name and word and (word in words or (not words and row.field not in fields)):
            fields["model"] = (model_of(name), *fields["model"][1:])
            fields.setdefault(row.field, words.get(word, word))
            if "model" in where:
                where.setdefault(row.field, where["model"])
            if not row.applied:
                text = f"{spec.seen} takes `{sign}{word}` for a part of the model's name; read as meant"
                own = next((r.key for r in spec.fields.values() if r.field == row.field and r is not row), "")
                help = f"take `{sign}{word}` off, and write `{own}: {word}`" if own else ""
                ctx.say("R007", text, "model", where.get("model"), help=help)
