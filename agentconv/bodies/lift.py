"""What the prompt or the description says and a field of the target can hold: hand-overs and examples."""

from __future__ import annotations

import re
from dataclasses import replace

from agentconv.bodies import examples
from agentconv.bodies.company import Scene
from agentconv.bodies.found import Mention
from agentconv.bodies.mentions import mentions
from agentconv.bodies.parse import parse
from agentconv.bodies.sections import sections
from agentconv.bodies.telling import at
from agentconv.bodies.vocabulary import words_of
from agentconv.lowering.lowered import Lowered
from agentconv.model import Agent, Handoff
from agentconv.notes import note
from agentconv.spec import Spec

GIVES = re.compile(
    r"\b(?:hand(?:s|ed|ing)?[ -]?(?:\w+ )?(?:off|over)|hand-?offs?|delegat\w+|escalat\w+|rout(?:e|es|ing)|"
    r"dispatch\w*|transfer\w*|invok\w+|suggest\w*|switch(?:es)? to|pass(?:es)? (?:\w+ )?to|engage|consult)\b",
    re.I,
)
# "- **With prd-writer**: Receives requirements": it gives, and is given nothing
TAKES = re.compile(r"\b(?:receiv\w*|gets?|consum\w*|takes?)\b", re.I)
MARKER = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])?[ \t]*")


def handovers(prompt: str, scene: Scene, src: Spec, me: tuple[str, ...]) -> list[tuple[Mention, Handoff]]:
    """Agents that the prompt hands over to, each once, with the line that says so."""
    parsed = parse(prompt)
    about = sections(parsed)
    out: dict[str, tuple[Mention, Handoff]] = {}
    for m in mentions(prompt, scene.company, words_of(src.id)):
        if m.kind != "agent" or m.code or not m.sure or m.a_word or m.meant in me or m.meant in out:
            continue
        begin = prompt.rfind("\n", 0, m.start) + 1
        stop = prompt.find("\n", m.end)
        line = prompt[begin : len(prompt) if stop < 0 else stop].strip("\r")
        if any(a <= m.start < b for a, b in about) or GIVES.search(line[: m.start - begin]):
            text = _sentence(MARKER.sub("", line, count=1).strip(), m.text)
            taken = TAKES.search(text) and not GIVES.search(text)
            if not taken and not text.startswith(("#", "|")):
                out[m.meant] = (m, Handoff(m.meant, m.meant, text))
    return list(out.values())


def _sentence(line: str, name: str) -> str:
    """The sentence of a line that names the agent."""
    parts = re.split(r"(?<=[.!?])\s+(?=[A-Z`*_@])", line)
    return next((part for part in parts if name in part), line)


def lifted(agent: Agent, scene: Scene, src: Spec, dst: Spec, out: Lowered) -> Agent:
    """The agent with fields made of what its texts say, where the target has them and the header does not."""
    agent = _with_handoffs(agent, scene, src, dst, out)
    row = dst.by_field.get("examples")
    if row is None or not row.applied or agent.examples is not None or not agent.description:
        return agent
    found = examples.parsed(agent.description)
    if not found:
        return agent
    what = "the example of the description stands" if len(found) == 1 else "examples of the description stand"
    text = f"{what} in `{row.key}`, too"
    out.notes.append(note("P005", text, path="examples", file=scene.file))
    return replace(agent, examples=examples.as_field(found, row.fact("keys") or ()))


def _with_handoffs(agent: Agent, scene: Scene, src: Spec, dst: Spec, out: Lowered) -> Agent:
    row = dst.by_field.get("handoffs")
    if row is None or not row.applied or agent.handoffs is not None:
        return agent
    me = tuple(w for w in (agent.id, agent.name) if w)
    found = handovers(agent.prompt or "", scene, src, me)
    if not found:
        return agent
    made = []
    for m, handoff in found:
        name = scene.company.renamed.get(handoff.agent, handoff.agent)
        made.append(replace(handoff, agent=name, label=name))
        if not m.known:
            text = f"the prompt hands over to `{handoff.agent}`, and no agent of the batch is called so"
            out.notes.append(at(scene, m.start, "P006", text, "convert that agent, too, or take the hand-over out"))
    text = f"`{row.key}` holds what the prompt says: {', '.join(h.agent for h in made)}"
    out.notes.append(note("P005", text, path="handoffs", file=scene.file))
    return replace(agent, handoffs=tuple(made))
