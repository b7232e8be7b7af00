"""Real-client harness for OpenCode and its fork Kilo Code (stdlib only).

The program's own headless server (`serve`) is started on loopback with a
throw-away home, no credentials and (where the kernel allows) in an empty
network namespace.  It is then asked over HTTP which agents it resolved:

  GET /agent            resolved agents (the list the UI and the task tool use)
  GET /config/warnings  files skipped (Kilo only)
  GET /api/agent        the V2 view of the same files (OpenCode only)

Every agent file is loaded alone (so errors can be pinned to a file) and the
whole project once more together (so clashes and "one bad file stops
everything" show).  DIR itself is never written to: it is copied first.
"""

import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from starting import CALLER, CALLER_FILE, SERVED, Model, start

OPENCODE = {
    "id": "opencode",
    "bins": [
        "node_modules/opencode-linux-x64/bin/opencode",
        "node_modules/opencode-linux-x64-baseline/bin/opencode",
        "node_modules/opencode-*/bin/opencode",
    ],
    "dirs": [".opencode"],
    "configs": ["opencode.json", "opencode.jsonc"],
    "modes_files": [],
    "warnings": False,
}
KILO = {
    "id": "kilo",
    "bins": [
        "node_modules/@kilocode/cli-linux-x64/bin/kilo",
        "node_modules/@kilocode/cli-linux-x64-baseline/bin/kilo",
        "node_modules/@kilocode/cli-*/bin/kilo",
    ],
    "dirs": [".kilo", ".kilocode"],
    "configs": ["kilo.json", "kilo.jsonc", "opencode.json", "opencode.jsonc"],
    "modes_files": [".kilocodemodes"],
    "warnings": True,
}

AGENT_GLOBS = ["agent/**/*.md", "agents/**/*.md", "mode/*.md", "modes/*.md"]
EDIT_TOOLS = {"edit", "write", "apply_patch"}
MCP_RES_TOOLS = {"list_mcp_resources", "list_mcp_resource_templates", "read_mcp_resource"}


def find_binary(client):
    root = sys.argv[1]
    try:
        avx2 = "avx2" in open("/proc/cpuinfo").read()
    except OSError:
        avx2 = True
    for pattern in client["bins"]:
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            if not avx2 and "baseline" not in path:
                continue
            if os.access(path, os.X_OK):
                return path
    sys.exit("{} is not installed under {}: run install.sh".format(client["id"], root))


