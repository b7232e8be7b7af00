"""Regular expressions end soon, whatever they are held against: each of the readers' is tried with what repeats.

280 bytes of words in a broken list once took minutes: a pattern could tell words and what stands between them apart in
2 to the power of n ways.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from agentconv import containers, reading
from agentconv.containers import repair
from agentconv.convert import convert_text
from agentconv.lowering import carriedback, carry, fold, servers
from tests.machine import slowness
from tests.security import hostile

PUMPS = [
    *" \t\n-:a_/.,[(\"'\\#*",
    "a ",
    "- ",
    "a,",
    "a:",
    ": ",
    "a\n",
    "\n ",
    "- a\n",
    "a/",
    "[a",
    "''",
    '\\"',
    "a.",
    "),",
    "\r\n",
]
LEADS = ["", "a", "a: ", '"', "'", "---\n", "[", "- ", "mcp__", "<!--", "### a\n"]
TAILS = ["", "\x00", "x\x00"]
TIMES = 28  # 2 to the power of it takes minutes, its square nothing


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The expressions that a stranger's text is held against."""
    modules = [carriedback, carry, fold, servers]
    for package in (containers, reading):
        modules += [
            importlib.import_module(m.name) for m in pkgutil.iter_modules(package.__path__, package.__name__ + ".")
        ]
    for module in modules:
        for name, value in vars(module).items():
            several = (
                value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
            )
            for n, one in enumerate(several):
                if isinstance(one, re.Pattern):
                    yield f"{module.__name__.removeprefix('agentconv.')}.{name}.{n}", one


ALL = dict(patterns())


class TooLong(Exception):
    pass


def ends(pattern: re.Pattern[str]) -> str:
    """What it takes long for; nothing where it always ends soon."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        for lead in LEADS:
            for pump in PUMPS:
                for tail in TAILS:
                    text = lead + pump * TIMES + tail
                    signal.setitimer(signal.ITIMER_VIRTUAL, 1.0)  # of the processor
                    try:
                        pattern.search(text)
                        pattern.fullmatch(text)
                    except TooLong:
                        return repr(text)
                    finally:
                        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return ""


@pytest.mark.parametrize("name", ALL)
def test_no_pattern_takes_long(name: str) -> None:
    assert not ends(ALL[name])


OLD = r"""(?:["']?[\w./*:@()+-]+["']?(?:[ \t]*(?:[,\[\]]|[\r\n]|\Z))+|[\s,\[\]]+|-[ \t]+)*"""


def test_the_old_pattern_is_noticed() -> None:
    assert ends(re.compile(OLD))


@pytest.mark.parametrize("inner", ["[" * 120 + "d: x", "- a\n" * 60 + "\x1b", "tools: [" + "a\x0b" * 60 + "'"])
def test_a_broken_list_ends_soon(inner: str) -> None:
    started = time.process_time()
    convert_text(hostile.header("x\n" + inner), from_="claude-code", to="vscode")
    assert time.process_time() - started < 2 * slowness()
    assert repair._WORDS.pattern != OLD
