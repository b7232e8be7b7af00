"""Templates that say nothing but lines, laid out without Jinja: to import it is a sixth of what one file takes.

A template stays a Jinja template. Those of most containers need four of its forms: text, a comment that is a line,
``{{ name }}`` with at most one filter, and a loop over the items of a map with its ``{% … %}`` on lines of their own.
What says these and nothing else is laid out here, and comes out as Jinja lays it out (``trim_blocks``, nothing
escaped, line ends as ``\\n``); anything else is not taken, and Jinja has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Names = Mapping[str, Any]
Filters = Mapping[str, Callable[..., str]]
Step = Callable[[Names, Callable[[str], None]], None]  # puts its text, made of the values that names stand for

GIVEN = frozenset({"rows", "prompt"})  # of what a template may use
INNER = frozenset({"key", "value", "inner", "item"})  # names in loops; none of them means anything else to Jinja

_COMMENT = re.compile(r"\{# [^#{}]* #\}")
_VALUE = re.compile(r"\{\{ (\w+)(?: \| (\w+))? \}\}")
_LOOP = re.compile(r"\{% for (\w+), (\w+) in (\w+)\.items\(\)(?: if (\w+) is (not )?mapping)? %\}")
_END = "{% endfor %}"


class PlainLayout:
    """A template that was taken."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps

    def render(self, **names: Any) -> str:
        """The text, from ``rows`` and ``prompt``; other names may be given, as they are to templates of Jinja."""
        parts: list[str] = []
        for step in self._steps:
            step(names, parts.append)
        return "".join(parts)


class _Other(Exception):
    """The template says more than lines."""


def plain_layout(text: str, filters: Filters) -> PlainLayout | None:
    """The template, or ``None`` where it says anything that is not known here."""
    if "\r" in text:
        return None
    try:
        return PlainLayout(_steps(text.split("\n"), GIVEN, frozenset({"rows"}), filters))
    except _Other:
        return None


def _steps(lines: list[str], names: frozenset[str], maps: frozenset[str], filters: Filters) -> list[Step]:
    """The steps up to the end of the loop, or of the template: takes their lines away. ``maps``: names of maps."""
    steps: list[Step] = []
    inside = names != GIVEN
    while len(lines) > 1:
        line = lines.pop(0)
        if inside and line == _END:
            return steps
        if found := _LOOP.fullmatch(line):
            steps.append(_loop(found, lines, names, maps, filters))
        elif not _COMMENT.fullmatch(line):
            steps += _line(line + "\n", names, filters)
    if inside:
        raise _Other
    return steps + _line(lines[0], names, filters)  # what stands behind the last line break


def _loop(
    found: re.Match[str], lines: list[str], names: frozenset[str], maps: frozenset[str], filters: Filters
) -> Step:
    first, second, over, tested, negated = found.groups()
    own = frozenset({first, second})
    if len(own) < 2 or not own <= INNER or over not in maps or tested not in (None, *names, *own):
        raise _Other
    inner_maps = maps - own | ({tested} if tested and not negated else set())
    steps = _steps(lines, names | own, inner_maps, filters)

    def step(names: Names, put: Callable[[str], None]) -> None:
        for key, value in names[over].items():
            inner = {**names, first: key, second: value}
            if tested is None or isinstance(inner[tested], Mapping) is not bool(negated):
                for one in steps:
                    one(inner, put)

    return step


def _line(line: str, names: frozenset[str], filters: Filters) -> list[Step]:
    """A line's texts and values. A brace that belongs to no value may be anything."""
    steps: list[Step] = []
    *before, behind = _VALUE.split(line)
    for text, name, word in zip(*[iter(before)] * 3, strict=True):
        if name not in names or word not in (None, *filters):
            raise _Other
        steps += [_text(text), _value(name, filters[word] if word else str)]
    return [*steps, _text(behind)]


def _text(text: str) -> Step:
    if "{" in text or "}" in text:
        raise _Other
    return lambda names, put: put(text)


def _value(name: str, written: Callable[[Any], str]) -> Step:
    return lambda names, put: put(written(names[name]))
