"""What an agent may do: risk classes with scopes. Which of two may do more is told in ``comparing``.

Two ways to count. *Author*: by meaning; a denied capability is denied whatever tools could give it.
*Program*: by the names the program has; a tool that no rule reaches stays. The source is counted
as author (what neither a rule names nor the program gives was denied before: ``proof/sourcerights``), outputs as
program, so an error in either direction makes a conversion narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from agentconv.capabilities import limited
from agentconv.comparing import ALL, CLASSES, MCP, Right, Rights, contains, covers, gained, lost, spelled
from agentconv.grants import KEPT, Grant, base_open, by_capability, by_name, by_server, is_part, is_star, resolved
from agentconv.model import Agent, Rule, Scope, Tool, Tools
from agentconv.reading.origins import as_meant
from agentconv.spec import Spec, risk

__all__ = [
    "ALL", "CLASSES", "MCP", "Grant", "Right", "Rights", "base_open", "by_capability", "by_name", "by_server",
    "class_of", "contains", "denied_by_fields", "gained", "gained_there", "is_star", "lost", "of_agent",
    "of_ambient", "of_tools", "resolved", "spelled", "spread", "unasked",
]  # fmt: skip


def _mcp_rights(tools: Tools, spec: Spec) -> Iterator[Right]:
    grants = by_server(tools, spec)
    shut = [(s, m) for (s, m), g in grants.items() if not g.open]
    members: dict[str, list[str]] = {}  # of a server, those that are shut
    for s, m in shut:
        if m:
            members.setdefault(s, []).append(m)
    for (server, member), grant in grants.items():
        if not grant.open:
            continue
        if server == "*":
            of_all = [(s, m) for s, m in shut if (s, m) != (server, member) and (member is None or m)]
            denied = [s if m is None else f"{s}/{m}" for s, m in of_all if _may_be(m, member)]
        else:
            denied = [f"{server}/{m}" for m in members.get(server, ()) if m != member and _may_be(m, member)]
        minus = frozenset(Scope("mcp", text) for text in denied)
        parent = grants.get((server, None)) if member else grants[("*", None)]
        if parent is not None and parent.open and (server, member) != ("*", None):
            continue  # said by the wider one
        yield Right(f"mcp:{server}" + (f"/{member}" if member else ""), None, minus, grant.approval)


def _may_be(named: str | None, member: str | None) -> bool:
    """Whether tools of a server that a rule names can be among those that a right is for."""
    if named is None or member is None or named == member:
        return True
    return is_part(member) and (is_part(named) or fnmatchcase(named, member))


def of_tools(tools: Tools, spec: Spec, *, program: bool, usual: bool = False) -> Rights:
    """The rights of a tool control alone."""
    return _of_tools(tools, spec, program, usual)


@lru_cache(maxsize=KEPT)
def _of_tools(tools: Tools, spec: Spec, program: bool, usual: bool) -> Rights:
    found: dict[str, list[Right]] = {}
    if program and spec.tools.singles:  # where no name of the program is known, its capabilities are counted
        # what a switch leaves whatever its setting is ambient, and is counted as that
        left = spec.ambient if spec.tools.control == "switch" and tools.rules else ()
        for name, grant in by_name(tools, spec, usual).items():
            if name in left:
                continue
            for cls, caps in _by_class(spec.tools.names[name].gives).items():
                found.setdefault(cls, []).extend(_for_themselves(cls, caps, grant))
    else:
        for cap, grant in by_capability(tools, spec).items():
            if (cls := risk(cap)) != "none":
                found.setdefault(cls, []).extend(_for_themselves(cls, (cap,), grant))
    out: set[Right] = set()
    for rights in found.values():
        whole = [r for r in rights if r.whole]
        out |= {_loosest(whole)} if whole else _said_once(rights)
    shut = program and bool(spec.tools.mcp.get("never"))  # tools of servers are for sessions of their own
    out |= set() if shut else set(_mcp_rights(tools, spec))
    free = {replace(r, approval=None) for r in out if r.approval != "ask"}
    servers = () if shut and not any(r.effect == "deny" for r in tools.rules) else (MCP,)
    if resolved(tools, spec).base == "all" and {Right(c) for c in (*_classes(tools, spec), *servers)} <= free:
        return frozenset({Right(ALL)})
    return frozenset(out)


def _by_class(caps: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for cap in caps:
        if (cls := risk(cap)) != "none":
            found.setdefault(cls, []).append(cap)
    return found


def _for_themselves(cls: str, caps: Iterable[str], grant: Grant) -> Iterator[Right]:
    """The rights of a grant; where all it gives of the class is less than the class, that alone."""
    if not all(limited(cap) for cap in caps):
        yield from grant.rights(cls)
        return
    for right in grant.rights(cls):
        if right.scope is not None:
            yield right
        else:
            yield from (replace(right, scope=Scope("tool", cap)) for cap in caps)


def _said_once(rights: list[Right]) -> set[Right]:
    """Limited rights without those of single tools that a right of the whole class says, too."""
    wide = {(r.minus, r.approval) for r in rights if r.scope is None}
    return {r for r in rights if r.scope is None or r.scope.kind != "tool" or (r.minus, r.approval) not in wide}


def _classes(tools: Tools, spec: Spec) -> Iterable[str]:
    """The classes that are everything: where nothing is denied, those that the program has for a subagent at all."""
    if spec.tools.fact("absent", "all") != "all" or any(r.effect == "deny" for r in tools.rules):
        return CLASSES
    return frozenset(c for n in spec.tools.singles.values() if not (n.never or n.off) for c in n.classes)


def _loosest(rights: list[Right]) -> Right:
    """Of several whole rights of one class the one that asks least."""
    order = {"auto": 0, None: 1, "ask": 2}
    return min(rights, key=lambda r: order[r.approval])


def of_agent(agent: Agent, spec: Spec, *, program: bool, usual: bool = False) -> Rights:
    """The rights of an agent as its format gives them: tools, what fields add and take away."""
    rights: Rights
    if spec.tools.control == "any":  # the words of the format that it was read from, as its author meant them
        agent, spec = as_meant(agent, spec)
        program = False
    spec = spec.of_mode(agent.mode)
    if program and spec.tools.control == "none":
        rights = frozenset({Right(ALL, approval="auto" if spec.tools.fact("approval") == "automatic" else None)})
        if lacking := spec.tools.fact("lacks"):
            rights = frozenset(r for r in spread(rights) if r.cls not in lacking)
    else:
        tools = added_by_fields(agent, spec) if program else agent.tools
        rights = of_tools(tools, spec, program=program, usual=usual)
    taken = denied_by_fields(agent, spec, program=program) | (switched_off(agent, spec) if program else set())
    if program and spec.tools.control == "none":  # a switch of its own (`features.shell_tool`), read as a rule
        taken |= {
            risk(c) for r in agent.tools.rules if r.effect == "deny" and not r.scope for c in r.tool.caps if c != "*"
        }
    if taken:
        servers = MCP in taken
        rights = frozenset(
            r for r in spread(rights) if r.cls not in taken and not (servers and r.cls.startswith("mcp:"))
        )
    row = spec.by_field.get("delegates")
    if agent.delegates is not None and (not program or (row is not None and row.applied)):
        rights = _limit_delegates(rights, agent.delegates)
    return rights


def spread(rights: Rights) -> Rights:
    """``all`` as the classes it stands for."""
    if any(r.cls == ALL for r in rights):
        asked = next(r.approval for r in rights if r.cls == ALL)
        return frozenset({Right(c, approval=asked) for c in (*CLASSES, MCP)} | {r for r in rights if r.cls != ALL})
    return rights


def added_by_fields(agent: Agent, spec: Spec) -> Tools:
    """The tool control with what other fields bring along (Claude's ``memory``)."""
    tools = agent.tools
    if base_open(tools, spec) and not tools.rules:
        return tools
    extra = []
    for row in spec.rows_with("adds", "implies"):
        if row.fact("adds") == "servers" and agent.mcp_servers:
            extra += [Rule("allow", Tool(name, server=name), at=row.key) for name in agent.mcp_servers]
        implies = row.fact("implies")
        if not implies or not row.field or getattr(agent, row.field) is None:
            continue
        value = row.to_program.get(getattr(agent, row.field), getattr(agent, row.field))
        names = implies.get(value, implies.get("*")) if isinstance(implies, dict) else implies
        extra += [Rule("allow", spec.tools.names[n].tool(), at=row.key) for n in names or () if n in spec.tools.names]
    return replace(tools, rules=tuple(extra) + tools.rules) if extra else tools  # a denial still takes it away


def denied_by_fields(agent: Agent, spec: Spec, *, program: bool) -> frozenset[str]:
    """Risk classes that a field takes away (plan mode); what is not applied was still asked for."""
    gone: set[str] = set()
    for row in spec.rows_with("denies"):
        denies = row.fact("denies")
        if denies and row.field:
            value = getattr(agent, row.field)
            word = row.to_program.get(value, value)
            if row.holds(word) or not program:
                gone |= set(denies.get(word, ()))
    return frozenset(gone)


def switched_off(agent: Agent, spec: Spec) -> set[str]:
    """Risk classes that a switch takes away which is no field of the model."""
    rows = {row.key: row.fact("denies") for row in spec.rows_with("denies") if not row.field and row.applied}
    said = ((e.key, e.value) for e in agent.extras if e.key in rows and isinstance(e.value, (str, bool)))
    return {cls for key, value in said for cls in rows[key].get(value, ())}


def _limit_delegates(rights: Rights, names: tuple[str, ...]) -> Rights:
    if "*" in names:
        return rights
    rest = spread(rights)
    had = [r for r in rest if r.cls == "delegates"]
    rest = frozenset(r for r in rest if r.cls != "delegates")
    if not had:
        return rest
    limited = frozenset(Right("delegates", Scope("agent", n), frozenset(), had[0].approval) for n in names)
    return rest | {one for one in limited if any(covers(r, one) or r.scope is None for r in had)}


def unasked(rights: Rights, spec: Spec) -> Rights:
    """Those that count in a program that asks before nothing: what asked in the source is not there as it was."""
    if spec.tools.fact("approval") != "automatic":
        return rights
    return frozenset(r for r in rights if r.approval != "ask")


def gained_there(before: Rights, after: Rights, spec: Spec) -> Rights:
    """The rights that are new in a program: where it asks before nothing, those that asked in the source are."""
    asking = frozenset(r for r in after if r.approval == "ask")
    return gained(unasked(before, spec), after - asking) | gained(before, asking)


def class_of(cap: str) -> str:
    """The risk class of a capability; of the tools of MCP servers, which are none, the class itself."""
    return MCP if cap == "mcp" else risk(cap)


@cache
def of_ambient(spec: Spec) -> Rights:
    """What every agent of the program has anyway."""
    found = {class_of(cap) for caps in spec.ambient.values() for cap in caps}
    return frozenset(Right(cls) for cls in found if cls != "none")
