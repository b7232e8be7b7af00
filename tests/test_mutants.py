"""Seeded faults: each is put into the writing side while the proof stays as it is, and each has to be caught.

A mutant changes what is lowered, rendered or merged, never what reads back. Caught means: nothing is written, and the
code in the table says why. The same conversion without the fault passes, or the table proves nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from agentconv import convert, registry
from agentconv.convert import Conversion, Options, convert_text
from agentconv.lowering.lowered import Lowered
from agentconv.model import Model, Rule, Scope, Tool, Tools
from agentconv.output import render, templates
from agentconv.proof import aftermath, attempt, merging
from agentconv.spec import Spec

CLAUDE = """---
name: reviewer
description: "Reviews: carefully"
tools: Read, Bash(git log *), WebFetch, mcp__docs__search
model: claude-sonnet-4-5
maxTurns: 7
color: red
house: x
---
  Indented first line.

{{ 1 + 1 }} and {% raw %} stay.
"""
EVERYTHING = "---\nname: reviewer\ndescription: Reviews\n---\nDo it.\n"
NO_SHELL = "---\nname: reviewer\ndescription: Reviews\ndisallowedTools: Bash\n---\nDo it.\n"
PLAN = "---\nname: reviewer\ndescription: Reviews\npermissionMode: plan\n---\nDo it.\n"
NOTHING = "---\nname: reviewer\ndescription: Reviews\ntools: []\n---\nDo it.\n"
HOOKS = """---
name: reviewer
description: Reviews
tools: Read
hooks:
  Stop:
    - hooks: [{type: command, command: ./done.sh}]
---
Do it.
"""
QUIET = "---\nname: reviewer\ndescription: Reviews\ntools: [view]\ndisable-model-invocation: true\n---\nDo it.\n"
DELEGATES = "---\nname: reviewer\ndescription: R\ntools: [read, agent]\nagents: [helper]\n---\nDo it.\n"
OPENCODE = """---
description: Commits
mode: subagent
temperature: 0.2
permission:
  "*": deny
  read: allow
  bash:
    "*": deny
    git *: ask
---
Do it.
"""
DASHES = 'name = "reviewer"\ndescription = "before --- after: x"\ndeveloper_instructions = "Do it."\n'
MODES = """# mine
customModes:
  - slug: other
    name: Other
    roleDefinition: Stay as you are.
    groups: [read]  # only that
"""

Patch = Callable[[pytest.MonkeyPatch], None]


# -- ways to go wrong -------------------------------------------------------------------------


def spec_with(change: Callable[[dict[str, Any]], None]) -> Patch:
    """Lowering and rendering work from tables with a fault; reading and proof from the right ones."""

    def wrong(spec: Spec) -> Spec:
        tables = copy.deepcopy(dict(spec.tables))
        change(tables)
        return Spec(spec.head, tables, spec.folder)

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        lower, text, rows = convert.lower, attempt.render, attempt.rows_of
        monkeypatch.setattr(convert, "lower", lambda a, s, d, *rest: lower(a, s, wrong(d), *rest))
        monkeypatch.setattr(attempt, "render", lambda a, s, newline: text(a, wrong(s), newline))
        monkeypatch.setattr(attempt, "rows_of", lambda a, s: rows(a, wrong(s)))

    return patch


def lowered_with(change: Callable[[Lowered], None]) -> Patch:
    """Lowering decides wrongly."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real = convert.lower

        def wrong(*args: Any) -> Lowered:
            out = real(*args)
            change(out)
            return out

        monkeypatch.setattr(convert, "lower", wrong)

    return patch


def agent_with(**changes: Any) -> Patch:
    """Lowering hands on other values; a function is given the old one."""

    def change(out: Lowered) -> None:
        made = {k: v(getattr(out.agent, k)) if callable(v) else v for k, v in changes.items()}
        out.agent = replace(out.agent, **made)

    return lowered_with(change)


def without_notes(path: str, move: str = "") -> Patch:
    """The note is forgotten, or stands at another place."""

    def change(out: Lowered) -> None:
        out.notes = [n.moved(path=move) if n.path == path else n for n in out.notes if n.path != path or move]

    return lowered_with(change)


def text_with(change: Callable[[str], str]) -> Patch:
    """Rendering writes other text."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real = attempt.render
        monkeypatch.setattr(attempt, "render", lambda *args: change(real(*args)))

    return patch


def merged_with(change: Callable[[str], str]) -> Patch:
    """Merging into a shared file touches more than its entry."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real = merging.put_entries
        monkeypatch.setattr(merging, "put_entries", lambda *args: change(real(*args)))

    return patch


