"""A second process that reads ahead: nothing changes but the time it takes, whatever becomes of it."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from agentconv import alike
from agentconv.cli import app
from agentconv.project import ahead, batch, pipes, reader, sources, workers
from agentconv.project.sources import Facts, Source
from bench import data

COUNT = 700  # more than what waits at once
pytestmark = pytest.mark.skipif(not pipes.POSSIBLE, reason="no second process here until pipes.POSSIBLE says so")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[reader.Reader]]:
    """The readers of the test: all of them are gone at its end."""
    found: list[reader.Reader] = []
    begin = reader.Reader.__init__

    def begun(self: reader.Reader, told: Sequence[Source]) -> None:
        begin(self, told)
        found.append(self)

    monkeypatch.setattr(reader.Reader, "__init__", begun)
    yield found
    for one in found:
        with pytest.raises(ProcessLookupError):
            os.kill(one._process, 0)


def project(folder: Path) -> Path:
    """Agents as they come, and what else may lie among them."""
    place = data.write(folder, COUNT)
    (place / "README.md").write_text("# About these agents\n\nText.\n", "utf-8")
    (place / "binary.md").write_bytes(b"---\nname: binary\n\xff\xfe\n---\n\nx\n")
    (place / "empty.md").write_bytes(b"")
    (place / "crlf.md").write_bytes(b"---\r\nname: crlf\r\ndescription: Reads the ledger.\r\n---\r\n\r\nRead.\r\n")
    (place / "large.md").write_text(
        f"---\nname: large\ndescription: Reads it.\n---\n\n{'Read it. ' * 200_000}", "utf-8"
    )
    (place / "link.md").symlink_to(place / "agent-00003.md")
    (folder / "secret.md").write_text("---\nname: secret\ndescription: Reads.\n---\n\nx\n", "utf-8")
    (place / "out.md").symlink_to(folder / "secret.md")
    (place / "agent-00007.md").unlink()
    os.mkfifo(place / "agent-00007.md")
    return place


def same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str, settings: str = ""
) -> tuple[str, dict[str, bytes]]:
    """The same command with and without one who reads ahead: the same words and files. Those words, and the files."""
    found = []
    for name, many in (("alone", 10**6), ("ahead", 1)):
        monkeypatch.setattr(ahead, "MANY", many)
        root = folder / name
        root.mkdir()
        project(root)
        (root / "agentconv.toml").write_text(settings, "utf-8") if settings else None
        monkeypatch.chdir(root)
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code in (0, 1, 3), done.output
        tree = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        said = re.sub(r"[\d.]+ m?s\b", "", done.output.replace("alone", "ahead"))
        found.append((said, done.exit_code, tree))
    assert found[0][0] == found[1][0]
    assert found[0] == found[1]
    return found[0][0], found[0][2]


def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many sources were handed over, and how many of them taken in."""
    found = {"read": 0, "taken in": 0, "alike": 0}
    take_over, know = reader.Reader.take_over, alike.know

    def noted(self: reader.Reader, source: Source) -> bytes | None:
        made = take_over(self, source)
        found["read"] += made is not None
        found["taken in"] += source.text is not None
        return made

    def known(*said: object) -> None:
        found["alike"] += 1
        know(*said)  # type: ignore[arg-type]

    monkeypatch.setattr(reader.Reader, "take_over", noted)
    monkeypatch.setattr(alike, "know", known)
    return found


COMMANDS = {
    "a folder": ("convert", ".claude/agents", "--to", "opencode", "-o", "out/", "--notes", "json"),
    "a project": ("convert", "--to", "gemini-cli", "--notes", "json"),
    "a project, of one format": ("convert", "--from", "claude-code", "--to", "gemini-cli", "--notes", "json"),
    "with workers": ("convert", "--to", "codex", "-o", "out/", "--notes", "json"),
    "less than a file has": ("convert", ".claude/agents", "--to", "qwen-code", "-o", "out/", "--max-bytes", "5000"),
    "check": ("check", "--notes", "json"),
    "check of a folder": ("check", ".claude/agents", "--notes", "json"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=list(COMMANDS))
def test_the_same_with_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[reader.Reader], words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(reader, "ENOUGH", 0)  # there is always time to take files in
    if "codex" in words:
        monkeypatch.setattr(batch, "PAYS_FROM", 1)
    monkeypatch.setattr(workers, "LESSONS", 100)
    handed = counted(monkeypatch)
    said, files = same(tmp_path, monkeypatch, *words)
    assert started and "agent-00003" in said + str(list(files))
    all_of_them = 100 if "codex" in words else 170 if "5000" in words else COUNT
    assert handed["read"] > all_of_them * 0.9 and handed["taken in"] > all_of_them * 0.9
    assert handed["alike"] > all_of_them * 0.8


def test_a_build_with_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[reader.Reader]
) -> None:
    handed = counted(monkeypatch)
    settings = 'sources = [".claude/agents"]\n[targets.opencode]\n'
    _, files = same(tmp_path, monkeypatch, "build", settings=settings)
    assert started and handed["read"] > COUNT * 0.9
    assert sum(name.startswith(".opencode/") for name in files) > COUNT * 0.9


def test_should_it_die_the_rest_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[reader.Reader]
) -> None:
    receive, killed = reader.Reader._receive, []

    def killing(self: reader.Reader) -> None:
        if self._next > 200 and not killed:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            killed.append(self._process)
        receive(self)

    monkeypatch.setattr(reader.Reader, "_receive", killing)
    same(tmp_path, monkeypatch, *COMMANDS["a folder"])
    assert killed


