"""One session of Kimi Code in a project, with a stand-in for the model on the loopback that calls every agent.

Which agents there are the program tells its model in the description of the tool `Agent`; what each of them is sent is
what the stand-in is asked then. Which file an agent is of is told by its name.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from server import SERVED
from server import command as start_of
from standin import NAME, Model, said_by, tools_of

PROGRAM, PROJECT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PACKAGE = PROGRAM / "node_modules/@moonshot-ai/kimi-code"
NODE = next(map(str, PROGRAM.glob("node_modules/node-linux-*/bin/node")), None) or shutil.which("node")
PLACE = PROJECT / ".kimi-code/agents"
OWN = {"agent", "coder", "explore", "plan"}
SAID, AT_ONCE = "Call them all.", 10
TYPES = re.compile(r"^- ([a-z0-9-]+): (.*(?:\n(?!- [a-z0-9-]+: ).*)*)", re.M)


class Agents:
    """What the stand-in answers: it calls the agents, some at once, and notes what is asked in their name."""

    def __init__(self):
        self.types, self.waiting, self.asked, self.tools = None, [], {}, []

    def answer(self, body):
        """The calls that come next, or none: then the turn is over."""
        first = next(iter(said_by(body, "user")), "")
        if first.startswith("AGENT "):
            self.asked[first.removeprefix("AGENT ")] = body
        if not first.startswith(SAID):
            return []
        if self.types is None:
            about = next(t["function"]["description"] for t in body["tools"] if t["function"]["name"] == "Agent")
            self.types = dict(TYPES.findall(about.partition("Available agent types")[2]))
            self.waiting, self.tools = sorted(self.types), tools_of(body)
        now, self.waiting = self.waiting[:AT_ONCE], self.waiting[AT_ONCE:]
        return [("Agent", {"description": "a call", "prompt": f"AGENT {name}", "subagent_type": name}) for name in now]


def served(tools):
    """The tools of the session's servers, by the names that the program gives them."""
    made = {f"mcp__{re.sub('[^a-zA-Z0-9-]+', '_', n)}__{t}": [n, t] for n, tools in SERVED.items() for t in tools}
    return {name: at for name, at in made.items() if name in tools}


def header_of(path):
    """What the header says, as far as another parser of YAML understands it."""
    lines = path.read_text("utf-8", "replace").lstrip("\ufeff").split("\n")
    end = next((n for n, line in enumerate(lines) if n and line.strip() == "---"), 0)
    try:
        found = yaml.load("\n".join(lines[1:end]), yaml.BaseLoader)  # every scalar as it stands
    except (yaml.YAMLError, ValueError):
        found = dict(re.findall(r"^([a-z]+): *([\w-]+) *$", "\n".join(lines[1:end]), re.M))
    return found if isinstance(found, dict) else {}


def name_of(path, header):
    name = header.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else path.stem


def described(text, header):
    """The description alone; when to use the agent stands behind it."""
    when = header.get("whenToUse")
    return text.removesuffix(f" {when.strip()}") if isinstance(when, str) and when.strip() else text


def session(address):
    home = pathlib.Path(tempfile.mkdtemp(prefix="kimi-home-"))
    settings = home / ".kimi-code/config.toml"
    settings.parent.mkdir()
    settings.write_text(
        f'default_model = "{NAME}"\ntelemetry = false\n'
        f'[providers.{NAME}]\ntype = "openai"\nbase_url = "{address}"\napi_key = "none"\n'
        f'[models.{NAME}]\nprovider = "{NAME}"\nmodel = "{NAME}"\nmax_context_size = 100000\n'
    )
    servers = {name: {"command": words[0], "args": words[1:]} for name in SERVED for words in [start_of(name)]}
    (settings.parent / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    env = {"HOME": str(home), "PATH": os.environ.get("PATH", ""), "KIMI_CODE_NO_AUTO_UPDATE": "1"}
    (PROJECT / ".git").mkdir(exist_ok=True)  # the root of the project is where this is
    command = [NODE, str(PACKAGE / "dist/main.mjs"), "-p", SAID]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    logs = [path.read_text("utf-8", "replace") for path in (home / ".kimi-code").rglob("*.log")]
    shutil.rmtree(home, ignore_errors=True)
    return done, "\n".join(logs)


def main():
    called, agents, errors, seen = Agents(), [], [], set()
    done, logs = session(Model(called.answer).address)
    if called.types is None:
        errors.append({"file": None, "message": (done.stderr or done.stdout)[-400:], "stage": "start"})
    for path in sorted(PLACE.rglob("*.md")) if PLACE.is_dir() else ():
        file, header = str(path.relative_to(PROJECT)), header_of(path)
        name = name_of(path, header)
        kept = name in OWN and header.get("override") not in ("true", "True", "TRUE")
        skipped = re.search(rf"{re.escape(str(path))}: ([^\n]*)", logs)
        if name in seen or kept or skipped or name not in (called.types or ()):
            reason = "it has an agent of that name itself" if kept else "it is not among the agents"
            errors.append({"file": file, "message": skipped[1] if skipped else reason, "stage": "load"})
            continue
        seen.add(name)
        body = called.asked.get(name)
        agents.append(
            {
                "file": file,
                "name": name,
                "description": described(called.types[name].partition("\n  Tools: ")[0], header),
                "tools": tools_of(body) if body else None,
                "prompt": next(iter(said_by(body, "system")), None) if body else None,
                **({} if body else {"error": "it was not started"}),
            }
        )
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    said = {"client": "kimi-code", "version": version, "agents": agents, "errors": errors}
    print(json.dumps({**said, "served": served(called.tools), "session_tools": called.tools}, indent=1))


main()
