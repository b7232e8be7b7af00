"""Builds the playground into a folder: ``python docs/playground/build.py OUT``. Any static server can serve it.

Needs npm once, for Pyodide (Python for browsers). The package itself, and what it needs, come from this environment:
the parts of PyYAML and MarkupSafe that are written in C have twins in Python, which are taken.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYODIDE = "pyodide@314.0.7"
PARTS = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PAGE = ("index.html", "page.js", "page.css", "worker.js")
NEEDED = ("yaml", "jinja2", "markupsafe")


def build(out: Path) -> None:
    """The whole page."""
    out.mkdir(parents=True, exist_ok=True)
    for name in PAGE:
        shutil.copyfile(HERE / name, out / name)
    (out / "site.zip").write_bytes(site())
    if not all((out / name).is_file() for name in PARTS):
        pyodide(out)


def pyodide(out: Path) -> None:
    """Python for browsers, from npm: as it is, without an install step."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PYODIDE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            for name in PARTS:
                member = tar.extractfile(f"package/{name}")
                assert member is not None, f"{PYODIDE} has no {name}"
                (out / name).write_bytes(member.read())


def site() -> bytes:
    """The package and what it needs, as a zip with fixed times: the same input gives the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def put(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

        for package in NEEDED:
            found = find_spec(package)
            assert found is not None and found.origin is not None
            for path in sorted(Path(found.origin).parent.rglob("*.py")):
                put(f"{package}/{path.relative_to(Path(found.origin).parent).as_posix()}", path.read_bytes())
        for path in sorted((ROOT / "agentconv").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                put(f"agentconv/{path.relative_to(ROOT / 'agentconv').as_posix()}", path.read_bytes())
        for path in sorted((ROOT / "templates").iterdir()):
            put(f"agentconv/templates/{path.name}", path.read_bytes())
        put("app.py", (HERE / "app.py").read_bytes())
        put("compiled.pickle", compiled())
    return made.getvalue()


def compiled() -> bytes:
    """Every description and table by the hash of its text: read here, where a YAML reader in C does it."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "agentconv" / "data").glob("*.yaml"))]
    for path in sorted((ROOT / "agentconv" / "formats").glob("*/format.yaml")):
        head, _, tables = path.read_text("utf-8").partition("\n---\n")
        texts += [head, tables]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    made = {
        hashlib.sha256(t.encode()).hexdigest(): pickle.dumps(yaml.load(t, loader)) for t in texts if "@ID@" not in t
    }
    return pickle.dumps(made)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build(Path(sys.argv[1]))
    print(f"{sys.argv[1]}/index.html; serve it with: python -m http.server -d {sys.argv[1]}")
