"""Coverage-guided fuzzing with atheris (``pip install atheris``; no dependency of the tests).

    python -m tests.fuzz.fuzz readers|convert|rights [-max_total_time=600 -max_len=4096 …] [CORPUS_FOLDER]

The first byte picks the format (and the second the target), the rest is the file. A finding is any exception that is
not our own type, a note of the proof (V…, X…), an output that its program does not read back, or (``rights``) a deed
allowed that neither reading of the source allowed, as ``tests/probing.py`` counts. libFuzzer is given the words of all
descriptions. Findings are kept in a folder of the system's temporary one, each once.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROOF = ("V001", "V002", "V003", "V004", "V005", "X001")


def seeds(folder: Path, work: str) -> None:
    """A first corpus: the files of the reading fixtures, with the bytes in front that pick their format."""
    from agentconv.registry import ids

    known = ids()
    for n, path in enumerate(sorted((ROOT / "fixtures").glob("*/read/*/input*"))):
        id = path.parts[-4]
        if path.is_file() and id in known and path.stat().st_size < 4000:
            lead = bytes([known.index(id)]) + (bytes([n % 256]) if work != "readers" else b"")
            (folder / f"seed-{n}").write_bytes(lead + path.read_bytes())


def readers(data: bytes) -> None:
    """The author's and the program's reading of a text, which may end in our own error only."""
    from agentconv.reading.engine import read_author, read_program
    from agentconv.registry import ids, load

    if not data:
        return
    spec = load(ids()[data[0] % len(ids())])
    text = data[1:].decode("utf-8", "ignore").replace("\0", "")
    read_author(spec, text, "a.md")
    read_program(spec, text, "a.md")


def convert(data: bytes) -> None:
    """A conversion to some target; what the proof has to catch is a finding."""
    from agentconv.convert import convert_text
    from agentconv.registry import ids, load, targets

    if len(data) < 2:
        return
    source, target = ids()[data[0] % len(ids())], targets()[data[1] % len(targets())]
    text = data[2:].decode("utf-8", "ignore").replace("\0", "")
    for made in convert_text(text, from_=source, to=target):
        wrong = [n for n in made.notes if n.code in PROOF]
        if wrong:
            raise AssertionError(f"{source} -> {load(target).id}: {wrong[0].code} {wrong[0].message}")


def rights(data: bytes) -> None:
    """A conversion to some target, whose deeds are counted without the code under test."""
    from agentconv.registry import ids, targets
    from tests.security.test_never_wider import check

    if len(data) < 2:
        return
    source, target = ids()[data[0] % len(ids())], targets()[data[1] % len(targets())]
    text = data[2:].decode("utf-8", "ignore").replace("\0", "")
    check(text, source, target)


def words() -> str:
    """A dictionary for libFuzzer: keys, tools and values of every format."""
    from agentconv.registry import ids, load

    found: set[str] = {"---", "\ufeff", "customModes", '"""', "agentconv:carry", "mcp__docs__x", "permission"}
    for id in ids():
        spec = load(id)
        found |= {*spec.fields, *spec.tools.names, *spec.tools.dead, *spec.tools.aliases}
        for row in spec.fields.values():
            found |= {str(word) for word in row.to_model}
    lines = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in sorted(found) if word)
    return "".join(f'"{line}"\n' for line in lines)


WORK: dict[str, Any] = {"readers": readers, "convert": convert, "rights": rights}
SEEN: dict[str, int] = {}


def collected(work: Callable[[bytes], None], folder: Path) -> Callable[[bytes], None]:
    """Goes on after a finding: one file for each place in the code and sentence, with its first example."""

    def run(data: bytes) -> None:
        try:
            work(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            lines = [line for line in str(error).splitlines() if line.startswith("gained ") or work is not rights]
            about = "".join(lines[:1])[:90] if isinstance(error, AssertionError) else ""
            key = f"{type(error).__name__} {Path(last.filename).name}:{last.lineno} {about}"
            SEEN[key] = SEEN.get(key, 0) + 1
            if SEEN[key] == 1:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"finding-{len(SEEN)}").write_bytes(data)
                (folder / f"finding-{len(SEEN)}.txt").write_text(f"{key}\n{traceback.format_exc()}")
                print(f"FINDING {len(SEEN)}: {key}", flush=True)

    return run


def main() -> None:
    """Run until the time is up, or a finding."""
    import atheris

    work = sys.argv.pop(1)
    with atheris.instrument_imports(include=["agentconv"]):
        import agentconv.convert
        import agentconv.reading.engine  # noqa: F401
    folder = Path(tempfile.mkdtemp(prefix="agentconv-fuzz-"))
    seeds(folder, work)
    lexicon = folder.with_suffix(".dict")
    lexicon.write_text(words(), "utf-8")
    found = Path(tempfile.gettempdir()) / f"agentconv-findings-{work}"
    atheris.Setup([*sys.argv, f"-dict={lexicon}", str(folder)], collected(WORK[work], found))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
