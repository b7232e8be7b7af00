"""Patterns of names: those of a file over tools, and in a description of MCP tools and of placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from agentconv.patterns import pattern

if TYPE_CHECKING:
    from agentconv.spec import Spec

# regular expressions of a file that are tried on names: no repeated groups, and no more repeated signs than MANY, which
# could take for ever
_SAFE_REGEX = pattern(
    r"(?:\(\?i\))?(?:(?:\\[wdWDsS./_-]|\[\^?[\w.-]+\]|[\w./-])(?:[*+?]\??)?|[\^$|]|\((?:\?[:=!])?|\)\??)*+"
)
MANY, LONG = 5, 200


def matching(token: str, names: Iterable[str], *, fold: bool, regex: str, literal: str = "") -> list[str]:
    """The names that a pattern matches. ``regex`` is the sign in front of a regular expression; ``literal``: the signs
    of a pattern that stand for themselves."""
    if regex and token.startswith(regex):
        meant = tried(bare_regex(token, regex), fold)
        return [n for n in names if meant and meant.fullmatch(n)]
    if not any(c in token for c in "*?"):
        return []
    if literal:
        token = "".join(f"[{sign}]" if sign in literal else sign for sign in token)
    wanted = token.lower() if fold else token
    return [n for n in names if fnmatchcase(n.lower() if fold else n, wanted)]


def tried(text: str, fold: bool) -> re.Pattern[str] | None:
    """The expression, where it is one that is tried."""
    repeated = sum(text.count(sign) for sign in "*+?") - text.count("(?")
    if len(text) > LONG or repeated > MANY or not _SAFE_REGEX.fullmatch(text):
        return None
    try:
        return re.compile(text, re.IGNORECASE if fold else 0)
    except re.error:
        return None


def bare_regex(token: str, sign: str) -> str:
    """The expression behind its sign; as it is for the whole name, marks of begin and end say nothing, nor do brackets
    around all of it."""
    text = token.removeprefix(sign).removeprefix("^").removesuffix("$")
    around = re.fullmatch(r"\((?:\?:)?([^()]*)\)", text)
    return around[1] if around is not None else text


def template_regex(template: str, last: bool, stop: str = "") -> re.Pattern[str]:
    """``mcp__{server}__{tool}`` as a pattern; a server name ends at the first separator, or at the last."""
    if last:
        text = re.escape(template).replace(r"\{server\}", r"(?P<server>[^*\s]+)")
        return pattern(text.replace(r"\{tool\}", r"(?P<tool>[^*/\s]+)"))
    after = template.split("{server}", 1)[1][:1] or stop
    server = r"(?:(?!__)[^*])+" if "__" in template else (rf"[^*\s{re.escape(after)}]+" if after else r"[^*\s]+")
    text = re.escape(template).replace(r"\{server\}", f"(?P<server>{server})")
    return pattern(text.replace(r"\{tool\}", r"(?P<tool>[^*\s]+)"))


def fixed_part(template: str) -> str:
    """The longest text that stands in everything the template spells; looking for it first is the cheaper test."""
    return max(re.split(r"\{(?:server|tool)\}", template), key=len)


def in_prompts(spec: Spec) -> Iterator[Mapping[str, Any]]:
    """What a program fills in in prompts, by expressions."""
    expands = spec.tables.get("expands") or ()
    return (fact for fact in expands if isinstance(fact, Mapping) and fact.get("in_prompt", True))


def filled(found: re.Match[str], fact: Mapping[str, Any]) -> bool:
    """Whether a program has something for a placeholder: its name is the first group of the pattern, if any."""
    return bool(found.re.groups) and found[1] in fact.get("fills", ())
