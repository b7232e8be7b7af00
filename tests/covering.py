"""All pairs of formats grow with the square of the formats: what of them is in every run, and what once a week.

Every agent goes from every format to every format in each run, once: in ``test_carry``, where it has to be written and
no proof may fail. What is asked beside this (the way home; the status and its notes; a count of rights by hand) is
asked of

- every pair of formats, with a third of the agents and with the one that says most of the fields of the model; every
  agent from every format to a third of the others. Formats of one kind (syntax, control, one or many) stand side by
  side in the order by which the third is taken: where there are three of a kind, each agent meets one of them;
- on the way home, each set of fields that travels along: for each pair of formats, and for each agent from each format.

What is left to the marker ``every`` (once a week, and by hand before a change of the core: ``pytest -m every``) is a
fault that one agent alone shows, on the way from one format alone to one format alone, or to a kind of a few formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import pytest

from agentconv import convert, registry
from agentconv.reading.context import Reading
from agentconv.spec import Spec

T = TypeVar("T")
SHARE = 3
FULL = "everything"  # the agent that says most: a field that is lost between two formats is seen in it


@cache
def order() -> dict[str, int]:
    """Each format and its number; formats of one kind stand side by side."""
    return {id: n for n, id in enumerate(sorted(registry.ids(), key=_kind))}


def _kind(id: str) -> tuple[str, str, bool, bool, str]:
    spec = registry.load(id)
    return spec.syntax, spec.tools.control, bool(spec.many), bool(spec.text_kind), id


def goes(n: int, name: str, a: str, b: str) -> bool:
    """Whether the agent (or case) of this number and name goes from ``a`` to ``b`` in every run."""
    return name == FULL or (n + order()[a] + order()[b]) % SHARE == 0


def beginning_at(n: int, items: Iterable[T]) -> list[T]:
    """The items from the one of that number on, and then those before it."""
    some = list(items)
    return some[n % len(some) :] + some[: n % len(some)]


@contextmanager
def reading_once(text: str) -> Iterator[None]:
    """Inside, ``convert_text`` reads this text once, as a run with many targets does."""
    known: dict[tuple[Any, ...], Reading] = {}
    read = convert.read_author

    def remembered(spec: Spec, *given: Any) -> Reading:
        if given[0] != text:
            return read(spec, *given)
        key = (spec.id, *given)
        if key not in known:
            known[key] = read(spec, *given)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "read_author", remembered)
        yield
