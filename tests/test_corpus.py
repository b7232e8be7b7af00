"""Every real file of the shared folder to every target: nothing breaks, and the proof holds for what is written."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from agentconv.convert import convert_text
from agentconv.registry import heads, load

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
# what the index calls otherwise than the descriptions do
CALLED = {
    "copilot-agent": "copilot",
    "copilot-chatmode": "vscode",
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
TARGETS = sorted(t for t in heads() if not load(t).head.get("readable_only"))


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
    wrong = []
    for row in ROWS[source]:
        text = text_of(row)
        for made in convert_text(text, from_=source, to=target, path=row["source_path"]) if text is not None else ():
            codes = [f"{n.code} {n.message}" for n in made.notes if n.code.startswith("V")]
            if made.status == "failed" and codes:
                wrong.append(f"{row['path']} {made.name}: {codes}")
    assert not wrong, "\n".join(wrong)
