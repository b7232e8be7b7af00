"""``agentconv format``: formats of your own."""

from __future__ import annotations

from pathlib import Path

import click

from agentconv.project.nearby import is_file

PLACE = ".agentconv/formats"


@click.group()
def format() -> None:
    """Formats of your own: made, and checked."""


@format.command()
@click.argument("id")
@click.option("--extends", "parent", metavar="ID", help="Describe only what differs from this format.")
@click.option(
    "--syntax",
    type=click.Choice(["frontmatter", "json", "toml", "yaml"]),
    help="What its files are: frontmatter (Markdown with a header; the default) or all header.",
)
@click.option("--format-dir", metavar="DIR", help=f"Where it goes, instead of {PLACE}.")
def new(id: str, parent: str | None, syntax: str | None, format_dir: str | None) -> None:
    """Write a commented description to start from."""
    import datetime

    from agentconv import registry
    from agentconv.describing.skeleton import ID, skeleton
    from agentconv.project import files

    if not ID.fullmatch(id):
        raise click.UsageError(f"`{id}` is no id: small letters and digits, joined by hyphens")
    if id in registry.heads_built_in():
        raise click.UsageError(f"`{id}` is built in; `agentconv formats {id}` shows it")
    if parent is not None and parent not in registry.heads_built_in():
        raise click.UsageError(f"F005 {registry.UnknownFormat(parent)}")
    if parent is not None and syntax is not None:
        raise click.UsageError(f"`--syntax` is that of `{parent}` already: leave it away")
    folder = Path(format_dir or PLACE) / id
    entry = folder / "format.yaml"
    if entry.exists():
        raise click.UsageError(f"{entry} is there already")
    try:
        files.write_bytes(
            entry,
            skeleton(id, parent, str(folder), str(datetime.date.today()), syntax or "frontmatter").encode("utf-8"),
        )
    except OSError as error:
        raise click.UsageError(f"F002 {entry}: {(error.strerror or str(error)).lower()}") from error
    click.echo(f"{entry}\n\nNext:")
    click.echo(f"  agentconv format check {folder}    after every change: what is wrong, with its line")
    where = f" --format-dir {format_dir}" if format_dir else ""
    click.echo(f"  agentconv formats {id}{where}    what it says, as agentconv understands it")
    click.echo(f"  agentconv convert --to {id}{where}")


@format.command()
@click.argument("dir")
def check(dir: str) -> None:
    """Check a description, or a folder of them: its words, its names, and what has to hold for every format."""
    from agentconv import registry
    from agentconv.describing.contract import contract_problems
    from agentconv.describing.laws import broken_laws, samples
    from agentconv.telling import escape

    folder = Path(dir)
    entries = [folder / "format.yaml"] if is_file(folder / "format.yaml") else sorted(folder.glob("*/format.yaml"))
    if not entries:
        raise click.UsageError(f"no format.yaml in {dir} or in a folder in it")
    bad = 0
    for entry in entries:
        found = [str(problem) for problem in contract_problems(entry)]
        id = entry.resolve().parent.name
        if not found:
            registry.use_folder(entry.resolve().parent.parent)
            found = [f"{entry}: {law}" for law in broken_laws(registry.load(id))]
        for line in found:
            escape.say(line)
        bad += bool(found)
        if not found:
            escape.say(f"{entry}: good; {len(samples())} agents written, read back and proved")
    raise SystemExit(1 if bad else 0)
