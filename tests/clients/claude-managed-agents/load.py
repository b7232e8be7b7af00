"""What the request types of Anthropic's Python SDK make of the bodies of agents in a project.

The types are what the SDK sends; the service itself is not called. Limits that the types only describe in words are
added here: unknown keys, hosts that are both allowed and blocked, servers and their sets, rosters, sizes; and that no
tool is there twice, as in every list of tools of that API. The tools are those that the settings of the sets leave on,
and those that ask, by the defaults of the page on permission policies.
"""

import importlib.metadata
import json
import pathlib
import sys
import typing

import pydantic
from anthropic.types.beta.agent_create_params import AgentCreateParams
from anthropic.types.beta.beta_managed_agents_agent_tool_config_params import BetaManagedAgentsAgentToolConfigParams

HEADERS = {"betas", "workspace_id"}  # of the request, no part of its body
BODY = pydantic.TypeAdapter(AgentCreateParams)
HINTS = [typing.get_type_hints(one) for one in typing.get_args(BetaManagedAgentsAgentToolConfigParams)]
NAMES = [typing.get_args(hints["name"])[0] for hints in HINTS]


def forced(value):
    """Lists of the types are read when somebody walks them."""
    if isinstance(value, dict):
        return {key: forced(inner) for key, inner in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, (bool, int, float)):
        return value
    return [forced(inner) for inner in value]


def rosters(said):
    """Lists of agents that may be started: how many, none twice, and none only where others can be made up."""
    parts = [said] if said.get("type") == "coordinator" else [said.get(key) for key in ("subagents", "workflows")]
    for part in parts:
        part = part or {}
        roster = part.get("agents" if part is said else "predefined_agents") or []
        made_up = part is not said and (part.get("inline_agents") or {}).get("type") != "disabled"
        if not roster and not made_up and part.get("type") != "disabled":
            yield "agents that may be started, and none is there"
        names = [one if isinstance(one, str) else one.get("id") or one["type"] for one in roster]
        if len(names) > 20 or len(set(names)) < len(names):
            yield "more than 20 agents, or one of them twice"


def said_in_words(body):
    """What the descriptions of the types say and the types do not check."""
    if unknown := set(body) - set(AgentCreateParams.__annotations__) | (set(body) & HEADERS):
        yield "unknown keys: " + ", ".join(sorted(unknown))
    servers = [server["name"] for server in body.get("mcp_servers", ())]
    sets = [tool["mcp_server_name"] for tool in body.get("tools", ()) if tool["type"] == "mcp_toolset"]
    if len(servers) > 20 or len(set(servers)) < len(servers):
        yield "more than 20 servers, or one of them twice"
    if set(servers) != set(sets):
        yield f"servers {servers} and sets of servers {sets}"
    kinds = [(tool["type"], tool.get("mcp_server_name"), tool.get("name")) for tool in body.get("tools", ())]
    each = [(n, c["name"]) for n, tool in enumerate(body.get("tools", ())) for c in tool.get("configs", ())]
    if len(set(kinds)) < len(kinds) or len(set(each)) < len(each):
        yield "a tool or a set of tools twice"
    for tool in body.get("tools", ()):
        for config in tool.get("configs", ()):
            allowed, blocked = config.get("allowed_domains"), config.get("blocked_domains")
            if [] in (allowed, blocked) or (allowed and blocked) or len(allowed or blocked or ()) > 64:
                yield f"the hosts of {config['name']}"
    yield from rosters(body.get("multiagent") or {})
    metadata = body.get("metadata", {})
    if len(metadata) > 16 or any(len(key) > 64 or len(value) > 512 for key, value in metadata.items()):
        yield "metadata: more than 16 pairs, or too long ones"


def setting(config, above, key):
    value = (config or {}).get(key)
    return above if value is None else value


def handed_over(body):
    """The program's tools that are on, and those of them that ask."""
    on, ask = [], set()
    for tool in body.get("tools", ()):
        if tool["type"] != "agent_toolset_20260401":
            continue
        default, each = tool.get("default_config"), {c["name"]: c for c in tool.get("configs", ())}
        for name in NAMES:
            own = each.get(name)
            if not setting(own, setting(default, True, "enabled"), "enabled"):
                continue
            on.append(name)
            policy = setting(own, setting(default, {"type": "always_allow"}, "permission_policy"), "permission_policy")
            ask |= {name} if policy["type"] != "always_allow" else set()
    return on, sorted(ask)


def read(path):
    """The agent of a file; what is wrong with it raises."""
    text = path.read_text("utf-8")
    body = json.loads(text)
    forced(BODY.validate_json(text, strict=True))
    if wrong := "; ".join(said_in_words(body)):
        raise ValueError(wrong)
    model = body["model"] if isinstance(body["model"], dict) else {"id": body["model"]}
    effort = model.get("effort")
    on, ask = handed_over(body)
    return {
        "name": body["name"],
        "description": body.get("description"),
        "prompt": body.get("system"),
        "model": model["id"],
        "effort": effort["type"] if isinstance(effort, dict) else effort,
        "tools": on,
        "asks": ask,
    }


def main():
    root = pathlib.Path(sys.argv[2])
    agents, errors = [], []
    for path in sorted((root / "managed-agents").glob("*.json")):
        file = path.relative_to(root).as_posix()
        try:
            agents.append({**read(path), "file": file})
        except (ValueError, OSError) as problem:
            errors.append({"file": file, "message": str(problem)[:400]})
    version = "anthropic " + importlib.metadata.version("anthropic")
    out = {"client": "claude-managed-agents", "version": version, "agents": agents, "errors": errors}
    print(json.dumps(out, indent=1, ensure_ascii=False))


main()
