"""Keys of MCP tools where server and tool are joined: `my_*` reaches the tools of `my_db`, `my_db_drop` is of either.

The last key that matches decides, so what is limited for one server must not be opened again by a key of another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from agentconv.grants import Grant
from agentconv.lowering.stricter import ORDER, gives
from agentconv.lowering.wish import ToolJob, server_places
from agentconv.model import Rule, Tool


def apart(job: ToolJob, rules: list[Rule], servers: Mapping[tuple[str, str | None], Grant]) -> list[Rule]:
    """The rules so that none gives what another server is limited in."""
    if not job.dst.tools.mcp.get("guess"):
        return rules
    rules = _one_word(job, rules)
    for (server, member), grant in servers.items():
        key = job.dst.tools.spell_mcp(server, None) if server != "*" and member is None and not grant.open else None
        if key is not None:
            rules = _shut(job, rules, server, key)
    for (server, member), grant in servers.items():
        denied = any(
            r.effect == "deny" and (r.tool.server, r.tool.member) == (server, member) for r in job.agent.tools.rules
        )
        if denied and member is not None and not grant.open:
            rules = _denied(job, rules, server, member)
    last = {rule.tool.name: n for n, rule in enumerate(rules)}  # a key stands in a map once, where it came last
    return sorted(rules, key=lambda rule: last[rule.tool.name])


def _denied(job: ToolJob, rules: list[Rule], server: str, member: str) -> list[Rule]:
    """A tool that is denied, although the key of another server's is the same or reaches it."""
    key = job.dst.tools.spell_mcp(server, member)
    same = [r for r in rules if r.effect == "allow" and r.tool.name == key and r.tool.server != server]
    for rule in same:
        _say(job, rule)
    rules = [r for r in rules if r not in same]
    reach = [r for r in rules if key is not None and fnmatchcase(key, r.tool.name)]
    if key is None or not reach or reach[-1].effect == "deny":
        return rules
    return [*rules, Rule("deny", Tool(key, server=server, member=member), at="tools")]


def reached(key: str, others: Iterable[str]) -> bool:
    """Whether another key is about the tools of this one."""
    return any(fnmatchcase(key, other) for other in others)


def own_too(job: ToolJob, key: str) -> bool:
    """Whether a key for a server is about something of the program itself, too: OpenCode's `external_*` about its
    `external_directory`, Kilo Code's `notebook_*` about `notebook_edit`. Not where it is a check that the agent has a
    word of its own for, which is written behind the key."""
    table = job.dst.tools
    said = {rule.tool.name for rule in job.agent.tools.rules if not rule.tool.server}
    names = [name.name for name in table.singles.values() if name.caps or name.name not in said]
    return table.own(key) is not None or any(reached(name, (key,)) for name in names)


def denied_without_key(job: ToolJob, servers: Mapping[tuple[str, str | None], Grant]) -> bool:
    """Whether a server, or a tool of one, is denied that has no key there, or one that is about something else, too."""
    spell = job.dst.tools.spell_mcp
    closed = (who for who, grant in servers.items() if who[0] != "*" and not grant.open)
    keys = (spell(server, member) or spell(server, None) for server, member in closed)
    return bool(job.dst.tools.mcp) and any(key is None or own_too(job, key) for key in keys)


def _one_word(job: ToolJob, rules: list[Rule]) -> list[Rule]:
    """Tools of several servers that are one key: what gives least is said for all of them."""
    least: dict[str, int] = {}
    for rule in rules:
        least[rule.tool.name] = min(gives(rule), least.get(rule.tool.name, len(ORDER)))
    out = []
    for rule in rules:
        word = ORDER[least[rule.tool.name]]
        if ORDER[gives(rule)] != word:
            _say(job, rule)
            rule = replace(rule, effect="deny", approval=None) if word == "deny" else replace(rule, approval="ask")
        out.append(rule)
    return out


def _shut(job: ToolJob, rules: list[Rule], server: str, key: str) -> list[Rule]:
    """A server that is shut, but for single tools, although the key of another one reaches it: a denial in between."""
    others = [r for r in rules if r.effect == "allow" and r.tool.server != server]
    open_by = reached(key, [r.tool.name for r in others])
    denied = any(r.effect == "deny" and (r.tool.server, r.tool.member) == (server, None) for r in job.agent.tools.rules)
    inside = [r for r in others if denied and r.tool.member is not None and fnmatchcase(r.tool.name, key)]
    for rule in inside:
        _say(job, rule)
    if not open_by and not inside:
        return rules
    shut = [Rule("deny", Tool(key, server=server), at="tools")] if open_by else []
    mine = [r for r in rules if r.tool.server == server and r.tool.name != key]
    return [*(r for r in rules if r.tool.server != server and r not in inside), *shut, *mine]


def _say(job: ToolJob, rule: Rule) -> None:
    text = f"`{rule.tool.name}` is a tool of another MCP server as well in {job.dst.program}, which is limited"
    job.say("T007", text, server_places(job, str(rule.tool.server), rule.tool.member))
