"""What Claude Code makes of ``.claude/agents``, and of maps for ``--agents``: lists the agents, then starts each one
against a stand-in for its model.

Called with the folder of the program and the project. Every ``*.json`` at the root of the project is such a map, handed
to a session of its own. Prints one JSON object:
  agents   what the program has loaded:
    file         path inside the project, as the program itself reports it (of a map: the map's)
    name, description, model   as the program reports them (model: null where the file set none)
    tools        the allow-list as the program parsed it; null = no allow-list (everything); [] = an empty list
    disallowed   the deny-list as the program parsed it (only where there is no allow-list: else it is subtracted)
    run          what the program really sent to the model when the agent was started (null where skipped): model,
                 effort, tools (built-in tools really handed over), prompt (system prompt without the program's own
                 parts), error (why it would not start)
    served       the tools of servers that were there (``server.py``): name -> server, tool
    messages     what the program logged about the file
  errors   files that were not loaded: file, message, by ("client": the program said so; "harness": it said nothing)
Hooks and MCP servers in the files take no effect: fresh home = untrusted folder, disableAllHooks, --strict-mcp-config
(all three were seen to hold in 2.1.328).
"""

import contextlib
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from session import Session
from standin import MAIN, Model

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from server import SERVED, command

RUN_SECONDS = 30
SERVED_AS = {f"mcp__{name}__{tool}": [name, tool] for name, tools in SERVED.items() for tool in tools}
AGENTS = ".claude/agents"


def find_client(root):
    for path in sorted(glob.glob(root + "/node_modules/@anthropic-ai/claude-code-*/claude")):
        if os.access(path, os.X_OK):
            done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
            if done.returncode == 0 and done.stdout.strip():
                return path, done.stdout.split()[0]
    sys.exit(f"no program under {root} that starts")


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


@contextlib.contextmanager
def place():
    """An empty home with a project in it: the program looks no further up than home."""
    work = os.path.realpath(tempfile.mkdtemp(prefix="cc-"))
    home, proj, tmp = work + "/h", work + "/h/p", work + "/t"
    for d in (home, proj, tmp):
        os.makedirs(d, 0o700)
    dead = "http://127.0.0.1:9"
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": tmp,
        "CLAUDE_CODE_TMPDIR": tmp,
        "XDG_RUNTIME_DIR": tmp,
        "LANG": "C.UTF-8",
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
    try:
        yield work, proj, env
    finally:
        shutil.rmtree(work, ignore_errors=True)


def loaded(name, listed, file):
    """An agent that the program has, with what is still to be asked."""
    return {
        "file": file,
        "name": name,
        "description": listed.get("description"),
        "model": listed.get("model"),
        "tools": None,
        "disallowed": None,
        "run": None,
        "run_skipped": None,
        "messages": [],
    }


def started(client, proj, env, log, extra, pick):
    """The agents that ``pick`` makes of the program's list, each of them started once."""
    model, results = Model(), {}
    env = dict(env, ANTHROPIC_BASE_URL="http://127.0.0.1:%d" % model.server.server_port)
    servers = {name: {"command": command(name)[0], "args": command(name)[1:]} for name in SERVED}
    s = Session(client, proj, env, log, ["--mcp-config", json.dumps({"mcpServers": servers}), *extra])
    try:
        listed = {a["name"]: a for a in s.ask("initialize").get("agents", [])}
        where = {a["agentType"]: a for a in s.ask("get_context_usage", detail="summary").get("agents", [])}
        agents = pick(listed, where)
        for i, a in enumerate(agents):
            if not a["run_skipped"]:
                model.calls.append((i, a["name"]))
        s.send(
            {"type": "user", "message": {"role": "user", "content": MAIN}, "parent_tool_use_id": None, "session_id": ""}
        )
        for m in s.until(lambda m: m.get("type") == "result", RUN_SECONDS + 5 * len(model.calls)):
            if m.get("type") == "user" and isinstance(m["message"].get("content"), list):
                for b in m["message"]["content"]:
                    if isinstance(b, dict) and b.get("type") == "tool_result" and b["tool_use_id"].startswith("toolu_"):
                        results.setdefault(int(b["tool_use_id"][6:]), b)
    finally:
        s.close()
    text = "\n".join(model.main_texts)
    for i, a in enumerate(agents):
        read_lists(a, text)
        if not a["run_skipped"]:
            a["run"] = ran(model.probes.get(i), results.get(i))
            a["served"] = {name: at for name, at in SERVED_AS.items() if name in model.main_tools}
            if a["tools"] is None and a["disallowed"] is None and a["run"]["tools"] == []:
                a["tools"] = []
    return agents


def read_lists(a, text):
    """The lists of tools as the program tells them to its model."""
    head = "- {}: {} (Tools: ".format(a["name"], a["description"])
    at = text.find(head)
    if at < 0:
        a["messages"].append("harness: not found in the program's own list of agents; tools unknown")
        return
    rest = text[at + len(head) :]
    ends = [m.start() for m in re.finditer(r"\)(?=\n|$)", rest)]
    shown = rest[: ends[0]] if ends else None
    if shown is None or shown == "All tools":
        pass
    elif shown.startswith("All tools except "):
        a["disallowed"] = split_tools(shown[len("All tools except ") :])
    else:
        a["tools"] = [] if shown == "None" else split_tools(shown)


