"""What `agentconv build` makes of settings, copies, shared files and mistakes. The whole life is in test_build_life."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from agentconv import registry
from agentconv.building import lock as locks
from agentconv.output.removing import without_entry
from agentconv.output.stamp import stamped
from agentconv.reading.engine import read_program
from agentconv.registry import load
from tests.test_build_life import Project, gemini, project, vscode

__all__ = ["project"]
SCANDIR = os.scandir


def test_a_target_has_settings_and_an_agent_has_its_own(project: Project) -> None:
    for name, tools in (
        ("reader", "Read"),
        ("deploy", "Read, Bash"),
        ("draft-x", "Read"),
        ("docs-a", "Read, Grep, Bash"),
    ):
        project.agent(name, tools=tools)
    tagged = project.read("agents/reader.md").replace("name: reader", "name: inner\ntags: [internal]")
    project.write("agents/inner.md", tagged)
    project.write(
        "agentconv.toml",
        """\
sources = ["agents"]
[tool-sets]
look = ["Read", "Glob"]
[agents."docs-*"]
tool-set = "look"
[defaults]
exclude = ["draft-*"]
[targets.vscode]
place = "out/{name}.agent.md"
model-map = { sonnet = "GPT-5 (copilot)" }
extra = { target = "vscode" }
[targets.vscode.agents.deploy]
model = "GPT-5 mini (copilot)"
description = "Deploys, from VS Code."
[targets.gemini-cli]
include = ["deploy", "docs-*"]
[targets.gemini-cli.agents.deploy]
skip = true
[targets.codex]
refused = "skip"
""",
    )
    project.build()
    reader, deploy = project.read("out/reader.agent.md"), project.read("out/deploy.agent.md")
    assert "GPT-5 (copilot)" in reader and "target: vscode" in reader and "Does reader." in reader
    assert "GPT-5 mini (copilot)" in deploy and "Deploys, from VS Code." in deploy
    assert not project.has("out/draft-x.agent.md")
    docs = project.read("out/docs-a.agent.md")
    assert "fileSearch" in docs and "execute" not in docs and "textSearch" not in docs
    assert sorted(p.name for p in (project.root / ".gemini/agents").iterdir()) == ["docs-a.md"]
    assert sorted(p.name for p in (project.root / ".codex/agents").iterdir()) == ["deploy.toml"]
    project.build("--check")
    # allowed for one agent and these classes only
    project.write(
        "agentconv.toml",
        'sources = ["agents"]\n[targets.codex]\nrefused = "skip"\n'
        'allow-widening = { writes = ["reader"], runs = ["read*"], network = true, delegates = true, "mcp:*" = true }'
        "\n",
    )
    project.build()
    assert sorted(p.name for p in (project.root / ".codex/agents").iterdir()) == [
        "deploy.toml", "docs-a.toml", "reader.toml",
    ]  # fmt: skip
    assert "[agentconv:" in project.read(".codex/agents/reader.toml")
    assert not project.has("out/reader.agent.md"), "the target is gone"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('[targets.vscode]\nextra = { tools = ["x"] }', "`tools` is a field that agentconv sets"),
        ("[targets.vscode]\n[targets.vscod]", "did you mean `vscode`?"),
        ("", "names no targets"),
    ],
)
def test_settings_that_do_not_fit_write_nothing(project: Project, settings: str, words: str) -> None:
    project.agent("a")
    project.write("agentconv.toml", f'sources = ["agents"]\n{settings}\n')
    assert words in project.build(code=2)
    assert not project.has(".github")


def test_a_tool_set_never_gives_more_than_the_file(project: Project) -> None:
    project.agent("a", tools="Read")
    project.agent("b", tools="Read")
    settings = (
        'sources = ["agents"]\n[tool-sets]\nwide = ["Read", "{}"]\n[agents.a]\ntool-set = "wide"\n[targets.vscode]\n'
    )
    project.write("agentconv.toml", settings.format("Bash"))
    assert "F019" in project.build(code=3) and not project.has(vscode("a")) and project.has(vscode("b"))
    project.write("agentconv.toml", settings.format("Nonsense"))
    assert "`Nonsense`, which is no tool" in project.build("--notes", "full", code=3)


def test_passages_are_for_their_targets_only(project: Project) -> None:
    body = (
        "For all.\n\n<!-- agentconv:only vscode, codex -->\nFor VS Code.\n\n```sh\nls\n```\n<!-- /agentconv -->\n\n"
        "In a <!-- agentconv:only gemini-cli -->Gemini <!-- /agentconv -->line.\n\n"
        "```html\n<!-- agentconv:only vscode -->\n```\n\nEnd."
    )
    project.agent("a", body=body)
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.gemini-cli]\n')
    project.build()
    one, two = project.read(vscode("a")), project.read(gemini("a"))
    assert (
        "For all.\n\nFor VS Code.\n\n```sh\nls\n```\n\nIn a line.\n\n```html\n<!-- agentconv:only vscode -->\n" in one
    )
    assert "For all.\n\n\nIn a Gemini line." in two and "For VS Code." not in two
    # convert does the same
    project.run("convert", "agents/a.md", "--to", "vscode", "-o", "x.agent.md")
    assert project.read("x.agent.md").partition("tools:")[2] == one.partition("tools:")[2]
    for wrong, words in (
        ("<!-- agentconv:only vscod -->x<!-- /agentconv -->", "did you mean `vscode`?"),
        ("<!-- agentconv:only vscode -->x", "a passage without an end"),
        ("x<!-- agentconv:only vscode -->a<!-- agentconv:only codex -->b<!-- /agentconv -->", "inside of another"),
        ("<!-- agentconv:only vscode -->x<!-- /agentconv --><!-- /agentconv -->", "closes nothing"),
        ("<!-- agentconv:only , -->x<!-- /agentconv -->", "a passage for no target"),
    ):
        project.agent("a", body=wrong)
        said = project.build("--notes", "full", code=3)
        assert "F017" in said and words in said, said
        assert project.read(vscode("a")) == one, "the old output stays as it was"


def test_a_linked_body_points_to_the_source(project: Project) -> None:
    project.agent("reader", body="The secret of the prompt.")
    project.agent("fetcher", body="Fetch it.", tools="WebFetch")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\nbody = "link"\n')
    said = project.build("--notes", "full")
    reader, fetcher = project.read(vscode("reader")), project.read(vscode("fetcher"))
    assert "The secret" not in reader and "`agents/reader.md`" in reader and "readFile" in reader
    assert "Fetch it." in fetcher and "F021" in said and "F023" in said
    project.build("--check")


def test_outputs_that_git_ignores_are_not_missed(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.gemini-cli]\ntracked = false\n')
    project.build()
    assert project.has(gemini("a")) and ".gemini" not in project.read("agentconv.lock")
    (project.root / gemini("a")).unlink()
    project.build("--check")
    project.build()
    assert project.has(gemini("a"))
    (project.root / "agents/a.md").unlink()
    project.agent("b")
    project.build()
    assert not project.has(gemini("a")) and project.has(gemini("b")), "what git ignores is kept in step, too"


def test_the_first_build_meets_copies(project: Project, tmp_path: Path) -> None:
    project.agent("same")
    project.agent("other")
    project.agent("third")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    project.build()
    same = project.read(vscode("same")).replace("---\n#", "---\n\n#").replace("tools: [", "tools:  [")
    project.write(vscode("same"), same)
    changed = project.read(vscode("other")).replace("Do it well.", "Do it otherwise.")
    project.write(vscode("other"), changed)
    (project.root / "agentconv.lock").unlink()
    fresh = Project(project.root, tmp_path / "another-home")
    fresh.home.mkdir()
    said = fresh.build("--notes", "full", code=1)
    assert "F014" in said and "F013" in said and "--take ours" in said
    assert fresh.read(vscode("other")) == changed and fresh.read(vscode("same")) != same
    said = fresh.build(code=1)
    assert "-Do it otherwise." in said and "+Do it well." in said
    # theirs: the copy is right
    fresh.build("--take", "theirs", "--dry-run", code=1)
    assert "otherwise" not in fresh.read("agents/other.md")
    said = fresh.build("--take", "theirs")
    assert ".github/agents/other.agent.md → agents/other.md" in said
    assert "Do it otherwise." in fresh.read("agents/other.md") and "model: " in fresh.read("agents/other.md")
    fresh.build("--check")
    # ours: the source is right
    fresh.write(vscode("third"), fresh.read(vscode("third")).replace("Do it well.", "Wrong."))
    (project.root / "agentconv.lock").unlink()
    third = Project(project.root, tmp_path / "third-home")
    third.home.mkdir()
    third.build(code=1)
    third.build("--take", "ours")
    assert "Do it well." in third.read(vscode("third"))


def test_two_copies_that_differ_cannot_both_be_taken(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.gemini-cli]\n')
    project.write(vscode("a"), "---\nname: a\ndescription: One.\n---\n\nx\n")
    project.write(gemini("a"), "---\nname: a\ndescription: Two.\n---\n\nx\n")
    assert "which one is right?" in project.build("--take", "theirs", code=2)
    assert "Does a." in project.read("agents/a.md")


def test_a_source_that_cannot_be_read_keeps_its_outputs(project: Project) -> None:
    project.agent("a")
    project.agent("b")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    project.build()
    lock = project.read("agentconv.lock")
    project.write("agents/a.md", "")
    assert "F015" in project.build(code=3)
    assert project.has(vscode("a")) and project.read("agentconv.lock") == lock
    project.write("agents/a.md", "---\nname: a\ndescription: d\n---\nx\x00\n")
    project.build(code=3)
    assert project.has(vscode("a")) and project.read("agentconv.lock") == lock
    project.agent("a", body="Mended.")
    project.build()
    assert "Mended." in project.read(vscode("a"))


def test_a_refused_agent_loses_its_output(project: Project) -> None:
    project.agent("a", tools="Read, Bash")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.codex]\n')
    project.build()
    assert project.has(".codex/agents/a.toml")
    project.agent("a", tools="Read")
    said = project.build(code=1)
    assert "NOT written" in said and 'allow-widening = ["' in said and "[targets.codex]" in said
    assert not project.has(".codex/agents/a.toml"), "it would give more than the source says today"


def test_no_source_at_all_is_no_reason_to_delete_everything(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    project.build()
    (project.root / "agents/a.md").unlink()
    assert "F004" in project.build(code=3) and project.has(vscode("a"))
    project.build("--force")
    assert not project.has(vscode("a")) and not project.has("agentconv.lock")


def test_a_newer_agentconv_that_writes_other_bytes_is_an_update(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\nstamp = false\n')
    project.build()
    old = project.read(vscode("a"))
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    said = project.build()
    assert "1 updated" in said or "written" in said
    assert project.read(vscode("a")) != old


def test_bad_locks_are_told_and_stay(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    for text, words in (
        ("# version 2\n", "newer agentconv"),
        ("{nonsense\n", "this line is no output"),
        ('{"output": "../x", "wrote": "1"}\n', "outside the project"),
        ('{"output": "/x", "wrote": "1"}\n', "outside the project"),
    ):
        project.write("agentconv.lock", text)
        assert words in project.build(code=3)
        assert project.read("agentconv.lock") == text and not project.has(".github")


@pytest.mark.parametrize("target", ["roo", "opencode-json", "agents-md", "claude-json"])
def test_shared_files_get_and_lose_their_own_entries_only(project: Project, target: str) -> None:
    for name in ("a", "b", "c"):
        project.agent(name, tools="Read, Bash, Edit, Write, Grep, Glob")
    settings = f'sources = ["agents"]\n[targets.{target}]\nallow-widening = true\n'
    project.write("agentconv.toml", settings)
    project.build()
    spec = load(target)
    path = str(spec.head["places"]["write"])
    whole = project.read(path)
    (project.root / "agents/b.md").unlink()
    project.build()
    two = project.read(path)
    project.agent("b", tools="Read, Bash, Edit, Write, Grep, Glob")
    for gone in ("a", "b", "c"):
        text = without_entry(spec, whole, gone)
        assert text is not None
        left = [read.agent.id for read in read_program(spec, text, path).agents]
        assert left == [name for name in ("a", "b", "c") if name != gone]
        if gone == "b":
            assert text == two
    project.build()
    # an entry that was edited stays when its source goes, the others go
    edited = project.read(path).replace("Does b.", "Does b, by hand.")
    project.write(path, edited)
    (project.root / "agents/b.md").unlink()
    (project.root / "agents/a.md").unlink()
    assert "edited since" in project.build(code=1)
    text = project.read(path)
    assert "Does b, by hand." in text and "Does c." in text and "Does a." not in text
    project.build("--force")
    (project.root / "agents/c.md").unlink()
    project.build("--force")
    assert not project.has(path), "agentconv made the file, and nothing else is in it"


def test_every_stamp_is_passed_over_by_every_program() -> None:
    count = 0
    for id in registry.targets():
        spec = load(id)
        place = str(spec.head["places"]["write"]).replace("{id}", "a")
        if spec.many:
            continue
        from agentconv import convert_text

        text = "---\nname: a\ndescription: Does a.\ntools: Read, Bash\n---\n\nDo it.\n"
        options_ = {"allow_widening": frozenset({"*"})}
        from agentconv.lowering.lowered import Options

        made = convert_text(text, from_="claude-code", to=id, options=Options(**options_)).text  # type: ignore[arg-type]
        marked = stamped(made, spec, place, "agents/a.md")
        if marked == made:
            assert spec.syntax == "json" or spec.container.get("header_comments") == "kept", id
            continue
        count += 1
        before, after = read_program(spec, made, place), read_program(spec, marked, place)
        assert [r.agent for r in before.agents] == [r.agent for r in after.agents] and after.status == "read", id
        assert "agents/a.md" in marked.splitlines()[1 if spec.syntax == "frontmatter" else 0]
    assert count > 15


def test_the_same_bytes_whatever_order_locale_and_time_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    built = []
    for n, (zone, locale) in enumerate(
        (("UTC", "C"), ("Asia/Kolkata", "tr_TR.UTF-8"), ("America/St_Johns", "de_DE.UTF-8"))
    ):
        made = Project(tmp_path / f"p{n}", tmp_path / f"h{n}")
        made.home.mkdir()
        (made.root / ".git").mkdir(parents=True)
        names = [f"agent-{i}" for i in range(12)] + ["İstanbul", "Zürich"]
        random.Random(n).shuffle(names)
        for name in names:
            made.agent(name, tools="Read, Bash")
        made.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.roo]\n[targets.codex]\n')

        class Shuffled:
            def __init__(self, path: str) -> None:
                with SCANDIR(path) as found:
                    self.entries = list(found)
                random.Random(7).shuffle(self.entries)

            def __enter__(self) -> Shuffled:
                return self

            def __exit__(self, *_: object) -> None:
                return None

            def __iter__(self) -> object:
                return iter(self.entries)

        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            patch.setenv("LC_ALL", locale)
            patch.setattr(os, "scandir", Shuffled)
            made.build()
        built.append(made.files())
    assert built[0] == built[1] == built[2]
    assert b"/p0" not in built[0]["agentconv.lock"]


def test_conflict_sides() -> None:
    text = b"a\n<<<<<<< HEAD\nb\n||||||| base\no\n=======\nc\n>>>>>>> other\nd\n"
    assert locks.conflict_sides(text) == [b"a\nb\nd\n", b"a\nc\nd\n"]
    assert locks.conflict_sides(b"a\n=======\n") == []
    assert locks.conflict_sides(b"<<<<<<< x\n=======\n") == []


def test_source_and_target_change_places(project: Project) -> None:
    """What was an output and is a source of today is never deleted."""
    project.agent("a")
    project.agent("b")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n[targets.gemini-cli]\n')
    project.build()
    kept = {name: project.read(vscode(name)) for name in ("a", "b")}
    for name in ("a", "b"):
        (project.root / f"agents/{name}.md").unlink()
    project.write("agentconv.toml", 'sources = [".github/agents"]\n[targets.gemini-cli]\n[targets.claude-code]\n')
    project.build()
    assert {name: project.read(vscode(name)) for name in ("a", "b")} == kept
    assert project.has(gemini("a")) and project.has(".claude/agents/a.md")
    assert ".github" not in "".join(f'"{row.output}"' for row in locks.read(project.root / locks.NAME).rows.values())
    project.build("--check")


def test_force_is_for_edits_of_outputs_and_not_for_files_of_others(project: Project) -> None:
    project.agent("a")
    project.write(vscode("a"), "---\nname: a\ndescription: Mine.\n---\n\nMine.\n")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    assert "F013" in project.build("--force", code=1)
    assert "Mine." in project.read(vscode("a"))


def test_two_targets_with_one_place_are_told_before_anything_is_written(project: Project) -> None:
    project.agent("a")
    settings = 'sources = ["agents"]\n[targets.vscode]\n[targets.copilot]\n'
    project.write("agentconv.toml", settings)
    assert "have one place" in project.build(code=2) and not project.has(".github")
    project.write("agentconv.toml", settings + 'place = "copilot/"\n')
    project.build()
    assert project.has(vscode("a")) and project.has("copilot/a.agent.md")


def test_convert_knows_what_a_build_wrote(project: Project, tmp_path: Path) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.vscode]\n')
    project.build()
    other = Project(project.root, tmp_path / "another-home")
    other.home.mkdir()
    other.agent("a", body="New.")
    other.run("convert", "--to", "vscode")
    assert "New." in other.read(vscode("a"))
    other.build()
    other.build("--check")


def test_help_names_the_keys_of_the_settings(project: Project) -> None:
    project.agent("a")
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.codex]\n')
    said = project.build("--notes", "full", code=1)
    assert '"writes", "runs"' in said and 'refused = "skip"' in said and "--allow-widening" not in said
    project.write("agentconv.toml", 'sources = ["agents"]\n[targets.gemini-cli]\n')
    assert 'model-map = { "sonnet" = "NAME" }' in project.build()


@pytest.mark.parametrize("where", [".claude/agents", "agents", ""])
def test_init_finds_the_source_and_asks_nothing(project: Project, where: str) -> None:
    if where:
        project.agent("a")
        if where != "agents":
            (project.root / where).mkdir(parents=True)
            (project.root / "agents/a.md").rename(project.root / where / "a.md")
    (project.root / ".cursor").mkdir()
    said = project.run("init", *(["--from", where] if where == "agents" else []))
    text = project.read("agentconv.toml")
    assert "cursor" in said and "[targets.cursor]" in text
    if where:
        assert f'"{where}"' in text and "1 agent" in said
        project.build()
        assert project.has(".cursor/agents/a.md")
    else:
        assert "0 agents" in said
        project.build(code=3)
    project.run("init", "--force", "--to", "vscode, codex")
    assert "[targets.vscode]" in project.read("agentconv.toml") and "[targets.codex]" in project.read("agentconv.toml")
    project.run("init", "--force", "--to", "nonsense", code=2)
    project.run("init", "--force", "--from", "nonsense", code=2)


def test_a_migration_of_many_kinds_at_once(project: Project) -> None:
    """Sub-folders, a plugin tree, three formats, and two agents of one name."""
    for n in range(40):
        project.agent(f"team-{n % 4}/agent-{n:02}")
    for team in range(4):  # the names are the files' stems
        for path in sorted((project.root / f"agents/team-{team}").iterdir()):
            path.write_text(path.read_text().replace(f"name: team-{team}/", "name: "))
    project.write("plugins/tools/.claude-plugin/plugin.json", '{"name": "tools", "agents": ["./agents/"]}')
    project.write(
        "plugins/tools/agents/helper.md", "---\nname: helper\ndescription: Helps.\ntools: Read\n---\n\nHelp.\n"
    )
    project.write("more/one.agent.md", "---\ndescription: One.\ntools: [read]\n---\n\nOne.\n")
    project.write("more/two.toml", 'name = "two"\ndescription = "Two."\ndeveloper_instructions = "Two."\n')
    project.write("more/agent-00.md", "---\nname: agent-00\ndescription: Another one.\ntools: Read\n---\n\nOther.\n")
    sources = """\
