"""One key for what a source limits in two ways: who may create files but is asked before each edit, say."""

from __future__ import annotations

from dataclasses import replace

from agentconv.model import Rule, Scope

ORDER = ("deny", "ask", "auto")


def stricter(first: list[Rule], second: list[Rule]) -> list[Rule]:
    """The rules of one key that give what both give. Each begins with what holds where no pattern does; the last rule
    that matches decides, so what gives less comes later."""
    default = min(first[0], second[0], key=gives)
    kept: dict[Scope | None, Rule] = {}
    for mine, other in ((first, second), (second, first)):
        theirs = {rule.scope: rule for rule in other[1:]}
        for rule in mine[1:]:
            least = min(rule, theirs.get(rule.scope, other[0]), key=gives)
            word = replace(rule, effect=least.effect, approval=least.approval)
            kept[rule.scope] = min(word, kept.get(rule.scope, word), key=gives)
    words = sorted(kept.values(), key=gives, reverse=True)
    while words and gives(words[0]) == gives(default):  # nothing stands before it that it could take back
        words.pop(0)
    return [default, *words]


def gives(rule: Rule) -> int:
    """How much a rule gives, by its place among the words."""
    return ORDER.index("deny" if rule.effect == "deny" else rule.approval or "auto")


def bare(rules: list[Rule]) -> list[tuple[Scope | None, int]]:
    """What the rules of a key say, wherever they come from."""
    return [(rule.scope, gives(rule)) for rule in rules]
