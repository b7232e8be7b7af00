"""``agentconv check``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from agentconv.commands.answers import diff_text, keep, progress, writable
from agentconv.commands.asked import NoAgents, settings_of, split_words
from agentconv.commands.own_formats import format_dir, known
from agentconv.project.nearby import is_folder, is_there

REPORTS = (".json", ".sarif", ".md")


@click.command()
@click.argument("src", nargs=-1)
@click.option("--from", "from_", metavar="ID", help="Format of the sources, where it is not plain.")
@click.option("--target", multiple=True, metavar="ID[,ID…]", help="Would it load there, and what would it mean?")
@click.option("--user", is_flag=True, help="The programs' places in the home folder.")
@click.option("--only", multiple=True, metavar="NAME", help="These agents only.")
@click.option("--bodies", is_flag=True, help="Look into the prompts, too: agents, tools and places that they name.")
@click.option("--fix", is_flag=True, help="Mend in place what is safe to mend.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing, print what --fix would change.")
@click.option("--baseline", type=click.Path(dir_okay=False), metavar="FILE", help="Findings that are known already.")
@click.option("--write-baseline", type=click.Path(dir_okay=False), metavar="FILE", help="Write the findings as known.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="error",
    show_default=True,
    help="Exit 1 on findings of this severity or worse.",
)
@click.option(
    "--notes",
    "notes_",
    type=click.Choice(["summary", "full", "json", "github"]),
    default="summary",
    help="How findings are printed.",
)
@click.option("-q", "--quiet", is_flag=True, help="The last line only.")
@click.option(
    "--report", type=click.Path(dir_okay=False), metavar="FILE.json|.sarif|.md", help="Everything, into a file."
)
@click.option("--max-bytes", type=int, default=5_000_000, show_default=True, help="Largest file that is read.")
@format_dir
@click.pass_context
def check(ctx: click.Context, /, src: tuple[str, ...], **given: Any) -> None:
    """Tell where programs read agents otherwise than they are meant.

    SRC: files, folders, or - for standard input. Without it: all agents in the known places of this project."""
    from agentconv.project import checks
    from agentconv.telling import escape

    started = time.monotonic()
    _usable(src, given)
    root = _root(src, given["user"])
    settings = None if given["user"] else settings_of(root or Path.cwd())
    wishes = checks.Wishes(
        targets=_targets(split_words(given["target"], "--target")),
        more=("bodies",) if given["bodies"] else (),
        only=split_words(given["only"], "--only"),
        accepting=_accepting(settings, given["baseline"]),
        fix=given["fix"] or given["show_diff"],
        format=None if src else given["from_"],
    )
    sources = _sources(src, settings, given)
    with progress(len(sources), given["quiet"]) as step:
        run = checks.run(sources, root, wishes, step)
    if not run.taken:
        raise NoAgents(src)
    if wishes.only and (missing := [name for name in wishes.only if not any(name in f.agents for f in run.files)]):
        raise NoSuchAgent(missing[0])
    if given["show_diff"]:
        escape.result(diff_text([(path, before, after) for path, before, after in run.changes]))
    elif given["fix"]:
        checks.write(run)
    code = _exit(run, "never" if given["write_baseline"] else given["fail_on"])
    _say(run, given, time.monotonic() - started, code)
    if given["report"]:
        keep(given["report"], _report(run, given["report"]))
    if given["write_baseline"]:
        from agentconv.checking.accepting import as_baseline

        keep(given["write_baseline"], escape.json_text(as_baseline(run.findings)) + "\n")
    ctx.exit(code)


class NoSuchAgent(click.ClickException):
    """F004."""

    exit_code = 3

    def __init__(self, name: str) -> None:
        super().__init__(f"F004 no agent is called `{name}`. `agentconv list` shows the names.")


def _usable(src: tuple[str, ...], given: dict[str, Any]) -> None:
    writable(given["report"], REPORTS)
    writable(given["write_baseline"], option="--write-baseline")
    if given["fix"] and "-" in src and not given["show_diff"]:
        raise click.UsageError("--fix writes files: standard input is none (--diff shows what it would do)")


def _root(src: tuple[str, ...], user: bool) -> Path | None:
    """The project: that of the current folder, or of the first file that is named."""
    from agentconv.project import finding, sources

    if user:
        return Path.home()
    start = Path.cwd()
    if src and src[0] != "-" and is_there(Path(src[0])):
        first = Path(src[0]).resolve()
        start = first if is_folder(first) else first.parent
    root = finding.find_root(start, sources.place_marks())
    return None if root == Path.home() else root


def _sources(src: tuple[str, ...], settings: Any, given: dict[str, Any]) -> list[Any]:
    """The files that are named, else those of the settings, else those in the places of the project; not taken in."""
    from agentconv.commands.look import listed_sources

    if src or settings is None or not settings.sources:
        return list(listed_sources(src, given["from_"], given["user"], given["max_bytes"]))
    from agentconv.project import configured

    known(given["from_"])
    return configured.sources(settings, given["max_bytes"])


def _targets(words: tuple[str, ...]) -> tuple[str, ...]:
    from agentconv import registry

    if words == ("all",):
        return tuple(registry.targets())
    for word in words:
        known(word)
        if word not in registry.targets():
            raise click.UsageError(f"F005 `{word}` is read, not written: it is no target")
    return words


def _accepting(settings: Any, baseline: str | None) -> Any:
    from agentconv.checking.accepting import BadBaseline
    from agentconv.project import checks

    try:
        return checks.accepting(settings.check if settings else None, Path(baseline) if baseline else None)
    except BadBaseline as error:
        raise click.UsageError(str(error)) from error


def _exit(run: Any, fail_on: str) -> int:
    """3: something could not be read; 1: a finding of that severity; 0: none."""
    from agentconv.checking.finding import WEIGHT

    if any(looked.unread for looked in run.files):
        return 3
    return int(fail_on != "never" and any(WEIGHT[one.severity] >= WEIGHT[fail_on] for one in run.findings))  # type: ignore[index]


def _say(run: Any, given: dict[str, Any], seconds: float, code: int) -> None:
    """Findings are what was asked for: they go to standard output, beside a diff to standard error."""
    from agentconv.telling import escape, findings, terminal

    aside = given["show_diff"]
    if given["notes_"] == "json":
        escape.say(findings.as_json(run), nl=False, err=aside)
    elif given["notes_"] == "github":
        for line in findings.github_lines(run):
            escape.say(line, err=aside, commands=True)
    elif given["quiet"]:
        escape.say(findings.totals(run), err=aside)
    elif given["notes_"] == "full" or len(run.files) == 1:
        escape.say(findings.in_full(run, code), err=aside)
    else:
        color = terminal.colored(sys.stdout)
        escape.say(findings.summary(run, seconds, sys.stdout, code), err=aside, color=color)


def _report(run: Any, name: str) -> str:
    from agentconv.telling import findings

    if name.endswith(".json"):
        return findings.as_json(run)
    if name.endswith(".md"):
        return findings.as_markdown(run)
    from agentconv.telling import sarif

    return sarif.as_text(sarif.of_finding(one) for one in run.findings)
