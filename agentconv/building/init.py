"""A first agentconv.toml: the most likely source of a project, and the programs whose folders are there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from agentconv.project.nearby import is_there
from agentconv.project.sources import Source, beside, in_places, named
from agentconv.reading.engine import read_author
from agentconv.registry import heads, ids, load, targets

FALLBACK = "agents"


@dataclass(slots=True)
class Choice:
    """What was found, and what is proposed."""

    source: str = FALLBACK
    format: str | None = None
    agents: int = 0
    others: list[tuple[str, str, int]] = field(default_factory=list)  # place, format, agents: other candidates
    targets: list[str] = field(default_factory=list)
    guessed: bool = False  # no folder of another program is there

    def said(self) -> list[str]:
        """What the user is told."""
        count = f"{self.agents} agent{'s' * (self.agents != 1)}"
        lines = [f"agentconv.toml: {self.source} ({count}{f', {self.format}' if self.format else ''}) is the source"]
        lines += [f"    also here, not used: {place} ({n}, {format})" for place, format, n in self.others]
        if self.targets:
            lines.append(f"    targets: {', '.join(self.targets)}")
        else:
            lines.append("    no folder of another program is here, so there is no target yet")
        lines += ["", "With git, .gitattributes may say that two branches which both built join:"]
        lines += ["  agentconv.lock merge=union", "", "Next:"]
        if not self.targets:
            lines.append("  agentconv init --force --to ID    or a line [targets.ID] in the file (agentconv formats)")
        lines += ["  agentconv build --dry-run", "  agentconv build"]
        return lines


def choose(root: Path, from_: str | None, wanted: tuple[str, ...]) -> Choice:
    """The place with most agents is the source; of equal ones that of the program with more users."""
    found: Counter[tuple[str, str]] = Counter()
    for source in _sources(root, from_):
        if source.format is not None and source.text is not None:
            reading = read_author(load(source.format), source.text, source.path, beside(source))
            place = source.place if source.placed else _folder(source.path)
            found[place, source.format] += len(reading.agents)
    order = ids()
    ranked = sorted((key for key in found if found[key]), key=lambda k: (-found[k], order.index(k[1]), k[0]))
    choice = Choice()
    if from_ is not None and is_there(root / from_):
        choice.source = from_.rstrip("/") or "."
        choice.agents = sum(found.values())
        choice.format = ranked[0][1] if len({format for _, format in ranked}) == 1 else None
    elif ranked:
        choice.source, choice.format = ranked[0]
        choice.agents = found[ranked[0]]
        choice.others = [(place, format, found[place, format]) for place, format in ranked[1:6]]
    elif from_ is not None:
        place = str((heads()[from_].get("places") or {}).get("write") or FALLBACK)
        choice.source, choice.format = _folder(place), from_
    choice.targets = list(wanted) or _there(root, choice)
    return choice


def _sources(root: Path, from_: str | None) -> list[Source]:
    if from_ is not None and is_there(root / from_):
        return list(named([str(root / from_)], root, None, 5_000_000))
    return [source for source in in_places(root) if from_ is None or source.format == from_]


def _folder(path: str) -> str:
    return path.rsplit("/", 1)[0] if "/" in path else path


def _there(root: Path, choice: Choice) -> list[str]:
    """The targets whose program shows itself in the project, one for each place; never that of the source."""
    out: dict[str, str] = {}
    for id in targets():
        head = heads()[id]
        place = str(head["places"]["write"])
        if id == choice.format or head.get("kind") == "text" or place.startswith(f"{choice.source}/"):
            continue
        marks = [*((head.get("around") or {}).get("shows") or ())]
        own = place.split("{", 1)[0].rstrip("/")
        parts = own.split("/")
        marks += [parts[0], own] if parts[0] not in SHARED else [own] if len(parts) > 1 else []
        if any(is_there(root / mark) for mark in marks):
            out.setdefault(place, id)
    return list(out.values())


SHARED = (".github", ".agents", "agents", "config")  # folders that are there for other reasons


def settings_text(choice: Choice) -> str:
    """The file, with a comment for everything that one may want to set."""
    lines = [
        "# What agentconv builds: `agentconv build`. Paths are relative to this file.",
        "# All keys: agentconv schema config, or the README.",
        "",
        "# Where the agents are: folders, files, globs; each may be a table with path, format and exclude.",
        f"sources = [{_source(choice)}]",
    ]
    for place, format, count in choice.others:
        lines.append(f"# also here: {place} ({count}, {format})")
    lines += [
        "",
        "# Settings of all targets; each may stand below a target, too.",
        "[defaults]",
        '# refused = "skip"            # an agent that a target would give more rights is left out: no exit 1',
        '# allow-widening = ["runs"]   # or written all the same; { runs = ["deploy-*"] } for some',
        '# exclude = ["draft-*", "tag:internal"]',
        "# stamp = false               # no comment that names the source",
        "# tracked = false             # git ignores the outputs",
        "",
        "# The formats to write; each line stands for a folder of the program.",
    ]
    for id in choice.targets:
        lines += [f"[targets.{id}]   # {heads()[id]['title']}: {heads()[id]['places']['write']}", ""]
    if not choice.targets:
        lines += ["# [targets.ID]   # `agentconv formats` lists them", ""]
    lines += [
        "# Lists of tools that agents share; a set gives the same or less than the agent's own file.",
        "# [tool-sets]",
        '# reader = ["Read", "Grep", "Glob"]',
        "#",
        '# [agents."docs-*"]',
        '# tool-set = "reader"',
    ]
    return "\n".join(lines) + "\n"


def _source(choice: Choice) -> str:
    path = _quoted(choice.source)
    native = choice.format is None or any(
        str(glob).startswith(f"{choice.source}/")
        for glob in (heads()[choice.format].get("places") or {}).get("project", ())
    )
    return path if native else f'{{ path = {path}, format = "{choice.format}" }}'


def _quoted(text: str) -> str:
    from agentconv.output.scalars import toml_value

    return toml_value(text)
