"""Converts AI-agent definitions between programs. The public names are loaded when first used."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; `typing` itself would be half of what `--version` costs
if TYPE_CHECKING:
    from typing import Any

    from agentconv.checking.finding import Finding
    from agentconv.conversion import Conversion
    from agentconv.library import (
        NotOneAgent,
        NotReadable,
        UnknownFormat,
        check_text,
        convert_text,
        convert_texts,
        formats,
        read,
        render,
    )
    from agentconv.lowering.lowered import Options
    from agentconv.model import Agent, Handoff, Model, Rule, Scope, Tool, Tools
    from agentconv.notes import Note
    from agentconv.reading.context import Reading

__version__ = "0.1.0"

# module -> public names that live there; `agentconv --version` must not pay for any of them
_PUBLIC = {
    "agentconv.library": (
        "check_text convert_text convert_texts formats read render NotOneAgent NotReadable UnknownFormat"
    ),
    "agentconv.checking.finding": "Finding",
    "agentconv.conversion": "Conversion",
    "agentconv.lowering.lowered": "Options",
    "agentconv.model": "Agent Handoff Model Rule Scope Tool Tools",
    "agentconv.notes": "Note",
    "agentconv.reading.context": "Reading",
}
_HOME = {name: module for module, names in _PUBLIC.items() for name in names.split()}
__all__ = [  # noqa: RUF022 - functions first
    "convert_text",
    "convert_texts",
    "check_text",
    "read",
    "render",
    "formats",
    "Agent",
    "Conversion",
    "Finding",
    "Handoff",
    "Model",
    "NotOneAgent",
    "NotReadable",
    "Note",
    "Options",
    "Reading",
    "Rule",
    "Scope",
    "Tool",
    "Tools",
    "UnknownFormat",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
