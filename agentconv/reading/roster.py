"""A key that says which other agents an agent may start: the tool that it stands for, limited to those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.model import Agent, Extra, Rule, Scope, Tools
from agentconv.reading.context import Context
from agentconv.spec import Field, Spec

Problem = tuple[str, str]  # its place below the key, and what is wrong there
OWN = "self"  # what an agent without a name is called in its own roster


def read_roster(node: Node, row: Field, name: Any, ctx: Context) -> list[Rule]:
    """One rule for each agent that may be started, one without a limit where any may."""
    rules, problems = roster_rules(node.data(), row, name, ctx.spec)
    for at, problem in problems:
        ctx.not_taken(problem, f"{row.key}{at}", node, "what it names is read all the same", row.fact("bad"))
    return rules


def roster_rules(value: Any, row: Field, name: Any, spec: Spec) -> tuple[list[Rule], list[Problem]]:
    """The rules for the plain data of such a key, and what the program does not take there."""
    facts: Mapping[str, Any] = row.fact("roster")
    problems: list[Problem] = []
    found: dict[str | None, str] = {}
    if one_of := facts.get("one_of"):
        _listed(value, one_of, found, problems)
    else:
        _formed(value, row, facts, name, found, problems)
    tool = spec.tools.names[facts["gives"]]
    if None in found:
        return [Rule("allow", tool.tool(), None, "auto", f"{row.key}{found[None]}")], problems
    return [
        Rule("allow", tool.tool(), Scope("agent", n or ""), "auto", row.key + at) for n, at in found.items()
    ], problems


def _listed(value: Any, one_of: Sequence[str], found: dict[str | None, str], problems: list[Problem]) -> None:
    """A list of maps, each of which says its agent under one of these keys."""
    for n, item in enumerate(value if isinstance(value, list | tuple) else ()):
        said = [item[key] for key in one_of if key in item] if isinstance(item, Mapping) else []
        if len(said) != 1 or not isinstance(said[0], str) or len(item) > 1:
            problems.append((f"[{n}]", f"`[{n}]` must say one of {', '.join(one_of)}, and nothing else"))
        for who in said:
            found.setdefault(str(who), f"[{n}]")


def _formed(
    value: Any,
    row: Field,
    facts: Mapping[str, Any],
    name: Any,
    found: dict[str | None, str],
    problems: list[Problem],
) -> None:
    """A map whose form a key tells."""
    key = facts["key"]
    word = value.get(key) if isinstance(value, Mapping) else None
    form = facts["forms"].get(word) if isinstance(word, str) else None
    if form is None:
        problems.append(("", f"`{row.key}` has no `{key}` that is known"))
    elif parts := form.get("parts"):
        for part in parts:
            _of_part(value.get(part), f".{part}", form, facts, name, found, problems)
    else:
        _named(value.get(form["names"]), f".{form['names']}", facts, name, found, problems)
        if not value.get(form["names"]):
            problems.append(("", f"`{row.key}` names no agent in `{form['names']}`"))


def _of_part(
    value: Any,
    at: str,
    form: Mapping[str, Any],
    facts: Mapping[str, Any],
    name: Any,
    found: dict[str | None, str],
    problems: list[Problem],
) -> None:
    """One way to start agents; it is there where nothing is said of it."""
    on = _is_on(value, at, facts, problems)
    if not on:
        return
    said: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    if _is_on(said.get(form["any"]), f"{at}.{form['any']}", facts, problems):
        found[None] = at
    names = said.get(form["names"])
    _named(names, f"{at}.{form['names']}", facts, name, found, problems)
    if not names and not _is_on(said.get(form["any"]), at, facts, []):
        problems.append((at, f"`{at[1:]}` lets the agent start others and names none"))


def _is_on(value: Any, at: str, facts: Mapping[str, Any], problems: list[Problem]) -> bool:
    if value is None:
        return True
    word = value.get(facts["key"]) if isinstance(value, Mapping) else None
    if word not in (facts["on"], facts["off"]):
        problems.append((at, f"`{at[1:]}` is neither `{facts['on']}` nor `{facts['off']}`"))
    return bool(word == facts["on"])


def _named(
    value: Any, at: str, facts: Mapping[str, Any], name: Any, found: dict[str | None, str], problems: list[Problem]
) -> None:
    """The agents of a list: by their id, or the agent itself; what is no agent gives no right."""
    if value is None:
        return
    if not isinstance(value, list):
        problems.append((at, f"`{at[1:]}` must be a list of agents"))
        return
    if len(value) > facts["most"]:
        problems.append((at, f"`{at[1:]}` names more than {facts['most']} agents"))
    seen: set[str] = set()
    for n, item in enumerate(value):
        place = f"{at}[{n}]"
        who, legal = _who(item, facts, name)
        if not legal:
            problems.append((place, f"`{place[1:]}` is no agent"))
        if who is None:
            continue
        if who in seen:
            problems.append((place, f"`{place[1:]}` names `{who}` a second time"))
        seen.add(who)
        found.setdefault(who, place)


def _who(item: Any, facts: Mapping[str, Any], name: Any) -> tuple[str | None, bool]:
    """The agent that an entry names, if it is one, and whether the program takes the entry."""
    if isinstance(item, str):
        return item or None, bool(item)
    word = item.get(facts["key"]) if isinstance(item, Mapping) else None
    if word == facts["own"]:
        return (name if isinstance(name, str) and name else OWN), True
    if word == facts["agent"]:
        id = item.get(facts["id"])
        return (id or None, bool(id)) if isinstance(id, str) else (None, False)
    return None, word in facts["others"]


def kept_rosters(agent: Agent, dst: Spec) -> dict[str, tuple[Rule, ...]]:
    """The rules of those keys of the target that came with the agent and still say no more than its tools do."""
    kept: dict[str, tuple[Rule, ...]] = {}
    for row in dst.rows_with("roster"):
        value = next((e.value for e in agent.extras if e.key == row.key and e.format == dst.id), None)
        if value is None:
            continue
        rules, problems = roster_rules(value, row, agent.name, dst)
        there = {(r.tool.name, r.scope, r.approval) for r in agent.tools.rules if r.effect == "allow"}
        if not problems and all((r.tool.name, r.scope, r.approval) in there for r in rules):
            kept[row.key] = tuple(rules)
    return kept


def without(agent: Agent, kept: Mapping[str, tuple[Rule, ...]]) -> Agent:
    """The agent less the rules that those keys say."""
    if not kept:
        return agent
    said = {(r.tool.name, r.scope) for rules in kept.values() for r in rules}
    rest = tuple(r for r in agent.tools.rules if (r.tool.name, r.scope) not in said)
    return replace(agent, tools=Tools(agent.tools.base, rest))


def with_rosters(tools: Tools, kept: Mapping[str, tuple[Rule, ...]]) -> Tools:
    """The control with the rules that those keys say."""
    return Tools(tools.base, (*tools.rules, *(r for rules in kept.values() for r in rules))) if kept else tools


def said_by(extras: tuple[Extra, ...], kept: Mapping[str, tuple[Rule, ...]], dst: Spec) -> tuple[Extra, ...]:
    """Without those keys of the target that would say more than the tools do."""
    gone = {row.key for row in dst.rows_with("roster")} - set(kept)
    return tuple(e for e in extras if e.key not in gone or e.format != dst.id) if gone else extras
