"""SARIF 2.1.0: findings of a check and notes of a conversion for code hosts and editors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import quote

import agentconv
from agentconv.checking.finding import Finding
from agentconv.notes import CODES, RANK, Note
from agentconv.telling.escape import json_text, visible

Level = Literal["error", "warning", "note"]
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Mapping[str, Level] = {"error": "error", "warning": "warning", "info": "note"}


@dataclass(frozen=True, slots=True)
class Result:
    """One result. ``more`` is what no field of SARIF holds."""

    code: str
    level: Level
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)


def of_finding(one: Finding) -> Result:
    """A finding of ``check``; the message says all of it, for viewers show little else."""
    parts = [f"{one.message}."]
    if one.meant:
        parts.append(f"Meant: {one.meant}.")
    if one.does:
        parts.append(f"{' and '.join(one.programs) or 'The program'}: {one.does}.")
    if one.mend:
        parts.append(f"To mend it: {one.mend}.")
    more = {"agent": one.agent, "programs": list(one.programs)} if one.agent else {"programs": list(one.programs)}
    return Result(one.code, LEVELS[one.severity], " ".join(parts), one.file, one.line, one.column, more)


def of_note(one: Note, file: str, more: Mapping[str, Any]) -> Result:
    """A note of a conversion."""
    rank = RANK[one.effect]
    level: Level = "error" if rank >= RANK["widens"] else "warning" if rank >= RANK["lost"] else "note"
    text = f"{one.message}. {one.help}" if one.help else one.message
    return Result(one.code, level, text, one.file or file, one.line, one.column, {"effect": one.effect, **more})


def document(results: Iterable[Result]) -> dict[str, Any]:
    """The log: one run, a rule for each code that occurs."""
    found = list(results)
    codes = sorted({one.code for one in found}, key=list(CODES).index)
    driver = {"name": "agentconv", "version": agentconv.__version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder in which agentconv was started."}}},
        "results": [_result(one, codes.index(one.code)) for one in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def as_text(results: Iterable[Result]) -> str:
    """The log as the file holds it."""
    return json_text(document(results)) + "\n"


def _rule(code: str) -> dict[str, Any]:
    from agentconv.spec import load_data

    facts = load_data("notes")[code]
    effect, headline = CODES[code]
    meaning, _, remedy = str(facts["text"]).strip().partition("\n\n")
    level = "error" if RANK[effect] >= RANK["widens"] else "warning" if RANK[effect] >= RANK["lost"] else "note"
    return {
        "id": code,
        "name": "".join(part.capitalize() for part in str(facts["name"]).split("-")),
        "shortDescription": {"text": _sentence(headline)},
        "fullDescription": {"text": " ".join(meaning.split())},
        "help": {"text": " ".join(remedy.split())},
        "defaultConfiguration": {"level": level},
    }


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _result(one: Result, index: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": one.level,
        "message": {"text": visible(one.message)},
    }
    if one.file and one.file != "-":
        place: dict[str, Any] = {"artifactLocation": _location(one.file)}
        if one.line > 0:
            place["region"] = {"startLine": one.line, "startColumn": max(one.column, 1)}
        out["locations"] = [{"physicalLocation": place}]
    # the same problem keeps its mark when lines above it come and go
    mark = hashlib.sha256("\x00".join((one.file, one.code, one.message)).encode("utf-8", "replace")).hexdigest()[:32]
    out["partialFingerprints"] = {"agentconv/v1": mark}
    if one.more:
        out["properties"] = dict(one.more)
    return out


def _location(file: str) -> dict[str, str]:
    """A URI: relative to the folder of the start, or absolute for what lies elsewhere."""
    path = PurePosixPath(file)
    uri = quote(path.as_posix(), safe="/", errors="surrogateescape")
    if path.is_absolute():
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}
