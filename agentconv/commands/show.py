"""``agentconv show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from agentconv.commands.convert import NoAgents
from agentconv.commands.own_formats import format_dir, known


@click.command()
@click.argument("src", nargs=-1, required=True)
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option("--as", "form", type=click.Choice(["json", "yaml"]), default="json", help="How the model is printed.")
@click.option("--program", is_flag=True, help="As the owning program reads the file, not as its author meant it.")
@click.option("--max-bytes", type=int, default=5_000_000, show_default=True, help="Largest file that is read.")
@format_dir
@click.pass_context
def show(
    ctx: click.Context, /, src: tuple[str, ...], from_: str | None, form: str, program: bool, max_bytes: int
) -> None:
    """Print agents as the model: what agentconv understood. Notes go to standard error."""
    from agentconv import registry
    from agentconv.dump import agent_to_data
    from agentconv.project import sources
    from agentconv.reading import engine
    from agentconv.telling import escape, report

    known(from_)
    shown, bad = [], False
    for source in sources.named(src, Path.cwd(), from_, max_bytes):
        notes = list(source.notes)
        if source.text is not None and source.format is not None:
            read = engine.read_program if program else engine.read_author
            reading = read(registry.load(source.format), source.text, source.path, sources.beside(source))
            notes += reading.notes
            for one in reading.agents:
                notes += one.notes
                shown.append({"format": source.format, "source": source.path, **agent_to_data(one.agent)})
            if program and reading.status != "read":
                escape.say(f"{source.path}: {reading.spec.program} makes no agent of it: {reading.reason}", err=True)
        for line in notes:
            escape.say(report.note_line(line), err=True)
        bad = bad or any(n.effect == "error" for n in notes)
    if not shown and not bad:
        raise NoAgents(src)
    data = shown[0] if len(shown) == 1 else shown
    if shown and form == "json":
        escape.say(escape.json_text(data))
    elif shown:
        escape.result(_as_yaml(data))
    ctx.exit(3 if bad or not shown else 0)


def _as_yaml(data: Any) -> str:
    """Texts of several lines as blocks, so that a prompt can be read."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(data, None, Dumper, allow_unicode=True, sort_keys=False, width=120))
