"""The shape of hooks: what a program takes for a wrong entry, and where it looks for one that guards."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from agentconv.spec import Field

_KINDS = {"number": "a number", "text": "text", "bool": "true or false"}


def hooks_problem(event: str, entries: Any, row: Field) -> str:
    """What is wrong with the entries of an event where the program looks at them."""
    legal = row.fact("hook_types")
    if not legal or entries is None:
        return ""
    if not isinstance(entries, (list, tuple)):
        return f"needs a list at `{event}`"
    for entry in entries:
        inner = entry.get("hooks") if isinstance(entry, Mapping) else None
        listed = isinstance(inner, (list, tuple))
        if not isinstance(entry, Mapping) or (row.fact("matchers") and not listed):
            return f"needs entries with `hooks` at `{event}`"
        matcher = entry.get("matcher")
        if row.fact("matchers") and matcher is not None and not isinstance(matcher, str):
            return f"needs text as `matcher` at `{event}`"
        for hook in inner if isinstance(inner, (list, tuple)) else [entry]:
            if problem := _hook_problem(hook, row):
                return f"{problem} (`{event}`)"
    return ""


def _hook_problem(hook: Any, row: Field) -> str:
    """What is wrong with one hook; beside matchers each has a type and what the type needs."""
    strict, legal = bool(row.fact("matchers")), row.fact("hook_types")
    kind = hook.get("type") if isinstance(hook, Mapping) else None
    if kind is None:
        return "has a hook without `type`" if strict or not isinstance(hook, Mapping) else ""
    if kind not in legal:
        return f"knows no hook of the type `{kind}`"
    if not strict:
        return ""
    for key in legal[kind] if isinstance(legal, Mapping) else ():
        if not hook.get(key):
            return f"has a hook without `{key}`"
        if not isinstance(hook[key], str):
            return f"needs text as `{key}` of a hook"
    for key, word in (row.fact("hook_values") or {}).items():
        if key in hook and not _is(hook[key], word):
            return f"needs {_KINDS[word]} as `{key}` of a hook"
    return ""


def _is(value: Any, word: str) -> bool:
    if word == "bool":
        return isinstance(value, bool)
    return isinstance(value, str) if word == "text" else isinstance(value, (int, float)) and not isinstance(value, bool)


def misplaced_guard(hooks: Mapping[str, Any], row: Field) -> str:
    """A hook that guards, where the program takes none: it loads no file in which it finds one."""
    if not (guards := row.fact("guarded")):
        return ""
    events = row.fact("events") or ()
    if _is_matcher(hooks, events):
        return "is one matcher without its event"
    depth = int(row.fact("guarded_within", 0))
    for event, entries in hooks.items():
        alone = not isinstance(entries, (list, tuple)) and event not in events
        for guard in guards:
            if _holds(entries, guard, False, depth):
                return f"holds a `{guard}` under `{event}`" + ("" if event in events else ", which is no event")
        if alone and _holds(entries, "", True, depth):
            return f"holds hooks with their matcher under `{event}`, which is no event"
    return ""


def _holds(value: Any, guard: str, matchers: bool, depth: int) -> bool:
    """Whether there is such an event inside, or (with ``matchers``) hooks with their matcher."""
    if isinstance(value, Mapping):
        if value.get(guard) not in (None, [], ()) or (matchers and _is_matcher(value)):
            return True
        return depth > 0 and any(_holds(held, guard, matchers, depth - 1) for held in value.values())
    return isinstance(value, (list, tuple)) and depth > 0 and any(_holds(v, guard, matchers, depth - 1) for v in value)


def _is_matcher(value: Any, events: Collection[str] = ()) -> bool:
    """Whether it is what belongs into the list of an event: hooks, with their matcher."""
    if not isinstance(value, Mapping) or ("matcher" not in value and any(key in events for key in value)):
        return False
    hooks = value.get("hooks")
    if isinstance(hooks, Mapping):
        return "matcher" in value or isinstance(hooks.get("type"), str)
    return isinstance(hooks, (list, tuple)) and bool(hooks)
