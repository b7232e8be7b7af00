"""How well a file fits a format where neither place nor name tells: counted with the formats' own tables.

A key or a tool name that few formats have says more than one that all have; a key or a name that only others have
speaks against. Where two formats fit about as well and give the same rights, the better known one is taken; where
they would give different rights, nobody guesses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import field

from agentconv.capabilities import load_data
from agentconv.model import Agent, Tools
from agentconv.reading.context import Reading
from agentconv.reading.detect import strangers
from agentconv.reading.engine import read_author
from agentconv.records import dataclass
from agentconv.registry import heads, ids, load
from agentconv.rights import of_agent
from agentconv.spec import Spec

NEAR = 0.6  # fits that differ by less are about as good
MARK = 1.5  # a key or tool word that the head of a description calls its own
WRONG = {"R006": 2.0, "R007": 0.5, "R010": 0.0}
UNSAID = "what the program gives"
SAYS_NOTHING = frozenset({"name", "description", "model"})


@dataclass(slots=True)
class Fit:
    """One candidate: what it makes of the file, and how well the file looks like it."""

    id: str
    reading: Reading
    keys: frozenset[str]
    tools: frozenset[str]
    score: float = 0.0
    own: frozenset[str] = field(default_factory=frozenset)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it gives each agent; asked of the best fits only."""
        return tuple(_rights(r.agent, load(self.id)) for r in self.reading.agents)


def fits(candidates: list[str], marks: dict[str, int], text: str, path: str) -> list[Fit]:
    """The candidates that make an agent of the file, best first."""
    able = [id for id in candidates if not (needed := _needed(id)) or any(word in text for word in needed)]
    # a text is no agent by itself
    sure = [id for id in able if marks.get(id) or heads()[id].get("kind") != "text"]
    found = [fit for id in sure if (fit := _read(id, text, path)) is not None]
    keys = Counter(key for fit in found for key in load(fit.id).known_keys)
    tools = Counter(token for fit in found for token in fit.own)
    of_any_text = frozenset(load_data("headers")["of_any_text"])
    for fit in found:
        said = fit.keys - of_any_text if load(fit.id).syntax == "frontmatter" else fit.keys
        by_keys, by_tools = _likeness(said, load(fit.id).known_keys, keys), _likeness(fit.tools, fit.own, tools)
        fit.score = MARK * marks.get(fit.id, 0) + by_keys + by_tools - _wrong(fit) - _shape(fit)
    convincing = [f for f in found if _is_agent(f, marks.get(f.id, 0))]
    return sorted(convincing, key=lambda f: -f.score)


def loads(id: str, text: str, path: str) -> bool:
    """Whether the format makes an agent of the file without an error. A text without a header is one to many programs:
    what was taken for a key then stands in its prose."""
    fit = _read(id, text, path)
    if fit is None:  # an agent that runs elsewhere: what it is, the format says best
        return any(n.code == "R016" for n in read_author(load(id), text, path).notes)
    return bool(fit.keys or load(id).syntax != "frontmatter")


def may_be(id: str, text: str, path: str) -> bool:
    """Whether a file with an error may be of the format: one that can be read has a key that such files need, or at
    least a header."""
    spec, needed = load(id), _needed(id)
    reading = read_author(spec, text, path)
    header = reading.document.header if reading.document is not None else None
    if header is None and spec.syntax == "frontmatter":
        return any(n.effect == "error" for n in reading.notes)
    return not needed or header is None or header.kind != "map" or any(p.key.text in needed for p in header.pairs)


def are_settings(id: str, text: str, path: str) -> bool:
    """Whether the file says nothing that every agent of the format says: settings of the program, which share keys with
    its agents (a config.toml of Codex)."""
    spec = load(id)
    required = {key for key, row in spec.fields.items() if row.fact("required")}
    if spec.syntax == "frontmatter" or spec.many or not required:
        return False
    document = read_author(spec, text, path).document
    header = document.header if document is not None else None
    return header is not None and header.kind == "map" and not {p.key.text for p in header.pairs} & required


def _read(id: str, text: str, path: str) -> Fit | None:
    if strangers(text, id):
        return None
    spec = load(id)
    reading = read_author(spec, text, path)
    if not reading.agents or reading.status != "read" or any(n.effect == "error" for n in reading.notes):
        return None
    if any(n.effect == "error" for r in reading.agents for n in r.notes):
        return None
    header = reading.document.header if reading.document is not None else None
    keys = frozenset(p.key.text for p in header.pairs) if header is not None else frozenset()
    if (needed := _needed(id)) and not keys & needed:
        return None
    tools = frozenset(t.text for r in reading.agents for t in r.tokens)
    loose = spec.tools.mcp_is_loose or spec.tools.mcp.get("guess")  # any word looks like a tool of some server there
    own = frozenset(t for t in tools if spec.tools.own(t.split("(")[0]) or (not loose and spec.tools.mcp_tool(t)))
    return Fit(id, reading, keys, tools, own=own)


