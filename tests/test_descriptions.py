"""The descriptions keep to their own language, and their tool names to what the real programs reported.

The language is docs/describing-formats.md itself: a word that a description uses has to stand there, in the section it
is used in. What the programs said is in ``fixtures/vocabulary/<format>.yaml``; ``pytest -m client --accept
tests/clients/test_vocabulary.py`` asks the programs again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import registry
from agentconv.describing.contract import contract_problems, sections, strange, words
from agentconv.model import FIELDS
from agentconv.spec import all_caps, load_data, risk
from agentconv.tooltable import ToolTable

ROOT = Path(__file__).resolve().parent.parent
FORMATS = sorted(path.parent.name for path in (ROOT / "agentconv" / "formats").glob("*/format.yaml"))
VOCABULARY = ROOT / "fixtures" / "vocabulary"
ASKED = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(VOCABULARY.glob("*.yaml"))}
RECORDED = [id for id, said in ASKED.items() if not said["ask"].get("known")]  # asked name by name
LISTED = [id for id, said in ASKED.items() if said["ask"].get("known")]  # the program has a list of its names
HEAD_REQUIRED = {"id", "title", "program", "version", "seen", "sure", "kind", "syntax", "places"}
TABLES_REQUIRED = {"container", "identity", "fields"}
EFFECTLESS = {"off", "never", "when"}  # names that need not be there in the session that was recorded


# The language, as the page says it


@cache
def documents(id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Head and tables as they stand in the file (an overlay is not laid over anything)."""
    path = ROOT / "agentconv" / "formats" / id / "format.yaml"
    head, tables = yaml.safe_load_all(path.read_text("utf-8"))
    return head, tables or {}


@pytest.mark.parametrize("id", FORMATS)
def test_every_word_is_of_the_language(id: str) -> None:
    assert contract_problems(ROOT / "agentconv" / "formats" / id / "format.yaml") == []


def test_the_page_does_not_allow_everything() -> None:
    assert "fields" in sections() and "tools" in sections()
    assert "limits" in words("fields") and "limtis" not in words("fields")
    # of names with a capital in an example (`Read`, `commandPolicy`) no half is a word
    assert words(*sections()).isdisjoint({"ead", "olicy", "gent", "dit"})
    assert [text for _, text in strange("here", [False, "hides", "hidse"], words("tools"))] == [
        "here: the key False is no text; write it in quotes",
        "here: `hidse` is no word of docs/describing-formats.md; did you mean `hides`?",
    ]


# What a description refers to is there


@pytest.mark.parametrize("id", FORMATS)
def test_head_is_complete(id: str) -> None:
    head, tables = documents(id)
    whole = {**(documents(head["extends"])[0] if "extends" in head else {}), **head}
    assert head["id"] == id
    assert not HEAD_REQUIRED - set(whole)
    if "extends" not in head:
        assert not TABLES_REQUIRED - set(tables)
    assert whole["kind"] in ("agent", "text", "source", "reading") and whole["sure"] in ("high", "medium", "low")
    sealed = whole["kind"] in ("reading", "source") or "readable_only" in whole
    assert sealed == ("write" not in whole["places"]), "a reading and a source are no targets"
    for reader in head.get("also_read_by") or {}:
        assert reader in FORMATS, f"also_read_by names {reader}, which has no description"


@pytest.mark.parametrize("id", [id for id in FORMATS if documents(id)[0].get("syntax") == "sections"])
def test_sections_are_told_by_what_their_marks_begin_with(id: str) -> None:
    head, tables = documents(id)
    assert str(tables["container"]["marks"]["begin"]).startswith(head["recognise"]["holds"])


