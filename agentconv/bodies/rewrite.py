"""Rewriting a prompt for another program: only what is certain, with the least change, and undone by the way back
where names are one to one.

What would be taken for something else afterwards is left: rewriting twice is rewriting once."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from agentconv.bodies.company import Company, Scene
from agentconv.bodies.found import Mention
from agentconv.bodies.mentions import mentions
from agentconv.bodies.parse import parse
from agentconv.bodies.vocabulary import of_programs, speaks, words_of
from agentconv.lowering.choosing import name_for
from agentconv.lowering.lowered import Edit
from agentconv.reading.toolnames import recognise
from agentconv.registry import load
from agentconv.rows import Name
from agentconv.spec import Spec

WHAT = ("names", "tools", "paths")
LINK = re.compile(r"\]\(\s*<?(?P<link>[^()\s<>#?]+)")


def edits(
    prompt: str,
    scene: Scene,
    src: Spec,
    dst: Spec,
    what: frozenset[str],
    code: bool,
    found: Sequence[Mention] | None = None,
) -> list[Edit]:
    """The changes to a prompt, by place; ``code``: in code blocks, too; ``found``: what it mentions, where that is
    known."""
    if found is None:
        found = mentions(prompt, scene.company, words_of(src.id))
    made = [e for m in found if (e := _edit(m, prompt, scene, src, dst, what, code)) is not None]
    if "paths" in what:
        made += _links(prompt, scene, code)
    kept: list[Edit] = []
    for one in sorted(made, key=lambda e: (e.start, -e.end)):
        if (not kept or one.start >= kept[-1].end) and one.old != one.new:
            kept.append(one)
    return kept


def _edit(m: Mention, prompt: str, scene: Scene, src: Spec, dst: Spec, what: frozenset[str], code: bool) -> Edit | None:
    if (m.code and not code) or not m.sure:
        return None
    if m.kind == "agent" and "names" in what:
        new = scene.company.renamed.get(m.text)
        return _called(m, prompt, new or m.text, src, dst) if new or (m.form == "at-agent" and m.known) else None
    if m.kind == "tool" and "tools" in what:
        return None if of_programs(prompt, m.start, m.end) else _tool(m, prompt, src, dst)
    if m.kind == "path" and "paths" in what:
        new = _path(m, scene.company)
        return Edit("paths", m.start, m.end, m.text, new) if new else None
    return None


def _called(m: Mention, prompt: str, new: str, src: Spec, dst: Spec) -> Edit | None:
    """A name; with what stands between `@` and it where the programs differ in that."""
    if m.form == "at-agent":
        before, theirs = _prefix(src), _prefix(dst)
        if before is not None and theirs is not None and prompt[m.start - len(before) : m.start] == before:
            old = before + m.text
            return Edit("names", m.start - len(before), m.end, old, theirs + new)
    return Edit("names", m.start, m.end, m.text, new)


def _prefix(spec: Spec) -> str | None:
    at = speaks(spec.id).get("at")
    return str(at[-1]) if at else None


# -- tools ------------------------------------------------------------------------------------


def _tool(m: Mention, prompt: str, src: Spec, dst: Spec) -> Edit | None:
    if src.id == dst.id:
        new = own_name(m.text, src.id) if m.form in ("backticks", "noun", "bare") else None
        return Edit("tools", m.start, m.end, m.text, new) if new else None
    if m.form == "mcp":
        tool = src.tools.mcp_tool(m.text)
        new = dst.tools.spell_mcp(tool.server, tool.member) if tool is not None and tool.server else None
        return Edit("tools", m.start, m.end, m.text, new) if new else None
    if m.form == "reference":
        theirs = speaks(dst.id).get("tool")
        new = counterparts(src.id, dst.id).get(m.meant)
        if new is None:
            return None
        made = str(theirs).format(tool=new) if theirs else new if parse(prompt).at(m.start) else f"`{new}`"
        return Edit("tools", m.start, m.end, m.text, made)
    new = counterparts(src.id, dst.id).get(m.text)
    return Edit("tools", m.start, m.end, m.text, new) if new and m.form != "call" else None


@lru_cache(maxsize=512)
def own_name(word: str, id: str) -> str | None:
    """The program's own name for a dead one or one of another program, where it means one thing and just that."""
    spec = load(id)
    found = recognise(word, spec, author=True)
    caps = found.tool.caps
    if found.how not in ("dead", "foreign") or len(caps) != 1 or caps[0] in ("*", "program", "program-run", "session"):
        return None
    new = name_for(caps[0], spec, {*caps, *found.tool.also})
    return new if new is not None and new != word and spec.tools.names[new].caps == caps else None


@lru_cache(maxsize=64)
def counterparts(src: str, dst: str) -> Mapping[str, str]:
    """Tool names with one sure counterpart: the target's own name for just what the name means."""
    ours, theirs = load(src), load(dst)
    spelled = {n: name for n, name in ours.tools.names.items() if not name.off}
    spelled |= {a: ours.tools.names[t] for a, t in ours.tools.aliases.items() if t in spelled}
    out: dict[str, str] = {}
    for spelling, name in spelled.items():
        if len(name.caps) != 1 or name.caps[0] in ("*", "program", "program-run", "session"):
            continue
        first = name_for(name.caps[0], ours, set(name.gives))
        if first != name.name and not _of_set(name, ours.tools.names.get(first or "")):
            continue  # not what the program has for that first of all, nor what the set is that it has for it
        new = name_for(name.caps[0], theirs, set(name.gives))
        if new is not None and theirs.tools.names[new].caps == name.caps:
            out[spelling] = new
    # a word of both programs that means different things in them would be changed again by a second run
    return {old: new for old, new in out.items() if out.get(new, new) == new and old != new}


def _of_set(name: Name, group: Name | None) -> bool:
    """Whether a set of the program is this tool and what goes with it: `agent` is `agent/runSubagent`."""
    return group is not None and name.name in group.members and group.caps == name.caps


# -- paths ------------------------------------------------------------------------------------


def _path(m: Mention, company: Company) -> str | None:
    """The place of the same agent in the target. What is said of the folder as such may be true of the source only."""
    lead = "./" if m.text.startswith("./") else ""
    found = company.by_file.get(m.text.removeprefix("./"))
    return lead + found.output if found is not None and found.output else None


def _links(prompt: str, scene: Scene, code: bool) -> Iterator[Edit]:
    """Relative links, which count from the file that moves."""
    if not scene.output or "](" not in prompt or scene.file.startswith(("/", "..")) or "\\" in scene.file:
        return
    parsed = parse(prompt)
    old, new = posixpath.dirname(scene.file), posixpath.dirname(scene.output)
    for found in LINK.finditer(prompt):
        link, start = found["link"], found.start("link")
        span = parsed.at(start)
        if re.match(r"[a-z][a-z0-9+.-]*:|/|~|\$|@", link, re.I) or (span is not None and not code) or "{" in link:
            continue
        there = posixpath.normpath(posixpath.join(old, link))
        if there.startswith(".."):
            continue
        if there in scene.company.by_file and scene.company.by_file[there].output:
            there = scene.company.by_file[there].output
        elif scene.beside is None or scene.beside(link) is None:
            continue  # nothing lies there, so nothing breaks
        made = posixpath.relpath(there, new or ".")
        made = f"./{made}" if link.startswith("./") and not made.startswith(".") else made
        yield Edit("paths", start, start + len(link), link, made)


__all__ = ["WHAT", "counterparts", "edits"]
