"""Lowering: the agent as the target can hold it. Each step down leaves a note; templates decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agentconv import models, naming
from agentconv.engine import is_limit
from agentconv.fitting import fit
from agentconv.lowertools import Job, lower_tools
from agentconv.model import EFFORTS, Agent, Extra, Model
from agentconv.notes import Note, NoteEffect, note
from agentconv.rights import CLASSES, Right, Rights, denied_by_fields, of_ambient, risk, spread, contains
from agentconv.spec import Field, Spec, cap_title

IDENTITY = ("id", "name", "title", "description", "when_to_use", "prompt", "prompt_parts", "prompt_mode", "tools")
# what a program without the field does anyway: saying it and not saying it are the same
USUAL: Mapping[str, tuple[Any, ...]] = {
    "permission_mode": ("default",),
    "user_invocable": (True,),
    "model_invocable": (True,),
    "hidden": (False,),
    "disabled": (False,),
    "background": (False,),
    "mode": ("subagent", "all"),
    "delegates": (("*",),),
    "project_context": (True,),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the user decided."""

    allow_widening: frozenset[str] = frozenset()  # classes; `*` is every class
    skip_refused: bool = False
    strict: bool = False
    approval: str = ""
    model_policy: str = "map"  # keep | map | drop
    model_map: tuple[tuple[str, str], ...] = ()
    guard: bool = True
    carry: bool = False
    fold: bool = False
    user: bool = False

    def allows(self, cls: str) -> bool:
        """Whether the user let this class become wider."""
        return "*" in self.allow_widening or cls.split("(")[0] in self.allow_widening


@dataclass(slots=True)
class Lowered:
    """The agent for the target, with the limits that no form of it can hold."""

    agent: Agent
    notes: list[Note] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    skipped: bool = False

    def say(self, code: str, message: str, at: str, effect: NoteEffect | None = None, help: str = "") -> None:
        """A note at a field."""
        self.notes.append(note(code, message, effect=effect, path=at, help=help))


def lower(
    agent: Agent,
    src: Spec,
    dst: Spec,
    before: Rights,
    options: Options,
    forbid: frozenset[str] = frozenset(),
    source_id: str = "",
) -> Lowered:
    """The agent as the target can hold it."""
    out = Lowered(Agent(id=agent.id))
    if agent.disabled and "disabled" not in dst.by_field:
        out.skipped = True
        out.say("C008", f"disabled in {src.program}; {dst.program} has no such switch, so it is not written", "disabled")
        return out
    forbid = forbid | _held_by_rights(agent, src, dst, options, out)
    leave = frozenset(c for c in (*CLASSES, "mcp:*") if options.allows(c)) - forbid
    job = Job(src, dst, agent, before, forbid, options.approval, leave)
    tools, delegates = lower_tools(job)
    out.notes += job.notes
    fields: dict[str, Any] = {"tools": tools}
    fields |= _identity(agent, src, dst, out)
    fields |= _texts(agent, src, dst, out)
    fit(fields, dst, out.say)
    if models_said := _models(agent, dst, options, out):
        fields["model"] = models_said
    rest = replace(agent, delegates=delegates if delegates is not None else agent.delegates)
    for name, value in rest.said().items():
        if name in IDENTITY or name in ("model", "extras"):
            continue
        kept = _field(name, value, src, dst, before, out, tools_hold=name == "delegates" and delegates is None)
        if kept is not None:
            fields[name] = kept
    _always(fields, dst)
    extras = _extras(agent.extras, src, dst, out)
    _say_ambient(before, dst, out)
    out.agent = Agent(**fields, extras=extras)
    return out


# -- rights held by other means ---------------------------------------------------------------


