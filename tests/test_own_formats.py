"""Formats that are not built in: as good as the others; inside a project no way to make an agent look harmless."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agentconv import registry
from agentconv.cli import app
from agentconv.commands import own_formats
from agentconv.convert import convert_text
from agentconv.describing.contract import contract_problems
from agentconv.describing.laws import broken_laws
from agentconv.describing.skeleton import SYNTAXES, skeleton
from tests.conftest import ROOT

FORMAT = skeleton("acme", None, "x", "2026-11-28").replace("enforced: unknown", "enforced: yes")
AGENT = "---\nname: a\ndescription: Does it.\ntools: Read\n---\n\nDo it.\n"
LOCAL = Path(".agentconv/formats")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    own_formats.forget()
    yield
    own_formats.forget()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one agent; home, state and configuration are its neighbours."""
    folder = tmp_path / "home" / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / ".claude/agents").mkdir(parents=True)
    (folder / ".claude/agents/a.md").write_text(AGENT, "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder


def put(base: Path, text: str, id: str = "acme") -> Path:
    entry = base / id / "format.yaml"
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_text(text, "utf-8")
    return entry


def run(*arguments: str) -> Result:
    own_formats.forget()
    return CliRunner().invoke(app, list(arguments))


def test_a_format_of_the_project_works_and_is_said(project: Path) -> None:
    put(LOCAL, FORMAT)
    done = run("convert", "--to", "acme")
    assert done.exit_code == 0 and "F040" in done.output, done.output
    assert "tools: [read]" in Path(".acme/agents/a.md").read_text("utf-8")
    assert "T018" in done.output, "that its control holds is not believed"
    assert "acme" not in run("convert", "--to", "all", "--dry-run").output, "only when asked for"


def test_a_format_of_the_user_is_believed(project: Path) -> None:
    put(project.parent / ".config/agentconv/formats", FORMAT)
    done = run("convert", "--to", "acme")
    assert done.exit_code == 0 and "F040" not in done.output and "T018" not in done.output, done.output


def test_a_folder_can_be_named(project: Path) -> None:
    put(project.parent / "mine", FORMAT)
    assert run("convert", "--to", "acme").exit_code == 2
    done = run("convert", "--to", "acme", "--format-dir", str(project.parent / "mine"))
    assert done.exit_code == 0 and Path(".acme/agents/a.md").is_file(), done.output
    assert "--format-dir" in run("list", "--format-dir", "nowhere").output


def test_a_package_can_bring_formats(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "acme_formats"
    put(package, FORMAT)
    (package / "__init__.py").write_text("")
    info = tmp_path / "site" / "acme_formats-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-formats\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[agentconv.formats]\nacme = acme_formats\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    done = run("convert", "--to", "acme")
    assert done.exit_code == 0 and Path(".acme/agents/a.md").is_file(), done.output
    sys.modules.pop("acme_formats", None)


WRITE, READ = ".acme/agents/{id}.md", '".acme/agents/*.md"'
REFUSED = {
    "redefines a built-in format": ("vscode", ("id: acme", "id: vscode"), "built in"),
    "spells a shell as reading": ("acme", ("    read: {is", "    execute: {is"), "execute"),
    "spells a known shell as reading": ("acme", ("bash: {is: [run]}", "Bash: {is: [read]}"), "Bash"),
    "makes an alias of a shell harmless": (
        "acme",
        ("  names:  ", "  aliases: {run_shell_command: read}\n  names:  "),
        "run_shell_command",
    ),
    "gives no rights at all": ("acme", ("kind: agent", "kind: text"), "kind: text"),
    "takes the place of another program": ("acme", (WRITE, ".claude/agents/{id}.md"), "claude-code"),
    "reads the place of another program": ("acme", (READ, '".claude/agents/*.md"'), "claude-code"),
    "reads everything": ("acme", (READ, '"**/*.md"'), "**/*.md"),
    "reads everything below a dot": ("acme", (READ, '".*/agents/*.md"'), ".*/agents"),
    "writes into git": ("acme", (WRITE, ".git/hooks/{id}.md"), ".git"),
    "writes outside": ("acme", (WRITE, "../{id}.md"), "outside"),
    "writes at an absolute place": ("acme", (WRITE, "/etc/{id}.md"), "outside"),
    "reads the home folder": ("acme", ("  write: ", '  user: ["~/.ssh/*"]\n  write: '), "outside"),
    "is no YAML": ("acme", (FORMAT, "id: ["), "no YAML"),
    "is one document": ("acme", (FORMAT, "id: acme\n"), "two maps"),
    "runs a tag": ("acme", (FORMAT, "id: !!python/object/apply:os.system [id]\n---\na: 1\n"), "no YAML"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_project_may_add_and_not_change(name: str, project: Path) -> None:
    id, change, reason = REFUSED[name]
    assert change[0] in FORMAT
    put(LOCAL, FORMAT.replace(*change), id)
    done = run("convert", "--to", id, "--dry-run")
    assert "F041" in done.output and reason in done.output, done.output
    assert registry.owner(id) is None, "the description was taken all the same"
    other = run("convert", "--to", "opencode", "--dry-run")
    assert other.exit_code == 0, "everything else goes on"


def test_a_link_out_of_the_project_is_not_followed(project: Path) -> None:
    entry = put(project.parent / "elsewhere", FORMAT)
    LOCAL.mkdir(parents=True)
    (LOCAL / "acme").symlink_to(entry.parent)
    assert "leads out" in run("convert", "--to", "acme", "--dry-run").output


def test_a_template_reads_nothing_outside_of_its_folder(project: Path) -> None:
    put(LOCAL, FORMAT)
    secret = project.parent / "secret"
    secret.write_text("TOP SECRET", "utf-8")
    (LOCAL / "acme/secret.j2").symlink_to(secret)
    (LOCAL / "acme/acme.j2").write_text("{% include 'secret.j2' %}{{ prompt }}", "utf-8")
    done = run("convert", "--to", "acme", "-o", "-")
    assert "TOP SECRET" not in done.output and done.exit_code == 3, done.output


@pytest.mark.parametrize(
    "code", ["{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}"]
)
def test_a_template_runs_in_the_sandbox(code: str, project: Path) -> None:
    put(LOCAL, FORMAT)
    (LOCAL / "acme/acme.j2").write_text(code, "utf-8")
    done = run("convert", "--to", "acme")
    assert done.exit_code == 3 and "Traceback" not in done.output and "X001" not in done.output, done.output
    assert not Path(".acme").exists()


def test_the_template_of_an_own_format_is_printed(project: Path) -> None:
    put(LOCAL, FORMAT)
    (LOCAL / "acme/acme.j2").write_text("{# ours #}\n{{ prompt | upper }}\n", "utf-8")
    assert run("template", "acme").output == "{# ours #}\n{{ prompt | upper }}\n"


def test_what_a_project_calls_a_tool_holds_for_its_own_files_only(project: Path) -> None:
    put(LOCAL, FORMAT.replace("    grep: {is", "    peek_about: {is"))
    registry.use_folder(LOCAL.resolve(), trusted=False)
    assert "peek_about" not in registry.vocabulary()
    text = AGENT.replace("Read", "Read, peek_about")
    notes = convert_text(text, from_="claude-code", to="vscode")[0].notes
    assert any(n.code == "T004" and "peek_about" in n.message for n in notes)


def test_mistakes_have_lines(tmp_path: Path) -> None:
    text = FORMAT.replace("type: model}", "type: modle}").replace("control: list ", "contrl: list ")
    lines = [text.splitlines()[p.line - 1] for p in contract_problems(put(tmp_path, text))]
    assert len(lines) == 2 and "contrl" in lines[0] and "modle" in lines[1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("recognise:", "also_read_by: {acne: Acne}\nrecognise:"), "there is no description `acne`"),
        (("expands: []", "expands: [{pattern: '{x', fills: [], chnage: ''}]"), "`chnage` is no word"),
        (("expands: []", "expands: [{pattern: '(', fills: [], change: ''}]"), "expands: `(`"),
        (("expands: []", "expands: [{pattern: 'x', fills: [], change: '\\1'}]"), "invalid group reference"),
        (("type: model}", "type: model, gives: noting}"), "gives: there is no name `noting`"),
        (
            ("  control: list", "  sets: {key: type, members: m, words: {a: {gives: noting}}}\n  control: list"),
            "tools.sets.words.a: there is no name `noting`",
        ),
        (
            ("  control: list", "  sets: {key: type, members: m, words: {}, adds: {k: a b}}\n  control: list"),
            "there is no set `a b`",
        ),
        (("  field: tools\n", ""), "tools: `field` is missing"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_names_that_refer_to_nothing_are_told(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    assert change[0] in FORMAT
    found = [p.message for p in contract_problems(put(tmp_path, FORMAT.replace(*change)))]
    assert len(found) == 1 and told in found[0], found


def test_laws_are_told_in_words(tmp_path: Path) -> None:
    put(tmp_path, FORMAT.replace("unknown_only: none", "unknown_only: none\n  alowed: x").replace("{name}", "x"))
    put(tmp_path, FORMAT.replace("    parser: yaml", "    parser: lines"))
    registry.use_folder(tmp_path)
    told = list(broken_laws(registry.load("acme")))
    assert told and all("Traceback" not in line for line in told)
    assert list(broken_laws(registry.load("opencode"))) == []


@pytest.mark.parametrize("parent", [None, "claude-code", "codex", "roo", "opencode-json"])
def test_every_start_is_a_good_format(parent: str | None, project: Path) -> None:
    more = ["--extends", parent] if parent else []
    assert run("format", "new", "new-one", *more).exit_code == 0
    done = run("format", "check", ".agentconv/formats")
    assert done.exit_code == 0 and "good" in done.output, done.output
    assert run("format", "new", "new-one").exit_code == 2, "never over an existing one"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_syntax_has_a_start(syntax: str, project: Path) -> None:
    assert run("format", "new", "new-one", "--syntax", syntax).exit_code == 0
    done = run("format", "check", ".agentconv/formats")
    assert done.exit_code == 0 and "good" in done.output, done.output
    assert run("format", "new", "another", "--syntax", syntax, "--extends", "roo").exit_code == 2, "it has one"


def test_ids_are_checked(project: Path) -> None:
    for id in ("Vscode", "../x", "a b", "vscode", ""):
        assert run("format", "new", id).exit_code == 2
    assert not list(project.glob("**/format.yaml"))


def test_the_page_is_in_the_package() -> None:
    assert (ROOT / "docs/describing-formats.md").is_file()
    assert "docs/describing-formats.md" in (ROOT / "pyproject.toml").read_text("utf-8")
