"""What a plain search of the prompts shows: places of other programs, agents called by their file, what the
program would fill in. Only a hit has a prompt taken apart; the full analysis is asked for with ``--bodies``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from agentconv.bodies.company import Member, gathered, placer
from agentconv.bodies.vocabulary import folders, owners, words_of
from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding, Severity
from agentconv.namepatterns import filled, in_prompts
from agentconv.reading.context import Read
from agentconv.registry import derived, load
from agentconv.spec import Spec


def produce(checked: Checked) -> Iterator[Finding]:
    """Each prompt, searched for plain words."""
    places = strange_places(checked.spec, tuple((r.spec.id, r.program) for r in checked.readers))
    files = checked.around.misnamed if checked.around is not None else {}
    for read in checked.author.agents:
        prompt = read.agent.prompt
        if not prompt:
            continue
        yield from _filled_in(checked, read, prompt)
        if one_of(tuple(places)).search(prompt) or speaks(prompt, files):
            yield from _named(checked, read, prompt, places, files)


WORD = re.compile(r"[\w-]+")
FEW = 40  # names for which one expression is faster than all words of the prompt


@cache
def one_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words; one expression is faster than a search for each."""
    return re.compile("|".join(map(re.escape, words)) or r"(?!)")


def speaks(prompt: str, names: Mapping[str, str]) -> bool:
    """Whether one of the names may stand in the prompt. There can be thousands of them."""
    if len(names) <= FEW:
        return bool(names) and one_of(tuple(names)).search(prompt) is not None
    return not names.keys().isdisjoint(WORD.findall(prompt)) or any(n in prompt for n in names if not WORD.fullmatch(n))


@cache
def strange_places(spec: Spec, readers: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Folders that no program knows that reads this file, with the program that does."""
    mine = {spec.id, *(id for id, _ in readers)}
    known = {spec.program, *(program for _, program in readers)}
    strange = {folder: load(ids[0]).program for folder, ids in folders().items() if not mine & set(ids)}
    return {folder: program for folder, program in strange.items() if program not in known}


derived(strange_places.cache_clear)


def _named(
    checked: Checked, read: Read, prompt: str, places: Mapping[str, str], files: Mapping[str, str]
) -> Iterator[Finding]:
    """The hits that stand outside of code, each once."""
    from agentconv.bodies.mentions import mentions

    company = gathered(Member((file,)) for file in files)
    place = placer(checked.author, read)
    said: set[str] = set()
    told: tuple[str, Severity, str, str]
    for m in mentions(prompt, company, words_of(checked.spec.id), ("agent", "path")):
        if m.code or not m.sure or m.meant in said:
            continue
        if m.kind == "path" and (program := next((places[f] for f in owners(m.meant) if f in places), "")):
            told = ("P012", "info", f"the prompt speaks of `{m.text}`, a place of {program}", "does not look there")
            mend = "say where it is in this program, or leave it out"
        elif m.kind == "agent" and m.text in files:
            text = f"the prompt calls an agent `{m.text}` by its file; its name is `{files[m.text]}`"
            told = ("P014", "warning", text, "knows it by its name only")
            mend = f"write `{files[m.text]}`"
        else:
            continue
        said.add(m.meant)
        code, severity, message, does = told
        line = place(m.start)
        yield checked.finding(
            code, severity, message, read=read, at=line if line[0] else None, reader=checked.owner,
            path="prompt", meant=f"`{m.text}`", does=does, mend=mend,
        )  # fmt: skip


def _filled_in(checked: Checked, read: Read, prompt: str) -> Iterator[Finding]:
    """Text that the program itself takes for a placeholder, in code as well, and has nothing for."""
    place = None
    said: set[tuple[str, int]] = set()  # the same twice in a line is one
    for fact in (f for f in in_prompts(checked.spec) if f.get("unfilled") not in ("stays", "asked")):
        for found in re.finditer(str(fact["pattern"]), prompt):
            if filled(found, fact):
                continue
            place = place or placer(checked.author, read)
            line = place(found.start())
            if (found[0], line[0]) in said:
                continue
            said.add((found[0], line[0]))
            yield checked.finding(
                "P015", "warning", f"`{found[0]}` is a placeholder that nothing fills in", read=read,
                at=line if line[0] else None, reader=checked.owner, path="prompt", meant=f"`{found[0]}` as it stands",
                does="takes it for a placeholder, and the agent fails when it is called",
                mend=f"write `{found.expand(str(fact['change']))}`",
            )  # fmt: skip
