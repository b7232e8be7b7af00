"""Fields that an earlier conversion carried, taken home.

The carrier is a stranger's data, so little is believed: only fields that give no right, nothing that the visible fields
say otherwise, no tools beyond those that the visible header gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.dump import field_from_data, tools_from_data
from agentconv.grants import by_capability, is_star, resolved
from agentconv.lowering.carry import FIELDS, HARMLESS, by_key, harmless, loaded, more
from agentconv.lowering.fold import unfold
from agentconv.lowering.lowered import Options
from agentconv.lowering.traces import COMMENT, GUARD, KEY
from agentconv.model import Agent, Rule, Tools
from agentconv.notes import Note, note
from agentconv.registry import ids, load
from agentconv.rights import Rights, of_agent
from agentconv.schemas.model import agent_schema, misfit
from agentconv.spec import Spec

CARRIER = re.compile(rf"(?:\A|\r?\n\r?\n){re.escape(COMMENT)}(\{{[^\r\n]*\}}) -->[ \t\r\n]*\Z")
GUARDED = re.compile(rf"\A{re.escape(GUARD)}[^\[\]\r\n]*\][ \t]*(?:\r?\n)*")

# Fields whose value shows in another one when the target has no place of its own for them.
SHOWN_IN: Mapping[str, tuple[str, ...]] = {
    "description": ("description", "when_to_use"),
    "prompt": ("prompt", "prompt_parts"),
    "name": ("name", "title", "id"),
    "title": ("title", "name"),
    "id": ("id", "name"),
}
LIMITS = ("tools", "delegates", "memory", "sandbox", "permission_mode")


def without_guard(agent: Agent, file: str) -> tuple[Agent, list[Note]]:
    """The sentence about a limit that an earlier target did not hold. It says nothing about rights: it is text."""
    found = GUARDED.match(agent.prompt or "")
    if not found:
        return agent, []
    text = "agentconv's own sentence at the head of the prompt was left out; it is said anew where it is needed"
    said = note("R024", text, path="prompt", file=file)
    return replace(agent, prompt=(agent.prompt or "")[found.end() :]), [said]


def taken_back(agent: Agent, spec: Spec, asked: bool, file: str) -> tuple[Agent, Spec, list[Note], str]:
    """The agent with what an earlier conversion carried, the format whose words it is in then, notes, and the format
    that the carried fields came from."""
    keys = [e for e in agent.extras if e.key == KEY and isinstance(e.value, str)]
    if not keys and not asked:
        return agent, spec, [], ""
    found = CARRIER.search(agent.prompt or "")
    if not keys and not found:
        return agent, spec, [], ""
    bare = replace(agent, extras=tuple(e for e in agent.extras if e not in keys))
    if not asked:
        return bare, spec, [note("R022", "carried fields are taken back with --carry only", path=KEY, file=file)], ""
    text = str(keys[0].value) if keys else ""
    if found:
        bare = replace(bare, prompt=(bare.prompt or "")[: found.start()])
        text = text or found[1]
    origin, fields, notes = _parsed(text)
    if origin is None:
        return bare, spec, [n.moved(file=file) for n in notes], ""
    rest, _ = unfold(bare.prompt)  # the section of routing facts stands between the prompt and the carrier
    section = (bare.prompt or "")[len(rest) :]
    made, words = _restored(replace(bare, prompt=rest) if section else bare, spec, origin, fields, notes)
    if section:
        made = replace(made, prompt=(made.prompt or "") + section)
    if fields:
        text = f"taken back from an earlier conversion: {', '.join(sorted(fields))}"
        notes.append(note("R021", text, path=KEY))
    return made, words, [n.moved(file=file) for n in notes], origin.id


def _ignored(name: str, why: str) -> Note:
    return note("R022", f"the carried `{name}` was not taken back: {why}", path=name)


def _parsed(text: str) -> tuple[Spec | None, dict[str, Any], list[Note]]:
    """The format that the fields came from, and those that may come back at all."""
    notes: list[Note] = []
    try:
        data = json.loads(text)
        said, origin = data["fields"], str(data["from"])
        assert isinstance(said, dict) and origin in ids(readings=True)
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError):
        return None, {}, [_ignored("fields", "the carrier is not as agentconv writes it")]
    src = load(origin)
    fields: dict[str, Any] = {}
    for name, value in said.items():
        if name not in FIELDS and name not in ("tools", "extras"):
            notes.append(_ignored(str(name), "a stranger could have written it, and it gives rights"))
        elif problem := misfit(value, agent_schema()["properties"][name]):
            notes.append(_ignored(name, f"it is not in the form of the model ({problem})"))
        elif name in HARMLESS and value not in HARMLESS[name]:
            notes.append(_ignored(name, f"`{value}` would give more than the visible header"))
        elif name == "tools":
            fields[name] = tools_from_data(value)
        elif name == "extras":
            extras = field_from_data(name, value)
            if kept := tuple(e for e in extras if harmless(e, src)):
                fields[name] = tuple(replace(e, limits=e.key in src.fields) for e in kept)
            notes += [_ignored(e.key, "it means something to its program") for e in extras if not harmless(e, src)]
        else:
            fields[name] = field_from_data(name, value)
    return src, fields, notes


def _restored(seen: Agent, spec: Spec, src: Spec, fields: dict[str, Any], notes: list[Note]) -> tuple[Agent, Spec]:
    """The fields that neither contradict what the file shows nor give more than it does; ``fields`` loses the rest."""
    rights = of_agent(seen, spec, program=False)
    if "tools" in fields and (key := by_key(fields["tools"], src)):
        del fields["tools"]
        notes.append(_ignored("tools", f"`{key}` stands there, and does not come along"))
    if "tools" in fields:
        fields["tools"] = _named_too(fields["tools"], seen, spec, src)
    for name in [n for n in LIMITS if n in fields]:
        if name == "tools" and (denied := _denied(seen, spec) & _open(fields[name], src)):
            del fields[name]
            notes.append(_ignored(name, f"the visible header denies {', '.join(sorted(denied))}"))
            continue
        words = src if name == "tools" else spec  # tools are in the words of the format that they came from
        with_it = of_agent(_with(seen, spec, {name: fields[name]}), words, program=False)
        if new := more(rights, with_it):
            del fields[name]
            which = ", ".join(sorted(map(str, new)))
            notes.append(_ignored(name, f"it would give more than the visible header ({which})"))
    while fields and (wrong := _contradiction(seen, spec, src, rights, fields)):
        del fields[wrong]
        notes.append(_ignored(wrong, "the visible fields say otherwise"))
    made = _with(seen, spec, fields)
    if not more(rights, of_agent(made, src, program=False)) and _same_limits(seen, spec, src):
        return made, src
    for name in ("tools", "extras"):
        if fields.pop(name, None) is not None:
            notes.append(_ignored(name, "with the rest it would give more than the visible header"))
    return _with(seen, spec, fields, keep=True), spec


def _named_too(tools: Tools, seen: Agent, spec: Spec, src: Spec) -> Tools:
    """What a subagent has only where a rule names it, as the header shows it: on the way there the agent may have been
    none (OpenCode's default is for all modes, Kilo's file says `subagent`)."""
    from agentconv.reading.toolkeys import left_unnamed

    shown = _open(seen.tools, spec)
    more = [
        Rule("allow", name.tool(), None, "auto") if set(name.caps) <= shown else Rule("deny", name.tool())
        for name in left_unnamed(tools, seen.mode, src)
    ]
    return replace(tools, rules=(*more, *tools.rules)) if more else tools


def _same_limits(seen: Agent, spec: Spec, src: Spec) -> bool:
    """Whether what limits the agent in its file is a limit in the other format's words, too."""
    from agentconv.lowering.fields import limit_in

    return all(limit_in(src, n, v) for n, v in seen.said().items() if n != "tools" and limit_in(spec, n, v))


