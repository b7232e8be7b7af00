"""``agentconv schema``."""

from __future__ import annotations

import click


@click.command()
@click.argument("what", type=click.Choice(["model"]))
def schema(what: str) -> None:
    """Print a JSON schema. `model`: the form in which `show` prints agents and `convert --to agentconv` writes them."""
    from agentconv.schemas import as_text, model_schema

    del what
    click.echo(as_text(model_schema()), nl=False)