def _caps(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


@pytest.mark.parametrize("id", FORMATS)
def test_capabilities_are_in_the_vocabulary(id: str) -> None:
    spec = registry.load(id)
    found: dict[str, list[str]] = {}
    for name in spec.tools.names.values():
        found[name.name] = [*name.caps, *name.also]
    found |= {f"dead {name}": list(caps) for name, caps in spec.tools.dead.items()}
    found |= {f"ambient {name}": [c for c in caps if c != "mcp"] for name, caps in spec.ambient.items()}
    found["write"] = list(spec.tools.fact("write") or {})
    # what every agent has may be the tools of MCP servers, which are no capability
    wrong = {name: [c for c in caps if c not in all_caps() and c != "mcp"] for name, caps in found.items()}
    assert not {name: caps for name, caps in wrong.items() if caps}


@pytest.mark.parametrize("id", FORMATS)
def test_names_refer_to_names(id: str) -> None:
    table = registry.load(id).tools
    wrong = [f"alias {a} -> {n}" for a, n in table.aliases.items() if n not in table.names]
    wrong += [f"alias {a} is a name, too" for a in table.aliases if a in table.names]
    wrong += [f"dead {n} lives" for n in table.dead if n in table.names or n in table.aliases]
    for name in table.names.values():
        wrong += [f"group {name.name} has no member {m}" for m in name.members if m not in table.names]
        wrong += [f"{name.name} goes with {n}" for n in name.deny_with if n not in table.names]
    for raw in (table.data.get("names") or {}).items():
        wrong += [f"{raw[0]} hides {n}" for n in _caps((raw[1] or {}).get("hides")) if n not in table.names]
    for cap, word in (table.fact("write") or {}).items():
        found = table.own(word)
        if found is None or cap not in found.gives:
            wrong.append(f"write {cap}: {word} does not give it")
        elif found.off or found.never:
            wrong.append(f"write {cap}: {word} is not there for every user")
    assert not wrong


@pytest.mark.parametrize("id", FORMATS)
def test_fields_name_fields_of_the_model(id: str) -> None:
    spec = registry.load(id)
    wrong = [f"{row.key}: {row.field}" for row in spec.fields.values() if row.field and row.field not in FIELDS]
    for row in spec.fields.values():
        for names in (row.fact("implies") or {}).values() if isinstance(row.fact("implies"), Mapping) else ():
            wrong += [f"{row.key} implies {n}" for n in names if n not in spec.tools.names]
        for classes in (row.fact("denies") or {}).values():
            wrong += [
                f"{row.key} denies {c}" for c in classes if c not in {"mcp:*"} | {risk(cap) for cap in all_caps()}
            ]
    assert not wrong


@pytest.mark.parametrize("id", FORMATS)
def test_keys_of_servers_are_words(id: str) -> None:
    """A bare `off` is false in YAML, and a key that nobody looks up."""
    for row in registry.load(id).fields.values():
        assert set(row.fact("server_keys") or ()) <= {"only", "except", "off", "gives", "other"}


@pytest.mark.parametrize("id", FORMATS)
def test_models_are_known(id: str) -> None:
    table = registry.load(id).models
    models = load_data("models")
    assert not [m for m in table.get("catalogue") or () if m not in models]
    assert not [t for t in table.get("tiers") or () if not (models.get(t) or {}).get("floating")]
    makers = {facts.get("maker") for facts in models.values()}
    assert not [m for m in table.get("makers") or () if m not in makers]


def test_a_spelling_is_one_model() -> None:
    owners: dict[str, str] = {}
    for id, facts in load_data("models").items():
        assert set(facts) <= {"maker", "title", "dotted", "dated", "tier", "aka", "floating", "spoken"}, id
        assert facts.get("floating") or {"maker", "title"} <= set(facts), id
        for text in {id, facts.get("title"), facts.get("dotted"), *facts.get("dated", ()), *facts.get("aka", ())}:
            folded = re.sub(r"[\s_.]+", "-", str(text).lower())
            if text is not None and owners.setdefault(folded, id) != id:
                pytest.fail(f"`{text}` is {owners[folded]} and {id}")


# Names and meanings against what the programs reported
@cache
def recorded(id: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((VOCABULARY / f"{id}.yaml").read_text("utf-8"))
    return data


def conditional(table: ToolTable, name: str) -> bool:
    """Whether a single name may be absent from a session."""
    return bool(EFFECTLESS & set(table.data["names"].get(name) or {}))


def real(id: str, tool: str) -> str:
    """The name under which the table holds a tool that the program reported."""
    return str(recorded(id).get("named", {}).get(tool, tool))


def said(id: str, name: str) -> set[str]:
    """What the program gave for a name, without what it gives anyway."""
    return {real(id, tool) for tool in recorded(id)["names"][name]}


def opened(id: str) -> set[str]:
    """What one unknown name gives, where it opens the list: not all of an agent without one (`not_opened`)."""
    return set(recorded(id)["headers"]["(no tools)"]) - set(recorded(id).get("not_opened", ()))


def alive(table: ToolTable) -> list[str]:
    return [*table.names, *table.aliases]


@pytest.mark.parametrize("id", RECORDED)
def test_every_name_was_asked(id: str) -> None:
    table = registry.load(id).tools
    assert not {*alive(table), *table.dead} - set(recorded(id)["names"])
    assert recorded(id)["version"] == registry.load(id).head["version"]


@pytest.mark.parametrize("id", RECORDED)
def test_names_give_what_the_program_gave(id: str) -> None:
    table, wrong = registry.load(id).tools, []
    for name in alive(table):
        found = table.own(name)
        assert found is not None
        got = said(id, name)
        if found.alone:  # a word that counts as the whole of a string only; the names were asked for in lists
            assert not got, f"{name} counts in a list, too"
            continue
        due = {n for n in table.expand(found.name) if table.names[n].gives and not conditional(table, n)}
        due -= set(recorded(id).get("always", ()))
        due -= set(recorded(id).get("not_alone", ()))  # nothing is started with such a name alone
        given = {cap for tool in got for cap in table.names[tool].caps}
        if due - got or (found.members and got - due):
            wrong.append(f"{name}: the table says {sorted(due)}, the program gave {sorted(got)}")
        if unsaid := given - set(found.gives):
            wrong.append(f"{name}: the program gave {sorted(got)}, the table has no {sorted(unsaid)} there")
    assert not wrong


@pytest.mark.parametrize("id", RECORDED)
def test_dead_names_give_nothing(id: str) -> None:
    table = registry.load(id).tools
    nothing = opened(id) if table.fact("unknown") == "all" else set()  # or what every name gives that nobody knows
    assert not {name: got for name in table.dead if (got := said(id, name)) != nothing}


@pytest.mark.parametrize("id", RECORDED)
def test_names_of_real_files_that_work_are_in_the_table(id: str) -> None:
    known = {*alive(registry.load(id).tools), *recorded(id)["names"]}
    assert not {name: got for name, got in (recorded(id).get("others") or {}).items() if name not in known}


@pytest.mark.parametrize("id", RECORDED)
def test_whole_set_is_the_table(id: str) -> None:
    table = registry.load(id).tools
    rows = {k: {real(id, t) for t in v} for k, v in recorded(id)["headers"].items() if isinstance(v, list)}
    usual = {n for n, one in table.singles.items() if one.gives and not one.closed and not conditional(table, n)}
    hidden = {h for n in usual for h in _caps((table.data["names"][n] or {}).get("hides"))}
    unnamed = set(recorded(id).get("only_unnamed", ()))
    assert rows["(no tools)"] <= set(table.singles) | unnamed
    # tools that are there when named, but not in the set of an agent without a list
    only_named = set(recorded(id).get("only_named", ()))
    assert usual - hidden - only_named - set(recorded(id).get("always", ())) == rows["(no tools)"] - unnamed


@pytest.mark.parametrize("id", LISTED)
def test_the_table_has_the_names_that_the_program_lists(id: str) -> None:
    spec, known = registry.load(id), recorded(id)["known"]
    table = spec.tools
    groups = set(table.data.get("groups") or ())
    assert set(known.get("groups", groups)) == groups
    assert not set(known["tools"]) - {*alive(table), *table.dead, *spec.ambient}, "the table lacks some"
    there = {name for tool in known["tools"] if table.own(tool) for name in table.covers(tool)}
    unlisted = set(recorded(id).get("unlisted", ()))
    assert not {n for n in set(table.singles) - there - unlisted if not conditional(table, n)}, "nobody knows them"


# header of the recorded agent -> how the tables say it
WORDS = {"tools: []": "empty", "tools:": "null", 'tools: "*"': "star", "tools: {Read: true}": "wrong_type"}


@pytest.mark.parametrize("id", RECORDED)
def test_absent_empty_null_and_star(id: str) -> None:
    table, rows = registry.load(id).tools, recorded(id)["headers"]
    everything = rows["(no tools)"]
    for header, word in recorded(id).get("words", WORDS).items():
        whole = sorted(opened(id)) if word == "star" and table.fact("unknown") == "all" else everything
        means = {"all": whole, "none": [], "refused": "refused"}[str(table.fact(word))]
        assert rows[header] == means, f"{header}: {word} is {table.fact(word)}, the program gave {rows[header]}"
    one, only, beside = recorded(id).get("unknown", ("tools: Read", "tools: Nonsense", "tools: Read, Nonsense"))
    assert rows[beside] == {"ignored": rows[one], "all": sorted(opened(id))}.get(table.fact("unknown"), "refused")
    whole = sorted(opened(id)) if table.fact("unknown") == "all" else everything
    nothing = {"none": [], "start-refused": "not started", "refused": "refused", "all": whole}
    assert rows[only] == nothing[str(table.fact("unknown_only"))]


def test_claude_controls_that_surprise() -> None:
    """Scopes, deny-lists, a space between names, a shell that hides the search tools, memory that adds tools."""
    rows, table = recorded("claude-code")["headers"], registry.load("claude-code").tools
    everything = set(rows["(no tools)"])
    assert rows["tools: Bash(git *)"] == ["Bash"] and table.fact("scopes") == "whole"
    assert set(rows['disallowedTools: "*"']) == everything and table.fact("deny_star") == "nothing"
    assert everything - set(rows["disallowedTools: Bash(rm:*)"]) == set(table.shutting("Bash"))
    assert table.fact("deny_scopes") == "whole"
    assert set(rows["tools: Read Edit"]) == {"Read", "Edit"} and table.fact("split") == "comma-space"
    hides = table.data["names"]["Bash"]["hides"]
    assert set(rows["tools: Read, Grep, Glob, Bash"]) == {"Read", "Grep", "Glob", "Bash"} - set(hides)
    implied = registry.load("claude-code").fields["memory"].fact("implies")["project"]
    assert set(rows["tools: Grep\nmemory: project"]) == {"Grep", *implied}
    assert rows["tools: read, grep"] == "not started" and table.fact("case") == "sensitive"
    assert rows["tools: mcp__*"] == "not started" and table.mcp["every"] is None


def test_copilot_reads_vscode_names_in_its_own_case() -> None:
    """What is written for VS Code means the same to the other program at the place, or nothing."""
    table, asked = registry.load("copilot").tools, recorded("copilot")["names"]
    vscode = registry.load("vscode").tools
    for cap, word in vscode.fact("write").items():
        ours = vscode.own(word)
        got = {risk(c) for tool in said("copilot", word) for c in table.names[tool].caps} - {"none"}
        assert ours and ("runs" in ours.classes or got <= ours.classes), f"{word}, written for {cap}: {sorted(got)}"
    for name in ("execute", "agent", "web", "todo", "read/readFile", "edit/editFiles", "edit/createFile"):
        assert asked[name], f"the CLI knows no {name}"
    assert recorded("copilot")["headers"]["tools: [READ, Execute]"] == [*asked["read"], *asked["execute"]]
    assert recorded("copilot")["headers"]["tools: [execute-runInTerminal]"] == []  # a hyphen is no slash
    assert recorded("copilot")["headers"]["tools: Bash(git *)"] == [] and table.fact("scopes") == "unknown"
