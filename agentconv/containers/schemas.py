"""What a plain scalar means: ``true``, ``0x1F``, ``2026-01-01``, by the schema of the reader."""

from __future__ import annotations

import datetime
from typing import Any

from agentconv.patterns import pattern

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS11 = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
_SPECIAL = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INT = pattern(r"[-+]?[0-9]+\Z")
_FLOAT = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_OCT = pattern(r"0o[0-7]+\Z")
_HEX = pattern(r"0x[0-9a-fA-F]+\Z")
# js-yaml 3.14 (lib/js-yaml/type/{int,float,timestamp}.js)
_INT11 = pattern(
    r"(?P<sign>[-+]?)(?:0b(?P<bin>[01_]*[01])|0x(?P<hex>[0-9a-fA-F_]*[0-9a-fA-F])|0(?P<oct>[0-7_]*[0-7])"
    r"|(?P<dec>0|[1-9][0-9_]*(?<!_))|(?P<sixty>[1-9][0-9_]*(?<!_)(?::[0-5]?[0-9])+))\Z"
)
_FLOAT11 = pattern(
    r"(?:[-+]?(?:0|[1-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?)(?<!_)\Z"
)
_DATE = pattern(r"(\d{4})-(\d\d)-(\d\d)\Z")
_TIME = pattern(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?"
    r"(?:[ \t]*(?:Z|([-+])(\d\d?)(?::(\d\d))?))?\Z"
)
_NUMERIC = frozenset("0123456789+-.")  # what a number or a date begins with
_LEAD = _NUMERIC | frozenset("~nNtTfFyYoO")
_LONGEST = 250  # digits, of base 16 too; more fit into no float, and no program means a number by them


def typed(text: str, schema: str) -> Any:
    """The value of a plain scalar: ``core`` (YAML 1.2), ``js-yaml3``, ``js-yaml4`` (core and dates), ``yaml11``
    (PyYAML: also yes and no) or ``strings``."""
    if schema == "strings":
        return text
    if text and text[0] not in _LEAD:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if schema == "yaml11" and text in _WORDS11:
        return _WORDS11[text]
    if text in _SPECIAL:
        return _SPECIAL[text]
    if text[0] not in _NUMERIC or len(text) > _LONGEST:
        return text
    if schema == "js-yaml4" and "-" in text and (date := _timestamp(text)) != text:
        return date
    return _typed11(text) if schema in ("yaml11", "js-yaml3") else _typed12(text)


def _typed12(text: str) -> Any:
    if _INT.match(text) and text.isascii():
        return int(text)
    if _OCT.match(text):
        return int(text[2:], 8)
    if _HEX.match(text):
        return int(text[2:], 16)
    if _FLOAT.match(text) and text.isascii():
        return float(text)
    return text


def _typed11(text: str) -> Any:
    found = _INT11.match(text)
    if found:
        sign = -1 if found["sign"] == "-" else 1
        for name, base in (("bin", 2), ("hex", 16), ("oct", 8), ("dec", 10)):
            digits = (found[name] or "").replace("_", "")
            if digits:
                return sign * int(digits, base)
        total = 0
        for part in (found["sixty"] or "").replace("_", "").split(":"):
            total = total * 60 + int(part)
        return sign * total
    if _FLOAT11.match(text) and any(c.isdigit() for c in text):
        return float(text.replace("_", ""))
    return _timestamp(text)


def is_timestamp(text: str) -> bool:
    """Whether js-yaml makes a date of a plain scalar."""
    return _timestamp(text) != text


def _timestamp(text: str) -> str:
    """A date as ``Date.toISOString`` writes it; anything else as it is."""
    try:
        if day := _DATE.match(text):
            moment = datetime.datetime(*map(int, day.groups()))  # type: ignore[arg-type]
        elif time := _TIME.match(text):
            year, month, date, hour, minute, second, fraction, sign, off_hours, off_minutes = time.groups()
            moment = datetime.datetime(int(year), int(month), int(date), int(hour), int(minute), int(second))
            moment += datetime.timedelta(milliseconds=int((fraction or "")[:3].ljust(3, "0")))
            if sign:
                offset = datetime.timedelta(hours=int(off_hours), minutes=int(off_minutes or 0))
                moment += offset if sign == "-" else -offset
        else:
            return text
    except (ValueError, OverflowError):
        return text
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
