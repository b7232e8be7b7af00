"""Converts AI-agent definitions between programs. The public names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentconv.convert import convert_text
    from agentconv.lowering.lower import Options
    from agentconv.model import Agent
    from agentconv.notes import Note
    from agentconv.registry import ids as formats

__version__ = "0.1.0"
__all__ = ["Agent", "Note", "Options", "__version__", "convert_text", "formats"]

# public name -> module and name there; `agentconv --version` must not pay for any of them
_HOME = {
    "Agent": ("agentconv.model", "Agent"),
    "Note": ("agentconv.notes", "Note"),
    "Options": ("agentconv.lowering.lower", "Options"),
    "convert_text": ("agentconv.convert", "convert_text"),
    "formats": ("agentconv.registry", "ids"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module, attribute = _HOME[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