def _held_by_rights(agent: Agent, src: Spec, dst: Spec, options: Options, out: Lowered) -> frozenset[str]:
    """Plan mode and the like: where the target lacks the field, its limit is held by fewer rights."""
    taken = frozenset(c for c in denied_by_fields(agent, src, program=False) if not options.allows(c))
    if not taken:
        return frozenset()
    for row in src.fields.values():
        value = getattr(agent, row.field) if row.field else None
        theirs = dst.by_field.get(row.field or "")
        if value is None or not row.fact("denies") or (theirs and theirs.applied and value in theirs.to_program):
            continue
        if not row.fact("denies").get(row.to_program.get(value, value)):
            continue
        classes = " and ".join(sorted(taken))
        out.say(
            "L004",
            f"{dst.program} has no `{row.key}: {row.to_program.get(value, value)}`; it is held by giving no tool that {classes}",
            row.field or row.key,
        )
    return taken


def _say_ambient(before: Rights, dst: Spec, out: Lowered) -> None:
    rights = [r for r in of_ambient(dst) if not contains(before, r)]
    if not rights or dst.text_kind:
        return
    classes = ", ".join(sorted({r.cls for r in rights}))
    names = ", ".join(n for n, caps in dst.ambient.items() if any(risk(c) in {r.cls for r in rights} for c in caps))
    out.say("T012", f"{dst.seen} gives every agent {names} ({classes}); no file can take them away", "tools")


# -- identity and texts -----------------------------------------------------------------------


