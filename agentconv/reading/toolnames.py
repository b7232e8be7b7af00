"""Tool names: recognised token by token, the file's own vocabulary first, then all others."""

from __future__ import annotations

import re
from dataclasses import replace

from agentconv.model import Scope, Tool
from agentconv.patterns import pattern
from agentconv.records import dataclass
from agentconv.registry import folded_vocabulary, vocabulary
from agentconv.serverwords import BY_THREE, COMMON, COMMON_SERVER, COMMON_TOOL, among
from agentconv.spec import Spec, risk, union_caps

SCOPED = pattern(r"(?P<name>[^()\s]+)\s*\((?P<scope>.*)\)", re.S)


@dataclass(frozen=True, slots=True)
class Found:
    """What a token is: ``how`` is own, alias, less, dead, foreign, mcp, foreign-mcp, known-mcp, star or unknown."""

    tool: Tool
    how: str
    scope: Scope | None = None
    whose: str = ""  # a format that has the foreign name


def star(spec: Spec) -> Tool:
    """Every tool."""
    return Tool(str(spec.tools.fact("star_key", "*")), ("*",))


def recognise(token: str, spec: Spec, *, author: bool) -> Found:
    """A token of a tool list."""
    table = spec.tools
    if token == "*" or (set(token) == {"*"} and table.control == "map" and table.fact("wildcards")):
        return Found(star(spec), "star")
    if author and (less := _less(token, spec)):
        return less
    if own := _own(token, spec, author):
        return own
    if table.is_pattern(token):
        return Found(Tool(token), "unknown")
    bracket = "(" in token and (author or table.fact("scopes", "unknown") != "unknown")
    scoped = SCOPED.fullmatch(token) if bracket else None
    if scoped and (inner := _inner(scoped["name"], scoped["scope"], spec, author)):
        return inner
    if not author:
        return _bracketed(token, spec) or Found(Tool(token), "unknown")
    return _by_author(token, spec)


def _less(token: str, spec: Spec) -> Found | None:
    """A name for which the program gives more than its author means by it."""
    caps = (spec.tools.fact("less") or {}).get(token.lower())
    return Found(Tool(token, tuple(caps)), "less") if caps else None


def _bracketed(token: str, spec: Spec) -> Found | None:
    """A tool that is given whole with brackets behind its name, or kept to what stands in them, in a program that knows
    no brackets elsewhere."""
    scoped = SCOPED.fullmatch(token)
    name = spec.tools.own(scoped["name"]) if scoped else None
    if scoped is None or name is None or not name.bracketed:
        return None
    text = scoped["scope"].strip()
    scope = Scope(name.scope, text) if name.bracketed == "held" and text not in ("", "*") else None
    return Found(name.tool(), "own", scope)


def held(name: str, spec: Spec) -> bool:
    """Whether the program keeps this tool to what stands in brackets behind its name."""
    own = spec.tools.own(name)
    return spec.tools.fact("scopes", "unknown") == "enforced" or (own is not None and own.bracketed == "held")


def _own(token: str, spec: Spec, author: bool) -> Found | None:
    table = spec.tools
    if token == table.mcp.get("every"):
        return Found(Tool(token, server="*"), "mcp")
    if name := table.own(token):
        how = "own" if token == name.name else "alias"
        return Found(name.tool(token), how)
    if table.control in ("list", "map") and (matched := table.matching(token)):
        caps = union_caps(table.names[n] for n in matched)
        return Found(Tool(token, caps), "own")
    if not author and (name := table.own_behind(token)):
        return Found(name.tool(), "alias")
    if mcp := table.mcp_tool(token):
        sure = table.tool_separator == "/" and "/" in token
        if not sure and table.mcp_is_loose and _is_elsewhere(token, spec, author):
            return None  # `run_in_terminal` is a tool, not the server `run`
        return Found(mcp, "mcp")
    return None


