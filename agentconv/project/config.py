"""agentconv.toml, or the table [tool.agentconv] of pyproject.toml: found upwards from a folder, checked, as classes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from agentconv.containers import ContainerError, Node
from agentconv.notes import Note, note
from agentconv.project import files
from agentconv.project.nearby import is_file, upwards

NAME = "agentconv.toml"
PYPROJECT = "pyproject.toml"


class BadConfig(Exception):
    """The settings cannot be used: one note for each thing that is wrong, each with its line."""

    def __init__(self, notes: list[Note]) -> None:
        super().__init__("\n".join(_line(one) for one in notes))
        self.notes = notes


def _line(one: Note) -> str:
    place = ":".join(str(part) for part in (one.file, one.line, one.column) if part)
    return f"{one.code} {place}: {one.message}" + (f" ({one.help})" if one.help else "")


@dataclass(frozen=True, slots=True)
class SourceSetting:
    """A place of the sources: a file, a folder or a glob below the root."""

    path: str
    format: str | None = None
    exclude: tuple[str, ...] = ()
    line: int = 0


Widening = Mapping[str, tuple[str, ...]]  # class (``*``: all) -> agents, as globs


@dataclass(frozen=True, slots=True)
class AgentSetting:
    """What is said of single agents."""

    skip: bool = False
    model: str | None = None
    description: str | None = None
    tool_set: str | None = None
    allow_widening: Widening = field(default_factory=dict)
    refused: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetSetting:
    """A format that is written, with what holds for it."""

    id: str
    place: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    model_map: tuple[tuple[str, str], ...] = ()
    model_policy: str = "map"
    allow_widening: Widening = field(default_factory=dict)
    refused: str = "error"
    guard: bool = True
    strict: bool = False
    approval: str = "allow"
    carry: bool = False
    fold: bool = False
    rewrite_body: frozenset[str] = frozenset()  # names, tools, paths
    stamp: bool | None = None
    body: str = "text"
    tracked: bool = True
    on_collision: str = "error"
    extra: Mapping[str, Any] = field(default_factory=dict)
    agents: tuple[tuple[str, AgentSetting], ...] = ()  # names as globs, those of all targets first


@dataclass(frozen=True, slots=True)
class Check:
    """What ``agentconv check`` accepts."""

    ignore: tuple[str, ...] = ()
    per_agent_ignore: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a project. ``root`` is the folder that they lie in."""

    root: Path
    file: str  # agentconv.toml or pyproject.toml
    sources: tuple[SourceSetting, ...] = ()
    targets: tuple[TargetSetting, ...] = ()
    tool_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    check: Check = field(default_factory=Check)


def find(start: Path) -> Config | None:
    """The settings of the nearest folder upwards that has some, as far as its project goes; never those of the home
    folder, which is no project."""
    for folder in upwards(str(start)):
        if (config := read(Path(folder))) is not None:
            return config
    return None


def read(folder: Path) -> Config | None:
    """The settings that lie in this folder."""
    own, shared = folder / NAME, folder / PYPROJECT
    if is_file(own):
        return parse(_text(own), folder)
    if os.path.lexists(own):
        raise BadConfig([no_file(own)])
    if is_file(shared) and "agentconv" in (text := _text(shared)):
        return parse(text, folder, PYPROJECT)
    return None


def no_file(own: Path) -> Note:
    """What is wrong where the settings would be, and there is something else."""
    link = own.is_symlink() and not own.exists()
    what = "a link that leads nowhere" if link else "a folder" if own.is_dir() else "no file"
    help = "mend the link, or take it away" if link else "give it another name: the settings are a file of this name"
    return note("F001", f"this is {what}, not the settings", file=own.name, help=help)


def _text(path: Path) -> str:
    try:
        return files.read_text(path)
    except files.Unreadable as error:
        raise BadConfig([note(error.code, error.message, file=path.name, line=error.line, help=error.help)]) from error