def _needed(id: str) -> frozenset[str]:
    """Keys without one of which a file elsewhere is none of the format."""
    return frozenset((heads()[id].get("recognise") or {}).get("needs", ()))


def _rights(agent: Agent, spec: Spec) -> str:
    """Who says nothing about tools gets what the program gives: that is no difference between formats."""
    if agent.tools == Tools() and agent.permission_mode is None and agent.sandbox is None:
        return UNSAID
    return ",".join(sorted(map(str, of_agent(agent, spec, program=False)))) or "nothing"


def _likeness(said: Set[str], own: Set[str], knowing: Counter[str]) -> float:
    """How well words fit a format: ``own`` are those that it knows, ``knowing`` counts the candidates that know one."""
    score = 0.0
    for word in said:
        if word in own:
            score += 1 / knowing[word]
        elif knowing[word]:
            score -= 1
    return score


def _wrong(fit: Fit) -> float:
    notes = [*fit.reading.notes, *(n for r in fit.reading.agents for n in r.notes)]
    return sum(WRONG.get(n.code, 0.0) for n in notes)


def _shape(fit: Fit) -> float:
    """A map where the program takes a list of tools, or the other way round."""
    spec = load(fit.id)
    header = fit.reading.document.header if fit.reading.document is not None else None
    if header is None or spec.many:
        return 0.0
    nodes = [header.get(row.key) for row in spec.fields.values() if row.field == "tools" and row.type != "deny-tools"]
    wrong = [n for n in nodes if n is not None and (n.kind == "map") != (spec.tools.control == "map") and n.value != ""]
    return 1.5 if wrong else 0.0


def _is_agent(fit: Fit, marks: int) -> bool:
    """A header with a title and a date is no agent, though some program would take it for one."""
    spec = load(fit.id)
    said = (fit.keys & spec.known_keys) - SAYS_NOTHING
    if spec.syntax == "frontmatter":
        said -= frozenset(load_data("headers")["of_any_text"])
    required = {key for key, row in spec.fields.items() if row.fact("required")} - SAYS_NOTHING
    if spec.container.get("entries") == "*":  # every map of maps has entries: package.json, a schema, a lock file
        return any(_has_required(read.agent, spec) for read in fit.reading.agents)
    if spec.many and not marks:  # a list of other things under the same key: names, and words that no agent has
        return not _holds_words(fit, spec) and any(_says(read.agent) for read in fit.reading.agents)
    if spec.syntax == "frontmatter" and not fit.keys:
        return False  # any text, in which a word may be the name of a tool
    if marks or said & required:
        return True
    if spec.syntax != "frontmatter":
        return False  # every package.json has a name and a description
    return bool(fit.tools) or {"name", "description"} <= fit.keys or ("description" in fit.keys and bool(said))


def _holds_words(fit: Fit, spec: Spec) -> bool:
    """Whether the map of agents holds words and numbers beside maps: settings that share its key (Zed's `agent`)."""
    header = fit.reading.document.header if fit.reading.document is not None else None
    entries = header.get(str(spec.container.get("entries"))) if header is not None and header.kind == "map" else None
    return entries is not None and entries.kind == "map" and any(p.value.kind != "map" for p in entries.pairs)


def _has_required(agent: Agent, spec: Spec) -> bool:
    return all(getattr(agent, row.field) is not None for row in spec.rows_with("required") if row.field)


def _says(agent: Agent) -> bool:
    """Whether anything but its name is known of it."""
    return agent.tools != Tools() or bool(agent.description or agent.prompt or agent.model)


def choose(found: list[Fit]) -> str | None:
    """The best fit, where those about as good give the same rights."""
    if not found:
        return None
    near = [f for f in found if found[0].score - f.score < NEAR]
    users = list(ids())
    return min((f.id for f in near), key=users.index) if len({f.rights for f in near}) == 1 else None


def ways(found: list[Fit]) -> dict[str, list[str]]:
    """What the file would be allowed, and the near candidates that say so: for the question, so the best are first."""
    asked: dict[str, list[str]] = {}
    for fit in found:
        if found[0].score - fit.score < NEAR:
            asked.setdefault(" & ".join(fit.rights), []).append(fit.id)
    return asked
