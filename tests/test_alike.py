"""Agents that are alike: filling in gives what working out gives, for every format and every odd header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentconv import alike
from agentconv.bodies.search import places
from agentconv.building.settled import SettledMaker, plan_of
from agentconv.commands.asked import primary
from agentconv.conversion import Conversion
from agentconv.kinds import Family, Form, Kinds
from agentconv.lowering.traces import END, KEY
from agentconv.project import filling
from agentconv.project.config import Config, TargetSetting
from agentconv.project.files import decode
from agentconv.project.filling import new_kinds
from agentconv.project.making import Maker
from agentconv.project.planning import Plan
from agentconv.project.sources import Source, taken
from agentconv.registry import ids, load
from agentconv.registry import targets as writable
from agentconv.signs import Texts, signs
from tests.strategies import TRAPS

ROOT = Path(__file__).parent.parent
TARGETS = primary(writable())
WORDS = ("Reads code", "Looks at tables", "Writes the notes of a release", "Finds what is slow")
BODIES = (
    "You read.\n\n- what others wrote", "You look.\n\n## How\n\n- one\n- two", "You write `code`.\n\n```sh\nls\n```",
    "You find what is slow, and say so.",
)  # fmt: skip


def made(maker: Maker, files: list[tuple[str, str]], format: str) -> list[dict[str, list[Conversion]]]:
    """What becomes of each file."""
    return [maker.make(Source(path, None, format, text, asked=True, settled=True)).results for path, text in files]


def both(
    files: list[tuple[str, str]], format: str, targets: tuple[str, ...]
) -> tuple[list[dict[str, list[Conversion]]], list[dict[str, list[Conversion]]]]:
    plan = Plan(ROOT, targets, output="out/")
    return made(Maker(plan, kinds=new_kinds()), files, format), made(Maker(plan), files, format)


def place(format: str, stem: str) -> str:
    suffix = (load(format).head.get("suffixes") or [".md"])[0]
    return f"agents/{stem}/{suffix.lstrip('/')}" if suffix.startswith("/") else f"agents/{stem}{suffix}"


def with_texts(header: str, format: str, name: str, description: str) -> str:
    """The header of a fixture with another name and description."""
    for field, text in (("name", name), ("description", description)):
        row = load(format).by_field.get(field)
        if row is not None:
            header = re.sub(rf"(?m)^{re.escape(row.key)}:.*$", lambda m, k=row.key, t=text: f"{k}: {t}", header)
    return header


def headers() -> Iterator[tuple[str, str, str]]:
    """Format, case and header of each fixture that is Markdown with a header."""
    for folder in sorted((ROOT / "fixtures").glob("*/read")):
        format = folder.parent.name
        for case in sorted(folder.iterdir()):
            file = next(iter(case.glob("input*.md")), None)
            if file is None or load(format).syntax != "frontmatter":
                continue
            text = file.read_bytes().decode("utf-8", "replace")
            if text.startswith("---\n") and "\n---\n" in text[3:]:
                yield format, case.name, text[4:].split("\n---\n")[0]


HEADERS = list(headers())


@pytest.mark.parametrize("format", sorted({format for format, _, _ in HEADERS}))
def test_what_is_filled_in_is_what_would_be_worked_out(format: str) -> None:
    filled = 0
    for n, (case, header) in enumerate((case, h) for f, case, h in HEADERS if f == format):
        files = []
        for k, words in enumerate(WORDS):
            name = f"agent-{'abcd'[k]}{k}"
            files.append((place(format, name), f"---\n{with_texts(header, format, name, words)}\n---\n\n{BODIES[k]}\n"))
        targets = tuple(TARGETS[(3 * n + k) % len(TARGETS)] for k in range(3))
        plan = Plan(ROOT, targets, output="out/")
        maker = Maker(plan, kinds=new_kinds())
        mine = made(maker, files, format)
        assert mine == made(Maker(plan), files, format), case
        filled += sum(bool(form and form.filled(texts_of(maker, files[3], format))) for _, form in kinds(maker))
    assert filled, "nothing was filled in, so nothing was compared"


@pytest.mark.parametrize("format", sorted({format for format, _, _ in HEADERS}))
def test_a_second_agent_shows_it_for_kinds_that_look_alike(format: str) -> None:
    """All headers of the fixtures in one run: of many kinds one agent alone is worked out."""
    files = []
    for k, words in enumerate(WORDS[:3]):
        for n, header in enumerate(h for f, _, h in HEADERS if f == format):
            name = f"agent-{n}-{'abc'[k]}"
            files.append((place(format, name), f"---\n{with_texts(header, format, name, words)}\n---\n\n{BODIES[k]}\n"))
    turn = len(format) % len(TARGETS)
    targets = ("opencode", *[id for id in (*TARGETS, *TARGETS)[turn : turn + 3] if id != "opencode"])
    mine, each = both(files, format, targets)
    for (path, text), one, other in zip(files, mine, each, strict=True):
        assert one == other, f"{path}\n{text}"


def test_kinds_with_the_same_keys_need_one_second_agent() -> None:
    files = []
    for k in range(3):
        for n, rest in enumerate(("tools: Read\nmodel: opus", "tools: Bash, Read\nmodel: haiku", "tools: Read")):
            text = f"---\nname: agent-{n}{'abc'[k]}\ndescription: {WORDS[k]}\n{rest}\n---\n\n{BODIES[k]}\n"
            files.append((f".claude/agents/agent-{n}{'abc'[k]}.md", text))
    maker = Maker(Plan(ROOT, ("codebuff",), output="out/"), kinds=new_kinds())
    assert made(maker, files, "claude-code") == made(Maker(maker.plan), files, "claude-code")
    assert maker.kinds is not None and maker.kinds.filled == 4, "the first of three kinds, a second one of two"


def kinds(maker: Maker) -> list[tuple[Texts, Form[filling.Results] | None]]:
    assert maker.kinds is not None
    return list(maker.kinds._kinds.values())


def texts_of(maker: Maker, file: tuple[str, str], format: str) -> Texts:
    like = maker._apart(Source(file[0], None, format, file[1], asked=True, settled=True))
    return like.texts if like is not None else Texts("", "", "", "", "", b"")


OWN = [
    "`.claude/agents/a.md`", "agentconv", "${query}", "${args}", "{file:a.md}", "{env:HOME}", "$ARGUMENTS", "@a.md",
    "#tool:x",
    "[agentconv: this agent was written to do no more than this: nothing. X does not enforce it; keep to it.]",
    "## Routing facts (from the definition of this agent)", "## Examples (from the description of this agent)",
    "<!-- agentconv:carry {} -->", "<!-- agentconv:only codex -->x<!-- /agentconv -->", "tools: Bash", "---\n\ntext",
    "<example>\nuser: x\n</example>", "x" * 1200, "a word " * 5000, "— ’ …", "\n\n\n", "```yaml\ntools: [Bash]\n```",
]  # fmt: skip
TEXT = st.lists(st.sampled_from([*TRAPS, *OWN, "Reads", "the code", "agent-a1", "x: y"]), min_size=1, max_size=4)
LINES = st.lists(TEXT.map(" ".join), min_size=1, max_size=4).map("\n".join)


@settings(max_examples=200, deadline=None)
@example("tools: Read", [("trailing   @import", "Write.")], ["claude-code"])  # bare in the source, quoted by templates
@example("tools: Read", [("---", "---"), ("Writes it", "Write.\nWrite more.")], ["docker-agent"])  # of two lines
@given(
    header=st.sampled_from(
        ["tools: Read", "tools: [Read, Bash]\nmodel: opus", "model: sonnet", "disallowedTools: Bash"]
    ),
    texts=st.lists(st.tuples(TEXT.map(" ".join), LINES), min_size=1, max_size=4),
    targets=st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3, unique=True),
)
def test_texts_that_mean_something_are_never_filled_in(
    header: str, texts: list[tuple[str, str]], targets: list[str]
) -> None:
    """Two plain agents teach the kind, then come texts with everything in them that was ever a trap."""
    plain = [("Reads code well", "You read code."), ("Looks at all tables", "You look at tables.")]
    files = []
    for n, (words, body) in enumerate([*plain, *texts]):
        name = f"agent-{'abcdefg'[n]}{n}"
        text = f"---\nname: {name}\ndescription: {words}\n{header}\n---\n\n{body}\n"
        files.append((f".claude/agents/{name}.md", text))
    mine, full = both(files, "claude-code", tuple(targets))
    assert mine == full


CHANGED = ["Reads — code", "Looks at “tables”", "Finds what is slow", "Says so’s", "Asks … and waits", "Reads\u00a0all"]
RULED = [
    "You read.\n\n---\n\nMore.",
    "You look.\n---\nAt all.",
    "You — write.",
    "---\n\nYou find.",
    "You “ask”.\n---   \n\n\n",
]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CHANGED), st.sampled_from([*RULED, *BODIES])), min_size=3, max_size=8))
def test_texts_that_the_program_changes_are_filled_in_as_it_has_them(texts: list[tuple[str, str]]) -> None:
    """Some programs replace dashes and quotes, or drop blank lines: said of each text that they change."""
    files = []
    for n, (words, body) in enumerate(texts):
        name = f"agent-{'abcdefgh'[n]}{n}"
        text = f"---\nname: {name}\ndescription: {words} {n}\ntools: Read\n---\n\nNumber {n}.\n\n{body}\n"
        files.append((f".claude/agents/{name}.md", text))
    mine, full = both(files, "claude-code", CHANGING)
    assert mine == full


CHANGING = tuple(id for id in TARGETS if signs(load(id)).replaces or signs(load(id)).gaps)


@pytest.mark.parametrize("to", CHANGING)
def test_agents_whose_texts_the_program_changes_are_filled_in(to: str) -> None:
    files = []
    for n, words in enumerate(CHANGED[:3]):
        text = f"---\nname: agent-{n}x\ndescription: Reads — {words}\n---\n\nYou “{n}”.\n\n---\n\nMore.\n"
        files.append((f".claude/agents/agent-{n}x.md", text))
    maker = Maker(Plan(ROOT, (to,), output="out/"), kinds=new_kinds())
    made(maker, files[:2], "claude-code")
    ((_, form),) = kinds(maker)
    assert form is not None and form.filled(texts_of(maker, files[2], "claude-code"))


def three(to: str = "codex") -> tuple[Maker, list[tuple[str, str]]]:
    texts = zip(WORDS, BODIES, strict=True)
    files = [
        (f".claude/agents/agent-{n}x.md", f"---\nname: agent-{n}x\ndescription: {words}\nmodel: opus\n---\n\n{body}\n")
        for n, (words, body) in enumerate(texts)
    ]
    return Maker(Plan(ROOT, (to,), output="out/"), kinds=new_kinds()), files


@pytest.mark.parametrize("to", TARGETS)
def test_an_output_that_is_filled_in_is_read_back(to: str) -> None:
    """A fault in the filling is seen when the output is read, and the agent is worked out in full."""
    maker, files = three(to)
    made(maker, files[:2], "claude-code")
    (_, form), *_ = kinds(maker)
    target = form.targets.get(to) if isinstance(form, filling.Filling) else None
    assert form is not None and target is not None and target.proved, "this target has no kinds"
    texts = texts_of(maker, files[2], "claude-code")
    assert form.filled(texts)
    ((result, output),) = target.results
    assert output is not None
    wrong = (*output.pieces[:-1], f"{output.pieces[-1]}tools: [everything]\n")
    target.results = ((result, replace(output, pieces=wrong)),)
    assert not form.filled(texts), "what nobody asked for stands in the output"
    right = made(Maker(maker.plan), files, "claude-code")
    assert made(maker, files, "claude-code") == right


def test_a_kind_in_which_texts_make_a_difference_is_never_filled_in() -> None:
    """A template that does something with the name is noticed at the second agent."""
    maker, files = three("opencode")
    first, second = (maker.make(Source(p, None, "claude-code", t, asked=True, settled=True)) for p, t in files[:2])
    texts = [texts_of(maker, file, "claude-code") for file in files]
    family: Family = {}
    form = filling.filling(texts[0], first.results, family)
    assert form is not None
    second.results["opencode"][0].name = "Somebody Else"
    form.prove(texts[1], second.results)
    assert not form.targets and not form.filled(texts[2])
    other = filling.filling(texts[0], first.results, family)
    assert other is not None and other.targets and not other.filled(texts[2]), "nor are those that look like it"
    right = maker.make(Source(files[1][0], None, "claude-code", files[1][1], asked=True, settled=True))
    other.prove(texts[1], right.results)
    assert not other.filled(texts[2]), "whatever another one shows"


def test_templates_of_somebodys_own_are_always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may look into a prompt, and write something else for one word in it."""
    maker, files = three("opencode")
    first = maker.make(Source(files[0][0], None, "claude-code", files[0][1], asked=True, settled=True))
    texts = texts_of(maker, files[0], "claude-code")
    assert filling.filling(texts, first.results, {})
    monkeypatch.setattr(filling, "load", lambda id: replace(load(id), folder="/somewhere"))
    assert not filling.filling(texts, first.results, {})


