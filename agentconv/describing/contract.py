"""What a description has to keep to: the words of its language, and names that refer to something.

The language is docs/describing-formats.md itself: a word that a description uses has to stand there, in the section
that it is used in.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from agentconv.model import FIELDS
from agentconv.registry import Problem
from agentconv.tooltable import ToolTable

HEAD_REQUIRED = ("id", "title", "program", "version", "seen", "sure", "kind", "syntax", "places")
TABLES_REQUIRED = ("container", "identity", "fields")
KINDS = ("agent", "text", "source", "reading")
SYNTAXES = ("frontmatter", "toml", "json", "yaml", "typescript", "sections")
LISTED = ("list", "map", "groups", "switch")  # tool controls that are a key of the file
DENY_ALONE = "where a program has a deny-list alone, `control: none` and `deny` say so"
MOST = 500_000  # characters of a description


def page() -> str:
    """The page of the language: inside the installed package, else beside it in a checkout."""
    here = Path(__file__).parent.parent
    for place in (here / "data" / "describing-formats.md", here.parent / "docs" / "describing-formats.md"):
        if place.is_file():
            return place.read_text("utf-8")
    raise FileNotFoundError("describing-formats.md")


@cache
def sections() -> Mapping[str, frozenset[str]]:
    """Words of each section of the page: keys in its examples, and what stands in backticks."""
    parts = re.split(r"^#{2,3} ([\w ]+).*\n", page(), flags=re.M)
    out = {}
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        code = "\n".join(re.findall(r"```yaml\n(.*?)```", body, re.S))
        words = set(re.findall(r"(?<!\w)([a-z_]+)\??:(?=\s|$)", code))
        for quoted in re.findall(r"`([^`\n]+)`", body):
            words |= set(re.findall(r"(?<!\w)[a-z_]+(?!\w)", quoted))
        out[title.strip()] = frozenset(words)
    return out


def words(*titles: str) -> frozenset[str]:
    """All words of some sections."""
    return frozenset().union(*(sections()[title] for title in titles))


def strange(at: str, found: Iterable[Any], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Words that the page does not have, with their place; a bare ``off:`` or ``null:`` is no text in YAML."""
    for word in found:
        if not isinstance(word, str):
            yield f"{at}.{word}", f"{at}: the key {word!r} is no text; write it in quotes"
        elif word not in known:
            near = difflib.get_close_matches(word, known, 1, 0.6)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            yield f"{at}.{word}", f"{at}: `{word}` is no word of docs/describing-formats.md{hint}"


