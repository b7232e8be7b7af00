"""A limit in another program's pattern language: only where it is surely the same, tried on real paths and commands."""

from __future__ import annotations

import re

import pytest

from agentconv import scopes
from agentconv.model import Scope
from tests.probing import matches

PATHS = [
    "a.md",
    "docs/a.md",
    "docs/sub/b.md",
    "docs",
    "src/a.py",
    "a.mdx",
    "x/docs/a.md",
    "a-md",
    "docs/a+b.md",
    ".env",
]

SAME = [
    (Scope("path-glob", "*.md"), "path-regex", [r"\.md$"]),
    (Scope("path-glob", "docs/**"), "path-regex", ["^docs/"]),
    (Scope("path-glob", "docs/a.md"), "path-regex", [r"^docs/a\.md$"]),
    (Scope("path-regex", r"\.md$"), "path-glob", ["*.md"]),
    (Scope("path-regex", r"\.(md|mdx)$"), "path-glob", ["*.md", "*.mdx"]),
    (Scope("path-regex", r"\.(?:md|mdx)$"), "path-glob", ["*.md", "*.mdx"]),
    (Scope("path-regex", "^docs/"), "path-glob", ["docs/**"]),
]
NEVER = [
    (Scope("path-glob", "docs/**/*.md"), "path-regex"),  # may `**` be nothing? programs differ
    (Scope("path-glob", "docs/*.md"), "path-regex"),  # does `*` cross a folder? programs differ
    (Scope("path-glob", "{a,b}.md"), "path-regex"),
    (Scope("path-glob", "[ab].md"), "path-glob"),
    (Scope("path-glob", "!secret"), "path-regex"),
    (Scope("path-regex", "docs"), "path-glob"),  # unanchored: matches anywhere
    (Scope("path-regex", r"^docs/.*\.md$"), "path-glob"),
    (Scope("path-regex", r"\.md"), "path-glob"),
    (Scope("path-regex", "(?i)\\.md$"), "path-glob"),
    (Scope("command-glob", "git *"), "path-glob"),
    (Scope("command-glob", "git *"), "domain"),
    (Scope("domain", "example.org"), "command-glob"),
    (Scope("command-prefix", "git*"), "command-glob"),
    (Scope("agent", "x"), "text"),
]


@pytest.mark.parametrize(("scope", "kind", "texts"), SAME)
def test_a_translation_allows_the_same_paths(scope: Scope, kind: str, texts: list[str]) -> None:
    made = scopes.convert(scope, kind)
    assert made == [Scope(kind, text) for text in texts]
    for path in PATHS:
        assert matches(scope, path) == any(matches(one, path) for one in made), path


@pytest.mark.parametrize(("scope", "kind"), NEVER)
def test_what_programs_read_differently_is_not_translated(scope: Scope, kind: str) -> None:
    assert scopes.convert(scope, kind) is None


def test_a_prefix_is_a_glob_with_an_optional_end() -> None:
    made = scopes.convert(Scope("command-prefix", "npm run:*"), "command-glob")
    assert made == [Scope("command-glob", "npm run *")]
    assert matches(made[0], "npm run build") and matches(made[0], "npm run") and not matches(made[0], "npm runx")


def test_special_characters_are_escaped_in_a_regex() -> None:
    (made,) = scopes.convert(Scope("path-glob", "docs/a+b.md"), "path-regex") or []
    assert re.search(made.text, "docs/a+b.md") and not re.search(made.text, "docs/aab.md")


WITHIN = [
    (Scope("command-glob", "git *"), Scope("command-glob", "git *"), True),
    (Scope("command-glob", "git log *"), Scope("command-glob", "git *"), False),  # not told, so not counted as within
    (Scope("command-glob", "git *"), Scope("command-glob", "git log *"), False),
    (Scope("path-regex", r"\.md$"), Scope("path-glob", "*.md"), True),
    (Scope("path-glob", "*.md"), Scope("path-regex", r"\.(md|mdx)$"), True),
    (Scope("path-glob", "*.txt"), Scope("path-regex", r"\.(md|mdx)$"), False),
    (Scope("path-regex", r"\.(md|mdx)$"), Scope("path-glob", "*.md"), False),
    (Scope("agent", "a"), Scope("agent", "b"), False),
]


@pytest.mark.parametrize(("one", "whole", "expected"), WITHIN)
def test_within(one: Scope, whole: Scope, expected: bool) -> None:
    assert scopes.within(one, whole) is expected
