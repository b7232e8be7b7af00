"""Denials, scopes and limiting fields that do not hold in a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agentconv import rights as counting
from agentconv.checking.asking import asks
from agentconv.checking.checked import Checked, Reader, value_of
from agentconv.checking.finding import Finding
from agentconv.checking.given import given_by_name, gives, key_of, whole, words
from agentconv.containers import Node
from agentconv.grants import is_star
from agentconv.model import Rule
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read
from agentconv.reading.keys import is_limit
from agentconv.spec import Field, Spec


def place(checked: Checked, read: Read, at: str) -> Node | tuple[int, int] | None:
    """Where a rule stands: its name, else its key."""
    token = next((t for t in read.tokens if t.at == at), None)
    if token is not None:
        return checked.at(token.start)
    bare = at.split("[")[0]
    return read.where.get(at) or read.where.get(bare) or value_of(read, bare) or read.where.get(bare.split(".")[0])


def denials(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """What the file takes away and the program gives all the same."""
    theirs = {r.at: r for r in twin.agent.tools.rules if r.effect == "deny" and (r.tool.caps or r.tool.server)}
    misspelt = {str(token.new) for token in read.keys}  # told where the key stands, with what it takes with it
    broken: dict[str, list[Rule]] = {}
    for rule in read.agent.tools.rules:
        if rule.effect != "deny" or not (rule.tool.caps or rule.tool.server):
            continue
        if rule.at in theirs and not (rule.tool.server == "*" and theirs[rule.at].tool.server not in ("*", None)):
            continue  # but where one server is denied, and all were meant
        if reader is checked.owner and key_of(rule) in misspelt:
            continue
        if rule.at == "tools" and all(token.at != "tools" for token in read.tokens):
            continue  # no denial of the file, but what the program does where others stand
        if gives(twin.agent, reader.spec, rule.tool) and _is_last_word(rule, read):
            row = _row(reader, key_of(rule))
            whole_key = row is None or not row.applied or key_of(rule) in gone
            broken.setdefault(key_of(rule) if whole_key else rule.at, []).append(rule)
    for at, rules in broken.items():
        names = ", ".join(dict.fromkeys(f"`{r.tool.name}`" for r in rules))
        key = key_of(rules[0])
        row = _row(reader, key)
        reads = "does not read this key" if row is None else "reads the key and does nothing with it"
        listed = twin.agent.tools.base == "none" and any(is_star(rule.tool) for rule in rules)
        can = (
            "has all tools of its list"
            if listed
            else f"can {_given(rules)}" + (" without that limit" if _parts(rules) else "")
        )
        question = all(asks(rule, read, checked.spec) for rule in rules)
        said = f"the question before {names} is never asked" if question else f"the denial of {names} does not hold"
        nothing = "asks before nothing with it" if question else "denies nothing with it"
        does = f"{reads if at == key else nothing}{_beside(key, twin, read, reader)}; the agent {can}"
        keeper = next(
            (r.fact("kept_by") for r in (row, _row(reader, rules[0].at)) if r is not None and r.fact("kept_by")), None
        )
        yield checked.finding(
            "T042", "error", said, read=read,
            at=place(checked, read, at if rules[1:] else rules[0].at), reader=reader, path=at, does=does,
            meant=f"an agent that {'asks before it can' if question else 'cannot'} {_given(rules)}{_parts(rules)}",
            mend=(f"run it with {keeper} alone, which goes by the key" if keeper else "")
            or _named_so(at, key, rules, read, reader, "ask for" if question else "deny")
            or _listed_so(key, rules, read, reader)
            or _switched(rules, reader.spec.of_mode(twin.agent.mode))
            or _in_own_words(key, rules, reader.spec)
            or instead(reader),
        )  # fmt: skip
    yield from _not_known(checked, reader, read, twin)


def _beside(key: str, twin: Read, read: Read, reader: Reader) -> str:
    """The other key for which the program does nothing with this one."""
    row = reader.spec.of_mode(twin.agent.mode).fields.get(key)
    said = [
        one for one in (row.fact("idle_with") if row is not None else None) or () if value_of(read, one) is not None
    ]
    return f" beside `{said[0]}`" if said else ""


def _row(reader: Reader, key: str) -> Field | None:
    """The row of a key of the agent, or of one beside the agents that holds for all of them."""
    return reader.spec.fields.get(key) or reader.spec.beside.get(key)


def _not_known(checked: Checked, reader: Reader, read: Read, twin: Read) -> Iterator[Finding]:
    """Denials by names that nobody has, which may be for a tool of the program, or of a server, or for none."""
    table = reader.spec.tools
    if reader is not checked.owner or table.enforced != "unknown" or table.fact("deny_unknown") is None:
        return
    for rule in twin.agent.tools.rules:
        every = rule.tool.server == "*" and rule.tool.name != table.mcp.get("deny_every")
        if rule.effect == "deny" and (is_star(rule.tool) or every):
            name = "" if is_star(rule.tool) else f" of `{rule.tool.name}`"
            yield checked.finding(
                "T042", "warning", f"whether the denial{name} holds is not known", read=read,
                at=place(checked, read, rule.at), reader=reader, path=rule.at,
                meant=f"an agent that cannot {_given([rule])}", does="takes such names in a way that nobody has seen",
                mend=instead(reader),
            )  # fmt: skip


def _named_so(at: str, key: str, rules: list[Rule], read: Read, reader: Reader, verb: str) -> str:
    """The words by which the same key denies it, where the key is read and the name in it is the program's of none."""
    node = value_of(read, key)
    switch = reader.spec.tools.control == "switch" and key == reader.spec.tools.fact("field")
    if switch and node is not None and not isinstance(node.value, bool):
        return f"write `{key}: true`, without quotes"
    if at == key or reader.spec.tools.control != "map":
        return ""
    own = [t.new for t in read.tokens if t.new and t.at == at]
    if own:
        return f"write `{own[0]}`"
    server = reader.spec.tools.spell_mcp("SERVER", None) if any(r.tool.server == "*" for r in rules) else None
    return f"{verb} each server by its name, `{server}`" if server else ""