def parse(text: str, root: Path, file: str = NAME) -> Config | None:
    """The settings in this text. ``None``: pyproject.toml without a table of ours."""
    from agentconv.containers import toml
    from agentconv.project import settings

    try:
        node = toml.read(text).header
    except ContainerError as error:
        problem = note(error.code, error.message, file=file, line=error.line, column=error.column, help=error.help)
        raise BadConfig([problem]) from error
    if file == PYPROJECT:
        tool = node.get("tool") if node is not None else None
        node = tool.get("agentconv") if tool is not None and tool.kind == "map" else None
    if node is None:
        return None
    if found := settings.problems(node, file):
        raise BadConfig(found)
    return _Builder(node, root, file).config()


class _Builder:
    """Classes from values that were checked already; what remains are rules between them."""

    def __init__(self, node: Node, root: Path, file: str) -> None:
        self.node, self.root, self.file, self.wrong = node, root, file, list[Note]()

    def config(self) -> Config:
        data = self.node.data()
        sets = {name: tuple(tools) for name, tools in data.get("tool-sets", {}).items()}
        every = self._agents(data.get("agents", {}), sets, "agents")
        defaults = data.get("defaults", {})
        targets = tuple(
            self._target(id, {**defaults, **table}, every, sets) for id, table in data.get("targets", {}).items()
        )
        check = data.get("check", {})
        made = Config(
            self.root,
            self.file,
            tuple(self._sources()),
            targets,
            sets,
            Check(
                tuple(check.get("ignore", ())),
                {name: tuple(codes) for name, codes in check.get("per-agent-ignore", {}).items()},
            ),
        )
        if self.wrong:
            raise BadConfig(self.wrong)
        return made

    def _say(self, message: str, path: str, help: str = "") -> None:
        node: Node | None = self.node
        line, column = (node.line, node.column) if node is not None else (0, 0)
        for part in path.split("/"):
            pair = next((p for p in node.pairs if p.key.text == part), None) if node is not None else None
            if pair is None:
                break
            node, line, column = pair.value, pair.key.line, pair.key.column
        self.wrong.append(note("F011", message, file=self.file, line=line, column=column, help=help))

    # -- sources ------------------------------------------------------------------------------

    def _sources(self) -> Iterable[SourceSetting]:
        listed = self.node.get("sources")
        for item in listed.items if listed is not None else ():
            data = item.data()
            table = {"path": data} if isinstance(data, str) else data
            path = str(table["path"])
            if reason := _outside(self.root, path):
                help = "name a path below the folder of the settings"
                wrong = note("F012", reason, file=self.file, line=item.line, column=item.column, help=help)
                self.wrong.append(wrong)
            yield SourceSetting(
                str(PurePosixPath(path)) if path else ".",
                table.get("format"),
                tuple(table.get("exclude", ())),
                item.line,
            )

    # -- targets ------------------------------------------------------------------------------

    def _target(
        self, id: str, table: Mapping[str, Any], every: list[tuple[str, AgentSetting]], sets: Mapping[str, Any]
    ) -> TargetSetting:
        place = table.get("place")
        if place is not None and (reason := _outside(self.root, str(place).split("{")[0] or ".")):
            self._say(reason, f"targets/{id}/place", "name a path below the folder of the settings")
        if blank := re.search(r"\{(?!id\}|name\}|plugin\})[^{}]*\}", str(place or "")):
            self._say(
                f"`{blank[0]}` is filled in by nothing", f"targets/{id}/place", "there are {id}, {name}, {plugin}"
            )
        own = self._agents(table.get("agents", {}), sets, f"targets/{id}/agents")
        return TargetSetting(
            id,
            place,
            tuple(table.get("include", ())),
            tuple(table.get("exclude", ())),
            tuple(table.get("model-map", {}).items()),
            table.get("model-policy", "map"),
            _widening(table.get("allow-widening")),
            table.get("refused", "error"),
            table.get("guard", True),
            table.get("strict", False),
            table.get("approval", "allow"),
            table.get("carry", False),
            table.get("fold", False),
            _rewrite(table.get("rewrite-body")),
            table.get("stamp"),
            table.get("body", "text"),
            table.get("tracked", True),
            table.get("on-collision", "error"),
            table.get("extra", {}),
            (*every, *own),
        )

    def _agents(self, table: Mapping[str, Any], sets: Mapping[str, Any], at: str) -> list[tuple[str, AgentSetting]]:
        out = []
        for name, said in table.items():
            wanted = said.get("tool-set")
            if wanted is not None and wanted not in sets:
                import difflib

                near = difflib.get_close_matches(wanted, sets, 1, 0.5)
                help = f"did you mean `{near[0]}`?" if near else "[tool-sets] names them"
                self._say(f"no tool set is called `{wanted}`", f"{at}/{name}/tool-set", help)
            setting = AgentSetting(
                said.get("skip", False),
                said.get("model"),
                said.get("description"),
                wanted,
                _widening(said.get("allow-widening")),
                said.get("refused"),
                said.get("extra", {}),
            )
            out.append((name, setting))
        return out


