"""What ``check`` says of the real files, against what the real programs made of them.

``verdicts/*.json`` of the shared folder was recorded by running the programs (tests/test_verdicts.py compares the
program reading with it). Here the findings are compared: does the file load, is its header seen, which names of its
list give nothing, and may the agent do more than its file says. ``-s`` prints the table of agreements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agentconv import registry, rights
from agentconv.checking.checked import Checked, open_checked
from agentconv.checking.finding import Finding
from agentconv.checking.producers import findings
from agentconv.reading.codecs import TOOL_TYPES
from tests.test_verdicts import record

pytestmark = pytest.mark.corpus

# record -> description, folder in which the file was put
PROGRAMS = {
    "claude-code": ("claude-code", ".claude/agents"),
    "vscode-parser": ("vscode", ".github/agents"),
    "copilot-cli": ("copilot", ".github/agents"),
    "opencode": ("opencode", ".opencode/agents"),
    "gemini-cli": ("gemini-cli", ".gemini/agents"),
    "cursor": ("cursor", ".cursor/agents"),
    "codex": ("codex", ".codex/agents"),
    "qwen-code": ("qwen-code", ".qwen/agents"),
    "droid": ("droid", ".factory/droids"),
    "qoder": ("qoder", ".qoder/agents"),
}
NOT_LOADED = {"R001", "R002", "R004", "R005", "R006", "R012", "R016", "R017", "R018"}
NOTHING = {"T001", "T002", "T004", "T048"}
WIDER = {"T041", "T042", "T043", "T044", "T047", "L040", "L041", "R040", "R041", "R042"}
BEHIND = {"edit": {"edit", "write", "apply_patch"}}  # tools that ask for one permission of a map
# (record, end of the file's path) -> why check and program do not agree. Empty reasons are not reasons.
KNOWN: dict[tuple[str, str], str] = {}


@cache
def looked_at(program: str, file: str, text: str) -> tuple[Checked, list[Finding]]:
    id, folder = PROGRAMS[program]
    name = file.rsplit("/", 1)[-1]
    if program == "copilot-cli":
        name = name.replace(".chatmode.md", ".agent.md")
    checked = open_checked(registry.load(id), text, f"{folder}/{name}", frozenset())
    mine = [one for one in findings(checked) if checked.owner.seen in one.programs]
    return checked, mine


def says_loaded(found: list[Finding]) -> bool:
    return not any(one.code in NOT_LOADED and one.severity != "warning" and _lost(one) for one in found)


def _lost(one: Finding) -> bool:
    return any(word in one.does for word in ("not load", "makes no agent", "passes over it"))


def effective(program: str, made: dict[str, Any]) -> set[str] | None:
    """The tools that the program really gave, where the record has them."""
    if program == "claude-code":
        run = made.get("run") or {}
        return None if run.get("error") or run.get("tools") is None else set(run["tools"])
    if program == "opencode":
        return {name for name, on in made["tools"].items() if on} - {"invalid"}
    if program == "cursor":  # the list does nothing; what the record knows is the switch
        table = registry.load(PROGRAMS[program][0]).tools
        shut = set(table.fact("settings")["true"]["denies"]) if made["permissionMode"] == "readonly" else set()
        return {name for name, facts in table.names.items() if not facts.off} - shut
    if program == "copilot-cli":
        return {_own(tool) for tool in made["effectiveTools"]}
    key = {"gemini-cli": "effective_tools", "qwen-code": "effective_tools"}.get(program)
    if program == "droid":
        key = "tools"
    return None if key is None or made.get(key) is None else set(made[key])


def _own(tool: str) -> str:
    """The program's internal name as its list spells it."""
    single = {"create": "edit/createFile", "edit": "edit/editFiles"}  # in a list these words give both
    found = registry.load(PROGRAMS["copilot-cli"][0]).tools.own(single.get(tool, tool))
    return found.name if found else tool


