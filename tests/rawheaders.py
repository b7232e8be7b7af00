"""Generated agent files as text: what strangers write into headers, legal or not, for every format.

Tool lists as lists, texts, maps, numbers, nulls, nested; names of the program, of others and of nobody; scopes, groups,
denials alone, MCP alone; permission modes, hooks and MCP servers with commands that can be found again.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import strategies as st

from agentconv.registry import ids, load
from agentconv.spec import Field, Spec

TOOLS = ("tools", "model-tools", "groups", "tool-bools", "switch", "deny-tools", "tool-settings", "permission-rules",
         "permission")  # fmt: skip
BODY = "Do the work.\n"
RAW = ["", "null", "~", "*", "'*'", "yes", "no", "0", "-1", "1.5", "2026-01-01", "[]", "{}", "[null]", "[[]]", '""',
       "!!str x", "!!python/object:os.system x", "&a [*a]", "- x", "<<: {a: b}", "|", "'", "[", "#", ": :"]  # fmt: skip
SCOPES = ["git *", "git push *", "*", "**", "*.md", "docs/**", "reviewer", "../x", "rm:*", "", "example.org"]
MCP = ["mcp__docs__read", "mcp__docs", "mcp__docs__*", "mcp__*", "docs/read", "docs/*", "docs_read", "docs_*",
       "@docs/read", "mcp_docs_read", "mcp(docs)", "mcp__b*__x", "mcp__?__*", "*/*", "*_*", "mcp__external__directory",
       "mcp__doom__loop", "mcp__web__fetch"]  # fmt: skip
NONSENSE = ["HouseKeeper", "Bash ", " Bash", "bAsH", "bash*", "*sh", "Read,Bash", "-Bash", "!Bash", "all", "none", "*"]
BAD: list[Any] = [
    None,
    True,
    False,
    0,
    1.5,
    "",
    "*",
    "**",
    "all",
    "none",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"a": None},
    ["*"],
]
EVENTS = ["PreToolUse", "preToolUse", "Stop", "stop", "pre_tool_use", "SessionStart", "agentSpawn"]
BYPASS = ["default", "acceptEdits", "auto", "bypassPermissions", "dontAsk", "plan", "yolo", "never_confirm",
          "always_confirm", "auto-edit", "danger-full-access", "workspace-write", "read-only"]  # fmt: skip


MORE: list[dict[str, Any]] = [
    {}, {}, {"type": "stdio"}, {"disabled": True}, {"enabled": False}, {"type": "local"}, {"autoApprove": ["*"]},
    {"trust": True}, {"alwaysAllow": ["*"]}, {"tools": ["*"]}, {"includeTools": ["read"]}, {"include_tools": ["read"]},
    {"excludeTools": ["read"]}, {"exclude_tools": ["read"]}, {"tools": ["read"]}, {"enabled_tools": ["read"]},
    {"disabledTools": ["read"]}, {"timeout": 5},
]  # fmt: skip


def marker(n: int) -> str:
    """A command that is found again wherever it goes."""
    return f"./start-{n}-.sh"


COMMANDS = st.integers(1, 9).map(marker)


@cache
def names(id: str, foreign: bool) -> list[str]:
    """Names that an author may write."""
    spec = load(id)
    own = [*spec.tools.names, *spec.tools.aliases, *spec.tools.dead]
    if not foreign:
        return own * 2 + MCP
    return own * 2 + MCP + NONSENSE + [n for other in ids() for n in list(load(other).tools.names)[:12]]


@st.composite
def tokens(draw: st.DrawFn, id: str, foreign: bool) -> str:
    """A name, sometimes with a scope in the program's own way or in another's."""
    name = draw(st.sampled_from(names(id, foreign)))
    if draw(st.integers(0, 3)):
        return name
    return draw(st.sampled_from(["{}({})", "{}:{}", "{} {}"])).format(name, draw(st.sampled_from(SCOPES)))


@st.composite
def lists(draw: st.DrawFn, id: str, foreign: bool) -> Any:
    """A list of tools in any of the forms that have been seen."""
    some = draw(st.lists(tokens(id, foreign), max_size=4))
    form = draw(st.integers(0, 12))
    if form < 5:
        return some
    if form == 5:
        return ", ".join(some)
    if form == 6:
        return " ".join(some)
    if form == 7:
        actions = st.sampled_from([True, False, None, "allow", "deny", "ask", "auto", {"*": "deny", "git *": "allow"},
                                   {"git *": "deny", "*": "allow"}, "x"])  # fmt: skip
        return {name: draw(actions) for name in some}
    if form == 8:
        return [*some, draw(st.sampled_from(BAD))]
    if form == 9:
        scope = st.fixed_dictionaries({"fileRegex": st.sampled_from([r"\.md$", ".*", "^docs/", "(", ""])})
        return [[name, draw(scope)] if draw(st.booleans()) else name for name in some]
    if form == 10:
        return [{"name": name, "allow": True} for name in some]
    return draw(st.sampled_from(BAD))


@st.composite
def permissions(draw: st.DrawFn, id: str, foreign: bool) -> Any:
    """A map of actions, patterns inside, in any order, with a star anywhere; or something else."""
    if draw(st.integers(0, 7)) == 0:
        return draw(st.sampled_from([*BAD, "allow", "deny", "ask"]))
    action = st.sampled_from(["allow", "deny", "ask"])
    inner = st.dictionaries(st.sampled_from(SCOPES), action, max_size=3)
    keys = st.sampled_from([*names(id, foreign), "*", "*", "ba*", "?dit"])
    return draw(st.dictionaries(keys, action | inner | st.sampled_from([None, True, "x"]), max_size=5))


@st.composite
def values(draw: st.DrawFn, row: Field, id: str, foreign: bool) -> Any:
    """Something for a key: mostly of its kind, now and then of another."""
    if draw(st.integers(0, 14)) == 0:
        return draw(st.sampled_from(BAD))
    if row.type in ("permission", "tool-bools", "tool-settings", "permission-rules"):
        return draw(permissions(id, foreign))
    if row.type == "switch":
        return draw(st.sampled_from([True, False, "true", "false", "TRUE", "yes", None, 1]))
    if row.type in TOOLS:
        return draw(lists(id, foreign))
    if row.type == "mcp-servers":
        command = {"command": draw(COMMANDS), "args": ["x"]}
        more = draw(st.sampled_from(MORE))
        config = command | more
        return draw(st.sampled_from([{"docs": config}, ["docs"], [{"docs": config}], {"docs": None}, "docs"]))
    if row.type == "hooks":
        command = draw(COMMANDS)
        run = {"type": "command", "command": command}
        forms: list[dict[str, Any]] = [{"matcher": "Bash", "hooks": [run]}, {"hooks": [run]}, {"command": command}, run]
        forms += [{"matcher": "shell", "command": command}, {"type": "command", "bash": command}]
        entry = draw(st.sampled_from(forms))
        events = list(row.fact("events") or ()) + EVENTS
        return {draw(st.sampled_from(events)): [entry]}
    if row.type == "delegates":
        return draw(st.sampled_from([[], ["*"], "*", ["reviewer"], ["reviewer", "helper"], "reviewer"]))
    if row.type == "bool":
        return draw(st.booleans() | st.sampled_from(["true", "false"]))
    if row.type in ("int", "number"):
        return draw(st.integers(1, 60))
    words = list(row.to_model)
    if words or row.field in ("permission_mode", "sandbox"):
        return draw(st.sampled_from([*words, *words, *BYPASS]))
    if row.type in ("string", "text"):
        return draw(st.sampled_from(["x", "Some text.", "reviewer", "a: b"]))
    if row.type == "model":
        return draw(st.sampled_from(["sonnet", "gpt-5", "inherit", "house", None]))
    return draw(st.sampled_from([["a"], "a", {"a": "b"}, *BAD]))


WEIGHTY = (
    "permission_mode",
    "sandbox",
    "memory",
    "hooks",
    "mcp_servers",
    "delegates",
    "disabled",
    "hidden",
    "isolation",
)


@st.composite
def headers(draw: st.DrawFn, id: str, foreign: bool) -> dict[str, Any]:
    """Keys with values: what an agent needs, a tool control mostly, and some more."""
    spec = load(id)
    rows = list(spec.fields.values())
    out: dict[str, Any] = {}
    for row in rows:
        tool = row.type in TOOLS
        chance = 1 if row.fact("required") else 2 if tool else 3 if row.field in WEIGHTY else 8
        if row.fact("type") == "misplaced" or draw(st.integers(1, chance)) != 1:
            continue
        if row.field in ("name", "id", "title") or (row.field in ("description", "prompt", "when_to_use")):
            out[row.key] = {"name": "reviewer", "id": "reviewer", "title": "Reviewer"}.get(row.field, "Does some work.")
        else:
            out[row.key] = draw(values(row, id, foreign))
    if foreign and draw(st.integers(0, 3)) == 0:  # keys of another program
        other = load(draw(st.sampled_from(ids())))
        row = draw(st.sampled_from(list(other.fields.values())))
        out.setdefault(row.key, draw(values(row, other.id, foreign)))
    return out


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Dotted rows as maps."""
    out: dict[str, Any] = {}
    for key, value in flat.items():
        *above, last = key.split(".")
        place = out
        for part in above:
            below = place.get(part)
            if not isinstance(below, dict):
                below = place[part] = {}
            place = below
        if not (last in place and isinstance(place[last], dict) and place[last]):
            place[last] = deepcopy(value)
    return out


