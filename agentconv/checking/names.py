"""Names: against the file, against each other, against the program's own."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding
from agentconv.containers import Node
from agentconv.naming import slug
from agentconv.reading.context import Read
from agentconv.reading.fromplace import place_id

STDIN = "-"  # a file without a name


def produce(checked: Checked) -> Iterator[Finding]:
    """Reserved names, names that are not the file's, and names that two agents have."""
    for reader in checked.readers:
        reserved = set(reader.spec.identity.get("reserved") or ())
        for read in checked.author.agents:
            twin = reader.twin(read, len(checked.author.agents))
            called = twin.agent.id if twin is not None else ""
            if called in reserved:
                own = called in (reader.spec.identity.get("own_rules") or {})
                behind = ", with rules of its own behind the file's" if own else ""
                both = "put_together" in reader.spec.identity
                does = "puts its own and this one together" if both else "puts this agent in the place of its own"
                yield checked.finding(
                    "C041", "warning", f"`{called}` is an agent of {reader.program} itself", read=read, at=_name(read),
                    reader=reader, path="name", meant="an agent of its own",
                    does=f"{does}{behind}",
                    mend="give it another name, if that is not meant",
                )  # fmt: skip
    if not checked.owner.reading.agents:
        return
    for read in checked.author.agents:
        yield from _stem(checked, read)
        yield from _twice(checked, read)


def _name(read: Read) -> Node | None:
    return read.where.get("name") or read.where.get("id")


def _stem(checked: Checked, read: Read) -> Iterator[Finding]:
    """The name in the file and the name of the file, where one of them is the one that counts."""
    spec = checked.spec
    name = read.agent.name
    if spec.many or checked.path in ("", STDIN) or name is None or _name(read) is None:
        return
    if spec.identity.get("name_differs") or spec.identity.get("any_file"):
        return  # the file does not load, which is said; or nobody looks for a file of this name
    stem = place_id(spec, checked.path).rsplit("/", 1)[-1]
    if name == stem or not stem:
        return
    if slug(name) == slug(stem) and spec.identity.get("name_is") is None:
        return  # `Planner` in planner.agent.md: nobody looks for another
    by = spec.identity.get("by")
    if by == "name" or spec.identity.get("over") == "name":
        does = f"calls it `{name}`; the file's name `{stem}` is no name for it"
        meant = f"`{name}`, or `{stem}`"
    else:
        does = f"calls it `{read.agent.id}`, as the file is called; `name` is only shown, if at all"
        meant = f"`{name}`"
    must = spec.identity.get("name_is") is not None
    if must:
        meant, does = f"`{name}`", f"wants both to be the same; who looks for `{stem}` finds another name"
    yield checked.finding(
        "C042", "warning" if must else "info", f"the name `{name}` is not the file's (`{stem}`)", read=read,
        at=_name(read), reader=checked.owner, path="name", meant=meant, does=does, mend="let both be the same",
    )  # fmt: skip


def _twice(checked: Checked, read: Read) -> Iterator[Finding]:
    """Another file of the same format with an agent of this name."""
    if checked.around is None:
        return
    files = checked.around.files.get(checked.spec.id, {}).get(read.agent.id, ())
    others = [path for path in files if path != checked.path]
    if others:
        yield checked.finding(
            "C043", "warning", f"`{read.agent.id}` is here twice: also in {others[0]}", read=read, at=_name(read),
            reader=checked.owner, path="name", meant="two agents", does="has one of them, and the other is not there",
            mend="give one of them another name",
        )  # fmt: skip
    elif len(files) > 1 and checked.author.agents.index(read) > 0:
        yield checked.finding(
            "C043", "warning", f"`{read.agent.id}` stands twice in this file", read=read, at=_name(read) or read.entry,
            reader=checked.owner, path="name", meant="two agents", does="has one of them, and the other is not there",
            mend="give one of them another name",
        )  # fmt: skip
