"""The words of a prompt's program, and by which words the other programs can be told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from agentconv.bodies.found import Words
from agentconv.registry import heads, load
from agentconv.serverwords import COMMON
from agentconv.spec import Spec

MARK = "mcp_"  # what the names of servers' tools begin with that are nothing else in a text


def speaks(id: str) -> Mapping[str, Any]:
    """What a description says of prompts; an overlay that says nothing speaks like its base."""
    head = heads()[id]
    if "speaks" in head:
        return dict(head["speaks"])
    return speaks(str(head["extends"])) if head.get("extends") else {}


@cache
def programs() -> tuple[str, ...]:
    """What people call the programs."""
    return tuple(str(name) for id in heads() for name in speaks(id).get("names", ()))


@cache
def no_tools() -> frozenset[str]:
    """Names of tools that are names of something else first."""
    return frozenset(str(word) for id in heads() for word in speaks(id).get("words", ()))


def of_programs(prompt: str, start: int, end: int) -> bool:
    """Whether the line says what something is called in which program: it stays true as it is."""
    begin, stop = prompt.rfind("\n", 0, start) + 1, prompt.find("\n", end)
    line = prompt[begin : len(prompt) if stop < 0 else stop]
    return any(name in line for name in programs())


@cache
def folders() -> Mapping[str, tuple[str, ...]]:
    """The folders of all programs, with the formats whose they are."""
    found: dict[str, list[str]] = {}
    for id in heads():
        for folder in speaks(id).get("folders", ()):
            found.setdefault(str(folder), []).append(id)
    return {folder: tuple(ids) for folder, ids in found.items()}


def owners(path: str) -> list[str]:
    """The folders of programs that the path lies in, wherever they lie themselves."""
    bare = re.sub(r"^(?:~|\$HOME|\.)?/", "", path)
    return [folder for folder in folders() if bare == folder or bare.startswith(folder + "/")]


@cache
def words_of(id: str) -> Words:
    """The words of one format's prompts; folders, files, placeholders and products of all programs."""
    spec, own = load(id), speaks(id)
    tools = _tools(spec)
    keys = tuple(dict.fromkeys(k for other in heads() for k in speaks(other).get("calls", ())))
    # `agent_type` of another program may be any field; `subagent_type` and `agentName` are nothing else
    own_keys = (*own.get("calls", ()), *(k for k in keys if re.search(r"^sub|[a-z][A-Z]", k)))
    folders, files, placeholders, products = [], [], [], []
    for other in (id, *(i for i in heads() if i != id)):
        said = speaks(other)
        folders += [(str(f), other) for f in said.get("folders", ())]
        files += [(str(f), other) for f in said.get("files", ())]
        placeholders += list(said.get("placeholders", ()))
        products += list(said.get("names", ()))
    return Words(
        tools,
        _tools_of_all,
        _calls(own_keys),
        tuple(p for p in sorted(own.get("at", ()), key=len, reverse=True) if p) or ("agent-",),
        _form(own.get("tool"), own.get("also_tool")),
        str(own.get("tool") or "").partition("{")[0],
        _mcp(spec.tools.mcp.get("tool")),
        _unique(folders),
        _unique(files),
        re.compile("|".join(dict.fromkeys(placeholders))) if placeholders else None,
        tuple(dict.fromkeys(products)),
    )


def _tools(spec: Spec) -> dict[str, str]:
    tools = {name: name for name in spec.tools.names if not name.startswith(".")}
    tools |= {a: t for a, t in spec.tools.aliases.items() if t in spec.tools.names}
    return tools | {dead: dead for dead in spec.tools.dead}


@cache
def _tools_of_all() -> frozenset[str]:
    """Names with a sign inside that no word has. Only on demand: all tables are read."""
    every = {name for id in heads() for name in _tools(load(id))}
    return frozenset(n for n in every - no_tools() if re.search(r"[_/]|[a-z][A-Z]", n) and " " not in n)


def _unique(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    out: dict[str, str] = {}
    for text, whose in pairs:
        out.setdefault(text, whose)
    return tuple(out.items())


def _calls(keys: Iterable[str]) -> re.Pattern[str] | None:
    names = "|".join(re.escape(k) for k in dict.fromkeys(keys))
    if not names:
        return None
    quoted, bare = r"[^\"'`\n]{2,80}", r"[A-Za-z]\w*(?:-\w+)+"  # `subagent_type: string` is no agent
    agent = rf"(?P<q>[\"'`])?(?P<agent>(?(q){quoted}|{bare}))(?(q)(?P=q))"
    return re.compile(rf"(?<![\w-])(?:{names})[\"'`]?\s*[:=]\s*{agent}")


def _form(*templates: Any) -> re.Pattern[str] | None:
    """Forms of a reference to a tool; a word that only looks like one (`#123`, an anchor) is known by its name."""
    before = [re.escape(str(t).partition("{tool}")[0]) for t in templates if t]
    return re.compile(rf"(?<![\w#&/])(?:{'|'.join(before)})(?P<tool>[A-Za-z][\w./-]*\w)") if before else None


def _mcp(template: Any) -> re.Pattern[str]:
    """Only a spelling with a mark of its own: `a/b` is a path in most texts, and `mcp_schema` may be anything."""
    before = str(template or "").partition("{server}")[0]
    marks = [re.escape(m) for m in dict.fromkeys([before, COMMON]) if m.startswith(MARK)]
    rest = r"[A-Za-z0-9][\w-]*(?:__[\w*-]+)?"
    return re.compile(rf"(?<![\w/<-])(?:(?:{'|'.join(marks)}){rest}|{MARK}[a-z0-9]+_\w*-[\w-]+)")
