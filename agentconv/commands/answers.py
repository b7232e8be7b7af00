"""How a command tells what it did: the options that say so, the progress, and what is printed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentconv import leaving
from agentconv.project.nearby import is_folder

if TYPE_CHECKING:
    from agentconv.project.planning import Run

FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["never", "approximate", "lost", "narrows", "inherits", "widens"]),
    default="never",
    help="Exit 1 on notes of this effect or worse.",
)
NOTES = click.option(
    "--notes",
    "notes_",
    type=click.Choice(["summary", "full", "json", "github"]),
    default="summary",
    help="How notes are printed.",
)
QUIET = click.option("-q", "--quiet", is_flag=True, help="The rights line only.")
REPORTS = (".json", ".sarif", ".md", ".html")
REPORT = click.option(
    "--report", type=click.Path(dir_okay=False), metavar="FILE" + "|".join(REPORTS), help="Everything, into a file."
)


def writable(name: str | None, endings: tuple[str, ...] = (), option: str = "--report") -> None:
    """A file that cannot be written, or in a form that there is not, is said before the work, not after it."""
    if name == "":
        raise click.UsageError(f"{option} is there without a word")
    if name and endings and not name.endswith(endings):
        raise click.UsageError(f"{option}: the name must end in {', '.join(endings)}, and tells what is written")
    if name and not is_folder(Path(name).parent):
        raise click.UsageError(f"{option}: there is no folder {Path(name).parent}")


@contextmanager
def progress(total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A count on a terminal, after a second."""
    if quiet or not sys.stderr.isatty():
        yield lambda n: None
        return
    started, count, shown = time.monotonic(), 0, 0.0

    def step(n: int) -> None:
        nonlocal count, shown
        count += n
        now = time.monotonic()
        if now - started > 1 and now - shown > 0.1:
            shown = now
            sys.stderr.write(f"\r{count} of {total} … ")
            sys.stderr.flush()

    yield step
    if shown:
        sys.stderr.write("\r\x1b[K")


def output(run: Run, given: dict[str, Any], seconds: float) -> None:
    """Results to standard output, notes to standard error; at last the report, without which all is done and told."""
    _tell(run, given, seconds)
    if given["report"]:
        keep(given["report"], report_text(run, given["report"]))


class NotKept(click.ClickException):
    """F002: the system takes no report of that name."""

    exit_code = 3


def keep(name: str, text: str) -> None:
    """Write a report or a baseline."""
    try:
        Path(name).write_text(text, "utf-8")
    except OSError as error:
        raise NotKept(f"F002 {name}: {(error.strerror or str(error)).lower()}") from error


def _tell(run: Run, given: dict[str, Any], seconds: float) -> None:
    from agentconv.telling import escape, terminal

    if run.stdout is not None:
        if "stdout" in leaving.CLOSED:
            raise NotKept("F002 standard output is closed: the output went nowhere")
        escape.result(run.stdout)
    if given["show_diff"]:
        escape.result(diff_text(run.changes))
    if given["notes_"] in ("json", "github"):
        from agentconv.telling import report
    if given["notes_"] == "json":
        escape.say(report.as_json(run), nl=False, err=run.stdout is not None or given["show_diff"])
        return
    if given["notes_"] == "github":
        for line in report.github_lines(run):
            escape.say(line, commands=True)
        return
    if given["quiet"]:
        escape.say(terminal.rights_line(run.results, run), err=True)
        return
    from agentconv.telling import overview

    many = overview.wanted(run)
    if given["notes_"] == "full" or (len({r.source for r in run.results}) == 1 and not many):
        escape.say(terminal.in_full(run), err=True)
        return
    told = overview.summary if many else terminal.summary
    escape.say(told(run, seconds, sys.stderr), err=True, color=terminal.colored(sys.stderr))


def report_text(run: Run, name: str) -> str:
    """What the file is to hold, by its suffix."""
    if name.endswith(".html"):
        from agentconv.telling.page import as_html

        return as_html(run)
    if name.endswith(".md"):
        from agentconv.telling.summarymd import as_markdown

        return as_markdown(run)
    from agentconv.telling import report

    return report.as_sarif(run) if name.endswith(".sarif") else report.as_json(run)


def diff_text(changes: list[tuple[str, str | None, str]]) -> str:
    """The changes as a unified diff."""
    import difflib

    out: list[str] = []
    for path, before, after in changes:
        old = [] if before is None else before.splitlines(keepends=True)
        name = "/dev/null" if before is None else f"a/{path}"
        for line in difflib.unified_diff(old, after.splitlines(keepends=True), name, f"b/{path}"):
            out.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(out)
