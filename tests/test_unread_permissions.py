"""`permissions` of OpenCode: 1.18.33 does not read it, its author asked for limits all the same."""

from __future__ import annotations

import pytest

from agentconv.convert import convert_text

HEAD = "---\ndescription: Does it\nmode: subagent\n"


def before(header: str, to: str = "claude-code") -> list[str]:
    text = f"{HEAD}{header}---\n\nDo it.\n"
    made = convert_text(text, from_="opencode", to=to, path=".opencode/agents/a.md")[0]
    assert made.status not in ("failed", "refused"), [n.message for n in made.notes]
    return made.rights.before


LISTED = "permissions:\n- {action: bash, resource: '*', effect: deny}\n- {action: edit, resource: '*', effect: deny}\n"


@pytest.mark.parametrize("to", ["claude-code", "vscode", "roo"])
@pytest.mark.parametrize("header", ["permissions:\n  bash: deny\n  edit: deny\n", LISTED])
def test_its_denials_count(header: str, to: str) -> None:
    rights = before(header, to)
    assert "runs" not in rights and "writes" not in rights and "reads" in rights


@pytest.mark.parametrize(
    "header",
    [
        "permission: {bash: deny}\npermissions: {bash: allow}\n",
        "permissions: {bash: allow}\npermission: {bash: deny}\n",
        "tools: {bash: false}\npermissions: {bash: allow}\n",
        "tools: {bash: false}\npermissions: {bash: ask}\n",
        "tools: {read: true}\npermissions: {bash: ask}\n",
        "permission: {'*': deny, read: allow}\npermissions: {'*': allow}\n",
        "permission: {bash: deny}\npermissions: [{action: bash, resource: 'git *', effect: allow}]\n",
    ],
)
def test_it_opens_nothing(header: str) -> None:
    assert not [r for r in before(header) if r == "all" or r.startswith("runs")]
