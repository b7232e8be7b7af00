"""Notes on prompts: what they name in vain, and what was rewritten in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from agentconv.bodies.company import Scene
from agentconv.bodies.found import Mention
from agentconv.bodies.mentions import mentions
from agentconv.bodies.rewrite import WHAT, edits
from agentconv.bodies.search import hits, places
from agentconv.bodies.vocabulary import words_of
from agentconv.lowering.lowered import Edit, Lowered, after
from agentconv.model import Agent
from agentconv.notes import Note, note
from agentconv.spec import Spec


def at(scene: Scene, offset: int, code: str, message: str, help: str = "") -> Note:
    """A note at a place of the prompt."""
    line, column = scene.place(offset)
    return note(code, message, path="prompt", file=scene.file if line else "", line=line, column=column, help=help)


def say_hits(
    prompt: str,
    scene: Scene,
    src: Spec,
    dst: Spec,
    out: Lowered,
    kinds: Collection[str],
    made: Collection[Edit] = (),
    help: str = "--rewrite-body=paths writes the target's place, if it comes along",
) -> None:
    """Names and places (``kinds``: agent, path) outside of code that mean nothing in the target. ``made``: changes to
    the prompt; what they changed is not spoken of."""
    renamed = scene.company.renamed
    said: set[str] = set()
    for m in mentions(prompt, scene.company, words_of(src.id), tuple(kinds)):
        if m.code or m.text in said or any(e.start < m.end and m.start < e.end for e in made):
            continue
        if m.kind == "agent" and m.text in renamed and m.sure:
            said.add(m.text)
            text = f"the prompt calls an agent `{m.text}`, which is `{renamed[m.text]}` in {dst.program}"
            out.notes.append(at(scene, m.start, "P001", text, "--rewrite-body=names writes the new name"))
        elif m.kind == "path" and any(_below(m.text, folder) for folder in places(src)):
            said.add(m.text)
            text = f"the prompt speaks of `{m.text}`, a place of {src.program}"
            file = "." in m.text.rsplit("/", 1)[-1] and not set(m.text) & set("*{}<>$")
            out.notes.append(at(scene, m.start, "P002", text, help if file else ""))


def _below(path: str, folder: str) -> bool:
    bare = path.removeprefix("./")
    return bare.rstrip("/") == folder or bare.startswith(folder + "/")


def rewritten(
    agent: Agent, scene: Scene, src: Spec, dst: Spec, what: frozenset[str], code: bool, out: Lowered
) -> Agent:
    """The agent with its prompt in the target's words; each change is said at its place."""
    prompt = agent.prompt or ""
    found = mentions(prompt, scene.company, words_of(src.id))
    made = tuple(edits(prompt, scene, src, dst, what, code, found))
    for one in made:
        out.notes.append(at(scene, one.start, "P003", f"`{one.old}` became `{one.new}` in the prompt"))
    left = _left(found, scene, made) if "names" in what else {}
    for name, offsets in left.items():
        lines = ", ".join(str(scene.place(o)[0]) for o in offsets[:3] if scene.place(o)[0])
        more = f" (line {lines})" if lines else ""
        text = f"`{name}` may be an agent{more}, or a word: it was left"
        out.notes.append(at(scene, offsets[0], "P004", text, "change it in the source where it is one"))
    if hits(prompt, scene, src, dst)[1]:  # places that were not asked for, or of files that do not come along
        say_hits(prompt, scene, src, dst, out, ("path",), made, *([""] if "paths" in what else []))
    out.edits = made
    return replace(agent, prompt=after(prompt, made)) if made else agent


def _left(found: Iterable[Mention], scene: Scene, made: Iterable[Edit]) -> dict[str, list[int]]:
    changed = {e.start for e in made}
    out: dict[str, list[int]] = {}
    for m in found:
        if m.kind == "agent" and m.text in scene.company.renamed and not m.code and m.start not in changed:
            out.setdefault(m.text, []).append(m.start)
    return out


__all__ = ["WHAT", "rewritten", "say_hits"]
