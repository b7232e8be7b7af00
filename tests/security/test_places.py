"""Names, paths and links: nothing is written outside the root, nothing is read through a link that leaves it.

``test_without_the_guard`` puts one guard after the other out of action and sees its case fail.
"""

from __future__ import annotations

import json
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv import naming
from agentconv.cli import app
from agentconv.convert import convert_text
from agentconv.project import claims, files, finding, questions, sources, writing
from agentconv.registry import ids, load, targets

AGENT = "---\nname: {name}\ndescription: d\ntools: Read\n---\nDo it.\n"
NAMES = ["../up", "../../../../tmp/up", "/abs", "//net/share", "C:\\x", "C:x", "\\\\net\\share", "CON", "con.md", "NUL",
         "aux", "COM1", "dot.", "space ", " lead", ".", "..", "...", ".hidden", "a\x00b", "a\nb", "a\tb", "a/b", "a\\b",
         "~", "~root", "$HOME", "${HOME}", "%TEMP%", "*", "?", "a:b", "a|b", "a<b>", '"q"',
         "-rf", "--force", "a" * 5000,
         "é" * 300, "e\u0301", "\u212a", "ſ", "ﬁ", "а", "\u202eabc", "\ufeff", "日本語", "👩‍💻", "", "a;rm -rf x",
         "`id`", "$(id)", "a&b", "{id}", "{name}", "%2e%2e%2f"]  # fmt: skip
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project beside a folder that nobody may write into, and a home of its own."""
    root, outside = tmp_path / "project", tmp_path / "outside"
    (root / ".git").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.md").write_text(AGENT.format(name="secret").replace("Do it.", "TOP SECRET"))
    monkeypatch.chdir(root)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield root


def run(*arguments: str) -> int:
    """The command; how it ended."""
    from agentconv.cli import main

    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def outputs(root: Path) -> dict[str, str]:
    """All files below the project but its sources."""
    found = (p for p in root.rglob("*") if p.is_file() and ".claude" not in p.parts and ".git" not in p.parts)
    return {p.relative_to(root).as_posix(): p.read_text() for p in found}


def untouched(root: Path) -> None:
    outside = root.parent / "outside"
    assert [p.name for p in outside.iterdir()] == ["secret.md"]
    assert "TOP SECRET" in (outside / "secret.md").read_text()
    assert {p.name for p in root.parent.iterdir()} <= {"project", "outside", "home", "state"}


# -- names ------------------------------------------------------------------------------------


def safe(path: str) -> bool:
    """A path that every system takes for the same file below a root."""
    parts = path.split("/")
    return all(
        p not in ("", ".", "..") and len(p.encode()) <= 143 and not DEVICES.fullmatch(p.split(".md")[0])
        and not re.search(r'[\x00-\x1f<>:"|?*\\]', p) and not p.endswith((".", " "))
        for p in parts
    )  # fmt: skip


@settings(max_examples=120, derandomize=True, deadline=None)
@given(st.sampled_from(NAMES) | st.text(max_size=30) | st.lists(st.sampled_from(NAMES), max_size=3).map("/".join))
def test_every_name_has_a_safe_file(id: str) -> None:
    for target in targets():
        spec = load(target)
        made = naming.file_id(id, spec)
        assert safe(naming.place(spec, made)), (target, id, made)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_hostile_name_stays_below_the_root(name: str, project: Path) -> None:
    """Through the command, from a format that calls an agent by its header."""
    folder = project / ".gemini" / "agents"
    folder.mkdir(parents=True)
    (folder / "x.md").write_text(f"---\nname: {json.dumps(name)}\ndescription: d\ntools: [read_file]\n---\nDo it.\n")
    assert run("convert", ".gemini/agents/x.md", "--to", "vscode,opencode,codex,roo,agent-skills") in (0, 1, 3)
    untouched(project)
    written = [p for p in outputs(project) if not p.startswith(".gemini")]
    assert all(safe(path) for path in written), written


def test_names_that_are_one_file_on_some_systems(project: Path) -> None:
    folder = project / ".claude" / "agents"
    for below in ("Team", "team", "caf\u00e9", "cafe\u0301"):
        (folder / below).mkdir(parents=True)
        (folder / below / "x.md").write_text(AGENT.format(name="x").replace("Do it.", f"Do it {below!a}."))
    run("convert", ".claude/agents", "--to", "cursor")
    paths = list(outputs(project))
    folded = {unicodedata.normalize("NFC", p).casefold() for p in paths}
    assert paths and len(folded) == len(paths), paths


def test_two_ids_that_differ_by_case_only(project: Path) -> None:
    folder = project / ".claude" / "agents"
    folder.mkdir(parents=True)
    (folder / "one.md").write_text(AGENT.format(name="Reviewer"))
    (folder / "two.md").write_text(AGENT.format(name="reviewer").replace("Do it.", "Do other things."))
    assert run("convert", ".claude/agents", "--to", "vscode") == 3
    assert len([p for p in outputs(project) if p.startswith(".github")]) == 1


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a\nb", "\x00", "x" * 5000])
def test_a_plugin_with_a_hostile_name(name: str, project: Path) -> None:
    tree = project / "tree"
    (tree / ".claude-plugin").mkdir(parents=True)
    (tree / "agents").mkdir()
    (tree / ".claude-plugin" / "plugin.json").write_text(json.dumps({"name": name}))
    (tree / "agents" / "x.md").write_text(AGENT.format(name="x"))
    for output in ("out/{plugin}/{name}.md", "out/", "out-{plugin}/"):
        run("convert", "tree", "--to", "vscode", "-o", output)
    untouched(project)


@pytest.mark.parametrize("entry", ["/", "..", "../../outside", "/etc", "\x00", "agents/../../../outside"])
def test_a_plugin_that_names_other_folders(entry: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = project / "tree"
    (tree / ".claude-plugin").mkdir(parents=True)
    (tree / ".claude-plugin" / "plugin.json").write_text(json.dumps({"name": "p", "agents": [entry]}))
    walked: list[str] = []
    real = finding.walk
    monkeypatch.setattr(finding, "walk", lambda folder, *rest: walked.append(str(folder)) or real(folder, *rest))
    assert run("convert", "tree", "--to", "vscode", "-o", "out/") == 3
    # the places of the plugin's own project are looked at, what the manifest names is not even that
    assert all(tree.resolve() in Path(folder).resolve().parents for folder in walked), walked
    assert "TOP SECRET" not in str(outputs(project))


def test_a_manifest_that_is_too_deep(project: Path) -> None:
    (project / "tree").mkdir()
    (project / "tree" / "plugin.json").write_text('{"agents": ' + "[" * 100_000)
    assert run("convert", "tree", "--to", "vscode") == 3


# -- links and folders in the way -------------------------------------------------------------


def linked_folder(root: Path) -> None:
    (root / ".github").symlink_to(root.parent / "outside")


def linked_place(root: Path) -> None:
    (root / ".github").mkdir()
    (root / ".github" / "agents").symlink_to(root.parent / "outside", target_is_directory=True)


def linked_file(root: Path) -> None:
    (root / ".github" / "agents").mkdir(parents=True)
    (root / ".github" / "agents" / "a.agent.md").symlink_to(root.parent / "outside" / "secret.md")


def linked_nowhere(root: Path) -> None:
    (root / ".github" / "agents").mkdir(parents=True)
    (root / ".github" / "agents" / "a.agent.md").symlink_to(root.parent / "outside" / "new.md")


def folder_there(root: Path) -> None:
    (root / ".github" / "agents" / "a.agent.md").mkdir(parents=True)


def file_above(root: Path) -> None:
    (root / ".github").write_text("a file")


def link_to_itself(root: Path) -> None:
    (root / ".github").symlink_to(root / ".github")


IN_THE_WAY: list[Callable[[Path], None]] = [
    linked_folder, linked_place, linked_file, linked_nowhere, folder_there, file_above, link_to_itself,
]  # fmt: skip


@pytest.mark.parametrize("put", IN_THE_WAY)
@pytest.mark.parametrize("force", [[], ["--force"], ["--update"]], ids=str)
def test_what_is_in_the_way_is_not_followed(put: Callable[[Path], None], force: list[str], project: Path) -> None:
    (project / ".claude" / "agents").mkdir(parents=True)
    (project / ".claude" / "agents" / "a.md").write_text(AGENT.format(name="a"))
    put(project)
    assert run("convert", ".claude/agents/a.md", "--to", "vscode", *force) == 3
    untouched(project)


def test_a_link_inside_of_the_root_is_followed(project: Path) -> None:
    (project / ".claude" / "agents").mkdir(parents=True)
    (project / ".claude" / "agents" / "a.md").write_text(AGENT.format(name="a"))
    (project / "real").mkdir()
    (project / ".github").symlink_to(project / "real")
    assert run("convert", "--to", "vscode") == 0
    assert (project / "real" / "agents" / "a.agent.md").is_file()


def test_sources_behind_links_are_not_copied_into_the_project(project: Path) -> None:
    (project / ".claude" / "agents").mkdir(parents=True)
    (project / ".claude" / "agents" / "a.md").symlink_to("../../../outside/secret.md")
    (project / ".gemini").mkdir()
    (project / ".gemini" / "agents").symlink_to(project.parent / "outside")
    (project / "loose").mkdir()
    (project / "loose" / "b.md").symlink_to("../../outside/secret.md")
    assert run("convert", "--to", "vscode") == 3
    assert run("convert", "loose", "--to", "vscode", "-o", "out/") == 3
    assert "TOP SECRET" not in str({k: v for k, v in outputs(project).items() if k.startswith((".github", "out"))})
    assert run("convert", "--to", "opencode", "--only", "secret", "--allow-outside", "--from", "claude-code") == 0
    assert "TOP SECRET" in str(outputs(project))


# -- files that a definition names ------------------------------------------------------------


def kiro(root: Path, prompt: str) -> Path:
    file = root / ".kiro" / "agents" / "k.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"name": "k", "description": "d", "tools": ["read"], "prompt": prompt}))
    return file


OUTSIDE = ["file://../../../outside/secret.md", "file:///etc/hostname", "file://link.md", "file://../../.git/config",
           "file://~/x", "file://\x00", "file://" + "a" * 5000, "file://../../../outside", "file:///dev/zero",
           "file:///proc/self/environ"]  # fmt: skip


@pytest.mark.parametrize("prompt", OUTSIDE, ids=lambda p: ascii(p[:40]))
def test_a_prompt_file_outside_is_not_read(prompt: str, project: Path) -> None:
    file = kiro(project, prompt)
    (project / ".git" / "config").write_text("TOP SECRET token")
    (file.parent / "link.md").symlink_to(project.parent / "outside" / "secret.md")
    assert run("convert", ".kiro/agents/k.json", "--to", "vscode") in (0, 3)
    assert "TOP SECRET" not in str({k: v for k, v in outputs(project).items() if ".github" in k})


def test_a_prompt_file_inside_is_read_and_one_outside_by_leave(project: Path) -> None:
    kiro(project, "file://./p.md").with_name("p.md").write_text("The prompt.")
    assert run("convert", ".kiro/agents/k.json", "--to", "vscode") == 0
    assert "The prompt." in str(outputs(project)[".github/agents/k.agent.md"])
    kiro(project, "file://../../../outside/secret.md")
    assert run("convert", ".kiro/agents/k.json", "--to", "vscode", "--allow-outside", "--force") == 0
    assert "TOP SECRET" in outputs(project)[".github/agents/k.agent.md"]


def test_no_environment_reaches_an_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a file names of the environment stays a name: every format, every spelling."""
    monkeypatch.setenv("AGENTCONV_PROBE", "TOP-SECRET-VALUE")
    words = " ".join(
        f.format("AGENTCONV_PROBE") for f in ("${}", "${{{}}}", "{{env:{}}}", "%{}%", "{{{{ env.{} }}}}", "!`echo ${}`")
    )
    for source in ids():
        spec = load(source)
        if spec.syntax != "frontmatter":
            continue
        text = f"---\nname: a\ndescription: {json.dumps(words)}\nmodel: {json.dumps(words)}\n---\n{words}\n"
        for target in targets():
            for made in convert_text(text, from_=source, to=target):
                assert not any(b"TOP-SECRET-VALUE" in data for data in made.files.values()), (source, target)


