"""Lists that are changes to what an agent without a list has: `-bash, +grep`."""

from __future__ import annotations

from collections.abc import Mapping

from agentconv.model import Rule, Tools
from agentconv.reading.context import Context
from agentconv.reading.toolcodecs import allow
from agentconv.reading.toolnames import recognise
from agentconv.reading.tooltokens import Placed, remember


def changed(tokens: list[Placed], ctx: Context) -> Tools | None:
    """What such a list gives; ``None`` where no name has a sign."""
    marks: Mapping[str, str] = ctx.spec.tools.fact("changes")
    marked = [len(token) > 1 and token[0] in (marks["more"], marks["less"]) for token, _, _ in tokens]
    if not any(marked):
        return None
    if not all(marked):
        return _mixed(tokens, marks, ctx)
    rules = []
    for token, at, place in tokens:
        found = recognise(token[1:], ctx.spec, author=ctx.author)
        remember(token[1:], at, place, found, ctx)
        if found.how != "unknown" or ctx.author:
            rules.append(Rule("allow" if token[0] == marks["more"] else "deny", found.tool, None, None, at))
    return Tools(None, tuple(rules))


def _mixed(tokens: list[Placed], marks: Mapping[str, str], ctx: Context) -> Tools | None:
    """Changes beside plain names: no start at all, in a program that takes one or the other."""
    if marks.get("mixed") != "refused":
        return None
    rules = []
    for token, at, place in tokens:
        sign = token[0] if len(token) > 1 and token[0] in (marks["more"], marks["less"]) else ""
        if sign:
            problem = f"`{token}` stands beside names without a sign"
            ctx.refuse("refuse", problem)
            help = f"write names with `{marks['more']}` and `{marks['less']}` only, or none"
            ctx.say("R012", f"{problem}: {ctx.spec.seen} does not start such an agent", at, place, help=help)
        found = recognise(token.removeprefix(sign), ctx.spec, author=True)
        rules += [Rule("deny", found.tool, at=at)] if sign == marks["less"] else allow(token, at, place, found, ctx)
    return Tools("none", tuple(rules))
