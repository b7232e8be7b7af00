"""The schemas are valid, and take what the programs take: held to the files that other tests convert and read."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from yaml import safe_load_all

from agentconv import registry
from agentconv.cli import app
from agentconv.convert import convert_agent
from agentconv.reading.engine import read_author, read_program
from agentconv.reading.servernames import value_at
from agentconv.schemas.description import description_schema
from agentconv.schemas.header import header_schema
from agentconv.schemas.model import model_schema
from agentconv.schemas.report import report_schema
from agentconv.spec import Spec
from tests import goldens

PLAIN = [id for id in registry.ids() if registry.load(id).syntax in ("frontmatter", "toml", "json", "yaml")]
# headers that are no YAML, and the model's own form, which has a schema of its own
TARGETS = [
    id
    for id in registry.targets()
    if id in PLAIN
    and registry.load(id).tools.control != "any"
    and (registry.load(id).container.get("dialect") or {}).get("parser", "yaml") == "yaml"
]


def data_of(spec: Spec, text: str) -> Any:
    """The header as plain data, read by somebody else's parser."""
    if spec.syntax == "frontmatter":
        return YAML(typ="safe", pure=True).load(text.split("---\n", 2)[1])
    return tomllib.loads(text) if spec.syntax == "toml" else YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("id", registry.ids())
def test_header_schemas_are_valid(id: str) -> None:
    schema = header_schema(registry.load(id))
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("id", TARGETS)
def test_what_is_written_fits_the_schema_of_its_header(id: str) -> None:
    spec = registry.load(id)
    validator, count = Draft202012Validator(header_schema(spec)), 0
    for path in goldens.agent_files():
        made = convert_agent(goldens.load_agent(path), goldens.source_of(path), id)
        for text in (data.decode() for data in made.files.values()):
            assert list(validator.iter_errors(data_of(spec, text))) == [], f"{path.stem}\n{text}"
            count += 1
    assert count


def syntax_of(case: Path, spec: Spec) -> str:
    """The syntax that the case is written in, where a format has several."""
    return {".md": "frontmatter", ".toml": "toml", ".json": "json"}.get(case.suffix, spec.syntax)


def quiet_cases(spec: Spec) -> Iterator[tuple[str, Any]]:
    """Own reader cases that mean the same to author and program, and need no word; in the syntax of the schema."""
    for case in sorted((goldens.FIXTURES / spec.id / "read").glob("*/input.*")):
        try:
            text = case.read_bytes().decode("utf-8")
            author, program = read_author(spec, text, case.name), read_program(spec, text, case.name)
            notes = [*author.notes, *(n for r in author.agents for n in r.notes)]
            same = [r.agent for r in author.agents] == [r.agent for r in program.agents] != []
            if same and not notes and spec.syntax == syntax_of(case, spec):
                yield case.parent.name, data_of(spec, text)
        except (ValueError, YAMLError, IndexError):
            continue


@pytest.mark.parametrize("id", TARGETS)
def test_what_is_read_without_a_word_fits_the_schema(id: str) -> None:
    spec = registry.load(id)
    validator = Draft202012Validator(header_schema(spec))
    model = spec.by_field["model"].key if "model" in spec.by_field else "model"
    wrong = {}
    for case, data in quiet_cases(spec):
        # an editor does well to mark a key without a value, a number as model, a date as text,
        # a list of more than names
        tools = data.get("tools") if isinstance(data, Mapping) else None
        if isinstance(tools, list) and any(isinstance(item, (list, dict)) for item in tools):
            continue
        dated = isinstance(data, Mapping) and any(isinstance(value, date) for value in data.values())
        if not isinstance(data, Mapping) or dated or None in data.values() or isinstance(value_at(data, model), int):
            continue
        if errors := list(validator.iter_errors(data)):
            wrong[case] = [e.message for e in errors]
    assert wrong == {}


def test_wrong_headers_do_not_fit() -> None:
    claude = Draft202012Validator(header_schema(registry.load("claude-code")))
    assert claude.is_valid({"name": "a", "description": "b", "color": "red", "tools": "Read"})
    assert not claude.is_valid({"name": "a"})
    assert not claude.is_valid({"name": "a", "description": "b", "color": "beige"})
    strict = Draft202012Validator(header_schema(registry.load("gemini-cli")))
    assert not strict.is_valid({"name": "a", "description": "b", "color": "red"})
    modes = Draft202012Validator(header_schema(registry.load("roo")))
    assert not modes.is_valid({"customModes": [{"slug": "a b"}]})


def test_the_model_and_the_report_have_schemas(tmp_path: Path, root: Path) -> None:
    Draft202012Validator.check_schema(model_schema())
    Draft202012Validator.check_schema(report_schema())
    report = tmp_path / "report.json"
    arguments = ["convert", str(root / "fixtures/examples"), "--to", "codex,vscode", "-o", str(tmp_path / "{id}")]
    CliRunner().invoke(app, [*arguments, "--report", str(report)])
    data = json.loads(report.read_text("utf-8"))
    assert len(data["agents"]) > 8 and {"refused", "lossy"} <= set(data["counts"])
    assert list(Draft202012Validator(report_schema()).iter_errors(data)) == []


@pytest.mark.parametrize("what", ["model", "config", "report", "check", "format", "header:cursor"])
def test_the_command_prints_them(what: str) -> None:
    done = CliRunner().invoke(app, ["schema", what])
    assert done.exit_code == 0
    Draft202012Validator.check_schema(json.loads(done.output))


@pytest.mark.parametrize("id", sorted(p.parent.name for p in registry.BUILT_IN.glob("*/format.yaml")))
def test_descriptions_fit_their_schema(id: str) -> None:
    validator = Draft202012Validator(description_schema())
    text = (registry.BUILT_IN / id / "format.yaml").read_text("utf-8")
    for document in safe_load_all(text):
        assert [e.message for e in validator.iter_errors(document)] == []


def test_a_wrong_description_does_not_fit() -> None:
    validator = Draft202012Validator(description_schema())
    assert not validator.is_valid({"fields": {"name": {"as": "nmae"}}})
    assert not validator.is_valid({"tools": {"contrl": "list"}})
    assert not validator.is_valid({"tools": {"names": {"x": {"is": ["rnu"]}}}})


def test_an_unknown_schema_names_those_there_are() -> None:
    done = CliRunner().invoke(app, ["schema", "header:curser"])
    assert done.exit_code == 2 and "cursor" in done.output
    assert "report" in CliRunner().invoke(app, ["schema", "reprot"]).output
