"""Agents that are alike: filling in gives what working out gives, for every format and every odd header."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentconv import alike
from agentconv.bodies.search import places
from agentconv.commands.asked import primary
from agentconv.conversion import Conversion
from agentconv.kinds import Family, Form, Kinds
from agentconv.lowering.traces import END, KEY
from agentconv.notes import note
from agentconv.project import filling
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


def test_what_is_said_of_an_agent_on_its_way_is_not_said_of_its_kind() -> None:
    """Notes that come later, as of a file in the way, and the bytes that are let go."""
    maker, files = three()
    plain = made(Maker(maker.plan), files, "claude-code")
    for file, expected in zip(files, plain, strict=True):
        (now,) = made(maker, [file], "claude-code")
        assert now == expected
        for result in now["codex"]:
            result.notes.append(note("C014", "said later"))
            result.gained.append("runs")
            result.status = "kept"
            result.let_go()
    assert maker.kinds is not None and maker.kinds.filled


def test_a_file_is_called_by_the_word_that_it_has() -> None:
    """Two files show for the family that outputs are called by the name; in the third that is the file's with more."""
    named = [("agent-a1", "the-a"), ("agent-b2", "the-b"), ("agent-c3", "agent-c"), ("agent-d4", "agent-d")]
    files = []
    for k, (name, stem) in enumerate(named):
        head = f"name: {name}\ndescription: {WORDS[k]}\ntools: {'Read' if k < 2 else 'Read, Grep'}"
        files.append((f".claude/agents/{stem}.md", f"---\n{head}\n---\n\n{BODIES[k % 3]}\n"))
    maker = Maker(Plan(ROOT, ("vscode",), output="out/"), kinds=new_kinds())
    assert made(maker, files, "claude-code") == made(Maker(maker.plan), files, "claude-code")
    assert maker.kinds is not None and maker.kinds.filled == 1


def kinds(maker: Maker) -> list[tuple[Texts, Form[filling.Results] | None]]:
    assert maker.kinds is not None
    return [(first.texts, maker.kinds._form_of(first)) for first in maker.kinds._kinds.values()]


def targets_of(form: Form[filling.Results] | None) -> dict[str, filling.OfTarget]:
    """What is known of each target, in all manners."""
    assert form is None or isinstance(form, filling.Filling)
    return {id: t for one in (form.manners.values() if form is not None else ()) for id, t in one.targets.items()}


def texts_of(maker: Maker, file: tuple[str, str], format: str) -> Texts:
    like = maker._apart(Source(file[0], None, format, file[1], asked=True, settled=True))
    return like.texts if like is not None else Texts("", "", "", "", "", "", b"")


OWN = [
    "`.claude/agents/a.md`", "agentconv", "${query}", "${args}", "{file:a.md}", "{env:HOME}", "$ARGUMENTS", "@a.md",
    "#tool:x",
    "[agentconv: this agent was written to do no more than this: nothing. X does not enforce it; keep to it.]",
    "## Routing facts (from the definition of this agent)", "## Examples (from the description of this agent)",
    "<!-- agentconv:carry {} -->", "<!-- agentconv:only codex -->x<!-- /agentconv -->", "tools: Bash", "---\n\ntext",
    "<example>\nuser: x\n</example>", "x" * 1200, "a word " * 5000, "— ’ …", "\n\n\n", "```yaml\ntools: [Bash]\n```",
    "[[map]]", "]]", "$[file('x.txt')]",
]  # fmt: skip
TEXT = st.lists(st.sampled_from([*TRAPS, *OWN, "Reads", "the code", "agent-a1", "x: y"]), min_size=1, max_size=4)
LINES = st.lists(TEXT.map(" ".join), min_size=1, max_size=4).map("\n".join)


@settings(max_examples=200, deadline=None)
@example("tools: Read", [("trailing   @import", "Write.")], ["claude-code"])  # bare in the source, quoted by templates
@example(
    "tools: Read", [("Reads it ]]", "Write."), ("Reads it", "[[Write]]")], ["m365-declarative"]
)  # marks of its own
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


def spelled(text: str, style: str) -> str:
    """A description as people write it."""
    if style in ("|", ">"):
        sep = "\n  " if style == "|" else "\n\n  "
        return f"{style}\n  " + sep.join(text.split("\n"))
    if style == '"':
        return json.dumps(text, ensure_ascii=False)
    if style == "'":
        return "'" + text.replace("'", "''").replace("\n", " ") + "'"
    return text.replace("\n", "\\n" if style == "n" else " ")


EXAMPLES = [
    'Use it when: <example>\nuser: "x"\nassistant: "y"\n</example>', "Use it: always", "It's for <b>all</b>", "é: ü",
    "**BOLD**: reads", "**Bold** words", "x\ty", "読む人", "Ask | answer", "C:\\temp is read", "a\n\n- b\n- c: d",
    "Ends:",
]  # fmt: skip
STYLES = st.sampled_from(["", '"', "'", "|", ">", "n"])
SAYINGS = st.lists(st.sampled_from([*EXAMPLES, *OWN, "Reads", "the code"]), min_size=1, max_size=3)


