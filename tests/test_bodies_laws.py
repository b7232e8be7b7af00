"""Laws of rewriting prompts, from every kind of source to every kind of target: nothing asked, nothing changed; twice
is once; nothing inside a fence; and the way back restores what is one to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentconv import registry
from agentconv.bodies.company import Company, Scene, gathered, member
from agentconv.bodies.parse import parse
from agentconv.bodies.rewrite import WHAT, counterparts, edits
from agentconv.bodies.tools import SHELL
from agentconv.bodies.vocabulary import speaks, words_of
from agentconv.convert import Options, convert_agent, convert_text
from agentconv.lowering.lowered import after
from agentconv.model import Agent
from agentconv.output.render import output_path
from agentconv.registry import load

AGENTS = (Agent(id="Lead", name="Lead"), Agent(id="Code_Checker", name="Code_Checker"), Agent(id="db-expert"))
FILES = [id for id in registry.targets() if not load(id).many and load(id).tools.control != "any"]
BY = {str(load(id).identity.get("by", "name")): id for id in reversed(FILES)}
# one of each kind of identity, and those whose prompts have a form of their own for agents or tools
KINDS = tuple(dict.fromkeys([*BY.values(), *(id for id in FILES if speaks(id).get("tool") or speaks(id).get("calls"))]))
PAIRS = [(src, dst) for src in KINDS for dst in KINDS if src != dst]
EVERY = frozenset(WHAT)


@cache
def company(src: str, dst: str) -> Company:
    return gathered(member(a, output_path(a, load(src)), load(dst)) for a in AGENTS)


@cache
def scene(src: str, dst: str) -> Scene:
    mine = company(src, dst).members[0]
    return Scene(company(src, dst), mine.source, output=mine.output)


@cache
def pieces(src: str) -> tuple[str, ...]:
    """Words of a prompt of this format, and what takes a text apart."""
    tools = list(words_of(src).tools)[:40]
    own = [f"`{t}`" for t in tools] + [f"the {t} tool" for t in tools] + [f"#tool:{t}" for t in tools[:5]]
    files = [output_path(a, load(src)) for a in AGENTS]
    folders = [f"{f}/x.md" for f in speaks(src).get("folders", ())]
    names = [w for a in AGENTS for w in (f"the `{a.id}` agent", f"@{a.id}", f"@agent-{a.id}", f"**{a.id}**", a.id)]
    links = [f"[x](./{f.rsplit('/', 1)[-1]})" for f in files]
    marks = [
        "```",
        "~~~",
        "```sh",
        "    ",
        "\t",
        "`",
        "``",
        "<!--",
        "-->",
        "> ",
        "- ",
        "\\`",
        "\r\n",
        "## Handoffs",
        "é",
        "|",
    ]
    return (*own, *files, *folders, *names, *links, *marks, f'agentName: "{AGENTS[1].id}"', "read/readFile", "Grep")


def prompts(src: str) -> st.SearchStrategy[str]:
    word = st.sampled_from(pieces(src)) | st.text(max_size=6)
    parts = st.lists(st.tuples(word, st.sampled_from([" ", "\n", "\n\n", ""])), max_size=12)
    return parts.map(lambda found: "".join(a + b for a, b in found))


pair_and_prompt = st.sampled_from(PAIRS).flatmap(lambda pair: st.tuples(st.just(pair), prompts(pair[0])))


def rewritten(prompt: str, src: str, dst: str, around: Scene, code: bool = False) -> str:
    return after(prompt, tuple(edits(prompt, around, load(src), load(dst), EVERY, code)))


def test_the_kinds_are_of_several_programs() -> None:
    assert len(KINDS) >= 6 and {"name", "stem", "path"} <= set(BY)


@settings(deadline=None, max_examples=250)
@example((("gemini-cli", "droid"), "the read_file tool `read_file` `read_file` `read_file` `glob`"))
@given(pair_and_prompt)
def test_twice_is_once(case: tuple[tuple[str, str], str]) -> None:
    (src, dst), prompt = case
    here = scene(src, dst)
    once = rewritten(prompt, src, dst, here)
    moved = replace(here, file=here.output)  # its links count from its new place now
    assert rewritten(once, src, dst, moved) == once


@settings(deadline=None, max_examples=250)
@given(pair_and_prompt)
def test_nothing_inside_a_fence_changes(case: tuple[tuple[str, str], str]) -> None:
    (src, dst), prompt = case

    def blocks(text: str) -> list[str]:
        return [text[s.start : s.end] for s in parse(text).spans if s.kind != "code"]

    assert blocks(rewritten(prompt, src, dst, scene(src, dst))) == blocks(prompt)


@settings(deadline=None, max_examples=60)
@given(pair_and_prompt)
def test_nothing_asked_nothing_changed(case: tuple[tuple[str, str], str]) -> None:
    """The prompt that the target's program reads is the source's, but for what programs themselves drop at its ends."""
    (src, dst), prompt = case
    text = f"Start.\n{prompt}\nEnd.".replace("\r\n", "\n").replace("\r", "")
    agent = Agent(id="lead", name="lead", description="Leads.", prompt=text)
    options = Options(guard=False, allow_widening=frozenset("*"))
    made = convert_agent(agent, src, dst, options)
    if made.files and made.agent is not None and not any(n.code in ("C007", "C013", "T026") for n in made.notes):
        assert made.agent.prompt == text


def clashes(there: Mapping[str, str], back: Mapping[str, str]) -> set[str]:
    return {*(set(there) & set(back)), *(w for w in (*there, *back) if SHELL.fullmatch(w))}


@cache
def one_to_one(src: str, dst: str) -> tuple[str, ...]:
    """Tools that come back as they were. A word that may be a command of the shell is left where it stands."""
    there, back = counterparts(src, dst), counterparts(dst, src)
    return tuple(t for t, new in there.items() if back.get(new) == t and not {t, new} & clashes(there, back))


@settings(deadline=None, max_examples=250)
@given(st.sampled_from(PAIRS), st.data())
def test_the_way_back_restores_what_is_one_to_one(pair: tuple[str, str], data: st.DataObject) -> None:
    src, dst = pair
    forms = ["the `{}` agent", "Ask **{}** agent.", "Hand off to `{}`."]
    names = [f.format(a.id) for f in forms for a in AGENTS]
    tools = [f.format(t) for t in one_to_one(src, dst) for f in ("Use `{}`.", "Use the {} tool.")]
    links = [f"[x](./{output_path(a, load(src)).rsplit('/', 1)[-1]})" for a in AGENTS]
    words = st.sampled_from([*names, *tools, *links, "Then stop.", "```sh\nls\n```", "> Say so."])
    prompt = "\n\n".join(data.draw(st.lists(words, max_size=8)))
    here = scene(src, dst)
    there = rewritten(prompt, src, dst, here)
    back = gathered(
        replace(member(a, "", load(src)), words=(m.becomes,), source=m.output, becomes=a.name or a.id, output=m.source)
        for a, m in zip(AGENTS, here.company.members, strict=True)
    )
    home = Scene(back, here.output, output=here.file)
    assert rewritten(there, dst, src, home) == prompt


@pytest.mark.parametrize("src", KINDS)
def test_each_kind_has_tools_that_come_back(src: str) -> None:
    """Else the law above would hold for want of anything to restore."""
    assert sum(len(one_to_one(src, dst)) for dst in KINDS if dst != src) > 0 or load(src).text_kind


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(["", "\r"]), prompts(KINDS[0]))
def test_in_the_same_format_only_the_words_change(cr: str, prompt: str) -> None:
    """The header stays byte for byte, the prompt is what the edits make of it, and a second run finds nothing."""
    header = f"---{cr}\nname:  Lead   # mine{cr}\ndescription: Leads.{cr}\ntools: [ Read ]{cr}\n---{cr}\n"
    text = header + "Start.\n" + prompt.replace("---", "") + "\nUse `run_in_terminal`."
    src, options = KINDS[0], Options(rewrite=EVERY, guard=False)
    (made,) = convert_text(text, from_=src, to=src, options=options)
    assert made.files, made.notes
    once = next(iter(made.files.values())).decode()
    assert once.startswith(header)
    assert len([n for n in made.notes if n.code == "P003"]) >= ("`Bash`" in once)
    (again,) = convert_text(once, from_=src, to=src, options=options)
    assert next(iter(again.files.values())).decode() == once
