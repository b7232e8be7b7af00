"""Drives the real Droid binary in its own offline ("airgap") mode against a stand-in model server on loopback.

The first request of a session lists the droids Droid found; the stand-in answers with one Task call per droid, and
each child's own first request shows the tools and the instructions it was given.
"""

import glob
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from server import SERVED, command

BIN = next(iter(glob.glob(sys.argv[1] + "/node_modules/@factory/*/bin/droid")), "")
PROJECT = Path(sys.argv[2]).resolve()
LISTED = re.compile(r"^- ([^\n]+?):(?: ((?:(?!\n- [\w.-]+:).)*?))? \(location: project\)$", re.M | re.S)


SERVED_AS = {f"{server}___{tool}": [server, tool] for server, tools in SERVED.items() for tool in tools}


class Run:
    def __init__(self, spawn):
        self.spawn, self.lock = spawn, threading.Lock()
        self.droids, self.children, self.root_tools, self.results = [], {}, [], {}
        self.reached = {}  # child -> the servers' tools that answered it

    def next_of(self, child, asked):
        """What a child calls: tools of servers are in its list only when it has looked for them, so what it reaches is
        told by calling them all."""
        self.children.setdefault(child, asked)
        said = [text_of(m) for m in asked.get("messages", []) if m.get("role") == "tool"]
        if not said:
            return [call("look", "ToolSearch", {"query": "select:" + ",".join(SERVED_AS)})]
        if len(said) == 1:
            return [call(f"use-{n}", name, {}, n) for n, name in enumerate(SERVED_AS)]
        self.reached[child] = [name for name, text in zip(SERVED_AS, said[1:], strict=True) if "ECHOED" in text]
        return None


