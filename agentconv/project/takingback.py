"""An edit of one of our own outputs, taken back into its source: what was not edited stays as the source has it.

The output says less than its source: VS Code has no plan mode, no turns and no `Bash(git *)`. Written back as it is
it would take all of that out of the source. So the source is converted once more, and only the fields in which the
output differs from that are set."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

from agentconv.conversion import Conversion
from agentconv.convert import convert_text
from agentconv.lowering.lowered import Options
from agentconv.model import Agent
from agentconv.project import files
from agentconv.project.planning import Plan
from agentconv.reading.engine import read_author
from agentconv.registry import load
from agentconv.spec import Spec


def is_own(result: Conversion, dst: Spec, plan: Plan, written: files.Written) -> bool:
    """Whether the conversion reads what an earlier one wrote, and in another format."""
    keys = {result.source, os.path.relpath(Path.cwd() / result.source, plan.root).replace(os.sep, "/")}
    return result.format != dst.id and not keys.isdisjoint(written.hashes)


def edited(result: Conversion, source: str, path: str, dst: Spec, plan: Plan) -> frozenset[str]:
    """The fields that were edited in the output; all of them where that cannot be told."""
    every = frozenset(field.name for field in fields(Agent))
    places = (Path.cwd() / result.source, plan.root / result.source)
    there = next((place for place in places if place.is_file()), None)
    if there is None:
        return every
    now = _only(result.format, files.read_text(there), result.source)
    said: list[Agent] = []
    for guard in (True, False):
        options = Options(allow_widening=frozenset("*"), guard=guard)
        made = convert_text(source, from_=dst.id, to=result.format, path=path, options=options)
        texts = [data.decode("utf-8") for one in made for data in one.files.values()]
        if len(texts) == 1 and (agent := _only(result.format, texts[0], result.source)) is not None:
            said.append(agent)
    if now is None or not said:
        return every
    changed = frozenset(name for name in every if all(getattr(now, name) != getattr(one, name) for one in said))
    if _as_built(result.source, source, plan):
        return changed
    # the source went on since: what the output does not say may be new there, and is not taken out
    return frozenset(name for name in changed if name == "tools" or getattr(now, name) is not None)


def _as_built(output: str, source: str, plan: Plan) -> bool:
    """Whether the source is the one that the output was built from; without a lock nobody knows."""
    from agentconv.building.lock import NAME, BadLock, fingerprint, read

    try:
        rows = read(plan.root / NAME).rows.values()
    except BadLock:
        return False
    known = {output, os.path.relpath(Path.cwd() / output, plan.root).replace(os.sep, "/")}
    return any(row.output in known and row.read == fingerprint(source.encode("utf-8")) for row in rows)


def _only(format: str, text: str, path: str) -> Agent | None:
    agents = read_author(load(format), text, path).agents
    return agents[0].agent if len(agents) == 1 else None
