"""Lowering: the agent as the target can hold it. Each step down leaves a note; templates decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from agentconv.grants import base_open, by_capability, is_star
from agentconv.lowering.defined import bound_servers, named_servers, say_defined
from agentconv.lowering.fields import always, lower_extras, lower_field
from agentconv.lowering.fittexts import fit_texts
from agentconv.lowering.gates import limit_checks
from agentconv.lowering.held import kin, lowered_tools
from agentconv.lowering.lowered import NO_NAMES, Lowered, Options
from agentconv.lowering.models import lower_models, provider
from agentconv.lowering.startedby import in_its_words
from agentconv.lowering.texts import (
    as_written,
    lower_identity,
    lower_texts,
    names_as_written,
    placeholders,
    say_filled_beside,
)
from agentconv.lowering.through import bound_keys
from agentconv.model import Agent, Extra, Rule, Tools
from agentconv.patterns import pattern
from agentconv.reading.origins import as_it_is
from agentconv.reading.roster import kept_rosters, said_by, with_rosters, without
from agentconv.reading.toolkeys import beside_list, beside_servers
from agentconv.rights import CLASSES, Right, Rights, class_of, contains, of_ambient, spread, unasked
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.bodies.company import Scene

# what has a step of its own
DONE = frozenset(
    ("id", "name", "title", "description", "when_to_use", "prompt", "prompt_parts", "prompt_mode", "tools", "delegates",
     "model", "extras")
)  # fmt: skip


def _adjusts(agent: Agent, src: Spec, dst: Spec) -> bool:
    """Whether the entry does no more than change an agent that its program brings along, and the target does not."""

    def own(spec: Spec) -> bool:
        return bool(spec.identity.get("adjusted")) and agent.id in spec.identity.get("reserved", ())

    return own(src) and not own(dst) and not (agent.prompt or agent.prompt_parts)


def lower(
    agent: Agent,
    src: Spec,
    dst: Spec,
    before: Rights,
    options: Options,
    forbid: frozenset[str] = frozenset(),
    scene: Scene | None = None,
    names: Mapping[str, str] = NO_NAMES,
) -> Lowered:
    """The agent as the target can hold it. ``forbid``: classes that another reader of the place would widen;
    ``scene``: what the prompt may speak of; ``names``: of other agents, as the source and as the target has them."""
    if dst.tools.control == "any":
        return Lowered(as_it_is(agent, src, dst))
    out = Lowered(Agent(id=agent.id))
    agent, as_read = in_its_words(agent, src, dst, out), agent
    src, dst = src.of_mode(as_read.mode), _in_session(agent, dst)
    if _left_out(agent, src, dst, out):
        return out
    agent = _spoken(agent, src, dst, options, scene, out)
    agent = named_servers(as_written(agent, dst, out), src, dst)
    fields: dict[str, Any] = {}
    rosters = kept_rosters(agent, dst)
    fields["tools"], delegates = lowered_tools(without(agent, rosters), src, dst, before, options, forbid, out)
    out.agent = Agent(id=agent.id, tools=fields["tools"])  # by which other fields are measured
    limit_checks(agent, src, dst, before, out)
    before = out.counted(before)
    _texts(fields, agent, src, dst, out)
    if written := lower_models(agent, src, dst, options, out):
        fields["model"] = written
    _other_fields(fields, agent, src, dst, before, out)
    bound_servers(fields, agent.tools, dst, out)
    say_defined(fields, agent.tools, before, dst, out)
    if dst.tools.fact("sets"):
        from agentconv.reading.toolsets import as_sets

        fields["tools"] = as_sets(fields["tools"], dst)
    fields["tools"] = with_rosters(fields["tools"], rosters)
    _inside(fields, dst, out)
    _say_needs(fields, dst, out)
    _say_unnamed(fields, src, dst, out)
    _delegates(agent, delegates, before, dst, fields, out)
    bound_keys(fields, agent, dst, out)
    always(fields, src, dst, out)
    extras = _other_keys(agent, fields, rosters, src, dst, options, out)
    _say_brought(before, src, dst, out)
    _say_ambient(before, dst, out)
    out.agent = Agent(**fields, extras=extras)
    told = _told(agent, src, dst, out)
    if options.fold:
        from agentconv.lowering.fold import fold

        fold(agent, dst, out, lambda: _handed_over(agent, src, scene), told)
    if options.carry and src.id != dst.id:
        from agentconv.lowering.carry import carry

        carry(as_read, src, dst, out, names)
    return out


def _left_out(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> bool:
    """Whether there is nothing to write: it is switched off, or no agent of its author's."""
    if agent.disabled and "disabled" not in dst.by_field:
        text = f"disabled in {src.program}; {dst.program} has no such switch, so it is not written"
        out.say("C008", text, "disabled")
    elif _adjusts(agent, src, dst):
        text = f"`{agent.id}` is an agent of {src.program} itself and has no prompt here: not written for {dst.program}"
        out.say("C017", text, "id")
    else:
        return False
    out.skipped = True
    return True


