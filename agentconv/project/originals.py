"""Originals of the target's own: what comes back to them from a copy that another format has is no news."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from agentconv.conversion import Conversion
from agentconv.naming import slug
from agentconv.notes import Note, note
from agentconv.project import files, finding
from agentconv.project.planning import Plan
from agentconv.reading.detect import passed_over
from agentconv.reading.engine import read_author
from agentconv.reading.fromplace import stem
from agentconv.spec import Spec


class Originals:
    """The files in the places of a target that agentconv did not write, by the name of the agent. Where a project holds
    copies of them for other programs, a conversion without a source finds those, and would write a second file beside
    the first: the target's own places are none of its sources."""

    def __init__(self, dst: Spec, plan: Plan, ours: Collection[str]) -> None:
        self.dst, self.plan, self.ours = dst, plan, ours
        self._known: dict[str, list[str]] | None = None

    def of(self, result: Conversion) -> Note | None:
        """What is to be said of a result whose agent the target has already."""
        wanted = {slug(result.name), *(slug(_bare(path, self.dst)) for path in result.files)}
        last = {word.rsplit("-", 1)[-1] for word in wanted}
        for path in dict.fromkeys(p for word in sorted(last) for p in self._by_word().get(word, ())):
            if path != result.source and wanted & set(self._agents(path)):
                text = f"`{result.name}` lies in {path}, and {result.source} is a copy of it that agentconv wrote"
                return note("F003", text, file=path, effect="info", help="--force writes it all the same")
        return None

    def _by_word(self) -> dict[str, list[str]]:
        """The files by the last word of their names: which agents they hold is seen only when one is asked for."""
        if self._known is None:
            self._known = {}
            for path in self._listed():
                self._known.setdefault(slug(_bare(path, self.dst)).rsplit("-", 1)[-1], []).append(path)
        return self._known

    def _listed(self) -> Iterator[str]:
        places = self.dst.head.get("places") or {}
        for glob in places.get("project", ()):
            for path in finding.expand(self.plan.root, glob):
                if path not in self.ours and not passed_over(path, places.get("skip", ())):
                    yield path

    def _agents(self, path: str) -> Iterator[str]:
        try:
            text = files.decode((self.plan.root / path).read_bytes())
        except (OSError, files.Unreadable):
            return
        for read in read_author(self.dst, text, path).agents:
            yield slug(read.agent.id or read.agent.name or "")


def _bare(path: str, dst: Spec) -> str:
    return stem(dst, PurePosixPath(path).name)
