"""One session of Claude Code in print mode, driven over its streams."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time


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
