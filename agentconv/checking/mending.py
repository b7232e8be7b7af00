"""``check --fix``: what can be mended for sure, in place; everything else stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable

from agentconv import rights as counting
from agentconv.checking.checked import Checked, Reader
from agentconv.checking.finding import Finding
from agentconv.model import Agent
from agentconv.output.sameformat import normalised

Again = Callable[[str], Checked]
Find = Callable[[Checked], list[Finding]]
BOM = "\ufeff"
ROUNDS = 3


def mended(checked: Checked, before: list[Finding], again: Again, find: Find) -> str | None:
    """The file with what is safe to mend, or ``None`` where nothing is, or where the proof does not hold.

    Proved: the author's reading is the same but for the spelling of tool names, no program gives more than before or
    than the file asks for, none loses a tool, and no error is new. Where a new spelling would take a tool from another
    program that reads the file, the names stay as they are."""
    if not checked.author.agents or checked.author.document is None:
        return None
    errors = {(f.code, f.message) for f in before if f.severity == "error"}
    for names in (True, False):
        text = _settled(checked, before, again, names)
        if text == checked.text:
            continue
        now = again(text)
        if not _same_meaning(checked, now) or _wider(checked, now) or _poorer(checked, now):
            continue
        if all((f.code, f.message) in errors for f in find(now) if f.severity == "error"):
            return text
    return None


def _settled(checked: Checked, before: list[Finding], again: Again, names: bool) -> str:
    """Mended until nothing changes: a name inside of a repaired value is respelled in the next round."""
    text = checked.text
    now = checked
    for _ in range(ROUNDS):
        new = _without_mark(normalised(now.author, names), before)
        if new == text or not new:
            break
        text, now = new, again(new)
        if not now.author.agents or now.author.document is None:
            break
    return text


def _without_mark(text: str, before: list[Finding]) -> str:
    """A byte order mark goes where a program loses the header for it."""
    hides = any(f.code in ("R040", "R012") for f in before)
    return text.removeprefix(BOM) if hides else text


def _same_meaning(was: Checked, now: Checked) -> bool:
    if len(was.author.agents) != len(now.author.agents):
        return False
    for old, new in zip(was.author.agents, now.author.agents, strict=True):
        if _plain(old.agent) != _plain(new.agent):
            return False
        before = counting.of_agent(old.agent, was.spec, program=False)
        if before != counting.of_agent(new.agent, now.spec, program=False):
            return False
    return True


def _plain(agent: Agent) -> dict[str, object]:
    return {name: value for name, value in agent.said().items() if name != "tools"}


def _wider(was: Checked, now: Checked) -> bool:
    """Whether a program gives something that it did not give, and that the file does not ask for."""
    for before, after in zip(was.readers, now.readers, strict=True):
        for old, new in zip(was.author.agents, now.author.agents, strict=True):
            twin = after.twin(new, len(now.author.agents))
            if twin is None:
                continue
            given = counting.of_agent(twin.agent, after.spec, program=True, usual=True)
            asked = counting.of_agent(old.agent, was.spec, program=False)
            had = before.twin(old, len(was.author.agents))
            gave = counting.of_agent(had.agent, before.spec, program=True, usual=True) if had else frozenset()
            held = {r.cls for r in (*asked, *gave)}  # a limit that the program does not know was none before
            if any(r.cls not in held for r in counting.gained(asked | gave, given)):
                return True
    return False


def _poorer(was: Checked, now: Checked) -> bool:
    """Whether a program has a tool less for an agent than before."""
    for before, after in zip(was.readers, now.readers, strict=True):
        for old, new in zip(was.author.agents, now.author.agents, strict=True):
            had, has = before.twin(old, len(was.author.agents)), after.twin(new, len(now.author.agents))
            if had is None or had.agent.tools.base != "none":
                continue  # who has everything for want of a list that is seen is to see it
            if has is None or _tools(had.agent, before) - _tools(has.agent, after):
                return True
    return False


def _tools(agent: Agent, reader: Reader) -> set[str]:
    tools = counting.added_by_fields(agent, reader.spec)
    return {
        name
        for name, grant in counting.by_name(tools, reader.spec.of_mode(agent.mode), usual=True).items()
        if grant.any
    }