# -- writing ----------------------------------------------------------------------------------


def test_a_crash_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old")

    def crash(*rest: object) -> None:
        raise KeyboardInterrupt

    for module, name in ((os, "fsync"), (os, "replace"), (os, "chmod")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, crash)
            with pytest.raises(KeyboardInterrupt):
                files.write_bytes(file, b"new")
        assert file.read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["a"], name


def test_the_bytes_are_on_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append("fsync") or fsync(handle))
    monkeypatch.setattr(os, "sync", lambda: steps.append("sync"))
    monkeypatch.setattr(os, "replace", lambda old, new: steps.append("replace") or replace(old, new))
    files.write_bytes(tmp_path / "a", b"x")
    assert steps == ["fsync", "replace"]
    steps.clear()
    staged = files.Staged()
    for n in range(40):
        staged.add(str(tmp_path / f"b{n}"), b"x")
    staged.settle(lambda path, error: None)
    assert steps == ["sync", *["replace"] * 40]


def test_permissions_stay_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.write_bytes(b"old")
    closed.chmod(0o600)
    before = os.umask(0o027)
    try:
        files.write_bytes(closed, b"new")
        files.write_bytes(tmp_path / "new", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_what_was_closed_is_never_open_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.write_bytes(b"old")
    closed.chmod(0o600)
    modes: list[int] = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, flags, mode=0o777, **k: modes.append(mode) or real(path, flags, mode, **k)
    )
    files.write_bytes(closed, b"new")
    assert modes[0] == 0o600


