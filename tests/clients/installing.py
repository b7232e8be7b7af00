"""Installing the programs: the pinned packages, below one folder, nothing global, no install script run."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.clients.programs import HERE, Program, node_version
from tests.conftest import find_shared

SECONDS = 900
NPM = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
# without a network an attempt should end soon
NPM += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
CPU = {"x86_64": "x64", "aarch64": "arm64"}
# Node as a package, for programs that need a newer one than the machine has
NODE = "node-linux-{cpu}@{version}"


class Failed(RuntimeError):
    """A program could not be installed; the message says why."""


def install(program: Program, *, newest: bool = False, say: Callable[[str], None] = print) -> None:
    """Install one program; ``newest`` takes the newest versions instead of the pinned ones."""
    if program.present() is not None and not newest and installed(program) == program.packages():
        say(f"{program.id}: there already, {size(program.folder)}")
        return
    start = time.monotonic()
    wanted = "the newest" if newest else _words(program.packages())
    say(f"{program.id}: installing {wanted} …")
    folder = program.folder
    folder.mkdir(parents=True, exist_ok=True)
    _npm(program, folder, newest)
    _unpack(program, folder, newest)
    _brotli(program, folder)
    _pypi(program, folder, newest)
    _shared(program, folder)
    if program.present() is None:
        raise Failed(f"{program.facts['there']} is not there after the installation (no build for this machine?)")
    _warm_up(program)
    say(f"{program.id}: {_words(installed(program))}, {size(folder)}, {time.monotonic() - start:.0f} s")


def installed(program: Program) -> dict[str, str]:
    """The packages with the versions that are really there."""
    out = {}
    for name in program.facts.get("npm") or {}:
        out[name] = _version(program.folder / "node_modules" / name / "package.json")
    for name in program.facts.get("unpacked") or {}:
        out[name] = _version(program.folder / "package/package.json")
    for name in program.facts.get("pypi") or {}:
        pattern = f"venv/lib/python*/site-packages/{name.replace('-', '_')}-*.dist-info"
        found = next(iter(program.folder.glob(pattern)), None)
        out[name] = found.name.removesuffix(".dist-info").rpartition("-")[2] if found else ""
    return out


def pin(program: Program) -> list[str]:
    """Write the versions that are there into the program's data; comments and all else stay."""
    path, moved = HERE / program.id / "client.yaml", []
    if program.present() is None:  # a package of the new version may be there without the program in it
        return []
    text = path.read_text(encoding="utf-8")
    for name, version in installed(program).items():
        old = program.packages()[name]
        if version and version != old:
            text = re.sub(rf'({re.escape(name)}"?: ){re.escape(old)}(?=[,}}])', rf"\g<1>{version}", text)
            moved.append(f"{name} {old} -> {version}")
    path.write_text(text, encoding="utf-8")
    return moved


def size(folder: Path) -> str:
    """How much the folder takes, in MB."""
    total = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    return f"{total / 1e6:.0f} MB"