def ran(body, res):
    """What was sent when an agent was started, or why it was not."""
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
    elif res:
        c = res.get("content")
        run["error"] = c if isinstance(c, str) else " ".join(b.get("text", "") for b in c or [])
    else:
        run["error"] = "harness: the program never started it"
    return run


def would_start_things(text):
    """Where this machine has no namespaces, an agent with hooks or servers is not started."""
    if os.environ.get("AGENTCONV_NETWORK") != "none" and re.search(
        r"hooks|mcp_?-?servers|PreToolUse|PermissionRequest", text, re.I
    ):
        return "mentions hooks or MCP servers"
    return None


def folder(client, src, out):
    """The agents of ``.claude/agents``."""
    with place() as (work, proj, env):
        copy_agents(os.path.join(src, AGENTS), os.path.join(proj, AGENTS))
        files = {}
        for d, _, names in os.walk(os.path.join(proj, AGENTS)):
            for n in names:
                files[os.path.join(d, n)] = os.path.relpath(os.path.join(d, n), proj)
        paths = []

        def pick(listed, where):
            agents = []
            for name, a in listed.items():
                path = (where.get(name) or {}).get("path")
                if path in files:
                    agents.append(loaded(name, a, files[path]))
                    paths.append(path)
                    with open(path, encoding="utf-8", errors="replace") as f:
                        text = f.read()
                    head = re.match(r"\ufeff?---\s*\n(.*?)---", text, re.S)
                    agents[-1]["run_skipped"] = would_start_things(head.group(1) if head else text)
            return agents

        agents = started(client, proj, env, work + "/debug.log", [], pick)
        out["errors"] += logged(logged_lines(work + "/debug.log"), files, proj, dict(zip(paths, agents, strict=True)))
        out["agents"] += sorted(agents, key=lambda a: a["file"])


def logged_lines(log):
    """The messages of the program's log, those of several lines as one."""
    lines = []
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as f:
            for line in f:
                m = re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z \[\w+\] (.*)", line)
                if m:
                    lines.append(m.group(1))
                elif lines:
                    lines[-1] += "\n" + line.rstrip("\n")
    return lines


def logged(lines, files, base, agents):
    """The errors that the log tells of files; what it tells of an agent is put to it."""
    byname = {a["name"]: a for a in agents.values()}
    said, nameless, errors = {}, [], []
    for msg in lines:
        msg = msg.rstrip()
        if msg.startswith('"') and msg.endswith('"'):  # a message of several lines is written as a JSON string
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
                if "--strict-mcp-config" not in msg and "is not trusted" not in msg:  # (those are this script's doing)
                    byname[name]["messages"].append(msg)
            elif m:
                nameless.append(msg)
    for msgs in said.values():
        if any("failed to parse and was ignored" in m for m in msgs):
            msgs[:] = [m for m in msgs if not m.startswith("Failed to parse YAML frontmatter")]
    for p, a in agents.items():
        a["messages"] += said.get(p, [])
    for p in sorted(f for f in files if f.endswith(".md") and f not in agents):
        msgs = [m for m in said.get(p, []) if not m.startswith("Failed to parse agent from")] or said.get(p, [])
        silence = "not loaded and nothing said (no string `name` in the frontmatter as the program reads it)"
        errors.append(
            {
                "file": files[p],
                "message": "; ".join(dict.fromkeys(msgs)) or silence,
                "by": "client" if msgs else "harness",
            }
        )
    return errors + [{"file": None, "message": m, "by": "client"} for m in nameless]


def agents_map(client, path, out):
    """The agents of a map that is handed over with ``--agents``: as a file, which it takes as well as the text."""
    name = os.path.basename(path)
    with place() as (work, proj, env):
        copy = os.path.join(work, name)
        shutil.copyfile(path, copy)
        with open(path, encoding="utf-8", errors="replace") as f:
            skipped = would_start_things(f.read())

        def pick(listed, where):
            given = {n: a for n, a in listed.items() if (where.get(n) or {}).get("source") == "flagSettings"}
            return [dict(loaded(n, a, name), run_skipped=skipped) for n, a in given.items()]

        try:
            out["agents"] += started(client, proj, env, work + "/debug.log", ["--agents", copy], pick)
        except RuntimeError as problem:  # it ends at once when it does not take the map
            out["errors"].append({"file": name, "message": str(problem).replace(work + "/", ""), "by": "client"})


def main():
    src, (client, version) = os.path.abspath(sys.argv[2]), find_client(sys.argv[1])
    out = {"client": "claude-code", "version": version, "agents": [], "errors": []}
    maps = sorted(glob.glob(src + "/*.json"))
    if os.path.isdir(os.path.join(src, AGENTS)) or not maps:
        folder(client, src, out)
    for path in maps:
        agents_map(client, path, out)
    json.dump(out, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
