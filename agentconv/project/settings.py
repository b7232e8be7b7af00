"""What may stand in agentconv.toml: one table, from which the check of the values, the messages, the JSON schema for
editors and the documentation derive."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentconv.containers import Node
from agentconv.notes import Note, note

CLASSES = ("reads", "writes", "runs", "network", "delegates", "limits", "all")
KINDS = {
    "text": "text in quotes",
    "flag": "true or false",
    "texts": "a list of texts",
    "table": "a table",
    "list": "a list",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the types that it takes (any of them), what it is for, and what stands inside.

    ``keys``: the legal keys of a table; ``each``: a table whose keys are names; ``items``: what a list holds;
    ``of``: who is named (``target``, ``format``, ``class``, ``code``)."""

    types: tuple[str, ...]
    says: str
    values: tuple[str, ...] = ()
    keys: Mapping[str, Key] = field(default_factory=dict)
    each: Key | None = None
    items: Key | None = None
    of: str = ""
    required: tuple[str, ...] = ()


def _text(says: str, *values: str, of: str = "") -> Key:
    return Key(("text",), says, values, of=of)


def _texts(says: str, of: str = "") -> Key:
    return Key(("texts",), says, of=of)


def _flag(says: str) -> Key:
    return Key(("flag",), says)


ANY = Key(("any",), "any value")
EXTRA = Key(("table",), "keys of the target's own that are written as they stand here", each=ANY)
WIDEN = Key(
    ("flag", "texts", "table"),
    "classes of rights that may become wider: true (all), a list, or a table class = list of agents",
    each=Key(("flag", "texts"), "true, or the agents for which it holds"),
    of="class",
)
REFUSED = _text("what a refused agent is: an error (exit 1), or left out", "error", "skip")
AGENT = {
    "skip": _flag("not written for this target"),
    "model": _text("the model, as the target spells it"),
    "description": _text("the description in this target"),
    "tool-set": _text("a named set that is the agent's tool list"),
    "allow-widening": WIDEN,
    "refused": REFUSED,
    "extra": EXTRA,
}
SETTINGS = {
    "place": _text("where outputs go: a folder (ending in /) or a path with {name}, {id} or {plugin}"),
    "include": _texts("these agents only: names with * and ?, or tag:NAME"),
    "exclude": _texts("not these agents: names with * and ?, or tag:NAME"),
    "model-map": Key(("table",), "model of the source = model of the target", each=_text("a model")),
    "model-policy": _text("models: translate, keep the text, or leave out", "map", "keep", "drop"),
    "allow-widening": WIDEN,
    "refused": REFUSED,
    "guard": _flag("a sentence at the head of the prompt of a widened agent"),
    "strict": _flag("refuse what the target's session adds to every agent, too"),
    "approval": _text("where one word says both that a tool is there and that it runs", "allow", "ask"),
    "carry": _flag("keep fields without a home in the output for the way back"),
    "fold": _flag("write routing facts and skills without a home into the prompt"),
    "rewrite-body": Key(
        ("flag", "text", "texts"),
        "what of a prompt becomes the target's: names, tools, paths, or all; true: tools",
        ("names", "tools", "paths", "all"),
    ),
    "stamp": _flag("a comment in the header that names the source, where the program ignores comments"),
    "body": _text("the prompt: its text, or one sentence that points to the source file", "text", "link"),
    "tracked": _flag("false: git ignores the outputs; they are not missed by --check"),
    "on-collision": _text("two agents for one output: an error, or a number behind the second", "error", "suffix"),
    "extra": EXTRA,
}
SOURCE = {
    "path": _text("a file, a folder or a glob inside the project"),
    "format": _text("the format of the files; unsaid: as each file shows", of="format"),
    "exclude": _texts("files that are left out: globs"),
}
TOP = {
    "sources": Key(
        ("list",),
        "where the agents are: paths, or tables with path, format, exclude",
        items=Key(("text", "table"), "a path, or a table", keys=SOURCE, required=("path",)),
    ),
    "tool-sets": Key(("table",), "lists of tools that agents share, by name", each=_texts("tools, in any vocabulary")),
    "agents": Key(
        ("table",),
        "settings of single agents (names with * and ?) in every target",
        each=Key(("table",), "settings of an agent", keys=AGENT),
    ),
    "defaults": Key(("table",), "settings of all targets", keys=SETTINGS),
    "targets": Key(
        ("table",),
        "the formats that are written, each with its settings",
        each=Key(
            ("table",),
            "settings of a target",
            keys={
                **SETTINGS,
                "agents": Key(
                    ("table",),
                    "settings of single agents in this target",
                    each=Key(("table",), "settings of an agent", keys=AGENT),
                ),
            },
        ),
        of="target",
    ),
    "check": Key(
        ("table",),
        "what agentconv check accepts",
        keys={
            "ignore": _texts("codes that are accepted everywhere", of="code"),
            "per-agent-ignore": Key(
                ("table",), "agent or path = list of codes", each=_texts("codes that are accepted there", of="code")
            ),
        },
    ),
}
TABLE = Key(("table",), "agentconv.toml", keys=TOP)


