"""An edit of one of our own outputs, taken back into its source: what was not edited stays as the source has it.

The output says less than its source: VS Code has no plan mode, no turns and no `Bash(git *)`. Written back as it is
it would take all of that out of the source. So the source is converted once more, and only the fields in which the
output differs from that are set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from agentconv import rights as counting
from agentconv.conversion import Conversion
from agentconv.convert import convert_text
from agentconv.lowering.lowered import Options
from agentconv.model import Agent
from agentconv.notes import note
from agentconv.project import files
from agentconv.project.planning import Plan
from agentconv.project.written import Written
from agentconv.reading.engine import read_author
from agentconv.registry import load
from agentconv.spec import Spec


def is_own(result: Conversion, dst: Spec, plan: Plan, written: Written) -> bool:
    """Whether the conversion reads what an earlier one wrote, and in another format."""
    keys = {result.source, os.path.relpath(Path.cwd() / result.source, plan.root).replace(os.sep, "/")}
    # an entry of a shared file has its own line there: `.roomodes#reviewer`
    return result.format != dst.id and any(key.partition("#")[0] in keys for key in written.hashes)


def edited(result: Conversion, source: str, path: str, dst: Spec, plan: Plan) -> frozenset[str]:
    """The fields that were edited in the output; all of them where that cannot be told."""
    every = frozenset(field.name for field in fields(Agent))
    places = (Path.cwd() / result.source, plan.root / result.source)
    there = next((place for place in places if place.is_file()), None)
    if there is None:
        return every
    now = _named(result.format, files.read_text(there), result)
    said: list[Agent] = []
    everything = frozenset("*")
    # what was allowed when it was written is not known: one of these
    for options in (Options(), Options(everything), Options(everything, guard=False)):
        made = convert_text(source, from_=dst.id, to=result.format, path=path, options=options)
        if len(made) > 1:  # the source is a file of many
            made = [one for one in made if one.name in (result.entry, result.name)]
        texts = [data.decode("utf-8") for one in made for data in one.files.values()]
        if len(texts) == 1 and (agent := _named(result.format, texts[0], result)) is not None:
            said.append(agent)
    if now is None or not said:
        return every
    changed = frozenset(name for name in every if all(getattr(now, name) != getattr(one, name) for one in said))
    if _as_built(result.source, source, plan):
        return changed
    # the source went on since: what the output does not say may be new there, and is not taken out
    return frozenset(name for name in changed if name == "tools" or getattr(now, name) is not None)


def take_entry(result: Conversion, source: str, path: str, dst: Spec, plan: Plan) -> None:
    """The agent that goes into a shared file: the one whose entry is there, with what was edited in its output."""
    there = next((read.agent for read in read_author(dst, source, path).agents if read.agent.id == result.entry), None)
    if there is None or result.agent is None:
        return
    new = {name: getattr(result.agent, name) for name in edited(result, source, path, dst, plan)}
    _part(new, there)
    taken = replace(there, **new)
    had, has = (counting.of_agent(agent, dst, program=False) for agent in (there, taken))
    gained, gone = (counting.spelled(counting.gained(*pair)) for pair in ((had, has), (has, had)))
    if not refuse(result, gained, path, dst, plan):
        result.agent = taken
        say_gone(result, gone, path)


def _part(new: dict[str, Any], there: Agent) -> None:
    """Two texts that an output holds as one (when to use it stands behind the description) are two again; where the
    second cannot be told from the first any more, the first holds both."""
    parts = "\n\n".join(text for text in (there.prompt_parts or {}).values() if text)
    for first, second, text in (("description", "when_to_use", there.when_to_use), ("prompt", "prompt_parts", parts)):
        if text and new.get(first) and new.get(second) is None:
            head, found, rest = str(new[first]).rstrip().rpartition("\n\n" + text.strip())
            if found and head and not rest:
                new[first] = head
                new.pop(second, None)
            else:
                new[second] = None


def refuse(result: Conversion, gained: Sequence[str], path: str, dst: Spec, plan: Plan) -> bool:
    """An edit that is taken back into its source gives the source no right by the way."""
    wider = [right for right in gained if not plan.options.allows(right)]
    if wider:
        text = f"{result.source} may do more than {path}: {', '.join(wider)}"
        classes = ",".join(dict.fromkeys(right.split("(")[0] for right in wider))
        command = f"agentconv convert {result.source} --to {dst.id} --update -o {path}"
        help = f"take it all the same: {command} --allow-widening={classes}"
        result.fail(note("F018", text, file=result.source, help=help))
        result.status = "refused"
    return bool(wider)


def say_gone(result: Conversion, gone: Sequence[str], path: str) -> None:
    """An edited list of tools may be without what its program could not hold, and the source had."""
    if gone:
        text = f"{path} may do less than before: {', '.join(gone)}"
        result.notes.append(note("F020", text, file=path, help="put back by hand what is to stay"))
        result.judge(result.status)


def _as_built(output: str, source: str, plan: Plan) -> bool:
    """Whether the source is the one that the output was built from; without a lock nobody knows."""
    from agentconv.building.lock import NAME, BadLock, fingerprint, read

    try:
        rows = read(plan.root / NAME).rows.values()
    except BadLock:
        return False
    known = {output, os.path.relpath(Path.cwd() / output, plan.root).replace(os.sep, "/")}
    return any(row.output in known and row.read == fingerprint(source.encode("utf-8")) for row in rows)


def _named(format: str, text: str, result: Conversion) -> Agent | None:
    """The agent of the text that the conversion is of."""
    agents = [read.agent for read in read_author(load(format), text, result.source).agents]
    return agents[0] if len(agents) == 1 else next((a for a in agents if result.name in (a.id, a.name)), None)
