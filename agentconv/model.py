"""The one model that every format is read into and written from.

Every field may be *unsaid* (``None``), which differs from empty. Everything is frozen: lowering
makes a new agent instead of changing one, so the source stays at hand for the proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from operator import attrgetter
from typing import Any, Literal, get_args

from agentconv.records import dataclass

Base = Literal["all", "builtin", "none"]
Effect = Literal["allow", "deny"]
Approval = Literal["ask", "auto"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A limit inside one tool: ``git *`` for a shell, ``*.md`` for an editor.

    ``kind`` is one of command-glob, command-prefix, path-glob, path-regex, domain, agent, text, own (of the program);
    ``text`` is as the source wrote it.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a rule names it.

    ``caps`` is what its name means (words of data/capabilities.yaml, or ``*`` for every tool), ``also``
    what comes along. ``server`` is set for tools of MCP servers; ``member`` is the one tool of it, ``None``
    all of them; server ``*`` is any server. A name that nobody knows has neither.
    """

    name: str
    caps: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    server: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a tool control. ``at`` is where it stands in the source (``tools[2]``)."""

    effect: Effect
    tool: Tool
    scope: Scope | None = None
    approval: Approval | None = None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Tools:
    """``base`` and then the rules; the last rule that matches a tool wins.

    ``base`` ``None`` is unsaid: what the program gives an agent without a list.
    """

    base: Base | None = None
    rules: tuple[Rule, ...] = ()


UNSAID = Tools()


@dataclass(frozen=True, slots=True)
class Model:
    """One wished model: ``id`` canonical (data/models.yaml) where known, else only the text."""

    text: str
    id: str | None = None
    tier: str | None = None
    maker: str | None = None


@dataclass(frozen=True, slots=True)
class Handoff:
    """A next step that the program offers after this agent."""

    agent: str
    label: str = ""
    prompt: str = ""
    send: bool | None = None
    model: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extra:
    """A key that no field of the model took. It means something to its own format only."""

    key: str
    value: Any
    format: str = ""
    limits: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent definition, as wide as the widest of the formats."""

    # identity
    id: str = ""
    name: str | None = None
    title: str | None = None
    description: str | None = None
    when_to_use: str | None = None
    prompt: str | None = None
    prompt_parts: Mapping[str, str] | None = None
    prompt_mode: str | None = None  # replaces | added
    # tools
    tools: Tools = UNSAID
    # model
    model: tuple[Model, ...] | None = None
    effort: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    # conduct
    mode: str | None = None  # primary | subagent | all
    permission_mode: str | None = None  # default accept-edits auto bypass bubble dont-ask plan
    max_turns: int | None = None
    timeout: int | None = None
    background: bool | None = None
    isolation: str | None = None
    memory: str | None = None
    sandbox: str | None = None
    project_context: bool | None = None
    # reach
    delegates: tuple[str, ...] | None = None
    handoffs: tuple[Handoff, ...] | None = None
    skills: tuple[str, ...] | None = None
    mcp_servers: Any = None
    hooks: Any = None
    context: Mapping[str, Any] | None = None
    attachments: tuple[str, ...] | None = None
    # visibility
    user_invocable: bool | None = None
    model_invocable: bool | None = None
    hidden: bool | None = None
    disabled: bool | None = None
    color: str | None = None
    icon: str | None = None
    argument_hint: str | None = None
    welcome: str | None = None
    # routing
    capabilities: tuple[str, ...] | None = None
    task_types: tuple[str, ...] | None = None
    tools_required: tuple[str, ...] | None = None
    priority: int | None = None
    examples: tuple[Mapping[str, Any], ...] | None = None
    tags: tuple[str, ...] | None = None
    author: str | None = None
    version: str | None = None
    license: str | None = None
    metadata: Mapping[str, Any] | None = None
    # the rest
    extras: tuple[Extra, ...] = ()

    def said(self) -> dict[str, Any]:
        """The fields that say something, in the order of the class."""
        found = {name: value for name, value in zip(FIELDS, VALUES(self), strict=True) if value is not None}
        if self.tools == UNSAID:
            del found["tools"]
        if not self.extras:
            del found["extras"]
        return found


FIELDS: tuple[str, ...] = tuple(f.name for f in fields(Agent))
VALUES: attrgetter[tuple[Any, ...]] = attrgetter(*FIELDS)

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra")
# in these less is asked for than by default: what a program does not take for one of them is none
LOOSER_MODES = frozenset(("accept-edits", "auto", "bypass"))
PERMISSION_MODES = ("default", "accept-edits", "auto", "bypass", "bubble", "dont-ask", "plan")
MODES = ("primary", "subagent", "all")
BASES: tuple[str, ...] = get_args(Base)
