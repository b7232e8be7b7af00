"""Expected outputs as files: a new case is a new file, never new code.

Readers: ``fixtures/<format>/read/<case>/`` with ``input.*``, ``about.md`` and ``expect.yaml``. Writers: every agent of
``fixtures/agents/`` in every format, in ``fixtures/<format>/write/<agent>.md``. ``pytest --accept`` writes
what came out; what then stands in the diff is for a person to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from agentconv import convert, dump, registry, rights
from agentconv.model import FIELDS, Agent
from agentconv.notes import Note
from agentconv.project import files
from agentconv.reading import engine
from agentconv.spec import Spec

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
AGENTS = FIXTURES / "agents"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, small things on one line, no anchors: made for reading diffs."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Line(dict[str, Any]):
    """A map that is written on one line."""


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


def _list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.SequenceNode:
    small = all(isinstance(item, (str, int)) for item in data) and sum(len(str(item)) for item in data) < 90
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=small)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(_Line, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True))


def to_yaml(data: Any) -> str:
    """``data`` as a golden file holds it."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def as_data(agent: Agent) -> dict[str, Any]:
    """The agent as data, each rule and each model on a line."""
    data = dump.agent_to_data(agent)
    if "rules" in data.get("tools", {}):
        data["tools"] = {**data["tools"], "rules": [_Line(rule) for rule in data["tools"]["rules"]]}
    for key in ("model", "handoffs", "extras"):
        if key in data:
            data[key] = [_Line(item) for item in data[key]]
    return data


def read_data(agent: Agent) -> dict[str, Any]:
    """The agent without what the format says of every file."""
    return {key: value for key, value in as_data(agent).items() if key != "prompt_mode"}


def note_line(note: Note) -> str:
    """A note on one line: everything but the help."""
    place = f"{note.line}:{note.column} " if note.line else ""
    return f"{note.code} {note.effect} {note.path or '-'} {place}{note.message}"


def data_of(path: Path) -> Any:
    """What a YAML file of our own holds; with libyaml, which takes a seventh of the time."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), loader)


# Agents


def agent_files() -> list[Path]:
    """The shared agents."""
    return sorted(AGENTS.glob("*.yaml"))


def load_agent(path: Path) -> Agent:
    """A shared agent from its dump."""
    return agent_from_data(data_of(path))


def agent_from_data(data: dict[str, Any]) -> Agent:
    """The agent a map of fields says; unknown keys are an error."""
    if unknown := set(data) - set(FIELDS):
        raise ValueError(f"no field of the model: {', '.join(sorted(map(str, unknown)))}")
    return Agent(**{name: dump.field_from_data(name, value) for name, value in data.items()})


def source_of(path: Path) -> str:
    """The format that a shared agent is said to come from: its first line. It gives what is unsaid a meaning."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# from: (\S+)", first)
    assert found, f"{path.name}: the first line has to be `# from: FORMAT`"
    return found[1]


# Readers


def read_cases() -> list[Path]:
    """The folders of the reader cases."""
    return sorted(path for path in FIXTURES.glob("*/read/*") if path.is_dir())


def case_input(case: Path) -> Path:
    """The one input file of a reader case."""
    found = sorted(case.glob("input.*")) + sorted(case.glob("input"))
    assert len(found) == 1, f"{case}: exactly one input file, not {[path.name for path in found]}"
    return found[0]


def read_case(case: Path) -> str:
    """What the expected file of a reader case should hold.

    ``path`` in it is an input: where the file is said to lie (default: where the format writes an agent
    that is called like the case). It is kept when outputs are accepted.
    """
    spec = registry.load(case.parent.parent.name)
    path = case_path(case)
    data = case_input(case).read_bytes()
    text = data.decode("utf-8", "replace")  # as programs do; the author hears of it when the file is opened
    author = engine.read_author(spec, text, path)
    program = engine.read_program(spec, text, path)
    asked = [read.agent for read in author.agents]
    made = [read.agent for read in program.agents]
    out: dict[str, Any] = {"path": path}
    try:
        files.decode(data)
    except files.Unreadable as problem:
        out["author"] = {"notes": [f"{problem.code} error - {problem.line}:1 {problem}"]}
        asked = []
    else:
        notes = [*author.notes, *(note for read in author.agents for note in read.notes)]
        out["author"] = {"agents": [read_data(agent) for agent in asked]}
        if asked:
            out["author"]["rights"] = {agent.id: rights_of(spec, agent) for agent in asked}
        if notes:
            out["author"]["notes"] = [note_line(note) for note in notes]
    out["program"] = {"status": program.status, **({"reason": program.reason} if program.reason else {})}
    if made:
        out["program"]["rights"] = {agent.id: rights_of(spec, agent, program=True) for agent in made}
        if differs := {id: found for id, found in differences(asked, made).items() if found}:
            out["program"]["differs"] = differs
    return about(case) + to_yaml(out)


