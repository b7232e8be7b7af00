"""``python -m tests.clients``: install the real programs, list and pin them, or ask one what it makes of a folder."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.clients import installing, running
from tests.clients.programs import Program, cache_folder, programs


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    install = commands.add_parser("install", help="install programs into the cache folder")
    install.add_argument("id", nargs="*", help="programs (default: all)")
    install.add_argument("--quick", action="store_true", help="only those that CI runs")
    install.add_argument("--newest", action="store_true", help="the newest versions instead of the pinned ones")
    commands.add_parser("list", help="programs, versions, and what is installed")
    commands.add_parser("pin", help="make the installed versions the pinned ones")
    load = commands.add_parser("load", help="print what a program makes of a folder, as JSON")
    load.add_argument("id")
    load.add_argument("folder", type=Path)
    odd = commands.add_parser("odd", help="compare what a program and our reading make of generated odd files")
    odd.add_argument("id")
    odd.add_argument("--count", type=int, default=300)
    odd.add_argument("--seed", type=int, default=1, help="with --matrix the number of the first file")
    odd.add_argument("--matrix", action="store_true", help="each key with a value of each type instead")
    judge = commands.add_parser("judge", help="convert any agent files for the programs that are here, and compare")
    judge.add_argument("source", nargs="+", help="files and folders")
    judge.add_argument("--program", action="append", default=[], metavar="ID", help="only this one (may be repeated)")
    judge.add_argument("--as-they-are", action="store_true", help="show the files to their own programs, too")
    judge.add_argument("--sample", type=int, metavar="N", help="only so many of the files, evenly chosen")
    judge.add_argument("--json", type=Path, metavar="FILE", help="write the differences as data")
    options = parser.parse_args(arguments)
    given = getattr(options, "id", [])
    named = [*([given] if isinstance(given, str) else given), *getattr(options, "program", [])]
    for id in named:
        if id not in programs():
            parser.error(f"no program {id}; there are: {', '.join(programs())}")
    if options.command == "install":
        return _install(options.id, options.quick, options.newest)
    if options.command == "list":
        return _list()
    if options.command == "pin":
        for program in programs().values():
            _say(f"{program.id}: {', '.join(installing.pin(program)) or 'as pinned'}")
        return 0
    if options.command == "judge":
        return _judge(options)
    program = programs()[options.id]
    if reason := program.missing():
        print(reason, file=sys.stderr)
        return 1
    if options.command == "odd":
        from tests.clients import odd

        return int(odd.compare(program, options.count, options.seed, options.matrix) > 0)
    return _load(program, options.folder)


def _install(ids: list[str], quick: bool, newest: bool) -> int:
    chosen = [p for p in programs().values() if (p.id in ids if ids else p.quick or not quick)]
    failed = 0
    for number, program in enumerate(chosen, 1):
        try:
            installing.install(program, newest=newest, say=lambda text, n=number: _say(f"{n}/{len(chosen)}  {text}"))
        except installing.Failed as problem:
            _say(f"{number}/{len(chosen)}  {program.id}: NOT installed: {problem}")
            failed += 1
            if installing.no_network(str(problem)):
                left = len(chosen) - number
                _say(f"no network: {left} more programs are not tried" if left else "no network")
                return 1
    _say(f"{len(chosen) - failed} of {len(chosen)} programs in {cache_folder()}, {installing.size(cache_folder())}")
    return int(failed > 0)


def _say(text: str) -> None:
    print(text, flush=True)


def _list() -> int:
    for program in programs().values():
        there = " ".join(v for v in installing.installed(program).values() if v) if program.present() else "-"
        pinned = ", ".join(f"{name} {version}" for name, version in program.packages().items())
        print(f"{program.id:14} {'quick' if program.quick else '':6} {there:14} {program.title}: {pinned}")
    return 0


def _judge(options: argparse.Namespace) -> int:
    from tests.clients import strangers  # the conversion, which no other command here needs

    there = strangers.sample(strangers.found(options.source), options.sample)
    _say(f"{len(there)} files with agents")
    verdicts = []
    for verdict in strangers.judged(there, options.program, options.as_they_are, _say):
        strangers.report(verdict, _say)
        verdicts.append(verdict)
    if options.json:
        strangers.write(verdicts, options.json)
    return int(any(verdict.wrong for verdict in verdicts))


def _load(program: Program, folder: Path) -> int:
    try:
        answer = running.load(program, folder)
    except running.Failed as problem:
        print(problem, file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
