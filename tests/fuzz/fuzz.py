"""Coverage-guided fuzzing with atheris (``pip install atheris``; no dependency of the tests).

    python -m tests.fuzz.fuzz readers|convert [-max_total_time=600 -max_len=4096 …] [CORPUS_FOLDER]

The first byte picks the format (and the second the target), the rest is the file. A finding is any exception that is
not our own type, a note of the proof (V…, X…), or an output that its program does not read back.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROOF = ("V002", "V004", "X001")


def seeds(folder: Path, work: str) -> None:
    """A first corpus: the files of the reading fixtures, with the bytes in front that pick their format."""
    from agentconv.registry import ids

    known = ids()
    for n, path in enumerate(sorted((ROOT / "fixtures").glob("*/read/*/input*"))):
        id = path.parts[-4]
        if path.is_file() and id in known and path.stat().st_size < 4000:
            lead = bytes([known.index(id)]) + (b"\x00" if work == "convert" else b"")
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
        if wrong and source != target:
            raise AssertionError(f"{source} -> {load(target).id}: {wrong[0].code} {wrong[0].message}")


WORK: dict[str, Any] = {"readers": readers, "convert": convert}
SEEN: dict[str, int] = {}


def collected(work: Callable[[bytes], None], folder: Path) -> Callable[[bytes], None]:
    """Goes on after a finding: one file for each place in the code and sentence, with its first example."""

    def run(data: bytes) -> None:
        try:
            work(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            about = str(error)[:90] if isinstance(error, AssertionError) else ""
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
    found = Path(tempfile.gettempdir()) / f"agentconv-findings-{work}"
    atheris.Setup([*sys.argv, str(folder)], collected(WORK[work], found))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
