"""Our output before the real programs: what each one loads, and whether that is what the conversion says.

The scripts that start the programs come from ``AGENTCONV_CLIENT_SCRIPTS`` or ``../shared/clients``; each has
``load DIR`` (``parse FILE...`` for VS Code's parser) and prints one JSON object. Nothing here goes to a network.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentconv import convert, registry, rights
from agentconv.model import Agent
from agentconv.reading import engine
from agentconv.spec import Spec
from tests import goldens

ANY = "(any)"  # the program does not show it
SECONDS = 280


@dataclass
class Seen:
    """One agent as the real program reports it; ``None`` where the program does not show it."""

    file: str
    name: str | None = None
    description: str | None = None
    prompt: str | None = None
    tools: list[str] | None = None  # really handed over where the program shows that, else as it parsed them
    error: str = ""


@dataclass
class Row:
    """One line of the table: the client's view against ours."""

    client: str
    agent: str
    file: str
    status: str
    loaded: str = "-"
    name: str = "-"
    description: str = "-"
    tools: str = "-"
    prompt: str = "-"
    faults: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        """The columns of the table."""
        return [self.client, self.agent, self.status, self.loaded, self.name, self.description, self.tools, self.prompt]


HEAD = ["client", "agent", "conversion", "loaded", "name", "description", "tools", "prompt"]


# What each program prints -> Seen


def _claude(out: Mapping[str, Any]) -> list[Seen]:
    found = []
    for agent in out["agents"]:
        run = agent.get("run") or {}
        error, tools = run.get("error") or "", run.get("tools")
        if "would be spawned with zero tools" in error:  # 2.1.328 loads it and refuses every start
            error, tools = "", []
        found.append(Seen(agent["file"], agent["name"], agent["description"], run.get("prompt"), tools, error))
    return found


def _copilot(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["id"], a["description"], None, a.get("effectiveTools")) for a in out["agents"]]


def _opencode(out: Mapping[str, Any]) -> list[Seen]:
    return [
        Seen(
            a["file"],
            a["name"],
            a.get("description"),
            a.get("prompt"),
            [n for n, on in (a.get("tools") or {}).items() if on],
        )
        for a in out["agents"]
    ]


def _codex(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["name"], a["description"], a.get("instructions"), a["tools"]) for a in out["agents"]]


def _roo(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["name"], a.get("description"), a["prompt"], a["tools"]) for a in out["agents"]]


# what was not refused when each tool was tried through the layer of SDK 1.0.32
LEFT_BY_CURSOR = [
    "read",
    "ls",
    "grep",
    "glob",
    "readLints",
    "semSearch",
    "fetch",
    "webSearch",
    "listMcpResources",
    "readMcpResource",
    "task",
]


def _cursor(out: Mapping[str, Any]) -> list[Seen]:
    """The loader; of the tools it knows only the switch, which is shown as the tools that it leaves."""
    found = []
    for agent in out["agents"]:
        tools = None if agent["permissionMode"] == "default" else LEFT_BY_CURSOR
        found.append(Seen(agent["file"], agent["name"], agent["description"], agent["prompt"], tools))
    return found


def _skills(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["name"], a["description"], a["prompt"]) for a in out["agents"]]


def _vscode(out: Mapping[str, Any]) -> list[Seen]:
    found = []
    for file in out["files"]:
        agent = file.get("agent") or {}
        # its parser marks mistakes and loads what could be read
        errors = "" if file.get("agent") else "; ".join(str(e) for e in file.get("errors") or ["no agent"])
        found.append(
            Seen(
                file["file"], agent.get("name"), agent.get("description"), agent.get("body"), agent.get("tools"), errors
            )
        )
    return found


def _listed(tools: Any) -> list[str] | None:
    return tools if isinstance(tools, list) else None  # "all", where the file has no list


def _cline(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["name"], a["description"], a["prompt"], _listed(a["tools"])) for a in out["agents"]]


def _continue(out: Mapping[str, Any]) -> list[Seen]:
    found = []
    for a in out["agents"]:
        tools = _listed(a["tools"])
        servers = [f"{t['mcpServer']}:{t['toolName']}" if t.get("toolName") else t["mcpServer"] for t in a["mcp"]]
        found.append(Seen(a["file"], a["name"], a["description"], a["prompt"], tools and [*tools, *servers]))
    return found


def _pi(out: Mapping[str, Any]) -> list[Seen]:
    found = []
    for a in out["agents"]:
        # the words of the file; what matches nothing is named apart
        gone = {*a.get("tools_not_builtin", ()), "mcp__none__none"}
        tools = None if "*" in a["tools"] else _listed(a["tools"])
        found.append(
            Seen(a["file"], a["name"], a["description"], a["prompt"], tools and [t for t in tools if t not in gone])
        )
    return found


