"""Files that a program does not load, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentconv import rights as counting
from agentconv.checking.checked import Checked, Reader
from agentconv.checking.finding import Finding, Severity
from agentconv.checking.headers import FIXED
from agentconv.containers import Node
from agentconv.notes import Note
from agentconv.proof.guilty import guilty
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read
from agentconv.registry import abandoned

EMPTY = {"R002": "write the agent, or delete the file"}
LEAVE = "move it out of the folder of the agents, unless one of them names it"  # as its prompt
OTHERS = "nothing, if another program reads it"
QUOTED = re.compile(r"`([^`]+)`")
REPAIRS = ("R003", "R009", "R013", "R008", "R019")


def produce(checked: Checked) -> Iterator[Finding]:
    """A finding for each agent that a program here does not have."""
    if not checked.author.agents:
        yield from _nobody(checked)
    if abandoned(checked.spec, checked.path) and checked.author.agents:
        yield _left(checked)
    for reader in checked.readers:
        missing = [r for r in checked.author.agents if reader.twin(r, len(checked.author.agents)) is None]
        if not missing:
            continue
        if len(missing) == len(checked.author.agents):
            named = missing[0] if len(missing) == 1 else None
            yield _not_loaded(checked, reader, named, guilty(reader.reading.reason, checked.author)[0] or missing[0])
        else:
            for read in missing:
                yield _not_loaded(checked, reader, read, read)


def _only_place(reason: str, text: str) -> int:
    """Where a word of the reason stands, if it stands in one place only; else -1."""
    for word in QUOTED.findall(reason):
        found = list(re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)) if len(word) > 1 else []
        if len(found) == 1:
            return found[0].start()
    return -1


def _left(checked: Checked) -> Finding:
    """The file lies where the program looked in earlier versions."""
    write = (checked.spec.head.get("places") or {}).get("write")
    read = checked.author.agents[0]
    place = f"move it to {str(write).replace('{id}', read.agent.id)}" if write else "move it to one of its places"
    return checked.finding(
        "C046", "error", "the file lies in a place that is no longer searched", read=read, at=(1, 1),
        reader=checked.owner, meant="an agent", does="does not look there", mend=place,
    )  # fmt: skip


def _not_loaded(checked: Checked, reader: Reader, named: Read | None, read: Read) -> Finding:
    reason = reader.reading.reason or "the program passes over it without a word"
    at, mend = _cause(checked, read, reason)
    severity: Severity = "error" if reader.home else "warning"
    what = "this agent" if checked.spec.many and named is not None else "this file"
    return checked.finding(
        "R012", severity, f"{what} is not loaded: {reason}", read=named, at=at, reader=reader, meant="an agent",
        does=_silence(reader), mend=mend,
    )  # fmt: skip


def _silence(reader: Reader) -> str:
    return "passes over it, as if it were not there" if reader.reading.status == "skipped" else "does not load it"


def _cause(checked: Checked, read: Read, reason: str) -> tuple[Node | tuple[int, int] | None, str]:
    """Where the reason stands in the file, and what mends it."""
    notes = [*read.notes, *checked.author.notes]
    for word in QUOTED.findall(reason):
        if (found := _by_word(word, checked, read, reason, notes)) is not None:
            return found[0] or _said_at(reason, notes), found[1]
    if reason.startswith("the prompt has less than") or reason == "there is no prompt":
        return read.where.get("prompt"), "write more of a prompt"
    if reason.endswith("` is taken") and (node := read.where.get("name")) is not None:
        return node, "give the agent another name"
    for one in notes:
        if one.code in REPAIRS and one.line:
            if re.search("--- (?:below|around)", one.message):  # where the prompt begins is the author's to say
                return (one.line, one.column), "put the fields between two lines of `---`, and the prompt below them"
            return (one.line, one.column), f"{_repair_words(one)}; {FIXED}"
    if place := re.search(r"line (\d+)(?:, column (\d+))?", reason):
        return (int(place[1]), int(place[2] or 1)), "write the header as plain YAML"
    document = checked.author.document
    if document is not None and document.header is None:
        return (1, 1), "begin the file with a header between two lines of `---`, if it is meant to be an agent there"
    if not _said_at(reason, notes) and (offset := _only_place(reason, checked.text)) >= 0:
        return checked.at(offset), "correct it as the reason says"
    said = next((n for n in notes if n.code in ("R012", "R010", "R006", "R020") and n.line), None)
    return ((said.line, said.column) if said else None), (said.help if said else "") or "correct it as the reason says"


def _said_at(reason: str, notes: list[Note]) -> tuple[int, int] | None:
    """Where the thing stands in which something is missing, as its author's reading says it."""
    return next(((n.line, n.column) for n in notes if n.line and n.message.startswith(reason)), None)


