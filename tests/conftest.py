"""What all tests share: ``--accept``, the shared folder, Hypothesis settings, and which notes were raised."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from agentconv import notes
from agentconv.checking import finding
from tests import forked

ROOT = Path(__file__).resolve().parent.parent
LAST = "test_every_code_is_raised"  # looks at what all other tests raised, so it runs after them
RAISED: set[str] = set()
MOST = 4  # processes: some tests start programs of their own

# No deadline: the machines that run this are shared. In CI the examples are always the same ones,
# so that a red run there can be repeated.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the expected outputs (never in CI)")
    words = "run the tests in so many processes (default: the whole suite in one for each core, else one)"
    parser.addoption("--processes", type=int, default=0, help=words)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--accept") and os.environ.get("CI"):
        raise pytest.UsageError("--accept is refused where CI is set: expected outputs are accepted by a person")
    _watch_notes()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.name == LAST)
    config.stash[WHOLE] = _is_whole(config)


WHOLE: pytest.StashKey[bool] = pytest.StashKey()


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    count = _processes(session)
    if count < 2:
        return None
    last = [item for item in session.items if item.name == LAST]
    session.items = [item for item in session.items if item.name != LAST]
    forked.run(session, count, told=lambda: sorted(RAISED), hear=RAISED.update)
    for item in last:
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return True


def _processes(session: pytest.Session) -> int:
    """How many processes run the tests: one wherever somebody looks on, or wants to stop at the first failure."""
    option = session.config.option
    names = ("accept", "maxfail", "usepdb", "trace", "stepwise", "setupshow", "collectonly")
    alone = any(getattr(option, name, False) for name in names) or option.capture == "no"
    if alone or session.testsfailed or not hasattr(os, "fork"):  # failed: something could not be collected
        return 1
    usual = min(os.cpu_count() or 1, MOST) if session.config.stash[WHOLE] else 1
    return int(option.processes or usual)


def _is_whole(config: pytest.Config) -> bool:
    """Whether this run is the suite as the README runs it: nothing picked out, nothing left out."""
    option = config.option
    default = config.getini("addopts")
    picked = option.keyword or getattr(option, "lf", False) or option.deselect or option.ignore or option.ignore_glob
    return config.args_source is not pytest.Config.ArgsSource.ARGS and not picked and option.markexpr in default


def _watch_notes() -> None:
    """Remember the code of every note and finding that agentconv itself makes; one that a test makes does not count."""
    for kind in (notes.Note, finding.Finding):
        kind.__init__ = _watched(kind.__init__)  # type: ignore[method-assign]


def _watched(original: Any) -> Any:
    def watched(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_globals.get("__name__") in ("agentconv.notes", "dataclasses"):
            frame = frame.f_back
        if str(frame.f_globals.get("__name__")).startswith("agentconv"):
            RAISED.add(self.code)

    return watched


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether expected outputs are to be rewritten."""
    return bool(request.config.getoption("--accept"))


def find_shared() -> Path | None:
    """The folder of real files and programs: ``AGENTCONV_SHARED``, else ``../shared`` beside the repository."""
    named = os.environ.get("AGENTCONV_SHARED")
    place = Path(named) if named else ROOT.parent / "shared"
    return place if place.is_dir() else None


def _part(name: str) -> Path:
    place = find_shared()
    if place is None or not (place / name).is_dir():
        pytest.skip(f"no shared folder with {name}/ (set AGENTCONV_SHARED, or put it beside the repository)")
    return place / name


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real agent files."""
    return _part("corpus")


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The five files the project was asked for."""
    return _part("seeds")


@pytest.fixture(scope="session")
def verdicts() -> Path:
    """What real programs made of the corpus."""
    return _part("reference/verdicts")