def _texts(fields: dict[str, Any], agent: Agent, src: Spec, dst: Spec, out: Lowered) -> None:
    """Names, description and prompt."""
    fields |= lower_identity(agent, dst, out)
    names_as_written(fields, dst, out)
    fields |= lower_texts(agent, dst, out)
    fields["prompt"] = placeholders(fields["prompt"], src, dst, out)
    say_filled_beside(agent, src, dst, out)
    fit_texts(fields, dst, out)


def _other_fields(fields: dict[str, Any], agent: Agent, src: Spec, dst: Spec, before: Rights, out: Lowered) -> None:
    """What has no step of its own, each by its row."""
    beside = _in_its_entry(agent, dst)
    fields |= {name: getattr(agent, name) for name in beside}
    for name, value in agent.said().items():
        if name in DONE or name in beside:
            continue
        if (kept := lower_field(name, value, src, dst, before, out)) is not None:
            fields[name] = kept


def _other_keys(
    agent: Agent,
    fields: Mapping[str, Any],
    rosters: Mapping[str, tuple[Rule, ...]],
    src: Spec,
    dst: Spec,
    options: Options,
    out: Lowered,
) -> tuple[Extra, ...]:
    """Keys that no field of the model stands for: those of the source that the target has, those that the target's
    tools and model need, and those that the user asks for, which come before both."""
    said = said_by(agent.extras, rosters, dst)
    for extra in agent.extras if len(said) < len(agent.extras) else ():
        if extra not in said:
            out.say("L002", f"`{extra.key}` names agents that the tools do not allow: left out", extra.key)
    extras = _beside_list(lower_extras(said, src, dst, out), fields, dst)
    extras += tuple(e for e in provider(fields.get("model"), dst) if e.key not in {x.key for x in extras})
    return (*(e for e in extras if e.key not in {x.key for x in options.extra}), *options.extra)


def _in_session(agent: Agent, dst: Spec) -> Spec:
    """The target for an agent that is a session of its own there, too."""
    row = dst.by_field.get("mode")
    return dst.of_mode(agent.mode) if row is not None and agent.mode in row.to_program else dst


def _spoken(agent: Agent, src: Spec, dst: Spec, options: Options, scene: Scene | None, out: Lowered) -> Agent:
    """What the prompt says of agents and places: rewritten or lifted where that is asked for, else said."""
    if scene is None or not agent.prompt:
        return agent
    if options.lift:
        from agentconv.bodies.lift import lifted

        agent = lifted(agent, scene, src, dst, out)
    if options.rewrite:
        from agentconv.bodies.telling import rewritten

        return rewritten(agent, scene, src, dst, options.rewrite, options.in_code, out)
    from agentconv.bodies.search import say

    say(agent, scene, src, dst, out)
    return agent


def _told(agent: Agent, src: Spec, dst: Spec, out: Lowered) -> list[str]:
    """The fields of which the source's program tells the model beside the prompt, and the target's does not."""
    rows = [row for row in src.rows_with("told") if row.field and getattr(agent, row.field)]
    rows = [row for row in rows if not ((theirs := dst.by_field.get(row.field or "")) and theirs.fact("told"))]
    if rows and not dst.text_kind:
        words = " and ".join(f"`{row.key}`" for row in rows)
        text = f"{src.program} tells the model {words} beside the prompt; {dst.program} does not"
        out.say("L017", text, rows[0].field or "", help="--fold writes that into the prompt")
    return [str(row.field) for row in rows]


