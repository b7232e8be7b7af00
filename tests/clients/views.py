"""What each program prints, brought into one shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentconv import registry

Answer = Mapping[str, Any]
HIDDEN = "(not shown)"  # the program does not show it; ``None`` means that it has none


@dataclass
class Seen:
    """One agent as the real program reports it."""

    file: str
    name: str | None = HIDDEN
    description: str | None = HIDDEN
    prompt: str | None = HIDDEN
    tools: list[str] | None = None  # really handed over where the program shows that; None: not shown
    model: str | None = HIDDEN  # as it took it from the file
    resolved: str | None = HIDDEN  # as it would ask for it
    mode: str | None = HIDDEN
    permission: str | None = HIDDEN
    asks: set[str] | None = None  # tools before whose use it asks, where it has such rules
    effort: str | None = HIDDEN
    error: str = ""
    started: bool = True  # whether it could be called at all
    served: Mapping[str, list[str]] | None = None  # tools of servers that were there: name -> server, tool
    built_in: bool = False  # an agent of the program's own, which the file may change


def _claude(out: Answer) -> list[Seen]:
    found = []
    for agent in out["agents"]:
        run = agent.get("run") or {}
        error, tools = run.get("error") or "", run.get("tools")
        started = tools is not None
        if "would be spawned with zero tools" in error:  # 2.1.328 loads it and refuses every start
            error, tools = "", []
        found.append(
            Seen(
                agent["file"],
                agent["name"],
                agent["description"],
                run.get("prompt") if run.get("prompt") is not None else HIDDEN,
                tools,
                model=agent["model"],
                resolved=run["model"] if run.get("model") else HIDDEN,
                error=error,
                started=started,
                served=agent.get("served") if started else None,
            )
        )
    return found


def _copilot(out: Answer) -> list[Seen]:
    return [
        Seen(
            a["file"],
            a["id"],
            a["description"],
            tools=a.get("effectiveTools"),
            error=a.get("effectiveToolsError") or "",
            served=out["served"],
        )
        for a in out["agents"]
    ]


def _opencode(out: Answer) -> list[Seen]:
    """The tools are those that the model was sent; of an agent that did not start, those that its rules leave."""
    found = []
    for a in out["agents"]:
        if a.get("disabled"):
            found.append(Seen(a["file"], a["name"], built_in=bool(a.get("native"))))
            continue
        run = a.get("run") or {}
        tools = run["tools"] if "tools" in run else [name for name, on in (a.get("tools") or {}).items() if on]
        # GPT models are offered this in the place of `edit` and `write`; the permission of all is `edit` (1.18.33)
        tools = ["edit" if name == "apply_patch" else name for name in tools]
        lost = "" if run.get("prompt_delivered", True) else "the prompt was not among what the model was sent"
        found.append(
            Seen(
                a["file"],
                a["name"],
                a.get("description"),
                a.get("prompt"),
                tools,
                model=(a.get("model") or "").rstrip("/") or None,  # `sonnet` is the maker `sonnet` without a model
                mode=a.get("mode"),
                asks=set(a.get("asks") or ()),
                error=run.get("error") or lost,
                served=out.get("served") if "tools" in run else None,
                built_in=bool(a.get("native")),
            )
        )
    return found


def _amazonq(out: Answer) -> list[Seen]:
    return [
        Seen(a["file"], a["name"], a["description"], a["prompt"], a["tools"], model=a["model"]) for a in out["agents"]
    ]


def _managed(out: Answer) -> list[Seen]:
    found = []
    for a in out["agents"]:
        one = Seen(a["file"], a["name"], a["description"], a["prompt"], a["tools"], model=a["model"])
        one.effort, one.asks = a["effort"], set(a["asks"])
        found.append(one)
    return found


def _agent_spec(out: Answer) -> list[Seen]:
    """Names that the description does not have are functions of the file's own, and no right."""
    known = registry.load("open-agent-spec").tools
    found = []
    for a in out["agents"]:
        tools = [name for name in a["tools"] if known.own(name)]
        one = Seen(a["file"], a["name"], a["description"], a["prompt"], tools, model=a["model"])
        one.asks = {own.name for name in a["asks"] if (own := known.own(name))}
        found.append(one)
    return found


