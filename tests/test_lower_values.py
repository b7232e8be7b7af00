"""Values that mean something else, or nothing, in the target: left out and told, without a complaint of the proof."""

from __future__ import annotations

import pytest

from agentconv.convert import convert_text

CREW = '{"a": {"role": "Reviewer", "goal": "Reviews.", "backstory": "Review.", "max_iter": 0}}'
OWN = '{"name": "a", "description": "Does it.", "prompt": "Do it.", "handoffs": []}'
QWEN = "---\nname: a\ndescription: Does it.\napprovalMode: bubble\n---\n\nDo it.\n"


@pytest.mark.parametrize(
    ("text", "source", "target", "codes", "absent"),
    [
        (CREW, "crewai", "docker-agent", {"L002"}, b"max_iterations"),  # there 0 is no limit
        (OWN, "agentconv", "vscode", set(), b"handoffs"),  # no list and an empty one are the same
    ],
)
def test_left_out(text: str, source: str, target: str, codes: set[str], absent: bytes) -> None:
    [made] = convert_text(text, from_=source, to=target)
    assert made.files, [n.message for n in made.notes]
    assert codes <= {n.code for n in made.notes}
    assert all(absent not in data for data in made.files.values())


def test_bubble_stays_in_the_models_own_form() -> None:
    [made] = convert_text(QWEN, from_="qwen-code", to="agentconv")
    assert made.status == "exact"
    assert all(b'"permission_mode": "bubble"' in data for data in made.files.values())
