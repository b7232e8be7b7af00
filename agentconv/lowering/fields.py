"""Lowering of all other fields: kept where the target has a home for them, else named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agentconv.hooks import hooks_problem
from agentconv.lowering.lowered import USUAL, Lowered
from agentconv.lowering.servers import lower_servers
from agentconv.model import EFFORTS, Extra, Handoff
from agentconv.models import model_of
from agentconv.reading.keys import is_limit
from agentconv.reading.routing import known_keys
from agentconv.rights import CLASSES, Rights
from agentconv.spec import Field, Spec

BEHIND = re.compile(r"[.\[]")  # what follows the key at the top of a file


def lower_field(name: str, value: Any, src: Spec, dst: Spec, before: Rights, out: Lowered) -> Any:
    """The value for the target, or ``None`` where it has no home."""
    row = dst.by_field.get(name)
    if row is None:
        _say_homeless(name, value, src, dst, out)
        return None
    if name == "hooks":
        return _hooks(value, src, dst, row, out)
    if name == "handoffs":
        return tuple(_handoff(h, dst, row, out) for h in value) or None
    if name == "mcp_servers":
        return lower_servers(value, src, dst, row, before, out)
    if value == () and row.fact("empty") == "unsaid":
        return None  # an empty list and no list are the same there
    if row.fact("keys") and isinstance(value, (Mapping, tuple)):
        return known_keys(name, value, row, dst, out)
    if name == "effort":
        return _effort(value, row, dst, out)
    if unit := row.fact("unit"):
        value = _in_units(value, int(unit), row, dst, out)
    return value if _arrives(name, value, row, src, dst, before, out) else None


def _say_homeless(name: str, value: Any, src: Spec, dst: Spec, out: Lowered) -> None:
    """What is lost where the target has no such field."""
    if name == "hooks":
        _lose_hooks(value, src, dst, out)
    elif value not in USUAL.get(name, ()):
        _lose(name, value, src, dst, out)
    elif (theirs := src.by_field.get(name)) is not None and _shown(value, theirs) != theirs.fact("default"):
        asks = _theirs(value, theirs) in (theirs.fact("asks") or ())
        always = [one[name] for one in (dst.tables.get("forced") or {}).values() if name in one]
        anyway = "that tools ask is told with them" if asks else f"what it says is what {dst.program} does anyway"
        anyway = anyway if name != "mode" else "none is needed there"
        if always and value not in always:
            anyway = f"there it is always `{always[0]}`"
        text = f"{dst.program} has no `{theirs.key}`; {anyway}"
        out.say("L001", text, name, "info")


def _arrives(name: str, value: Any, row: Field, src: Spec, dst: Spec, before: Rights, out: Lowered) -> bool:
    """Whether a value is written. One that the target does not take, or that would add tools there, is not; one that it
    takes and does nothing with is, but for a limit, which would be believed."""
    if more := _implied(value, row, dst) - _classes(before):
        text = f"`{row.key}` would add tools in {dst.program} ({', '.join(sorted(more))}); left out"
        out.say("L001", text, name)
        return False
    if not _takes(value, row):
        if value in USUAL.get(name, ()):
            return False
        if limit_in(src, name, value):
            _lose(name, value, src, dst, out)
        else:
            out.say("L002", f"{dst.program} takes no `{row.key}: {value}`", name)
        return False
    if row.type == "bool" and row.fact("default") is not None and _shown(value, row) == row.fact("default"):
        return False  # saying the default and not saying it are the same
    if not row.applied:
        theirs = src.by_field.get(name)
        if theirs is not None and theirs.applied and limit_in(src, name, value):
            _lose(name, value, src, dst, out)
            return False
        out.say("L007", f"{dst.seen} accepts `{row.key}` and does nothing with it", name)
    return True


def _in_units(value: Any, unit: int, row: Field, dst: Spec, out: Lowered) -> Any:
    """Seconds as the program counts them: whole minutes, rounded up, where it takes no less."""
    whole = -(-int(value) // unit) * unit
    if row.type == "int" and whole != value:
        out.say("L009", f"{dst.program} counts `{row.key}` in whole minutes: {value} s became {whole} s", "timeout")
        return whole
    return value


def _handoff(handoff: Handoff, dst: Spec, row: Field, out: Lowered) -> Handoff:
    if handoff.label.strip() or "label" not in row.fact("entry_needs", ()):
        return handoff
    out.say("L009", f"{dst.program} drops a handoff without a label; the agent's name stands in", "handoffs")
    return replace(handoff, label=handoff.agent)


def _takes(value: Any, row: Field) -> bool:
    """Whether the program knows the word, and the value lies within its limits."""
    words = row.to_program
    if words and not row.fact("open") and value not in words:
        return False
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = value / row.fact("unit", 1)
        if not value and row.type == "int" and row.fact("empty") == "unsaid":
            return False  # there none is no limit
        least, most = row.fact("min"), row.fact("max")
        return (least is None or value >= least) and (most is None or value <= most)
    pattern = row.fact("pattern")
    return not (pattern and isinstance(value, str)) or re.fullmatch(pattern, value) is not None


def _implied(value: Any, row: Field, dst: Spec) -> set[str]:
    """Risk classes that a value of the target brings along."""
    implies = row.fact("implies")
    if not implies:
        return set()
    names = implies.get(row.to_program.get(value, value), ()) if isinstance(implies, Mapping) else implies
    return {c for n in names if n in dst.tools.names for c in dst.tools.names[n].classes}


def _classes(before: Rights) -> set[str]:
    if any(r.whole and r.cls in ("all", "runs") for r in before):
        return set(CLASSES)
    return {r.cls for r in before if r.whole}


def _shown(value: Any, row: Field) -> Any:
    return (not value) if row.fact("invert") else value


def limit_in(src: Spec, name: str, value: Any) -> bool:
    """Whether losing the value of a field lifts a limit that the format has."""
    rows = [r for r in src.fields.values() if r.field == name]
    return any(is_limit(row, _theirs(value, row)) for row in rows)


def _theirs(value: Any, row: Field) -> Any:
    """The value as the source's program spells it."""
    if isinstance(value, (str, int)):
        return row.to_program.get(value, _shown(value, row))
    return value


