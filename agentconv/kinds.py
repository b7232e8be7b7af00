"""The kinds of agents that a run has met (``agentconv.alike``), and what became of the first of each."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from agentconv.alike import Apart, apart
from agentconv.reading.context import Get
from agentconv.records import dataclass
from agentconv.signs import Texts
from agentconv.spec import Spec

MOST = 400  # kinds that are kept

Made = TypeVar("Made")


Family = dict[Hashable, bool]  # what second ones of any of its kinds have shown to hold, or not to hold


class Form(Protocol[Made]):
    """What became of one agent of a kind, with gaps for its texts."""

    def prove(self, texts: Texts, made: Made) -> None:
        """Fill in what another agent says. What gives what became of that one may be used, what gives something else
        may not; with the same description it shows nothing of other ones."""

    def filled(self, texts: Texts) -> Made | None:
        """What becomes of another one, as far as that is proved."""


@dataclass(slots=True)
class First(Generic[Made]):
    """The first agent of a kind. Its form is made when a second one asks for it: of half of the kinds there is none."""

    texts: Texts
    made: Made | None  # until there is a form
    family: Family
    form: Form[Made] | None = None


class Kinds(Generic[Made]):
    """The kinds that were met. ``form``: what became of an agent, with gaps, or ``None`` where its texts are in places
    that cannot be told. ``family``: what kinds have in common that share what is shown. ``kept``: a copy of what became
    of one, of which somebody else goes on to say more."""

    def __init__(
        self,
        form: Callable[[Texts, Made, Family], Form[Made] | None],
        family: Callable[[Hashable], Hashable] = lambda kind: kind,
        kept: Callable[[Made], Made] = lambda made: made,
    ) -> None:
        self._form, self._family, self._kept = form, family, kept
        self._kinds: dict[Hashable, First[Made]] = {}
        self._families: dict[Hashable, Family] = {}
        self.filled = 0  # agents that were not worked out in full

    def fresh(self) -> Kinds[Made]:
        """Others, of which none was met."""
        return Kinds(self._form, self._family, self._kept)

    def apart(self, spec: Spec, text: str, path: str, get: Get | None, beside: Hashable) -> Apart | None:
        """The kind of a file, which is another one where other things are said ``beside`` it."""
        like = apart(spec, text, path, get)
        return like and Apart((like.kind, beside), like.texts)

    def get(self, like: Apart) -> Made | None:
        """What becomes of an agent like others before it, as far as that is known."""
        first = self._kinds.get(like.kind)
        form = None if first is None else self._form_of(first)
        found = None if form is None else form.filled(like.texts)
        self.filled += bool(found)
        return found

    def learn(self, like: Apart, made: Made) -> None:
        """What became of an agent that was worked out in full."""
        if like.kind not in self._kinds:
            if len(self._kinds) >= MOST:
                self._kinds.clear()
                self._families.clear()
            family = self._families.setdefault(self._family(like.kind), {})
            self._kinds[like.kind] = First(like.texts, self._kept(made), family)
            return
        first = self._kinds[like.kind]
        form = self._form_of(first)
        if form is not None and like.texts.other(first.texts):
            form.prove(like.texts, made)

    def _form_of(self, first: First[Made]) -> Form[Made] | None:
        if first.made is not None:
            first.form, first.made = self._form(first.texts, first.made, first.family), None
        return first.form
