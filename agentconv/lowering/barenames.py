"""Words of a list that a tool of an MCP server may bear as well: `search` is a set of VS Code, and `jira/search`, too.

Where the source gives the agent no such tool, the program's own are written by names with a server's sign in them."""

from __future__ import annotations

from collections.abc import Container, Iterable

from agentconv.lowering.wish import ToolJob
from agentconv.model import Rule, Tool
from agentconv.rights import MCP, Right, contains


def shy(job: ToolJob) -> bool:
    """Whether a word that stands alone could give the agent a tool of a server that it does not have. Who has a free
    shell, or every server, gains nothing by it, unless the source takes some of them away."""
    how = job.dst.tools.mcp.get("bare")
    gains = how == "here" and not contains(job.before, Right(MCP)) and "runs" not in job.leave
    return bool(how) and (gains or _takes_away(job))


def _takes_away(job: ToolJob) -> bool:
    """Whether the source denies a server, or some of its tools."""
    if any(rule.effect == "deny" and rule.tool.server for rule in job.agent.tools.rules):
        return True
    return any(right.minus for right in job.before if right.cls.startswith("mcp:"))


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
    left = table.mcp.get("bare") == "here" and _takes_away(job)
    for rule in rules:
        name, words = rule.tool.name, table.apart.get(rule.tool.name, ())
        if left and not words and _is_bare(name, job):
            text = (
                f"{job.dst.program} has no other name for `{name}`, which a tool of a denied server may bear: left out"
            )
            job.say("T013", text, rule.at, "narrows" if table.names[name].classes else "info")
            continue
        for word in words or (name,):
            out.setdefault(word, Rule(rule.effect, Tool(word, rule.tool.caps, rule.tool.also), rule.scope, at=rule.at))
    return list(out.values())
