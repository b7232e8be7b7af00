"""``agentconv convert``."""

from __future__ import annotations

import time
from typing import Any

import click

from agentconv.commands.answers import FAIL_ON, NOTES, QUIET, REPORT, REPORTS, output, progress, writable
from agentconv.commands.asked import NoAgents, asked
from agentconv.commands.own_formats import format_dir
from agentconv.leaving import clean_up_first


class Jobs(click.ParamType[int]):
    """A number of processes, or ``auto`` (0)."""

    name = "jobs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        if value == "auto" or value == 0:
            return 0
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is neither a number of processes nor `auto`", param, ctx)
        return number


@click.command()
@click.argument("src", nargs=-1)
@click.option("--to", "to", multiple=True, required=True, metavar="ID[,ID…|all]", help="Formats to convert to.")
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="A file, a folder (or a name ending in /), or - for standard output; {id} {name} {plugin} are filled in.",
)
@click.option("--flat", is_flag=True, help="With -o FOLDER: files straight below it.")
@click.option("--only", multiple=True, metavar="NAME", help="Convert these agents only.")
@click.option("--exclude", multiple=True, metavar="NAME", help="Leave these agents out.")
@click.option("--user", is_flag=True, help="The programs' places in the home folder, on both sides.")
@click.option("--in-place", is_flag=True, help="Allow a source to be overwritten by its own conversion.")
@click.option("--force", is_flag=True, help="Overwrite files that agentconv did not write.")
@click.option(
    "--update", is_flag=True, help="Set what the format knows in existing files; other keys and comments stay."
)
@click.option(
    "--on-collision",
    type=click.Choice(["error", "suffix"]),
    default="error",
    help="Two agents for one output: error (default) or a number behind the second.",
)
@click.option(
    "--allow-widening",
    is_flag=False,
    flag_value="*",
    metavar="[CLASS,…]",
    help="Write agents that gain these there: reads, writes, runs, network, delegates, mcp:*, limits; alone: all.",
)
@click.option("--skip-refused", is_flag=True, help="Refused agents are left out without exit 1.")
@click.option("--strict", is_flag=True, help="Refuse what the target's session adds to every agent, too.")
@click.option("--no-guard", is_flag=True, help="No sentence at the head of the prompt of a widened agent.")
@click.option(
    "--approval",
    type=click.Choice(["allow", "ask"]),
    default="allow",
    help="What is written where one word says both that a tool is there and that it runs.",
)
@click.option(
    "--model-policy",
    type=click.Choice(["map", "keep", "drop"]),
    default="map",
    help="Models: translate, keep the text, or leave out.",
)
@click.option("--model-map", multiple=True, metavar="FROM=TO", help="Write this model for that one.")
@click.option(
    "--carry", is_flag=True, help="Keep fields without a home in the output for the way back, and take them back."
)
@click.option("--fold", is_flag=True, help="Write routing facts and skills without a home into the prompt.")
@click.option(
    "--jobs",
    type=Jobs(),
    default="auto",
    metavar="N|auto",
    help="Processes; auto: several where there are enough files for it to pay.",
)
@click.option(
    "--rewrite-body",
    multiple=True,
    metavar="names|tools|paths|all",
    help="Rewrite in prompts what is certain: names of agents that changed, tools, places and links.",
)
@click.option("--in-code", is_flag=True, help="With --rewrite-body: in code blocks, too.")
@click.option("--lift", is_flag=True, help="Take hand-overs and examples from prompt and description into fields.")
@click.option("--dry-run", is_flag=True, help="Write nothing, say what would be.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing, print the changes.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where something would change.")
@FAIL_ON
@NOTES
@QUIET
@REPORT
@click.option("--allow-outside", is_flag=True, help="Follow links and file:// that lead out of the project.")
@click.option("--max-bytes", type=int, default=5_000_000, show_default=True, help="Largest file that is read.")
@format_dir
@click.pass_context
def convert(ctx: click.Context, /, src: tuple[str, ...], to: tuple[str, ...], **given: Any) -> None:
    """Convert agents to other programs.

    SRC: files, folders, or - for standard input. Without it: all agents in the known places of this project."""
    from agentconv.project import batch
    from agentconv.project.planning import OneFile
    from agentconv.telling import terminal

    started = time.monotonic()
    writable(given["report"], REPORTS)
    plan, sources = asked(src, to, given)
    found = list(sources)
    if len(found) > 1:
        clean_up_first()
    with progress(len(found) * len(plan.targets), given["quiet"]) as step:
        try:
            run = batch.run(plan, found, step)
        except OneFile as problem:
            raise click.UsageError(str(problem)) from problem
    if not run.sources:
        raise NoAgents(src, plan.targets)
    output(run, given, time.monotonic() - started)
    code = terminal.exit_of(run, given["fail_on"])
    if given["check"] and run.changes:
        code = max(code, 1)
    ctx.exit(code)
