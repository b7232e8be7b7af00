"""The rights table: what an agent may do before and after each conversion, thought through by hand.

``fixtures/rights.yaml`` is the oracle. It is checked here, too: an oracle that contradicts itself proves nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from agentconv import registry
from agentconv.notes import CODES, RANK
from agentconv.registry import ids
from tests import goldens

if TYPE_CHECKING:
    from agentconv.convert import Conversion

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
TABLES = [FIXTURES / "rights.yaml", *sorted((FIXTURES / "rights").glob("*.yaml"))]
ROWS: list[dict[str, Any]] = [row for path in TABLES for row in goldens.data_of(path)]

# where each program looks for its agents: some take the agent's name from the place
PLACES = {
    "claude-code": ".claude/agents/a.md",
    "vscode": ".github/agents/a.agent.md",
    "copilot": ".github/agents/a.agent.md",
    "opencode": ".opencode/agents/a.md",
    "codex": ".codex/agents/a.toml",
    "roo": ".roomodes",
}
FIRST = tuple(PLACES)  # of these formats every pair has a row
for id in registry.ids():
    where = registry.heads()[id]["places"]
    place = where.get("write") or (where["project"] or ["*.md"])[0]
    PLACES.setdefault(id, str(place).replace("{id}", "a").replace("*", "a"))
KEYS = {"id", "from", "to", "text", "options", "before", "after", "status", "gained", "notes", "writes", "why", "agent"}
OPTIONS = {"allow_widening", "approval", "skip_refused", "strict"}
WRITTEN = {"exact", "lossy", "narrowed", "widened"}
UNWRITTEN = {"refused", "skipped"}
SCOPE = r"\([^()]+(\([^()]*\)[^()]*)*\)"
WORD = re.compile(rf"all|(reads|writes|runs|network|delegates)({SCOPE})?|mcp:(\*|[\w.-]+(/[\w.*-]+){{0,2}})({SCOPE})?")

by_id = pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])


def convert(row: dict[str, Any]) -> Conversion:
    """The one agent of the row, converted as its user allowed."""
    from agentconv.convert import Options, convert_text

    given = dict(row.get("options", {}))
    if "allow_widening" in given:
        given["allow_widening"] = frozenset(given["allow_widening"])
    source, target = row["from"], row["to"]
    made = convert_text(row["text"], from_=source, to=target, path=place_of(source), options=Options(**given))
    made = [one for one in made if one.name == row.get("agent", one.name)]
    assert len(made) == 1, [one.status for one in made]
    return made[0]


def place_of(format_id: str) -> str:
    """Where the program looks for the agent `a`."""
    from agentconv.registry import load

    return PLACES.get(format_id) or str(load(format_id).head["places"]["write"]).replace("{id}", "a")


# -- what comes out ---------------------------------------------------------------------------


@by_id
def test_conversion(row: dict[str, Any]) -> None:
    made = convert(row)
    said = "\n".join(f"  {n.code} {n.effect} {n.path}: {n.message}" for n in made.notes)
    hint = f"\n{row['why']}\nnotes:\n{said}\nfiles: {made.files}"
    if "before" in row:
        assert sorted(made.rights.before) == sorted(row["before"]), f"rights of the source{hint}"
    assert made.status == row["status"], f"status{hint}"
    if "gained" in row:
        assert sorted(made.gained) == sorted(row["gained"]), f"gained{hint}"
    codes = {n.code for n in made.notes}
    assert set(row.get("notes", [])) <= codes, f"notes{hint}"
    if row["status"] in UNWRITTEN:
        assert not made.files, hint
        return
    assert sorted(made.rights.after) == sorted(row["after"]), f"rights of the output{hint}"
    assert made.files, hint
    fields = fields_of(made.files)
    for key, wanted in row.get("writes", {}).items():
        assert same(fields.get(key), wanted), f"{key}: {fields.get(key)!r}, not {wanted!r}{hint}"


@by_id
def test_notes_carry_the_status(row: dict[str, Any]) -> None:
    """The worst note decides the status; the other way round a status without its note says nothing."""
    made = convert(row)
    effects = {n.effect for n in made.notes}
    worst = max((RANK[effect] for effect in effects), default=RANK["info"])
    if made.status == "exact":
        assert worst == RANK["info"], effects
    elif made.status == "lossy":
        assert effects & {"approximate", "lost", "inherits"}, effects
        assert not effects & {"narrows", "widens", "error"}, effects
    elif made.status == "narrowed":
        assert "narrows" in effects, effects
        assert not effects & {"widens", "error"}, effects
    elif made.status in ("widened", "refused"):
        strict = row.get("options", {}).get("strict", False)
        assert "widens" in effects or (strict and "inherits" in effects), effects


def fields_of(files: dict[str, bytes]) -> dict[str, Any]:
    """The fields of the one agent in the output, by the ending of the file, with public parsers only."""
    ((path, data),) = files.items()
    text = data.decode("utf-8")
    if path.endswith(".toml"):
        return tomllib.loads(text)
    if path.endswith(".json"):
        whole: dict[str, Any] = json.loads(text)
        whole = whole.get("agent", whole)  # opencode.json has other settings, too
        alone = len(whole) == 1 and isinstance(next(iter(whole.values())), dict)  # a map from names to agents
        return next(iter(whole.values())) if alone else whole
    if path.endswith(".roomodes"):
        mode: dict[str, Any] = yaml.safe_load(text)["customModes"][0]
        return mode
    if path.endswith(".ts"):  # without a text of several lines or an escape the literal is a map of YAML
        if "createAgent(" in text:  # the object of a call, and in it that of another one
            text = " = " + text.partition("registerAgentMode(")[2].rpartition("})")[0] + "}"
            text = re.sub(r"\w+\.createAgent\((.*)\)\.definition", r"\1", text, flags=re.S)
        literal: dict[str, Any] = yaml.safe_load(text.partition(" = ")[2].partition("\n\nexport")[0])
        return literal
    if path.endswith(".yaml"):
        file: dict[str, Any] = yaml.safe_load(text)
        bare = file if all(isinstance(one, dict) for one in file.values()) else {}
        team: dict[str, dict[str, Any]] = file.get("agents") or bare  # of a file of many, the first one
        return next(iter(team.values()), file)
    assert path.endswith((".md", ".yml")), path
    if "<!-- agentconv:agent" in text:  # a section of a shared page: it has no fields but its text
        return {}
    head, _, rest = text.partition("\n")
    assert head == "---", text
    header, closing, _ = rest.partition("\n---\n")
    assert closing, text
    fields: dict[str, Any] = yaml.safe_load(header)
    return fields


def same(found: Any, wanted: Any) -> bool:
    """Equal as plain data: lists as sets (a comma string is one), the star of a map at its end of the map."""
    if isinstance(wanted, list):
        if isinstance(found, str):
            found = [word.strip() for word in found.split(",") if word.strip()]
        return isinstance(found, list) and sorted(map(repr, found)) == sorted(map(repr, wanted))
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or set(found) != set(wanted):
            return False
        if "*" in wanted and list(found).index("*") != list(wanted).index("*"):
            return False
        return all(same(found[key], value) for key, value in wanted.items())
    return bool(found == wanted)


# -- the table itself -------------------------------------------------------------------------


def test_table_is_wide_enough() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    assert len(ids) >= 60
    missing = set(permutations(FIRST, 2)) - {(row["from"], row["to"]) for row in ROWS}
    assert not missing


@pytest.mark.parametrize("id", registry.ids())
def test_every_format_has_five_rows_each_way(id: str) -> None:
    """As source, and as target where it is written: fewer would say little about its rights."""
    assert sum(row["from"] == id for row in ROWS) >= 5, "as source"
    if id in registry.targets():
        assert sum(row["to"] == id for row in ROWS) >= 5, "as target"


def test_no_case_stands_twice() -> None:
    seen: dict[str, str] = {}
    for row in ROWS:
        case = repr((row["from"], row["to"], row["text"], row.get("options")))
        assert case not in seen, (row["id"], seen[case])
        seen[case] = row["id"]


@by_id
def test_row_is_sound(row: dict[str, Any]) -> None:
    assert set(row) <= KEYS, set(row) - KEYS
    assert re.fullmatch(r"[a-z0-9-]+", row["id"])
    assert {row["from"], row["to"]} <= set(ids())
    assert set(row.get("options", {})) <= OPTIONS
    assert row["why"].strip().endswith((".", ")")), "a sentence with the reason"
    assert row["status"] in WRITTEN | UNWRITTEN
    assert set(row.get("notes", [])) <= set(CODES)
    for key in ("before", "after", "gained"):
        words = row.get(key, [])
        assert all(WORD.fullmatch(word) or (key == "gained" and word.startswith("limit:")) for word in words), words
        assert len(words) == len(set(words)), words
    assert ("after" in row) == (row["status"] in WRITTEN)
    assert ("before" in row) == (row["status"] != "skipped")
    assert ("writes" in row) <= (row["status"] in WRITTEN)
    assert ("gained" in row) <= (row["status"] in ("widened", "refused"))


@by_id
def test_row_is_never_wider(row: dict[str, Any]) -> None:
    before = row.get("before", [])
    for right in row.get("gained", []):
        # what was there and asked is one more where it does not
        assert "T015" in row.get("notes", []) or not within(right, before), f"{right} was there already"
    if "after" not in row:
        return
    new = [right for right in row["after"] if not within(right, before)]
    allowed = row.get("options", {}).get("allow_widening", [])
    if row["status"] == "widened":
        assert new, "nothing was widened"
        assert all(right == "all" or right in row["gained"] for right in new), new
        shell = "runs" in allowed  # who may run commands may do the rest with them
        assert shell or set(row["gained"]) <= set(allowed), "only what the user allowed"
    else:
        assert not new, new


# one limit in two pattern languages, each pair looked at by hand
EQUAL = {
    "writes(^src/)": ["writes(src/**)"],
    "writes(*.md)": [r"writes(\.md$)", r"writes(\.(md|mdx)$)"],
    "writes(*.mdx)": [r"writes(\.(md|mdx)$)"],
    "writes(docs/**)": [r"writes(^docs\/.*$)"],
    "writes(CHANGELOG.md)": [r"writes(^CHANGELOG\.md$)"],
}


def within(right: str, rights: list[str]) -> bool:
    """Whether a right adds nothing to these: its own reading of the rule, not the one under test."""
    if right.startswith("limit:"):  # a limit that is gone is no right that somebody had
        return False
    if "all" in rights or "runs" in rights or right in rights or {*EQUAL.get(right, ())} & {*rights}:
        return True
    kind = right.partition("(")[0]
    if kind.startswith("mcp:"):
        return "mcp:*" in rights or kind.partition("/")[0] in rights
    return kind in rights