def toml(value: Any) -> str:
    """A value in TOML; what TOML has no word for becomes text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps("" if value is None else value)


@st.composite
def files(draw: st.DrawFn, id: str, foreign: bool = True, mad: bool = True) -> str:
    """A whole file of a format. ``mad``: now and then a value that is not even well formed."""
    spec = load(id)
    head = nested(draw(headers(id, foreign)))
    if spec.syntax != "frontmatter":
        return whole(spec, head)
    lines = lines_of(spec, head)
    if mad and lines and draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(lines) - 1))
        lines[at] = f"{lines[at].split(':')[0]}: {draw(st.sampled_from(RAW))}"
    return below(lines)


def lines_of(spec: Spec, head: dict[str, Any]) -> list[str]:
    """The lines of a header."""
    if (spec.container.get("dialect") or {}).get("parser") == "lines":
        return [f"{k}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for k, v in head.items()]
    return [f"{k}: {json.dumps(v)}" for k, v in head.items()]


def below(lines: list[str]) -> str:
    """A prompt below a header."""
    return "---\n" + "\n".join(lines) + f"\n---\n{BODY}"


def whole(spec: Spec, head: dict[str, Any]) -> str:
    """A file that says just this."""
    if spec.syntax == "toml":
        return "".join(f"{json.dumps(k)} = {toml(v)}\n" for k, v in head.items())
    if spec.syntax == "frontmatter":
        return below(lines_of(spec, head))
    if spec.syntax == "sections":
        return f"## reviewer\n\n{BODY}"
    text = json.dumps(_wrapped(spec, head), indent=1)
    return f"export default {text}\n" if spec.syntax == "typescript" else text


def denying(id: str) -> Field | None:
    """The key with which an agent that has everything denies single tools."""
    spec = load(id)
    if spec.tools.fact("absent", "all") not in ("all", "builtin") or not spec.tools.singles:
        return None
    rows = (row for row in spec.fields.values() if row.applied and row.fact("write") != "never")
    return next((row for row in rows if row.type in ("deny-tools", "permission")), None)


@st.composite
def all_less(draw: st.DrawFn, id: str) -> str:
    """An agent with everything less tools of its program by name: of some classes all that nothing else is behind."""
    spec, row = load(id), denying(id)
    assert row is not None
    usual = [n for n in spec.tools.singles.values() if n.classes and not n.never]
    gone = draw(st.sets(st.sampled_from(sorted({c for n in usual for c in n.classes})), min_size=1, max_size=3))
    hidden = {n for name, facts in spec.tools.data["names"].items() for n in (facts or {}).get("hides", ())}
    off = draw(st.booleans())  # what only a setting brings, too
    denied = [n.name for n in usual if n.classes & gone and n.name not in hidden and (off or not n.off)]
    denied += draw(st.lists(st.sampled_from(sorted(spec.tools.singles)), max_size=2))
    given = {"name": "reviewer", "id": "reviewer", "title": "Reviewer"}
    head: dict[str, Any] = {
        one.key: given.get(str(one.field), "Does some work.") for one in spec.fields.values() if one.fact("required")
    }
    head[row.key] = dict.fromkeys(denied, "deny") if row.type == "permission" else denied
    return whole(spec, nested(head))


def _wrapped(spec: Spec, head: dict[str, Any]) -> Any:
    entries = spec.container.get("entries")
    if not spec.many:
        return head
    if entries == "*":
        return {"reviewer": head}
    row = spec.by_field.get("id")
    if row is not None and row.key in head:
        return {entries: [head]}
    return {entries: {"reviewer": head}}
