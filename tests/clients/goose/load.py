"""Starts each recipe of a project in Goose, with a stand-in for the model on the loopback that notes what it is sent.

A recipe without a first message is started with one, as a user would type it. The user has switched on the servers of
``server.py``, and a recipe may start them as `mcp-NAME`; no other one can start: there is no other command on the path.
"""

import concurrent.futures
import http.server
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from server import SERVED, command

PROGRAM, PROJECT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
BIN = PROGRAM / "node_modules/@aaif/goose-binary-linux-x64/bin/goose"
PLACES = ("recipes", ".goose/recipes", ".agents/recipes")
MODEL, SAID, ADDED = "standin", "AGENTCONV-FIRST-MESSAGE", "# Additional Instructions:\n\n"
AT_ONCE = 4
SERVED_AS = {f"{name}__{tool}": [name, tool] for name, tools in SERVED.items() for tool in tools}


class Model(http.server.ThreadingHTTPServer):
    """The stand-in; it keeps the requests of one start."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, data, kind):
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer(200, b'{"object": "list", "data": []}', "application/json")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        if named := re.search(r"/models/([^:/]+):", self.path):  # where a maker has it in the address
            body["model"] = named[1]
        self.server.requests.append(body)
        if not self.path.endswith("chat/completions"):  # what was sent is known; how it goes on is nobody's business
            self.answer(400, b'{"error": {"message": "enough"}}', "application/json")
            return
        said = {"index": 0, "delta": {"role": "assistant", "content": "done"}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        chunks = [{"id": "1", "object": "chat.completion.chunk", "model": MODEL, "choices": [c]} for c in (said, end)]
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self.answer(200, text.encode(), "text/event-stream")


def run(home, address, *words, typed=None):
    keys = {f"{maker}_API_KEY": "none" for maker in ("OPENAI", "ANTHROPIC", "GOOGLE", "XAI")}
    hosts = {f"{maker}_HOST": address for maker in ("OPENAI", "ANTHROPIC", "GOOGLE", "XAI")}
    env = {
        "HOME": str(home),
        "PATH": str(home / "commands"),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": MODEL,
        "GOOSE_DISABLE_KEYRING": "1",
        **keys,
        **hosts,
    }
    return subprocess.run(
        [str(BIN), *words], cwd=PROJECT, env=env, input=typed or "", capture_output=True, text=True, timeout=60
    )


def tools_of(body):
    found = body.get("tools") or []
    parts = found if isinstance(found, list) else [found]
    flat = [one for part in parts for one in part.get("functionDeclarations") or [part]]
    return [name for tool in flat if (name := (tool.get("function") or tool).get("name"))]


def texts_of(body, role):
    """The texts of one side: of the system, or of the user."""
    if role == "system":
        top = body.get("instructions") or body.get("system") or (body.get("systemInstruction") or {}).get("parts")
        if top:
            return [top] if isinstance(top, str) else [part.get("text", "") for part in top]
    found = []
    for message in body.get("messages") or body.get("input") or body.get("contents") or []:
        content = message.get("content") or message.get("parts") or ""
        if message.get("role") == role:
            found += [content] if isinstance(content, str) else [part.get("text") or "" for part in content]
    return found


def prompt_of(body, typed):
    """What the recipe told it: the end of the system prompt, else its first message."""
    for text in texts_of(body, "system"):
        if ADDED in text:  # what a `response` demands stands in front
            return re.sub(r"\A# Final Output Instructions\n.*\n----\n\n\n", "", text.partition(ADDED)[2], flags=re.S)
    return None if typed else "".join(texts_of(body, "user")).partition("\n<turn-context>")[0]


def last_line(done):
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower() or "please" in line.lower()), (lines or [""])[-1])


def words_of(shown):
    """The texts of what the program shows, which is YAML 1.2: `yes` is one."""
    values = yaml.load(shown, yaml.BaseLoader)
    return values.get("recipe", values)


def home_with_servers():
    """A home whose user has the servers, and their commands in a folder."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="goose-home-"))
    settings, commands = home / ".config/goose/config.yaml", home / "commands"
    settings.parent.mkdir(parents=True)
    commands.mkdir()
    servers = {}
    for name in SERVED:
        (commands / f"mcp-{name}").write_text(f"#!/bin/sh\nexec {shlex.join(command(name))}\n")
        (commands / f"mcp-{name}").chmod(0o755)
        words = {"type": "stdio", "name": name, "cmd": f"mcp-{name}", "args": [], "envs": {}, "timeout": 300}
        servers[name] = {"enabled": True, **words}
    settings.write_text(yaml.safe_dump({"GOOSE_TELEMETRY_ENABLED": False, "extensions": servers}))
    return home


def start(path):
    """One recipe: an agent, or why it is none."""
    file, home = str(path.relative_to(PROJECT)), home_with_servers()
    model = Model()
    try:
        shown = run(home, model.address, "run", "--recipe", str(path), "--render-recipe")
        values = yaml.safe_load(shown.stdout) if shown.returncode == 0 else None
        if not isinstance(values, dict):
            checked = run(home, model.address, "recipe", "validate", str(path))
            if checked.returncode:
                return None, {"file": file, "message": last_line(checked), "stage": "load"}
            # a parameter that the caller has to give
            return None, {"file": file, "message": last_line(shown), "stage": "start"}
        values = values.get("recipe", values)
        typed = None if str(values.get("prompt") or "").strip() else SAID
        words = ["run", "--recipe", str(path), "--no-session", "--quiet", *(["--interactive"] if typed else [])]
        done = run(home, model.address, *words, "--max-turns", "1", typed=f"{typed}\n" if typed else None)
        # a title for the session is asked for beside it
        bodies = [b for b in model.requests if "---BEGIN USER MESSAGES---" not in json.dumps(b)]
        if not bodies:
            return None, {"file": file, "message": last_line(done), "stage": "start"}
        body = bodies[0]
        return {
            "file": file,
            "name": path.stem,
            "description": words_of(shown.stdout).get("description"),
            "prompt": prompt_of(body, typed),
            "tools": sorted(tools_of(body)),
            "model": None if body.get("model") == MODEL else body.get("model"),
        }, None
    except subprocess.TimeoutExpired:
        return None, {"file": file, "message": "no answer in time", "stage": "start"}
    finally:
        model.shutdown()
        shutil.rmtree(home, ignore_errors=True)


def main():
    version = subprocess.run([str(BIN), "--version"], capture_output=True, text=True, env={"HOME": "/nonexistent"})
    files = sorted(p for place in PLACES for p in (PROJECT / place).glob("*") if p.suffix in (".yaml", ".json"))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(start, files))
    agents = [agent for agent, _ in found if agent]
    errors = [error for _, error in found if error]
    said = {"client": "goose", "version": version.stdout.strip(), "served": SERVED_AS}
    print(json.dumps({**said, "agents": agents, "errors": errors}))


main()
