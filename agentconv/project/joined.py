"""Files whose entries a program puts together: which of them is written, and what the others make of an agent."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path

from agentconv import rights as counting
from agentconv.containers import ContainerError
from agentconv.conversion import Conversion
from agentconv.notes import note
from agentconv.output.entries import entry_texts
from agentconv.project import files
from agentconv.project.nearby import is_file
from agentconv.reading.engine import read_program
from agentconv.registry import load
from agentconv.spec import Spec


def lies_there(root: Path, path: str, dst: Spec, entry: str) -> str:
    """The file under the name that it has there: two of them would be two to look after. Of two that with the entry."""
    folder, usual = posixpath.split(path)
    names = (usual, *((dst.head.get("places") or {}).get("else_write") or ()))
    there = [other for name in names if is_file(root / (other := posixpath.join(folder, name)))]
    if len(there) > 1:
        return next((one for one in there if entry in _ids(dst, _text(root, one) or "")), there[0])
    return there[0] if there else path


def refuse_twice(results: list[Conversion], path: str, root: Path, user: bool, dst: Spec) -> None:
    """An entry that another of the program's files holds, too: both would be put together, key by key."""
    if not dst.tables.get("above"):
        return
    for other, ids in _others(root, path, user, dst):
        for result in results:
            if result.entry in ids and not result.failed:
                text = f"{other} has an entry `{result.entry}`, too, and {dst.seen} puts both together: not written"
                help = f"take it out there, or write into that file: -o {other}"
                result.fail(note("F008", text, file=path, help=help))


def _others(root: Path, path: str, user: bool, dst: Spec) -> Iterator[tuple[str, frozenset[str]]]:
    """The other files of the program, with the ids of their entries."""
    for place in (dst.head.get("places") or {}).get("user" if user else "project") or ():
        other = str(place).removeprefix("~/")
        if other != path and "*" not in other and (text := _text(root, other)) is not None:
            yield other, _ids(dst, text)


def _ids(spec: Spec, text: str) -> frozenset[str]:
    try:
        return frozenset(entry_texts(spec, text))
    except ContainerError:
        return frozenset()  # the program does not start with it, whatever is written here


def refuse_wider(result: Conversion, root: Path, dst: Spec) -> None:
    """An agent with a file of its own, where an entry of its name in the program's configuration gives it more."""
    for path, data in result.files.items():
        folder = posixpath.dirname(path)
        if not has_above(root, folder, dst):
            continue
        text = data.decode("utf-8")
        found: dict[str, str] = {}

        def near(name: str, folder: str = folder, found: dict[str, str] = found) -> str | None:
            full = posixpath.normpath(posixpath.join(folder, name))
            text = None if full.startswith("..") else _text(root, full)
            found |= {} if text is None else {full: text}
            return text

        both = read_program(dst, text, path, near)
        alone = read_program(dst, text, path) if found else both
        if not found or not both.agents or not alone.agents:
            continue
        now, meant = (counting.of_agent(r.agents[0].agent, dst, program=True) for r in (both, alone))
        if gained := counting.gained_there(meant, now, dst):
            more = ", ".join(counting.spelled(gained))
            id, of = both.agents[0].agent.id, load(str(dst.tables["above"]["format"]))
            names = " and ".join([name for name, said in found.items() if id in _ids(of, said)] or found)
            text = f"what {names} says of this agent {dst.seen} puts together with its file, and gives it more: {more}"
            help = "take the entry of its name out there, or name another place with -o"
            result.fail(note("T044", text, file=result.source, help=help))
            return


def has_above(root: Path, folder: str, dst: Spec) -> bool:
    """Whether one of the configurations is there at all: hardly ever, and each output is asked."""
    names, top = [str(name) for name in dst.tables["above"]["files"]], str(root)
    parts = [part for part in folder.split("/") if part]
    folders = [posixpath.join(top, *parts[:n]) for n in range(len(parts) + 1)]
    return any(is_file(f"{one}/{name}") for one in folders for name in names)


def _text(root: Path, path: str) -> str | None:
    if not is_file(root / path):
        return None
    try:
        return files.read_text(root / path)
    except files.Unreadable:
        return None
