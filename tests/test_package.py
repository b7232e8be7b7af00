"""The package as others get it: built, installed into an empty environment, and used from outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

PARTS = ("agentconv/py.typed", "agentconv/data/notes.yaml", "agentconv/formats/codex/format.yaml")


def run(*command: str, cwd: Path, **extra: str) -> str:
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")} | extra
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", str(folder), cwd=ROOT)
    return folder


def test_the_wheel_is_whole(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {f"agentconv/templates/{p.name}" for p in (ROOT / "templates").iterdir()}
    here |= {
        str(p.relative_to(ROOT))
        for p in (ROOT / "agentconv").rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert here <= names and set(PARTS) <= names
    assert {n.split("/")[0].split("-")[0] for n in names} == {"agentconv"}, "nothing but the package"
    assert wheel.stat().st_size < 2_000_000


def test_the_source_archive_can_run_its_tests(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {n.split("/", 1)[1] for n in tar.getnames() if "/" in n}
    wanted = {*PARTS, "README.md", "pyproject.toml", "templates/frontmatter.j2", "tests/test_laws.py", ".ci/run"}
    assert wanted <= names
    assert any(n.startswith("fixtures/agents/") for n in names) and any(n.startswith("docs/") for n in names)


def test_an_installed_package_works_on_its_own(built: Path, tmp_path: Path) -> None:
    """As a user: an empty environment, the wheel with what it needs from the index, and an agent in a folder."""
    (wheel,) = built.glob("*.whl")
    python = tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "venv", str(tmp_path / "env"), cwd=tmp_path)
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", str(wheel)]
    done = subprocess.run(pip, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    if done.returncode != 0 and "No matching distribution" in done.stderr:
        pytest.skip("no package index can be reached, so there is nothing to install the dependencies from")
    assert done.returncode == 0, done.stderr
    agents = tmp_path / "project" / ".claude" / "agents"
    agents.mkdir(parents=True)
    (agents / "a.md").write_text("---\nname: a\ndescription: Does it.\ntools: Read\n---\nDo it.\n", "utf-8")
    command = str(tmp_path / "env" / "bin" / "agentconv")
    state = str(tmp_path / "state")
    run(command, "convert", "--to", "vscode,opencode", cwd=agents.parents[1], XDG_STATE_HOME=state)
    assert (tmp_path / "project/.github/agents/a.agent.md").is_file()
    assert (tmp_path / "project/.opencode/agents/a.md").is_file()
    version = run(str(python), "-c", "import agentconv; print(agentconv.__version__)", cwd=tmp_path).strip()
    assert run(command, "--version", cwd=tmp_path).strip() == f"agentconv {version}"
    types = "import agentconv, pathlib; print((pathlib.Path(agentconv.__file__).parent / 'py.typed').is_file())"
    assert run(str(python), "-c", types, cwd=tmp_path).strip() == "True"
