"""Starting a program: on a copy of the project, with an empty home, without a network, and never longer than its time.

The namespaces are the kernel's: where it allows them nothing a program does leaves this machine, and what it started
ends with it. Where it does not, only settings keep the program off the network, and the loaders leave out what needs
more.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from tests.clients.programs import HERE, Program

# from the most to the least: own network, processes and mounts; the same without being root; the network only
WALLS = (
    ("unshare", "-npf", "--kill-child", "--mount-proc"),
    ("unshare", "-rnpf", "--kill-child", "--mount-proc"),
    ("unshare", "-rn"),
)
# the settings of the machine that a program may not need, and that say nothing about its user
KEPT = ("PATH", "SSL_CERT_FILE")


# that ends with the process that starts it, however that one ends
LEASH = ("setpriv", "--pdeathsig", "KILL")
_RUNNING: set[subprocess.Popen[bytes]] = set()


class Failed(RuntimeError):
    """The program or its loader gave no answer."""


@cache
def walls() -> tuple[str, ...]:
    """The words that start a command without a network, as far as this machine allows."""
    for words in WALLS:
        if shutil.which(words[0]) and subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            return words
    return ()


def load(program: Program, project: Path, seconds: int | None = None) -> Mapping[str, Any]:
    """What the program makes of a project, as its loader prints it. The project itself is never written to."""
    scratch = Path(tempfile.mkdtemp(prefix="agentconv-client-")).resolve()
    try:
        home, temporary, copy = scratch / "home", scratch / "tmp", scratch / "project"
        for folder in (home, temporary):
            folder.mkdir()
        shutil.copytree(project, copy)
        # a program that unpacks itself at its first start did so when it was installed
        if (unpacked := program.folder / "cache-home/.cache").is_dir():
            (home / ".cache").symlink_to(unpacked)
        env = {
            **{key: os.environ[key] for key in KEPT if key in os.environ},
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "VIBE_HOME": str(home / ".vibe"),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AGENTCONV_NETWORK": "none" if walls() else "by settings",
        }
        interpreter = program.interpreter()
        assert interpreter, program.missing()
        command = [
            *([*walls(), sys.executable, str(HERE / "loopback.py")] if walls() else []),
            interpreter,
            str(program.loader),
            str(program.folder),
            str(copy),
        ]
        out, err, code = _run(command, env, copy, seconds or program.seconds)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    try:
        answer: Mapping[str, Any] = json.loads(out.replace(str(copy) + "/", ""))
    except ValueError:
        raise Failed(f"{program.title}: no answer (exit {code}): {(err or out)[-600:].strip()}") from None
    return answer


@cache
def _watch() -> tuple[str, ...]:
    """A test run that is ended takes its programs along: they have groups of their own, so nobody else ends them.
    The words are for where it has no time to do so."""
    atexit.register(_end_all)
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)
    return LEASH if shutil.which(LEASH[0]) else ()


def _terminated(number: int, _: FrameType | None) -> None:
    _end_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _end_all() -> None:
    for started in list(_RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)


def _run(command: list[str], env: Mapping[str, str], folder: Path, seconds: int) -> tuple[str, str, int]:
    started = subprocess.Popen(
        [*_watch(), *command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _RUNNING.add(started)
    try:
        out, err = started.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(started)
        raise Failed(f"no answer within {seconds} s") from None
    except BaseException:
        _end(started)
        raise
    finally:
        _RUNNING.discard(started)
    return out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), started.returncode


def _end(started: subprocess.Popen[bytes]) -> None:
    """The whole group: with a process namespace all that it started ends, too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.communicate()
