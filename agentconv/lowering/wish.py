"""What lowering a tool control works with: the job, single wishes, and how a step down is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from agentconv import scopes as patterns
from agentconv.grants import Grant, by_capability, by_server, is_star
from agentconv.lowering.gates import is_shared_check, say_check
from agentconv.model import Agent, Approval, Rule, Scope, Tools
from agentconv.notes import Note, NoteEffect, note
from agentconv.records import dataclass
from agentconv.registry import vocabulary
from agentconv.rights import CLASSES, Right, Rights
from agentconv.serverwords import is_every
from agentconv.spec import Name, Spec, all_caps, cap_title, common_caps, risk

Places = tuple[str, ...]
Reason = tuple[str, str, NoteEffect]  # why a class may not arrive: the note's code, its sentence and its effect
Servers = Mapping[tuple[str, str | None], Grant]
TITLED = re.compile("“[^”]*”")  # how a capability is named in a note
NAMED = 4  # capabilities that one note names
SEVERAL = (
    ("” asks each time", "” ask each time"), ("was denied but comes", "were denied but come"),
    ("` is denied for", "` are denied for"), ("` is limited to", "` are limited to"),
    ("it is left out", "they are left out"),
)  # fmt: skip


@dataclass(slots=True)
class Wish:
    """One capability that the source asks for, with its limits and the rules that ask for it."""

    cap: str
    grant: Grant
    at: Places
    label: str


@dataclass(slots=True)
class ToolJob:
    """Everything that lowering a tool control needs to know."""

    src: Spec
    dst: Spec
    agent: Agent
    before: Rights
    forbid: frozenset[str]  # classes that must not arrive
    reasons: Mapping[str, Reason]  # of forbidden classes
    approval: str = ""
    leave: frozenset[str] = frozenset()  # classes that the user lets become wider
    held: set[str] = field(default_factory=set)  # classes whose limit a field of the target holds
    notes: list[Note] = field(default_factory=list)
    said: set[Note] = field(default_factory=set)

    def say(
        self,
        code: str,
        message: str,
        at: str | Iterable[str] = "tools",
        effect: NoteEffect | None = None,
        help: str = "",
        label: str = "",
    ) -> None:
        """A note at one or several places of the source's control. ``label``: the name in the message that is the name
        of the first place; another place has its own."""
        for place in dict.fromkeys([at] if isinstance(at, str) else at) or ("tools",):
            names = [rule.tool.name for rule in self.agent.tools.rules if label and rule.at == place]
            text = message.replace(f"`{label}`", f"`{names[0]}`") if names and label not in names else message
            made = note(code, text, effect=effect, path=place or "tools", help=help)
            if made not in self.said:
                self.said.add(made)
                self.notes.append(made)

    @property
    def allowed(self) -> frozenset[str]:
        """Classes that a name of the target may bring."""
        if any(r.cls in ("all", "runs") and r.whole and not (self.vain and r.approval == "ask") for r in self.before):
            return frozenset(CLASSES) - self.forbid
        return self.literal

    @property
    def vain(self) -> bool:
        """Whether a question is in vain: in a program that asks before nothing it is a right that is not had."""
        return bool(self.dst.tools.fact("approval", "session") == "automatic")

    @property
    def literal(self) -> frozenset[str]:
        """The classes that the source has by name, not by what a free shell could do."""
        had = {r.cls for r in self.before if r.whole and not (self.vain and r.approval == "ask")} & set(CLASSES)
        had |= self.held | (self.leave & set(CLASSES))
        return frozenset(CLASSES if Right("all") in self.before else had) - self.forbid

    def by_shell(self, cap: str) -> bool:
        """Whether what has no tool of its own there is done with a shell, free in the source and at hand there."""
        free = any(r.cls in ("all", "runs") and r.whole and r.approval != "ask" for r in self.before)
        there = any("run" in name.caps and not (name.off or name.never) for name in self.dst.tools.singles.values())
        return risk(cap) == "writes" and free and there and "runs" not in self.forbid

    def price(self, name: Name) -> frozenset[str]:
        """The classes that a name needs, less what it gives that is a right for itself and at hand."""
        mine = {r.scope.text for r in self.before if r.scope and r.scope.kind == "tool" and r.approval != "ask"}
        return frozenset(risk(c) for c in name.gives if c not in mine or risk(c) in self.forbid) - {"none"}

    @property
    def empty(self) -> bool:
        """Nothing to lose: the source has no tool either."""
        open_caps = any(g.any for g in by_capability(self.agent.tools, self.src).values())
        return not open_caps and not any(g.open for g in by_server(self.agent.tools, self.src).values())

    def places(self, cap: str, *, effect: str = "", scoped: bool = False, ask: bool = False) -> Places:
        """Where the source speaks of a capability."""
        return tuple(
            rule.at
            for rule in self.agent.tools.rules
            if cap in rule.tool.caps
            and effect in ("", rule.effect)
            and (rule.scope is not None or not scoped)
            and (not ask or (rule.approval == "ask" and not asks_anyway(rule, self.src)))
        )

    def why_not(self, cls: str) -> Reason:
        """Why a class may not arrive."""
        text = f"another program at the place of {self.dst.program} would give more"
        return self.reasons.get(cls) or ("T021", text, "narrows")


def joined(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Notes that say the same of several capabilities at one place become one: a word such as `edit` means four."""
    groups: dict[tuple[str, str, str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str, str, str], Note] = {}
    for one in notes:
        title = TITLED.search(one.message)
        text = one.message if title is None else f"{one.message[: title.start()]}“”{one.message[title.end() :]}"
        key = (one.code, one.effect, one.path, one.help, text)
        groups.setdefault(key, []).append(title.group() if title is not None else "")
        first.setdefault(key, one)
    return tuple(
        one if len(groups[key]) < 2 else replace(one, message=_several(key[-1], groups[key]))
        for key, one in first.items()
    )


