"""What the Microsoft Agent Framework makes of the declarative agents in a project.

Each file goes through `AgentFactory`, with a stand-in for the client of the model, so that no package of a maker and no
key is needed: `model` itself is shown as the framework's own classes read it, and left out for the factory.
"""

import contextlib
import importlib.metadata
import json
import pathlib
import sys
import warnings

import yaml

warnings.simplefilter("ignore")
with contextlib.redirect_stdout(sys.stderr):  # one of its dependencies prints while it is imported
    from agent_framework_declarative import AgentFactory
    from agent_framework_declarative._models import PromptAgent, agent_schema_dispatch

KINDS = {"web_search_preview": "web_search"}  # what the client is handed -> the kind in the file


class Client:
    """Stands for the client of a model; nothing is ever sent."""

    additional_properties = {}


def read(path):
    """The agent of a file."""
    text = path.read_text("utf-8")
    said = agent_schema_dispatch(yaml.safe_load(text))
    if not isinstance(said, PromptAgent):
        raise ValueError(f"no prompt agent ({type(said).__name__}): the factory makes none of it")
    plain = {k: v for k, v in yaml.safe_load(text).items() if k != "model"}
    with contextlib.redirect_stdout(sys.stderr):
        made = AgentFactory(client=Client()).create_agent_from_dict(plain)
    tools, servers, asks = [], [], []
    for tool in made.default_options.get("tools") or ():
        if not isinstance(tool, dict):
            tools.append("function")
        elif tool["type"] == "mcp":
            for name in tool.get("allowed_tools") or ["*"]:
                servers.append(f"{tool['server_label']}/{name}")
                asks += [servers[-1]] * (tool.get("require_approval") == "always")
        else:
            tools.append(KINDS.get(tool["type"], tool["type"]))
    return {
        "name": made.name,
        "title": said.displayName,
        "description": made.description,
        "prompt": made.default_options.get("instructions"),
        "tools": tools,
        "servers": servers,
        "asks": asks,
        "model": said.model.id if said.model else None,
    }


def main():
    root = pathlib.Path(sys.argv[2])
    agents, errors = [], []
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".yaml", ".yml")):
        file = path.relative_to(root).as_posix()
        try:
            agents.append({**read(path), "file": file})
        except Exception as problem:
            errors.append({"file": file, "message": f"{type(problem).__name__}: {str(problem).strip()[:400]}"})
    version = "agent-framework-declarative " + importlib.metadata.version("agent-framework-declarative")
    out = {"client": "agent-framework", "version": version, "agents": agents, "errors": errors}
    print(json.dumps(out, indent=1, ensure_ascii=False, default=str))


main()
