"""A tool that a key of the file gives, and no tool list: the one is there with the other, or both are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent, Tools
from agentconv.spec import Spec


def bound_keys(fields: dict[str, Any], source: Agent, dst: Spec, out: Lowered) -> None:
    """Agents are named for who may call them, and the tool for it is given with the names only."""
    for row in dst.rows_with("gives", "needs"):
        tool = dst.tools.names.get(str(row.fact("gives") or (row.fact("needs") or {}).get("tools")))
        if not row.field or tool is None or row.key not in (tool.through, tool.needs):
            continue
        tools: Tools = fields["tools"]
        given = any(r.tool.name == tool.name for r in tools.rules)
        named = tuple(fields.get(row.field) or ())
        if given and named and "*" not in named:
            continue
        if given:
            text = f"{dst.seen} lets an agent call those that `{row.key}` names, and the source names none: left out"
            places = [r.at or "tools" for r in source.tools.rules if set(r.tool.caps) & set(tool.caps)]
            for place in dict.fromkeys(places or ["tools"]):
                out.say("T022", text, place)
            fields["tools"] = replace(tools, rules=tuple(r for r in tools.rules if r.tool.name != tool.name))
        elif named:
            out.say("L001", f"`{row.key}` would let the agent call others, and it may call none: left out", row.field)
        fields.pop(row.field, None)
