"""What Agent Spec's own SDK makes of the agents of a project.

Its deserializer builds the components; no runtime is there, so the tools are those that a runtime would be asked for:
functions by name (of a built-in tool by its type), and the tools of MCP servers. Requests to fixed addresses, and
functions that only the file itself knows, are shown apart.
"""

import importlib.metadata
import json
import pathlib
import sys
import warnings

from pyagentspec.agent import Agent
from pyagentspec.serialization import AgentSpecDeserializer
from pyagentspec.tools import BuiltinTool, RemoteTool


def read(path):
    """The agent of a file; what is wrong with it raises."""
    text = path.read_text("utf-8")
    deserializer = AgentSpecDeserializer()
    made = deserializer.from_json(text) if path.suffix == ".json" else deserializer.from_yaml(text)
    if not isinstance(made, Agent):
        return None
    plain = [tool for tool in made.tools if not isinstance(tool, RemoteTool) and not hasattr(tool, "client_transport")]
    names = {tool.tool_type if isinstance(tool, BuiltinTool) else tool.name: tool for tool in plain}
    parameters = made.llm_config.default_generation_parameters
    return {
        "name": made.name,
        "description": made.description,
        "prompt": made.system_prompt,
        "inputs": [one.title for one in made.inputs or ()],
        "model": made.llm_config.model_id,
        "temperature": parameters.temperature if parameters else None,
        "tools": list(names),
        "asks": sorted(name for name, tool in names.items() if tool.requires_confirmation),
        "requests": [tool.name for tool in made.tools if isinstance(tool, RemoteTool)],
        "servers": {
            box.name: box.tool_filter and [one if isinstance(one, str) else one.name for one in box.tool_filter]
            for box in made.toolboxes
        },
    }


def main():
    warnings.simplefilter("ignore")
    root = pathlib.Path(sys.argv[2])
    agents, errors = [], []
    for path in sorted(p for p in (root / "agent-spec").rglob("*") if p.suffix in (".yaml", ".yml", ".json")):
        file = path.relative_to(root).as_posix()
        try:
            if made := read(path):
                agents.append({**made, "file": file})
        except Exception as problem:  # what a wrong value raises is of many kinds (26.3.1)
            errors.append({"file": file, "message": f"{type(problem).__name__}: {str(problem)[:400]}"})
    version = "pyagentspec " + importlib.metadata.version("pyagentspec")
    out = {"client": "open-agent-spec", "version": version, "agents": agents, "errors": errors}
    print(json.dumps(out, indent=1, ensure_ascii=False))


main()