def _handed_over(agent: Agent, src: Spec, scene: Scene | None) -> list[str]:
    """The agents that the prompt itself hands over to."""
    if scene is None:
        return []
    from agentconv.bodies.lift import handovers

    return [h.agent for _, h in handovers(agent.prompt or "", scene, src, ())]


def _inside(fields: dict[str, Any], dst: Spec, out: Lowered) -> None:
    """What stands behind another value has no place without it."""
    for row in dst.rows_with("inside"):
        whole = row.fact("inside")
        if whole and row.written and row.field and fields.get(row.field) is not None and not fields.get(str(whole)):
            del fields[row.field]
            text = f"{dst.program} takes it behind the {whole} only, and no {whole} is written"
            out.say("L001", f"the {row.field} is left out: {text}", row.field)


def _say_unnamed(fields: dict[str, Any], src: Spec, dst: Spec, out: Lowered) -> None:
    """Tools that an agent which others start has only where its own rules name them: open rules name none."""
    tools: Tools = fields["tools"]
    shut = tools.base == "none" or any(is_star(r.tool) and r.effect == "deny" for r in tools.rules)
    if dst.tools.control != "map" or kin(src, dst) or shut or fields.get("mode") == "primary":
        return
    said = {r.tool.name for r in tools.rules}
    left = [n for n in dst.tools.singles.values() if n.named and not n.off and n.name not in said]
    for when in dict.fromkeys(dst.tools.when(name) for name in left):
        names = " and ".join(f"`{name.name}`" for name in left if dst.tools.when(name) == when)
        them = "them" if " and " in names else "it"
        where = when or f"its rules name {them}"
        text = f"{dst.seen} gives {names} to an agent that another one starts only where {where}"
        out.say("T080", text, "tools", "info", f"name {them} in the output where the agent needs {them}")


def _say_needs(fields: dict[str, Any], dst: Spec, out: Lowered) -> None:
    """Values that have an effect only beside another one, which is not there. A limit without effect is no loss of the
    right: what it limits is not there either."""
    for row in dst.rows_with("needs"):
        key = (row.fact("needs") or {}).get("field")
        if key and row.written and row.field and fields.get(row.field) is not None:
            beside = dst.fields[str(key)].field
            if beside and not fields.get(beside) and not row.fact("inside"):
                text = f"{dst.seen} does nothing with `{row.key}` where no `{key}` is named"
                out.say("L007", text, row.field)


def _delegates(
    agent: Agent, named: tuple[str, ...] | None, before: Rights, dst: Spec, fields: dict[str, Any], out: Lowered
) -> None:
    """The list of agents that may be called: a field, patterns of the tool control, or noted there as lost."""
    row = dst.by_field.get("delegates")
    if named is not None and row is not None:
        fields["delegates"] = named
        if not row.applied:
            out.say("L007", f"{dst.seen} accepts `{row.key}` and does nothing with it", "delegates")
    elif agent.delegates is not None and "*" not in agent.delegates:
        given = dst.tools.control == "none" or "delegate" in _open_caps(fields["tools"], dst)
        held = given and dst.tools.control == "map"
        had = any(r.cls == "delegates" for r in before)
        if (given or had) and not held and not any(n.path == "delegates" for n in out.notes):
            out.say("L001", f"{dst.program} has no list of agents that may be called", "delegates")
        elif not agent.delegates and not held and base_open(fields["tools"], dst):
            denied = any(r.effect == "deny" and "delegate" in r.tool.caps for r in fields["tools"].rules)
            if not denied:  # nor had it a tool that calls one
                out.say("L001", f"{dst.program} has no list of agents that may be called", "delegates", "info")


def _open_caps(tools: Tools, dst: Spec) -> set[str]:
    return {cap for cap, grant in by_capability(tools, dst).items() if grant.any}


def _say_ambient(before: Rights, dst: Spec, out: Lowered) -> None:
    rights = [r for r in of_ambient(dst) if not contains(unasked(before, dst), r)]
    if not rights or dst.text_kind:
        return
    classes = ", ".join(sorted({r.cls for r in rights}))
    names = ", ".join(n for n, caps in dst.ambient.items() if any(class_of(c) in {r.cls for r in rights} for c in caps))
    out.say("T012", f"{dst.seen} gives every agent {names} ({classes}); no file can take them away", "tools")


