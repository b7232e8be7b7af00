"""The part of the proof that looks at tool rules: each rule of the source arrived, or a note at it says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentconv import scopes as patterns
from agentconv.grants import Grant, Scopes, alive, by_capability, by_server, is_star, resolved
from agentconv.lowering.wish import opened, still_given
from agentconv.model import Agent, Rule, Scope
from agentconv.notes import Note, note
from agentconv.spec import Spec, risk

Line = tuple[str, str, str, str]
Servers = Mapping[tuple[str, str | None], Grant]

# Which notes at a rule explain what about it.
ALLOW_LOST = frozenset(["T003", "T004", "T006", "T007", "T008", "T013", "T015", "T012", "T021", "T022", "L004"])
DENY_LOST = frozenset(["T003", "T004", "T011", "T012", "T013", "T014", "T020", "T021"])
LIMIT_LOST = ALLOW_LOST | {"T011", "T014"}
STANDS_IN = frozenset({"T005"})
ASK_LOST = ALLOW_LOST | {"T015", "T011"}


def line(rule: Rule) -> Line:
    """A rule as it is compared."""
    scope = f"{rule.scope.kind}:{rule.scope.text}" if rule.scope else ""
    return rule.effect, rule.tool.name, scope, rule.approval or ""


def rules_arrived(source: Agent, back: Agent, notes: list[Note], src: Spec, dst: Spec) -> list[Note]:
    """Rules of the source that have no effect in the output, without a note at their own place."""
    src, dst = src.of_mode(source.mode), dst.of_mode(back.mode)
    had = _with_delegates(source, by_capability(source.tools, src))
    has = _with_delegates(back, by_capability(back.tools, dst))
    for rule in back.tools.rules:
        if rule.tool.server == "*" and (own := dst.tools.own(rule.tool.name)) is not None:
            has = {**has, **{c: Grant(True) for c in own.gives}}  # a group of every server and what reads from them
    there = has
    if opened(resolved(back.tools, dst)):
        # everything is everything in every program: what this one does not have was not taken away
        denied = {c for r in back.tools.rules if r.effect == "deny" for c in r.tool.caps}
        there = {**{c: Grant(True, "ask") for c in had if c not in denied and c not in has}, **has}
    problems = []
    said: dict[str, set[str]] = {}
    for n in notes:
        said.setdefault(n.path, set()).add(n.code)
    arrived = {line(r)[:3] for r in back.tools.rules}
    asked, servers = by_server(source.tools, src), by_server(back.tools, dst)
    counting = alive(source.tools) if src.tools.fact("order") else source.tools
    limits = Limits()
    for rule in counting.rules:
        if is_star(rule.tool):
            continue
        codes = said.get(rule.at or "tools", set())
        if not rule.tool.caps and line(rule)[:3] in arrived:
            continue
        if rule.tool.server:
            gone = _server(rule, asked, servers, codes)
        elif rule.effect == "allow":
            gone = _allowed(rule, had, there, codes, limits)
        else:
            gone = _denied(rule, had, has, codes)
        if gone:
            text = f"`{rule.tool.name}`: {gone} did not arrive and no note says so"
            problems.append(note("V003", text, path=rule.at))
    return problems


def _with_delegates(source: Agent, had: Mapping[str, Grant]) -> Mapping[str, Grant]:
    """The field that lists agents limits the tool, too."""
    grant = had.get("delegate")
    if source.delegates is None or "*" in source.delegates or grant is None:
        return had
    if grant.open:
        scopes: Scopes = tuple((True, Scope("agent", n), None) for n in source.delegates)
    else:
        scopes = tuple(s for s in grant.scopes if s[1].text in source.delegates)
    return {**had, "delegate": replace(grant, open=False, scopes=scopes)}


class Limits:
    """What limited grants speak of: each of a thousand rules is looked for among a thousand limits."""

    def __init__(self) -> None:
        self._last: dict[int, dict[Scope, bool]] = {}
        self._allowed: dict[int, dict[Scope, None]] = {}

    def counts(self, scope: Scope, grant: Grant) -> bool:
        """Whether the limited grant still stands: a later rule may have overruled it."""
        if (key := id(grant.scopes)) not in self._last:
            self._last[key] = {s: ok for ok, s, _ in grant.scopes}
        return self._last[key].get(scope, False)

    def holds(self, scope: Scope, grant: Grant) -> bool:
        """Whether what arrived covers the limited grant."""
        if (key := id(grant.scopes)) not in self._allowed:
            self._allowed[key] = {s: None for ok, s, _ in grant.scopes if ok}
        allowed = self._allowed[key]
        if scope in allowed or any(patterns.within(scope, s) for s in allowed):
            return True
        kinds = dict.fromkeys(s.kind for s in allowed)
        return any((made := patterns.convert(scope, k)) is not None and set(made) <= allowed.keys() for k in kinds)


def _allowed(rule: Rule, had: Mapping[str, Grant], has: Mapping[str, Grant], codes: set[str], limits: Limits) -> str:
    if not rule.tool.caps:
        return "" if codes & ALLOW_LOST or "L003" in codes else "the tool"
    for cap in rule.tool.caps:
        was, now = had.get(cap), has.get(cap)
        if was is None or not was.any or (rule.scope is not None and not limits.counts(rule.scope, was)):
            continue
        if now is None or not now.any:
            if not codes & (ALLOW_LOST | STANDS_IN):
                return cap
            continue
        if rule.scope is not None and not now.open and not limits.holds(rule.scope, now) and not codes & LIMIT_LOST:
            return f"{cap} for {rule.scope.text}"
        if rule.scope is None and was.open and not now.open and not codes & ALLOW_LOST:
            return f"{cap} without a limit"
        if rule.scope is not None and not was.open and now.open and risk(cap) != "none" and not codes & LIMIT_LOST:
            return f"the limit {rule.scope.text}"
        asked = rule.approval == "ask" and was.approval == "ask" and risk(cap) != "none"
        if asked and not _asks(now) and not codes & ASK_LOST:
            return f"the question before {cap}"
    return ""


def _asks(now: Grant) -> bool:
    allowed = [approval for ok, _, approval in now.scopes if ok]
    return now.approval == "ask" if now.open else bool(allowed) and set(allowed) == {"ask"}


def _denied(rule: Rule, had: Mapping[str, Grant], has: Mapping[str, Grant], codes: set[str]) -> str:
    if not rule.tool.caps:
        return "" if codes & DENY_LOST or "L003" in codes else "the denial"
    for cap in rule.tool.caps:
        now = has.get(cap)
        if risk(cap) == "none" or now is None or codes & DENY_LOST:
            continue
        if still_given(rule.scope, had.get(cap), now):
            return f"the denial of {cap}"
    return ""


def _server(rule: Rule, asked: Servers, servers: Servers, codes: set[str]) -> str:
    """MCP: what is open in the source is open in the output, by its own name or by its server's."""
    if rule.effect == "deny":
        return ""  # counted as a right
    key = (str(rule.tool.server), rule.tool.member)
    if not asked[key].open or codes & ALLOW_LOST:
        return ""
    near = servers.get(key) or servers.get((key[0], None)) or servers["*", None]
    return "" if near.open else "the MCP tool"
