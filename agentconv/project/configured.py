"""The sources that agentconv.toml names: files, folders and globs inside the project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath

from agentconv.containers import MAX_BYTES
from agentconv.notes import note
from agentconv.project import closed, finding
from agentconv.project.config import Config, SourceSetting
from agentconv.project.links import leads_out
from agentconv.project.nearby import is_file, is_there
from agentconv.project.sources import Source, listed, unlisted


def sources(config: Config, most: int = MAX_BYTES) -> list[Source]:
    """All files of the settings' sources, each once, in the order of their paths; not taken in yet."""
    found: dict[str, Source] = {}
    for setting in config.sources:
        there = False
        for source in _of(setting, config, most):
            there = True
            found.setdefault(source.path, source)
        if not there and "*" not in setting.path and not is_there(config.root / setting.path):
            missing = Source(setting.path, None, settled=True)
            problem = note("F001", "no such file or folder", file=config.file, line=setting.line)
            missing.notes.append(problem.moved(help="`sources` names it"))
            found.setdefault(setting.path, missing)
    return [found[path] for path in sorted(found)]


def _of(setting: SourceSetting, config: Config, most: int) -> Iterator[Source]:
    full, root = config.root / setting.path, os.path.realpath(config.root)
    if "*" in setting.path or "?" in setting.path:
        fixed = setting.path.split("*", 1)[0].split("?", 1)[0]
        fixed = fixed[: fixed.rfind("/") + 1]
        with closed.looking() as shut:
            paths = list(finding.expand(config.root, setting.path))
        yield from unlisted(shut, config.root)
        for path in paths:
            within = path.removeprefix(fixed)
            source = Source(path, f"{config.root}/{path}", setting.format, within=within, loose=True, most=most)
            if not _excluded(setting, path):
                yield _inside(source, root)
        return
    if not is_there(full):
        return
    alone = is_file(full)
    for source in listed([str(full)], config.root, setting.format, most):
        if source.at is not None:  # as it lies there, even where it is a link to another file of the project
            source.path = _below(os.fspath(source.at), str(config.root))
        if not _excluded(setting, source.path):
            source.asked = alone
            yield _inside(source, root)


def _below(path: str, root: str) -> str:
    """The path as it is called from the root."""
    lead = root.rstrip(os.sep) + os.sep
    if path.startswith(lead) and f"{os.sep}..{os.sep}" not in path:
        return path[len(lead) :].replace(os.sep, "/")
    return os.path.relpath(path, root).replace(os.sep, "/")


def _inside(source: Source, root: str) -> Source:
    """A link may not lead out of the project: what it names is somebody else's, and not the same on every machine."""
    if source.at is None:
        return source
    if real := leads_out(source.at, root):
        help = "copy the file into the project"
        source.notes.append(note("F012", f"a link leads outside the project, to {real}", file=source.path, help=help))
        source.settled = True
    return source


def _excluded(setting: SourceSetting, path: str) -> bool:
    if not setting.exclude:
        return False
    pure = PurePosixPath(path)
    below = path.removeprefix(setting.path.rstrip("/") + "/")
    return any(
        finding.glob_pattern(glob).fullmatch(text) for glob in setting.exclude for text in (path, below, pure.name)
    )