def call(id, name, words, n=0):
    return {"index": n, "id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(words)}}


def text_of(m):
    c = m.get("content")
    return c if isinstance(c, str) else "\n".join(x.get("text", "") for x in c or [] if isinstance(x, dict))


def handler(run):
    class H(http.server.BaseHTTPRequestHandler):
        def log_message(self, *a):
            pass

        def do_GET(self):
            self.send_response(404)
            self.end_headers()

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                j = json.loads(body)
            except ValueError:
                j = {}
            msgs = j.get("messages", [])
            users = "\n".join(text_of(m) for m in msgs if m.get("role") == "user")
            child = re.search(r"AGENTCONV-DROID-(\d+)", users)
            calls = None
            with run.lock:
                if child:
                    calls = run.next_of(int(child.group(1)), j)
                else:
                    for m in msgs:
                        if m.get("role") == "tool":
                            run.results[m.get("tool_call_id")] = text_of(m)
                    if not run.root_tools:
                        run.root_tools = sorted(t["function"]["name"] for t in j.get("tools", []))
                        run.droids = [(a, (b or "").strip()) for a, b in LISTED.findall(users)]
                        if run.spawn and run.droids:
                            calls = [
                                call(
                                    f"call{i}",
                                    "Task",
                                    {
                                        "subagent_type": n,
                                        "description": "probe",
                                        "prompt": f"AGENTCONV-DROID-{i}",
                                        "await": True,
                                    },
                                    i,
                                )
                                for i, (n, _) in enumerate(run.droids)
                            ]
            delta = (
                {"role": "assistant", "content": None, "tool_calls": calls}
                if calls
                else {"role": "assistant", "content": "done"}
            )
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            try:
                self.send_response(200)
                if j.get("stream"):
                    self.send_header("content-type", "text/event-stream")
                    self.end_headers()
                    for c in (
                        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
                        {
                            "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}],
                            "usage": usage,
                        },
                    ):
                        c.update(id="c", object="chat.completion.chunk", model="standin")
                        self.wfile.write(("data: " + json.dumps(c) + "\n\n").encode())
                    self.wfile.write(b"data: [DONE]\n\n")
                else:
                    self.send_header("content-type", "application/json")
                    self.end_headers()
                    self.wfile.write(
                        json.dumps(
                            {
                                "id": "c",
                                "object": "chat.completion",
                                "model": "standin",
                                "usage": usage,
                                "choices": [
                                    {
                                        "index": 0,
                                        "message": {"role": "assistant", "content": "done"},
                                        "finish_reason": "stop",
                                    }
                                ],
                            }
                        ).encode()
                    )
            except OSError:
                pass

    return H


def session(project, spawn):
    run = Run(spawn)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(run))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = Path(tempfile.mkdtemp())
    (home / ".factory").mkdir()
    (home / ".factory" / "settings.json").write_text(
        json.dumps(
            {
                "customModels": [
                    {
                        "model": "standin",
                        "id": "custom:standin",
                        "displayName": "standin",
                        "apiKey": "none",
                        "maxOutputTokens": 1000,
                        "baseUrl": f"http://127.0.0.1:{server.server_address[1]}/v1",
                        "provider": "generic-chat-completion-api",
                    }
                ],
                "trustedFolders": [str(project)],
            }
        )
    )
    servers = {
        name: {"type": "stdio", "command": words[0], "args": words[1:]}
        for name, words in ((name, command(name)) for name in SERVED)
    }
    (home / ".factory" / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "FACTORY_AIRGAP_ENABLED": "true",
        "FACTORY_DISABLE_KEYRING": "true",
        "FACTORY_DROID_AUTO_UPDATE_ENABLED": "false",
    }
    p = subprocess.Popen(
        [BIN, "exec", "-m", "custom:standin", "--auto", "high", "--cwd", str(project), "hello"],
        env=env,
        cwd=project,  # the droids of this folder are its, too, whatever `--cwd` says
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = p.communicate(timeout=200)
    except subprocess.TimeoutExpired:
        out, err = "", "timed out"
    finally:
        try:
            os.killpg(p.pid, signal.SIGKILL)  # the session's own helpers, by its group id
        except OSError:
            pass
    server.shutdown()
    log = home / ".factory" / "logs" / "droid-log-single.log"
    warnings = []
    if log.is_file():
        for line in log.read_text(errors="replace").splitlines():
            m = re.match(r"\[[^\]]*\] (WARN|ERROR): (.*?)(?: \| Context:|$)", line)
            if m and re.search(r"droid|frontmatter|YAML", m.group(2)) and m.group(2) not in warnings:
                warnings.append(m.group(2))
    shutil.rmtree(home, ignore_errors=True)
    return run, warnings, p.returncode, (out, err)


def declared_name(f):
    m = re.match(r"^---\r?\n(.*?)\r?\n---", f.read_text(errors="replace"), re.S)
    n = re.search(r"^name:[ \t]*(.+?)[ \t\r]*$", m.group(1), re.M) if m else None
    return n.group(1).strip("\"'") if n else f.stem


def main():
    version = subprocess.run(
        [BIN, "--version"],
        env={"HOME": os.environ["HOME"], "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.strip()
    files = sorted((PROJECT / ".factory" / "droids").glob("*.md"))

    def rel(f):
        return str(f.relative_to(PROJECT))

    errors, agents = [], []
    run, warnings, code, (out, err) = session(PROJECT, True)
    by_name = {}
    for f in files:
        by_name.setdefault(declared_name(f), []).append(f)
    listed = {n for n, _ in run.droids}
    unsure = [f for f in files if declared_name(f) not in listed or len(by_name[declared_name(f)]) > 1]
    found = {}  # file -> name, from a session that holds this file alone
    if warnings or unsure:
        for f in files if warnings else unsure:
            with tempfile.TemporaryDirectory() as d:
                (Path(d) / ".factory" / "droids").mkdir(parents=True)
                shutil.copy(f, Path(d) / ".factory" / "droids" / f.name)
                one, w, _, _ = session(Path(d), False)
            for m in w:
                errors.append({"file": rel(f), "message": m, "stage": "warning"})
            if one.droids:
                found[f] = one.droids[0][0]
            else:
                errors.append({"file": rel(f), "message": "not listed by the program", "stage": "load"})
    used = set()
    for i, (name, desc) in enumerate(run.droids):
        file = next((f for f in files if f not in used and (found.get(f) or declared_name(f)) == name), None)
        used.add(file)
        a = {
            "file": rel(file) if file else None,
            "name": name,
            "description": desc or None,
            "tools": None,
            "model": None,
        }
        j = run.children.get(i)
        if j:
            a["tools"] = sorted({t["function"]["name"] for t in j.get("tools", [])} | set(run.reached.get(i, ())))
            a["model"] = None if j.get("model") == "standin" else j.get("model")  # None: the parent's model
            body = (
                re.sub(r"\A---\r?\n.*?\r?\n---\r?\n?", "", file.read_text(errors="replace"), flags=re.S).strip()
                if file
                else ""
            )
            sent = "\n".join(text_of(m) for m in j.get("messages", []))
            # a mark in front of the file is not sent, and of an empty prompt there is nothing to send
            a["instructions_delivered"] = body.replace("\r\n", "\n").lstrip("\ufeff") in sent.replace("\r\n", "\n")
        else:
            errors.append(
                {
                    "file": a["file"],
                    "message": "Task answered: " + run.results.get(f"call{i}", "nothing")[:400],
                    "stage": "spawn",
                }
            )
        agents.append(a)
    if code and not run.root_tools:
        errors.append({"file": None, "message": (err or out)[-800:], "stage": "session"})
    agents.sort(key=lambda a: a["file"] or "")
    print(
        json.dumps(
            {
                "client": "droid",
                "version": version,
                "agents": agents,
                "errors": errors,
                "served": SERVED_AS,
                "session_tools": run.root_tools,
            },
            indent=2,
        )
    )


main()
