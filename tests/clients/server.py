"""MCP servers whose tools do nothing: a session's own, to see which agents reach them. Over stdio.

``server.py`` has one tool, ``echo``; ``server.py NAME`` those that :data:`SERVED` has for it, and ``server.py --list``
tells which there are and how they are started. A loader that hands them to its program prints them under ``served``:
which of their tools an agent was given is then held against what we say of its rights.
"""

import json
import sys
from pathlib import Path

# Names as people give them: one with a hyphen, one that begins as another one does. None begins as another one with an
# underscore behind it: what OpenCode and Kilo call `jira_*` reaches `jira_cloud`, too, and no file can say less.
SERVED = {"jira": ["get_issue", "search"], "my-db": ["query"], "jira2": ["get_issue"]}


# For a program that takes a word of the list for a tool of any server: ``--list words`` has this one, too.
WORDS = ["search", "read", "edit", "execute", "agent", "web", "todo", "usages", "rename", "editNotebook", "textSearch"]


def there(more):
    """The servers and their tools."""
    return {**SERVED, **({"words": WORDS} if "words" in more else {})}


def command(name):
    """The words that start a server."""
    return [sys.executable, "-I", str(Path(__file__).resolve()), name]


def main(name):
    """Requests and answers are JSON, one on a line."""
    schema = {"type": "object", "properties": {}}
    names = there(["words"]).get(name, ["echo"])
    tools = [{"name": tool, "description": tool, "inputSchema": schema} for tool in names]
    answers = {
        "initialize": {
            "protocolVersion": "2024-11-05",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": name, "version": "1"},
        },
        "ping": {},
        "tools/list": {"tools": tools},
        "tools/call": {"content": [{"type": "text", "text": "ECHOED"}]},
    }
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" in asked:
            # Goose asks for a method of a later protocol first, and goes back to this one where it is unknown
            unknown = {"error": {"code": -32601, "message": "Method not found"}}
            said = {"result": answers[asked["method"]]} if asked["method"] in answers else unknown
            print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--list"]:
        listed = there(sys.argv[2:]).items()
        print(json.dumps({name: {"start": command(name), "tools": tools} for name, tools in listed}))
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "agentconv")
