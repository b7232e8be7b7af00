"""SARIF 2.1.0, held to what the standard says of the parts that are written; a check's report, held to its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from agentconv.cli import app
from agentconv.notes import CODES
from agentconv.schemas.check import check_schema

TEXT: dict[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}},
    "required": ["text"],
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}


def strict(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


RULE = strict(
    {
        "id": {"enum": list(CODES)},
        "name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]+$"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": strict({"level": LEVEL}, "level"),
    },
    "id", "shortDescription", "fullDescription", "help",
)  # fmt: skip
PLACE = strict(
    {
        "physicalLocation": strict(
            {
                "artifactLocation": strict(
                    {
                        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=:@/%-]+$"},
                        "uriBaseId": {"const": "%SRCROOT%"},
                    },
                    "uri",
                ),
                "region": strict(
                    {
                        "startLine": {"type": "integer", "minimum": 1},
                        "startColumn": {"type": "integer", "minimum": 1},
                    },
                    "startLine",
                ),
            },
            "artifactLocation",
        )
    },
    "physicalLocation",
)
RESULT = strict(
    {
        "ruleId": {"enum": list(CODES)},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "locations": {"type": "array", "items": PLACE, "minItems": 1, "maxItems": 1},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {"type": "object"},
    },
    "ruleId", "ruleIndex", "level", "message", "partialFingerprints",
)  # fmt: skip
RUN = strict(
    {
        "tool": strict(
            {"driver": strict({"name": {}, "version": {}, "rules": {"type": "array", "items": RULE}}, "name", "rules")},
            "driver",
        ),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "originalUriBaseIds": {"type": "object"},
        "results": {"type": "array", "items": RESULT},
    },
    "tool",
    "results",
)
LOG = strict(
    {"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}},
    "version", "runs",
)  # fmt: skip

AGENT = """---
name: wild\u001b[31m
description: "Reviews: all"
tools: Read, LS, Bash(git *), "a%0A::error::b", \u202eabc
color: magenta
---

Look.
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    place = tmp_path / ".claude/agents"
    place.mkdir(parents=True)
    (place / "wild.md").write_text(AGENT.replace("\u001b", ""), "utf-8")
    (place / "ä b%#?.md").write_text(AGENT.replace("wild\u001b[31m", "other"), "utf-8")
    (place / "open.md").write_text("---\nname: [\n---\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(*arguments: str) -> Any:
    CliRunner().invoke(app, [*arguments, "--report", "report.sarif"])
    data = json.loads(Path("report.sarif").read_text("utf-8"))
    assert [error.message for error in Draft202012Validator(LOG).iter_errors(data)] == []
    run = data["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert len({rule["id"] for rule in rules}) == len(rules)
    return run


def test_a_check_and_a_conversion_write_what_the_standard_wants(project: Path) -> None:
    run = written("check")
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert ".claude/agents/%C3%A4%20b%25%23%3F.md" in uris and str(project) not in json.dumps(run)
    assert {result["level"] for result in run["results"]} >= {"error", "warning", "note"}
    assert "\\u202e" in json.dumps(run) and "\u202e" not in json.dumps(run, ensure_ascii=False)
    moved = run["results"][0]["partialFingerprints"]
    (project / ".claude/agents/wild.md").write_text(AGENT.replace("\u001b", "").replace("name:", "# a line\nname:"))
    assert moved in [result["partialFingerprints"] for result in written("check")["results"]]
    conversion = written("convert", "--to", "codex", "-o", "out/")
    assert any(result["ruleId"] == "C012" and result["level"] == "error" for result in conversion["results"])


def test_standard_input_has_no_place(project: Path) -> None:
    done = CliRunner().invoke(app, ["check", "-", "--from", "claude-code", "--report", "in.sarif"], input=AGENT[:90])
    run = json.loads(Path("in.sarif").read_text("utf-8"))["runs"][0]
    assert done.exit_code in (0, 1) and all("locations" not in result for result in run["results"])
    assert project.is_dir()


def test_the_report_of_a_check_is_as_its_schema_says(project: Path) -> None:
    Draft202012Validator.check_schema(check_schema())
    CliRunner().invoke(app, ["check", "--report", "report.json"])
    data = json.loads((project / "report.json").read_text("utf-8"))
    assert list(Draft202012Validator(check_schema()).iter_errors(data)) == []
    assert data["findings"] and data["counts"]["files"] == 3