def _several(text: str, titles: list[str]) -> str:
    more = len(titles) - NAMED
    names = (
        ", ".join(titles[:NAMED]) + f" and {more} more" if more > 0 else f"{', '.join(titles[:-1])} and {titles[-1]}"
    )
    for single, plural in SEVERAL:
        text = text.replace(single, plural)
    return text.replace("“”", names, 1)


def asks_anyway(rule: Rule, spec: Spec) -> bool:
    """Whether the question is the program's own default written out, and no wish of the author."""
    name = spec.tools.own(rule.tool.name)
    return name is not None and rule.scope is not None and (rule.scope.text, "ask") in name.keep


def opened(tools: Tools) -> bool:
    """Whether what no rule names is allowed."""
    state = tools.base in ("all", "builtin")
    for rule in tools.rules:
        if is_star(rule.tool) and rule.scope is None:
            state = rule.effect == "allow"
    return state


def shut_forbidden(job: ToolJob, caps: dict[str, Grant]) -> None:
    """Close what may not arrive, and say so at every rule that asked for it."""
    for cap, grant in list(caps.items()):
        if risk(cap) not in job.forbid or not grant.any:
            continue
        if cap == "delegate" and (job.agent.delegates is not None or not grant.whole):
            continue  # which agents may be called is decided there
        caps[cap] = replace(grant, open=False, scopes=())
        if places := job.places(cap, effect="allow"):
            code, why, effect = job.why_not(risk(cap))
            job.say(code, f"“{cap_title(cap)}” is left out: {why}", places, effect=effect)


def shut_kin(job: ToolJob, caps: dict[str, Grant]) -> None:
    """Close what the source's program has no name for, where its author denied the usual names of that right: who
    denies Claude Code's `Write` and `Edit` means no deleting either, so a target's `edit` that is both is denied."""
    rules = [r for r in job.agent.tools.rules if r.effect == "deny" and r.scope is None and not is_star(r.tool)]
    denied = {c for r in rules for c in r.tool.caps}
    for cls in {risk(c) for c in denied} - {"none"}:
        usual = [c for c in common_caps() if risk(c) == cls and c in caps]
        if denied.isdisjoint(usual) or any(caps[c].any for c in usual):
            continue
        for cap in all_caps():
            if risk(cap) == cls:
                caps.setdefault(cap, Grant(False))


