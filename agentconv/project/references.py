"""What an agent names and brings not along: skills, MCP servers, other agents. Said where the target finds none."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from agentconv.containers import ContainerError
from agentconv.conversion import Conversion
from agentconv.model import Agent
from agentconv.notes import note
from agentconv.project import files
from agentconv.project.nearby import is_file, is_there
from agentconv.registry import heads, load
from agentconv.serverwords import apart
from agentconv.spec import Spec

SECRET = re.compile(r"token|key|secret|passw|auth|credential", re.I)
ANY = ("*", "")


def say_missing(dst: Spec, root: Path, results: Iterable[Conversion]) -> None:
    """Notes at the agents that were written."""
    facts = dst.head.get("around") or {}
    for result in results:
        if result.agent is None or not result.files or result.failed:
            continue
        if result.agent.skills and facts.get("skills"):
            _skills(result, result.agent.skills, dst, root, facts["skills"])
        if facts.get("servers") and (wanted := _wanted(result.agent, dst)):
            _servers(result, wanted, dst, root, facts["servers"])
        if facts.get("reached"):
            _reached(result, dst, root, facts["reached"])


def say_texts(src: Spec, dst: Spec, folder: Path, results: Iterable[Conversion]) -> None:
    """A note where the source's program adds files beside the definition to the prompt, which does not name them."""
    for result in results if src.program != dst.program else ():
        for place in src.head["around"]["texts"] if result.files else ():
            named = str(place).replace("{id}", result.name)
            if is_there(folder / named):
                text = f"{src.program} adds `{named}` to this prompt; it does not come along"
                result.notes.append(note("P017", text, path="prompt", help="put what counts into the prompt itself"))


def say_absent(dst: Spec, root: Path, results: Iterable[Conversion], dry: bool = False) -> None:
    """A note for each agent that outputs name in their fields and that the target will not find: not among the outputs,
    none of the program's own, and not in a folder of the project that the program searches."""
    made = list(results)
    there = {str(name) for key in ("reserved", "taken") for name in dst.identity.get(key) or ()}
    for result in made:
        if (member := result.member) is not None and result.files:
            there |= {member.becomes, *member.words}
    wanted: dict[str, tuple[str, Conversion]] = {}
    for result in made:
        for at, name in result.names if result.files else ():
            if name not in there:
                wanted.setdefault(name, (at, result))
    if not wanted:
        return
    ours = set() if dry else {path for result in made for path in result.files if _is_called_so(result, path, dst)}
    there = _agents_there(dst, root, wanted, ours)
    for name, (at, result) in wanted.items():
        if name not in there:
            code = "L043" if at == "handoffs" else "L044"
            text = f"no agent `{name}` comes along, and {dst.program} finds none of this name in this project"
            help = "convert it, too, unless it is in your home folder"
            result.notes.append(note(code, text, effect="info", path=at, help=help))


def say_left_behind(dst: Spec, root: Path, results: Iterable[Conversion]) -> None:
    """Files that an output names by the way from its own folder, and that are not there: it came from another one."""
    from agentconv.reading.engine import open_document

    rows = dst.rows_with("files")
    for result in results:
        moved = [path for path in result.files if posixpath.dirname(path) != posixpath.dirname(result.source)]
        for path in moved if not result.failed and result.status != "kept" else ():
            try:
                header = open_document(dst, files.read_text(root / path), author=True).header
            except (files.Unreadable, ContainerError):
                continue
            for row in rows:
                node = header.get(row.key) if header is not None and header.kind == "map" else None
                named = [one.get(str(row.fact("files"))) for one in node.items if one.kind == "map"] if node else []
                for name in [str(one.value) for one in named if one is not None and one.kind == "scalar"]:
                    folder = posixpath.dirname(path)
                    if not FIXED.match(name) and not is_file(root / folder / name):
                        text = f"`{name}` is not there, seen from {folder or '.'}: {dst.seen} does not start so"
                        help = "convert it to the same folder, or write the way to it"
                        result.notes.append(note("L044", text, path=row.key, help=help))
                        result.judge(result.status)


FIXED = re.compile(r"/|~|[A-Za-z]:|\w+://|.*\{\{", re.S)


def _is_called_so(result: Conversion, path: str, dst: Spec) -> bool:
    """Whether an output that lies there now holds an agent with no other name than those that are known of it."""
    if dst.many or result.member is None or result.failed or result.status == "kept":
        return False
    if dst.identity.get("by", "name") == "name":
        return True
    stem = path.rpartition("/")[2].partition(".")[0]
    return "name" not in dst.by_field and stem == result.member.becomes.rpartition("/")[2]