def _lose(name: str, value: Any, src: Spec, dst: Spec, out: Lowered) -> None:
    row, key = src.by_field.get(name), src.key_of(name)
    if any(n.code == "L004" and n.path == name for n in out.notes):
        return  # held by fewer rights
    if limit_in(src, name, value) and not dst.text_kind and (row is None or row.applied):
        out.limits.append(name)
        # a key of that name may be there, with events and words of its own
        there = name == "hooks" and name in dst.by_field
        what = f"{dst.seen} does not take the hooks of {src.program}" if there else f"{dst.seen} has no `{key}`"
        out.say("L003", f"{what}; the limit would be lost", name, help="--allow-widening limits writes it without")
    elif name == "mcp_servers" and isinstance(value, Mapping) and value:
        _lose_servers(value, dst, out)
    else:
        out.say("L001", f"{dst.program} has no `{key}`", name)


def _lose_servers(servers: Mapping[str, Any], dst: Spec, out: Lowered) -> None:
    """An agent's file of the target sets up no MCP server; where a project does, is told."""
    names = ", ".join(f"`{one}`" for one in servers)
    them, are = ("it", "is") if len(servers) == 1 else ("them", "are")
    around = dst.head.get("around") or {}
    places = list((around.get("servers") or around.get("reached") or {}).items())
    help = f"set {them} up in `{places[0][0]}`, under `{places[0][1]}`" if places else ""
    out.say(
        "L001", f"{dst.program} takes no MCP server from an agent: {names} {are} left out", "mcp_servers", help=help
    )


def _effort(value: Any, row: Field, dst: Spec, out: Lowered) -> Any:
    words = row.to_program
    if not words or value in words:
        if not row.applied:
            out.say("L007", f"{dst.seen} accepts `{row.key}` and does nothing with it", "effort")
        return value
    if value not in EFFORTS:
        out.say("L002", f"{dst.program} knows no effort `{value}`", "effort")
        return None
    at = EFFORTS.index(value)
    known = [e for e in EFFORTS if e in words]
    if not known:
        return value
    nearest = min(known, key=lambda e: (abs(EFFORTS.index(e) - at), EFFORTS.index(e)))
    out.say("M005", f"{dst.program} knows no effort `{value}`; it became `{nearest}`", "effort")
    return nearest


def _hooks(value: Any, src: Spec, dst: Spec, row: Field, out: Lowered) -> Any:
    theirs = src.by_field.get("hooks")
    if theirs is not None and theirs.fact("family") == row.fact("family"):
        events = row.fact("events")
        if _hooks_fit(value, row) and (not events or all(e in events for e in value)):
            return value
    _lose_hooks(value, src, dst, out)
    return None


def _hooks_fit(value: Any, row: Field) -> bool:
    """Whether hooks have the shape that the target checks: a wrong entry loses its file, or is passed over there."""
    if not isinstance(value, Mapping):
        return False
    if not row.fact("hook_types") or not row.fact("matchers"):
        return True
    return all(entries is not None and not hooks_problem(e, entries, row) for e, entries in value.items())


def _lose_hooks(value: Any, src: Spec, dst: Spec, out: Lowered) -> None:
    if limit_in(src, "hooks", value):
        _lose("hooks", value, src, dst, out)
    else:
        out.say("L008", f"hooks are commands of {src.program}; they are not carried to {dst.program}", "hooks")


