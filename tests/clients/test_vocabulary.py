"""``pytest -m client``: each program is asked for every tool name that we know of, and for odd forms of its list.

What it says is ``fixtures/vocabulary/<format>.yaml``, to which the default run holds the tables. ``ask`` there says how
to ask, the keys of ``headers`` what else is asked; these, and other keys that are no answers (``client``, ``named``,
``words`` …), are written by hand and stay. A program that only lists the names it has is held to that list, ``known``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentconv import registry
from agentconv.reading.toolnames import recognise
from tests.clients import running
from tests.clients.programs import programs
from tests.clients.views import VIEWS
from tests.conftest import find_shared
from tests.test_descriptions import VOCABULARY, alive, recorded

pytestmark = pytest.mark.client
Given = list[str] | str  # tools, or in words why there are none
FORMATS = sorted(path.stem for path in VOCABULARY.glob("*.yaml"))
TEXT = '---\nname: {name}\ndescription: "asks for tools"\n{header}---\nAnswer in one line.\n'
NO_HEADER = "(no tools)"
CROWD = 100  # names that are asked for together


def wild() -> list[str]:
    """Names that stand in real files, where the shared folder is at hand."""
    shared = find_shared()
    path = shared / "reference/wild/tools.csv" if shared else None
    if path is None or not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return list(dict.fromkeys(row["tool"] for row in csv.DictReader(lines)))


class Asking:
    """How the program of a format is asked."""

    def __init__(self, id: str, folder: Path) -> None:
        self.folder, self.runs = folder, 0
        how: Mapping[str, Any] = recorded(id)["ask"]
        self.program = programs()[how["program"]]
        self.place, self.always = str(how.get("place", "")), set(recorded(id).get("always", ()))
        self.text = str(how.get("text", TEXT))
        self.one, self.between = str(how.get("names", "tools: [{}]\n")), str(how.get("between", ", "))
        self.most = int(how.get("batch", 10_000))  # agents that the program starts in one go
        self.said: dict[str, Any] = {}

    def load(self, headers: Mapping[str, str]) -> dict[str, Given]:
        """One agent for each header; what the program gives it."""
        names, got = list(headers), {}
        for n in range(0, len(names), self.most):
            got |= self._load({name: headers[name] for name in names[n : n + self.most]})
        return got

    def _load(self, headers: Mapping[str, str]) -> dict[str, Given]:
        self.runs += 1
        project = self.folder / str(self.runs)
        files = {self.place.format(name): name for name in headers}
        for place, name in files.items():
            path = project / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text.replace("{name}", name).replace("{header}", headers[name]), "utf-8")
        self.said = dict(running.load(self.program, project, seconds=580))
        got: dict[str, Given] = dict.fromkeys(headers, "refused")
        for seen in VIEWS[self.program.id](self.said):
            if (name := files.get(seen.file)) is not None:
                tools = [tool for tool in seen.tools or () if tool not in self.always]
                got[name] = tools if seen.started and not seen.error else "not started"
        return got

    def header(self, names: Iterable[str]) -> str:
        """A header that asks for these names."""
        before, _, after = self.one.partition("{}")
        return before + self.between.join(map(json.dumps, names)) + after


def ask(id: str, folder: Path) -> dict[str, Any]:
    """One agent per name and per header, loaded by the real program."""
    before, table = recorded(id), registry.load(id).tools
    how, asking = before["ask"], Asking(id, folder)
    if how.get("known"):
        asking.load({"plain": ""})
        found = asking.said["known"]
        return {"version": asking.said["version"], "known": {kind: sorted(found[kind]) for kind in how["known"]}}
    also = registry.load(how["also"]).tools if "also" in how else None
    ours = dict.fromkeys([*alive(table), *table.dead, *(alive(also) if also else ())])
    patterns = "*" if table.fact("wildcards") else ""
    # names with brackets are a matter of `scopes`; what the table knows in other letters needs no row of its own
    others = [n for n in wild() if n not in ours and "(" not in n and n != "*" and not (patterns and patterns in n)]
    others = [name for name in others if recognise(name, registry.load(id), author=False).how == "unknown"]
    others = others if how.get("wild", True) else []
    alone = [*ours] if how.get("together") else [*ours, *others]
    crowds = [others[n : n + CROWD] for n in range(0, len(others), CROWD)] if how.get("together") else []
    asked = {f"n{n:04}": asking.header([name]) for n, name in enumerate(alone)}
    asked |= {f"h{n:03}": "" if h == NO_HEADER else h + "\n" for n, h in enumerate(before["headers"])}
    asked |= {f"c{n:03}": asking.header(crowd) for n, crowd in enumerate(crowds)}
    got = asking.load(asked)
    names = {name: got[f"n{n:04}"] for n, name in enumerate(alone)}
    some = [name for n, crowd in enumerate(crowds) if got[f"c{n:03}"] for name in crowd]
    if some:  # something in these crowds works: each name is asked for alone
        single = asking.load({f"s{n:04}": asking.header([name]) for n, name in enumerate(some)})
        names |= {name: single[f"s{n:04}"] for n, name in enumerate(some)}
    named = {name: tools if isinstance(tools, list) else [] for name, tools in names.items()}
    return {
        "version": asking.said["version"],
        "names": {name: named[name] for name in ours},
        # names of real files that are in no table of ours, and that the program gives something for
        "others": {name: named[name] for name in others if named.get(name)},
        "headers": {h: got[f"h{n:03}"] for n, h in enumerate(before["headers"])},
    }


@pytest.mark.parametrize("id", FORMATS)
def test_the_program_still_says_so(id: str, tmp_path: Path, accept: bool) -> None:
    if reason := programs()[recorded(id)["ask"]["program"]].missing():
        pytest.skip(reason)
    before, fresh = recorded(id), ask(id, tmp_path)
    if not find_shared():
        fresh.pop("others", None)
    fresh = {**before, **fresh}
    if accept:
        text = yaml.safe_dump(fresh, sort_keys=False, width=110, default_flow_style=None, allow_unicode=True)
        (VOCABULARY / f"{id}.yaml").write_text(text, "utf-8")
    assert fresh == yaml.safe_load((VOCABULARY / f"{id}.yaml").read_text("utf-8"))
