"""Fields without a home in the target, kept for the way back.

They stand under a key of their own where the program ignores unknown keys, else in a comment at the end of the prompt.
Both are a stranger's data when the file is read again, so little is believed: only fields that give no right, nothing
that the visible fields say otherwise, no tools beyond those that the visible header gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.dump import field_from_data, field_to_data, tools_from_data, tools_to_data
from agentconv.grants import by_capability, is_star, resolved
from agentconv.lowering.fold import TITLES, unfold
from agentconv.lowering.lowered import Lowered, Options
from agentconv.lowering.references import followed
from agentconv.lowering.traces import KEY
from agentconv.model import Agent, Extra, Rule, Tools
from agentconv.notes import Note, note
from agentconv.registry import ids, load, shared_readers
from agentconv.rights import Rights, contains, of_agent, spread
from agentconv.schemas.model import agent_schema, misfit
from agentconv.spec import Spec

COMMENT = re.compile(r"(?:\A|\r?\n\r?\n)<!-- agentconv:carry (\{[^\r\n]*\}) -->[ \t\r\n]*\Z")
GUARD = re.compile(r"\A\[agentconv: [^\[\]\r\n]*\][ \t]*(?:\r?\n)*")

# Fields that a carrier may bring back, in the order in which they are judged. Not among them: hooks and MCP servers,
# which start programs, and whatever else could do more than the visible header says.
FIELDS = (
    "title", "name", "id", "description", "when_to_use", "prompt_parts", "prompt", "model", "effort",
    "temperature", "top_p", "mode", "permission_mode", "max_turns", "timeout", "background", "isolation",
    "memory", "sandbox", "project_context", "delegates", "handoffs", "skills", "context", "attachments",
    "user_invocable", "model_invocable", "hidden", "disabled", "color", "icon", "argument_hint", "welcome",
    "capabilities", "task_types", "tools_required", "priority", "examples", "tags", "author", "version",
    "license", "metadata",
)  # fmt: skip
# Values of these fields that take rights away or leave them as they are; the others give some.
HARMLESS: Mapping[str, tuple[str, ...]] = {"permission_mode": ("plan", "default"), "sandbox": ("read-only",)}
# Fields whose value shows in another one when the target has no place of its own for them.
SHOWN_IN: Mapping[str, tuple[str, ...]] = {
    "description": ("description", "when_to_use"),
    "prompt": ("prompt", "prompt_parts"),
    "name": ("name", "title", "id"),
    "title": ("title", "name"),
    "id": ("id", "name"),
}
LIMITS = ("tools", "delegates", "memory", "sandbox", "permission_mode")


# -- writing ----------------------------------------------------------------------------------


def carry(agent: Agent, src: Spec, dst: Spec, out: Lowered, names: Mapping[str, str]) -> None:
    """Keep for the way back what the target has no place for, or holds in another form. ``names``: of other agents, and
    what the target calls them; the source's own travel."""
    own = followed(agent, {new: old for old, new in names.items()})
    unsure = {row.field for row in dst.rows_with("present")}  # what does not come along is left out at the end
    fields = {
        name: field_to_data(name, getattr(own, name))
        for name in FIELDS
        if (value := getattr(agent, name)) is not None
        and (name in unsure or value != _loaded(name, getattr(out.agent, name), dst))
        and (name not in HARMLESS or value in HARMLESS[name])
        and not (name in TITLES and value == getattr(own, name) and _folded(name, out))
    }
    if dst.identity.get("by") == "name":  # the file's name is no part of what is read again
        fields.pop("id", None)
        if agent.id and agent.id != out.agent.name:
            fields["id"] = agent.id
    if (
        out.agent.prompt is not None
        and agent.prompt_parts is None
        and _added_only(agent.prompt, _loaded("prompt", out.agent.prompt, dst))
    ):
        fields.pop("prompt", None)
    tools = agent.tools
    seen = of_agent(replace(out.agent, disabled=None), dst, program=False)
    mine = of_agent(agent, src, program=False)
    if tools != Tools() and tools != out.agent.tools and not more(seen, mine) and not _by_key(tools, src):
        fields["tools"] = tools_to_data(own.tools)
    extras = [field_to_data("extras", (e,))[0] for e in agent.extras if _harmless(e, src) and e not in out.agent.extras]
    if extras:
        fields["extras"] = extras
    if not fields:
        return
    text = _safe(json.dumps({"from": src.id, "fields": fields}, ensure_ascii=True, default=str))
    if _takes_keys(dst):
        out.agent = replace(out.agent, extras=(*out.agent.extras, Extra(KEY, text, dst.id)))
        where = f"under the key `{KEY}`"
    else:
        prompt = (out.agent.prompt or "").rstrip("\r\n")
        comment = f"<!-- agentconv:carry {text} -->"
        newline = "\r\n" if "\r\n" in prompt else "\n"
        out.agent = replace(out.agent, prompt=f"{prompt}{newline * 2}{comment}" if prompt else comment)
        where = "in a comment at the end of the prompt"
    _say(fields, extras, where, out)


