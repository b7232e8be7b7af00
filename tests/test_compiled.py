"""What a wheel holds of the descriptions is what their YAML says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import compiled, limitkeys, registry

PACKAGE = compiled.PACKAGE
LOADED = re.compile(r"load_data\(\"(\w+)\"\)")


@pytest.fixture(scope="module")
def held() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in compiled.modules():
        space: dict[str, Any] = {}
        exec(compile(text, name, "exec"), space)
        found[Path(name).stem] = space.get("DATA")
    return found


def types(value: Any) -> Any:
    """The value with the type of everything in it: 1 is no True, and the order of keys counts."""
    if isinstance(value, dict):
        return [(types(k), types(v)) for k, v in value.items()]
    return [types(v) for v in value] if isinstance(value, list) else (type(value), value)


def test_each_description_is_its_yaml(held: dict[str, Any]) -> None:
    paths = sorted(PACKAGE.glob("formats/*/format.yaml"))
    assert len(paths) > 30
    for path in paths:
        head, _, tables = path.read_text("utf-8").partition("\n---\n")
        id = path.parent.name
        assert types(held[compiled.HEADS][id]) == types(yaml.safe_load(head)), id
        assert types(held[compiled.tables_of(id)]) == types(yaml.safe_load(tables) or {}), id


def test_each_table_of_data_is_its_yaml(held: dict[str, Any]) -> None:
    for name in compiled.DATA:
        text = (PACKAGE / "data" / f"{name}.yaml").read_text("utf-8")
        assert types(held[compiled.data_of(name)]) == types(yaml.safe_load(text)), name


def test_the_vocabulary_is_that_of_all_descriptions(held: dict[str, Any]) -> None:
    registry.forget()
    assert not registry.folders() and held[compiled.VOCABULARY] == registry.vocabulary()
    assert len(held[compiled.VOCABULARY]) > 500


def test_a_wheel_works_the_vocabulary_out_where_a_description_is_added(
    held: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "table", lambda name: {"nobody": ()} if name == compiled.VOCABULARY else None)
    registry.forget()
    try:
        assert set(registry.vocabulary()) == {"nobody"}, "what the wheel holds"
        registry.use_folder(tmp_path)
        assert registry.vocabulary() == held[compiled.VOCABULARY]
    finally:
        registry.forget(folders=True)


def test_the_keys_that_limit_are_those_of_all_descriptions(
    held: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.forget()
    worked_out = limitkeys.limit_keys()
    monkeypatch.setattr(compiled, "table", lambda name: held[compiled.LIMITS] if name == compiled.LIMITS else None)
    registry.forget()
    try:
        assert limitkeys.limit_keys() == worked_out and worked_out.words
    finally:
        monkeypatch.undo()
        registry.forget()


def test_a_checkout_reads_the_yaml() -> None:
    if (PACKAGE / "_compiled").exists():
        pytest.skip("these tests run on an installed wheel")
    assert compiled.table(compiled.HEADS) is None


def test_a_table_that_is_asked_for_is_held() -> None:
    asked = {name for path in PACKAGE.rglob("*.py") for name in LOADED.findall(path.read_text("utf-8"))}
    assert asked == set(compiled.DATA)
