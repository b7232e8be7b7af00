"""One key for two limits gives what both give, whatever is asked for."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from agentconv.lowering.stricter import ORDER, stricter
from agentconv.model import Rule, Scope, Tool

EDIT = Tool("edit", ("edit", "create"))
WORDS = st.sampled_from(ORDER)
PATTERNS = st.sampled_from(["a.md", "*.md", "docs/*", "docs/a.md", "*"])
ASKED = ["a.md", "docs/a.md", "docs/b.txt", "x"]


def rule(word: str, pattern: str | None = None) -> Rule:
    """What a key says, of all or of a pattern."""
    scope = Scope("path-glob", pattern) if pattern else None
    return (
        Rule("deny", EDIT, scope) if word == "deny" else Rule("allow", EDIT, scope, "ask" if word == "ask" else "auto")
    )


KEYS = st.builds(
    lambda first, more: [rule(first), *(rule(word, pattern) for pattern, word in more.items())],
    WORDS,
    st.dictionaries(PATTERNS, WORDS, max_size=4),
)


def gives(rules: list[Rule], path: str) -> int:
    """The last that matches decides."""
    last = [r for r in rules if r.scope is None or fnmatchcase(path, r.scope.text)][-1]
    return ORDER.index("deny" if last.effect == "deny" else str(last.approval))


@given(KEYS, KEYS)
def test_no_more_than_either(first: list[Rule], second: list[Rule]) -> None:
    made = stricter(first, second)
    assert made[0].scope is None
    assert all(gives(made, path) <= min(gives(first, path), gives(second, path)) for path in ASKED)


def test_two_lists_of_folders() -> None:
    first = [rule("deny"), rule("auto", "docs/*"), rule("auto", "a.md")]
    second = [rule("deny"), rule("ask", "docs/*")]
    assert stricter(first, second) == [rule("deny"), rule("ask", "docs/*"), rule("deny", "a.md")]


def test_what_is_free_takes_the_limits_of_the_other() -> None:
    limits = [rule("auto"), rule("ask", "docs/*"), rule("deny", "a.md")]
    assert stricter([rule("auto")], limits) == limits
    assert stricter(limits, [rule("ask")]) == [rule("ask"), rule("deny", "a.md")]
