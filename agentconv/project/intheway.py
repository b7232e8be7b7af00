"""Somebody's text where an output would go: what is said of it, and the ways on."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from pathlib import Path

from agentconv.conversion import Conversion
from agentconv.notes import Note, note
from agentconv.project.planning import STDOUT, Plan
from agentconv.spec import Spec


def in_the_way(path: str, result: Conversion, data: bytes, old: bytes, known: bool, plan: Plan, dst: Spec) -> Note:
    """How to look at what is there, to keep and to drop it. ``known``: agentconv wrote it once, and it was edited."""
    more, less = _lines(data, old)
    only = f" --only {result.entry}" if result.entry else ""
    why = "edited since agentconv wrote it" if known else "agentconv did not write it"
    options = f" -o {path}" if plan.output is not None else ""
    there = _typed(path, plan)
    source = "SOURCE" if result.source == STDOUT else _typed(result.source, plan)
    ways = [f"look: agentconv diff {source} {there}"]
    if known and not options and result.format != dst.id:
        user = " --user" if plan.options.user else ""
        ways.append(f"keep the edit: agentconv convert {there} --to {result.format}{only}{user} --update")
    ways.append("drop the edit: --force" if known else "overwrite it: --force; its other keys stay: --update")
    what = f"`{result.entry}` in {path}" if result.entry else path
    text = f"{what}: {why} (+{more} −{less} lines)"
    return note("F003", text, file=path, effect="info", help="\n".join(ways))


def replaced(path: str, result: Conversion, plan: Plan) -> Note:
    """What was there and is gone: nobody loses it, as git has it, but who converts should not find it out there."""
    what = f"`{result.entry}` in {path}" if result.entry else path
    became = "would be" if plan.dry else "was"
    text = f"{what} {became} replaced: not known here as agentconv's, and git has what it held"
    back = f"git checkout -- {shlex.quote(_typed(path, plan))} brings it back"
    return note("F025", text, file=path, effect="info", help="" if plan.dry else back)


def _typed(path: str, plan: Plan) -> str:
    """The path as it has to be typed here: what was found is named from the root of the project."""
    if not plan.found:
        return path
    return os.path.relpath(plan.root / path, Path.cwd()).replace(os.sep, "/")


def _lines(data: bytes, old: bytes) -> tuple[int, int]:
    """Lines that the file has more and less than what would be written."""
    theirs, ours = Counter(old.splitlines()), Counter(data.splitlines())
    return (theirs - ours).total(), (ours - theirs).total()
