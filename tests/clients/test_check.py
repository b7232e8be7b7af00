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
from tests import goldens
from tests.clients import running
from tests.clients.cases import bound
from tests.clients.harness import renamed
from tests.clients.programs import Program, programs
from tests.clients.views import VIEWS, Seen
from tests.test_cases import CASES, World, blocks
from tests.test_check_verdicts import _more, _names, _own, says_loaded

CHECKED = [
    programs()[id]
    for id in ("claude-code", "vscode", "copilot-cli", "opencode", "gemini-cli", "cursor", "codex", "qwen-code")
]


def reads_as(program: Program) -> str:
    """The format by whose rules the program reads its own files."""
    return next(check.target for check in program.checks if check.target == check.reads_as)


# file -> why check and program do not agree
KNOWN = {("opencode", "js-header"): "OpenCode runs such a header as code, and we never do"}


def own_files(client: Program) -> dict[str, bytes]:
    """Place in the project -> the file: one for each name, for a program loads one of two only."""
    spec = registry.load(reads_as(client))
    out: dict[str, bytes] = {}
    for case in CASES:
        if not case.name.startswith("check-"):
            continue
        for block in blocks(case.read_text("utf-8")):
            if block.kind in ("file", "base64") and reads_as(client) in by_place(block.words[0]):
                out.setdefault(block.words[0], b"")
                out[block.words[0]] = content(block)
    for n, case in enumerate(goldens.read_cases()):
        name = goldens.case_path(case)
        if case.parent.parent.name != reads_as(client) or reads_as(client) not in by_place(name) or spec.many:
            continue
        data = goldens.case_input(case).read_bytes()
        data = data if bound(spec, data) else renamed(data, n)
        stem, dot, suffix = name.rpartition("/")[2].partition(".")
        out[f"{name.rpartition('/')[0]}/{stem}-{n}{dot}{suffix}"] = data
    return out


def content(block: object) -> bytes:
    """The bytes of a block of a case document."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), unprivileged=False)
        world.put(block)  # type: ignore[arg-type]
        return (world.project / block.words[0]).read_bytes()  # type: ignore[attr-defined]


@pytest.mark.client
@pytest.mark.parametrize("client", CHECKED, ids=lambda client: client.id)
def test_check_agrees_on_our_own_bad_files(client: Program, tmp_path: Path) -> None:
    if reason := client.missing():
        pytest.skip(reason)
    files = own_files(client)
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    out = running.load(client, tmp_path)
    seen: dict[str, list[Seen]] = {}
    for item in VIEWS[client.id](out):
        seen.setdefault(item.file, []).append(item)
    count: Counter[str] = Counter()
    wrong: list[str] = []
    twice = named_twice(client, files)
    for name, data in files.items():
        if name in twice:
            continue
        found = _compare(client, name, data, seen.get(name, []), count)
        if not any(client.id == id and part in name for id, part in KNOWN):
            wrong += [f"{name}: {line}" for line in found]
    print(f"\n{client.id:18} {dict(count)}, not agreeing: {len(wrong)}")
    assert count["files"] and not wrong, "\n".join(wrong)


def named_twice(client: Program, files: dict[str, bytes]) -> set[str]:
    """Of agents with one name a program has one only: which, is not the question here."""
    by_name: dict[str, list[str]] = {}
    for name, data in files.items():
        text = data.decode("utf-8", "replace")
        for read in read_program(registry.load(reads_as(client)), text, name).agents:
            by_name.setdefault(read.agent.id, []).append(name)
    return {name for names in by_name.values() if len(names) > 1 for name in names}


def _compare(client: Program, name: str, data: bytes, theirs: list[Seen], count: Counter[str]) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return []  # said by the part that reads files
    count["files"] += 1
    checked = open_checked(registry.load(reads_as(client)), text, name, frozenset())
    mine = [one for one in findings(checked) if checked.owner.seen in one.programs]
    if says_loaded(mine) != bool(theirs):
        return [f"loaded: {bool(theirs)}, said: {[(f.code, f.message) for f in mine]}"]
    count["loaded"] += bool(theirs)
    tools = theirs[0].tools if theirs else None
    if tools is None or client.as_written or not checked.author.agents or theirs[0].error:
        return []
    count["tools"] += 1
    given = {_own(tool) for tool in tools} if client.id.startswith("copilot") else set(tools)
    return [*_names(checked, mine, given, {}), *_more(checked, mine, given)]
