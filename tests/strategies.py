"""Generated agents: as wide as the model, with every text and every tool rule that has ever been a trap."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from agentconv import models, registry
from agentconv.model import EFFORTS, MODES, PERMISSION_MODES, Agent, Extra, Handoff, Rule, Scope, Tools
from agentconv.reading.toolnames import recognise, star

IDS = registry.ids()
TRAPS = [
    "---", "--- x", "a --- b", "```", "````md", "{{ name }}", "{% if x %}", "{# c #}", "${HOME}", "${{ s.X }}", '"""',
    "'''", "\\", "\\n", "C:\\temp\\new", "\t", "  two", "trailing  ", "key: value", "# head", "- item", "{file:x}",
    "{env:HOME}", "a\x07b", "\x1b[0m", "\x7f", "\u2028", "\x85", "\ufeff", "\u200b", "“curly” – dash", "é", "日本語",
    "👩‍💻", "null", "yes", "@import", "*", "&a", "!t", "%d", "|", ">", "<x>", "<!-- c -->", "tools: [Bash]", "~", "",
]  # fmt: skip
CHARS = st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00")
WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
LINE = st.sampled_from(TRAPS) | st.text(CHARS, max_size=20) | WORD
TEXT = st.lists(LINE, min_size=1, max_size=3).map(" ".join)
NAMES = (
    st.sampled_from(
        ["reviewer", "Code Reviewer", "Übersetzer C#", "日本語", "a/b", "a:b", "-x", "R&D + QA", "x.y", "Plan", "CON",
         "null", "12", "true", "a\tb", '"q"', "“q”", "a" * 300, "🚀", "..", "A", "_", "a_b"]
    )
    | WORD
    | st.lists(WORD, min_size=2, max_size=3).map(" ".join)
)  # fmt: skip


@st.composite
def prompts(draw: st.DrawFn, id: str) -> str:
    """A prompt as reading leaves it: below a header no blank lines in front, no line ends behind."""
    newline = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    lines = draw(st.lists(LINE, max_size=6))
    if registry.load(id).syntax != "frontmatter":
        text = draw(st.sampled_from(["", "", "\n", " \n"])) + "\n".join(lines)
        return text.strip("\ufeff")  # a mark at the ends is trimmed by some programs: a prompt nobody writes
    while lines and not lines[0].strip():
        lines.pop(0)
    return newline.join(lines).rstrip("\r\n")


# -- tools ------------------------------------------------------------------------------------


@cache
def tokens(id: str) -> list[str]:
    """Names an author may write: the format's own, those of others, MCP in every spelling, nonsense."""
    own = list(registry.load(id).tools.names)
    foreign = [n for other in IDS for n in list(registry.load(other).tools.names)[:14] if other != id]
    mcp = ["mcp__docs__read", "mcp__docs", "docs/read", "docs/*", "tracker/*", "docs_read"]
    return own * 3 + foreign + mcp * 4 + ["HouseKeeper", "run_in_terminal", "grep_search"]


SCOPES = {
    "run": [("command-glob", "git *"), ("command-glob", "git push *"), ("command-glob", "rm *"),
            ("command-prefix", "npm run")],
    "edit": [("path-glob", "*.md"), ("path-glob", "docs/**"), ("path-glob", "docs/**/*.md"),
             ("path-regex", r"\.(md|txt)$")],
    "create": [("path-glob", "*.md"), ("path-regex", "^docs/")],
    "read": [("path-glob", "*.env"), ("path-glob", "docs/**")],
    "fetch": [("domain", "example.org")],
    "delegate": [("agent", "reviewer"), ("agent", "helper")],
}  # fmt: skip


@st.composite
def rules(draw: st.DrawFn, id: str, at: str) -> Rule:
    """One line of a control; a star where maps have one."""
    spec = registry.load(id)
    effect = draw(st.sampled_from(["allow", "allow", "allow", "deny"]))
    if spec.tools.control == "map" and draw(st.integers(0, 9)) == 0:
        return Rule(effect, star(spec), at=at)  # type: ignore[arg-type]
    tool = recognise(draw(st.sampled_from(tokens(id))), spec, author=True).tool
    scope = None
    fitting = [s for cap, some in SCOPES.items() if cap in tool.caps for s in some]
    if fitting and draw(st.integers(0, 2)) == 0:
        scope = Scope(*draw(st.sampled_from(fitting)))
    approval = None
    if effect == "allow" and (spec.tools.control == "map" or draw(st.integers(0, 5)) == 0):
        approval = draw(st.sampled_from(["ask", "auto"]))
    return Rule(effect, tool, scope, approval, at)  # type: ignore[arg-type]


@st.composite
def controls(draw: st.DrawFn, id: str) -> Tools:
    """Unsaid, everything, nothing, a list, a list less something."""
    base = draw(st.sampled_from([None, "all", "builtin", "none", "none", "none"]))
    count = draw(st.integers(0, 5))
    return Tools(base, tuple(draw(rules(id, f"tools[{n}]")) for n in range(count)))