def always(fields: dict[str, Any], src: Spec, dst: Spec, out: Lowered) -> None:
    """What is written even where nothing says it. Of two formats of one program both mean the same by saying nothing:
    an agent of opencode.json without a mode is one for all modes. Where saying nothing is a word of its own to the
    program (`absent:`), whoever says nothing comes from no file."""
    required = {row.field for row in dst.rows_with("required") if row.fact("required")}  # under any key
    for row in dst.rows_with("always"):
        word = row.fact("always")
        same = src.program == dst.program and src.fields.get(row.key) is not None and row.fact("absent") is None
        if same and row.field not in required:
            continue
        if word is None or word is True or not row.field or not row.written or fields.get(row.field) is not None:
            continue
        if row.type == "model":
            text = f"{dst.program} asks for a model and none that it has is said: `{word}` is written"
            out.say("M060", text, "model", help="say the model in the source, or name one with --model-map")
            fields[row.field] = (model_of(str(word)),)
            continue
        fields[row.field] = row.to_model.get(word, word)


KINDS: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "string": (str,),
    "text": (str,),
    "int": (int,),
    "number": (int, float),
    "map": (Mapping,),
    "list": (list, tuple),
}


def _fits(value: Any, home: Field | None) -> bool:
    """Whether a value has the type that its key wants: another one is passed over, or loses the file."""
    kinds = KINDS.get(home.type) if home is not None else None
    return kinds is None or (isinstance(value, kinds) and isinstance(value, bool) == (kinds == (bool,)))


def _denials(row: Field | None) -> Mapping[Any, Any]:
    """Values of a key without a field in the model that are read as denials."""
    return (row.fact("denies") if row else None) or {}


def lower_extras(extras: tuple[Extra, ...], src: Spec, dst: Spec, out: Lowered) -> tuple[Extra, ...]:
    """Keys of the program's own: between formats of one program as they are, else dropped."""
    kept = []
    for extra in extras:
        if _stays(extra, src, dst):
            kept.append(extra)
        elif _looked_into(extra, src):
            text = f"`{extra.key}` of {src.program} was read for what the agent takes from it"
            out.say("L006", text, extra.key, "info")
        elif extra.key in out.held:
            continue
        elif extra.limits and not dst.text_kind:
            out.limits.append(extra.key)
            row = src.fields.get(extra.key)
            text = f"{dst.seen} has no `{extra.key}` of {src.program}; the limit would be lost"
            if row and (what := row.fact("limits_note")):
                text = f"`{extra.key}` of {src.program}: {what}. {dst.seen} has nothing like it"
            out.say("L003", text, extra.key, help="--allow-widening limits writes it without")
        elif text := _said_otherwise(extra, src):
            out.say("L006", text, extra.key, "info")
        else:
            unknown = src.container.get("unknown_keys") != "sent" and BEHIND.split(extra.key)[0] not in src.known_keys
            text = f"is no key of {src.program}" if unknown else f"means something to {src.program} only"
            if (row := src.fields.get(extra.key)) is not None and row.fact("approves"):
                text = f"decides what {src.program} runs without a question; it gives no tool and takes none"
            if row is not None and row.fact("texts"):
                text = f"names texts that {src.program} gives the agent; they do not come along"
            if row is not None and row.fact("loss"):
                text = row.fact("loss")
            out.say("L006", f"`{extra.key}` {text}", extra.key)
    return tuple(kept)


def _stays(extra: Extra, src: Spec, dst: Spec) -> bool:
    """Whether the target is a format of the same program, and has the key."""
    top_key = extra.key.split(".")[0]
    if not src.family & dst.family or extra.format not in src.family | dst.family | {""}:
        return False  # what a conversion wrote beside carried fields is the other format's
    if top_key not in dst.known_keys and dst.container.get("unknown_keys") == "refused":
        return False
    home, top = dst.fields.get(extra.key), dst.fields.get(top_key)
    if top is not None and top.type == "tool-settings":  # a table that is never written
        return False
    if home is not None and (home.field is not None or not home.written):
        return False
    if dst.container.get("unknown_keys") == "none" or not _fits(extra.value, home):
        return False
    lines = (dst.container.get("dialect") or {}).get("parser") == "lines"  # one line of text and a key in lower case
    plain = extra.key == extra.key.lower() and isinstance(extra.value, str) and "\n" not in extra.value
    return plain or not lines


def _looked_into(extra: Extra, src: Spec) -> bool:
    """Whether other keys, or the rules for tools, hold what the key says."""
    return extra.key in src.tools.server_keys or any(
        (row.fact("looked_up") or {}).get("in") == extra.key or (row.fact("roster") and row.key == extra.key)
        for row in src.fields.values()
    )


def _said_otherwise(extra: Extra, src: Spec) -> str:
    """What became of a key whose meaning arrives in another way; empty where it is lost."""
    named = src.container.get("prompt_by") or {}
    if extra.key == named.get("key") and extra.value not in named["own"]:
        return f"`{extra.key}` of {src.program} says where its prompt lies"
    if isinstance(extra.value, str | bool) and extra.value in _denials(src.fields.get(extra.key)):
        value = str(extra.value).lower() if isinstance(extra.value, bool) else extra.value
        return f"`{extra.key}: {value}` of {src.program} was read for what it takes away"
    if extra.key == src.models.get("provider_key"):
        return f"`{extra.key}` of {src.program} says who serves the model there"
    return ""
