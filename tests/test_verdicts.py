"""The program reading against what the real programs made of the real files.

``verdicts/*.json`` of the shared folder was recorded by running the programs. A file is loaded or not, has a name, a
description and tools: the reading has to agree, or stand in ``KNOWN`` with its reason.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from agentconv import registry, rights
from agentconv.model import Agent
from agentconv.reading import engine
from agentconv.spec import Spec
from tests.conftest import find_shared

pytestmark = pytest.mark.corpus

# record -> description, folder in which the file was put
PROGRAMS = {
    "claude-code": ("claude-code", ".claude/agents"),
    "copilot-cli": ("copilot", ".github/agents"),
    "vscode-parser": ("vscode", ".github/agents"),
    "opencode": ("opencode", ".opencode/agents"),
    "codex": ("codex", ".codex/agents"),
    "gemini-cli": ("gemini-cli", ".gemini/agents"),
    "cursor": ("cursor", ".cursor/agents"),
    "qwen-code": ("qwen-code", ".qwen/agents"),
    "droid": ("droid", ".factory/droids"),
    "qoder": ("qoder", ".qoder/agents"),
}
# (record, end of the file's path) -> why the reading does not agree. Empty reasons are not reasons.
KNOWN = {
    (
        "vscode-parser",
        "backups/DevTeam.chatmode_20251012_163724.md",
    ): "the parser was handed a file that VS Code would not take for an agent; it kept the suffix in the name",
}


@cache
def record(program: str) -> dict[str, Any]:
    shared = find_shared()
    place = shared / "reference" / "verdicts" / f"{program}.json" if shared else None
    if place is None or not place.exists():
        return {}
    files: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))["files"]
    return files


def cases() -> list[tuple[str, str]]:
    return [(program, file) for program in PROGRAMS for file in record(program)]


def placed(program: str, file: str) -> str:
    """Where the file was put; the Copilot CLI was given all of them as ``.agent.md``."""
    name = PurePosixPath(file).name
    if program == "copilot-cli":
        name = name.replace(".chatmode.md", ".agent.md")
    return f"{PROGRAMS[program][1]}/{name}"


def disagreements(program: str, file: str, text: str) -> list[str]:
    """What the program reading and the record say differently."""
    spec = registry.load(PROGRAMS[program][0])
    verdict = record(program)[file]
    made = verdict.get("loaded") or verdict.get("agent")
    reading = engine.read_program(spec, text, placed(program, file))
    if bool(made) != bool(reading.agents):
        return [f"loaded: {bool(made)} ({verdict.get('errors')}), read: {reading.status} {reading.reason}"]
    if not made or made.get("disabled"):
        return []
    agent = reading.agents[0].agent
    out = []
    called = agent.id if spec.identity.get("by") != "stem" else agent.name or agent.id
    if called != (theirs := re.sub(r"^\d{3}-", "", made.get("name") or "")):
        out.append(f"name: {theirs!r}, read {called!r}")
    if "description" not in made:
        return out + TOOLS[program](spec, agent, made)
    # long texts are cut in the record
    description, theirs = (agent.description or "").strip(), (made.get("description") or "").strip()
    if description[:150] != theirs[:150]:
        out.append(f"description: {theirs[:150]!r}, read {description[:150]!r}")
    return out + TOOLS[program](spec, agent, made)


def allowed(spec: Spec, agent: Agent) -> set[str]:
    """Names that the reading gives."""
    grants = rights.by_name(rights.added_by_fields(agent, spec), spec)
    return {name for name, grant in grants.items() if grant.any}


def sure(spec: Spec, names: set[str]) -> set[str]:
    """Without those that the program has only on a condition that was not met when the record was made."""
    facts = spec.tools.data["names"]
    return {n for n in names if not spec.tools.names[n].off and not facts.get(n, {}).get("when")}


def differ(given: set[str], read: set[str], certain: set[str]) -> list[str]:
    more, less = sorted(given - read), sorted(certain - given)
    return [f"tools: given and not read {more}, read and not given {less}"] if more or less else []


def claude_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """The tools that the program really handed over, of the starts that succeeded."""
    run = made.get("run") or {}
    if run.get("tools") is None or run.get("error"):
        return []
    read = allowed(spec, agent)
    # native builds take these two away where Bash is there, and hand them over only where they are named
    return differ(set(run["tools"]), read, sure(spec, read) - {"Glob", "Grep"})


def copilot_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    single = {"create": "edit/createFile", "edit": "edit/editFiles"}  # in a list these words give both

    def name(tool: str) -> str:
        own = spec.tools.own(single.get(tool, tool))
        return own.name if own else tool

    given = {name(tool) for tool in made["effectiveTools"]} - set(spec.ambient)
    read = allowed(spec, agent) - set(spec.ambient)
    return differ(given, read, sure(spec, read))


def opencode_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    behind = {"edit": {"edit", "write", "apply_patch"}}  # the tools that ask for one permission
    given = {tool for tool, on in made["tools"].items() if on} - {"invalid"}
    read = {tool for name in allowed(spec, agent) for tool in behind.get(name, {name})} & set(made["tools"])
    # the record has what the program offers; `task` is taken from a subagent that does not name it when it starts
    # (1.18.33, tests/clients/opencode/starting.py)
    named = {rule.tool.name for rule in agent.tools.rules if rule.effect == "allow"}
    given -= {name for name, facts in spec.tools.data["names"].items() if (facts or {}).get("named")} - named - read
    return differ(given, read, read - {"invalid"})


def vscode_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """The parser gives the list as it stands, unknown names and all."""
    theirs = made.get("tools")
    if (theirs is None) != (agent.tools.base is None):
        return [f"tools: {theirs}, read {agent.tools.base}"]
    read = [rule.tool.name for rule in agent.tools.rules]
    return [] if [tool for tool in theirs or () if tool in read] == read else [f"tools: {theirs}, read {read}"]


def no_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """Codex has no list; the one switch that holds shows in the request."""
    shell = "exec_command" in made["tools"] or not made["tools"]  # newer models call tools from code
    taken = any(rule.effect == "deny" and "run" in rule.tool.caps for rule in agent.tools.rules)
    return [] if shell is not taken else [f"tools: {made['tools']}, shell taken away: {taken}"]


def gemini_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """What the program's own resolution handed over, less two tools that every agent without a list has and no list
    may name."""
    read = allowed(spec, agent) - set(spec.ambient)
    given = set(made["effective_tools"]) - set(spec.ambient) - set(spec.tools.dead)
    return differ(given, read, sure(spec, read))


def qwen_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    read = allowed(spec, agent) - set(spec.ambient)
    return differ(set(made["effective_tools"]) - set(spec.ambient), read, sure(spec, read))


def droid_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """The record names the tools of this session only; others the program has behind a login or a setting. What no
    list may name (`never`) comes with no list and gives no right."""
    here = {t for v in record("droid").values() for t in v["loaded"]["tools"]}
    beside = set(spec.ambient) | {n for n, name in spec.tools.names.items() if name.never and not name.classes}
    read = (allowed(spec, agent) & here) - beside
    return differ(set(made["tools"]) - beside, read, sure(spec, read))


def cursor_tools(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """The program hands the list on as text; what holds is the one switch."""
    readonly = made.get("permissionMode") == "readonly"
    given = rights.by_name(rights.added_by_fields(agent, spec), spec)
    writes = any(grant.any for name, grant in given.items() if "edit" in spec.tools.names[name].caps)
    return [] if readonly is not writes else [f"readonly: {readonly}, read as may write: {writes}"]


def no_record(spec: Spec, agent: Agent, made: dict[str, Any]) -> list[str]:
    """The record says nothing of tools."""
    return []


TOOLS = {
    "gemini-cli": gemini_tools,
    "cursor": cursor_tools,
    "qwen-code": qwen_tools,
    "droid": droid_tools,
    "qoder": no_record,
    "claude-code": claude_tools,
    "copilot-cli": copilot_tools,
    "opencode": opencode_tools,
    "vscode-parser": vscode_tools,
    "codex": no_tools,
}


def known(program: str, file: str) -> str | None:
    return next((why for (where, end), why in KNOWN.items() if where == program and file.endswith(end)), None)


@pytest.mark.parametrize(("program", "file"), cases() or [("", "")], ids=lambda part: part[-60:])
def test_reading_agrees_with_the_program(program: str, file: str, corpus: Path, verdicts: Path) -> None:
    assert verdicts.is_dir()
    text = (corpus / file).read_bytes().decode("utf-8", "replace")
    found = disagreements(program, file, text)
    if why := known(program, file):
        assert found, f"{file} agrees now: take it out of KNOWN ({why})"
    else:
        assert not found, "\n".join(found)


def test_the_records_hold_what_is_compared(verdicts: Path) -> None:
    """The comparison would be worth nothing on an empty record, or on one without tools."""
    for program, enough in (
        ("claude-code", 100),
        ("copilot-cli", 100),
        ("vscode-parser", 100),
        ("opencode", 30),
        ("codex", 20),
        ("gemini-cli", 20),
        ("cursor", 10),
        ("qwen-code", 10),
        ("droid", 9),
        ("qoder", 100),
    ):
        assert len(record(program)) >= enough, f"{verdicts}: {program}"
    runs = [v["loaded"]["run"] for v in record("claude-code").values() if v.get("loaded") and v["loaded"].get("run")]
    assert sum(run.get("tools") is not None and not run.get("error") for run in runs) > 60
    assert sum("effectiveTools" in v["loaded"] for v in record("copilot-cli").values() if v.get("loaded")) > 50
    assert len(KNOWN) == sum(known(program, file) is not None for program, file in cases())
