"""``build --watch``: a build whenever a source or the settings change, one line for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agentconv.building import build as building
from agentconv.building import lock as locks
from agentconv.building.build import BuildRun, Cache, Wishes
from agentconv.project.config import BadConfig, Config, find
from agentconv.project.nearby import is_there
from agentconv.project.questions import Answers, digest_of, noting

NAMED = 3  # files of one event by name
QUIET, STEP = 80, 20  # milliseconds without a change until a build begins; how often that is looked at


class NoWatcher(Exception):
    """The package that watches files is not installed."""


@dataclass(slots=True)
class Memory:
    """What earlier builds made, as long as the settings stay as they are."""

    config: Config | None = None
    cache: Cache = field(default_factory=Cache)
    beside: dict[str, object] = field(
        default_factory=dict
    )  # files beside the sources that were asked for, as they were
    words: str = ""  # what the last build was told in

    def noted(self, answers: Answers) -> None:
        """What the last build asked for; one that has changed since is as one that was never looked at."""
        self.beside = {}
        for asked, said in answers.items():
            path = str(Path(asked.folder, asked.relative))
            looked = _facts(path)
            self.beside[path] = looked if digest_of(asked.text()) == said else ()

    def moved(self) -> list[str]:
        """Those that were made, changed or removed since; each change is told once."""
        now = {path: _facts(path) for path in self.beside}
        found = [path for path, facts in now.items() if facts != self.beside[path]]
        self.beside = now
        return found

    def of(self, config: Config) -> Cache:
        """The results that still hold."""
        if config != self.config:
            self.config, self.cache = config, Cache()
        return self.cache


def watch(start: Path, wishes: Wishes, say: Callable[[str], None]) -> int:
    """Build now and after every change, until Ctrl-C. What is wrong is said, and the next change mends it."""
    try:
        from watchfiles import watch as changes
    except ImportError as error:
        raise NoWatcher("--watch needs the package watchfiles: pip install 'agentconv[watch]'") from error
    memory = Memory()
    try:
        config = _once(start, wishes, memory, None, say)
        while True:
            paths, first = _watched(config, start), True
            for found in changes(*paths, debounce=QUIET, step=STEP, rust_timeout=300, yield_on_timeout=True):
                root = config.root if config is not None else start
                # no watch on these: most are not there, and the folders in which they would be are large
                paths_of = [*(path for _, path in found if _counts(path)), *memory.moved()]
                files = sorted({locks.relative(root, Path(path)) for path in paths_of})
                if files or first:  # the first one without a change sees what changed before the watch began
                    config = _once(start, wishes, memory, files, say)
                first = first and bool(found)
                if _watched(config, start) != paths or (config is not None and config.file in files):
                    break  # the settings name other folders now, so the watch begins anew
    except KeyboardInterrupt:
        say("stopped")
        return 0


def _once(
    start: Path, wishes: Wishes, memory: Memory, files: list[str] | None, say: Callable[[str], None]
) -> Config | None:
    """One build. ``files``: what changed; none of them where nothing is known to have; ``None`` for the first build."""
    started = time.monotonic()
    config: Config | None = None
    named = _names(files or ())
    try:
        config = find(start)
        if config is None:
            say("the settings are gone: waiting for them")
            return None
        with building.alone(config.root, say), noting() as answers:
            run = building.run(config, wishes, cache=memory.of(config))
        memory.noted(answers)
        words = told(run)
        before, memory.words = memory.words, words
        if not files and words == before and not (run.changes or run.removed.gone):
            return config  # what is still wrong was said
        if words if not files else words or not set(files) <= _outputs(config):
            say(f"{named}{words or 'nothing to do'}   {time.monotonic() - started:.1f} s")
        elif files is None:
            say(f"up to date   {time.monotonic() - started:.1f} s")
    except BadConfig as error:
        one = error.notes[0]
        if files or files is None:
            say(f"{named}{one.file}:{one.line}: {one.message}" + (f" ({one.help})" if one.help else ""))
    except (locks.BadLock, building.Busy, OSError) as error:
        say(f"{named}{error}")
    return config


def _facts(path: str) -> object:
    """What tells whether a file is another one than it was."""
    with suppress(OSError, ValueError):
        found = Path(path).stat()
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
    return None


def _outputs(config: Config) -> set[str]:
    return {row.output for row in locks.read(config.root / locks.NAME).rows.values()} | {locks.NAME}


def _names(files: Iterable[str]) -> str:
    named = list(files)
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f"{', '.join(named[:NAMED])}{more}: " if named else ""


def told(run: BuildRun) -> str:
    """What a build did, in one line."""
    counts = {
        "written": len({path for path, _, _ in run.changes}),
        "deleted": len(run.removed.gone),
        "kept": sum(r.status == "kept" for r in run.results) + len(run.removed.kept),
        "refused": sum(r.status == "refused" for r in run.results),
    }
    parts = [f"{n} {word}" for word, n in counts.items() if n]
    failed = [r for r in run.results if r.status == "failed"]
    wrong = [n for r in failed for n in r.notes if n.effect == "error"][:1]
    wrong += [one.note for one in run.remarks if one.note.effect == "error"][:1]
    if failed or wrong:
        first = wrong[0] if wrong else None
        place = "" if first is None else f"{first.file}:{first.line}" if first.line else first.file
        if first is not None and first.file and first.message.startswith(first.file):
            place = ""  # the message says it
        why = "" if first is None else f" ({first.code} {place}{': ' if place else ''}{first.message})"
        parts.append(f"{len({r.source for r in failed}) or 1} FAILED{why}")
    return ", ".join(parts)


def _watched(config: Config | None, start: Path) -> list[str]:
    """The folders of the sources and of the outputs, and the settings themselves."""
    if config is None:
        return [str(start)]
    paths = [config.root / config.file]
    for source in config.sources:
        full = config.root / source.path.split("*", 1)[0]
        paths.append(full if is_there(full) else config.root)
    return [str(path) for path in dict.fromkeys(paths) if is_there(path)] or [str(config.root)]


def _counts(path: str) -> bool:
    """Whether a change of this file may matter: not those of git, of editors and of our own half-written files."""
    parts = Path(path).parts
    name = parts[-1]
    return ".git" not in parts and "node_modules" not in parts and not name.endswith((".tmp", ".swp", "~", ".lock"))
