"""What every conversion looks for in a prompt, as plain strings: agents that get another name, and places of the
source's program. Only a hit has the prompt taken apart."""

from __future__ import annotations

from functools import cache

from agentconv.bodies.company import Scene
from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent
from agentconv.registry import derived
from agentconv.spec import Spec


@cache
def places(spec: Spec) -> tuple[str, ...]:
    """The folders of the program's agents in a project: `.x/agents`."""
    globs = (spec.head.get("places") or {}).get("project", ())
    fixed = (str(g).split("*", 1)[0].rstrip("/") for g in globs)
    return tuple(dict.fromkeys(f for f in fixed if f.startswith(".") and "/" in f))


derived(places.cache_clear)


def hits(prompt: str, scene: Scene, src: Spec, dst: Spec) -> tuple[list[str], list[str]]:
    """Names and places that a plain search finds."""
    names = scene.company.lookup.renamed.found(prompt) if scene.company.renamed else []
    theirs = places(dst)
    return names, [folder for folder in places(src) if folder not in theirs and folder in prompt]


def say(agent: Agent, scene: Scene, src: Spec, dst: Spec, out: Lowered) -> None:
    """Notes on what the prompt will name in vain, unless it is rewritten."""
    if not agent.prompt or src.id == dst.id:
        return
    names, folders = hits(agent.prompt, scene, src, dst)
    if names or folders:
        from agentconv.bodies.telling import say_hits

        say_hits(agent.prompt, scene, src, dst, out, ("agent", "path") if folders else ("agent",))
