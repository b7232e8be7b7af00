"""The suite in several processes: forked once everything is collected, their reports merged into one summary.

pytest-xdist would be a dependency, collects the tests in each process, and knows nothing of what we add up over all
tests (``RAISED``). Here a process takes the next few tests of a file from a pipe that all share, runs them as pytest
does, and sends each report, and each warning, to the one that prints. A test that no process came to the end of is a
failure, whatever became of the process.
"""

from __future__ import annotations

import builtins
import os
import pickle
import selectors
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pytest

AT_ONCE = 40  # tests of one file that stay together: what a module sets up is set up once
SIZE = 4  # bytes of a number in the pipe: read at once or not at all
LAST = ("told", "broken")  # what a process says at its end


def run(session: pytest.Session, count: int, *, told: Callable[[], Any], hear: Callable[[Any], None]) -> None:
    """Run all items in ``count`` processes. ``told`` says at the end of one what it knows, ``hear`` hears it here."""
    chunks = list(_chunks(session.items, min(AT_ONCE, len(session.items) // (8 * count) + 1)))
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # one folder for all of them
    queue, into = os.pipe()
    os.write(into, b"".join(n.to_bytes(SIZE) for n in range(len(chunks))))
    os.close(into)
    sys.stdout.flush()
    sys.stderr.flush()
    workers: dict[int, int] = {}  # where its reports come from -> the process
    try:
        for _ in range(count):
            reports, send = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(reports)
                _work(session, chunks, queue, send, told)
            os.close(send)
            workers[reports] = pid
        _merge(session, workers, hear)
    finally:
        for reports, pid in workers.items():
            os.kill(pid, signal.SIGKILL)  # it has ended, or nobody waits for it any more
            os.waitpid(pid, 0)
            os.close(reports)
        os.close(queue)


def _chunks(items: list[pytest.Item], size: int) -> Iterator[list[pytest.Item]]:
    """Tests of one file that stand side by side, not too many of them."""
    for _, group in groupby(items, key=lambda item: item.path):
        some = list(group)
        yield from (some[start : start + size] for start in range(0, len(some), size))


# -- the one that prints ------------------------------------------------------------------------


def _merge(session: pytest.Session, workers: dict[int, int], hear: Callable[[Any], None]) -> None:
    """Hand on what the processes say, and call what they never came to the end of a failure."""
    hook = session.config.hook
    left = {item.nodeid: item for item in session.items}
    running: dict[int, str] = {}
    broken: list[str] = []
    for worker, kind, value in _messages(workers):
        if kind == "starts":
            running[worker] = value
        elif kind == "report":
            report = hook.pytest_report_from_serializable(config=session.config, data=value)
            hook.pytest_runtest_logreport(report=report)
            if report.when == "teardown":
                left.pop(report.nodeid, None)
        elif kind == "warning":
            _warn(session, **value)
        elif kind == "broken":
            broken.append(value)
        else:
            hear(value)
    for nodeid, item in left.items():
        why = "its process ended in it" if nodeid in running.values() else "no process was left to run it"
        text = "\n".join([f"This test did not end: {why}.", *broken])
        hook.pytest_runtest_logreport(report=pytest.TestReport(nodeid, item.location, {}, "failed", text, "call"))


def _messages(workers: dict[int, int]) -> Iterator[tuple[int, str, Any]]:
    """What the processes say, as it comes, until all have ended."""
    with selectors.DefaultSelector() as selector:
        rest = dict.fromkeys(workers, b"")
        for reports in workers:
            selector.register(reports, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 16)
                ended = not data
                data = rest[key.fd] + data
                while len(data) >= SIZE and len(data) >= (end := SIZE + int.from_bytes(data[:SIZE])):
                    kind, value = pickle.loads(data[SIZE:end])
                    yield key.fd, kind, value
                    ended, data = ended or kind in LAST, data[end:]
                rest[key.fd] = data
                if ended:  # a process that a test left behind may hold the pipe open still
                    selector.unregister(key.fd)


def _warn(session: pytest.Session, category: str, text: str, filename: str, lineno: int, nodeid: str) -> None:
    kind = getattr(builtins, category, UserWarning)
    message = warnings.WarningMessage(kind(text), kind, filename, lineno)
    session.config.hook.pytest_warning_recorded.call_historic(
        kwargs={"warning_message": message, "when": "runtest", "nodeid": nodeid, "location": None}
    )


# -- a process that runs tests ------------------------------------------------------------------


class _Sender:
    """A plugin that sends on what pytest tells its plugins."""

    def __init__(self, config: pytest.Config, out: int) -> None:
        self.config, self.out = config, out
        self.listens = False  # a new plugin is told every warning once again that was there before it

    def send(self, kind: str, value: Any) -> None:
        data = pickle.dumps((kind, value))
        data = len(data).to_bytes(SIZE) + data
        while data:
            data = data[os.write(self.out, data) :]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.send("starts", nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.send("report", self.config.hook.pytest_report_to_serializable(config=self.config, report=report))

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        one = warning_message
        said = {"category": one.category.__name__, "text": str(one.message), "filename": one.filename}
        if self.listens:
            self.send("warning", {**said, "lineno": one.lineno, "nodeid": nodeid})


def _work(
    session: pytest.Session, chunks: list[list[pytest.Item]], queue: int, send: int, told: Callable[[], Any]
) -> None:
    """Run what the queue holds; never returns."""
    sender = _Sender(session.config, send)
    try:
        _alone(session.config)
        session.config.pluginmanager.register(sender)
        sender.listens = True
        while number := os.read(queue, SIZE):
            chunk = chunks[int.from_bytes(number)]
            for item, following in zip(chunk, [*chunk[1:], None], strict=True):
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        sender.send("told", told())
    except BaseException:  # nothing of the process that was forked may run on in here
        sender.send("broken", traceback.format_exc())
    finally:
        os._exit(0)


def _alone(config: pytest.Config) -> None:
    """Nothing is printed here, and what tests print is not captured in the file that the other processes use."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    capture.start_global_capturing()
    capture.suspend_global_capture()
