"""Command tests as documents: each ``fixtures/cases/*.md`` holds files, commands and all that they say.

The language of a case is Markdown; only its fenced blocks count:

=====================  ==================================================================================
```` ```file PATH ````    a file of the project (``file PATH crlf``: with those line ends, ``file PATH bare``: without a
                       final line end)
```` ```base64 PATH ````  a file as base64
```` ```sh ````           commands, one a line after ``$ ``. ``agentconv`` runs in this process, the rest in a shell.
                       ``VAR=x agentconv …``, ``… < FILE`` work. ``TTY=1`` pretends a terminal.
                       ``cd DIR`` holds for the rest of the case
```` ```stdout ````       what those commands printed, and ```` ```stderr ```` what they said beside it
```` ```exit ````         the exit code, where it is not 0
=====================  ==================================================================================

Blocks that are missing expect nothing. ``--accept`` rewrites the last three. In them the project is ``/project``, the
home folder ``/home/user``, seconds are ``0.0 s``, the version ``VERSION`` and an escape character ``␛``.
"""

from __future__ import annotations

import base64
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import agentconv
from agentconv.cli import main
from agentconv.commands import own_formats
from tests.conftest import ROOT

TUTORIAL = ROOT / "docs/your-own-format.md"  # a case like the others, so that it stays true
CASES = [*sorted((ROOT / "fixtures/cases").glob("*.md")), TUTORIAL]
FENCE = re.compile(r"^(`{3,})(file|base64|sh|stdout|stderr|exit)(?: ([^\n]*))?\n(.*?)^\1[ ]*\n", re.M | re.S)
OUTPUTS = ("stdout", "stderr", "exit")
NOBODY = 65534


@dataclass
class Block:
    """One fenced block and its place in the document."""

    kind: str
    words: list[str]
    text: str
    start: int
    end: int


@dataclass
class Step:
    """Commands with what they are expected to say."""

    commands: Block
    expected: dict[str, Block] = field(default_factory=dict)


def blocks(text: str) -> Iterator[Block]:
    for found in FENCE.finditer(text):
        yield Block(found[2], (found[3] or "").split(), found[4], found.start(), found.end())


def steps(text: str) -> list[Step]:
    out: list[Step] = []
    for block in blocks(text):
        if block.kind == "sh":
            out.append(Step(block))
        elif block.kind in OUTPUTS:
            assert out, f"a block `{block.kind}` stands before any command"
            assert block.kind not in out[-1].expected, f"two blocks `{block.kind}` for one command"
            out[-1].expected[block.kind] = block
    return out


