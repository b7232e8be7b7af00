"""Every key and every tool name of every real file is in the model or in a note, and in the output or in a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import corpus_audit as audit
from tests import corpus_runs as runs

# Files in which there is no agent: path -> why. A file that becomes one, or stops being one, has to be looked at.
NO_AGENT = {
    "codebolt-agent-analysis/05-IMPLEMENTATION-PLAN.md": "a plan, no header",
    "sdlc-complete/agents/factory-compat.md": "a page that shows two agents",
    "rust-self-learning-memory/.claude/agents/test-architect.md": "no `name`: Claude Code passes it over",
    "ai-studio/.claude/agents/code-reviewer.md": "no `name`: Claude Code passes it over",
    "LOGReport/.github/agents/ANALYST.md": "no header",
    "LOGReport/.github/agents/ARCHITECT.md": "no header",
    "LOGReport/.github/agents/CODER.md": "no header",
    "LOGReport/.github/agents/REVIEWER.md": "no header",
    "LOGReport/.kilocodemodes": "an empty list of modes",
    "kuberocketai/.krci-ai/agents/go-dev.yaml": "the definition of an agent of a framework",
}


@pytest.mark.corpus
def test_every_real_file_is_read(corpus: Path) -> None:
    found = list(runs.files(corpus))
    assert len(found) > 400
    without = {str(real.path) for real in found if not real.read().agents}
    assert {path for path in without if not any(path.endswith(end) for end in NO_AGENT)} == set()
    assert len(without) == len(NO_AGENT)
    errors = {str(r.path): n.message for r in found for n in runs.reading_notes(r.read()) if n.effect == "error"}
    assert not errors


@pytest.mark.corpus
def test_nothing_is_missing_in_the_model(corpus: Path) -> None:
    assert [line for real in runs.files(corpus) for line in runs.missing_in_model(real)] == []


@pytest.mark.corpus
@pytest.mark.parametrize("target", runs.TARGETS)
def test_nothing_is_lost_on_the_way(target: str, corpus: Path) -> None:
    assert [line for real in runs.files(corpus) for line in runs.lost_on_the_way(real, target)[1]] == []


# -- the audit finds what it is there for ------------------------------------------------------

HEADER = """---
name: a
description: Reads: all
tools: Read, Bash(git log, git show), mcp__x__y
model: sonnet
---
Do it.
"""


def test_the_audit_sees_keys_words_and_names() -> None:
    found = audit.entries(HEADER, "a.md")
    assert [entry.key for entry in found] == ["name", "description", "tools", "model"]
    assert found[1].words == ["reads", "all"]
    assert found[2].names == ["Read", "Bash(git_log;_git_show)", "mcp__x__y"]
    assert [e.key for e in audit.entries('x = "a"\n[mcp.s]\ncommand = "y"\n', "a.toml")] == ["x", "mcp"]
    assert [e.key for e in audit.entries("customModes: [{slug: a, groups: [read]}]", ".roomodes")] == ["slug", "groups"]


def test_the_audit_finds_what_is_gone() -> None:
    tools = audit.entries(HEADER, "a.md")[2]
    nothing = audit.Told("{}", "", [])
    assert audit.missing_names(tools, nothing) and audit.in_model(tools, nothing)
    noted = audit.Told("Read", "", [("tools[2]", 0, "`mcp__x__y` is unknown"), ("", 9, "Bash(git_log;_git_show)")])
    assert audit.missing_names(tools, noted) == []
    assert audit.lost(audit.entries(HEADER, "a.md")[1], audit.Told("", "Reads", [])) == ["all"]
