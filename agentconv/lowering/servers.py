"""Lowering of MCP servers: never started where the source did not, never trusted more, keys in them named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agentconv.capabilities import load_data
from agentconv.grants import by_server
from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent, Rule, Tool, Tools
from agentconv.patterns import pattern
from agentconv.reading.reach import wrong_values
from agentconv.reading.servertexts import has_others, in_texts
from agentconv.rights import Right, Rights, contains
from agentconv.serverwords import among, meaning
from agentconv.spec import Field, Spec

KEYS = pattern(
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bxox[abeoprs]-[\w-]{10,}|\bAIza[\w-]{20,}|\beyJ[\w-]{8,}\.[\w-]{8,}"
    r"|\b(?:npm|hf|dop_v1|shpat|pypi)[_-][A-Za-z0-9_-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|[?&](?i:api_?-?key|access_?-?key|access_?-?token|auth_?-?token|token|secret|password)=[^&#\s${}<>]{6,}"
    r"|(?i:\bbearer|\bbasic|\btoken)\s+[A-Za-z0-9+/._=-]{12,}|://[^/\s:@$]+:[^/\s:@${}]{3,}@"
)
NAMED = pattern(r"(?i)token|secret|passw|api_?-?key|credential|authorization|private_?-?key|access_?-?key")
REFERENCE = pattern(
    r"\$\{|\$[A-Za-z_]\w*\Z|\$[A-Z_]{3}|\{env:|\{\{|%\w+%|<[^>]*>|\[[^\]]*\]|\A[A-Z]+(?:_[A-Z]+)+\Z|\A(?i:your|my|xxx|todo|changeme|placeholder)|\.\.\.|…|\*{3}"
)


def lower_servers(value: Mapping[str, Any], src: Spec, dst: Spec, row: Field, before: Rights, out: Lowered) -> Any:
    """The servers that the target can hold, each in its own form."""
    kept: dict[str, Any] = {}
    for name, config in value.items():
        if row.fact("adds") == "servers" and not contains(before, Right(f"mcp:{name}")):
            text = f"`{row.key}` would give all tools of the MCP server `{name}` in {dst.program}; left out"
            out.say("L001", text, "mcp_servers")
            continue
        known = _known(src) & _known(dst)
        if isinstance(config, Mapping) and (off := _switched_off(config)) and off not in known:
            text = f"`{off}` switches the MCP server `{name}` off in {src.program}; it is left out"
            out.say("L002", text, "mcp_servers")
            continue
        config = _less_unsaid(_taken(name, config, src, dst, known, out), dst)
        if has_others(config):  # of the model's own form: all that is read has texts there
            config = in_texts(config)
            out.say("L009", f"what the MCP server `{name}` is given was written as text", "mcp_servers", "info")
        theirs = src.by_field.get("mcp_servers")
        made = _server(config, row, theirs, {} if theirs is row else row.fact("server_says") or {})
        made = _without_more(name, made, dst, row, out)
        if made is not None and (wrong := wrong_values(made, row)):
            made = _without_wrong(name, made, wrong, dst, out)
        by_name = row.fact("by_name") or (row.fact("shape") == "list" and not row.fact("named_by"))
        if made is None and not (config is None and by_name):
            out.say(
                "L002", f"the MCP server `{name}` cannot be written for {dst.program}: set it up there", "mcp_servers"
            )
        else:
            kept[name] = made
            if made != config and (more := ", ".join(k for k in made if k not in (config or {}))):
                out.say("L009", f"{dst.program} needs {more} for the MCP server `{name}`: added", "mcp_servers", "info")
            elif made != config and "type" in made:
                text = f"`type` of the MCP server `{name}` is `{made['type']}` in {dst.program}"
                out.say("L009", text, "mcp_servers", "info")
            elif made != config:
                text = f"{dst.program} tells the kind of the MCP server `{name}` by itself: `type` is left out"
                out.say("L009", text, "mcp_servers", "info")
            _say_secrets(name, made, dst, out)
            _say_unfilled(name, made, src, row, dst, out)
    if kept and not row.applied:
        out.say("L007", f"{dst.seen} accepts `{row.key}` and does nothing with it", "mcp_servers")
    return kept or None


def _less_unsaid(config: Any, dst: Spec) -> Any:
    """The configuration without values that say nothing: what the program's sets have there in any case."""
    if not isinstance(config, Mapping) or not (sets := dst.tools.fact("sets")):
        return config
    of_servers = [facts for facts in sets["words"].values() if facts and facts.get("server")]
    said = [(f["config"].get(key), value) for f in of_servers for key, value in (f.get("beside") or {}).items()]
    usual = {key: value for key, value in said if key}
    return {k: v for k, v in config.items() if k not in usual or (list(v) if isinstance(v, tuple) else v) != usual[k]}


