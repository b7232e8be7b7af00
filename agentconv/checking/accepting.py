"""Findings that were looked at and accepted: settings, a line in the header, a baseline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding

LINE = re.compile(r"(?:^|\s)(?:#|//)[ \t]*agentconv:[ \t]*ignore[ \t]+([A-Z]\d{3}(?:[ \t,]+[A-Z]\d{3})*)", re.M)
BASELINE = 1


class BadBaseline(Exception):
    """A baseline that is none."""


@dataclass(frozen=True, slots=True)
class Accepting:
    """Codes that are accepted everywhere, those of single agents or files (globs), and findings known before."""

    ignore: tuple[str, ...] = ()
    per_agent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)

    def split(
        self, checked: Checked | None, findings: Iterable[Finding], used: Counter[Any]
    ) -> tuple[list[Finding], int]:
        """What is left, and how many were accepted. ``used`` counts what the baseline has answered for."""
        lines = header_line(checked) if checked is not None else frozenset()
        left, gone = [], 0
        for one in findings:
            if one.code in self.ignore or one.code in lines or self._of_agent(one) or self._known(one, used):
                gone += 1
            else:
                left.append(one)
        return left, gone

    def _of_agent(self, one: Finding) -> bool:
        return any(
            one.code in codes and (fnmatchcase(one.agent, glob) or fnmatchcase(one.file, glob))
            for glob, codes in self.per_agent.items()
        )

    def _known(self, one: Finding, used: Counter[Any]) -> bool:
        if used[one.key] < self.known.get(one.key, 0):
            used[one.key] += 1
            return True
        return False


def header_line(checked: Checked) -> frozenset[str]:
    """Codes of a line ``# agentconv: ignore T002, R003`` in the header (in a file without a body, anywhere)."""
    document = checked.author.document
    text = checked.text
    if document is not None and document.header_end > document.header_start:
        text = text[document.header_start : document.header_end]
    elif checked.spec.prompt_is_text:
        return frozenset()  # a prompt may speak of such lines
    return frozenset(code for found in LINE.finditer(text) for code in re.findall(r"[A-Z]\d{3}", found[1]))


def as_baseline(findings: Iterable[Finding]) -> dict[str, Any]:
    """Findings as the baseline keeps them: without lines, which move."""
    counts = Counter(one.key for one in findings)
    rows = [
        {"file": file, "agent": agent, "code": code, "message": message, "count": n}
        for (file, agent, code, message), n in sorted(counts.items())
    ]
    return {"agentconv-baseline": BASELINE, "findings": rows}


def from_baseline(data: Any) -> dict[tuple[str, str, str, str], int]:
    """The findings that a baseline knows."""
    rows = data.get("findings") if isinstance(data, Mapping) and data.get("agentconv-baseline") == BASELINE else None
    if not isinstance(rows, list):
        raise BadBaseline("this is no baseline of agentconv check")
    out: Counter[tuple[str, str, str, str]] = Counter()
    for row in rows:
        if not isinstance(row, Mapping):
            raise BadBaseline("this is no baseline of agentconv check")
        out[(*(str(row.get(key, "")) for key in ("file", "agent", "code", "message")),)] += int(row.get("count", 1))  # type: ignore[index]
    return dict(out)
