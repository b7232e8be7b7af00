"""Bare ``agentconv``: what is here, who reads it, what to do next."""

from __future__ import annotations

import shlex
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from agentconv.project.nearby import is_file, is_folder

if TYPE_CHECKING:
    from agentconv.project.sources import Source


def here() -> None:
    """Agents found, the programs that read them as they lie, three next commands."""
    from agentconv.project import finding, sources
    from agentconv.telling.escape import say

    root = finding.find_root(Path.cwd(), sources.place_marks())
    names: dict[str, Counter[str]] = {}
    places: dict[tuple[str, str], dict[str, int]] = {}  # format and folder -> the files there, each with its agents
    first: dict[str, str] = {}
    unread, some = 0, ""
    for listed in sources.listed_places(root):
        if (source := sources.taken(listed)) is None:
            continue
        if source.format is None:  # a folder that nobody may look into
            unread += 1
            continue
        some = some or source.path
        id = source.format
        agents, broken = _agents(source)
        unread += broken
        names.setdefault(id, Counter()).update(agents)
        if agents or not source.settled or source.text is not None:  # else settings whose table names what is not there
            places.setdefault((id, _place(source.path, source.below)), {})[source.path] = len(agents)
        if agents:
            first.setdefault(id, source.path)
        source.let_go()
    if not some:
        _say_none(root)
        if unread:
            say("  agentconv list                     what cannot be read, and why")
        return
    _say_places(names, places, root, unread)
    most = max(names, key=lambda id: names[id].total())
    _say_next(_next_target(root, set(names)), first.get(most, some))


def _say_none(root: Path) -> None:
    from agentconv.commands.asked import named_only
    from agentconv.telling.escape import say

    say(f"No agents in the known places below {root if root != Path.cwd() else 'this folder'}.\n")
    if _say_given_up(root):
        say("")
    if near := named_only(root):
        say(f"  agentconv list {near[0]:<19} files for {near[1]}, taken where they are named")
    say("  agentconv convert FILE --to ID     convert a file, or a folder, from anywhere")
    say("  agentconv formats                  the formats with their places")
    say("  agentconv list --user              the agents in your home folder")


def _say_places(
    names: dict[str, Counter[str]], places: dict[tuple[str, str], dict[str, int]], root: Path, unread: int
) -> None:
    """How many agents there are, and a line for each place with the programs that read it."""
    from agentconv.registry import load, shared_readers
    from agentconv.telling.escape import say
    from agentconv.telling.terminal import width

    total: Counter[str] = Counter()
    for called in names.values():
        total |= called
    copies = sum(sum(name in called for called in names.values()) > 1 for name in total)
    more = f", {copies} of them in more than one place" if copies else ""
    say(f"{total.total()} agent{'s' * (total.total() != 1)} here{more}:")
    for (id, folder), there in sorted(places.items(), key=lambda item: -sum(item[1].values())):
        spec = load(id)
        readers = [spec.program, *(name for _, name, _ in shared_readers(spec))]
        where = next(iter(there)) if spec.many and len(there) == 1 else folder
        line = f"{sum(there.values()):6}  {where:<18}  {id:<13}  read by {_and(list(dict.fromkeys(readers)))}"
        say("\n".join(textwrap.wrap(line, width(), subsequent_indent=" " * 8, drop_whitespace=True)))
    _say_given_up(root)
    if unread:
        say(f"{unread:6}  file{'s' * (unread != 1)} that cannot be read: agentconv list says why")


def _say_next(target: str, shown: str) -> None:
    """Three commands that fit what is here."""
    from agentconv.registry import load
    from agentconv.telling.escape import say
    from agentconv.telling.terminal import width

    say("\nNext:")
    steps = {
        f"agentconv convert --to {target}": f"write them for {load(target).program} too; your files stay as they are",
        "agentconv list --in all": "what each may do in every program",
        f"agentconv show {shlex.quote(shown)}": "what agentconv understands of one",
    }
    lead = min(max(map(len, steps)), 44)
    for command, why in steps.items():
        line = f"  {command:<{lead}}  {why}"
        say(line if len(line) <= width() else f"  {command}\n      {why}")


def _say_given_up(root: Path) -> bool:
    from agentconv.telling.escape import say
    from agentconv.telling.terminal import width

    lines = given_up(root)
    for line in lines:
        say("\n".join(textwrap.wrap(line, width(), subsequent_indent=" " * 8)))
    return bool(lines)


def given_up(root: Path) -> list[str]:
    """Places with agents that their program reads no longer, or never did: sources where they are named."""
    from agentconv.registry import heads

    out = []
    for id, head in heads().items():
        places = head.get("places") or {}
        for place, whose in (places.get("alike") or {}).items():
            if is_file(root / place):
                out.append(f"{1:6}  {place:<18}  {id:<13}  {whose}'s, in this form: name it to convert")
        for glob in places.get("legacy", ()):
            if there := len(list(root.glob(glob))):
                folder = glob.rpartition("/")[0]
                out.append(
                    f"{there:6}  {folder:<18}  {id:<13}  {head['program']} reads it no longer: name it to convert"
                )
    return out


def _agents(source: Source) -> tuple[list[str], bool]:
    """What the agents of a file are called, the same in every format, and whether it was to hold one and cannot."""
    from agentconv.naming import slug
    from agentconv.reading.engine import read_author
    from agentconv.registry import load

    if source.text is None or source.format is None:
        return [], any(n.effect == "error" for n in source.notes)
    found = read_author(load(source.format), source.text, source.path)
    agents = [slug(r.agent.id) or r.agent.id for r in found.agents]
    return agents, not agents and any(n.effect == "error" for n in (*source.notes, *found.notes))


def _place(path: str, below: str) -> str:
    parent = path.rsplit("/", 1)[0] if "/" in path else path
    return parent[: -len(below) - 1] if below and parent.endswith(below) else parent


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _next_target(root: Path, here: set[str]) -> str:
    """A program that is not served yet: one whose own folder is there (`agents` or `config` is anybody's), else the one
    with the most users. A text that a session reads holds no rights, so it is nobody's first choice."""
    from agentconv.registry import heads, targets

    taken = {(heads()[id].get("places") or {}).get("write") for id in here}
    free = [
        id
        for id in targets()
        if id not in here and heads()[id]["places"]["write"] not in taken and heads()[id].get("kind") == "agent"
    ]
    for id in free:
        write = str(heads()[id]["places"]["write"])
        if write.startswith(".") and "/" in write and is_folder(root / write.split("/", 1)[0]):
            return id
    return next(iter(free), next(iter(here)))
