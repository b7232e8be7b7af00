"""Which format a text is, decided: by its place and name, else by the format that it fits best."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from agentconv.capabilities import load_data
from agentconv.containers import ContainerError
from agentconv.notes import Note, note
from agentconv.patterns import pattern
from agentconv.reading.detect import Guess, by_name, by_place, guess, marks
from agentconv.registry import derived, heads, ids, load

SURE = 2  # one key that only this format has
NO_AGENT = "this is "  # how a note begins whose file is known to be something else, or of nobody


def decide(path: str, text: str, shown: str = "", guessed: Guess | None = None) -> tuple[str | None, Note | None]:
    """The format, or a note that it cannot be told. ``shown`` is what the note calls the file; ``guessed``: what its
    place and name say, where somebody has looked."""
    if (other := no_agents_of(path, text)) is not None and not by_name(path):
        problem = f"{NO_AGENT}{other['is']}"
        return None, note("F006", problem, file=shown or path, help=str(other["do"]))
    found = guessed or guess(path, text)
    if found.format:
        return found.format, None
    fitting = _fitting(found.candidates, text, shown or path)
    return fitting if fitting[0] is not None or found.usual is None else (found.usual, None)


def no_agents_of(path: str, text: str = "") -> dict[str, Any] | None:
    """What the files of its folder, or of its ending, are, where that is no agent of a program."""
    folder, _, name = path.rpartition("/")
    others: dict[str, Any] = load_data("others")
    if (found := _tool_of(folder) or others.get(name)) is not None or by_place(path):
        return found
    ending = "*." + ".".join(name.split(".")[-2:])
    last = f"{folder.rpartition('/')[2]}/" if not name or name.endswith(".md") else ""
    found = others.get(ending) or others.get(last)
    says = found.get("says") if found is not None else None
    return found if says is None or pattern(says).match(text) else None


def _three(names: list[str]) -> str:
    more = f" … {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


@lru_cache(maxsize=256)  # files of one folder follow each other
def _tool_of(path: str) -> dict[str, Any] | None:
    others: dict[str, Any] = load_data("others")
    parts = PurePosixPath(path).parts
    found = [*parts, *(f"{outer}/{inner}" for outer, inner in pairwise(parts))]
    return next((others[one] for one in found if one in others), None)


ANY_TEXT = ("frontmatter", "sections")  # syntaxes that are read whatever stands in the file


@cache
def _by_ending(ending: str) -> str | None:
    """A format whose container tells what is broken in a file of this ending: one that writes such files, else one that
    reads them."""
    whole = [id for id in ids() if heads()[id]["syntax"] not in ANY_TEXT]
    written = [id for id in whole if str((heads()[id].get("places") or {}).get("write", "")).endswith(ending)]
    return next(iter(written or [id for id in whole if ending in (heads()[id].get("suffixes") or ())]), None)


derived(_by_ending.cache_clear)


def _fitting(candidates: tuple[str, ...], text: str, shown: str) -> tuple[str | None, Note | None]:
    """The format that the file fits best; a question only where the rights would differ."""
    from agentconv.reading.fitting import are_settings, choose, fits, loads, may_be, ways

    counted = {id: marks(text, id) for id in candidates}
    candidates = tuple(id for id in candidates if not (counted[id] and are_settings(id, text, shown)))
    marked = [id for id in candidates if counted[id]]
    if len(marked) == 1 and counted[marked[0]] >= SURE and loads(marked[0], text, shown):
        return marked[0], None
    found = fits(list(candidates), counted, text, shown)
    if (best := choose(found)) is not None:
        return best, None
    top = [id for id in candidates if counted[id] == max(counted.values(), default=0) > 1]
    if not found and len(top) == 1 and may_be(top[0], text, shown):
        return top[0], None  # a file of that program for sure, whatever is wrong with it
    if found:
        asked = ways(found)
        each = (f"{_three(ids)} {'give' if len(ids) > 1 else 'gives'} {may}" for may, ids in asked.items())
        problem = "the format cannot be told, and what the agent may do depends on it: " + "; ".join(each)
        first, *others = (ids[0] for ids in asked.values())
        help = f"--from {first} (or {', '.join(others)}) chooses"
    else:
        return None, _of_none(text, shown)
    return None, note("F006", problem, file=shown, help=help)


def _of_none(text: str, shown: str) -> Note:
    """Why a file is of no format: what is broken in it has no keys by which it could be known."""
    if not text.strip("\ufeff \t\r\n"):
        return note("R002", "the file is empty", file=shown, help="write the agent into it, or leave it out")
    ending = PurePosixPath(shown).suffix
    if ending and (id := _by_ending(ending)) is not None:
        from agentconv.reading.engine import open_document

        try:
            open_document(load(id), text, author=True)
        except ContainerError as broken:
            message = f"no format can be seen in it: {broken}"
            return note("F006", message, file=shown, line=broken.line, help=broken.help or "mend it there")
    return note("F006", f"{NO_AGENT}no agent file that agentconv knows", file=shown, help="--from ID names the format")