def template_with(old: str, new: str) -> Patch:
    """A template has a fault."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def wrong(id: str, syntax: str, folder: str = "") -> Any:
            env = templates.environment()
            assert env.loader is not None
            source, _, _ = env.loader.get_source(env, f"{syntax}.j2")
            assert old in source
            return env.from_string(source.replace(old, new))

        monkeypatch.setattr(render, "template", wrong)

    return patch


def patched(module: Any, name: str, value: Any) -> Patch:
    """One function is another."""
    return lambda monkeypatch: monkeypatch.setattr(module, name, value)


def with_rule(rule: Rule) -> Callable[[Tools], Tools]:
    return lambda tools: Tools(tools.base, (*tools.rules, rule))


def names_of(tables: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tables["tools"]["names"]
    return found


def misspelt(tables: dict[str, Any]) -> None:
    tables["tools"]["names"] = {"reed" if k == "read" else k: v for k, v in names_of(tables).items()}


def reads_with_a_shell(tables: dict[str, Any]) -> None:
    names_of(tables)["execute/runInTerminal"] = {"is": ["read"]}
    tables["tools"]["write"]["read"] = "execute/runInTerminal"


def stays_awake(tables: dict[str, Any]) -> None:
    del tables["fields"]["disable-model-invocation"]["invert"]


def without_limits(out: Lowered) -> None:
    out.limits = []
    out.notes = [n for n in out.notes if n.code != "L003"]


def unscoped(tools: Tools) -> Tools:
    return Tools(tools.base, tuple(replace(r, scope=None, effect="allow", approval="ask") for r in tools.rules))


def unasked(tools: Tools) -> Tools:
    return Tools(tools.base, tuple(replace(r, approval="auto") if r.approval else r for r in tools.rules))


def backwards(text: str) -> str:
    """The first star of a permission map goes to its end, where it decides over all before it."""
    return text.replace('  "*": deny\n', "", 1).replace("\n---\n\n", '\n  "*": deny\n---\n\n', 1)


def other_server(tools: Tools) -> Tools:
    rule = Rule("allow", Tool("dogs/search", server="dogs", member="search"))
    return Tools(tools.base, (*(r for r in tools.rules if not r.tool.server), rule))


DEFAULT = Options()


@dataclass(frozen=True)
class Mutant:
    """A fault, where it would show, and what has to catch it."""

    name: str
    source: str
    text: str
    target: str
    patch: Patch
    caught_by: str
    existing: str | None = None
    options: Options = DEFAULT


ALLOWED = Options(allow_widening=frozenset({"runs"}), guard=False)
MUTANTS = [
    # tables
    Mutant("misspelt tool name", "claude-code", CLAUDE, "opencode", spec_with(misspelt), "V005"),
    Mutant("a name that gives more", "claude-code", CLAUDE, "vscode", spec_with(reads_with_a_shell), "C012"),
    Mutant("swapped bool", "copilot", QUIET, "vscode", spec_with(stays_awake), "V003"),
    Mutant("bool the other way round", "copilot", QUIET, "vscode",
           text_with(lambda t: t.replace("invocation: true", "invocation: false")), "V001"),
    # fields
    Mutant("field dropped without a note", "opencode", OPENCODE, "opencode-json", agent_with(temperature=None), "V003"),
    Mutant("note forgotten", "claude-code", CLAUDE, "vscode", without_notes("max_turns"), "V003"),
    Mutant("note at the wrong place", "claude-code", CLAUDE, "vscode", without_notes("max_turns", "turns"), "V003"),
    Mutant("own key lost without a note", "claude-code", CLAUDE, "vscode", without_notes("house"), "V003"),
    Mutant("hooks lost without a note", "claude-code", HOOKS, "opencode", without_notes("hooks"), "V003"),
    Mutant("model changed", "claude-code", CLAUDE, "vscode", agent_with(model=(Model("GPT-5 (copilot)"),)), "V003"),
    Mutant("description cut", "claude-code", CLAUDE, "vscode", agent_with(description="Reviews"), "V003"),
    Mutant("name changed", "claude-code", CLAUDE, "vscode", agent_with(name="helper", id="helper"), "V003"),
    # tools
    Mutant("tool dropped", "claude-code", CLAUDE, "vscode",
           agent_with(tools=lambda t: Tools("none", t.rules[:1])), "V003"),
    Mutant("denial dropped", "claude-code", NO_SHELL, "vscode", agent_with(tools=Tools()), "C012"),
    Mutant("all of MCP added", "claude-code", CLAUDE, "roo",
           agent_with(tools=with_rule(Rule("allow", Tool("mcp", server="*")))), "C012"),
    Mutant("another server", "claude-code", CLAUDE, "vscode", agent_with(tools=other_server), "C012"),
    Mutant("one tool became its server", "claude-code", CLAUDE, "vscode",
           agent_with(tools=with_rule(Rule("allow", Tool("docs/*", server="docs")))), "C012"),
    Mutant("limit of a tool dropped", "opencode", OPENCODE, "opencode-json", agent_with(tools=unscoped), "C012"),
    Mutant("asks no more", "opencode", OPENCODE, "opencode-json", agent_with(tools=unasked), "C012"),
    Mutant("limit moved", "opencode", OPENCODE, "opencode-json",
           agent_with(tools=with_rule(Rule("allow", Tool("bash", ("run",)), Scope("command-glob", "rm *"), "ask"))),
           "C012"),
    Mutant("map backwards", "claude-code", CLAUDE, "opencode", text_with(backwards), "V001"),
    Mutant("star where it is no wildcard", "claude-code", EVERYTHING, "vscode", agent_with(tools=Tools("all")), "V001"),
    Mutant("nothing became everything", "claude-code", NOTHING, "opencode", agent_with(tools=Tools()), "C012"),
    Mutant("delegates without their limit", "vscode", DELEGATES, "claude-code",
           agent_with(tools=with_rule(Rule("allow", Tool("Agent", ("delegate",))))), "C012"),
    Mutant("plan mode dropped", "claude-code", PLAN, "vscode", agent_with(tools=Tools()), "C012"),
    Mutant("limit dropped in silence", "claude-code", EVERYTHING.replace("---\nDo", "isolation: worktree\n---\nDo"),
           "vscode", lowered_with(without_limits), "V003", options=Options(allow_widening=frozenset({"limits"}))),
    Mutant("widening not said", "claude-code", CLAUDE, "vscode",
           patched(aftermath, "allowed", lambda gain, src, dst: aftermath.note("T014", "done", path="tools")), "V002",
           options=ALLOWED),
    # texts
    Mutant("prompt trimmed", "claude-code", CLAUDE, "vscode", agent_with(prompt=str.strip), "V003"),
    Mutant("prompt evaluated", "claude-code", CLAUDE, "vscode",
           text_with(lambda t: t.replace("{{ 1 + 1 }}", "2")), "V001"),
    Mutant("line ends doubled", "claude-code", CLAUDE, "vscode", text_with(lambda t: t.replace("\n", "\n\n")), "V001"),
    Mutant("quoting broken in a header", "claude-code", CLAUDE, "copilot",
           template_with("{{ value | yaml_value }}", " {{ value }}"), "V001"),
    Mutant("dashes unquoted", "codex", DASHES, "claude-code",
           text_with(lambda t: t.replace('"before \\u002d-- after: x"', "before --- after x")), "V001"),
    Mutant("quoting broken in TOML", "claude-code", EVERYTHING, "codex",
           template_with("{{ value | toml_value }}", '"{{ value }} "'), "V001"),
    Mutant("key left out of the header", "claude-code", CLAUDE, "vscode",
           text_with(lambda t: t.replace("tools:", "toolz:")), "C012"),
    # shared files
    Mutant("another entry changed", "claude-code", NOTHING, "roo",
           merged_with(lambda t: t.replace("Stay as", "Be as")), "V004", MODES),
    Mutant("a comment lost", "claude-code", NOTHING, "roo",
           merged_with(lambda t: t.replace("  # only that", "")), "V004", MODES),
    Mutant("head comment lost", "claude-code", NOTHING, "roo",
           merged_with(lambda t: t.replace("# mine\n", "")), "V004", MODES),
    Mutant("entry under another id", "claude-code", NOTHING, "roo",
           merged_with(lambda t: t.replace("slug: reviewer", "slug: viewer")), "V004", MODES),
]  # fmt: skip

by_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "-"))


def run(mutant: Mutant) -> Conversion:
    (made,) = convert_text(
        mutant.text, from_=mutant.source, to=mutant.target, options=mutant.options, get=lambda path: mutant.existing
    )
    return made


def codes(made: Conversion) -> set[str]:
    return {n.code for n in made.notes}


@by_mutant
def test_control(mutant: Mutant) -> None:
    made = run(mutant)
    assert made.files and not made.failed, made.notes
    assert not [n for n in made.notes if n.code.startswith("V")]


@by_mutant
def test_mutant_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.patch(monkeypatch)
    made = run(mutant)
    told = [f"{n.code} {n.effect} {n.path}: {n.message}" for n in made.notes]
    assert not made.files, (made.status, told)
    assert made.status in ("failed", "refused"), told
    assert mutant.caught_by in codes(made), told


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= 30
    assert {m.caught_by for m in MUTANTS} >= {"V001", "V002", "V003", "V004", "V005", "C012"}
    assert len({m.target for m in MUTANTS}) >= 6, "every kind of container and of tool control"


def test_a_mutant_leaves_the_tables_alone() -> None:
    """The faults are made in copies: what reads back is the real description."""
    before = copy.deepcopy(dict(registry.load("opencode").tables))
    with pytest.MonkeyPatch.context() as monkeypatch:
        MUTANTS[0].patch(monkeypatch)
        run(MUTANTS[0])
    assert dict(registry.load("opencode").tables) == before
