"""The model as plain data, and back: the ``agentconv`` form of an agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agentconv.model import Agent, Effect, Extra, Handoff, Model, Rule, Scope, Tool, Tools

UNSAID: tuple[Any, ...] = (None, "", {})
KEPT = {"key", "value"}  # of an extra: whatever it is
TUPLES = {"delegates", "skills", "attachments", "capabilities", "task_types", "tools_required", "tags", "examples"}


def agent_to_data(agent: Agent) -> dict[str, Any]:
    """Only the fields that say something, as maps, lists and scalars."""
    out: dict[str, Any] = {}
    for name, value in agent.said().items():
        if value == "" and name == "id":
            continue
        out[name] = field_to_data(name, value)
    return out


def field_to_data(name: str, value: Any) -> Any:
    """One field as plain data."""
    if name == "tools":
        return tools_to_data(value)
    if name in ("model", "handoffs", "extras"):
        return [{k: v for k, v in asdict(item).items() if k in KEPT or v not in UNSAID} for item in value]
    if isinstance(value, tuple):
        return [dict(v) if isinstance(v, Mapping) else v for v in value]
    return dict(value) if isinstance(value, Mapping) else value


def tools_to_data(tools: Tools) -> dict[str, Any]:
    """A tool control: base, then the rules in order."""
    out: dict[str, Any] = {}
    if tools.base is not None:
        out["base"] = tools.base
    if tools.rules:
        out["rules"] = [_rule_to_data(r) for r in tools.rules]
    return out


def _rule_to_data(rule: Rule) -> dict[str, Any]:
    out: dict[str, Any] = {rule.effect: rule.tool.name}
    if rule.tool.caps:
        out["caps"] = list(rule.tool.caps)
    if rule.tool.also:
        out["also"] = list(rule.tool.also)
    if rule.tool.server is not None:
        out["server"] = rule.tool.server
    if rule.tool.member is not None:
        out["member"] = rule.tool.member
    if rule.scope:
        out["scope"] = {"kind": rule.scope.kind, "text": rule.scope.text}
    if rule.approval:
        out["approval"] = rule.approval
    return out


def tools_from_data(value: Mapping[str, Any], at: str = "tools") -> Tools:
    """A tool control from base and rules."""
    rules = tuple(_rule_from_data(r, f"{at}.rules[{n}]") for n, r in enumerate(value.get("rules", ())))
    return Tools(value.get("base"), rules)


def field_from_data(name: str, value: Any) -> Any:
    """One field from its plain data."""
    if name == "tools":
        return tools_from_data(value)
    if name == "model":
        return tuple(Model(v) if isinstance(v, str) else Model(**v) for v in value)
    if name == "handoffs":
        return tuple(Handoff(**v) for v in value)
    if name == "extras":
        return tuple(Extra(**v) for v in value)
    return tuple(value) if name in TUPLES else value


def _rule_from_data(data: Mapping[str, Any], at: str) -> Rule:
    effect: Effect = "allow" if "allow" in data else "deny"
    tool = Tool(
        data[effect], tuple(data.get("caps", ())), tuple(data.get("also", ())), data.get("server"), data.get("member")
    )
    scope = data.get("scope")
    return Rule(effect, tool, Scope(**scope) if scope else None, data.get("approval"), at)
