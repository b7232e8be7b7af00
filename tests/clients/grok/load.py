"""Sessions of Grok Build in a project, with a stand-in for the model on the loopback and MCP servers of the session.

Which agents there are `grok inspect` lists. One session starts all of them, as `spawn_subagent` does it (``tools``,
``prompt``); then each is a session of its own, `grok --agent` (``session``). The file's stem is what starts an agent.
Each tries each tool of the servers twice: by way of `use_tool`, and by its own name (``mcp``: what ran, by the way).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from server import SERVED, command
from standin import NAME, Model, said_by, tools_of

PROGRAM, PROJECT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
BINARY = next(iter(PROGRAM.glob("node_modules/@xai-official/grok-linux-*/bin/grok")))
PLACE = PROJECT / ".grok/agents"
START, AT_ONCE = "Start them all.", 8
OWN_MODELS = ("grok-4.6", "grok-4.5")  # without an account it would ask for them in vain, and wait
SERVED_AS = {f"{name}__{tool}": [name, tool] for name, tools in SERVED.items() for tool in tools}
BY_TOOL, BY_NAME = "by use_tool", "by name"
TRIES = {
    **{(BY_TOOL, name): ("use_tool", {"tool_name": name, "tool_input": {}}) for name in SERVED_AS},
    **{(BY_NAME, name): (name, {}) for name in SERVED_AS},
}


class Agents:
    """What each agent was sent first, and which of its calls ran."""

    def __init__(self, names=()):
        self.waiting, self.sent, self.ran, self.refused = list(names), {}, {}, {}
        self.started = []

    def answer(self, body):
        if "session_title" in tools_of(body):
            return []
        users = " ".join(said_by(body, "user"))
        if named := re.search(r"AGENT-(\d+)\.", users):
            number = int(named[1])
            if number not in self.sent:
                self.sent[number] = body
                return list(TRIES.values())
            answers = {m.get("tool_call_id"): str(m.get("content")) for m in body["messages"] if m["role"] == "tool"}
            calls = [c for m in body["messages"] for c in m.get("tool_calls") or ()]
            ran = [c for c in calls if "ECHOED" in answers.get(c["id"], "")]
            self.ran[number] = {
                way: [c for c in SERVED_AS if any(made(call, way, c) for call in ran)] for way in (BY_TOOL, BY_NAME)
            }
            return []
        if START not in users:
            return []
        for number, words in zip(self.started, said_by(body, "tool")[-len(self.started) :], strict=False):
            self.refused[number] = words
        self.started, self.waiting = self.waiting[:AT_ONCE], self.waiting[AT_ONCE:]
        words = {"description": "a call", "run_in_background": False}
        return [
            ("spawn_subagent", {**words, "prompt": f"AGENT-{number}.", "subagent_type": name})
            for number, name in self.started
        ]


def made(call, way, name):
    """Whether a call is the one that tries this tool in this way."""
    asked, words = call["function"]["name"], call["function"]["arguments"]
    return asked == name if way == BY_NAME else asked == "use_tool" and json.loads(words)["tool_name"] == name


def run(agents, *arguments):
    """One run of the program in an empty home: what it printed, and what it said of its failure."""
    home, model = pathlib.Path(tempfile.mkdtemp(prefix="grok-home-")), Model(agents.answer)
    (home / ".grok").mkdir()
    models = [
        f'[model."{id}"]\nmodel = "{id}"\nname = "{id}"\nbase_url = "{model.address}"\napi_key = "none"\n'
        f'context_window = 200000\napi_backend = "chat_completions"\n'
        for id in (NAME, *OWN_MODELS)
    ]
    servers = [
        f'[mcp_servers."{name}"]\ncommand = "{words[0]}"\nargs = {json.dumps(words[1:])}\n'
        for name in SERVED
        for words in [command(name)]
    ]
    (home / ".grok/config.toml").write_text(f'[models]\ndefault = "{NAME}"\n' + "".join(models + servers), "utf-8")
    env = {"HOME": str(home), "PATH": os.environ.get("PATH", ""), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    env |= {"TERM": "dumb", "GROK_DISABLE_AUTOUPDATER": "1"}
    words = [str(BINARY), *arguments]
    try:
        done = subprocess.run(
            words, cwd=PROJECT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=25
        )
        return done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        return "", "no end within 25 s"
    finally:
        model.shutdown()
        shutil.rmtree(home, ignore_errors=True)


def session(*arguments):
    return ["--always-approve", "-m", NAME, *arguments]


def prompt_of(body):
    """The agent's own words stand behind the program's, whose last part tells the place and the day."""
    text = "\n".join(said_by(body, "system"))
    end = next((end for end in ("</user_info>", "</formatting>") if text.startswith("You are ") and end in text), None)
    return text.partition(end)[2].strip() if end else text


def main():
    (PROJECT / ".git").mkdir(exist_ok=True)  # the root of the project is where this is
    listed = json.loads(run(Agents(), "inspect", "--json")[0])
    files = {str(a["source"].get("path") or ""): a for a in listed["agents"]}
    paths = sorted(path for path in PLACE.rglob("*") if path.is_file()) if PLACE.is_dir() else []
    there = [(number, path) for number, path in enumerate(paths) if str(path) in files]
    spawned = Agents((number, path.stem) for number, path in there)
    out, err = run(spawned, *session("-p", START))
    agents, errors = [], []
    for number, path in enumerate(paths):
        file = str(path.relative_to(PROJECT))
        if str(path) not in files:
            errors.append({"file": file, "message": "it is not among the agents", "stage": "load"})
            continue
        body, about = spawned.sent.get(number), files[str(path)]
        agent = {"file": file, "name": about["name"], "stem": path.stem, "description": about["description"]}
        if body is None:
            agent["error"] = (spawned.refused.get(number) or err or out or "it was not asked for")[-400:]
        else:
            agent |= {"tools": tools_of(body), "mcp": spawned.ran.get(number), "prompt": prompt_of(body)}
            agent["model"] = None if body.get("model") == NAME else body.get("model")
        alone = Agents()
        said = run(alone, *session("--agent", path.stem, "-p", f"AGENT-{number}."))
        if (sent := alone.sent.get(number)) is None:
            agent["session"] = {"error": "".join(said)[-400:]}
        else:
            agent["session"] = {"tools": tools_of(sent), "mcp": alone.ran.get(number), "prompt": prompt_of(sent)}
        agents.append(agent)
    print(
        json.dumps(
            {
                "client": "grok",
                "version": listed["grokVersion"],
                "agents": agents,
                "errors": errors,
                "served": SERVED_AS,
            }
        )
    )


main()