sources = [
  { path = "agents", format = "claude-code" },
  "plugins/tools",
  { path = "more/*.agent.md", format = "vscode" },
  { path = "more/*.toml", format = "codex" },
  { path = "more/agent-00.md", format = "claude-code" },
]
"""
    project.write("agentconv.toml", f"{sources}[targets.gemini-cli]\nallow-widening = true\n")
    said = project.build("--notes", "full", code=3)
    assert "two agents for .gemini/agents/agent-00.md" in said, "a collision is an error that names both"
    project.write("agentconv.toml", f'{sources}[targets.gemini-cli]\nallow-widening = true\non-collision = "suffix"\n')
    project.build("--report", "r.md")
    made = sorted(path for path in project.files() if path.startswith(".gemini/agents/"))
    assert len(made) == 44, made
    assert {gemini("tools-helper"), gemini("one"), gemini("two"), gemini("agent-00-2")} <= set(made)
    assert "44 agents" in project.read("r.md")
    project.build("--check")


def test_one_agent_in_two_files_is_written_once(project: Project) -> None:
    project.agent("a")
    project.write("copy/a.md", project.read("agents/a.md"))
    project.write("agentconv.toml", 'sources = ["agents", "copy"]\n[targets.vscode]\n')
    project.build()
    assert "from agents/a.md" in project.read(vscode("a"))
    project.build("--check")
    project.write("copy/a.md", project.read("copy/a.md").replace("Do it well.", "Do it otherwise."))
    assert "two agents for" in project.build("--notes", "full", code=3)


def test_a_second_build_converts_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changed since a build that ended well: known by fingerprints; and whatever changes is seen."""
    from agentconv.building import build as building

    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.opencode]\n')
    project.write(".claude/agents/a.md", "---\nname: a\ndescription: A.\ntools: Read\n---\n\nDo it.\n")
    project.run("build")
    real, runs = building.run, []
    monkeypatch.setattr(building, "run", lambda *args: (runs.append(1), real(*args))[1])
    assert "up to date" in project.run("build") and not runs
    assert "up to date" in project.run("build", "--check") and not runs
    assert project.run("build", "-q").startswith("Rights: 1 the same") and not runs
    changes = {
        "a source": lambda: project.write(".claude/agents/a.md", "---\nname: a\ndescription: B.\n---\n\nDo it.\n"),
        "a new source": lambda: project.write(".claude/agents/b.md", "---\nname: b\ndescription: B.\n---\n\nDo it.\n"),
        "the settings": lambda: project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.vscode]\n'),
        "an output is gone": lambda: (project.root / ".github/agents/a.agent.md").unlink(),
        "the lock is gone": lambda: (project.root / "agentconv.lock").unlink(),
    }
    for name, change in changes.items():
        runs.clear()
        change()
        project.run("build")
        assert runs, name


