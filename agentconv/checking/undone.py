"""Rules that another one behind them undoes."""

from __future__ import annotations

from collections.abc import Iterator

from agentconv.checking.checked import Checked
from agentconv.checking.finding import Finding


def produce(checked: Checked) -> Iterator[Finding]:
    """A finding for the rules of each tool that a later, wider one leaves nothing of."""
    for read in checked.author.agents:
        for one in read.notes:
            if one.code == "T049":
                text = one.message.rpartition(", and the last that matches")[0]
                yield checked.finding(
                    "T049", "warning", text, read=read, at=(one.line, one.column), reader=checked.owner,
                    path=one.path, meant="rules that count", does="goes by the last rule that matches",
                    mend="put the wider word first",
                )  # fmt: skip