def _codex(out: Answer) -> list[Seen]:
    """A role whose model takes no effort of the stand-in's is not started; its model is shown in the list."""
    found = []
    why = {e["file"]: e["message"] for e in out["errors"] if e.get("stage") == "spawn"}
    for a in out["agents"]:
        one = Seen(a["file"], a["name"], a["description"], a.get("instructions"), a["tools"], model=a["model"])
        one.effort = a.get("reasoning_effort")
        # models that it knows are sent no list of tools, gpt-5.5 one with `tool_search` in place of servers' (0.169.0)
        one.served = out["served"] if a["tools"] and "tool_search" not in a["tools"] else None
        if not a.get("started"):
            told = re.search(r"role's model is set to `([^`]+)`", a["shown_to_model"])
            one.model = told[1] if told else None
            one.prompt = one.effort = HIDDEN
            one.error = "" if told else why.get(a["file"], "it was not started")
        found.append(one)
    return found


def _roo(out: Answer) -> list[Seen]:
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


def _cursor(out: Answer) -> list[Seen]:
    """The loader; of the tools it knows only the switch, which is shown as the tools that it leaves."""
    found = []
    for a in out["agents"]:
        tools = None if a["permissionMode"] == "default" else LEFT_BY_CURSOR
        # the loader makes an empty text of none
        found.append(Seen(a["file"], a["name"], a["description"] or None, a["prompt"], tools, model=a.get("model")))
    return found


def _skills(out: Answer) -> list[Seen]:
    return [Seen(a["file"], a["name"], a["description"], a["prompt"]) for a in out["agents"]]


def _gitagent(out: Answer) -> list[Seen]:
    return [Seen(a["file"], a["name"], a["description"]) for a in out["agents"]]


def _vscode(out: Answer) -> list[Seen]:
    found = []
    for file in out["files"]:
        a = file.get("agent") or {}
        # its parser marks mistakes and loads what could be read
        errors = "" if file.get("agent") else "; ".join(str(e) for e in file.get("errors") or ["no agent"])
        model = a.get("model")
        found.append(
            Seen(
                file["file"],
                a.get("name"),
                a.get("description"),
                a.get("body"),
                a.get("tools"),
                model=model[0] if isinstance(model, list) and model else model or None,
                error=errors,
            )
        )
    return found


# what the model of a chat is offered, by the name that a file gives for it; found with an agent for each name (1.139.1)
_CHAT_TOOLS = {
    "copilot_getNotebookSummary": "read/getNotebookSummary",
    "create_and_run_task": "execute/createAndRunTask",
    "create_directory": "edit/createDirectory",
    "create_file": "edit/createFile",
    "create_new_jupyter_notebook": "createJupyterNotebook",
    "create_new_workspace": "vscode/newWorkspace",
    "edit_notebook_file": "editNotebook",
    "file_search": "search/fileSearch",
    "get_errors": "read/problems",
    "get_task_output": "read/getTaskOutput",
    "get_terminal_output": "execute/getTerminalOutput",
    "get_vscode_api": "vscode/vscodeAPI",
    "github_repo": "web/githubRepo",
    "github_text_search": "web/githubTextSearch",
    "grep_search": "search/textSearch",
    "insert_edit_into_file": "edit/editFiles",
    "install_extension": "vscode/installExtension",
    "kill_terminal": "execute/killTerminal",
    "list_dir": "search/listDirectory",
    "manage_todo_list": "todo",
    "memory": "vscode/memory",
    "read_file": "read/readFile",
    "read_notebook_cell_output": "read/readNotebookCellOutput",
    "replace_string_in_file": "edit/editFiles",
    "resolve_memory_file_uri": "vscode/resolveMemoryFileUri",
    "runSubagent": "agent/runSubagent",
    "run_in_terminal": "execute/runInTerminal",
    "run_notebook_cell": "execute/runNotebookCell",
    "run_vscode_command": "vscode/runCommand",
    "send_to_terminal": "execute/sendToTerminal",
    "setup_tools_createNewWorkspace": "vscode/newWorkspace",
    "terminal_last_command": "read/terminalLastCommand",
    "terminal_selection": "read/terminalSelection",
    "testFailure": "execute/testFailure",
    "view_image": "read/viewImage",
    "vscode_askQuestions": "vscode/askQuestions",
    "vscode_listCodeUsages": "usages",
    "vscode_renameSymbol": "rename",
    "vscode_searchExtensions_internal": "vscode/extensions",
}


