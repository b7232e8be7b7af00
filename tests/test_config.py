"""agentconv.toml: found upwards, checked word for word, and its schema says the same."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from agentconv.project import config, configured
from agentconv.project.config import BadConfig, Config, of_agent, parse
from agentconv.project.settings import config_schema
from agentconv.project.sources import taken

GOOD = """\
sources = [".claude/agents", { path = "more/*.md", format = "claude-code", exclude = ["draft-*"] }]

[tool-sets]
reader = ["Read", "Grep", "Glob"]

[agents."docs-*"]
tool-set = "reader"

[defaults]
stamp = false
refused = "skip"

[targets.vscode]
include = ["code-*", "tag:review"]
model-map = { sonnet = "GPT-5 (copilot)" }
allow-widening = { runs = ["deploy-*"], writes = true, "mcp:github" = ["x"] }
extra = { target = "vscode" }

[targets.vscode.agents.code-reader]
model = "GPT-5 mini (copilot)"
allow-widening = ["network"]

[targets.codex]
place = "out/{name}.toml"
tracked = false
refused = "error"

[check]
ignore = ["C014"]
per-agent-ignore = { "old-*" = ["T002"] }
"""


def good(tmp_path: Path) -> Config:
    found = parse(GOOD, tmp_path)
    assert found is not None
    return found


def test_values_and_what_holds_for_one_agent(tmp_path: Path) -> None:
    made = good(tmp_path)
    assert [(s.path, s.format) for s in made.sources] == [(".claude/agents", None), ("more/*.md", "claude-code")]
    vscode, codex = made.targets
    assert (vscode.stamp, vscode.refused, codex.refused, codex.tracked) == (False, "skip", "error", False)
    assert made.check.per_agent_ignore == {"old-*": ("T002",)}
    one = of_agent(vscode, ["code-reader"])
    assert (one.model, one.refused, one.extra) == ("GPT-5 mini (copilot)", "skip", {"target": "vscode"})
    assert set(one.allow_widening) == {"writes", "network"}
    assert set(of_agent(vscode, ["deploy-all"]).allow_widening) == {"runs", "writes"}
    assert of_agent(codex, ["docs-writer"]).tool_set == "reader"
    assert of_agent(codex, ["docs-writer"]).allow_widening == {}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('surces = ["a"]', 1, "knows no `surces` did you mean `sources`?"),
        ('sources = "a"', 1, '`sources` takes a list, not "a"'),
        ("sources = [1]", 1, "`sources[0]` takes text in quotes or a table, not 1"),
        ('[[sources]]\nformat = "vscode"', 1, "needs `path`"),
        ('[[sources]]\npath = "a"\nformat = "vscoed"', 3, "no format is called `vscoed` did you mean `vscode`?"),
        ("[targets.vscoed]", 1, "no target is called `vscoed` did you mean `vscode`?"),
        ("[targets.devin]", 1, "`devin` is read, not written"),
        ("[targets.codex]\n\nplaec = 'x'", 3, "[targets.codex] knows no `plaec` did you mean `place`?"),
        ('[targets.codex]\nrefused = "skp"', 2, "`targets.codex.refused` knows no `skp` did you mean `skip`?"),
        ("[targets.codex]\ncarry = 'yes'", 2, '`targets.codex.carry` takes true or false, not "yes"'),
        ("[targets.codex]\nallow-widening = ['rans']", 2, "no class of rights is called `rans` did you mean `runs`?"),
        ("[targets.codex]\ninclude = ['a', 1]", 2, "takes a list of texts, not a list with something else in it"),
        ("[defaults]\nallow-widening = { wrtes = true }", 2, "no class of rights is called `wrtes`"),
        ("[check]\nignore = ['C999']", 2, "no code of a note is called `C999`"),
        ("[agents.a]\ntool-set = 'redaer'\n[tool-sets]\nreader = []", 2, "called `redaer` did you mean `reader`?"),
        ("sources = ['~/agents']", 1, "leads into the home folder"),
        ("sources = ['../agents']", 1, "leads outside the project"),
        ("sources = ['/etc']", 1, "no path below the project"),
        ("[targets.codex]\nplace = '../{name}'", 2, "leads outside the project"),
        ("[targets.codex\n", 1, "expected"),
    ],
)
def test_what_means_nothing_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(BadConfig) as caught:
        parse(text, tmp_path)
    told = [(one.line, f"{one.message} {one.help}") for one in caught.value.notes]
    assert len(told) == 1 and told[0][0] == line and words in told[0][1], told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        parse("x = 1\ny = 2\n[targets.codex]\nz = 3", tmp_path)
    assert [one.line for one in caught.value.notes] == [1, 2, 4]
    assert str(caught.value).startswith("F011 agentconv.toml:1:1: agentconv.toml knows no `x`")


def test_a_link_out_of_the_project_is_no_source(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "project"
    for folder in (outside, root / "agents"):
        folder.mkdir(parents=True)
    (outside / "a.md").write_text("---\nname: a\ndescription: d\ntools: Read\n---\nx\n")
    (root / "agents/a.md").symlink_to(outside / "a.md")
    (root / "linked").symlink_to(outside)
    with pytest.raises(BadConfig):
        parse("sources = ['linked']", root)
    made = parse("sources = ['agents']", root)
    assert made is not None
    (source,) = configured.sources(made)
    assert (source.path, source.text, [n.code for n in source.notes]) == ("agents/a.md", None, ["F012"])


def test_the_nearest_folder_counts_as_far_as_its_project_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    deep = tmp_path / "work/project/src/deep"
    deep.mkdir(parents=True)
    (tmp_path / "agentconv.toml").write_text("sources = ['home']")
    assert config.find(deep) is None, "the home folder is no project"
    (tmp_path / "work/agentconv.toml").write_text("sources = ['above']")
    assert config.find(deep).root == tmp_path / "work"  # type: ignore[union-attr]
    (tmp_path / "work/project/.git").mkdir()
    assert config.find(deep) is None, "the settings of another project"
    (tmp_path / "work/project/pyproject.toml").write_text("[project]\nname = 'agentconv-user'\n")
    assert config.find(deep) is None
    (tmp_path / "work/project/pyproject.toml").write_text("[project]\nname = 'x'\n[tool.agentconv]\nsources = ['b']\n")
    found = config.find(deep)
    assert found is not None and (found.file, found.sources[0].path) == ("pyproject.toml", "b")
    (tmp_path / "work/project/pyproject.toml").write_text("[tool.agentconv]\nsuorces = ['b']\n")
    with pytest.raises(BadConfig, match=r"pyproject.toml:2:1: .*sources"):
        config.find(deep)


def test_sources_are_files_folders_and_globs(tmp_path: Path) -> None:
    agent = "---\nname: {}\ndescription: d\ntools: Read\n---\nx\n"
    for path in ("a/one.md", "a/deep/two.md", "a/README.md", "b/three.md", "b/draft-x.md", "c.md"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("# Nothing\n" if "README" in path else agent.format(file.stem))
    text = "sources = ['a', 'c.md', { path = 'b/*.md', exclude = ['draft-*'] }, 'gone', 'a/one.md']"
    made = parse(text, tmp_path)
    assert made is not None
    found = [known for one in configured.sources(made) if (known := taken(one)) is not None]
    assert [s.path for s in found] == ["a/deep/two.md", "a/one.md", "b/three.md", "c.md", "gone"]
    assert [n.code for n in found[-1].notes] == ["F001"] and found[-1].notes[0].line == 1


def test_the_schema_says_what_the_reader_says() -> None:
    schema = config_schema()
    check = jsonschema.Draft202012Validator(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    check.validate(tomllib.loads(GOOD))
    for text in (
        "surces = []",
        "[targets.vscoed]",
        "[defaults]\nbody = 'lnk'",
        "sources = [{}]",
        "[check]\nignore = 1",
    ):
        assert not check.is_valid(tomllib.loads(text)), text
        with pytest.raises(BadConfig):
            parse(text, Path("/nowhere"))
