"""Laws that hold for every agent and every pair of formats, over generated agents.

No traceback; no output that fails its own proof; never wider (``probing`` counts on its own); the status is what the
notes say; a second run changes nothing; what stands beside an entry in a shared file stays byte for byte.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv.convert import Conversion, convert_agent, convert_text
from agentconv.engine import read_author, read_program
from agentconv.model import Agent
from agentconv.registry import ids, load, targets
from tests import probing
from tests.strategies import agents

EXAMPLES = int(os.environ.get("AGENTCONV_EXAMPLES", "40"))
LAW = settings(max_examples=EXAMPLES, derandomize=EXAMPLES <= 40, deadline=None)
PROOF = ("V001", "V002", "V003", "V004", "V005", "X001")
REPAIRS = {"R003", "R006", "R007", "R008", "R009", "R010", "R012", "R013", "R014", "R015", "R016", "R019", "R020",
           "T001", "T002", "T004", "T009", "T016"}  # fmt: skip
each_source = pytest.mark.parametrize("source", ids())


@each_source
@LAW
@given(data=st.data())
def test_laws(source: str, data: st.DataObject) -> None:
    agent = data.draw(agents(source))
    for target in targets():
        made = convert_agent(agent, source, target)
        told = tell(made, agent)
        check_proof(made, told)
        check_status(made, told)
        check_rights(agent, source, target, made, told)
        check_again(target, made, told)


def tell(made: Conversion, agent: Agent | None = None) -> str:
    lines = [f"{made.format} -> {made.target}: {made.status} gained {made.gained}", f"{made.rights}", f"{agent and agent.said()}"]
    lines += [f"  {n.code} {n.effect} {n.path}: {n.message}" for n in made.notes]
    return "\n".join([*lines, *(f"--- {p}\n{b.decode()}" for p, b in made.files.items())])


def check_proof(made: Conversion, told: str) -> None:
    assert not [n for n in made.notes if n.code in PROOF], told
    if made.status == "failed":
        assert any(n.effect == "error" for n in made.notes), told


def check_status(made: Conversion, told: str) -> None:
    effects = {n.effect for n in made.notes}
    if made.status == "exact":
        assert effects <= {"info"}, told
    elif made.status == "lossy":
        assert effects & {"approximate", "lost", "inherits"} and not effects & {"narrows", "widens", "error"}, told
    elif made.status == "narrowed":
        assert "narrows" in effects and not effects & {"widens", "error"}, told
    elif made.status in ("refused", "widened"):
        assert "widens" in effects and made.gained, told
    elif made.status == "skipped":
        assert not effects & {"widens", "error"}, told
    assert bool(made.files) == (made.status in ("exact", "lossy", "narrowed", "widened")), told


def check_rights(agent: Agent, source: str, target: str, made: Conversion, told: str) -> None:
    """Every deed that the output allows was allowed before, or anything was: by a free shell."""
    if not made.files or made.status == "widened":
        return
    ((path, data),) = made.files.items()
    back = read_program(load(target), data.decode(), path).agents
    assert len(back) == 1, told
    before = probing.allowed(agent, load(source), program=False)
    after = probing.allowed(back[0].agent, load(target), program=True)
    if {d for d in probing.DEEDS if d.cls == "runs"} <= before:
        return
    assert after <= before, f"gained {after - before}\n{told}"


def check_again(target: str, made: Conversion, told: str) -> None:
    """The output needs no repair, and converting it to its own format changes no byte."""
    if not made.files:
        return
    ((path, data),) = made.files.items()
    reading = read_author(load(target), data.decode(), path)
    said = [n for n in [*reading.notes, *(m for r in reading.agents for m in r.notes)] if n.code in REPAIRS]
    assert not said, f"{said}\n{told}"
    (again,) = convert_text(data.decode(), from_=target, to=target, path=path)
    assert list(again.files.values()) == [data], f"{again.files}\n{told}"
