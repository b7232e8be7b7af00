"""``pytest -m client``: what ``check`` says of our own bad files, before the real programs.

The files are those of the case documents ``check-*.md`` and the reader cases of the format. Two things are compared:
whether the file loads, and where the program shows its tools, whether the findings on them are right.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest

from agentconv import registry
from agentconv.checking.checked import open_checked
from agentconv.checking.producers import findings
from agentconv.project.finding import glob_pattern
from agentconv.reading.detect import by_place
from agentconv.reading.engine import read_program
from tests.clients import cases, harness, running
from tests.clients.programs import Check, Program, programs
from tests.clients.views import VIEWS, Seen
from tests.test_cases import CASES, Block, World, blocks
from tests.test_check_verdicts import PROGRAMS, _more, _names, _own, says_loaded

pytestmark = pytest.mark.client
# programs of which records exist, so that the reading of each was held against it
# Qoder gives no answer to so many broken files within its time; it is not known which one holds it up. For the whole
# VS Code its parser answers here (that hands over `agent` beside `agents: []`, too, which then calls nobody).
SILENT = {"qoder", "vscode-full"}
CHECKED = {description for description, _ in PROGRAMS.values()}
OWN = [
    (program, check)
    for program in programs().values()
    for check in program.checks
    if check.target == check.reads_as and check.reads_as in CHECKED and program.id not in SILENT
]


def own_files(format: str) -> dict[str, bytes]:
    """Place in the project -> the file: one for each name, for a program loads one of two only."""
    out: dict[str, bytes] = {}
    for document in CASES:
        if document.name.startswith("check-"):
            for block in blocks(document.read_text("utf-8")):
                if block.kind in ("file", "base64") and in_the_project(format, block.words[0]):
                    out[block.words[0]] = content(block)
    for n, case in enumerate(cases.written_by_hand(format)):
        for place, data in case.files.items():
            folder, _, name = place.rpartition("/")
            stem, dot, suffix = name.partition(".")
            if format in by_place(place) and not registry.load(format).many and not case.bound:
                out[f"{folder}/{stem}-{n}{dot}{suffix}"] = harness.renamed(data, n)
    return out


def in_the_project(format: str, path: str) -> bool:
    """Whether the program looks there: a place below another folder is that of another project."""
    globs = (registry.heads()[format].get("places") or {}).get("project", ())
    return format in by_place(path) and any(glob_pattern(glob).fullmatch(path) for glob in globs)


def content(block: Block) -> bytes:
    """The bytes of a block of a case document."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), unprivileged=False)
        world.put(block)
        return (world.project / block.words[0]).read_bytes()


@pytest.mark.parametrize(
    ("program", "check"),
    [pytest.param(*pair, id=pair[0].id, marks=[pytest.mark.quick] * pair[0].quick) for pair in OWN],
)
def test_check_agrees_on_our_own_bad_files(program: Program, check: Check, tmp_path: Path) -> None:
    if reason := program.missing():
        pytest.skip(reason)
    files = own_files(check.reads_as)
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    seen: dict[str, list[Seen]] = {}
    for item in VIEWS[program.id](running.load(program, tmp_path)):
        seen.setdefault(item.file, []).append(item)
    count: Counter[str] = Counter()
    wrong: list[str] = []
    twice = named_twice(check.reads_as, files)
    for name, data in files.items():
        if name in twice:
            continue
        found = _compare(program, check.reads_as, name, data, seen.get(name, []), count)
        excused = {case for one in harness.known(program.id) if one.what == "loaded" for case in one.cases}
        if not any(case in name for case in excused):
            wrong += [f"{name}: {line}" for line in found]
    print(f"\n{program.id:15} {dict(count)}, not agreeing: {len(wrong)}")
    assert count["files"] and not wrong, "\n".join(wrong)


def named_twice(format: str, files: dict[str, bytes]) -> set[str]:
    """Of agents with one name a program has one only: which, is not the question here."""
    by_name: dict[str, list[str]] = {}
    for name, data in files.items():
        text = data.decode("utf-8", "replace")
        for read in read_program(registry.load(format), text, name).agents:
            by_name.setdefault(read.agent.id, []).append(name)
    return {name for names in by_name.values() if len(names) > 1 for name in names}


def _compare(
    program: Program, format: str, name: str, data: bytes, theirs: list[Seen], count: Counter[str]
) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return []  # said by the part that reads files
    count["files"] += 1
    checked = open_checked(registry.load(format), text, name, frozenset())
    mine = [one for one in findings(checked) if checked.owner.seen in one.programs]
    if any(n.effect == "error" for n in checked.author.notes):
        return []  # `check` tells the error before all else, whatever the program makes of the file
    if says_loaded(mine) != bool(theirs):
        return [f"loaded: {bool(theirs)}, said: {[(f.code, f.message) for f in mine]}"]
    count["loaded"] += bool(theirs)
    tools = theirs[0].tools if theirs else None
    if tools is None or program.as_written or not checked.author.agents or theirs[0].error:
        return []
    count["tools"] += 1
    given = {_own(tool) for tool in tools} if format == PROGRAMS["copilot-cli"][0] else set(tools)
    return [*_names(checked, mine, given, {}), *_more(checked, mine, given)]