def _say_brought(before: Rights, src: Spec, dst: Spec, out: Lowered) -> None:
    """Tools that the source's program gives whatever the list says: no wish of the author's, and yet missed where a
    mode of Roo Code's that only delegates arrives without any tool."""
    if src.tools.control not in ("list", "groups", "map") or kin(src, dst) or src.program == dst.program:
        return
    rights = {r.cls for r in of_ambient(src) if not contains(before, r) and not r.cls.startswith("mcp:")}
    names = [f"`{n}`" for n, caps in src.ambient.items() if any(class_of(c) in rights for c in caps)]
    if names:
        text = f"{src.seen} gives every agent {', '.join(names)}, whatever its list says; only the list counts here"
        out.say("R011", text, "tools", "info", "name them in the output where the agent needs them")


def _in_its_entry(agent: Agent, dst: Spec) -> set[str]:
    """What an entry of the target's own that comes along says of the model (`looked_up`)."""
    for row in dst.rows_with("looked_up"):
        from agentconv.reading.indirect import entry_for

        extras = {extra.key: extra.value for extra in agent.extras if extra.format == dst.id}
        if entry := entry_for(row, agent, extras):
            return {name for key, name in row.fact("looked_up")["takes"].items() if name != "model" and key in entry}
    return set()


def _beside_list(extras: tuple[Extra, ...], fields: Mapping[str, Any], dst: Spec) -> tuple[Extra, ...]:
    """Keys without which the target's list limits nothing, or gives nothing, go before what the source says of them."""
    keys = beside_list(fields["tools"], dst) | beside_servers(fields["tools"], fields.get("mcp_servers"), dst)
    kept = tuple(e for e in extras if e.key not in keys)
    return (*kept, *(Extra(key, value, dst.id) for key, value in keys.items()))


def rights_words(rights: Rights) -> str:
    """Rights as a person would say them."""
    titles = {
        "reads": "read files",
        "writes": "change files",
        "runs": "run commands",
        "network": "use the network",
        "delegates": "call agents",
    }
    had = [(titles[c], [r for r in spread(rights) if r.cls == c]) for c in CLASSES]
    words = [f"{title}{_only(mine)}" for title, mine in had if mine]
    servers = sorted({r.cls for r in rights if r.cls.startswith("mcp:")})
    words += [f"{cls}{_only([r for r in rights if r.cls == cls])}" for cls in servers]
    return ", ".join(words) or "nothing"


LIMITS = 8  # that the sentence says
# no sign that a program fills in, and none that ends the sentence
PLAIN = pattern(r"[\w./*?:@,=+~ -]+")


def _only(rights: list[Right]) -> str:
    """The limits of a class that the agent has a part of."""
    if any(right.whole for right in rights):
        return ""
    texts = sorted({str(right).partition("(")[2].removesuffix(")") for right in rights})
    if len(texts) > LIMITS or not all(PLAIN.fullmatch(text) for text in texts):
        return " (certain ones only)"
    free = [text.removeprefix("not ") for text in texts if text.startswith("not ")]
    parts = [text.partition(", not ") for text in texts if not text.startswith("not ")]
    never = _quoted(name for text in (*free, *(denied for _, _, denied in parts)) for name in text.split(", "))
    if free:  # all but these; what is given with the same exception is in it
        but = _quoted(text for text, _, denied in parts if not denied)
        return f" (not {never}, but {but})" if but else f" (not {never})"
    only = _quoted(text for text, _, _ in parts)
    return f" (only {only}, never {never})" if never else f" (only {only})"


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(f"`{text}`" for text in texts if text))


def guard_sentence(before: Rights, program: str) -> str:
    """The one sentence that stands in for a limit that the target does not hold."""
    words = rights_words(before)
    limit = f"this agent was written to do no more than this: {words}"
    return f"[agentconv: {limit}. {program} does not enforce it; keep to it.]"


__all__ = ["Lowered", "Options", "guard_sentence", "lower"]
