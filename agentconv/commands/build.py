"""``agentconv build``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from agentconv.commands.answers import (
    FAIL_ON,
    NOTES,
    QUIET,
    REPORT,
    REPORTS,
    diff_text,
    keep,
    progress,
    report_text,
    writable,
)
from agentconv.leaving import clean_up_first


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where an output is not as its source has it.")
@click.option("--watch", is_flag=True, help="Build again whenever a source or the settings change (agentconv[watch]).")
@click.option("--dry-run", is_flag=True, help="Write nothing, say what would be.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing, print the changes.")
@click.option("--force", is_flag=True, help="Drop edits of outputs, delete edited ones whose source is gone.")
@click.option(
    "--take",
    type=click.Choice(["ours", "theirs"]),
    help="Copies that differ and that no build wrote: written anew, or taken into the sources.",
)
@FAIL_ON
@NOTES
@QUIET
@REPORT
@click.pass_context
def build(ctx: click.Context, /, **given: Any) -> None:
    """Build what agentconv.toml says: every source for every target, and nothing that is up to date.

    agentconv.lock knows the outputs: one that was edited is kept and shown, one whose source is gone is deleted."""
    from agentconv.building import glance
    from agentconv.building.wishes import Wishes
    from agentconv.telling.screen import colored, width

    if given["watch"] and (given["check"] or given["dry_run"] or given["show_diff"]):
        raise click.UsageError("--watch writes: --check, --dry-run and --diff go without it")
    writable(given["report"], REPORTS)
    dry = given["check"] or given["dry_run"] or given["show_diff"]
    wishes = Wishes(dry, given["force"], given["take"] or "", given["check"])
    if given["watch"]:
        clean_up_first()
        ctx.exit(_watch(wishes))
    started = time.monotonic()
    plain = given["notes_"] == "summary" and given["fail_on"] == "never"
    plain = plain and not any(given[k] for k in ("report", "take", "force"))
    layout = f"{dry} {given['quiet']} {width()} {colored(sys.stderr)}"

    def ends(known: glance.Known | None) -> None:
        if known is not None and (known.said is None or known.said.layout == layout):
            ctx.exit(_as_before(known, time.monotonic() - started, given["quiet"]))

    if plain:
        ends(glance.known(str(Path.cwd())))
    memo = _memo()
    if plain:
        ends(memo.known(dry))
    from agentconv.telling import building, terminal

    clean_up_first()
    with memo.watching():
        run = built(wishes, given["quiet"], memo.sources)
    code, text = _say(run, given, time.monotonic() - started)
    if given["report"]:
        keep(given["report"], report_text(run, given["report"]))
    if not dry and _would_end_so_again(run):
        trouble = glance.Said(layout, text, code) if plain and (code or building.troubled(run)) else None
        if trouble is not None or (code == 0 and not building.troubled(run)):
            memo.remember(run, terminal.rights_counts(run.results), trouble)
    ctx.exit(code)


def _memo() -> Any:
    from agentconv.building.lock import BadLock
    from agentconv.building.memo import Memo

    try:
        return Memo(settings())
    except BadLock as error:
        raise CannotBuild(str(error)) from error


def _as_before(known: Any, seconds: float, quiet: bool) -> int:
    """What the last build of this very state has told."""
    from agentconv.telling import escape
    from agentconv.telling.screen import colored

    if known.said is not None:
        escape.say(known.said.told(seconds), err=True, color=colored(sys.stderr))
        return int(known.said.code)
    from agentconv.telling.uptodate import nothing_written, up_to_date

    line = up_to_date(known.agents, known.targets, seconds)
    escape.say(nothing_written(known.rights) if quiet else line, err=True)
    return 0


def _would_end_so_again(run: Any) -> bool:
    """Whether a build of the same state does the same. What was kept may have come under git in the meantime, and what
    could not be written or read may be possible by then."""
    from agentconv.telling import building

    if run.removed.kept or run.removed.failed or run.took_back:
        return False
    if not building.troubled(run):
        return True
    errors = [n for r in run.results for n in r.notes if n.effect == "error"]
    errors += [one.note for one in run.remarks if one.note.effect == "error"]
    kept = any(r.status == "kept" for r in run.results)
    return not (run.stale or kept or any(n.code.startswith("F") for n in errors))


def _watch(wishes: Any) -> int:
    from agentconv.building.watch import NoWatcher, watch
    from agentconv.telling import escape

    settings()  # what is wrong in them at the start is said as usual
    try:
        return watch(Path.cwd(), wishes, lambda text: escape.say(escape.one_line(text), err=True))
    except NoWatcher as error:
        raise click.UsageError(str(error)) from error


def settings() -> Any:
    """The settings of the project, with sources and targets."""
    from agentconv.commands.asked import settings_of

    config = settings_of(Path.cwd())
    if config is None:
        raise click.UsageError("no agentconv.toml here or above: agentconv init writes one")
    shown = {"sources": 'sources = ["FOLDER"]', "targets": "[targets.ID]"}
    for what, line in shown.items():
        if not getattr(config, what):
            raise click.UsageError(f"{config.file} names no {what}: a line `{line}` does")
    return config


class CannotBuild(click.ClickException):
    """The lock cannot be used, or another build goes on."""

    exit_code = 3


def built(wishes: Any, quiet: bool, sources: Any) -> Any:
    """One build, alone in its project."""
    from agentconv.building import build as building
    from agentconv.building.lock import BadLock
    from agentconv.project.config import BadConfig
    from agentconv.telling import escape

    config = settings()
    try:
        with (
            building.alone(config.root, lambda text: escape.say(text, err=True)) as waited,
            progress(len(sources) * len(config.targets), quiet) as step,
        ):
            return building.run(config, wishes, step, None, None if waited else sources)
    except BadConfig as error:
        raise click.UsageError(str(error)) from error
    except (BadLock, building.Busy) as error:
        raise CannotBuild(str(error)) from error


def _say(run: Any, given: dict[str, Any], seconds: float) -> tuple[int, str]:
    """Results to standard output, notes to standard error; the exit code, and the text."""
    from agentconv.telling import building, escape, report, terminal

    code = building.exit_of(run, given["fail_on"], given["check"])
    if given["show_diff"]:
        escape.result(diff_text([*run.changes, *run.removed.gone]))
    if given["notes_"] == "json":
        escape.say(report.as_json(run), nl=False, err=given["show_diff"])
    elif given["notes_"] == "github":
        for line in (*report.github_lines(run), *building.github_besides(run, given["check"])):
            escape.say(line, commands=True)
    elif given["quiet"]:
        text = terminal.rights_line(run.results, run)
        escape.say(text, err=True)
        return code, text
    elif given["notes_"] == "full":
        escape.say(terminal.in_full(run), err=True)
        escape.say(building.besides(run), err=True, nl=False)
    else:
        text = building.summary(run, seconds, sys.stderr, given["check"], code)
        escape.say(text, err=True, color=terminal.colored(sys.stderr))
        return code, text
    return code, ""
