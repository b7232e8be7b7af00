"""What Claude Code makes of ``.claude/agents``: lists the agents, then starts each one against a stand-in model.

Called with the folder of the program and the project. Prints one JSON object:
  agents   what the program has loaded:
    file         path inside the project, as the program itself reports it
    name, description, model   as the program reports them (model: null where the file set none)
    tools        the allow-list as the program parsed it; null = no allow-list (everything); [] = an empty list
    disallowed   the deny-list as the program parsed it (only where there is no allow-list: else it is subtracted)
    run          what the program really sent to the model when the agent was started (null where skipped): model,
                 effort, tools (built-in tools really handed over), prompt (system prompt without the program's own
                 parts), error (why it would not start)
    messages     what the program logged about the file
  errors   files that were not loaded: file, message, by ("client": the program said so; "harness": it said nothing)
Hooks and MCP servers in the files take no effect: fresh home = untrusted folder, disableAllHooks, --strict-mcp-config
(all three were seen to hold in 2.1.328).
"""

import contextlib
import glob
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAIN, PROBE = "AGENTCONV-MAIN-TURN", "AGENTCONV-PROBE-"
CALLS_PER_TURN = 40
RUN_SECONDS = 30


def find_client(root):
    for path in sorted(glob.glob(root + "/node_modules/@anthropic-ai/claude-code-*/claude")):
        if os.access(path, os.X_OK):
            done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
            if done.returncode == 0 and done.stdout.strip():
                return path, done.stdout.split()[0]
    sys.exit(f"no program under {root} that starts")


class Model:
    """A stand-in for the model on loopback: it makes the program start every agent and notes what it sends."""

    def __init__(self):
        self.lock, self.calls, self.main_texts, self.probes, self.sent = threading.Lock(), [], [], {}, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def answer(self, code, data, kind):
                self.send_response(code)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def do_GET(self):
                self.answer(
                    404, b'{"type":"error","error":{"type":"not_found_error","message":"offline"}}', "application/json"
                )

            do_HEAD = do_GET

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("content-length") or 0))
                try:
                    body = json.loads(raw)
                except ValueError:
                    body = {}
                if (
                    not self.path.startswith("/v1/messages")
                    or "count_tokens" in self.path
                    or not isinstance(body, dict)
                ):
                    return self.do_GET()
                blocks, stop = outer.reply(body)
                if body.get("stream"):
                    self.answer(200, stream(blocks, stop, body.get("model")), "text/event-stream")
                else:
                    self.answer(200, json.dumps(message(blocks, stop, body.get("model"))).encode(), "application/json")

        class Server(ThreadingHTTPServer):
            request_queue_size, daemon_threads = 512, True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, body):
        texts = []
        for m in body.get("messages") or []:
            c = m.get("content")
            texts += [c] if isinstance(c, str) else [b.get("text", "") for b in c or [] if isinstance(b, dict)]
        with self.lock:
            if any(MAIN in t for t in texts):
                self.main_texts = texts
                if self.sent < len(self.calls) and any(t.get("name") == "Agent" for t in body.get("tools") or []):
                    batch = self.calls[self.sent : self.sent + CALLS_PER_TURN]
                    self.sent += len(batch)
                    return [
                        {
                            "type": "tool_use",
                            "id": "toolu_%05d" % i,
                            "name": "Agent",
                            "input": {
                                "description": "probe",
                                "prompt": "%s%05d." % (PROBE, i),
                                "subagent_type": name,
                                "run_in_background": False,
                            },
                        }
                        for i, name in batch
                    ], "tool_use"
            else:
                for t in texts:
                    m = re.search(PROBE + r"(\d{5})\.", t)
                    if m:
                        self.probes.setdefault(int(m.group(1)), body)
                        break
        return [{"type": "text", "text": "done"}], "end_turn"


