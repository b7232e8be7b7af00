"""``agentconv init``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from agentconv.commands.asked import split_words, target
from agentconv.commands.own_formats import known
from agentconv.project.nearby import is_file, is_there


class NotWritten(click.ClickException):
    """F002."""

    exit_code = 3

    def __init__(self, name: str, problem: OSError) -> None:
        super().__init__(f"F002 {name}: {(problem.strerror or str(problem)).lower()}; ls -ld shows who may write here")


@click.command()
@click.option("--from", "from_", metavar="ID|PATH", help="The sources: a format, or a path inside the project.")
@click.option("--to", multiple=True, metavar="ID[,ID…]", help="The formats to write.")
@click.option("--force", is_flag=True, help="Write over an agentconv.toml that is there.")
def init(from_: str | None, to: tuple[str, ...], force: bool) -> None:
    """Write an agentconv.toml that fits this project: its most likely source, and the programs whose folders are
    there. It asks nothing; what it chose is said, and every line can be changed."""
    from agentconv.building.init import Choice, choose, settings_text
    from agentconv.project import config, files, finding, sources
    from agentconv.telling import escape

    cwd = Path.cwd()
    root = finding.find_root(cwd, sources.place_marks())
    if root == Path.home():
        raise click.UsageError("this is the home folder, no project")
    file = root / config.NAME
    if not is_file(file) and os.path.lexists(file):
        raise click.UsageError(str(config.BadConfig([config.no_file(file)])))
    if is_there(file) and not force:
        raise click.UsageError(f"{config.NAME} is there already: --force writes it anew")
    targets = split_words(to, "--to")
    for id in targets:
        target(id)
    if from_ is not None and not is_there(root / from_):
        known(from_)
    choice: Choice = choose(root, from_, targets)
    if from_ is None and not choice.agents and is_there(root / choice.source):  # the usual folder, of no program
        choice = choose(root, choice.source, targets)
    try:
        files.write_bytes(file, settings_text(choice).encode("utf-8"))
    except OSError as problem:
        raise NotWritten(config.NAME, problem) from problem
    for line in choice.said():
        escape.say(line)
