"""Denied words in nobody's spelling, or in another program's: `run_*` where the tool is `Bash`, `MCP__x*`, `github/*`.

The lists of Claude Code 2.1.328, Qwen Code 0.24.4 (run), Qoder 1.1.52 and Auggie 0.36.0 (code) go by whole names: a
pattern denies nothing there but `mcp__*` and the like. Its author meant every tool that it may match, so they are
denied: the program's own in any case of the letters first, then those of all other programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from agentconv.containers import Node
from agentconv.model import Rule, Tool
from agentconv.patterns import pattern
from agentconv.reading.context import Context
from agentconv.reading.toolnames import recognise, star
from agentconv.registry import folded_vocabulary, vocabulary
from agentconv.serverwords import COMMON
from agentconv.spec import Spec

WILD = pattern(r"[*?\[\]{}|^$]")
REGEX = "re:"  # Mistral Vibe's sign of an expression, which its users write elsewhere, too
ANY = pattern(r"\*[*?]*|\?+\*[*?]*")  # a pattern that every name matches
NAMED = 3  # names that a sentence holds
# Tools of MCP servers, and patterns of them, as one program or another spells them: more than any of them takes, for a
# denial in a form that is nearly right is meant, too. What follows `mcp_` is taken apart in each way there is.
SERVERS = (
    pattern(rf"{COMMON}(?P<server>(?:(?!__).)+)(?:__(?P<tool>.+))?", re.I),
    pattern(r"mcp[:/](?P<server>[^:/]+)(?:[:/](?P<tool>.+))?", re.I),  # Docker Agent, Pi
    pattern(r"@(?P<server>[^/]+)(?:/(?P<tool>.+))?"),  # Kiro
    pattern(r"(?P<server>[\w.*?-]+)/(?P<tool>[^/]+)"),  # VS Code, Copilot
)
JOINED = pattern(r"mcp_(?P<rest>[^_].*)", re.I)  # Gemini CLI, Roo
BEGINNING = pattern(r"(?P<server>[A-Za-z0-9][\w-]*?)[_-]?\*")  # `github_*`, `playwright*`: as OpenCode's users write it


def meant_elsewhere(
    token: str, at: str, place: Node | None, ctx: Context, *, own: bool = True, servers: bool = True
) -> list[Rule]:
    """The denials that a word is meant to be, where its program takes it for no tool and no pattern of its own.

    ``own``: the key is the program's, so its tools come before others. ``servers``: not where those are known."""
    if not ctx.author or not token:
        return []
    word = token.split("(")[0].strip() if token.endswith(")") else token  # what a pattern limits in brackets goes whole
    glob = as_glob(word)
    every = is_all(word)
    if glob is not None and glob.startswith("*") and not every and ctx.spec.tools.fact("wildcards"):
        return []  # the program takes such patterns: `*_delete*` is for tools of servers
    tools = [star(ctx.spec)] if every else list(_known(word, glob, own, ctx.spec))
    unknown = str(ctx.spec.tools.fact("deny_unknown", "nothing")) if servers else "nothing"
    if unknown != "nothing" and not every and (glob is not None or not tools):
        more = star(ctx.spec) if unknown == "all" else Tool(token, server="*")
        whose = f"may be a tool of an MCP server in {ctx.spec.seen}, whose tools have names like any other"
        if unknown == "all":
            whose = f"may be a tool of {ctx.spec.program}, whose names are not known"
        ctx.say("T013", f"`{token}` {whose}; taken as a denial of {_several([more, *tools])}", at, place)
        return [Rule("deny", tool, None, None, at) for tool in (*tools, more)]
    if servers and not every:
        tools += _of_servers(word, glob)
        if not tools and glob is not None and (begun := BEGINNING.fullmatch(glob)):
            tools = [Tool(token, server=begun["server"])]
        if glob is not None and glob.startswith("*") and all(t.server != "*" for t in tools):
            tools.append(Tool(token, server="*"))  # the names of a server's tools end in any way
    if tools:
        say_meant(token, tools, _several(tools), at, place, ctx)
    return [Rule("deny", tool, None, None, at) for tool in tools]


def maybe_denied(token: str, spec: Spec) -> Tool | None:
    """What a name takes away that nobody has, where it may be for one of the program's tools or of a server's: all of
    them, so that no copy has what the program may deny. ``None`` where it is known to be for nothing."""
    if recognise(token, spec, author=True).how != "unknown":
        return None  # its author meant another program's tool
    if spec.tools.enforced != "unknown" and as_glob(token) is not None:
        return None  # whole names count
    return star(spec) if spec.tools.fact("deny_unknown") == "all" else Tool(token, server="*")


