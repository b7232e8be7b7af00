"""Every format to every other, over all shared agents: no internal error, and the notes account for all of it."""

from __future__ import annotations

from functools import cache

import pytest

from agentconv import registry
from agentconv.convert import Conversion, convert_agent, convert_text
from agentconv.lowering.lowered import Options
from tests import covering, goldens, probing
from tests.test_laws import check_proof, check_rights, check_status, tell

TARGETS = registry.targets()
READ_ONLY = [id for id in registry.ids() if id not in TARGETS]
ALL = Options(allow_widening=frozenset({"*"}), guard=False)


@cache
def files_of(id: str) -> list[tuple[str, str, str]]:
    """The shared agents as files of a format: name, path, text. One that only reads has the cases of its reader."""
    if id in READ_ONLY:
        return cases_of(id)
    found = []
    for path in goldens.agent_files():
        made = convert_agent(goldens.load_agent(path), goldens.source_of(path), id, ALL)
        found += [(path.stem, place, data.decode()) for place, data in made.files.items()]
    return found


def cases_of(id: str) -> list[tuple[str, str, str]]:
    """The files of a format's reader, most of which are odd in one way."""
    cases = sorted((goldens.FIXTURES / id / "read").glob("*/input.*"))
    return [(case.parent.name, case.name, text) for case in cases if (text := _text(case.read_bytes())) is not None]


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None  # refused before any format is asked


def check(made: Conversion, name: str) -> None:
    told = f"{name}: {tell(made)}"
    check_proof(made, told)
    check_status(made, told)
    if made.agent is not None and made.status != "widened":
        assert made.gained == [] or made.status == "refused", told


def check_pairs(source: str, *, every: bool) -> None:
    """Each file to its own format, and to all the others or those of its third; the few cases of a reader to all."""
    files = files_of(source)
    assert files
    for n, (name, path, text) in enumerate(files):
        with covering.reading_once(text):
            for target in TARGETS:
                if every or source in (target, *READ_ONLY) or covering.goes(n, name, source, target):
                    for made in convert_text(text, from_=source, to=target, path=path):
                        check(made, f"{name} {source} -> {target}")


@pytest.mark.parametrize("source", registry.ids())
def test_every_pair(source: str) -> None:
    """With a third of the files, and with the fullest agent (``covering`` says why)."""
    check_pairs(source, every=False)


@pytest.mark.parametrize("source", [id for id in TARGETS if cases_of(id)])
def test_every_odd_file_of_every_format_goes_everywhere(source: str) -> None:
    """No proof fails. In its own format a file is edited in place, and stays as odd as it is."""
    for name, path, text in cases_of(source):
        with covering.reading_once(text):
            for target in TARGETS:
                for made in convert_text(text, from_=source, to=target, path=path):
                    told = f"{name} {source} -> {target}"
                    check_proof(made, f"{told}: {tell(made)}") if source == target else check(made, told)


@pytest.mark.every
@pytest.mark.parametrize("source", registry.ids())
def test_every_pair_with_every_file(source: str) -> None:
    check_pairs(source, every=True)


def check_count(source: str, *, every: bool) -> None:
    for n, path in enumerate(goldens.agent_files()):
        agent = goldens.load_agent(path)
        before = probing.allowed(agent, registry.load(source), program=False)
        for target in TARGETS:
            if every or covering.goes(n, path.stem, source, target):
                made = convert_agent(agent, source, target)
                check_rights(before, target, made, tell(made, agent))


@pytest.mark.parametrize("source", TARGETS)
def test_an_independent_count_of_rights(source: str) -> None:
    """The same pairs from the model, with the rights counted by code that shares nothing with lowering."""
    check_count(source, every=False)


@pytest.mark.every
@pytest.mark.parametrize("source", TARGETS)
def test_an_independent_count_for_every_agent(source: str) -> None:
    check_count(source, every=True)
