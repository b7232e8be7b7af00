"""Descriptions and tables as Python, for an installed agentconv.

YAML is the source, and a checkout reads it. A wheel also holds what YAML gives, as literals in modules
(``agentconv/_compiled``), made when it is built: reading 33 heads, two formats and the data costs a third of the start
of a command otherwise. They are code of the package like any other, so nothing that lies about can change them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
HEADS, VOCABULARY, LIMITS = "heads", "vocabulary", "limits"
DATA = ("capabilities", "headers", "models", "notes", "others", "proved", "servers")
_UNTOUCHED = "# Made from the YAML files of agentconv by hatch_build.py. Not to be changed.\n"


def table(name: str) -> Any:
    """What a wheel holds under this name; ``None`` in a checkout."""
    try:
        return import_module(f"agentconv._compiled.{name}").DATA
    except ModuleNotFoundError:
        return None


def tables_of(id: str) -> str:
    """The name of a format's tables."""
    return f"format_{id.replace('-', '_')}"


def data_of(name: str) -> str:
    """The name of a table of agentconv/data."""
    return f"data_{name}"


def modules() -> Iterator[tuple[str, str]]:
    """File names and texts of the modules."""
    import yaml

    yield "__init__.py", _UNTOUCHED
    heads = {}
    for path in sorted(PACKAGE.glob("formats/*/format.yaml")):
        head, _, tables = path.read_text("utf-8").partition("\n---\n")
        heads[path.parent.name] = yaml.safe_load(head)
        yield f"{tables_of(path.parent.name)}.py", _module(yaml.safe_load(tables) or {})
    yield f"{HEADS}.py", _module(heads)
    yield f"{VOCABULARY}.py", _module(_vocabulary())
    yield f"{LIMITS}.py", _module(_limits())
    for name in DATA:
        yield f"{data_of(name)}.py", _module(yaml.safe_load((PACKAGE / "data" / f"{name}.yaml").read_text("utf-8")))


def _vocabulary() -> Any:
    """The tool names of all formats, which one unknown word asks for: they are worked out from the tables of all."""
    from agentconv import registry

    return registry.vocabulary()


def _limits() -> Any:
    """The keys that limit an agent in any format, which one unknown key asks for."""
    from agentconv import limitkeys

    return limitkeys.of_built_in()


def _module(data: Any) -> str:
    import pprint

    text = pprint.pformat(data, width=118, sort_dicts=False)
    return f"{_UNTOUCHED}import datetime  # noqa: F401\n\nDATA = {text}\n"
