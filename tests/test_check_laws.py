"""Laws of ``check`` over any text of any format: it says what it has to say, and what it mends stays what it was."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from agentconv import registry, rights
from agentconv.checking.checked import Checked, open_checked
from agentconv.checking.finding import SEVERITIES, Finding
from agentconv.checking.mending import mended
from agentconv.checking.producers import findings
from agentconv.notes import CODES
from agentconv.reading.context import Read
from agentconv.reading.wildkeys import servers_of_pattern
from agentconv.spec import Spec
from tests import goldens
from tests.test_reading_laws import EXAMPLES, LAW, texts

FEW = settings(
    LAW, max_examples=max(EXAMPLES // 2, 1)
)  # both readings of every reader, twice where something is mended
every = pytest.mark.parametrize("id", registry.ids())


def opened(id: str, text: str, path: str = "") -> Checked:
    spec = registry.load(id)
    suffix = (spec.head["suffixes"] or [".md"])[0]
    where = path or f"agents/agent{suffix}" if suffix.startswith("/") else goldens.default_path(spec, "agent", suffix)
    return open_checked(spec, text, path or where)


def places(checked: Checked, found: list[Finding]) -> None:
    rows = checked.text.count("\n") + checked.text.count("\r") + 2
    for one in found:
        assert one.code in CODES and one.severity in SEVERITIES
        assert 1 <= one.line <= rows and one.column >= 1, one
        assert one.message and one.does and one.programs, one
        assert one.file == checked.path


def silent(checked: Checked, found: list[Finding]) -> list[str]:
    """What a program makes of the file, and nothing was said of it."""
    missed = []
    for reader in checked.readers:
        said = [one for one in found if reader.seen in one.programs]
        for read in checked.author.agents:
            twin = reader.twin(read, len(checked.author.agents))
            if twin is None:
                if not said:
                    missed.append(f"{reader.seen} does not load {read.agent.id!r}: {reader.reading.reason}")
                continue
            asked = rights.of_agent(read.agent, checked.spec, program=False)
            given_ = rights.of_agent(twin.agent, reader.spec, program=True, usual=True)
            more = frozenset(
                r
                for r in rights.gained(asked, given_)
                if not named(r.cls, read, reader.spec.of_mode(read.agent.mode), checked.text)
            )
            enough = ("error", "warning") if reader.when else ("error",)  # nobody knows here whether it reads the file
            if more and not any(one.severity in enough for one in said):
                missed.append(
                    f"{reader.seen} gives {rights.spelled(more)}, too: {[(o.code, o.severity) for o in said]}"
                )
    return missed


def named(cls: str, read: Read, spec: Spec, text: str) -> bool:
    """A tool of an MCP server that the file lists in the words of this program: asked for, whoever owns the file. Of a
    pattern nobody knows here which tools it gives: the program is counted to give all, its author to mean some."""
    if cls == rights.MCP:
        return any(tool.server == "*" for token in read.tokens for tool in servers_of_pattern(token.text, spec))
    return cls.startswith("mcp:") and all(part in text for part in cls[4:].split("/"))


@every
def test_nothing_that_is_lost_or_gained_goes_unsaid(id: str) -> None:
    @FEW
    @given(text=texts(registry.load(id)))
    def law(text: str) -> None:
        checked = opened(id, text)
        found = findings(checked)
        places(checked, found)
        assert not silent(checked, found)

    law()


@every
def test_a_fix_changes_no_meaning_and_is_done_once(id: str) -> None:
    @FEW
    @given(text=texts(registry.load(id)))
    def law(text: str) -> None:
        fixed(id, text)

    law()


def fixed(id: str, text: str, path: str = "") -> str | None:
    """The mended text, once the laws hold for it."""

    def again(text: str) -> Checked:
        return opened(id, text, path)

    checked = again(text)
    before = findings(checked)
    new = mended(checked, before, again, findings)
    if new is None:
        return None
    now = again(new)
    for old, fresh in zip(checked.author.agents, now.author.agents, strict=True):
        was = rights.of_agent(old.agent, checked.spec, program=False)
        assert rights.of_agent(fresh.agent, now.spec, program=False) == was
        assert plain(fresh.agent) == plain(old.agent)
        twice = {name: count for name, count in listed(fresh).items() if count > max(listed(old)[name], 1)}
        assert not twice, "no list holds a name twice that did not before"
    errors = {(one.code, one.message) for one in before if one.severity == "error"}
    after = findings(now)
    assert {(one.code, one.message) for one in after if one.severity == "error"} <= errors
    assert mended(now, after, again, findings) is None, "mending twice is mending once"
    return new


def listed(read: Read) -> Counter[tuple[str, str]]:
    """How often each name stands in each list."""
    return Counter((re.sub(r"\[\d+\]$", "", token.at), token.text) for token in read.tokens)


def plain(agent: Any) -> dict[str, Any]:
    return {name: value for name, value in agent.said().items() if name != "tools"}


@pytest.mark.parametrize("case", goldens.read_cases(), ids=lambda case: f"{case.parent.parent.name}-{case.name}")
def test_the_laws_hold_for_the_reader_cases(case: Any) -> None:
    """The files of our own that are broken on purpose."""
    try:
        text = goldens.case_input(case).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        pytest.skip("no text")
    id = case.parent.parent.name
    checked = opened(id, text, goldens.case_path(case))
    found = findings(checked)
    places(checked, found)
    assert not silent(checked, found)
    fixed(id, text, goldens.case_path(case))