def _vscode_full(out: Answer) -> list[Seen]:
    """What the model was sent when a chat was begun with the agent. The browser build has no `web/fetch`, and without
    an account no index for `search/codebase`; a list in which they stand has them in the real thing."""
    found = []
    for a in out["agents"]:
        run, listed = a["run"], set(a["tools"] or ())
        tools = [_CHAT_TOOLS.get(name, name) for name in run.get("tools") or ()]
        for absent, words in NOT_IN_A_BROWSER.items():
            if a["tools"] is None or words & listed:
                tools.append(absent)
        model = a["model"]
        found.append(
            Seen(
                a["file"],
                a["name"],
                a["description"],
                run.get("prompt", HIDDEN),
                tools,
                model=model[0] if model else None,
                error=run.get("error") or "",
                served=out["served"] if "tools" in run else None,
            )
        )
    return found


NOT_IN_A_BROWSER = {
    "web/fetch": {"web", "web/fetch", "fetch"},
    "search/codebase": {"search", "search/codebase", "codebase"},
    "execute/runTests": {"execute", "execute/runTests", "runTests", "vscodeGeneral"},
    "execute/runTask": {"execute", "execute/runTask", "runTask", "runTasks", "vscodeTasks"},
}


def _listed(tools: Any) -> list[str] | None:
    return tools if isinstance(tools, list) else None  # "all", where the file has no list


def _cline(out: Answer) -> list[Seen]:
    return [
        Seen(a["file"], a["name"], a["description"], a["prompt"], _listed(a["tools"]), model=a["model"])
        for a in out["agents"]
    ]


def _continue(out: Answer) -> list[Seen]:
    found = []
    for a in out["agents"]:
        tools = _listed(a["tools"])
        servers = [f"{t['mcpServer']}:{t['toolName']}" if t.get("toolName") else t["mcpServer"] for t in a["mcp"]]
        listed = tools and [*tools, *servers]
        found.append(Seen(a["file"], a["name"], a["description"], a["prompt"], listed, model=a["model"]))
    return found


def _pi(out: Answer) -> list[Seen]:
    found = []
    for a in out["agents"]:
        # the words of the file; what matches nothing is named apart
        gone = {*a.get("tools_not_builtin", ()), "mcp__none__none"}
        tools = None if "*" in a["tools"] else _listed(a["tools"])
        left = tools and [t for t in tools if t not in gone]
        found.append(Seen(a["file"], a["name"], a["description"], a["prompt"], left, model=a["model"]))
    return found


# what the harness of Mistral Vibe calls the tools whose rights a subagent gets
_CEILING = {
    "file_system.read_file": "read_file",
    "file_system.write_file": "write_file",
    "file_system.edit": "edit",
    "file_system.bash": "bash",
    "skill.read": "skill",
}


def _vibe(out: Answer) -> list[Seen]:
    errors = {e["file"]: e["message"] for e in out["errors"] if e["stage"] in ("load", "apply", "subagent")}
    found = []
    for a in out["agents"]:
        if a["file"] in errors:
            continue
        tools = [t for t in a["tools"] or () if t not in ("grep", "task")]  # legal names without a tool in 3.0.3
        modes = a.get("session_modes") or {}  # of a session: what its settings deny is in the list all the same
        tools = [t for t in tools if not any(modes.get(key) == "deny" for key, name in _CEILING.items() if name == t)]
        if "tool_ceiling" in a:
            tools = [name for key, name in _CEILING.items() if a["tool_ceiling"].get(key) != "deny"]
        if not a.get("bypass_tool_permissions"):  # a tool of a server is refused when it is called
            never = {t for t, word in (a.get("permissions") or {}).items() if word == "never"} & set(out["served"])
            tools = [t for t in tools if t not in never]
        # a built-in prompt stands in where the file names one
        prompt = HIDDEN if a["instructions"] is None else a["instructions"]
        # an alias that the file itself defines stands for the model it names
        model = (a.get("resolved_model") or {}).get("name") if "models" in a["overrides"] else a["model"]
        one = Seen(a["file"], a["name"], a["description"] or None, prompt, tools, model=model)
        one.served = out["served"] if a["tools"] is not None else None
        found.append(one)
    return found


