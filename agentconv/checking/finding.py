"""A finding: one place where a program does not do what the author meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # worst first
WEIGHT = {severity: rank for rank, severity in enumerate(reversed(SEVERITIES))}


@dataclass(frozen=True, slots=True)
class Finding:
    """``meant`` is what the author asks for, ``does`` what the programs make of it, ``mend`` how to put it right.

    An *error* is a restriction that does not hold, or a file that does not load."""

    code: str
    severity: Severity
    message: str
    file: str = ""
    line: int = 1
    column: int = 1
    agent: str = ""
    path: str = ""  # the place in the model: ``tools[2]``
    meant: str = ""
    does: str = ""
    programs: tuple[str, ...] = ()  # with the version in which it was seen
    mend: str = ""

    @property
    def place(self) -> str:
        """``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same while lines move: the baseline knows a finding by it."""
        return (self.file, self.agent, self.code, self.message)

    def as_data(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "agent": self.agent,
            "path": self.path,
            "message": self.message,
            "meant": self.meant,
            "does": self.does,
            "programs": list(self.programs),
            "mend": self.mend,
        }


def joined(findings: list[Finding]) -> list[Finding]:
    """Findings that several programs share are one, with all of them named; worst first within a place."""
    out: dict[tuple[str, ...], Finding] = {}
    for one in findings:
        key = (one.file, one.agent, one.code, str(one.line), str(one.column), one.message, one.does)
        before = out.get(key)
        if before is None:
            out[key] = one
            continue
        worse = max(before.severity, one.severity, key=lambda s: WEIGHT[s])
        names = tuple(dict.fromkeys((*before.programs, *one.programs)))
        out[key] = replace(before, severity=worse, programs=names)
    return sorted(out.values(), key=lambda f: (f.file, f.line, f.column, -WEIGHT[f.severity], f.code))