def _without_more(name: str, made: Any, dst: Spec, row: Field, out: Lowered) -> Any:
    """The configuration as far as the program takes it, where it takes few keys only."""
    takes = row.fact("server_takes")
    if not takes or made is None:
        return made
    gone = [key for key in made if key not in takes and key != "type"]  # the kind, which it tells by itself
    if gone:
        words = ", ".join(f"`{key}`" for key in gone)
        text = f"{words} of the MCP server `{name}`: {dst.program} takes no such key in the file; set it up there"
        out.say("L002", text, "mcp_servers")
    return {key: value for key, value in made.items() if key in takes}


def _without_wrong(name: str, made: Mapping[str, Any], wrong: list[str], dst: Spec, out: Lowered) -> Any:
    """The configuration less the values that the program does not take; ``None`` where it starts nothing without."""
    if {"command", "args", "url"} & set(wrong):
        return None
    words = ", ".join(f"`{key}`" for key in wrong)
    out.say("L002", f"{words} of the MCP server `{name}`: {dst.program} takes no such value", "mcp_servers")
    return {key: value for key, value in made.items() if key not in wrong}


def _known(spec: Spec) -> frozenset[str]:
    """Keys of a server's configuration that the program is known to honour."""
    row = spec.by_field.get("mcp_servers") or next((r for r in spec.fields.values() if r.field == "mcp_servers"), None)
    facts = (row.fact("server_keys") if row else None) or {}
    return frozenset(key for keys in facts.values() for key in keys)


def _switched_off(config: Mapping[str, Any]) -> str:
    return next((k for k, v in meaning("off").items() if k in config and str(config[k]).lower() == str(v).lower()), "")


def _taken(name: str, config: Any, src: Spec, dst: Spec, known: frozenset[str], out: Lowered) -> Any:
    """The configuration without keys that another program may take for more than the source's did."""
    if not isinstance(config, Mapping):
        return config
    same = bool(src.family & dst.family)
    row = dst.by_field.get("mcp_servers")
    facts = [(row.fact(word) if row else None) or {} for word in ("server_requires", "server_says")]
    needs = {k for fact in facts for keys in fact.values() for k in keys}
    own, plain = _known(dst), among("plain") | among("off")
    kept = {
        k: v
        for k, v in config.items()
        if same or k in plain or k in needs or k in known or (k in own and k not in among("trust"))
    }
    limiting = (theirs.fact("server_keys") or {}) if (theirs := src.by_field.get("mcp_servers")) else {}
    every = {k for k in limiting.get("only", ()) if config.get(k) in (["*"], ("*",), "*")}  # what they all do anyway
    if every - set(kept):
        text = f"that the MCP server `{name}` has all its tools is what {dst.program} takes for granted"
        out.say("L009", text, "mcp_servers", "info")
    left = [k for k in config if k not in kept and k not in every]
    if held := _held(name, config, limiting, dst, out) & set(left):
        words = ", ".join(f"`{k}`" for k in left if k in held)
        text = (
            f"{words} of the MCP server `{name}`: what it says is held by the tools that the agent has in {dst.program}"
        )
        out.say("L009", text, "mcp_servers", "info")
    if gone := [k for k in left if k not in held]:
        words = ", ".join(f"`{k}`" for k in gone)
        out.say(
            "L002",
            f"{words} of the MCP server `{name}`: no word that {src.program} and {dst.program} both know",
            "mcp_servers",
        )
    return kept


def _held(
    server: str, config: Mapping[str, Any], limiting: Mapping[str, Any], dst: Spec, out: Lowered
) -> frozenset[str]:
    """The keys for some tools of a server that lose nothing without a word of their own: they were taken as rules
    (``limited_servers``), and the target's control gives none that they leave out."""
    grants = by_server(out.agent.tools, dst)
    whole = grants.get((server, None), grants["*", None])
    there = {tool for (one, tool), grant in grants.items() if one == server and tool and grant.open}
    held = set()
    for word in ("only", "except"):
        for key in (*limiting.get(word, ()), *among(word)):
            names = _names(config, [key])
            if names is None or "*" in names:
                continue
            if word == "only" and not whole.open and there <= set(names):
                held.add(key)
            if word == "except" and not any(grants.get((server, tool), whole).open for tool in names):
                held.add(key)
    return frozenset(held)