def _denied(agent: Agent, spec: Spec) -> set[str]:
    """Capabilities that the header denies by name."""
    said = {
        c for r in agent.tools.rules if r.effect == "deny" and not r.scope and not is_star(r.tool) for c in r.tool.caps
    }
    return said - _open(agent.tools, spec.of_mode(agent.mode))


def _open(tools: Tools, spec: Spec) -> set[str]:
    return {cap for cap, grant in by_capability(tools, spec).items() if grant.any}


def _with(seen: Agent, spec: Spec, fields: Mapping[str, Any], keep: bool = False) -> Agent:
    """The visible agent with carried fields. Its own tool list, unsaid, means what it means in its format."""
    given = dict(fields)
    extras = given.pop("extras", ())
    tools = given.pop("tools", seen.tools if keep else resolved(seen.tools, spec))
    return replace(seen, **given, tools=tools, extras=(*seen.extras, *extras))


def _contradiction(seen: Agent, spec: Spec, src: Spec, rights: Rights, fields: Mapping[str, Any]) -> str | None:
    """A carried field that would have made another visible field than the one that stands there."""
    from agentconv.lowering.lower import lower

    placed = {n for forced in (spec.tables.get("forced") or {}).values() for n in forced if n not in spec.by_field}
    said = {n: v for n, v in seen.said().items() if n not in ("tools", "extras", "prompt_mode", *placed)}
    plain = {n: v for n, v in fields.items() if n not in ("tools", "extras")}
    for name, value in plain.items():
        if name in said and value != said[name] and not _derivable(name):
            return name
    again = lower(_with(seen, spec, plain), src, spec, rights, Options()).agent
    for name, value in said.items():
        now = getattr(again, "name" if name == "id" and spec.identity.get("by") == "name" else name)
        if not _same(name, loaded(name, now, spec), loaded(name, value, spec)):
            for culprit in SHOWN_IN.get(name, (name,)):
                if culprit in plain:
                    return culprit
    return None


def _derivable(name: str) -> bool:
    """Fields that a target may hold in a form of its own; whether this is the case is shown by lowering them again."""
    return name in SHOWN_IN or name in (
        "when_to_use",
        "prompt_parts",
        "model",
        "effort",
        "context",
        "examples",
        "color",
    )


def _same(name: str, now: Any, shown: Any) -> bool:
    if name == "model":
        return [m.id or m.tier or m.text for m in now or ()] == [m.id or m.tier or m.text for m in shown or ()]
    if isinstance(now, str) and isinstance(shown, str):
        return now.replace("\r\n", "\n").strip() == shown.replace("\r\n", "\n").strip()
    return bool(now == shown)
