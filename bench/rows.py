"""What is measured: each piece of work with its floor and with what it must reach."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent  # scripts are started by their place: the checkout is on no path of a child
PYTHON = sys.executable
AGENTCONV = str(Path(sys.executable).with_name("agentconv"))
IMPORTS = "import click, yaml, jinja2"
MARKDOWN, TOML = "opencode", "codex"
SETTINGS = f'sources = [".claude/agents"]\n[targets.{MARKDOWN}]\n'


@dataclass(frozen=True)
class Row:
    """One line of the table. ``must``: how often the floor's CPU time it may take; ``must_wall``: the same of the time
    to wait, where that is a goal."""

    name: str
    ours: list[str]
    floor: list[str]
    must: float
    project: Path
    floor_name: str
    once: Callable[[], None] = field(default=lambda: None)  # before the first run
    fresh: bool = True  # outputs are removed before each run
    must_wall: float | None = None


def bare(times: int = 1, name: str = "bare") -> list[str]:
    """The script that checks nothing."""
    return [PYTHON, str(HERE / "floors.py"), name, ".claude/agents", "floor-out", str(times)]


@cache
def project(
    base: Path,
    count: int,
    body: int | None = None,
    same_name: bool = False,
    plain: bool = False,
    varied: bool = False,
) -> Path:
    """A project with so many agents."""
    signs = ["same" * same_name, "plain" * plain, "varied" * varied]
    folder = base / "-".join([str(count), *([str(body)] if body else []), *filter(None, signs)])
    if not folder.exists():
        # in a process of its own: a child's peak memory is at least that of the process that started it
        words = [str(folder), str(count), str(body or 0), *signs]
        subprocess.run([PYTHON, str(HERE / "data.py"), *words], check=True)
        (folder / "agentconv.toml").write_text(SETTINGS, "utf-8")
        (folder / ".git").mkdir()
    return folder


def convert(to: str, *more: str) -> list[str]:
    """Convert the project's agents into ``out``."""
    return [AGENTCONV, "convert", ".claude/agents", "--to", to, "-o", "out/", "-q", *more]


def stray(folder: Path) -> list[str]:
    """Convert a file that no place and no name says the format of: all formats with such headers are tried."""
    text = "name: reviewer\ndescription: Reviews what is to be merged.\ntools: Read, Grep, Bash\nmodel: sonnet"
    (folder / "reviewer.md").write_text(f"---\n{text}\n---\n\nYou review code.\n\nBe brief.\n", "utf-8")
    return [AGENTCONV, "convert", "reviewer.md", "--to", MARKDOWN, "-o", "out/", "-q"]


def rows(base: Path, many: int) -> list[Row]:
    """The table; ``many`` stands for ten thousand."""
    from agentconv.commands.asked import primary
    from agentconv.registry import for_all

    small, large, one = project(base, 1_000), project(base, many), project(base, 1)
    varied = project(base, 1_000, varied=True)
    everywhere = len(primary(for_all()))
    nothing = [PYTHON, "-c", "pass"]
    single = [AGENTCONV, "convert", ".claude/agents/agent-00000.md", "--to", MARKDOWN, "-o", "out/", "-q"]
    n = f"{many:,}"
    built = [AGENTCONV, "build", "-q"]
    return [
        Row("`--version`", [AGENTCONV, "--version"], nothing, 2, one, "python -c pass"),
        Row("`--help`", [AGENTCONV, "--help"], nothing, 5, one, "python -c pass"),
        Row("`convert`, one file", single, [PYTHON, "-c", IMPORTS], 1.3, one, IMPORTS),
        Row("`convert`, one file without a place", stray(one), [PYTHON, "-c", IMPORTS], 1.3, one, IMPORTS),
        Row("1,000 → Markdown", convert(MARKDOWN), bare(), 2, small, "bare script"),
        Row(f"{n} → Markdown", convert(MARKDOWN), bare(), 2, large, "bare script", must_wall=1.2),
        Row("1,000 of many hands → Markdown", convert(MARKDOWN), bare(), 3, varied, "bare script"),
        Row("1,000 → TOML", convert(TOML), bare(), 5, small, "bare script"),
        Row(f"{n} → TOML", convert(TOML), bare(), 5, large, "bare script"),
        Row(
            f"1,000 → all {everywhere}", convert("all"), bare(everywhere), 2.5, small, f"bare script × {everywhere}"
        ),
        Row(f"`build`, {n}, all new", built, bare(), 2, large, "bare script"),
        Row(f"`build`, {n}, nothing changed", built, bare(name="stat"), 2, large, "stat and hash", fresh=False),
        Row(f"`check`, {n}", [AGENTCONV, "check", ".claude/agents"], bare(), 3, large, "bare script"),
        Row(
            f"`list --in all`, {n}", [AGENTCONV, "list", "--in", "all", ".claude/agents"], bare(), 10, large,
            "bare script",
        ),
    ]  # fmt: skip
