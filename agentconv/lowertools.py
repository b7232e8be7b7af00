"""Lowering of tools: the source's control as the target can hold it, never wider, each step noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentconv import scopes as patterns
from agentconv.choosing import choose, everything_but
from agentconv.model import Agent, Approval, Rule, Scope, Tool, Tools
from agentconv.notes import Note, NoteEffect, note
from agentconv.rights import CLASSES, Grant, Rights, by_capability, by_server, contains, is_star, resolved, Right
from agentconv.spec import Name, Spec, cap_title, risk
from agentconv.toolnames import star


@dataclass(slots=True)
class Wish:
    """One capability that the source asks for, with its limits and the rule that asks for it."""

    cap: str
    grant: Grant
    at: str
    label: str


@dataclass(slots=True)
class Job:
    """Everything that lowering a tool control needs to know."""

    src: Spec
    dst: Spec
    agent: Agent
    before: Rights
    forbid: frozenset[str]  # classes that must not arrive (another reader of the place would give more)
    approval: str = ""
    leave: frozenset[str] = frozenset()  # classes that the user lets become wider
    held: set[str] = field(default_factory=set)  # classes whose limit a field of the target holds
    notes: list[Note] = field(default_factory=list)

    def say(self, code: str, message: str, at: str = "tools", effect: NoteEffect | None = None, help: str = "") -> None:
        """A note at a place of the source's control."""
        made = note(code, message, effect=effect, path=at, help=help)
        if made not in self.notes:
            self.notes.append(made)

    @property
    def allowed(self) -> frozenset[str]:
        """Classes that a name of the target may bring."""
        if any(r.cls in ("all", "runs") and r.whole for r in self.before):
            return frozenset(CLASSES) - self.forbid
        return self.literal

    @property
    def literal(self) -> frozenset[str]:
        """The classes that the source has by name, not by what a free shell could do."""
        had = {r.cls for r in self.before if r.whole} & set(CLASSES)
        had |= self.held | (self.leave & set(CLASSES))
        return frozenset(CLASSES if Right("all") in self.before else had) - self.forbid

    @property
    def empty(self) -> bool:
        """Nothing to lose: the source has no tool either."""
        open_caps = any(g.any for g in by_capability(self.agent.tools, self.src).values())
        return not open_caps and not any(g.open for g in by_server(self.agent.tools, self.src).values())


def lower_tools(job: Job) -> tuple[Tools, tuple[str, ...] | None]:
    """The target's control, and the agents that may be called where a field of the target holds them."""
    dst = job.dst
    if dst.tools.control == "none" or dst.text_kind:
        return Tools(), job.agent.delegates
    if dst.tools.control == "switch":
        from agentconv.lowerswitch import lower_switch

        return lower_switch(job), job.agent.delegates
    if dst.tools.enforced == "unknown":
        job.say("T018", f"whether {dst.seen} keeps to its tool control is not known")
    source = resolved(job.agent.tools, job.src)
    caps = by_capability(source, job.src)
    for cap, grant in caps.items():
        if risk(cap) in job.forbid and cap != "delegate":
            grant.open, grant.scopes = False, ()
    opened = _opened(source)
    if opened and not job.forbid and not _limits(source, caps) and not _delegate_limit(job):
        return _everything(job, source), job.agent.delegates
    if opened:
        return _all_but(job, source, caps), job.agent.delegates
    return _listed(job, source, caps)


def _opened(tools: Tools) -> bool:
    """Whether what no rule names is allowed."""
    state = tools.base in ("all", "builtin")
    for rule in tools.rules:
        if is_star(rule.tool) and rule.scope is None:
            state = rule.effect == "allow"
    return state


def _limits(tools: Tools, caps: Mapping[str, Grant]) -> bool:
    denies = any(r.effect == "deny" for r in tools.rules)
    asks = any(r.approval == "ask" for r in tools.rules)
    return denies or asks or tools.base == "builtin" or any(g.scopes and not g.whole for g in caps.values())


def _delegate_limit(job: Job) -> bool:
    named = job.agent.delegates
    return named is not None and "*" not in named and "delegates" not in job.dst.by_field


# -- everything -------------------------------------------------------------------------------


def _everything(job: Job, source: Tools) -> Tools:
    table = job.dst.tools
    if table.fact("absent", "all") == "all":
        return Tools()
    if table.fact("all"):
        return Tools("all")
    if table.fact("star") == "all":
        return Tools("all")
    return _list_all_but(job, set(), source)


