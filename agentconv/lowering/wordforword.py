"""Rules of tools between two formats that one program reads, or one made from it: word for word, where that holds."""

from __future__ import annotations

from agentconv.grants import alive, is_star, limits_shell
from agentconv.lowering.barenames import shy
from agentconv.lowering.wish import ToolJob
from agentconv.model import Agent, Rule, Tool, Tools
from agentconv.rights import gained, of_agent
from agentconv.spec import risk


def word_for_word(job: ToolJob) -> Tools | None:
    """The source's rules as they are; ``None`` where the target has to say them in another way."""
    return _same_map(job) or _same_list(job)


def _same_map(job: ToolJob) -> Tools | None:
    """Two formats of one program share their rules word for word, order included; ``None`` where they cannot."""
    tools, table = alive(job.agent.tools), job.dst.tools
    rules = tuple(r for r in tools.rules if not _adds_nothing(r, tools.rules, job))
    if not job.src.family & job.dst.family or table.control != "map" or job.forbid or job.agent.delegates is not None:
        return None
    if tools.base in ("none", "builtin") or not _one_map(rules) or not all(_said_there(r, job) for r in rules):
        return None
    made = Tools(None, rules)
    return made if job.src.program == job.dst.program or not _more_there(made, job) else None


def _same_list(job: ToolJob) -> Tools | None:
    """Two formats of one program that has lists (an agent of a plugin, one of the project) share the names word for
    word: what can be told apart by its name only (`EnterWorktree`) stays, and a shell is the shell that was named."""
    tools, table, theirs = job.agent.tools, job.dst.tools, job.src.tools
    lists = theirs.control == table.control == "list" and theirs.names.keys() == table.names.keys()
    if job.src.program != job.dst.program or job.src.id == job.dst.id or not lists or shy(job):
        return None
    if job.forbid or job.agent.delegates is not None:
        return None
    sayable = (
        (rule.tool.server or table.own(rule.tool.name))
        and not (rule.scope or rule.approval)
        and (rule.effect == "deny" or tools.base == "none")
        for rule in tools.rules
    )
    if not tools.rules or not all(sayable):
        return None
    more = gained(job.before, of_agent(Agent(tools=tools), job.dst, program=True))
    return None if more else tools


def _said_there(rule: Rule, job: ToolJob) -> bool:
    """Whether a rule means the same in the target, in the same words."""
    name = job.dst.tools.own(rule.tool.name)
    if rule.tool.server and not _spelled_here(rule.tool, job):
        return False
    if not (is_star(rule.tool) or rule.tool.server or name):
        return False
    if rule.effect == "allow" and rule.approval is None:
        return False
    return not rule.scope or (name is not None and not name.plain)


def _one_map(rules: tuple[Rule, ...]) -> bool:
    """Whether a map can say the rules in their order: no key twice, and what belongs to one key together."""
    keys = [r.tool.name for r in rules]
    if len(set(zip(keys, (r.scope for r in rules), strict=True))) < len(keys):
        return False
    return not any(n and keys[n - 1] != key and key in keys[:n] for n, key in enumerate(keys))


def _more_there(made: Tools, job: ToolJob) -> bool:
    """Whether a program with tools of its own, beside those of the one it comes from, gives more by the same rules."""
    said = {r.tool.name for r in made.rules}
    asked = {risk(c) for r in made.rules if r.approval == "ask" for c in r.tool.caps if c != "*"} - {"none"}
    unsaid = [n for n in job.dst.tools.singles.values() if n.name not in said]
    return bool(
        (limits_shell(made.rules) and any(n.named and n.classes for n in unsaid))
        or any(n.classes & asked and job.src.tools.own(n.name) is None for n in unsaid)
        or gained(job.before, of_agent(Agent(tools=made), job.dst, program=True))
    )


def _adds_nothing(rule: Rule, rules: tuple[Rule, ...], job: ToolJob) -> bool:
    """A name that the program no longer has, for what another name of the rules gives as well."""
    if rule.effect == "deny" or rule.scope or not rule.tool.caps or is_star(rule.tool) or rule.tool.server:
        return False
    own = [name for r in rules if r.effect == "allow" and not r.scope and (name := job.src.tools.own(r.tool.name))]
    return job.src.tools.own(rule.tool.name) is None and set(rule.tool.caps) <= {c for n in own for c in n.gives}


def _spelled_here(tool: Tool, job: ToolJob) -> bool:
    found = job.dst.tools.mcp_tool(tool.name)
    return found is not None and (found.server, found.member) == (tool.server, tool.member)
