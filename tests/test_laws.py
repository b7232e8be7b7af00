"""Laws that hold for every agent and every pair of formats, over generated agents.

No traceback; no output that fails its own proof; never wider (``probing`` counts on its own); the status is what the
notes say; a second run changes nothing; what stands beside an entry in a shared file stays byte for byte.
"""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv.convert import Conversion, convert_agent, convert_text
from agentconv.model import Agent
from agentconv.reading.engine import read_author, read_program
from agentconv.registry import ids, load, targets
from tests import probing
from tests.strategies import agents

# A longer search by hand: AGENTCONV_EXAMPLES=1000. Without it the examples are the same in every run.
SEARCH = os.environ.get("AGENTCONV_EXAMPLES")
# Each example goes to some targets (with AGENTCONV_EXAMPLES to all), so a few per source are many conversions.
EXAMPLES = int(SEARCH or "6")
LAW = settings(max_examples=EXAMPLES, derandomize=SEARCH is None, deadline=None)
PROOF = ("V001", "V002", "V003", "V004", "V005", "X001")
REPAIRS = {"R003", "R006", "R007", "R008", "R009", "R010", "R012", "R013", "R014", "R016", "R019", "R020",
           "T001", "T002", "T004", "T009", "T016"}  # fmt: skip
each_source = pytest.mark.parametrize("source", ids())


@each_source
@LAW
@given(data=st.data())
def test_laws(source: str, data: st.DataObject) -> None:
    agent = data.draw(agents(source))
    before = probing.allowed(agent, load(source), program=False)
    some = targets() if SEARCH else data.draw(st.lists(st.sampled_from(targets()), min_size=4, max_size=4, unique=True))
    for target in some:
        made = convert_agent(agent, source, target)
        told = tell(made, agent)
        check_proof(made, told)
        check_status(made, told)
        check_rights(before, target, made, told)
        check_again(target, made, told)


@pytest.mark.parametrize("target", targets())
@pytest.mark.parametrize("prompt", ["\ufeff\n---", "\ufeffSay it.", "\n\ufeff\n\nSay it.\ufeff\n", "\ufeff"])
def test_a_byte_order_mark_around_the_prompt(target: str, prompt: str) -> None:
    """To some programs it is white space, to others a character of the prompt."""
    agent = Agent(id="a", name="a", description="Says it.", prompt=prompt)
    made = convert_agent(agent, "amp", target)
    check_proof(made, tell(made, agent))


def tell(made: Conversion, agent: Agent | None = None) -> str:
    lines = [
        f"{made.format} -> {made.target}: {made.status} gained {made.gained}",
        f"{made.rights}",
        f"{agent and agent.said()}",
    ]
    lines += [f"  {n.code} {n.effect} {n.path}: {n.message}" for n in made.notes]
    return "\n".join([*lines, *(f"--- {p}\n{b.decode()}" for p, b in made.files.items())])


def check_proof(made: Conversion, told: str) -> None:
    assert not [n for n in made.notes if n.code in PROOF], told
    if made.status == "failed":
        assert any(n.effect == "error" for n in made.notes), told


def check_status(made: Conversion, told: str) -> None:
    effects = {n.effect for n in made.notes}
    if made.status == "exact":
        assert effects <= {"info"}, told
    elif made.status == "lossy":
        assert effects & {"approximate", "lost", "inherits"} and not effects & {"narrows", "widens", "error"}, told
    elif made.status == "narrowed":
        assert "narrows" in effects and not effects & {"widens", "error"}, told
    elif made.status in ("refused", "widened"):
        assert "widens" in effects and made.gained, told
    elif made.status == "skipped":
        assert not effects & {"widens", "error"}, told
    assert bool(made.files) == (made.status in ("exact", "lossy", "narrowed", "widened")), told


