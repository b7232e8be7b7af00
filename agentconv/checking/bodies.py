"""What the prompts say: agents that are not there, tools that the agent has not got."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentconv.bodies.company import Company, Member, gathered, placer
from agentconv.bodies.found import Mention
from agentconv.bodies.mentions import mentions
from agentconv.bodies.vocabulary import of_programs, words_of
from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding, Severity
from agentconv.checking.given import gives, words
from agentconv.checking.references import callable_names
from agentconv.reading.context import Read

NOT = re.compile(r"\b(?:not|never|no|without|instead of|avoid|n't|cannot|forbidden|rather than|unlike|don’t)\b", re.I)


def produce(checked: Checked) -> Iterator[Finding]:
    """Each prompt, taken apart."""
    company = _company(checked)
    for read in checked.author.agents:
        prompt = read.agent.prompt
        if not prompt:
            continue
        place = placer(checked.author, read)
        said: set[tuple[str, str]] = set()
        for m in mentions(prompt, company, words_of(checked.spec.id)):
            if m.code or not m.sure or (m.kind, m.meant) in said:
                continue
            said.add((m.kind, m.meant))
            made = _finding(checked, read, prompt, m)
            if made is not None:
                code, severity, message, does, mend = made
                line = place(m.start)
                yield checked.finding(
                    code, severity, message, read=read, at=line if line[0] else None, reader=checked.owner,
                    path="prompt", meant=f"`{m.text}`", does=does, mend=mend,
                )  # fmt: skip


def _company(checked: Checked) -> Company:
    if checked.around is None:
        return gathered(Member((r.agent.id,)) for r in checked.author.agents if r.agent.id)
    return gathered(Member((name,)) for name in sorted(checked.around.agents))


Told = tuple[str, Severity, str, str, str]


def _finding(checked: Checked, read: Read, prompt: str, m: Mention) -> Told | None:
    if m.kind == "agent" and not m.known and checked.around is not None:
        if m.meant in callable_names(checked.spec, checked.around) or m.meant in checked.around.misnamed:
            return None  # the plain search tells of the second
        text = f"the prompt names the agent `{m.meant}`, which is not in this project"
        severity: Severity = "info" if m.a_word else "warning"
        return "P010", severity, text, "calls nobody of this name", "add it, unless it is in your home folder"
    if m.kind == "tool" and m.form != "mcp":
        return _tool(checked, read, prompt, m)
    return None


def _of_another_program(checked: Checked, read: Read, m: Mention) -> bool:
    """No reader of the file has it, no server that the header names, and the line does not say whose it is."""
    if m.known or m.meant not in words_of(checked.spec.id).others():
        return False
    named = {word for rule in read.agent.tools.rules for word in (rule.tool.name, rule.tool.member)}
    if m.meant in named or any(m.meant in words_of(r.spec.id).tools for r in checked.readers):
        return False
    return not of_programs(str(read.agent.prompt), m.start, m.end)


def _tool(checked: Checked, read: Read, prompt: str, m: Mention) -> Told | None:
    spec = checked.spec
    taken = (spec.head.get("speaks") or {}).get("tool_takes")
    if m.form == "reference" and taken and (more := re.match(f"(?:{taken})+", prompt[m.end :])):
        text = f"`{more[0]}` behind `{m.text}` belongs to the name of the tool"
        return "P011", "warning", text, f"has no tool `{m.meant}{more[0]}`", f"leave a blank before `{more[0]}`"
    begin = max(prompt.rfind("\n", 0, m.start) + 1, m.start - 80)
    denied = NOT.search(prompt[begin : m.start]) is not None
    if m.meant in spec.tools.dead or (_of_another_program(checked, read, m) and not denied):
        text = f"the prompt names the tool `{m.text}`, which {checked.owner.seen} does not have"
        return "P011", "info", text, "has no such tool", "name the tool that it has"
    name = spec.tools.names.get(m.meant)
    twin = checked.owner.twin(read, len(checked.author.agents))
    if name is None or twin is None or denied or gives(twin.agent, spec, name.tool()):
        return None
    text = f"the prompt tells to use `{m.text}`, and the agent has no tool to {words(name.tool())}"
    return "P013", "info", text, "gives no such tool", f"add `{name.name}` to its tools, or take it out of the prompt"