def _is_elsewhere(token: str, spec: Spec, author: bool) -> bool:
    """Whether a word that looks like a tool of a server is known as something else."""
    if token in spec.tools.dead or any(form.fullmatch(token) for form in (COMMON_TOOL, COMMON_SERVER)):
        return True
    return author and (token in vocabulary() or token.lower() in folded_vocabulary())


def _inner(name: str, scope: str, spec: Spec, author: bool) -> Found | None:
    found = recognise(name, spec, author=author)
    if found.how in ("star", "unknown"):
        return None
    scope = scope.strip()
    if scope in ("", "*"):
        return found if spec.tools.fact("scopes", "unknown") != "unknown" else replace(found, how="foreign")
    kind = scope_kind(found.tool, scope)
    if kind == "command-glob":
        scope = command_glob(scope)
    how = found.how
    if how in ("own", "alias", "mcp") and spec.tools.fact("scopes", "unknown") == "unknown" and not held(name, spec):
        how = "foreign"  # the program knows no brackets, so no such name
    return Found(found.tool, how, Scope(kind, scope), found.whose)


def command_glob(text: str) -> str:
    """A pattern of commands in its usual spelling: `git:*` is Claude Code's other one of `git *`."""
    return re.sub(r"\s*:\*$", " *", text)


def scope_kind(tool: Tool, text: str) -> str:
    """What sort of limit a scope in brackets is, by the tool it limits."""
    if "delegate" in tool.caps:
        return "agent"
    if tool.server:
        return "text"
    classes = {risk(c) for c in tool.caps if c != "*"}
    if "runs" in classes:
        return "command-glob"
    if "network" in classes:
        return "domain" if text.startswith("domain:") else "text"
    return "path-glob" if classes & {"reads", "writes"} else "text"


def _by_author(token: str, spec: Spec) -> Found:
    table = spec.tools
    if table.fact("foreign") is False:
        return Found(Tool(token), "unknown")
    if caps := table.dead.get(token):
        return Found(Tool(token, caps), "dead")
    if (folded := table.folded.get(token.lower())) is not None:
        return Found(table.names[folded].tool(token), "foreign", whose=spec.id)
    for sign, form in ((COMMON, COMMON_TOOL), (COMMON, COMMON_SERVER), ("___", BY_THREE)):
        if found := form.fullmatch(token) if sign in token else None:  # most tokens hold neither
            member = found.groupdict().get("tool")
            return Found(Tool(token, server=found["server"], member=member), "foreign-mcp")
    if token not in among("every") and (sure := sure_meaning(token)):
        caps, also, whose = sure
        return Found(Tool(token, caps, also), "foreign", whose=whose)
    return Found(Tool(token), "unknown")


def sure_meaning(token: str) -> tuple[tuple[str, ...], tuple[str, ...], str] | None:
    """The one meaning of a foreign name: every vocabulary that knows it agrees on the risk, and the
    capabilities are those they share. ``None`` where they differ or nobody knows it."""
    rows = vocabulary().get(token)
    if rows is None:
        rows = tuple(r for name in folded_vocabulary().get(token.lower(), ()) for r in vocabulary()[name])
    rows = tuple(row for row in rows if row[1])
    if not rows:
        return None
    classes = {frozenset(risk(c) for c in caps) for _, caps, _, _ in rows}
    if len(classes) > 1:
        return None
    shared = [c for c in rows[0][1] if all(c in caps for _, caps, _, _ in rows)]
    if not shared:
        return None
    also = [c for c in rows[0][2] if all(c in row[2] for row in rows)]
    return tuple(shared), tuple(also), rows[0][0]


def server_tool(server: str, member: str | None, spec: Spec) -> Tool:
    """A server's tool, or all of them, as a rule holds it."""
    plain = f"{server}/{member}" if member else server
    return Tool(spec.tools.spell_mcp(server, member) or plain, server=server, member=member)
