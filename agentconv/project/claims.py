"""Who has a place first: two agents for one output are an error that names both; the same output twice is one."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from agentconv.conversion import Conversion
from agentconv.notes import note
from agentconv.project import files
from agentconv.project.beside import Lying
from agentconv.project.planning import STDOUT, Plan
from agentconv.project.spots import Spots

Key = str | tuple[str, str]


class Owner(NamedTuple):
    """Who made an output first."""

    result: Conversion
    digest: str  # empty where it is worked out when a second one wants the place


class Claims:
    """The places of one target. ``lying``: what workers wrote beside them; ``identity``: what makes two outputs the
    same."""

    def __init__(
        self, plan: Plan, spots: Spots, lying: dict[tuple[str, str], Lying], identity: Callable[[bytes], str]
    ) -> None:
        self._plan, self._spots, self._lying, self._identity_of = plan, spots, lying, identity
        self._owners: dict[Key, Owner] = {}
        self._numbers: dict[str, int] = {}  # the last number behind a name that was taken
        self._of_two: dict[str, str] = {}  # with the sources of the two

    @property
    def of_two(self) -> Mapping[str, str]:
        """Names that two agents would have."""
        return self._of_two

    def claim(self, result: Conversion) -> None:
        """The places of a result; it fails where one is another's, or gets a name with a number."""
        for path, data in list(result.files.items()):
            first = self._owners.get(key := _key(path, result.entry))
            if first is None:
                if path == result.source and not self._plan.in_place and self._plan.output != STDOUT:
                    text = "the output is the source itself"
                    result.fail(note("F007", text, file=path, help="--in-place, or -o FOLDER"))
                    return
                now = self._plan.dry or self._plan.update or (result.source, path) in self._lying
                self._owners[key] = Owner(result, self._identity(result, path, data) if now else "")
                continue
            source = first.result.source
            if not result.entry and not first.digest:
                first = self._owners[key] = Owner(first.result, self._digest_of(first.result, folded(path)))
            if not result.entry and first.digest == self._identity(result, path, data):
                result.notes.append(note("C006", f"the same as {source}: written once", effect="info", file=path))
                continue
            if result.called is not None:
                self._of_two[result.called.becomes] = f"{source} and {result.source}"
            if self._plan.suffix and not result.entry:
                self._suffixed(result, path, data)
                continue
            text = f"two agents for {path}: {source} and {result.source}; the second was not written"
            suffix = "" if result.entry else "; --on-collision suffix numbers the second"
            help = f"rename one, or leave one out with --exclude{suffix}"
            result.fail(note("C006", text, file=result.source, help=help))

    def unwritten(self, result: Conversion, path: str, data: bytes) -> None:
        """It has the place, and what stands there is another's."""
        self._owners[_key(path, result.entry)] = Owner(result, self._identity(result, path, data))

    def _digest_of(self, result: Conversion, place: str) -> str:
        """The fingerprint of an output that was made first."""
        for path, data in result.files.items():
            if folded(path) == place:
                with contextlib.suppress(OSError, files.Outside):  # let go: it is written
                    return self._identity_of(data or Path(self._spots.spot(path)).read_bytes())
        return ""

    def _identity(self, result: Conversion, path: str, data: bytes) -> str:
        lying = self._lying.get((result.source, path))
        return self._identity_of(data) if lying is None else lying.digest

    def _suffixed(self, result: Conversion, path: str, data: bytes) -> None:
        pure = PurePosixPath(path)
        stem, dot, rest = pure.name.partition(".")
        number = self._numbers.get(path, 1) + 1
        while folded(str(pure.parent / f"{stem}-{number}{dot}{rest}")) in self._owners:
            number += 1
        self._numbers[path] = number
        if (lying := self._lying.pop((result.source, path), None)) is not None:
            data = lying.bytes(self._spots.spot(path))
        new = str(pure.parent / f"{stem}-{number}{dot}{rest}")
        del result.files[path]
        result.files[new] = data
        result.notes.append(note("C001", f"{path} was taken; written as {new}", path="id"))
        self._owners[folded(new)] = Owner(result, self._identity_of(data))


def _key(path: str, entry: str) -> Key:
    """What can be there once."""
    return (folded(path), entry) if entry else folded(path)


def folded(path: str) -> str:
    """One file on some systems: names that differ by case only, or by the way in which an accent is written."""
    if path.isascii():
        return path if path == (lower := path.lower()) else lower  # the same object: it stays to the end of a run
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