def _identity(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> dict[str, Any]:
    by = dst.identity.get("by", "name")
    called = agent.id or agent.name or "agent"
    fields: dict[str, Any] = {}
    if by == "name":
        wish = agent.name or called
        rules = dst.identity.get("name")
        name = wish if naming.legal(wish, rules) else naming.slug(wish) or "agent"
        if dst.identity.get("reserved_are") == "dropped" and name in (dst.identity.get("reserved") or ()):
            name = f"{name}-agent"
        fields["id"] = fields["name"] = name
        if name != wish:
            out.say("C001", f"`{wish}` is no legal name in {dst.program}; it became `{name}`", "name")
        shown = name
    else:
        shown = naming.file_id(called, dst)
        fields["id"] = shown
        if shown != called:
            out.say("C001", f"`{called}` is no legal name in {dst.program}; it became `{shown}`", "id")
        if "name" in dst.by_field:
            fields["name"] = agent.name or agent.title or called
            if not agent.name:
                del fields["name"]
        elif agent.name and agent.name != shown and "title" not in dst.by_field:
            out.say("C001", f"the name `{agent.name}` has no place in {dst.program}; the agent is called `{shown}`", "name")
    title = agent.title or (agent.name if agent.name != shown else None)
    if row := dst.by_field.get("title"):
        if title or row.fact("required"):
            fields["title"] = title or agent.name or called
    elif agent.title and agent.title not in (shown, fields.get("name")):
        if "name" in dst.by_field and by != "name":
            fields["name"] = agent.title
        else:
            out.say("L001", f"{dst.program} has no title beside the name (`{agent.title}`)", "title")
    reserved = {str(r).lower() for r in dst.identity.get("reserved") or ()}
    if shown.lower() in reserved:
        out.say("C005", f"{dst.program} has an agent `{shown}` of its own, which this one replaces", "name")
    del src
    return fields


def _texts(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    description = agent.description
    when = agent.when_to_use
    if when is not None and "when_to_use" not in dst.by_field:
        if description is None or description.strip() == when.strip():
            description = when
            out.say("L011", f"{dst.program} has one text for both: `when to use` became the description", "when_to_use", "info")
        else:
            description = f"{description}\n\n{when}"
            out.say("L011", f"{dst.program} has one text for both: `when to use` was joined to the description", "when_to_use")
            out.say("L011", "the text on when to use it was joined to the description", "description")
    elif when is not None:
        fields["when_to_use"] = when
    row = dst.by_field.get("description")
    if row is None:
        if description:
            out.say("L001", f"{dst.program} has no description", "description")
    elif description is None or not description.strip():
        if row.fact("required"):
            fields["description"] = agent.title or agent.name or agent.id
            out.say("L005", f"{dst.program} requires a description; the name stands in", "description")
        elif description is not None and not row.fact("blank"):
            fields["description"] = description
    else:
        fields["description"] = _escapable(description, row, dst, out)
    fields["prompt"] = _prompt(agent, src, dst, out)
    if agent.prompt_parts and "prompt_parts" in dst.by_field:
        known = {r.key for r in dst.fields.values() if r.field == "prompt_parts"}
        if set(agent.prompt_parts) <= known:
            fields["prompt_parts"] = agent.prompt_parts
    mode, theirs = agent.prompt_mode, dst.tables.get("prompt_mode")
    if theirs:
        fields["prompt_mode"] = theirs
    if mode and theirs and mode != theirs:
        how = "is added to the program's own" if theirs == "added" else "replaces the program's own"
        out.say("L012", f"the prompt {how} base prompt in {dst.program}", "prompt_mode", "info")
    return fields


def _escapable(text: str, row: Field, dst: Spec, out: Lowered) -> str:
    if row.fact("escapes") == "newline" and "\\n" in text:
        out.say("L009", f"{dst.program} reads a literal \\n in `{row.key}` as a line break", row.field or row.key)
        return text.replace("\\n", "\n")
    return text


def _prompt(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> str | None:
    prompt = agent.prompt
    parts = agent.prompt_parts or {}
    known = {r.key for r in dst.fields.values() if r.field == "prompt_parts"}
    if parts and not set(parts) <= known:
        prompt = "\n\n".join([prompt or "", *(str(p).strip("\n") for p in parts.values())]).strip("\n")
        out.say("L011", f"{dst.program} has one prompt; {', '.join(parts)} follows in it", "prompt_parts")
        out.say("L011", "several texts of the source became one prompt", "prompt", "info")
    row = dst.by_field.get("prompt")
    if row is not None and row.fact("required") and not (prompt or "").strip():
        prompt = agent.description or agent.title or agent.name or agent.id
        out.say("L005", f"{dst.program} requires a prompt; the description stands in", "prompt")
    limit = (dst.tables.get("limits") or {}).get("prompt")
    if limit and prompt and len(prompt) > int(limit):
        out.say("C003", f"the prompt has {len(prompt)} characters, {dst.program} takes {limit}", "prompt", "approximate")
    replaced = (dst.container.get("dialect") or {}).get("replace")
    if replaced and prompt and any(c in prompt for c in map(str, replaced)):
        out.say("C007", f"{dst.seen} replaces typographic dashes, quotes and odd spaces when it loads the prompt", "prompt")
    del src
    return prompt


# -- models -----------------------------------------------------------------------------------


def _models(agent: Agent, dst: Spec, options: Options, out: Lowered) -> tuple[Model, ...] | None:
    if not agent.model:
        return None
    if options.model_policy == "drop":
        out.say("M007", "models are left out, as asked", "model")
        return None
    asked = dict(options.model_map)
    written: list[str] = []
    missing: list[Note] = []
    for wished in agent.model:
        mapped = asked.get(wished.text) or (asked.get(wished.id) if wished.id else None)
        if mapped:
            out.say("M007", f"`{wished.text}` became `{mapped}`, as asked", "model")
            written.append(mapped)
            continue
        if options.model_policy == "keep" and dst.models:
            out.say("M007", f"`{wished.text}` is written as it stands, as asked", "model")
            written.append(wished.text)
            continue
        text, how = models.spell(wished, dst)
        if text is None:
            missing.append(_no_model(wished, how, dst))
            continue
        if how == "tier":
            out.say("M002", f"`{wished.text}` became `{text}`", "model")
        written.append(text)
    written = list(dict.fromkeys(written))
    if len(written) > 1 and not dst.models.get("list"):
        out.say("M004", f"{dst.program} takes one model; `{written[0]}` is kept", "model")
        written = written[:1]
    for one in missing:
        out.notes.append(one.moved(effect="approximate") if written else one)
    return tuple(models.model_of(t) for t in written) or None


def _no_model(model: Model, how: str, dst: Spec) -> Note:
    if how == "no model in the file":
        return note("M001", f"{dst.program} has no model in the file (`{model.text}`)", path="model")
    if how == "unknown":
        text = f"`{model.text}` is no model that agentconv knows; {dst.program} uses its default"
        return note("M003", text, path="model", help=f"--model-map {model.text}=NAME names one")
    why = {"maker": "does not run models of that maker", "tier": "has no word for that tier"}.get(how, "is not known to have it")
    text = f"{dst.program} {why} (`{model.text}`); it uses its default"
    return note("M001", text, path="model", help=f"--model-map {model.text}=NAME names one")


# -- other fields -----------------------------------------------------------------------------


def _field(
    name: str, value: Any, src: Spec, dst: Spec, before: Rights, out: Lowered, *, tools_hold: bool
) -> Any:
    """The value for the target, or ``None`` where it has no home."""
    row = dst.by_field.get(name)
    if row is None and name == "hooks":
        _lose_hooks(value, src, dst, out)
        return None
    if row is None:
        if tools_hold and value == getattr(out.agent, name, None):
            return None
        if value in USUAL.get(name, ()):
            out.say("L001", f"{dst.program} has no `{_key(name, src)}`; what it says is what {dst.program} does anyway", name, "info")
        elif not (tools_hold and _delegates_held(out, dst)):
            _lose(name, value, src, dst, out)
        return None
    if name == "hooks":
        return _hooks(value, src, dst, row, out)
    if name == "mcp_servers":
        return _servers(value, src, dst, row, out)
    if name == "effort":
        return _effort(value, row, dst, out)
    if (implied := _implied(value, row, dst)) - _classes(before):
        text = f"`{row.key}` would add tools in {dst.program} ({', '.join(sorted(implied))}); left out"
        out.say("L001", text, name)
        return None
    words = row.to_program
    if words and value not in words and not row.fact("open"):
        if value not in USUAL.get(name, ()):
            if _limit_in(src, name, value):
                _lose(name, value, src, dst, out)
            else:
                out.say("L002", f"{dst.program} knows no `{row.key}: {value}`", name)
        return None
    if not _within_limits(value, row):
        out.say("L002", f"{dst.program} takes no `{row.key}: {value}`", name)
        return None
    if row.fact("default") is not None and _shown(value, row) == row.fact("default") and row.type == "bool":
        return None  # saying the default and not saying it are the same
    if not row.applied:
        effect: NoteEffect | None = None
        if _limit_in(src, name, value) and any(r.applied for r in [src.by_field.get(name)] if r):
            _lose(name, value, src, dst, out)
            return None
        out.say("L007", f"{dst.seen} accepts `{row.key}` and does nothing with it", name, effect)
    return value


def _key(name: str, src: Spec) -> str:
    row = src.by_field.get(name)
    return row.key if row else name


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


def _delegates_held(out: Lowered, dst: Spec) -> bool:
    """The limit on agents arrived in the tool control, or was noted there."""
    return dst.tools.control == "map" or any(n.code in ("T022", "T021") for n in out.notes)


def _within_limits(value: Any, row: Field) -> bool:
    import re

    if isinstance(value, (int, float)) and not isinstance(value, bool):
        least, most = row.fact("min"), row.fact("max")
        return (least is None or value >= least) and (most is None or value <= most)
    pattern = row.fact("pattern")
    return not (pattern and isinstance(value, str)) or re.fullmatch(pattern, value) is not None


def _limit_in(src: Spec, name: str, value: Any) -> bool:
    rows = [r for r in src.fields.values() if r.field == name]
    return any(is_limit(row, _theirs(value, row)) for row in rows)


def _theirs(value: Any, row: Field) -> Any:
    """The value as the source's program spells it."""
    if isinstance(value, (str, int)):
        return row.to_program.get(value, _shown(value, row))
    return value


def _lose(name: str, value: Any, src: Spec, dst: Spec, out: Lowered) -> None:
    row = src.by_field.get(name)
    key = row.key if row else name
    if name == "delegates":  # a limit, too, but one that the rights count
        if not any(n.path == "delegates" for n in out.notes):
            out.say("L001", f"{dst.program} has no `{key}`", name)
        return
    held = any(n.code == "L004" and n.path == name for n in out.notes)
    if held:
        return
    if _limit_in(src, name, value) and not dst.text_kind and (row is None or row.applied):
        out.limits.append(name)
        out.say("L003", f"{dst.seen} has no `{key}`; the limit would be lost", name, help="--allow-widening limits writes it without")
    else:
        out.say("L001", f"{dst.program} has no `{key}`", name)


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
        if not events or all(e in events for e in value):
            return value
    _lose_hooks(value, src, dst, out)
    return None


def _lose_hooks(value: Any, src: Spec, dst: Spec, out: Lowered) -> None:
    if _limit_in(src, "hooks", value):
        _lose("hooks", value, src, dst, out)
    else:
        out.say("L008", f"hooks are commands of {src.program}; they are not carried to {dst.program}", "hooks")


def _servers(value: Any, src: Spec, dst: Spec, row: Field, out: Lowered) -> Any:
    if src.id == dst.id or src.head.get("extends") == dst.id:
        return value
    kept: dict[str, Any] = {}
    for name, config in value.items():
        made = _server(config, row)
        if made is None and not (config is None and row.fact("shape") == "list"):
            out.say("L002", f"the MCP server `{name}` cannot be written for {dst.program}: set it up there", "mcp_servers")
        else:
            kept[name] = made
    if kept and not row.applied:
        out.say("L007", f"{dst.seen} accepts `{row.key}` and does nothing with it", "mcp_servers")
    return kept or None


def _server(config: Any, row: Field) -> Any:
    """A server in the target's form. Never more than the source starts: no command is added."""
    if not isinstance(config, Mapping):
        return None
    needs = row.fact("server_requires")
    if not needs:
        return dict(config)
    made = dict(config)
    kind = "remote" if "url" in made else "local"
    types = (row.fact("server_types") or {}).get(kind, ())
    if made.get("type", types[0] if types else None) not in types:
        return None
    if "type" in needs[kind] or "type" in made:
        made.setdefault("type", types[0])
    if kind == "local":
        made.setdefault("args", [])
    if "tools" in needs[kind]:
        made.setdefault("tools", ["*"])  # the agent's own tool list still decides
    return made if all(k in made for k in needs[kind]) else None


def _always(fields: dict[str, Any], dst: Spec) -> None:
    for row in dst.fields.values():
        word = row.fact("always")
        if word is not None and word is not True and row.field and row.written and fields.get(row.field) is None:
            fields[row.field] = row.to_model.get(word, word)


def _extras(extras: tuple[Extra, ...], src: Spec, dst: Spec, out: Lowered) -> tuple[Extra, ...]:
    same = {src.id, src.head.get("extends")} & {dst.id, dst.head.get("extends")} - {None}
    kept = []
    for extra in extras:
        home = dst.fields.get(extra.key)
        if same or (home is not None and home.field is None and home.written and src.head.get("place_family") == dst.id):
            kept.append(extra)
        elif extra.limits and not dst.text_kind:
            out.limits.append(extra.key)
            text = f"{dst.seen} has no `{extra.key}` of {src.program}; the limit would be lost"
            out.say("L003", text, extra.key, help="--allow-widening limits writes it without")
        else:
            out.say("L006", f"`{extra.key}` means something to {src.program} only", extra.key)
    return tuple(kept)


def rights_words(rights: Rights) -> str:
    """Rights as a person would say them."""
    titles = {"reads": "read files", "writes": "change files", "runs": "run commands", "network": "use the network", "delegates": "call agents"}
    words = [titles[c] for c in CLASSES if any(r.cls == c for r in spread(rights))]
    words += sorted({r.cls for r in rights if r.cls.startswith("mcp:")})
    return ", ".join(words) or "nothing"


def guard_sentence(before: Rights, program: str) -> str:
    """The one sentence that stands in for a limit that the target does not hold."""
    return f"[agentconv: this agent was written to do no more than this: {rights_words(before)}. {program} does not enforce it; keep to it.]"


__all__ = ["Lowered", "Options", "cap_title", "guard_sentence", "lower", "Right"]
