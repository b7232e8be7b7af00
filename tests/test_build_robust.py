"""Builds that are killed, run out of space, meet folders that are read-only, each other, and half-written files."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentconv.output.entries import entry_texts
from agentconv.registry import load
from tests.machine import slowness
from tests.test_build_life import Project, gemini, project, vscode

__all__ = ["project"]
SETTINGS = 'sources = ["agents"]\n[targets.vscode]\n[targets.roo]\n'


def in_child(work: Callable[[], int | None]) -> int:
    """The work in a process of its own, without starting Python anew; its exit status (negative: the signal)."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = work() or 0
        except BaseException as problem:
            os.write(2, f"{problem}"[:2500].encode())
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def big(project: Project, count: int) -> None:
    for n in range(count):
        project.agent(f"agent-{n:03}", body=f"Text of number {n}. " * 40)
    project.write("agentconv.toml", SETTINGS)


def whole(project: Project, olds: dict[str, bytes], news: dict[str, bytes]) -> None:
    """Every file is the old one, the new one, or a half-written one under another name; every source is there."""
    for path, data in project.files().items():
        if path.endswith(".tmp"):
            continue
        if path == ".roomodes":  # entries come in one write and go in the next one: each is the old or the new one
            held = [entries(files[path]) for files in (olds, news) if path in files]
            assert all(any(at.get(id) == text for at in held) for id, text in entries(data).items())
            continue
        assert data in (olds.get(path), news.get(path)), f"{path} is half written"
    for path, data in news.items():
        if path.startswith("agents/"):
            assert (project.root / path).read_bytes() == data, "a source was lost"


def entries(data: bytes) -> dict[str, str]:
    return entry_texts(load("roo"), data.decode())


def reference(tmp_path: Path, make: Callable[[Project], None]) -> dict[str, bytes]:
    other = Project(tmp_path / "reference", tmp_path / "reference-home")
    other.home.mkdir(exist_ok=True)
    (other.root / ".git").mkdir(parents=True, exist_ok=True)
    make(other)
    other.build()
    found = other.files()
    shutil.rmtree(other.root)
    return found


def test_a_build_that_is_killed_at_any_write_leaves_nothing_half(project: Project, tmp_path: Path) -> None:
    """kill -9 right before and right after the nth file gets its name, for the first build and for an update."""
    count = 4
    big(project, count)
    first = reference(tmp_path, lambda p: big(p, count))

    def edited(p: Project) -> None:
        big(p, count)
        for n in range(count):
            p.agent(f"agent-{n:03}", body=f"Other text of number {n}. " * 40)
        (p.root / "agents/agent-000.md").unlink()

    second = reference(tmp_path, edited)
    nothing = {path: data for path, data in first.items() if path.startswith("agents/") or path == "agentconv.toml"}
    project.build()
    state = tmp_path / "state-after-first"
    shutil.copytree(project.home, state)
    for olds, news, change in ((nothing, first, lambda p: None), (first, second, edited)):
        points = 0
        while True:
            shutil.rmtree(project.home)
            shutil.copytree(state, project.home) if olds is first else project.home.mkdir()
            restore(project, olds)
            change(project)
            if not killed_at(project, points):
                break
            whole(project, olds, news)
            project.build()
            assert project.files() == news, f"the next build did not finish what was begun (point {points})"
            points += 1
        assert project.files() == news
        assert points > 2 * count, "it was killed too seldom to say anything"


def restore(project: Project, files: dict[str, bytes]) -> None:
    for path in project.files():
        (project.root / path).unlink()
    for path, data in files.items():
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_bytes(data)


def killed_at(project: Project, point: int) -> bool:
    """A build that kills itself at this point; whether it came that far."""

    def work() -> int:
        real, unlink, link = os.replace, os.unlink, os.link
        seen = 0

        def reached() -> None:
            nonlocal seen
            if seen == point:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

        def replace(old: str | Path, new: str | Path) -> None:
            reached()
            real(old, new)
            reached()

        def named(old: str, new: str, **how: Any) -> None:
            reached()
            link(old, new, **how)
            reached()

        def gone(path: str | Path) -> None:
            reached()
            unlink(path)

        os.replace, os.unlink, os.link = replace, gone, named  # type: ignore[assignment]
        project.build()
        return 0

    status = in_child(work)
    assert status in (0, -signal.SIGKILL)
    return status != 0


