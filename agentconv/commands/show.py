"""``agentconv show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from agentconv.commands.asked import NoAgents
from agentconv.commands.own_formats import format_dir, known


@click.command()
@click.argument("src", nargs=-1, required=True)
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option("--as", "form", type=click.Choice(["json", "yaml"]), default="json", help="How the model is printed.")
@click.option("--template", metavar="FILE", help="Through a Jinja template of your own; it is given `agent`.")
@click.option("--program", is_flag=True, help="As the owning program reads the file, not as its author meant it.")
@click.option("--max-bytes", type=int, default=5_000_000, show_default=True, help="Largest file that is read.")
@format_dir
@click.pass_context
def show(
    ctx: click.Context,
    /,
    src: tuple[str, ...],
    from_: str | None,
    form: str,
    template: str | None,
    program: bool,
    max_bytes: int,
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
    if template is not None:
        _through(template, shown)
        ctx.exit(3 if bad or not shown else 0)
    data = shown[0] if len(shown) == 1 else shown
    if shown and form == "json":
        escape.say(escape.json_text(data))
    elif shown:
        escape.result(_as_yaml(data))
    ctx.exit(3 if bad or not shown else 0)


def _through(name: str, shown: list[dict[str, Any]]) -> None:
    """The agents in the user's own layout, and what it leaves out."""
    from agentconv.notes import note
    from agentconv.project import files
    from agentconv.telling import escape, report
    from agentconv.telling.layout import LayoutFails, laid_out

    try:
        text, unused = laid_out(shown, files.read_text(Path(name)))
    except (files.Unreadable, LayoutFails) as problem:
        raise click.UsageError(f"--template {name}: {problem}") from problem
    escape.result(text)
    for data, fields in zip(shown, unused, strict=True):
        for field in fields:
            made = note("F042", f"the template never used `{field}`", path=field, file=str(data["source"]))
            escape.say(report.note_line(made), err=True)


def _as_yaml(data: Any) -> str:
    """Texts of several lines as blocks, so that a prompt can be read."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return str(yaml.dump(data, None, Dumper, allow_unicode=True, sort_keys=False, width=120))
