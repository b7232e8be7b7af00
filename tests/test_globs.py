"""Where files are looked for: all that a glob matches, and no folder that it does not lead into."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv.project import finding

NAMES = ("a", "b", "agents", "x.md", "SKILL.md", ".h")
GLOBS = (
    "agents/*.md",
    "*/SKILL.md",
    "a/*/SKILL.md",
    "*/agents/*.md",
    "*.md",
    "*/*/*.md",
    "a/?/x.md",
    "**/x.md",
    "a/**/*.md",
)
paths = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map(tuple), max_size=25, unique=True)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(paths, st.sampled_from(GLOBS))
def test_a_glob_finds_what_it_matches_and_looks_nowhere_else(made: list[tuple[str, ...]], glob: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for parts in made:
            place = root.joinpath(*parts)
            if any(p.is_file() for p in place.parents) or place.exists():
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"")
        fits = finding.glob_pattern(glob).fullmatch
        with finding.watching() as looked:
            found = list(finding.expand(root, glob))
        assert sorted(found) == sorted(name for name in finding.walk(root, "") if fits(name))
        if "**" not in glob:
            deep = {str(root.joinpath(*parts)) for parts in [*made, ()] if len(parts) >= len(glob.split("/"))}
            assert not deep & set(looked.folders)
