"""SHA-256. ``hashlib`` loads OpenSSL, which is made for much data and takes 2 ms: half as long as all that one file
needs from the disk. The interpreter has the function, too; ``random`` of the standard library takes it the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FEW = 20  # so many are made by the interpreter's own; from then on OpenSSL's, which is several times faster, pays
_made = 0


def sha256(data: bytes, much: bool = False) -> str:
    """The fingerprint in hexadecimal digits. ``much``: of so many bytes that OpenSSL pays at once."""
    global _made
    _made += 1
    if much or _made > FEW:
        import hashlib

        return hashlib.sha256(data).hexdigest()
    return str(_of_the_interpreter()(data).hexdigest())


def _of_the_interpreter() -> Callable[[bytes], Any]:
    for module in ("_sha2", "_sha256"):  # from Python 3.12 on, and before; an interpreter may be built without it
        try:
            found: Callable[[bytes], Any] = __import__(module).sha256
            return found
        except ImportError:
            continue
    import hashlib

    return hashlib.sha256
