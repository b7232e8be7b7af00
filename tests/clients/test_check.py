"""``pytest -m client``: what ``check`` says of our own bad files, before the real programs.

The files are those of the case documents ``check-*.md`` and the reader cases of the client's format. Two things are
compared: whether the file loads, and where the program shows its tools, whether the findings on them are right.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from agentconv import registry
from agentconv.checking.checked import open_checked
from agentconv.checking.producers import findings
from agentconv.reading.detect import by_place
from agentconv.reading.engine import read_program
from tests.clients import running
from tests.clients.cases import written_by_hand
from tests.clients.harness import known, renamed
from tests.clients.programs import Check, Program, programs
from tests.clients.views import VIEWS, Seen
from tests.test_cases import CASES, World, blocks
from tests.test_check_verdicts import _more, _names, _own, says_loaded

CHECKED = (
    "claude-code",
    "vscode",
    "copilot-cli",
    "opencode",
    "gemini-cli",
    "cursor",
    "codex",
    "qwen-code",
)
PAIRS = [
    (programs()[id], check)
    for id in CHECKED
    for check in programs()[id].checks
    if check.target == check.reads_as and not registry.load(check.target).many
]


def own_files(check: Check) -> dict[str, bytes]:
    """Place in the project -> the file: one for each name, for a program loads one of two only."""
    spec = registry.load(check.reads_as)
    out: dict[str, bytes] = {}
    for document in CASES:
        if not document.name.startswith("check-"):
            continue
        for block in blocks(document.read_text("utf-8")):
            if block.kind in ("file", "base64") and spec.id in by_place(block.words[0]):
                out[block.words[0]] = content(block)
    for n, case in enumerate(written_by_hand(spec.id)):
        for name, data in case.files.items():
            if spec.id in by_place(name):
                stem, dot, suffix = name.rpartition("/")[2].partition(".")
                place = f"{name.rpartition('/')[0]}/{stem}-{n}{dot}{suffix}"
                out[place] = data if case.bound else renamed(data, n)
    return out


def content(block: object) -> bytes:
    """The bytes of a block of a case document."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), unprivileged=False)
        world.put(block)  # type: ignore[arg-type]
        return (world.project / block.words[0]).read_bytes()  # type: ignore[attr-defined]


@pytest.mark.client
@pytest.mark.parametrize(("program", "check"), PAIRS, ids=lambda part: getattr(part, "id", ""))
def test_check_agrees_on_our_own_bad_files(program: Program, check: Check, tmp_path: Path) -> None:
    if reason := program.missing():
        pytest.skip(reason)
    files = own_files(check)
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    seen: dict[str, list[Seen]] = {}
    for item in VIEWS[program.id](running.load(program, tmp_path)):
        seen.setdefault(item.file, []).append(item)
    count: Counter[str] = Counter()
    wrong: list[str] = []
    twice = named_twice(check, files)
    excused = {case for one in known(program.id) if one.what == "loaded" for case in one.cases}
    for name, data in files.items():
        if name in twice or any(f"/{case}-" in name for case in excused):
            continue
        wrong += [f"{name}: {line}" for line in _compare(program, check, name, data, seen.get(name, []), count)]
    print(f"\n{program.id:18} {dict(count)}, not agreeing: {len(wrong)}")
    assert count["files"] and not wrong, "\n".join(wrong)


def named_twice(check: Check, files: dict[str, bytes]) -> set[str]:
    """Of agents with one name a program has one only: which, is not the question here."""
    by_name: dict[str, list[str]] = {}
    for name, data in files.items():
        text = data.decode("utf-8", "replace")
        for read in read_program(registry.load(check.reads_as), text, name).agents:
            by_name.setdefault(read.agent.id, []).append(name)
    return {name for names in by_name.values() if len(names) > 1 for name in names}


def _compare(
    program: Program, check: Check, name: str, data: bytes, theirs: list[Seen], count: Counter[str]
) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return []  # said by the part that reads files
    count["files"] += 1
    checked = open_checked(registry.load(check.reads_as), text, name, frozenset())
    mine = [one for one in findings(checked) if checked.owner.seen in one.programs]
    if says_loaded(mine) != bool(theirs):
        return [f"loaded: {bool(theirs)}, said: {[(f.code, f.message) for f in mine]}"]
    count["loaded"] += bool(theirs)
    tools = theirs[0].tools if theirs else None
    if tools is None or program.as_written or not checked.author.agents or theirs[0].error:
        return []
    count["tools"] += 1
    given = {_own(tool) for tool in tools} if check.reads_as == "copilot" else set(tools)
    return [*_names(checked, mine, given, {}), *_more(checked, mine, given)]
