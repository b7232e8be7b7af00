"""The floors: what anybody would write who checks nothing. ``python floors.py NAME SOURCE OUT``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path


def bare(source: Path, out: Path) -> None:
    """Read each file, load its header, dump it, write it."""
    import yaml

    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.rglob("*.md")):
        try:
            _, header, body = path.read_text("utf-8").split("---\n", 2)
            data = yaml.load(header, yaml.CSafeLoader)
            text = yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
        except (ValueError, yaml.YAMLError):
            continue
        (out / path.name).write_text(f"---\n{text}---\n{body}", "utf-8")


def stat(source: Path, out: Path) -> None:
    """Look at each file and hash it."""
    del out
    for path in sorted(source.rglob("*.md")):
        path.stat()
        hashlib.sha256(path.read_bytes()).hexdigest()


FLOORS: dict[str, Callable[[Path, Path], None]] = {"bare": bare, "stat": stat}

if __name__ == "__main__":
    for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 1):
        FLOORS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
