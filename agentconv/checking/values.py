"""Values that a program does not take, or takes otherwise: wrong types, words and numbers out of range, models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from agentconv.checking.checked import Checked, Reader
from agentconv.checking.finding import Finding, Severity
from agentconv.checking.headers import unseen
from agentconv.model import Agent
from agentconv.models import retired, spell
from agentconv.notes import Note
from agentconv.reading.codecs import TOOL_TYPES
from agentconv.reading.context import Read
from agentconv.spec import Field, Spec

VALUES = ("R006", "R007", "R016", "F001")
TAILS = ("; taken as", "; read as", "; left out")
TEXTS = ("name", "description")


def produce(checked: Checked) -> Iterator[Finding]:
    """What the author's reading says of single values, texts that a program reads otherwise, models, lengths."""
    for one in checked.author.notes:
        if one.code == "R010" and checked.author.agents:
            yield from _twice(checked, one)
        elif one.code == "R007" and checked.author.agents:  # of a key beside the agents: a later version of the form
            yield checked.finding(
                "R007", "info", one.message, at=(one.line, one.column), reader=checked.owner, path=one.path,
                meant="a later version", does="was seen with the earlier one: what is said here holds for that",
                mend=one.help,
            )  # fmt: skip
    for reader, read, twin in checked.pairs():
        if reader is checked.owner:
            yield from (_value(checked, read, one, twin) for one in read.notes if _wanted(one, checked))
            yield from _models(checked, reader, read)
            yield from _long(checked, reader, read)
        if reader.home:
            yield from _texts(checked, reader, read, twin)


def _wanted(one: Note, checked: Checked) -> bool:
    row = checked.spec.fields.get(one.path.split("[")[0].split(".")[0])
    # said as a restriction, but for what is left out of a list
    by_form = one.code == "R006" and row is not None and row.type in TOOL_TYPES and one.effect != "lost"
    return one.code in VALUES and not by_form


def _value(checked: Checked, read: Read | None, one: Note, twin: Read | None = None) -> Finding:
    message = one.message
    for tail in TAILS:
        message = message.split(tail)[0]
    severity: Severity = "error" if one.effect == "error" and one.code != "R006" else "warning"
    meant, does = "a value that counts", "acts as if it were not there"
    if twin is not None and one.path in Agent.__dataclass_fields__:
        theirs, ours = getattr(twin.agent, one.path), getattr(read.agent, one.path) if read is not None else None
        row = checked.spec.by_field.get(one.path)
        if isinstance(ours, Mapping) or isinstance(theirs, Mapping):  # what it holds stands in the file: by its keys
            left, all_meant = _listed(theirs), _listed(ours)
            meant = all_meant if all_meant and all_meant != left else meant
            does = f"leaves it out; what counts is {left}" if left else does
        else:
            own, word = _theirs(ours, row), _theirs(theirs, row)
            meant = f"`{own}`" if ours is not None and own is not None else meant
            does = f"takes it for `{word}`" if theirs is not None and word else does
    return checked.finding(
        one.code, severity, message, read=read, at=(one.line, one.column), reader=checked.owner, path=one.path,
        meant=meant, does=does, mend=one.help or "correct it",
    )  # fmt: skip


def _listed(value: object) -> str:
    """The keys of a map as a sentence has them."""
    *names, last = [f"`{key}`" for key in value] if isinstance(value, Mapping) and value else [""]
    return f"{', '.join(names)} and {last}" if names else last


def _theirs(value: object, row: Field | None) -> object:
    """The value as the program spells it; none where a line cannot show it."""
    if row is not None and isinstance(value, (str, bool)):
        value = not value if row.fact("invert") else row.to_program.get(value, value)
    if isinstance(value, tuple):
        texts = [one if isinstance(one, str) else getattr(one, "text", None) for one in value]
        shown = [one for one in texts if isinstance(one, str)]
        return ", ".join(shown) if shown and len(shown) == len(texts) else None
    return str(value).lower() if isinstance(value, bool) else value


def _twice(checked: Checked, one: Note) -> Iterator[Finding]:
    """A key that stands twice: programs differ in which one counts. What refuses the file is said of the file."""
    for reader in checked.readers:
        if not reader.reading.agents:
            continue
        word = (reader.spec.container.get("dialect") or {}).get("duplicates", "last")
        name = f"`{one.path}` stands twice" if one.path else "a key stands twice"
        yield checked.finding(
            "R010", "warning", name, at=(one.line, one.column), reader=reader, path=one.path, meant="one of the two",
            does=f"takes the {word} one", mend="delete one of the lines",
        )  # fmt: skip