def listed(*paths: Path) -> list[Source]:
    return [Source(path.name, str(path)) for path in paths]


def test_it_reads_files_and_nothing_else(tmp_path: Path, started: list[reader.Reader]) -> None:
    """A pipe is not waited for, a link not followed; what is missing or too large is for whoever needs it."""
    (tmp_path / "file").write_text("text", "utf-8")
    (tmp_path / "large").write_bytes(b"x" * reader.ROOM)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    found = listed(*(tmp_path / name for name in ("pipe", "link", "missing", "large", "folder", "file")))
    one = reader.Reader(found)
    try:
        assert [one.take_over(source) for source in found] == [None] * 5 + [b"text"]
        assert one.take_over(found[-1]) is None  # it is asked for again: what stands there now is what counts
    finally:
        one.close()


def test_a_file_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[reader.Reader]
) -> None:
    (tmp_path / "file").write_text("text", "utf-8")
    readv = os.readv
    monkeypatch.setattr(os, "readv", lambda handle, room: readv(handle, room) - 1)
    (source,) = listed(tmp_path / "file")
    one = reader.Reader([source])
    try:
        assert one.take_over(source) is None
    finally:
        one.close()


def test_files_may_be_passed_over_and_others_asked_for(tmp_path: Path, started: list[reader.Reader]) -> None:
    for n in range(300):
        (tmp_path / f"{n:03}").write_text(str(n), "utf-8")
    found = listed(*sorted(tmp_path.iterdir()))
    (other,) = listed(tmp_path / "other")
    one = reader.Reader(found)
    try:
        for n in (*range(0, 60), *range(70, 130, 3), 299):  # the first of a chunk left out; and more than a chunk
            assert one.take_over(other) is None
            assert one.take_over(found[n]) == (str(n).encode() if n < 200 else None)
    finally:
        one.close()


def test_what_leads_out_of_the_folder_is_not_taken_in_there(tmp_path: Path) -> None:
    """A file that is no link may lie in a folder that is one."""
    (tmp_path / "in").mkdir()
    text = b"---\nname: x\ndescription: Reads the ledger.\n---\n\nRead.\n"
    known: Callable[[str], Facts | None] = lambda folder: sources.facts(  # noqa: E731
        Source(
            "x.md", f"{tmp_path}/in/x.md", "claude-code", real=f"{folder}/x.md", within="x.md", loose=True,
            root=f"{tmp_path}/in",
        ),
        text,
    )  # fmt: skip
    assert known(f"{tmp_path}/in") is not None
    assert known(f"{tmp_path}") is None


def test_a_file_given_twice_is_taken_in_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in a folder it lies one level down; named by the user it does not."""
    monkeypatch.setattr(reader, "ENOUGH", 0)
    file = tmp_path / "in/deep/x.md"
    file.parent.mkdir(parents=True)
    file.write_text("---\nname: x\ndescription: Reads the ledger.\n---\n\nRead.\n", "utf-8")

    def both() -> list[Source]:
        folder, real = str(tmp_path / "in"), str(file)
        found = Source(
            "in/deep/x.md", real, "claude-code", real=real, within="deep/x.md", loose=True, root=folder
        )  # fmt: skip
        return [found, Source("in/deep/x.md", real, "claude-code", asked=True, real=real)]

    handed, alone = both(), [sources.taken(source) for source in both()]
    one = reader.Reader(handed)
    try:
        assert [one.take_over(source) is not None for source in handed] == [True, True]
    finally:
        one.close()
    assert [source.below for source in handed] == [source.below for source in alone if source is not None]
    assert handed[0].below != handed[1].below, "both are the same, so nothing was mixed up"


def test_it_goes_on_alone_also_where_nobody_takes_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[reader.Reader]
) -> None:
    monkeypatch.setattr(reader, "PLACES", 60)
    monkeypatch.setattr(reader, "ENOUGH", 60)  # it takes nothing in, and is soon done
    for n in range(5_000):
        (tmp_path / f"{n:04}").write_text(str(n), "utf-8")
    one = reader.Reader(listed(*sorted(tmp_path.iterdir())))
    fcntl.fcntl(one._found, fcntl.F_SETPIPE_SZ, 4096)
    until = time.monotonic() + 20
    try:
        waiting, before = bytearray(4), bytearray()
        while not int.from_bytes(waiting, sys.byteorder) or waiting != before:  # bytes: no more of them go in
            assert time.monotonic() < until
            before = waiting[:]
            time.sleep(0.3)
            fcntl.ioctl(one._found, termios.FIONREAD, waiting)
        one.let_alone()
        while os.waitpid(one._process, os.WNOHANG)[0] == 0:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        one.close()


def test_it_goes_on_alone_where_others_read_too(tmp_path: Path, started: list[reader.Reader]) -> None:
    for n in range(1_000):
        (tmp_path / f"{n:04}").write_text(str(n), "utf-8")
    found = listed(*sorted(tmp_path.iterdir()))
    one = reader.Reader(found)
    try:
        assert one.take_over(found[0]) == b"0"
        one.let_alone()
        assert one.take_over(found[1]) is None
        until = time.monotonic() + 20
        while os.waitpid(one._process, os.WNOHANG)[0] == 0:  # it comes to its end, though nobody takes anything over
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        one.close()
