"""Denials in an ordered map that a later, wider word undoes: `"git push*": deny` before `"*": allow`.

The program goes by the last rule that matches, so they take nothing away there; who wrote them meant them. And what is
said of the limits of a tool that the file takes away as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from agentconv.containers import Node
from agentconv.grants import is_star
from agentconv.model import Rule, Tool, Tools
from agentconv.notes import Note
from agentconv.reading.context import Context
from agentconv.reading.tooltokens import own_spelling

WILD = ("", "*", "?", "[")  # what a pattern may begin with that is no text


def kept_denials(rules: list[Rule], node: Node, ctx: Context) -> list[Rule]:
    """The rules with such denials behind the word that would undo them. Only denials move: an `allow` that a later
    `deny` undoes stays undone, which is the narrower. Where the later word is `ask`, a person decides each time, and
    the last rule counts as the program has it."""
    if not ctx.author:
        return rules
    _say_undone(rules, node, ctx)
    kept = list(rules)
    for rule in rules:
        if rule.effect != "deny" or is_star(rule.tool):
            continue
        at = next(n for n, one in enumerate(kept) if one is rule)
        last = next((n for n in range(len(kept) - 1, at, -1) if _undoes(kept[n], rule)), None)
        if last is None or kept[last].approval == "ask" or any(_denies_all(later, rule) for later in kept[last + 1 :]):
            continue
        kept.insert(last + 1, rule)
        del kept[at]
        what = f"`{rule.tool.name}`" + (f" for `{rule.scope.text}`" if rule.scope else "")
        text = f"what denies {what} stands before a wider `allow`, and the last that matches counts in {ctx.spec.seen}"
        place = next((pair.key for pair in node.pairs if rule.at.endswith(f".{pair.key.text}")), node)
        ctx.say("T009", f"{text}; taken as meant", rule.at, place)
    return kept


def _say_undone(rules: list[Rule], node: Node, ctx: Context) -> None:
    """What a tool is allowed in front of `*`, which denies it, or asks: nothing of it is left."""
    last: dict[Tool, Rule] = {}  # what stands for `*` behind the rule
    said: dict[tuple[str, str], list[Rule]] = {}
    for rule in reversed(rules):
        if rule.scope is None:
            last.setdefault(rule.tool, rule)
            continue
        over = last.get(rule.tool)
        if rule.effect != "allow" or over is None or (over.effect == "allow" and over.approval != "ask"):
            continue
        if over.effect == "deny" or rule.approval != "ask":
            said.setdefault((rule.at, "denies" if over.effect == "deny" else "asks"), []).append(rule)
    for (at, does), undone in said.items():
        names = [f"`{r.scope.text}`" for r in reversed(undone) if r.scope is not None]
        shown = ", ".join(names[:3]) + (f" … {len(names) - 3} more" if len(names) > 3 else "")
        text = f"{shown} of `{undone[0].tool.name}` stand{'s' * (len(names) == 1)} before a wider word that {does}"
        place = next((pair.key for pair in node.pairs if at.endswith(f".{pair.key.text}")), node)
        ctx.say("T049", f"{text}, and the last that matches counts in {ctx.spec.seen}", at, place)


def whole_denials(rules: Iterable[Rule], ctx: Context) -> list[Rule]:
    """Denials by a name that the program does not have, of all that its own tool for it does: `write: deny` where one
    key stands for writing and editing. Where the map says something of that tool itself, the name means no more than
    it says."""
    rules, table = list(rules), ctx.spec.tools
    said = {own.name for rule in rules if (own := table.own(rule.tool.name))}
    out = []
    for rule in rules:
        tool = rule.tool
        if ctx.author and rule.effect == "deny" and tool.caps and not is_star(tool) and table.own(tool.name) is None:
            own = table.own(own_spelling(tool, ctx) or "")
            if own is not None and own.name not in said and set(tool.caps) < set(own.caps):
                rule = replace(rule, tool=Tool(tool.name, own.caps, own.also))
        out.append(rule)
    return out


def _undoes(later: Rule, rule: Rule) -> bool:
    """Whether a later rule gives back, on its way, all that the denial takes."""
    if later.effect != "allow":
        return False
    if is_star(later.tool):
        return later.scope is None
    if later.tool.name != rule.tool.name or rule.scope is None:
        return False  # the same word twice is a change of mind
    if later.scope is None:
        return True
    text, glob = rule.scope.text, later.scope.text
    # the first sign tells most of a thousand pairs apart
    return text != glob and (glob[:1] in WILD or text[:1] == glob[:1]) and fnmatchcase(text, glob)


def _denies_all(later: Rule, rule: Rule) -> bool:
    return later.effect == "deny" and later.scope is None and (is_star(later.tool) or later.tool == rule.tool)


def without_moot_limits(tools: Tools, ctx: Context) -> list[Note]:
    """The notes, but for those on limits in brackets of tools that are denied: `Bash(git:*)` beside a denied `Bash` is
    no shell, and nothing of it is taken as meant."""
    if ctx.spec.tools.fact("order"):  # a later word may give back what an earlier one took
        return ctx.notes
    gone = {rule.tool for rule in tools.rules if rule.effect == "deny" and rule.scope is None}
    moot = {rule.at for rule in tools.rules if rule.effect == "allow" and rule.scope is not None and rule.tool in gone}
    return [one for one in ctx.notes if not (one.code == "T009" and one.path in moot)]
