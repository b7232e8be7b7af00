"""``agentconv list``, ``diff`` and ``template``: looking without writing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from agentconv.commands.asked import NoAgents, split_words
from agentconv.commands.own_formats import format_dir, known


def found_sources(src: tuple[str, ...], from_: str | None, user: bool, most: int = 5_000_000) -> Any:
    """The sources of the arguments, or those in the known places of the project."""
    from agentconv.project.sources import taken

    found = (taken(source) for source in listed_sources(src, from_, user, most))
    return (s for s in found if s is not None and (src or from_ in (None, s.format)))


def listed_sources(src: tuple[str, ...], from_: str | None, user: bool, most: int) -> Any:
    """The same, not taken in yet, and those of other formats with them where none is named."""
    from agentconv.project import finding, sources

    known(from_)
    if src:
        return sources.listed(src, Path.cwd(), from_, most)
    root = Path.home() if user else finding.find_root(Path.cwd(), sources.place_marks())
    return sources.listed_places(root, user=user, most=most)


@click.command("list")
@click.argument("src", nargs=-1)
@click.option(
    "--in", "programs", multiple=True, metavar="ID[,ID…|all]", help="A column per program: what the agent may do there."
)
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option("--user", is_flag=True, help="The programs' places in the home folder.")
@click.option("--as", "form", type=click.Choice(["text", "md", "json", "jsonl", "csv"]), default="text", help="Layout.")
@click.option("--only", multiple=True, metavar="NAME", help="These agents only.")
@format_dir
@click.pass_context
def list_(
    ctx: click.Context,
    /,
    src: tuple[str, ...],
    programs: tuple[str, ...],
    from_: str | None,
    user: bool,
    form: str,
    only: tuple[str, ...],
) -> None:
    """List agents: what each may do, and with --in, what it may do in each program."""
    from agentconv import registry
    from agentconv.telling import agentrows, escape, listing, terminal

    wanted = split_words(programs, "--in")
    columns = tuple(registry.for_all()) if wanted == ("all",) else wanted
    for id in columns:
        known(id)
        if reason := registry.heads()[id].get("readable_only"):
            raise click.UsageError(f"F005 `{id}` can be read, not written: {reason}")
    names = set(split_words(only, "--only"))
    stream = (r for r in agentrows.rows(found_sources(src, from_, user), columns) if not names or r.name in names)
    bad = False
    if form == "jsonl":
        for row in stream:
            bad = bad or bool(row.problem)
            escape.say(listing.as_json_line(row))
        ctx.exit(3 if bad else 0)
    rows = list(stream)
    if not rows:
        raise NoAgents(src)
    if form == "json":
        escape.say(escape.json_text([r.as_data() for r in rows]))
    elif form == "md":
        escape.say(listing.as_markdown(rows, columns))
    elif form == "csv":
        escape.say(listing.as_csv(rows, columns), nl=False)
    else:
        color = terminal.colored(sys.stdout)
        escape.say(listing.as_text(rows, columns, terminal.width(), color), color=color)
    ctx.exit(3 if any(r.problem for r in rows) else 0)


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--from", "from_", metavar="ID", help="Format of both sides, where it is not plain.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@format_dir
@click.pass_context
def diff(ctx: click.Context, /, a: str, b: str, from_: str | None, as_json: bool) -> None:
    """Compare two agents or folders by meaning: fields, rights, prompt lines. Exit 1 when they differ."""
    from agentconv.project.nearby import is_there
    from agentconv.telling import comparing, escape

    left, bad_left = comparing.sides(found_sources((a,), from_, False))
    right, bad_right = comparing.sides(found_sources((b,), from_, False))
    for line in (*bad_left, *bad_right):
        escape.say(line, err=True)
    missing = [name for name in (a, b) if name != "-" and not is_there(Path(name))]
    if missing:  # nothing was compared: the agents of the other side are not what the two differ in
        ctx.exit(3)
    if not left and not right:
        raise NoAgents((a, b))
    found = comparing.compare(left, right)
    if as_json:
        escape.say(escape.json_text(comparing.as_data(found)))
    elif text := comparing.as_text(found):
        escape.say(text)
    ctx.exit(3 if bad_left or bad_right else int(any(one.any for one in found)))


@click.command()
@click.argument("id")
@format_dir
def template(id: str) -> None:
    """Print the Jinja template that lays out a format's files."""
    from agentconv import registry
    from agentconv.output.templates import template_text

    known(id)
    spec = registry.load(id)
    if spec.many:
        click.echo(f"{{# {id}: entries are put into a shared file by place, without a template #}}")
        return
    click.echo(template_text(spec.id, spec.syntax, spec.folder) or "", nl=False)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the line that switches completion on, for your shell's start-up file."""
    lines = {
        "bash": 'eval "$(_AGENTCONV_COMPLETE=bash_source agentconv)"',
        "zsh": 'eval "$(_AGENTCONV_COMPLETE=zsh_source agentconv)"',
        "fish": "_AGENTCONV_COMPLETE=fish_source agentconv | source",
    }
    click.echo(lines[shell])
