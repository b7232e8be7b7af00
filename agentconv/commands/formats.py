"""``agentconv formats``: which formats there are, what each of them is, and what it can hold."""

from __future__ import annotations

from typing import Any

import click

from agentconv.commands.own_formats import format_dir, known, use_packages


@click.command()
@click.argument("id", nargs=-1)
@click.option("--matrix", is_flag=True, help="What each format can hold, field by field.")
@click.option("--as", "form", type=click.Choice(["text", "md", "csv", "json"]), default="text", help="Layout.")
@click.option("--json", "as_json", is_flag=True, help="All facts as JSON (the same as --as json).")
@format_dir
def formats(id: tuple[str, ...], matrix: bool, form: str, as_json: bool) -> None:
    """List the formats; with ID all facts of one; with --matrix what each can hold."""
    from agentconv import registry

    form = "json" if as_json else form
    wanted = [one for word in id for one in word.split(",") if one]
    for one in wanted:
        known(one, readings=True)
    if not wanted:
        use_packages()
    specs = [registry.load(one) for one in wanted or registry.ids()]
    if matrix:
        click.echo(_matrix(specs, form))
    elif wanted and form in ("text", "json"):
        _facts(specs, form)
    else:
        click.echo(_list(specs, form))


def _matrix(specs: list[Any], form: str) -> str:
    from agentconv.telling import holding, terminal

    if form == "text":
        return holding.as_text(specs, terminal.width())
    made = {"md": holding.as_markdown, "csv": holding.as_csv, "json": holding.as_json}
    return made[form](specs)


def _facts(specs: list[Any], form: str) -> None:
    """Everything about the formats that were asked for."""
    import json

    if form == "text":
        for n, spec in enumerate(specs):
            click.echo("", nl=bool(n))
            _one(spec)
        return
    data = [{**spec.head, "tables": spec.tables} for spec in specs]
    click.echo(json.dumps(data[0] if len(data) == 1 else data, ensure_ascii=False, indent=2, default=str))


HEADINGS = ("format", "program seen", "tools", "sure", "place")


def _list(specs: list[Any], form: str) -> str:
    """A line a format."""
    import json

    if form == "json":
        data = [{**spec.head, "control": spec.tools.control, "enforced": spec.tools.enforced} for spec in specs]
        return json.dumps(data, ensure_ascii=False, indent=2, default=str)
    rows = [_row(spec) for spec in specs]
    if form == "md":
        return "\n".join("| " + " | ".join(row) + " |" for row in (HEADINGS, ("---",) * len(HEADINGS), *rows))
    if form == "csv":
        import csv
        import io

        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([HEADINGS, *rows])
        return out.getvalue().rstrip("\n")
    widths = [max(len(row[n]) for row in (HEADINGS, *rows)) for n in range(len(HEADINGS))]
    lines = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) for row in (HEADINGS, *rows)]
    why = [f"{spec.id} is read only: {spec.head['readable_only']}" for spec in specs if spec.head.get("readable_only")]
    return "\n".join(line.rstrip() for line in [*lines, "", *why, *LEGEND])


LEGEND = (
    "tools: the kind of tool control; ? documented, not seen to hold; none: the restriction of a source cannot be held",
    "`agentconv formats ID` shows one of them in full, `agentconv formats --matrix` what each can hold",
)


def _row(spec: Any) -> tuple[str, ...]:
    """Id, program, kind of control, how sure, where it is written or read."""
    places = spec.head.get("places") or {}
    write = places.get("write")
    elsewhere = "anywhere: its keys tell" if spec.head.get("recognise", {}).get("by_keys") else "where a plugin says"
    found = (places.get("project") or [elsewhere])[0]
    place = str(write) if write and not spec.head.get("readable_only") else f"{found} (read only)"
    control = spec.tools.control + ("?" if spec.tools.enforced == "unknown" else "")
    return spec.id, spec.seen, control, str(spec.head.get("sure", "")), place


def _one(spec: Any) -> None:
    from agentconv.project.writing import asked

    head = spec.head
    click.echo(f"{head['title']} ({spec.id})")
    rows: list[tuple[str, Any]] = [
        ("program", f"{spec.seen}, looked at {head.get('seen')}; sure: {head.get('sure')}"),
        ("proved with", ", ".join(_proofs(spec.id))),
        ("unsure", head.get("unsure")),
        ("written to", (head.get("places") or {}).get("write")),
        ("read only", head.get("readable_only")),
        ("found in", ", ".join((head.get("places") or {}).get("project", ()))),
        ("also read by", ", ".join(_reader(k, v) for k, v in (head.get("also_read_by") or {}).items())),
        ("identity", spec.identity.get("by")),
        ("tool control", _control(spec)),
        ("always there", ", ".join(spec.ambient)),
        ("models", _models(spec)),
        ("before use", "; ".join(asked(spec).values())),
    ]
    for name, value in rows:
        if value:
            click.echo(f"  {name:<14}{value}")
    click.echo("  fields")
    rest = [row for row in spec.fields.values() if row.applied and not (row.field or row.written)]
    shown = [row for row in spec.fields.values() if row not in rest]
    wide = max((len(row.key) for row in shown), default=0) + 1
    for row in shown:
        facts = [row.field or "its own", row.type]
        facts += ["required"] if row.fact("required") else []
        facts += ["not applied"] if not row.applied else []
        facts += ["read only"] if not row.written else []
        facts += ["limit"] if row.fact("limits") else []
        click.echo(f"    {row.key:<{max(wide, 28)}}{', '.join(facts)}")
    if rest:
        import textwrap

        from agentconv.telling.terminal import width

        text = f"and, its own and read only: {', '.join(row.key for row in rest)}"
        click.echo(
            textwrap.fill(text, width(), initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)
        )


def _proofs(id: str) -> list[str]:
    """The programs that our files were last put before, and what they made of them."""
    from agentconv.spec import load_data

    return [
        f"{found['program']} {found['version']} on {found['date']}"
        + (f": {found['agreed']} of {found['written']} outputs mean the same there" if found["written"] else "")
        for found in (load_data("proved").get(id) or {}).values()
    ]


def _reader(id: str, entry: Any) -> str:
    return entry if isinstance(entry, str) else str(entry.get("program", id))


def _control(spec: Any) -> str:
    table = spec.tools
    if table.control == "none":
        return "none: " + str(table.fact("why", ""))
    words = [f"{table.control} in `{table.fact('field')}`"]
    words += [
        f"{key} = {_plain(table.fact(key))}"
        for key in ("absent", "empty", "null", "star")
        if table.fact(key) is not None
    ]
    if table.fact("scopes") is not None:
        words.append(f"scopes {table.fact('scopes')}")
    return ", ".join(words)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _models(spec: Any) -> str:
    if not spec.models:
        return "none in the file"
    makers = spec.models.get("makers")
    if not (spell := spec.models.get("spell")):  # no name of a model can be written there
        words = ", ".join(filter(None, [*(spec.models.get("tiers") or ()), spec.models.get("inherit")]))
        return "none is written" + (f" but {words}" if words else "")
    return f"{spell}" + (f", of {', '.join(makers)}" if makers else ", of any maker")