@example(  # found by this test: quotes were left out where one with escapes had come first
    header="tools: Read",
    style='"',
    first=EXAMPLES[0],
    texts=[["Use it: always"], [EXAMPLES[0]], ["Reads"]],
    titled=(0, 0, 0, 0, 0, 0),
    last=False,
    targets=["claude-code"],
)
@example(  # found by this test: the passage stayed where the agent was filled in
    header="tools: Read",
    style='"',
    first="It's for <b>all</b>",
    texts=[["It's for <b>all</b>", "<!-- agentconv:only codex -->x<!-- /agentconv -->"]],
    titled=(2, 2, 2, 2, 2, 2),
    last=False,
    targets=["claude-code"],
)
@settings(max_examples=300, deadline=None)
@given(
    header=st.sampled_from(["tools: Read", "model: sonnet\ntools: [Read, Bash]", "permissionMode: nonsense"]),
    style=STYLES,
    first=st.sampled_from(EXAMPLES),
    texts=st.lists(SAYINGS, min_size=1, max_size=4),
    titled=st.sampled_from([(0, 0, 0, 0, 0, 0), (1, 1, 1, 1, 1, 1), (2, 2, 2, 2, 2, 2), (0, 1, 2, 1, 1, 2)]),
    last=st.booleans(),
    targets=st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3, unique=True),
)
def test_descriptions_of_each_form_and_titles(
    header: str,
    style: str,
    first: str,
    texts: list[list[str]],
    titled: tuple[int, ...],
    last: bool,
    targets: list[str],
) -> None:
    """Paragraphs, quotes, examples and tags; names that are titles, the file's own and others."""
    files = []
    for n, words in enumerate([["Reads", first, "well"], [first, "and looks"], *texts]):
        letter = "abcdef"[n]
        said = f"description: {spelled(' '.join(words), style)}"
        name = (f"agent-{letter}", f"The Agent {letter.upper()}", f'"Agent {letter}{n}"')[titled[n]]
        stem = f"the-agent-{letter}" if n % 2 else f"agent-{letter}"
        lines = [header, said] if last else [said, header]
        text = "\n".join(["---", f"name: {name}", *lines, "---", "", BODIES[n % 4] + f" {letter}", ""])
        files.append((f".claude/agents/{stem}.md", text))
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
    target = targets_of(form).get(to)
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
    second.results["opencode"][0].name = "Somebody Else"
    form.prove(texts[1], second.results)
    assert not targets_of(form) and not form.filled(texts[2])
    other = filling.filling(texts[0], first.results, family)
    assert targets_of(other) and not other.filled(texts[2]), "nor are those that look like it"
    right = maker.make(Source(files[1][0], None, "claude-code", files[1][1], asked=True, settled=True))
    other.prove(texts[1], right.results)
    assert not other.filled(texts[2]), "whatever another one shows"


def test_templates_of_somebodys_own_are_always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may look into a prompt, and write something else for one word in it."""
    maker, files = three("opencode")
    first = maker.make(Source(files[0][0], None, "claude-code", files[0][1], asked=True, settled=True))
    texts = texts_of(maker, files[0], "claude-code")
    assert targets_of(filling.filling(texts, first.results, {}))
    monkeypatch.setattr(filling, "load", lambda id: replace(load(id), folder="/somewhere"))
    assert not targets_of(filling.filling(texts, first.results, {}))


@pytest.mark.parametrize(("varied", "least"), [(False, 130), (True, 80)], ids=["plain", "of many hands"])
def test_most_agents_of_a_project_are_filled_in(varied: bool, least: int) -> None:
    from bench.data import agents

    maker = Maker(Plan(ROOT, ("opencode", "codex"), output="out/"), kinds=new_kinds())
    count = 0
    for stem, text in agents(200, varied=varied):
        source = Source(f".claude/agents/{stem}.md", None, "claude-code", text, asked=True, settled=True)
        like = maker._apart(source)
        count += bool(like is not None and maker.kinds and maker.kinds.get(like))
        maker.make(source)
    assert count > least, count


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
    files=st.lists(st.tuples(st.sampled_from(HEADS), (TEXT | SAYINGS).map(" ".join), LINES), min_size=2, max_size=7),
    style=STYLES,
    programs=st.lists(st.sampled_from(TARGETS), min_size=1, max_size=3, unique=True),
)
def test_rows_of_agents_with_other_headers_are_what_they_would_be(
    files: list[tuple[str, str, str]], style: str, programs: list[str]
) -> None:
    """Headers of several kinds among each other, with texts that mean something."""
    texts = []
    for k, (header, said, prompt) in enumerate(files):
        name = f"agent-{'abcdefg'[k]}"
        head = f"name: {name}\ndescription: {spelled(said, style)}\n{header}"
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
        Texts(f"{n}.md", n, n, n, f"About {n}", f"You are {n}.", b"You are %b." % n.encode())
        for n in ("a-a", "b-b", "c-c")
    )

    def row(texts: Texts, cursor: str) -> Row:
        cells = {"cursor": Cell([cursor], "converted", "R"), "codex": Cell(["reads"], "converted", "R")}
        return Row(texts.name, texts.path, "claude-code", description=texts.description, cells=cells)

    form = AlikeRows(first, row(first, "reads"))
    form.prove(second, row(second, "writes"))
    filled = form.filled(third)
    assert filled is not None and set(filled.cells) == {"codex"} and filled.name == "c-c"


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
