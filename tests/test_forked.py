"""A suite that runs in several processes says what it says in one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

CONFTEST = """
import sys
sys.path.insert(0, {root!r})
from tests import forked

SEEN = []

def pytest_addoption(parser):
    parser.addoption("--in", type=int, default=0)

def pytest_runtest_setup(item):
    SEEN.append(item.name)

def pytest_runtestloop(session):
    if count := session.config.getoption("--in"):
        heard = []
        forked.run(session, count, told=lambda: SEEN, hear=heard.extend)
        (session.config.rootpath / "heard.txt").write_text("\\n".join(heard))
        return True
"""
TESTS = """
import os, sys, warnings
import pytest

@pytest.mark.parametrize("n", range(100))
def test_many(n, tmp_path):
    (tmp_path / "x").write_text(str(n))
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    print("said by", n)
    os.write(1, b"and by the file %d" % n)
    assert n != 77

@pytest.fixture
def broken():
    raise ValueError("in the fixture")

def test_with_it(broken): pass

@pytest.fixture
def ends_badly():
    yield
    raise ValueError("behind it")

def test_before_it(ends_badly): pass

def test_warned(): warnings.warn("look out", DeprecationWarning)

@pytest.mark.skip(reason="not now")
def test_skipped(): pass

@pytest.mark.xfail
def test_known(): assert False

@pytest.mark.xfail(strict=True)
def test_known_no_more(): pass
"""
DIES = "import os, time\n\ndef test_before(): pass\n\ndef test_dies(): os._exit(0)\n\ndef test_behind(): pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST.format(root=str(ROOT)))
    (tmp_path / "test_a.py").write_text(TESTS)
    (tmp_path / "test_b.py").write_text("def test_b(): pass\n")
    return tmp_path


def ran(folder: Path, *words: str) -> tuple[list[str], int]:
    """The lines of a run without its figures, and its code."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert not done.stderr, done.stderr
    text = re.sub(r"(?m)^[.FEsxX]+( +\[.*)?$| in \d+\.\d+s|pytest-\d+/", "", done.stdout)
    return text.splitlines(), done.returncode


def test_the_summary_is_that_of_one_process(folder: Path) -> None:
    """Failures with all they printed, errors before and behind a test, warnings, and the code: in another order."""
    (one, code), (two, code_of_two) = ran(folder), ran(folder, "--in", "2")
    assert len((folder / "heard.txt").read_text().splitlines()) == 106  # all but the one that is skipped
    assert sorted(filter(None, two)) == sorted(filter(None, one))
    assert code == code_of_two == 1
    assert any("and by the file 77" in line for line in two) and any("look out" in line for line in two)
    assert two[-1] == "2 failed, 102 passed, 1 skipped, 1 xfailed, 1 warning, 2 errors"


def test_what_all_pass_is_green(folder: Path) -> None:
    said, code = ran(folder, "--in", "3", "test_b.py")
    assert code == 0 and "1 passed" in said[-1]


def test_a_process_that_dies_fails_what_it_did_not_end(folder: Path) -> None:
    """The other one does the rest; where there is no other one, the rest fails, too."""
    (folder / "test_a.py").write_text(DIES)
    said, code = ran(folder, "--in", "2")
    told = "\n".join(said)
    assert code == 1 and "its process ended in it" in told and "FAILED test_a.py::test_dies" in told
    assert said[-1] == "1 failed, 3 passed"
    said, code = ran(folder, "--in", "1")
    told = "\n".join(said)
    assert code == 1 and "its process ended in it" in told and "no process was left to run it" in told
    assert "PASSED test_a.py::test_before" in told and said[-1] == "3 failed, 1 passed"


def test_whoever_ends_the_run_from_within_is_seen(folder: Path) -> None:
    (folder / "test_a.py").write_text("import pytest\n\ndef test_a(): pytest.exit('enough')\n")
    said, code = ran(folder, "--in", "1")
    assert code == 1 and "enough" in "\n".join(said) and "FAILED test_b.py::test_b" in "\n".join(said)
