"""The judge of any files: it can find a fault. With ``-m client``: what programs make of our own odd files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agentconv import registry
from agentconv.reading.engine import read_program
from tests import goldens
from tests.clients import running, strangers
from tests.clients.programs import Program, programs

ODD = goldens.FIXTURES / "strangers"
SKILLS = programs()["agent-skills"]


def odd() -> list[strangers.Stranger]:
    """Files in the manner of many formats, with the content that people put there."""
    return strangers.found([str(ODD)])


@pytest.mark.client
@pytest.mark.parametrize("program", programs().values(), ids=lambda program: program.id)
def test_the_programs_take_odd_files_as_we_say(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := program.missing():
        pytest.skip(reason)
    monkeypatch.chdir(goldens.ROOT)
    verdicts = list(strangers.judged(odd(), [program.id], True, print))
    told: list[str] = []
    for verdict in verdicts:
        strangers.report(verdict, told.append)
    assert not any(verdict.wrong for verdict in verdicts), "\n".join(told)


def honest(program: Program, folder: Path, seconds: int | None = None) -> Mapping[str, Any]:
    """A stand-in for the program, that reads as we say."""
    agents = []
    for path in sorted(folder.rglob("SKILL.md")):
        name = path.relative_to(folder).as_posix()
        for read in read_program(registry.load("agent-skills"), path.read_text("utf-8"), name).agents:
            one = read.agent
            agents.append({"file": name, "name": one.id, "description": one.description, "prompt": one.prompt})
    return {"version": "0", "agents": agents}


def told(monkeypatch: pytest.MonkeyPatch, load: Callable[..., Mapping[str, Any]], id: str = SKILLS.id) -> list[str]:
    """What the judge says where the program answers like that."""
    monkeypatch.chdir(goldens.ROOT)
    monkeypatch.setattr(running, "load", load)
    monkeypatch.setattr(Program, "missing", lambda self: "")
    lines: list[str] = []
    for verdict in strangers.judged(odd(), [id], False, lines.append):
        strangers.report(verdict, lines.append)
    return lines


def test_agreement_is_only_a_line_of_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(monkeypatch, honest)
    assert len(lines) == 1 and "agreed   22" in lines[0]


def test_a_file_that_is_not_loaded_and_a_prompt_that_differs_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(program: Program, folder: Path, seconds: int | None = None) -> Mapping[str, Any]:
        answer = honest(program, folder)
        kept = [dict(one) for one in answer["agents"] if "crlf-keeper" not in one["file"]]
        for one in kept:
            one["prompt"] = one["prompt"].replace("You review SQL.", "You review it.")
        return {**answer, "agents": kept}

    lines = told(monkeypatch, wrong)
    assert len(lines) == 3 and "agreed   20" in lines[2]
    assert "crlf-keeper.md: loaded:" in " ".join(lines) and "colon-prone.md: prompt:" in " ".join(lines)


def test_the_one_file_that_ends_a_program_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(program: Program, folder: Path, seconds: int | None = None) -> Mapping[str, Any]:
        if any("thinker" in str(path) for path in folder.rglob("*")):
            raise running.Failed("no answer (exit 139)")
        return honest(program, folder)

    lines = told(monkeypatch, dying)
    assert len(lines) == 2 and "no-tools-at-all.md: loaded: no answer (exit 139)" in lines[0]


def team(program: Program, folder: Path, seconds: int | None = None) -> Mapping[str, Any]:
    """A stand-in for a program with one file for all of its agents, of which it takes none with one that it refuses."""
    spec, agents, errors = registry.load("docker-agent"), [], []
    for path in sorted(folder.rglob("*.yaml")):
        name, text = path.relative_to(folder).as_posix(), path.read_text("utf-8")
        if "thinker" in text:
            errors.append({"file": name, "message": "somebody is refused"})
            continue
        for read in read_program(spec, text, name).agents:
            one, model = read.agent, read.agent.model
            said = {"name": one.id, "description": one.description, "prompt": one.prompt, "tools": None}
            agents.append({"file": name, **said, "model": model[0].text if model else None})
    return {"version": "0", "agents": agents, "errors": errors}


def test_the_one_agent_that_loses_the_file_of_all_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(monkeypatch, team, "docker-agent")
    assert len(lines) == 2 and "no-tools-at-all.md: loaded:" in lines[0] and "somebody is refused" in lines[0]
    assert "19 files, held   3, loaded   18, agreed   18" in lines[1]


def test_a_sample_is_from_all_over() -> None:
    there = odd()
    assert strangers.sample(there, 3) == [there[0], there[len(there) // 3], there[2 * len(there) // 3]]
    assert strangers.sample(there, None) == strangers.sample(there, 999) == there


def test_a_difference_from_the_source_needs_a_note() -> None:
    from tests.clients.judging import Row
    from tests.clients.views import Seen

    stranger = next(one for one in odd() if "colon-prone" in one.label)
    agent = stranger.reading.agents[0].agent
    same = {"description": "same", "prompt": "same"}  # as our reading of the output, that is
    row = Row("x", "y", cells=same, seen=[Seen("f", description="else", prompt=agent.prompt)])
    strangers._against_source(row, agent, [])
    assert list(row.faults) == ["description of the source"]
