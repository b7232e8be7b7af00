"""What an agent may do: risk classes with scopes. Which of two may do more is told in ``comparing``.

Two ways to count. *Author*: by meaning; a denied capability is denied whatever tools could give it.
*Program*: by the names the program has; a tool that no rule reaches stays. The source is counted
as author (what neither a rule names nor the program gives was denied before: ``proof/sourcerights``), outputs as
program, so an error in either direction makes a conversion narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache

from agentconv.capabilities import limited
from agentconv.comparing import ALL, CLASSES, MCP, Right, Rights, contains, covers, gained, lost, spelled
from agentconv.model import Agent, Approval, Rule, Scope, Tool, Tools
from agentconv.reading.origins import as_meant
from agentconv.records import dataclass
from agentconv.spec import Spec, all_caps, common_caps, part_of, risk

__all__ = [
    "ALL", "CLASSES", "MCP", "Grant", "Right", "Rights", "base_open", "by_capability", "by_name", "by_server",
    "class_of", "contains", "denied_by_fields", "gained", "gained_there", "is_star", "lost", "of_agent",
    "of_ambient", "of_tools", "resolved", "spelled", "spread", "unasked",
]  # fmt: skip
Scopes = tuple[tuple[bool, Scope, Approval | None], ...]  # allowed or denied, in order


@dataclass(frozen=True, slots=True)
class Grant:
    """What the rules leave of one unit: open or closed, with exceptions in order."""

    open: bool
    approval: Approval | None = None
    scopes: Scopes = ()
    rule: Rule | None = None

    @property
    def any(self) -> bool:
        """Whether anything is allowed."""
        return self.open or any(allowed for allowed, _, _ in self.scopes)

    @property
    def whole(self) -> bool:
        """Allowed without exception."""
        return self.open and all(allowed for allowed, _, _ in self.scopes)

    def rights(self, cls: str) -> Iterator[Right]:
        """What is open less what is denied, and each allowed scope less what is denied after it."""
        denied: list[frozenset[Scope]] = [frozenset()]  # what is denied from each place on
        for ok, scope, _ in reversed(self.scopes):
            denied.append(denied[-1] if ok else denied[-1] | {scope})
        denied.reverse()
        if self.open:
            yield Right(cls, None, denied[0], self.approval)
        for n, (allowed, scope, approval) in enumerate(self.scopes):
            if allowed and scope not in denied[n]:
                yield Right(cls, scope, denied[n], approval)


def _after(grant: Grant, rule: Rule) -> Grant:
    allowed = rule.effect == "allow"
    by = rule if allowed else grant.rule
    if rule.scope is None:
        return Grant(allowed, rule.approval if allowed else None, (), by)
    return Grant(grant.open, grant.approval, (*grant.scopes, (allowed, rule.scope, rule.approval)), by)


def is_star(tool: Tool) -> bool:
    """A rule for every tool there is."""
    return tool.caps == ("*",)


def limits_shell(rules: Iterable[Rule]) -> bool:
    """Whether rules deny commands, or some of them, or ask before them: who has a free shell misses no other right."""
    limiting = (r for r in rules if r.effect == "deny" or r.scope or r.approval == "ask")
    return any(risk(c) == "runs" for r in limiting for c in r.tool.caps if c != "*")


def base_open(tools: Tools, spec: Spec) -> bool:
    """What stands before the first rule: everything or nothing."""
    if tools.base is None:
        return spec.tools.fact("absent", "all") in ("all", "builtin")
    return tools.base in ("all", "builtin")


def alive(tools: Tools) -> Tools:
    """The rules that no later one undoes, where the last one counts: behind `"git *": allow` a `"*": deny` of the same
    tool is all that is left, and all that a map can say."""
    rules, whole = list[Rule](), set[str]()
    for rule in reversed(tools.rules):
        if rule.tool.name not in whole:
            rules.append(rule)
        if rule.scope is None:
            whole.add(rule.tool.name)
    return Tools(tools.base, tuple(reversed(rules)))


def resolved(tools: Tools, spec: Spec) -> Tools:
    """The unsaid base made explicit by the description's ``absent:``."""
    if tools.base is not None:
        return tools
    absent = spec.tools.fact("absent", "all")
    if isinstance(absent, list):
        named = [Rule("allow", tool) for n in absent if (tool := spec.tools.named(n))]
        return Tools("none", (*named, *tools.rules))
    return Tools("builtin" if absent == "builtin" else "all" if absent == "all" else "none", tools.rules)


def by_capability(tools: Tools, spec: Spec) -> Mapping[str, Grant]:
    """Author's count: capability -> grant. Not to be changed: the same count is handed to all who ask."""
    return _by_capability(tools, spec, _places(tools))


def _places(tools: Tools) -> tuple[str, ...]:
    """Where the rules stand: no part of what they mean, but a grant holds the rule that it comes from."""
    return tuple([r.at for r in tools.rules])


KEPT = 2048  # counts that are kept: most agents of a project have one of a few tool lists


