"""The comparison with the real programs must be able to fail; shown without starting one."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import registry
from tests import goldens
from tests.clients import cases, harness, installing, record, running
from tests.clients.__main__ import main
from tests.clients.cases import READ, Case
from tests.clients.judging import Row
from tests.clients.programs import HERE, Check, Program, programs
from tests.clients.views import VIEWS

CLAUDE = programs()["claude-code"]
FILE = ".claude/agents/reader.md"
TEXT = b"---\nname: reader\ndescription: Reads\ntools: Read, WebFetch\nmodel: haiku\n---\n\nRead it.\n"
RUN = {"tools": ["Read", "WebFetch"], "prompt": "Read it.", "error": None, "model": "claude-haiku-4-5-20251001"}


def judged(tmp_path: Path, **changes: Any) -> Row:
    run = {**RUN, **{key: value for key, value in changes.items() if key in RUN}}
    name, description = changes.get("name", "reader"), changes.get("description", "Reads")
    agent = {"file": FILE, "name": name, "description": description, "model": "haiku", "run": run}
    agent["served"] = changes.get("served")
    project = harness.Project(tmp_path / "0")
    row = Row(CLAUDE.id, "reader", status="exact")
    project.add(row, {FILE: TEXT})
    project.judge(CLAUDE, registry.load("claude-code"), {"agents": [agent], "errors": []})
    return row


def test_agreement_has_no_faults(tmp_path: Path) -> None:
    row = judged(tmp_path)
    assert row.faults == {} and row.loaded == "yes"
    assert {row.cells[what] for what in ("name", "description", "prompt", "model")} == {"same"}
    assert row.cells["tools"] == "2 as said"


@pytest.mark.parametrize(
    ("changes", "what", "words"),
    [
        ({"name": "other"}, "name", "'other'"),
        ({"description": "Read"}, "description", "'Read'"),
        ({"prompt": "Read it!"}, "prompt", "Read it!"),
        ({"prompt": None}, "", ""),
        ({"tools": ["Read", "WebFetch", "Bash"]}, "tools", "beyond what we say"),
        ({"tools": ["Read"]}, "tools", "hands over"),
        ({"tools": ["Read", "WebFetch", "Teleport"]}, "tools", "does not know"),
        ({"model": "claude-sonnet-4-5"}, "resolved", "claude-sonnet-4-5"),
        ({"served": {"mcp__a__do": ["a", "do"]}}, "", ""),
        (
            {"served": {"mcp__a__do": ["a", "do"]}, "tools": ["Read", "WebFetch", "mcp__a__do"]},
            "servers",
            "gives mcp__a__do beyond",
        ),
        ({"error": "no such model"}, "start", "no such model"),
    ],
    ids=lambda part: f"{part}" if isinstance(part, dict) else "",
)
def test_each_difference_is_a_fault(tmp_path: Path, changes: dict[str, Any], what: str, words: str) -> None:
    row = judged(tmp_path, **changes)
    assert list(row.faults) == ([what] if what else [])
    assert words in row.faults.get(what, "")


def test_a_file_that_was_not_loaded_is_a_fault(tmp_path: Path) -> None:
    project = harness.Project(tmp_path / "0")
    row = Row(CLAUDE.id, "reader", status="exact")
    project.add(row, {FILE: TEXT})
    out = {"agents": [], "errors": [{"file": FILE, "message": "bad"}]}
    project.judge(CLAUDE, registry.load("claude-code"), out)
    assert row.loaded == "no" and "bad" in row.faults["loaded"]


def test_a_file_that_we_say_is_refused_and_that_loads_is_a_fault(tmp_path: Path) -> None:
    project = harness.Project(tmp_path / "0")
    row = Row(CLAUDE.id, "reader", status=READ)
    project.add(row, {FILE: b"Only text.\n"})
    agent = {"file": FILE, "name": "reader", "description": "d", "model": None, "run": None}
    project.judge(CLAUDE, registry.load("claude-code"), {"agents": [agent], "errors": []})
    assert "our reading says" in row.faults["loaded"]


# Known differences


def test_a_known_difference_is_excused_and_one_that_agrees_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = harness.Difference(frozenset({"one", "two"}), "prompt", "because", "1.0")
    monkeypatch.setattr(harness, "known", lambda program: (entry,))
    differs, agrees = Row("x", "one", faults={"prompt": "p", "name": "n"}), Row("x", "two")
    assert harness.unexpected("x", [differs, agrees]) == ["one: name: n"]
    assert len(harness.settled("x", [differs, agrees])) == 1 and "two" in harness.settled("x", [differs, agrees])[0]


def test_known_differences_are_whole() -> None:
    for path in harness.DIFFERENCES.glob("*.yaml"):
        assert path.stem in programs(), f"{path.name} is of no program"
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            assert set(entry) == {"cases", "what", "why", "seen"} and all(entry.values()), f"{path.name}: {entry}"


# Programs and their data


def test_every_program_has_a_loader_a_view_and_formats_that_are_there() -> None:
    assert set(VIEWS) == set(programs())
    for program in programs().values():
        assert program.loader.is_file() and program.packages(), program.id
        for check in program.checks:
            assert registry.load(check.target) and registry.load(check.reads_as)


def test_a_loader_that_prints_no_json_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "load.py"
    project = tmp_path / "project"
    project.mkdir()
    program = Program("broken", {"title": "Broken", "there": "*", "checks": [], "load": str(script)})
    script.write_text("import sys\nprint('oh', file=sys.stderr)\nsys.exit(3)\n")
    with pytest.raises(running.Failed, match=r"exit 3\): oh"):
        running.load(program, project)
    script.write_text(f"print({json.dumps(json.dumps({'agents': []}))})\n")
    assert running.load(program, project) == {"agents": []}


def test_a_loader_runs_on_a_copy_with_an_empty_home_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, project = tmp_path / "load.py", tmp_path / "project"
    project.mkdir()
    (project / "a").write_text("1")
    program = Program("x", {"title": "X", "there": "*", "checks": [], "load": str(script)})
    monkeypatch.setenv("SOME_TOKEN", "secret")
    script.write_text(
        "import json, os, sys\nopen(sys.argv[2] + '/a', 'w').write('2')\n"
        "print(json.dumps([os.environ.get('SOME_TOKEN'), os.listdir(os.environ['HOME'])]))\n"
    )
    assert running.load(program, project) == [None, []]
    assert (project / "a").read_text() == "1"
    script.write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(running.Failed, match="within 1 s"):
        running.load(program, project, seconds=1)


RUN_ONE = """
import sys
from pathlib import Path
from tests.clients import running
from tests.clients.programs import Program
facts = {"title": "X", "there": "*", "checks": [], "load": sys.argv[1]}
running.load(Program("x", facts), Path(sys.argv[2]))
"""


def _processes(word: str) -> int:
    found = 0
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found += word.encode() in place.read_bytes()
    return found


def _in_time(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not (done := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return done


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc: run it on Linux")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_takes_its_loader_along(tmp_path: Path, sent: signal.Signals) -> None:
    if sent == signal.SIGKILL and not shutil.which(running.LEASH[0]):
        pytest.skip(f"{running.LEASH[0]} is not installed: it comes with util-linux")
    script, project = tmp_path / "sleeper.py", tmp_path / "project"
    project.mkdir()
    script.write_text("import time\ntime.sleep(60)\n")
    run = subprocess.Popen([sys.executable, "-c", RUN_ONE, str(script), str(project)], cwd=goldens.ROOT)
    assert _in_time(lambda: _processes(str(script)) > 1), "the loader did not start"
    run.send_signal(sent)
    assert run.wait(timeout=20) == -sent
    assert _in_time(lambda: _processes(str(script)) == 0), "the loader runs on"


@pytest.mark.skipif(not running.walls(), reason="this machine allows no network namespaces")
def test_a_program_has_the_loopback_and_nothing_else(tmp_path: Path) -> None:
    script, project = tmp_path / "load.py", tmp_path / "project"
    project.mkdir()
    script.write_text(
        "import json, socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname(), 5)\n"
        "print(json.dumps([name for _, name in socket.if_nameindex()]))\n"
    )
    program = Program("x", {"title": "X", "there": "*", "checks": [], "load": str(script)})
    assert running.load(program, project) == ["lo"]


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTCONV_CLIENTS", str(tmp_path))
    assert "python -m tests.clients install claude-code" in CLAUDE.missing()


def test_an_installer_that_fails_says_why_without_addresses(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('404 Not Found - GET https://host.example/x')"]
    with pytest.raises(installing.Failed, match=r"trying failed: 404 Not Found - GET \(address\)"):
        installing._run(failing, tmp_path, "trying")
    with pytest.raises(installing.Failed, match="is not on this machine"):
        installing._run(["no-such-program-here"], tmp_path, "trying")


def test_cases_that_share_a_file_or_a_fixed_name_lie_in_different_projects(tmp_path: Path) -> None:
    project = harness.Project(tmp_path / "0")
    project.add(Row("x", "a"), {"a.md": b"name: one\n"})
    fixed = Case("b", READ, {"b.md": b"name: one\n"}, bound=True)
    assert not project.has_room({"a.md": b""}, Case("c", READ))
    assert not project.has_room(fixed.files, fixed)
    assert project.has_room({"b.md": b"name: two\n"}, fixed)


def test_this_folder_holds_nothing_but_programs() -> None:
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders == set(programs())


def test_without_a_network_one_attempt_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(program: Program, **_: Any) -> None:
        raise installing.Failed("npm install failed: npm error code EAI_AGAIN")

    monkeypatch.setattr(installing, "install", fail)
    assert main(["install", "--quick"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "NOT installed" in lines[0] and "more programs are not tried" in lines[1]


def test_pinning_changes_the_version_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "HERE", tmp_path)
    text = 'title: Roo\nnpm: {"@roo-code/types": 1.115.0, yaml: 2.8.0}   # why\n'
    (tmp_path / "roo").mkdir()
    (tmp_path / "roo/client.yaml").write_text(text)
    monkeypatch.setattr(installing, "installed", lambda program: {"@roo-code/types": "1.116.0", "yaml": "2.8.0"})
    facts = {"title": "Roo", "there": "x", "npm": {"@roo-code/types": "1.115.0", "yaml": "2.8.0"}}
    program = Program("roo", facts)
    monkeypatch.setenv("AGENTCONV_CLIENTS", str(tmp_path))
    assert installing.pin(program) == [], "it is not there"
    (tmp_path / "roo/x").touch()
    assert installing.pin(program) == ["@roo-code/types 1.115.0 -> 1.116.0"]
    assert (tmp_path / "roo/client.yaml").read_text() == text.replace("1.115.0", "1.116.0")


# The record


def test_the_record_is_of_the_pinned_versions() -> None:
    """A program that is pinned anew has to be run again: pytest -m client --accept."""
    for target, lines in record.read().items():
        for id, entry in lines.items():
            assert entry["packages"] == programs()[id].packages(), f"{id} and {target} were proved with other versions"
            assert target in [check.target for check in programs()[id].checks]


def test_what_agrees_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "RECORD", tmp_path / "proved.yaml")
    rows = [
        Row(CLAUDE.id, "a", file="a.md", status="exact", loaded="yes"),
        Row(CLAUDE.id, "b", file="b.md", status="lossy", loaded="no", faults={"loaded": "no"}),
        Row(CLAUDE.id, "c", status="refused"),
        Row(CLAUDE.id, "d", file="d.md", status=READ, loaded="no"),
    ]
    record.write({(CLAUDE.id, "claude-code"): rows}, {CLAUDE.id: "1.0"}, datetime.date(2026, 1, 2))
    entry = record.read()["claude-code"][CLAUDE.id]
    figures = {key: entry[key] for key in ("written", "held", "loaded", "agreed", "files", "same")}
    assert figures == {"written": 2, "held": 1, "loaded": 1, "agreed": 1, "files": 1, "same": 1}
    assert "| Claude Code | 1.0, 2026-01-02 | `claude-code` | 2 | 1 | 1 | 1 | 1 |" in record.table()


@pytest.mark.parametrize("target", ["cline", "roo"])
def test_cases_are_made_without_trouble(target: str) -> None:
    made = list(cases.converted(Check(target, target)))
    assert not [case.trouble for case in made if case.trouble]
    assert sum(bool(case.files) for case in made) > len(made) / 2
    assert len(made) == len(goldens.agent_files()) + len(list(cases.EXAMPLES.iterdir()))
