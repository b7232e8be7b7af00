"""Keys by which other programs limit an agent, in a file for a program that does not know them.

Cursor reads `.claude/agents`, and people move files between programs: a `readonly: true` that no reader of the file
goes by was written as a limit all the same, and a copy for another program keeps to it."""

from __future__ import annotations

from agentconv.containers import Node, Pair
from agentconv.reading.context import Context
from agentconv.spec import Field

YES = ("true", "yes", "on")
# Folded key -> its folded values, and what they take away where the key is known: Cursor (`readonly`, which shuts out
# MCP servers, too), Claude Code and Qoder (`permissionMode`), Qwen Code (`approvalMode`), Codex (`sandbox_mode`).
LIMITS = {
    "readonly": (YES, ("writes", "runs", "mcp:*")),
    "permissionmode": (("plan",), ("writes", "runs")),
    "approvalmode": (("plan",), ("writes", "runs")),
    "sandboxmode": (("readonly",), ("writes", "runs")),
    "sandbox": (("readonly",), ("writes", "runs")),
}
# OpenCode's map of actions: what its names stand for. The last that matches has the word there.
PERMISSIONS = {
    "edit": ("writes",),
    "bash": ("runs",),
    "webfetch": ("network",),
    "task": ("delegates",),
    "*": ("writes", "runs", "network", "delegates", "mcp:*"),
}
# Roo Code's groups, which Kilo's older modes have, too: what is given, and what is not
GROUPS = {
    "read": "reads",
    "edit": "writes",
    "command": "runs",
    "browser": "network",
    "mcp": "mcp:*",
    "modes": "delegates",
}
ALWAYS = ("delegates",)  # starting another mode needs no group


def limit_elsewhere(pair: Pair, folded: str, word: str, ctx: Context) -> Field | None:
    """The switch that an unknown key is elsewhere; ``folded`` and ``word``: the key and its value, as they compare."""
    key, node = pair.key.text, pair.value
    if ctx.spec.text_kind:
        return None
    words, classes = LIMITS.get(folded, ((), ()))
    if word not in words:
        classes = _in_maps(folded, node, ctx)
    if not classes:
        return None
    field = ctx.spec.tools.fact("field") if ctx.spec.tools.control in ("list", "map", "groups") else None
    help = f"say it under `{field}`, or take the key out where the agent may do everything" if field else ""
    text = f"`{key}` is no key of {ctx.spec.program}, which limits nothing by it; taken as meant"
    ctx.say("R086", text, key, pair.key, help=help)
    return Field(key, None, "any", {"type": "any", "write": "never", "elsewhere": classes})


def _in_maps(folded: str, node: Node, ctx: Context) -> tuple[str, ...]:
    if folded == "permission" and ctx.spec.tools.control != "map":
        return _permissions(node)
    return _groups(node) if folded == "groups" and node.kind == "list" else ()


def _groups(node: Node) -> tuple[str, ...]:
    """The classes that are in none of the groups; one with a pattern gives less than its class."""
    names = [item.items[0] if item.kind == "list" and item.items else item for item in node.items]
    if not names or not all(name.kind == "scalar" and name.text in GROUPS for name in names):
        return ()
    given = {GROUPS[item.text] for item in node.items if item.kind == "scalar"}
    return tuple(cls for cls in GROUPS.values() if cls not in given and cls not in ALWAYS)


def _permissions(node: Node) -> tuple[str, ...]:
    """The classes that such a map denies: with the exceptions of the denial, which no class can hold."""
    if node.kind == "scalar":
        return PERMISSIONS["*"] if node.text == "deny" else ()
    shut: dict[str, bool] = {}
    for pair in node.pairs:
        every = pair.value.get("*") if pair.value.kind == "map" else pair.value
        if every is not None:
            shut |= dict.fromkeys(PERMISSIONS.get(pair.key.text, ()), every.text == "deny")
    return tuple(name for name, denied in shut.items() if denied)
