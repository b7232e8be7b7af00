"""A page for each format, from its description and its reader cases; ``python -m tests.readme --write`` renews them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentconv import registry
from agentconv.spec import Spec, cap_title

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "formats"


def page(id: str) -> str:
    """The page of one format."""
    spec = registry.load(id)
    return "\n".join(_lines(spec)).rstrip() + "\n"


def index() -> str:
    """The list of all pages."""
    made = "Made from the descriptions in `agentconv/formats/`; `agentconv formats ID` shows the same."
    lines = ["# The formats", "", made, "", "| format | program seen | tool control | sure |", "|---|---|---|---|"]
    for id in registry.ids():
        spec = registry.load(id)
        title, sure = _cell(str(spec.head["title"])), spec.head["sure"]
        lines.append(f"| [{title}]({id}.md) | {_cell(spec.seen)} | {spec.tools.control} | {sure} |")
    return "\n".join(lines) + "\n"


def _lines(spec: Spec) -> Iterator[str]:
    head = spec.head
    yield f"# {head['title']}"
    yield ""
    yield f"`{spec.id}`. What {spec.seen} makes of its files, looked at {head['seen']}; sure: {head['sure']}."
    if head.get("unsure"):
        yield f"Not sure: {head['unsure']}."
    if head.get("readable_only"):
        yield f"Read, never written: {head['readable_only']}."
    yield ""
    yield from _places(spec)
    yield from _holds(spec)
    yield from _tools(spec)
    yield from _models(spec)
    yield from _traps(spec)
    yield from _evidence(spec)


def _places(spec: Spec) -> Iterator[str]:
    places = spec.head.get("places") or {}
    yield "## Places"
    yield ""
    titles = {
        "project": "found in",
        "user": "in the home folder",
        "legacy": "no longer searched",
        "write": "written to",
    }
    for key, title in titles.items():
        found = places.get(key)
        for place in [found] if isinstance(found, str) else found or ():
            yield f"- {title}: `{place}`"
    shared = registry.shared_readers(spec)
    for place, whose in (places.get("alike") or {}).items():
        yield f"- the form of {whose}, too, taken where it is named: `{place}`"
    readers = [program + (" (its home, too)" if equal else "") for _, program, equal in shared]
    if readers:
        yield f"- also read by {', '.join(readers)}"
    yield f"- what others call the agent: its {spec.identity.get('by', 'stem')}"
    yield ""


def _holds(spec: Spec) -> Iterator[str]:
    yield "## Fields"
    yield ""
    yield "| key | in the model | type | |"
    yield "|---|---|---|---|"
    for row in spec.fields.values():
        facts = [word for word, said in (
            ("required", row.fact("required")), ("without effect", not row.applied), ("read only", not row.written),
            ("its loss lifts a limit", row.fact("limits")),
        ) if said]  # fmt: skip
        words = [f"`{w}`" for w in row.to_model if isinstance(w, str)]
        facts += [", ".join(words)] if words else []
        facts += [f"{row.fact('min', '')}–{row.fact('max', '')}"] if row.fact("min") is not None else []
        facts += [str(why)] if (why := row.fact("limits_note") or row.fact("why")) else []
        yield f"| `{row.key}` | {row.field or '–'} | {row.type} | {_cell('; '.join(facts))} |"
    unknown = spec.container.get("unknown_keys", "ignored")
    yield ""
    yield f"Keys that it does not know: {unknown}."
    yield ""


def _tools(spec: Spec) -> Iterator[str]:
    table = spec.tools
    yield "## Tools"
    yield ""
    if table.control == "none":
        yield f"No control: {table.fact('why', 'no file can say which tools an agent has')}."
    elif table.control != "any":
        kinds = [word for word in ("absent", "empty", "null", "star") if table.fact(word) is not None]
        said = [f"{word} means {_plain(table.fact(word))}" for word in kinds]
        yield f"A {table.control} under `{table.fact('field')}`" + (f"; {'; '.join(said)}." if said else ".")
        unknown, scopes = table.fact("unknown", "ignored"), table.fact("scopes", "none")
        yield f"A name that it does not know: {unknown}. Scopes: {scopes}."
        yield f"Enforced: {table.enforced}" + (f" ({table.fact('why')})." if table.fact("why") else ".")
    if spec.ambient:
        yield f"Every agent has, whatever its file says: {', '.join(spec.ambient)}."
    yield ""
    if table.names:
        yield "| name | does | rights | |"
        yield "|---|---|---|---|"
    raw: dict[str, Any] = {**(table.data.get("names") or {}), **(table.data.get("groups") or {})}
    for name in table.names.values():
        facts = raw.get(name.name) or {}
        more = [f"with {', '.join(f'`{m}`' for m in name.members)}"] if name.members else []
        more += ["never given to a subagent"] if name.never else []
        more += ["behind a setting"] if facts.get("off") else []
        more += [str(facts["when"])] if facts.get("when") else []
        more += [f"limits: {name.scope}"] if name.scope else []
        does = ", ".join(cap_title(c) for c in name.caps) or "–"
        does += f" (and {', '.join(cap_title(c) for c in name.also)})" if name.also else ""
        yield f"| `{name.name}` | {_cell(does)} | {', '.join(sorted(name.classes)) or '–'} | {_cell('; '.join(more))} |"
    yield ""
    if table.aliases:
        yield "Other spellings: " + ", ".join(f"`{a}` ({n})" for a, n in table.aliases.items()) + "."
        yield ""
    if table.dead:
        names = ", ".join(f"`{name}`" for name in table.dead)
        yield f"Names that mean nothing to it, taken as their authors mean them: {names}."
        yield ""


def _models(spec: Spec) -> Iterator[str]:
    yield "## Models"
    yield ""
    if not spec.models:
        yield "None in the file."
    elif not spec.models.get("spell"):
        words = [*(spec.models.get("tiers") or ()), *filter(None, [spec.models.get("inherit")])]
        yield "No name of a model is written" + (f", only {', '.join(f'`{w}`' for w in words)}." if words else ".")
    else:
        makers = spec.models.get("makers")
        yield f"Written as `{spec.models.get('spell')}`" + (
            f", of {', '.join(makers)}." if makers else ", of any maker."
        )
        if tiers := spec.models.get("tiers"):
            yield f"Words for a tier: {', '.join(f'`{t}`' for t in tiers)}."
    yield ""


def _traps(spec: Spec) -> Iterator[str]:
    cases = sorted((ROOT / "fixtures" / spec.id / "read").glob("*/about.md"))
    if not cases:
        return
    yield "## Traps"
    yield ""
    yield f"Each is a case in `fixtures/{spec.id}/read/`."
    yield ""
    for about in cases:
        text = " ".join(about.read_text("utf-8").split())
        yield f"- **{about.parent.name}**: {text}"
    yield ""


def _evidence(spec: Spec) -> Iterator[str]:
    text = (registry.BUILT_IN / spec.id / "format.yaml").read_text("utf-8")
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    if lines:
        yield "## Evidence"
        yield ""
        yield " ".join(lines)
        yield ""


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


def pages() -> dict[Path, str]:
    """All pages by their place."""
    return {PAGES / f"{id}.md": page(id) for id in registry.ids()} | {PAGES / "README.md": index()}


def write() -> None:
    """Renew them; a page without a format goes."""
    made = pages()
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in set(PAGES.glob("*.md")) - set(made):
        path.unlink()
    for path, text in made.items():
        path.write_text(text, "utf-8")
