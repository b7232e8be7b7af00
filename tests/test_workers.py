"""Many files: in chunks, in other processes, in their order; and the library's functions in an engine's workers."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from agentconv import Options, convert_text
from agentconv.conversion import Conversion
from agentconv.project import batch, crew, pipes, sources, workers, writing
from agentconv.project.beside import Beside
from agentconv.project.making import Made, Maker
from agentconv.project.planning import Plan
from agentconv.telling import report
from bench import data

COUNT = 130  # more than one chunk, and a chunk that is not full


def run(folder: Path, jobs: int, to: tuple[str, ...] = ("opencode", "codex")) -> tuple[dict[str, bytes], str]:
    """Outputs and report of a run."""
    place = data.write(folder, COUNT)
    plan = Plan(folder, to, output=f"{folder}/out/", jobs=jobs, texts=False)
    done = batch.run(plan, sources.listed([str(place)], folder, None, 10**6))
    out = {p.relative_to(folder).as_posix(): p.read_bytes() for p in (folder / "out").rglob("*") if p.is_file()}
    return out, report.as_json(done).replace(str(folder), "")


def test_workers_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    one, alone = run(tmp_path / "a", 1)
    two, shared = run(tmp_path / "b", 2)
    assert len(one) > COUNT, "nothing was converted, so nothing was compared"
    assert one == two
    assert alone == shared


def test_two_agents_for_one_output_are_found_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        place = data.write(folder, COUNT, same_name=True)
        plan = Plan(folder, ("cursor",), output=f"{folder}/out/", jobs=jobs)
        done = batch.run(plan, sources.listed([str(place)], folder, None, 10**6))
        written = [r for r in done.results if r.files]
        clashes = [r for r in done.results if any(n.code == "C006" for n in r.notes)]
        assert written and clashes
        assert written[0].source < clashes[0].source, "the first one in the order of the sources has the place"


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_workers_wrote_beside_the_places_goes_there_or_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that collide, a file of somebody else in the way, one that is the same already: as in one process."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = []
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        place = data.write(folder, COUNT)
        for n in (7, 90):  # in two chunks: both are called as their neighbour
            text = (place / f"agent-{n:05d}.md").read_text("utf-8")
            (place / f"agent-{n:05d}.md").write_text(text.replace(f"agent-{n:05d}", f"agent-{n + 1:05d}"), "utf-8")
        for suffix in (True, False):
            plan = Plan(folder, ("cursor",), output=f"{folder}/{suffix}/", jobs=jobs, texts=False, suffix=suffix)
            for again in (False, True):
                done = batch.run(plan, sources.listed([str(place)], folder, None, 10**6))
                found.append((tree(folder / str(suffix)), report.as_json(done).replace(str(folder), "")))
                files = sorted((folder / str(suffix)).rglob("*.md"))
                assert len(files) > COUNT / 2 and (not again or any(r.unchanged for r in done.results))
                files[3].write_text("mine", "utf-8")
                files[-2].unlink()
    half = len(found) // 2
    assert found[:half] == found[half:]
    assert not [name for files, _ in found for name in files if name.endswith(".tmp")]
    assert '"suffix"' not in found[0][1] and any("-2.md" in name for name in found[0][0])


def test_nothing_stays_beside_the_places_when_a_run_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = data.write(tmp_path / "project", COUNT * 3)

    class Enough(Exception):
        pass

    def step(n: int) -> None:
        step.count += n  # type: ignore[attr-defined]
        if step.count > 10:  # type: ignore[attr-defined]
            raise Enough

    step.count = 0  # type: ignore[attr-defined]
    plan = Plan(tmp_path, ("cursor", "codex"), output=f"{tmp_path}/out/", jobs=2, texts=False)
    with pytest.raises(Enough):
        batch.run(plan, sources.listed([str(place)], tmp_path, None, 10**6), step)
    assert (tmp_path / "out").is_dir(), "no worker wrote anything, so nothing could have stayed"
    assert not tree(tmp_path / "out")


@pytest.mark.parametrize("when", ["in the middle of an answer", "after an answer", "while an output is taken"])
def test_nothing_stays_wherever_ctrl_c_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """What is read after a part of an answer makes no sense, and of an answer that was not kept nobody here knows: the
    workers know what they wrote."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = data.write(tmp_path / "project", COUNT * 3)
    takes, take = 0, crew.Worker.take

    def interrupted(worker: crew.Worker) -> dict[int, list[Made] | None]:
        nonlocal takes
        takes += 1
        if takes == 3 and when == "in the middle of an answer":
            os.read(worker.pipe.fileno(), 1_000)
            raise KeyboardInterrupt
        came = take(worker)
        if takes == 3 and when == "after an answer":
            raise KeyboardInterrupt
        return came

    def lost(target: writing.Target, result: Conversion, *rest: Any) -> None:
        if takes >= 3 and when == "while an output is taken":
            raise KeyboardInterrupt
        taking(target, result, *rest)

    taking = writing.Target.take
    monkeypatch.setattr(crew.Worker, "take", interrupted)
    monkeypatch.setattr(writing.Target, "take", lost)
    plan = Plan(tmp_path, ("cursor", "codex"), output=f"{tmp_path}/out/", jobs=2, texts=False)
    with pytest.raises(KeyboardInterrupt):
        batch.run(plan, sources.listed([str(place)], tmp_path, None, 10**6))
    assert (tmp_path / "out").is_dir(), "no worker wrote anything, so nothing could have stayed"
    assert not [name for name in tree(tmp_path / "out") if name.endswith(".tmp")]


