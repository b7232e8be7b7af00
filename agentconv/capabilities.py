"""Tables of agentconv/data, and what the words of capabilities.yaml cost and mean."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from agentconv import compiled

DATA = Path(__file__).parent / "data"


@cache
def load_data(name: str) -> dict[str, Any]:
    """A table of agentconv/data."""
    data: dict[str, Any] | None = compiled.table(compiled.data_of(name))
    if data is not None:
        return data
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read: dict[str, Any] = yaml.load((DATA / f"{name}.yaml").read_text("utf-8"), loader)
    return read


def risk(cap: str) -> str:
    """The risk class of a capability."""
    return str(load_data("capabilities")[cap]["risk"])


def portable(cap: str) -> bool:
    """Whether two programs mean the same by it: what only one program has never stands for another's."""
    return load_data("capabilities")[cap].get("portable", True) is not False


def near(cap: str) -> dict[str, str]:
    """What may stand in for a capability, with the effect of that step."""
    return dict(load_data("capabilities")[cap].get("near", {}))


def part_of(cap: str) -> str:
    """The capability that this one is nothing without: who denies that one denies both."""
    return str(load_data("capabilities")[cap].get("part_of", ""))


@cache
def limited(cap: str) -> bool:
    """Whether it is a right for itself, less than its class: who runs tests has no free shell."""
    return bool(load_data("capabilities")[cap].get("limited"))


@cache
def lesser(cap: str) -> bool:
    """Whether others of its class can more: it makes no limit of theirs idle."""
    return bool(load_data("capabilities")[cap].get("lesser"))


def cap_title(cap: str) -> str:
    """The capability in words."""
    return str(load_data("capabilities")[cap]["title"])


@cache
def common_caps() -> frozenset[str]:
    """What most programs have."""
    return frozenset(cap for cap, facts in load_data("capabilities").items() if facts.get("common"))


@cache
def all_caps() -> tuple[str, ...]:
    """Every capability there is."""
    return tuple(load_data("capabilities"))