def _words(packages: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def _version(manifest: Path) -> str:
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"]) if manifest.exists() else ""


def _wanted(packages: dict[str, str], sign: str, newest: bool, latest: str) -> list[str]:
    return [f"{name}{latest if newest else sign + str(version)}" for name, version in packages.items()]


def _run(command: list[str], folder: Path, why: str) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise Failed(f"{command[0]} is not on this machine") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{why} took longer than {SECONDS} s") from None
    if done.returncode:
        raise Failed(f"{why} failed: {_last(done.stderr or done.stdout)}")
    return done.stdout


def no_network(words: str) -> bool:
    """Whether an installer failed because nothing can be reached: then the next one would, too."""
    return bool(
        re.search(r"EAI_AGAIN|ENOTFOUND|ENETUNREACH|ETIMEDOUT|name resolution|establish a new connection", words)
    )


def _last(text: str) -> str:
    """The lines of an installer's words that say what went wrong, addresses left out."""
    lines = [re.sub(r"https?://\S+", "(address)", line).strip() for line in text.splitlines() if line.strip()]
    return " / ".join(line for line in lines if "complete log" not in line)[-400:]


def _npm(program: Program, folder: Path, newest: bool) -> None:
    packages = _wanted(program.facts.get("npm") or {}, "@", newest, "@latest")
    needs = int(program.facts.get("node", 0))
    if needs > node_version():
        cpu = CPU.get(platform.machine())
        if cpu is None:
            raise Failed(f"it needs Node {needs}, and there is no package of it for {platform.machine()}")
        packages.append(NODE.format(cpu=cpu, version=needs))
    if not packages:
        return
    if not (folder / "package.json").exists():  # else npm takes the first package.json above for the project's
        (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    few = [] if program.facts.get("optional", True) else ["--omit=optional"]
    _run([*NPM, *few, "--prefix", str(folder), *packages], folder, "npm install")
    if inner := program.facts.get("inner"):
        _run([*NPM, "--omit=dev"], folder / str(inner), "npm install")


def _unpack(program: Program, folder: Path, newest: bool) -> None:
    for wanted in _wanted(program.facts.get("unpacked") or {}, "@", newest, "@latest"):
        shutil.rmtree(folder / "package", ignore_errors=True)
        archive = _run(["npm", "pack", "--silent", wanted], folder, "npm pack").split()[-1]
        shutil.unpack_archive(folder / archive, folder, "gztar")
        (folder / archive).unlink()


def _brotli(program: Program, folder: Path) -> None:
    """What the package's install script, which is not run, does first."""
    for packed in folder.glob(str(program.facts["brotli"])) if "brotli" in program.facts else ():
        code = "const [from, to] = process.argv.slice(1)\n"
        code += "fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)), {mode: 0o755})"
        _run(["node", "-e", code, str(packed), str(packed.with_suffix(""))], folder, "unpacking it")


def _pypi(program: Program, folder: Path, newest: bool) -> None:
    packages = _wanted(program.facts.get("pypi") or {}, "==", newest, "")
    if not packages:
        return
    python = folder / "venv/bin/python"
    if not python.exists():
        _run(
            [interpreter(str(program.facts.get("python", "3.10"))), "-m", "venv", str(folder / "venv")], folder, "venv"
        )
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--retries=1"]
    upgrade = ["--upgrade"] if newest else []
    loose = program.facts.get("loosen") or []
    if not loose:
        _run([*pip, *upgrade, *packages], folder, "pip install")
        return
    _run([*pip, *upgrade, "--no-deps", *packages], folder, "pip install")
    code = "import importlib.metadata as m, sys; print('\\n'.join(m.requires(sys.argv[1]) or []))"
    needs = _run([str(python), "-c", code, next(iter(program.facts["pypi"]))], folder, "reading requirements")
    names = {
        line: re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in needs.splitlines() if "extra ==" not in line
    }
    _run([*pip, *(name if name in loose else line for line, name in names.items())], folder, "pip install")


def _shared(program: Program, folder: Path) -> None:
    shared = find_shared()
    for name, path in (program.facts.get("shared") or {}).items():
        source = shared / "clients" / path if shared else None
        if source is None or not source.exists():
            raise Failed(f"its {name} lies in the shared folder only, which is not at hand")
        shutil.copyfile(source, folder / name)


def interpreter(least: str) -> str:
    """A Python of at least that version: this one, one on the path, or one beside this one."""
    wanted = tuple(int(part) for part in least.split("."))
    if sys.version_info[:2] >= wanted:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(20, wanted[1] - 1, -1)]
    # a version manager keeps its interpreters in folders beside each other
    beside = sorted(Path(sys.base_prefix).parent.glob("3.*/bin/python3"), reverse=True)
    for candidate in [*filter(None, map(shutil.which, names)), *map(str, beside)]:
        code = f"import sys; sys.exit(sys.version_info[:2] < {wanted})"
        if subprocess.run([candidate, "-c", code], capture_output=True).returncode == 0:
            return candidate
    raise Failed(f"it needs Python {least} or newer, and none was found")


def _warm_up(program: Program) -> None:
    if (words := program.facts.get("warm_up")) and (binary := program.present()):
        home = program.folder / "cache-home"
        home.mkdir(exist_ok=True)
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(home)}
        subprocess.run([str(binary), *words], env=env, cwd=home, capture_output=True, timeout=180)
