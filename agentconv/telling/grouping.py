"""Notes of many agents as few causes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field

from agentconv.convert import Conversion
from agentconv.notes import CODES, RANK, Note, NoteEffect
from agentconv.records import dataclass
from agentconv.registry import load

NAMES = 3  # names of agents in a group, then "… n more"
JOINED = 150  # characters up to which sentences of one pattern stand side by side
GAINS = {
    "reads": "read files",
    "writes": "write files",
    "runs": "run commands",
    "network": "use the network",
    "delegates": "call other agents",
    "mcp:*": "use every MCP server",
    "all": "do everything",
}


@dataclass(slots=True)
class Group:
    """Agents with the same note; ``labelled`` where places stand for names."""

    code: str
    effect: NoteEffect
    message: str
    names: list[str] = field(default_factory=list)
    help: str = ""
    labelled: bool = False


def tail(names: Iterable[str]) -> str:
    """Three names, then how many more."""
    found = list(dict.fromkeys(n for n in names if n))
    return ", ".join(found[:NAMES]) + (f" … {len(found) - NAMES} more" if len(found) > NAMES else "")


def labels(result: Conversion, one: Note) -> tuple[str, bool]:
    """How a result is called: by its agent, or by place where there is none or the place matters."""
    if result.name and one.effect != "error":
        return result.name, False
    place = one.file or result.source
    return (f"{place}:{one.line}" if one.line else place), True


def grouped(pairs: Iterable[tuple[Conversion, Note]]) -> list[Group]:
    """One group per cause. Sentences of one pattern share a line; else the headline of their code stands for them."""
    groups: dict[tuple[str, str], Group] = {}
    seen: dict[tuple[str, str], set[str]] = {}
    for result, one in pairs:
        key = (one.code, one.message)
        group = groups.setdefault(key, Group(one.code, one.effect, one.message, help=one.help))
        name, placed = labels(result, one)
        if name not in seen.setdefault(key, set()):
            seen[key].add(name)
            group.names.append(name)
        group.labelled = group.labelled or placed
    by_code: dict[str, list[Group]] = {}
    for group in groups.values():
        by_code.setdefault(group.code, []).append(group)
    out = [one for same in by_code.values() for one in _merged(same)]
    return sorted(out, key=lambda g: (-RANK[g.effect], -len(g.names), g.code))


def _merged(same: list[Group]) -> list[Group]:
    same.sort(key=lambda g: -len(g.names))
    patterns = {re.sub(r"`[^`]*`", "`", g.message) for g in same}
    joined = "; ".join(g.message for g in same)
    if len(same) == 1 or (len(patterns) > 1 and len(same) == 2):
        return same
    first = same[0]
    text = _together(same, joined) if len(patterns) == 1 else _common(first.code, same)
    merged = Group(first.code, max((g.effect for g in same), key=lambda e: RANK[e]), text)
    merged.names = list(dict.fromkeys(n for g in same for n in g.names))
    merged.labelled = any(g.labelled for g in same)
    helps = list(dict.fromkeys(g.help for g in same if g.help))
    merged.help = helps[0] + (" (and so for the others)" if len(helps) > 1 else "") if helps else ""
    return [merged]


def _together(same: list[Group], joined: str) -> str:
    """Sentences that differ in the words in backticks only."""
    words = [re.findall(r"`[^`]*`", g.message) for g in same]
    slots = [n for n in range(len(words[0])) if len({w[n] for w in words}) > 1]
    if len(slots) == 1:
        parts = re.split(r"(`[^`]*`)", same[0].message)
        parts[2 * slots[0] + 1] = shown = tail(w[slots[0]] for w in words)
        return of_several("".join(parts), shown)
    return joined if len(joined) <= JOINED else _common(same[0].code, same)


SEVERAL = (("is", "are"), ("was", "were"), ("means", "mean"), ("has", "have"), ("does", "do"), ("stands", "stand"))


NOUNS = (
    ("the denial of ", "the denials of "), (" are a limit that does ", " are limits that do "),
    (" are an agent of ", " are agents of "), (" are a placeholder that ", " are placeholders that "),
    (" are no tool of ", " are no tools of "), (" are no name of ", " are no names of "),
    (" are no model that ", " are no models that "), (" are not held to its ", " are not held to their "),
)  # fmt: skip


def of_several(text: str, words: str) -> str:
    """A sentence of one word, said of several: ``is`` behind them becomes ``are``."""
    for one, several in SEVERAL:
        if f"{words} {one} " in text:
            text = text.replace(f"{words} {one} ", f"{words} {several} ").replace(" as it stands", " as they stand")
            for single, plural in NOUNS:
                text = text.replace(single, plural, 1)
            break
    return text


def _common(code: str, groups: list[Group]) -> str:
    """The headline of the code with the words that differ."""
    words: dict[str, None] = {}
    for group in groups:
        words |= dict.fromkeys(re.findall(r"`([^`]+)`", group.message)[:1])
    shown = tail(f"`{w}`" for w in words)
    return f"{CODES[code][1]}: {shown}" if shown else CODES[code][1]


def gains_of(result: Conversion) -> tuple[str, ...]:
    """What an agent would gain, lost limits by their keys in the source."""
    if not any(word.startswith("limit:") for word in result.gained):
        return tuple(result.gained)
    key_of = load(result.format).as_said(result.said).key_of
    return tuple(f"limit:{key_of(w[6:])}" if w.startswith("limit:") else w for w in result.gained)


def gain_words(gained: Iterable[str], could: bool) -> str:
    """``could write files and run commands``; a lost limit is named as such."""
    rights, limits = [], []
    for word in gained:
        if word.startswith("limit:"):
            limits.append(f"`{word[6:]}`")
        elif word in GAINS:
            rights.append(GAINS[word])
        elif word.startswith("mcp:"):
            rights.append(f"use the MCP server {word[4:]}")
        else:
            cls, _, scope = word.partition("(")
            rights.append(f"{GAINS.get(cls, cls)} ({scope}" if scope else word)
    verb, loses = ("could", "would lose") if could else ("can", "have lost")
    parts = [f"{verb} {_and(rights)}"] if rights else []
    parts += [f"{loses} the limit {_and(limits)}"] if limits else []
    return " and ".join(parts)


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
