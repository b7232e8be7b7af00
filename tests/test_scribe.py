"""A second process that writes: nothing changes but the time it takes, whatever becomes of either process."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentconv.building import build as building
from agentconv.building import lock as locks
from agentconv.building.build import BuildRun, Wishes
from agentconv.project import batch, files, pipes, putting, scribe, sources
from agentconv.project.config import find
from agentconv.project.planning import Plan, Run
from agentconv.telling import report
from bench import data

COUNT = 260  # more than two chunks
pytestmark = pytest.mark.skipif(not pipes.POSSIBLE, reason="no second process here until pipes.POSSIBLE says so")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def run(folder: Path, suffix: bool = False, to: tuple[str, ...] = ("opencode",), jobs: int = 0) -> Run:
    """All agents of a folder, into ``out`` beside it."""
    plan = Plan(folder, to, output=f"{folder}/out/", jobs=jobs, texts=False, suffix=suffix)
    return batch.run(plan, sources.listed([str(folder / ".claude/agents")], folder, None, 10**6))


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def both(folder: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[Path], list[Run]]) -> list[str]:
    """The same work with one process and with two: the same files, the same reports. The reports."""
    found, started = [], []
    begin = scribe.Scribe.__init__

    def begun(self: scribe.Scribe) -> None:
        started.append(self)
        begin(self)

    monkeypatch.setattr(scribe.Scribe, "__init__", begun)
    monkeypatch.setattr(putting, "AT_FIRST", 1)
    for many in (10**6, 1):
        monkeypatch.setattr(putting, "MANY", many)
        place = folder / str(many)
        said = [report.as_json(done).replace(str(place), "") for done in work(place)]
        found.append((tree(place), said))
    assert started, "no second process was started, so nothing was compared"
    assert found[0] == found[1]
    assert len(found[0][0]) > COUNT and not [name for name in found[0][0] if name.endswith(".tmp")]
    return found[0][1]


@pytest.mark.parametrize("suffix", [False, True])
def test_names_that_collide_and_files_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: bool) -> None:
    def work(folder: Path) -> list[Run]:
        place = data.write(folder, COUNT)
        for n in (
            7,
            150,
        ):  # called as another one: of the same chunk, and of one before
            text = (place / f"agent-{n:05d}.md").read_text("utf-8")
            (place / f"agent-{n:05d}.md").write_text(text.replace(f"agent-{n:05d}", f"agent-{n - 6:05d}"), "utf-8")
        twin = (place / "agent-00011.md").read_text("utf-8")
        (place / "z-twin.md").write_text(twin, "utf-8")  # the same output, far behind
        done = [run(folder, suffix)]
        files = sorted((folder / "out").rglob("*.md"))
        files[3].write_text("mine", "utf-8")
        files[-2].unlink()
        return [*done, run(folder, suffix)]

    first, again = both(tmp_path, monkeypatch, work)
    assert "written once" in first and ("-2.md" in first) is suffix
    assert '"kept"' in again and '"unchanged": true' in again


def test_what_the_disk_does_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One output is larger than a file may be: the fault of this one, and said of this one."""
    import resource

    def work(folder: Path) -> list[Run]:
        place = data.write(folder, COUNT)
        body = "Look at each of them. " * 20_000
        text = f"---\nname: agent-00150\ndescription: Looks.\ntools: Read\n---\n\n{body}\n"
        (place / "agent-00150.md").write_text(text, "utf-8")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
        try:
            return [run(folder)]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    (said,) = both(tmp_path, monkeypatch, work)
    assert said.count('"code": "F002"') == 1 and "file too large" in said


def test_a_build_knows_what_the_second_process_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is in the lock: what is not would be deleted by the next build, or kept as somebody else's."""

    def work(folder: Path) -> list[Run]:
        data.write(folder, COUNT)
        agents = (folder / ".claude/agents").rename(folder / "agents")
        (agents / "agent-00200.md").write_bytes(b"---\r\nname: crlf\r\ndescription: Reads.\r\n---\r\n\r\nRead.\r\n")
        (folder / "agentconv.toml").write_text('sources = ["agents"]\n[targets.opencode]\n[targets.vscode]\n', "utf-8")
        done = [build(folder)]
        assert len(locks.read(folder / locks.NAME).rows) == len(done[0].changes) > COUNT
        for path in agents.iterdir():
            path.write_bytes(path.read_bytes() + b"\nMore.\n")
        done.append(build(folder))
        assert done[1].removed.gone == [] and not any(result.status == "kept" for result in done[1].results)
        assert not build(folder, dry=True).stale
        return [*done]

    both(tmp_path, monkeypatch, work)


def build(folder: Path, dry: bool = False) -> BuildRun:
    config = find(folder)
    assert config is not None
    return building.run(config, Wishes(dry=dry))