@cache
def case_path(case: Path) -> str:
    """Where the input of a reader case is said to lie: ``path`` of its expected file, else the default."""
    expected = case / "expect.yaml"
    known = data_of(expected) if expected.exists() else {}
    spec = registry.load(case.parent.parent.name)
    return str(known.get("path") or default_path(spec, case.name, case_input(case).suffix))


def default_path(spec: Spec, name: str, suffix: str) -> str:
    """Where the format would write an agent of that name; with the suffix of the input where it may have it."""
    places = spec.head["places"]
    place = str(places.get("write") or (places["project"] or ["*.md"])[0].replace("**/", "").replace("*", "{id}"))
    path = PurePosixPath(place.replace("{id}", name))
    return str(path.with_suffix(suffix) if suffix in spec.head.get("suffixes", ()) and path.suffix else path)


def about(case: Path) -> str:
    """What the case is about, as a comment: the claim stands beside the outcome."""
    words = case / "about.md"
    lines = words.read_text(encoding="utf-8").strip().splitlines() if words.exists() else []
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def rights_of(spec: Spec, agent: Agent, *, program: bool = False) -> list[str]:
    """The rights of an agent as sorted lines; tools that stand behind a setting are not counted."""
    return rights.spelled(rights.of_agent(agent, spec, program=program, usual=program))


def differences(asked: list[Agent], made: list[Agent]) -> dict[str, Any]:
    """By agent, the fields in which what the program makes of it is not what its author asked for."""
    before = {agent.id: read_data(agent) for agent in asked}
    after = {agent.id: read_data(agent) for agent in made}
    out: dict[str, Any] = {}
    for id in {**before, **after}:
        old, new = before.get(id, {}), after.get(id)
        if new is None:
            out[id] = "(not made)"
        elif old != new:
            out[id] = {key: new.get(key, "(unsaid)") for key in {**old, **new} if old.get(key) != new.get(key)}
    return out


# Writers


def write_cases() -> list[tuple[str, Path]]:
    """Every shared agent in every format that can be written."""
    return [(id, path) for id in targets() for path in agent_files()]


def targets() -> list[str]:
    """The formats that can be written."""
    return [id for id in registry.ids() if registry.load(id).head.get("places", {}).get("write")]


def write_golden(id: str, path: Path) -> Path:
    """Where the expected output of a writer case lies."""
    return FIXTURES / id / "write" / f"{path.stem}.md"


def write_case(id: str, path: Path) -> str:
    """The document that says what a conversion did, with the files it would write."""
    source = source_of(path)
    done = convert.convert_agent(load_agent(path), from_=source, to=id, options=convert.Options())
    lines = [f"# {path.stem}: {source} to {id}", "", f"- status: {done.status}"]
    lines += [f"- rights before: {listed(done.rights.before)}", f"- rights after: {listed(done.rights.after)}"]
    lines += [f"- gained: {listed(done.gained)}"] if done.gained else []
    if done.notes:
        lines += ["", "## Notes", "", *(f"- {note_line(note)}" for note in done.notes)]
    text = "\n".join(lines) + "\n"
    for name, data in sorted(done.files.items()):
        text += "\n" + fenced(name, data.decode("utf-8"))
    return text


def listed(items: Iterable[Any]) -> str:
    """Rights in one line."""
    return ", ".join(str(item) for item in items) or "none"


def fenced(name: str, text: str) -> str:
    """A file in a fence that is longer than any in it; a missing last line end is said."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    ending = "" if text.endswith("\n") else "\n"
    remark = "\n\n(no line end after the last line)" if ending else ""
    return f"## {name}\n\n{fence}\n{text}{ending}{fence}{remark}\n"


# Both


def orphans() -> list[str]:
    """Expected outputs to which no case belongs any more."""
    ids = set(registry.ids())
    expected = {write_golden(id, path) for id, path in write_cases()}
    found = [path for path in FIXTURES.glob("*/write/*") if path not in expected]
    found += [path for path in FIXTURES.glob("*/read/*") if not path.is_dir() or path.parent.parent.name not in ids]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def compare(golden: Path, actual: str, accept: bool) -> None:
    """Hold what came out against the golden; with ``accept`` make it the golden."""
    data = actual.encode("utf-8")
    if accept:
        golden.parent.mkdir(parents=True, exist_ok=True)
        if not golden.exists() or golden.read_bytes() != data:
            golden.write_bytes(data)
        return
    assert golden.exists(), f"{golden.relative_to(ROOT)} is missing: look at the output, then pytest --accept"
    assert actual == golden.read_bytes().decode("utf-8"), f"{golden.relative_to(ROOT)} differs"
