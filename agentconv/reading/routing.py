"""What a router reads: context to load first and examples, in the several forms that files have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentconv.containers import Node
from agentconv.lowering.lowered import Lowered
from agentconv.reading.context import UNSAID, Bad, Context
from agentconv.spec import Field

TASK = ("task", "trigger", "input", "user", "question")
APPROACH = ("approach", "response", "output", "assistant", "answer")


def read_context(node: Node, row: Field, ctx: Context) -> Any:
    """A map of lists, any of them missing; a bare list or text is the files."""
    del row, ctx
    if node.kind != "map":
        files = _texts(node)
        return {"files": files} if files else UNSAID
    found: dict[str, Any] = {}
    for pair in node.pairs:
        if pair.value.kind == "map":
            raise Bad(f"has a map at `{pair.key.text}`")
        if texts := _texts(pair.value):
            found[pair.key.text] = texts
    return found or UNSAID


def _texts(node: Node) -> list[str]:
    if node.kind == "list":
        return [i.text for i in node.items if i.kind == "scalar" and i.value is not None]
    if node.kind == "map" or node.value is None:
        return []
    return [w.strip() for w in node.text.split(",") if w.strip()]


def write_context(value: Mapping[str, Any], row: Field) -> dict[str, Any]:
    """Lists of texts, whatever the source had: a number would crash a loader."""
    del row
    return {str(k): [str(i) for i in v] if isinstance(v, (list, tuple)) else [str(v)] for k, v in value.items()}


def read_examples(node: Node, row: Field, ctx: Context) -> Any:
    """A list of tasks with their approach, under any of the usual names; a text alone is the task."""
    del ctx
    if node.kind != "list":
        raise Bad("must be a list")
    task, approach = row.fact("keys") or ("task", "approach")
    found = []
    for item in node.items:
        if item.kind == "scalar":
            found.append({task: item.text})
        elif item.kind == "map":
            data = item.data()
            made = {task: _first(data, TASK), approach: _first(data, APPROACH)}
            rest = {k: v for k, v in data.items() if k not in (*TASK, *APPROACH)}
            found.append({**{k: v for k, v in made.items() if v is not None}, **rest})
    return tuple(found) or UNSAID


def _first(data: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((str(data[k]) for k in keys if data.get(k) is not None), None)


def known_keys(name: str, value: Any, row: Field, dst: Any, out: Lowered) -> Any:
    """A map, or a list of maps, with only the keys that the target knows; the others are named."""
    known = set(row.fact("keys")) - {
        r.key.rpartition(".")[2] for r in dst.fields.values() if r.key.startswith(row.key + ".")
    }
    maps = [value] if isinstance(value, Mapping) else list(value)
    gone = sorted({str(k) for one in maps if isinstance(one, Mapping) for k in one if k not in known})
    if gone:
        out.say("L001", f"{dst.program} has no {', '.join(f'`{g}`' for g in gone)} in `{row.key}`", name)
    kept = [{k: v for k, v in one.items() if k in known} if isinstance(one, Mapping) else one for one in maps]
    kept = [one for one in kept if one]
    return (kept[0] if isinstance(value, Mapping) else tuple(kept)) if kept else None
