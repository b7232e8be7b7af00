"""All pairs of formats grow with the square of the formats: which of them each agent goes through in every run.

What becomes of an agent on its way from A to B is decided by what it says, by the facts of A and by those of B: syntax,
kind of control, one agent in a file or many, which fields have a place. So each run goes through

- every pair of formats, with a third of the agents and with the one that says most of the fields of the model;
- every agent from every format to a third of the others. Formats of one kind (syntax, control, one or many) stand side
  by side in the order by which the third is taken: where there are three of a kind, each agent meets one of them.

What is left to the marker ``every`` (once a week, and by hand after a change of the core: ``pytest -m every``): a fault
that one agent alone shows, on the way from one format alone to one format alone, or to a kind that is a few formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from agentconv import convert, registry
from agentconv.proof import asked
from agentconv.reading.context import Reading
from agentconv.spec import Spec

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


@contextmanager
def reading_once() -> Iterator[None]:
    """Inside, ``convert_text`` reads a file that goes to many formats once, as a run with many targets does."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((convert, "read_author"), (asked, "read_program")):
            patch.setattr(module, name, _once(getattr(module, name)))
        yield


def _once(read: Callable[..., Reading]) -> Callable[..., Reading]:
    known: dict[tuple[Any, ...], Reading] = {}

    def remembered(spec: Spec, *given: Any) -> Reading:
        key = (spec.id, *given)
        if key not in known:
            known[key] = read(spec, *given)
        return known[key]

    return remembered
