"""Deliberate faults in rights, lowering, paths and quoting, as data: where, what instead, what notices."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from agentconv import comparing, naming, rights, scopes, serverwords
from agentconv.lowering import (
    carriedback,
    choosing,
    fields,
    held,
    listedservers,
    lists,
    lower,
    maps,
    servers,
    tools,
    wish,
)
from agentconv.model import Rule, Scope, Tool, Tools
from agentconv.output import scalars
from agentconv.project import claims, files, sources
from agentconv.proof import aftermath, attempt, merging, sourcerights, starting, verify, verifytools
from agentconv.reading import keys, switches


@dataclass(frozen=True)
class Fault:
    """One fault. ``caught_by``: ``row:`` of the rights table, or a check of test_faults.py."""

    name: str
    module: Any
    attribute: str
    instead: Any
    caught_by: str
    wraps: bool = False  # ``instead`` is given the real thing first


def everywhere(module: Any, attribute: str, new: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put it in place of the real one wherever that was imported to, and forget what was counted before."""
    real = getattr(module, attribute)
    if isinstance(module, type):
        monkeypatch.setattr(module, attribute, new)
    for name, other in list(sys.modules.items()):
        if name.startswith("agentconv") and getattr(other, attribute, None) is real:
            monkeypatch.setattr(other, attribute, new)
    forget()


HOLDING = ("comparing", "convert", "grants", "lowering", "proof", "reading.switches", "rights", "scopes")


def forget() -> None:
    """Empty the caches that hold what was counted, chosen or proved."""
    for name, module in list(sys.modules.items()):
        if name.startswith(tuple(f"agentconv.{part}" for part in HOLDING)):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear") and getattr(value, "__module__", "") == name:
                    value.cache_clear()


def without(effect: str) -> Callable[..., Any]:
    """A count that passes over rules of one effect."""

    def wrong(real: Any, given: Tools, *rest: Any, **more: Any) -> Any:
        return real(Tools(given.base, tuple(r for r in given.rules if r.effect != effect)), *rest, **more)

    return wrong


def unscoped(real: Any, given: Tools, *rest: Any, **more: Any) -> Any:
    return real(Tools(given.base, tuple(replace(r, scope=None) for r in given.rules)), *rest, **more)


def widest(real: Any, dst: Any, *rest: Any) -> Any:
    return real(dst, frozenset({rights.Right(rights.ALL)}), frozenset(), *rest[2:])


def no_notes(*rest: Any, **more: Any) -> None:
    return None


def widest_setting(dst: Any, had: Any, forbid: Any, wanted: Any, mcp: Any) -> Any:
    return max(switches.measured(dst, had, forbid), key=lambda setting: len(setting.open))


def nothing_closed(real: Any, closed: Any, allowed: Any, spec: Any) -> Any:
    return real(set(), frozenset(rights.CLASSES), spec)


def every_server(job: Any, found: Any, listed: bool) -> Any:
    every = job.dst.tools.mcp.get("every")
    return None if every is None else [Rule("allow", Tool(str(every), server="*"), at="tools")]


def whole_key(job: Any, name: Any, cap: str, grant: Any, at: Any) -> Any:
    return [Rule("allow", name.tool(), None, grant.approval or "auto", at[0] if at else "tools")]


def distrusting_none(what: str, real: Any = serverwords.among) -> frozenset[str]:
    return frozenset() if what == "trust" else real(what)


def any_class(real: Any, cap: str, wanted: Any, allowed: Any, spec: Any) -> Any:
    return real(cap, wanted, frozenset(rights.CLASSES), spec)