def _all_but(job: Job, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    """Everything less what the source denies."""
    table = job.dst.tools
    if table.control == "map":
        return _map_all_but(job, source, caps)
    closed = _closed(job, caps)
    if table.fact("deny") and table.fact("absent", "all") == "all":
        denied = _deny_list(job, closed, source)
        if denied is not None:
            return denied
    return _list_all_but(job, closed, source)


def _closed(job: Job, caps: Mapping[str, Grant]) -> set[str]:
    """Capabilities that are denied; a denial with a scope takes the whole tool where no scope can be held."""
    closed = set()
    for cap, grant in caps.items():
        if grant.whole and not (grant.approval == "ask" and _say_ask(job, cap)):
            continue
        if grant.any and risk(cap) in job.leave:
            continue
        if grant.any and job.dst.tools.control != "map":
            at = next((r.at for r in job.agent.tools.rules if cap in r.tool.caps and r.scope), "tools")
            job.say("T013", f"{job.dst.program} cannot deny a part of “{cap_title(cap)}”; the whole is denied", at)
        closed.add(cap)
    named = job.agent.delegates
    if named is not None and not named:
        closed.add("delegate")
    elif _delegate_limit(job):
        job.say("T022", f"{job.dst.program} cannot limit which agents may be called: none may", "delegates")
        closed.add("delegate")
    return closed


def _say_ask(job: Job, cap: str) -> bool:
    """An action that asked: the session of the target asks, too, or it may not be given (True)."""
    at = next((r.at for r in job.agent.tools.rules if cap in r.tool.caps and r.approval == "ask"), "tools")
    if risk(cap) == "none":
        return False
    if job.dst.tools.fact("approval", "session") == "session":
        text = f"“{cap_title(cap)}” asks each time; {job.dst.program} leaves asking to the session"
        job.say("T015", text, at, effect="approximate")
        return False
    return risk(cap) not in job.leave


def _classes_left(job: Job) -> frozenset[str]:
    return job.literal


def _keeps(name: Name, closed: set[str], allowed: frozenset[str]) -> bool:
    """A name stays while something that it means is open and nothing it brings is a right too many."""
    risky = [c for c in name.caps if risk(c) != "none"] or list(name.caps)
    return name.classes <= allowed and (not risky or any(c not in closed for c in risky))


def _deny_list(job: Job, closed: set[str], source: Tools) -> Tools | None:
    """The names to deny; ``None`` where something cannot be named."""
    table = job.dst.tools
    allowed = _classes_left(job)
    gone = [n for n, name in table.singles.items() if not name.never and not _keeps(name, closed, allowed)]
    needed = [n for n in gone if not set(table.singles[n].deny_with) & set(gone)]
    rules = [Rule("deny", table.singles[n].tool(), at="tools") for n in needed]
    servers = by_server(source, job.src)
    if not servers[("*", None)].open:
        if any(g.open for g in servers.values()):
            return None
        pattern = table.mcp.get("deny_every")
        if pattern is None:
            return None
        rules.append(Rule("deny", Tool(str(pattern), server="*"), at="tools"))
    else:
        for (server, member), grant in servers.items():
            if grant.open or server == "*":
                continue
            spelled = table.spell_mcp(server, member)
            if spelled is None or table.mcp.get("deny_servers") is False:
                return None
            rules.append(Rule("deny", Tool(spelled, server=server, member=member), at="tools"))
    _say_partial(job, closed, [table.singles[n] for n in table.singles if n not in gone])
    return Tools(None, tuple(rules))


def _say_partial(job: Job, closed: set[str], kept: list[Name]) -> None:
    for cap in sorted(closed):
        held = [n for n in kept if cap in n.gives and risk(cap) != "none" and not n.never and not n.off]
        if held and any(cap in r.tool.caps for r in job.agent.tools.rules if r.effect == "deny"):
            at = next(r.at for r in job.agent.tools.rules if r.effect == "deny" and cap in r.tool.caps)
            job.say(
                "T020",
                f"“{cap_title(cap)}” was denied but comes with `{held[0].name}` in {job.dst.program}; "
                f"the right “{risk(cap)}” is the source's anyway",
                at,
            )


def _list_all_but(job: Job, closed: set[str], source: Tools) -> Tools:
    """An allow-list of all that the target has, less what is denied."""
    table = job.dst.tools
    names = everything_but(closed, _classes_left(job), job.dst)
    rules = [Rule("allow", table.names[n].tool(), at="tools") for n in names]
    servers = by_server(source, job.src)
    wild = servers[("*", None)].open
    denied = [key for key, g in servers.items() if not g.open and key[0] != "*"]
    every = table.mcp.get("every")
    if wild and not denied and every is not None:
        tool = table.own(str(every))
        rules = [r for r in rules if r.tool.name != every]
        rules.append(Rule("allow", Tool(str(every), tool.caps if tool else (), tool.also if tool else (), server="*")))
    else:
        rules = [r for r in rules if r.tool.name != every]
        for (server, member), grant in servers.items():
            if grant.open and server != "*" and (spelled := table.spell_mcp(server, member)):
                rules.append(Rule("allow", Tool(spelled, server=server, member=member)))
        if wild:
            text = f"{job.dst.program} has no word for “every MCP server”: tools of MCP servers and extensions are left out"
            job.say("T008", text, "tools", help="name the servers in the source, or add them to the output's list")
    return _or_none(job, Tools("none", tuple(rules)))


# -- maps -------------------------------------------------------------------------------------


def _map_all_but(job: Job, source: Tools, caps: Mapping[str, Grant]) -> Tools:
    table = job.dst.tools
    allowed = _classes_left(job)
    if not by_server(source, job.src)[("*", None)].open and table.mcp.get("deny_every") is None:
        rules = _allowed_keys(job, source, caps)
        return Tools(None, (Rule("deny", star(job.dst), at="tools"), *rules))
    rules = []
    closed = {c for c, g in caps.items() if not g.any} | ({"delegate"} if job.agent.delegates == () else set())
    limited: set[str] = set()
    for cap, grant in caps.items():
        if cap in closed or grant.whole and grant.approval != "ask":
            continue
        for name in table.singles.values():
            if cap in name.caps and name.name not in limited:
                made = _map_scoped(job, name, cap, grant, "tools")
                if made is None:
                    closed.add(cap)
                else:
                    limited.add(name.name)
                    rules += made
    for name in table.singles.values():
        if name.name in limited or not name.caps or name.closed:
            continue
        if not _keeps(name, closed, allowed | frozenset(risk(c) for c in caps if caps[c].any)):
            rules.append(Rule("deny", name.tool(), at="tools"))
    rules += _map_servers(job, source, opened=True)
    named = job.agent.delegates
    if named and "*" not in named:
        rules += _map_agents(job, named)
    _say_partial(job, closed, [n for n in table.singles.values() if n.name not in {r.tool.name for r in rules}])
    return Tools(None, tuple(rules))


def _allowed_keys(job: Job, source: Tools, caps: Mapping[str, Grant]) -> list[Rule]:
    """Everything that is open, key by key: the form for what cannot be denied by a key of its own."""
    table = job.dst.tools
    closed = {c for c, g in caps.items() if not g.whole}
    rules: list[Rule] = []
    for name in table.singles.values():
        if name.off or name.closed or not name.caps or not _keeps(name, closed, job.literal):
            continue
        cap = next(c for c in name.caps if c not in closed)
        rules += _map_key(job, name, Wish(cap, caps.get(cap) or Grant(True), "tools", name.name))
    rules += _map_servers(job, source, opened=False)
    _say_overrides(job, rules)
    return rules


def _map_agents(job: Job, named: tuple[str, ...]) -> list[Rule]:
    for name in job.dst.tools.singles.values():
        if name.scope == "agent":
            allow = [Rule("allow", name.tool(), Scope("agent", n), "auto", "delegates") for n in named]
            return [Rule("deny", name.tool(), at="delegates"), *allow]
    return []


def _map_servers(job: Job, source: Tools, *, opened: bool) -> list[Rule]:
    table = job.dst.tools
    rules = []
    for (server, member), grant in by_server(source, job.src).items():
        if server == "*":
            if grant.open != opened:
                text = f"{job.dst.program} has no key for “every MCP server”"
                job.say("T008", text + (": they are left out" if not opened else ""))
            continue
        if grant.open == opened and grant.approval != "ask":
            continue
        if spelled := table.spell_mcp(server, member):
            effect: Approval | None = ("ask" if grant.approval == "ask" else "auto") if grant.open else None
            tool = Tool(spelled, server=server, member=member)
            rules.append(Rule("allow" if grant.open else "deny", tool, None, effect, grant.rule.at if grant.rule else "tools"))
    return rules


def _map_scoped(job: Job, name: Name, cap: str, grant: Grant, at: str) -> list[Rule] | None:
    """Rules of one key that hold the limits of a grant, or ``None``."""
    default = _approval(job, grant.approval)
    if not grant.scopes:
        return [Rule("allow", name.tool(), None, default, at)] if grant.open else None
    if name.plain or not name.scope:
        return None
    rules = [Rule("allow", name.tool(), None, default, at) if grant.open else Rule("deny", name.tool(), None, None, at)]
    for allowed, scope, approval in grant.scopes:
        converted = patterns.convert(scope, name.scope)
        if converted is None:
            if not allowed:
                return None  # a denial that cannot be said takes the whole tool
            continue
        for one in converted:
            if allowed:
                rules.append(Rule("allow", name.tool(), one, _approval(job, approval), at))
            else:
                rules.append(Rule("deny", name.tool(), one, None, at))
    return rules if any(r.effect == "allow" for r in rules) else None


def _approval(job: Job, wished: Approval | None) -> Approval:
    if wished == "ask" or (wished is None and job.approval == "ask"):
        return "ask"
    return "auto"


# -- lists ------------------------------------------------------------------------------------


def _wishes(job: Job, source: Tools, caps: Mapping[str, Grant]) -> tuple[list[Wish], list[str]]:
    """What the allow rules ask for, in their order, and what comes along with it."""
    wishes: dict[str, Wish] = {}
    along: list[str] = []
    for rule in source.rules:
        if rule.effect != "allow" or is_star(rule.tool):
            continue
        for cap in rule.tool.caps:
            if cap in caps and caps[cap].any and cap not in wishes:
                wishes[cap] = Wish(cap, caps[cap], rule.at, rule.tool.name)
        along += [c for c in rule.tool.also if c in caps and caps[c].open]
        dropped = [c for c in rule.tool.caps if c in caps and not caps[c].any and risk(c) in job.forbid - {"delegates"}]
        if dropped and len(dropped) == len(rule.tool.caps):
            classes = ", ".join(sorted({risk(c) for c in dropped}))
            job.say("T021", f"`{rule.tool.name}` left out: “{classes}” may not arrive in {job.dst.program}", rule.at)
    return list(wishes.values()), along


def _listed(job: Job, source: Tools, caps: Mapping[str, Grant]) -> tuple[Tools, tuple[str, ...] | None]:
    wishes, along = _wishes(job, source, caps)
    wishes, delegates = _agents_limit(job, wishes)
    whole, scoped = [], []
    for wish in wishes:
        wide = wish.grant.whole or (risk(wish.cap) in job.leave and not _can_scope(job, wish))
        (whole if wide else scoped).append(wish)
    if job.dst.tools.control == "map":
        rules = _map_listed(job, whole, scoped, along)
    else:
        for wish in whole:
            if wish.grant.approval == "ask" and _say_ask(job, wish.cap):
                job.say("T015", f"`{wish.label}` asks each time; {job.dst.program} would not: left out", wish.at, "narrows")
                whole = [w for w in whole if w is not wish]
        rules = _list_listed(job, whole, scoped, along)
    rules += _servers_listed(job, source)
    _say_overrides(job, rules)
    _say_unknown(job, source)
    if job.dst.tools.control == "map":
        granted = {r.tool.name for r in rules if r.effect == "allow"}
        first = [Rule("deny", star(job.dst), at="tools")]
        ordered = [r for r in rules if r.tool.name in granted]
        if not granted and not job.empty:
            job.say("T017", "no tool is left that the target has")
        return Tools(None, tuple(first + ordered)), delegates
    return _or_none(job, Tools("none", tuple(rules))), delegates


def _can_scope(job: Job, wish: Wish) -> bool:
    """Whether some name of the target holds the limits of the wish."""
    if job.dst.tools.fact("scopes") != "enforced" and job.dst.tools.control == "list":
        return False
    kinds = {n.scope for n in job.dst.tools.names.values() if wish.cap in n.caps and n.scope}
    asked = [s for ok, s, _ in wish.grant.scopes if ok]
    return any(all(patterns.convert(s, kind) is not None for s in asked) for kind in kinds)


def _agents_limit(job: Job, wishes: list[Wish]) -> tuple[list[Wish], tuple[str, ...] | None]:
    """Which agents may be called: a field of the target, patterns of its map, or not at all."""
    named = job.agent.delegates
    wish = next((w for w in wishes if w.cap == "delegate"), None)
    if wish is None:
        return wishes, named
    if "delegates" in job.leave and not _can_hold_agents(job):
        return wishes, None
    if named is None and not wish.grant.open:
        named = tuple(s.text for ok, s, _ in wish.grant.scopes if ok and s.kind == "agent")
    if named is None or "*" in named:
        return wishes, named
    rest = [w for w in wishes if w.cap != "delegate"]
    row = job.dst.by_field.get("delegates")
    if not named:
        return (wishes, ()) if row and row.applied else (rest, None)
    if "delegates" in job.forbid:
        text = f"another program at the place of {job.dst.program} cannot limit which agents may be called"
        job.say("T022", f"{text} ({', '.join(named)}); `{wish.label}` is left out", wish.at)
        job.say("T022", f"{text}: none may", "delegates")
        return rest, None
    if row is not None and row.applied:
        job.held.add("delegates")
        return [*rest, Wish("delegate", Grant(True), wish.at, wish.label)], named
    if job.dst.tools.control == "map":
        grant = Grant(False, None, tuple((True, Scope("agent", n), None) for n in named))
        return [*rest, Wish("delegate", grant, wish.at, wish.label)], None
    text = f"{job.dst.seen} cannot limit which agents may be called ({', '.join(named)}); `{wish.label}` is left out"
    job.say("T022", text, wish.at)
    if job.agent.delegates is not None:
        job.say("T022", text, "delegates")
    return rest, None


def _can_hold_agents(job: Job) -> bool:
    row = job.dst.by_field.get("delegates")
    return (row is not None and row.applied) or job.dst.tools.control == "map"


def _list_listed(job: Job, whole: list[Wish], scoped: list[Wish], along: list[str]) -> list[Rule]:
    table = job.dst.tools
    picked = choose([w.cap for w in whole], along, job.allowed, job.dst)
    rules: dict[str, Rule] = {}
    for wish in whole:
        _say_choice(job, wish, picked.by_cap.get(wish.cap), picked.near, picked.wider)
        name = picked.by_cap.get(wish.cap)
        if name is not None:
            rules.setdefault(name, Rule("allow", table.names[name].tool(), at=wish.at))
    out = list(rules.values())
    for wish in scoped:
        out += _scoped_in_list(job, wish)
    return out


def _scoped_in_list(job: Job, wish: Wish) -> list[Rule]:
    """A limited grant in a list: kept where the target enforces such limits, else dropped."""
    table = job.dst.tools
    if contains(job.before, Right(risk(wish.cap))) and risk(wish.cap) not in job.forbid:
        picked = choose([wish.cap], [], job.allowed, job.dst)  # the class is whole by another tool
        if name := picked.by_cap.get(wish.cap):
            text = f"`{wish.label}` loses its limit; the agent has the whole right by another tool anyway"
            job.say("T011", text, wish.at)
            return [Rule("allow", table.names[name].tool(), at=wish.at)]
    for name in table.names.values():
        if wish.cap in name.caps and name.scope and not wish.grant.open and len(name.classes) == 1:
            converted = [patterns.convert(s, name.scope) for ok, s, _ in wish.grant.scopes if ok]
            if all(c is not None for c in converted) and len(converted) == 1 and len(converted[0] or ()) == 1:
                return [Rule("allow", name.tool(), (converted[0] or [None])[0], None, wish.at)]
    _say_scope(job, wish)
    return []


def _say_scope(job: Job, wish: Wish) -> None:
    texts = ", ".join(s.text for _, s, _ in wish.grant.scopes)
    if wish.grant.open:
        text = f"`{wish.label}` is denied for {texts}; {job.dst.seen} cannot hold that: the whole tool is left out"
        job.say("T013", text, wish.at, help=f"--allow-widening {risk(wish.cap)} gives the whole tool")
        return
    job.say(
        "T006",
        f"`{wish.label}` is limited to {texts}; {job.dst.seen} cannot hold that limit: left out",
        wish.at,
        help=f"--allow-widening {risk(wish.cap)} gives the whole tool",
    )


def _say_choice(
    job: Job, wish: Wish, name: str | None, near: Mapping[str, tuple[str, str]], wider: Mapping[str, str]
) -> None:
    program = job.dst.program
    title = cap_title(wish.cap)
    if wish.cap in near and name is not None:
        other, effect = near[wish.cap]
        kind: NoteEffect = "narrows" if effect == "narrows" else "approximate"
        text = f"{program} has nothing to {title}: `{wish.label}` became `{name}` ({cap_title(other)})"
        job.say("T005", text, wish.at, effect=kind)
    elif wish.cap in wider:
        text = f"`{wish.label}`: `{wider[wish.cap]}` of {program} would give more than the source has; left out"
        job.say("T007", text, wish.at)
    elif name is None:
        code_effect: NoteEffect = "narrows" if risk(wish.cap) != "none" else "lost"
        job.say("T003", f"{program} has no tool to {title} (`{wish.label}`)", wish.at, effect=code_effect)


def _map_listed(job: Job, whole: list[Wish], scoped: list[Wish], along: list[str]) -> list[Rule]:
    """Keys of a map behind `"*": deny`."""
    table = job.dst.tools
    caps = [w.cap for w in whole]
    picked = choose(caps, along, job.allowed, job.dst)
    rules: list[Rule] = []
    done: set[str] = set()
    for wish in whole:
        name = picked.by_cap.get(wish.cap)
        _say_choice(job, wish, name, picked.near, picked.wider)
        if name is None or name in done:
            continue
        done.add(name)
        rules += _map_key(job, table.names[name], wish)
    for wish in scoped:
        fits = [n for n in table.singles.values() if wish.cap in n.caps and not n.off]
        made = next((m for n in fits if n.name not in done and (m := _map_scoped(job, n, wish.cap, wish.grant, wish.at))), None)
        if made is None and not any(n.name in done for n in fits):
            _say_scope(job, wish)
        elif made is not None:
            done.add(made[0].tool.name)
            lost = sum(1 for ok, _, _ in wish.grant.scopes if ok) - len({r.scope for r in made if r.scope and r.effect == "allow"})
            rules += made
            if lost > 0:
                _say_scope(job, wish)
    return rules


def _say_overrides(job: Job, rules: list[Rule]) -> None:
    if job.dst.tools.fact("approval") != "map" or not any(r.effect == "allow" for r in rules):
        return
    word = "ask" if job.approval == "ask" else "allow"
    job.say(
        "T010",
        f"{job.dst.program} has one word for being there and running: `{word}` overrides the user's own rules for these tools",
        "tools",
        help="" if job.approval == "ask" else "--approval ask writes `ask` instead",
    )


def _map_key(job: Job, name: Name, wish: Wish) -> list[Rule]:
    approval = _approval(job, wish.grant.approval)
    rules = [Rule("allow", name.tool(), None, approval, wish.at)]
    kind = name.scope or "text"
    for pattern, action in name.keep if approval == "auto" else ():
        effect: Approval | None = {"ask": "ask", "allow": "auto"}.get(action)  # type: ignore[assignment]
        rules.append(Rule("deny" if action == "deny" else "allow", name.tool(), Scope(kind, pattern), effect, wish.at))
    return rules


def _servers_listed(job: Job, source: Tools) -> list[Rule]:
    table = job.dst.tools
    if table.control == "map":
        return _map_servers(job, source, opened=False)
    rules = []
    for (server, member), grant in by_server(source, job.src).items():
        if not grant.open:
            continue
        at = grant.rule.at if grant.rule else "tools"
        spelled = table.spell_mcp(server, member)
        if spelled is not None:
            own = table.own(spelled)
            tool = Tool(spelled, own.caps if own else (), own.also if own else (), server, member)
            if f"mcp:{server}" not in job.forbid and "mcp:*" not in job.forbid:
                rules.append(Rule("allow", tool, at=at))
        elif server == "*":
            job.say("T008", f"{job.dst.program} has no word for “every MCP server”", at)
        else:
            what = f"one tool of the MCP server {server}" if member else f"the MCP server {server}"
            label = grant.rule.tool.name if grant.rule else server
            job.say("T007", f"{job.dst.seen} cannot allow {what} alone (`{label}`): left out", at)
    return rules


def _say_unknown(job: Job, source: Tools) -> None:
    for rule in source.rules:
        tool = rule.tool
        if rule.effect == "allow" and not tool.caps and tool.server is None:
            job.say("T004", f"`{tool.name}` is no tool that any program has; left out", rule.at)


def _or_none(job: Job, tools: Tools) -> Tools:
    """Where nothing is left: the form that means no tools in the target."""
    if any(r.effect == "allow" for r in tools.rules):
        return tools
    if not job.empty:
        job.say("T017", "no tool is left that the target has")
    form = job.dst.tools.fact("no_tools")
    if isinstance(form, list) and form:
        return Tools("none", tuple(Rule("allow", Tool(str(n)), at="tools") for n in form))
    return Tools("none")