def test_most_agents_of_a_project_are_filled_in() -> None:
    from bench.data import agents

    maker = Maker(Plan(ROOT, ("opencode", "codex"), output="out/"), kinds=new_kinds())
    count = 0
    for stem, text in agents(200):
        source = Source(f".claude/agents/{stem}.md", None, "claude-code", text, asked=True, settled=True)
        like = maker._apart(source)
        count += bool(like is not None and maker.kinds and maker.kinds.get(like))
        maker.make(source)
    assert count > 60


def test_rows_of_agents_that_are_alike_are_what_they_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    from agentconv.telling import agentrows
    from bench.data import agents

    sources = [
        Source(f".claude/agents/{stem}.md", None, "claude-code", text, asked=True, settled=True)
        for stem, text in agents(150)
    ]
    taken: list[object] = []
    real = Kinds.get
    monkeypatch.setattr(Kinds, "get", lambda self, like: taken.append(found := real(self, like)) or found)
    mine = list(agentrows.rows(sources, TARGETS[:4]))
    assert sum(row is not None for row in taken) > 10, "no row was filled in"
    monkeypatch.setattr(Kinds, "get", lambda self, like: None)
    assert mine == list(agentrows.rows(sources, TARGETS[:4]))


def rows_both(
    files: list[tuple[str, str]], format: str, programs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[object], list[object], int]:
    """The rows of these files, as they are worked out for each, and how many columns were not."""
    from agentconv.telling import agentrows

    sources = [Source(path, None, format, text, asked=True, settled=True) for path, text in files]
    asked: list[int] = []
    real = agentrows.row_of

    def counted(read: object, reading: object, program: object, left: tuple[str, ...]) -> object:
        asked.append(len(left))
        return real(read, reading, program, left)  # type: ignore[arg-type]

    with monkeypatch.context() as m:
        m.setattr(agentrows, "row_of", counted)
        mine = list(agentrows.rows(sources, programs))
    with monkeypatch.context() as m:
        m.setattr(Kinds, "get", lambda self, like: None)
        return list(mine), list(agentrows.rows(sources, programs)), len(programs) * len(files) - sum(asked)


