"""``agentconv graph``."""

from __future__ import annotations

import click

from agentconv.commands.asked import NoAgents
from agentconv.commands.look import found_sources
from agentconv.commands.own_formats import format_dir


@click.command()
@click.argument("src", nargs=-1)
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option("--user", is_flag=True, help="The programs' places in the home folder.")
@click.option("--as", "form", type=click.Choice(["text", "mermaid", "json"]), default="text", help="Layout.")
@format_dir
@click.pass_context
def graph(ctx: click.Context, /, src: tuple[str, ...], from_: str | None, user: bool, form: str) -> None:
    """Show which agent hands over to which: by fields and by what prompts say.

    Agents that are named and are not here, and cycles, are marked."""
    from agentconv.bodies import graph as making
    from agentconv.project.sources import beside
    from agentconv.reading.engine import read_author
    from agentconv.registry import load
    from agentconv.telling import escape

    readings, bad = [], False
    for source in found_sources(src, from_, user):
        problems = list(source.notes)
        if source.text is not None and source.format is not None:
            reading = read_author(load(source.format), source.text, source.path, beside(source))
            readings.append(reading)
            problems += reading.notes if not reading.agents else ()
        for one in problems:
            if one.effect == "error":
                bad = True
                place = f"{one.file or source.path}{f':{one.line}' * (one.line > 0)}"
                escape.say(f"{one.code} {place}: {one.message}{f'; {one.help}' * bool(one.help)}", err=True)
    made = making.graph(readings)
    if not made.agents:
        raise NoAgents(src)
    if form == "json":
        escape.say(escape.json_text(making.as_data(made)))
    else:
        escape.say(making.as_mermaid(made) if form == "mermaid" else making.as_text(made))
    ctx.exit(3 if bad else 0)
