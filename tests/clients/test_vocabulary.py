"""``pytest -m client``: each program is asked for every tool name that we know of, and for odd forms of its list.

What it says is ``fixtures/vocabulary/<format>.yaml``, to which the default run holds the tables. The keys of such a
file that are no answers (``client``, ``asked``, ``named``, ``words``, ``unknown`` …) are written by hand and stay.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import registry
from agentconv.spec import ToolTable
from tests.clients import running
from tests.clients.programs import programs
from tests.conftest import find_shared
from tests.test_descriptions import VOCABULARY, alive, recorded

pytestmark = pytest.mark.client
Given = list[str] | str  # tools, or in words why there are none


def _claude(agent: Mapping[str, Any]) -> Given:
    run = agent["run"] or {}
    return run["tools"] if run.get("tools") is not None else "not started"


@dataclass(frozen=True)
class Asked:
    """How a program is asked: where its agents lie, what else it is asked, and where its answer stands."""

    program: str
    place: str
    headers: tuple[str, ...]
    given: Callable[[Mapping[str, Any]], Given]
    name: str = "name"
    always: tuple[str, ...] = ()  # given whatever the list says
    also: str = ""  # a format whose names it is asked, too


ASKED = {
    "claude-code": Asked(
        "claude-code",
        ".claude/agents/{}.md",
        (
            "tools: []",
            "tools:",
            'tools: "*"',
            "tools: {Read: true}",
            "(no tools)",
            "tools: Read",
            "tools: Nonsense",
            "tools: Read, Nonsense",
            "tools: Read Edit",
            "tools: read, grep",
            "tools: Read, Grep, Glob, Bash",
            "tools: Bash(git *)",
            "tools: mcp__*",
            "tools: Grep\nmemory: project",
            'disallowedTools: "*"',
            "disallowedTools: Bash(rm:*)",
            "disallowedTools: Bash",
            "permissionMode: plan",
        ),
        _claude,
    ),
    "copilot": Asked(
        "copilot-cli",
        ".github/agents/{}.agent.md",
        (
            "tools: []",
            "tools:",
            'tools: "*"',
            "tools: {Read: true}",
            "(no tools)",
            "tools: Read",
            "tools: Nonsense",
            "tools: Read, Nonsense",
            "tools: [READ, Execute]",
            "tools: [execute-runInTerminal]",
            "tools: Bash(git *)",
        ),
        lambda agent: agent["effectiveTools"],
        "id",
        ("skill", "sql"),
        "vscode",
    ),
    "gemini-cli": Asked(
        "gemini-cli",
        ".gemini/agents/{}.md",
        (
            "tools: []",
            "tools:",
            'tools: ["*"]',
            "tools: {read_file: true}",
            "(no tools)",
            "tools: [read_file]",
            "tools: [nonsense]",
            "tools: [read_file, nonsense]",
            "tools: [Read_File]",
            'tools: ["run_shell_command(git *)"]',
        ),
        lambda agent: agent["effective_tools"],
        always=("complete_task",),
    ),
    "qwen-code": Asked(
        "qwen-code",
        ".qwen/agents/{}.md",
        (
            "tools: []",
            "tools:",
            'tools: ["*"]',
            "tools: {read_file: true}",
            "(no tools)",
            "tools: [read_file]",
            "tools: [nonsense]",
            "tools: [read_file, nonsense]",
        ),
        lambda agent: agent["effective_tools"],
    ),
}


def wild() -> list[str]:
    """Names that stand in real files, where the shared folder is at hand."""
    shared = find_shared()
    path = shared / "reference/wild/tools.csv" if shared else None
    if path is None or not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(dict.fromkeys(row["tool"] for row in csv.DictReader(lines)))


def ask(id: str, folder: Path) -> dict[str, Any]:
    """One agent per name and per header, loaded by the real program."""
    how, table = ASKED[id], registry.load(id).tools
    also: ToolTable | None = registry.load(how.also).tools if how.also else None
    ours = dict.fromkeys([*alive(table), *table.dead, *(alive(also) if also else ())])
    others = [name for name in wild() if name not in ours and name != "*"]
    asked = [*ours, *others]
    agents = {f"n{n:04}": f"tools: [{json.dumps(name)}]\n" for n, name in enumerate(asked)}
    agents |= {f"h{n:03}": "" if h == "(no tools)" else h + "\n" for n, h in enumerate(how.headers)}
    for name, header in agents.items():
        path = folder / how.place.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'---\nname: {name}\ndescription: "asks for tools"\n{header}---\nAnswer in one line.\n', "utf-8"
        )
    out = running.load(programs()[how.program], folder, seconds=580)
    got = {agent[how.name]: how.given(agent) for agent in out["agents"]}
    clean = {a: [t for t in g if t not in how.always] if isinstance(g, list) else g for a, g in got.items()}
    names = {name: clean.get(f"n{n:04}", []) for n, name in enumerate(asked)}
    named = {name: tools if isinstance(tools, list) else [] for name, tools in names.items()}
    return {
        "version": out["version"],
        "always": list(how.always),
        "names": {name: named[name] for name in ours},
        # names of real files that are in no table of ours, and that the program gives something for
        "others": {name: named[name] for name in others if named[name]},
        "headers": {h: clean.get(f"h{n:03}", "refused") for n, h in enumerate(how.headers)},
    }


@pytest.mark.parametrize("id", ASKED)
def test_the_program_still_says_so(id: str, tmp_path: Path, accept: bool) -> None:
    if reason := programs()[ASKED[id].program].missing():
        pytest.skip(reason)
    path, fresh = VOCABULARY / f"{id}.yaml", ask(id, tmp_path)
    if not find_shared():
        fresh.pop("others")
    kept = {k: v for k, v in (recorded(id) if path.exists() else {}).items() if k not in fresh}
    if accept:
        VOCABULARY.mkdir(exist_ok=True)
        text = yaml.safe_dump({**kept, **fresh}, sort_keys=False, width=110, default_flow_style=None)
        path.write_text(text, "utf-8")
    assert {**kept, **fresh} == yaml.safe_load(path.read_text("utf-8"))
