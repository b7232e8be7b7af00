"""New files have no name until they are on the disk, where the system makes such files; elsewhere one beside theirs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from agentconv.project import files, putting

needed = pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system makes no files without a name")


def order(path: Path) -> putting.Order:
    return putting.Order(str(path), b"mine", True)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@needed
def test_nothing_is_seen_of_a_file_before_it_is_whole(tmp_path: Path) -> None:
    staged = files.Staged()
    for name in ("a", "below/b"):
        staged.add(str(tmp_path / name), b"mine", new=True)
    if not all(isinstance(one, files.Unnamed) for one in staged.waiting):
        pytest.skip("the disk of the tests makes no files without a name")
    assert names(tmp_path) == {"below"} and not names(tmp_path / "below")
    staged.settle(lambda path, error: pytest.fail(f"{path}: {error}"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "below" / "b").read_bytes() == b"mine"
    assert not staged.waiting


@needed
def test_it_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("", "utf-8")
    putting.put([order(tmp_path / "new")])
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_somebody_puts_there_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.md"

    def wanted() -> bool:
        place.write_text("theirs", "utf-8")
        return True

    (problem,) = putting.put([order(place)], wanted)
    if problem is None:
        pytest.skip("the disk of the tests makes no files without a name")
    assert isinstance(problem, FileExistsError)
    assert place.read_text("utf-8") == "theirs" and names(tmp_path) == {"a.md"}


@pytest.mark.parametrize("fault", ["no file", "no name", "no list of open files"])
def test_where_there_are_none_they_are_written_beside_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """A network drive makes none; a sandbox may refuse to name one; in a bare `chroot` there is no `/proc`."""
    hits = []

    def refused(*_: Any, **__: Any) -> Any:
        hits.append(fault)
        raise OSError(95, "not supported")

    if fault == "no file":
        really = os.open
        made = getattr(os, "O_TMPFILE", 0)
        monkeypatch.setattr(
            os,
            "open",
            lambda path, flags, *rest: refused() if made and flags & made == made else really(path, flags, *rest),
        )
    elif fault == "no name":
        monkeypatch.setattr(os, "link", refused)
    else:
        monkeypatch.setattr(files, "_processes", lambda: -1)
    assert putting.put([order(tmp_path / "a"), order(tmp_path / "b")]) == [None, None]
    assert names(tmp_path) == {"a", "b"} and (tmp_path / "a").read_bytes() == b"mine"


@needed
@pytest.mark.parametrize("call", ["open", "write", "fsync", "link", "close"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    really = getattr(os, call)
    files._processes()

    def interrupted(*arguments: Any, **named: Any) -> Any:
        done = really(*arguments, **named)
        if hits and sys._getframe(1).f_globals["__name__"] == files.__name__:
            hits.pop()
            raise KeyboardInterrupt
        return done

    hits = ["the first time"]
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        putting.put([order(tmp_path / name) for name in ("a", "b")])
    monkeypatch.undo()
    assert names(tmp_path) <= {"a"} | ({"b"} if call in ("link", "close") else set())
    assert call == "open" or sum(1 for _ in Path("/proc/self/fd").iterdir()) == before, "one is still open"


@needed
def test_a_thousand_do_not_need_a_thousand_open_files(tmp_path: Path) -> None:
    staged = files.Staged()
    for n in range(files.UNNAMED + 5):
        staged.add(str(tmp_path / f"{n}"), b"mine", new=True)
    assert sum(isinstance(one, files.Unnamed) for one in staged.waiting) <= files.UNNAMED
    staged.settle(lambda path, error: pytest.fail(f"{path}: {error}"))
    assert len(names(tmp_path)) == files.UNNAMED + 5
