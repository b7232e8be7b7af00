"""Drives Mistral Vibe's own agent registry, config orchestrator, tool manager and subagent resolver."""

import asyncio
import contextlib
import importlib.metadata
import io
import json
import logging
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from server import SERVED, command

PROJECT = Path(sys.argv[2]).resolve()
os.chdir(PROJECT)
records = []


class Keep(logging.Handler):
    def emit(self, record):
        with contextlib.suppress(Exception):
            records.append((record.levelname, record.getMessage()))


def main():
    import vibe.core.config.harness_files as hf
    from vibe.core.config.default_orchestrator import build_default_orchestrator
    from vibe.core.config.harness_files import HarnessFilesManager
    from vibe.core.trusted_folders import trusted_folders_manager

    # The servers of the session's own settings: a main agent has them beside those of its file.
    settings = Path(os.environ["VIBE_HOME"]) / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    entries = [(name, *command(name)) for name in SERVED]
    settings.write_text(
        "".join(
            f'[[mcp_servers]]\nname = "{name}"\ntransport = "stdio"\ncommand = {json.dumps(start)}\n'
            f"args = {json.dumps(words)}\n"
            for name, start, *words in entries
        )
    )
    # Project files count only in a folder the user trusts: trust the copy, for this process's home alone.
    add = getattr(trusted_folders_manager, "add_trusted", None) or getattr(trusted_folders_manager, "trust", None)
    if add:
        add(PROJECT)
    files = HarnessFilesManager(sources=("user", "project"), cwd=PROJECT)
    if hasattr(hf, "init_harness_files_manager"):
        with contextlib.suppress(Exception):
            hf.init_harness_files_manager("user", "project")
    orchestrator = asyncio.run(build_default_orchestrator(harness_files=files))

    from vibe.observability.logging import logger

    inner = getattr(logger, "_logger", logger)
    for lg in (inner, logging.getLogger("vibe"), logging.getLogger()):
        if isinstance(lg, logging.Logger):
            lg.addHandler(Keep())
            lg.setLevel(logging.INFO)

    from vibe.app_server import _agent_types as types
    from vibe.app_server import _runtime as runtime
    from vibe.core.agents.manager import AgentManager
    from vibe.core.agents.models import BUILTIN_AGENTS
    from vibe.core.agents.registry import AgentRegistry, apply_profile_overrides
    from vibe.core.tools.manager import ToolManager

    def rel(p):
        return str(Path(p).relative_to(PROJECT)) if p and Path(p).is_relative_to(PROJECT) else (str(p) if p else None)

    def clean(s):
        return str(s).replace(str(PROJECT) + "/", "")  # the copy's place is nobody's business

    errors, agents = [], []
    registry = AgentRegistry(orchestrator.copy(), files)
    for f in registry.failures:
        errors.append({"file": rel(f.path), "message": clean(f.reason), "stage": "load"})
    failed = {rel(f.path) for f in registry.failures}

    base_cfg = orchestrator.config
    base_tools = ToolManager(lambda: base_cfg, defer_mcp=True, cwd=PROJECT, harness_files=files)
    all_tools = sorted(base_tools.available_tools)
    manager = AgentManager(orchestrator.copy(), initial_agent="accept-edits", harness_files=files)
    subs = {s.name: s for s in types.workspace_agent_types(manager)}

    for name, p in registry.discovered.items():
        if p is BUILTIN_AGENTS.get(name):
            continue
        file = rel(p.source_path)
        out = {
            "file": file,
            "name": p.name,
            "display_name": p.display_name,
            "description": p.description,
            "agent_type": str(p.agent_type),
            "safety": str(p.safety),
            "instructions": p.instructions,
            "overrides": p.overrides,
            "tools": None,
            "model": p.overrides.get("active_model"),
            "enabled_tools": p.overrides.get("enabled_tools"),
            "disabled_tools": p.overrides.get("disabled_tools"),
            "overrides_builtin": name in BUILTIN_AGENTS,
            "available": name in manager.available_agents,
            "config_error": clean(p.config_error) if p.config_error else None,
        }
        if p.config_error is None:
            o = orchestrator.copy()
            try:
                apply_profile_overrides(o, dict(p.overrides), profile_name=p.name)
                cfg = o.config
                tm = ToolManager(lambda: cfg, defer_mcp=True, cwd=PROJECT, harness_files=files)
                tm.integrate_all()
                out["tools"] = sorted(tm.available_tools)
                perms = {}
                for t in out["tools"]:
                    with contextlib.suppress(Exception):
                        perms[t] = str(tm.get_tool_config(t).permission)
                out["permissions"] = perms
                out["bypass_tool_permissions"] = cfg.bypass_tool_permissions
                with contextlib.suppress(ValueError):  # no permission: said where the session is started
                    bypass = runtime._effective_bypass_tool_permissions(cfg, False)
                    out["session_modes"] = runtime._rust_tool_modes(
                        set(tm.available_tools),
                        lambda t, tm=tm: tm.get_tool_config(t).permission,
                        lambda t, tm=tm: getattr(tm.get_tool_config(t), "allowlist", None) or [],
                        gate=runtime.ToolGate.BYPASS if bypass else runtime.ToolGate.PROMPT,
                    )
                with contextlib.suppress(Exception):
                    m = cfg.get_active_model()
                    out["resolved_model"] = {
                        "alias": m.alias,
                        "name": m.name,
                        "thinking": m.thinking,
                        "temperature": m.temperature,
                    }
            except Exception as e:
                errors.append({"file": file, "message": clean(e), "stage": "apply"})
            # Settings nothing reads are a warning, and an error only under strict_config: report them.
            try:
                from vibe.core.config import VibeConfigSchema
                from vibe.core.config._setting_keys import find_unused_keys

                for issue in find_unused_keys(VibeConfigSchema, [("agent-profile", p.overrides)]):
                    errors.append({"file": file, "message": issue.describe(), "stage": "warning"})
            except Exception as e:
                errors.append({"file": file, "message": "unused-key check failed: " + clean(e), "stage": "harness"})
        elif file not in failed:
            errors.append({"file": file, "message": clean(p.config_error), "stage": "load"})
        if name in subs:

            def route(overrides):  # the lookup the program makes before it builds a real route
                alias = overrides.get("active_model")
                if alias is not None and alias not in orchestrator.config.models:
                    c = orchestrator.copy()
                    apply_profile_overrides(c, dict(overrides))
                    if alias not in c.config.models:
                        raise ValueError(f"active_model: {alias!r} is not an alias defined in [[models]]")
                return None

            cat = types.AgentToolCatalogue(
                available=frozenset(all_tools),
                permission_of=lambda n: base_tools.get_tool_config(n).permission,
                completion_route=route,
            )
            try:
                r = types.resolve_agent_types([subs[name]], cat)
                for i in r.rejections:
                    errors.append({"file": file, "message": clean(i.reason), "stage": "subagent"})
                if r.profiles:
                    out["tool_ceiling"] = dict(sorted(r.profiles[0].tool_ceiling.items()))
                    out["subagent_instructions"] = r.profiles[0].instructions
            except Exception as e:
                errors.append(
                    {"file": file, "message": f"uncaught {type(e).__name__}: {clean(e)}", "stage": "subagent"}
                )
        agents.append(out)
    known = {a["file"] for a in agents} | failed
    adir = PROJECT / ".vibe" / "agents"
    for f in sorted(adir.glob("*.toml")) if adir.is_dir() else []:
        if rel(f) not in known:
            msg = next((clean(m) for _, m in records if str(f) in m), "not loaded")
            errors.append({"file": rel(f), "message": msg, "stage": "load"})
    agents.sort(key=lambda a: a["file"] or "")
    return {
        "client": "mistral-vibe",
        "version": importlib.metadata.version("mistral-vibe"),
        "agents": agents,
        "errors": errors,
        "served": {f"{server}_{tool}": [server, tool] for server, tools in SERVED.items() for tool in tools},
        "session_tools": all_tools,
        "models": sorted(base_cfg.models),
    }


buf = io.StringIO()
with contextlib.redirect_stdout(buf):
    result = main()
print(json.dumps(result, indent=2, default=str))
