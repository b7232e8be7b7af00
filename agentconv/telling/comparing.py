"""``agentconv diff``: two agents compared by meaning, whatever their formats."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agentconv import rights as counting
from agentconv.convert import source_rights
from agentconv.dump import agent_to_data
from agentconv.grants import by_capability, by_server
from agentconv.model import Model
from agentconv.naming import slug
from agentconv.notes import Note
from agentconv.project.sources import Source, beside
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import load
from agentconv.spec import risk

SKIPPED = {"id", "tools", "prompt", "extras", "prompt_mode", "model"}


@dataclass(slots=True)
class Side:
    """One agent of one side."""

    path: str
    data: dict[str, Any]
    prompt: str
    rights: list[str]
    tools: set[str]
    models: list[Model]


@dataclass(slots=True)
class Difference:
    """What differs between two agents of one name; ``only`` names the side that alone has it."""

    name: str
    only: str = ""
    fields: list[tuple[str, Any, Any]] = field(default_factory=list)
    rights: tuple[list[str], list[str]] | None = None
    tools: tuple[list[str], list[str]] | None = None
    prompt: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether they differ at all."""
        return bool(self.only or self.fields or self.rights or self.tools or self.prompt)


def _told(path: str, one: Note) -> str:
    place = f"{path}:{one.line}" if one.line else path
    return f"{place}: {one.code} {one.message}" + (f"; {one.help}" if one.help else "")


def sides(sources: Iterable[Source]) -> tuple[dict[str, Side], list[str]]:
    """The agents of one side by slug of their name, and what could not be read."""
    found: dict[str, Side] = {}
    bad: list[str] = []
    for source in sources:
        bad += [_told(source.path, n) for n in source.notes if n.effect == "error"]
        if source.text is None or source.format is None:
            continue
        spec = load(source.format)
        reading = read_author(spec, source.text, source.path, beside(source))
        bad += [_told(source.path, n) for n in reading.notes if n.effect == "error"]
        program = read_program(spec, source.text, source.path, beside(source))
        for read in reading.agents:
            agent = read.agent
            rights, _ = source_rights(read, reading, program)
            caps = by_capability(agent.tools, spec.of_mode(agent.mode))
            named = {c for rule in agent.tools.rules for c in rule.tool.caps}  # what comes along is no wish
            tools = {c for c, g in caps.items() if g.any and risk(c) != "none" and (c in named or not named)}
            tools |= {
                f"mcp:{s}" + (f"/{m}" if m else "") for (s, m), g in by_server(agent.tools, spec).items() if g.open
            }
            models = list(agent.model or ())
            prompt = (agent.prompt or "").replace("\r\n", "\n").strip()
            data = {k: v for k, v in agent_to_data(agent).items() if k not in SKIPPED}
            name = slug(agent.id or agent.name or "") or agent.id
            found[name] = Side(source.path, data, prompt, counting.spelled(rights), tools, models)
    return found, bad


def compare(left: dict[str, Side], right: dict[str, Side]) -> list[Difference]:
    """Agents of one name on both sides, and those that one side alone has. Two single agents are compared anyway."""
    if len(left) == 1 and len(right) == 1 and set(left) != set(right):
        one, other = next(iter(left.items())), next(iter(right.items()))
        found = _between(f"{one[0]} / {other[0]}", one[1], other[1])
        return [found]
    out = []
    for name in sorted({*left, *right}):
        if name not in right:
            out.append(Difference(name, only=left[name].path))
        elif name not in left:
            out.append(Difference(name, only=right[name].path))
        else:
            out.append(_between(name, left[name], right[name]))
    return out


def _between(name: str, one: Side, other: Side) -> Difference:
    found = Difference(name)
    for key in sorted({*one.data, *other.data}):
        if key in ("name", "title") and slug(str(one.data.get(key, name))) == slug(str(other.data.get(key, name))):
            continue
        if one.data.get(key) != other.data.get(key):
            found.fields.append((key, one.data.get(key), other.data.get(key)))
    if not _same_models(one.models, other.models):
        left, right = (", ".join(m.text for m in side.models) or None for side in (one, other))
        found.fields.append(("model", left, right))
    if one.rights != other.rights:
        found.rights = one.rights, other.rights
    if one.tools != other.tools:
        found.tools = sorted(one.tools - other.tools), sorted(other.tools - one.tools)
    if one.prompt != other.prompt:
        lines = difflib.unified_diff(
            one.prompt.splitlines(), other.prompt.splitlines(), one.path, other.path, lineterm="", n=2
        )
        found.prompt = list(lines)
    return found


def _same_models(left: list[Model], right: list[Model]) -> bool:
    """Equal, or a floating tier on one side and a model of that tier on the other."""
    if len(left) != len(right):
        return False
    for a, b in zip(left, right, strict=True):
        both = a.id is not None and b.id is not None
        if (both and a.id != b.id) or (not both and (a.tier or a.text) != (b.tier or b.text)):
            return False
    return True


def as_text(found: list[Difference]) -> str:
    """Only what differs; a sentence where nothing does."""
    lines: list[str] = []
    for one in found:
        if not one.any:
            continue
        lines.append(f"{one.name}")
        if one.only:
            lines.append(f"  only in {one.only}")
        if one.rights:
            before, after = (", ".join(r) or "nothing" for r in one.rights)
            lines.append(f"  rights: {before} | {after}")
        if one.tools:
            gone, new = one.tools
            words = [*(f"-{t}" for t in gone), *(f"+{t}" for t in new)]
            lines.append(f"  tools: {' '.join(words)}")
        lines += [f"  {key}: {_short(a)} | {_short(b)}" for key, a, b in one.fields]
        if one.prompt:
            lines.append("  prompt:")
            lines += [f"    {line}" for line in one.prompt]
    same = sum(not one.any for one in found)
    if same:
        lines.append(f"{same} the same")
    return "\n".join(lines)


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= 90 else text[:89] + "…"


def as_data(found: list[Difference]) -> list[dict[str, Any]]:
    """For JSON."""
    out = []
    for one in found:
        row: dict[str, Any] = {"name": one.name, "same": not one.any}
        if one.only:
            row["only"] = one.only
        if one.rights:
            row["rights"] = {"left": one.rights[0], "right": one.rights[1]}
        if one.tools:
            row["tools"] = {"left": one.tools[0], "right": one.tools[1]}
        if one.fields:
            row["fields"] = {key: {"left": a, "right": b} for key, a, b in one.fields}
        if one.prompt:
            row["prompt"] = one.prompt
        out.append(row)
    return out