def say_scope(job: ToolJob, wish: Wish) -> None:
    """A limit that the target cannot hold. A word that means several capabilities (a shell, and its jobs in the
    background) keeps its first where the target can limit that: the one that is lost is named."""
    code, open_ = ("T013", True) if wish.grant.open else ("T006", False)
    texts = ", ".join(dict.fromkeys(s.text for allowed, s, _ in wish.grant.scopes if allowed is not open_))
    rule = wish.grant.rule
    one_of_many = rule is not None and wish.cap in rule.tool.caps[1:]
    job.say(
        code,
        (f"“{cap_title(wish.cap)}” by " if one_of_many else "")
        + f"`{wish.label}` is {'denied for' if open_ else 'limited to'} {texts}; {job.dst.seen} cannot hold that: "
        + ("it is left out" if one_of_many else "the whole tool is left out"),
        wish.at,
        help=way_out(wish.cap),
    )


def way_out(cap: str) -> str:
    """How to have a tool that is left out because a limit of it cannot be held."""
    return f"--allow-widening {risk(cap)} gives the whole tool" if risk(cap) != "none" else ""


def say_choice(
    job: ToolJob, wish: Wish, name: str | None, near: Mapping[str, tuple[str, str]], wider: Mapping[str, str]
) -> None:
    """What became of a wish that was not simply granted."""
    program = job.dst.program
    title = cap_title(wish.cap)
    if wish.cap in near and name is not None:
        other, effect = near[wish.cap]
        kind: NoteEffect = "narrows" if effect == "narrows" else "approximate"
        text = f"{program} has no tool for “{title}”: `{wish.label}` became `{name}` ({cap_title(other)})"
        job.say("T005", text, wish.at, effect=kind, label=wish.label)
    elif wish.cap in wider:
        text = f"`{wish.label}`: `{wider[wish.cap]}` of {program} would give more than the source has; left out"
        job.say("T007", text, wish.at, label=wish.label)
    elif name is None:
        kind = "narrows" if risk(wish.cap) != "none" else "lost"
        text = f"{program} has no tool for “{title}” (`{wish.label}`)"
        if job.by_shell(wish.cap):
            kind, text = "info", f"{text}; its shell does it"
        if wish.cap == "program":
            text = f"{program} has no tool like `{wish.label}`, which one program only has"
        job.say("T003", text, wish.at, effect=kind, label=wish.label)


def say_leave(job: ToolJob, cap: str, places: Places) -> None:
    """A limit that is not held, because the user said so."""
    text = f"the limit of “{cap_title(cap)}” is not held in {job.dst.program}, as you allowed"
    job.say("T014", text, places, effect="approximate")


def say_unknown(job: ToolJob) -> None:
    """Names that nobody has cannot arrive, neither allowed nor denied."""
    for rule in job.agent.tools.rules:
        if rule.tool.caps or rule.tool.server is not None or is_shared_check(job, rule):
            continue
        if job.src.tools.own(rule.tool.name):
            say_check(job, rule)
            continue
        if rule.effect == "allow" and is_every(rule.tool.name) and _free_servers(job):
            text = (
                f"`{rule.tool.name}` gives nothing in {job.src.program}: the tools of every MCP server are there anyway"
            )
            job.say("T004", text, rule.at, effect="info")
            continue
        if rule.effect == "allow" and (whole := _whole_beside(job, rule.tool.name)):
            text = f"`{rule.tool.name}` gives nothing more: all tools of {whole} are there"
            job.say("T004", text, rule.at, effect="info")
            continue
        text = f"`{rule.tool.name}` is no tool that any program has; left out"
        if job.src.tools.fact("contributed"):
            who = f"{job.src.program} itself: one that something brings to it, if any"
            text = f"`{rule.tool.name}` is no tool of {who}; left out"
        elif rule.effect == "deny" and job.src.tools.enforced == "yes":
            text = f"`{rule.tool.name}` denies nothing in {job.src.seen}: no program has such a tool; left out"
        elif rule.tool.name in vocabulary():
            text = f"`{rule.tool.name}` is a tool of other programs, and not the same in each of them; left out"
        elif "*" in rule.tool.name:  # what it may stand for in its own program, another note tells
            text = f"`{rule.tool.name}` is the name of no single tool; left out"
        job.say("T004", text, rule.at, effect="narrows" if rule.effect == "allow" else "lost")


