"""Start-up is nearly all of the time that one file takes, so each command may load only its own work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PROBE = """
import json, sys
sys.argv[0] = "agentconv"
from agentconv.__main__ import main
code = 0
try:
    main()
except SystemExit as exit:
    code = exit.code or 0
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""
HEAVY = {
    "click",
    "yaml",
    "jinja2",
    "ruamel.yaml",
    "markdown_it",
    "importlib.metadata",
    "importlib.resources",
    "tomllib",
}


PACKAGES = {"importlib.metadata", "importlib.resources"}


def loaded(*arguments: str, cwd: Path = ROOT) -> set[str]:
    """The modules that a command has loaded when it ends well."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        timeout=60,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_loads_nothing(option: str) -> None:
    modules = loaded(option)
    assert modules & HEAVY == set()
    assert {name for name in modules if name.startswith("agentconv")} == {"agentconv", "agentconv.__main__"}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], {"click"}),
        (["formats"], {"click", "yaml", *PACKAGES}),  # the list holds what installed packages bring
        (["formats", "codex"], {"click", "yaml"}),
        (["formats", "--json"], {"click", "yaml", *PACKAGES}),
        (["explain", "T004"], {"click", "yaml"}),
        (["tools"], {"click", "yaml"}),
        (["models"], {"click", "yaml"}),
        (["show", "fixtures/examples/docs-writer.md"], {"click", "yaml"}),
        (["list", "fixtures/examples/docs-writer.md"], {"click", "yaml"}),
        (["diff", "fixtures/examples/docs-writer.md", "fixtures/examples/docs-writer.md"], {"click", "yaml"}),
        (["check", "fixtures/examples/docs-writer.md", "-q"], {"click", "yaml", "tomllib"}),  # its settings
        (["completion", "bash"], {"click"}),
        ([], {"click", "yaml"}),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_a_command_loads_only_its_own_work(arguments: list[str], allowed: set[str]) -> None:
    assert (loaded(*arguments) & HEAVY) - allowed == set()


def test_convert_loads_neither_the_editor_nor_a_markdown_parser(tmp_path: Path) -> None:
    source = ROOT / "fixtures/examples/docs-writer.md"
    modules = loaded("convert", str(source), "--to", "vscode", "-o", f"{tmp_path}/", cwd=tmp_path)
    assert any(tmp_path.rglob("*.agent.md")), "nothing was converted, so nothing was measured"
    assert modules & {"ruamel.yaml", "markdown_it", "importlib.metadata", "importlib.resources", "tomllib"} == set()
    assert "yaml" in modules, "the probe sees nothing"


@pytest.mark.parametrize(
    ("to", "by_jinja"),
    [("opencode", False), ("codex", False), ("kiro", False), ("cursor", False), ("roo", False), ("agents-md", True)],
)
def test_jinja_is_loaded_for_layouts_that_say_more_than_lines(to: str, by_jinja: bool, tmp_path: Path) -> None:
    source = ROOT / "fixtures/examples/docs-writer.md"
    modules = loaded("convert", str(source), "--to", to, "-o", f"{tmp_path}/", cwd=tmp_path)
    assert any(p.is_file() for p in tmp_path.rglob("*")), "nothing was converted, so nothing was measured"
    assert ("jinja2" in modules) is by_jinja


@pytest.mark.parametrize(("description", "parsed"), [("Writes docs.", False), ("|\n  Writes docs.", True)])
def test_the_yaml_parser_is_loaded_for_headers_that_need_it(tmp_path: Path, description: str, parsed: bool) -> None:
    """A wheel holds the descriptions as Python, so for most files there is no YAML to parse."""
    source = tmp_path / "lead.md"
    source.write_text(f"---\nname: lead\ntools: [Read]\ndescription: {description}\n---\n\nLead.\n", "utf-8")
    for to in ("opencode", "claude-code"):
        arguments = ("convert", str(source), "--from", "claude-code", "--to", to, "-o", f"{tmp_path}/{to}/")
        assert ("agentconv.containers.yamlevents" in loaded(*arguments, cwd=tmp_path)) is parsed


def test_a_prompt_is_parsed_where_a_plain_search_hits(tmp_path: Path) -> None:
    """The other side of the test above: this is when it is loaded."""
    source = tmp_path / "lead.md"
    source.write_text("---\nname: lead\ndescription: Leads.\n---\n\nRead .claude/agents/checker.md first.\n", "utf-8")
    arguments = ("convert", str(source), "--from", "claude-code", "--to", "vscode", "-o", f"{tmp_path}/out/")
    assert "markdown_it" in loaded(*arguments, cwd=tmp_path)


@pytest.mark.parametrize(("prompt", "parsed"), [("Follow .cursor/rules/a.mdc.", True), ("Follow the rules.", False)])
def test_check_parses_a_prompt_where_a_plain_search_hits(tmp_path: Path, prompt: str, parsed: bool) -> None:
    source = tmp_path / "lead.md"
    source.write_text(f"---\nname: lead\ndescription: Leads.\n---\n\n{prompt}\n", "utf-8")
    assert ("markdown_it" in loaded("check", str(source), "--from", "claude-code", "-q", cwd=tmp_path)) is parsed


def test_a_file_that_lies_in_its_place_needs_the_tables_of_its_formats_only(tmp_path: Path) -> None:
    """Where place or name tells the format, no other one is read whole: with thirty formats that would take long."""
    place = tmp_path / ".claude/agents/docs-writer.md"
    place.parent.mkdir(parents=True)
    place.write_bytes((ROOT / "fixtures/examples/docs-writer.md").read_bytes())
    modules = loaded("convert", "--to", "codex", cwd=tmp_path)
    assert "agentconv.reading.fitting" not in modules
    assert "agentconv.output.sameformat" not in modules and "agentconv.output.update" not in modules
    assert any(tmp_path.rglob("*.toml")), "nothing was converted, so nothing was measured"


def test_convert_loads_nothing_for_what_it_does_not_do(tmp_path: Path) -> None:
    source = tmp_path / ".claude/agents/lead.md"
    source.parent.mkdir(parents=True)
    source.write_text("---\nname: lead\ndescription: Leads.\ntools: Read\n---\n\nLead.\n", "utf-8")
    modules = loaded("convert", str(source), "--to", "opencode", cwd=tmp_path)
    assert any(tmp_path.rglob(".opencode/**/*.md")), "nothing was converted, so nothing was measured"
    assert (
        modules & {"hashlib", "difflib", "pprint", "textwrap", "shutil", "subprocess", "logging", "multiprocessing"}
        == set()
    )


def test_public_names_are_loaded_when_used() -> None:
    name = "'agentconv.model' in sys.modules"
    code = f"import sys, agentconv; before = {name}; agentconv.Agent; print(before, {name})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_every_public_name_exists() -> None:
    import agentconv

    assert [name for name in agentconv.__all__ if getattr(agentconv, name, None) is None] == []
    assert set(agentconv.__all__) <= set(dir(agentconv))
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = agentconv.nothing_of_this_name
