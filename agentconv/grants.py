"""What the rules of an agent leave of each unit: by capability as its author meant it, by name as its program has it,
and by server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from agentconv.comparing import Right
from agentconv.model import Approval, Rule, Scope, Tool, Tools
from agentconv.records import dataclass
from agentconv.spec import Spec, all_caps, common_caps, part_of, risk

KEPT = 2048  # counts that are kept: most agents of a project have one of a few tool lists
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
            denied.append(denied[-1] if ok else denied[-1] | {_same(scope)})
        denied.reverse()
        if self.open:
            yield Right(cls, None, denied[0], self.approval)
        for n, (allowed, scope, approval) in enumerate(self.scopes):
            if allowed and scope not in denied[n]:
                yield Right(cls, scope, denied[n], approval)


@lru_cache(maxsize=4096)
def _same(scope: Scope) -> Scope:
    """One object for equal limits: what was read and what was written are held against each other, each right with all
    that is denied of it. A thousand denials among a thousand grants are a million comparisons."""
    return scope


def _after(grant: Grant, rule: Rule) -> Grant:
    allowed = rule.effect == "allow"
    by = rule if allowed else grant.rule
    if rule.scope is None:
        return Grant(allowed, rule.approval if allowed else None, (), by)
    return Grant(grant.open, grant.approval, (*grant.scopes, (allowed, rule.scope, rule.approval)), by)


def speaks_of_all(tools: Tools) -> bool:
    """Whether nothing is left of rules that stand in front of these: there is a list, or the first word is for all."""
    first = next(iter(tools.rules), None)
    return tools.base == "none" or (first is not None and first.scope is None and is_star(first.tool))


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


def is_part(member: str | None) -> bool:
    """Whether a name stands for some of the tools of a server: ``get_*``."""
    return member is not None and any(sign in member for sign in "*?")


def _reaches(named: str | None, member: str | None) -> bool:
    """Whether what a rule names of a server holds for this tool, or for all that this pattern stands for."""
    return named in (None, member) or (is_part(named) and member is not None and fnmatchcase(member, str(named)))


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
    anywhere = [r.tool.member for r in tools.rules if r.tool.server == "*" and r.tool.member]
    keys += [(server, member) for server, _ in keys if server != "*" for member in anywhere] if anywhere else []
    patterned = any(is_part(r.tool.member) for r in tools.rules if r.tool.server)
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
        reach = [(n, r) for n, r in wide if is_star(r.tool) or _reaches(r.tool.member, member)]
        reach += own.get((server, None), ())
        if member is not None and patterned:
            named = (m for s, m in own if s == server and m is not None)
            reach += [one for m in named if _reaches(m, member) for one in own[server, m]]
        elif member is not None:
            reach += own.get((server, member), ())
        for _, rule in sorted(reach, key=lambda pair: pair[0]):
            grant = _after(grant, rule)
        grants[server, member] = grant
    return grants