def _listed_so(key: str, rules: list[Rule], read: Read, reader: Reader) -> str:
    """The plain list in which the program finds the denial, where it has one and knows the names."""
    row = reader.spec.fields.get(str(reader.spec.tools.fact("deny")))
    if row is None or row.type != "deny-tools" or any(r.scope is not None or "*" in r.tool.name for r in rules):
        return ""
    if not all(reader.spec.tools.own(r.tool.name) for r in rules):
        return ""
    if key != row.key:
        return f"name it under `{row.key}`"
    node = value_of(read, key)
    plain = node is not None and (node.kind == "scalar" or all(i.kind == "scalar" for i in node.items or [node]))
    return "" if plain else f"write `{row.key}` as a plain list of names"


def _switched(rules: list[Rule], spec: Spec) -> str:
    """The key that takes away what no name of the list does, where it takes all that is meant."""
    keys: dict[str, object] = spec.tools.fact("without") or {}
    meant = {cap for rule in rules for cap in rule.tool.caps}
    found = [more for cap, more in keys.items() if cap in meant and isinstance(more, dict)]
    if not meant or not meant <= set(keys):
        return ""
    return " and ".join(f"set `{key}` to `{str(value).lower()}`" for more in found for key, value in more.items())


def _in_own_words(key: str, rules: list[Rule], spec: Spec) -> str:
    """The names under which the program's own deny-list takes away what is meant, where it has them all."""
    table = spec.tools
    if key != table.fact("deny") or any(rule.scope is not None or is_star(rule.tool) for rule in rules):
        return ""
    words: list[str] = []
    for tool in (rule.tool for rule in rules):
        if tool.server:
            every = table.mcp.get("deny_every") if tool.server == "*" else None
            spelled = every if tool.server == "*" else table.spell_denied(tool.server, tool.member)
            words += [str(spelled)] if spelled else []
            if not spelled:
                return ""
        else:
            names = (n for n in table.singles.values() if not (n.off or n.never) and set(n.caps) & set(tool.caps))
            words += [name.name for name in names]
    return f"write {', '.join(f'`{word}`' for word in dict.fromkeys(words))}" if words else ""


def _is_last_word(rule: Rule, read: Read) -> bool:
    """Whether the denial stands at the end: a later rule of the file may give the tool again."""
    rules = read.agent.tools.rules
    later = rules[rules.index(rule) + 1 :]
    return not any(r.effect == "allow" and set(r.tool.caps) & set(rule.tool.caps) for r in later)


def _given(rules: list[Rule]) -> str:
    return ", ".join(dict.fromkeys(words(r.tool) for r in rules))


def _parts(rules: list[Rule]) -> str:
    """For which parts of its tools only, where that is so of each of them."""
    texts = [f"`{rule.scope.text}`" for rule in rules if rule.scope is not None]
    return f", for {', '.join(texts)}" if len(texts) == len(rules) else ""


def instead(reader: Reader) -> str:
    """How a limit can be said so that the program keeps it."""
    field = reader.spec.tools.fact("field")
    if reader.spec.tools.control == "list" and field:
        return f"list the tools that the agent may have under `{field}`"
    if reader.spec.tools.control in ("map", "groups") and field:
        return f"say it under `{field}`"
    why = reader.spec.tools.fact("why")
    return f"{reader.program} has no control that would hold it" + (f": {why}" if why else "")