def _rewrite(said: Any) -> frozenset[str]:
    words = {True: ["tools"], False: [], None: []}.get(said) if not isinstance(said, (str, list)) else said
    found = frozenset([words] if isinstance(words, str) else words or ())
    return frozenset(("names", "tools", "paths")) if "all" in found else found


def _widening(value: Any) -> Widening:
    if value is None or value is False:
        return {}
    if value is True:
        return {"*": ("*",)}
    if isinstance(value, list):
        return {("*" if word == "all" else word): ("*",) for word in value}
    out = {}
    for word, agents in value.items():
        if agents is not False:
            out["*" if word == "all" else word] = ("*",) if agents is True else tuple(agents)
    return out


def _outside(root: Path, path: str) -> str:
    """Why a path of the settings may not be used; empty where it may."""
    if path.startswith("~"):
        return f"`{path}` leads into the home folder, outside the project"
    if PurePosixPath(path).is_absolute() or (len(path) > 1 and path[1] == ":") or "\\" in path:
        return f"`{path}` is no path below the project (relative, with forward slashes)"
    fixed = path.split("*", 1)[0]
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(root, fixed))  # noqa: PTH118 - links are followed as the system does
    if real != real_root and not real.startswith(real_root.rstrip(os.sep) + os.sep):
        return f"`{path}` leads outside the project"
    return ""


# -- what holds for one agent -----------------------------------------------------------------


def matches(patterns: Iterable[str], names: Iterable[str], tags: Iterable[str] = ()) -> bool:
    """Whether a pattern (a name with ``*`` and ``?``, or ``tag:NAME``) is one of the agent's names or tags."""
    called, marked = list(names), list(tags)
    for pattern in patterns:
        word, among = (pattern[4:], marked) if pattern.startswith("tag:") else (pattern, called)
        if any(fnmatchcase(one, word) for one in among):
            return True
    return False


def of_agent(target: TargetSetting, names: Iterable[str]) -> AgentSetting:
    """All that is said of the agent, the later word before the earlier."""
    called = list(names)
    found = [setting for glob, setting in target.agents if matches([glob], called)]
    widening: dict[str, tuple[str, ...]] = {}
    extra: dict[str, Any] = dict(target.extra)
    for classes in (target.allow_widening, *(one.allow_widening for one in found)):
        widening |= {word: ("*",) for word, agents in classes.items() if matches(agents, called)}
    for one in found:
        extra |= one.extra

    def last(name: str) -> Any:
        return next((v for one in reversed(found) if (v := getattr(one, name)) is not None), None)

    return AgentSetting(
        any(one.skip for one in found),
        last("model"),
        last("description"),
        last("tool_set"),
        widening,
        last("refused") or target.refused,
        extra,
    )
