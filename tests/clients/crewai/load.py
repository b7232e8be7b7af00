"""What CrewAI makes of the agents.yaml of a project: through its own CrewBase, and each entry through its own Agent.

Tools and models are methods of the crew's own Python code. It has none here, so each name of a list of tools is given
one: a stand-in that CrewAI hands to the agent like any other. A model is not set up (its maker's package would have to
be there, and a key); what the file says is shown.
"""

import os

os.environ |= {"OTEL_SDK_DISABLED": "true", "CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TELEMETRY_OPT_OUT": "true"}
os.environ |= {"OPENAI_API_KEY": "none", "CREWAI_STORAGE_DIR": "agentconv"}

import importlib.metadata
import json
import logging
import pathlib
import sys
import warnings

import yaml

warnings.simplefilter("ignore")
logging.disable()

from crewai import Agent  # noqa: E402
from crewai.project import CrewBase, tool  # noqa: E402
from crewai.tools import BaseTool  # noqa: E402

LEFT_OUT = ("llm", "function_calling_llm", "step_callback", "cache_handler")


class StandIn(BaseTool):
    """A tool that does nothing."""

    name: str
    description: str = "a stand-in"

    def _run(self):
        return ""


def method(name):
    """What a crew has for a tool."""

    def made(self):
        return StandIn(name=name)

    made.__name__ = name  # what CrewAI keeps its result by
    return tool(made)


def crew_of(path):
    """The crew that has this file, with its lists of tools filled."""
    said = yaml.safe_load(path.read_text("utf-8"))
    lists = [e["tools"] for e in said.values() if isinstance(e, dict) and isinstance(e.get("tools"), list)]
    names = {name for found in lists if all(isinstance(n, str) for n in found) for name in found}
    facts = {"agents_config": str(path), "tasks_config": "none.yaml"}
    return CrewBase(type("Crew", (), {**facts, **{name: method(name) for name in names}}))()


def read(path):
    """The agents of a file, and what is wrong with one of them."""
    try:
        said = yaml.safe_load(path.read_text("utf-8"))
        entries = crew_of(path).agents_config if isinstance(said, dict) else {}
    except Exception as problem:
        return [], [("", f"{type(problem).__name__}: {str(problem).strip()[:400]}")]
    agents, errors = [], []
    for name, entry in entries.items():
        try:
            made = Agent(config={k: v for k, v in entry.items() if k not in LEFT_OUT})
        except Exception as problem:
            errors.append((name, f"{name}: {type(problem).__name__}: {str(problem).strip()[:400]}"))
            continue
        tools = [one.name for one in made.tools or ()]
        agents.append(
            {
                "name": str(name),
                "title": made.role,
                "description": made.goal,
                "prompt": made.backstory,
                # only beside others (Crew._add_delegation_tools)
                "tools": tools + ["delegate_work_to_coworker"] * (made.allow_delegation and len(entries) > 1),
                "model": entry.get("llm"),
                "max_turns": made.max_iter,
            }
        )
    return agents, errors


def main():
    root = pathlib.Path(sys.argv[2])
    agents, errors = [], []
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".yaml", ".yml")):
        file = path.relative_to(root).as_posix()
        found, wrong = read(path)
        agents += [{**agent, "file": file} for agent in found]
        errors += [{"file": file, "message": message} for _, message in wrong]
    version = "crewai " + importlib.metadata.version("crewai")
    out = {"client": "crewai", "version": version, "agents": agents, "errors": errors}
    print(json.dumps(out, indent=1, ensure_ascii=False, default=str))


main()