def scopes(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """Brackets behind a tool that the program does not hold it to."""
    theirs = {r.at: r for r in twin.agent.tools.rules if r.effect == "allow"}
    by_place: dict[str, list[Rule]] = {}
    for rule in read.agent.tools.rules:
        same = theirs.get(rule.at)
        if rule.effect != "allow" or rule.scope is None or key_of(rule) in gone:
            continue
        lost = same is not None and same.scope is None and given_by_name(twin.agent, reader.spec, rule.tool)
        if lost and not whole(read.agent, checked.spec, rule.tool):
            by_place.setdefault(rule.at, []).append(rule)
    for at, rules in by_place.items():
        limit = ", ".join(r.scope.text for r in rules if r.scope)
        yield checked.finding(
            "T043", "error", f"`{_spelled(read, at, rules)}` is not held to its brackets", read=read,
            at=place(checked, read, at), reader=reader, path=at,
            meant=f"{_given(rules)}, for `{limit}` only",
            does=f"gives the whole tool: the agent can {_given(rules)} without that limit",
            mend="leave the tool away, or know that the limit is none; rules in the program's own settings may hold it",
        )  # fmt: skip


def cut_whole(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """Brackets behind a denied tool where the program takes the whole tool: less than the author left."""
    if reader.spec.tools.fact("deny_scopes", "whole") != "whole":
        return
    without = replace(twin.agent.tools, rules=tuple(r for r in twin.agent.tools.rules if r.effect == "allow"))
    agent = replace(twin.agent, tools=without)
    taken = {r.at: r for r in twin.agent.tools.rules if r.effect == "deny" and r.scope is None}
    bare = {r.tool.name for r in taken.values() if "(" not in _spelled(read, r.at, [r])}
    for at, rule in taken.items():
        spelled = _spelled(read, at, [rule])
        if "(" not in spelled or rule.tool.name in bare or key_of(rule) in gone:
            continue
        if given_by_name(agent, reader.spec, rule.tool):
            yield checked.finding(
                "T013", "warning", f"`{spelled}` denies the whole tool", read=read, at=place(checked, read, at),
                reader=reader, path=at, meant=f"{words(rule.tool)}, but for what stands in brackets",
                does=f"takes the whole tool away: the agent cannot {words(rule.tool)}",
                mend="take the name out, and deny that part in the program's own settings, which hold for all agents",
            )  # fmt: skip


def _spelled(read: Read, at: str, rules: list[Rule]) -> str:
    token = next((t for t in read.tokens if t.at == at), None)
    return token.text if token is not None else rules[0].tool.name


def limits(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """Fields that limit the agent in its own program and do nothing in this one."""
    asked = counting.of_agent(read.agent, checked.spec, program=False)
    more = counting.gained(asked, counting.of_agent(twin.agent, reader.spec, program=True, usual=True))
    gained = {right.cls for right in more}  # whoever is free to call any agent may do more than who calls two
    for row in checked.spec.fields.values():
        node = value_of(read, row.key)
        if node is None or row.type in TOOL_TYPES or not is_limit(row, node.data()):
            continue
        mine = reader.spec.fields.get(row.key)
        if mine is not None and mine.applied and row.key not in gone and not mine.holds(node.data()):
            does = "takes the word and denies nothing for it"
        elif mine is not None and mine.applied and row.key not in gone:
            if row.field is None or getattr(twin.agent, row.field) is not None:
                continue
            does = "does not take this value, and acts as if the key were not there"
        elif mine is None:
            does = "does not read this key"
        else:
            does = "reads the key and does nothing with it"
        if not _matters(row, node.data(), twin, reader):
            continue
        held = any(r.home and _applies(r.spec, row.key) for r in checked.readers)
        own = reader.spec is checked.spec and not held
        if mine is not None and mine.fact("why") and mine.holds(node.data()):
            does = str(mine.fact("why")).removeprefix(f"{reader.seen} ")
        yield checked.finding(
            "L040", "error" if own or row.fact("denies") or row.field in gained else "warning",
            f"`{row.key}: {short(node)}` is a limit that does not hold", read=read, at=node, reader=reader,
            path=row.field or row.key, meant=f"`{row.key}` limits the agent", does=does,
            mend=instead(reader) if row.fact("denies") else "do not count on it there",
        )  # fmt: skip


def _applies(spec: Spec, key: str) -> bool:
    row = spec.fields.get(key)
    return row is not None and row.applied


def _matters(row: Field, word: object, twin: Read, reader: Reader) -> bool:
    """A mode that takes classes away is no loss where the agent has nothing of them anyway."""
    denies: Mapping[object, list[str]] = row.fact("denies") or {}
    classes = {
        cls for of in ([denies[word]] if isinstance(word, str) and word in denies else denies.values()) for cls in of
    }
    if not classes:
        return True
    given = counting.spread(counting.of_agent(twin.agent, reader.spec, program=True, usual=True))
    return any(right.cls in classes for right in given)


def short(node: Node) -> str:
    """A value in a few characters."""
    if node.kind != "scalar":
        return "…"
    return node.text if len(node.text) <= 40 else node.text[:39] + "…"
