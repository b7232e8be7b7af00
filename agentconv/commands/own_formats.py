"""Formats that are not built in: of ``--format-dir``, of the project, of the user's configuration, of packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from agentconv.project.nearby import is_folder, is_there

IN_PROJECT = Path(".agentconv") / "formats"
GROUP = "agentconv.formats"  # entry points of packages that bring formats
Made = TypeVar("Made", bound=Callable[..., Any])


def format_dir(command: Made) -> Made:
    """The option of every command that reads or writes agents."""

    def use(ctx: click.Context, option: click.Parameter, value: tuple[str, ...]) -> None:
        del ctx, option
        from agentconv import registry

        for one in value:
            if not is_folder(Path(one)):
                raise click.UsageError(f"--format-dir: {one} is no folder")
            registry.use_folder(Path(one))
            _say_problems()

    return click.option(
        "--format-dir", multiple=True, metavar="DIR", is_eager=True, expose_value=False, callback=use,
        help="A folder with formats of your own: one sub-folder with format.yaml each.",
    )(command)  # fmt: skip


def use_found() -> None:
    """The formats of the user's configuration, and those of the project that the current folder belongs to."""
    mine = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "agentconv" / "formats"
    theirs = _in_project()
    if theirs is None and not is_folder(mine):
        return
    from agentconv import registry

    if is_folder(mine):
        registry.use_folder(mine)
    if theirs is not None and theirs.resolve() != mine.resolve():
        registry.use_folder(theirs, trusted=False)
    _say_problems()


def _in_project() -> Path | None:
    """The nearest folder upwards with formats, up to the root of the repository."""
    home = Path.home()
    for folder in (here := Path.cwd(), *here.parents):
        if is_folder(folder / IN_PROJECT):
            return folder / IN_PROJECT
        if folder == home or is_there(folder / ".git"):
            return None
    return None


def use_packages() -> bool:
    """The formats that installed packages bring: each entry point names a module whose folder holds format.yaml files.
    Looked for only when an id is not known, since finding packages is slow."""
    from importlib.metadata import entry_points

    from agentconv import registry

    found = False
    for point in entry_points(group=GROUP):
        module = point.load()
        for place in module.__path__:
            registry.use_folder(Path(place))
            found = True
    return found


def known(id: str | None, *, readings: bool = False) -> None:
    """A usage error that names the nearest id, where there is no such format."""
    from agentconv import registry

    if id is None or id in registry.ids(readings=readings):
        return
    if not (use_packages() and id in registry.ids(readings=readings)):
        raise click.UsageError(f"F005 {registry.UnknownFormat(id)}")


def forget() -> None:
    """As if nothing had been taken in: for programs that run several commands in one process."""
    _said.clear()
    if sys.modules.get("agentconv.registry"):
        from agentconv import registry

        if registry.folders():
            registry.forget(folders=True)


_said: set[str] = set()


def _say_problems() -> None:
    from agentconv import registry
    from agentconv.notes import note
    from agentconv.telling import escape, report

    for problem in registry.problems():
        if str(problem) not in _said:
            _said.add(str(problem))
            made = note("F041", f"this format is left out: {problem.message}", file=problem.file, line=problem.line)
            escape.say(report.note_line(made), err=True)