def client_env(home, extra_path):
    dead = "http://127.0.0.1:9"
    env = {
        "PATH": extra_path,
        "HOME": home,
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "npm_config_registry": dead,
        "HTTP_PROXY": dead,
        "HTTPS_PROXY": dead,
        "NO_PROXY": "127.0.0.1,localhost",
        "KILO_TELEMETRY_LEVEL": "off",
        "KILO_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }
    for prefix in ("OPENCODE_", "KILO_"):
        for k in (
            "DISABLE_MODELS_FETCH",
            "DISABLE_AUTOUPDATE",
            "DISABLE_LSP_DOWNLOAD",
            "DISABLE_DEFAULT_PLUGINS",
            "DISABLE_SHARE",
        ):
            env[prefix + k] = "1"
    return env


class Server:
    def __init__(self, binary, home, log, more=None):
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        self.port = s.getsockname()[1]
        s.close()
        self.log = open(log, "wb")
        self.proc = subprocess.Popen(
            [binary, "serve", "--hostname", "127.0.0.1", "--port", str(self.port)],
            cwd=home,
            env={**client_env(home, os.environ.get("PATH", "/usr/bin:/bin")), **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        end = time.time() + 60
        while True:
            try:
                self.health = self.get("/global/health", timeout=5)[1]
                break
            except OSError:
                if self.proc.poll() is not None or time.time() > end:
                    self.close()
                    sys.exit("server did not start: " + open(log, errors="replace").read()[-2000:])
                time.sleep(0.1)

    def get(self, path, directory=None, timeout=90):
        url = "http://127.0.0.1:%d%s" % (self.port, path)
        if directory:
            key = "location%5Bdirectory%5D" if path.startswith("/api/") else "directory"
            url += "?{}={}".format(key, urllib.parse.quote(directory, safe=""))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(url, timeout=timeout) as r:
                status, body = r.status, r.read()
        except urllib.error.HTTPError as e:
            status, body = e.code, e.read()
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body.decode("utf-8", "replace")

    def post(self, path, directory, body, timeout=60):
        url = "http://127.0.0.1:%d%s?directory=%s" % (self.port, path, urllib.parse.quote(directory, safe=""))
        request = urllib.request.Request(
            url, data=json.dumps(body).encode(), headers={"content-type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as r:
                return r.status, json.loads(r.read() or b"null")
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode("utf-8", "replace")
        except (OSError, ValueError) as e:
            return 0, str(e)

    def close(self):
        if self.proc.poll() is None:
            os.killpg(self.proc.pid, signal.SIGTERM)
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.proc.pid, signal.SIGKILL)
                self.proc.wait()
        self.log.close()


def agent_files(client, root):
    out = []
    for d in client["dirs"]:
        for g in AGENT_GLOBS:
            for p in glob.glob(os.path.join(root, d, g), recursive=True, include_hidden=True):
                if os.path.isfile(p):
                    out.append(os.path.relpath(p, root))
        for c in client["configs"]:
            if os.path.isfile(os.path.join(root, d, c)):
                out.append(os.path.join(d, c))
    for c in client["configs"] + client["modes_files"]:
        if os.path.isfile(os.path.join(root, c)):
            out.append(c)
    return sorted(set(out))


def side_files(src, files):
    """Small other files of DIR, so that {file:...} references still resolve."""
    out = []
    for base, dirs, names in os.walk(src):
        dirs[:] = sorted(d for d in dirs if d not in (".git", "node_modules"))
        for n in sorted(names):
            p = os.path.join(base, n)
            rel = os.path.relpath(p, src)
            if rel not in files and os.path.isfile(p) and os.path.getsize(p) < 1 << 18:
                out.append(rel)
            if len(out) >= 200:
                return out
    return out


def make_project(base, name, src, files):
    dst = os.path.join(base, name)
    os.makedirs(dst)
    subprocess.run(
        ["git", "init", "-q", dst],
        env={"PATH": os.environ["PATH"], "HOME": base},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for f in files:
        to = os.path.join(dst, f)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copyfile(os.path.join(src, f), to)
    return dst


def wildcard(text, pattern):
    """The program's own glob: * and ? over the whole string; a final ' *' is optional."""
    text, pattern = text.replace("\\", "/"), pattern.replace("\\", "/")
    rx = re.sub(r"([.+^${}()|\[\]\\])", r"\\\1", pattern).replace("*", ".*").replace("?", ".")
    if rx.endswith(" .*"):
        rx = rx[:-3] + "( .*)?"
    return re.fullmatch(rx, text, re.S) is not None


def tools_from_rules(ids, rules):
    """True/False per tool id by the program's rule: a tool is withheld when the last rule
    naming its permission is a deny for pattern '*' (edit/write/apply_patch share 'edit')."""
    out = {}
    for t in ids:
        key = "edit" if t in EDIT_TOOLS else "read" if t in MCP_RES_TOOLS else t
        last = None
        for r in rules:
            if wildcard(key, r.get("permission", "")):
                last = r
        out[t] = not (last and last.get("pattern") == "*" and last.get("action") == "deny")
    return out


def asks_from_rules(ids, rules):
    """The permissions that a tool needs and for which the last rule for everything is to ask."""
    out = set()
    for t in ids:
        key = "edit" if t in EDIT_TOOLS else "read" if t in MCP_RES_TOOLS else t
        last = None
        for r in rules:
            if wildcard(key, r.get("permission", "")) and r.get("pattern") == "*":
                last = r
        if last and last.get("action") == "ask":
            out.add(key)
    return sorted(out)


def describe(body):
    """Short text of the server's error object."""
    if not isinstance(body, dict):
        return str(body)[:600]
    data = body.get("data") if isinstance(body.get("data"), dict) else body
    bits = [str(body.get("name") or body.get("_tag") or "error")]
    if data.get("path"):
        bits[0] += " in " + str(data["path"])
    if data.get("message"):
        bits.append(str(data["message"]))
    for i in data.get("issues") or []:
        bits.append("{}: {}".format(".".join(map(str, i.get("path", []))) or "(top)", i.get("message")))
    return "; ".join(bits)


def own_rules(rules, base):
    """What an agent adds to the rules every new agent gets (common head and tail removed)."""
    head = 0
    while head < min(len(rules), len(base)) and rules[head] == base[head]:
        head += 1
    tail = 0
    while tail < min(len(rules), len(base)) - head and rules[-1 - tail] == base[-1 - tail]:
        tail += 1
    return rules[head : len(rules) - tail]


def view(a, base_rules, ids, source):
    m = a.get("model")
    rules = a.get("permission") or []
    out = {
        "file": source,
        "name": a.get("name"),
        "description": a.get("description"),
        "mode": a.get("mode"),
        "model": "{}/{}".format(m.get("providerID"), m.get("modelID")) if isinstance(m, dict) else m,
        "variant": a.get("variant"),
        "tools": tools_from_rules(ids, rules),
        "permission": own_rules(rules, base_rules),
        "asks": asks_from_rules(ids, own_rules(rules, base_rules)),
        "temperature": a.get("temperature"),
        "top_p": a.get("topP"),
        "steps": a.get("steps"),
        "color": a.get("color"),
        "hidden": a.get("hidden"),
        "native": a.get("native"),
        "displayName": a.get("displayName"),
        "options": a.get("options") or None,
        "prompt": a.get("prompt"),
    }
    return {k: v for k, v in out.items() if v is not None or k in ("description", "model")}


def named_models(src, files):
    """Provider and model, wherever a file seems to name one: each of them is to be the stand-in."""
    found = set()
    for f in files:
        with open(os.path.join(src, f), encoding="utf-8", errors="replace") as fh:
            found |= set(re.findall(r"""(?m)model["']?\s*:\s*["']?([\w.@-]+)/([^\s"',}]+)""", fh.read()))
    return found


def run(client, server, model, tmp, src, files, agents):
    """Start every agent that is not switched off; what its model was sent is put to it. They lie together, but for
    those of a name that is there already."""
    started = [a for a in agents if not a.get("disabled")]
    projects, names = [], []
    for file in dict.fromkeys(a["file"] for a in started):
        here = {a["name"] for a in started if a["file"] == file}
        n = next((n for n, taken in enumerate(names) if not taken & here), len(names))
        if n == len(names):
            names.append(set())
            projects.append([])
        names[n] |= here
        projects[n].append(file)
    where = {}
    for n, members in enumerate(projects):
        d = make_project(tmp, "run%d" % n, src, [*members, *side_files(src, set(files))])
        folder = os.path.join(d, client["dirs"][0], "agent")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, CALLER + ".md"), "w") as fh:
            fh.write(CALLER_FILE)
        where.update(dict.fromkeys(members, d))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = enumerate(started)
        made = pool.map(lambda job: start(server, model, job[0], where[job[1]["file"]], job[1]), jobs)
        for a, got in zip(started, made, strict=True):
            a["run"] = got


def main(client):
    src = os.path.abspath(sys.argv[2])
    binary = find_binary(client)
    tmp = os.path.realpath(tempfile.mkdtemp(prefix="load-{}-".format(client["id"])))
    result = {"client": client["id"], "version": None, "agents": [], "errors": [], "project": {}}
    server = None
    try:
        home = os.path.join(tmp, "home")
        os.makedirs(home)
        files = agent_files(client, src)
        empty = make_project(tmp, "empty", src, [])
        probe = make_project(tmp, "probe", src, [])
        os.makedirs(os.path.join(probe, client["dirs"][0], "agent"))
        with open(os.path.join(probe, client["dirs"][0], "agent", "harness-probe.md"), "w") as fh:
            fh.write("---\ndescription: probe\n---\nx\n")
        side = side_files(src, set(files))
        whole = make_project(tmp, "whole", src, files + side)
        alone = {f: make_project(tmp, "p%d" % i, src, [f, *side]) for i, f in enumerate(files)}
        model = Model()
        config = {client["id"].upper() + "_CONFIG_CONTENT": model.config(sorted(named_models(src, files)))}
        server = Server(binary, home, os.path.join(tmp, "log"), config)
        result["version"] = server.health.get("version")

        status, base = server.get("/agent", empty)
        if status != 200:
            sys.exit("baseline failed: " + describe(base))
        baseline = {a["name"]: a for a in base}
        _, ids = server.get("/experimental/tool/ids", empty)
        ids = ids if isinstance(ids, list) else []
        result["builtin_agents"] = sorted(baseline)
        result["tool_ids"] = ids
        result["known"] = {"tools": ids}
        result["served"] = {re.sub(r"[^\w-]", "_", n) + "_" + t: [n, t] for n, tools in SERVED.items() for t in tools}
        # the rules every new agent starts from, learnt from a file that asks for nothing
        _, body = server.get("/agent", probe)
        prefix = next((a["permission"] for a in body if a["name"] == "harness-probe"), [])

        def canon(a, d):
            return json.loads(json.dumps(a).replace(d, "<project>"))

        base_canon = {n: canon(a, empty) for n, a in baseline.items()}

        def warn(d):
            if not client["warnings"]:
                return []
            st, w = server.get("/config/warnings", d)
            return w if st == 200 and isinstance(w, list) else []

        base_warn = [json.dumps(w).replace(empty, "") for w in warn(empty)]

        def one(f):
            d = alone[f]
            agents, errors = [], []
            try:
                st, body = server.get("/agent", d)
            except OSError as e:
                return [], [{"file": f, "message": f"no answer: {e}"}]
            if st != 200:
                errors.append({"file": f, "message": describe(body).replace(d + "/", ""), "fatal": True})
            else:
                seen = set()
                for a in body:
                    seen.add(a["name"])
                    c = canon(a, d)
                    if base_canon.get(a["name"]) != c:
                        agents.append(view(a, prefix, ids, f))
                for n in set(baseline) - seen:
                    agents.append({"file": f, "name": n, "disabled": True})
            for w in warn(d):
                if json.dumps(w).replace(d, "") not in base_warn:
                    text = str(w.get("message") or w.get("detail") or w)
                    errors.append({"file": f, "warning": True, "message": text.replace(d + "/", "")})
            if st == 200:  # agents switched off by the file do not show in /agent
                st2, cfg = server.get("/config", d)
                for n, c in (cfg.get("agent") or {}).items() if st2 == 200 and isinstance(cfg, dict) else ():
                    if isinstance(c, dict) and c.get("disable") and not any(x["name"] == n for x in agents):
                        agents.append({"file": f, "name": n, "disabled": True, "description": c.get("description")})
            if not agents and not errors:
                is_config = os.path.basename(f) in client["configs"]
                errors.append(
                    {
                        "file": f,
                        "silent": True,
                        "message": "no agent in this file"
                        if is_config
                        else "the program loaded no agent from this file and said nothing",
                    }
                )
            return agents, errors

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for agents, errors in pool.map(one, files):
                result["agents"] += agents
                result["errors"] += errors
        run(client, server, model, tmp, src, files, result["agents"])

        st, body = server.get("/agent", whole)
        if st != 200:
            result["project"] = {"loads": False, "message": describe(body).replace(whole + "/", "")}
        else:
            got = [a["name"] for a in body if base_canon.get(a["name"]) != canon(a, whole)]
            result["project"] = {"loads": True, "agents": got}
            names = [a["name"] for a in result["agents"]]
            result["project"]["clashes"] = sorted({n for n in names if names.count(n) > 1})
            w = [x for x in warn(whole) if json.dumps(x).replace(whole, "") not in base_warn]
            if w:
                result["project"]["warnings"] = len(w)
                result["project"]["note"] = "files named in warnings were skipped, the rest loaded"
    finally:
        if server:
            server.close()
            model.server.shutdown()
        shutil.rmtree(tmp, ignore_errors=True)
    json.dump(result, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(KILO if os.path.basename(sys.argv[1].rstrip("/")) == KILO["id"] else OPENCODE)
