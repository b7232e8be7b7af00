"""The agents of a batch: what each is called where it comes from, and what the target will call it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentconv.model import Agent
from agentconv.spec import Spec


@dataclass(frozen=True, slots=True)
class Member:
    """One agent of the batch. ``words``: what its source may call it, the program's own word first."""

    words: tuple[str, ...]
    title: str = ""
    source: str = ""  # its file, from the root of the project
    becomes: str = ""  # what the target calls it
    output: str = ""  # the target's file


@dataclass(frozen=True, slots=True)
class Company:
    """All agents of a batch by the words that mean them; a word of two agents means neither."""

    members: tuple[Member, ...] = ()
    by_word: dict[str, Member] = field(default_factory=dict, compare=False)
    by_file: dict[str, Member] = field(default_factory=dict, compare=False)

    @property
    def renamed(self) -> dict[str, str]:
        """Words that the target does not know, with its own; what would be taken for another agent is left out."""
        return {
            word: m.becomes
            for word, m in self.by_word.items()
            if m.becomes and word != m.becomes and m.becomes not in self.by_word and word not in titles(m)
        }


def titles(member: Member) -> tuple[str, ...]:
    """What people read and no program calls the agent by."""
    return (member.title,) if member.title and member.title not in member.words[:1] else ()


def gathered(members: Iterable[Member]) -> Company:
    """The members with their words."""
    kept = tuple(members)
    words: dict[str, Member] = {}
    twice: set[str] = set()
    for member in kept:
        for word in dict.fromkeys(w for w in (*member.words, member.title) if w):
            if word in words and words[word].words[:1] != member.words[:1]:
                twice.add(word)
            words.setdefault(word, member)
    by_word = {word: m for word, m in words.items() if word not in twice}
    return Company(kept, by_word, {m.source: m for m in kept if m.source})


def member(agent: Agent, path: str = "", dst: Spec | None = None, user: bool = False) -> Member:
    """An agent as its batch knows it; ``dst``: with what the target makes of its name."""
    words = tuple(dict.fromkeys(w for w in (agent.id, agent.name, agent.id.rsplit("/", 1)[-1]) if w and w.strip()))
    title = agent.title or ""
    if dst is None or not words:
        return Member(words, title, path)
    from agentconv.lowering.lowered import Lowered
    from agentconv.lowering.texts import lower_identity
    from agentconv.output.render import output_path

    fields = lower_identity(agent, dst, Lowered(Agent()))
    by_name = dst.identity.get("by", "name") == "name"
    becomes = str(fields.get("name") or fields["id"]) if by_name else str(fields["id"])
    output = output_path(Agent(id=str(fields["id"]), name=fields.get("name")), dst, user)
    return Member(words, title, path, becomes, output)
