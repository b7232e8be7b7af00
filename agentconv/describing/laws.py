"""What has to hold for every format, tried on a description: agents that between them say the usual and the odd."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.conversion import Conversion
from agentconv.convert import convert_agent, convert_text
from agentconv.lowering.lowered import Options
from agentconv.model import Agent, Model, Rule, Scope, Tool, Tools
from agentconv.reading.engine import read_author
from agentconv.registry import heads, load
from agentconv.spec import Spec

ODD = "Say “no”.\n\n---\nkey: value\n\n```yaml\n# no header: {{ not }} a template\n```\n\n${HOME} and $ARGUMENTS\tstay."
WIDE = Options(allow_widening=frozenset({"*"}), guard=False)


def _tools(*caps: str, base: str | None = "none") -> Tools:
    return Tools(base, tuple(Rule("allow", Tool(cap, (cap,))) for cap in caps))  # type: ignore[arg-type]


def samples() -> dict[str, Agent]:
    """Agents by what is special about them."""
    plain = Agent(id="sample", name="sample", description="Does it. Use it when it is to be done.", prompt="Do it.")
    server = Tool("mcp__docs__find", server="docs", member="find")
    from dataclasses import replace as but

    return {
        "an agent without a tool list": plain,
        "an agent without tools": but(plain, tools=Tools("none")),
        "an agent that only reads": but(plain, tools=_tools("read", "search-text")),
        "an agent that may run anything": but(plain, tools=_tools("read", "edit", "create", "run")),
        "an agent with a limited shell": but(
            plain, tools=Tools("none", (Rule("allow", Tool("run", ("run",)), Scope("command-glob", "git *")),))
        ),
        "an agent with one denied tool": but(plain, tools=Tools("all", (Rule("deny", Tool("run", ("run",))),))),
        "an agent with one MCP tool": but(plain, tools=Tools("none", (Rule("allow", server),))),
        "a prompt full of signs": but(plain, prompt=ODD),
        "a description with a colon": but(plain, description='Reads: "all" of it, # too; 100% sure'),
        "a name with spaces": but(plain, id="Über uns: C#", name="Über uns: C#"),
        "an agent with a model": but(
            plain, model=(Model("claude-sonnet-4-5", "claude-sonnet-4-5", maker="anthropic"),)
        ),
        "an agent for people, too": but(plain, mode="all", max_turns=7, color="red", skills=("one",)),
    }


def broken_laws(spec: Spec) -> Iterator[str]:
    """One sentence for each law that does not hold."""
    if not (spec.head.get("places") or {}).get("write"):
        return
    own = next(id for id in heads() if load(id).tools.control == "any")
    for name, agent in samples().items():
        try:
            yield from _broken(agent, name, spec, own)
        except Exception as error:
            # a description is input: whatever it makes of the engine is told as its own fault
            yield f"{name}: {type(error).__name__}: {error}"


def _broken(agent: Agent, name: str, spec: Spec, own: str) -> Iterator[str]:
    made = convert_agent(agent, own, spec.id)
    if not made.files and made.status == "refused":
        made = convert_agent(agent, own, spec.id, WIDE)
    wrong = [f"{n.code} {n.message}" for n in made.notes if n.effect == "error"]
    if wrong:
        yield f"{name} cannot be written: {'; '.join(wrong)}"
        return
    for path, data in made.files.items():
        text = data.decode("utf-8")
        again = convert_text(text, from_=spec.id, to=spec.id, path=path)[0]
        if again.text != text:
            yield f"{name} is changed when its file is converted to the same format"
        read = read_author(spec, text, path).agents
        if not read:
            yield f"{name} is written and not read again"
        elif (read[0].agent.prompt or "").strip() != _prompt(made):
            yield f"{name} comes back with another prompt"


def _prompt(made: Conversion) -> str:
    return ((made.agent.prompt if made.agent else None) or "").strip()
