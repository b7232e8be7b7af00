"""A limit that a description says is one in the files of all other programs: nobody has to list it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import registry
from agentconv.conversion import Conversion
from agentconv.convert import convert_text
from agentconv.describing.skeleton import skeleton

STRANGER = skeleton("stranger", None, "x", "2026-11-28")  # a program that knows none of the keys
ROW = "\nfields:\n  look_only: {type: string, values: [strictly], denies: {strictly: [writes, runs]}}\n"
OWN = frozenset(yaml.safe_load(STRANGER.split("\n---\n")[-1])["fields"])  # but for these
LIMITS = sorted(
    {
        (row.key, word)
        for id in registry.ids()
        for row in registry.load(id).fields.values()
        if row.key.split(".")[0] not in OWN
        for word in (registry.load(id).tools.fact("settings") if row.type == "switch" else row.fact("denies")) or ()
    },
    key=str,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    put(tmp_path, "stranger", STRANGER)
    registry.forget(folders=True)
    yield tmp_path
    registry.forget(folders=True)


def put(folder: Path, id: str, text: str) -> None:
    (folder / id).mkdir()
    (folder / id / "format.yaml").write_text(text, "utf-8")


def converted(id: str, key: str, word: Any) -> Conversion:
    """A file of the format with this key, dots being maps."""
    value = word
    for part in reversed(key.split(".")):
        value = {part: value}
    header = yaml.safe_dump({"name": "a", "description": "Does it.", **value})
    return convert_text(f"---\n{header}---\n\nDo it.\n", from_=id, to="claude-code")[0]


@pytest.mark.parametrize(("key", "word"), LIMITS)
def test_each_limit_of_a_description_counts_for_a_stranger(folder: Path, key: str, word: Any) -> None:
    registry.use_folder(folder)
    assert key.split(".")[0] not in registry.load("stranger").known_keys
    free, limited = converted("stranger", "note", "nothing"), converted("stranger", key, word)
    assert free.rights.before == ["all"], "nothing is left to take away"
    assert limited.rights.before != ["all"] and limited.status != "failed"
    assert [(n.code, n.path) for n in limited.notes if n.code == "R086"] == [("R086", key.split(".")[0])]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_new_limit_is_seen_at_once_and_one_of_a_project_in_its_own_files_only(folder: Path, trusted: bool) -> None:
    put(folder, "acme", skeleton("acme", None, "x", "2026-11-28").replace("\nfields:\n", ROW))
    registry.use_folder(folder, trusted=trusted)
    seen = any(n.code == "R086" for n in converted("claude-code", "look_only", "strictly").notes)
    assert seen is trusted


@pytest.mark.parametrize("denies", ["[runs]", "runs", "{strictly: runs, loosely: null}"])
def test_a_description_with_a_slip_stops_nobody(folder: Path, denies: str) -> None:
    row = f"\nfields:\n  look_only: {{type: string, denies: {denies}}}\n"
    put(folder, "acme", skeleton("acme", None, "x", "2026-11-28").replace("\nfields:\n", row))
    registry.use_folder(folder)
    assert converted("claude-code", "look_only", "strictly").status != "failed"
