"""What an agent may do, found out by trying: concrete deeds against the rules, one by one.

Written without the code under test: that one adds rights up and compares sums, this one asks for each deed whether
the rules let it pass. Where both agree that nothing was gained, an error would have to be made twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agentconv.model import Agent, Rule, Scope, Tools
from agentconv.spec import Spec, load_data

Reaches = Callable[[Rule], bool]
RISK = {cap: facts["risk"] for cap, facts in load_data("capabilities").items()}


@dataclass(frozen=True)
class Deed:
    """One thing to do: its class, and the command, path, host, agent or server/tool it is done with."""

    cls: str
    what: str


DEEDS = [
    *(Deed("runs", c) for c in ("git log -1", "git push origin", "git", "npm run x", "rm -rf /", "make")),
    *(Deed("writes", p) for p in ("a.md", "docs/a.md", "docs/sub/b.txt", "src/main.py", "x.env", "docs/a.mdx")),
    *(Deed("reads", p) for p in ("a.md", "docs/a.md", "src/main.py", "x.env")),
    *(Deed("network", h) for h in ("example.org", "example.com")),
    *(Deed("delegates", a) for a in ("reviewer", "helper", "stranger")),
    *(Deed("mcp", t) for t in ("docs/read", "docs/write", "tracker/list", "stranger/any")),
]


def allowed(agent: Agent, spec: Spec, *, program: bool) -> set[Deed]:
    """The deeds that the agent may do. ``program``: as its program would; else as its author meant it."""
    return {deed for deed in DEEDS if may(agent, spec, deed, program)}


def may(agent: Agent, spec: Spec, deed: Deed, program: bool) -> bool:
    """Whether the rules let one deed pass."""
    if deed.cls in _taken(agent, spec, program):
        return False
    if program and spec.tools.control == "none":
        return True
    if deed.cls == "delegates" and agent.delegates is not None and "*" not in agent.delegates:
        row = spec.by_field.get("delegates")
        holds = not program or (row is not None and row.applied)
        if holds and deed.what not in agent.delegates:
            return False
    rules, opened = _start(agent.tools, spec)
    if program and not (opened and not agent.tools.rules):
        rules = _along(agent, spec) + rules  # what a field brings along can be denied
    main = agent.mode == "primary"  # what no subagent gets its main agent has
    if deed.cls == "mcp":
        if program and agent.tools.rules and spec.tools.mcp.get("never") and not main:
            return False
        server, _, member = deed.what.partition("/")
        return _mcp(rules, opened == "all", server, member)
    if program:
        names = [n for n, name in spec.tools.singles.items() if (main or not name.never) and deed.cls in name.classes]
        if spec.tools.control == "switch" and agent.tools.rules:  # what no setting takes away is said of the program
            names = [n for n in names if n not in spec.ambient]
        facts = spec.tools.fact("names") or {}
        unasked = {n for n in names if spec.tools.names[n].closed or (facts.get(n) or {}).get("listed")}
        return any(_walk(rules, bool(opened) and n not in unasked, deed, _names(n, spec)) for n in names)
    caps = [c for c, risk in RISK.items() if risk == deed.cls]
    all_names = spec.tools.singles.values()
    there = {c for n in all_names if not (n.off or (n.never and not main) or n.closed) for c in n.gives}
    there = there or set(RISK)
    return any(_walk(rules, bool(opened) and c in there, deed, _caps(c, c in there)) for c in caps)


def _start(tools: Tools, spec: Spec) -> tuple[list[Rule], str]:
    """The rules, and what stands before the first: ``all``, ``builtin`` or nothing."""
    rules = list(tools.rules)
    if tools.base is not None:
        return rules, "" if tools.base == "none" else tools.base
    absent = spec.tools.fact("absent", "all")
    if isinstance(absent, list):
        return [Rule("allow", tool) for n in absent if (tool := spec.tools.named(n))] + rules, ""
    return rules, absent if absent in ("all", "builtin") else ""


def _along(agent: Agent, spec: Spec) -> list[Rule]:
    out = []
    for row in spec.fields.values():
        value = getattr(agent, row.field) if row.field else None
        if row.fact("implies") and value is not None:
            implied = row.fact("implies")
            names = implied.get(row.to_program.get(value, value), implied.get("*", ()))
            out += [Rule("allow", spec.tools.names[n].tool()) for n in names]
    return out


def _taken(agent: Agent, spec: Spec, program: bool) -> set[str]:
    out: set[str] = set()
    for row in spec.fields.values():
        if row.fact("denies") and row.field and (row.applied or not program):
            value = getattr(agent, row.field)
            out |= set(row.fact("denies").get(row.to_program.get(value, value), ()))
        said = [e.value for e in agent.extras if e.key == row.key and isinstance(e.value, (str, bool))]
        if row.fact("denies") and not row.field and program and row.applied and said:  # a switch of the program's own
            out |= {"mcp" if cls == "mcp:*" else cls for cls in row.fact("denies").get(said[0], ())}
    return out


def _names(name: str, spec: Spec) -> Reaches:
    def reaches(rule: Rule) -> bool:
        if rule.tool.caps == ("*",):
            return True
        table = spec.tools
        return name in (table.covers if rule.effect == "allow" else table.shutting)(rule.tool.name)

    return reaches


def _caps(cap: str, there: bool) -> Reaches:
    def reaches(rule: Rule) -> bool:
        if rule.tool.caps == ("*",):
            return there or rule.effect == "deny"
        if RISK[cap] == "runs" and cap == "background" and rule.effect == "deny" and "run" in rule.tool.caps:
            return True
        return cap in rule.tool.caps or (cap in rule.tool.also and rule.scope is None)

    return reaches


def _walk(rules: list[Rule], opened: bool, deed: Deed, reaches: Reaches) -> bool:
    """The last rule that matches decides."""
    state = opened
    for rule in rules:
        if reaches(rule) and (rule.scope is None or matches(rule.scope, deed.what)):
            state = rule.effect == "allow"
    return state


def _mcp(rules: list[Rule], opened: bool, server: str, member: str) -> bool:
    state = opened
    for rule in rules:
        tool = rule.tool
        if rule.scope is not None and not matches(rule.scope, "*"):
            continue  # a call of a tool of a server has no command or path that a pattern could be about
        if tool.caps == ("*",) or (tool.server in ("*", server) and tool.member in (None, member)):
            state = rule.effect == "allow"
    return state


def matches(scope: Scope, what: str) -> bool:
    """Whether a limit lets one deed pass; `*` crosses folders, as the widest of the programs reads it."""
    if scope.kind == "command-prefix":
        return what == scope.text or what.startswith(scope.text + " ")
    if scope.kind == "path-regex":
        try:
            return re.search(scope.text, what) is not None
        except re.error:  # what is no expression matches nothing
            return False
    text = scope.text
    if text.endswith(" *") and what == text[:-2]:
        return True
    pattern = re.escape(text).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", ".*")
    return re.fullmatch(pattern.replace(r"\?", "."), what) is not None