def _whole_beside(job: ToolJob, token: str) -> str:
    """The servers of which a pattern gives some tools, in words, where each of them is there as a whole."""
    if not job.src.tools.mcp.get("patterns"):
        return ""
    from agentconv.reading.wildkeys import servers_of_pattern

    servers, grants = servers_of_pattern(token, job.src), by_server(job.agent.tools, job.src)
    wide = grants["*", None]
    whole = [grants.get((tool.server or "*", None), wide) for tool in servers]
    if not all(grant.open and grant.approval != "ask" for grant in whole):
        return ""
    return " and ".join("every MCP server" if t.server == "*" else f"the MCP server `{t.server}`" for t in servers)


def _free_servers(job: ToolJob) -> bool:
    """Whether every MCP tool is there and none asks: a word for them all gives nothing more."""
    grants = by_server(job.agent.tools, job.src)
    return all(g.open and g.approval != "ask" for g in grants.values())


def still_given(scope: Scope | None, was: Grant | None, now: Grant) -> bool:
    """Whether a denial of the source has no effect in the target."""
    if scope is None:
        return was is not None and not was.any and now.any
    if not now.open or was is None or all(ok or s != scope for ok, s, _ in was.scopes):
        return False
    return not any(not ok and patterns.within(scope, s) for ok, s, _ in now.scopes)


def say_ask(job: ToolJob, cap: str) -> bool:
    """An action that asked: the session of the target asks, too, or it may not be given (True)."""
    if risk(cap) == "none":
        return False
    places = job.places(cap, effect="allow", ask=True)
    if job.dst.tools.fact("approval", "session") == "session":
        text = f"“{cap_title(cap)}” asks each time; {job.dst.program} leaves asking to the session"
        job.say("T015", text, places, effect="approximate")
        return False
    if risk(cap) in job.leave:
        job.say("T015", f"“{cap_title(cap)}” asks each time; {job.dst.program} would not, as you allowed", places)
        return False
    return True


def forbidden_server(job: ToolJob, server: str) -> bool:
    """Whether a server may not arrive."""
    return any(f == "mcp:*" or f == f"mcp:{server}" or f.startswith(f"mcp:{server}/") for f in job.forbid)


def say_no_servers(job: ToolJob, source: Tools) -> None:
    """Everything the source has, and no MCP server is in what everything is in the target."""
    if any(g.open for g in by_server(source, job.src).values()):
        text = f"{job.dst.program} gives agents without a list its own tools only, none of MCP servers"
        named = (r.at for r in job.agent.tools.rules if r.effect == "allow" and r.tool.server)
        job.say("T008", text, ("tools", *named))


def rule_at(grant: Grant) -> str:
    """Where the rule behind a grant stands."""
    return grant.rule.at if grant.rule else "tools"


def server_places(job: ToolJob, server: str, member: str | None, effect: str = "allow") -> Places:
    """Where the source speaks of a server, or of one tool of it."""
    return tuple(
        r.at
        for r in job.agent.tools.rules
        if r.tool.server == server and r.tool.member == member and r.effect == effect
    )


def written(rules: Iterable[Rule]) -> list[Rule]:
    """Each rule once."""
    return list(dict.fromkeys(rules))


def asking(job: ToolJob, wished: Approval | None) -> Approval:
    """Whether what is allowed asks, in a map that has a word for both."""
    if wished == "ask" or (wished is None and job.approval == "ask"):
        return "ask"
    return "auto"
