"""Rendering: rows to text through a template, and entries into shared files. It decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from agentconv.model import Agent, Rule, Tools
from agentconv.output.templates import jinja_error, template
from agentconv.output.values import write_value
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.spec import Field, Spec


class LayoutError(ValueError):
    """A template that cannot lay the agent out."""


# -- rows -------------------------------------------------------------------------------------


def rows_of(agent: Agent, spec: Spec) -> dict[str, Any]:
    """Keys and plain values in the order of the description; dotted keys become maps."""
    rows: dict[str, Any] = {}
    spec = spec.of_mode(agent.mode)
    among = "extras" in spec.by_field  # a row holds those of other formats
    extras = {e.key: e.value for e in agent.extras if not among or e.format == spec.id}
    for row in spec.fields.values():
        value = _row_value(row, agent, spec, extras)
        if value is not None:
            _put(rows, row.key.split("."), value)
    for row in spec.fields.values():  # a map that is written with all of its keys
        if isinstance(rows.get(row.key), dict) and row.type == "context":
            rows[row.key] = {k: rows[row.key].get(k, []) for k in row.fact("keys") or rows[row.key]}
    above = {row.key.split(".")[0] for row in spec.fields.values() if "." in row.key}
    for key, value in extras.items():
        _put(rows, key.split(".") if key.split(".")[0] in above else [key], value)
    for row in spec.rows_with("short"):  # alone in its map it stands for the map
        *above_it, outer, inner = row.key.split(".")
        holder = _inside(rows, above_it)
        if isinstance(holder.get(outer), dict) and list(holder[outer]) == [inner]:
            holder[outer] = holder[outer][inner]
    for row in spec.rows_with("instead_of"):
        paths = [key.split(".") for key in row.fact("instead_of")]
        if any(_inside(rows, path[:-1]).get(path[-1]) in (None, "") for path in paths):
            *above_it, last = row.key.split(".")
            _put(rows, [*above_it, last], row.fact("default"))
            holder = _inside(rows, above_it)
            holder |= {key: holder.pop(key) for key in list(holder) if key != last}  # it stands first
    return rows


def _inside(rows: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """The map below these keys; an empty one where there is none."""
    for key in path:
        inner = rows.get(key)
        rows = inner if isinstance(inner, dict) else {}
    return rows


def _row_value(row: Field, agent: Agent, spec: Spec, extras: dict[str, Any]) -> Any:
    if not row.field:
        return extras.pop(row.key, row.fact("always") if row.fact("form") else None)
    if not row.written:
        return None
    if row.field == "prompt" and spec.syntax == "frontmatter":
        return None
    if row.type == "toolsets" and spec.tools.fact("sets").get("single"):
        from agentconv.reading.tooldefs import definitions_value

        return definitions_value(row, agent, spec, extras)
    if row.type == "toolsets" and spec.tools.fact("sets").get("members"):
        from agentconv.reading.membersets import member_sets_value

        return member_sets_value(agent, spec)
    if row.type in TOOL_TYPES:
        names = tools_value(row, agent.tools, spec)
        for kind in (spec.tools.fact("sets") or {}).get("words", ()) if row.type == "toolsets" else ():
            if own := extras.pop(f"{row.key}.{kind}", None):
                names = [*(names or ()), *own]
        plain = isinstance(names, list) and names and not any("," in str(n) for n in names)
        return ", ".join(names) if plain and row.fact("as_text") else names
    if row.fact("inside"):
        return None
    if row.type == "model":
        return _with_inner(_entry_of(models_value(agent), row, agent, extras), agent, spec)
    value = getattr(agent, row.field)
    if row.type == "data":
        from agentconv.reading.modelcodec import write_data

        return None if value is None else write_data(value, row, spec.id)
    return None if value is None else write_value(value, row)


def _entry_of(value: Any, row: Field, agent: Agent, extras: Mapping[str, Any]) -> Any:
    """The name of the entry that stands for a model, where the table of entries is written, too (`looked_up`)."""
    if not row.fact("looked_up"):
        return value
    from agentconv.reading.indirect import entry_for

    entry = entry_for(row, agent, extras)
    return entry[row.fact("looked_up")["by"]] if entry else value


def _with_inner(value: Any, agent: Agent, spec: Spec) -> Any:
    """What the program takes behind the model's name (`inside`)."""
    for row in spec.fields.values():
        if (
            value
            and row.written
            and row.fact("inside") == "model"
            and row.field
            and getattr(agent, row.field) is not None
        ):
            return f"{value}{row.fact('sign', ':')}{write_value(getattr(agent, row.field), row)}"
    return value


