"""What the published schema of Docker's agent runner makes of the teams in a project.

The program is written in Go and in no package index. What its sources add to the schema is added here (those of
docker/docker-agent, March 2026): keys that stand twice, one way to each MCP server, definitions and agents that are
not there (pkg/config), and the tools that an agent is given: those of its sets, less what a list of a set does not
name, those that other keys bring (pkg/teamloader), less what is denied whatever its arguments are (pkg/permissions).
"""

import fnmatch
import json
import pathlib
import re
import sys

import jsonschema
import yaml

SETS = {
    "filesystem": "read_file read_multiple_files list_directory directory_tree search_files_content edit_file"
    " write_file create_directory remove_directory",
    "shell": "shell run_background_job list_background_jobs view_background_job stop_background_job",
    "fetch": "fetch",
    "think": "think",
    "user_prompt": "user_prompt",
    "todo": "create_todo create_todos update_todos list_todos",
    "tasks": "create_task get_task update_task delete_task list_tasks next_task add_dependency remove_dependency",
    "memory": "add_memory get_memories delete_memory search_memories update_memory",
    "model_picker": "change_model revert_model",
    "background_agents": "run_background_agent list_background_agents view_background_agent stop_background_agent",
    "lsp": "lsp_workspace lsp_hover lsp_definition lsp_references lsp_document_symbols lsp_workspace_symbols"
    " lsp_diagnostics lsp_rename lsp_code_actions lsp_format lsp_call_hierarchy lsp_type_hierarchy lsp_implementations"
    " lsp_signature_help lsp_inlay_hints",
}
BROUGHT = {"sub_agents": "transfer_task", "handoffs": "handoff", "skills": "read_skill", "rag": "rag"}
MADE = ("script", "api", "openapi", "a2a")  # tools that the file itself defines


class Loader(yaml.SafeLoader):
    """YAML as goccy/go-yaml has it, as far as it matters here: no key twice, and only the words of YAML 1.2."""


def distinct(loader, node, deep=False):
    """A map of which no key is there twice."""
    keys = [key.value for key, _ in node.value]
    if twice := next((key for key in keys if keys.count(key) > 1 and key != "<<"), None):
        raise ValueError(f'mapping key "{twice}" already defined')
    loader.flatten_mapping(node)
    return {str(loader.construct_object(k)): loader.construct_object(v, deep=True) for k, v in node.value}


Loader.add_constructor("tag:yaml.org,2002:map", distinct)
Loader.yaml_implicit_resolvers = {
    first: [(tag, what) for tag, what in found if tag.rpartition(":")[2] not in ("bool", "timestamp", "int")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
WORDS = {
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    "int": (r"[-+]?[0-9]+\Z", "-+0123456789"),
}
for name, (what, first) in WORDS.items():
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(what), list(first))


def server(entry, defined):
    """The set with what it refers to behind it."""
    ref = entry.get("ref", "")
    if ref and not ref.startswith("docker:"):
        if ref not in defined:
            raise ValueError(f"references non-existent MCP definition '{ref}'")
        entry = {**defined[ref], **{key: value for key, value in entry.items() if key != "ref"}}
    ways = [key for key in ("command", "ref") if entry.get(key)] + [1] * bool(entry.get("remote", {}).get("url"))
    if len(ways) != 1:
        raise ValueError("either command, remote or ref must be set, but only one of those")
    return entry


def handed_over(agent, defined):
    """The program's own tools that the agent gets."""
    tools = []
    for entry in agent.get("toolsets") or ():
        kind = entry.get("type")
        if kind is None:  # CreateTool fails, which is a warning
            continue
        if kind == "mcp":
            server(entry, defined)
            continue
        for key in {"model_picker": ["models"], "lsp": ["command"], "a2a": ["url"], "openapi": ["url"]}.get(kind, ()):
            if not entry.get(key):
                raise ValueError(f"{kind} toolset requires {key}")
        only = entry.get("tools") or []
        if kind == "script" and not entry.get("shell"):
            continue
        own = [kind] if kind in MADE else SETS[kind].split()
        tools += [name for name in own if not only or name in only or kind in MADE]
    tools += [name for key, name in BROUGHT.items() if agent.get(key)]
    return [name for name in dict.fromkeys(tools) if name != "run_background_agent" or agent.get("sub_agents")]


def read(path, check):
    """The agents of a file; what is wrong with one of them loses them all."""
    team = yaml.load(path.read_text("utf-8"), Loader)
    # the program takes a number, too, and its manual writes one
    tested = {**team, "version": str(team["version"])} if isinstance(team, dict) and "version" in team else team
    wrong = [f"{'/'.join(map(str, e.absolute_path)) or '(top)'}: {e.message}" for e in check.iter_errors(tested)]
    if wrong:
        raise ValueError("; ".join(wrong)[:400])
    denied = [pattern.lower() for pattern in (team.get("permissions") or {}).get("deny", ())]
    seen = []
    for name, agent in (team.get("agents") or {}).items():
        try:
            tools = given(agent, team)
        except ValueError as problem:  # the program ends at the first one; here each is named
            wrong.append(f"agent '{name}': {problem}")
            continue
        known = (team.get("models") or {}).get(agent["model"])
        seen.append(
            {
                "name": name,
                "description": agent.get("description"),
                "prompt": agent.get("instruction"),
                "tools": [tool for tool in tools if not any(fnmatch.fnmatchcase(tool, pattern) for pattern in denied)],
                "model": f"{known['provider']}/{known['model']}" if known else agent["model"],
            }
        )
    if wrong:
        raise ValueError("; ".join(wrong))
    return seen


def given(agent, team):
    """The tools of an agent that is whole."""
    if not agent.get("model"):
        raise ValueError("it has no model")
    known = (*team.get("models", ()), "auto")
    if "/" not in agent["model"] and agent["model"] not in known:
        raise ValueError(f"model '{agent['model']}' not found in configuration")
    for other in agent.get("sub_agents", ()):
        if other not in team["agents"] and "/" not in other and ":" not in other:
            raise ValueError(f"references non-existent sub-agent '{other}'")
    return handed_over(agent, team.get("mcps") or {})


def main():
    program, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    check = jsonschema.Draft7Validator(json.loads((program / "schema.json").read_text("utf-8")))
    agents, errors = [], []
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".yaml", ".yml")):
        file = path.relative_to(root).as_posix()
        try:
            agents += [{**agent, "file": file} for agent in read(path, check)]
        except (ValueError, OSError, yaml.YAMLError) as problem:
            errors.append({"file": file, "message": str(problem)})
        except Exception as stumble:  # over one file; the others are shown all the same
            errors.append({"file": file, "message": f"this loader stumbles over it: {stumble!r}"})
    version = "agent-schema.json, " + (program / "version").read_text("utf-8").strip()
    out = {"client": "docker-agent", "version": version, "agents": agents, "errors": errors}
    print(json.dumps(out, indent=1, ensure_ascii=False))


main()