def check_rights(before: set[probing.Deed], target: str, made: Conversion, told: str) -> None:
    """Every deed that the output allows was allowed ``before``, or anything was: by a free shell."""
    if not made.files or made.status == "widened" or load(target).text_kind:
        return
    ((path, data),) = made.files.items()
    back = read_program(load(target), data.decode(), path).agents
    assert len(back) == 1, told
    after = probing.allowed(back[0].agent, load(target), program=True)
    if {d for d in probing.DEEDS if d.cls == "runs"} <= before:
        return
    assert after <= before, f"gained {after - before}\n{told}"


def check_again(target: str, made: Conversion, told: str) -> None:
    """The output needs no repair, and converting it to its own format changes no byte."""
    if not made.files:
        return
    ((path, data),) = made.files.items()
    reading = read_author(load(target), data.decode(), path)
    if any(n.code == "R005" and "below the line that closes" in n.message for n in reading.notes):
        return  # a prompt that begins with `tools: …` may be a header closed too early: nobody guesses
    said = [n for n in [*reading.notes, *(m for r in reading.agents for m in r.notes)] if n.code in REPAIRS]
    if load(target).tools.mcp_is_loose:  # `docs_read` may be read as a tool of `docs`, which is said each time
        said = [n for n in said if n.code != "T001"]
    assert not said, f"{said}\n{told}"
    (again,) = convert_text(data.decode(), from_=target, to=target, path=path)
    assert list(again.files.values()) == [data], f"{again.files}\n{told}"
    # what the program evaluates came from its author only
    for token in load(target).tables.get("expands") or ():
        if isinstance(token, str):
            assert token not in data.decode(), told
        else:
            # in prompts: what a server's configuration names in the environment stands there as in the source
            prompts = "\n".join(read.agent.prompt or "" for read in reading.agents)
            found = re.finditer(token["pattern"], prompts)
            assert all(m[1] in token.get("fills", ()) for m in found), told


# -- shared files -----------------------------------------------------------------------------

MODE = """{dash} slug: {slug}
{pad}name: N{n}  # kept
{pad}roleDefinition: >-
{pad}  some text
{pad}  more
{pad}groups: [read, [edit, {{fileRegex: \\.md$}}]]
"""
JSON_MODE = '{{ "slug": "{slug}", "name": "N{n}", "roleDefinition": "x", "groups": ["read"] }}'
JSON_AGENT = '"{slug}": {{ "mode": "subagent", "prompt": "p{n}" }}'
SLUGS = st.lists(st.sampled_from(["one", "two", "mine", "three"]), max_size=3, unique=True)


@st.composite
def yaml_modes(draw: st.DrawFn) -> tuple[str, list[str]]:
    slugs = draw(SLUGS)
    pad = draw(st.sampled_from(["", "  "]))
    blocks = [MODE.format(dash=pad + "-", pad=pad + "  ", slug=s, n=n) for n, s in enumerate(slugs)]
    gap = draw(st.sampled_from(["", "\n", f"{pad}# about the next\n"]))
    head = draw(st.sampled_from(["", "# my modes\n", "other: 1\n\n"]))
    entries = gap.join(blocks) if blocks else draw(st.sampled_from(["", "  []\n"]))
    tail = draw(st.sampled_from(["", "# the end\n", "last: {a: [1]}\n"])) if blocks else ""
    text = f"{head}customModes:{'' if blocks else ' []'}\n{entries if blocks else ''}{tail}"
    if draw(st.booleans()) and not tail:
        text = text.rstrip("\n")
    return text, slugs


@st.composite
def json_files(draw: st.DrawFn, entry: str, opening: str, closing: str, comments: bool) -> tuple[str, list[str]]:
    slugs = draw(SLUGS)
    unit = draw(st.sampled_from(["  ", "    ", "\t"]))
    lines = [unit * 2 + entry.format(slug=s, n=n) for n, s in enumerate(slugs)]
    comma = "," if comments and slugs and draw(st.booleans()) else ""
    note = f"{unit * 2}// kept as it is\n" if comments and draw(st.booleans()) else ""
    inner = ",\n".join(lines) + comma + "\n" if lines else ""
    before = draw(st.sampled_from(["", f'{unit}"theme": "dark",\n', f'{unit}"mcp": {{"a": {{"b": [1,2]}}}},\n']))
    after = draw(st.sampled_from(["", f',\n{unit}"zz": [ 1, 2 ]']))
    close = f"\n{unit}{closing}" if not lines else f"{unit}{closing}"
    body = f"{opening}{'' if not lines else chr(10)}{note if lines else ''}{inner}{close if lines else closing}"
    return f"{{\n{before}{unit}{body}{after}\n}}\n", slugs


