"""``pytest -m client``: whether a program keeps to the modes that are limits, call by call."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentconv import registry
from tests.clients import running
from tests.clients.programs import Program, programs

CLAUDE = programs()["claude-code"]
CALLING = Program(CLAUDE.id, {**CLAUDE.facts, "load": "modes.py"})
CLASSES = {"writes": "Write", "runs": "Bash", "network": "WebFetch"}


@pytest.mark.client
def test_claude_code_keeps_to_its_modes_as_we_say(tmp_path: Path) -> None:
    if reason := CLAUDE.missing():
        pytest.skip(reason)
    row = registry.load(CLAUDE.id).fields["permissionMode"]
    denies, left = row.fact("denies"), row.fact("leaves")
    for mode in ("default", *denies):
        path = tmp_path / f".claude/agents/{mode}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\nname: a-{mode}\ndescription: Does it.\npermissionMode: {mode}\n---\n\nDo it.\n", "utf-8")
    seen = running.load(CALLING, tmp_path)["agents"]
    assert seen["a-default"] == {
        "Read": "ran",
        "Write": "asked",
        "Bash": "asked",
        "Bash that reads": "ran",
        "WebFetch": "asked",
    }
    for mode, classes in denies.items():
        if not row.holds(mode):
            assert seen[f"a-{mode}"] == seen["a-default"]  # so it is no limit in what we write
            continue
        assert all(seen[f"a-{mode}"][call] == "denied" for cls, call in CLASSES.items() if cls in classes), seen
        assert seen[f"a-{mode}"]["Read"] == "ran"
        assert (seen[f"a-{mode}"]["Bash that reads"] == "ran") == ("runs" in left[mode])
