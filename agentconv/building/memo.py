"""What a build need not do again: where nothing has changed since one that wrote all it could, nothing is converted.

All that a build looks at goes into two fingerprints: what goes in (the program itself, the settings, the sources),
taken before the build, and what lies there after it (locks and outputs). They are kept in the user's state folder, for
this machine only; a clone builds everything once. A file that a definition names from elsewhere, or that may stand
beside it, goes into the first one with the answer that the build got; one that was not there, too. Beside each of the
two stands what the file system said of the same files before they were read, so that the next build need not read them
(`glance`).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import agentconv
from agentconv.building import glance
from agentconv.building import lock as locks
from agentconv.building.glance import Known, Places, Said
from agentconv.project import configured, files, finding
from agentconv.project.config import Config
from agentconv.project.nearby import memory_of
from agentconv.project.questions import Answers, Asked, digest_of, noting
from agentconv.registry import manifests

if TYPE_CHECKING:
    from agentconv.building.build import BuildRun


class Memo:
    """The project as it is now, and what is known of it from an earlier build."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.file = Path(f"{memory_of(str(config.root))}.memo")
        since = self.since = time.time_ns()
        self.answers: Answers = {}
        with finding.watching() as looked:
            self.program = list(_program())
            self.sources = configured.sources(config)
        self.before = _looked_at(config, looked, [os.fspath(s.at) for s in self.sources if s.at is not None])
        self.seen = glance.facts(self.before, since)
        self.listed = [
            (s.path, s.at, f"{s.path} {s.format} {s.prefix} {[problem.message for problem in s.notes]}")
            for s in self.sources  # as they are before a build takes them in
        ]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A build of this project, which may look for files beside its sources."""
        with noting() as self.answers:
            yield

    def _inputs(self, read: Mapping[str, str], answers: Answers) -> str:
        """What goes in. ``read``: the digests of sources that were read just now. ``answers``: of files beside them."""
        parts = [*self.program, _content(self.config.root / self.config.file)]
        parts += [f"{one} {said}" for one, said in sorted(answers.items())]
        for path, full, said in self.listed:
            parts += said, read.get(path) or (_content(full) if full is not None else "")
        return _fingerprint(parts)

    def known(self, dry: bool = False) -> Known | None:
        """What is up to date, where nothing has changed since a build that ended well; else ``None``."""
        if glance.own_formats():
            return None
        with suppress(ValueError, KeyError, TypeError, locks.BadLock):  # of a lock the build itself says what is wrong
            data = glance.remembered(str(self.config.root))
            asked = [Asked(*one) for one in data["asked"]] if data else []
            beside = _beside(asked, self.since)
            if data and data["inputs"] == self._inputs({}, _answered(asked)):
                after, seen, outputs = self._outputs()
                if data["outputs"] == outputs:
                    known = glance.as_known(data)
                    if not dry:
                        self._keep({**data, **self._facts(after, seen), "beside": beside})
                    return known
        return None

    def remember(self, run: BuildRun, rights: tuple[int, ...], said: Said | None = None) -> None:
        """A build of this project ended well, or (``said``) as it will end again. ``rights``: for how many they are
        the same, less, more. A state folder that cannot be written costs only time later."""
        if glance.own_formats():
            return
        beside = _beside(self.answers, self.since)
        if _answered(self.answers) != self.answers:
            return  # they have changed since the build asked
        after, seen, outputs = self._outputs()
        self._keep(
            {
                "agents": len({(r.source, r.name) for r in run.results if r.name}),
                "rights": rights,
                "targets": [target.id for target in self.config.targets],
                "said": said,
                "inputs": self._inputs(run.read, self.answers),
                "outputs": outputs,
                "asked": list(self.answers),
                "beside": beside,
                **self._facts(after, seen),
            }
        )

    def _outputs(self) -> tuple[Places, glance.Facts, str]:
        """Where the outputs are, what is said of them, and what they hold."""
        since = time.time_ns()
        both = locks_of(self.config.root)
        outputs = sorted({row.output for file in both for row in locks.read(file).rows.values()})
        paths = [*map(str, both), *(f"{self.config.root}/{output}" for output in outputs)]
        after = Places([], [], paths)
        seen = glance.facts(after, since)
        return after, seen, _fingerprint(f"{path} {_content(path)}" for path in paths)

    def _facts(self, after: Places, seen: glance.Facts) -> dict[str, Any]:
        absolute = all(os.path.isabs(path) for path in (*self.before.starts, *self.before.folders))
        return {"before": (self.seen.kept if absolute else "", self.before), "after": (seen.kept, after)}

    def _keep(self, data: dict[str, Any]) -> None:
        with suppress(OSError):
            files.write_bytes(self.file, json.dumps(data).encode("utf-8"))


def _fingerprint(parts: Iterable[str]) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return made.hexdigest()


def _looked_at(config: Config, looked: finding.Looked, sources: list[str]) -> Places:
    """What decides which sources there are, and what they hold."""
    root = str(config.root)
    settings = [f"{root}/{name}" for name in glance.SETTINGS]
    if config.file == glance.SETTINGS[0]:
        del settings[1:]
    named = [f"{root}/{setting.path}" for setting in config.sources]
    alone = [path for path in sources if os.path.dirname(path) not in looked.folders]
    probed = [path + name for path in named for name in ("", *(f"/{name}" for name in manifests()))]  # is it a plugin?
    return Places([root, *named, *looked.starts], list(looked.folders), [*settings, *looked.files, *probed, *alone])


def _beside(asked: Iterable[Asked], since: int) -> tuple[str, Places]:
    """What is said of all that decides on the answers, and where it is."""
    places = Places([], [], list(dict.fromkeys(path for one in asked for path in one.decides())))
    return glance.facts(places, since).kept, places


def _answered(asked: Iterable[Asked]) -> Answers:
    """The answers of now."""
    return {one: digest_of(one.text()) for one in asked}


def locks_of(root: Path) -> tuple[Path, Path]:
    """The two files that know the outputs: of those in git, and of the others."""
    return root / locks.NAME, locks.state_file(root)


def _content(path: str | os.PathLike[str]) -> str:
    try:
        with open(path, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "-"  # a link of a stranger's project to a device would never end
            return files.digest(file.read())
    except OSError:
        return "-"


def _program() -> Iterator[str]:
    """This very program: other bytes of it may write other bytes."""
    top = Path(agentconv.__file__).parent
    for folder in (str(top), str(top.parent / "templates")):
        for name in finding.walk(Path(folder), ""):
            facts = os.stat(f"{folder}/{name}")
            yield f"{folder} {name} {facts.st_size} {facts.st_mtime_ns}"
