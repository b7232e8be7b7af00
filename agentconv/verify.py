"""The proof: what the output files will hold, read as the target's program, against what was meant.

(a) meaning equals the lowered agent; (b) rights are counted anew from both texts; (c) every other
difference from the source has a note at its own path. Nothing is written that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agentconv.model import FIELDS, Agent, Rule, Tools
from agentconv.notes import Note, note
from agentconv.rights import by_capability, by_server, is_star, of_agent
from agentconv.spec import Spec, risk

NOT_COMPARED = frozenset({"id", "extras", "prompt_mode"})


def check_meaning(lowered: Agent, back: Agent, dst: Spec) -> list[Note]:
    """(a): the program reads what lowering meant."""
    problems = []
    held = {row.field for row in dst.fields.values() if row.field and row.written} | {dst.body_field}
    if dst.identity.get("by") != "name" and back.id != lowered.id:
        problems.append(_wrong("id", lowered.id, back.id))
    for name in FIELDS:
        if name in NOT_COMPARED or name == "tools":
            continue
        meant, got = _plain(name, getattr(lowered, name), dst), _plain(name, getattr(back, name), dst)
        if meant is not None and name not in held:
            problems.append(_wrong(name, meant, None))
        elif meant != got and not (meant is None and _is_default(name, got, dst)):
            problems.append(_wrong(name, meant, got))
    if dst.tools.control != "none":
        problems += _check_tools(lowered.tools, back.tools, dst)
    meant_extras = {e.key: e.value for e in lowered.extras}
    got_extras = {e.key: e.value for e in back.extras}
    if meant_extras != got_extras:
        problems.append(_wrong("extras", meant_extras, got_extras))
    return problems


def _is_default(name: str, got: Any, dst: Spec) -> bool:
    row = dst.by_field.get(name)
    return row is not None and row.fact("default") is not None and got == row.fact("default")


def _plain(name: str, value: Any, dst: Spec) -> Any:
    if isinstance(value, str) and name == "prompt":
        return as_loaded(value, dst)
    if isinstance(value, str):
        return _replaced(value, dst)
    if name == "model" and value:
        return tuple(m.text for m in value)
    if isinstance(value, Mapping):
        return {k: _plain("", v, dst) for k, v in value.items()}
    return value


def as_loaded(prompt: str, dst: Spec) -> str:
    """The prompt as the program has it after its own changes."""
    text = _replaced(prompt, dst).replace("\r\n", "\n").replace("\r", "\n")
    if (dst.container.get("dialect") or {}).get("dashes") == "eat-blank-lines":
        from agentconv.containers.programs import without_gaps

        text = without_gaps(text.strip())
    return text.strip() if trims(dst) else text.rstrip("\n")


def trims(dst: Spec) -> bool:
    """Whether the program drops the white space around the prompt."""
    return dst.syntax == "frontmatter" and (dst.container.get("dialect") or {}).get("body", "trim") == "trim"


def _replaced(text: str, dst: Spec) -> str:
    for old, new in ((dst.container.get("dialect") or {}).get("replace") or {}).items():
        text = text.replace(str(old), str(new))
    return text


def _wrong(path: str, meant: Any, got: Any) -> Note:
    return note("V001", f"`{path}` was meant as {_short(meant)} and reads back as {_short(got)}", path=path)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "…"


def _check_tools(meant: Tools, got: Tools, dst: Spec) -> list[Note]:
    problems = []
    if meant.base != got.base and not (meant.base == "none" and got.base is None and got.rules):
        problems.append(_wrong("tools", meant.base or "unsaid", got.base or "unsaid"))
    ordered = bool(dst.tools.fact("order"))
    ours, theirs = [_rule(r) for r in meant.rules], [_rule(r) for r in got.rules]
    sentinels = dst.tools.sentinels
    ours = [r for r in ours if r[1] not in sentinels]
    if (ours != theirs) if ordered else (sorted(map(repr, set(ours))) != sorted(map(repr, set(theirs)))):
        problems.append(_wrong("tools", [_line(r) for r in ours], [_line(r) for r in theirs]))
    for rule in meant.rules:
        known = dst.tools.own(rule.tool.name) or rule.tool.server or is_star(rule.tool)
        if not known and rule.tool.name not in sentinels:
            problems.append(note("V005", f"`{rule.tool.name}` is no tool name of {dst.program}", path="tools"))
    return problems


def _rule(rule: Rule) -> tuple[str, str, str, str]:
    scope = f"{rule.scope.kind}:{rule.scope.text}" if rule.scope else ""
    return rule.effect, rule.tool.name, scope, rule.approval or ""


def _line(rule: tuple[str, str, str, str]) -> str:
    return " ".join(part for part in rule if part)


# -- (c) --------------------------------------------------------------------------------------


def check_notes(source: Agent, back: Agent, notes: Iterable[Note], src: Spec, dst: Spec) -> list[Note]:
    """(c): every difference between the source and what the program reads has a note at its own path."""
    paths = [n.path for n in notes]
    problems = []
    for name in FIELDS:
        if name in ("tools", "extras", "id", "name", "title", "prompt_mode", "when_to_use", "prompt_parts"):
            continue
        was, now = _plain(name, getattr(source, name), dst), _plain(name, getattr(back, name), dst)
        if name == "prompt":
            was = as_loaded(str(was or ""), dst)
            now = now or ""
        if name == "model":
            was = _model_ids(source)
            now = _model_ids(back)
        if was is None or was == now or _usual(name, was, src, dst):
            continue
        if name == "delegates" and _called(source, src) == _called(back, dst):
            continue
        if not any(p == name or p.startswith((f"{name}[", f"{name}.")) for p in paths):
            problems.append(note("V003", f"`{name}` changed from {_short(was)} to {_short(now)} and no note says so", path=name))
    for name in ("when_to_use", "prompt_parts"):
        if getattr(source, name) is not None and getattr(back, name) is None and name not in paths:
            problems.append(note("V003", f"`{name}` is gone and no note says so", path=name))
    called = {source.name, source.title, source.id} - {None, ""}
    kept = {back.name, back.title, back.id}
    if not called <= kept and not {"name", "title", "id"} & set(paths):
        problems.append(note("V003", f"{sorted(map(str, called))} became {sorted(map(str, kept - {None}))}", path="name"))
    for extra in source.extras:
        if all(e.key != extra.key for e in back.extras) and not any(p == extra.key for p in paths):
            problems.append(note("V003", f"`{extra.key}` is gone and no note says so", path=extra.key))
    if dst.tools.control != "none" and not dst.text_kind:
        problems += _rules_arrived(source, back, paths, src, dst)
    return problems


def _called(agent: Agent, spec: Spec) -> frozenset[str]:
    """The agents that may be called, wherever the format says so."""
    rights = of_agent(agent, spec, program=False)
    return frozenset(str(r) for r in rights if r.cls in ("delegates", "all"))


def _model_ids(agent: Agent) -> Any:
    return tuple(m.id or m.tier or m.text for m in agent.model) if agent.model else None


def _usual(name: str, value: Any, src: Spec, dst: Spec) -> bool:
    from agentconv.lower import USUAL

    if value in USUAL.get(name, ()):
        return True
    rows = [spec.by_field.get(name) for spec in (src, dst)]
    return any(r is not None and r.type == "bool" and _shown(value, r.fact("invert")) == r.fact("default") for r in rows)


def _shown(value: Any, invert: Any) -> Any:
    return (not value) if invert and isinstance(value, bool) else value


def _rules_arrived(source: Agent, back: Agent, paths: list[str], src: Spec, dst: Spec) -> list[Note]:
    caps = by_capability(back.tools, dst)
    had = by_capability(source.tools, src)
    servers = by_server(back.tools, dst)
    asked = by_server(source.tools, src)
    if source.delegates == () and "delegate" in had:
        had["delegate"].open = False
    problems = []
    for rule in source.tools.rules:
        said = rule.at in paths or "tools" in paths
        if said or is_star(rule.tool):
            continue
        if rule.effect == "allow":
            wanted = [c for c in rule.tool.caps if c in had and had[c].any]
            gone = [c for c in wanted if c not in caps or not caps[c].any]
            if rule.tool.server:
                key = (rule.tool.server, rule.tool.member)
                if key in asked and not asked[key].open:
                    continue
                near = servers.get(key) or servers.get((rule.tool.server, None)) or servers[("*", None)]
                gone = [] if near.open else [f"MCP {rule.tool.name}"]
            elif not rule.tool.caps:
                gone = [rule.tool.name]
        else:
            gone = [c for c in rule.tool.caps if risk(c) != "none" and not had[c].any and c in caps and caps[c].any]
        if gone:
            problems.append(note("V003", f"`{rule.tool.name}`: {', '.join(gone)} did not arrive and no note says so", path=rule.at))
    return problems
