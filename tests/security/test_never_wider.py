"""Never wider, from the text: whatever a header says, no output allows a deed that neither reading of it allowed."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv.convert import Conversion, convert_text, usual_path
from agentconv.model import Agent
from agentconv.proof.sourcerights import same_agent
from agentconv.reading.engine import read_author, read_program
from agentconv.reading.origins import as_meant
from agentconv.registry import ids, load, shared_readers, targets
from agentconv.spec import Spec
from tests import probing, rawheaders
from tests.probing import RISK
from tests.test_laws import PROOF, tell

SEARCH = os.environ.get("AGENTCONV_EXAMPLES")
EXAMPLES = int(SEARCH or "6")
LAW = settings(max_examples=EXAMPLES, derandomize=SEARCH is None, deadline=None)
MARKER = re.compile(r"\./start-\d+-\.sh")
# Taken as meant: a name of another program, a dead one, a control that does not hold, a file that is not loaded, and a
# header that was mended, of which its program may have made less.
MEANT = {"T001", "T002", "T009", "T024", "R006", "R012", "R003", "R008", "R009", "R013", "R014", "R019"}
GIVING = {"bypass": 3, "auto": 2, "accept-edits": 1, "dont-ask": 1}


def converted(text: str, source: str, target: str, path: str = "") -> list[Conversion]:
    path = path or usual_path(load(source), "reviewer")
    return convert_text(text, from_=source, to=target, path=path)


def written(made: Conversion) -> Agent | None:
    """What the target's program makes of the output."""
    if not made.files:
        return None
    ((path, data),) = made.files.items()
    read = read_program(load(made.target), data.decode(), path).agents
    assert read or made.format == made.target, "what is written is loaded"
    mine = [one.agent for one in read if not made.entry or one.agent.id == made.entry]
    return mine[0] if mine else None


def free(deeds: set[probing.Deed]) -> bool:
    return {d for d in probing.DEEDS if d.cls == "runs"} <= deeds


def commands(agent: Agent | None) -> set[str]:
    """Commands that the program starts for the agent."""
    if agent is None:
        return set()
    return {m for value in (agent.hooks, agent.mcp_servers) for m in MARKER.findall(repr(value))}


def started(src: Spec, text: str) -> set[str]:
    """Commands that a program at home in the place starts from the file."""
    out: set[str] = set()
    for spec in (src, *(other for other, _, _ in shared_readers(src))):
        reading = read_program(spec, text, "reviewer.md")
        alive = {row.field for row in spec.fields.values() if row.applied}
        for read in reading.agents:
            for name in ("hooks", "mcp_servers"):
                if name in alive:
                    out |= set(MARKER.findall(repr(getattr(read.agent, name))))
    return out


def told_apart(read: Any, reading: Any) -> Agent | None:
    """The same agent in another reading."""
    twin = same_agent(read, reading)
    return twin.agent if twin is not None else None


def check(text: str, source: str, target: str, path: str = "") -> None:
    """Every agent of a file: what is written allows no deed and starts nothing that the source did not."""
    src = load(source)
    author = read_author(src, text, path or "reviewer.md")
    program = read_program(src, text, path or "reviewer.md")
    for n, made in enumerate(converted(text, source, target, path)):
        told = f"{text}\n{tell(made)}"
        assert not [x for x in made.notes if x.code in PROOF], told
        if made.files and n < len(author.agents):
            read = author.agents[n]
            asked, spec = as_meant(read.agent, src)  # the model's own form is in another format's words
            check_one(made, asked, spec, told_apart(read, program) if spec is src else None, text, told)


def limit_of_both(mode: str | None, src: Spec, dst: Spec) -> bool:
    """Whether a permission mode takes something away in both programs: then it is what its author meant, in any
    spelling (`" dontAsk"`)."""
    rows = [row for spec in (src, dst) if (row := spec.by_field.get("permission_mode")) is not None]
    return len(rows) == 2 and all(row.to_program.get(mode) in (row.fact("denies") or {}) for row in rows)


def check_one(made: Conversion, asked: Agent, src: Spec, given: Agent | None, text: str, told: str) -> None:
    dst = load(made.target)
    back = written(made)
    if back is None:
        return
    words = {n.code for n in made.notes}
    same = made.format == made.target
    # commands: those of hooks and of MCP servers
    if not same:
        theirs = started(src, text) if given is not None else commands(asked)
        assert commands(back) <= theirs, f"starts {commands(back) - theirs}\n{told}"
        had = max(GIVING.get(str(a.permission_mode), 0) for a in (given or asked,))
        assert (
            GIVING.get(str(back.permission_mode), 0) <= had
            or GIVING.get(str(asked.permission_mode), 0) == GIVING.get(str(back.permission_mode), 0) == had
            or (asked.permission_mode == back.permission_mode and limit_of_both(back.permission_mode, src, dst))
        ), told
    if dst.text_kind or made.status == "widened" or same:
        return
    after = probing.allowed(back, dst, program=True)
    before = probing.allowed(asked, src, program=False)
    if not free(before):
        assert after <= before, f"gained {sorted(map(str, after - before))}\n{told}"
    if given is None or not src.tools.singles or src.text_kind or words & MEANT or src.tools.control == "none":
        return
    if any(n.code == "R011" and "takes lines as they are" in n.message for n in made.notes):
        return  # quotes that the program takes for text: said, and taken as meant
    there = {RISK.get(cap, cap) for caps in src.ambient.values() for cap in caps}
    real = probing.allowed(given, src, program=True) | {d for d in probing.DEEDS if d.cls in there}
    if not free(real):
        assert after <= real, f"gained over the program {sorted(map(str, after - real))}\n{told}"


each_source = pytest.mark.parametrize("source", [i for i in ids() if i != "agentconv"])


@each_source
@LAW
@given(data=st.data())
def test_no_raw_header_becomes_wider(source: str, data: st.DataObject) -> None:
    foreign = data.draw(st.booleans())
    text = data.draw(rawheaders.files(source, foreign))
    some: Any = targets()
    if not SEARCH:
        some = data.draw(st.lists(st.sampled_from(targets()), min_size=4, max_size=4, unique=True))
    for target in some:
        check(text, source, target)


@pytest.mark.parametrize("source", [i for i in ids() if rawheaders.denying(i)])
@LAW
@given(data=st.data())
def test_everything_less_some_tools_becomes_no_more_than_the_program_leaves(source: str, data: st.DataObject) -> None:
    """Nothing else stands in the file, so no word of it asks for what the program does not give (what only a setting
    brings is given here, too)."""
    text = data.draw(rawheaders.all_less(source))
    for target in data.draw(st.lists(st.sampled_from(targets()), min_size=4, max_size=4, unique=True)):
        check(text, source, target)
