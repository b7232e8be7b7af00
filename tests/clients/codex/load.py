"""Drives the real Codex binary against a stand-in model server on loopback.

`codex exec` loads the agent role files itself and reports malformed ones; the first request it sends to the
model carries the spawn_agent tool with the roles it accepted; the stand-in then asks it to spawn every one of
them, so each child's own first request shows the model, effort, sandbox, instructions and tools it ended up with.
"""

import glob
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from server import SERVED, command

BIN = next(iter(glob.glob(sys.argv[1] + "/node_modules/@openai/*/vendor/*/bin/codex")), "")
ROOT_DIR = Path(sys.argv[2]).resolve()
HOME = Path(os.environ["HOME"])
SERVED_AS = {
    f"mcp__{re.sub('[^a-zA-Z0-9_]', '_', n)}__{tool}": [n, tool] for n, tools in SERVED.items() for tool in tools
}


class State:
    lock = threading.Lock()
    root_thread = None
    root_requests = 0
    roles = {}  # name -> description block as shown to the model
    spawn_tool = None
    children = {}  # marker -> request
    outputs = {}  # call id -> text


S = State()


def meta(j):
    m = (j.get("client_metadata") or {}).get("x-codex-turn-metadata")
    try:
        return json.loads(m)
    except (TypeError, ValueError):
        return {}


def find_spawn(tools):
    for t in tools or []:
        if t.get("type") == "namespace":
            for s in t.get("tools", []):
                if s.get("name") == "spawn_agent":
                    return t["name"], s
        if t.get("name") == "spawn_agent":
            return None, t
    return None, None


def parse_roles(text):
    roles, head = {}, "Available roles:\n"
    if head not in text:
        return roles
    text = text.split(head, 1)[1]
    for m in re.finditer(r"^(.+?): \{\n(.*?)\n\}$|^(.+?): no description$", text, re.S | re.M):
        roles[m.group(1) or m.group(3)] = m.group(2) or ""
    return roles


def texts(j, role):
    out = []
    for i in j.get("input", []):
        if i.get("role") == role:
            for c in i.get("content") or []:
                if isinstance(c, dict) and c.get("text"):
                    out.append(c["text"])
    return out


def sse(events):
    return "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events).encode()


def done_events(items):
    usage = {
        "input_tokens": 1,
        "input_tokens_details": None,
        "output_tokens": 1,
        "output_tokens_details": None,
        "total_tokens": 2,
    }
    return (
        [{"type": "response.created", "response": {"id": "r"}}]
        + [{"type": "response.output_item.done", "item": i} for i in items]
        + [{"type": "response.completed", "response": {"id": "r", "usage": usage}}]
    )


MESSAGE = {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "done"}]}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"data":[],"models":[]}')

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            j = json.loads(body)
        except ValueError:
            j = {}
        items = [MESSAGE]
        marker = None
        for t in texts(j, "user"):
            m = re.search(r"AGENTCONV-ROLE-(\d+)", t)
            if m:
                marker = int(m.group(1))
        if marker is not None:
            with S.lock:
                S.children.setdefault(marker, j)
        else:
            with S.lock:
                S.root_requests += 1
                n = S.root_requests
            for i in j.get("input", []):
                if i.get("type") == "function_call_output":
                    o = i.get("output")
                    S.outputs[i.get("call_id")] = o if isinstance(o, str) else json.dumps(o)
            if n == 1:
                ns, tool = find_spawn(j.get("tools"))
                if tool:
                    S.spawn_tool = tool
                    props = tool["parameters"]["properties"]
                    S.roles = parse_roles(props.get("agent_type", {}).get("description", ""))
                    items = []
                    for k, name in enumerate(S.roles):
                        args = {"agent_type": name, "message": f"AGENTCONV-ROLE-{k}"}
                        item = {
                            "type": "function_call",
                            "id": f"fc{k}",
                            "call_id": f"call-{k}",
                            "name": "spawn_agent",
                            "arguments": json.dumps(args),
                        }
                        if ns:
                            item["namespace"] = ns
                        items.append(item)
                    items = items or [MESSAGE]
            else:
                end = time.time() + 25
                ok = [
                    k
                    for k in range(len(S.roles))
                    if "agent_id" in S.outputs.get(f"call-{k}", "") or f"call-{k}" not in S.outputs
                ]
                while time.time() < end and not all(k in S.children for k in ok):
                    time.sleep(0.1)
        try:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(sse(done_events(items)))
        except OSError:
            pass


def tools_of(j):
    """What it was sent: the tools of a server stand in a namespace."""
    found = set()
    for t in j.get("tools", []):
        name = t.get("name") or t.get("type")
        inner = t.get("tools", []) if t.get("type") == "namespace" and name.startswith("mcp__") else None
        found |= {name} if inner is None else {f"{name}__{one['name']}" for one in inner}
    return sorted(filter(None, found))


def toml_str(s):
    return json.dumps(str(s))


