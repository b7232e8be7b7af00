"""Scopes: the same limit in another program's pattern language, only where it is surely the same."""

from __future__ import annotations

import re

from agentconv.model import Scope
from agentconv.patterns import pattern

PLAIN_PATH = pattern(r"[\w./@+ -]+")
SUFFIX_GLOB = pattern(r"\*(\.[\w.+-]+)")
FOLDER_GLOB = pattern(r"([\w./@+ -]+/)\*\*")
SUFFIX_REGEX = pattern(r"(?:\.\*)?\\\.(?:\((?:\?:)?(?P<many>[\w|+-]+)\)|(?P<one>[\w+-]+))\$")

_WORDS = r"(?:[\w@ -]|\\[.+/-]|/)+"  # a point without a stroke before it is any character
FOLDER_REGEX = pattern(rf"\^({_WORDS}\\?/)(?:\.\*\$?)?")  # no path has a line end, at which `.` stops
FILE_REGEX = pattern(rf"\^({_WORDS})(?<!/)\$")


def convert(scope: Scope, kind: str) -> list[Scope] | None:
    """The scope in patterns of ``kind`` (any one of them may match), or ``None``."""
    if scope.kind == kind == "path-regex":
        from agentconv.reading.jsregex import is_js_regex  # few agents have one

        return [scope] if is_js_regex(scope.text) else None  # a program that compiles it loses the whole file
    if scope.kind == kind:
        return [scope] if kind != "path-glob" or _safe_glob(scope.text) else None
    if kind == "command-glob" and scope.kind == "command-prefix":
        prefix = scope.text.removesuffix(":*").rstrip()
        return [Scope(kind, f"{prefix} *")] if prefix and "*" not in prefix and "?" not in prefix else None
    if kind == "path-regex" and scope.kind == "path-glob":
        return _glob_to_regex(scope.text)
    if kind == "path-glob" and scope.kind == "path-regex":
        return _regex_to_globs(scope.text)
    return None


def _safe_glob(text: str) -> bool:
    """Whether every program that has path globs reads it alike (`*` may or may not cross `/`)."""
    return bool(PLAIN_PATH.fullmatch(text) or SUFFIX_GLOB.fullmatch(text) or FOLDER_GLOB.fullmatch(text))


def _glob_to_regex(text: str) -> list[Scope] | None:
    if found := SUFFIX_GLOB.fullmatch(text):
        return [Scope("path-regex", re.escape(found[1]) + "$")]
    if found := FOLDER_GLOB.fullmatch(text):
        return [Scope("path-regex", "^" + _escape(found[1]))]
    if PLAIN_PATH.fullmatch(text):
        return [Scope("path-regex", "^" + _escape(text) + "$")]
    return None


def _escape(text: str) -> str:
    return re.escape(text).replace(r"\ ", " ").replace(r"\-", "-").replace("/", "/")


def _regex_to_globs(text: str) -> list[Scope] | None:
    if found := SUFFIX_REGEX.fullmatch(text):
        endings = (found["many"] or found["one"]).split("|")
        return [Scope("path-glob", f"*.{e}") for e in endings if e]
    if found := FOLDER_REGEX.fullmatch(text):
        return [Scope("path-glob", re.sub(r"\\(.)", r"\1", found[1]) + "**")]
    if found := FILE_REGEX.fullmatch(text):
        return [Scope("path-glob", re.sub(r"\\(.)", r"\1", found[1]))]
    return None


def within(one: Scope, whole: Scope) -> bool:
    """Whether a scope allows no more than another, as far as can be told."""
    if one == whole:
        return True
    converted = convert(whole, one.kind)
    if converted is not None and one in converted:
        return True
    back = convert(one, whole.kind)
    return back is not None and back == [whole]