class Terminal(io.TextIOWrapper):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class World:
    """The project, the home folder and the processes of one case."""

    def __init__(self, folder: Path, unprivileged: bool) -> None:
        self.folder, self.unprivileged = folder, unprivileged
        self.project, self.home = folder / "home/project", folder / "home"
        self.project.mkdir(parents=True)
        self.cwd = self.project
        (self.project / ".git").mkdir()  # the root of a project; no repository, so git protects nothing

    def put(self, block: Block) -> None:
        path = self.project / block.words[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        data = base64.b64decode(block.text) if block.kind == "base64" else block.text.encode()
        if "bare" in block.words:
            data = data.rstrip(b"\n")
        path.write_bytes(data.replace(b"\n", b"\r\n") if "crlf" in block.words else data)

    def run(self, line: str) -> tuple[str, str, int]:
        words = shlex.split(line)
        env = {}
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        if words[:1] == ["cd"]:
            assert len(words) == 2, f"what stands behind a `cd` is a line of its own: {line}"
            self.cwd = Path(os.path.normpath(self.cwd / words[1].replace("~", str(self.home))))
            return "", "", 0
        if words[:1] != ["agentconv"]:
            return self._shell(line)
        data = b""
        if "<" in words:
            at = words.index("<")
            data = (self.cwd / words[at + 1]).read_bytes()
            del words[at : at + 2]
        return self._agentconv(words[1:], env, data)

    def _shell(self, line: str) -> tuple[str, str, int]:
        env = {"HOME": str(self.home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(["sh", "-c", line], cwd=self.cwd, env=env, capture_output=True, check=False)
        if self.unprivileged and os.geteuid() == 0:
            _give(self.folder)
        return done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode

    def _agentconv(self, words: list[str], env: dict[str, str], data: bytes) -> tuple[str, str, int]:
        kind = Terminal if env.pop("TTY", None) else io.TextIOWrapper
        out, err = io.BytesIO(), io.BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR", "AGENTCONV_DEBUG", "TERM"):
                patch.delenv(name, raising=False)
            here = {"HOME": str(self.home), "XDG_STATE_HOME": str(self.folder / "state"), "COLUMNS": "100", **env}
            for name, value in here.items():
                patch.setenv(name, value)
            patch.chdir(self.cwd)
            streams = (
                io.TextIOWrapper(io.BytesIO(data), "utf-8"),
                kind(out, "utf-8", write_through=True),
                kind(err, "utf-8", write_through=True),
            )
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            drop = self.unprivileged and os.geteuid() == 0
            if drop:
                os.seteuid(NOBODY)
            code = 0
            try:
                main(words)
            except SystemExit as done:
                code = int(done.code or 0)
            finally:
                if drop:
                    os.seteuid(0)
                own_formats.forget()
        return out.getvalue().decode(), err.getvalue().decode(), code

    def plain(self, text: str) -> str:
        """Without what differs from run to run."""
        for path, name in ((self.project, "/project"), (self.home, "/home/user"), (self.folder, "/folder")):
            text = text.replace(str(path.resolve()), name).replace(str(path), name)
        text = re.sub(r"\b\d+\.\d(\s+)s\b", r"0.0\1s", text)
        text = re.sub(r"(\r\d+ of \d+ … )+\r\x1b\[K", "", text)  # a slow machine shows how far it is
        return text.replace(agentconv.__version__, "VERSION").replace("\x1b", "␛").replace("\r", "␍")


def _give(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def played(text: str, world: World) -> list[tuple[Step, dict[str, str]]]:
    """Each step with what it really said."""
    for block in blocks(text):
        if block.kind in ("file", "base64"):
            world.put(block)
    if world.unprivileged and os.geteuid() == 0:
        world.folder.chmod(0o755)
        _give(world.folder)
    out = []
    for step in steps(text):
        said, aside, codes = "", "", []
        lines = step.commands.text.splitlines()
        assert all(line.startswith("$ ") for line in lines), "a command begins with `$ `"
        for line in lines:
            stdout, stderr, code = world.run(line[2:])
            said, aside = said + stdout, aside + stderr
            codes.append(code)
        code = max(codes, default=0)
        got = {"stdout": world.plain(said), "stderr": world.plain(aside), "exit": str(code) if code else ""}
        assert "Traceback (most recent call last)" not in aside and "X001" not in aside, aside
        out.append((step, got))
    return out


def fenced(kind: str, text: str) -> str:
    text = text if not text or text.endswith("\n") else text + "\n"
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall(r"^`{3,}", text, re.M)), 3)
    return f"{ticks}{kind}\n{text}{ticks}\n"


def accepted(text: str, found: list[tuple[Step, dict[str, str]]]) -> str:
    """The document with the outputs as they are."""
    for step, got in reversed(found):
        new = "".join("\n" + fenced(kind, got[kind]) for kind in OUTPUTS if got[kind])
        end = max([step.commands.end, *(b.end for b in step.expected.values())])
        text = text[: step.commands.end] + new + text[end:]
    return text


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, accept: bool) -> None:
    text = path.read_text("utf-8")
    unprivileged = "<!-- unprivileged -->" in text
    folder = Path(tempfile.mkdtemp(prefix="agentconv-case-"))
    try:
        found = played(text, World(folder, unprivileged))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if accept:
        path.write_text(accepted(text, found), "utf-8")
        return
    for step, got in found:
        for kind in OUTPUTS:
            block = step.expected.get(kind)
            wanted = block.text if block else ""
            shown = got[kind] if not got[kind] or got[kind].endswith("\n") else got[kind] + "\n"
            assert shown == wanted, f"{kind} of:\n{step.commands.text}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_is_a_document(path: Path) -> None:
    """A title, a reason, and no block that the runner would pass over in silence."""
    text = path.read_text("utf-8")
    assert re.match(r"# .+\n\n\S", text), "a title and then why"
    assert steps(text), "no command"
    known = {(b.start, b.end) for b in blocks(text)}
    rest = text
    for start, end in sorted(known, reverse=True):
        rest = rest[:start] + rest[end:]
    assert "```" not in rest, "a fenced block that is not of this language, or is not closed"


def test_there_are_cases() -> None:
    assert len(CASES) > 20
    strays = [p.name for p in (ROOT / "fixtures/cases").iterdir() if p not in CASES]
    assert strays == [], "only cases lie here"