SHARED = st.one_of(
    st.tuples(st.just("roo"), yaml_modes()),
    st.tuples(st.just("roo"), json_files(JSON_MODE, '"customModes": [', "]", False)),
    st.tuples(st.just("opencode-json"), json_files(JSON_AGENT, '"agent": {', "}", True)),
)


@settings(LAW, max_examples=max(100, EXAMPLES))
@given(
    shared=SHARED,
    crlf=st.booleans(),
    prompt=st.sampled_from(["Do it.", "a\n---\nb", '"""\n{{ x }}\n\ttab']),
    tools=st.booleans(),
)
def test_shared_files_keep_everything_else(
    shared: tuple[str, tuple[str, list[str]]], crlf: bool, prompt: str, tools: bool
) -> None:
    target, (old, slugs) = shared
    old = old.replace("\n", "\r\n") if crlf else old
    source = f"---\nname: mine\ndescription: Mine\n{'tools: Read' if tools else 'model: opus'}\n---\n{prompt}\n"
    (made,) = convert_text(source, from_="claude-code", to=target, get=lambda path: old)
    told = f"{old}\n{tell(made)}"
    assert made.files, told
    ((path, data),) = made.files.items()
    new = data.decode()
    ids_before = {r.agent.id: r.agent for r in read_program(load(target), old, path).agents}
    ids_after = {r.agent.id: r.agent for r in read_program(load(target), new, path).agents}
    assert set(ids_after) == set(slugs) | {"mine"}, told
    assert {k: v for k, v in ids_after.items() if k != "mine"} == {k: v for k, v in ids_before.items() if k != "mine"}
    if "mine" not in slugs and slugs:
        at = next(n for n in range(len(old) + 1) if n == len(old) or old[n] != new[n])
        assert new.endswith(old[at:]), told
    for line in old.splitlines(keepends=True):
        if "mine" not in slugs and slugs:
            assert line.rstrip("\r\n,") in new, told
    assert "\r\n" not in old or "\n" not in new.replace("\r\n", ""), told
    (again,) = convert_text(source, from_="claude-code", to=target, get=lambda path: new)
    assert list(again.files.values()) == [data], f"{again.files}\n{told}"


# -- from raw text ----------------------------------------------------------------------------

VALUES = st.sampled_from(
    ["Read", "Read, Bash", "'*'", "[]", "", "null", "[Read, Edit]", "Bash(git *), Read", "[read, edit, agent]", "Foo",
     "['docs/*', read]", "mcp__docs__x, Read", "[view, bash]", "12", "true", "{bash: false}", "{read: true}", "edit",
     "[Task]", "[read/readFile, execute/runInTerminal]", "todos", "'[\"read\"]'", "*", "[*]"]
)  # fmt: skip
MAPS = st.sampled_from(
    ["deny", "{bash: deny}", "{'*': deny, read: allow}", "{bash: {'*': deny, 'git *': allow}}", "{edit: ask}", "{}",
     "null", "{bash: {'*': allow, 'rm *': deny}}", "{task: {'*': deny, helper: allow}}", "{webfetch: maybe}",
     "{'docs_*': deny}", "{read: {'*.env': deny}}", "[read]"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["x", "'y: z'", "a: b", '"q"', "null", "12", "true", "[a, b]", "{a: b}", "- x", "…", "# c", "yes"]
)
KEYS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "claude-code": {
        **dict.fromkeys(["name", "description", "model", "skills", "color", "maxTurns", "house"], WORDS),
        **dict.fromkeys(["tools", "disallowedTools"], VALUES),
        "permissionMode": st.sampled_from(["plan", "default", "x"]),
        "memory": st.just("user"),
    },
    "vscode": {
        **dict.fromkeys(["name", "description", "model", "infer", "user-invocable", "argument-hint", "target"], WORDS),
        **dict.fromkeys(["tools", "agents"], VALUES),
    },
    "copilot": {**dict.fromkeys(["name", "description", "model", "infer"], WORDS), "tools": VALUES, "github": MAPS},
    "opencode": {
        **dict.fromkeys(["description", "model", "temperature", "disable", "name", "house"], WORDS),
        "mode": st.sampled_from(["primary", "subagent", "x"]),
        "tools": VALUES,
        "permission": MAPS,
    },
}


