"""The outputs of one target: where they go, whose files are in the way, and the writing itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from agentconv.conversion import Conversion
from agentconv.notes import Note, note
from agentconv.project import files
from agentconv.project.beside import Lying
from agentconv.project.claims import Claims
from agentconv.project.planning import STDOUT, Plan, Run
from agentconv.project.putting import Answer, Here, Order, Putter
from agentconv.project.spots import Spots
from agentconv.project.written import Written, in_git
from agentconv.spec import Spec

if TYPE_CHECKING:
    from agentconv.project.originals import Originals

NOTHING: Mapping[tuple[str, str], Lying] = {}
CHUNK_BYTES = 2_000_000
CHUNK = 200  # results that are written together: git is asked once for all of them


class Leaving(NamedTuple):
    """An output that goes to its place."""

    path: str
    result: Conversion
    data: bytes
    lying: Lying | None


class Target:
    """One target format: its outputs, and who wrote what."""

    def __init__(self, dst: Spec, plan: Plan, done: Run, written: Written, putter: Putter | None = None) -> None:
        self.dst, self.plan, self.done, self.written = dst, plan, done, written
        # of a shared file it has to be known whether it was written before its entries are counted
        self.putter: Putter = Here() if dst.many or putter is None else putter
        self.made: list[Conversion] = []
        self.waiting: list[Conversion] = []  # not written yet
        self.speaking: list[Conversion] = []  # that name other agents: written when it is known who is called so
        self._late = 0  # of them, those that waited when all were looked at: for a source that is not read yet
        self._size = 0  # bytes that wait
        self.wrote: dict[str, bool] = {}  # output -> whether it was there already
        self.leaving: list[tuple[Order, Leaving]] = []
        self._doubled: dict[str, list[Conversion]] = {}  # outputs of two results, with the second
        self._spots = Spots(plan)
        self._prints: dict[int, tuple[bytes, str]] = {}  # by the object, which is kept so long
        self._looked: dict[str, tuple[str, bool]] = {}  # places of the outputs that are being written
        self.lying: dict[tuple[str, str], Lying] = {}  # source and output: what a worker wrote beside its place
        self._originals: Originals | None = None
        self.claims = Claims(plan, self._spots, self.lying, self.identity)
        self.asks: Counter[str] = Counter()  # what the program asks for first, with the agents that it concerns
        self.sizes: dict[str, int] = {}  # bytes of the files that changed
        wants = asked(dst, home=plan.options.user and plan.output is None)
        self._asked = [([f.strip() for f in when.split(",") if f], text) for when, text in wants.items()]

    def take(
        self, result: Conversion, ahead: Collection[str] = (), beside: Mapping[tuple[str, str], Lying] = NOTHING
    ) -> None:
        """One result; what is proved is written with the others of its chunk. ``ahead``: sources not read yet;
        ``beside``: outputs that lie beside their places."""
        for path in result.files if beside else ():
            if (lying := beside.get((self.dst.id, path))) is not None:
                self.lying[result.source, path] = lying
        if result.files and self.plan.output is None and not self.plan.options.user and self.is_copy(result.source):
            self._leave_original(result)
        self.claim(result)
        self.made.append(result)
        if result.files and not result.failed:
            (self.speaking if result.names else self.waiting).append(result)
        else:
            result.let_go()
        self._size += sum(map(len, result.files.values()))
        if (len(self.waiting) - self._late >= CHUNK or self._size > CHUNK_BYTES) and not self.together:
            self._write_waiting(ahead)

    def _leave_original(self, result: Conversion) -> None:
        """A copy of what the target's places hold is not written beside it."""
        if self._originals is None:
            from agentconv.project.originals import Originals

            self._originals = Originals(self.dst, self.plan, self.written.hashes)
        if (said := self._originals.of(result)) is not None:
            result.notes.append(said)
            result.status, result.files = "skipped", {}

    def finish(self) -> None:
        """What is left to write."""
        results, self.waiting = [*self.waiting, *self._clear()], []
        if self.dst.many:
            from agentconv.project.shared_files import SharedFiles

            order = {id(result): n for n, result in enumerate(self.made)}  # some programs start the first one
            SharedFiles(self).write(sorted(results, key=lambda result: order[id(result)]))
            self._let_go(results)
        elif self.plan.output == STDOUT:
            self.to_stdout(results)
            self._let_go(results)
        else:
            self._write(results)
            self.putter.wait()
        self.drop()

    def drop(self) -> None:
        """Nothing stays beside its place."""
        for lying in (*self.lying.values(), *(leaving.lying for _, leaving in self.leaving)):
            if lying is not None:
                lying.drop()
        self.lying.clear()
        self.leaving = []

    def _clear(self) -> list[Conversion]:
        """The results that name other agents, but for those that would name another one than their source: a name of
        two agents is that of the first, who may have more rights."""
        for result in self.speaking:
            twice = next((name for _, name in result.names if name in self.claims.of_two), None)
            if twice is not None:
                two = self.claims.of_two[twice]
                text = f"it may call `{twice}`, and {two} would both be called so in {self.dst.program}"
                result.fail(note("C006", f"{text}: not written", file=result.source, help="rename one of the two"))
        return [result for result in self.speaking if result.files]

    @property
    def together(self) -> bool:
        """All outputs have to be there before the first is written."""
        return self.dst.many or self.plan.output == STDOUT

    def _write_waiting(self, ahead: Collection[str]) -> None:
        """All but what would overwrite a source that is not read yet."""
        results, self.waiting, self._size = self.waiting, [], 0
        if ahead and not self.plan.in_place:
            late = {id(r) for r in results if any(self._is_one_of(ahead, path) for path in r.files)}
            self.waiting = [r for r in results if id(r) in late]
            results = [r for r in results if id(r) not in late]
        self._late = len(self.waiting)
        self._write(results)

    def _is_one_of(self, sources: Collection[str], path: str) -> bool:
        try:
            place, there = self._look(path)
        except (OSError, files.Outside):  # said when it is to be written
            return False
        return there and os.path.realpath(place) in sources

    def _look(self, path: str) -> tuple[str, bool]:
        """The place, and whether something is there: asked once for the outputs that are written together."""
        known = self._looked.get(path)
        if known is None:
            known = self._looked[path] = self._spots.look(path)
        return known

    def _let_go(self, results: Sequence[Conversion]) -> None:
        """The bytes are where they belong; of the agents only what the program asks for is counted."""
        self._prints.clear()
        for result in results:
            if result.files and not result.unchanged and result.status not in ("kept", "failed"):
                for when, text in self._asked:
                    if not when or any(getattr(result.agent, name, None) is not None for name in when):
                        self.asks[text] += 1
            result.let_go()

    # -- places -------------------------------------------------------------------------------

    def spot(self, path: str) -> str:
        """The place of an output."""
        return self._spots.spot(path)

    def claim(self, result: Conversion) -> None:
        """Its places are its own, or it fails."""
        self.claims.claim(result)

    def identity(self, data: bytes) -> str:
        """What makes two outputs the same."""
        return self._digest(data)

    def _digest(self, data: bytes) -> str:
        """The fingerprint of an output that waits: worked out once."""
        known = self._prints.get(id(data))
        if known is None:
            known = self._prints[id(data)] = data, files.digest(data)
        return known[1]

    # -- writing ------------------------------------------------------------------------------

    def _write(self, results: list[Conversion]) -> None:
        old = {p: self.old(p, r) for r in results for p in r.files if (r.source, p) not in self.lying}
        if self.plan.update:
            self._update(results, old)
        doubtful = {p for r in results for p, data in r.files.items() if self._doubtful(r, p, data, old.get(p))}
        asked = doubtful if not self.plan.force else set()
        clean = self.clean(asked)
        try:
            for result in results:
                for path, data in result.files.items():
                    if result.status != "failed":
                        lose = path in doubtful and (path not in clean or self.is_copy(result.source))
                        self._write_one(result, path, data, old.get(path), lose)
                        if path in clean and path != result.source:
                            self.say_replaced(result, path)
            self.settle(results)
        finally:
            self._looked.clear()

    def _update(self, results: list[Conversion], old: dict[str, bytes | None]) -> None:
        """--update: an existing file takes the new values and keeps what the format's table does not know."""
        from agentconv.output.update import CannotUpdate, gained, merged
        from agentconv.project.takingback import edited, is_own, refuse, say_gone

        for result in results:
            back = is_own(result, self.dst, self.plan, self.written)
            for path, data in list(result.files.items()):
                before = old.get(path)
                if before is None or before == data:
                    continue
                try:
                    there = files.decode(before)
                    only = edited(result, there, path, self.dst, self.plan) if back else None
                    text = merged(self.dst, there, data.decode("utf-8"), path, only)
                except (CannotUpdate, files.Unreadable) as problem:
                    help = "--force writes it anew"
                    result.fail(note("F008", f"{path} cannot be updated: {problem}", file=path, help=help))
                else:
                    result.files[path] = text.encode("utf-8")
                    if back and not refuse(result, gained(self.dst, there, text), path, self.dst, self.plan):
                        say_gone(result, gained(self.dst, text, there), path)

    def old(self, path: str, result: Conversion) -> bytes | None:
        """What is there now; ``None`` where nothing is, or where the result cannot be written."""
        try:
            place, there = self._look(path)
            if not there:
                return None
            with open(place, "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except files.Outside as problem:
            result.fail(note("F009", str(problem), file=path, help=OUTSIDE))
        except OSError as problem:
            result.fail(note("F002", (problem.strerror or str(problem)).lower(), file=path, help=ELSEWHERE))
        return None

    def _doubtful(self, result: Conversion, path: str, data: bytes, old: bytes | None) -> bool:
        """Somebody's text that would be lost: not what agentconv wrote there, not the same."""
        return old is not None and old != data and not self.may_replace(path, old, data, result)

    def may_replace(self, key: str, old: bytes, new: bytes, result: Conversion) -> bool:
        """Whether nothing is lost when these bytes (of a file, or of an entry) go: agentconv wrote them."""
        del new, result
        return self.written.knows(key, old)

    def clean(self, paths: Collection[str]) -> Collection[str]:
        """Those of the paths that somebody else keeps: git holds them unchanged."""
        return in_git(self.plan.root, sorted(paths))

    def is_copy(self, source: str) -> bool:
        """Whether a source that nobody named is an output of ours as it was written. What lies where it would go is
        then the original, or of somebody else: even where git has it, who looks for agents does not ask to lose it."""
        if not self.plan.found or self.plan.force or source not in self.written.hashes:
            return False
        try:
            return self.written.knows(source, (self.plan.root / source).read_bytes())
        except OSError:
            return False

    def say_replaced(self, result: Conversion, path: str) -> None:
        """Somebody's text is gone from the folder, and git has it."""
        from agentconv.project.intheway import replaced

        if not (self.plan.update or result.unchanged or result.status in ("kept", "failed")):
            result.notes.append(replaced(path, result, self.plan))

    def _write_one(self, result: Conversion, path: str, data: bytes, old: bytes | None, lose: bool) -> None:
        if path in self.wrote:  # two agents of one result
            result.unchanged = self.wrote[path]
            self._doubled.setdefault(path, []).append(result)
            return
        lying = self.lying.get((result.source, path))
        if old == data or (lying is not None and not lying.file):
            result.unchanged = True
            self.remember(path, data, lying.digest if lying is not None else "")
            self.wrote[path] = True
            return
        own = self.plan.in_place and path == result.source
        if lose and not self.plan.force and not self.plan.update and not own:
            result.status = "kept"
            result.notes.append(self.kept(path, result, data, old or b""))
            self.claims.unwritten(result, path, data)
            return
        if own and self._changed_since(result, old) and not self.plan.force and not self.plan.update:
            result.fail(note("F002", "it was changed while it was converted", file=path, help="convert it again"))
            return
        self.put(result, path, data, old)
        if not result.failed:
            self.wrote[path] = False

    def _changed_since(self, result: Conversion, old: bytes | None) -> bool:
        """Whether a source that is to be overwritten is another one than was read: somebody has saved it meanwhile."""
        return bool(result.read) and (old is None or files.digest(old) != result.read)

    def put(self, result: Conversion, path: str, data: bytes, old: bytes | None) -> None:
        """The bytes to their place, with all that is said of it."""
        self._changed(path, data, old)
        if self.plan.dry:
            return
        try:
            full, there = self._looked.get(path) or (self.spot(path), True)
        except files.Outside as problem:
            self.not_written(result, path, note("F009", str(problem), file=path, help=OUTSIDE))
            return
        lying = self.lying.pop((result.source, path), None)
        order = Order(full, data, not there, lying.file if lying is not None else "")
        self.leaving.append((order, Leaving(path, result, data, lying)))

    def settle(self, results: Sequence[Conversion] = ()) -> None:
        """What leaves goes to its place; these results are let go when it is there."""
        leaving, self.leaving = self.leaving, []

        def told(answers: Sequence[Answer]) -> None:
            for (_, left), answer in zip(leaving, answers, strict=True):
                self._settled(left, answer)
            self._let_go(results)

        if leaving:
            self.putter.put([order for order, _ in leaving], told)
        else:
            told(())

    def _settled(self, left: Leaving, answer: Answer) -> None:
        path, result, data, lying = left
        if (problem := answer.problem) is None:
            self.remember(path, data, answer.digest if lying is None else lying.digest)
            return
        self.wrote.pop(path, None)
        told = note("F002", (problem.strerror or str(problem)).lower(), file=path, help=ELSEWHERE)
        for one in (result, *self._doubled.pop(path, ())):
            self.not_written(one, path, told)

    def not_written(self, result: Conversion, path: str, problem: Note) -> None:
        """It fails, and what stands there was not replaced after all."""
        result.notes = [n for n in result.notes if n.code != "F025" or n.file != path]
        result.fail(problem)

    def _changed(self, path: str, data: bytes, old: bytes | None) -> None:
        self.sizes[path] = len(data)
        before, after = (None if old is None else ""), ""
        if self.plan.texts:
            before, after = (None if old is None else old.decode("utf-8", "replace")), data.decode("utf-8")
        self.done.changes.append((path, before, after))

    def remember(self, path: str, data: bytes, digest: str = "") -> None:
        """These bytes are agentconv's own: they may be overwritten. ``digest``: where it is known already."""
        if not self.plan.dry:
            self.written.note_digest(path, digest or self._digest(data))

    def to_stdout(self, results: list[Conversion]) -> None:
        """Standard output takes one file."""
        paths = dict.fromkeys(p for r in results for p in r.files)
        if len(paths) > 1:
            text = f"standard output takes one file, there would be {len(paths)}"
            for result in results:
                result.fail(note("F002", text, help="-o FOLDER/, or --only NAME"))
        if len(paths) == 1:
            self.done.stdout = results[0].files[next(iter(paths))].decode("utf-8")

    def kept(self, path: str, result: Conversion, data: bytes, old: bytes) -> Note:
        """What stands in the way, and how to look, to keep and to drop it."""
        from agentconv.project.intheway import in_the_way

        known = (f"{path}#{result.entry}" if result.entry else path) in self.written.hashes
        told = in_the_way(path, result, data, old, known, self.plan, self.dst)
        if self.is_copy(result.source):
            told = replace(told, message=f"{told.message}; {result.source} is a copy that it wrote")
        return told


OUTSIDE = "move it away, or name another place with -o"
ELSEWHERE = "-o names another place"


def looked_at(dst: Spec) -> bool:
    """Whether a result's agent is needed when its file is written: for a shared file, or what the program asks for."""
    return dst.many or any(asked(dst))


def asked(dst: Spec, home: bool = False) -> dict[str, str]:
    """What the program wants before it shows an agent: for all (an empty key), or for those that say a field. ``home``:
    of agents in the user's home."""
    asks = dst.tables.get("asks_user" if home and "asks_user" in dst.tables else "asks")
    if not asks:
        return {}
    return {str(k): str(v) for k, v in asks.items()} if isinstance(asks, dict) else {"": str(asks)}