def strange_words(head: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every word of a description that is not in its language."""

    def maps(value: Any) -> Iterator[tuple[str, Mapping[Any, Any]]]:
        for key, facts in (value if isinstance(value, Mapping) else {}).items():
            yield str(key), facts if isinstance(facts, Mapping) else {}

    yield from strange("head", head, words("Head"))
    for part in ("places", "recognise"):
        yield from strange(f"head.{part}", _map(head.get(part)), words("Head"))
    for reader, entry in maps(head.get("also_read_by")):
        yield from strange(f"head.also_read_by.{reader}", entry, words("Head"))
    top = words("what is no field", "the rest") | {"container", "identity", "fields", "tools", "ambient", "models"}
    yield from strange("tables", tables, top)
    container, tools = _map(tables.get("container")), _map(tables.get("tools"))
    yield from strange("container", container, words("container"))
    yield from strange("container.dialect", _map(container.get("dialect")), words("container"))
    yield from strange("identity", _map(tables.get("identity")), words("identity"))
    for key, facts in maps(tables.get("fields")):
        yield from strange(f"fields.{key}", facts, words("fields"))
    for key, facts in maps(tables.get("beside")):
        yield from strange(f"beside.{key}", facts, words("fields", "what is no field"))
    yield from strange("tools", tools, words("tools"))
    yield from strange("tools.sets", _map(tools.get("sets")), words("tools"))
    for kind, facts in maps(_map(tools.get("sets")).get("words")):
        yield from strange(f"tools.sets.words.{kind}", facts, words("tools"))
    yield from strange("tools.mcp", _map(tools.get("mcp")), words("tools"))
    for part in ("names", "groups"):
        for name, facts in maps(tools.get(part)):
            yield from strange(f"tools.{part}.{name}", facts, words("tools"))
    yield from strange("models", _map(tables.get("models")), words("models"))
    for fact in _listed(tables.get("expands")):
        yield from strange("expands", _map(fact), words("the rest"))


def _map(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


# -- a description as a file ------------------------------------------------------------------


def contract_problems(entry: Path) -> list[Problem]:
    """All that is wrong with a description, each with its line."""
    import yaml

    try:
        text = entry.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [Problem(str(entry), 0, f"cannot be read: {error}")]
    if len(text) > MOST:
        return [Problem(str(entry), 0, f"longer than {MOST:,} characters")]
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(text, loader))
        nodes = list(yaml.compose_all(text, loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error) or type(error).__name__
        return [Problem(str(entry), mark.line + 1 if mark else 0, f"no YAML: {what}")]
    if len(documents) != 2 or not isinstance(documents[0], dict) or not isinstance(documents[1], (dict, type(None))):
        return [Problem(str(entry), 0, "a description is two maps: the head, a line ---, and the tables")]
    head, tables = documents[0], documents[1] or {}
    found = [*_wrong(entry.parent.name, head, tables), *_unknown_readers(entry, head)]
    return [Problem(str(entry), _line(nodes, at), message) for at, message in found]


def _line(nodes: list[Any], at: str) -> int:
    """The line of a place such as ``tools.names.Read``; that of the nearest map around it where it is not there."""
    parts = at.split(".")
    node = nodes[0] if parts[0] == "head" else nodes[1] if len(nodes) > 1 else None
    parts = parts[1:] if parts[0] in ("head", "tables") else parts
    line = (node.start_mark.line + 1) if node is not None else 0
    while parts and node is not None and node.id == "mapping":
        for size in range(len(parts), 0, -1):  # a key may hold dots itself
            found = [(k, v) for k, v in node.value if str(k.value) == ".".join(parts[:size])]
            if found:
                line, node, parts = found[0][0].start_mark.line + 1, found[0][1], parts[size:]
                break
        else:
            break
    return line


def _wrong(id: str, head: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from agentconv import registry

    yield from strange_words(head, tables)
    parent = head.get("extends")
    if parent is not None and str(parent) not in registry.heads_built_in():
        yield "head.extends", f"extends: there is no format `{parent}`"
        return
    whole = {**(registry.heads_built_in()[str(parent)] if parent else {}), **head}
    if head.get("id") != id:
        yield "head.id", f"id: the folder is called `{id}`, the head says `{head.get('id')}`"
    for word in HEAD_REQUIRED:
        if word not in whole:
            yield "head", f"head: `{word}` is missing"
    for word in TABLES_REQUIRED if parent is None else ():
        if word not in tables:
            yield "tables", f"tables: `{word}` is missing"
    for word, legal in (("kind", KINDS), ("syntax", SYNTAXES), ("sure", ("high", "medium", "low"))):
        if word in whole and whole[word] not in legal:
            yield f"head.{word}", f"{word}: one of {', '.join(legal)}, not `{whole[word]}`"
    if not isinstance(whole.get("places", {}), Mapping):
        yield "head.places", "places: a map of project, write and the like"
        return
    yield from _tables(head, tables)


def _unknown_readers(entry: Path, head: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Other programs that read the files by a description that there is not."""
    from agentconv import registry

    for id, facts in _map(head.get("also_read_by")).items():
        other = str(_map(facts).get("format", id))
        if other not in registry.heads_built_in() and not (entry.parent.parent / other / "format.yaml").exists():
            text = f"also_read_by: there is no description `{other}`; one of `kind: reading` says how it reads them"
            yield f"head.also_read_by.{id}", text


def _tables(head: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that refer to nothing, and words of the model that there are not."""
    from agentconv import registry
    from agentconv.reading.codecs import TYPES
    from agentconv.spec import all_caps

    for part in ("container", "identity", "fields", "tools", "models", "ambient", "limits"):
        if not isinstance(tables.get(part) or {}, Mapping):
            yield part, f"{part}: a map is wanted here"
            return
    for key, facts in [*_map(tables.get("fields")).items(), *_map(tables.get("beside")).items()]:
        for word, known, what, listing in (
            ("as", FIELDS, "the model has no field", "`agentconv schema model` lists them"),
            ("type", TYPES, "there is no type", f"there are {', '.join(sorted(TYPES))}"),
        ):
            value = _map(facts).get(word)
            if value is not None and value not in known:
                yield f"fields.{key}.{word}", f"fields.{key}: {what} `{value}`{_hint(value, known, listing)}"
    for name, facts in _map(_map(tables.get("tools")).get("names")).items():
        for cap in (*_listed(_map(facts).get("is")), *_listed(_map(facts).get("also"))):
            if cap not in all_caps():
                hint = _hint(cap, all_caps(), "`agentconv tools` lists them")
                yield f"tools.names.{name}", f"tools.names.{name}: there is no capability `{cap}`{hint}"
    if list(_tables_so_far(tables)):
        return
    table = registry.overlaid(head, tables, "").tools
    if table.control in LISTED and not table.fact("field"):
        yield "tools", f"tools: `field` is missing, the key that holds the control; {DENY_ALONE}"
    for alias, target in table.aliases.items():
        if target not in table.names:
            yield f"tools.aliases.{alias}", f"tools.aliases.{alias}: there is no name `{target}`"
    for found in table.names.values():
        for member in found.members:
            if member not in table.names:
                yield f"tools.groups.{found.name}", f"tools.groups.{found.name}: there is no name `{member}`"
    yield from _sets(table)
    yield from _expressions(tables)
    for key, facts in _map(tables.get("fields")).items():
        given = _map(facts).get("gives")
        if given is not None and given not in table.names:
            yield f"fields.{key}.gives", f"fields.{key}.gives: there is no name `{given}`"
    for cap, word in _map(table.fact("write")).items():
        own = table.own(str(word))
        if own is None or cap not in own.gives:
            yield f"tools.write.{cap}", f"tools.write.{cap}: `{word}` does not give it"


def _hint(word: object, known: Iterable[str], listing: str) -> str:
    """What may be meant by a word that is none."""
    near = difflib.get_close_matches(str(word), list(known), 1, 0.5)
    return f"; did you mean `{near[0]}`?" if near else f"; {listing}"


def _sets(table: ToolTable) -> Iterator[tuple[str, str]]:
    """Words of sets that are none, and tools of theirs that are none."""
    sets = _map(table.fact("sets"))
    known = _map(sets.get("words"))
    for word, facts in known.items():
        at, facts = f"tools.sets.words.{word}", _map(facts)
        for name in (*_listed(facts.get("gives") or []), *_listed(facts.get("brings") or [])):
            if name not in table.names:
                yield at, f"{at}: there is no name `{name}`"
    for key, word in _map(sets.get("adds")).items():
        if word not in known:
            yield "tools.sets.adds", f"tools.sets.adds.{key}: there is no set `{word}`"


def _expressions(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is evaluated in prompts: expressions that are none, and changes that name groups that there are not."""
    for fact in (one for one in _listed(tables.get("expands")) if isinstance(one, Mapping)):
        try:
            re.sub(f"{fact.get('pattern')}|", str(fact.get("change", "")), "")  # "|": it matches here in any case
        except (re.error, IndexError) as error:
            yield "expands", f"expands: `{fact.get('pattern')}` → `{fact.get('change')}`: {error}"


def _tables_so_far(tables: Mapping[str, Any]) -> Iterator[str]:
    """What would stop the tables from being read at all."""
    for part in ("names", "groups"):
        for name, facts in _map(_map(tables.get("tools")).get(part)).items():
            if facts is not None and not isinstance(facts, Mapping):
                yield str(name)


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, (list, tuple)) else []
