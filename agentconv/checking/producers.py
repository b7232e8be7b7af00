"""Who finds what. A producer is a function ``(Checked) -> Iterable[Finding]``; it is imported when a check runs.

The usual ones always run; the others are asked for by name (an option of the command)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding, joined

Producer = Callable[[Checked], Iterable[Finding]]

USUAL = {
    "loading": "agentconv.checking.loading:produce",
    "header": "agentconv.checking.headers:produce",
    "restrictions": "agentconv.checking.restrictions:produce",
    "tools": "agentconv.checking.toolnames:produce",
    "undone": "agentconv.checking.undone:produce",
    "values": "agentconv.checking.values:produce",
    "keys": "agentconv.checking.keys:produce",
    "names": "agentconv.checking.names:produce",
    "references": "agentconv.checking.references:produce",
    "prompts": "agentconv.checking.prompts:produce",
    "targets": "agentconv.checking.targets:produce",
}
MORE = {"bodies": "agentconv.checking.bodies:produce"}  # name -> producer, run where it is asked for


def producer(name: str) -> Producer:
    """The producer of this name."""
    module, _, function = {**USUAL, **MORE}[name].partition(":")
    made: Producer = getattr(import_module(module), function)
    return made


def findings(checked: Checked, more: Iterable[str] = ()) -> list[Finding]:
    """All findings in a file, by place."""
    return joined(list(_all(checked, more)))


def _all(checked: Checked, more: Iterable[str]) -> Iterator[Finding]:
    for name in (*USUAL, *more):
        yield from producer(name)(checked)
