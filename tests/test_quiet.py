"""A check that believes files to be like others of their kind says just what one says that looks into each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentconv.commands.asked import _is_of, settings_of
from agentconv.containers import MAX_BYTES
from agentconv.project import checks, configured, quiet
from agentconv.project.sources import listed, listed_places, taken
from agentconv.registry import heads
from agentconv.telling import agentrows
from tests.test_alike import BODIES, HEADERS, LINES, SAYINGS, STYLES, TEXT, spelled, with_texts

# a format that is never written has no place of its own, and its files are not looked for by it
FORMATS = sorted({format for format, _, _ in HEADERS if "write" in (heads()[format].get("places") or {})})


def place(format: str, stem: str) -> str:
    """Where a project has an agent of the format."""
    return str((heads()[format].get("places") or {})["write"]).replace("{id}", stem)


def findings(root: Path, format: str) -> list[checks.Looked]:
    """As a user has it who names the folder; in a format whose place is not searched, with ``--from``."""
    sources = listed_places(root) or listed([str(root)], root, format, MAX_BYTES)
    return checks.run(sources, root, checks.Wishes()).files


def both(
    root: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[checks.Looked], list[checks.Looked], int]:
    """What a check says, what it says where it looks into each file, and how many it did not look into."""
    passed: list[str] = []

    def counted(source: checks.Source, project: checks.Project) -> checks.Looked | None:
        looked = believed(source, project)
        passed.extend([source.path] if looked is not None else [])
        return looked

    believed = checks._quiet
    with monkeypatch.context() as m:
        m.setattr(checks, "_quiet", counted)
        mine = findings(root, format)
    with monkeypatch.context() as m:
        m.setattr(quiet.QuietKinds, "mark", lambda *_: None)
        return mine, findings(root, format), len(passed)


def write(root: Path, format: str, stem: str, text: str) -> None:
    path = root / place(format, stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_believed_is_what_would_be_found(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five files with each header of the fixtures: two teach the kind, the others are believed."""
    believed = 0
    for n, (case, header) in enumerate((case, h) for f, case, h in HEADERS if f == format):
        root = tmp_path / str(n)
        for k, body in enumerate((*BODIES, "You are brief.")):
            name = f"agent-{'abcde'[k]}{k}"
            text = f"---\n{with_texts(header, format, name, f'Does work number {k}')}\n---\n\n{body}\n"
            write(root, format, name, text)
        mine, theirs, passed = both(root, format, monkeypatch)
        assert mine == theirs, case
        believed += passed
    named = "agent" in place(format, "agent").rsplit("/", 1)[-1]
    assert believed or not named, "each file was looked into, so nothing was compared"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.sampled_from(["tools: Read", "tools: [Read, Bash]\nmodel: opus", "model: sonnet", "skills: [none]"]),
    texts=st.lists(st.tuples((TEXT | SAYINGS).map(" ".join), LINES), min_size=1, max_size=4),
    style=STYLES,
)
def test_texts_that_mean_something_are_looked_into(
    header: str,
    texts: list[tuple[str, str]],
    style: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two plain agents teach the kind, then come texts with everything in them that was ever a trap."""
    plain = [("Reads code well", "You read code."), ("Looks at all tables", "You look at tables.")]
    root = tmp_path_factory.mktemp("quiet")
    for n, (words, body) in enumerate([*plain, *texts]):
        name = f"agent-{'abcdefg'[n]}{n}"
        head = f"name: {name}\ndescription: {spelled(words, style)}\n{header}"
        write(root, "claude-code", name, f"---\n{head}\n---\n\n{body}\n")
    mine, theirs, _ = both(root, "claude-code", monkeypatch)
    assert mine == theirs


def agent(root: Path, name: str, description: str, prompt: str) -> None:
    write(root, "claude-code", name, f"---\nname: {name}\ndescription: {description}\n---\n\n{prompt}\n")


def test_each_program_that_reads_the_file_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Claude Code's files are read by VS Code, too, where the project uses it; places of others stand out in both."""
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".github/agents").mkdir(parents=True)
    said = ["You read.", "You look.", "You ask.", "Look into `.cursor/rules` first.", "You wait."]
    for n, prompt in enumerate(said):
        agent(tmp_path, f"agent-{n}x", f"Number {n}", prompt)
    mine, theirs, passed = both(tmp_path, "claude-code", monkeypatch)
    assert mine == theirs and passed == 2
    assert [f.code for f in mine[3].findings] == ["P012"] and len(mine[0].programs) > 1


def test_what_lies_around_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that another agent has, and a prompt that calls an agent by its file, in a kind that is quiet else."""
    for n, words in enumerate(["reads", "looks", "asks", "waits", "asks wrongly"]):
        said = "Ask `the-file` for help." if n == 4 else "You do it."
        agent(tmp_path, f"agent-{n}x", f"Who {words}", said)
    write(tmp_path, "claude-code", "the-file", "---\nname: its-name\ndescription: Helps.\n---\n\nYou help.\n")
    write(tmp_path, "claude-code", "team/agent-3x", "---\nname: agent-3x\ndescription: Twice.\n---\n\nYou wait.\n")
    mine, theirs, passed = both(tmp_path, "claude-code", monkeypatch)
    assert mine == theirs and passed == 1
    found = {one.path.rsplit("/", 1)[-1]: [f.code for f in one.findings] for one in mine}
    assert found["agent-3x.md"] == ["C043"] and found["agent-4x.md"] == ["P014"] and found["agent-2x.md"] == []


def test_a_check_keeps_no_text_of_what_it_has_looked_at(tmp_path: Path) -> None:
    """Ten thousand files are as many names in memory, and not as many texts."""
    for n in range(6):
        agent(tmp_path, f"agent-{n}x", f"Number {n}", "You do it.")
    sources = listed_places(tmp_path)
    run = checks.run(sources, tmp_path, checks.Wishes())
    assert len(run.files) == len(sources) == 6 and not any(source.text for source in sources)


def test_a_list_and_a_choice_of_one_format_keep_none_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        agent(tmp_path, f"agent-{n}x", f"Number {n}", "You do it.")
    found = listed_places(tmp_path)
    rows = list(agentrows.rows(map(taken, found), ()))  # type: ignore[arg-type]  # all of them hold agents
    assert [row.name for row in rows] == [f"agent-{n}x" for n in range(6)] and not any(one.text for one in found)

    (tmp_path / "agentconv.toml").write_text('sources = [".claude/agents"]\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    config = settings_of(tmp_path)
    assert config is not None
    found = configured.sources(config)
    assert len(found) == 6 and all(_is_of(one, "claude-code") for one in found) and not any(one.text for one in found)
    assert not any(_is_of(one, "gemini-cli") for one in found)
    assert [str(one.format) for one in map(taken, found) if one is not None and one.text] == ["claude-code"] * 6
