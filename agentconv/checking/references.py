"""Hand-offs, sub-agents, skills and MCP servers that are named and are not in the project."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from agentconv.checking.checked import Around, Checked, Reader
from agentconv.checking.finding import Finding
from agentconv.checking.limits import place
from agentconv.containers import Node
from agentconv.reading.besides import is_external
from agentconv.reading.context import Read
from agentconv.serverwords import apart
from agentconv.spec import Spec

ANY = ("*", "")


def produce(checked: Checked) -> Iterator[Finding]:
    """Only for files that lie in their place: elsewhere nobody can tell what will lie around them."""
    if checked.around is None or not checked.owner.reading.agents:
        return
    for read in checked.author.agents:
        yield from _agents(checked, read, checked.around)
        yield from _skills(checked, read, checked.around)
        yield from _servers(checked, read, checked.around)
        yield from _reached(checked, read, checked.around)


def callable_names(spec: Spec, around: Around) -> frozenset[str]:
    """Agents that the program knows by name: its own, and those of the places that it reads."""
    return _callable(spec, around.agents)


@lru_cache(maxsize=8)  # they are the same for all files of a project
def _callable(spec: Spec, agents: frozenset[str]) -> frozenset[str]:
    return agents.union(spec.identity.get("reserved") or (), spec.identity.get("taken") or ())


def _agents(checked: Checked, read: Read, around: Around) -> Iterator[Finding]:
    known = callable_names(checked.spec, around)
    agent = read.agent
    for n, handoff in enumerate(agent.handoffs or () if _applies(checked, "handoffs") else ()):
        if handoff.agent not in known and handoff.agent not in ANY:
            yield _missing(checked, read, "L043", "agent", handoff.agent, known, f"handoffs[{n}]")
    wanted = dict.fromkeys(agent.delegates or () if _applies(checked, "delegates") else (), "delegates")
    for rule in agent.tools.rules:
        if rule.scope is not None and rule.scope.kind == "agent" and rule.effect == "allow":
            wanted.setdefault(rule.scope.text, rule.at)
    elsewhere = checked.spec.rows_with("present", "outside")  # names of agents that lie elsewhere
    for name, at in wanted.items():
        here = not set(name) & set("*?") and not any(is_external(name, row) for row in elsewhere)
        if here and name not in known and name not in ANY:
            yield _missing(checked, read, "L044", "agent", name, known, at)


def _skills(checked: Checked, read: Read, around: Around) -> Iterator[Finding]:
    if around.skills is None:
        return
    for name in read.agent.skills or ():
        bare = name.rsplit(":", 1)[-1]
        if name not in around.skills and bare not in around.skills and not set(name) & set("*?") and ":" not in name:
            yield _missing(checked, read, "L045", "skill", name, around.skills, "skills")


def _servers(checked: Checked, read: Read, around: Around) -> Iterator[Finding]:
    if around.servers is None:
        return
    own = read.agent.mcp_servers if isinstance(read.agent.mcp_servers, dict) else {}
    known = {_fold(s) for s in around.servers} | {_fold(name) for name, config in own.items() if config is not None}
    wanted = {name: "mcp_servers" for name, config in own.items() if config is None}
    for rule in read.agent.tools.rules:
        if rule.effect == "allow" and rule.tool.server:
            wanted.setdefault(rule.tool.server, rule.at)
    for name, at in wanted.items():
        builtin = checked.spec.tools.mcp.get("servers") or {}
        if name not in ANY and _fold(name) not in known and not set(name) & set("*?") and name not in builtin:
            yield _missing(checked, read, "L046", "MCP server", name, around.servers, at)


def _reached(checked: Checked, read: Read, around: Around) -> Iterator[Finding]:
    """The word for one server that is one for another, too."""
    for rule, other in checked.spec.tools.reached(read.agent.tools.rules, sorted(around.reached)):
        text = f"the word for the MCP server `{rule.tool.server}` reaches `{other}`, too"
        yield checked.finding(
            "T081", "warning", text, read=read, at=_spot(checked, read, rule.at, str(rule.tool.server)),
            reader=checked.owner, path=rule.at, meant=f"the tools of `{rule.tool.server}`",
            does=f"gives those of `{other}` as well", mend=apart(checked.spec.tools.spell_mcp(other, None)),
        )  # fmt: skip


def _fold(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name.lower())


def _applies(checked: Checked, field: str) -> bool:
    """Whether a program that is at home here does something with the field."""
    return any(r.home and (row := r.spec.by_field.get(field)) is not None and row.applied for r in checked.readers)


def _reader(checked: Checked, at: str) -> Reader:
    """The program that the finding is about: the owner, or the one at the same place that knows the field."""
    field = at.split("[")[0]
    for reader in checked.readers:
        row = reader.spec.by_field.get(field)
        if reader.home and row is not None and row.applied:
            return reader
    return checked.owner


def _missing(checked: Checked, read: Read, code: str, kind: str, name: str, known: Iterable[str], at: str) -> Finding:
    purpose = {"L043": " to hand over to", "L044": " to call"}.get(code, "")
    others = [one for one in known if kind != "agent" or one not in (read.agent.name, read.agent.id)]
    near = difflib.get_close_matches(name, others, 1, 0.75)
    mend = f"did you mean `{near[0]}`?" if near else f"add it to the project, unless the {kind} is in your home folder"
    return checked.finding(
        code, "warning", f"there is no {kind} `{name}`{purpose} in this project", read=read,
        at=_spot(checked, read, at, name), reader=_reader(checked, at), path=at, meant=f"the {kind} `{name}`",
        does="finds nothing of this name here", mend=mend,
    )  # fmt: skip


def _spot(checked: Checked, read: Read, at: str, name: str) -> Node | tuple[int, int] | None:
    """The name itself where it stands below the key."""
    node = read.where.get(at.split("[")[0])
    if node is not None and (found := checked.text.find(name, node.start, max(node.end, node.start))) >= 0:
        return checked.at(found)
    token = next((t for t in read.tokens if t.at == at), None)
    if token is not None and "." in at:  # a key below another: its names follow it, as keys of a map do
        below = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])").search(checked.text, token.start)
        if below is not None:
            return checked.at(below.start())
    return place(checked, read, at)
