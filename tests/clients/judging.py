"""One agent as a program has it against what our program reading of the same file says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agentconv import models, rights
from agentconv.model import Agent
from agentconv.spec import Spec
from tests.clients.views import HIDDEN, Seen

SAME, NOT_SHOWN, DIFFERS = "same", "not shown", "DIFFERS"


@dataclass
class Row:
    """One case before one program."""

    client: str
    case: str
    file: str = ""
    entry: str = ""  # which agent of the file, where it holds those of other cases, too
    status: str = ""  # of the conversion; (read) where nothing was converted
    loaded: str = "-"
    cells: dict[str, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    # what differs -> in words
    faults: dict[str, str] = field(default_factory=dict)

    def fault(self, what: str, words: str) -> None:
        """A difference; several of one kind are one."""
        self.faults[what] = "; ".join(filter(None, [self.faults.get(what), words]))


def judge(row: Row, spec: Spec, ours: Agent, seen: Seen, *, as_written: bool = False) -> None:
    """Hold what the program has against what we say that it has, field by field."""
    row.loaded = "error" if seen.error else "yes"
    if seen.error:
        row.fault("start", f"the program says: {seen.error}")
    if ours.disabled:
        row.cells["tools"] = "disabled"
        _text(row, "name", seen.name, {ours.id, ours.name})
        return
    if seen.built_in:  # what the file does not say of it is the program's
        parts = ("description", "prompt", "mode", "model")
        seen = replace(seen, **{part: HIDDEN for part in parts if getattr(ours, part) is None})
    _text(row, "name", seen.name, {ours.id, ours.name})
    _text(row, "description", _bare(seen.description), {_bare(ours.description)})
    _prompt(row, spec, ours, seen.prompt)
    _text(row, "model", seen.model, _models(spec, ours))
    _resolved(row, spec, ours, seen.resolved)
    _text(row, "mode", seen.mode, _modes(spec, ours))
    _text(row, "effort", seen.effort, {ours.effort})
    if seen.served and seen.tools is not None:
        seen = replace(seen, tools=_of_servers(row, spec, ours, seen.tools, seen.served))
    row.cells["tools"] = _tools(row, spec, ours, seen.tools, as_written)
    if seen.asks is not None:
        _asks(row, spec, ours, seen.asks)


def _bare(text: str | None) -> str | None:
    """None and empty say the same, and so does a line end behind the text (of a YAML block)."""
    return text if text == HIDDEN else (text or "").rstrip("\n") or None


def _text(row: Row, what: str, theirs: str | None, ours: set[str | None]) -> None:
    if theirs == HIDDEN:
        row.cells[what] = NOT_SHOWN
    elif theirs in ours:
        row.cells[what] = SAME
    else:
        row.cells[what] = DIFFERS
        row.fault(what, f"the program has {theirs!r}, we say {sorted(map(repr, ours))}")


def _prompt(row: Row, spec: Spec, ours: Agent, theirs: str | None) -> None:
    """Blank space at either end and line ends are facts of the description and are tested there."""
    mine = (ours.prompt or "").strip()
    if theirs in (None, HIDDEN):
        row.cells["prompt"] = NOT_SHOWN if theirs == HIDDEN or not mine else DIFFERS
        if row.cells["prompt"] == DIFFERS:
            row.fault("prompt", f"the program has none, we say {mine[:80]!r}")
    elif _brings_text(ours, spec) and theirs.startswith(mine) and theirs.strip() != mine:
        row.cells["prompt"] = "same, and the program's own part"
    else:
        _text(row, "prompt", theirs.strip().replace("\r\n", "\n"), {mine.replace("\r\n", "\n")})


def _brings_text(ours: Agent, spec: Spec) -> bool:
    """A field that brings tools along comes with a text on how to use them (Claude Code's memory, 2.1.328)."""
    return any(
        row.fact("implies") and row.field and getattr(ours, row.field) is not None for row in spec.fields.values()
    )


def _models(spec: Spec, ours: Agent) -> set[str | None]:
    """What the program may call it: the text of the file, and nothing or its word for the caller's model."""
    if ours.model:
        first = ours.model[0].text
        # the effort may stand behind the model's name (`inside` of the description)
        inside = any(row.written and row.fact("inside") == "model" for row in spec.fields.values())
        return {f"{first}:{ours.effort}" if inside and ours.effort else first}
    return {None, "", spec.models.get("inherit")}


def _modes(spec: Spec, ours: Agent) -> set[str | None]:
    """What the file says, else what the program takes for it."""
    if ours.mode:
        return {ours.mode}
    return {str(row.fact("default")) for row in spec.fields.values() if row.field == "mode" and row.fact("default")}


TWO_TIERS = {"opusplan": ("opus", "sonnet")}  # the one while it plans, else the other


def _resolved(row: Row, spec: Spec, ours: Agent, theirs: str | None) -> None:
    """The model that is really asked for: the very one, or one of the tier that the file names. In the place of one
    that is retired the program asks for a newer one of its tier."""
    if theirs in (None, HIDDEN) or not ours.model:
        return
    mine, real = ours.model[0], models.model_of(str(theirs))
    retired = (spec.models.get("retired") or {}).get(mine.id)
    if mine.id is not None and not retired:
        if real.id != mine.id:
            row.fault("resolved", f"the program asks for {theirs}, we say {mine.id}")
    elif (tier := retired or mine.tier) is not None and real.tier not in TWO_TIERS.get(tier, (tier,)):
        row.fault("resolved", f"the program asks for {theirs}, we say the tier {tier}")


def _asks(row: Row, spec: Spec, ours: Agent, theirs: set[str]) -> None:
    """The tools before which it asks, of those that are there."""
    grants = rights.by_name(rights.added_by_fields(ours, spec), spec.of_mode(ours.mode))
    # gates stand before other tools; a tool that is there only under a condition is asked for only then
    checks = {name for name, fact in spec.tools.data["names"].items() if "gate" in fact or "when" in fact}
    away = {name.name for name in spec.tools.singles.values() if name.off} - theirs  # behind a setting
    mine = {name for name, grant in grants.items() if grant.open and grant.approval == "ask"} - checks - away
    theirs -= checks
    row.cells["permission"] = SAME if theirs & set(grants) == mine else DIFFERS
    if row.cells["permission"] == DIFFERS:
        row.fault("permission", f"the program asks before {sorted(theirs)}, we say {sorted(mine)}")


def _of_servers(row: Row, spec: Spec, ours: Agent, theirs: list[str], served: Mapping[str, list[str]]) -> list[str]:
    """Tools of servers that were there (``tests/clients/server.py``), against our rules; the other tools are left."""
    here = spec.of_mode(ours.mode)
    fold = str.lower if here.tools.fact("case") == "insensitive" else str
    clean = str(here.tools.mcp.get("clean") or "(?!)")
    found = rights.by_server(rights.added_by_fields(ours, spec), here)
    grants = {(fold(server), tool and fold(tool)): grant for (server, tool), grant in found.items()}

    def open_here(server: str, tool: str) -> bool:
        server = fold(re.sub(clean, "_", server))  # as a file of the program names it
        keys = ((server, fold(tool)), (server, None), ("*", None))
        return not here.tools.mcp.get("never") and next(grants[key].open for key in keys if key in grants)

    mine = {name for name, (server, tool) in served.items() if open_here(server, tool)}
    if here.tools.mcp.get("bare") == "here":  # a word of the list is every server's tool of that name, too
        words = {r.tool.name for r in ours.tools.rules if r.effect == "allow" and not r.tool.server}
        mine |= {name for name, at in served.items() if words & set(at)}
    given = set(theirs) & set(served)
    if any("mcp" in caps for caps in here.ambient.values()):  # no list governs them, and that is what we say
        mine |= given
    if given - mine:
        row.fault("servers", f"the program gives {', '.join(sorted(given - mine))} beyond what we say")
    if mine - given:
        row.fault("servers", f"we say {', '.join(sorted(mine - given))}; the program does not give it")
    row.cells["servers"] = DIFFERS if "servers" in row.faults else f"{len(given)} as said"
    return [name for name in theirs if name not in served]


def _tools(row: Row, spec: Spec, ours: Agent, theirs: list[str] | None, as_written: bool) -> str:
    """Tools in the program's words. A right more than we say is a fault, and so is one that we say and it lacks;
    names beside those we list, within the same rights, are shown in the table."""
    table = spec.tools
    if theirs is None:
        return "all" if rights.base_open(ours.tools, spec) else NOT_SHOWN
    if table.control == "none":
        return f"{len(theirs)}, no control"
    tools = rights.added_by_fields(ours, spec)
    open_here = {name for name, grant in rights.by_name(tools, spec.of_mode(ours.mode)).items() if grant.any}
    every = {single for token in theirs if table.own(token) for single in table.covers(token)}
    covered = every - set(spec.ambient)
    if as_written:
        return f"{len(covered)} as said" if covered <= open_here else "DIFFER"
    strange = [t for t in theirs if not table.own(t) and t not in spec.ambient and table.mcp_tool(t) is None]
    said = {cls for n in open_here for cls in table.names[n].classes}
    sure = {cls for n in open_here for cls in table.names[n].classes if not _conditional(table, n, open_here)}
    had = {cls for n in covered for cls in table.names[n].classes}
    held = {cls for n in every for cls in table.names[n].classes}
    beside = sorted(n for n in covered - open_here if table.names[n].gives)
    if had - said:
        row.fault(
            "tools", f"the program gives {', '.join(sorted(had - said))} beyond what we say ({', '.join(beside)})"
        )
    if sure - held:
        row.fault("tools", f"we say {', '.join(sorted(sure - held))}; the program hands over {', '.join(theirs)}")
    if strange and not rights.base_open(ours.tools, spec):
        row.fault("tools", f"our description does not know: {', '.join(strange)}")
    if "tools" in row.faults:
        return DIFFERS
    return f"{len(theirs)} as said" + (f" and {', '.join(beside)}" if beside else "")


def _conditional(table: Any, name: str, names: set[str]) -> bool:
    """Names that the program gives only sometimes: behind a setting, never to subagents, hidden by another."""
    fact = table.names[name]
    hidden = {h for n in names for h in (table.data.get("names", {}).get(n) or {}).get("hides", ())}
    sometimes = "when" in (table.data.get("names", {}).get(name) or {})
    return bool(fact.off or fact.never or fact.named or sometimes or name in hidden)