def _server(config: Any, row: Field, theirs: Field | None, says: Mapping[str, Any]) -> Any:
    """A server in the target's form. Never more than the source starts: no command is added. ``says``: what is written
    by kind, though the program takes a server without it."""
    if not isinstance(config, Mapping):
        return None
    needs = row.fact("server_requires") or {}
    types = row.fact("server_types")
    made, kind = _reached(dict(config), row, theirs)
    if made is None:
        return None
    wanted = (*needs.get(kind, ()), *says.get(kind, ()))
    if "args" in wanted and "command" in made:
        made.setdefault("args", [])
    if types and types.get(kind) and "type" in wanted and "type" not in made:
        made = {"type": types[kind][0], **made}
    if "tools" in wanted:
        made.setdefault("tools", ["*"])  # the agent's own tool list still decides
    return made if all(k in made for k in wanted) else None


def _reached(config: dict[str, Any], row: Field, theirs: Field | None) -> tuple[dict[str, Any] | None, str]:
    """The configuration with the way to the server in the target's words, and whether it is a remote one."""
    addresses = load_data("servers")["addresses"]
    address = next((k for k in (*addresses, "url") if config.get(k) is not None), "")
    if address and config.get("command") is not None and not {"type", "transport"} & config.keys():
        return None, "remote"  # two ways, and nothing says which one counts
    if address:
        way = _way(config, address, theirs)
        return _remote(config, address, way, row), "remote"
    return _local(config, row), "local"


def _local(config: dict[str, Any], row: Field) -> dict[str, Any] | None:
    """A server that is started, with the target's word for that."""
    legal = (row.fact("server_types") or {}).get("local")
    if legal is None or "type" not in config:
        return config
    if not legal:
        return {k: v for k, v in config.items() if k != "type"}
    if config["type"] in legal:
        return config
    return {**config, "type": legal[0]} if str(config["type"]).lower() in ("local", "stdio") else None


def _way(config: Mapping[str, Any], address: str, theirs: Field | None) -> str:
    """How a server is spoken to, as the source says it; empty where it says nothing that is known."""
    words = meaning("ways")
    word = str(config.get("type", config.get("transport", ""))).lower()
    said = ((theirs and theirs.fact("server_types")) or {}).get("remote") or ()
    if address in load_data("servers")["addresses"]:
        return "http"
    way = str(words.get(word, "" if word in said else word))
    by_key = theirs is not None and theirs.fact("server_http")  # a program with a key for each way
    return "sse" if not way and by_key and not said else way


def _remote(config: dict[str, Any], address: str, way: str, row: Field) -> dict[str, Any] | None:
    """A server with an address, in the target's words; ``None`` where it has none for that way."""
    plain, legal = row.fact("server_http"), (row.fact("server_types") or {}).get("remote")
    key = str(plain) if plain and not legal and way != "sse" else "url"
    made = {key if k == address else k: v for k, v in config.items() if k not in ("type", "transport") or k == address}
    if legal is None or (not legal and not plain):  # nobody knows what it takes: as the source has it
        return {"type": config["type"], **made} if "type" in config else made
    if not legal:
        return made if way in ("", "http", "sse") else None
    if way in ("http", "sse") and len(legal) == 1 and legal[0] not in meaning("ways"):
        way = legal[0]  # a word for any address
    if way and way not in legal:
        return None
    return {"type": way, **made} if way else made


