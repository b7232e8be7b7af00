"""``agentconv tools``, ``models`` and ``explain``: the descriptions, read aloud."""

from __future__ import annotations

import difflib
from typing import Any

import click

from agentconv.commands.own_formats import format_dir, known


@click.command()
@click.argument("name", required=False)
@click.option("--in", "id", metavar="ID", help="The tools of one format.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@format_dir
def tools(name: str | None, id: str | None, as_json: bool) -> None:
    """List tool names and what they mean; with NAME: what every program makes of it."""
    import json

    from agentconv import registry
    from agentconv.spec import load_data

    known(id, readings=True)
    rows = [row for one in ([id] if id else registry.ids()) for row in _tool_rows(registry.load(one))]
    names = [str(r["name"]) for r in rows]
    found = [r for r in rows if name is not None and str(r["name"]).lower() == name.lower()]
    if name is not None and not found:
        near = difflib.get_close_matches(name, names, 1, 0.5)
        hint = f"; did you mean `{near[0]}`?" if near else "; agentconv tools lists what there is"
        raise click.UsageError(f"no format knows a tool `{name}`{hint}")
    if as_json:
        click.echo(json.dumps(found if name is not None else rows, ensure_ascii=False, indent=2))
    elif name is not None:
        _one_tool(found, rows)
    elif id is None:
        for cap, facts in load_data("capabilities").items():
            count = sum(cap in r["is"] and r["kind"] == "tool" for r in rows)
            click.echo(f"{cap:<16}{facts['risk']:<11}{facts['title']}" + (f"  ({count} names)" if count else ""))
    else:
        _tool_lines(rows)


def _tool_rows(spec: Any) -> list[dict[str, Any]]:
    rows = [_tool_row(spec.id, n, n.name, "set" if n.members else "tool") for n in spec.tools.names.values()]
    rows += [
        _tool_row(spec.id, spec.tools.names[target], alias, f"other name of {target}")
        for alias, target in spec.tools.aliases.items()
    ]
    return rows + [
        {"format": spec.id, "name": dead, "kind": "not known", "is": caps, "also": (), "rights": []}
        for dead, caps in spec.tools.dead.items()
    ]


def _tool_row(id: str, found: Any, name: str, kind: str) -> dict[str, Any]:
    rights = sorted(found.classes)
    return {"format": id, "name": name, "kind": kind, "is": found.caps, "also": found.also, "rights": rights}


def _tool_lines(rows: list[dict[str, Any]]) -> None:
    wide = max((len(row["format"]) for row in rows), default=0)
    for row in rows:
        rights = ", ".join(row["rights"]) or "-"
        click.echo(f"{row['format']:<{wide}} {row['name']:<29} {', '.join(row['is']):<31} {rights:<21} {row['kind']}")


def _one_tool(known: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    """Who knows the name, and what the others call the same."""
    from agentconv.spec import cap_title

    _tool_lines(known)
    caps = {c for r in known for c in r["is"]}
    knowing = {r["format"] for r in known if r["kind"] != "not known"}
    same: dict[str, list[str]] = {}
    for row in rows:
        if row["kind"] in ("tool", "set") and caps & set(row["is"]) and row["format"] not in knowing:
            same.setdefault(row["format"], []).append(row["name"])
    titles = ", ".join(cap_title(c) for c in sorted(caps))
    if same:
        click.echo(f"\nElsewhere, to {titles}:")
    wide = max(map(len, same), default=0)
    for id, found in same.items():
        more = f" … {len(found) - 4} more" if len(found) > 4 else ""
        click.echo(f"  {id:<{wide}} {', '.join(found[:4])}{more}")


WHY = {
    "maker": "no models of that maker",
    "tier": "no word for that tier",
    "unknown": "not known here",
    "catalogue": "not among the models it takes",
}


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@format_dir
def models(name: str | None, as_json: bool) -> None:
    """List models and how each format spells them; with NAME: what a spelling means."""
    import json

    from agentconv import registry
    from agentconv.models import model_of, spell
    from agentconv.spec import load_data

    if name is None:
        data = load_data("models")
        if as_json:
            click.echo(json.dumps(data, ensure_ascii=False, indent=2))
            return
        for id, facts in data.items():
            click.echo(f"{id:<28}{facts.get('maker', ''):<14}{facts.get('title', '')}")
        return
    model = model_of(name)
    if not (model.id or model.tier):
        known = load_data("models")
        words = [*known, *(w for f in known.values() for w in (f.get("tier"), f.get("title")) if w)]
        near = difflib.get_close_matches(name, words, 1, 0.6)
        hint = f"; did you mean `{near[0]}`?" if near else "; `agentconv models` lists those known"
        taking = [id for id in registry.ids() if registry.load(id).models.get("inherit") == name]
        if taking:
            more = f" … {len(taking) - 3} more" if len(taking) > 3 else ""
            hint = f": in {', '.join(taking[:3])}{more} it stands for the model of the session"
        raise click.UsageError(f"no model is called `{name}`{hint}")
    spellings = {id: spell(model, registry.load(id)) for id in registry.ids()}
    if as_json:
        data = {"text": name, "id": model.id, "tier": model.tier, "maker": model.maker}
        click.echo(
            json.dumps({**data, "spelled": {k: v for k, (v, _) in spellings.items()}}, ensure_ascii=False, indent=2)
        )
        return
    click.echo(f"{name}: {model.id or f'the tier {model.tier}'}" + (f", {model.maker}" if model.maker else ""))
    wide = max(map(len, spellings)) + 1
    for id, (text, how) in spellings.items():
        click.echo(f"  {id:<{wide}}{text if text is not None else f'- ({WHY.get(how, how)})'}")


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Explain a note code."""
    from agentconv.notes import CODES
    from agentconv.spec import load_data

    code = code.upper()
    if code not in CODES and code[1:].isdecimal():
        code = f"{code[0]}{code[1:]:0>3}"  # T4 is T004
    if code not in CODES:
        near = difflib.get_close_matches(code, CODES, 3, 0.3)
        raise click.UsageError(f"no note has the code {code}" + (f"; near: {', '.join(near)}" if near else ""))
    effect, headline = CODES[code]
    facts = load_data("notes")[code]
    click.echo(f"{code} {facts['name']}: {headline} (effect: {effect})\n\n{str(facts['text']).strip()}")
