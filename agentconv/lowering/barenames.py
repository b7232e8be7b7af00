"""Words of a list that a tool of an MCP server may bear as well: `search` is a set of VS Code, and `jira/search`, too.

Where the source gives the agent no such tool, the program's own are written by names with a server's sign in them."""

from __future__ import annotations

from collections.abc import Container, Iterable

from agentconv.grants import resolved
from agentconv.lowering.wish import ToolJob, forbidden_server
from agentconv.model import Agent, Rule, Tool
from agentconv.rights import MCP, Right, Rights, contains
from agentconv.spec import Spec


def shy(job: ToolJob) -> bool:
    """Whether a word that stands alone could give the agent a tool of a server that it does not have. Who has a free
    shell, or every server, gains nothing by it, unless the source takes some of them away."""
    if not job.dst.tools.mcp.get("bare"):
        return False
    if "runs" in job.leave and not takes_away(job.agent, job.before):
        return False
    return forbidden_server(job, "*") or gains(job.agent, job.src, job.before)


def gains(agent: Agent, src: Spec, had: Rights) -> bool:
    """The same by what the source has. All that is its program's own, and of servers those alone that it names, is a
    limit on servers as a denial is."""
    own = resolved(agent.tools, src).base == "builtin"
    return own or not contains(had, Right(MCP)) or takes_away(agent, had)


def takes_away(agent: Agent, had: Rights) -> bool:
    """Whether the source denies a server, or some of its tools."""
    if any(rule.effect == "deny" and rule.tool.server for rule in agent.tools.rules):
        return True
    return any(right.minus for right in had if right.cls.startswith("mcp:"))


def reaching(agent: Agent, dst: Spec, denied: bool) -> list[str]:
    """Words of an output that stand alone and could be tools of servers, for an agent that has not all of these. What
    gives no right stays where no server is ``denied``, which is said."""
    table, how = dst.tools, dst.tools.mcp.get("bare")
    words = {rule.tool.name for rule in agent.tools.rules if not rule.tool.server and rule.effect == "allow"}
    own = {word: name for word in words if table.tool_separator not in word and (name := table.own(word))}
    return [
        word
        for word, name in own.items()
        if (name.classes or denied) and (how == "here" or name.name in table.apart or name.members)
    ]


def bare_sets(job: ToolJob) -> frozenset[str]:
    """Sets that are written by their tools."""
    table = job.dst.tools
    return frozenset(n for n, name in table.names.items() if name.members and _is_bare(n, job) and n not in table.apart)


def _is_bare(name: str, job: ToolJob) -> bool:
    return job.dst.tools.tool_separator not in name


def unfolded(names: Iterable[str], job: ToolJob, keeps: Container[str]) -> list[str]:
    """Sets by what is in them, where their own names stand alone. ``keeps``: the tools that may be given."""
    sets, out = bare_sets(job), list[str]()
    for name in names:
        out += [one for one in job.dst.tools.expand(name) if one in keeps] if name in sets else [name]
    return list(dict.fromkeys(out))


def written_apart(rules: Iterable[Rule], job: ToolJob) -> list[Rule]:
    """Tools whose name stands alone, by those names of theirs that do not (``apart``)."""
    table, out = job.dst.tools, dict[str, Rule]()
    denied = takes_away(job.agent, job.before)
    here = table.mcp.get("bare") == "here"
    for rule in rules:
        name, words = rule.tool.name, table.apart.get(rule.tool.name, ())
        harmless = _is_bare(name, job) and not table.names[name].classes
        if harmless and not denied and (here or name in table.apart):
            words = ()
            if here:  # of another program at the place the proof tells
                text = (
                    f"{job.dst.seen} gives for `{name}` any MCP server's tool of that name, too; it has no other word"
                )
                job.say("T012", text, rule.at, "info", "leave it out where a server has such a tool")
        elif here and not words and _is_bare(name, job):
            who = job.dst.program
            text = f"{who} has no other name for `{name}`, which a tool of a denied server may bear: left out"
            asked = [place for cap in rule.tool.caps for place in job.places(cap, effect="allow")]
            job.say("T013", text, [rule.at, *asked], "narrows" if table.names[name].classes else "info")
            continue
        for word in words or (name,):
            out.setdefault(word, Rule(rule.effect, Tool(word, rule.tool.caps, rule.tool.also), rule.scope, at=rule.at))
    return list(out.values())