@st.composite
def headers(draw: st.DrawFn, id: str) -> str:
    picked = draw(st.lists(st.sampled_from(list(KEYS[id])), max_size=6, unique=draw(st.integers(0, 9)) > 0))
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    lines = ["---", *(f"{key}: {draw(KEYS[id][key])}" for key in picked), "---"]
    body = draw(st.sampled_from(["Do it.", "", "\n\nDo\n---\nit.\n", "{{ x }} “q” – \t", "a\n\nb  \n"]))
    return newline.join([*lines, *body.split("\n")])


@pytest.mark.parametrize("source", list(KEYS))
@LAW
@given(data=st.data())
def test_laws_from_headers(source: str, data: st.DataObject) -> None:
    text = data.draw(headers(source))
    for target in targets():
        for made in convert_text(text, from_=source, to=target):
            told = f"{text}\n{tell(made)}"
            if source != target:
                check_proof(made, told)
                check_status(made, told)
                check_again(target, made, told)
                assert all(b"\r\n" not in d or made.target in NEWLINES for d in made.files.values()), told


NEWLINES = [id for id in ids() if load(id).syntax == "frontmatter"]

MODE_TEXT = """customModes:
  - slug: {slug}
    name: {name}
    roleDefinition: {role}
    groups: {groups}
    whenToUse: {when}
"""
GROUPS = st.sampled_from(
    ["[read]", "[]", "null", "[read, edit, command, mcp, modes]", "[[edit, {fileRegex: \\.md$}]]", "[read, browser]",
     "[foo]", "read", "[[edit, {fileRegex: '^docs/'}], mcp]", "[command, command]"]
)  # fmt: skip


@LAW
@given(
    slug=st.sampled_from(["a", "a b", "a_b", "12", "code"]),
    name=WORDS,
    role=WORDS,
    groups=GROUPS,
    when=WORDS,
)
def test_laws_from_modes(slug: str, name: str, role: str, groups: str, when: str) -> None:
    text = MODE_TEXT.format(slug=slug, name=name, role=role, groups=groups, when=when)
    for target in targets():
        for made in convert_text(text, from_="roo", to=target):
            told = f"{text}\n{tell(made)}"
            if target != "roo":
                check_proof(made, told)
                check_status(made, told)
                check_again(target, made, told)


# -- what a longer search found ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["CON", "nul", "lpt1"])
@pytest.mark.parametrize("target", [t for t in targets() if load(t).head.get("folder")])
def test_a_folder_that_no_device_may_be_called_bears_the_name_that_stands_in_it(target: str, name: str) -> None:
    made = convert_agent(Agent(id="reviewer", name=name, description="Reviews.", prompt="Review."), "codex", target)
    check_proof(made, tell(made))
    assert any(f"/{name.lower()}-agent/" in path for path in made.files) and f"name: {name.lower()}-agent" in made.text


@pytest.mark.parametrize("target", targets())
def test_a_prompt_of_more_words_than_a_list_may_have_names(target: str) -> None:
    made = convert_agent(Agent(id="long", description="Long.", prompt="word, " * 11_000 + "end"), "codex", target)
    told = f"{made.status} {made.notes}"
    check_proof(made, told)
    assert made.status != "failed" or "C003" in {n.code for n in made.notes}, told