@pytest.mark.parametrize("format", sorted({format for format, _, _ in HEADERS}))
def test_rows_are_alike_where_what_was_read_is(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each header with descriptions that no reader takes line by line, so only what was read can show the likeness."""
    spared = 0
    for n, (case, header) in enumerate((case, h) for f, case, h in HEADERS if f == format):
        files = []
        for k, words in enumerate(("Reads: [a]", "Reads: [a]", "Looks: [b]", "Sees: [c]")):
            name = f"agent-{'abcd'[k]}{k}"
            odd = with_texts(header, format, name, f'"{words} <example>\\n- x # y</example>"')
            files.append((place(format, name), f"---\n{odd}\n---\n\n{BODIES[k]}\n"))
        programs = tuple(TARGETS[(5 * n + k) % len(TARGETS)] for k in range(3))
        mine, each, less = rows_both(files, format, programs, monkeypatch)
        assert mine == each, case
        spared += less
    assert spared, "nothing was taken from another one, so nothing was compared"


HEADS = ("tools: Read", "tools: [Read, Bash]\nmodel: opus", "hooks: {Stop: []}", "tools: '*'", "permissionMode: plan")


@settings(max_examples=150, deadline=None)
@given(
    files=st.lists(st.tuples(st.sampled_from(HEADS), TEXT.map(" ".join), LINES), min_size=2, max_size=7),
    programs=st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3, unique=True),
)
def test_rows_of_agents_with_other_headers_are_what_they_would_be(
    files: list[tuple[str, str, str]], programs: list[str]
) -> None:
    """Headers of several kinds among each other, with texts that mean something."""
    import json

    texts = []
    for k, (header, said, prompt) in enumerate(files):
        name = f"agent-{'abcdefg'[k]}"
        head = f"name: {name}\ndescription: {json.dumps(said, ensure_ascii=False)}\n{header}"
        texts.append((f"agents/{name}.md", f"---\n{head}\n---\n\n{prompt}\n"))
    with pytest.MonkeyPatch.context() as m:
        mine, each, _ = rows_both(texts, "claude-code", tuple(programs), m)
    assert mine == each


def test_agents_of_one_description_and_other_tools_are_not_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    said = '"Reads: [a] <example>"'
    files = [
        (f"agents/agent-{k}.md", f"---\nname: agent-{k}\ndescription: {said}\n{HEADS[k % 2]}\n---\n\nYou are {k}.\n")
        for k in range(8)
    ]
    mine, each, less = rows_both(files, "claude-code", ("opencode", "codex"), monkeypatch)
    assert mine == each
    assert less == 2 * 4, "two of each kind teach it"


def test_an_entry_of_its_own_in_a_configuration_makes_an_agent_no_other(tmp_path: Path) -> None:
    """OpenCode puts the entry of the agent's name and its file together: what is denied there is denied here."""
    from agentconv.project.sources import listed
    from agentconv.telling import agentrows

    (tmp_path / ".git").mkdir()
    place = tmp_path / ".opencode" / "agents"
    place.mkdir(parents=True)
    for n, name in enumerate(("aa", "bb", "cc", "dd", "ee")):
        text = f"---\ndescription: {WORDS[n % 4]} {name}\nmode: subagent\n---\n\nYou are {name}.\n"
        (place / f"{name}.md").write_text(text, "utf-8")
    (tmp_path / "opencode.json").write_text('{"agent": {"dd": {"permission": {"bash": "deny"}}}}', "utf-8")

    def sources() -> list[Source]:
        return listed([str(place)], tmp_path, None, 1_000_000)

    maker = Maker(Plan(ROOT, ("claude-code",), output="out/"), kinds=new_kinds())
    before = {made.path: made.results["claude-code"][0].rights.before for made in map(maker.make, sources())}
    assert [path.rsplit("/", 1)[-1] for path, rights in before.items() if "all" not in rights] == ["dd.md"]
    rows = agentrows.rows(map(taken, sources()), ("claude-code",))  # type: ignore[arg-type]
    assert [row.name for row in rows if "X" not in row.short and row.short != "all"] == ["dd"]


def test_a_column_that_depends_on_the_agent_is_worked_out_for_each() -> None:
    """A first guess that does not hold for the second agent is never used."""
    from agentconv.telling.agentrows import AlikeRows, Cell, Row

    first, second, third = (
        Texts(f"{n}.md", n, n, f"About {n}", f"You are {n}.", b"You are %b." % n.encode())
        for n in ("a-a", "b-b", "c-c")
    )

    def row(texts: Texts, cursor: str) -> Row:
        cells = {"cursor": Cell([cursor], "converted", "R"), "codex": Cell(["reads"], "converted", "R")}
        return Row(texts.name, texts.path, "claude-code", description=texts.description, cells=cells)

    form = AlikeRows(first, row(first, "reads"))
    form.prove(second, row(second, "writes"))
    filled = form.filled(third)
    assert filled is not None and set(filled.cells) == {"codex"} and filled.name == "c-c"


# -- reading back line by line ----------------------------------------------------------------


@cache
def framed() -> list[tuple[str, filling.Output]]:
    """Outputs of all targets that are read back line by line."""
    found = []
    for tools in ("tools: Read, Bash", "tools: [Read]\nmodel: haiku", 'tools: "*"'):
        files = [
            (f"agents/agent-{k}.md", f"---\nname: agent-{k}\ndescription: {WORDS[k]}\n{tools}\n---\n\n{BODIES[k]}\n")
            for k in range(2)
        ]
        makers = [Maker(Plan(ROOT, TARGETS, output="out/"), kinds=new_kinds())]
        for id in TARGETS:  # a build, which says in a comment where the file comes from
            setting = TargetSetting(id)
            config = Config(ROOT, "agentconv.toml", targets=(setting,))
            makers.append(SettledMaker(plan_of(config, setting), setting, config, kinds=new_kinds()))
        for maker in makers:
            made(maker, files, "claude-code")
        for _, form in (one for maker in makers for one in kinds(maker)):
            assert form is None or isinstance(form, filling.Filling)
            for id, target in form.targets.items() if form is not None else ():
                found += [(id, out) for _, out in target.results if out is not None and out.frame is not None]
    return found


def test_most_targets_with_a_header_are_read_back_line_by_line() -> None:
    ids = {id for id, _ in framed()}
    assert {"opencode", "vscode", "gemini-cli", "claude-code", "qwen-code"} <= ids and len(ids) > 15
    commented = {id for id, out in framed() if out.frame is not None and out.frame.comments}
    assert {"opencode", "gemini-cli", "claude-code", "qwen-code"} <= commented and len(commented) > 10


NAMES = st.sampled_from(["x", "agent-9", "true", "1", "read", "all", "subagent", "2026-01-01", "inherit", "a: b", "-"])
SAID = st.one_of(
    NAMES, LINES, st.text(max_size=30), st.sampled_from(["Reads code: all", "a --- b", "Reads # x", "[a]"])
)


@settings(max_examples=500, deadline=None)
@example(name="x", said="agent-9", prompt="0\r0")  # some programs read another line end
@given(name=NAMES | st.text(min_size=1, max_size=8), said=SAID, prompt=SAID | st.sampled_from(BODIES))
def test_a_changed_line_reads_as_in_the_whole(name: str, said: str, prompt: str) -> None:
    texts = Texts(f"agents/{name}.md", name, name, said, prompt, prompt.encode())
    for _, output in framed():
        assert output.frame is not None
        try:
            pieces = [p if isinstance(p, str) else p.text(texts, texts) for p in output.pieces]
        except ValueError:
            continue
        parts = {"name": name, "stem": name, "description": said}
        if prompt and output.frame.holds(parts, prompt, pieces):
            document = filling._opened(output.spec, "".join(pieces))
            assert document is not None and filling._found(output.spec, document, texts, texts) == output.holds


PIECES = sorted({part for spec in map(load, ids()) for sign in places(spec) for part in (sign, sign[1:], sign[:-1])})


@settings(max_examples=500, deadline=None)
@given(
    id=st.sampled_from(ids()),
    pieces=st.lists(st.sampled_from([*PIECES, KEY, END, KEY[:-1], "agent", "a", " ", "/", "—"]), max_size=6),
)
def test_signs_are_found_as_by_looking_for_each(id: str, pieces: list[str]) -> None:
    spec, text = load(id), "".join(pieces)
    assert alike._has(text.encode(), alike._left_behind(spec)) == any(
        sign in text for sign in (KEY, END, *places(spec))
    )


@settings(max_examples=300, deadline=None)
@given(
    said=st.text("äé–日 ab", max_size=12).map(lambda text: f"Reads it {text}".strip()),
    lead=st.sampled_from(["", "\n", "\n\n"]),
    words=st.lists(st.sampled_from(["Read", "größer", "–", "日本", "it"]), min_size=1, max_size=9),
    trail=st.sampled_from(["", "\n", "\n\n\n"]),
    read=st.booleans(),
)
def test_the_bytes_of_a_prompt_are_cut_out_of_those_of_its_file(
    said: str, lead: str, words: list[str], trail: str, read: bool
) -> None:
    prompt = " ".join(words)
    text = f"---\nname: reader\ndescription: {said}\n---\n{lead}{prompt}{trail}"
    text = decode(text.encode()) if read else text
    like = alike.apart(load("claude-code"), text, ".claude/agents/reader.md", None)
    assert like is not None and like.texts.prompt == prompt
    assert like.texts.raw == prompt.encode()
