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


def limit_elsewhere(pair: Pair, folded: str, word: str, ctx: Context) -> Field | None:
    """The switch that an unknown key is elsewhere; ``folded`` and ``word``: the key and its value, as they compare."""
    key, node = pair.key.text, pair.value
    if ctx.spec.text_kind:
        return None
    words, classes = LIMITS.get(folded, ((), ()))
    if word not in words:
        classes = _permissions(node) if folded == "permission" and ctx.spec.tools.control != "map" else ()
    if not classes:
        return None
    field = ctx.spec.tools.fact("field") if ctx.spec.tools.control in ("list", "map", "groups") else None
    help = f"say it under `{field}`, or take the key out where the agent may do everything" if field else ""
    text = f"`{key}` is no key of {ctx.spec.program}, which limits nothing by it; taken as meant"
    ctx.say("R086", text, key, pair.key, help=help)
    return Field(key, None, "any", {"type": "any", "write": "never", "elsewhere": classes})


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