def test_a_build_that_refuses_an_agent_says_so_again_without_converting(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused and broken ones are told with the same words and exit code, as long as everything is as it was."""
    from agentconv.building import build as building

    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.codex]\n')
    project.write(".claude/agents/a.md", "---\nname: a\ndescription: A.\ntools: Read\n---\n\nDo it.\n")
    project.write(".claude/agents/b.md", "---\nname: b\ndescription: B.\n---\n\nDo it.\n")
    project.write(".claude/agents/c.md", "---\nname: c\ntools Read\n---\n\nDo it.\n")
    first = project.run("build", code=3)
    assert "C012" in first and "R005" in first
    second = project.run("build", code=3)
    real, runs = building.run, []
    monkeypatch.setattr(building, "run", lambda *args: (runs.append(1), real(*args))[1])
    timeless = [re.sub(r"\d+\.\d s", "", text) for text in (second, project.run("build", code=3))]
    assert timeless[0] == timeless[1] and not runs
    project.run("build", "--check", code=3)
    assert runs, "--check tells more"
    project.write(".claude/agents/c.md", "---\nname: c\ndescription: C.\n---\n\nDo it.\n")
    runs.clear()
    assert "R005" not in project.run("build", code=1) and runs


def test_a_kept_output_is_looked_at_in_every_build(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have come under git in the meantime, which is in no fingerprint."""
    from agentconv.building import build as building

    project.write("agentconv.toml", 'sources = [".claude/agents"]\n[targets.opencode]\n')
    project.write(".claude/agents/a.md", "---\nname: a\ndescription: A.\n---\n\nDo it.\n")
    project.run("build")
    project.write(".opencode/agents/a.md", "---\ndescription: Mine.\n---\n\nI did it.\n")
    real, runs = building.run, []
    monkeypatch.setattr(building, "run", lambda *args: (runs.append(1), real(*args))[1])
    for _ in range(3):
        project.run("build", code=1)
    assert len(runs) == 3


def test_what_is_said_of_an_agent_follows_it_from_build_to_build(project: Project) -> None:
    """One process builds again and again, and a file whose own text is the same may speak of another that changed."""
    from agentconv.building.build import Cache, Wishes, run
    from agentconv.project import config

    project.agent("Lead", body="Ask the `Old_Name` agent.")
    project.agent("Old_Name")
    settings = 'sources = ["agents"]\n[targets.agent-skills]\nrewrite-body = ["names"]\nguard = false\n'
    project.write("agentconv.toml", settings)
    cache = Cache()
    for name, called in (("Old_Name", "`old-name`"), ("New_Name", "`Old_Name`")):
        if name == "New_Name":
            (project.root / "agents/Old_Name.md").unlink()
            project.agent(name)
        found = config.read(project.root)
        assert found is not None
        run(found, Wishes(), cache=cache)
        assert f"Ask the {called} agent" in project.read(".agents/skills/lead/SKILL.md")