def limited_servers(agent: Agent, src: Spec, *, as_meant: bool = True) -> Agent:
    """Tools that a server's configuration leaves out, as rules: the limit must hold where the key means nothing.
    ``as_meant``: words of other programs count, too, and those of a key that the program passes over; without it only
    what the program itself is known to honour."""
    row = src.of_mode(agent.mode).by_field.get("mcp_servers")
    if row is None or not (row.applied or as_meant) or not isinstance(agent.mcp_servers, Mapping):
        return agent
    own = row.fact("server_keys") or {}
    others = load_data("servers") if as_meant else {}
    facts = {word: (*own.get(word, ()), *others.get(word, ())) for word in ("only", "except")}
    rules = list(agent.tools.rules)
    last: list[Rule] = []
    for server, config in agent.mcp_servers.items():
        if not isinstance(config, Mapping):
            continue
        off = _switched_off(config)
        if off and (as_meant or off in own.get("off", ())):
            # its tools are not there; in the target a server of that name may be
            last.append(Rule("deny", Tool(f"{server}/*", server=server), at="mcp_servers"))
            continue
        only = _names(config, facts.get("only", ()))
        if only is not None and "*" not in only:
            rules = _only(rules, server, only, agent.tools.base)
        for one in _names(config, facts.get("except", ())) or ():
            last.append(Rule("deny", Tool(f"{server}/{one}", server=server, member=one), at="mcp_servers"))
    rules += last
    return replace(agent, tools=Tools(agent.tools.base, tuple(rules))) if tuple(rules) != agent.tools.rules else agent


def _names(config: Mapping[str, Any], keys: Any) -> list[str] | None:
    found = [config[k] for k in keys if isinstance(config.get(k), (list, tuple))]
    # a text where a list belongs is meant as the names in it
    found += [re.split(r"[,\s]+", config[k].strip()) for k in keys if isinstance(config.get(k), str)]
    return [str(n) for names in found for n in names] if found else None


def _only(rules: list[Rule], server: str, only: list[str], base: str | None) -> list[Rule]:
    members = [Tool(f"{server}/{one}", server=server, member=one) for one in only]
    out: list[Rule] = []
    wide = base in ("all", None)
    for rule in rules:
        whole = rule.effect == "allow" and rule.tool.server == server and rule.tool.member is None
        if whole:
            out += [replace(rule, tool=tool) for tool in members]
        elif rule.effect == "allow" and rule.tool.server == server and rule.tool.member not in only:
            continue
        else:
            out.append(rule)
            wide = wide or (rule.effect == "allow" and (rule.tool.server == "*" or rule.tool.caps == ("*",)))
    if wide and not any(r.tool.server == server for r in rules):
        out.append(Rule("deny", Tool(f"{server}/*", server=server), at="mcp_servers"))
        out += [Rule("allow", tool, at="mcp_servers") for tool in members]
    return out


# -- values from elsewhere ----------------------------------------------------------------------


def _texts(config: Any) -> Iterator[str]:
    if isinstance(config, str):
        yield config
    elif isinstance(config, (Mapping, list, tuple)):
        for value in config.values() if isinstance(config, Mapping) else config:
            yield from _texts(value)


def _say_unfilled(name: str, config: Any, src: Spec, row: Field, dst: Spec, out: Lowered) -> None:
    """Words of the source's program for a value that it fills in: to another one they are the value."""
    if src.family & dst.family:
        return
    forms = [
        pattern(form) for form in map(str, load_data("servers")["fills"]) if form not in row.fact("server_fills", ())
    ]
    found = dict.fromkeys(m[0] for text in _texts(config) for form in forms for m in form.finditer(text))
    if found:
        words = ", ".join(f"`{one}`" for one in found)
        text = f"{words} of the MCP server `{name}`: {dst.program} is not known to fill that in"
        out.say("L009", text, "mcp_servers", help=f"name the value as {dst.program} does it")


# -- values that look like keys ----------------------------------------------------------------


def secrets(config: Any, path: str = "") -> Iterator[str]:
    """Where in a configuration a value stands that looks like a key; the value itself is never repeated."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from secrets(value, f"{path}.{key}" if path else str(key))
    elif isinstance(config, (list, tuple)):
        for n, value in enumerate(config):
            yield from secrets(value, f"{path}[{n}]")
    elif isinstance(config, str) and not REFERENCE.search(config):
        last = path.rsplit(".", 1)[-1]
        long = len(config) >= 8 and not config.isspace() and " " not in config.strip()
        if KEYS.search(config) or (NAMED.search(last) and long and not config.startswith(("/", "./", "~"))):
            yield path


def _say_secrets(name: str, config: Any, dst: Spec, out: Lowered) -> None:
    if found := list(secrets(config)):
        words = ", ".join(f"`{place}`" for place in found)
        text = f"a value that looks like a key would be copied with the MCP server `{name}`: {words}"
        help = f"let it stand in the environment and name it there, as {dst.program} does it; then renew the key"
        out.say("C060", text, "mcp_servers", help=help)
