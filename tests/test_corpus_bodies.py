"""What the prompts of the real files mention, counted; and the laws of rewriting on all of them."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace

import pytest

from agentconv.bodies.company import Company, Scene, gathered, member
from agentconv.bodies.mentions import mentions
from agentconv.bodies.parse import parse
from agentconv.bodies.rewrite import WHAT, edits
from agentconv.bodies.vocabulary import Words, words_of
from agentconv.lowering.lowered import after
from agentconv.model import Agent
from agentconv.reading.engine import read_author
from agentconv.registry import load
from tests.test_corpus import CORPUS, ROWS, text_of

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (CORPUS / "index.csv").is_file(), reason="no shared folder with real files beside the project"
    ),
]
# at least so many of each kind were there when 60 samples of them were judged by hand (59 right)
KNOWN = {"agent": 800, "path": 300, "tool": 390, "product": 50, "placeholder": 30, "model": 15, "command": 5}


def prompts(target: str = "") -> list[tuple[str, str, Company, Agent]]:
    """Format, path, the agents of the same repository, the agent."""
    read = [
        (format, row, read_author(load(format), text, row["source_path"]))
        for format, rows in ROWS.items()
        for row in rows
        if (text := text_of(row)) is not None
    ]
    dst = load(target) if target else None
    companies = {
        repo: gathered(
            member(r.agent, row["source_path"], dst) for _, row, f in read if row["repo"] == repo for r in f.agents
        )
        for repo in {row["repo"] for _, row, _ in read}
    }
    return [
        (format, row["source_path"], companies[row["repo"]], r.agent)
        for format, row, f in read
        for r in f.agents
        if r.agent.prompt
    ]


def with_own_tools(words: Words, agent: Agent) -> Words:
    """The words, and the tools that the agent's own header names, of whatever program."""
    named = [r.tool.name for r in agent.tools.rules if re.match(r"[A-Za-z]", r.tool.name)]
    named += [r.tool.member for r in agent.tools.rules if r.tool.member and "_" in r.tool.member]
    return replace(words, tools={name: name for name in named} | dict(words.tools))


def test_mentions_by_kind(capsys: pytest.CaptureFixture[str]) -> None:
    found: Counter[str] = Counter()
    sure: Counter[str] = Counter()
    times = []
    for format, _, company, agent in prompts():
        prompt = str(agent.prompt)
        parse.cache_clear()
        words = with_own_tools(words_of(format), agent)
        started = time.process_time()
        for m in mentions(prompt, company, words):
            assert prompt[m.start : m.end] == m.text
            found[m.kind] += 1
            sure[m.kind] += m.sure and not m.code
        if 6000 < len(prompt) < 8000:
            times.append(time.process_time() - started)
    with capsys.disabled():
        print(
            "\n" + "\n".join(f"{kind:<12} {n:>5}, {sure[kind]} sure and not in code" for kind, n in found.most_common())
        )
        print(f"a prompt of 7 KB: {sorted(times)[len(times) // 2] * 1000:.1f} ms in the middle")
    assert all(found[kind] >= least for kind, least in KNOWN.items())


@pytest.mark.parametrize("target", ["agent-skills", "vscode", "claude-code"])
def test_rewriting_changes_nothing_in_blocks_and_nothing_twice(target: str) -> None:
    changed = 0
    for format, path, company, agent in prompts(target):
        if format == target:
            continue
        prompt, src, dst = str(agent.prompt), load(format), load(target)
        mine = company.by_word.get(agent.id)
        scene = Scene(company, path, output=mine.output if mine else "")
        made = tuple(edits(prompt, scene, src, dst, frozenset(WHAT), False))
        once = after(prompt, made)
        changed += bool(made)
        moved = Scene(company, scene.output, output=scene.output)
        assert edits(once, moved, src, dst, frozenset(WHAT), False) == [], path
        blocks = [[t[s.start : s.end] for s in parse(t).spans if s.kind == "block"] for t in (prompt, once)]
        assert blocks[0] == blocks[1], path
    assert changed > 5
