"""Keys that join server and tool, held against the rule that OpenCode 1.18.33 has for them: the last key that matches
the joined text decides. Written without the code under test."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from itertools import product

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agentconv.convert import convert_text
from agentconv.notes import CODES

SEARCH = os.environ.get("AGENTCONV_EXAMPLES")
LAW = settings(max_examples=int(SEARCH or "40"), derandomize=SEARCH is None, deadline=None)
SERVERS = ("my", "my_db", "my_db_old", "other")
TOOLS = ("drop", "db_drop", "old_drop", "db_old_drop", "x")
NAMES = [f"mcp__{s}" for s in SERVERS] + [f"mcp__{s}__{t}" for s, t in product(SERVERS, TOOLS)]
LISTS = st.lists(st.sampled_from(NAMES), max_size=5, unique=True)


def said(names: list[str], server: str, tool: str) -> bool:
    return f"mcp__{server}" in names or f"mcp__{server}__{tool}" in names


def decided(keys: dict[str, object], name: str) -> bool:
    state = "allow"
    for key, action in keys.items():
        if fnmatchcase(name, key):
            state = str(action.get("*", "allow") if isinstance(action, dict) else action)
    return state != "deny"


@pytest.mark.parametrize("target", ["opencode", "kilo"])
@LAW
@given(listed=st.none() | LISTS, denied=LISTS)
def test_no_key_gives_the_tool_of_another_server(target: str, listed: list[str] | None, denied: list[str]) -> None:
    lines = ["name: a", "description: Works.", f"disallowedTools: {', '.join(['Bash', *denied])}"]
    lines += [] if listed is None else [f"tools: {', '.join(['Grep', *listed])}"]
    text = "\n".join(["---", *lines, "---", "Do it.", ""])
    (made,) = convert_text(text, from_="claude-code", to=target)
    told = f"{text}\n{made.text if made.files else made.notes}"
    assert made.files, told
    assert {n.code for n in made.notes} <= set(CODES)
    keys = yaml.safe_load(made.text.split("---")[1])["permission"]
    named = {name.split("__")[1] for name in [*(listed or ()), *denied]}  # others are not known to be there
    words = {name.removeprefix("mcp__").replace("__", "_") for name in listed or () if name.count("__") > 1}
    for server, tool in product(SERVERS if listed is None else sorted(named), TOOLS):
        # a tool that is allowed by name has no other key than one of the same name has that nobody speaks of
        asked = listed is None or said(listed, server, tool) or f"{server}_{tool}" in words
        may = asked and not said(denied, server, tool)
        assert may or not decided(keys, f"{server}_{tool}"), f"{server} {tool}\n{told}"


@LAW
@given(shut=LISTS.map(lambda names: [n.removeprefix("mcp__").replace("__", "_") for n in names if n.count("__") > 1]))
def test_what_a_key_denies_is_denied_for_each_server(shut: list[str]) -> None:
    text = yaml.safe_dump({"description": "Works.", "permission": {"bash": "deny", **dict.fromkeys(shut, "deny")}})
    (made,) = convert_text(f"---\n{text}---\nDo it.\n", from_="opencode", to="claude-code")
    denied = yaml.safe_load(made.text.split("---")[1])["disallowedTools"].split(", ")
    for server, tool in product(SERVERS, TOOLS):
        assert f"{server}_{tool}" not in shut or f"mcp__{server}__{tool}" in denied, made.text
