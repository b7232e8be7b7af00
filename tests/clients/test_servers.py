"""``pytest -m client``: which tools of MCP servers reach an agent, in as many words as people have for them.

``fixtures/servers.yaml`` has the words, by format; the servers are those of ``server.py``. Each header is put before
the program of its format as it stands, and before the others as it is converted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agentconv import convert, registry, rights
from agentconv.model import Agent
from agentconv.reading import engine
from agentconv.spec import Spec
from tests import goldens
from tests.clients import harness
from tests.clients.cases import READ, Case
from tests.clients.judging import Row
from tests.clients.programs import Check, programs

pytestmark = pytest.mark.client
HEADERS: dict[str, list[str]] = yaml.safe_load((goldens.FIXTURES / "servers.yaml").read_text("utf-8"))
# program, what is written for it, and by whose rules it reads that
ASKED = [
    ("codex", "codex", "codex"),
    ("copilot-cli", "copilot", "copilot"),
    ("copilot-cli", "vscode", "copilot"),
    ("droid", "droid", "droid"),
    ("goose", "goose", "goose"),
    ("grok", "grok", "grok"),
    ("kimi-code", "kimi-code", "kimi-code"),
    ("mistral-vibe", "mistral-vibe", "mistral-vibe"),
    ("omp", "omp", "omp"),
    ("qwen-code", "qwen-code", "qwen-code"),
    ("vscode-full", "vscode", "vscode"),
    ("vscode-full", "copilot", "vscode"),
]
# a program that takes minutes for them: every so many of the headers of another format (its own are asked all)
SOME = {"vscode-full": 12}
# a pattern, or a limit that we name and do not count: what we say is the most that it may give
SEVERAL = re.compile(r"""mcp__[^'"]*[*?{\[(]|re:|"[^"]*[*?\[][^"]*\"|mcpInheritance: \{""")


# what is told by check and by nothing else: a word that nobody knows may be a server's
TOLD = {"vscode: tools: [read, jira]"}


# an agent that says only this, where it is no header
FRAMES = {
    "codex": 'name = "{name}"\ndescription = "Does it."\ndeveloper_instructions = "Do it."\n{header}\n',
    "goose": "title: {name}\ndescription: Does it.\ninstructions: Do it.\n{header}\n",
    # a session of its own: the others have no server
    "mistral-vibe": 'display_name = "{name}"\ndescription = "Does it."\n'
    'agent_type = "agent"\nsafety = "neutral"\n{header}\n',
}
DENYING = ("claude-code", "qwen-code")  # whose deny-lists are asked in full
HEADER = "---\nname: {name}\ndescription: Does it.\n{header}\n---\n\nDo it.\n"


def made(target: str, own: bool, every: int = 1) -> Iterator[tuple[Case, tuple[Spec, Agent] | None]]:
    """The program's own words as they are, and all others converted, with what they were: of those that are denied a
    server all, of the rest one in ``every``."""
    aim = registry.load(target)
    for format, headers in HEADERS.items():
        spec = registry.load(format)
        for n, header in enumerate(headers):
            name = f"{format}-{n}"
            text = FRAMES.get(format, HEADER).format(name=name, header=header)
            path = goldens.default_path(spec, name, spec.head["suffixes"][0])
            label = f"{format}: {header}"
            if format == target:
                if own:
                    yield Case(label, READ, {path: text.encode()}, bound=True), None
                continue
            if aim.head.get("readable_only") or aim.tools.control == "none":
                continue  # who has a free shell may have everything there, the servers too
            if n % every and not (format in DENYING and "disallowed" in header):
                continue
            done = convert.convert_text(text, from_=format, to=target, path=path)
            files = {place: data for one in done for place, data in one.files.items()}
            agent = engine.read_author(spec, text, path).agents[0].agent
            yield Case(label, "/".join(one.status for one in done), files), (spec, agent)


def beyond(row: Row, reads: Spec, spec: Spec, agent: Agent) -> list[str]:
    """Tools of servers that the program gives and the source did not."""
    fold = str.lower if reads.tools.fact("case") == "insensitive" else str
    found = rights.by_server(rights.added_by_fields(agent, spec), spec.of_mode(agent.mode))
    grants = {(fold(server), tool and fold(tool)): grant for (server, tool), grant in found.items()}

    def meant(server: str, tool: str) -> bool:
        keys = ((server, tool), (server, None), ("*", None))
        return next(grants[key].open for key in keys if key in grants)

    free = rights.contains(rights.of_agent(agent, spec, program=False), rights.Right(rights.MCP))
    given = [(name, *at) for seen in row.seen for name, at in (seen.served or {}).items() if name in (seen.tools or ())]
    # who has a free shell is written the shortest words, whatever else they are (barenames); of `todo` a note tells
    said = {tool for _, server, tool in given if server == "words" and (free or tool == "todo")}
    return [name for name, server, tool in given if not (meant(server, tool) or (server == "words" and tool in said))]


@pytest.mark.parametrize(("id", "target", "reads"), ASKED)
def test_an_agent_reaches_the_servers_that_we_say(id: str, target: str, reads: str, tmp_path: Path) -> None:
    program = programs()[id]
    if reason := program.missing():
        pytest.skip(reason)
    cases = list(made(target, target == reads, SOME.get(id, 1)))
    rows = harness.compare(program, Check(target, reads), (case for case, _ in cases), tmp_path)
    wrong = []
    for row, (case, source) in zip(rows, cases, strict=True):
        fault = row.faults.get("servers", "")
        if fault and case.name not in TOLD and ("beyond" in fault or not SEVERAL.search(case.name)):
            wrong.append(f"{case.name}: {fault}")
        if source and (more := beyond(row, registry.load(reads), *source)):
            wrong.append(f"{case.name}: the program gives {', '.join(more)}, which the source has not")
    assert not wrong, "\n".join(wrong)
    assert sum(bool(seen.served) for row in rows for seen in row.seen) > len(cases) / 2, "the servers were not there"
