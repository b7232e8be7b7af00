"""What a program gives an agent, asked for one tool, one capability, one server."""

from __future__ import annotations

from agentconv import rights as counting
from agentconv.model import Agent, Rule, Tool
from agentconv.spec import Spec, cap_title


def gives(agent: Agent, spec: Spec, tool: Tool) -> bool:
    """Whether the agent has anything of what the tool is, as the program reads it."""
    if spec.tools.control == "none":
        return True
    spec = spec.of_mode(agent.mode)
    tools = counting.added_by_fields(agent, spec)
    if tool.server:
        servers = counting.by_server(tools, spec)
        key = (tool.server, tool.member)
        return servers.get(key, servers.get((tool.server, None), servers[("*", None)])).open
    if not spec.tools.singles:
        by_cap = counting.by_capability(tools, spec)
        return any(by_cap[cap].any for cap in tool.caps if cap in by_cap)
    for name, grant in counting.by_name(tools, spec, usual=True).items():
        if grant.any and (tool.caps == ("*",) or set(tool.caps) & set(spec.tools.names[name].caps)):
            return True
    return False


def whole(agent: Agent, spec: Spec, tool: Tool) -> bool:
    """Whether the author asks for the tool without any limit, here or elsewhere in the list."""
    by_cap = counting.by_capability(agent.tools, spec.of_mode(agent.mode))
    return bool(tool.caps) and all(by_cap[cap].whole for cap in tool.caps if cap in by_cap)


def given_by_name(agent: Agent, spec: Spec, tool: Tool) -> bool:
    """Whether the agent has the very tool that the name means, and not only another one for the same."""
    spec = spec.of_mode(agent.mode)
    reach = spec.tools.covers(tool.name)
    grants = counting.by_name(counting.added_by_fields(agent, spec), spec, usual=True)
    return any(name in grants and grants[name].any for name in reach) if reach else gives(agent, spec, tool)


def words(tool: Tool) -> str:
    """What a tool does, in words: ``read a file``."""
    if tool.server:
        return f"use `{tool.member}` of the MCP server `{tool.server}`" if tool.member else _server(tool.server)
    if tool.caps == ("*",):
        return "use any tool"
    return " and ".join(cap_title(cap) for cap in tool.caps[:3]) or f"use `{tool.name}`"


def _server(name: str) -> str:
    return "use every MCP server" if name == "*" else f"use the MCP server `{name}`"


def key_of(rule: Rule) -> str:
    """The key of the file in which a rule stands."""
    return rule.at.split("[")[0].split(".")[0]
