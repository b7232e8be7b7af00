"""Lowering of identity and texts: names that are legal, descriptions that are required, the prompt as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace
from typing import Any

from agentconv import naming
from agentconv.containers.programs import WHITE, takes_white_space, without_gaps
from agentconv.containers.wrapping import as_body
from agentconv.grants import speaks_of_all
from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent
from agentconv.namepatterns import filled, in_prompts
from agentconv.notes import NoteEffect
from agentconv.spec import Field, Spec


def lower_identity(agent: Agent, dst: Spec, out: Lowered) -> dict[str, Any]:
    """Id, name and title: what others call it stays where it is legal, what people see stays where it has a place."""
    called = _said(agent.id) or _said(agent.name) or "agent"
    if (agent.id or agent.name) and not (_said(agent.id) or _said(agent.name)):
        out.say("C001", f"nobody sees the characters of its name: the agent is called `{called}`", "name")
    if dst.identity.get("by", "name") == "name":
        fields = _by_name(agent, called, dst, out)
    else:
        fields = _by_place(agent, called, dst, out)
    shown = str(fields["name"] if dst.identity.get("by", "name") == "name" else fields["id"])
    if shown.lower() in {str(r).lower() for r in dst.identity.get("reserved") or ()}:
        _say_own(agent, shown, dst, out)
    return fields


def _say_own(agent: Agent, shown: str, dst: Spec, out: Lowered) -> None:
    """The program has an agent of that name: this one takes its place, or the two are put together."""
    both = dst.identity.get("put_together")
    if both is None:
        out.say("C005", f"{dst.program} has an agent `{shown}` of its own, which this one replaces", "name")
        return
    text = f"{dst.seen} has an agent `{shown}` of its own and puts the two together: this one has the last word"
    out.say("C005", text, "name")


def _said(text: str | None) -> str | None:
    return text if text is not None and text.strip().strip(WHITE) else None


def _by_name(agent: Agent, called: str, dst: Spec, out: Lowered) -> dict[str, Any]:
    """The field `name` is the identity; the file is called as the source calls the agent."""
    wish = _said(agent.name) or called
    rules = dst.identity.get("name")
    most = min(naming.LONGEST, int((rules or {}).get("max") or naming.LONGEST))
    slug = naming.slug(wish) or naming.slug(called) or naming.stand_in(wish)
    name = wish if naming.legal(wish, rules) else slug[:most].strip("-")
    name = _free(name, agent, dst) if naming.legal(name, rules) else f"{name}-agent"
    if dst.head.get("folder"):  # which bears the agent's name, so that name is one that every file system takes
        name = naming.file_id(name, dst)
    fields: dict[str, Any] = {"id": name if dst.head.get("folder") else called, "name": name}
    if name != wish:
        out.say("C001", f"`{_short(wish)}` is no legal name in {dst.program}; it became `{name}`", "name")
    if agent.id and agent.id not in (name, wish):
        same = naming.slug(name) == agent.id
        text = f"others call the agent `{_short(agent.id)}` in the source and `{_short(name)}` in {dst.program}"
        out.say("C001", text, "id", "info" if same else None)
    title = _said(agent.title)
    if (row := dst.by_field.get("title")) is not None:
        title = title or (wish if name != wish else None)  # people may read it as it was
        if title or row.fact("required"):
            fields["title"] = title or wish
    elif title and title != name:
        out.say("L001", f"{dst.program} has no `title` beside the name (“{_short(title)}”)", "title")
    return fields


def _free(name: str, agent: Agent, dst: Spec) -> str:
    """The name, or one beside it where the program lets no agent have it, or not for itself alone: rules of its own
    would hold for all that the agent says nothing of."""
    partly = not speaks_of_all(agent.tools) and name in (dst.identity.get("put_together") or {})
    return f"{name}-agent" if partly or name.lower() in naming.avoided(dst) else name


def _by_place(agent: Agent, called: str, dst: Spec, out: Lowered) -> dict[str, Any]:
    """File name, path or key is the identity; a name that is more than that goes where people see it."""
    filed = naming.file_id(called, dst)
    id = _free(filed, agent, dst)
    fields: dict[str, Any] = {"id": id}
    if id != called:
        # a name that the program takes, but none that every file system keeps apart
        if id == filed and naming.legal(called, dst.identity.get("id")):
            why = f"{dst.program} calls an agent as its {'key' if dst.many else 'file'} is called"
            out.say("C001", f"`{_short(called)}` became `{id}`: {why}", "id")
        elif id != filed and filed.lower() not in naming.taken(dst):
            out.say("C001", f"{dst.program} keeps the name `{filed}` for itself; it became `{id}`", "id")
        else:
            out.say("C001", f"`{_short(called)}` is no legal name in {dst.program}; it became `{id}`", "id")
    name, title = _said(agent.name), _said(agent.title)
    if (row := dst.by_field.get("title")) is not None:
        if row.fact("required") or (title or name) not in (None, id):
            fields["title"] = title or name or called
            _say_one_name(name, (called, fields["title"]), dst, out)
    elif "name" in dst.by_field and dst.identity.get("name_is") == "id":
        fields["name"] = id
        if shown := [t for t in (title, name) if t and t not in (called, id)]:
            out.say("C001", f"the name has to be the file's in {dst.program}; `{_short(shown[0])}` is left out", "name")
    elif "name" in dst.by_field:
        if shown_as := title or name:
            fields["name"] = _free(shown_as, agent, dst)
            if fields["name"] != shown_as:
                text = f"{dst.program} keeps the name `{shown_as}` for itself; it became `{fields['name']}`"
                out.say("C001", text, "name")
            if title:
                _say_one_name(name, (title, called), dst, out)
    else:
        if name and name not in (called, id):
            out.say("C001", f"the name `{_short(name)}` has no place in {dst.program}; it is called `{id}`", "name")
        if title and title not in (called, id, name):
            out.say("L001", f"{dst.program} has no `title` beside the name (“{_short(title)}”)", "title")
    return fields


def _say_one_name(name: str | None, same: tuple[str, ...], dst: Spec, out: Lowered) -> None:
    """That a name is lost beside the title, where it says more than that."""
    if name and name not in same:
        out.say("C001", f"{dst.program} shows one name, the title; `{_short(name)}` is left out", "name")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def lower_texts(agent: Agent, dst: Spec, out: Lowered) -> dict[str, Any]:
    """Description, prompt and their kin."""
    fields: dict[str, Any] = {}
    description = agent.description
    when = agent.when_to_use
    if when is not None and "when_to_use" not in dst.by_field:
        if not (description or "").strip() or str(description).strip() == when.strip():
            description = when
            out.say(
                "L011",
                f"{dst.program} has one text for both: `when to use` became the description",
                "when_to_use",
                "info",
            )
        else:
            description = f"{description}\n\n{when}"
            out.say(
                "L011",
                f"{dst.program} has one text for both: `when to use` was joined to the description",
                "when_to_use",
            )
            out.say("L011", "the text on when to use it was joined to the description", "description", "info")
    elif when is not None:
        fields["when_to_use"] = when
    if (written := _description(agent, description, dst, out)) is not None:
        fields["description"] = written
    fields["prompt"] = _prompt(agent, dst, out)
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


def _description(agent: Agent, description: str | None, dst: Spec, out: Lowered) -> str | None:
    row = dst.by_field.get("description")
    if row is None:
        if description:
            out.say("L001", f"{dst.program} has no description", "description")
        return None
    if description is not None and _said(description):
        return _escapable(description, row, dst, out)
    if row.fact("required"):
        out.say("L005", f"{dst.program} requires a description; the name stands in", "description")
        return _escapable(_said(agent.title) or _said(agent.name) or _said(agent.id) or "agent", row, dst, out)
    if description is not None and row.fact("blank"):
        out.say("L002", f"{dst.program} takes no blank description", "description")
        return None
    return description


def _escapable(text: str, row: Field, dst: Spec, out: Lowered) -> str:
    if row.fact("escapes") == "newline" and "\\n" in text:
        out.say("L009", f"{dst.program} reads a literal \\n in `{row.key}` as a line break", row.field or row.key)
        return text.replace("\\n", "\n")
    return text


def _prompt(agent: Agent, dst: Spec, out: Lowered) -> str | None:
    prompt = agent.prompt
    parts = agent.prompt_parts or {}
    known = {r.key for r in dst.fields.values() if r.field == "prompt_parts"}
    if parts and not set(parts) <= known:
        more = [str(p).strip("\n") for p in parts.values()]
        said = as_body("\n\n".join([prompt or "", *(p for p in more if p not in (prompt or ""))]))
        out.say("L011", f"{dst.program} has one prompt; {', '.join(parts)} stands in it", "prompt_parts")
        if said != (prompt or ""):
            out.say("L011", "several texts of the source became one prompt", "prompt", "info")
        prompt = said
    row = dst.by_field.get("prompt")
    needed, dialect = dst.container.get("empty_body") == "refuse", dst.container.get("dialect") or {}
    if (needed or (row is not None and row.fact("required"))) and not _said(prompt):
        what = next(t for t in (agent.description, agent.title, agent.name, agent.id, "agent") if _said(t))
        prompt = what
        out.say("L005", f"{dst.program} requires a prompt; the description stands in", "prompt")
    if not prompt and row is not None and row.fact("empty"):
        prompt = None  # the program takes no empty text, and asks for none
    if dst.syntax != "frontmatter" and prompt is not None:
        prompt = prompt.replace("\r\n", "\n")
    elif prompt is not None and (body := as_body(prompt, takes_white_space(dialect))) != prompt:
        out.say("C011", "blank lines around the prompt have no place below a header", "prompt", "info")
        prompt = body
    prompt = _long_enough(prompt, agent, dst, out)
    gaps = dialect.get("dashes") == "eat-blank-lines"
    if gaps and prompt and without_gaps(prompt) != prompt:
        text = f"{dst.seen} drops blank lines behind a line of three dashes when it loads the prompt"
        out.say("C007", text, "prompt")
    limit = (dst.tables.get("limits") or {}).get("prompt")
    if limit and prompt and len(prompt) > int(limit):
        text = f"the prompt has {len(prompt)} characters; the longest that is documented for {dst.program} is {limit}"
        out.say("C003", text, "prompt", "approximate")
    return prompt


def _long_enough(prompt: str | None, agent: Agent, dst: Spec, out: Lowered) -> str | None:
    """Some programs refuse a prompt of a few characters; the description says the same at more length."""
    least = int((dst.tables.get("limits") or {}).get("prompt_min") or 0)
    made = (prompt or "").replace("\r\n", "\n").strip(WHITE).strip()
    if len(made) >= least:
        return prompt
    more = [t for t in (agent.description, agent.title, agent.name, agent.id) if _said(t)]
    while more and len(made) < least:
        made = f"{made}\n\n{more.pop(0)}".strip()
    if len(made) < least:
        made = f"{made}\n\nYou are the agent {_said(agent.name) or _said(agent.id) or 'of this file'}.".strip()
    out.say("L005", f"{dst.program} wants {least} characters of prompt; the description was added", "prompt")
    return made


def placeholders(prompt: str | None, src: Spec, dst: Spec, out: Lowered) -> str | None:
    """Text that one of the programs fills in. What the target would take for a placeholder ends the agent there, or
    becomes something else: it is changed as little as possible."""
    if prompt is None or src.id == dst.id:
        return prompt
    for fact in in_prompts(src):
        _say_filled("prompt", prompt, fact, src, dst, out)
    for word in (f for f in src.tables.get("expands") or () if isinstance(f, str) and f in prompt):
        out.say("L009", _filled(f"`{word}…}}`", src, dst), "prompt")
    for fact in in_prompts(dst):
        prompt = _taken_apart(prompt, "prompt", fact, dst, out)
    return prompt


def _filled(names: str, src: Spec, dst: Spec) -> str:
    """The sentence; of two forms of one program by their own names."""
    if src.program == dst.program:
        return f"{src.program} fills in {names} in `{src.id}`, and in `{dst.id}` it does not"
    return f"{src.program} fills in {names}; {dst.program} does not"


def _say_filled(name: str, value: str, fact: Mapping[str, Any], src: Spec, dst: Spec, out: Lowered) -> None:
    """What the source's program fills in, and the target's does not."""
    asked = fact.get("unfilled") == "asked"  # any word is an input that the caller gives
    if found := [m[0] for m in re.finditer(str(fact["pattern"]), value) if asked or filled(m, fact)]:
        names = _some(list(dict.fromkeys(found)))
        effect: NoteEffect | None = "approximate" if asked else None
        out.say("L009", _filled(names, src, dst), name, effect)


def say_filled_beside(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> None:
    """The same outside of prompts, in the fields that the description names (`also_in`)."""
    if src.id == dst.id:
        return
    for fact in (f for f in src.tables.get("expands") or () if isinstance(f, Mapping)):
        for name in fact.get("also_in", ()):
            if isinstance(value := getattr(agent, name), str) and name in {*dst.by_field, dst.body_field}:
                _say_filled(name, value, fact, src, dst, out)


def _taken_apart(text: str, field: str, fact: Mapping[str, Any], dst: Spec, out: Lowered) -> str:
    """A text without what the target would fill in."""
    pattern, change = str(fact["pattern"]), str(fact["change"])
    found = list(dict.fromkeys(m[0] for m in re.finditer(pattern, text)))
    if not found:
        return text
    made = re.sub(pattern, change, found[0])
    more = f"; in the same way {_some(found[1:])}" if found[1:] else ""
    out.say("C013", f"{dst.seen} takes `{found[0]}` for a placeholder: written as `{made}`{more}", field)
    return re.sub(pattern, change, text)


def _some(found: list[str], most: int = 4) -> str:
    """The first of some texts by name, of the others their number."""
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(f"`{one}`" for one in found[:most]) + more


def as_written(agent: Agent, dst: Spec, out: Lowered) -> Agent:
    """Texts as the target's program will have them.

    Characters that it replaces in the whole file are written so at once: a curly quote that becomes a straight one
    would end the text around it. What it would evaluate is taken apart: data must not name files or secrets."""
    known = {str(k): str(v) for k, v in ((dst.container.get("dialect") or {}).get("replace") or {}).items()}
    evaluated = {str(t): f"{str(t)[0]} {str(t)[1:]}" for t in dst.tables.get("expands") or () if isinstance(t, str)}
    how = f"{dst.seen} replaces typographic dashes, quotes and odd spaces when it loads the file"
    agent = _changed(agent, known, "C007", how, dst, out)
    words = ", ".join(f"`{t}`" for t in evaluated)
    how = f"{dst.seen} evaluates {words} in its files: a blank keeps it text"
    return _filled_elsewhere(_changed(agent, evaluated, "C013", how, dst, out), dst, out)


def _filled_elsewhere(agent: Agent, dst: Spec, out: Lowered) -> Agent:
    """What is filled in outside of prompts, in the fields that the description names (`also_in`)."""
    for fact in (f for f in dst.tables.get("expands") or () if isinstance(f, Mapping)):
        for name in fact.get("also_in", ()):
            value = getattr(agent, name)
            if value is not None and (new := _apart_within(value, name, fact, dst, out)) != value:
                changes: dict[str, Any] = {name: new}
                agent = replace(agent, **changes)
    return agent


def names_as_written(fields: dict[str, Any], dst: Spec, out: Lowered) -> None:
    """The same of a name that became the title, and of a title that became the name."""
    if not dst.tables.get("expands"):
        return
    shown = Agent(id=fields["id"], **{name: fields[name] for name in ("name", "title") if fields.get(name)})
    made = _filled_elsewhere(shown, dst, out)
    fields |= {name: getattr(made, name) for name in ("name", "title") if getattr(made, name) != getattr(shown, name)}


def _apart_within(value: Any, field: str, fact: Mapping[str, Any], dst: Spec, out: Lowered) -> Any:
    """The same of all texts in a value, such as the settings of a server."""
    if isinstance(value, str):
        return _taken_apart(value, field, fact, dst, out)
    if isinstance(value, (tuple, list)):
        return type(value)(_apart_within(one, field, fact, dst, out) for one in value)
    if isinstance(value, Mapping):
        return {key: _apart_within(one, field, fact, dst, out) for key, one in value.items()}
    return value


def _changed(agent: Agent, table: Mapping[str, str], code: str, how: str, dst: Spec, out: Lowered) -> Agent:
    if not table:
        return agent
    fields = {n: v for n, v in agent.said().items() if n not in ("id", "tools", "model", "extras")}
    made = {n: _replaced(v, table) for n, v in fields.items()}
    for name, value in made.items():
        if value != fields[name] and name in {*dst.by_field, dst.body_field}:
            out.say(code, how, name)
    return replace(agent, **made)


def _replaced(value: Any, table: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for old, new in table.items():
            value = value.replace(old, new)
    elif isinstance(value, (tuple, list)):
        return type(value)(_replaced(v, table) for v in value)
    elif is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _replaced(getattr(value, f.name), table) for f in dataclass_fields(value)})
    elif isinstance(value, Mapping):
        return {k: _replaced(v, table) for k, v in value.items()}
    return value
