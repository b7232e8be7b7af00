"""The disk: reading as text, places that may be written, and writing in one step."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from agentconv.containers import MAX_BYTES
from agentconv.fingerprints import sha256
from agentconv.project.halves import half_of


class Unreadable(Exception):
    """A file that cannot be taken in: note code and sentence."""

    def __init__(self, code: str, message: str, help: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.line = code, message, help, line


# a pipe is opened without waiting for whoever writes to it, so that it can be refused
READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read_text(path: str | os.PathLike[str], most: int = MAX_BYTES) -> str:
    """The file as text, line ends as they are."""
    return _text(path, most, READING)


def read_no_link(path: str | os.PathLike[str], most: int = MAX_BYTES) -> str | None:
    """The same; ``None`` where the path is a link, or where the system cannot tell when it opens it."""
    try:
        return _text(path, most, READING | NO_LINK) if NO_LINK else None
    except Unreadable:
        if os.path.islink(path):
            return None
        raise


def _text(path: str | os.PathLike[str], most: int, flags: int) -> str:
    try:
        handle = os.open(path, flags)
        try:
            data = _read(handle, most)
        finally:
            os.close(handle)
    except OSError as error:
        if os.path.isdir(path):
            raise Unreadable("F001", *NO_FILE) from error
        link = "a link that leads nowhere: " if os.path.islink(path) else ""
        help = "look who may read it: ls -l" if isinstance(error, PermissionError) else ""
        raise Unreadable("F001", link + (error.strerror or str(error)).lower(), help) from error
    return decode(data)


NO_FILE = "this is no file", "name a file or a folder"


def _read(handle: int, most: int) -> bytes:
    """All bytes of an open file."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable("F001", *NO_FILE)
    size = found.st_size
    data = os.read(handle, size + 1) if size <= most else b""
    if len(data) != size:  # more or less of it than it says: it grows, or the system gives a part at a time
        parts = [data]
        while size <= most and (part := os.read(handle, 1 << 20)):
            parts.append(part)
            size = max(size, sum(map(len, parts)))
        data = b"".join(parts)
    if size > most:
        text = f"{size:,} bytes are more than the limit of {most:,}"
        raise Unreadable("R017", text, f"--max-bytes {size} reads it all the same")
    return data


_latest: tuple[str, bytes] = ("", b"")


def encoded(text: str) -> bytes:
    """The bytes of a text: of the one that was read last those that were read. To make them again takes 6 µs for 7,000
    characters with a dash among them."""
    last, data = _latest
    return data if last is text else text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Bytes as text; anything but UTF-8 is said with its line."""
    global _latest
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("R001", "the file is UTF-16, not UTF-8", "save it as UTF-8", 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable("R001", f"not UTF-8 (byte {data[error.start]:#04x})", "save it as UTF-8", line) from error
    if b"\x00" in data:  # among bytes it is found at once; in a text of wide characters every second byte is one
        line = text.count("\n", 0, text.find("\x00")) + 1
        raise Unreadable("R001", "a NUL character: this is no text file", "leave it out, or save it as UTF-8", line)
    _latest = text, data
    return text


# -- writing ----------------------------------------------------------------------------------


class Outside(Exception):
    """The place of an output lies outside the root, or a link leads out of it."""


class Inside:
    """Places below a root. A folder on the way is looked at once in a run, a file each time."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._real_root = os.path.realpath(root)
        self._folders: dict[str, tuple[str, str]] = {}  # as they are named, and where they lie

    def place(self, relative: str) -> Path:
        """Where to write; a path or a link that leaves the root is an error."""
        return Path(self.spot(relative))

    def spot(self, relative: str) -> str:
        """The same as text: of ten thousand places no objects have to be made."""
        return self.look(relative)[0]

    def look(self, relative: str) -> tuple[str, bool]:
        """The same, and whether something is there."""
        name = relative[relative.rfind("/") + 1 :]
        lead = relative[: len(relative) - len(name)]
        if lead not in self._folders:
            folder = os.path.join(self.root, lead, "")
            self._folders[lead] = folder, os.path.join(os.path.realpath(folder), "")
        folder, real_folder = self._folders[lead]
        target, real = folder + name, real_folder + name
        there, mode = True, 0
        try:
            mode = os.lstat(target).st_mode
        except (FileNotFoundError, NotADirectoryError):
            there = False
        except (OSError, ValueError):
            pass  # it cannot be looked at: whoever opens it is told why
        if name in ("", ".", "..") or stat.S_ISLNK(mode) or (os.altsep and os.sep in name):
            real = os.path.realpath(target)
        if real != self._real_root and not real.startswith(self._real_root.rstrip(os.sep) + os.sep):
            raise Outside(f"{relative} leads to {real}, outside {self._real_root}")
        if stat.S_ISLNK(mode):
            with contextlib.suppress(OSError):  # it leads to nothing: that is made
                mode = os.stat(target).st_mode
        if stat.S_ISDIR(mode):
            raise Outside(f"{relative} is a folder")
        if mode and not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise Outside(f"{relative} is no file")  # who opens a pipe waits for somebody at its other end
        return target, there


NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


SYNCED = 16  # so many files are brought to the disk one by one, more of them at once


