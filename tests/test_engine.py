"""The recipe of docs/many-agents.md, run as it stands there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bench import data
from tests.conftest import ROOT

RECIPE = re.compile(r"<!-- recipe: ray -->\n```python\n(.*?)^```", re.S | re.M)


def recipe() -> str:
    found = RECIPE.search((ROOT / "docs/many-agents.md").read_text("utf-8"))
    assert found, "docs/many-agents.md has no recipe"
    return found[1]


def test_a_batch_is_converted_without_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    space: dict[str, Any] = {}
    exec(compile(recipe(), "recipe", "exec"), space)
    texts = [text for _, text in data.agents(20)]
    paths = [f"repo/.claude/agents/{n}.md" for n in range(20)]
    made = space["converted"]({"path": [*paths, "repo/README.md"], "text": [*texts, "no agent"]})
    assert len(made["path"]) == 21 and set(map(len, made.values())) == {21}
    assert sum(bool(text) for text in made["made"]) >= 18
    assert made["status"][-1].startswith("F006")


@pytest.mark.engine
def test_ray_converts_a_table(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="pip install 'agentconv[corpus]'")
    pytest.importorskip("ray.data", reason="pip install 'agentconv[corpus]'")
    import pyarrow
    import pyarrow.parquet

    texts = [text for _, text in data.agents(600)]
    paths = [f"repo/.claude/agents/{n}.md" for n in range(600)]
    pyarrow.parquet.write_table(pyarrow.table({"path": paths, "text": texts}), tmp_path / "in.parquet")
    module = tmp_path / "recipe_of_the_docs.py"
    module.write_text(recipe(), "utf-8")
    sys.path.insert(0, str(tmp_path))
    try:
        import recipe_of_the_docs

        ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": f"{tmp_path}:{ROOT}"}})
        recipe_of_the_docs.convert_table(str(tmp_path / "in.parquet"), str(tmp_path / "out"))
    finally:
        sys.path.remove(str(tmp_path))
        ray.shutdown()
    rows = pyarrow.parquet.read_table(tmp_path / "out").to_pylist()
    assert len(rows) == 600
    assert sum(bool(row["made"]) for row in rows) > 580
