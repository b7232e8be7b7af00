"""``pytest -m client``: the comment that a build writes into a header changes nothing in the real programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentconv import convert_text, registry
from agentconv.lowering.lowered import Options
from agentconv.output.stamp import stamped
from tests.clients import running
from tests.clients.programs import Program, programs
from tests.clients.views import VIEWS

pytestmark = pytest.mark.client
SOURCE = "---\nname: reader\ndescription: Reads the files.\ntools: Read, Bash\nmodel: sonnet\n---\n\nRead it.\n"
PAIRS = [(program, check.target) for program in programs().values() for check in program.checks if check.written]


@pytest.mark.parametrize(("program", "target"), PAIRS, ids=lambda part: part if isinstance(part, str) else part.id)
def test_the_program_passes_over_the_comment(program: Program, target: str, tmp_path: Path) -> None:
    if reason := program.missing():
        pytest.skip(reason)
    spec = registry.load(target)
    options = Options(allow_widening=frozenset({"*"}))
    ((path, data),) = convert_text(SOURCE, from_="claude-code", to=target, options=options).files.items()
    text = stamped(data.decode(), spec, path, "agents/reader.md")
    if text.encode() == data:
        pytest.skip(f"{target} gets no comment")
    seen = []
    for name, content in (("plain", data), ("marked", text.encode())):
        file = tmp_path / name / path
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        seen.append([str(one) for one in VIEWS[program.id](running.load(program, tmp_path / name))])
    assert seen[0] and seen[0] == seen[1]