@pytest.mark.skipif(not pipes.POSSIBLE, reason="no worker is a copy of this process until pipes.POSSIBLE says so")
@pytest.mark.parametrize("when", ["before it hands over", "in the middle of that", "all of them"])
def test_a_worker_that_is_killed_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """What it was to make is made here, and what it had begun goes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    alone = run(tmp_path / "alone", 1)
    make, deaths = crew._make, tmp_path / "deaths"
    deaths.mkdir()

    def dying(maker: Maker, beside: Beside, given: Sequence[sources.Source]) -> list[Made]:
        made = make(maker, beside, given)
        if when == "all of them" or "agent-00060" in " ".join(one.path for one in given):
            begun = [one.file for each in made for one in each.beside.values() if one.file]
            (deaths / str(os.getpid())).write_text("\n".join(begun), "utf-8")
            if when == "in the middle of that":
                os.write(pipe_of_this, b"\0\0\1\0and so")
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    work, pipe_of_this = crew._work, -1

    def working(pipe: Connection, *rest: Any) -> None:
        nonlocal pipe_of_this
        pipe_of_this = pipe.fileno()
        work(pipe, *rest)

    monkeypatch.setattr(crew, "_make", dying)
    monkeypatch.setattr(crew, "_work", working)
    shared = run(tmp_path / "shared", 2)
    assert len(list(deaths.iterdir())) == (2 if when == "all of them" else 1)
    assert all(path.read_text("utf-8") for path in deaths.iterdir()), "nothing was begun, so nothing could have stayed"
    assert alone == shared


def interruptible() -> None:
    """A group of its own, as a terminal makes it. What a shell puts into the background ignores Ctrl-C."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(not pipes.POSSIBLE, reason="ends of processes are not tried here until pipes.POSSIBLE says so")
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL", "SIGTERM"])
def test_neither_files_nor_workers_stay_when_a_run_is_ended(tmp_path: Path, name: str) -> None:
    """Ctrl-C reaches all of them, another signal only the first one."""
    for n in range(5):  # on a busy machine it may be ended when nearly all is done
        left = ended(tmp_path / str(n), name)
        if len(left) < NEARLY_ALL:
            break
    assert len(left) < NEARLY_ALL, "it was ended too late to say anything"
    assert not [file for file in left if file.endswith(".tmp")]