def message(blocks, stop, model):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def stream(blocks, stop, model):
    events = [{"type": "message_start", "message": message([], None, model)}]
    for i, b in enumerate(blocks):
        if b["type"] == "text":
            start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": b["text"]}
        else:
            start = dict(b, input={})
            delta = {"type": "input_json_delta", "partial_json": json.dumps(b["input"])}
        events += [
            {"type": "content_block_start", "index": i, "content_block": start},
            {"type": "content_block_delta", "index": i, "delta": delta},
            {"type": "content_block_stop", "index": i},
        ]
    events += [
        {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return "".join("event: {}\ndata: {}\n\n".format(e["type"], json.dumps(e)) for e in events).encode()


def copy_agents(src, dst):
    """Only the agent files travel (a project's settings, hooks and MCP files must never take effect here)."""
    if os.path.isdir(src):
        shutil.copytree(
            src,
            dst,
            symlinks=False,
            ignore_dangling_symlinks=True,
            ignore=lambda d, names: [
                n for n in names if not os.path.isdir(os.path.join(d, n)) and not os.path.isfile(os.path.join(d, n))
            ],
        )


def split_tools(text):
    """The program joins its list with ", "; commas inside parentheses belong to the entry."""
    out, depth, cur = [], 0, ""
    for ch in text:
        depth += (ch == "(") - (ch == ")")
        if ch == "," and depth <= 0:
            out.append(cur.strip())
            cur = ""
        else:
            cur += ch
    return [x for x in [*out, cur.strip()] if x]


class Session:
    def __init__(self, client, proj, env, log, extra):
        cmd = [
            client,
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
            "--no-session-persistence",
            "--strict-mcp-config",
            "--setting-sources",
            "project",
            "--settings",
            json.dumps({"disableAllHooks": True}),
            "--debug-file",
            log,
            *extra,
        ]
        self.p = subprocess.Popen(
            cmd,
            cwd=proj,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.q, self.err = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=lambda: self.err.append(self.p.stderr.read()), daemon=True).start()

    def _read(self):
        for line in self.p.stdout:
            with contextlib.suppress(ValueError):
                self.q.put(json.loads(line))
        self.q.put(None)

    def send(self, obj):
        try:
            self.p.stdin.write((json.dumps(obj) + "\n").encode())
            self.p.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass

    def ask(self, subtype, seconds=60, **more):
        self.send({"type": "control_request", "request_id": subtype, "request": dict(subtype=subtype, **more)})
        for m in self.until(
            lambda m: m.get("type") == "control_response" and m["response"].get("request_id") == subtype, seconds
        ):
            last = m
        r = last["response"]
        if r.get("subtype") != "success":
            raise RuntimeError("{}: {}".format(subtype, r.get("error")))
        return r.get("response") or {}

    def until(self, stop, seconds):
        end = time.time() + seconds
        while True:
            try:
                m = self.q.get(timeout=max(0.01, end - time.time()))
            except queue.Empty:
                raise RuntimeError("the program did not answer in %d s" % seconds)
            if m is None:
                raise RuntimeError("the program ended: {}".format(b"".join(self.err).decode("utf-8", "replace")[-500:]))
            yield m
            if stop(m):
                return

    def close(self):
        try:
            self.p.stdin.close()
            self.p.wait(20)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.p.pid, signal.SIGKILL)
            self.p.wait()


def main():
    src, (client, version) = os.path.abspath(sys.argv[2]), find_client(sys.argv[1])
    apart = os.environ.get("AGENTCONV_NETWORK") == "none"
    work = os.path.realpath(tempfile.mkdtemp(prefix="cc-"))
    home, proj, tmp = work + "/h", work + "/h/p", work + "/t"  # inside home: the program looks no further up than home
    for d in (home, proj, tmp):
        os.makedirs(d, 0o700)
    log, extra, base = work + "/debug.log", [], proj
    copy_agents(os.path.join(src, ".claude/agents"), os.path.join(base, ".claude/agents"))

    files = {}
    for d, _, names in os.walk(os.path.join(base, ".claude/agents")):
        for n in names:
            files[os.path.join(d, n)] = os.path.relpath(os.path.join(d, n), base)
    md = sorted(f for f in files if f.endswith(".md"))

    model = Model()
    dead = "http://127.0.0.1:9"
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": tmp,
        "CLAUDE_CODE_TMPDIR": tmp,
        "XDG_RUNTIME_DIR": tmp,
        "LANG": "C.UTF-8",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:%d" % model.server.server_port,
        "ANTHROPIC_API_KEY": "offline-no-credential",
        "HTTP_PROXY": dead,
        "HTTPS_PROXY": dead,
        "NO_PROXY": "127.0.0.1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "ENABLE_TOOL_SEARCH": "false",
        "CLAUDE_CODE_MAX_CONCURRENT_SUBAGENTS": "500",
        "CLAUDE_CODE_MAX_RETRIES": "0",
    }

    if shutil.which("git", path=env["PATH"]):  # so that `isolation: worktree` can start
        for cmd in (
            ["init", "-q"],
            ["-c", "user.name=x", "-c", "user.email=x@invalid", "commit", "-q", "--allow-empty", "-m", "x"],
        ):
            subprocess.run(
                ["git", *cmd],
                cwd=proj,
                env=dict(env, GIT_CONFIG_NOSYSTEM="1"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
            )

    out = {"client": "claude-code", "version": version, "agents": [], "errors": []}
    try:
        s = Session(client, proj, env, log, extra)
        try:
            listed = {a["name"]: a for a in s.ask("initialize").get("agents", [])}
            where = {a["agentType"]: a for a in s.ask("get_context_usage", detail="summary").get("agents", [])}
            agents = []
            for name, a in listed.items():
                path = (where.get(name) or {}).get("path")
                if path in files:
                    agents.append(
                        {
                            "file": files[path],
                            "name": name,
                            "description": a.get("description"),
                            "model": a.get("model"),
                            "tools": None,
                            "disallowed": None,
                            "run": None,
                            "run_skipped": None,
                            "messages": [],
                            "_path": path,
                        }
                    )
            results = {}
            if True:
                for i, a in enumerate(agents):
                    with open(a["_path"], encoding="utf-8", errors="replace") as f:
                        text = f.read()
                    head = re.match(r"\ufeff?---\s*\n(.*?)---", text, re.S)
                    if not apart and re.search(
                        r"hooks|mcp_?-?servers|PreToolUse|PermissionRequest", head.group(1) if head else text, re.I
                    ):
                        a["run_skipped"] = "mentions hooks or MCP servers"
                    else:
                        model.calls.append((i, a["name"]))
            s.send(
                {
                    "type": "user",
                    "message": {"role": "user", "content": MAIN},
                    "parent_tool_use_id": None,
                    "session_id": "",
                }
            )
            for m in s.until(lambda m: m.get("type") == "result", RUN_SECONDS + 5 * len(model.calls)):
                if m.get("type") == "user" and isinstance(m["message"].get("content"), list):
                    for b in m["message"]["content"]:
                        if (
                            isinstance(b, dict)
                            and b.get("type") == "tool_result"
                            and b["tool_use_id"].startswith("toolu_")
                        ):
                            results.setdefault(int(b["tool_use_id"][6:]), b)
        finally:
            s.close()
        text = "\n".join(model.main_texts)
        for i, a in enumerate(agents):
            head = "- {}: {} (Tools: ".format(a["name"], a["description"])
            at = text.find(head)
            if at >= 0:
                rest = text[at + len(head) :]
                ends = [m.start() for m in re.finditer(r"\)(?=\n|$)", rest)]
                shown = rest[: ends[0]] if ends else None
                if shown is None or shown == "All tools":
                    pass
                elif shown.startswith("All tools except "):
                    a["disallowed"] = split_tools(shown[len("All tools except ") :])
                else:
                    a["tools"] = [] if shown == "None" else split_tools(shown)
            else:
                a["messages"].append("harness: not found in the program's own list of agents; tools unknown")
            if a["run_skipped"]:
                continue
            body, res = model.probes.get(i), results.get(i)
            run = {"model": None, "effort": None, "tools": None, "prompt": None, "error": None}
            if body:
                system = body.get("system")
                parts = [system] if isinstance(system, str) else [b.get("text", "") for b in system or []]
                prompt = parts[-1] if parts else ""
                cut = prompt.find("\n\nMessages from the agent that launched you")
                if prompt.startswith("Messages from the agent that launched you"):
                    cut = 0
                run.update(
                    model=body.get("model"),
                    effort=(body.get("output_config") or {}).get("effort"),
                    tools=[t.get("name") for t in body.get("tools") or []],
                    prompt=prompt[:cut] if cut >= 0 else prompt,
                )
                if a["tools"] is None and a["disallowed"] is None and run["tools"] == []:
                    a["tools"] = []
            elif res:
                c = res.get("content")
                run["error"] = c if isinstance(c, str) else " ".join(b.get("text", "") for b in c or [])
            else:
                run["error"] = "harness: the program never started it"
            a["run"] = run

        lines = []
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as f:
                for line in f:
                    m = re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z \[\w+\] (.*)", line)
                    if m:
                        lines.append(m.group(1))
                    elif lines:
                        lines[-1] += "\n" + line.rstrip("\n")
        loaded = {a["_path"]: a for a in agents}
        byname = {a["name"]: a for a in agents}
        said, nameless = {}, []
        for msg in lines:
            msg = msg.rstrip()
            if msg.startswith('"') and msg.endswith(
                '"'
            ):  # the program writes a message of several lines as a JSON string
                with contextlib.suppress(ValueError):
                    msg = json.loads(msg)
            if "ENOENT" in msg or msg.startswith(("Watching for", "File ", "Loaded ")):
                continue
            hit = [p for p in files if p in msg]
            if "Duplicate agent name" not in msg:
                hit = [p for p in hit if not any(p != o and p in o for o in hit)]
            for p in hit:
                if msg.startswith("Failed to parse agent from"):
                    said.setdefault(p, []).extend(nameless)
                    nameless = []
                said.setdefault(p, []).append(msg.replace(base + "/", ""))
            if not hit:
                # Some messages name the agent, not the file; for a refused file its line follows at once.
                m = re.match(
                    r"(?:(?:Error parsing agent|Invalid hooks in agent|Agent|Skipping frontmatter .*? for agent)"
                    r" '(.+?)'"
                    r"|\[Agent: (.+?)\] )",
                    msg,
                    re.S,
                )
                name = m and (m.group(1) or m.group(2))
                if name in byname:
                    if (
                        "--strict-mcp-config" not in msg and "is not trusted" not in msg
                    ):  # (those two are this script's doing)
                        byname[name]["messages"].append(msg)
                elif m:
                    nameless.append(msg)
        for p, msgs in said.items():
            if any("failed to parse and was ignored" in m for m in msgs):
                msgs[:] = [m for m in msgs if not m.startswith("Failed to parse YAML frontmatter")]
        for p, a in loaded.items():
            a["messages"] += said.get(p, [])
        for p in md:
            if p not in loaded:
                msgs = [m for m in said.get(p, []) if not m.startswith("Failed to parse agent from")] or said.get(p, [])
                out["errors"].append(
                    {
                        "file": files[p],
                        "message": "; ".join(dict.fromkeys(msgs))
                        or "not loaded and nothing said (no string `name` in the frontmatter as the program reads it)",
                        "by": "client" if msgs else "harness",
                    }
                )
        for m in nameless:
            out["errors"].append({"file": None, "message": m, "by": "client"})

        out["agents"] = [{k: v for k, v in a.items() if k != "_path"} for a in sorted(agents, key=lambda a: a["file"])]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    json.dump(out, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
