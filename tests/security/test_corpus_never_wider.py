"""Never wider, over files that exist: no output allows a deed that neither reading of its source allowed.

By default the fixtures of all formats, each to a few targets in turn. ``-m corpus``: the real files of the shared
folder to every target; with ``AGENTCONV_EVERY=N`` each Nth of them as every source format, too (1: about an hour).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentconv.registry import ids, load, targets
from tests import corpus_runs
from tests.conftest import ROOT
from tests.security.test_never_wider import check

CORPUS = ROOT.parent / "shared" / "corpus"
FIXTURES = sorted(p for p in (ROOT / "fixtures").glob("*/read/*/input*") if p.is_file() and p.parts[-4] in ids())
SOURCES = [id for id in ids() if id != "agentconv"]
TURN = 1  # targets per fixture


def text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\0", "")
    except UnicodeDecodeError:
        return ""  # refused before anything is read


@pytest.mark.parametrize("source", ids())
def test_fixtures(source: str) -> None:
    some = targets()
    for n, path in enumerate(p for p in FIXTURES if p.parts[-4] == source):
        for step in range(TURN):
            check(text_of(path), source, some[(n * TURN + step) % len(some)])


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "index.csv").is_file(), reason="no shared folder with real files beside the project")
@pytest.mark.parametrize("source", SOURCES)
def test_real_files(source: str) -> None:
    step = int(os.environ.get("AGENTCONV_EVERY", "0"))
    wrong = []
    for n, real in enumerate(corpus_runs.files(CORPUS)):
        if load(real.format).id != source and not (step and n % step == 0):
            continue
        for target in targets():
            try:
                check(text_of(real.path), source, target)
            except AssertionError as problem:
                wrong.append(f"{real.path.name} -> {target}: {str(problem).splitlines()[0]}")
    assert not wrong, "\n".join(wrong[:20])