NEARLY_ALL = 1_900  # of 2,000


def ended(folder: Path, name: str) -> dict[str, bytes]:
    """What a run left that got this signal when it had written 700 files."""
    sent = signal.Signals[name]
    end = os.killpg if name == "SIGINT" else os.kill
    place = data.write(folder, 2_000)
    env = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    words = [sys.executable, "-m", "agentconv", "convert", str(place), "--to", "opencode", "-o", "out/", "--jobs", "2"]
    started = subprocess.Popen(words, cwd=folder, env=env, stderr=subprocess.PIPE, preexec_fn=interruptible)
    out = folder / "out/.opencode/agents"
    until = time.monotonic() + 60
    while (there := len(list(out.glob("*.md")))) < 700 and time.monotonic() < until:
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        end(started.pid, sent)
    try:
        _, said = started.communicate(timeout=60)  # also the workers have let go of the stream
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
    left = tree(out)
    assert there >= 700 and b"Traceback" not in said
    if len(left) < NEARLY_ALL:
        assert started.returncode != 0
        assert said.endswith(b"stopped: no file is half written\n") is (name == "SIGINT")
    return left


@pytest.mark.parametrize("suffix", [False, True])
def test_who_may_call_one_of_two_agents_of_one_name_may_call_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: bool
) -> None:
    """`Code Reviewer` reads, `code-reviewer` does everything, and OpenCode would call both `code-reviewer`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = tmp_path / "project" / ".claude" / "agents"
    place.mkdir(parents=True)
    (tmp_path / "project" / ".git").mkdir()
    agents = {
        "a-lead": "name: lead\ndescription: L.\ntools: Read, Agent(Code Reviewer)",
        "b": "name: code-reviewer\ndescription: B.",
        "c": "name: Code Reviewer\ndescription: C.\ntools: Read",
        "d-boss": "name: boss\ndescription: D.\ntools: Read, Agent(lead)",
    }
    for stem, header in agents.items():
        (place / f"{stem}.md").write_text(f"---\n{header}\n---\n\nDo it.\n", "utf-8")
    root = tmp_path / "project"
    plan = Plan(root, ("opencode",), output=f"{root}/out/", suffix=suffix)
    done = batch.run(plan, sources.listed([str(place)], root, None, 10**6))
    by_name = {Path(r.source).stem: r for r in done.results}
    assert by_name["a-lead"].failed and "would both be called so" in by_name["a-lead"].notes[-1].message
    assert by_name["d-boss"].files and by_name["b"].files and bool(by_name["c"].files) is suffix


def test_a_source_that_an_output_replaces_is_read_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output in a folder of sources waits until the file that it replaces was read."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "project"
    place = data.write(folder, COUNT)
    first = place / "agent-00000.md"
    first.write_text("---\nname: agent-00000\ndescription: Runs.\ntools: Bash\n---\n\nRun.\n", "utf-8")
    there = folder / ".opencode/agents/agent-00000.md"
    there.parent.mkdir(parents=True)
    there.write_text('---\ndescription: of its own\npermission: {"*": deny, read: allow}\n---\n\nMine.\n', "utf-8")
    files = [str(place), str(there)]
    plan = Plan(folder, ("opencode", "gemini-cli"), force=True)
    done = batch.run(plan, sources.listed(files, folder, None, 10**6))
    own = [r for r in done.results if r.source.endswith("opencode/agents/agent-00000.md") and r.target == "gemini-cli"]
    assert [r.rights.before for r in own] == [["reads"]], "it was read when the output stood in its place"
    assert "Mine." not in there.read_text("utf-8"), "the output did not replace it, so nothing was tried"


PROBE = """
import sys
from pathlib import Path
from typing import Any
from agentconv.cli import main
try:
    main(sys.argv[1:])
