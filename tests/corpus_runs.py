"""The real files of the shared folder through reading and conversion, for the tests and for a report.

``python -m tests.corpus_runs FOLDER`` reads every file, converts it to six targets and prints counts per status and per
code, and what the independent audit misses.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agentconv.convert import convert_text
from agentconv.notes import Note
from agentconv.reading.context import Reading
from agentconv.reading.engine import read_author
from agentconv.registry import heads, load
from tests import corpus_audit as audit

TARGETS = ("claude-code", "vscode", "copilot", "opencode", "codex", "gemini-cli")
# what the index calls otherwise than the descriptions do
CALLED = {
    "copilot-agent": "copilot", "copilot-chatmode": "vscode", "kiro-md": "kiro", "manifest": "capability-manifest",
    "factory-droid": "droid", "other-dotagents": "agents-shared",
    # two converters' own sources and a page of YAML for a framework: no programs, so no formats here. What people mean
    # by the first two is what Claude Code has.
    "other-rulesync": "claude-code", "other-agentsmesh": "claude-code",
}  # fmt: skip


@dataclass(frozen=True)
class Real:
    """One real file."""

    path: Path
    format: str
    source: str  # where it lay in its project
    peculiar: str

    @property
    def text(self) -> str:
        """Its text."""
        return self.path.read_bytes().decode("utf-8")

    def read(self) -> Reading:
        """As its author meant it."""
        return read_author(load(self.format), self.text, self.source)


def files(corpus: Path) -> Iterator[Real]:
    """All files of the index whose format is known."""
    with (corpus / "index.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            format = CALLED.get(row["format"], row["format"].removeprefix("other-"))
            format = "kilo-modes" if row["source_path"].endswith(".kilocodemodes") else format
            if format in heads():
                yield Real(corpus / row["path"], format, row["source_path"], row["peculiarity"])


def plain(notes: list[Note]) -> list[tuple[str, int, str]]:
    """Notes as the audit takes them."""
    return [(n.path, n.line, n.message) for n in notes]


def reading_notes(reading: Reading) -> list[Note]:
    """All notes of a reading."""
    return [*reading.notes, *(n for read in reading.agents for n in read.notes)]


def missing_in_model(real: Real) -> list[str]:
    """What stands in the header and neither in the model nor in a note."""
    reading = real.read()
    if not reading.agents:
        return []
    dump = json.dumps([asdict(read.agent) for read in reading.agents], ensure_ascii=False, default=str)
    told = audit.Told(dump, "", plain(reading_notes(reading)))
    out = []
    for entry in audit.entries(real.text, real.source):
        if words := audit.in_model(entry, told):
            out.append(f"{real.path.name}:{entry.line} {entry.key}: {words[:8]} are not in the model")
        if names := audit.missing_names(entry, told):
            out.append(f"{real.path.name}:{entry.line} {entry.key}: {names[:8]} are not in the model")
    return out


def lost_on_the_way(real: Real, target: str) -> tuple[Counter[str], list[str]]:
    """The statuses of a conversion, and what is neither in the output nor in a note."""
    made = convert_text(real.text, from_=real.format, to=target, path=real.source)
    statuses = Counter(one.status for one in made)
    told: Any = [note for one in made for note in one.notes]
    if any(one.failed for one in made):
        return statuses, [] if all(one.notes for one in made) else [f"{real.path.name}: nothing written without a word"]
    output = "\n".join(data.decode() for one in made for data in one.files.values())
    paths = " ".join(path for one in made for path in one.files)
    seen = audit.Told("", output + paths, plain(told))
    out = []
    for entry in audit.entries(real.text, real.source):
        if words := audit.lost(entry, seen):
            out.append(f"{real.path.name}:{entry.line} {entry.key} → {target}: {words[:8]} lost without a word")
    return statuses, out


def main(folder: str) -> None:
    """Print the report."""
    found = list(files(Path(folder)))
    codes: Counter[str] = Counter()
    states: Counter[str] = Counter()
    keys = names = 0
    missing: list[str] = []
    for real in found:
        reading = real.read()
        states[f"{reading.status}, {'an agent' if reading.agents else 'none'}"] += 1
        codes.update({note.code for note in reading_notes(reading)})
        entries = audit.entries(real.text, real.source) if reading.agents else []
        keys += len(entries)
        names += sum(len(entry.names) for entry in entries if entry.key in audit.TOOL_KEYS)
        missing += missing_in_model(real)
    print(f"{len(found)} files: {dict(states)}")
    print("files with a note:", ", ".join(f"{code} {n}" for code, n in sorted(codes.items())))
    for target in TARGETS:
        total: Counter[str] = Counter()
        for real in found:
            statuses, lost = lost_on_the_way(real, target)
            total += statuses
            missing += lost
        print(f"{target}: {dict(total.most_common())}")
    print(f"audit: {keys} keys and {names} tool names, {len(missing)} missing", *missing, sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1])
