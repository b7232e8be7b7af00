"""What agentconv remembers of its outputs: enough to know them again, and no more than there are."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from agentconv.building import build as building
from agentconv.building.wishes import Wishes
from agentconv.project import batch, sources, written
from agentconv.project.config import find
from agentconv.project.planning import Plan, Run
from agentconv.project.putting import Answer
from agentconv.project.writing import Leaving, Target
from agentconv.project.written import Written
from bench import data
from tests.test_build_robust import in_child


def known(root: Path) -> set[str]:
    return set(Written(root).hashes)


def test_outputs_that_are_gone_are_forgotten_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who converts to another folder each day would read the names of all the years."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(written, "ROOM", 4)
    root = tmp_path / "project"
    root.mkdir()
    for day in range(9):
        memory = Written(root)
        memory.note(f"out-{day}/a.md", b"a")
        memory.note("kept.md#one", b"an entry")
        (root / "kept.md").write_bytes(b"")
        memory.save()
        assert len(known(root)) <= 5
    assert "kept.md#one" in known(root), "the file is there, so its entry is still known"
    assert Written(root).knows("kept.md#one", b"an entry")


def test_what_is_there_stays_known_however_much_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(written, "ROOM", 4)
    root = tmp_path / "project"
    root.mkdir()
    memory = Written(root)
    for n in range(20):
        (root / f"{n}.md").write_bytes(b"")
        memory.note(f"{n}.md", b"")
    memory.save()
    assert len(known(root)) == 20 and Written(root).room == 40


def test_many_rows_are_written_as_json_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for count in (0, 1, 999, 1_000, 1_001, 2_500):
        one = Written(tmp_path / str(count))
        for n in range(count):
            one.note(f"a/é-{n}.md", b"%d" % n)
        one.changed = True
        one.save()
        data = {"room": one.room, "written": dict(sorted(one.hashes.items()))}
        assert one.file.read_bytes() == json.dumps(data).encode()
        assert Written(tmp_path / str(count)).hashes == one.hashes


@pytest.mark.parametrize("jobs", [1, 2, 0], ids=["one process", "workers", "one for the disk"])
def test_what_a_run_wrote_that_was_ended_is_known_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """A source that is edited before the next run: its output is no file of somebody else."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place, out = data.write(tmp_path, COUNT), tmp_path / "out"

    def run(step: Callable[[int], None]) -> Run:
        plan = Plan(tmp_path, ("opencode", "cursor"), output=f"{out}/", jobs=jobs, texts=False)
        return batch.run(plan, sources.listed([str(place)], tmp_path, None, 10**6), step)

    with pytest.raises(KeyboardInterrupt):
        run(ended_at(COUNT))
    begun = sorted(out.rglob("agent-*.md"))
    assert 100 < len(begun) < COUNT * 2
    for file in begun:
        with (place / file.name).open("a", encoding="utf-8") as source:
            source.write("\nOne more line.\n")
    done = run(lambda count: None)
    assert not [result for result in done.results if result.status == "kept"]
    assert all("One more line." in file.read_text("utf-8") for file in begun)


def test_what_a_build_wrote_that_was_ended_twice_is_known_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each notes what it is about to write; what is there may be what the one before had written."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = data.write(tmp_path, COUNT)
    (tmp_path / "agentconv.toml").write_text('sources = [".claude/agents"]\n[targets.opencode]\n', "utf-8")
    out = tmp_path / ".opencode/agents"
    there = 0
    for at in (COUNT - 100, COUNT // 2, None):
        config = find(tmp_path)
        assert config is not None
        if at is None:
            done = building.run(config, Wishes())
            assert not [result for result in done.results if result.status == "kept"]
            continue
        with pytest.raises(KeyboardInterrupt):
            building.run(config, Wishes(), ended_at(at))
        assert there <= len(list(out.iterdir())) < COUNT, "the second one is ended earlier"
        there = len(list(out.iterdir()))
        for file in place.iterdir():
            with file.open("a", encoding="utf-8") as source:
                source.write("\nOne more line.\n")
    assert all(file.read_text("utf-8").count("One more line.") == 2 for file in out.iterdir())


COUNT = 1_100  # to two targets it pays to have a process for the disk


def ended_at(most: int) -> Callable[[int], None]:
    """Ctrl-C after so many results."""
    seen = itertools.count(1)

    def step(_: int) -> None:
        if next(seen) >= most:
            raise KeyboardInterrupt

    return step


@pytest.mark.parametrize("jobs", [1, 2, 0], ids=["one process", "workers", "one for the disk"])
def test_of_a_run_that_was_killed_few_outputs_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """Nothing runs at the end of such a one. Its sources are edited before the next run, so no output is the same."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root, count = tmp_path / "project", 2_400
    agents = data.write(root, count, body=200, plain=True)
    (root / ".git").mkdir()
    out = root / ".opencode" / "agents"

    def convert() -> Run:
        plan = Plan(root, ("opencode",), jobs=jobs)
        return batch.run(plan, list(sources.listed_places(root, ("opencode",))))

    def killed() -> None:
        settled = Target._settled

        def counted(self: Target, left: Leaving, answer: Answer) -> None:
            settled(self, left, answer)
            if len(self.written.hashes) >= 2_000:
                os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(Target, "_settled", counted)
        convert()

    assert in_child(killed) == -signal.SIGKILL
    there = sum(1 for path in out.iterdir() if path.suffix == ".md")
    assert there >= 2_000
    for path in agents.iterdir():
        path.write_text(f"{path.read_text('utf-8')}One line more.\n", "utf-8")
    kept = [result for result in convert().results if result.status == "kept"]
    assert len(kept) <= 500 + there - 2_000
    assert all("One line more." in path.read_text("utf-8") for path in sorted(out.iterdir())[:1_000])