finally:
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one process is read from /proc")
def test_memory_holds_a_chunk_and_no_texts(tmp_path: Path) -> None:
    """Ten times the agents may not take ten times the memory: each of these bodies has 100 KB."""
    peak = []
    for count in (50, 500):
        folder = tmp_path / str(count)
        place = data.write(folder, count, body=100_000)
        words = ["convert", str(place), "--to", "opencode", "-o", "out/", "-q", "--jobs", "1"]
        env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
        done = subprocess.run(
            [sys.executable, "-c", PROBE, *words], cwd=folder, env=env, capture_output=True, text=True
        )
        assert len(list((folder / "out").rglob("*.md"))) > count * 0.9, done.stderr
        peak.append(int(done.stdout))
    assert peak[1] < peak[0] * 1.5, f"{peak} KB for 5 MB and for 50 MB of agents"


def converted(text: str) -> str:
    """What a worker of an engine runs."""
    return convert_text(text, from_="claude-code", to="opencode", options=Options()).text


def test_the_pure_function_goes_through_a_pickle_and_into_another_process() -> None:
    texts = [text for _, text in data.agents(12)]
    assert pickle.loads(pickle.dumps(convert_text)) is convert_text
    made = convert_text(texts[0], from_="claude-code", to="opencode")
    assert pickle.loads(pickle.dumps(made)) == made
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(converted, texts)) == [converted(text) for text in texts]


@pytest.mark.parametrize(
    ("to", "body", "pool"),
    [
        (("opencode",), "alike", False),
        (("opencode",), "all different", True),  # nothing can be filled in
        (("codex",), "alike", True),  # a TOML output that is filled in is read back as a whole
        (("opencode", "cursor"), "alike", True),
    ],
)
def test_workers_are_started_where_converting_takes_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: tuple[str, ...], body: str, pool: bool
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(batch, "PAYS_FROM", 1)
    monkeypatch.setattr(workers, "LESSONS", 40)
    monkeypatch.setattr(workers, "count_for", lambda plan, sources: 2)
    started = []
    begin = crew.Worker.__init__

    def begun(self: crew.Worker, *rest: Any) -> None:
        started.append(self)
        begin(self, *rest)

    monkeypatch.setattr(crew.Worker, "__init__", begun)
    place = tmp_path / ".claude/agents"
    place.mkdir(parents=True)
    for n in range(COUNT):
        more = f"maxTurns: {n + 1}\n" if body == "all different" else ""
        text = f"---\nname: agent-{n}\ndescription: Reads the code of part {n}.\n{more}---\n\nYou read part {n}.\n"
        (place / f"agent-{n}.md").write_text(text, "utf-8")
    plan = Plan(tmp_path, to, output=f"{tmp_path}/out/", jobs=0, texts=False)
    done = batch.run(plan, sources.listed([str(place)], tmp_path, None, 10**6))
    assert sum(bool(r.files) for r in done.results) == COUNT * len(to)
    assert bool(started) is pool


@pytest.mark.parametrize("saved", [True, False])
def test_a_source_that_somebody_saves_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved: bool
) -> None:
    """Files are read some hundred before they are written."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / ".claude/agents/fixer.md"
    file.parent.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    file.write_text("---\nname: fixer\ndescription: Mends.\ntools: Read, MultiEdit\n---\n\nMend.\n", "utf-8")
    mine = file.read_text("utf-8") + "\nAnd say what was wrong.\n"

    def step(n: int) -> None:  # it was converted, and is not written yet
        file.write_text(mine, "utf-8") if saved else None

    plan = Plan(tmp_path, ("claude-code",), in_place=True)
    done = batch.run(plan, sources.listed([str(file)], tmp_path, None, 10**6), step)
    if saved:
        assert file.read_text("utf-8") == mine and [r.status for r in done.results] == ["failed"]
    else:
        assert "MultiEdit" not in file.read_text("utf-8"), "nothing is written in place, so nothing was tried"
