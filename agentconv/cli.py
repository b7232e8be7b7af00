"""The command line. Each command imports its own work when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

COMMANDS = {
    "convert": ("agentconv.commands.convert", "convert"),
    "build": ("agentconv.commands.build", "build"),
    "init": ("agentconv.commands.init", "init"),
    "list": ("agentconv.commands.look", "list_"),
    "check": ("agentconv.commands.check", "check"),
    "show": ("agentconv.commands.show", "show"),
    "diff": ("agentconv.commands.look", "diff"),
    "graph": ("agentconv.commands.graph", "graph"),
    "formats": ("agentconv.commands.formats", "formats"),
    "tools": ("agentconv.commands.tables", "tools"),
    "models": ("agentconv.commands.tables", "models"),
    "explain": ("agentconv.commands.tables", "explain"),
    "schema": ("agentconv.commands.schema", "schema"),
    "template": ("agentconv.commands.look", "template"),
    "format": ("agentconv.commands.format", "format"),
    "completion": ("agentconv.commands.look", "completion"),
}


class Lazy(click.Group):
    """Commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        import importlib

        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line per command, without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, HELP[name]) for name in COMMANDS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown word gets the nearest command."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1, 0.5)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


HELP = {
    "convert": "Convert agents to other programs.",
    "build": "Build what agentconv.toml says, and keep it in step.",
    "init": "Write an agentconv.toml that fits this project.",
    "list": "List agents and what each may do, here and in other programs.",
    "check": "Tell where programs read agents otherwise than they are meant.",
    "show": "Print agents as the model (JSON or YAML).",
    "diff": "Compare two agents or folders by meaning.",
    "graph": "Show which agent hands over to which.",
    "formats": "List the formats, all facts of one, or what each can hold.",
    "tools": "List tool names and what they mean.",
    "models": "List models and how each format spells them.",
    "explain": "Explain a note code.",
    "schema": "Print a JSON schema: of the model, agentconv.toml, reports …",
    "template": "Print the template of a format.",
    "format": "Make a format of your own, and check it.",
    "completion": "Print the line that switches on shell completion.",
}


@click.group(
    cls=Lazy,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",  # versions of click differ in their own word
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(None, "--version", "-V", package_name=None, message="%(version)s", prog_name="agentconv")
@click.pass_context
def app(ctx: click.Context) -> None:
    """agentconv converts AI-agent definitions between programs: rights never widened, every loss named, every output
    read back before it is written."""
    _in_a_folder()
    if ctx.invoked_subcommand != "format":
        from agentconv.commands.own_formats import use_found

        use_found()
    if ctx.invoked_subcommand is None:
        from agentconv.commands.here import here

        here()


def main(argv: list[str] | None = None) -> None:
    """Run the command line; whatever happens, no traceback reaches the user."""
    try:
        code = app.main(args=argv, prog_name="agentconv", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        _show(error)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("stopped: no file is half written", err=True)
        sys.exit(130)
    except SystemExit:
        raise
    except OSError as error:
        if error.filename is not None:  # files of agents are written where their errors become notes
            _own_bug(error)
            sys.exit(3)
        from agentconv.leaving import told

        _debug()
        sys.exit(told(error))
    except Exception as error:
        _own_bug(error)
        sys.exit(3)


class NoFolder(click.ClickException):
    """F001: where the current folder was deleted, nothing can be found."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("F001 the current folder is not there any more: change to another one")


def _in_a_folder() -> None:
    try:
        Path.cwd()
    except OSError as error:
        raise NoFolder from error


def _show(error: click.ClickException) -> None:
    """Names of files and options are a stranger's, too."""
    import io

    from agentconv.telling.escape import say

    text = io.StringIO()
    error.show(file=text)
    say(text.getvalue(), err=True, nl=False)


def _own_bug(error: Exception) -> None:
    """X001: our mistake, told in three lines; AGENTCONV_DEBUG shows where."""
    import traceback

    last: Any = traceback.extract_tb(error.__traceback__)[-1]
    from agentconv.notes import note

    made = note("X001", f"internal error: {type(error).__name__}: {error} ({last.name}, line {last.lineno})")
    from agentconv.telling.escape import one_line

    click.echo(f"{made.code} {one_line(made.message)}", err=True)
    click.echo("This is a mistake in agentconv. Nothing more was written. AGENTCONV_DEBUG=1 shows the place.", err=True)
    _debug()


def _debug() -> None:
    import os

    if os.environ.get("AGENTCONV_DEBUG"):
        import traceback

        traceback.print_exc()