@pytest.mark.long
def test_a_build_of_500_agents_is_killed_in_a_loop(project: Project, tmp_path: Path) -> None:
    """From outside, at any moment: 100 times, with a change of all sources in between."""
    dice = random.Random(5)
    versions = [lambda p: big(p, 500), lambda p: changed(p, "One")]
    refs = [reference(tmp_path, make) for make in versions]
    olds = {path: data for path, data in refs[0].items() if path.startswith("agents/") or path == "agentconv.toml"}
    killed = 0
    for n in range(100):
        which = n // 10 % 2
        if n % 10 == 0:
            versions[which](project)
        news = refs[which]
        started = subprocess.Popen(
            [sys.executable, "-m", "agentconv", "build", "-q"], cwd=project.root, env=project.env(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(dice.uniform(0.2, 6))
        started.kill()
        killed += started.wait() == -signal.SIGKILL
        before = refs[1 - which] if n >= 10 else olds
        whole(project, {**olds, **before}, news)
        if n % 10 == 9:
            project.build()
            assert project.files() == news
    assert killed > 30, f"killed only {killed} times"


def changed(project: Project, word: str) -> None:
    big(project, 500)
    for n in range(500):
        project.agent(f"agent-{n:03}", body=f"{word} of number {n}. " * 40)


def test_two_builds_at_once(project: Project, tmp_path: Path) -> None:
    import fcntl

    big(project, 4)
    handle = os.open(project.root, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    command = [sys.executable, "-m", "agentconv", "build", "-q"]
    both = [
        subprocess.Popen(command, cwd=project.root, env=project.env(), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for one in both:
        assert one.stderr is not None and "another build of this project runs: waiting" in one.stderr.readline()
    assert not project.has("agentconv.lock"), "it did not wait"
    os.close(handle)
    for one in both:
        _, said = one.communicate(timeout=60)
        assert one.returncode == 0, said
    assert project.files() == reference(tmp_path, lambda p: big(p, 4))


def test_a_second_build_gives_up_after_a_while(project: Project) -> None:
    from agentconv.building.build import Busy, alone

    said: list[str] = []
    busy = pytest.raises(Busy, match="still runs after 0 s")
    with alone(project.root, said.append), busy, alone(project.root, said.append, seconds=0.1):
        raise AssertionError("both of them")
    assert said == ["another build of this project runs: waiting for it"]


def test_a_file_that_does_not_fit_is_told_and_the_others_are_written(project: Project, tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full: the write of a part of the file fails."""
    project.agent("small")
    project.agent("large", body="Much text. " * 500)
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    before = project.files()

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        said = project.build(code=3)
        assert "F002" in said and os.strerror(errno.EFBIG).lower() in said

    assert in_child(lambda: work()) == 0
    found = project.files()
    assert vscode("small") in found and vscode("large") not in found
    assert not any(path.endswith(".tmp") for path in found) and before.items() <= found.items()
    project.build()
    assert project.has(vscode("large"))
    project.build("--check")


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], capture_output=True)
    if made.returncode:
        pytest.skip("no right to mount a small file system here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(full_disk: Path, tmp_path: Path) -> None:
    project = Project(full_disk / "project", tmp_path / "home")
    project.home.mkdir()
    (project.root / ".git").mkdir(parents=True)
    big(project, 6)
    project.build()
    complete = project.files()
    for n in range(6):
        project.agent(f"agent-{n:03}", body=f"Longer text of number {n}. " * 300)
    free = shutil.disk_usage(full_disk).free
    (full_disk / "filler").write_bytes(b"x" * max(0, free - 12_000))
    said = project.build(code=3)
    assert "no space left on device" in said
    for path, data in project.files().items():
        assert not path.endswith(".tmp")
        if not path.startswith("agents/") and path not in complete:
            raise AssertionError(f"{path} came from nowhere")
        assert data, f"{path} is empty"
    (full_disk / "filler").unlink()
    project.build()
    project.build("--check")


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="agentconv-build-"))
    try:
        project = Project(folder / "project", folder / "home")
        project.home.mkdir()
        (project.root / ".git").mkdir(parents=True)
        project.agent("a")
        project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.gemini-cli]\n')
        (project.root / ".github/agents").mkdir(parents=True)
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, 65534, 65534) if os.geteuid() == 0 else None
        (project.root / ".github/agents").chmod(0o555)

        def work() -> None:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            said = project.build(code=3)
            assert "F002" in said and "permission denied" in said
            assert project.has(gemini("a")) and not project.has(vscode("a"))
            assert "vscode" not in project.read("agentconv.lock")
            # a source that was deleted, an output that may not be: said, and tried again later
            (project.root / ".github/agents").chmod(0o755)
            project.build()
            project.agent("b")
            (project.root / "agents/a.md").unlink()
            (project.root / ".github/agents").chmod(0o555)
            assert "cannot be deleted" in project.build(code=3)
            (project.root / ".github/agents").chmod(0o755)
            project.build()
            assert not project.has(vscode("a"))
            project.build("--check")

        assert in_child(lambda: work()) == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_watch_builds_within_a_second_and_ends_cleanly(project: Project) -> None:
    pytest.importorskip("watchfiles", reason="agentconv[watch] is not installed")
    big(project, 30)
    command = [sys.executable, "-u", "-m", "agentconv", "build", "--watch"]
    running = subprocess.Popen(
        command, cwd=project.root, env=project.env(), stderr=subprocess.PIPE, text=True, preexec_fn=interruptible
    )
    assert running.stderr is not None
    try:
        first = running.stderr.readline()
        assert first.startswith("31 written"), first
        time.sleep(0.5)  # the watch begins
        started = time.monotonic()
        project.agent("agent-001", body="Changed.")
        until(lambda: "Changed." in project.read(vscode("agent-001")), 10)
        took = time.monotonic() - started
        assert running.stderr.readline().startswith("agents/agent-001.md: 2 written")
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        assert took < 1.5 * busy * slowness(), f"{took:.1f} s, {busy:.0f} processes for each processor"

        time.sleep(0.5)
        # half a file: said, the output stays; then the rest
        text = project.read("agents/agent-002.md")
        before = project.read(vscode("agent-002"))
        project.write("agents/agent-002.md", "")
        line = running.stderr.readline()
        assert "agents/agent-002.md" in line and "FAILED" in line and "F015" in line
        assert line.count("agents/agent-002.md") == 2, line  # the file that changed, and what is wrong with it
        assert project.read(vscode("agent-002")) == before
        time.sleep(0.5)
        project.write("agents/agent-002.md", text.replace("Text of", "All the text of"))
        assert "2 written" in running.stderr.readline()

        time.sleep(0.5)
        (project.root / "agents/agent-003.md").unlink()
        assert "1 deleted" in running.stderr.readline() or not project.has(vscode("agent-003"))
        time.sleep(0.5)
        project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscod]\n')
        assert "no target is called `vscod`" in running.stderr.readline()
        assert project.has(vscode("agent-001"))
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=20)
        assert running.returncode == 0 and "stopped" in rest and "Traceback" not in rest
    finally:
        running.kill()
        running.wait()


def test_watch_sees_a_file_beside_the_sources(project: Project) -> None:
    pytest.importorskip("watchfiles", reason="agentconv[watch] is not installed")
    project.write("agentconv.toml", 'sources = [".opencode/agents"]\n[targets.claude-code]\n')
    project.write(".opencode/agents/a.md", "---\ndescription: Does things.\nmode: subagent\n---\n\nDo it.\n")
    command = [sys.executable, "-u", "-m", "agentconv", "build", "--watch"]
    running = subprocess.Popen(
        command, cwd=project.root, env=project.env(), stderr=subprocess.PIPE, text=True, preexec_fn=interruptible
    )
    assert running.stderr is not None
    try:
        assert "1 written" in running.stderr.readline()
        for rule, holds in (("deny", True), ("allow", False)):
            time.sleep(0.5)
            project.write("opencode.json", f'{{"permission": {{"webfetch": "{rule}"}}}}\n')
            line = running.stderr.readline()
            assert line.startswith("opencode.json: 1 written"), line
            assert ("WebFetch" in project.read(".claude/agents/a.md")) == holds
        time.sleep(0.5)
        project.write("opencode.json", '{"theme": "dark", "permission": {"webfetch": "allow"}}\n')
        assert "opencode.json: nothing to do" in running.stderr.readline()
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=20)
        assert running.returncode == 0 and rest.strip() == "stopped"  # each change is told once
    finally:
        running.kill()
        running.wait()


def interruptible() -> None:
    """A shell starts what it puts into the background with Ctrl-C ignored, and the tests may run there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(holds: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)


def test_watch_tells_once_what_is_wrong(project: Project) -> None:
    """The watch looks once more when it has begun, for what changed before: what was wrong then is no news."""
    pytest.importorskip("watchfiles", reason="agentconv[watch] is not installed")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    good = "---\nname: a\ndescription: Does things.\ntools: Read\n---\nDo it.\n"
    project.write("agents/a.md", "\0")
    running = subprocess.Popen(
        [sys.executable, "-u", "-m", "agentconv", "build", "--watch"],
        cwd=project.root, env=project.env(), stderr=subprocess.PIPE, text=True, preexec_fn=interruptible,
    )  # fmt: skip
    assert running.stderr is not None
    try:
        assert "1 FAILED (R001 agents/a.md" in running.stderr.readline()
        time.sleep(1.0 * slowness())  # the second look
        project.write("agents/a.md", good)
        assert running.stderr.readline().startswith("agents/a.md: 1 written")
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate(timeout=20)
        assert running.returncode == 0 and "FAILED" not in rest
    finally:
        running.kill()
        running.wait()
