"""The real programs that can be had from a package index: what is installed, how, and where.

A program's folder holds its data, ``client.yaml``, and ``load.py`` or ``load.mjs``, our own code that asks the program
what it makes of a project and prints one JSON object: ``client``, ``version``, ``agents``, ``errors``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
KEYS = {
    "title",  # what people call it
    "folder",  # where below the cache it lies; default: its id
    "npm",  # packages -> pinned version
    "pypi",
    "unpacked",  # npm packages that are unpacked only
    "brotli",  # a file in it that is packed so: it is unpacked beside itself, without its ending
    "shared",  # files of the shared folder, which no index has: name in the program's folder -> path there
    "optional",  # false: without optional dependencies
    "node",  # the Node it needs at least
    "python",  # the Python it needs at least
    "loosen",  # dependencies whose exact pins are dropped
    "inner",  # a folder in it whose own npm dependencies are installed, too
    "needs",  # commands of the machine, one of which it needs
    "there",  # what has to exist once it is installed
    "warm_up",  # arguments of a first start, which unpacks things
    "load",  # the loader, where it is another program's
    "quick",  # whether CI runs it
    "seconds",  # how long a run may take
    "tools",  # `as-written`: it shows the words of the file, not what is handed over
    "checks",  # formats written for it (`target`), by whose rules it reads them (`reads_as`), `written`, `slow`
}


def cache_folder() -> Path:
    """Where the programs are installed: ``AGENTCONV_CLIENTS``, else a folder of the user's cache."""
    named = os.environ.get("AGENTCONV_CLIENTS")
    return Path(named) if named else Path.home() / ".cache" / "agentconv-clients"


@dataclass(frozen=True)
class Check:
    """A format written for a program, and the format by whose rules the program reads it."""

    target: str
    reads_as: str
    written: bool = True  # false: a format that is read only
    slow: bool = False  # CI leaves it out: a start of the program for each of its files


@dataclass(frozen=True)
class Program:
    """A real program and how it is had."""

    id: str
    facts: Mapping[str, Any] = field(hash=False)

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.facts["title"])

    @property
    def folder(self) -> Path:
        """Where it is, or would be, installed."""
        return cache_folder() / str(self.facts.get("folder", self.id))

    @property
    def loader(self) -> Path:
        """Our script that asks it."""
        if named := self.facts.get("load"):
            return (HERE / self.id / str(named)).resolve()
        return next(path for path in (HERE / self.id / "load.py", HERE / self.id / "load.mjs") if path.exists())

    @property
    def seconds(self) -> int:
        """How long one run may take."""
        return int(self.facts.get("seconds", 280))

    @property
    def quick(self) -> bool:
        """Whether CI runs it."""
        return bool(self.facts.get("quick"))

    @property
    def as_written(self) -> bool:
        """Whether it shows the tools as the file has them, not those handed over."""
        return self.facts.get("tools") == "as-written"

    @property
    def checks(self) -> list[Check]:
        """What is converted for it."""
        return [
            Check(c["target"], c.get("reads_as", c["target"]), c.get("written", True), c.get("slow", False))
            for c in self.facts["checks"]
        ]

    def packages(self) -> dict[str, str]:
        """All packages with their pinned versions."""
        found = {k: v for key in ("npm", "pypi", "unpacked") for k, v in (self.facts.get(key) or {}).items()}
        return {str(name): str(version) for name, version in found.items()}

    def present(self) -> Path | None:
        """What stands for the program on the disk, where it is installed."""
        return next(iter(sorted(self.folder.glob(str(self.facts["there"])))), None)

    def missing(self) -> str:
        """Why it cannot be run here; empty where it can."""
        if self.present() is None:
            return f"{self.title} is not installed: python -m tests.clients install {self.id}"
        if self.loader.suffix == ".mjs" and not self.interpreter():
            return f"{self.title} needs node"
        needs = self.facts.get("needs") or []
        if needs and not any(map(shutil.which, needs)):
            return f"{self.title} needs one of these commands: {', '.join(needs)}"
        return ""

    def interpreter(self) -> str | None:
        """What runs the loader: a Node, the program's own Python, or any Python."""
        if self.loader.suffix == ".mjs":
            own = next(iter(sorted(self.folder.glob("node_modules/node-linux-*/bin/node"))), None)
            return str(own) if own else shutil.which("node")
        if self.facts.get("pypi"):
            return str(self.folder / "venv/bin/python")
        return sys.executable


def node_version() -> int:
    """The major version of the Node on the path; 0 where there is none."""
    if not shutil.which("node"):
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60).stdout
    return int(said.lstrip("v").split(".")[0] or 0)


@cache
def programs() -> dict[str, Program]:
    """All programs, by id."""
    out = {}
    for path in sorted(HERE.glob("*/client.yaml")):
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert not set(facts) - KEYS, f"{path}: unknown keys {sorted(set(facts) - KEYS)}"
        out[path.parent.name] = Program(path.parent.name, facts)
    return out