def _gemini(out: Answer) -> list[Seen]:
    """An agent whose prompt cannot be filled in loads, and fails when it is called."""
    taken = {e["file"] for e in out["errors"] if e.get("stage") == "register"}
    failing = {e["file"]: e["message"] for e in out["errors"] if e.get("stage") == "run"}
    return [
        Seen(
            a["file"],
            a["name"],
            a["description"],
            a["prompt"],
            a["effective_tools"],
            model=a["model"],
            error=failing.get(a["file"], ""),
            served=out.get("served") if isinstance(a["effective_tools"], list) else None,
        )
        for a in out["agents"]
        if a["kind"] == "local" and a["file"] not in taken
    ]


def _qwen(out: Answer) -> list[Seen]:
    failing = {e["file"]: e["message"] for e in out["errors"]}
    return [
        Seen(
            a["file"],
            a["name"],
            a["description"],
            a["prompt"],
            a.get("effective_tools"),
            model=a["model"],
            error=failing.get(a["file"], ""),
            served=out.get("served") if a.get("effective_tools") is not None else None,
        )
        for a in out["agents"]
    ]


def _kimi(out: Answer) -> list[Seen]:
    return [
        Seen(
            a["file"],
            a["name"],
            a["description"],
            a["prompt"],
            a["tools"],
            error=a.get("error", ""),
            served=out["served"],
        )
        for a in out["agents"]
    ]


def _qoder(out: Answer) -> list[Seen]:
    return [Seen(a["file"], a["name"]) for a in out["agents"]]


def _droid(out: Answer) -> list[Seen]:
    """The prompt is among the messages that the droid was sent, or it is not. Models are not to be seen: offline none
    of its own is there, and each droid runs on its parent's. A long description ends in an ellipsis there."""
    found = []
    for a in out["agents"]:
        lost = "" if a.get("instructions_delivered", True) else "the instructions were not delivered"
        description = HIDDEN if (a["description"] or "").endswith("…") else a["description"]
        found.append(Seen(a["file"], a["name"], description, tools=a["tools"], error=lost, served=out["served"]))
    return found


def _crewai(out: Answer) -> list[Seen]:
    """A tool is a method of the crew: those that the description knows as a tool of the program are shown, for what
    another one does nobody knows."""
    table = registry.load("crewai").tools
    return [
        Seen(
            a["file"],
            a["name"],
            a["description"],
            a["prompt"],
            [t for t in a["tools"] if table.own(t)],
            model=a["model"],
        )
        for a in out["agents"]
    ]


def _amp(out: Answer) -> list[Seen]:
    """Of an agent that extends a mode the model is that mode's, where the file names none."""
    found = []
    for a in out["agents"]:
        one = Seen(a["file"], a["name"], a["description"], a["prompt"], a["tools"])
        one.model, one.effort = (HIDDEN, HIDDEN) if a["extends"] else (a["model"], a["effort"])
        found.append(one)
    return found


def _codebuff(out: Answer) -> list[Seen]:
    """Steps are a tool of the description alone: the program runs them beside the model."""
    found = []
    for a in out["agents"]:
        tools = [*a["tools"], *(["handleSteps"] if a["steps"] else ())]
        one = Seen(a["file"], a["name"], a["description"], a["prompt"], tools, model=a["model"])
        one.effort = a["effort"]
        found.append(one)
    return found