FAULTS = [
    # counting
    Fault("everything is contained", comparing, "_holds", lambda have, one: True, "row:claude-agent-scope-to-vscode"),
    Fault(
        "a scope is none when covering",
        comparing,
        "covers",
        lambda have, one: have.cls == one.cls,
        "row:claude-agent-scope-to-vscode",
    ),
    Fault(
        "denied parts do not count when covering",
        comparing,
        "covers",
        lambda real, have, one: real(replace(have, minus=frozenset()), one),
        "row:opencode-scoped-shell-to-codex",
        True,
    ),
    Fault(
        "a tool of a server is its server",
        comparing,
        "_inside",
        lambda part, whole: part.split("/")[0] == whole.split("/")[0],
        "check:rights are told apart",
    ),
    Fault(
        "every server is every other", comparing, "_mcp_covers", lambda have, one: True, "check:rights are told apart"
    ),
    Fault(
        "nothing is ever gained",
        comparing,
        "gained",
        lambda before, after: frozenset(),
        "row:claude-agent-scope-to-vscode",
    ),
    Fault("nothing is ever lost", comparing, "lost", lambda before, after: frozenset(), "row:claude-deny-bash-to-roo"),
    Fault("a question is none", comparing, "_auto_from_ask", lambda known, one: False, "check:rights are told apart"),
    Fault("a star is a name", rights, "is_star", lambda tool: False, "row:claude-deny-star-to-vscode"),
    Fault("nothing said is nothing given", rights, "base_open", lambda given, spec: False, "row:claude-star-to-vscode"),
    Fault(
        "an absent list is everything",
        rights,
        "resolved",
        lambda given, spec: given if given.base else Tools("all", given.rules),
        "row:claude-absent-to-cline",
    ),
    Fault(
        "denials do not count by capability",
        rights,
        "by_capability",
        without("deny"),
        "row:claude-deny-bash-to-vscode",
        True,
    ),
    Fault(
        "denials do not count by name",
        rights,
        "by_name",
        without("deny"),
        "row:claude-read-grep-glob-to-opencode",
        True,
    ),
    Fault(
        "denials do not count by server", rights, "by_server", without("deny"), "row:claude-deny-star-to-vscode", True
    ),
    Fault(
        "scopes do not count by capability", rights, "by_capability", unscoped, "row:claude-agent-scope-to-vscode", True
    ),
    Fault(
        "what a field adds does not count",
        rights,
        "added_by_fields",
        lambda agent, spec: agent.tools,
        "row:qoder-servers-beside-list-to-claude",
    ),
    Fault(
        "what a field takes does not count",
        rights,
        "denied_by_fields",
        lambda agent, spec, program: frozenset(),
        "row:claude-plan-mode-to-vscode",
    ),
    Fault(
        "the list of agents does not count",
        rights,
        "_limit_delegates",
        lambda found, names: found,
        "row:vscode-delegates-to-claude",
    ),
    Fault(
        "what all agents have does not count",
        rights,
        "of_ambient",
        lambda spec: frozenset(),
        "row:claude-read-grep-to-roo",
    ),
    Fault("all is one right", rights, "spread", lambda found: found, "row:claude-plan-mode-to-opencode"),
    Fault(
        "every scope is within every other", scopes, "within", lambda one, whole: True, "check:rights are told apart"
    ),
    Fault(
        "a glob is a regex",
        scopes,
        "convert",
        lambda scope, kind: [Scope(kind, scope.text)],
        "row:claude-edit-scope-to-roo",
    ),
    # the source
    Fault(
        "a star that is none is one",
        sourcerights,
        "narrowed_star",
        lambda read, *rest: (read.agent, []),
        "row:claude-unquoted-star-list-to-vscode",
    ),
    Fault(
        "everything is what the author could mean by it",
        sourcerights,
        "narrowed_given",
        lambda read, *rest: (read.agent, []),
        "row:claude-deny-read-and-shell-to-vscode",
    ),
    # lowering
    Fault(
        "plan mode is not held",
        held,
        "_held_by_rights",
        lambda *rest: (frozenset(), {}),
        "row:claude-plan-mode-to-vscode",
    ),
    Fault(
        "no field is a limit", fields, "limit_in", lambda src, name, value: False, "row:claude-blocking-hook-to-vscode"
    ),
    Fault(
        "hooks go to every family", fields, "_hooks", lambda value, *rest: value, "row:claude-blocking-hook-to-vscode"
    ),
    Fault(
        "servers are started whoever named them",
        starting,
        "_kept",
        lambda asked, started: asked,
        "row:claude-servers-as-map-to-gemini",
    ),
    Fault(
        "limits of servers are forgotten",
        servers,
        "limited_servers",
        lambda agent, src: agent,
        "row:gemini-included-tools-to-claude",
    ),
    # the proof
    Fault("every refusal is lifted", aftermath, "refusal", no_notes, "row:claude-blocking-hook-to-vscode"),
    Fault("rights lost are not said", aftermath, "less", lambda *rest: [], "row:claude-deny-bash-to-roo"),
    Fault("meaning is not compared", verify, "check_meaning", lambda *rest: [], "check:broken quoting is refused"),
    Fault("rules are not compared", verifytools, "rules_arrived", lambda *rest: [], "check:a lost rule is refused"),
    # what travels along
    Fault("a carrier may bypass", carriedback, "HARMLESS", {}, "check:nothing forged comes back"),
    Fault(
        "a carrier may give more",
        carriedback,
        "more",
        lambda have, want: frozenset(),
        "check:nothing forged comes back",
    ),
    Fault("a carrier may contradict", carriedback, "_contradiction", no_notes, "check:nothing forged comes back"),
    Fault(
        "a guard is text", carriedback, "without_guard", lambda agent, file: (agent, []), "check:a forged guard goes"
    ),
    # paths
    Fault("a name is a path", naming, "file_id", lambda id, spec: id, "check:names are safe"),
    Fault("a slug keeps what it finds", naming, "slug", lambda text: text, "check:names are safe"),
    Fault("devices are names", naming, "_no_device", lambda name: name, "check:names are safe"),
    Fault("names have any length", naming, "LONGEST", 100_000, "check:names are safe"),
    Fault(
        "places lie anywhere",
        files.Inside,
        "look",
        lambda self, path: (f"{self.root}/{path}", False),
        "check:links are not followed",
    ),
    Fault("case makes a file", claims, "folded", lambda path: path, "check:one file is claimed once"),
    Fault("a link is followed", sources, "leads_out", lambda full, root: "", "check:sources stay inside"),
    # quoting
    Fault("everything is plain", scalars, "_is_plain", lambda text: True, "check:texts arrive"),
    Fault("quotes are enough", scalars, "_quoted", lambda text: f'"{text}"', "check:texts arrive"),
    Fault("TOML without escapes", scalars, "_toml_string", lambda text: f'"{text}"', "check:texts arrive"),
    Fault("a TOML block without escapes", scalars, "_toml_block", lambda text: f'"""\n{text}"""', "check:texts arrive"),
    Fault("keys are plain", scalars, "yaml_key", lambda key: key, "check:keys arrive"),
    Fault("TOML keys are plain", scalars, "toml_key", lambda key: key, "check:keys arrive"),
    Fault("every text fits UTF-8", scalars, "_escape", lambda found: found[0], "check:texts arrive"),
    # lowering: what is written would be wider, and the proof or the row notices it
    Fault("a switch is set to its widest value", switches, "pick", widest_setting, "row:claude-read-to-cursor"),
    Fault(
        "a limited tool is made whole",
        rights.Grant,
        "whole",
        property(lambda self: self.any),
        "row:claude-bash-scope-to-vscode",
    ),
    Fault(
        "denied tools stay in a list",
        choosing,
        "everything_but",
        nothing_closed,
        "row:claude-deny-bash-to-vscode",
        True,
    ),
    Fault("a deny-list forgets its tools", lists, "keeps", lambda *rest: True, "row:claude-deny-scoped-to-opencode"),
    Fault(
        "denied MCP servers are forgotten",
        listedservers,
        "denied_servers",
        lambda *rest: [],
        "row:claude-deny-server-to-qoder",
    ),
    Fault("every MCP server stands for one", listedservers, "_every", every_server, "row:claude-deny-bash-to-vscode"),
    Fault(
        "a permission map never asks",
        maps,
        "asking",
        lambda job, wished: "auto",
        "row:claude-approval-ask-to-opencode",
    ),
    Fault("patterns of a map are whole", maps, "_patterns", whole_key, "row:claude-bash-scope-to-opencode"),
    Fault(
        "nothing left is nothing said",
        lists,
        "or_none",
        lambda job, tools: tools if tools.rules else Tools(),
        "row:claude-empty-list-to-vscode",
    ),
    Fault("a name may bring any right", choosing, "best", any_class, "row:claude-server-to-openhands", True),
    # no name of the target that brings a class is chosen without leave (`ToolJob.literal`): only a note is another one
    Fault("classes that must not arrive do", wish, "shut_forbidden", no_notes, "row:claude-plan-without-commands"),
    Fault(
        "any agent may be called",
        tools,
        "_agents_limit",
        lambda job, wishes: (wishes, None),
        "row:vscode-delegates-to-claude",
    ),
    Fault(
        "rules are copied between all formats",
        tools,
        "word_for_word",
        lambda job: job.agent.tools,
        "row:claude-edit-write-to-vscode",
    ),
    Fault(
        "no key of a program limits",
        keys,
        "is_limit",
        lambda row, value: False,
        "row:devin-asked-commands-to-claude",
    ),
    Fault(
        "a field of the target brings nothing along",
        fields,
        "_implied",
        lambda *rest: set(),
        "row:qoder-memory-to-claude",
    ),
    Fault(
        "keys beside the list are forgotten",
        lower,
        "_beside_list",
        lambda extras, *rest: extras,
        "row:claude-reading-to-antigravity",
    ),
    Fault(
        "other readers of a place do not count",
        attempt.Attempt,
        "gained_elsewhere",
        property(lambda self: frozenset()),
        "row:opencode-delegate-to-vscode",
    ),
    Fault("trust travels", servers, "among", distrusting_none, "row:claude-trusted-server-to-gemini"),
    Fault(
        "switched-off servers are started",
        servers,
        "_switched_off",
        lambda config: "",
        "row:claude-switched-off-server-to-junie",
    ),
    Fault("a shared file may hold anything", merging, "_same", lambda *rest: True, "check:a changed entry is refused"),
    Fault(
        "a carrier may start programs",
        carriedback,
        "FIELDS",
        (*carriedback.FIELDS, "hooks", "mcp_servers"),
        "check:nothing forged comes back",
    ),
]
