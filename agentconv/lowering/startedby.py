"""Who starts an agent, people or other agents. Some programs have a switch for each, others one word for both: of an
agent that no other one may start, the switch and the word (`alone:`) mean the same."""

from __future__ import annotations

from dataclasses import replace

from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent
from agentconv.spec import Spec


def in_its_words(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> Agent:
    """The agent with the word where the target has no switch, and with the switch where it has no word."""
    if _has(dst, "model_invocable"):
        return agent if _has(dst, "mode") else _switched(agent, src, dst, out)
    row = dst.by_field.get("mode")
    word = row.fact("alone") if row is not None else None
    if row is None or not word or agent.model_invocable is not False or agent.user_invocable is False:
        return agent
    mode = row.to_model.get(word, word)
    if agent.mode not in (None, "all", mode):
        return agent
    text = f"`{_off(src)}` became `{row.key}: {word}`"
    why = f"; {row.fact('why')}" if row.fact("why") else ""
    out.say("L009", f"{text}: {dst.seen} offers such an agent to no other one{why}", "model_invocable")
    return replace(agent, mode=mode, model_invocable=None)


def _switched(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> Agent:
    row = src.by_field.get("mode")
    word = row.fact("alone") if row is not None else None
    if row is None or not word or agent.mode != row.to_model.get(word, word) or agent.model_invocable is True:
        return agent
    out.say("L009", f"`{row.key}: {word}` became `{_off(dst)}`", "mode", "info")
    return replace(agent, mode=None, model_invocable=False)


def _off(spec: Spec) -> str:
    """The switch as the program spells it for such an agent."""
    row, key = spec.by_field.get("model_invocable"), spec.key_of("model_invocable")
    return f"{key}: {'true' if row is not None and row.fact('invert') else 'false'}"


def _has(spec: Spec, name: str) -> bool:
    row = spec.by_field.get(name)
    return row is not None and row.written and row.applied
