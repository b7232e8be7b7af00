"""Restrictions that do not hold: what a program gives an agent beside what its file asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agentconv import rights as counting
from agentconv.checking.checked import Checked, Reader, value_of
from agentconv.checking.finding import Finding
from agentconv.checking.given import given_by_name, gives, key_of, whole, words
from agentconv.checking.headers import unseen
from agentconv.containers import Node
from agentconv.model import Rule, Tools
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read
from agentconv.reading.keys import is_limit
from agentconv.spec import Field, Spec, risk


def produce(checked: Checked) -> Iterator[Finding]:
    """A finding for each denial, scope, limiting field and list that does not hold in a program here."""
    for reader, read, twin in checked.pairs():
        header = reader.reading.document
        if header is None or header.header is None:
            continue  # told once, for the header as a whole
        gone = unseen(checked, reader)
        found = [
            *_forms(checked, reader, read, gone),
            *_switched_on(checked, reader, read, twin, gone),
            *_brought(checked, reader, read, twin),
            *_denials(checked, reader, read, twin, gone),
            *_scopes(checked, reader, read, twin, gone),
            *_cut_whole(checked, reader, read, twin, gone),
            *_limits(checked, reader, read, twin, gone),
        ]
        yield from found
        said = "warning" if reader.when else "error"
        if not any(f.severity == said for f in found) and not any(
            row.type in TOOL_TYPES for row in _rows(checked, gone)
        ):
            yield from _more(checked, reader, read, twin, {f.path for f in found})


def _rows(checked: Checked, keys: frozenset[str]) -> list[Field]:
    return [checked.spec.fields[key] for key in keys if key in checked.spec.fields]


def place(checked: Checked, read: Read, at: str) -> Node | tuple[int, int] | None:
    """Where a rule stands: its name, else its key."""
    token = next((t for t in read.tokens if t.at == at), None)
    if token is not None:
        return checked.at(token.start)
    return read.where.get(at) or read.where.get(at.split("[")[0]) or read.where.get(at.split("[")[0].split(".")[0])


# -- forms of a list that do not mean what they seem to ---------------------------------------

SEEMS = {"empty": "no tools", "map": "the tools that are switched on", "null": "", "star": "every tool"}
MADE = {
    "all": "every tool",
    "builtin": "every built-in tool",
    "absent": "what an agent without a list has",
    "none": "no tool",
}


def _forms(checked: Checked, reader: Reader, read: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """``[]``, a key without a value, ``*``, and a map where a list belongs."""
    for row in checked.spec.fields.values():
        node = value_of(read, row.key)
        theirs = reader.spec.fields.get(row.key)
        if node is None or row.type != "tools" or theirs is None or theirs.type != "tools" or row.key in gone:
            continue
        form = _form(node)
        if form == "map" and theirs.fact("shape") == "map":
            continue  # a table of this name that the program has, and no list (Codex)
        table = reader.spec.tools
        word = {
            "empty": table.fact("empty", "none"),
            "null": table.fact("null", "none"),
            "star": table.fact("star", "none"),
            "map": table.fact("wrong_type", "none"),
        }.get(form)
        if word is None or str(word).startswith("refused"):
            continue
        word = "none" if isinstance(word, list) and not word else word
        made = f"the tools {', '.join(word)}" if isinstance(word, list) else MADE.get(str(word), str(word))
        opened = word in ("all", "builtin", "absent") or isinstance(word, list)
        if (form == "empty" and not opened) or (form == "star" and opened):
            continue
        spelled = {
            "empty": f"an empty `{row.key}`" if node.kind == "scalar" else f"`{row.key}: []`",
            "null": f"`{row.key}:` without a value",
            "star": "`*`",
            "map": f"`{row.key}` as a map",
        }
        mend = {
            "empty": "name one tool that does no harm, or see how the program says none: agentconv formats",
            "null": "write the list, or take the line away",
            "star": f"leave `{row.key}` away for every tool"
            if table.fact("absent", "all") == "all"
            else "name the tools",
            "map": f"write `{row.key}` as a list of names",
        }
        yield checked.finding(
            "T041", "error" if opened and form != "null" else "warning", f"{spelled[form]} means {made}", read=read,
            at=node, reader=reader, path="tools", meant=SEEMS[form] or "it cannot be told", does=f"gives {made}",
            mend=mend[form],
        )  # fmt: skip


def _form(node: Node) -> str:
    if node.kind == "map":
        return "map"
    if node.kind == "list":
        if not node.items:
            return "empty"
        return "star" if any(i.kind == "scalar" and i.text.strip() == "*" for i in node.items) else ""
    if node.value is None:
        return "null"
    return "empty" if not node.text.strip() else "star" if node.text.strip() == "*" else ""


def _switched_on(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """A map of nothing but ``true``: an allow-list to its author, and no restriction to the program."""
    table = reader.spec.tools
    for row in checked.spec.fields.values():
        node, theirs = value_of(read, row.key), reader.spec.fields.get(row.key)
        if node is None or theirs is None or theirs.type != "tool-bools" or node.kind != "map" or row.key in gone:
            continue
        if theirs.fact("true_only") != "list" or not node.pairs or any(p.value.value is not True for p in node.pairs):
            continue
        listed = tuple(r for r in read.agent.tools.rules if key_of(r) == row.key and r.effect == "allow")
        asked = counting.of_tools(Tools("none", listed), checked.spec, program=False)
        more = counting.gained(asked, counting.of_agent(twin.agent, reader.spec, program=True, usual=True))
        names = ", ".join(f"`{p.key.text}`" for p in node.pairs[:5]) + (" …" if len(node.pairs) > 5 else "")
        own = [f"`{t.new}` for `{t.text}`" for t in read.tokens if t.new and t.at.startswith(f"{row.key}.")]
        yield checked.finding(
            "T041", "error" if more else "info", "a map of nothing but `true` restricts nothing", read=read, at=node,
            reader=reader, path="tools", meant=f"only {names}",
            does=f"leaves every other tool there: {', '.join(counting.spelled(more)) or 'of the same rights'}",
            mend=f'put `"{table.fact("star_key", "*")}": false` in front of them'
            + (f" and write {', '.join(own)}" if own else ""),  # else nothing would be left
        )  # fmt: skip


def _brought(checked: Checked, reader: Reader, read: Read, twin: Read) -> Iterator[Finding]:
    """Fields that add tools to a list (a memory that is read and written)."""
    asked = counting.of_agent(read.agent, checked.spec, program=False)
    if read.agent.tools.base != "none" or twin.agent.tools.base != "none":
        return
    shut = {r.tool.name for r in twin.agent.tools.rules if r.effect == "deny" and r.scope is None}
    for row in reader.spec.fields.values():
        implies, node = row.fact("implies"), value_of(read, row.key)
        if not implies or node is None or not row.field or getattr(read.agent, row.field) is None:
            continue
        named = implies.get(node.text, implies.get("*")) if isinstance(implies, Mapping) else implies
        names = [n for n in named or () if n not in shut]  # a denial takes these, too (Claude Code 2.1.328, run)
        known = [reader.spec.tools.names[n] for n in names if n in reader.spec.tools.names]
        new = sorted({cls for name in known for cls in name.classes} - {r.cls for r in counting.spread(asked)})
        if not new or any(r.cls == "runs" and r.whole for r in asked):
            continue
        yield checked.finding(
            "T047", "error", f"`{row.key}: {_short(node)}` adds tools to the list", read=read, at=node, reader=reader,
            path=row.field, meant=f"what the list gives: {', '.join(counting.spelled(asked)) or 'nothing'}",
            does=f"gives {', '.join(names)}, too: the agent {', '.join(new)}",
            mend=f"take `{row.key}` away, or know that the agent may do that",
        )  # fmt: skip


# -- denials, scopes, limiting fields ---------------------------------------------------------


def _denials(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
    """What the file takes away and the program gives all the same."""
    theirs = {r.at for r in twin.agent.tools.rules if r.effect == "deny" and (r.tool.caps or r.tool.server)}
    misspelt = {str(token.new) for token in read.keys}  # told where the key stands, with what it takes with it
    broken: dict[str, list[Rule]] = {}
    for rule in read.agent.tools.rules:
        if rule.effect != "deny" or rule.at in theirs or not (rule.tool.caps or rule.tool.server):
            continue
        if reader is checked.owner and key_of(rule) in misspelt:
            continue
        if rule.at == "tools" and all(token.at != "tools" for token in read.tokens):
            continue  # no denial of the file, but what the program does where others stand
        if gives(twin.agent, reader.spec, rule.tool) and _meant(rule, read, checked):
            row = reader.spec.fields.get(key_of(rule))
            whole_key = row is None or not row.applied or key_of(rule) in gone
            broken.setdefault(key_of(rule) if whole_key else rule.at, []).append(rule)
    for at, rules in broken.items():
        names = ", ".join(dict.fromkeys(f"`{r.tool.name}`" for r in rules))
        key = key_of(rules[0])
        row = reader.spec.fields.get(key)
        reads = "does not read this key" if row is None else "reads the key and does nothing with it"
        does = f"{reads if at == key else 'denies nothing with it'}; the agent can {_given(rules)}"
        yield checked.finding(
            "T042", "error", f"the denial of {names} does not hold", read=read, at=place(checked, read, at),
            reader=reader, path=at, meant=f"an agent that cannot {_given(rules)}", does=does,
            mend=_named_so(at, key, rules, read, reader) or _listed_so(key, rules, reader) or _instead(reader),
        )  # fmt: skip


def _named_so(at: str, key: str, rules: list[Rule], read: Read, reader: Reader) -> str:
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
    return f"deny each server by its name, `{server}`" if server else ""


def _listed_so(key: str, rules: list[Rule], reader: Reader) -> str:
    """The plain list in which the program finds the denial, where it has one and knows the names."""
    row = reader.spec.fields.get(str(reader.spec.tools.fact("deny")))
    if row is None or row.type != "deny-tools" or any(r.scope is not None or "*" in r.tool.name for r in rules):
        return ""
    if not all(reader.spec.tools.own(r.tool.name) for r in rules):
        return ""
    return f"write `{row.key}` as a plain list of names" if key == row.key else f"name it under `{row.key}`"


def _meant(rule: Rule, read: Read, checked: Checked) -> bool:
    """Whether the denial stands at the end: a later rule of the file may give the tool again."""
    rules = read.agent.tools.rules
    later = rules[rules.index(rule) + 1 :]
    return not any(r.effect == "allow" and set(r.tool.caps) & set(rule.tool.caps) for r in later)


def _given(rules: list[Rule]) -> str:
    return ", ".join(dict.fromkeys(words(r.tool) for r in rules))


def _instead(reader: Reader) -> str:
    """How a limit can be said so that the program keeps it."""
    field = reader.spec.tools.fact("field")
    if reader.spec.tools.control == "list" and field:
        return f"list the tools that the agent may have under `{field}`"
    if reader.spec.tools.control in ("map", "groups") and field:
        return f"say it under `{field}`"
    why = reader.spec.tools.fact("why")
    return f"{reader.program} has no control that would hold it" + (f": {why}" if why else "")


def _scopes(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
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


def _cut_whole(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
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


def _limits(checked: Checked, reader: Reader, read: Read, twin: Read, gone: frozenset[str]) -> Iterator[Finding]:
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
            f"`{row.key}: {_short(node)}` is a limit that does not hold", read=read, at=node, reader=reader,
            path=row.field or row.key, meant=f"`{row.key}` limits the agent", does=does,
            mend=_instead(reader) if row.fact("denies") else "do not count on it there",
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


def _short(node: Node) -> str:
    if node.kind != "scalar":
        return "…"
    return node.text if len(node.text) <= 40 else node.text[:39] + "…"


# -- the rest ---------------------------------------------------------------------------------


def _told_of_key(reader: Reader, read: Read) -> bool:
    """Whether the list stands under a key that is none, of which there is a finding."""
    return any(
        row is not None and row.type in TOOL_TYPES for row in (reader.spec.fields.get(str(k.new)) for k in read.keys)
    )


def _more(checked: Checked, reader: Reader, read: Read, twin: Read, told: set[str]) -> Iterator[Finding]:
    """Rights that no single place explains."""
    author = counting.of_agent(read.agent, checked.spec, program=False)
    given = counting.of_agent(twin.agent, reader.spec, program=True, usual=True)
    meant = told | _listed_by_name(read, twin)
    more = frozenset(r for r in counting.gained(author, given) if r.cls not in meant)
    if not more or (reader is checked.owner and _told_of_key(reader, read)):
        return
    asked, got = ", ".join(counting.spelled(author)) or "nothing", ", ".join(counting.spelled(more))
    at = next((node for key in _tool_keys(checked) if (node := value_of(read, key)) is not None), None)
    if reader.spec.tools.control == "none":
        why = f" ({reader.spec.tools.fact('why')})" if reader.spec.tools.fact("why") else ""
        does, mend = f"has no list of tools: the agent has {got}, too{why}", _instead(reader)
    elif (shut := reader.spec.tools.mcp.get("shut")) and {r.cls for r in more} == {counting.MCP}:
        does, mend = f"gives {got}, too, unless a name of the list is one of theirs", f"add `{shut}` to the list"
    else:
        does, mend = f"gives {got}, too", _beside_the_list(reader, read, {r.cls for r in more}) or _instead(reader)
    yield checked.finding(
        "T044", "error", f"the agent may do more than its file says: {got}", read=read, at=at, reader=reader,
        path="tools", meant=asked, does=does, mend=mend,
    )  # fmt: skip


def _beside_the_list(reader: Reader, read: Read, more: set[str]) -> str:
    """What mends it where the file has a list already, and something else keeps that from being a limit."""
    table = reader.spec.tools
    if table.control != "list" or read.agent.tools.base != "none":
        return ""
    if table.fact("both") == "deny" and (key := table.fact("deny")) and str(key) in read.where:
        return f"take `{key}` away: beside it {reader.program} does not count the list"
    if needed := table.fact("limit_with"):
        words = " and ".join(f"`{key}: {str(value).lower()}`" for key, value in needed.items())
        plain = ", without quotes" if any(str(key) in read.where for key in needed) else ""
        return f"write {words}{plain}: else the list is added to what every agent has"
    if more == {"delegates"} and read.agent.delegates is not None:
        return f"take the tool that calls agents out of the list: {reader.program} knows no list of those it may call"
    return ""


def _listed_by_name(read: Read, twin: Read) -> set[str]:
    """Tools of MCP servers that the list names in this program's spelling, not in the owner's."""
    unknown = {r.at for r in read.agent.tools.rules if r.effect == "allow" and not r.tool.caps and not r.tool.server}
    named = (r.tool for r in twin.agent.tools.rules if r.effect == "allow" and r.at in unknown and r.tool.server)
    return {f"mcp:{tool.server}" + (f"/{tool.member}" if tool.member else "") for tool in named}


def _tool_keys(checked: Checked) -> list[str]:
    return [row.key for row in checked.spec.fields.values() if row.type in TOOL_TYPES]


def classes_of(caps: tuple[str, ...]) -> set[str]:
    """Risk classes of capabilities, those without risk left out."""
    return {risk(cap) for cap in caps if cap != "*"} - {"none"}
