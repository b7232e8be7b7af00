"""A stand-in for the model of Claude Code, on the loopback."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAIN, PROBE = "AGENTCONV-MAIN-TURN", "AGENTCONV-PROBE-"
CALLS_PER_TURN = 40


class Model:
    """A stand-in for the model on loopback: it makes the program start every agent and notes what it sends."""

    def __init__(self):
        self.lock, self.calls, self.main_texts, self.probes, self.sent = threading.Lock(), [], [], {}, 0
        self.main_tools = set()
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
                self.main_tools |= {t.get("name") for t in body.get("tools") or []}
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
