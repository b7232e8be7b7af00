"""The installed command ends without taking its memory apart; nothing that it owes anybody is lost by that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

AS = "import sys; sys.argv = ['agentconv', *sys.argv[1:]]; from agentconv.__main__ import {}; {}()"


def ended(entry: str, *arguments: str, before: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", before + "\n" + AS.format(entry, entry), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0), (["formats", "--json"], 0), (["formats", "nobody"], 2), (["convert", "nowhere.md"], 2),
        (["show", "fixtures/examples/docs-writer.md"], 0), (["check", "README.md", "-q"], None),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)  # fmt: skip
def test_it_says_all_that_it_says_otherwise(arguments: list[str], code: int | None) -> None:
    quick, slow = (ended(entry, *arguments) for entry in ("command", "main"))
    assert (quick.returncode, quick.stdout, quick.stderr) == (slow.returncode, slow.stdout, slow.stderr)
    assert code in (None, quick.returncode), quick.stderr
    if "--json" in arguments:
        assert len(quick.stdout) > 10_000, "too little to be held back by a buffer"


def test_what_waits_for_the_end_is_called() -> None:
    done = ended("command", "--version", before="import atexit, builtins; atexit.register(builtins.print, 'called')")
    assert done.stdout.split()[-1] == b"called"


def test_a_thread_is_waited_for() -> None:
    before = "import threading, time; threading.Thread(target=lambda: (time.sleep(0.3), print('worked'))).start()"
    assert ended("command", "--version", before=before).stdout.split()[-1] == b"worked"


def test_objects_are_not_taken_apart() -> None:
    before = "class Held:\n def __del__(self): print('taken apart')\nheld = Held()"
    assert b"taken apart" in ended("main", "--version", before=before).stdout
    assert b"taken apart" not in ended("command", "--version", before=before).stdout


def test_a_message_instead_of_a_code_is_shown() -> None:
    before = "import agentconv.__main__ as m\ndef main(): raise SystemExit('a reason')\nm.main = main"
    done = ended("command", before=before)
    assert (done.returncode, done.stderr.strip()) == (1, b"a reason")


def test_a_reader_that_goes_away_is_no_error() -> None:
    found = []
    for entry in ("command", "main"):
        command = [sys.executable, "-c", AS.format(entry, entry), "formats", "--json"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.close()
            said = process.stderr.read()
        found.append((process.returncode, said))
    assert found[0] == found[1] and found[0][0] != 0 and found[0][1] == b""


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="no device here that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["formats"], ["show", "fixtures/examples/docs-writer.md"]]
)
def test_a_full_disk_is_no_mistake_of_ours(arguments: list[str], unbuffered: str) -> None:
    command = [sys.executable, "-c", AS.format("command", "command"), *arguments]
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with FULL.open("wb") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, env=env, timeout=60)
    assert (done.returncode, done.stderr) == (3, b"F002 standard output or error: no space left on device\n")


@pytest.mark.skipif(not FULL.exists(), reason="no device here that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        ["convert", "fixtures/examples/docs-writer.md", "--to", "vscode", "-o", "-", "--report", "full.json"],
        ["check", "fixtures/examples/docs-writer.md", "--report", "full.json"],
        ["check", "fixtures/examples/docs-writer.md", "--write-baseline", "full.json"],
    ],
    ids=lambda arguments: f"{arguments[0]} {arguments[-2]}",
)
def test_a_report_that_cannot_be_kept_is_named(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "full.json").symlink_to(FULL)
    done = ended("command", *arguments[:-1], str(tmp_path / "full.json"))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        3, f"Error: F002 {tmp_path / 'full.json'}: no space left on device".encode(),
    )  # fmt: skip
    assert b"Rights: 1" in done.stderr or b"Check: " in done.stdout, "what was done is told all the same"


@pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell of the Unix kind")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("--version >&-", 0), ("formats >&- 2>&-", 0), ("show fixtures/examples/docs-writer.md >&-", 0),
        ("convert fixtures/examples/docs-writer.md --to vscode -o - >&-", 3), ("convert - --to vscode <&-", 3),
    ],
)  # fmt: skip
def test_closed_streams(line: str, code: int) -> None:
    command = ["sh", "-c", f'exec "$0" -c "$1" {line}', sys.executable, AS.format("command", "command")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == code and b"X001" not in done.stderr and b"Traceback" not in done.stderr, done.stderr