# what the harness of Mistral Vibe calls the tools whose rights a subagent gets
_CEILING = {
    "file_system.read_file": "read_file",
    "file_system.write_file": "write_file",
    "file_system.edit": "edit",
    "file_system.bash": "bash",
    "skill.read": "skill",
}


def _vibe(out: Mapping[str, Any]) -> list[Seen]:
    errors = {e["file"]: e["message"] for e in out["errors"] if e["stage"] in ("load", "apply", "subagent")}
    found = []
    for a in out["agents"]:
        if a["file"] in errors:
            continue
        tools = [t for t in a["tools"] or () if t not in ("grep", "task")]  # legal names without a tool in 3.0.3
        if "tool_ceiling" in a:
            tools = [name for key, name in _CEILING.items() if a["tool_ceiling"].get(key) != "deny"]
        # a built-in prompt stands in where the file names one
        found.append(Seen(a["file"], a["name"], a["description"] or None, a["instructions"], tools))
    return found


def _gemini(out: Mapping[str, Any]) -> list[Seen]:
    """An agent whose prompt cannot be filled in loads, and fails when it is called."""
    taken = {e["file"] for e in out["errors"] if e.get("stage") == "register"}
    failing = {e["file"]: e["message"] for e in out["errors"] if e.get("stage") == "run"}
    return [
        Seen(a["file"], a["name"], a["description"], a["prompt"], a["effective_tools"], failing.get(a["file"], ""))
        for a in out["agents"]
        if a["kind"] == "local" and a["file"] not in taken
    ]


def _qwen(out: Mapping[str, Any]) -> list[Seen]:
    failing = {e["file"]: e["message"] for e in out["errors"]}
    return [
        Seen(a["file"], a["name"], a["description"], a["prompt"], a.get("effective_tools"), failing.get(a["file"], ""))
        for a in out["agents"]
    ]


def _qoder(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["name"], ANY, None, None) for a in out["agents"]]


def _droid(out: Mapping[str, Any]) -> list[Seen]:
    return [Seen(a["file"], a["name"], a["description"], None, a["tools"]) for a in out["agents"]]


