"""What follows from the program in README and docs: tables, examples, pages. ``python -m tests.readme --write``."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import yaml

from agentconv import cli, registry
from agentconv.notes import CODES
from tests import pages
from tests.clients import record

README = Path(__file__).resolve().parent.parent / "README.md"
EXAMPLE = re.compile(r"(?P<open><!-- example -->\n```console\n)(?P<body>.*?)(?P<close>^```\n)", re.S | re.M)
BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z]+) -->\n)(?P<body>.*?)(?P<close><!-- end -->)", re.S)


def program() -> click.Group:
    """The command tree."""
    groups = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    assert len(groups) == 1, "agentconv.cli is expected to hold one group"
    return groups[0]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, the top one included."""
    top = program()
    yield "agentconv", top
    yield from _below("agentconv", top)


def _below(name: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        yield f"{name} {word}", command
        if isinstance(command, click.Group):
            yield from _below(f"{name} {word}", command)


def parameters(command: click.Command) -> list[click.Option]:
    """The options of a command that are shown."""
    return [p for p in command.params if isinstance(p, click.Option) and not p.hidden]


def options() -> set[str]:
    """Every spelling of every option of the tree."""
    own = {s for _, command in commands() for p in parameters(command) for s in (*p.opts, *p.secondary_opts)}
    return own | {"--help", "--version"}


def command_table() -> str:
    """Commands and their options."""
    lines = []
    for name, command in commands():
        usage = " ".join(command.collect_usage_pieces(click.Context(command, info_name=name)))
        lines.append(f"**`{name} {usage}`**: {cell(command.get_short_help_str(500))}".rstrip())
        lines += [""] if parameters(command) else []
        for option in parameters(command):
            metavar = "" if option.is_flag else " " + option.make_metavar(click.Context(command))
            spelled = ", ".join((*option.opts, *option.secondary_opts))
            lines.append(f"- `{spelled}{metavar}`: {cell(option.help or '')}")
        lines.append("")
    return "\n".join(lines)


def format_table() -> str:
    """Formats, their programs, versions and places."""
    lines = ["| id | what | program seen | tools | sure | written to | found in |", "|---" * 7 + "|"]
    for id in registry.ids():
        spec = registry.load(id)
        places = spec.head.get("places") or {}
        where = ", ".join(f"`{place}`" for place in places.get("project", ()))
        written = f"`{places['write']}`" if id in registry.targets() else "read only"
        seen = f"{spec.head.get('program', '')} {spec.head.get('version', '')}".strip()
        control = spec.tools.control + ("?" if spec.tools.enforced == "unknown" else "")
        cells = (cell(str(spec.head["title"])), cell(seen), control, str(spec.head["sure"]), written, cell(where))
        lines.append(f"| `{id}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def note_table() -> str:
    """Note codes, their names and what they say."""
    texts = yaml.safe_load((README.parent / "agentconv/data/notes.yaml").read_text(encoding="utf-8"))
    lines = ["| code | effect | name | says |", "|---|---|---|---|"]
    for code, (effect, headline) in CODES.items():
        lines.append(f"| `{code}` | {effect} | {texts[code]['name']} | {cell(headline)} |")
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Text that fits into one line of a table."""
    return " ".join(text.split()).replace("|", "\\|")


TABLES = {"commands": command_table, "clients": record.table, "formats": format_table, "notes": note_table}


def renewed(text: str) -> str:
    """The README's text with tables and outputs as they should be."""
    text = BLOCK.sub(lambda found: found["open"] + TABLES[found["name"]]() + found["close"], text)
    return with_outputs(text)


def with_outputs(text: str) -> str:
    """Each example followed by what it prints, one after the other in a project that holds the shipped examples."""
    from tests.test_cases import World

    folder = Path(tempfile.mkdtemp(prefix="agentconv-readme-"))
    try:
        world = World(folder, unprivileged=False)
        shutil.copytree(README.parent / "fixtures/examples", world.project / "fixtures/examples")

        def run(found: re.Match[str]) -> str:
            shown = []
            for line in found["body"].splitlines():
                if line.startswith("$ "):
                    out, aside, _ = world.run(line[2:])
                    shown.append(f"{line}\n{world.plain(out)}{world.plain(aside)}")
            return f"{found['open']}{''.join(shown)}{found['close']}"

        return EXAMPLE.sub(run, text)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Say whether tables and examples are up to date; with ``--write`` make them so."""
    text = README.read_text(encoding="utf-8")
    new = renewed(text)
    if "--write" in sys.argv[1:]:
        README.write_text(new, encoding="utf-8")
        pages.write()
        return 0
    print("up to date" if new == text else "out of date: python -m tests.readme --write")
    return int(new != text)


if __name__ == "__main__":
    sys.exit(main())