def _agents_there(dst: Spec, root: Path, wanted: Iterable[str], ours: Collection[str]) -> set[str]:
    """What the agents are called that lie where the program searches, but for ``ours``. Files without one of the words
    are not read."""
    words = tuple(wanted)
    from agentconv.project.sources import listed_places, read, taken
    from agentconv.reading.engine import read_author

    searched = {id for id in heads() if _searches(dst, id)}
    found: set[str] = set()
    for listed in listed_places(root):
        if listed.path in ours or not any(id in searched for id in listed.among):
            continue
        if (text := read(listed, listed.most).text) is None:
            continue
        if any(w in text or w in listed.path for w in words) and (source := taken(listed)) is not None:
            reading = read_author(load(source.format), text, source.path) if source.format is not None else None
            for agent in (one.agent for one in (reading.agents if reading is not None else ())):
                found |= {agent.id, agent.name or agent.id, agent.id.rsplit("/", 1)[-1]}
        listed.text = None
    return found


def _searches(dst: Spec, id: str) -> bool:
    """Whether the target's program reads the places of a format."""
    others = (heads()[id].get("also_read_by") or {}).values()
    programs = [str(facts.get("program", "")) if isinstance(facts, dict) else str(facts) for facts in others]
    return id == dst.id or dst.program in programs


def _skills(result: Conversion, names: Iterable[str], dst: Spec, root: Path, folders: Iterable[str]) -> None:
    for name in names:
        bare = name.rsplit(":", 1)[-1]
        if set(name) & set("*?:/\\") or bare in ("", ".", ".."):
            continue
        places = [str(f).replace("{id}", bare) for f in folders]
        if not any(is_there(root / place) for place in places):
            text = f"{dst.program} finds no skill `{name}` in this project"
            result.notes.append(note("P008", text, path="skills", help=f"it would be read from {places[0]}"))


def _wanted(agent: Agent, dst: Spec) -> list[str]:
    own = agent.mcp_servers if isinstance(agent.mcp_servers, Mapping) else {}
    builtin = dst.tools.mcp.get("servers") or {}
    named = [r.tool.server for r in agent.tools.rules if r.effect == "allow" and r.tool.server]
    return [s for s in dict.fromkeys(named) if s and s not in ANY and s not in own and s not in builtin]


def _servers(result: Conversion, wanted: list[str], dst: Spec, root: Path, places: Mapping[str, str]) -> None:
    known = {_fold(name) for path, key in places.items() for name in _entries(root, path, key)}
    target, key = next(iter((str(p), str(k)) for p, k in places.items()))
    for name in wanted:
        if _fold(name) in known:
            continue
        text = f"{dst.program} finds no MCP server `{name}` in {target}"
        help = f"add it there, under `{key}`"
        for path, theirs in ((heads()[result.format].get("around") or {}).get("servers") or {}).items():
            entries = _entries(root, str(path), str(theirs))
            if (found := next((n for n in entries if _fold(n) == _fold(name)), None)) is not None:
                lines = json.dumps({key: {found: without_secrets(entries[found])}}, indent=2, ensure_ascii=False)
                help = f"add it there; {path} has it:\n{lines}"
        result.notes.append(note("P009", text, path="tools", help=help))


def _reached(result: Conversion, dst: Spec, root: Path, places: Mapping[str, str]) -> None:
    rules = result.agent.tools.rules if result.agent is not None else ()
    if not any(rule.effect == "allow" and rule.tool.server and not rule.tool.member for rule in rules):
        return
    known = sorted({name for path, key in places.items() for name in _entries(root, path, key)})
    for rule, other in dst.tools.reached(rules, known):
        text = (
            f"the word for the MCP server `{rule.tool.server}` reaches `{other}` of this project, too, in {dst.program}"
        )
        result.notes.append(note("T081", text, path="tools", help=apart(dst.tools.spell_mcp(other, None))))


def _entries(root: Path, path: str, key: str) -> Mapping[str, Any]:
    """The servers of a file; none where it cannot be read."""
    from agentconv.containers import ContainerError
    from agentconv.containers import json as container

    full = root / path
    if not is_file(full):
        return {}
    try:
        header = container.read(files.read_text(full)).header
    except (files.Unreadable, ContainerError):
        return {}
    data = header.data() if header is not None and header.kind == "map" else {}
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _fold(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name.lower())


def without_secrets(config: Any, name: str = "") -> Any:
    """The settings of a server with the names of values in place of what may be secret."""
    if isinstance(config, Mapping):
        hide = name in ("env", "headers", "environment")
        return {k: _hidden(str(k)) if hide else without_secrets(v, str(k)) for k, v in config.items()}
    if isinstance(config, (list, tuple)):
        out: list[Any] = []
        for item in config:
            before = out[-1] if out and isinstance(out[-1], str) else ""
            if isinstance(item, str) and before.startswith("-") and "=" not in before and SECRET.search(before):
                out.append(_hidden(before.lstrip("-")))
            else:
                out.append(without_secrets(item))
        return out
    if not isinstance(config, str):
        return config
    if name and SECRET.search(name):
        return _hidden(name)
    text = re.sub(r"(://)[^/@\s]+@", r"\1", config.partition("?")[0] if "://" in config else config)
    key, equals, _ = text.partition("=")
    return f"{key}={_hidden(key.lstrip('-'))}" if equals and SECRET.search(key) else text


def _hidden(name: str) -> str:
    return "${" + re.sub(r"\W+", "_", name).strip("_").upper() + "}"
