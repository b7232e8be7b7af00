"""Every real file of the shared folder to every target: nothing breaks, and the proof holds for what is written."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from agentconv.convert import convert_text
from agentconv.proof.sourcerights import source_rights
from agentconv.reading.deciding import decide
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import heads, load, targets
from agentconv.rights import Rights, gained
from tests import probing
from tests.test_laws import check_proof, check_rights, check_status

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
# what the index calls otherwise than the descriptions do
CALLED = {
    "copilot-agent": "copilot",
    "copilot-chatmode": "vscode",
    "factory-droid": "droid",
    "kiro-md": "kiro",
    "manifest": "capability-manifest",
}

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (CORPUS / "index.csv").is_file(), reason="no shared folder with real files beside the project"
    ),
]


def rows() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    if (CORPUS / "index.csv").is_file():
        with (CORPUS / "index.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                format = CALLED.get(row["format"], row["format"].removeprefix("other-"))
                if format in heads():
                    found.setdefault(format, []).append(row)
    return found


ROWS = rows()
TARGETS = sorted(targets())


def text_of(row: dict[str, str]) -> str | None:
    try:
        return (CORPUS / row["path"]).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None  # said by the part that reads files


def test_there_is_something() -> None:
    assert {"claude-code", "codex", "copilot", "vscode", "opencode", "roo"} <= ROWS.keys()
    assert all(ROWS.values()) and len(TARGETS) > 5


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", sorted(ROWS))
def test_the_proof_holds(source: str, target: str) -> None:
    """The laws of ``test_laws`` for every real file. In its own format a file stays as it is, whatever it asks for."""
    wrong = []
    for row in ROWS[source]:
        if (text := text_of(row)) is None:
            continue
        made = convert_text(text, from_=source, to=target, path=row["source_path"])
        agents = read_author(load(source), text, row["source_path"]).agents
        for one in made:
            try:
                check_proof(one, "")
                if source != target:
                    check_status(one, "")
                if source != target and len(made) == len(agents) == 1:
                    check_rights(probing.allowed(agents[0].agent, load(source), program=False), target, one, "")
            except AssertionError as broken:
                wrong.append(f"{row['path']} {one.name} {one.status}: {broken}")
    assert not wrong, "\n".join(wrong)


def test_the_format_is_told_from_the_text_alone() -> None:
    """A bare name instead of the place: what is taken for another format never gets other rights by that."""
    right = same = fewer = asked = 0
    wrong = []
    for format, found in ROWS.items():
        for row in found:
            text, name = text_of(row), "x" + Path(row["path"]).suffix
            told = decide(name, text, name)[0] if text is not None else None
            if text is None or told is None:
                asked += 1
                continue
            guessed, meant = source_rights_of(told, text, name), source_rights_of(format, text, name)
            right += told == format
            same += told != format and guessed == meant
            within = len(guessed) == len(meant) and not any(map(gained, meant, guessed))
            fewer += guessed != meant and within
            if not within:
                wrong.append((row["path"], told))
    print(f"right {right}, the same rights {same}, fewer {fewer}, asked {asked}, other rights {wrong}")
    # a file in VS Code's words among agents of Claude Code, and a file that holds no agent
    assert len(wrong) <= 2 and right + same > 350


def source_rights_of(format: str, text: str, name: str) -> list[Rights]:
    reading, program = read_author(load(format), text, name), read_program(load(format), text, name)
    return [source_rights(read, reading, program)[0] for read in reading.agents]


@pytest.mark.parametrize("format", sorted(f for f in ROWS if load(f).syntax == "frontmatter"))
def test_headers_of_real_files_are_filled_in_as_they_would_be_converted(format: str) -> None:
    """Each header for several agents of other names, descriptions and prompts: what is alike becomes alike."""
    from agentconv.project.filling import new_kinds
    from agentconv.project.making import Maker
    from agentconv.project.planning import Plan
    from tests.test_alike import BODIES, WORDS, made, place, with_texts

    for n, row in enumerate(ROWS[format]):
        text = text_of(row)
        if text is None or not text.startswith("---\n") or "\n---\n" not in text[3:]:
            continue
        header = text[4:].split("\n---\n")[0]
        files = []
        for k, (words, body) in enumerate(zip(WORDS, BODIES, strict=True)):
            name = f"agent-{'abcd'[k]}{k}"
            files.append((place(format, name), f"---\n{with_texts(header, format, name, words)}\n---\n\n{body}\n"))
        plan = Plan(CORPUS, tuple(TARGETS[(5 * n + k) % len(TARGETS)] for k in range(5)), output="out/")
        alike = made(Maker(plan, kinds=new_kinds()), files, format)
        assert alike == made(Maker(plan), files, format), row["path"]