def _folded(name: str, out: Lowered) -> bool:
    """Whether a field stands in the prompt, from where it comes home by itself."""
    return any(n.code == "L014" and n.path == name for n in out.notes)


def more(have: Rights, want: Rights) -> Rights:
    """Rights beyond those at hand, word for word: here a free shell does not stand for the rest."""
    rest = frozenset(r for r in spread(have) if r.cls != "runs")
    return frozenset(r for r in spread(want) if not contains(have if r.cls == "runs" else rest, r))


def _loaded(name: str, value: Any, spec: Spec) -> Any:
    """A text as the program has it when it has loaded the file. What it cuts off a prompt is no part of one."""
    if isinstance(value, str):
        if name != "prompt" and "trim" in (spec.tables.get("normalise") or {}).get(name, ()):
            value = value.strip()
        for old, new in ((spec.container.get("dialect") or {}).get("replace") or {}).items():
            value = value.replace(str(old), str(new))
    return value


def _added_only(was: str | None, now: str) -> bool:
    """Whether the prompt only got text behind it (a folded section, which reading takes off by itself)."""
    return (was or "").rstrip("\r\n") in (now.rstrip("\r\n"), unfold(now)[0])


def _say(fields: Mapping[str, Any], extras: list[Any], where: str, out: Lowered) -> None:
    kept = {*fields, *(e["key"] for e in extras)} - {"extras"}
    for n, one in enumerate(out.notes):
        if one.effect == "lost" and one.path in kept:
            out.notes[n] = one.moved(effect="approximate", message=f"{one.message}; kept for the way back")
    at = "prompt" if where.startswith("in") else KEY
    out.say("L013", f"kept {where} for --carry on the way back: {', '.join(sorted(kept))}", at)


def _free(extra: Extra, src: Spec) -> bool:
    """A key that means nothing to the program it came from, so that giving it back gives nothing else."""
    return (
        extra.format == src.id
        and extra.key not in src.fields
        and extra.key.split(".")[0] not in src.known_keys
        and src.container.get("unknown_keys") == "ignored"
        and extra.key != KEY
    )


def _harmless(extra: Extra, src: Spec) -> bool:
    """What may come home as it is: a key that means nothing, or one that takes away and does nothing else."""
    row = src.fields.get(extra.key)
    if row is None or not row.fact("takes_away") or extra.format != src.id:
        return _free(extra, src)
    if row.type == "list":
        return isinstance(extra.value, list | tuple) and all(isinstance(one, str) for one in extra.value)
    return extra.limits and extra.value in (row.fact("limits") or ())


def _takes_keys(dst: Spec) -> bool:
    """Whether a key of ours does nothing in any program that reads the place."""
    if dst.syntax not in ("frontmatter", "toml", "json", "yaml"):
        return False  # no keys at all
    readers = [dst, *(other for other, _, _ in shared_readers(dst, at=str(dst.head["places"].get("write", ""))))]
    raw = (dst.container.get("dialect") or {}).get("parser") == "lines"  # quotes are text
    return not raw and all(spec.container.get("unknown_keys") == "ignored" for spec in readers)


def _safe(text: str) -> str:
    """JSON that no program evaluates, replaces or takes for the end of a comment, a header or a string."""
    escaped = re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: _escaped(m[0]), text)
    return re.sub(r"([{}])(?=[{}])", r"\1 ", escaped)  # `{{` and `}}` are templates somewhere


def _escaped(string: str) -> str:
    return re.sub(r"[-<>$!@`&%{}'#*|~^]", lambda m: f"\\u{ord(m[0]):04x}", string)


# -- reading ----------------------------------------------------------------------------------


def without_guard(agent: Agent, file: str) -> tuple[Agent, list[Note]]:
    """The sentence about a limit that an earlier target did not hold. It says nothing about rights: it is text."""
    found = GUARD.match(agent.prompt or "")
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
    found = COMMENT.search(agent.prompt or "")
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
            if kept := tuple(e for e in extras if _harmless(e, src)):
                fields[name] = tuple(replace(e, limits=e.key in src.fields) for e in kept)
            notes += [_ignored(e.key, "it means something to its program") for e in extras if not _harmless(e, src)]
        else:
            fields[name] = field_from_data(name, value)
    return src, fields, notes


def _restored(seen: Agent, spec: Spec, src: Spec, fields: dict[str, Any], notes: list[Note]) -> tuple[Agent, Spec]:
    """The fields that neither contradict what the file shows nor give more than it does; ``fields`` loses the rest."""
    rights = of_agent(seen, spec, program=False)
    if "tools" in fields and (key := _by_key(fields["tools"], src)):
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


def _by_key(tools: Tools, src: Spec) -> str:
    """The key that gives one of the tools, which is no entry of the list: without the key nothing is."""
    found = (src.tools.own(rule.tool.name) for rule in tools.rules if rule.effect == "allow")
    return next((name.key for name in found if name is not None and name.key), "")


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
        if not _same(name, _loaded(name, now, spec), _loaded(name, value, spec)):
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
