"""A fingerprint is the same whoever makes it: files of earlier runs hold them."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from agentconv import fingerprints

DATA = [b"", b"abc", bytes(range(256)) * 300]


@pytest.mark.parametrize("made", [0, fingerprints.FEW])
def test_fingerprints_are_those_of_hashlib(made: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_made", made)
    assert [fingerprints.sha256(data) for data in DATA] == [hashlib.sha256(data).hexdigest() for data in DATA]


@pytest.mark.parametrize("missing", [(), ("_sha2",), ("_sha2", "_sha256")])
def test_an_interpreter_may_lack_its_own(missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_made", 0)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    assert fingerprints.sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(("count", "loaded"), [(fingerprints.FEW, False), (fingerprints.FEW + 1, True)])
def test_openssl_is_loaded_where_it_pays(count: int, loaded: bool) -> None:
    code = (
        "import sys; from agentconv.fingerprints import sha256\n"
        f"for n in range({count}): sha256(b'x')\n"
        "print('_hashlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)
