"""Keys that are written otherwise than the program has them, and say one of its own all the same.

A list of tools under `Tools:` or `allowed-tools:` is read by no program, and was meant as a limit: who reads the file
as its author meant it keeps to the limit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from agentconv import registry
from agentconv.containers import Node
from agentconv.limitkeys import folded, limit_keys
from agentconv.model import LOOSER_MODES
from agentconv.reading.context import Context, Token
from agentconv.spec import Field, Spec

# Words of people for a list of what the agent may not have; those of programs stand in their descriptions
DENIED = frozenset(("excludetools", "deniedtools", "denytools", "blockedtools"))
# The same for what the agent is told, in files that have a key for it
TOLD = ("instructions", "prompt", "systemprompt", "systeminstructions", "developerinstructions")


def _denied() -> frozenset[str]:
    """Keys for such a list, as they compare."""
    return DENIED | limit_keys().denied


def respelt(key: str, entry: Node | None, ctx: Context) -> Field | None:
    """The row that an unknown key was taken for, with a note of it."""
    row = meant(key, ctx.spec, ctx.keys) or _denied_elsewhere(key, ctx)
    pair = next((pair for pair in entry.pairs if pair.key.text == key), None) if entry is not None else None
    at = pair.key if pair is not None else None
    if row is None and pair is not None:
        from agentconv.reading.limitselsewhere import limit_elsewhere

        return limit_elsewhere(pair, ctx)
    if row is None or at is None or _loosens(row, entry, key):
        return None
    if row.key == key:
        text = f"`{key}` is no key of {ctx.spec.program}; read as a list of tools that the agent may not have"
        ctx.say("R085", text, key, at)
        return row
    ctx.say("R085", f"`{key}` is no key of {ctx.spec.program}; read as `{row.key}`", row.field or row.key, at)
    ctx.respelt.append(Token(key, at.start, at.end, key, row.key))
    return row


def _loosens(row: Field, entry: Node | None, key: str) -> bool:
    """Whether the program's own key would let the agent do things without a question: under no key of its own it does
    not, and a copy shall not."""
    if row.field != "permission_mode" or entry is None:
        return False
    value = next((pair.value for pair in entry.pairs if pair.key.text == key), None)
    meant = {folded(str(word)): mode for word, mode in row.to_model.items()}
    return value is not None and value.kind == "scalar" and meant.get(folded(value.text)) in LOOSER_MODES


def _denied_elsewhere(key: str, ctx: Context) -> Field | None:
    """A list of what is denied, in a file for a program that has none: no program that reads it goes by it, and its
    author meant it."""
    if folded(key) not in _denied() or ctx.spec.tools.control == "any" or ctx.spec.text_kind:
        return None
    if any(row.type == "deny-tools" and row.written for row in ctx.spec.fields.values()):
        return None  # which is there, too
    return Field(key, "tools", "deny-tools", {"as": "tools", "type": "deny-tools", "write": "never"})


def meant(key: str, spec: Spec, there: Iterable[str]) -> Field | None:
    """The row of an unknown key that is one of the program's but for case, signs or a missing `s`, and the list of
    tools or the prompt under another program's name for it. A key that is there in the program's own spelling says it
    already."""
    if spec.tools.control == "any":
        return None
    row = _known(spec).get(folded(key))
    if row is None or row.key in there or not row.written:
        return None
    dialect = spec.container.get("dialect") or {}
    lowers = dialect.get("parser") == "lines" and dialect.get("keys") != "as-written"
    if lowers and row.key.lower() == key.lower():
        return None  # such a reader lowers the case itself
    return row


@lru_cache(maxsize=128)
def _known(spec: Spec) -> dict[str, Field]:
    """Folded spelling -> row, for keys at the top of an entry."""
    by_key = str(spec.container.get("entry_id"))  # what names an entry was looked for before
    found = {
        folded(key): row
        for key, row in spec.fields.items()
        if "." not in key and row.field is not None and key != by_key
    }
    tools = spec.fields.get(str(spec.tools.fact("field")))
    if tools is not None and tools.field == "tools":
        for spelling in (f"{folded(tools.key)[:-1]}", *(limit_keys().allowed if tools.type == "tools" else ())):
            found.setdefault(spelling, tools)
    if spec.container.get("body") is None:
        rows = [row for row in spec.fields.values() if row.field == "prompt" and row.written and "." not in row.key]
        for spelling in TOLD if rows else ():
            found.setdefault(spelling, rows[0])
    for row in spec.fields.values():
        if row.type == "deny-tools" and row.written and "." not in row.key:
            for spelling in _denied():
                found.setdefault(spelling, row)
    return found


registry.derived(_known.cache_clear)