@lru_cache(maxsize=KEPT)
def _by_capability(tools: Tools, spec: Spec, _places: tuple[str, ...]) -> dict[str, Grant]:
    tools = resolved(tools, spec)
    opened = tools.base in ("all", "builtin")
    usual = _usual(spec)
    grants: dict[str, Grant] = {}
    named = [c for r in tools.rules if r.tool.caps != ("*",) for c in (*r.tool.caps, *r.tool.also)]
    for cap in dict.fromkeys([*named, *(c for c in all_caps() if c in usual)]):
        # what the program usually does not have was not asked for by leaving the list away
        grant = Grant(opened and cap in usual)
        for rule in tools.rules:
            # what comes along has no limit of its own, and no way round one: a part that is denied is denied to it, too
            along = cap in rule.tool.also and (rule.scope is None or rule.effect == "deny")
            taken = rule.effect == "deny" and part_of(cap) in rule.tool.caps
            if is_star(rule.tool) or cap in rule.tool.caps or along or taken:
                if is_star(rule.tool) and rule.effect == "allow" and cap not in usual:
                    continue
                grant = _after(grant, rule)
        grants[cap] = grant
    return grants


@lru_cache(maxsize=256)
def _usual(spec: Spec) -> frozenset[str]:
    """What an agent of the program has without a list; what most have, where no name of the program is known."""
    found = (n.gives for n in spec.tools.singles.values() if not (n.off or n.never or n.closed))
    return frozenset(c for gives in found for c in gives) or common_caps()


@lru_cache(maxsize=256)
def _listed(spec: Spec) -> frozenset[str]:
    """Names that the program gives only where a list says them, and nobody by leaving the list away."""
    return frozenset(str(n) for n, facts in (spec.tools.fact("names") or {}).items() if (facts or {}).get("listed"))


def by_name(tools: Tools, spec: Spec, usual: bool = False) -> dict[str, Grant]:
    """Program's count: tool name -> grant; ``usual`` leaves out what stands behind a setting."""
    tools = resolved(tools, spec)
    opened = tools.base in ("all", "builtin")
    grants = {
        n: Grant(opened and not name.closed and n not in _listed(spec))
        for n, name in spec.tools.singles.items()
        if not name.never and not (usual and name.off and not (name.key or name.set_up))
    }
    unlisted = (
        _listed(spec) if opened else frozenset[str]()
    )  # beside a `*` a name is no list (Claude Code 2.1.328, run)
    for rule in tools.rules:
        reach = spec.tools.covers if rule.effect == "allow" else spec.tools.shutting
        for name in reach(rule.tool.name) if not is_star(rule.tool) else grants:
            if name in grants and not (rule.effect == "allow" and name in unlisted):
                grants[name] = _after(grants[name], rule)
    return grants


def by_server(tools: Tools, spec: Spec) -> Mapping[tuple[str, str | None], Grant]:
    """MCP: (server, tool or None) -> grant; server ``*`` is every other one. Not to be changed, either."""
    return _by_server(tools, spec, _places(tools))


@lru_cache(maxsize=KEPT)
def _by_server(tools: Tools, spec: Spec, _places: tuple[str, ...]) -> dict[tuple[str, str | None], Grant]:
    tools = resolved(tools, spec)
    keys: list[tuple[str, str | None]] = [("*", None)]
    keys += [(r.tool.server, None) for r in tools.rules if r.tool.server]
    keys += [(r.tool.server, r.tool.member) for r in tools.rules if r.tool.server and r.tool.member]
    wide: list[tuple[int, Rule]] = []  # rules for every server; the others by what they name: lists can be long
    own: dict[tuple[str, str | None], list[tuple[int, Rule]]] = {}
    for n, rule in enumerate(tools.rules):
        if is_star(rule.tool) or rule.tool.server == "*":
            wide.append((n, rule))
        elif rule.tool.server:
            own.setdefault((rule.tool.server, rule.tool.member), []).append((n, rule))
    grants: dict[tuple[str, str | None], Grant] = {}
    for server, member in dict.fromkeys(keys):
        grant = Grant(tools.base == "all")
        reach = [(n, r) for n, r in wide if is_star(r.tool) or r.tool.member in (None, member)]
        reach += own.get((server, None), ())
        if member is not None:
            reach += own.get((server, member), ())
        for _, rule in sorted(reach, key=lambda pair: pair[0]):
            grant = _after(grant, rule)
        grants[server, member] = grant
    return grants


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
            denied = [s if m is None else f"{s}/{m}" for s, m in shut if (s, m) != (server, member)]
        else:
            denied = [f"{server}/{m}" for m in members.get(server, ()) if m != member]
        minus = frozenset(Scope("mcp", text) for text in denied)
        parent = grants.get((server, None)) if member else grants[("*", None)]
        if parent is not None and parent.open and (server, member) != ("*", None):
            continue  # said by the wider one
        yield Right(f"mcp:{server}" + (f"/{member}" if member else ""), None, minus, grant.approval)


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