MODELS = st.sampled_from(
    [
        "sonnet",
        "opus",
        "claude-sonnet-4-5",
        "GPT-5 (copilot)",
        "gpt-5.5",
        "openai/gpt-5",
        "house-model",
        "gemini-2.5-pro",
    ]
).map(models.model_of)
SERVERS: list[dict[str, Any]] = [
    {"docs": None},
    {"docs": {"type": "stdio", "command": "docs-server", "args": ["--x"], "env": {"TOKEN": "${TOKEN}"}}},
    {"docs": {"type": "http", "url": "https://example.org", "tools": ["*"]}, "tracker": None},
]
STOP: dict[str, Any] = {"Stop": [{"hooks": [{"type": "command", "command": "./done.sh"}]}]}
HOOKS: dict[str, list[dict[str, Any]]] = {
    "claude": [STOP, {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "./check.sh"}]}]}],
    "kiro": [{"preToolUse": [{"matcher": "shell", "command": "./check.sh"}]}, {"stop": [{"command": "./done.sh"}]}],
    "kiro-3": [{"preToolUse": [{"matcher": "shell", "command": "./check.sh"}]}],
    "openhands": [{"pre_tool_use": [{"matcher": "terminal", "hooks": [{"type": "command", "command": "./check.sh"}]}]}],
    "copilot": [{"PreToolUse": [{"type": "command", "bash": "./check.sh"}]}],
    "qwen": [STOP, {"PreToolUse": [{"matcher": "Shell", "hooks": [{"type": "command", "command": "./check.sh"}]}]}],
}
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "title": NAMES,
    "when_to_use": TEXT,
    "prompt_parts": st.dictionaries(st.sampled_from(["customInstructions", "role"]), TEXT, min_size=1, max_size=2),
    "model": st.lists(MODELS, min_size=1, max_size=3, unique=True).map(tuple),
    "effort": st.sampled_from(EFFORTS),
    "temperature": st.sampled_from([0.0, 0.2, 1.0, 1.5]),
    "top_p": st.sampled_from([0.1, 1.0]),
    "mode": st.sampled_from(MODES),
    "permission_mode": st.sampled_from(PERMISSION_MODES),
    "max_turns": st.integers(1, 99),
    "timeout": st.integers(1, 999),
    "background": st.booleans(),
    "isolation": st.just("worktree"),
    "memory": st.sampled_from(["user", "project"]),
    "sandbox": st.sampled_from(["read-only", "workspace-write"]),
    "project_context": st.booleans(),
    "delegates": st.sampled_from([(), ("*",), ("reviewer",), ("reviewer", "helper")]),
    "handoffs": st.builds(Handoff, NAMES, TEXT, TEXT, st.sampled_from([None, True, False])).map(lambda h: (h,)),
    "skills": st.sampled_from([("style",), ("style", "a b")]),
    "mcp_servers": st.sampled_from(SERVERS),
    "context": st.just({"files": ["src/**"]}),
    "attachments": st.just(("docs/x.md",)),
    "user_invocable": st.booleans(),
    "model_invocable": st.booleans(),
    "hidden": st.booleans(),
    "color": st.sampled_from(["red", "#ff8800", "primary", "mauve"]),
    "icon": st.just("🔍"),
    "argument_hint": TEXT,
    "welcome": TEXT,
    "capabilities": st.just(("Schema design",)),
    "task_types": st.just(("design",)),
    "tools_required": st.just(("psql",)),
    "priority": st.integers(0, 9),
    "examples": st.just(({"task": "a", "approach": "b"},)),
    "tags": st.just(("x",)),
    "author": TEXT,
    "version": st.just("1.2.0"),
    "license": st.just("MIT"),
    "metadata": st.just({"team": "x", "n": 3}),
}


@st.composite
def agents(draw: st.DrawFn, id: str) -> Agent:
    """An agent as one that the format ``id`` holds."""
    picked = draw(st.lists(st.sampled_from(sorted(OTHERS)), max_size=6, unique=True))
    fields = {name: draw(OTHERS[name]) for name in picked}
    row = registry.load(id).by_field.get("hooks")
    if row is not None and draw(st.integers(0, 5)) == 0:
        fields["hooks"] = draw(st.sampled_from(HOOKS.get(str(row.fact("family")), HOOKS["claude"])))
    called = draw(NAMES)
    extras = draw(
        st.sampled_from([(), (), (Extra("houseKey", {"a": [1, "x"]}, id),), (Extra("houseLimit", True, id, True),)])
    )
    if draw(st.integers(0, 19)) == 0:
        fields["disabled"] = draw(st.booleans())
    return Agent(
        id=called,
        name=draw(st.sampled_from([called, called, None]) | NAMES),
        description=draw(st.none() | TEXT | st.just("") | st.just(" ")),
        prompt=draw(prompts(id)),
        tools=draw(controls(id)),
        extras=extras,
        **fields,
    )
