"""An audit of real files that shares no code with the readers: what stands in a header, found with a few lines of its
own, has to be in the model, and then in the output or in a note.

It is naive on purpose. A line at the margin with a word and a colon is a key, whatever YAML says; a value is the words
below and behind it; a tool name is what is left between commas, quotes, brackets and blanks. A key that was swallowed
by a repair, a list item that was passed over, a name without a note: all show as words that are nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

DASHES = re.compile(r"-{3,}[ \t]*")
KEY = re.compile(r"(?P<quote>[\"']?)(?P<key>[A-Za-z_][\w .-]*?)(?P=quote)[ \t]*:(?P<value>.*)")
TOML_KEY = re.compile(r"(?P<key>[A-Za-z_][\w-]*|\"[^\"]+\")(?:\.[\w.\"-]+)?[ \t]*=(?P<value>.*)")
TOML_TABLE = re.compile(r"\[+(?P<key>[\w-]+)(?:\.(?P<value>.*?))?\]+")
FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,}).*")
TOOL_KEYS = {
    "tools",
    "allowed-tools",
    "allowedTools",
    "disallowedTools",
    "disallowed-tools",
    "excludedTools",
    "groups",
    "toolNames",
}
BRACKETS = re.compile(r"\([^()]*\)")
FRONT = 14  # lines that may stand in front of a header


@dataclass(frozen=True)
class Entry:
    """A key of a header with its raw value."""

    key: str
    value: str
    line: int

    @property
    def words(self) -> list[str]:
        """The words of the value, as they are compared."""
        return [w for w in (flat(w) for w in re.split(r"[\s,\[\]{}|>]+", unescaped(self.value))) if w]

    @property
    def names(self) -> list[str]:
        """The tool names of a value that lists tools; of a map its keys."""
        text = BRACKETS.sub(lambda found: found[0].replace(",", ";").replace(" ", "_"), self.value)
        parts = re.split(r"[\s,\[\]{}]+", re.sub(r"(?m)#.*$|:[ \t]+\S+|:$", " ", text))
        return [name for part in parts if (name := part.strip("\"'`-")) and re.search(r"\w|\*", name)]


def flat(text: str) -> str:
    """Only letters and digits count, in lower case: quotes, escapes and spelling with dashes do not."""
    return "".join(c for c in text.lower() if c.isalnum())


def unescaped(text: str) -> str:
    """Line breaks and quotes as they are read, whatever the container writes for them."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\[nrt]", " ", text)


def entries(text: str, path: str) -> list[Entry]:
    """What stands in the header of a file."""
    text = text.removeprefix("\ufeff")
    if path.endswith(".toml"):
        return list(of_toml(text.splitlines()))
    if text.lstrip().startswith("{"):
        return list(of_data(json.loads(text)))
    lines = text.splitlines()
    if path.endswith((".yaml", ".yml", "modes")):
        return list(of_data(YAML(typ="safe").load(text)))
    return list(of_markdown(lines))


def of_markdown(lines: list[str]) -> Iterator[Entry]:
    """The lines between the first two rows of dashes, and those of a second header in a fence right below."""
    first = next((n for n, line in enumerate(lines[:FRONT]) if DASHES.fullmatch(line)), None)
    start = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if first is None or (KEY.match(lines[start]) and first > start):  # keys at once
        if lines and KEY.match(lines[start]):
            yield from of_lines(lines[start:first], start)
        return
    end = next((n for n in range(first + 1, len(lines)) if DASHES.fullmatch(lines[n])), len(lines))
    yield from of_lines(lines[first + 1 : end], first + 1)
    below = next((n for n in range(end + 1, len(lines)) if lines[n].strip()), len(lines))
    if below + 1 < len(lines) and FENCE.fullmatch(lines[below]) and DASHES.fullmatch(lines[below + 1]):
        last = next((n for n in range(below + 2, len(lines)) if DASHES.fullmatch(lines[n])), below + 2)
        yield from of_lines(lines[below + 2 : last], below + 2)


def of_lines(lines: list[str], before: int) -> Iterator[Entry]:
    """Keys at the margin, each with all that stands below it."""
    key, value, at = "", "", 0
    for n, line in enumerate(lines):
        if line.startswith("#") or FENCE.fullmatch(line):
            continue
        if found := KEY.match(line):
            if key:
                yield Entry(key, value, at)
            key, value, at = found["key"], found["value"], before + n + 1
        else:
            value += "\n" + re.sub(r"^(\s*)#.*|\s#\s.*$", r"\1", line)
    if key:
        yield Entry(key, value, at)