def say_meant(token: str, tools: list[Tool], words: str, at: str, place: Node | None, ctx: Context) -> None:
    """What a word is taken for that denies nothing in its program, as far as that is known."""
    nothing = _nothing(ctx)
    if any(tool.server == "*" for tool in tools):  # more than is meant: which servers there are, no file says
        ctx.say("T013", f"`{token}` {nothing}; taken as a denial of {words}", at, place)
    else:
        ctx.say("T009", f"`{token}` {nothing}; taken as meant, for {words}", at, place)


def _nothing(ctx: Context) -> str:
    if ctx.spec.tools.enforced == "unknown":
        return f"is not known to deny anything in {ctx.spec.program}"
    own = "no tool of its own " if ctx.spec.tools.fact("wildcards") else "nothing "
    return f"denies {own}in {ctx.spec.seen}"


def is_all(token: str) -> bool:
    """Whether every name matches: `**`, `.*`."""
    glob = as_glob(token)
    return glob is not None and ANY.fullmatch(glob) is not None


def as_glob(token: str) -> str | None:
    """A pattern of any kind as one with `*`; ``None`` for a plain name."""
    if not WILD.search(token) and not token.startswith(REGEX):
        return None
    text = token.removeprefix(REGEX).strip("/{}")
    text = re.sub(r"\.[*+]|\*\*+", "*", text)
    if text.startswith("^") and not text.endswith(("$", "*")):
        text += "*"
    elif text.endswith("$") and not text.startswith(("^", "*")):
        text = f"*{text}"
    return text.strip("^$")


def _known(token: str, glob: str | None, first: bool, spec: Spec) -> Iterator[Tool]:
    """The tools that are meant: of each alternative those of the program, in any case of the letters; where it has
    none that an agent usually gets, all that the names of other programs are for, as one."""
    table = spec.tools
    caps: dict[str, None] = {}
    for one in [part.strip() for part in glob.lower().split("|")] if glob is not None else [None]:
        own = {target for word, target in table.folded.items() if one is not None and fnmatchcase(word, one)}
        yield from (name.tool() for name in table.names.values() if name.name in own)
        if first and any(not (table.names[name].off or table.names[name].never) for name in own):
            continue
        words = [w for w in folded_vocabulary() if fnmatchcase(w, one)] if one is not None else [token.lower()]
        named = [name for word in words for name in folded_vocabulary().get(word, ())]
        caps |= dict.fromkeys(c for name in named for c in _meanings(name) if c != "program")
    if caps:
        yield Tool(token, tuple(caps))


def _meanings(name: str) -> Iterator[str]:
    """All that a name may be for: where programs differ, a denial is one of each."""
    return (cap for _, caps, _, _ in vocabulary().get(name, ()) for cap in caps)


def _of_servers(token: str, glob: str | None) -> list[Tool]:
    """The servers, or the tools of one, that a word is for in some program's spelling."""
    word = token if glob is None else glob
    if joined := JOINED.fullmatch(word):
        start = re.split(r"[*?\[]", joined["rest"], maxsplit=1)[0]
        words = start.split("_")
        servers = ["_".join(words[:n]) for n in range(1, len(words)) if words[0]]
        if start == joined["rest"]:
            return [Tool(token, server=s, member=start[len(s) + 1 :] or None) for s in servers or [start]]
        return [Tool(token, server=s) for s in servers or ("*",)]
    for form in SERVERS:
        if found := form.fullmatch(word):
            server, member = found["server"], found["tool"]
            if member is not None and WILD.search(member):
                member = None
            return [Tool(token, server="*") if WILD.search(server) else Tool(token, server=server, member=member)]
    return []


def _several(tools: list[Tool]) -> str:
    """Tools in words."""
    from agentconv.spec import cap_title

    words = ["every tool" for t in tools if t.caps == ("*",)] + [_server_in_words(t) for t in tools if t.server]
    return in_words(words + [f"“{cap_title(c)}”" for c in dict.fromkeys(c for t in tools for c in t.caps if c != "*")])


def in_words(words: list[str]) -> str:
    """A few of them by name."""
    if len(words) > NAMED + 1:
        words = [*words[:NAMED], f"{len(words) - NAMED} more"]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _server_in_words(tool: Tool) -> str:
    if tool.server == "*":
        return "every MCP server"
    return f"`{tool.member}` of the MCP server `{tool.server}`" if tool.member else f"the MCP server `{tool.server}`"