def _put(rows: dict[str, Any], path: list[str], value: Any) -> None:
    """A value below its keys; what stands there already stays."""
    first, *rest = path
    if not rest:
        rows.setdefault(first, deepcopy(value) if isinstance(value, dict) else value)  # rows below are put into it
    elif isinstance(inner := rows.setdefault(first, {}), dict):
        _put(inner, rest, value)


def models_value(agent: Agent) -> Any:
    """One model as text, several as a list."""
    if not agent.model:
        return None
    texts = [m.text for m in agent.model]
    return texts[0] if len(texts) == 1 else texts


def tools_value(row: Field, tools: Tools, spec: Spec) -> Any:
    """The control in the target's form; ``None`` where the key is left away."""
    if row.type == "model-tools":
        from agentconv.dump import tools_to_data  # the model's own form is one of fifty

        return tools_to_data(tools) or None
    if row.type == "deny-tools":
        switches = {row.key for row in spec.rows_with("denies")}
        return [r.tool.name for r in tools.rules if r.effect == "deny" and r.tool.name not in switches] or None
    if row.type in ("permission-rules", "tool-patterns"):
        return None
    if row.fact("as_list") and (keys := row.fact("items")):
        return _rules_value(tools, spec, keys)
    if row.type in ("permission", "tool-bools"):
        return _map_value(tools, spec)
    if row.type == "toolsets":
        from agentconv.reading.toolsets import toolsets_value

        return toolsets_value(tools, spec)
    if row.type == "switch":
        from agentconv.reading.switches import switch_value

        return switch_value(tools, spec.tools)
    if tools.base is None:
        return None
    if tools.base == "all":
        everything = spec.tools.fact("all")
        return list(everything) if everything else spec.tools.fact("all_word") or ["*"]
    adds = spec.by_field["mcp_servers"].fact("adds") if any(spec.rows_with("adds")) else None
    values: list[Any] = [
        _list_item(r, spec) for r in tools.rules if r.effect == "allow" and not _by_definition(r, adds)
    ]
    word = spec.tools.fact("builtin")
    return [word, *values] if word and tools.base == "builtin" else values


def _by_definition(rule: Rule, adds: str | None) -> bool:
    """Whether it is the definition of a server that gives the tool, and no word of the list (`adds`)."""
    return bool(rule.tool.server) and (adds == "tools" or (adds == "unlisted" and rule.tool.member is None))


def _list_item(rule: Rule, spec: Spec) -> Any:
    if rule.scope and spec.tools.fact("scope_syntax") == "pair":
        return [rule.tool.name, {str(spec.tools.fact("scope_key")): rule.scope.text}]
    if rule.scope and spec.tools.fact("scope_syntax") == "parens":
        return f"{rule.tool.name}({rule.scope.text})"
    return rule.tool.name


def _action(rule: Rule, spec: Spec) -> str:
    word = "deny" if rule.effect == "deny" else "ask" if rule.approval == "ask" else "allow"
    return str((spec.tools.fact("actions") or {})[word])


def _rules_value(tools: Tools, spec: Spec, keys: Mapping[str, str]) -> Any:
    """The rules one by one, in their order (``items``)."""
    out = [
        {keys["name"]: r.tool.name, keys["pattern"]: r.scope.text if r.scope else "*", keys["action"]: _action(r, spec)}
        for r in tools.rules
    ]
    return out or None


def _map_value(tools: Tools, spec: Spec) -> Any:
    out: dict[str, Any] = {}
    for rule in tools.rules:
        word = _action(rule, spec)
        key = rule.tool.name
        if rule.scope is None:
            out.pop(key, None)
            out[key] = word
        else:
            if not isinstance(out.get(key), dict):
                out[key] = {"*": out[key]} if key in out else {}
            out[key].pop(rule.scope.text, None)
            out[key][rule.scope.text] = word
    return out or None


# -- files ------------------------------------------------------------------------------------


def render(agent: Agent, spec: Spec, newline: str = "\n") -> str:
    """A file with one agent, or one entry of a shared file."""
    rows = rows_of(agent, spec)
    prompt = agent.prompt or ""
    if spec.syntax == "frontmatter":
        prompt = prompt.replace("\r\n", "\n")
    try:
        text = template(spec.id, spec.syntax, spec.folder).render(rows=rows, prompt=prompt, agent=agent, spec=spec.head)
    except jinja_error() as error:  # of a format of somebody's own, or a layout that needs what the agent does not say
        raise LayoutError(f"{type(error).__name__}: {error.message or error}") from error
    # a file with lone CRs is read, and none is written: most programs find no header in it
    return text.replace("\r\n", "\n").replace("\n", newline) if newline == "\r\n" else text


def output_path(agent: Agent, spec: Spec, user: bool = False) -> str:
    """Where the agent goes below the root; with forward slashes everywhere."""
    from agentconv.naming import file_id, place

    return place(spec, file_id(agent.id, spec), user)
