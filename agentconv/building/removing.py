"""Outputs whose source, or whose target, is gone: deleted where they are as agentconv wrote them, else kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from agentconv.building.lock import Ledger, Row
from agentconv.notes import Note, note
from agentconv.output.entries import entry_texts
from agentconv.output.removing import is_empty, without_entry
from agentconv.project import files
from agentconv.registry import heads, load


@dataclass(slots=True)
class Removed:
    """What became of outputs that nothing stands behind any more."""

    gone: list[tuple[str, str, str]] = field(default_factory=list)  # output, text before, text after
    kept: list[tuple[Row, Note]] = field(default_factory=list)
    failed: list[tuple[Row, Note]] = field(default_factory=list)


def remove(root: Path, rows: Iterable[Row], ledger: Ledger, *, dry: bool, force: bool) -> Removed:
    """Delete these outputs. A file or an entry that was edited, or that is not agentconv's, stays."""
    done = Removed()
    by_path: dict[str, list[Row]] = {}
    for row in rows:
        by_path.setdefault(row.output, []).append(row)
    inside = files.Inside(root)
    for path, mine in sorted(by_path.items()):
        try:
            full = inside.place(path)
            old = full.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, files.Outside) as problem:
            text = problem.strerror if isinstance(problem, OSError) else str(problem)
            done.failed += [(row, note("F002", f"{path} cannot be deleted: {text}", file=path)) for row in mine]
            continue
        new = (
            _entries(path, old, mine, ledger, done, force)
            if mine[0].entry
            else _file(path, old, mine, ledger, done, force)
        )
        if new == old:
            continue
        if not dry and (problem_note := _apply(root, full, new, mine[0])) is not None:
            done.failed += [(row, problem_note) for row in mine]
            continue
        after = "" if new is None else new.decode("utf-8", "replace")
        done.gone.append((path, old.decode("utf-8", "replace"), after))
    return done


def _file(path: str, old: bytes, mine: list[Row], ledger: Ledger, done: Removed, force: bool) -> bytes | None:
    """What is left of a file: nothing, or all of it."""
    if force or ledger.knows(mine[0].key, old):
        return None
    done.kept.append((mine[0], _kept(mine[0], path)))
    return old


def _entries(path: str, old: bytes, mine: list[Row], ledger: Ledger, done: Removed, force: bool) -> bytes | None:
    """What is left of a shared file."""
    spec = load(mine[0].target) if mine[0].target in heads() else None
    try:
        text = files.decode(old)
        there = entry_texts(spec, text) if spec is not None else {}
    except (files.Unreadable, ValueError):
        spec = None
    if spec is None:
        done.failed += [(row, note("F008", f"{path} cannot be read", file=path, help="mend it")) for row in mine]
        return old
    for row in mine:
        entry = there.get(row.entry)
        if entry is None:
            continue
        if not force and not ledger.knows(row.key, entry.encode("utf-8")):
            done.kept.append((row, _kept(row, path)))
            continue
        made = without_entry(spec, text, row.entry)
        if made is None:
            problem = note("F008", f"`{row.entry}` cannot be taken out of {path} safely", file=path)
            done.failed.append((row, problem.moved(help="take it out by hand")))
            continue
        text = made
    if any(row.new for row in mine) and is_empty(spec, text):
        return None
    return text.encode("utf-8")


def _kept(row: Row, path: str) -> Note:
    what = f"`{row.entry}` in {path}" if row.entry else path
    ways = [
        "delete it: agentconv build --force",
        f"make it a source again: agentconv convert {path} --to FORMAT -o {row.source}",
    ]
    text = f"{what}: edited since agentconv wrote it, and nothing stands behind it any more (was {row.source})"
    return note("F016", text, file=path, help="\n".join(ways))


def _apply(root: Path, full: Path, new: bytes | None, row: Row) -> Note | None:
    try:
        if new is not None:
            files.write_bytes(full, new)
            return None
        full.unlink()
    except OSError as problem:
        text = f"{row.output} cannot be deleted: {(problem.strerror or str(problem)).lower()}"
        return note("F002", text, file=row.output)
    if row.target in heads() and heads()[row.target].get("folder"):
        with contextlib.suppress(OSError):  # the agent's own folder, where nothing else lies in it
            if full.parent != root:
                full.parent.rmdir()
    return None
