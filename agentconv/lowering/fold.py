"""Routing facts and skills as a section of the prompt, for programs that have no field for them.

The section says what it is in its heading and is the last of the prompt, so that reading finds it again. Every value
comes back as it was: what would not survive as plain text of a list stands there as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentconv.lowering.lowered import Lowered
from agentconv.lowering.traces import EXAMPLES
from agentconv.lowering.traces import HEADING as HEADING
from agentconv.model import Agent, Handoff
from agentconv.notes import Note, note
from agentconv.spec import Spec

TITLES: Mapping[str, str] = {
    "capabilities": "Capabilities",
    "task_types": "Task types",
    "tools_required": "Programs that it needs",
    "context": "Context to load first",
    "skills": "Skills",
    "priority": "Priority",
    "examples": "Examples",
    "handoffs": "Hand-overs",
    "delegates": "Agents that it may call",
}
TOLD: Mapping[str, str] = {"title": "Role", "description": "Goal"}  # where the source's program tells the model of them
NAMES = {title: name for name, title in {**TITLES, **TOLD}.items()}
PLAIN = re.compile(r"[^\s\"`\[{][^\r\n`\x00-\x1f\x7f\x85\u2028\u2029]*")
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
LINE = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_-]*)(?P<sign>:| =) (?P<value>.+)")


# -- writing ----------------------------------------------------------------------------------


def fold(
    agent: Agent,
    dst: Spec,
    out: Lowered,
    prompt_says: Callable[[], Collection[str]] = tuple,
    told: Sequence[str] = (),
) -> None:
    """Put what has no home in the target at the end of the prompt. ``prompt_says``: agents that it hands over to
    anyway. ``told``: fields of which the source's program tells the model, and the target's does not."""
    if out.cut:
        _fold_examples(dst, out)
    homeless = [f for f in TITLES if _homeless(f, agent, out.agent)]
    if "delegates" in homeless and not any(n.path == "delegates" for n in out.notes):
        homeless.remove("delegates")  # patterns of the tools hold the list
    if "handoffs" in homeless and {h.agent for h in agent.handoffs or ()} <= set(prompt_says()):
        homeless.remove("handoffs")
        out.notes[:] = [n for n in out.notes if n.path != "handoffs"]
        out.say("L014", f"{dst.program} has no `handoffs`; the prompt says the same", "handoffs")
    blocks = {f: _block(f, getattr(agent, f)) for f in (*told, *homeless)}
    written = {f: block for f, block in blocks.items() if block}
    if not written:
        return
    section = "\n\n".join([HEADING, *(f"### {_heading(f)}\n\n{block}" for f, block in written.items())])
    prompt = (out.agent.prompt or "").rstrip("\r\n")
    if unfold(prompt)[1]:
        return  # a second section would not be found again
    newline = "\r\n" if "\r\n" in prompt else "\n"
    joined = f"{prompt}\n\n{section}" if prompt else section
    out.agent = replace(out.agent, prompt=joined.replace("\r\n", "\n").replace("\n", newline))
    if told:
        out.notes[:] = [n for n in out.notes if n.code != "L017" and not (n.code == "L001" and n.path in told)]
        words = " and ".join(f"`{name}`" for name in told)
        out.say("L014", f"{dst.program} tells the model nothing of {words}; it stands in the prompt", told[0])
    for name in homeless:
        if name not in written:
            continue
        said = next((n.message for n in out.notes if n.path == name), f"{dst.program} has no `{name}`")
        out.notes[:] = [n for n in out.notes if n.path != name]
        out.say("L014", f"{said}; it stands in the prompt", name)
    out.say("L014", f"routing facts stand at the end of the prompt: {', '.join(written)}", "prompt", "info")


def _fold_examples(dst: Spec, out: Lowered) -> None:
    """What was too long for the description."""
    from agentconv.bodies.examples import added

    out.agent = replace(out.agent, prompt=added(out.agent.prompt or "", out.cut))
    out.notes[:] = [n for n in out.notes if n.code != "P007"]
    out.say("P007", f"{dst.program} takes no such long description: its examples stand in the prompt", "description")
    out.say("L014", "examples of the description stand at the end of the prompt", "prompt", "info")


def _homeless(name: str, agent: Agent, lowered: Agent) -> bool:
    value = getattr(agent, name)
    return value not in (None, (), {}) and getattr(lowered, name) is None


def _heading(name: str) -> str:
    return TITLES.get(name) or TOLD[name]


def _block(name: str, value: Any) -> str:
    if name in TOLD:
        return f"- {_text(value)}"
    if name == "priority":
        return str(value)
    if name == "context":
        return "\n".join(line for k, v in value.items() for line in _context(str(k), v)) if _keys(value) else ""
    if name == "handoffs":
        value = [_as_map(one) for one in value]
    if name in ("examples", "handoffs"):
        return "\n".join(_example(one) for one in value) if all(_keys(one) for one in value) else ""
    return "\n".join(f"- {_text(item)}" for item in value)


def _as_map(one: Handoff) -> dict[str, Any]:
    said = {"agent": one.agent, "label": one.label, "prompt": one.prompt, "send": one.send, "model": one.model}
    kept = {k: v for k, v in said.items() if v not in (None, "") or k == "agent"}
    return {**kept, "more": dict(one.more)} if one.more else kept


def _as_handoffs(found: tuple[dict[str, Any], ...] | None) -> tuple[Handoff, ...] | None:
    try:
        return None if found is None else tuple(Handoff(**one) for one in found)
    except TypeError:
        return None


def _keys(value: Mapping[str, Any]) -> bool:
    return bool(value) and all(KEY.fullmatch(str(k)) for k in value)


def _text(value: Any) -> str:
    plain = isinstance(value, str) and PLAIN.fullmatch(value) and value == value.strip()
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _pair(key: str, value: Any) -> str:
    text = _text(value)
    return f"{key}: {text}" if text == value else f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _context(key: str, value: Any) -> list[str]:
    texts = isinstance(value, (list, tuple)) and value and all(isinstance(v, str) and "`" not in v for v in value)
    if texts and all(PLAIN.fullmatch(v) and v == v.strip() for v in value):
        return [f"- {key}: `{v}`" for v in value]
    return [f"- {key} = {json.dumps(value, ensure_ascii=False)}"]


def _example(one: Mapping[str, Any]) -> str:
    first, *rest = (_pair(str(k), v) for k, v in one.items())
    return "\n".join([f"- {first}", *(f"  {line}" for line in rest)])


# -- reading ----------------------------------------------------------------------------------


def unfold(prompt: str | None) -> tuple[str, dict[str, Any]]:
    """The prompt without the section, and the fields of the section; nothing where any of it is not as we write it."""
    text = (prompt or "").replace("\r\n", "\n")
    before, found, section = text.rpartition(f"{HEADING}\n")
    if not found or (before and not before.endswith("\n\n")):
        return prompt or "", {}
    fields: dict[str, Any] = {}
    for block in re.split(r"^### ", section.strip("\n"), flags=re.M)[1:]:
        title, _, lines = block.partition("\n")
        name = NAMES.get(title.strip())
        try:
            value = _value(name, lines.strip("\n").split("\n")) if name and name not in fields else None
        except (ValueError, RecursionError):
            value = None
        if name is None or value is None:
            return prompt or "", {}
        fields[name] = value
    if not fields or _again(fields) != section.strip("\n"):
        return prompt or "", {}  # somebody wrote into it: it is theirs now
    rest = before.rstrip("\n")
    return (rest.replace("\n", "\r\n") if "\r\n" in (prompt or "") else rest), fields


def _again(fields: Mapping[str, Any]) -> str:
    return "\n\n".join(f"### {_heading(f)}\n\n{_block(f, value)}" for f, value in fields.items())


def _value(name: str, lines: list[str]) -> Any:
    if name == "priority":
        return int(lines[0]) if len(lines) == 1 else None
    if name == "context":
        return _read_context(lines)
    if name == "examples":
        return _read_examples(lines)
    if name == "handoffs":
        return _as_handoffs(_read_examples(lines))
    if not all(line.startswith("- ") for line in lines):
        return None
    items = tuple(_read_text(line[2:]) for line in lines)
    if name in TOLD:
        return items[0] if len(items) == 1 and isinstance(items[0], str) else None
    return items if all(isinstance(i, str) for i in items) else None


def _read_text(text: str) -> Any:
    return json.loads(text) if text[:1] in '"[{' else text


def _read_pair(text: str) -> tuple[str, Any]:
    found = LINE.fullmatch(text)
    if not found:
        raise ValueError(text)
    return found["key"], json.loads(found["value"]) if found["sign"] == " =" else found["value"]


def _read_context(lines: list[str]) -> dict[str, Any] | None:
    out: dict[str, Any] = {}
    for line in lines:
        if not line.startswith("- "):
            return None
        key, value = _read_pair(line[2:])
        if isinstance(value, str) and value[:1] == "`":
            out.setdefault(key, []).append(value.strip("`"))
        else:
            out[key] = value
    return out


def _read_examples(lines: list[str]) -> tuple[dict[str, Any], ...] | None:
    out: list[dict[str, Any]] = []
    for line in lines:
        if line[:2] not in ("- ", "  ") or (line[:2] == "  " and not out):
            return None
        key, value = _read_pair(line[2:])
        if line[:2] == "- ":
            out.append({})
        out[-1][key] = value
    return tuple(out)


def unfolded(agent: Agent, dst: Spec, again: bool, file: str) -> tuple[Agent, list[Note]]:
    """The agent with the facts of the section in their fields, where each of them arrives that way.

    Else the section stays what it is, text of the prompt: taken apart it would be lost. ``again``: what has no home is
    folded once more."""
    agent, said = _with_examples(agent, dst, file)
    prompt, fields = unfold(agent.prompt)
    homes = again or dst.tools.control == "any" or all(_has_home(f, dst) for f in fields)
    if not fields or not homes:
        return agent, said
    fresh = {f: v for f, v in fields.items() if getattr(agent, f) is None}
    said += [
        note("R023", f"the prompt holds a section of routing facts: {', '.join(fields)}", path="prompt", file=file)
    ]
    for name in fields:
        if name not in fresh and getattr(agent, name) != fields[name]:
            text = f"the header says `{name}`, and the section of the prompt another one; the header counts"
            said.append(note("R022", text, path=name, file=file))
    return replace(agent, prompt=prompt, **fresh), said


def _has_home(name: str, dst: Spec) -> bool:
    row = dst.by_field.get(name)
    return row is not None and (name not in TOLD or bool(row.fact("told")))


def _with_examples(agent: Agent, dst: Spec, file: str) -> tuple[Agent, list[Note]]:
    """Examples that stand in the prompt because a description was too long, back in a description that takes them."""
    from agentconv.bodies.examples import taken

    row = dst.by_field.get("description")
    if row is None or not agent.description or EXAMPLES not in (agent.prompt or ""):
        return agent, []
    prompt, tail = taken(agent.prompt)
    whole = f"{agent.description}\n\n{tail}"
    longest = row.fact("max_length")
    if not tail or row.fact("one_line") or (longest is not None and len(whole) > longest):
        return agent, []
    text = "the prompt holds examples of the description, which go back to it"
    return replace(agent, prompt=prompt, description=whole), [note("R023", text, path="description", file=file)]
