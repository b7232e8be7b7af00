"""Fields in the model's own form: plain data as dump.py writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.dump import field_from_data, field_to_data, tools_from_data
from agentconv.model import Rule, Tools
from agentconv.models import model_of
from agentconv.reading.context import Bad, Context
from agentconv.schemas.model import agent_schema, misfit
from agentconv.spec import Field, all_caps, risk

RUN = "run"


def read_data(node: Node, row: Field, ctx: Context) -> Any:
    """A field from its plain data."""
    del ctx
    value = node.data()
    if problem := misfit(value, agent_schema()["properties"][row.field]):
        raise Bad(f"is not in the form of the model: {problem}")
    if row.field == "model":
        return tuple(model_of(v) if isinstance(v, str) else field_from_data("model", [v])[0] for v in value)
    return field_from_data(str(row.field), value)


def write_data(value: Any, row: Field, own: str) -> Any:
    """Plain data of a field. Extras of the format ``own`` stand beside the fields and not among the others."""
    if row.field == "extras":
        value = tuple(e for e in value if e.format != own)
        return field_to_data("extras", value) or None
    return field_to_data(str(row.field), value)


def read_model_tools(node: Node, row: Field, ctx: Context) -> Tools:
    """Base and rules. What is not in this form gives nothing: a control that nobody understands is no leave."""
    value = node.data()
    problem = misfit(value, agent_schema()["properties"]["tools"])
    if problem or not isinstance(value, Mapping):
        text = f"`{row.key}` is not in the form of the model ({problem or 'no map'}); taken as no tools"
        ctx.say("R006", text, "tools", node, effect="approximate")
        return Tools("none")
    tools = tools_from_data(value, row.key)
    if tools.base is None and ctx.spec.container.get("origin") not in ctx.keys:
        # a list of what is allowed never means everything
        tools = Tools("none" if any(r.effect == "allow" for r in tools.rules) else None, tools.rules)
    if ctx.spec.container.get("origin") in ctx.keys:
        return tools
    return Tools(tools.base, tuple(_no_shell(rule) for rule in tools.rules))


def _no_shell(rule: Rule) -> Rule:
    """Who denies commands denies every way to run one: no program says here which of them there are."""
    if rule.effect != "deny" or rule.scope or RUN not in rule.tool.caps:
        return rule
    others = tuple(c for c in all_caps() if risk(c) == risk(RUN) and c not in rule.tool.caps)
    return replace(rule, tool=replace(rule.tool, also=tuple(dict.fromkeys((*rule.tool.also, *others)))))
