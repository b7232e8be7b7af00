"""A stand-in for the model on the loopback, in the words of OpenAI's chat completions, for the loaders of programs."""

import http.server
import json
import threading

NAME = "standin"


class Model(http.server.ThreadingHTTPServer):
    """Every question goes to ``answer(body)``, which gives the calls that come next, as (name, arguments)."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.lock, self.asked = answer, threading.Lock(), 0
        self.address = f"http://127.0.0.1:{self.server_address[1]}/v1"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # the program is gone; what it was asked has been noted


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, data, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.send(b'{"object": "list", "data": []}', "application/json")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        with self.server.lock:
            self.server.asked += 1
            told = [(f"call-{self.server.asked}-{n}", *call) for n, call in enumerate(self.server.answer(body))]
        calls = [
            {"index": n, "id": id, "type": "function", "function": {"name": name, "arguments": json.dumps(words)}}
            for n, (id, name, words) in enumerate(told)
        ]
        said = {"role": "assistant", **({"tool_calls": calls} if calls else {"content": "done"})}
        ends = ((said, None), ({}, "tool_calls" if calls else "stop"))
        chunks = [{"index": 0, "delta": delta, "finish_reason": end} for delta, end in ends]
        lines = [
            {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": NAME, "choices": [c]} for c in chunks
        ]
        text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
        self.send(text.encode(), "text/event-stream")


def text_of(message):
    """The words of a message."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)


def said_by(body, role):
    """All that one side has said so far."""
    return [text_of(m) for m in body.get("messages") or () if m.get("role") == role]


def tools_of(body):
    """The names of the tools that the model is offered."""
    return sorted(tool["function"]["name"] for tool in body.get("tools") or ())