def test_one_file_that_cannot_be_written_does_not_hold_up_the_others(tmp_path: Path) -> None:
    staged = files.Staged()
    staged.add(str(tmp_path / "a"), b"1")
    staged.add(str(tmp_path / "b"), b"2")
    (tmp_path / "a").mkdir()
    lost: list[str] = []
    staged.settle(lambda path, error: lost.append(Path(path).name))
    assert lost == ["a"] and (tmp_path / "b").read_bytes() == b"2"
    assert not list(tmp_path.glob(".*"))


def test_what_comes_while_others_are_written_stays(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether something is in the way is asked when an output is written, not when the run begins."""
    monkeypatch.setattr(writing, "CHUNK", 3)
    (project / ".claude" / "agents").mkdir(parents=True)
    for n in range(6):
        text = f"---\nname: agent-{n}\ndescription: Says {n}.\n---\nSay {n}.\n"
        (project / ".claude" / "agents" / f"agent-{n}.md").write_text(text)
    theirs = project / ".opencode" / "agents" / "agent-5.md"
    settle = files.Staged.settle

    def and_somebody_else(self: files.Staged, *given: Any) -> None:
        settle(self, *given)
        if not theirs.exists():
            theirs.write_text("mine\n")

    monkeypatch.setattr(files.Staged, "settle", and_somebody_else)
    found = CliRunner().invoke(app, ["convert", "--to", "opencode"])
    assert "F003" in found.output, found.output
    assert theirs.read_text() == "mine\n"


# -- without the guards -----------------------------------------------------------------------


def no_guard(self: files.Inside, relative: str) -> tuple[str, bool]:
    place = f"{self.root}/{relative}"
    return place, os.path.lexists(place)


def test_without_the_guard_links_are_followed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.Inside, "look", no_guard)
    with pytest.raises(AssertionError):
        test_what_is_in_the_way_is_not_followed(linked_folder, [], project)


def test_without_the_guard_names_leave_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "file_id", lambda id, spec: id)
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        test_every_name_has_a_safe_file()


def test_without_the_guard_case_is_no_difference(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "folded", lambda path: path)
    with pytest.raises(AssertionError):
        test_names_that_are_one_file_on_some_systems(project)


def test_without_the_guard_linked_sources_are_copied(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "leads_out", lambda full, root: "")
    with pytest.raises(AssertionError):
        test_sources_behind_links_are_not_copied_into_the_project(project)


def test_without_the_guard_prompt_files_leave_the_root(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "_project_of", lambda folder: Path("/"))
    with pytest.raises(AssertionError):
        test_a_prompt_file_outside_is_not_read(OUTSIDE[0], project)
