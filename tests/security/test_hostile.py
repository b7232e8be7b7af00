"""A hostile file ends soon and small: every shape of hostile.py, by format, in seconds of CPU and in megabytes.

By default a fiftieth of the largest size: what grows faster than its file needs minutes there, too. A slow machine is
no fault: seconds are held against those of a fixed loop. ``AGENTCONV_HOSTILE=1`` takes files of 5 MB;
``python -m tests.security.hostile_table`` prints a table.
"""

from __future__ import annotations

import os

import pytest

from agentconv.containers import ContainerError, repair
from agentconv.reading.engine import read_author
from agentconv.registry import load
from tests.security import hostile

FULL = bool(os.environ.get("AGENTCONV_HOSTILE"))
SIZE = hostile.SIZE if FULL else 90_000
CPU = hostile.CPU
CASES = list(hostile.cases(every=FULL))
# by default the shapes in which something once was slow, or is the slowest now
SLOW = (
    "tags",
    "colons to repair",
    "mixed indent",
    "fences of words",
    "blank",
    "alias bomb",
    "dotted key",
    "deep closed",
)
RULES = [("opencode", "permission turns"), ("opencode", "permission patterns"), ("vscode", "listed agents"),
         ("vscode", "scoped tools"), ("claude-code", "mcp servers"), ("claude-code", "tool text")]  # fmt: skip
CHOSEN = [case for case in CASES if FULL or case[1] in SLOW]
CHOSEN += [] if FULL else RULES


@pytest.mark.parametrize(("id", "name"), CHOSEN, ids=[f"{id}-{name}" for id, name in CHOSEN])
def test_it_ends_soon_and_small(id: str, name: str) -> None:
    cpu, memory, ended = hostile.measured(id, name, SIZE)
    assert cpu < CPU and memory < hostile.MEMORY, f"{cpu:.2f} s, {memory:.0f} MB"
    assert ended in ("exact", "lossy", "narrowed", "refused", "skipped", "failed", "widened", "nothing"), ended


def test_limits_are_said_with_a_place() -> None:
    for text in (hostile.bomb(10), hostile.HEADERS["many keys"](400_000),
                 hostile.HEADERS["huge value"](600_000), hostile.HEADERS["tags"](150_000)):  # fmt: skip
        reading = read_author(load("claude-code"), text, "a.md")
        (problem,) = [n for n in reading.notes if n.effect == "error"]
        assert problem.code in ("R017", "R005", "R087") and problem.line >= 1


def test_no_tag_is_run() -> None:
    for tag in ("!!python/object/apply:os.system [id]", "!!python/name:os.system", "!<tag:x> y", "!!js/function 'x'"):
        for id in ("claude-code", "qwen-code", "openhands", "roo", "cline"):
            text = f"---\nname: a\ndescription: d\nx: {tag}\n---\nBody.\n"
            assert "uid=" not in str(read_author(load(id), text, "a.md"))


def test_without_the_guard_repair_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is what ends it: without it the repair goes through every line."""
    text = hostile.HEADERS["tags"](150_000)
    error = ContainerError("R005", "x")
    with pytest.raises(ContainerError) as stopped:
        repair.repair(text, 4, len(text), error, frozenset({"name"}))
    assert stopped.value.code == "R017"
    monkeypatch.setattr(repair, "check_header", lambda *rest, **more: None)
    repair.repair(text, 4, len(text) - 12, error, frozenset({"name"}))


def test_without_the_guard_nothing_counts_values(monkeypatch: pytest.MonkeyPatch) -> None:
    from agentconv.containers import yamlnodes

    text = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 16))
    with pytest.raises(ContainerError, match="through aliases"):
        yamlnodes.compose(text)
    assert yamlnodes.compose(text, max_nodes=10**9) is not None


def test_a_table_of_agents_that_is_too_deep_names_nobody() -> None:
    text = 'name = "a"\ndescription = "d"\ndeveloper_instructions = "x"\n'
    reading = read_author(load("codex"), text, ".codex/agents/a.toml", lambda _: "x = " + "[" * 50_000)
    assert [r.agent.name for r in reading.agents] == ["a"]
