"""Starts agents of OpenCode and Kilo against a stand-in for the model, to see which tools and which prompt it is sent.

A main agent is sent a message; one that is started by others is called through the ``task`` tool of one that is there.
"""

import json
import pathlib
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from server import SERVED, command

MAIN, CHILD = "AGENTCONV-MAIN-", "AGENTCONV-CHILD-"
STANDIN = ("standin", "model")
CALLER = "agentconv-caller"  # an agent of our own that may do everything: in Kilo what the caller may not do, the
# called one may not do either
CALLER_FILE = "---\ndescription: calls\nmode: primary\n---\nYou call other agents.\n"


class Model:
    """The stand-in: it answers a caller with a call of the agent in question, and keeps what each agent is sent."""

    def __init__(self):
        self.lock, self.called, self.sent = threading.Lock(), {}, {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                self.send_response(404)
                self.end_headers()

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for chunk in outer.reply(body):
                    chunk.update(id="c", object="chat.completion.chunk", model="standin", created=1)
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")

        class Server(ThreadingHTTPServer):
            request_queue_size, daemon_threads = 512, True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, body):
        users = "\n".join(text_of(m) for m in body.get("messages", []) if m.get("role") == "user")
        delta, reason = {"role": "assistant", "content": "done"}, "stop"
        child = re.search(CHILD + r"(\d+)\.", users)
        main = re.search(MAIN + r"(\d+)\.", users)
        with self.lock:
            if child:
                self.sent.setdefault(int(child[1]), body)
            elif main and int(main[1]) in self.called:
                arguments = {
                    "description": "probe",
                    "prompt": f"{CHILD}{main[1]}.",
                    "subagent_type": self.called[int(main[1])],
                }
                if any(m.get("role") == "tool" for m in body["messages"]):  # it was called and has answered
                    return finished(delta, reason)
                call = {"name": "task", "arguments": json.dumps(arguments)}
                delta["content"] = None
                delta["tool_calls"] = [{"index": 0, "id": "call0", "type": "function", "function": call}]
                reason = "tool_calls"
            elif main:
                self.sent.setdefault(int(main[1]), body)
        return finished(delta, reason)

    def config(self, models):
        """Settings by which every model that a file names is the stand-in."""
        providers = {}
        for provider, model in [STANDIN, *models]:
            entry = providers.setdefault(
                provider,
                {
                    "npm": "@ai-sdk/openai-compatible",
                    "name": provider,
                    "options": {"baseURL": f"http://127.0.0.1:{self.server.server_port}/v1", "apiKey": "none"},
                    "models": {},
                },
            )
            entry["models"][model] = {"name": model, "tool_call": True}
        main = "/".join(STANDIN)
        mcp = {name: {"type": "local", "command": command(name)} for name in SERVED}
        return json.dumps({"provider": providers, "model": main, "small_model": main, "mcp": mcp})


def finished(delta, reason):
    """An answer, as a stream."""
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return (
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage},
    )


def text_of(message):
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def start(server, model, number, directory, agent):
    """What the agent's model was sent: ``tools``, and whether its prompt was among it; or an ``error``."""
    main = agent.get("mode") == "primary"
    status, session = server.post("/session", directory, {"title": "probe"})
    if status != 200:
        return {"error": str(session)[:300]}
    if not main:
        with model.lock:
            model.called[number] = agent["name"]
    marker = f"{MAIN}{number}."
    status, answer = server.post(
        f"/session/{session['id']}/message",
        directory,
        {
            "agent": agent["name"] if main else CALLER,
            "model": dict(zip(("providerID", "modelID"), STANDIN, strict=True)),
            "parts": [{"type": "text", "text": marker}],
        },
    )
    sent = model.sent.get(number)
    if sent is None:
        return {"error": failure(answer) if status == 200 else str(answer)[:300]}
    texts = [text_of(m) for m in sent["messages"]]
    return {
        "tools": sorted(tool["function"]["name"] for tool in sent.get("tools") or []),
        "model": sent.get("model"),
        "prompt_delivered": any((agent.get("prompt") or "").strip() in text for text in texts),
    }


def failure(answer):
    """Why a called agent did not start, as the program's own message tells."""
    parts = answer.get("parts") or [] if isinstance(answer, dict) else []
    states = [part.get("state") or {} for part in parts]
    said = [str(state["error"]) for state in states if state.get("error")]
    error = (answer.get("info") or {}).get("error") if isinstance(answer, dict) else None
    return "; ".join(said) or json.dumps(error or "nothing was sent")[:300]