def of_toml(lines: list[str]) -> Iterator[Entry]:
    """Keys before the first table, and the tables."""
    key, value, at, inside, table = "", "", 0, "", False
    for n, line in enumerate(lines, 1):
        header = None if inside else TOML_TABLE.fullmatch(line.strip())
        found = None if inside or table else TOML_KEY.match(line)
        if header or found:
            if key:
                yield Entry(key, value, at)
            hit = header or found
            assert hit
            key, value, at, table = hit["key"].strip('"'), hit["value"] or "", n, bool(header)
        elif inside or not line.lstrip().startswith("#"):
            value += "\n" + line
        for mark in ('"""', "'''"):
            if line.count(mark) % 2 and inside in ("", mark):
                inside = "" if inside else mark
    if key:
        yield Entry(key, value, at)


def of_data(data: Any) -> Iterator[Entry]:
    """The keys of an object, and of the modes of a list in it."""
    for key, value in data.items():
        if key == "customModes":
            for mode in value:
                yield from of_data(mode)
        else:
            yield Entry(key, json.dumps(value, ensure_ascii=False, default=str), 0)


# -- what has become of them ------------------------------------------------------------------


@dataclass
class Told:
    """One conversion as plain data: the words of the model, of the output, and the notes (path, line, message)."""

    model: str
    output: str
    notes: list[tuple[str, int, str]]

    def __post_init__(self) -> None:
        self.model, self.output = flat(unescaped(self.model)), flat(unescaped(self.output))
        self.said = flat(" ".join(message for _, _, message in self.notes))


# Explained: words that need not be found again, each with its reason.
SAYS_THE_DEFAULT = {("model", "inherit"), ("user-invocable", "true"), ("user-invokable", "true"),
                    ("disable-model-invocation", "false"), ("is_background", "false"), ("kind", "local")}  # fmt: skip
SPELLED_OTHERWISE = {
    "priority": {"high", "medium", "low", "critical"},  # numbers in the model
    "triggers": {"keywords", "filepatterns", "taskpatterns"},  # inner keys with one name for all formats
    "examples": {"response", "trigger"},
    "mcp-servers": {"local"},  # a type of server that others tell from its command
    "mcp_servers": {"local"},
    "groups": {"fileregex"},  # the kind of a scope
}
CONTROLS = TOOL_KEYS | {"permission", "readonly"}  # what becomes of these is counted by rights, name by name below


def in_model(entry: Entry, told: Told) -> list[str]:
    """The words of a key that are neither in the model nor in a note that speaks of it."""
    if told_of(entry, told) or any((entry.key, word) in told_switches(told) for word in entry.words):
        return []
    return [w for w in left(entry) if w not in told.model and w not in told.said]


def told_switches(told: Told) -> set[tuple[str, str]]:
    """Switches that the model says in other words."""
    found = set()
    if "effectdeny" in told.model:
        found.add(("readonly", "true"))
    if "modelinvocablefalse" in told.model:
        found |= {("disable-model-invocation", "true"), ("infer", "false")}
    return found


def left(entry: Entry) -> list[str]:
    """The words that have to be found."""
    passed = SPELLED_OTHERWISE.get(entry.key, set())
    words = [w for w in entry.words if w not in passed and (entry.key, w) not in SAYS_THE_DEFAULT]
    return [w for w in words if entry.key not in CONTROLS or w not in ("true", "false", "allow", "deny", "ask")]


def told_of(entry: Entry, told: Told) -> bool:
    """Whether a note speaks of the key."""
    named = re.compile(rf"`{re.escape(entry.key)}\b|'{re.escape(entry.key)}'")
    return any(
        flat(path.split("[")[0].split(".")[0]) == flat(entry.key)  # `mcp_servers` in the model, `mcpServers` in a file
        or named.search(message)
        or (line and line == entry.line)
        for path, line, message in told.notes
    )


def missing_names(entry: Entry, told: Told) -> list[str]:
    """Tool names that are neither in the model nor in a note."""
    if entry.key not in TOOL_KEYS:
        return []
    names = [n for n in entry.names if flat(n) and n not in ("true", "false")]
    return [n for n in names if flat(n) not in told.model and flat(n) not in told.said and flat(n) not in FORMS]


FORMS = {"fileregex", "description", "name", "type"}  # words of the form, no tools


def lost(entry: Entry, told: Told) -> list[str]:
    """The words of a key that are neither in the output nor spoken of in a note: lost in silence."""
    if entry.key in CONTROLS or told_of(entry, told) or flat(entry.key) in told.said:
        return []
    if "hiddentrue" in told.output and (entry.key, *entry.words) == ("user-invocable", "false"):
        return []  # OpenCode's word for it
    words = [w for w in left(entry) if w not in told.output and w not in told.said]
    if entry.key in ("model", "modelId"):  # `openai/gpt-5` is `GPT-5` elsewhere, a dated or trial id its model
        models = [re.sub(r"-(\d{8}|exp|preview)$", "", w.strip("\"'").rsplit("/", 1)[-1]) for w in entry.value.split()]
        return words if any(flat(m) not in told.output for m in models) else []
    return words
