"""The codes, their texts and their use stay in step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from agentconv.notes import CODES, EFFECTS, Note, note, worst
from tests import conftest

TEXTS = yaml.safe_load((conftest.ROOT / "agentconv/data/notes.yaml").read_text(encoding="utf-8"))


def test_every_code_has_a_text_and_every_text_a_code() -> None:
    assert list(TEXTS) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_text_is_a_name_and_two_paragraphs(code: str) -> None:
    entry = TEXTS[code]
    assert set(entry) == {"name", "text"}
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", entry["name"])
    meaning, remedy = (part.strip() for part in entry["text"].strip().split("\n\n"))
    assert len(meaning) > 80 and len(remedy) > 20, "too short to explain anything"
    assert meaning.endswith(".") and remedy.endswith(".")
    assert len(entry["text"].split()) < 200, "too long to read on a terminal"


def test_names_are_unique() -> None:
    names = [entry["name"] for entry in TEXTS.values()]
    assert len(set(names)) == len(names)


def test_codes_that_a_text_mentions_exist() -> None:
    for code, entry in TEXTS.items():
        assert set(re.findall(r"\b[RTMLCFVPX]\d{3}\b", entry["text"])) <= set(CODES), code


def test_options_that_a_text_mentions_exist(root: Path) -> None:
    from tests.readme import options

    known = options()
    for code, entry in TEXTS.items():
        assert set(re.findall(r"--[a-z][a-z-]+", entry["text"])) <= known, code


def test_every_code_that_the_source_names_is_declared(root: Path) -> None:
    used: dict[str, str] = {}
    for path in sorted((root / "agentconv").rglob("*.py")):
        used |= dict.fromkeys(re.findall(r'"([RTMLCFVPX]\d{3})"', path.read_text(encoding="utf-8")), path.name)
    assert {code: where for code, where in used.items() if code not in CODES} == {}


def test_effects_rise() -> None:
    notes = [note("R003", "x"), note("T014", "x"), note("L001", "x")]
    assert worst(notes) == "widens"
    assert worst([]) == EFFECTS[0] == "info"


def test_a_note_as_json_holds_what_the_report_promises() -> None:
    made = Note("R003", "info", "text", path="description", file="a.md", line=3, column=5, help="quote it", cause="c")
    assert made.as_json() == {
        "code": "R003",
        "effect": "info",
        "path": "description",
        "file": "a.md",
        "line": 3,
        "column": 5,
        "message": "text",
        "help": "quote it",
    }


def test_every_code_is_raised(request: pytest.FixtureRequest) -> None:
    """Runs last: a code that no test makes agentconv raise is either dead or untested."""
    never = sorted(set(CODES) - conftest.RAISED)
    if not request.config.stash[conftest.WHOLE]:
        pytest.skip(f"only the whole suite can tell ({len(never)} codes not raised in this run)")
    assert not never, f"no test makes agentconv raise {', '.join(never)}"


def test_a_mistake_of_our_own_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from agentconv import cli

    def broken(**_: object) -> None:
        raise KeyError("a table")

    monkeypatch.setattr(cli.app, "main", broken)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["formats"])
    said = capsys.readouterr().err
    assert stopped.value.code == 3
    assert said.startswith("X001 ") and "Traceback" not in said