def problems(node: Node, file: str) -> list[Note]:
    """Everything in the file that means nothing, with line and nearest legal word."""
    return [
        note("F011", text, file=file, line=at.line, column=at.column, help=help)
        for at, text, help in _walk(node, TABLE, "")
    ]


Problem = tuple[Node, str, str]


def _walk(node: Node, key: Key, at: str) -> Iterator[Problem]:
    kind = next((t for t in key.types if _is(node, t)), None)
    if kind is None:
        wanted = " or ".join(KINDS[t] for t in key.types)
        yield node, f"`{at}` takes {wanted}, not {_spelled(node)}", key.says
        return
    if kind == "text":
        yield from _word(node, key, at)
    elif kind == "texts":
        for item in node.items:
            yield from _word(item, key, at)
    elif kind == "list":
        for n, item in enumerate(node.items):
            yield from _walk(item, key.items or ANY, f"{at}[{n}]")
    elif kind == "table":
        yield from _table(node, key, at)


def _table(node: Node, key: Key, at: str) -> Iterator[Problem]:
    said = {pair.key.text for pair in node.pairs}
    where = f"[{at}]" if at else "agentconv.toml"
    for name in key.required:
        if name not in said:
            yield node, f"{where} needs `{name}`", key.says
    for pair in node.pairs:
        name = pair.key.text
        below = f"{at}.{name}" if at else name
        if key.each is not None:
            yield from _word(pair.key, Key(("text",), key.says, of=key.of), below)
            yield from _walk(pair.value, key.each, below)
        elif name in key.keys:
            yield from _walk(pair.value, key.keys[name], below)
        else:
            yield pair.key, f"{where} knows no `{name}`", _near(name, tuple(key.keys))


def _word(node: Node, key: Key, at: str) -> Iterator[Problem]:
    word = node.text
    if key.values and word not in key.values:
        yield node, f"`{at}` knows no `{word}`", _near(word, key.values)
        return
    if not key.of:
        return
    legal = _names(key.of)
    if word in legal or (key.of == "class" and word.startswith("mcp:")):
        return
    if key.of == "target" and word in _names("format"):
        yield node, f"`{word}` is read, not written: it is no target", _near(word, legal)
        return
    what = {"class": "class of rights", "code": "code of a note"}.get(key.of, key.of)
    yield node, f"no {what} is called `{word}`", _near(word, legal)


def _names(of: str) -> tuple[str, ...]:
    if of == "class":
        return CLASSES
    if of == "code":
        from agentconv.notes import CODES

        return tuple(CODES)
    from agentconv import registry

    return tuple(registry.targets() if of == "target" else registry.ids())


def _near(word: str, legal: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, legal, 1, 0.5)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there are {', '.join(legal)}" if len(legal) <= 24 else ""


def _is(node: Node, kind: str) -> bool:
    if kind == "any":
        return True
    if kind == "table":
        return node.kind == "map"
    if kind == "list":
        return node.kind == "list"
    if kind == "texts":
        return node.kind == "list" and all(_is(item, "text") for item in node.items)
    wanted = {"text": str, "flag": bool}[kind]
    return node.kind == "scalar" and isinstance(node.value, wanted)


def _spelled(node: Node) -> str:
    if node.kind == "list" and node.items and not all(_is(item, "text") for item in node.items):
        return "a list with something else in it"
    if node.kind != "scalar":
        return KINDS["table" if node.kind == "map" else "list"]
    value: Any = node.value
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


# -- for editors ------------------------------------------------------------------------------

Schema = dict[str, Any]


def config_schema() -> Schema:
    """The JSON schema of agentconv.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "agentconv.toml",
        **_schema(TABLE),
    }


def _schema(key: Key) -> Schema:
    kinds = [_one(kind, key) for kind in key.types]
    made: Schema = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return {"description": key.says, **made}


def _one(kind: str, key: Key) -> Schema:
    if kind == "any":
        return {}
    if kind == "flag":
        return {"type": "boolean"}
    if kind == "text":
        return _string(key)
    if kind == "texts":
        return {"type": "array", "items": _string(key)}
    if kind == "list":
        return {"type": "array", "items": _schema(key.items or ANY)}
    if key.each is not None:
        made: Schema = {"type": "object", "additionalProperties": _schema(key.each)}
        if key.of:
            made["propertyNames"] = _string(key)
        return made
    made = {"type": "object", "properties": {name: _schema(inner) for name, inner in key.keys.items()}}
    if key.required:
        made["required"] = list(key.required)
    return {**made, "additionalProperties": False}


def _string(key: Key) -> Schema:
    if key.values:
        return {"enum": list(key.values)}
    if not key.of:
        return {"type": "string"}
    names = {"enum": list(_names(key.of))}
    return {"anyOf": [names, {"type": "string", "pattern": "^mcp:"}]} if key.of == "class" else names
