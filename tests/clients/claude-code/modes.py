"""What Claude Code makes of the calls of subagents: it runs them, asks first, or denies them.

Called with the folder of the program and a project. Each agent of ``.claude/agents`` is started against a stand-in for
its model that makes one call after the other; every question is answered with yes. Prints one JSON object:
  agents   name -> call -> what became of it: `ran`, `asked` (and ran after the yes), `denied`
"""

import json
import os
import re
import sys

from load import AGENTS, RUN_SECONDS, copy_agents, find_client, place
from session import Session
from standin import MAIN, PROBE, Model


def calls(proj, number):
    """Calls by name; a file of its own for each agent that writes."""
    return {
        "Read": ("Read", {"file_path": f"{proj}/there.txt"}),
        "Write": ("Write", {"file_path": f"{proj}/new{number}.txt", "content": "x"}),
        "Bash": ("Bash", {"command": f"touch made{number}", "description": "x"}),
        "Bash that reads": ("Bash", {"command": "ls", "description": "x"}),
        "WebFetch": ("WebFetch", {"url": "http://127.0.0.1:1/", "prompt": "x"}),
    }


class Calling(Model):
    """A model that makes all the calls in each subagent."""

    def __init__(self, proj):
        super().__init__()
        self.proj, self.seen = proj, {}

    def reply(self, body):
        blocks = [b for m in body.get("messages") or [] for b in listed(m.get("content"))]
        texts = [b.get("text", "") for b in blocks if b.get("type") == "text"]
        who = next((found[1] for t in texts if (found := re.search(PROBE + r"(\d{5})\.", t))), None)
        if who is None or any(MAIN in t for t in texts):
            return super().reply(body)
        made = calls(self.proj, int(who))
        answers = [b for b in blocks if b.get("type") == "tool_result"]
        for block in answers:
            self.seen[block["tool_use_id"]] = json.dumps(block.get("content"))
        if len(answers) == len(made):
            return [{"type": "text", "text": "done"}], "end_turn"
        name, said = list(made.values())[len(answers)]
        return [{"type": "tool_use", "id": f"call_{who}_{len(answers)}", "name": name, "input": said}], "tool_use"


def listed(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def main():
    src, (client, version) = os.path.abspath(sys.argv[2]), find_client(sys.argv[1])
    with place() as (work, proj, env):
        copy_agents(os.path.join(src, AGENTS), os.path.join(proj, AGENTS))
        with open(f"{proj}/there.txt", "w", encoding="utf-8") as file:
            file.write("There.\n")
        model, asked = Calling(proj), set()
        env = dict(env, ANTHROPIC_BASE_URL=f"http://127.0.0.1:{model.server.server_port}")
        s = Session(client, proj, env, work + "/debug.log", ["--permission-prompt-tool", "stdio"])

        def ended(m):
            request = m.get("request") or {}
            if m.get("type") == "control_request" and request.get("subtype") == "can_use_tool":
                asked.add(request.get("tool_use_id"))
                yes = {"behavior": "allow", "updatedInput": request["input"]}
                said = {"subtype": "success", "request_id": m["request_id"], "response": yes}
                s.send({"type": "control_response", "response": said})
            return m.get("type") == "result"

        try:
            s.ask("initialize")
            own = [a for a in s.ask("get_context_usage", detail="summary").get("agents", []) if a.get("path")]
            names = sorted(a["agentType"] for a in own if a["path"].startswith(proj))
            model.calls += enumerate(names)
            s.send(
                {
                    "type": "user",
                    "message": {"role": "user", "content": MAIN},
                    "parent_tool_use_id": None,
                    "session_id": "",
                }
            )
            list(s.until(ended, RUN_SECONDS + 10 * len(names)))
        finally:
            s.close()

    def became(id):
        if "has been denied" in model.seen.get(id, ""):
            return "denied"
        return "asked" if id in asked else "ran" if id in model.seen else "never called"

    agents = {
        name: {call: became(f"call_{n:05d}_{at}") for at, call in enumerate(calls(proj, n))}
        for n, name in enumerate(names)
    }
    print(json.dumps({"client": "claude-code", "version": version, "agents": agents}, indent=1))


if __name__ == "__main__":
    main()
