"""MCP servers for the programs to find: ``servers.py NAME`` is one of them, over its streams; without a name: which
there are, and how they are started.

A loader that hands them to its program (:func:`command`) prints them under ``served``; which of their tools an agent
was given is then held against what we say of its rights.
"""

import json
import sys
from pathlib import Path

# Names as people give them: one with a hyphen, one that begins as another one does. None begins as another one with an
# underscore behind it: what OpenCode and Kilo call `jira_*` reaches `jira_cloud`, too, and no file can say less.
SERVED = {"jira": ["get_issue", "search"], "my-db": ["query"], "jira2": ["get_issue"]}


def command(name):
    """The words that start a server."""
    return [sys.executable, "-I", str(Path(__file__).resolve()), name]


def answer(name, method):
    """What it says to a request; None where it has no such method."""
    if method == "initialize":
        info = {"name": name, "version": "1"}
        return {"protocolVersion": "2025-03-26", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        schema = {"type": "object", "properties": {"text": {"type": "string"}}}
        return {"tools": [{"name": tool, "description": tool, "inputSchema": schema} for tool in SERVED[name]]}
    return {} if method == "ping" else None


def main():
    """Requests and answers are JSON, one on a line."""
    if len(sys.argv) < 2:
        print(json.dumps({name: {"start": command(name), "tools": tools} for name, tools in SERVED.items()}))
        return
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        said = answer(sys.argv[1], asked.get("method"))
        part = {"error": {"code": -32601, "message": "no such method"}} if said is None else {"result": said}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **part}), flush=True)


if __name__ == "__main__":
    main()
