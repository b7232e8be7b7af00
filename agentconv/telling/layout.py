"""An agent through a layout of the user's own: for a page, a table, a prompt for something that is no program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

BESIDE = ("format", "source", "id", "name", "prompt_mode")  # where it came from, and what its file does not say


class LayoutFails(Exception):
    """The template cannot be used; the message has its line."""


class Watched(Mapping[str, Any]):
    """The agent's fields; which of them were looked at is remembered."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data, self.seen = data, set[str]()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        self.seen |= set(self._data)
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    @property
    def never_used(self) -> list[str]:
        """Fields that say something and were not looked at."""
        return [name for name in self._data if name not in self.seen and name not in BESIDE]


def laid_out(agents: list[dict[str, Any]], template: str) -> tuple[str, list[list[str]]]:
    """The text, and for each agent the fields that the template never used. It gets ``agent``, once for each agent."""
    from jinja2 import TemplateError

    from agentconv.output.templates import environment

    env = environment().overlay(loader=None)
    parts, unused = [], []
    try:
        compiled = env.from_string(template)
        for data in agents:
            agent = Watched(data)
            parts.append(compiled.render(agent=agent))
            unused.append(agent.never_used)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise LayoutFails((f"line {line}: " if line else "") + str(error.message or error)) from error
    except (TypeError, ValueError) as error:
        raise LayoutFails(str(error)) from error
    return "".join(parts), unused
