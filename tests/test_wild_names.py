"""The tool names and models that people write, counted over 8,439 files: nearly all of them mean something here."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from agentconv import models
from agentconv.reading.toolnames import recognise
from agentconv.registry import heads, load
from agentconv.serverwords import among
from tests.conftest import find_shared
from tests.corpus_runs import CALLED

pytestmark = pytest.mark.corpus
CHATMODES = {"chatmode": "vscode", "other-rulesync": "claude-code"}
NO_NAMES = ("roo", "capability-manifest")  # file patterns were counted with the groups; tools in words for people


def counted(kind: str) -> list[dict[str, str]]:
    shared = find_shared()
    place = shared / "reference" / "wild" / f"{kind}.csv" if shared else Path("nowhere")
    if not place.is_file():
        pytest.skip("no shared folder with counts of real files (set AGENTCONV_SHARED)")
    with place.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def shares(kind: str) -> tuple[Counter[str], Counter[str]]:
    """By format: how many there are, and how many mean something."""
    every: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for row in counted(kind):
        called = {**CALLED, **CHATMODES}.get(row["format"], row["format"].removeprefix("other-"))
        if called not in heads() or called in NO_NAMES:
            continue
        every[called] += int(row["count"])
        if kind == "tools":
            token = row["tool"]
            own = token == load(called).tools.fact("builtin") or token in among("every")  # a word for every MCP server
            sure = own or recognise(token, load(called), author=True).how != "unknown"
        else:
            model = models.model_of(row["model"])
            sure = bool(model.id or model.tier) or row["model"] == "inherit"
        known[called] += int(row["count"]) if sure else 0
    return every, known


def test_tool_names_mean_something() -> None:
    every, known = shares("tools")
    assert sum(known.values()) / sum(every.values()) > 0.97, {f: (known[f], every[f]) for f in every}
    assert all(known[f] / every[f] > 0.84 for f in every), {f: (known[f], every[f]) for f in every}


def test_models_mean_something() -> None:
    every, known = shares("models")
    assert sum(known.values()) / sum(every.values()) > 0.99, {f: (known[f], every[f]) for f in every}
