"""Files that hold many agents beside other things: the work grows with the file, and the unit is the entry."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from agentconv import registry
from agentconv.cli import app
from agentconv.output.entries import kept_outside
from agentconv.output.shared import CannotMerge, put_entries
from agentconv.proof import merging

MANY = [id for id in registry.targets() if registry.load(id).many]


def convert(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["convert", str(folder / ".claude/agents"), *arguments])


def agents(folder: Path, count: int) -> None:
    place = folder / ".claude" / "agents"
    place.mkdir(parents=True)
    (folder / ".git").mkdir()
    for n in range(count):
        text = f"---\nname: a{n}\ndescription: Does {n}.\ntools: Read, Grep\n---\nDo {n}.\n"
        (place / f"a{n}.md").write_text(text, "utf-8")


@pytest.mark.parametrize("id", MANY)
def test_work_grows_with_the_number_of_entries(id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: characters that are read back, for 20 and for 80 agents into one file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    read: list[int] = []
    program, opened = merging.read_program, merging.open_document
    monkeypatch.setattr(
        merging,
        "read_program",
        lambda spec, text, path, **how: (read.append(len(text)), program(spec, text, path, **how))[1],
    )
    monkeypatch.setattr(
        merging,
        "open_document",
        lambda spec, text, author: (read.append(len(text)), opened(spec, text, author=author))[1],
    )
    totals = {}
    for count in (20, 80):
        read.clear()
        agents(folder := tmp_path / str(count), count)
        done = convert(folder, "--to", id, "-o", str(tmp_path / f"out{count}") + "/")
        assert done.exit_code == 0, done.output
        totals[count] = sum(read)
    assert totals[80] < 5 * totals[20], totals


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    agents(tmp_path, 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "opencode.json").read_text("utf-8"))
    return found


def test_an_edited_entry_is_kept_and_the_others_go_in(project: Path) -> None:
    assert convert(project, "--to", "opencode-json").exit_code == 0
    data = config(project)
    data["agent"]["a1"]["description"] = "Mine."
    data["theme"] = "dark"
    (project / "opencode.json").write_text(json.dumps(data, indent=2) + "\n", "utf-8")
    source = project / ".claude/agents/a2.md"
    source.write_text(source.read_text("utf-8").replace("Does 2.", "Does it."), "utf-8")
    done = convert(project, "--to", "opencode-json")
    assert done.exit_code == 1 and "1  kept" in done.output and "(1 unchanged)" in done.output, done.output
    assert "--only a1 --update" in done.output
    agent = config(project)["agent"]
    assert (agent["a1"]["description"], agent["a2"]["description"]) == ("Mine.", "Does it.")
    assert config(project)["theme"] == "dark"
    assert convert(project, "--to", "opencode-json", "--force").exit_code == 0
    assert config(project)["agent"]["a1"]["description"] == "Does 1."


def test_an_entry_of_somebody_else_is_kept(project: Path) -> None:
    (project / ".roomodes").write_text("customModes:\n  - {slug: a0, name: X, roleDefinition: Mine., groups: []}\n")
    done = convert(project, "--to", "roo")
    assert done.exit_code == 1 and "kept" in done.output, done.output
    modes = yaml.safe_load((project / ".roomodes").read_text("utf-8"))["customModes"]
    assert [(m["slug"], m["roleDefinition"]) for m in modes] == [("a0", "Mine."), ("a1", "Do 1."), ("a2", "Do 2.")]


def test_a_file_that_the_program_refuses_is_named_and_left(project: Path) -> None:
    before = "customModes:\n  - {slug: 'not legal', name: X, roleDefinition: x, groups: []}\n"
    (project / ".roomodes").write_text(before)
    done = convert(project, "--to", "roo")
    assert done.exit_code == 3 and "F008" in done.output
    assert (project / ".roomodes").read_text() == before


def test_the_proof_sees_a_neighbour_that_moved() -> None:
    spec = registry.load("roo")
    old = "# mine\ncustomModes:\n  - slug: one\n    name: One\n  - slug: two\n    name: Two  # kept\n"
    new = put_entries(spec, old, [("two", {"slug": "two", "name": "2"}), ("three", {"slug": "three", "name": "3"})])
    assert "# mine" in new and "slug: three" in new
    assert kept_outside(spec, old, new, {"two", "three"})
    assert not kept_outside(spec, old, new, {"three"})
    assert not kept_outside(spec, old, new.replace("# mine\n", ""), {"two", "three"})
    assert not kept_outside(spec, old, new.replace("name: One", "name: Ono"), {"two", "three"})
    assert not kept_outside(spec, old, new + "other: 1\n", {"two", "three"})


ENTRY = {
    "opencode-json": (
        "opencode.json",
        '{\n  // mine\n  "agent": {\n    "a0": {\n      "model": "x/y",\n      "zoom": 3, // dear\n'
        '      "steps": 9\n    }\n  }\n}\n',
        ("// mine", "// dear", '"zoom": 3'),
        '"steps"',
    ),
    "docker-agent": (
        "docker-agent.yaml",
        "# mine\nagents:\n  a0:  # dear\n    model: auto\n    num_history_items: 3\n    max_iterations: 4\n"
        "  b:\n    model: auto\n\nmodels: {x: {provider: openai, model: gpt-5}}\n",
        ("# mine", "# dear", "num_history_items: 3", "  b:\n    model: auto\n", "models: {x: {"),
        "max_iterations",
    ),
    "roo": (
        ".roomodes",
        "customModes:\n  - slug: a0  # dear\n    name: X\n    zoom: 3\n    whenToUse: Never.\n    groups: []\n"
        "  - slug: b\n    name: B\n    roleDefinition: r\n    groups: []\n",
        ("# dear", "zoom: 3", "slug: b\n"),
        "whenToUse",
    ),
}


@pytest.mark.parametrize("id", sorted(ENTRY))
def test_an_update_keeps_what_the_table_does_not_know(id: str, project: Path) -> None:
    name, text, stays, goes = ENTRY[id]
    (project / name).write_text(text, "utf-8")
    done = convert(project, "--to", id, "--update")
    assert done.exit_code == 0, done.output
    after = (project / name).read_text("utf-8")
    assert all(part in after for part in stays) and goes not in after, after
    assert "Do 0." in after and "Do 2." in after
    again = convert(project, "--to", id, "--update")
    assert again.exit_code == 0 and (project / name).read_text("utf-8") == after


def test_entries_of_a_map_by_place() -> None:
    spec = registry.load("docker-agent")
    rows = {"model": "auto", "instruction": "a\n\nb"}
    for old in (
        "agents:\n  x:\n    model: auto\n",
        "agents:\n    x:   # by hand\n        model: auto\n    # about y\n    y: {model: auto}\nversion: '7'",
        "agents: {x: {model: auto}}\n",
        "agents: {}\n",
        "version: '7'\n",
        "agents:\r\n  x:\r\n    model: auto\r\n",
    ):
        new = put_entries(spec, old, [("x", rows), ("y", {"model": "auto"}), ("yes", {"model": "auto"})])
        assert kept_outside(spec, old, new, {"x", "y", "yes"}), new
        held = yaml.safe_load(new)
        assert held["agents"] == {"x": rows, "y": {"model": "auto"}, "yes": {"model": "auto"}}, new
        assert held.get("version", "7") == "7"
        assert "\r\n" not in old or "\n" not in new.replace("\r\n", "")
        assert put_entries(spec, new, [("x", rows)]) == new
    with pytest.raises(CannotMerge, match="is no map"):
        put_entries(spec, "agents: [x]\n", [("x", rows)])


def test_agents_of_one_file_name_those_that_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From two files, and from a run after the first: the one named is there, or is left out with a note."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".claude/agents"
    folder.mkdir(parents=True)
    for name, tools in (("lead", "Read, Agent(helper, ghost)"), ("helper", "Read")):
        (folder / f"{name}.md").write_text(f"---\nname: {name}\ndescription: Does.\ntools: {tools}\n---\n\nDo.\n")

    def team() -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((tmp_path / "docker-agent.yaml").read_text("utf-8"))["agents"]
        return found

    done = convert(tmp_path, "--to", "docker-agent", "--only", "lead")
    assert done.exit_code == 0 and "T022" in done.output and "sub_agents" not in team()["lead"], done.output
    done = convert(tmp_path, "--to", "docker-agent")
    assert done.exit_code == 0 and team()["lead"]["sub_agents"] == ["helper"], done.output
    assert "`ghost` does not come along" in " ".join(done.output.split())


def test_what_stands_beside_the_entries_is_said_to_hold_for_new_ones(project: Path) -> None:
    before = "permissions: {deny: ['*_file*']}\nagents:\n  mine: {model: auto}\n"
    (project / "docker-agent.yaml").write_text(before, "utf-8")
    source = project / ".claude/agents/a1.md"
    source.write_text(source.read_text("utf-8").replace("---\n\n", "tools: Read\n---\n\n"), "utf-8")
    done = convert(project, "--to", "docker-agent", "--only", "a1")
    assert "`permissions` of the file that is there holds for this agent, too: no right is left" in " ".join(
        done.output.split()
    ), done.output


@pytest.mark.parametrize("more_words", [[], ["-o", "./"]], ids=["its place", "this folder"])
def test_an_agent_among_many_is_held_against_what_a_configuration_says_of_it(
    tmp_path: Path, more_words: list[str]
) -> None:
    """OpenCode puts an entry of the same name together with the agent's file (1.18.33, run). What became of agents that
    are alike says nothing of one that has such an entry."""
    agents(tmp_path, 12)
    (tmp_path / ".opencode").mkdir()
    more = {"agent": {"a9": {"permission": {"*": "allow", "bash": "allow"}}}}
    (tmp_path / ".opencode" / "opencode.json").write_text(json.dumps(more), "utf-8")
    with chdir(tmp_path):
        result = CliRunner().invoke(app, ["convert", ".claude/agents", "--to", "opencode", *more_words])
    assert "T044" in result.output and result.exit_code == 3
    written = {path.stem for path in (tmp_path / ".opencode" / "agents").glob("*.md")}
    assert written == {f"a{n}" for n in range(12) if n != 9}
