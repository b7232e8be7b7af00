"""``agentconv schema``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from agentconv.commands.own_formats import format_dir, known
from agentconv.schemas.model import Schema

HEADER = "header:"


def _model() -> Schema:
    from agentconv.schemas.model import model_schema

    return model_schema()


def _report() -> Schema:
    from agentconv.schemas.report import report_schema

    return report_schema()


def _check() -> Schema:
    from agentconv.schemas.check import check_schema

    return check_schema()


def _config() -> Schema:
    from agentconv.project.settings import config_schema

    return config_schema()


def _format() -> Schema:
    from agentconv.schemas.description import description_schema

    return description_schema()


WHAT: Mapping[str, Callable[[], Schema]] = {
    "model": _model,
    "config": _config,
    "report": _report,
    "check": _check,
    "format": _format,
}


@click.command()
@click.argument("what", metavar=f"{{{'|'.join(WHAT)}|{HEADER}ID}}")
@format_dir
def schema(what: str) -> None:
    """Print a JSON schema. `model`: the form in which `show` prints agents and `convert --to agentconv` writes them;
    `config`: agentconv.toml; `report`: what `--report FILE.json` writes, and `check` the same for a check; `format`: a
    format's description; `header:ID`: the header of a format's files, for editors."""
    from agentconv.schemas.model import as_text

    click.echo(as_text(_schema(what)), nl=False)


def _schema(what: str) -> Schema:
    if what in WHAT:
        return WHAT[what]()
    if what.startswith(HEADER):
        from agentconv import registry
        from agentconv.schemas.header import header_schema

        id = what.removeprefix(HEADER)
        known(id)
        return header_schema(registry.load(id))
    raise click.UsageError(f"no schema is called `{what}`; there are {', '.join(WHAT)} and {HEADER}ID")
