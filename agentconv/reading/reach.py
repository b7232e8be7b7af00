"""Codecs of what an agent reaches beyond its tools: MCP servers, hooks, other agents, hand-offs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from agentconv.containers import Node
from agentconv.hooks import hooks_problem, misplaced_guard
from agentconv.model import Handoff
from agentconv.reading.context import UNSAID, Bad, Context
from agentconv.reading.servernames import ONLY, by_text, called, in_common_words
from agentconv.reading.servertexts import as_texts, has_others
from agentconv.spec import Field


def read_servers(node: Node, row: Field, ctx: Context) -> Any:
    """One form for all: name -> configuration, or None for a server that is only named."""
    try:
        out = _spelled(_typed_servers(node, row, ctx), node, row, ctx)
        return UNSAID if row.fact("star") == "unsaid" and "*" in out else out
    except Bad as bad:
        bad.meant = _spelled(bad.meant, node, row, ctx) if isinstance(bad.meant, dict) else bad.meant
        raise


def _spelled(out: dict[str, Any], node: Node, row: Field, ctx: Context) -> dict[str, Any]:
    """The servers with texts where texts belong: whether the program takes anything else was asked before."""
    if not any(map(has_others, out.values())):
        return out
    texts = _servers(as_texts(node), row, replace(ctx, notes=[]))
    return {name: texts.get(name, config) for name, config in out.items()}


def _servers(node: Node, row: Field, ctx: Context) -> dict[str, Any]:
    if node.kind == "map":
        return {p.key.text: p.value.data() for p in node.pairs}
    if node.kind == "list":
        return _listed_servers(node, row, ctx)
    if row.fact("as_text"):
        names = (name.strip(" \t'\"") for name in node.text.split(","))
        return {name: None for name in names if name}
    raise Bad("must name servers", {node.text: None} if node.text else UNSAID)


def _typed_servers(node: Node, row: Field, ctx: Context) -> dict[str, Any]:
    out = _servers(node, row, ctx)
    shape = row.fact("shape")
    if shape in ("map", "list") and node.kind != shape:
        raise Bad(f"must be a {shape}", out)
    if (most := row.fact("max")) and len(out) > most:
        raise Bad(f"has {len(out)} servers, and {most} are the most", out)
    for name, config in list(out.items()):
        if problem := _server_problem(config, row):
            if str(row.fact("bad", "")).startswith("refuse"):
                raise Bad(f"has a server `{name}` {problem}", out)
            text = f"`{row.key}` has a server `{name}` {problem}; {ctx.spec.program} passes it over"
            ctx.say("R007", text, "mcp_servers", node, help=f"give `{name}` what the program asks for, or take it out")
            if not ctx.author:
                del out[name]
    return out


def _listed_servers(node: Node, row: Field, ctx: Context) -> dict[str, Any]:
    """The servers of a list: maps from names to configurations, maps that say their name themselves, texts, names."""
    out: dict[str, Any] = {}
    key = str(row.fact("named_by") or "")
    for item in node.items:
        if key and item.kind == "map":
            config = in_common_words({k: v for k, v in item.data().items() if k != key}, row.facts)
            said = item.get(key)
            if said is not None and isinstance(said.value, str):
                name = said.text
            elif not (name := called(config, row.fact("called") or ())):
                _nameless(item, key, out, row, ctx)
                continue
            _add(out, name, config)
        elif item.kind == "map":
            out.update({p.key.text: p.value.data() for p in item.pairs})
        elif item.kind == "scalar" and row.fact("texts"):
            if not isinstance(item.value, str) or not (found := by_text(item.text, row.fact("texts")))[0]:
                raise Bad(f"has `{item.text}`, which is no server", out or UNSAID)
            _add(out, *found)
        elif item.kind == "scalar":
            out[item.text] = None
    return out


def _nameless(item: Node, key: str, out: dict[str, Any], row: Field, ctx: Context) -> None:
    """An entry without its name: the file is lost for it, or the entry alone, whatever stands beside it."""
    if str(row.fact("bad", "")).startswith("refuse"):
        raise Bad(f"has a server without `{key}`", out or UNSAID)
    text, help = f"`{row.key}` has a server without `{key}`; left out", f"write `{key}:` in front of its configuration"
    if len(item.pairs) == 1 and item.pairs[0].value.kind == "map":
        server = item.pairs[0].key.text
        text = f"`{row.key}` has `{server}` as a key, which makes a server without `{key}`; left out"
        help = f"write `{key}: {server}`, and beside it what stands below `{server}` now"
    ctx.say("R007", text, "mcp_servers", item, effect="lost", help=help)


def _add(out: dict[str, Any], name: str, config: Any) -> None:
    """One more server. Two ways are two servers, whatever they are called; of one way the tools are added up."""
    number, free = 2, name
    while free in out and _way(out[free]) != _way(config):
        free, number = f"{name}-{number}", number + 1
    if free in out and (before := _listed(out[free])) is not None and (more := _listed(config)) is not None:
        config = {**config, ONLY: [*before, *(one for one in more if one not in before)]}
    elif free in out:  # the whole server is there beside one tool of it
        config = {k: v for k, v in (config or {}).items() if k != ONLY} or None
    out[free] = config


def _listed(config: Any) -> list[Any] | None:
    return config.get(ONLY) if isinstance(config, Mapping) else None


def _way(config: Any) -> Any:
    return {k: v for k, v in (config or {}).items() if k != ONLY}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_ENV = re.compile(r"\$[A-Za-z_]\w*|(?!\$)(?s:.*)")
# the words of `server_values`
OF_KIND: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "texts": _texts,
    "text-map": lambda value: isinstance(value, dict) and _texts(list(value.values())),
    # the program looks `$NAME` up, and any other word behind the sign is the name of nothing
    "env-map": lambda value: OF_KIND["text-map"](value) and all(_ENV.fullmatch(one) for one in value.values()),
    "maps": lambda value: isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value),
    "count": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "bool": lambda value: isinstance(value, bool),
    "none": lambda value: value is None,
}


def wrong_values(config: Mapping[str, Any], row: Field) -> list[str]:
    """Keys of one server whose value the program does not take."""
    known = kinds_of(row).items()
    return [k for k, kinds in known if k in config and not any(OF_KIND[one](config[k]) for one in kinds)]


def kinds_of(row: Field) -> Mapping[str, list[str]]:
    """Keys of a server with the kinds of values that the program takes there."""
    return {k: [v] if isinstance(v, str) else v for k, v in (row.fact("server_values") or {}).items()}


def _server_problem(config: Any, row: Field) -> str:
    """What is wrong with one server where the program checks it."""
    requires = row.fact("server_requires")
    if not requires:
        return ""
    if (config is None and row.fact("by_name")) or (row.fact("texts") and not _way(config)):
        return ""
    if not isinstance(config, dict):
        return "without a configuration"
    if wrong := wrong_values(config, row):
        return f"with a wrong `{wrong[0]}`"
    types = row.fact("server_types") or {}
    word, own = config.get("type"), str(row.fact("type_key") or "type")
    kinds = [kind for kind in types if word in types[kind]] if word is not None else []
    if word is not None and types and not kinds:
        return f"of the {own} `{word}`"
    reached = "remote" if "command" not in config and ("url" in config or not types) else "local"
    kind = kinds[0] if kinds else reached
    missing = [key for key in requires.get(kind, ()) if config.get(key) is None]
    takes = (row.fact("server_strict") or {}).get(kind)
    odd = [key for key in config if takes and key not in takes]
    missing = [own if key == "type" else key for key in missing]
    return f"without {', '.join(missing)}" if missing else f"with an unknown `{odd[0]}`" if odd else ""


def read_hooks(node: Node, row: Field, ctx: Context) -> Any:
    """Event -> entries, word for word. A wrong entry loses the agent, or only itself, as the program has it. Where a
    program loads no agent whose hooks it cannot read, they may be what guards it: they are kept as meant, a limit."""
    strict = str(row.fact("bad", "")).startswith("refuse")
    if node.kind != "map":
        raise Bad("must be a map", node.data() if strict and _may_guard(node, row) else UNSAID)
    events, guarded = row.fact("events"), row.fact("guarded")
    if strict and (problem := misplaced_guard(node.data(), row)):
        raise Bad(problem, node.data())
    out = {}
    for pair in node.pairs:
        event, entries = pair.key.text, pair.value.data()
        fatal = strict and (not guarded or event in guarded)
        problem = hooks_problem(event, entries, row)
        if events and event not in events:
            problem = f"has no event `{event}`{_like(event, events)}"
        if problem and fatal:
            raise Bad(problem, node.data())
        if problem:
            ctx.say("R007", f"`{row.key}` {problem}; {ctx.spec.program} passes it over", row.field or row.key, pair.key)
            continue
        out[event] = entries
    return out if out else UNSAID


def _may_guard(node: Node, row: Field) -> bool:
    """Whether a list or a text in the place of hooks says anything that could stop a tool."""
    return bool(row.fact("limits")) and not isinstance(node.value, bool) and node.data() not in ("", [], 0)


def _like(event: str, events: Iterable[str]) -> str:
    """The event that was meant, where only its spelling is that of another program."""
    plain = event.replace("_", "").replace("-", "").lower()
    meant = next((e for e in events if e.replace("_", "").lower() == plain), None)
    return f" (it is called `{meant}`)" if meant else ""


def read_delegates(node: Node, row: Field, ctx: Context) -> Any:
    """Agents that may be called; ``*`` is any."""
    if node.kind == "scalar" and node.text == "*":
        return ("*",)
    if node.kind == "list":
        return tuple(i.text for i in node.items if i.kind == "scalar")
    names = node.text.split(",") if node.kind == "scalar" else [p.key.text for p in node.pairs]
    raise Bad("must be a list of agents", tuple(n.strip() for n in names if n.strip()))


def read_handoffs(node: Node, row: Field, ctx: Context) -> Any:
    """Next steps; an entry that lacks what the program needs is dropped, as there."""
    if node.kind != "list":
        raise Bad("must be a list")
    out = []
    for n, item in enumerate(node.items):
        data = item.data() if item.kind == "map" else {}
        needs = row.fact("entry_needs", ("agent",))
        lacks = [k for k in needs if k not in data or (k != "prompt" and not str(data[k] or ""))]
        if lacks:
            text = f"hand-off {n + 1} lacks {', '.join(lacks)}; {ctx.spec.program} drops it"
            ctx.say("R007", text, f"handoffs[{n}]", item, effect="lost")
            continue
        more = {k: v for k, v in data.items() if k not in ("agent", "label", "prompt", "send", "model")}
        send = data.get("send")
        send = {"true": True, "false": False}.get(str(send).lower()) if send is not None else None
        label, prompt = str(data.get("label", "")), str(data.get("prompt", ""))
        out.append(Handoff(str(data["agent"]), label, prompt, send, data.get("model"), more))
    return tuple(out) if out else UNSAID