def disagreements(program: str, file: str, text: str, count: Counter[str]) -> Iterator[str]:
    """What the findings and the record say differently."""
    checked, found = looked_at(program, file, text)
    verdict = record(program)[file]
    made = verdict.get("loaded") or verdict.get("agent")
    count["loads"] += 1
    if says_loaded(found) != bool(made):
        said = [f.message for f in found if f.code in NOT_LOADED]
        yield f"loaded: {bool(made)} {verdict.get('errors')}, said: {said}"
        return
    if "hasHeader" in verdict and checked.author.document is not None and checked.author.document.header is not None:
        count["header"] += 1
        if verdict["hasHeader"] == any(one.code == "R040" for one in found):
            yield f"header seen: {verdict['hasHeader']}, said: {[f.message for f in found if f.code == 'R040']}"
    given = effective(program, made) if made else None
    if made and given is None and any(one.code == "T046" for one in found) and program == "claude-code":
        count["no start"] += 1
        if not (made.get("run") or {}).get("error"):
            yield "said that no tool is left, and the agent started"
    if given is None or not checked.author.agents:
        return
    count["tools"] += 1
    yield from _names(checked, found, given, made)
    yield from _more(checked, found, given)


def _names(checked: Checked, found: list[Finding], given: set[str], made: dict[str, Any]) -> Iterator[str]:
    """Names that are said to give nothing, and all others."""
    spec, read = checked.spec, checked.author.agents[0]
    dead = {one.path for one in found if one.code in NOTHING}
    twin = checked.owner.reading.agents[0].agent
    if twin.tools.base != "none":
        return
    if (unmatched := made.get("unmatched_tools")) is not None:
        said = {t.text for t in read.tokens if t.at in dead}
        if said - set(unmatched):
            yield f"said to give nothing: {sorted(said)}, the program found no tool for {unmatched}"
    for token in read.tokens:
        reach = {n for name in spec.tools.covers(token.text) for n in BEHIND.get(name, {name})}
        if token.at in dead:
            other = any(t.text == token.text and t.at not in dead for t in read.tokens)
            if token.text in given and not other:
                yield f"`{token.text}` is said to give nothing, and is there"
        elif reach and not reach & given and not _sometimes(spec, reach) and not _denied(read, token.at):
            yield f"`{token.text}` is said to give something, and is not there"


def _denied(read: Any, at: str) -> bool:
    """A denial, or a name that another line denies."""
    rules = read.agent.tools.rules
    caps = {cap for rule in rules if rule.at == at for cap in rule.tool.caps}
    return any(rule.effect == "deny" and (rule.at == at or caps & set(rule.tool.caps)) for rule in rules)


def _sometimes(spec: Any, reach: set[str]) -> bool:
    """Tools that are there only on a condition, or that another one hides."""
    facts = spec.tools.data["names"]
    hidden = {name for f in facts.values() for name in (f or {}).get("hides", ())}
    return all(
        n in hidden or n not in spec.tools.names or spec.tools.names[n].off or spec.tools.names[n].never
        or (facts.get(n) or {}).get("when")
        for n in reach
    )  # fmt: skip