class Beside(NamedTuple):
    """A new file beside its place."""

    file: str
    place: str
    asked: str  # a link to the place, or the place itself

    def sync(self) -> None:
        """Its bytes to the disk."""
        handle = os.open(self.file, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def put(self) -> None:
        """To its place, whatever is there."""
        os.replace(self.file, self.place)

    def drop(self) -> None:
        """It was not wanted."""
        os.unlink(self.file)


UNNAMED = 200  # so many files without a name are open at once


class Unnamed(NamedTuple):
    """A new file without a name, for a place where nothing is: whatever ends this process, nothing of it is left. To
    name it afterwards takes a quarter less of the system than to make a file with a name and to rename it."""

    handle: int
    place: str
    asked: str

    def sync(self) -> None:
        """Its bytes to the disk."""
        os.fsync(self.handle)

    def put(self) -> None:
        """To its place; not over what somebody else has put there meanwhile."""
        try:
            os.link(f"self/fd/{self.handle}", self.place, src_dir_fd=_processes(), follow_symlinks=True)
        except FileExistsError:
            raise
        except OSError:  # a system that makes such files, and cannot name them
            file = write_beside(self.place, os.pread(self.handle, os.fstat(self.handle).st_size, 0))
            os.replace(file, self.place)
        os.close(self.handle)

    def drop(self) -> None:
        """It was not wanted."""
        os.close(self.handle)


@cache
def _processes() -> int:
    """Where a file without a name can be found by its number; -1 where the system shows none (macOS, Windows)."""
    try:
        return os.open("/proc", os.O_RDONLY) if os.path.isdir("/proc/self/fd") else -1
    except OSError:
        return -1


def _unnamed(place: str, data: bytes) -> int:
    """A file without a name that holds the bytes, on the disk of its place; -1 where there are none."""
    if not hasattr(os, "O_TMPFILE") or _processes() < 0:
        return -1
    try:
        folder = place.rpartition("/")[0] or "/"
        try:
            handle = os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o666)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            handle = os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o666)
    except OSError:  # the other way will tell
        return -1
    try:
        _write_all(handle, data)
    except BaseException:
        os.close(handle)
        raise
    return handle


def write_beside(path: str, data: bytes) -> str:
    """Write the bytes beside a place where nothing is, as somebody has just seen: the new file."""
    file = _beside(path)
    _write(file, data, None)
    return file


def _beside(place: str) -> str:
    """The name of a file on its way to this place."""
    folder, name = os.path.split(place)
    return os.path.join(folder, half_of(name))


def _write(file: str, data: bytes, mode: int | None) -> None:
    """A new file. It has the permissions of the one that it is to replace; without one, the umask's."""
    rights = 0o666 if mode is None else 0o600  # nobody may read what was closed before, not even for a moment
    try:
        try:
            handle = os.open(file, NEW_FILE, rights)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            handle = os.open(file, NEW_FILE, rights)
        try:
            _write_all(handle, data)
        finally:
            os.close(handle)
        if mode is not None:
            os.chmod(file, mode & 0o777)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(file)
        raise


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:  # a disk that is nearly full takes a part, and says so at the next write only
        left = left[os.write(handle, left) :]


def _mode(path: str) -> int | None:
    """What is there, links not followed."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return None


class Staged:
    """Files on their way: written beside their places, brought to the disk, then put there in one step each.

    Whoever reads sees the old file or the new one, never a part, and so does who looks after a crash.
    """

    def __init__(self) -> None:
        self.waiting: list[Beside | Unnamed] = []

    def add(self, path: str, data: bytes, new: bool = False) -> None:
        """Write the bytes beside their place. ``new``: nothing is there, as somebody has just seen."""
        if new and len(self.waiting) < UNNAMED and (handle := _unnamed(path, data)) >= 0:
            self.waiting.append(Unnamed(handle, path, path))
            return
        place = path
        mode = None if new else _mode(path)
        if mode is not None and stat.S_ISLNK(mode):
            place = os.path.realpath(path)
            mode = _mode(place)
        file = _beside(place)
        self.waiting.append(Beside(file, place, path))  # before it is there: Ctrl-C may come at any time from then on
        try:
            _write(file, data, mode)
        except OSError:
            self.waiting.pop()
            raise

    def settle(self, failed: Callable[[str, OSError], None], wanted: Callable[[], bool] = lambda: True) -> None:
        """All to their places. ``failed`` is told of those that could not be put there. ``wanted``: asked when all are
        on the disk, which may take a while; where they are not any more, they are dropped."""
        try:
            try:
                self._sync()
            except OSError as error:  # the disk does not take them: nothing is put in place of the old
                for one in self.waiting:
                    failed(one.asked, error)
                return
            if not wanted():
                return
            self.waiting.reverse()
            while self.waiting:
                one = self.waiting[-1]
                try:
                    one.put()
                except OSError as error:
                    with contextlib.suppress(OSError):
                        one.drop()
                    failed(one.asked, error)
                self.waiting.pop()
        finally:
            self.drop()

    def _sync(self) -> None:
        """The bytes have to be on the disk before the name stands for them."""
        if len(self.waiting) > SYNCED and hasattr(os, "sync"):
            os.sync()
            return
        for one in self.waiting:
            one.sync()

    def drop(self) -> None:
        """Nothing half done stays behind."""
        for one in self.waiting:
            with contextlib.suppress(OSError):
                one.drop()
        self.waiting = []


def write_bytes(path: Path, data: bytes) -> None:
    """One file, in one step."""

    def fails(_: str, error: OSError) -> None:
        raise error

    staged = Staged()
    staged.add(str(path), data)
    staged.settle(fails)


def digest(data: bytes) -> str:
    """A short fingerprint of what was written."""
    return sha256(data)[:32]
