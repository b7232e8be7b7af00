"""Rules about the code itself that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentconv import registry
from agentconv.describing.contract import sections, words
from agentconv.model import FIELDS
from agentconv.spec import all_caps
from tests.conftest import ROOT

PACKAGE = ROOT / "agentconv"
CORE = sorted(p for p in PACKAGE.rglob("*.py") if not {"formats", "commands"} & set(p.relative_to(PACKAGE).parts))
# Words of the language that happen to be the id of a format, too, would go here, with the reason.
LONGEST = 450  # 400 is meant (CONTRIBUTING.md); the rest is room for what several people land in one hour


def format_ids() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("formats/*/format.yaml")}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module that is no docstring, parts of f-strings included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            docs |= {id(first.value)} if isinstance(first, ast.Expr) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_no_module_names_a_format(path: Path) -> None:
    ids = format_ids()
    assert ids, "no formats found: this test would say nothing"
    # the folder of the descriptions and the model's own form are no program's
    named = [(line, text) for line, text in strings(path) if text in ids - {OWN_FORM}]
    assert named == [], "a fact about a format belongs into its description"


OWN_FORM = "agentconv"  # the model as text: the one format that is the core itself


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_no_module_names_a_program(path: Path) -> None:
    """Nor by another spelling: an id in capitals or in a longer string is the same mistake."""
    words = "|".join(re.escape(id) for id in format_ids() - {OWN_FORM} if len(id) > 3)
    pattern = re.compile(rf"(?<![\w./-])({words})(?![\w-])", re.I)
    found = [(line, text) for line, text in strings(path) if pattern.search(text)]
    assert found == []


def words_of_programs() -> dict[str, str]:
    """What the descriptions call programs, keys and tools, as far as no word of ours is spelt so."""
    found = {}
    for id in registry.heads():
        spec = registry.load(id)
        tools = (*spec.tools.names, *spec.tools.aliases, *spec.tools.dead)
        keys = [part for key in spec.fields for part in key.split(".")]
        odd = [word for word in (*keys, *tools) if len(word) > 4 and re.search("[a-z][A-Z]|[_/-]", word)]
        found |= dict.fromkeys((spec.program, *odd) if id != OWN_FORM else (), id)
    ours = {*words(*sections()), *FIELDS, *all_caps(), "mcp-servers", "model-policy", "read-only", "sub-agent"}
    return {word: id for word, id in found.items() if word not in ours}


def test_no_module_has_a_word_of_a_program() -> None:
    """Nor the name of a program, of its keys, or of its tools: `permissionMode`, `run_in_terminal`."""
    known = words_of_programs()
    assert {"Claude Code", "permissionMode", "run_in_terminal"} <= known.keys()
    longest = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, longest))})(?![\w-])")
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: `{hit[0]}` of {known[hit[0]]}"
        for path in CORE
        for line, text in strings(path)
        if (hit := pattern.search(text))
    ]
    assert found == [], "a fact about a format belongs into its description"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def tracked() -> list[Path]:
    """The files that git holds or would take in; in an unpacked archive, all of the project's folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    folders = ("agentconv", "templates", "fixtures", "tests", "docs")
    found = [path for name in folders for path in (ROOT / name).rglob("*")]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


MACHINE = re.compile(
    rb"/(?:root|work|tmp/v|home/(?!user\b|me\b|you\b)[a-z]+|Users/(?!you\b)[A-Za-z]+)/"
    rb"|(?:localhost|127\.0\.0\.1):\d+/(?:simple|index)"
)


def test_no_paths_of_a_machine_in_the_files() -> None:
    files = tracked()
    assert len(files) > 50
    found = {}
    for path in files:
        if path == Path(__file__).resolve():
            continue
        if hit := MACHINE.search(path.read_bytes()):
            found[str(path.relative_to(ROOT))] = hit.group().decode()
    assert found == {}


def test_every_format_is_one_description_and_little_else() -> None:
    """Data first: where more than a third of the formats need code, the language has to grow."""
    ids = format_ids()
    coded = [id for id in ids if (PACKAGE / "formats" / id / "format.py").exists()]
    assert len(coded) * 3 <= len(ids)
    known = {"format.yaml", "format.py", "__pycache__"}
    strays = [str(p.relative_to(ROOT)) for p in PACKAGE.glob("formats/*/*") if p.name not in known]
    assert strays == []