def main():
    agents_dir = ROOT_DIR / ".codex" / "agents"
    files = sorted(agents_dir.rglob("*.toml")) if agents_dir.is_dir() else []
    (HOME / ".codex").mkdir(exist_ok=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    servers = "".join(
        f"[mcp_servers.{toml_str(name)}]\ncommand = {toml_str(words[0])}\nargs = {json.dumps(words[1:])}\n"
        for name in SERVED
        for words in [command(name)]
    )
    (HOME / ".codex" / "config.toml").write_text(f"""
model = "agentconv-parent"
model_provider = "standin"
approval_policy = "never"
model_reasoning_effort = "agentconv-parent"
[features]
enable_request_compression = false
daemon_auto_start = false
[agents]
max_threads = {len(files) + 4}
[analytics]
enabled = false
[model_providers.standin]
name = "standin"
base_url = "http://127.0.0.1:{port}/v1"
wire_api = "responses"
requires_openai_auth = false
request_max_retries = 0
stream_max_retries = 0
[projects.{toml_str(ROOT_DIR)}]
trust_level = "trusted"
{servers}""")
    version = subprocess.run(
        [BIN, "--version"], env={"HOME": str(HOME), "PATH": ""}, capture_output=True, text=True, timeout=30
    ).stdout.split()[-1]
    # PATH is empty on purpose: an MCP server named by an agent file must not start here. Those of the session are given
    # by their place.
    env = {
        "HOME": str(HOME),
        "CODEX_HOME": str(HOME / ".codex"),
        "PATH": "/nonexistent",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }
    p = subprocess.run(
        [BIN, "exec", "--json", "--skip-git-repo-check", "-C", str(ROOT_DIR), "hello"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )

    def rel(f):
        return str(f.relative_to(ROOT_DIR))

    names = {}  # file -> declared name, only to tie a role back to its file
    wanted = {}  # file -> developer_instructions, only to find them again in the child's request
    for f in files:
        try:
            d = tomllib.loads(f.read_bytes().decode("utf-8-sig"))
            if isinstance(d.get("name"), str):
                names[f] = d["name"].strip()
            wanted[f] = d.get("developer_instructions")
        except (ValueError, UnicodeDecodeError):
            pass
    errors, seen, bad = [], set(), set()
    for line in p.stdout.splitlines():
        try:
            ev = json.loads(line)
        except ValueError:
            continue
        item = ev.get("item") or {}
        msg = (
            item.get("message")
            if item.get("type") == "error"
            else ev.get("message")
            if ev.get("type") == "error"
            else None
        )
        if not msg or msg in seen or "Model metadata for `agentconv-parent`" in msg:
            continue
        seen.add(msg)
        file = next((f for f in files if str(f) in msg), None)
        if file is None:
            m = re.search(r"agent role(?: name)? `([^`]+)`", msg)
            cands = [f for f in files if names.get(f) == m.group(1)] if m else []
            if cands:
                file = cands[-1] if "duplicate" in msg else cands[0]
        if file:
            bad.add(file)
        errors.append(
            {
                "file": rel(file) if file else None,
                "message": msg.replace(str(ROOT_DIR) + "/", "").strip(),
                "stage": "load" if "agent role" in msg else "session",
            }
        )
    if p.returncode and not errors:
        errors.append({"file": None, "message": (p.stderr or p.stdout)[-800:], "stage": "session"})
    agents = []
    for k, (name, block) in enumerate(S.roles.items()):
        file = next((f for f in files if names.get(f) == name and f not in bad), None)
        if file is None:
            continue  # built in
        shown = re.sub(r"\n?- This role's .*", "", block, flags=re.S)
        a = {
            "file": rel(file),
            "name": name,
            "description": shown,
            "tools": None,
            "model": None,
            "shown_to_model": block,
        }
        j = S.children.get(k)
        if j:
            m = meta(j)

            def inherit(v):
                return None if v == "agentconv-parent" else v  # None: taken over from the parent session

            a["model"] = inherit(j.get("model"))
            a["reasoning_effort"] = inherit((j.get("reasoning") or {}).get("effort"))
            a["service_tier"] = j.get("service_tier")
            a["verbosity"] = (j.get("text") or {}).get("verbosity")
            a["sandbox_mode"] = m.get("sandbox_mode")
            a["tools"] = tools_of(j)
            a["started"] = True
            # Present word for word in what the child was sent, or not delivered at all.
            a["instructions"] = next(
                (t for t in texts(j, "developer") if t.replace("\r\n", "\n") == wanted.get(file)), None
            )
        else:
            errors.append(
                {
                    "file": rel(file),
                    "message": "spawn_agent answered: " + S.outputs.get(f"call-{k}", "nothing"),
                    "stage": "spawn",
                }
            )
        agents.append(a)
    agents.sort(key=lambda a: a["file"])
    print(
        json.dumps(
            {
                "client": "codex",
                "version": version,
                "agents": agents,
                "errors": errors,
                "session_roles": list(S.roles),
                "known": {"tools": sorted({tool for a in agents for tool in a["tools"] or ()} - set(SERVED_AS))},
                "served": SERVED_AS,
                "exit_code": p.returncode,
            },
            indent=2,
        )
    )


main()