def _goose(out: Answer) -> list[Seen]:
    """The model sees the names of most extensions in front of those of their tools."""
    table = registry.load("goose").tools
    found = []
    for a in out["agents"]:
        tools = [t if table.own(t) or t in out["served"] else t.rpartition("__")[2] for t in a["tools"]]
        one = Seen(a["file"], a["name"], a["description"], a["prompt"], tools, model=a["model"], served=out["served"])
        found.append(one)
    return found


# what the model is offered, by the name that a file gives for it (1.0.41)
_GROK_TOOLS = {
    "run_terminal_command": "run_terminal_cmd",
    "spawn_subagent": "task",
    "get_command_or_subagent_output": "get_task_output",
    "wait_commands_or_subagents": "wait_tasks",
    "kill_command_or_subagent": "kill_task",
}


def _grok(out: Answer) -> list[Seen]:
    """All that it has in either way: as another agent starts it, and as a session of its own. A model that the program
    has not is not told: the agent runs on its caller's. One that starts in neither way is as good as not loaded."""
    found = []
    for a in out["agents"]:
        alone = a["session"]
        if "error" in a and "error" in alone:
            out["errors"].append({"file": a["file"], "message": alone["error"]})
            continue
        if "error" in a or "error" in alone:
            words = f"{a.get('error', '')} / {alone.get('error', '')}"
            found.append(Seen(a["file"], a["name"], a["description"], error=words, started=False))
            continue
        tools = [_GROK_TOOLS.get(name, name) for name in sorted({*a["tools"], *alone["tools"]})]
        tools += a["mcp"]["by use_tool"]  # where another one starts it; a session of its own keeps to no such limit
        one = Seen(a["file"], a["name"], a["description"], a["prompt"] or None, tools, served=out["served"])
        one.model = a["model"] or HIDDEN
        found.append(one)
    return found


def _omp(out: Answer) -> list[Seen]:
    """The words of the file for the model; what was sent is the stand-in's. A `write` that writes no file is the way to
    the tools of servers."""
    found = []
    for a in out["agents"]:
        lost = "" if a.get("prompt_delivered", True) else "the prompt was not among what the model was sent"
        tools = [t for t in a.get("tools", ()) if t != "write" or a["wrote"]]
        tools += [t for t in out["served"] if t not in tools and "ECHOED" in (a.get("ran") or {}).get(t, "")]
        one = Seen(a["file"], a["name"], a["description"], a["prompt"], tools, error=a.get("error") or lost)
        one.served = out["served"]
        one.model, one.effort = (a["model"] or [None])[0], a["effort"]
        one.started = "tools" in a
        found.append(one)
    return found


def _commandcode(out: Answer) -> list[Seen]:
    found = []
    for a in out["agents"]:
        one = Seen(a["file"], a["name"], a["description"] or None, a["prompt"], a["tools"], model=a["model"])
        one.effort = a["effort"]
        found.append(one)
    return found


VIEWS: Mapping[str, Callable[[Answer], list[Seen]]] = {
    "agent-framework": _amazonq,
    "m365-declarative": _amazonq,
    "agent-skills": _skills,
    "amazonq": _amazonq,
    "crewai": _crewai,
    "docker-agent": _amazonq,
    "claude-managed-agents": _managed,
    "amp": _amp,
    "claude-code": _claude,
    "cline": _cline,
    "commandcode": _commandcode,
    "codebuff": _codebuff,
    "codex": _codex,
    "continue": _continue,
    "copilot-cli": _copilot,
    "cursor": _cursor,
    "droid": _droid,
    "gemini-cli": _gemini,
    "gitagent": _gitagent,
    "goose": _goose,
    "grok": _grok,
    "kilo": _opencode,
    "mistral-vibe": _vibe,
    "omp": _omp,
    "open-agent-spec": _agent_spec,
    "opencode": _opencode,
    "pi": _pi,
    "qoder": _qoder,
    "kimi-code": _kimi,
    "qwen-code": _qwen,
    "roo": _roo,
    "vscode": _vscode,
    "vscode-full": _vscode_full,
}
