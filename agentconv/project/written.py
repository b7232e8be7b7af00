"""What may be overwritten: what agentconv wrote itself, and what git holds unchanged."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentconv.project.files import digest, write_bytes
from agentconv.project.nearby import memory_of

ROOM = 5_000  # outputs that are remembered without a look whether they are still there
LOST = 500  # outputs that a run which is killed may have written without anybody knowing it


class Written:
    """What agentconv last wrote below a root, kept in the user's state folder and not in the project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = Path(f"{memory_of(str(root))}.json")
        self.ahead = self.file.with_suffix(".ahead")
        self.hashes: dict[str, str] = {}
        self.replaced: dict[str, set[str]] = {}  # what ended runs had written before that which they began
        self.room = ROOM
        with contextlib.suppress(OSError, ValueError):
            data = json.loads(self.file.read_text("utf-8"))
            self.room = int(data.get("room", ROOM))
            self.hashes = {str(k): str(v) for k, v in data.get("written", {}).items()}
        self.changed = False
        self._untold: dict[str, str] = {}  # written, and known to this process only
        with contextlib.suppress(OSError, ValueError):
            for line in self.ahead.read_text("utf-8").splitlines():
                self.changed = True
                with contextlib.suppress(ValueError):  # the last line of a run that was killed
                    key, made = json.loads(line)
                    self._replace(str(key), str(made))
        self.before = frozenset(self.hashes)  # of earlier runs: what this one adds is there

    def knows(self, key: str, data: bytes) -> bool:
        """Whether these are the bytes that agentconv wrote there."""
        return self.wrote(key, digest(data))

    def wrote(self, key: str, *prints: str) -> bool:
        """The same, of bytes with one of these fingerprints."""
        return self.hashes.get(key) in prints or not self.replaced.get(key, set()).isdisjoint(prints)

    def note(self, key: str, data: bytes) -> None:
        """Remember what was written."""
        self.note_digest(key, digest(data))

    def note_digest(self, key: str, made: str) -> None:
        """The same, by its fingerprint."""
        if self.hashes.get(key) != made:
            self.hashes[key] = self._untold[key] = made
            self.changed = True
            if len(self._untold) >= LOST:
                self._tell(self._untold, sync=False)  # who is killed loses nothing that the system has
                self._untold = {}

    def intend(self, made: Mapping[str, str]) -> None:
        """What is written next, by fingerprints: who comes after a run that was killed knows it, too."""
        new = {key: found for key, found in made.items() if self.hashes.get(key) != found}
        if not new:
            return
        for key, found in new.items():
            self._replace(key, found)
        self.changed = True
        self._tell(new, sync=True)

    def _tell(self, made: Mapping[str, str], sync: bool) -> None:
        """Who comes after this run knows these outputs, however it ends."""
        with contextlib.suppress(OSError):
            self.ahead.parent.mkdir(parents=True, exist_ok=True)
            with self.ahead.open("ab") as file:
                file.write("".join(f"\n{json.dumps(pair)}" for pair in made.items()).encode())
                file.flush()
                if sync:
                    os.fsync(file.fileno())

    def _replace(self, key: str, made: str) -> None:
        """What is there is the last one or, where a run was ended before it came to that, one before."""
        if (before := self.hashes.get(key)) is not None and before != made:
            self.replaced.setdefault(key, set()).add(before)
        self.hashes[key] = made

    def save(self) -> None:
        """Keep it. A state folder that cannot be written costs only a question later."""
        if self.changed:
            if len(self.hashes) > self.room:
                self._forget_gone()
            with contextlib.suppress(OSError):
                write_bytes(self.file, self._as_json())
                self.ahead.unlink(missing_ok=True)
                self.changed = False
                self.replaced.clear()
                self._untold = {}

    def _as_json(self) -> bytes:
        """What `json.dumps` makes of it, a thousand rows at a time: of 50,000 it would hold three copies at once."""
        data = bytearray(f'{{"room": {self.room}, "written": {{'.encode())
        keys = sorted(self.hashes)
        for at in range(0, len(keys), 1_000):
            rows = json.dumps({key: self.hashes[key] for key in keys[at : at + 1_000]})
            data += (", " * (at > 0) + rows[1:-1]).encode()
        data += b"}}"
        return bytes(data)

    def _forget_gone(self) -> None:
        """Outputs that are there no longer: who converts to another folder each day would read all of them again. They
        are looked for only when twice as many are known as were left the last time."""
        for key in self.before:
            if key in self.hashes and not os.path.lexists(self.root / key.partition("#")[0]):
                del self.hashes[key]
        self.room = max(ROOM, 2 * len(self.hashes))


def in_git(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """Those of the paths that git holds unchanged. Hooks and monitors of the repository are not started."""
    wanted = list(paths)
    if not wanted:
        return frozenset()
    import subprocess

    git = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", str(root)]
    env: Mapping[str, str] = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}

    def run(*words: str) -> list[str]:
        try:
            done = subprocess.run([*git, *words], capture_output=True, env=env, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError):
            return []
        return [p for p in done.stdout.decode("utf-8", "surrogateescape").split("\0") if p]

    clean: set[str] = set()
    for at in range(0, len(wanted), 500):
        part = wanted[at : at + 500]
        tracked = set(run("ls-files", "-z", "--", *part))
        changed = {line[3:] for line in run("status", "--porcelain", "-z", "--", *part)}
        prefix = run("rev-parse", "--show-prefix")
        lead = prefix[0].strip() if prefix else ""
        changed = {c.removeprefix(lead) for c in changed}
        clean |= tracked - changed
    return frozenset(clean)
