"""Tool controls that are maps or groups, read: name -> action, name -> yes or no, groups with patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agentconv.containers import Node
from agentconv.limitkeys import folded
from agentconv.model import Base, Rule, Scope, Tool, Tools
from agentconv.reading.context import Context, Refused, is_meant_date
from agentconv.reading.deadrules import kept_denials, whole_denials
from agentconv.reading.guessedservers import by_known
from agentconv.reading.toolcodecs import NONE, read_tools
from agentconv.reading.toolnames import Found, recognise, star
from agentconv.reading.tooltokens import is_null, own_spelling, remember
from agentconv.reading.wildkeys import rules_of_key
from agentconv.spec import Field

ANY_PATH = ("", ".*", "^.*", ".*$", "^.*$", ".+", "^.+$")  # expressions that every path matches


# -- maps -------------------------------------------------------------------------------------


def read_permission(node: Node, row: Field, ctx: Context) -> tuple[Rule, ...]:
    """An ordered map name -> action, or name -> pattern -> action; the last match wins."""
    if is_null(node, ctx) and ctx.spec.tools.fact("null") == "all":
        ctx.say("R020", f"`{row.key}:` without a value restricts nothing in {ctx.spec.seen}", "tools", node)
        return ()
    if is_null(node, ctx):
        if not ctx.author and row.fact("null", row.fact("bad")) in ("refuse", "refuse-all"):
            raise Refused(f"`{row.key}` without a value", row.fact("null", row.fact("bad")) == "refuse-all")
        ctx.say("R020", f"`{row.key}:` without a value loses the file in {ctx.spec.program}; no tools", "tools", node)
        return (Rule("deny", star(ctx.spec), at=row.key),)
    if row.fact("as_list") and node.kind != "list":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list")
        ctx.say(
            "R012", f"`{row.key}` must be a list: {ctx.spec.seen} does not load this file; read as meant", "tools", node
        )
        if node.kind == "map" and all(node.get(str(key)) for key in row.fact("items").values()):
            node = replace(node, kind="list", items=[node], pairs=[])  # one rule alone
    if node.kind == "scalar":
        return _actions(star(ctx.spec), None, node, row, ctx, row.key, "")
    if node.kind == "list" and row.fact("items"):
        return tuple(kept_denials(whole_denials(_listed_actions(node, row, ctx), ctx), node, ctx))
    if node.kind != "map":
        if not ctx.author:
            raise Refused(f"`{row.key}` must be a map or an action", row.fact("bad") == "refuse-all")
        ctx.say("R006", f"`{row.key}` must be a map; taken as no tools", "tools", node, effect="approximate")
        return (Rule("deny", star(ctx.spec), at=row.key),)
    rules: list[Rule] = []
    for pair in node.pairs:
        at = f"{row.key}.{pair.key.text}"
        found = by_known(recognise(pair.key.text, ctx.spec, author=ctx.author), pair.key.text, ctx)
        remember(pair.key.text, at, pair.key, found, ctx)
        name = ctx.spec.tools.own(pair.key.text)
        made: list[Rule] = []
        if pair.value.kind == "map":
            if name and name.plain and not ctx.author:
                raise Refused(f"`{pair.key.text}` takes an action only", row.fact("bad") == "refuse-all")
            for inner in pair.value.pairs:
                scope = None if inner.key.text == "*" else Scope(_kind(pair.key.text, found, ctx), inner.key.text)
                made += _actions(found.tool, scope, inner.value, row, ctx, at, pair.key.text)
        else:
            made += _actions(found.tool, None, pair.value, row, ctx, at, pair.key.text)
        rules += rules_of_key(found, made, pair.key.text, at, pair.key, rules, ctx)
    return tuple(kept_denials(whole_denials(rules, ctx), node, ctx))


def _listed_actions(node: Node, row: Field, ctx: Context) -> Iterator[Rule]:
    """The same as a list of maps {name, pattern, action}; the last match wins."""
    keys, before = row.fact("items"), list[Rule]()
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        parts = {word: item.get(str(key)) if item.kind == "map" else None for word, key in keys.items()}
        name, pattern, action = parts["name"], parts["pattern"], parts["action"]
        if row.fact("as_list") and (odd := [str(keys[word]) for word in keys if not _is_said(parts[word])]):
            text = f"an entry of `{row.key}` needs a text under {' and '.join(f'`{key}`' for key in odd)}"
            ctx.refuse(row.fact("bad"), text)
            known = pattern is None or pattern.kind == "scalar"
            if not (known and name is not None and name.text and action is not None):
                ctx.say("R012", f"{text}: {ctx.spec.seen} does not load this file; taken as a denial", at, item)
                tool = recognise(str(name.text), ctx.spec, author=True).tool if name and name.text else star(ctx.spec)
                yield Rule("deny", tool, None, None, at)
                continue
            ctx.say("R012", f"{text}: {ctx.spec.seen} does not load this file; read as meant", at, item)
        if name is None or action is None:
            ctx.say("R007", f"an entry of `{row.key}` without {keys['name']} and {keys['action']}; left out", at, item)
            continue
        found = by_known(recognise(str(name.text), ctx.spec, author=ctx.author), str(name.text), ctx)
        remember(str(name.text), at, name, found, ctx)
        kind = _kind(str(name.text), found, ctx)
        every = pattern is None or pattern.text == "*"
        scope = None if every or pattern is None else Scope(kind, str(pattern.text))
        made = _actions(found.tool, scope, action, row, ctx, at, str(name.text))
        new = rules_of_key(found, made, str(name.text), at, name, before, ctx)
        before += new
        yield from new


def _is_said(node: Node | None) -> bool:
    return node is not None and node.kind == "scalar" and isinstance(node.value, str)


def _kind(name: str, found: Found, ctx: Context) -> str:
    """What the patterns of a name are; another program's name, or one that the program has no more, has those of the
    one that it has for it."""
    table = ctx.spec.tools
    taken = found.how in ("dead", "foreign")
    own = table.own(name) or (table.own((own_spelling(found.tool, ctx) or "").split(", ")[0]) if taken else None)
    return (own.scope if own else "") or "text"


def _actions(
    tool: Tool, scope: Scope | None, node: Node, row: Field, ctx: Context, at: str, key: str
) -> tuple[Rule, ...]:
    if is_null(node, ctx) and ctx.spec.tools.fact("null_action") == "unset":
        ctx.say("R020", f"`{key or row.key}:` without a value says nothing in {ctx.spec.seen}", at, node)
        return ()
    words = {str(v): str(k) for k, v in (ctx.spec.tools.fact("actions") or {}).items()}
    word = words.get(str(node.text))
    if word is None:
        if not ctx.author:
            raise Refused(f"`{key or row.key}: {node.text}` is no action", row.fact("bad") == "refuse-all")
        ctx.say("R007", f"`{node.text}` is no action; taken as a denial", at, node)
        word = "deny"
    if word == "deny":
        return (Rule("deny", tool, scope, None, at),)
    return (Rule("allow", tool, scope, "ask" if word == "ask" else "auto", at),)


def read_bools(node: Node, row: Field, ctx: Context) -> tuple[Base | None, tuple[Rule, ...]]:
    """A map name -> yes/no, put before the permission map.

    Only yes: the author lists what the agent may use, although the program takes nothing away."""
    if node.kind != "map":
        if not ctx.author:
            raise Refused(f"`{row.key}` must be a map", row.fact("bad") == "refuse-all")
        text = f"{ctx.spec.seen} takes no file with `{row.key}` that is no map; read as the list it means"
        if ctx.spec.container.get("dates") == "maps" and is_meant_date(node):
            text = f"`{row.key}` is a date, which {ctx.spec.seen} takes for a map without keys, and so for no limit"
        ctx.say("R012", text, "tools", node)
        tools = read_tools(node, row, ctx) if not is_null(node, ctx) else NONE
        return tools.base, tools.rules
    rules: list[Rule] = []
    for pair in node.pairs:
        at = f"{row.key}.{pair.key.text}"
        on = pair.value.value if isinstance(pair.value.value, bool) else str(pair.value.text).lower() == "true"
        if not isinstance(pair.value.value, bool) and not ctx.author:
            raise Refused(f"`{at}` must be true or false", row.fact("bad") == "refuse-all")
        key = (row.fact("aliases") or {}).get(pair.key.text, pair.key.text)
        found = by_known(recognise(key, ctx.spec, author=ctx.author), key, ctx)
        remember(pair.key.text, at, pair.key, found, ctx)
        made = [Rule("allow" if on else "deny", found.tool, None, None, at)]
        rules += rules_of_key(found, made, key, at, pair.key, rules, ctx)
    if ctx.author and row.fact("true_only") == "list" and rules and all(r.effect == "allow" for r in rules):
        text = f"`{row.key}` only switches tools on, which takes nothing away in {ctx.spec.seen}"
        ctx.say("T009", f"{text}; read as the list it means", "tools", node, effect="info")
        return "none", tuple(rules)
    return None, tuple(kept_denials(whole_denials(rules, ctx), node, ctx))


# -- groups -----------------------------------------------------------------------------------


def read_groups(node: Node, row: Field, ctx: Context) -> Tools:
    """Groups, each a name or a pair of name and options with a file pattern."""
    if node.kind != "list":
        ctx.refuse(row.fact("bad"), f"`{row.key}` must be a list")
        text = f"`{row.key}` must be a list: {ctx.spec.seen} does not load this file; taken as no tools"
        ctx.say("R006", text, "tools", node, effect="approximate")
        return NONE
    table = ctx.spec.tools
    rules: list[Rule] = []
    seen: set[str] = set()
    key = str(table.fact("scope_key"))
    for n, item in enumerate(node.items):
        at = f"{row.key}[{n}]"
        if ctx.author and _stray_limit(node.items, n, key):
            _say_stray(node.items, n, at, ctx)
            continue
        name, options = _name_and_options(item, ctx)
        if options is None and ctx.author and _stray_limit(node.items, n + 1, key):
            options = node.items[n + 1]
        if table.fact("pairs") == "exact" and (odd := _odd_pair(item, key)):
            ctx.refuse("refuse-all", odd)
            ctx.say("R012", f"{odd}: {ctx.spec.seen} does not load this file; read as meant", at, item)
        if name.text in table.fact("ignored", ()):
            ctx.say("T002", f"`{name.text}` means nothing to {ctx.spec.program}: it gives nothing", at, name)
            continue
        if name.text in seen and table.fact("duplicates") == "refused":
            ctx.refuse("refuse-all", f"`{name.text}` twice")
            ctx.say("R010", f"`{name.text}` stands here twice: {ctx.spec.seen} does not load this file", at, name)
        seen.add(name.text)
        if name.text not in (table.fact("groups") or {}):
            if table.fact("unknown") == "refused":
                ctx.refuse("refuse-all", f"unknown group `{name.text}`")
            elif not ctx.author:
                continue
        found = recognise(name.text, ctx.spec, author=ctx.author)
        if found.how == "star" and table.fact("star") == "refused":
            text = f"`*` is no group: {ctx.spec.seen} does not load this file; it gives nothing"
            ctx.say("T016", text, at, name)
            continue
        if found.how in ("own", "alias") and name.text not in (table.fact("groups") or {}):
            found = Found(found.tool, "misplaced")
        remember(name.text, at, name, found, ctx)
        scope = _group_scope(options, name.text, at, ctx)
        if scope is not None and not ctx.author and table.fact("scopes") == "unknown":
            continue
        scopes = [scope] if scope is not None else _other_limits(options, name.text, at, ctx)
        rules += [Rule("allow", found.tool, one, None, at) for one in scopes]
    return Tools("none", tuple(rules))


def _stray_limit(items: Sequence[Node], n: int, key: str) -> bool:
    """Is this entry a limit that a wrong indent took out of the entry before it?"""
    return n < len(items) and items[n].kind == "map" and any(folded(p.key.text) == folded(key) for p in items[n].pairs)


def _say_stray(items: Sequence[Node], n: int, at: str, ctx: Context) -> None:
    odd = _odd_pair(items[n], str(ctx.spec.tools.fact("scope_key")))
    before = _name_and_options(items[n - 1], ctx)[0].text if n else ""
    meant = f"read as the limit of `{before}` before it" if before else "it limits nothing"
    ctx.say("R012", f"{odd}: {ctx.spec.seen} does not load this file; {meant}", at, items[n])


def _other_limits(options: Node | None, group: str, at: str, ctx: Context) -> list[Scope | None]:
    """Limits that authors write beside the one that the program has: it holds none of them, and they are meant.

    A list of nothing leaves nothing; without any such key the group is whole."""
    kinds = ctx.spec.tools.fact("meant_limits") or {}
    found: list[Scope | None] = []
    limited = False
    for pair in options.pairs if options is not None and options.kind == "map" and ctx.author else ():
        if pair.key.text in kinds:
            text = f"`{pair.key.text}` of `{group}`: {ctx.spec.program} does not enforce it; taken as meant"
            ctx.say("T009", text, at, pair.key)
            texts = pair.value.items if pair.value.kind == "list" else [pair.value]
            found += [Scope(kinds[pair.key.text], one.text) for one in texts]
            limited = True
    return found if limited else [None]


def _odd_pair(item: Node, key: str) -> str:
    """What is wrong with the form of an entry that is no name alone."""
    if item.kind == "scalar":
        return ""
    if item.kind != "list" or len(item.items) != 2 or item.items[0].kind != "scalar" or item.items[1].kind != "map":
        return "a group is a name, or a list of a name and a map"
    pattern = item.items[1].get(key)
    return "" if pattern is None or isinstance(pattern.value, str) else f"`{key}` must be text"


def _name_and_options(item: Node, ctx: Context) -> tuple[Node, Node | None]:
    """The two halves of an entry. A map of one key says the same to its author."""
    if item.kind == "map" and len(item.pairs) == 1 and ctx.author:
        return item.pairs[0].key, item.pairs[0].value
    if item.kind == "list" and item.items:
        return item.items[0], item.items[1] if len(item.items) > 1 else None
    return item, None


def _group_scope(options: Node | None, group: str, at: str, ctx: Context) -> Scope | None:
    key = str(ctx.spec.tools.fact("scope_key"))
    pattern = options.get(key) if options is not None and options.kind == "map" else None
    if options is not None and options.kind == "scalar" and ctx.author:
        pattern = options  # the expression without its key
    for pair in options.pairs if options is not None else ():
        if pattern is None and ctx.author and folded(pair.key.text) == folded(key):
            ctx.say("R007", f"`{pair.key.text}` is no key of a group; read as `{key}`", at, pair.key)
            pattern = pair.value
        elif pair.key.text != key and pair.key.text not in (ctx.spec.tools.fact("meant_limits") or {}):
            text = f"`{pair.key.text}` of the limit on `{group}` has no place in other programs: `{pair.value.text}`"
            ctx.say("T030", text, at, pair.key)
    if pattern is None or pattern.value is None:
        return None
    from agentconv.reading.jsregex import is_js_regex  # few descriptions have such patterns

    if not is_js_regex(pattern.text):
        ctx.refuse("refuse-all", f"`{pattern.text}` is no regular expression")
        text = f"`{pattern.text}` is no regular expression: {ctx.spec.seen} does not load this file"
        ctx.say("R012", text, at, pattern)
    if pattern.text in ANY_PATH:
        return None
    own = ctx.spec.tools.own(group)
    if own is not None and own.scope:
        return Scope(own.scope, pattern.text)
    ctx.say("T009", f"{ctx.spec.program} does not enforce `{key}` on this group; taken as meant", at, pattern)
    return Scope("path-regex", pattern.text) if ctx.author else None
