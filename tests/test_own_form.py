"""The model as a file: nothing is lost in it, and it means what the file meant that it was read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from agentconv import registry
from agentconv import rights as counting
from agentconv.cli import app
from agentconv.convert import Conversion, Options, convert_agent, convert_text
from agentconv.dump import agent_to_data
from agentconv.lowering.lowered import USUAL
from agentconv.model import FIELDS
from agentconv.reading.context import Reading
from agentconv.reading.engine import read_author, read_program
from agentconv.reading.origins import as_meant
from agentconv.schemas.model import agent_schema, as_text, misfit, model_schema
from agentconv.spec import Spec
from tests import goldens

IDS = registry.targets()
OWN = next(id for id in IDS if registry.load(id).tools.control == "any")
OTHERS = [id for id in IDS if id != OWN]
SCHEMA = goldens.ROOT / "docs" / "agent.schema.json"


def said(made: Conversion) -> set[tuple[str, str]]:
    """Notes of the conversion itself: how a source was read is another matter."""
    return {(n.code, n.message) for n in made.notes if n.code[0] != "R"}


@pytest.mark.parametrize("path", goldens.agent_files(), ids=lambda path: path.stem)
def test_a_dump_converts_as_its_source_does(path: Path) -> None:
    """`show | convert -` is the same as `convert`."""
    agent, source = goldens.load_agent(path), goldens.source_of(path)
    dumped = convert_agent(agent, source, OWN)
    assert (dumped.status, dumped.rights.before) == ("exact", dumped.rights.after)
    text = next(iter(dumped.files.values())).decode()
    if as_meant(read_author(registry.load(OWN), text, "a.json").agents[0].agent, registry.load(OWN))[1].id == OWN:
        pytest.skip("the agent says a limit that the format it is said to come from does not have")
    for id in OTHERS:
        if id == source:
            continue
        straight, round_about = convert_agent(agent, source, id), convert_text(text, from_=OWN, to=id)[0]
        assert straight.status == round_about.status, id
        assert straight.files == round_about.files, id
        assert said(straight) == said(round_about), id
        assert straight.rights == round_about.rights, id


CASES = [c for c in goldens.read_cases() if c.parent.parent.name not in (OWN,)]


def _alike(spec: Spec, program: Reading, author: Reading) -> bool:
    rights = [counting.of_agent(one.agents[0].agent, spec, program=False) for one in (program, author)]
    return not counting.gained(*rights)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_every_file_goes_into_the_model_and_back(case: Path) -> None:
    """Into it always; back into a file of the same meaning wherever its own program loads the source as it is meant."""
    spec, path = registry.load(case.parent.parent.name), goldens.case_path(case)
    text = goldens.case_input(case).read_bytes().decode("utf-8", "replace")
    author, program = read_author(spec, text, path), read_program(spec, text, path)
    if not author.agents or any(n.effect == "error" for n in (*author.notes, *author.agents[0].notes)):
        pytest.skip("nothing to convert")
    dumped = convert_text(text, from_=spec.id, to=OWN, path=path)[0]
    read = {(n.code, n.message) for n in (*author.notes, *author.agents[0].notes)}  # a denial taken for more, say
    said_itself = [n.effect for n in dumped.notes if n.code[0] != "R" and (n.code, n.message) not in read]
    # where the program gives less than its author meant (a name with blanks around it), less goes into the model
    wrong = (
        {"widens", "error"} if program.agents and not _alike(spec, program, author) else {"narrows", "widens", "error"}
    )
    assert dumped.files and not wrong & set(said_itself), said_itself
    if spec.id not in IDS:
        return
    back = convert_text(next(iter(dumped.files.values())).decode(), from_=OWN, to=spec.id)[0]
    meant = author.agents[0]
    as_read = not author.notes and not meant.notes and program.agents
    if not as_read or agent_to_data(program.agents[0].agent) != agent_to_data(meant.agent) or back.status == "refused":
        return
    assert back.files, [(n.code, n.message) for n in back.notes]
    where, data = next(iter(back.files.items()))
    again = read_author(spec, data.decode(), where).agents[0].agent
    lost = {n.path for n in (*dumped.notes, *back.notes) if n.effect != "info"}  # what the source itself does not start
    written = {row.field for row in spec.fields.values() if row.written} | {spec.body_field}  # not old spellings
    differ = [
        f
        for f in meant.agent.said()
        if getattr(meant.agent, f) is not False
        and getattr(meant.agent, f) not in USUAL.get(f, ())  # what the program does anyway is not written
        and f in written - {"id", "tools"}
        and not (f == "title" and meant.agent.title == meant.agent.id)  # what the program shows without one
        and getattr(again, f) != getattr(meant.agent, f)
    ]
    crlf = (again.prompt or "").replace("\r\n", "\n") == (meant.agent.prompt or "").replace("\r\n", "\n")
    assert not set(differ) - lost - ({"prompt"} if crlf else set())


def test_the_schema_is_the_one_that_is_published() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == as_text(model_schema())
    ran = CliRunner().invoke(app, ["schema", "model"])
    assert ran.exit_code == 0 and ran.output == SCHEMA.read_text(encoding="utf-8")


def test_the_schema_knows_every_field() -> None:
    assert list(agent_schema()["properties"]) == list(FIELDS)
    rows = {row.field for row in registry.load(OWN).fields.values()} - {None}
    assert rows == set(FIELDS)


@pytest.mark.parametrize("path", goldens.agent_files(), ids=lambda path: path.stem)
def test_every_shared_agent_fits_the_schema(path: Path) -> None:
    assert misfit(yaml.safe_load(path.read_text(encoding="utf-8")), agent_schema()) == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("max_turns", "many"),
        ("max_turns", True),
        ("skills", "style"),
        ("skills", [1]),
        ("mode", "boss"),
        ("model", [{"id": "x"}]),
        ("model", [{"text": "x", "wish": "y"}]),
        ("tools", ["Read"]),
        ("tools", {"base": "some"}),
        ("tools", {"rules": [{"caps": ["read"]}]}),
        ("tools", {"rules": [{"allow": "Read", "scope": {"kind": "path-glob"}}]}),
        ("prompt_parts", {"role": 1}),
        ("handoffs", [{"label": "x"}]),
        ("extras", [{"value": 1}]),
    ],
)
def test_what_does_not_fit_is_found_and_left_out(field: str, value: Any) -> None:
    assert misfit({field: value}, agent_schema())
    text = json.dumps({"id": "a", "prompt": "Do.", field: value})
    read = read_author(registry.load(OWN), text, "a.json").agents[0]
    assert [n.effect for n in read.notes if n.path == field], "a field that is left out is named"
    data = agent_to_data(read.agent)
    assert data.get(field) == ({"base": "none"} if field == "tools" else None)


def test_a_hostile_origin_gives_no_more_than_its_words() -> None:
    """Extras that are fields of the target in disguise are no way round the tool list."""
    keys = [{"key": k, "value": v} for k, v in {"tools": ["Bash"], "mcpServers": {"x": {"command": "sh"}}}.items()]
    source = next(id for id in OTHERS if "disallowedTools" in registry.load(id).fields)
    for one in keys:
        one["format"] = source
    data: dict[str, Any] = {
        "format": source,
        "id": "a",
        "name": "a",
        "description": "x",
        "prompt": "Do.",
        "extras": keys,
    }
    data["tools"] = {"base": "none", "rules": [{"allow": "Read", "caps": ["read"]}]}
    made = convert_text(json.dumps(data), from_=OWN, to=source, options=Options())[0]
    out = next(iter(made.files.values())).decode()
    assert "\ntools: Read\n" in out and "Bash" not in out and "command" not in out


def test_a_limit_that_the_origin_does_not_have_is_still_one() -> None:
    """Written into a dump by hand: the format that it names would pass over it."""
    roo = next(id for id in OTHERS if registry.load(id).many and registry.load(id).syntax == "yaml")
    for data in ({"isolation": "worktree"}, {"format": roo, "isolation": "worktree"}):
        made = convert_text(json.dumps({"id": "a", "prompt": "Do.", "description": "x", **data}), from_=OWN, to=roo)[0]
        assert made.status == "refused" and made.gained == ["limit:isolation"]


def test_denied_commands_are_denied_whatever_runs_them() -> None:
    """Without a format nobody knows which tools there are: tests and tasks run commands, too."""
    data = {"id": "a", "prompt": "Do.", "description": "x", "tools": {"rules": [{"deny": "run", "caps": ["run"]}]}}
    for id in OTHERS:
        made = convert_text(json.dumps(data), from_=OWN, to=id)[0]
        assert "runs" not in made.rights.before and "all" not in made.rights.before
        assert not made.files or not {"runs", "all"} & set(made.rights.after), id


def test_yaml_and_lists_are_read_as_well() -> None:
    spec = registry.load(OWN)
    for text in ("- id: a\n- id: b\n", "agents: [{id: a}, {id: b}]\n", '[{"id": "a"}, {"id": "b"}]'):
        for reading in (read_author(spec, text, "x.yaml"), read_program(spec, text, "x.yaml")):
            assert [r.agent.id for r in reading.agents] == ["a", "b"], text
