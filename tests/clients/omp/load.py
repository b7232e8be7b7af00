"""A session of Oh My Pi in a project, with a stand-in for the model on the loopback and MCP servers of the session.

Which agents there are the program's own function tells (``discover.ts``). The session starts all of them with `task`;
``tools`` and ``prompt`` are what each was sent. Each tries what no list names: to start a process by `hub`, the tools
of the servers, as `write` reaches them (``ran``), and to write a file (``wrote``).
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
from standin import NAME, Model, said_by, text_of, tools_of

PROGRAM, PROJECT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
PACKAGE = PROGRAM / "node_modules/@oh-my-pi/pi-coding-agent"
BUN = next(iter(PROGRAM.glob("node_modules/@oven/bun-linux-*/bin/bun")))
HERE = pathlib.Path(__file__).resolve().parent
PLACE = PROJECT / ".omp/agents"
START, AT_ONCE, SECONDS = "Start them all.", 6, 600
SERVED_AS = {f"mcp__{re.sub('[^a-z0-9]+', '_', n)}_{tool}": [n, tool] for n, tools in SERVED.items() for tool in tools}
PROBES = {
    "hub": ("hub", {"op": "start", "name": "probe", "application": "/bin/true", "args": [], "pty": False}),
    **{name: ("write", {"path": f"xd://{name}", "content": "{}"}) for name in SERVED_AS},
    "file": ("write", {"path": "written-%d.txt", "content": "x"}),
}
MODELS = f"""providers:
  {NAME}:
    baseUrl: %s
    apiKey: none
    api: openai-completions
    models:
      - {{id: {NAME}, name: {NAME}, contextWindow: 200000, maxTokens: 8000, input: [text]}}
"""


class Agents:
    """What each agent was sent first, and what its calls came to."""

    def __init__(self, names):
        self.waiting, self.started, self.sent, self.came, self.refused = list(names), [], {}, {}, {}

    def answer(self, body):
        users = " ".join(said_by(body, "user"))
        if START in users:
            for (number, _), words in zip(self.started, said_by(body, "tool")[-len(self.started) :], strict=False):
                self.refused[number] = words
            self.started, self.waiting = self.waiting[:AT_ONCE], self.waiting[AT_ONCE:]
            return [
                ("task", {"context": "c", "tasks": [{"name": f"P{number}", "agent": name, "task": f"AGENT-{number}."}]})
                for number, name in self.started
            ]
        named, tools = re.search(r"AGENT-(\d+)\.", users), tools_of(body)
        if not named:
            return []
        number = int(named[1])
        if number not in self.sent:
            self.sent[number] = body
            return [(name, json.loads(json.dumps(words).replace("%d", str(number)))) for name, words in PROBES.values()]
        if number not in self.came:
            ids = {c["id"]: c["function"]["arguments"] for m in body["messages"] for c in m.get("tool_calls") or ()}
            answers = [(ids[m["tool_call_id"]], text_of(m)) for m in body["messages"] if m["role"] == "tool"]
            mine = {"hub": '"start"', **{name: f'"xd://{name}"' for name in SERVED_AS}}
            self.came[number] = {k: text for k, sign in mine.items() for words, text in answers if sign in words}
        done = len(said_by(body, "tool")) > len(PROBES)
        return [("yield", {"result": {"data": "ok"}})] if "yield" in tools and not done else []


def run(command, home):
    env = {"HOME": str(home), "PATH": f"{os.environ.get('PATH', '')}:{BUN.parent}", "TERM": "dumb"}
    env["TMPDIR"] = os.environ.get("TMPDIR", "/tmp")
    try:
        return subprocess.run(
            [str(BUN), *command],
            cwd=PROJECT,
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        return subprocess.CompletedProcess(command, 1, "", f"no end within {late.timeout} s")


def session(names, home):
    agents = Agents(names)
    model, folder = Model(agents.answer), home / ".omp/agent"
    folder.mkdir(parents=True)
    (folder / "models.yml").write_text(MODELS % model.address, "utf-8")
    # else it does not wait for those that it started; none is to be left out for its model
    (folder / "config.yml").write_text("async:\n  enabled: false\n", "utf-8")
    servers = {name: {"command": command(name)[0], "args": command(name)[1:]} for name in SERVED}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": servers}), "utf-8")
    words = ["-p", "--no-title", "--auto-approve", "--model", f"{NAME}/{NAME}", "--max-time", str(SECONDS), START]
    done = run([str(PACKAGE / "dist/cli.js"), *words], home)
    model.shutdown()
    return agents, done


def main():
    home = pathlib.Path(tempfile.mkdtemp(prefix="omp-home-"))
    (PROJECT / ".git").mkdir(exist_ok=True)  # the root of the project is where this is
    found = run([str(HERE / "discover.ts"), str(PACKAGE), str(PROJECT)], home)
    listed = {a["filePath"]: a for a in json.loads(found.stdout)}
    paths = sorted(path for path in PLACE.rglob("*") if path.is_file()) if PLACE.is_dir() else []
    there = [(number, listed[str(path)]["name"]) for number, path in enumerate(paths) if str(path) in listed]
    agents, done = session(there, home)
    out, errors = [], []
    for number, path in enumerate(paths):
        file = str(path.relative_to(PROJECT))
        if (about := listed.get(str(path))) is None:
            errors.append({"file": file, "message": "it is not among the agents", "stage": "load"})
            continue
        agent = {
            "file": file,
            "name": about["name"],
            "description": about["description"],
            "spawns": about.get("spawns"),
        }
        agent |= {"model": about.get("model"), "effort": about.get("thinkingLevel"), "prompt": about["systemPrompt"]}
        body = agents.sent.get(number)
        if body is None:
            agent["error"] = (agents.refused.get(number) or done.stderr or done.stdout)[-400:]
        else:
            agent["tools"], agent["ran"] = tools_of(body), agents.came.get(number)
            agent["wrote"] = (PROJECT / f"written-{number}.txt").exists()
            agent["prompt_delivered"] = about["systemPrompt"].strip() in "\n".join(said_by(body, "system"))
        out.append(agent)
    shutil.rmtree(home, ignore_errors=True)
    version = json.loads((PACKAGE / "package.json").read_text("utf-8"))["version"]
    print(json.dumps({"client": "omp", "version": version, "agents": out, "errors": errors, "served": SERVED_AS}))


main()