@pytest.mark.parametrize("jobs", [0, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_dead_process_has_not_written_is_written_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str, jobs: int
) -> None:
    """Killed when the files lie beside their places, or when they are there and nobody was told: with workers, it has
    none of their bytes. What it had begun goes."""
    first, settle, killed = os.getpid(), files.Staged.settle, tmp_path / "killed"

    def dying(self: files.Staged, failed: Callable[[str, OSError], None], *rest: Callable[[], bool]) -> None:
        if os.getpid() == first:
            settle(self, failed, *rest)
            return
        if when == "after":
            settle(self, failed, *rest)
        killed.write_text(str(len(self.waiting)), "utf-8")
        os.kill(os.getpid(), signal.SIGKILL)

    def work(folder: Path) -> list[Run]:
        data.write(folder, COUNT)
        return [run(folder, jobs=jobs)]

    monkeypatch.setattr(files.Staged, "settle", dying)
    both(tmp_path, monkeypatch, work)
    assert (killed.read_text("utf-8") == "0") is (when == "after")


def test_neither_waits_for_the_other_where_pipes_are_small(tmp_path: Path) -> None:
    """Linux gives a user who has many pipes only small ones (pipe(7), pipe-user-pages-soft); and where nothing can be
    written, each answer is as long as the name of a file."""

    def too_late(*_: object) -> None:
        raise TimeoutError

    (tmp_path / "file").write_text("in the way", "utf-8")
    answered: list[int] = []
    before = signal.signal(signal.SIGALRM, too_late)
    one = scribe.Scribe()
    try:
        for pipe in (one._orders, one._answers):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        signal.alarm(20)
        for call in range(8):
            folder = tmp_path / "file" / "deep" if call % 2 else tmp_path
            orders = [putting.Order(str(folder / f"{call}-{n}-{'x' * 100}"), b"text", True) for n in range(100)]
            one.put(orders, lambda answers: answered.append(sum(a.problem is not None for a in answers)))
        one.wait()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        os.kill(one._process, signal.SIGKILL) if len(answered) < 8 else None
        one.close()
    assert answered == [0, 100] * 4


@pytest.mark.parametrize("heard", [True, False])
def test_one_whose_answers_nobody_takes_comes_to_its_end(tmp_path: Path, heard: bool) -> None:
    """Where a run is ended, nobody reads them any more, and they may be more than a pipe holds."""
    one = scribe.Scribe()
    for pipe in (one._orders, one._answers):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    for call in range(scribe.PLACES):
        orders = [putting.Order(str(tmp_path / f"{call}-{n}"), b"text", True) for n in range(300)]
        if heard or call == 0:  # two of them cannot be sent where none is heard
            one.put(orders, lambda answers: None)
    time.sleep(0 if heard else 1)  # it has come to where it waits
    late = threading.Timer(20, os.kill, (one._process, signal.SIGKILL))
    late.start()
    one.close()
    assert late.is_alive(), "it waited until it was killed"
    late.cancel()
    assert len(tree(tmp_path)) == (1_200 if heard else 300)


def test_more_than_there_is_room_for_is_written_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scribe, "ROOM", 2_000_000)

    def work(folder: Path) -> list[Run]:
        place = data.write(folder, COUNT)
        body = "Look at each of them. " * 100_000
        text = f"---\nname: agent-00150\ndescription: Looks.\ntools: Read\n---\n\n{body}\n"
        (place / "agent-00150.md").write_text(text, "utf-8")
        return [run(folder)]

    both(tmp_path, monkeypatch, work)


def interruptible() -> None:
    """A shell starts what it puts into the background with Ctrl-C ignored, and the tests may run there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def converted(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """A run over the project in the folder."""
    env = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    words = [sys.executable, "-m", "agentconv", "convert", ".claude/agents", "--to", "opencode", "-o", "out/", "-q"]
    return subprocess.Popen([*words, *more], cwd=folder, env=env, stderr=subprocess.PIPE, preexec_fn=interruptible)


def ended(folder: Path, sent: signal.Signals) -> dict[str, bytes]:
    """What a run left that was ended when it had written a thousand files."""
    folder.mkdir()
    data.write(folder, 4_000)
    started, out = converted(folder), folder / OUT
    until = time.monotonic() + 60
    while (there := len([*out.iterdir()]) if out.exists() else 0) < 1_000 and time.monotonic() < until:
        time.sleep(0.005)
    started.send_signal(sent)
    _, said = started.communicate(timeout=60)  # also the second process has let go of the stream
    left = tree(out)
    assert there >= 1_000 and (started.returncode != 0 or len(left) >= NEARLY_ALL)
    assert b"Traceback" not in said
    return left


OUT, NEARLY_ALL = "out/.opencode/agents", 3_900


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_nothing_half_done_stays_when_a_run_is_ended(tmp_path: Path, sent: signal.Signals) -> None:
    """The first process is ended, as a terminal or a machine does it; the second one ends by itself, at once."""
    for n in range(5):  # on a busy machine it may be ended when nearly all is done
        folder = tmp_path / str(n)
        left = ended(folder, sent)
        if len(left) < NEARLY_ALL:
            break
    assert len(left) < NEARLY_ALL, "it was ended too late to say anything"
    assert not [name for name in left if name.endswith(".tmp")]
    assert all(text.startswith(b"---\n") and text.endswith(b"\n") for text in left.values())
    converted(folder, "--force").communicate(timeout=120)
    whole = tree(folder / OUT)
    assert len(whole) > NEARLY_ALL and all(whole[name] == text for name, text in left.items())


INTERRUPTED = """
import os, signal, sys
from agentconv.project import putting, scribe
fork = os.fork
def hit():
    made = fork()
    if made == 0:
        os.kill(os.getpid(), signal.SIGINT)
    return made
os.fork = hit
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    one = scribe.Scribe()
finally:
    print("here", flush=True)
one.put([putting.Order(sys.argv[1], b"text", True)], lambda answers: print(answers[0].problem))
one.wait()
one.close()
"""


def test_an_interrupt_when_the_copy_is_made_is_for_the_first_process(tmp_path: Path) -> None:
    words = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "file")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("here\nNone\n", "") and (tmp_path / "file").read_bytes() == b"text"


def test_no_copy_is_made_of_a_process_in_which_something_else_runs() -> None:
    assert pipes.can_start()
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    try:
        assert not pipes.can_start()
    finally:
        end.set()
        other.join()
