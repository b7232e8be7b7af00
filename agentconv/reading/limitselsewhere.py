"""Keys by which other programs limit an agent, in a file for a program that does not know them.

Cursor reads `.claude/agents`, and people move files between programs: a `readonly: true` that no reader of the file
goes by was written as a limit all the same, and a copy for another program keeps to it. Which keys these are is said by
the descriptions (limitkeys.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agentconv.containers import Node, Pair
from agentconv.limitkeys import ALL_SERVERS, Classes, folded, limit_keys, plain
from agentconv.reading.context import Context
from agentconv.spec import Field


def limit_elsewhere(pair: Pair, ctx: Context) -> Field | None:
    """The switch that an unknown key is elsewhere."""
    key, node = pair.key.text, pair.value
    if ctx.spec.text_kind:
        return None
    by_words = _by_words(folded(key), node)
    classes = by_words or _in_lists(folded(key), node, ctx)
    if not classes:
        return None
    field = ctx.spec.tools.fact("field") if ctx.spec.tools.control in ("list", "map", "groups") else None
    help = f"say it under `{field}`, or take the key out where the agent may do everything" if field else ""
    text = f"`{key}` is no key of {ctx.spec.program}, which limits nothing by it; taken as meant"
    ctx.say("R086", text, key, pair.key, help=help)
    facts = {"type": "any", "write": "never", "elsewhere": classes, "more": bool(by_words) and node.kind == "map"}
    return Field(key, None, "any", facts)


def _by_words(key: str, node: Node) -> Classes:
    """What the word of the key takes away, or those of the keys in its map."""
    known = limit_keys().words
    if node.kind == "scalar":
        return known.get(key, {}).get(plain(node.text), ())
    if not any(one.startswith(f"{key}.") for one in known):
        return ()
    return _unique(cls for pair in node.pairs for cls in _by_words(f"{key}.{folded(pair.key.text)}", pair.value))


def _in_lists(key: str, node: Node, ctx: Context) -> Classes:
    if key in limit_keys().maps and ctx.spec.tools.control != "map":
        return _denied(limit_keys().maps[key], node)
    if key in limit_keys().groups and node.kind == "list":
        return _in_no_group(limit_keys().groups[key], node)
    return ()


def _in_no_group(facts: Mapping[str, Any], node: Node) -> Classes:
    """The classes that are in none of the groups; one with a pattern gives less than its class."""
    groups: Mapping[str, Classes] = facts["gives"]
    names = [item.items[0] if item.kind == "list" and item.items else item for item in node.items]
    if not names or not all(name.kind == "scalar" and name.text in groups for name in names):
        return ()
    given = {cls for item in node.items if item.kind == "scalar" for cls in groups[item.text]}
    return _unique(cls for found in groups.values() for cls in found if cls not in given and cls not in facts["stays"])


def _denied(facts: Mapping[str, Any], node: Node) -> Classes:
    """The classes that such a map denies, by all names that give them. The last that matches has the word; what a
    denial leaves open goes with it, for no class can hold that."""
    names: Mapping[str, Classes] = facts["names"]
    everything = _unique((*(cls for found in names.values() for cls in found), ALL_SERVERS))
    if node.kind == "scalar":
        return everything if node.text in facts["deny"] else ()
    shut = dict.fromkeys((*names, ALL_SERVERS), False)
    for pair in node.pairs:
        every = pair.value.get(facts["star"]) if pair.value.kind == "map" else pair.value
        if every is not None:
            named = shut if pair.key.text == facts["star"] else [pair.key.text] if pair.key.text in names else ()
            shut |= dict.fromkeys(named, every.text in facts["deny"])
    open_ = {cls for name, denied in shut.items() if not denied for cls in names.get(name, (ALL_SERVERS,))}
    return tuple(cls for cls in everything if cls not in open_)


def _unique(classes: Iterable[str]) -> Classes:
    return tuple(dict.fromkeys(classes))