def _texts(checked: Checked, reader: Reader, read: Read, twin: Read) -> Iterator[Finding]:
    """Name and description, where the program has other words."""
    if unseen(checked, reader):
        return  # told once, for the header
    for name in TEXTS:
        ours, theirs = getattr(read.agent, name), getattr(twin.agent, name)
        row = reader.spec.by_field.get(name)
        node = read.where.get(name)
        if (
            ours is None
            or row is None
            or node is None
            or _same(ours, theirs)
            or any(k.new == row.key for k in read.keys)
        ):
            continue  # the last: told of the key, which is not the program's
        if any(n.path == name and n.code in VALUES for n in read.notes) and reader is checked.owner:
            continue
        header = reader.reading.document
        if header is None or header.header is None:
            continue
        yield checked.finding(
            "R043", "warning", f"`{row.key}` is read otherwise than it is meant", read=read, at=node, reader=reader,
            path=name, meant=_short(ours), does=f"has {_short(theirs)}" if theirs else "has none",
            mend="write it without three dashes in a row" if "---" in ours else "put the text in quotes, on one line",
        )  # fmt: skip


def _under_another(row: Field | None, read: Read) -> bool:
    """Whether it stands under a key that the program does not read, which is told where that key stands."""
    return row is not None and any(key.new == row.key for key in read.keys)


def _same(ours: object, theirs: object) -> bool:
    return "".join(str(ours).split()) == "".join(str(theirs).split())


def _short(text: str) -> str:
    flat = " ".join(str(text).split())
    return f"“{flat}”" if len(flat) <= 70 else f"“{flat[:50]} … {flat[-18:]}”"


def _models(checked: Checked, reader: Reader, read: Read) -> Iterator[Finding]:
    """Models that the program does not have, or that nobody knows."""
    spec, row = reader.spec, reader.spec.by_field.get("model")
    node = read.where.get("model") if not _under_another(row, read) else None
    if node is not None and row is not None and row.fact("starts") == "never" and read.agent.model:
        yield checked.finding(
            "M016", "error", f"with `{row.key}` the agent does not start, whatever it names", read=read, at=node,
            reader=reader, path="model", meant=f"`{read.agent.model[0].text}`",
            does=f"ends at the start: {row.fact('why')}", mend="take the line away; its configuration has the model",
        )  # fmt: skip
    for wish in read.agent.model or ():
        if not spec.models or node is None or wish.text == str(spec.models.get("inherit")):
            continue
        own, why = spell(wish, spec)
        unknown = {
            "optional": "uses its default",
            "refused": "does not load the file",
            "ignored": "uses its default",
        }.get(
            "optional" if _optional(read, spec) else str(spec.models.get("unknown")),
            "sends the name as it stands, and the start fails if there is no such model",
        )
        if wish.id is None and wish.tier is None:
            if any(re.fullmatch(pattern, wish.text) for pattern in spec.models.get("own") or ()):
                continue
            hidden = spec.models.get("catalogue") == []  # its own models stand in no list, so nothing speaks against it
            yield checked.finding(
                "M015", "info" if hidden else "warning", f"`{wish.text}` is no model that agentconv knows", read=read,
                at=node, reader=reader, path="model", meant="a model of this name", does=unknown,
                mend="agentconv models lists those known",
            )  # fmt: skip
        elif tier := retired(wish.text, spec):
            yield checked.finding(
                "M017", "warning", f"`{wish.text}` is retired, and another model runs in its place", read=read, at=node,
                reader=reader, path="model", meant=f"`{wish.id}`", does=f"runs today's {tier}, without a word",
                mend="name the model that you want",
            )  # fmt: skip
        elif own == wish.text:
            continue  # a word of the program, for a tier
        elif why in ("maker", "tier") or (why == "catalogue" and spec.models.get("unknown") != "sent"):
            yield checked.finding(
                "M016", "warning", f"the model `{wish.text}` is none of {reader.program}'s", read=read, at=node,
                reader=reader, path="model", meant=f"`{wish.id or wish.tier}`", does=unknown,
                mend="name one that the program has, or leave the line away",
            )  # fmt: skip


def _optional(read: Read, spec: Spec) -> bool:
    """Whether this kind of agent runs on the default where its model is not known, as Mistral Vibe's main ones do."""
    row = spec.by_field.get("model")
    needed = (row.fact("needed_by") if row is not None else None) or {}
    return any(key not in read.where or read.where[key].text != str(word) for key, word in needed.items())


def _long(checked: Checked, reader: Reader, read: Read) -> Iterator[Finding]:
    """Texts that are longer than the program takes."""
    for name, most in (reader.spec.tables.get("limits") or {}).items():
        value = getattr(read.agent, name, None)
        if isinstance(value, str) and isinstance(most, int) and len(value) > most:
            yield checked.finding(
                "C040", "warning", f"`{name}` has {len(value):,} characters, and {most:,} are the limit", read=read,
                at=read.where.get(name), reader=reader, path=name, meant="all of the text",
                does="takes no more than that", mend="shorten it, or move parts of it into files that the agent reads",
            )  # fmt: skip