def _more(checked: Checked, found: list[Finding], given: set[str]) -> Iterator[str]:
    """Classes that the program gave beside those that the file asks for: check has to say so, and only then."""
    spec, agent = checked.spec, checked.author.agents[0].agent
    if rights.denied_by_fields(agent, spec, program=True) or spec.tools.control == "none":
        return  # what shuts tools when they are called does not show in the list of them
    asked = rights.spread(rights.of_agent(agent, spec, program=False))
    # the records list the tools that an agent is offered; a tool that has to be named is taken from it when it starts
    # (OpenCode 1.18.33, tests/clients/opencode/starting.py)
    unnamed = {n for n, f in spec.tools.data.get("names", {}).items() if (f or {}).get("named")}
    unnamed -= {rule.tool.name for rule in agent.tools.rules if rule.effect == "allow"}
    names = [spec.tools.names[n] for n in given - set(spec.ambient) - unnamed if n in spec.tools.names]
    classes = {cls for name in names for cls in name.classes}
    wider = classes - {right.cls for right in asked}
    if any(right.cls == "runs" and right.whole for right in asked):
        wider = set()
    said = [one for one in found if one.code in WIDER and one.severity == "error" and _of_tools(one, spec)]
    if any(one.code == "T041" for one in said):  # an empty list that is everything: asked for is what the program makes
        wider = classes
    if wider and not said:
        yield f"the program gives {sorted(wider)}, too, and nothing was said"
    whole_scope = any(right.scope is not None and right.cls in classes for right in asked)
    denied = {cap for rule in agent.tools.rules if rule.effect == "deny" for cap in rule.tool.caps}
    there = {cap for name in names for cap in name.gives}
    said = [one for one in said if one.code != "L041"]  # a list under a wrong key, beside a shell that does it all
    servers = {rule.at for rule in agent.tools.rules if rule.tool.server}  # none is there, so none of its tools is seen
    said = [one for one in said if one.path not in servers]
    if said and not wider and not whole_scope and not denied & there:
        yield f"said {[(one.code, one.message) for one in said]}, and the program gives {sorted(classes)}"


def _of_tools(one: Finding, spec: Any) -> bool:
    """A key that is none may be meant as a limit of another kind, of the model for one."""
    row = spec.fields.get(one.meant.strip("`"))
    return one.code != "L041" or row is None or row.type in TOOL_TYPES


def known(program: str, file: str) -> str | None:
    return next((why for (where, end), why in KNOWN.items() if where == program and file.endswith(end)), None)


@pytest.mark.parametrize("program", PROGRAMS)
def test_check_agrees_with_the_program(program: str, corpus: Path, verdicts: Path) -> None:
    assert verdicts.is_dir()
    count: Counter[str] = Counter()
    wrong, stale = [], []
    for file in record(program):
        text = (corpus / file).read_bytes().decode("utf-8", "replace")
        found = list(disagreements(program, file, text, count))
        if known(program, file) is None:
            wrong += [f"{file}: {line}" for line in found]
        elif not found:
            stale.append(f"{file} agrees now: take it out of KNOWN")
    explained = sum(known(program, file) is not None for file in record(program))
    print(f"\n{program:15} compared: {dict(count)}; not agreeing: {len(wrong)}, explained: {explained}")
    assert not wrong and not stale, "\n".join([*wrong, *stale])


def test_enough_is_compared(corpus: Path, verdicts: Path) -> None:
    """The comparison would be worth nothing without tools, and without files that do not load."""
    files = sum(len(record(program)) for program in PROGRAMS)
    lost = sum(not (v.get("loaded") or v.get("agent")) for program in PROGRAMS for v in record(program).values())
    assert files > 400 and lost > 80, (verdicts, corpus)


def test_fixes_hold_over_the_real_files(corpus: Path) -> None:
    """The laws of --fix (tests/test_check_laws.py) for every real file, and what it mends loads afterwards."""
    from tests.test_check_laws import fixed
    from tests.test_corpus import ROWS, text_of

    count: Counter[str] = Counter()
    for id, rows in ROWS.items():
        for row in rows:
            text = text_of(row)
            if text is None:
                continue
            count["files"] += 1
            if (new := fixed(id, text, row["source_path"])) is None:
                continue
            count["mended"] += 1
            before, after = (open_checked(registry.load(id), t, row["source_path"], frozenset()) for t in (text, new))
            was, now = (sum(bool(r.reading.agents) for r in one.readers) for one in (before, after))
            count["load now"] += now > was
            assert now >= was, row["path"]
    print(f"\n{dict(count)}")
    assert corpus.is_dir() and count["mended"] > 60 and count["load now"] > 15