@dataclass(frozen=True)
class Client:
    """A real program: its script, the format written for it, the format by whose rules it reads."""

    id: str
    script: str
    target: str
    reads_as: str
    view: Callable[[Mapping[str, Any]], list[Seen]]
    program: bool = True  # its tools are those really handed over, not the words of the file

    def start(self, scripts: Path, folder: Path, files: list[str]) -> Mapping[str, Any]:
        """Run the program on a project; a failure of the script itself is raised."""
        arguments = files if self.script.endswith("parse") else [str(folder)]
        # some of the scripts find their program only when the folder is named
        home = os.environ.get("AGENTCONV_CLIENTS") or str(Path.home() / ".cache/agentconv-clients")
        done = subprocess.run(
            [str(scripts / self.script), *arguments],
            cwd=folder,
            env={**os.environ, "AGENTCONV_CLIENTS": home},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        try:
            out: Mapping[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(
                f"{self.script} printed no JSON (exit {done.returncode}): {done.stderr[-400:]}"
            ) from None
        return out

    def missing(self, scripts: Path) -> str:
        """Why the program cannot be used here; empty where it can."""
        if not (scripts / self.script).exists():
            return f"no script {self.script}"
        home = os.environ.get("AGENTCONV_CLIENTS") or str(Path.home() / ".cache/agentconv-clients")
        folder = Path(home) / self.id.split(" ")[0]
        return "" if folder.is_dir() else f"{self.id} is not installed ({self.script.split('/')[0]}/install.sh)"


CLIENTS = [
    Client("claude-code", "claude-code/load", "claude-code", "claude-code", _claude),
    Client("vscode parser", "vscode/parse", "vscode", "vscode", _vscode, program=False),
    Client("copilot-cli", "copilot-cli/load", "vscode", "copilot", _copilot),
    Client("copilot-cli (own)", "copilot-cli/load", "copilot", "copilot", _copilot),
    Client("opencode", "opencode/load", "opencode", "opencode", _opencode),
    Client("codex", "codex/load", "codex", "codex", _codex),
    Client("roo", "roo/load", "roo", "roo", _roo),
    Client("cline", "cline/load", "cline", "cline", _cline),
    Client("continue", "continue/load", "continue", "continue", _continue),
    Client("pi", "pi/load", "pi", "pi", _pi),
    Client("mistral-vibe", "mistral-vibe/load", "mistral-vibe", "mistral-vibe", _vibe),
    Client("kilo", "kilo/load", "kilo", "kilo", _opencode),
    Client("cursor", "cursor/load", "cursor", "cursor", _cursor),
    Client("agent-skills", "agent-skills/load", "agent-skills", "agent-skills", _skills),
    Client("gemini-cli", "gemini-cli/load", "gemini-cli", "gemini-cli", _gemini),
    Client("qwen-code", "qwen-code/load", "qwen-code", "qwen-code", _qwen),
    Client("qoder", "qoder/load", "qoder", "qoder", _qoder),
    Client("droid", "droid/load", "droid", "droid", _droid),
]


# Comparing


def compare(client: Client, scripts: Path, folder: Path) -> list[Row]:
    """Convert the shared agents for a client, load them there and compare."""
    rows, projects = [], [_Project(folder / "0")]
    spec = registry.load(client.reads_as)
    for path in goldens.agent_files():
        row = Row(client.id, path.stem, "", "-")
        rows.append(row)
        try:
            done = convert.convert_agent(
                goldens.load_agent(path), goldens.source_of(path), client.target, _options(client)
            )
        except Exception as error:  # one that raises must not hide what the program makes of the others
            row.faults.append(f"the conversion raised {error!r}")
            continue
        row.status = done.status
        if done.status == "failed":
            row.faults += [f"the conversion failed: {note.message}" for note in done.notes if note.effect == "error"]
        if not done.files:
            continue
        if any(name in project.rows for project in projects[-1:] for name in done.files):
            projects.append(_Project(folder / str(len(projects))))  # a file of many agents: one project each
        projects[-1].add(row, done.files)
    for project in projects:
        if project.rows:
            out = client.start(scripts, project.folder, list(project.rows))
            project.judge(client, spec, out)
    return rows


def _options(client: Client) -> convert.Options:
    """Where a program has no control at all every restricted agent is refused; to see them load, allow it."""
    if registry.load(client.target).tools.control == "none":
        return convert.Options(allow_widening=frozenset({"*"}))
    return convert.Options()


class _Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, Row] = {}
        folder.mkdir(parents=True)

    def add(self, row: Row, files: Mapping[str, bytes]) -> None:
        """Write what a conversion made."""
        for name, data in files.items():
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            self.rows[name], row.file = row, name

    def judge(self, client: Client, spec: Spec, out: Mapping[str, Any]) -> None:
        """Hold what the program saw against what the description says it sees."""
        seen: dict[str, list[Seen]] = {}
        for item in client.view(out):
            seen.setdefault(item.file, []).append(item)
        for name, row in self.rows.items():
            reading = engine.read_program(spec, (self.folder / name).read_bytes().decode("utf-8", "replace"), name)
            ours = [read.agent for read in reading.agents]
            theirs = seen.get(name, [])
            if not theirs:
                row.loaded = "no"
                if ours or row.status != READ_ONLY:
                    row.faults.append(f"{name} was not loaded: {_why(out, name)}")
            elif not ours:
                row.loaded = "yes"
                if row.agent in ON_PURPOSE:
                    continue
                row.faults.append(f"loaded, and our reading says {reading.status}: {reading.reason}")
            else:
                if len(ours) != len(theirs):
                    row.faults.append(f"the program has {len(theirs)} agents in {name}, we say {len(ours)}")
                for agent, item in zip(_in_order(ours), sorted(theirs, key=lambda s: s.name or ""), strict=False):
                    _judge(row, client, spec, agent, item)


# cases in which our program reading is not what the program does, and must not be
ON_PURPOSE = {"js-header": "OpenCode runs such a header as code"}
# cases that load, which is all that the reading says, and that the program does not start
CANNOT_START = {
    "prompt-placeholder": "a placeholder that nothing fills",
    "executor": "another program runs it",
    "backend-container": "no container here",
}
READ_ONLY = "(read)"  # a row about reading a file as it is; nothing was converted


def read_cases(client: Client, scripts: Path, folder: Path) -> list[Row]:
    """The reader cases before the program that owns the format: is our program reading what it does?"""
    rows, projects = [], [_Project(folder / "0")]
    spec = registry.load(client.reads_as)
    for case in goldens.read_cases():
        if case.parent.parent.name != client.reads_as:
            continue
        source = goldens.case_input(case)
        name = goldens.case_path(case)
        rows.append(Row(client.id, case.name, name, READ_ONLY))
        if name in projects[-1].rows:
            projects.append(_Project(folder / str(len(projects))))
        data = source.read_bytes()
        projects[-1].add(rows[-1], {name: data if _bound(spec, data) else _renamed(data, len(rows))})
    for project in projects:
        if project.rows:
            project.judge(client, spec, client.start(scripts, project.folder, list(project.rows)))
    return rows


def _bound(spec: Spec, data: bytes) -> bool:
    """Whether the case is about the name, or the name is the folder's: then it stays."""
    reserved = {str(name) for key in ("reserved", "taken") for name in spec.identity.get(key) or ()}
    return bool(spec.head.get("folder")) or any(f"name: {name}\n".encode() in data for name in reserved)


def _renamed(data: bytes, number: int) -> bytes:
    """With a name of its own, as many cases share one and a program loads only one of those."""
    return re.sub(rb"(?m)^(name: *[A-Za-z][\w-]*)(?=\r?$)", rb"\g<1>-%d" % number, data, count=1)


def _in_order(agents: list[Agent]) -> list[Agent]:
    return agents if len(agents) < 2 else sorted(agents, key=lambda agent: agent.id)


def _why(out: Mapping[str, Any], name: str) -> str:
    found = [e for e in [*out.get("errors", []), *out.get("skipped", [])] if name in json.dumps(e)]
    return json.dumps(found or out.get("errors") or "no word", ensure_ascii=False)[:400]


def _judge(row: Row, client: Client, spec: Spec, ours: Agent, seen: Seen) -> None:
    row.loaded = "error" if seen.error else "yes"
    if seen.error and row.agent not in CANNOT_START:
        row.faults.append(f"the program says: {seen.error}")
    row.name = _same(row, "name", seen.name, {ours.id, ours.name})
    if seen.description == ANY:
        row.description = "not shown"
    else:
        row.description = _same(row, "description", seen.description, {ours.description, ours.description or None})
    if seen.prompt is None:
        row.prompt = "not shown"
    else:
        # the program's own trimming is a fact of its description and is tested elsewhere
        mine = (ours.prompt or "").strip()
        if _brings_text(ours, spec) and seen.prompt.startswith(mine) and seen.prompt.strip() != mine:
            row.prompt = "same, and the program's own part"
        else:
            row.prompt = _same(row, "prompt", seen.prompt.strip(), {mine})
    if ours.disabled:
        row.tools = "disabled"
    elif seen.tools is None:
        row.tools = "all" if rights.base_open(ours.tools, spec) else "not shown"
    else:
        row.tools = _tools(row, client, spec, ours, seen.tools)


def _brings_text(ours: Agent, spec: Spec) -> bool:
    """A field that brings tools along comes with a text on how to use them (Claude Code's memory, 2.1.328)."""
    return any(
        row.fact("implies") and row.field and getattr(ours, row.field) is not None for row in spec.fields.values()
    )


def _same(row: Row, what: str, theirs: str | None, ours: set[str | None]) -> str:
    if theirs in ours:
        return "same"
    row.faults.append(f"{what}: the program has {theirs!r}, we say {sorted(map(repr, ours))}")
    return "DIFFERS"


def _tools(row: Row, client: Client, spec: Spec, ours: Agent, theirs: list[str]) -> str:
    """Tools in the program's words. A right more than we say is a fault, and so is one that we say and it lacks;
    names beside those we list, within the same rights, are shown in the table."""
    table = spec.tools
    if table.control == "none":
        return f"{len(theirs)}, no control"
    tools = rights.added_by_fields(ours, spec)
    open_here = {name for name, grant in rights.by_name(tools, spec, main=ours.mode == "primary").items() if grant.any}
    every = {single for token in theirs if table.own(token) for single in table.covers(token)}
    covered = every - set(spec.ambient)
    strange = [t for t in theirs if not table.own(t) and t not in spec.ambient and table.mcp_tool(t) is None]
    said = {cls for n in open_here for cls in table.names[n].classes}
    sure = {cls for n in open_here for cls in table.names[n].classes if not _conditional(table, n, open_here)}
    had = {cls for n in covered for cls in table.names[n].classes}
    held = {cls for n in every for cls in table.names[n].classes}
    beside = sorted(n for n in covered - open_here if table.names[n].gives)
    before = len(row.faults)
    if not client.program:
        return f"{len(covered)} as said" if covered <= open_here else "DIFFER"
    if had - said:
        row.faults.append(
            f"tools: the program gives {', '.join(sorted(had - said))} beyond what we say ({', '.join(beside)})"
        )
    if sure - held:
        row.faults.append(f"tools: we say {', '.join(sorted(sure - held))}; the program hands over {', '.join(theirs)}")
    if strange and not rights.base_open(ours.tools, spec):
        row.faults.append(f"tools that our description does not know: {', '.join(strange)}")
    if len(row.faults) > before:
        return "DIFFER"
    return f"{len(theirs)} as said" + (f" and {', '.join(beside)}" if beside else "")


def _conditional(table: Any, name: str, names: set[str]) -> bool:
    """Names that the program gives only sometimes: behind a setting, never to subagents, hidden by another."""
    fact = table.names[name]
    hidden = {h for n in names for h in (table.data.get("names", {}).get(n) or {}).get("hides", ())}
    sometimes = "when" in (table.data.get("names", {}).get(name) or {})
    return bool(fact.off or fact.never or sometimes or name in hidden)


def table(rows: list[Row]) -> str:
    """The rows as aligned text."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
