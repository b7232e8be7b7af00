"""An MCP server with one tool that does nothing: a session's own, to see which agents reach it. Over stdio."""

import json
import sys

TOOL = {"name": "echo", "description": "echoes", "inputSchema": {"type": "object", "properties": {}}}
ANSWERS = {
    "initialize": {
        "protocolVersion": "2024-11-05",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "agentconv", "version": "1"},
    },
    "tools/list": {"tools": [TOOL]},
    "tools/call": {"content": [{"type": "text", "text": "ECHOED"}]},
}

for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": ANSWERS.get(asked["method"], {})}), flush=True)
