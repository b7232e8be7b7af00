"""Fields without a home in the target, kept for the way back.

They stand under a key of their own where the program ignores unknown keys, else in a comment at the end of the prompt.
``carriedback`` takes them home.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.dump import field_to_data, tools_to_data
from agentconv.lowering.fold import TITLES, unfold
from agentconv.lowering.lowered import Lowered
from agentconv.lowering.references import followed
from agentconv.lowering.traces import COMMENT, KEY
from agentconv.model import Agent, Extra, Tools
from agentconv.registry import shared_readers
from agentconv.rights import Rights, contains, of_agent, spread
from agentconv.spec import Spec

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


def carry(agent: Agent, src: Spec, dst: Spec, out: Lowered, names: Mapping[str, str]) -> None:
    """Keep for the way back what the target has no place for, or holds in another form. ``names``: of other agents, and
    what the target calls them; the source's own travel."""
    own = followed(agent, {new: old for old, new in names.items()})
    fields = _fields(agent, own, dst, out)
    seen = of_agent(replace(out.agent, disabled=None), dst, program=False)
    mine = of_agent(agent, src, program=False)
    listed = agent.tools != Tools() and agent.tools != out.agent.tools
    if listed and not more(seen, mine) and not by_key(agent.tools, src):
        fields["tools"] = tools_to_data(own.tools)
    extras = [field_to_data("extras", (e,))[0] for e in agent.extras if harmless(e, src) and e not in out.agent.extras]
    if extras:
        fields["extras"] = extras
    if fields:
        text = _safe(json.dumps({"from": src.id, "fields": fields}, ensure_ascii=True, default=str))
        _say(fields, extras, _put(text, dst, out), out)


def _fields(agent: Agent, own: Agent, dst: Spec, out: Lowered) -> dict[str, Any]:
    """The fields that would not come home by themselves; ``own``: the agent with the source's names of others."""
    unsure = {row.field for row in dst.rows_with("present")}  # what does not come along is left out at the end
    fields = {
        name: field_to_data(name, getattr(own, name))
        for name in FIELDS
        if (value := getattr(agent, name)) is not None
        and (name in unsure or value != loaded(name, getattr(out.agent, name), dst))
        and (name not in HARMLESS or value in HARMLESS[name])
        and not (name in TITLES and value == getattr(own, name) and _folded(name, out))
    }
    if dst.identity.get("by") == "name":  # the file's name is no part of what is read again
        fields.pop("id", None)
        if agent.id and agent.id != out.agent.name:
            fields["id"] = agent.id
    now = out.agent.prompt
    if now is not None and agent.prompt_parts is None and _added_only(agent.prompt, loaded("prompt", now, dst)):
        fields.pop("prompt", None)
    return fields


def _put(text: str, dst: Spec, out: Lowered) -> str:
    """The carrier into the agent; where it stands, in words."""
    if _takes_keys(dst):
        out.agent = replace(out.agent, extras=(*out.agent.extras, Extra(KEY, text, dst.id)))
        return f"under the key `{KEY}`"
    prompt = (out.agent.prompt or "").rstrip("\r\n")
    comment = f"{COMMENT}{text} -->"
    newline = "\r\n" if "\r\n" in prompt else "\n"
    out.agent = replace(out.agent, prompt=f"{prompt}{newline * 2}{comment}" if prompt else comment)
    return "in a comment at the end of the prompt"


def _folded(name: str, out: Lowered) -> bool:
    """Whether a field stands in the prompt, from where it comes home by itself."""
    return any(n.code == "L014" and n.path == name for n in out.notes)


def more(have: Rights, want: Rights) -> Rights:
    """Rights beyond those at hand, word for word: here a free shell does not stand for the rest."""
    rest = frozenset(r for r in spread(have) if r.cls != "runs")
    return frozenset(r for r in spread(want) if not contains(have if r.cls == "runs" else rest, r))


def by_key(tools: Tools, src: Spec) -> str:
    """The key that gives one of the tools, which is no entry of the list: without the key nothing is."""
    found = (src.tools.own(rule.tool.name) for rule in tools.rules if rule.effect == "allow")
    return next((name.key for name in found if name is not None and name.key), "")


def loaded(name: str, value: Any, spec: Spec) -> Any:
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


def harmless(extra: Extra, src: Spec) -> bool:
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
