"""A control that is one switch: each setting takes some tools away, and there is nothing in between.

Read as denials, so that what a setting leaves (and what no setting could take) stays what it is. Lowering tries the
settings: of those that give no wider right the one that drops least, then the one with the fewest extras.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentconv import rights as counting
from agentconv.containers import Node
from agentconv.grants import Grant
from agentconv.model import Rule, Tool, Tools
from agentconv.reading.context import Context
from agentconv.records import dataclass
from agentconv.rights import Right, Rights
from agentconv.spec import Field, Spec, risk
from agentconv.tooltable import ToolTable

YES = ("true", "yes", "on", "1")


def settings(table: ToolTable, key: str = "") -> dict[str | None, Tools]:
    """Every setting with what it leaves; ``None`` is the key left away."""
    out: dict[str | None, Tools] = {None: Tools()}
    for value, facts in (table.fact("settings") or {}).items():
        rules = [Rule("deny", table.names[n].tool(), at=key) for n in facts.get("denies", ())]
        if facts.get("mcp") == "none":
            rules.append(Rule("deny", Tool("MCP", server="*"), at=key))
        out[str(value)] = Tools(None, tuple(rules))
    return out


def read_switch(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """The denials of the setting. To its author any spelling of *yes* is the switch; to the program only its own."""
    known = settings(ctx.spec.tools, row.key)
    text = node.text.strip().lower() if row.fact("any_case") else node.text
    if node.kind != "scalar":
        return ()
    if text in known:
        return known[text].rules
    word = text.split("#", 1)[0].strip().strip("\"'").lower()
    if ctx.author and word in YES and "true" in known:
        told = f"`{row.key}: {node.text}` is not `true`, so {ctx.spec.seen} takes nothing away; taken as meant"
        ctx.say("T009", told, "tools", node)
        return known["true"].rules
    return ()


def switch_value(tools: Tools, table: ToolTable) -> str | None:
    """The setting that these rules are; none where they are not one."""
    wanted = {(r.effect, r.tool.name) for r in tools.rules}
    for value, made in settings(table).items():
        if {(r.effect, r.tool.name) for r in made.rules} == wanted:
            return value
    return None


# -- lowering ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of setting the switch, held against what the source has."""

    value: str | None
    tools: Tools
    gained: Rights
    open: frozenset[str]  # capabilities
    mcp: bool


def measured(dst: Spec, had: Rights, forbid: frozenset[str]) -> list[Setting]:
    """The settings with what each gives and would add; a forbidden class counts as added."""
    out = []
    for value, tools in settings(dst.tools, str(dst.tools.fact("field"))).items():
        rights = counting.of_tools(tools, dst, program=True)
        gained = counting.gained(had, rights) | {r for r in counting.spread(rights) if r.cls in forbid}
        caps = {c for c, g in counting.by_capability(tools, dst).items() if g.open}
        mcp = counting.by_server(tools, dst)[("*", None)].open
        out.append(Setting(value, tools, gained, frozenset(caps), mcp))
    return out


def pick(dst: Spec, had: Rights, forbid: frozenset[str], wanted: Mapping[str, Grant], mcp: bool) -> Setting:
    """Of the settings that are not wider the one that drops least; where all are wider, the narrowest."""
    asked = {c for c, g in wanted.items() if g.any and risk(c) != "none"}
    ways = measured(dst, had, forbid)
    fit = [s for s in ways if not s.gained]

    def order(setting: Setting) -> tuple[int, int]:
        limited = {c for c in asked if not wanted[c].whole}
        dropped = len(asked - setting.open - limited) + (mcp and not setting.mcp)
        extra = {c for c in setting.open - asked if risk(c) != "none"}
        return dropped, len(extra) + (setting.mcp and not mcp)

    return min(fit, key=order) if fit else min(ways, key=lambda s: len({r.cls for r in s.gained}))


def allowed_by(before: Rights, leave: frozenset[str]) -> Rights:
    """The rights of the source with the classes that the user lets become wider."""
    return before | {Right(c) for c in leave}
