"""Files of the fixtures, damaged, to three targets each: nothing but our own errors, and no proof that fails.

    python -m tests.fuzz.mutate SECONDS [SEED] [FOLDER]

needs no package (``fuzz.py`` needs atheris, and finds what lies deeper). ``FOLDER`` has files beside those of the
fixtures, which take the format that their place or text shows. On 2026-11-30 the first 120,000 files found two
tracebacks and failed proofs of seven kinds.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from agentconv.convert import convert_text
from agentconv.reading.detect import guess
from agentconv.registry import ids, targets

ROOT = Path(__file__).resolve().parents[2]
PROOF = ("V001", "V002", "V003", "V004", "V005", "F041")
STRAYS = (
    "tools: []", "tools:", "tools: null", "tools: '*'", "tools: ~", "disallowedTools: [*]", "- ", "  - ", "[", "]", "{",
    "}", "'", '"', "\t", "\r\n", "\r", "\u2028", "\ufeff", "---\n", "...\n", "&a ", "*a", "<<: *a",
    "!!python/object:os.system x", "|\n", "> \n", "#", "%YAML 1.1\n", "mcpServers:\n  a: {command: x}\n",
    "permission:\n  bash: {'*': deny}\n", "model: ", "null", "true", "0x1F", "1e999", "2026-13-45", "\x00", "\x07", "é",
    "日本", "../../etc/passwd", "con", "name: ../x", "$HOME", "${X}", "{{ x }}", "{% raw %}", "\\", "\\u0000",
    "\\ud800",
)  # fmt: skip
SIGNS = "\t\n\r \"':[]{}#*\x85\u2028\ufeff\u200b"
HEAD = 400  # characters, of which half of the damage is done: most of what has a meaning stands there

File = tuple[str | None, str, str]  # format, where it is known; path; text


def files(folder: Path | None = None) -> list[File]:
    """What is damaged."""
    found: list[File] = []
    for path in sorted((ROOT / "fixtures").glob("*/read/*/input*")):
        if path.parts[-4] in ids():
            found.append((path.parts[-4], path.name, path.read_bytes().decode("utf-8", "replace")))
    for path in sorted(folder.rglob("*")) if folder is not None else ():
        if path.is_file() and path.suffix in (".md", ".yaml", ".yml", ".toml", ".json", ".ts", ".mdc"):
            found.append((None, str(path.relative_to(folder or path)), path.read_bytes().decode("utf-8", "replace")))
    return found


def damaged(text: str, pick: random.Random) -> str:
    """The text after a few accidents."""
    for _ in range(pick.choice((1, 1, 2, 3, 6))):
        at = pick.randrange((len(text) if pick.random() < 0.5 else min(len(text), HEAD)) + 1)
        lines = text.split("\n")
        row = pick.randrange(min(len(lines), 15) if pick.random() < 0.5 else len(lines))
        accident = pick.randrange(8)
        if accident == 0:
            text = text[:at] + pick.choice(STRAYS) + text[at:]
        elif accident == 1:
            text = text[:at] + text[at + pick.randrange(1, 40) :]
        elif accident == 2:
            text = text[:at] + pick.choice(SIGNS) + text[at + 1 :]
        elif accident == 3:
            text = text[:at]
        else:
            if accident == 4:
                lines.insert(row, pick.choice(lines))
            elif accident == 5:
                del lines[row]
            elif accident == 6:
                lines[row] += pick.choice(STRAYS)
            else:
                lines[row] = " " * pick.randrange(1, 5) + lines[row]
            text = "\n".join(lines)
    return text


def faults(format: str | None, path: str, text: str, to: list[str]) -> Iterator[str]:
    """What goes wrong with a file on its way to these targets."""
    try:
        source = format or guess(path, text).format
        if source is None:
            return
        for target in to:
            for made in convert_text(text, from_=source, to=target, path=path):
                yield from (f"{source} -> {target}: {n.code} {n.message}" for n in made.notes if n.code in PROOF)
                if made.gained and made.files:
                    yield f"{source} -> {target}: more rights, {made.gained}"
    except Exception:
        yield traceback.format_exc(limit=-4)


def main() -> None:
    """Until the time is up; a fault is told once, with the file that shows it."""
    seconds, seed = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    pick, end = random.Random(seed), time.monotonic() + seconds
    whole = files(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    told: set[str] = set()
    count = 0
    while time.monotonic() < end:
        format, path, text = pick.choice(whole)
        text, count = damaged(text, pick), count + 1
        for fault in faults(format, path, text, pick.sample(targets(), 3)):
            if fault[:90] not in told:
                told.add(fault[:90])
                print(f"{fault}\n--- {path}\n{text[:2000]}\n", flush=True)
    print(f"{count} files, {len(told)} faults")


if __name__ == "__main__":
    main()