def _by_word(
    word: str, checked: Checked, read: Read, reason: str, notes: list[Note]
) -> tuple[Node | tuple[int, int] | None, str] | None:
    """The place that a word of the reason names: a key, a name of the tool list, or a key that is missing."""
    if (key := next((k for k in read.keys if k.new == word), None)) is not None:
        if key.text == key.new:
            outer = key.at.removesuffix(f".{key.text}")
            return checked.at(key.start), f"move `{key.text}` out of `{outer}`, to the top"
        return checked.at(key.start), f"write `{checked.written(word)}` for `{checked.written(key.text)}`; {FIXED}"
    key = next((k for k in read.keys if k.text == word and k.new), None)
    if key is not None and "unknown key" in reason:
        return checked.at(key.start), f"write `{checked.written(key.new or '')}` for it; {FIXED}"
    token = next((t for t in read.tokens if t.text == word), None)
    if token is not None:
        told = next((n.help for n in notes if n.help and n.message.startswith(f"{reason}:")), "")
        mend = f"write `{token.new}`" if token.new else told or "take the name out of the list"
        return checked.at(token.start), mend
    if (node := read.where.get(word)) is not None:
        said = next((n for n in notes if n.help and (n.line, n.column) == (node.line, node.column)), None)
        kind = reason.partition("` must be ")[2]  # "a list", "a map"
        mend = f"write {kind} there" if re.fullmatch(r"an? [a-z]+", kind) else f"correct `{word}`"
        return node, said.help if said is not None else f"{mend}, or take the line away"
    missing = f"no `{word}`" in reason and f"there is no `{word}`" not in reason  # an unknown word is no key
    return (None, f"add `{checked.written(word)}`") if missing else None


def _repair_words(one: Note) -> str:
    words = {
        "R008": "take the code fence away",
        "R019": "let the file begin with its header",
        "R013": "indent by two spaces a level",
        "R009": "write the value on one line, in quotes or as one list",
    }
    return words.get(one.code, "put the value in quotes")


def _nobody(checked: Checked) -> Iterator[Finding]:
    """Not even its author's reading finds an agent: an error in the file, or no agent at all."""
    errors = [n for n in checked.author.notes if n.effect == "error"]
    for one in errors:
        if one.code == "R016":  # it is what its key says, and its program may well take it
            yield checked.finding(
                one.code, "info", one.message, at=(one.line, one.column), reader=checked.owner,
                meant=f"what `{one.path}` says", does="takes it for that, if it knows such", mend="",
            )  # fmt: skip
            continue
        if one.code == "R087":
            yield checked.finding(
                one.code, "warning", one.message, at=(one.line, one.column), reader=checked.owner, meant="an agent",
                does="runs it; what comes of that is not known here", mend=one.help,
            )  # fmt: skip
            continue
        loaded = [r for r in checked.readers if r.reading.agents]
        does = "does not load it"
        if loaded:
            does = f"loads it all the same; what it gives there: {_gives(loaded[0])}"
        yield checked.finding(
            one.code, "error", one.message, at=(one.line, one.column), reader=loaded[0] if loaded else checked.owner,
            meant="an agent", does=does, mend=one.help or EMPTY.get(one.code, "correct it there"),
        )  # fmt: skip
    for one in checked.author.notes[:1] if not errors else ():
        meant = _looks_like_an_agent(checked)
        other, leave = ("another program's, perhaps", OTHERS) if checked.spec.many else ("a document, perhaps", LEAVE)
        yield checked.finding(
            one.code, "error" if meant else "info", one.message, at=(one.line, one.column), reader=checked.owner,
            meant="an agent" if meant else other,
            does="makes no agent of it", mend=one.help or ("" if meant else leave),
        )  # fmt: skip


def _looks_like_an_agent(checked: Checked) -> bool:
    """A header with keys that only agents have: text about the agent, or a list of tools."""
    document = checked.author.document
    header = document.header if document is not None else None
    if header is None or header.kind != "map" or checked.spec.many:
        return False
    rows = [checked.spec.fields.get(pair.key.text) for pair in header.pairs]
    return any(row is not None and (row.type in TOOL_TYPES or row.field in ("description", "model")) for row in rows)


def _gives(reader: Reader) -> str:
    given = counting.of_agent(reader.reading.agents[0].agent, reader.spec, program=True, usual=True)
    return ", ".join(counting.spelled(given)) or "nothing"
