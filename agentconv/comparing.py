"""A right, and whether it is within those at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from agentconv.model import Approval, Scope
from agentconv.records import dataclass
from agentconv.scopes import convert, within

CLASSES = ("reads", "writes", "runs", "network", "delegates")
ALL = "all"
MCP = "mcp:*"


@dataclass(frozen=True, slots=True)
class Right:
    """A class, whole or limited: ``scope`` allows only that, ``minus`` takes something away."""

    cls: str
    scope: Scope | None = None
    minus: frozenset[Scope] = frozenset()
    approval: Approval | None = None

    def __str__(self) -> str:
        but = ", ".join(sorted(s.text for s in self.minus))
        if self.scope:
            return f"{self.cls}({self.scope.text}, not {but})" if but else f"{self.cls}({self.scope.text})"
        return f"{self.cls}(not {but})" if but else self.cls

    @property
    def whole(self) -> bool:
        """Nothing limits it."""
        return not self.scope and not self.minus


Rights = frozenset[Right]


def spelled(rights: Iterable[Right]) -> list[str]:
    """Rights as the report writes them, in the order of the classes."""
    order = {cls: n for n, cls in enumerate((ALL, *CLASSES))}
    return sorted({str(r) for r in rights}, key=lambda t: (order.get(t.split("(")[0], 9), t))


# -- comparing --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """Rights at hand. Lists of tools can be long: hundreds of rights are compared with as many."""

    rights: Rights
    by_class: dict[str, list[Right]]
    by_scope: dict[tuple[str, Scope | None], list[Right]]
    free: bool  # who has a free shell can do the rest with it


@lru_cache(maxsize=32)
def _known(have: Rights) -> _Known:
    known = _Known(have, {}, {}, any(r.whole for r in have if r.cls in (ALL, "runs")))
    for right in have:
        known.by_class.setdefault(right.cls, []).append(right)
        known.by_scope.setdefault((right.cls, right.scope), []).append(right)
    return known


def contains(have: Rights, one: Right) -> bool:
    """Whether a right adds nothing to those at hand."""
    return _holds(_known(have), one)


def _holds(have: _Known, one: Right) -> bool:
    known = have.by_class
    if _auto_from_ask(known, one):
        return False
    if have.free:
        return True
    if one.cls == ALL:
        return False
    # mostly the same limit is at hand
    if one in have.rights or any(covers(r, one) for r in have.by_scope.get((one.cls, one.scope), ())):
        return True
    if any(covers(r, one) for cls in _wider(one.cls) for r in known.get(cls, ())):
        return True
    return one.scope is not None and _in_parts(known.get(one.cls, ()), one)


def _in_parts(have: Iterable[Right], one: Right) -> bool:
    """Whether a limit that another language says in several patterns is at hand with each of them."""
    assert one.scope is not None
    for kind in {r.scope.kind for r in have if r.scope} - {one.scope.kind}:
        parts = convert(one.scope, kind) or []
        if len(parts) > 1 and all(any(covers(r, replace(one, scope=part)) for r in have) for part in parts):
            return True
    return False


def _wider(cls: str) -> Iterator[str]:
    """The classes that can hold a class: itself, of a tool of an MCP server its server, too, and every server."""
    yield cls
    if cls.startswith("mcp:"):
        parts = cls.split("/")
        yield from ("/".join(parts[:n]) for n in range(1, len(parts)))
        if cls != MCP:
            yield MCP


def _auto_from_ask(known: Mapping[str, list[Right]], one: Right) -> bool:
    """The program asked before this, and now it would not."""
    if one.approval != "auto":
        return False
    same = [r for cls in {one.cls, ALL} for r in known.get(cls, ())]
    return bool(same) and all(r.approval == "ask" for r in same)


def covers(have: Right, one: Right) -> bool:
    """Whether one right alone holds another of its class."""
    if have.cls.startswith("mcp:") and one.cls.startswith("mcp:"):
        return _mcp_covers(have, one)
    if have.cls != one.cls:
        return False
    if have.scope and not (one.scope and within(one.scope, have.scope)):
        return False
    return all(any(within(denied, other) for other in one.minus) for denied in have.minus - one.minus)


def _mcp_covers(have: Right, one: Right) -> bool:
    """``mcp:*`` holds every server, a server each of its tools, less what is denied of it."""
    whole, part = have.cls[4:], one.cls[4:]
    if not _inside(part, whole):
        return False
    denied = {s.text for s in have.minus if _inside(s.text, part) or _inside(part, s.text)}
    return all(any(_inside(text, s.text) for s in one.minus) for text in denied)


def _inside(part: str, whole: str) -> bool:
    return whole in ("*", part) or part.startswith(whole + "/")


def gained(before: Rights, after: Rights) -> Rights:
    """The rights that are new."""
    known = _known(before)
    new = frozenset(r for r in after if not _holds(known, r))
    if Right(ALL, approval="auto") in after:  # a program that asks before nothing: each question is one right more
        new |= {one for c in (*CLASSES, MCP) if _auto_from_ask(known.by_class, one := Right(c, approval="auto"))}
    if any(r.cls == ALL for r in new):
        # say which classes, not only "all"
        spread = {Right(c) for c in (*CLASSES, MCP)}
        return frozenset(r for r in spread if not _holds(known, r))
    return new


def lost(before: Rights, after: Rights) -> Rights:
    """The rights that are gone."""
    known = _known(after)
    bare = (r if r.approval is None else replace(r, approval=None) for r in before)
    return frozenset(r for r, one in zip(before, bare, strict=True) if not _holds(known, one))
